//! Which TensorRT library serves here, in words. Opens what it finds; builds nothing.

use crate::session::log::{Level, Log};
use crate::session::partition::LibraryOptions;
use crate::tensorrt::library::{Library, Probe};
use crate::tensorrt::search::Search;
use serde_json::{Value, json};

/// The library found, and each place tried up to it.
#[derive(Debug)]
pub struct Info {
    found: Option<&'static Library>,
    tried: Vec<Probe>,
}

/// Looks for a TensorRT library.
pub fn info(options: &LibraryOptions, log: &Log) -> Info {
    let search = Search { path: options.path.clone(), any_version: options.force_version };
    let (found, tried) = Library::probe(&search);
    tried.iter().for_each(|p| log.say(Level::Debug, format_args!("TensorRT, {p}")));
    Info { found, tried }
}

impl Info {
    /// For people.
    pub fn text(&self) -> String {
        let head = match self.found {
            Some(library) if library.can_build() => format!("{library:?}"),
            Some(library) => format!("{library:?} (runs engines, but cannot build them)"),
            None => "no TensorRT library that can be driven".to_string(),
        };
        let tried: String = self.tried.iter().map(|p| format!("\n  {p}")).collect();
        format!("{head}\ntried:{tried}\n")
    }

    /// `{"schema_version": 1, "found": null or {"flavour", "version", "path", "can_build"}, "tried": [{"place", "found", "outcome"}]}`.
    pub fn json(&self) -> String {
        let found = self.found.map(|library| {
            let (release, path) = (library.release(), library.path().display().to_string());
            let (flavour, version) = (release.flavour.to_string(), release.version.to_string());
            json!({ "flavour": flavour, "version": version, "path": path, "can_build": library.can_build() })
        });
        let tried: Vec<Value> = self.tried.iter().map(probe).collect();
        format!("{:#}", json!({ "schema_version": 1, "found": found, "tried": tried }))
    }
}

fn probe(p: &Probe) -> Value {
    let outcome = p.outcome.clone().unwrap_or_else(|e| e.message);
    json!({ "place": p.place, "found": p.outcome.is_ok(), "outcome": outcome })
}
