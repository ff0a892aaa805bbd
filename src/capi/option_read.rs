//! From checked option values to the plain structs that each stage takes.

use crate::capi::option_engines;
use crate::capi::option_value::{bytes, compute_capability, list, symbols};
use crate::capi::options::tvmtrt_options_t;
use crate::import::onnx::Unknown;
use crate::network::capabilities::Version;
use crate::partition::options::{Offload, PartitionOptions as Plan};
use crate::session::build::BuildOptions;
use crate::session::calibration::{self, CalibrationOptions};
use crate::session::library::LibraryOptions;
use crate::session::log::{Level, Log};
use crate::session::model::LoadOptions;
use crate::session::partition::{PartitionOptions, plan_filter};
use crate::session::precision::Request;
use crate::session::run::SessionOptions;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::transform::precision::Precision;
use crate::transform::precision::histogram::Method;
use std::sync::Arc;

pub(super) fn value<'a>(options: &'a tvmtrt_options_t, key: &str) -> &'a str {
    options.get(key).unwrap_or_default()
}

pub(super) fn is_on(options: &tvmtrt_options_t, key: &str) -> bool {
    value(options, key) == "true"
}

/// A number of bytes, where there is one.
pub(super) fn size(options: &tvmtrt_options_t, key: &str) -> Option<u64> {
    bytes(value(options, key))
}

pub(super) fn number<T: std::str::FromStr>(options: &tvmtrt_options_t, key: &str) -> Result<T> {
    let fault = || Error::new(Code::BadOption, format!("option '{key}': {} is too large for this machine", value(options, key)));
    value(options, key).parse().map_err(|_| fault())
}

/// Where log lines go. The variable `TVMTRT_LOG` counts where the option is not set.
pub fn log(options: &tvmtrt_options_t) -> Log {
    let word = match options.given("log_level") {
        Some(word) => word.to_string(),
        None => std::env::var("TVMTRT_LOG").unwrap_or_default(),
    };
    let threshold = match Level::ALL.iter().find(|l| l.name() == word) {
        Some(level) => Some(*level),
        None if word == "off" => None,
        None => Some(Level::Warning),
    };
    Log::new(threshold, options.log.clone())
}

/// How to find TensorRT.
pub fn library(options: &tvmtrt_options_t) -> LibraryOptions {
    let path = value(options, "tensorrt_library");
    LibraryOptions { path: (!path.is_empty()).then(|| path.into()), force_version: is_on(options, "tensorrt_force_version") }
}

/// Options of `tvmtrt_model_load`. Whoever names libraries with plugins may have a model with operators that only they know.
pub fn load(options: &tvmtrt_options_t) -> LoadOptions {
    let unknown = if option_engines::plugins(options).is_empty() { Unknown::Refuse } else { Unknown::Keep };
    LoadOptions { unknown, log: log(options) }
}

/// Options of `tvmtrt_partition`.
pub fn partition(options: &tvmtrt_options_t) -> Result<PartitionOptions> {
    let plan = Plan {
        offload: match value(options, "offload") {
            "on" => Offload::On,
            "off" => Offload::Off,
            _ => Offload::Default,
        },
        version: Version::parse(value(options, "tensorrt_version")),
        use_implicit_batch: is_on(options, "use_implicit_batch"),
        remove_no_mac_subgraphs: is_on(options, "remove_no_mac_subgraphs"),
        max_workspace_size: size(options, "max_workspace_size"),
        min_region_size: number(options, "min_region_size")?,
        max_regions: Some(number(options, "max_regions")?).filter(|n| *n > 0),
        keep_off_operators: list(value(options, "keep_off_operators")).into_iter().collect(),
        keep_off_nodes: list(value(options, "keep_off_nodes")).into_iter().collect(),
        filter: options.filter.clone().map(plan_filter),
    };
    let symbols = symbols(value(options, "symbols")).unwrap_or_default();
    let plugins = option_engines::plugins(options);
    Ok(PartitionOptions { library: library(options), plan, symbols, plugins, log: log(options) })
}

/// Options of `tvmtrt_build`.
pub fn build(options: &tvmtrt_options_t) -> Result<BuildOptions> {
    let set = value(options, "cpu_instruction_set");
    Ok(BuildOptions {
        library: library(options),
        max_workspace_size: size(options, "max_workspace_size"),
        engines: option_engines::read(options)?,
        precision: precision(options)?,
        target_sm: compute_capability(value(options, "target_sm")),
        optimization_level: number(options, "builder_optimization_level")?,
        cpu_instruction_set: (set != "auto").then(|| set.to_string()),
        log: log(options),
    })
}

/// What engines compute in.
fn precision(options: &tvmtrt_options_t) -> Result<Request> {
    let (word, table) = (value(options, "precision"), value(options, "calibration"));
    let precision = Precision::ALL.iter().copied().find(|p| p.name() == word).unwrap_or_default();
    let ranges = match precision {
        p if p.quantises() && !table.is_empty() => Some(Arc::new(calibration::read(table.as_ref()).context(|| "option 'calibration'")?)),
        _ => None,
    };
    Ok(Request { precision, keep_float32: list(value(options, "keep_float32")).into_iter().collect(), ranges })
}

/// Options of `tvmtrt_calibration_new`.
pub fn calibration(options: &tvmtrt_options_t) -> Result<CalibrationOptions> {
    let word = value(options, "calibration_method");
    let method = Method::ALL.iter().copied().find(|m| m.name() == word).unwrap_or_default();
    Ok(CalibrationOptions { method, threads: number(options, "threads")?, log: log(options) })
}

/// Options of `tvmtrt_session_new`.
pub fn session(options: &tvmtrt_options_t) -> Result<SessionOptions> {
    Ok(SessionOptions { threads: number(options, "threads")?, cuda_graph: is_on(options, "cuda_graph"), log: log(options) })
}

/// The options, or all defaults for NULL.
pub fn or_default(options: Option<&tvmtrt_options_t>) -> tvmtrt_options_t {
    options.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_get_what_was_set() {
        let mut options = tvmtrt_options_t::default();
        for (key, value) in [
            ("tensorrt_version", "8.6.1"),
            ("offload", "on"),
            ("keep_off_nodes", "a,b"),
            ("symbols", "n=1..4..8"),
            ("target_sm", "8.6"),
            ("threads", "2"),
            ("cpu_instruction_set", "portable"),
            ("precision", "bfloat16"),
            ("keep_float32", "nn.dense,c"),
        ] {
            options.set(key, value).unwrap();
        }
        let p = partition(&options).unwrap();
        assert_eq!((p.plan.version, p.plan.offload), (Some(Version::new(8, 6, 1)), Offload::On));
        assert_eq!((p.plan.keep_off_nodes.len(), p.symbols[0].opt, p.plan.max_workspace_size), (2, Some(4), None));
        let b = build(&options).unwrap();
        assert_eq!((b.target_sm, b.max_workspace_size, b.optimization_level), (Some((8, 6)), None, 3));
        assert_eq!(b.cpu_instruction_set.as_deref(), Some("portable"));
        assert_eq!((b.precision.precision, b.precision.keep_float32.len()), (Precision::Bfloat16, 2));
        assert_eq!(session(&options).unwrap().threads, 2);
    }
}
