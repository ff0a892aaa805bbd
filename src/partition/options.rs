//! What a caller may ask of the partitioner, as plain data, and for which TensorRT it plans.
//! No keys or text forms of options here: those belong to the C interface.

use crate::ir::Graph;
use crate::ir::view::NodeView;
use crate::network::capabilities::{Capabilities, Flavour, Version};
use crate::partition::region::Region;
use crate::tensor::error::Result;
use crate::{ensure, fail};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Whether nodes may be offloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Offload {
    /// What can be offloaded is; nothing offloaded is no error.
    #[default]
    Default,
    /// At least one region, and a library that can build it, or an error.
    On,
    /// Nothing is offloaded.
    Off,
}

impl Offload {
    /// `default`, `on` or `off`.
    pub fn name(self) -> &'static str {
        match self {
            Offload::Default => "default",
            Offload::On => "on",
            Offload::Off => "off",
        }
    }
}

/// What a caller's filter is asked.
#[derive(Debug, Clone, Copy)]
pub enum FilterQuery<'a> {
    /// May this node, which every built-in rule accepts, be offloaded?
    Node(NodeView<'a>),
    /// May these nodes, which passed every built-in rule together, become one region?
    Region {
        /// The whole graph.
        graph: &'a Graph,
        /// The region as it would be cut out; where another one is refused, its number may change.
        region: &'a Region,
    },
}

/// What a caller's filter answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterAnswer {
    /// May it?
    pub offload: bool,
    /// Why; shown by explain.
    pub reason: String,
}

impl FilterAnswer {
    /// Yes, without a reason.
    pub fn yes() -> FilterAnswer {
        FilterAnswer { offload: true, reason: String::new() }
    }

    /// No, because of `reason`.
    pub fn no(reason: impl Into<String>) -> FilterAnswer {
        FilterAnswer { offload: false, reason: reason.into() }
    }
}

/// A caller's filter. Each node and each region is asked for once.
pub type Filter = Arc<dyn Fn(&FilterQuery) -> FilterAnswer + Send + Sync>;

/// Options of the partitioner.
#[derive(Clone)]
pub struct PartitionOptions {
    /// Whether nodes may be offloaded.
    pub offload: Offload,
    /// TensorRT version to plan for; unset means the library found, else the newest known.
    pub version: Option<Version>,
    /// Networks without a batch dimension; TensorRT 8.x and older only.
    pub use_implicit_batch: bool,
    /// Connected parts of a region without a multiply-accumulate or reduction go back to the default side.
    pub remove_no_mac_subgraphs: bool,
    /// Bytes of scratch memory that an engine may use; unset means what is free on the device.
    pub max_workspace_size: Option<u64>,
    /// Regions with fewer compute nodes (all but shape glue such as `reshape`) go back to the default side.
    pub min_region_size: usize,
    /// Only this many regions, the largest; unset means any number.
    pub max_regions: Option<usize>,
    /// Operators, by Relay's name, that stay on the default side.
    pub keep_off_operators: BTreeSet<String>,
    /// Nodes, by name, that stay on the default side.
    pub keep_off_nodes: BTreeSet<String>,
    /// Asked after the built-in rules.
    pub filter: Option<Filter>,
}

impl Default for PartitionOptions {
    fn default() -> PartitionOptions {
        PartitionOptions {
            offload: Offload::Default,
            version: None,
            use_implicit_batch: false,
            remove_no_mac_subgraphs: false,
            max_workspace_size: None,
            min_region_size: 1,
            max_regions: None,
            keep_off_operators: BTreeSet::new(),
            keep_off_nodes: BTreeSet::new(),
            filter: None,
        }
    }
}

impl PartitionOptions {
    /// Keys and values as explain shows them. Every option is here.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        vec![
            ("offload", self.offload.name().into()),
            ("version", self.version.map_or("unset".into(), |v| v.to_string())),
            ("use_implicit_batch", self.use_implicit_batch.to_string()),
            ("remove_no_mac_subgraphs", self.remove_no_mac_subgraphs.to_string()),
            ("max_workspace_size", self.max_workspace_size.map_or("unset".into(), |n| n.to_string())),
            ("min_region_size", self.min_region_size.to_string()),
            ("max_regions", self.max_regions.map_or("unset".into(), |n| n.to_string())),
            ("keep_off_operators", list(&self.keep_off_operators)),
            ("keep_off_nodes", list(&self.keep_off_nodes)),
            ("filter", if self.filter.is_some() { "set" } else { "unset" }.into()),
        ]
    }

    /// The TensorRT to plan for, given the library found and the newest version that is known, or why the options contradict it.
    pub fn plan(&self, found: Option<&Found>, newest: Version) -> Result<Planned> {
        let (flavour, version, source) = match (self.version, found) {
            (Some(v), _) => (flavour_of(v)?, v, "option version".to_string()),
            (None, Some(f)) => (f.flavour, f.version, format!("library found: {}", f.place)),
            (None, None) => (Flavour::Full, newest, "newest known; no library found".to_string()),
        };
        let capabilities = Capabilities { flavour, version, implicit_batch: self.use_implicit_batch };
        ensure!(
            !(self.use_implicit_batch && capabilities.at_least(10, 0, 0)),
            BadOption,
            "use_implicit_batch: {flavour} {version} ({source}) has no implicit batch, TensorRT 10 removed it; \
             leave the option off, or set version to 8.6 or older"
        );
        Ok(Planned { capabilities, source })
    }
}

impl fmt::Debug for PartitionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.named()).finish()
    }
}

/// A TensorRT library that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The product.
    pub flavour: Flavour,
    /// Its version.
    pub version: Version,
    /// Where it lies.
    pub place: String,
}

/// The TensorRT that is planned for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What it can do.
    pub capabilities: Capabilities,
    /// Where its version comes from.
    pub source: String,
}

/// The product that a version asked for belongs to: TensorRT counts from 5 to 11, TensorRT for RTX has major version 1.
fn flavour_of(v: Version) -> Result<Flavour> {
    match v.major {
        5..=11 => Ok(Flavour::Full),
        1 => Ok(Flavour::Rtx),
        _ => fail!(BadOption, "version: {v} is no known TensorRT; give 5.0 to 11.x, or 1.x for TensorRT for RTX"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWEST: Version = Version::new(11, 4, 1);

    fn options(version: Option<&str>, use_implicit_batch: bool) -> PartitionOptions {
        PartitionOptions { version: version.and_then(Version::parse), use_implicit_batch, ..PartitionOptions::default() }
    }

    #[test]
    fn version_comes_from_option_then_library_then_newest() {
        let found = Found { flavour: Flavour::Rtx, version: Version::new(1, 7, 0), place: "here.so".into() };
        let plan = |o: &PartitionOptions, f| o.plan(f, NEWEST).map(|p| (p.capabilities.flavour, p.capabilities.version, p.source)).unwrap();
        assert_eq!(plan(&options(Some("8.6.1"), false), Some(&found)), (Flavour::Full, Version::new(8, 6, 1), "option version".into()));
        assert_eq!(plan(&options(None, false), Some(&found)).2, "library found: here.so");
        assert_eq!(plan(&options(None, false), None).1, NEWEST);
        for legal in ["5.0", "6.0.1", "11.9", "1.7"] {
            assert!(options(Some(legal), false).plan(None, NEWEST).is_ok(), "{legal}");
        }
        for illegal in ["4.9", "12", "0", "2.0"] {
            assert!(options(Some(illegal), false).plan(None, NEWEST).is_err(), "{illegal}");
        }
    }

    #[test]
    fn implicit_batch_is_refused_from_version_10_on() {
        assert!(options(Some("8.6"), true).plan(None, NEWEST).unwrap().capabilities.implicit_batch);
        for version in [None, Some("10.0"), Some("11"), Some("1.7")] {
            let message = options(version, true).plan(None, NEWEST).unwrap_err().message;
            assert!(message.contains("TensorRT 10 removed it"), "{message}");
        }
    }
}
