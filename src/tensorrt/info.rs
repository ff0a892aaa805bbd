//! What is known of the TensorRT on this machine, for people: which library, how well its version is known, where else was looked.

use crate::network::capabilities::Flavour;
use crate::tensorrt::abi::VERSIONS;
use crate::tensorrt::abi::version::Release;
use crate::tensorrt::library::{Library, Probe};
use crate::tensorrt::search::Search;
use serde_json::{Value, json};
use std::fmt;

/// How far this library has been tried with a version of TensorRT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// No table: driven by another version's, because the caller insisted.
    Forced,
    /// No table of its own: what the tables of its two neighbours agree on is used.
    Between,
    /// Its table comes from its headers; no library of it has been tried.
    Table,
    /// Engines have been built with it.
    Built,
    /// Engines have been built with it and run.
    Run,
}

/// Versions that were tried, and how far. All others that have tables are [`Support::Table`].
const TRIED: &[(Release, Support)] = &[
    (Release::new(Flavour::Full, 8, 6, 1), Support::Run),
    (Release::new(Flavour::Full, 10, 6, 0), Support::Run),
    (Release::new(Flavour::Rtx, 1, 7, 1), Support::Built),
];

impl Support {
    /// What is known of an opened library.
    pub fn of(library: &Library) -> Support {
        let (abi, release) = (library.abi(), library.release());
        if abi.is_exact() {
            Support::of_release(release)
        } else if abi.is_between() {
            Support::Between
        } else {
            Support::Forced
        }
    }

    /// What is known of a release that has a table.
    pub fn of_release(release: Release) -> Support {
        TRIED.iter().find(|(tried, _)| *tried == release).map_or(Support::Table, |(_, support)| *support)
    }

    /// One word, as SUPPORT.md has it.
    pub fn name(self) -> &'static str {
        match self {
            Support::Forced => "forced",
            Support::Between => "between tables",
            Support::Table => "table only",
            Support::Built => "built",
            Support::Run => "run",
        }
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Info {
    /// The library that would be used.
    pub library: Option<&'static Library>,
    /// Each place that was tried, in order, up to the success.
    pub probes: Vec<Probe>,
}

impl Info {
    /// Searches as a build would.
    pub fn search(search: &Search) -> Info {
        let (library, probes) = Library::probe(search);
        Info { library, probes }
    }

    /// As JSON: `library` (null or path, flavour, version, support, can_build), `places` and `tables`.
    pub fn json(&self) -> Value {
        let library = self.library.map(|l| {
            json!({
                "path": l.path().display().to_string(),
                "flavour": l.release().flavour.to_string(),
                "version": l.release().version.to_string(),
                "table": l.abi().table().to_string(),
                "support": Support::of(l).name(),
                "can_build": l.can_build(),
            })
        });
        let places: Vec<Value> = self.probes.iter().map(place).collect();
        let tables: Vec<Value> =
            VERSIONS.iter().map(|v| json!({ "release": v.to_string(), "support": Support::of_release(*v).name() })).collect();
        json!({ "library": library, "places": places, "tables": tables })
    }
}

fn place(probe: &Probe) -> Value {
    match &probe.outcome {
        Ok(release) => json!({ "place": probe.place, "found": release }),
        Err(error) => json!({ "place": probe.place, "why_not": error.message }),
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.library {
            Some(library) => writeln!(f, "{library:?} ({})", Support::of(library).name())?,
            None => writeln!(f, "no TensorRT library that can be driven")?,
        }
        self.probes.iter().try_for_each(|probe| writeln!(f, "  {probe}"))
    }
}
