//! Environment variables of TVM and MXNet, as options. Read only where a caller asks, and anew each time.

use crate::capi::option_value::switch;
use crate::capi::options::tvmtrt_options_t;
use crate::tensor::error::{Code, Context, Error, Result};

/// What a variable's value sets: an option and its value, or nothing.
type Meaning = fn(&str) -> Result<Option<(&'static str, String)>>;

/// The variables that are read, in order: a later one wins.
pub const VARIABLES: &[(&str, Meaning)] = &[
    ("TVM_TENSORRT_MAX_WORKSPACE_SIZE", workspace),
    ("TVM_TENSORRT_USE_FP16", float16),
    ("TVM_TENSORRT_USE_INT8", int8),
    ("TVM_TENSORRT_CACHE_DIR", cache_folder),
    ("TVM_TENSORRT_MULTI_ENGINE", multi_engine),
    ("USE_TENSORRT", offload),
    ("MXNET_USE_TENSORRT", offload),
];

/// Sets the options that the variables name. `lookup` gives a variable's value. After an error no option has changed.
pub fn apply(options: &mut tvmtrt_options_t, lookup: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let mut changed = options.clone();
    for (variable, meaning) in VARIABLES {
        let Some(value) = lookup(variable).filter(|v| !v.trim().is_empty()) else { continue };
        let place = || format!("environment variable {variable}={value}");
        if let Some((key, value)) = meaning(value.trim()).context(place)? {
            changed.set(key, &value).context(place)?;
        }
    }
    // TVM lets the builder choose among both then.
    let on = |name: &str| lookup(name).and_then(|v| switch(v.trim())) == Some(true);
    if on("TVM_TENSORRT_USE_INT8") && on("TVM_TENSORRT_USE_FP16") {
        changed.set("precision", "int8_float16")?;
    }
    *options = changed;
    Ok(())
}

/// As in TVM, 0 means that the option decides.
fn workspace(value: &str) -> Result<Option<(&'static str, String)>> {
    Ok((value != "0").then(|| ("max_workspace_size", value.to_string())))
}

/// As in MXNet, a machine without TensorRT is no error.
fn offload(value: &str) -> Result<Option<(&'static str, String)>> {
    let word = if is_on(value)? { "default" } else { "off" };
    Ok(Some(("offload", word.to_string())))
}

fn float16(value: &str) -> Result<Option<(&'static str, String)>> {
    Ok(is_on(value)?.then(|| ("precision", "float16".to_string())))
}

/// As in TVM, int8 goes before float16; with both there are both.
fn int8(value: &str) -> Result<Option<(&'static str, String)>> {
    Ok(is_on(value)?.then(|| ("precision", "int8".to_string())))
}

fn cache_folder(value: &str) -> Result<Option<(&'static str, String)>> {
    Ok(Some(("engine_cache", value.to_string())))
}

/// One engine for each batch; without it, one for all. When engines are built is for `engine_build` to say.
fn multi_engine(value: &str) -> Result<Option<(&'static str, String)>> {
    let word = if is_on(value)? { "each" } else { "dynamic" };
    Ok(Some(("engine_batch", word.to_string())))
}

fn is_on(value: &str) -> Result<bool> {
    switch(value).ok_or_else(|| Error::new(Code::BadOption, "0 or 1 is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<tvmtrt_options_t> {
        let mut options = tvmtrt_options_t::default();
        options.set("offload", "on")?;
        let lookup = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        apply(&mut options, &lookup).map(|()| options)
    }

    #[test]
    fn variables_set_options() {
        let options = with(&[("TVM_TENSORRT_MAX_WORKSPACE_SIZE", "4096"), ("USE_TENSORRT", "1"), ("MXNET_USE_TENSORRT", "0")]).unwrap();
        assert_eq!(options.get("max_workspace_size").unwrap(), "4096");
        assert_eq!(options.get("offload").unwrap(), "off");
        assert_eq!(with(&[("TVM_TENSORRT_MAX_WORKSPACE_SIZE", "0")]).unwrap().get("max_workspace_size").unwrap(), "");
        assert_eq!(with(&[("TVM_TENSORRT_CACHE_DIR", "/a b")]).unwrap().get("engine_cache").unwrap(), "/a b");
        assert_eq!(with(&[("TVM_TENSORRT_MULTI_ENGINE", "1")]).unwrap().get("engine_batch").unwrap(), "each");
        let precision = |pairs: &[(&str, &str)]| with(pairs).unwrap().get("precision").unwrap().to_string();
        assert_eq!(precision(&[("TVM_TENSORRT_USE_FP16", "1")]), "float16");
        assert_eq!(precision(&[("TVM_TENSORRT_USE_INT8", "1"), ("TVM_TENSORRT_USE_FP16", "1")]), "int8_float16");
        assert_eq!(precision(&[("TVM_TENSORRT_USE_INT8", "0")]), "float32");
        assert_eq!(with(&[("TVM_TENSORRT_USE_FP16", "0"), ("USE_TENSORRT", "")]).unwrap().get("offload").unwrap(), "on");
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (name, value, code) in [
            ("TVM_TENSORRT_MULTI_ENGINE", "many", Code::BadOption),
            ("USE_TENSORRT", "perhaps", Code::BadOption),
            ("TVM_TENSORRT_MAX_WORKSPACE_SIZE", "lots", Code::BadOption),
        ] {
            let e = with(&[(name, value)]).unwrap_err();
            assert_eq!(e.code, code);
            assert!(e.message.contains(name), "{e}");
        }
    }
}
