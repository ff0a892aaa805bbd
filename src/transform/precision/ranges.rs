//! The table of ranges that calibration makes and int8 engines are built with: for each tensor, by its name in the model, the magnitude
//! that the largest int8 stands for. Its text form is JSON, so that it can be looked at, kept and edited.

use crate::tensor::error::{Code, Error, Result};
use crate::transform::precision::histogram::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Version of the layout.
const SCHEMA: u64 = 1;

/// Ranges by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranges {
    /// How they follow from what was seen.
    pub method: Method,
    /// How many runs were seen.
    pub samples: usize,
    ranges: BTreeMap<String, f64>,
}

impl Ranges {
    /// A table without ranges.
    pub fn new(method: Method, samples: usize) -> Ranges {
        Ranges { method, samples, ranges: BTreeMap::new() }
    }

    /// Adds a range; of two for one name the larger counts.
    pub fn add(&mut self, name: &str, range: f64) {
        let known = self.ranges.entry(name.into()).or_default();
        *known = known.max(range);
    }

    /// The range of a tensor.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.ranges.get(name).copied()
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// `{"schema_version": 1, "method": "entropy", "samples": 8, "ranges": {"x": 2.5, ...}}`.
    pub fn to_json(&self) -> String {
        let ranges: Map<String, Value> = self.ranges.iter().map(|(name, range)| (name.clone(), json!(range))).collect();
        format!("{:#}\n", json!({ "schema_version": SCHEMA, "method": self.method.name(), "samples": self.samples, "ranges": ranges }))
    }

    /// Reads what [`Ranges::to_json`] wrote; the error says what is wrong.
    pub fn from_json(text: &str) -> Result<Ranges> {
        let bad = |what: String| Error::new(Code::InvalidArgument, format!("this is no calibration table: {what}"));
        let value: Value = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
        if value["schema_version"] != SCHEMA {
            return Err(bad(format!("schema_version is {}, not {SCHEMA}", value["schema_version"])));
        }
        let method = Method::ALL.iter().copied().find(|m| value["method"] == m.name());
        let mut table = Ranges::new(
            method.ok_or_else(|| bad(format!("no method {}", value["method"])))?,
            value["samples"].as_u64().ok_or_else(|| bad("samples is no number".into()))? as usize,
        );
        for (name, range) in value["ranges"].as_object().ok_or_else(|| bad("there are no ranges".into()))? {
            let range = range.as_f64().filter(|r| r.is_finite() && *r >= 0.0);
            table.add(name, range.ok_or_else(|| bad(format!("the range of '{name}' is no number from 0")))?);
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_back() {
        let mut table = Ranges::new(Method::Percentile, 3);
        table.add("x \"1\"", 0.1);
        table.add("y", 1.0 / 3.0);
        table.add("y", 0.25);
        assert_eq!(Ranges::from_json(&table.to_json()).unwrap(), table);
        assert_eq!((table.get("y"), table.get("z"), table.len()), (Some(1.0 / 3.0), None, 2));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for (text, part) in [
            ("", "EOF"),
            ("{}", "schema_version is null"),
            (r#"{"schema_version": 1, "method": "best", "samples": 1, "ranges": {}}"#, "no method \"best\""),
            (r#"{"schema_version": 1, "method": "max", "ranges": {}}"#, "samples"),
            (r#"{"schema_version": 1, "method": "max", "samples": 1}"#, "no ranges"),
            (r#"{"schema_version": 1, "method": "max", "samples": 1, "ranges": {"x": -1}}"#, "range of 'x'"),
        ] {
            let error = Ranges::from_json(text).unwrap_err();
            assert!(error.message.contains(part), "{error}");
        }
    }
}
