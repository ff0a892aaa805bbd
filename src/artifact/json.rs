//! Reads JSON of an artifact member by member: what is missing or of another kind is an error that names the member.

use crate::tensor::error::{Code, Error, Result};
use serde_json::Value;

/// An error about the content of an artifact.
pub fn bad(what: impl Into<String>) -> Error {
    Error::new(Code::MalformedModel, what)
}

fn wrong(key: &str, kind: &str) -> Error {
    bad(format!("'{key}' is missing or no {kind}"))
}

/// A member that is a text.
pub fn text<'a>(of: &'a Value, key: &str) -> Result<&'a str> {
    of[key].as_str().ok_or_else(|| wrong(key, "text"))
}

/// A member that is a list.
pub fn list<'a>(of: &'a Value, key: &str) -> Result<&'a [Value]> {
    of[key].as_array().map(Vec::as_slice).ok_or_else(|| wrong(key, "list"))
}

/// A member that is an integer.
pub fn int(of: &Value, key: &str) -> Result<i64> {
    of[key].as_i64().ok_or_else(|| wrong(key, "integer"))
}

/// A member that is a switch.
pub fn switch(of: &Value, key: &str) -> Result<bool> {
    of[key].as_bool().ok_or_else(|| wrong(key, "switch"))
}

/// A member that is a list of indices.
pub fn indices(of: &Value, key: &str) -> Result<Vec<usize>> {
    list(of, key)?.iter().map(|v| v.as_u64().and_then(|v| usize::try_from(v).ok()).ok_or_else(|| wrong(key, "list of indices"))).collect()
}

/// The members of an object.
pub fn members<'a>(of: &'a Value, key: &str) -> Result<&'a serde_json::Map<String, Value>> {
    of[key].as_object().ok_or_else(|| wrong(key, "object"))
}

/// JSON from bytes.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|e| bad(format!("this is no JSON: {e}")))
}
