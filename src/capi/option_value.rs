//! Values of options: text in, canonical text out, or an error that says what the option takes.

use crate::capi::nearest::nearest;
use crate::capi::option_table::{Kind, OPTIONS, Row, find};
use crate::network::capabilities::Version;
use crate::session::shapes::SymbolRange;
use crate::tensor::error::{Code, Error, Result};

/// The row of `key`, or an error with the nearest key.
pub fn row(key: &str) -> Result<&'static Row> {
    find(key).ok_or_else(|| {
        let hint = match nearest(key, OPTIONS.iter().map(|r| r.key)) {
            Some(near) => format!("; did you mean '{near}'?"),
            None => "; tvmtrt_options_keys lists all".to_string(),
        };
        Error::new(Code::UnknownOption, format!("there is no option '{key}'{hint}"))
    })
}

/// `value` in the one form that this option's values have.
pub fn canonical(row: &Row, value: &str) -> Result<String> {
    let value = value.trim();
    let text = match row.kind {
        Kind::Switch => switch(value).map(|v| v.to_string()),
        Kind::Integer(min, max) => value.parse::<i64>().ok().filter(|v| (min..=max).contains(v)).map(|v| v.to_string()),
        Kind::Choice(words) => words.contains(&value).then(|| value.to_string()),
        Kind::Version if value.is_empty() => Some(String::new()),
        Kind::Version => Version::parse(value).filter(is_known_major).map(|_| value.to_string()),
        Kind::ComputeCapability if value.is_empty() => Some(String::new()),
        Kind::ComputeCapability => compute_capability(value).map(|(major, minor)| format!("{major}.{minor}")),
        Kind::Bytes if value.is_empty() => Some(String::new()),
        Kind::Bytes => bytes(value).map(|n| n.to_string()),
        Kind::Path => Some(value.to_string()),
        Kind::List => Some(list(value).join(",")),
        Kind::Words(words) => list(value).iter().all(|w| words.contains(&w.as_str())).then(|| list(value).join(",")),
        Kind::Symbols => symbols(value).map(|_| list(value).join(",")),
        Kind::Profiles => profiles(value).map(|_| parts(value).map(|p| list(p).join(",")).collect::<Vec<_>>().join(";")),
    };
    text.ok_or_else(|| bad(row, value))
}

fn bad(row: &Row, value: &str) -> Error {
    let hint = match row.kind {
        Kind::Choice(words) => nearest(value, words.iter().copied()).map(|w| format!("; did you mean '{w}'?")),
        _ => None,
    };
    let (key, takes, hint) = (row.key, takes(row.kind), hint.unwrap_or_default());
    Error::new(Code::BadOption, format!("option '{key}' takes {takes}, not '{value}'{hint}"))
}

/// What a kind of option takes, in words.
pub fn takes(kind: Kind) -> String {
    match kind {
        Kind::Switch => "true or false".to_string(),
        Kind::Integer(min, i64::MAX) => format!("a whole number from {min}"),
        Kind::Integer(min, max) => format!("a whole number from {min} to {max}"),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
        Kind::Version => "a version such as 10.6 (5.0 to 11.x, or 1.x for TensorRT for RTX)".to_string(),
        Kind::ComputeCapability => "a compute capability such as 8.6".to_string(),
        Kind::Bytes => "a number of bytes, or of K, M, G or T such as 2G".to_string(),
        Kind::Path => "a file or folder".to_string(),
        Kind::List => "names separated by commas".to_string(),
        Kind::Words(words) => format!("some of {}, separated by commas", words.join(", ")),
        Kind::Symbols => "name=value, name=min..max or name=min..opt..max, separated by commas".to_string(),
        Kind::Profiles => "for each profile name=min..opt..max and so on separated by commas, profiles separated by semicolons".to_string(),
    }
}

/// Reads a switch.
pub fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" => Some(true),
        "0" | "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

/// Reads `8.6`.
pub fn compute_capability(value: &str) -> Option<(u32, u32)> {
    let (major, minor) = value.split_once('.')?;
    let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
    ((1..=99).contains(&major) && minor <= 9).then_some((major, minor))
}

fn is_known_major(v: &Version) -> bool {
    matches!(v.major, 1 | 5..=11)
}

/// Reads `4096` or `2G`.
pub fn bytes(value: &str) -> Option<u64> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match value[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Reads lists of symbols separated by semicolons.
pub fn profiles(value: &str) -> Option<Vec<Vec<SymbolRange>>> {
    parts(value).map(symbols).collect()
}

fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').filter(|p| !list(p).is_empty())
}

/// Reads names separated by commas.
pub fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_string).collect()
}

/// Reads `name=value`, `name=min..max`, `name=min..opt..max`.
pub fn symbols(value: &str) -> Option<Vec<SymbolRange>> {
    let range = |entry: &String| {
        let (name, range) = entry.rsplit_once('=')?;
        let name = name.trim().to_string();
        let numbers = range.split("..").map(|n| n.trim().parse().ok().filter(|n| *n >= 0));
        let numbers = numbers.collect::<Option<Vec<i64>>>()?;
        let (min, opt, max) = match numbers.as_slice() {
            [v] => (*v, None, *v),
            [min, max] => (*min, None, *max),
            [min, opt, max] => (*min, Some(*opt), *max),
            _ => return None,
        };
        let ascending = min <= opt.unwrap_or(min) && opt.unwrap_or(min) <= max;
        (!name.is_empty() && ascending).then_some(SymbolRange { name, min, opt, max })
    };
    list(value).iter().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, value: &str) -> Result<String> {
        canonical(row(key)?, value)
    }

    #[test]
    fn values_have_one_form() {
        assert_eq!(set("use_implicit_batch", "On").unwrap(), "true");
        assert_eq!(set("threads", " 04 ").unwrap(), "4");
        assert_eq!(set("keep_off_operators", "nn.relu, add,").unwrap(), "nn.relu,add");
        assert_eq!(set("tensorrt_version", "8.6.1").unwrap(), "8.6.1");
        assert_eq!(set("tensorrt_version", "").unwrap(), "");
        assert_eq!(set("target_sm", "8.6").unwrap(), "8.6");
        assert_eq!(set("max_workspace_size", "2g").unwrap(), "2147483648");
        assert_eq!(set("max_workspace_size", "").unwrap(), "");
        assert_eq!(set("tactic_sources", "cudnn, cublas").unwrap(), "cudnn,cublas");
        assert_eq!(set("profiles", "n=1..1..4, w=8 ; n=5..8..16;").unwrap(), "n=1..1..4,w=8;n=5..8..16");
        assert_eq!(set("symbols", "n=1..8, w=32..320..2048,h=48").unwrap(), "n=1..8,w=32..320..2048,h=48");
    }

    #[test]
    fn bad_values_say_what_is_taken() {
        for (key, value, part) in [
            ("threads", "many", "whole number from 0 to 1024"),
            ("threads", "-1", "whole number"),
            ("max_workspace_size", "1e9", "a number of bytes"),
            ("max_workspace_size", "99999999T", "such as 2G"),
            ("tactic_sources", "cublas,cutlass", "some of none, cublas"),
            ("profiles", "n=1..4;n", "separated by semicolons"),
            ("offload", "defualt", "did you mean 'default'?"),
            ("use_implicit_batch", "2", "true or false"),
            ("tensorrt_version", "4.0", "5.0 to 11.x"),
            ("target_sm", "86", "8.6"),
            ("symbols", "n=8..1", "min..max"),
            ("symbols", "n", "name=value"),
        ] {
            let e = set(key, value).unwrap_err();
            assert_eq!(e.code, Code::BadOption);
            assert!(e.message.contains(part) && e.message.contains(key), "{e}");
        }
        let e = set("max_workspace", "1").unwrap_err();
        assert_eq!(e.code, Code::UnknownOption);
        assert!(e.message.contains("did you mean 'max_workspace_size'?"), "{e}");
    }
}
