//! Which TensorRT library serves here. Opens what it finds; builds nothing.

use crate::session::log::{Level, Log};
use crate::tensorrt::info::Info;
use crate::tensorrt::logger::{Severity, Sink};
use crate::tensorrt::search::Search;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// How to find TensorRT.
#[derive(Debug, Clone, Default)]
pub struct LibraryOptions {
    /// A library file or a folder to search, instead of the usual places.
    pub path: Option<PathBuf>,
    /// Use a library that is newer than every known table.
    pub force_version: bool,
}

/// Looks for a TensorRT library.
pub fn search(options: &LibraryOptions, log: &Log) -> Info {
    let info = Info::search(&Search { path: options.path.clone(), any_version: options.force_version });
    info.probes.iter().for_each(|p| log.say(Level::Debug, format_args!("TensorRT: tried {p}")));
    info
}

/// What the search found, for programs: `schema_version`, and what [`Info::json`] has.
pub fn json(info: &Info) -> String {
    let mut all = Map::from_iter([("schema_version".to_string(), json!(1))]);
    if let Value::Object(rest) = info.json() {
        all.extend(rest);
    }
    format!("{:#}", Value::Object(all))
}

/// TensorRT's words as lines of `log`. Its progress reports are many: they count as debugging.
pub fn sink(log: &Log) -> Sink {
    let log = log.clone();
    Arc::new(move |severity, line| match severity {
        Severity::Internal | Severity::Error => log.say(Level::Error, format_args!("TensorRT: {line}")),
        Severity::Warning => log.say(Level::Warning, format_args!("TensorRT: {line}")),
        Severity::Info => log.say(Level::Debug, format_args!("TensorRT: {line}")),
        Severity::Verbose => {}
    })
}
