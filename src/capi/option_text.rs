//! The manual of the options, for people and for programs, from the table alone.

use crate::capi::option_table::{Kind, OPTIONS, Row, Stage};
use crate::capi::option_value::takes;
use serde_json::{Value, json};

/// One paragraph for each option.
pub fn manual() -> String {
    OPTIONS.iter().map(paragraph).collect::<Vec<_>>().join("\n")
}

fn paragraph(row: &Row) -> String {
    let stages: Vec<_> = row.stages.iter().map(|s| stage_name(*s)).collect();
    let default = if row.default.is_empty() { "unset" } else { row.default };
    format!("{}: {} (default {default}; read at {})\n    {}\n", row.key, takes(row.kind), stages.join(", "), row.doc)
}

/// `{"schema_version": 1, "options": [{"key", "type", "default", "min", "max", "choices", "stages", "doc"}]}`.
pub fn json_manual() -> String {
    let rows: Vec<Value> = OPTIONS.iter().map(object).collect();
    format!("{:#}", json!({ "schema_version": 1, "options": rows }))
}

fn object(row: &Row) -> Value {
    let stages: Vec<_> = row.stages.iter().map(|s| stage_name(*s)).collect();
    let mut object = json!({ "key": row.key, "type": type_name(row.kind), "default": row.default, "stages": stages, "doc": row.doc });
    match row.kind {
        Kind::Integer(min, max) => {
            object["min"] = json!(min);
            object["max"] = json!(max);
        }
        Kind::Choice(words) | Kind::Words(words) => object["choices"] = json!(words),
        _ => {}
    }
    object
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch => "switch",
        Kind::Integer(..) => "integer",
        Kind::Choice(_) => "choice",
        Kind::Version => "version",
        Kind::ComputeCapability => "compute_capability",
        Kind::Bytes => "bytes",
        Kind::Path => "path",
        Kind::List => "list",
        Kind::Words(_) => "words",
        Kind::Symbols => "symbols",
        Kind::Profiles => "profiles",
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Load => "load",
        Stage::Partition => "partition",
        Stage::Build => "build",
        Stage::BuildSave => "build_save",
        Stage::BuildLoad => "build_load",
        Stage::Run => "run",
        Stage::Calibrate => "calibrate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manuals_name_every_option() {
        let (text, json) = (manual(), json_manual());
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["options"].as_array().unwrap().len(), OPTIONS.len());
        for row in OPTIONS {
            assert!(text.contains(&format!("{}: ", row.key)) && text.contains(row.doc));
        }
    }
}
