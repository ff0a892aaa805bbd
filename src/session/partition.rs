//! A model split between TensorRT and our own kernels, for given shapes.

use crate::ensure;
use crate::ir::Graph;
use crate::network::capabilities::Version;
use crate::session::log::Log;
use crate::session::model::Model;
use crate::session::shapes::{InputSpec, SymbolRange, assign};
use crate::session::value::{ValueInfo, inputs_of, outputs_of};
use crate::tensor::error::{Code, Error, Result};
use crate::transform::prepare;
use std::path::PathBuf;
use std::sync::Arc;

/// Whether TensorRT is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Offload {
    /// Where it can be.
    #[default]
    Default,
    /// It must be: no library or no region is an error.
    On,
    /// Never.
    Off,
}

/// The caller's say on a region after the built-in rules: names and operators of its nodes; false keeps it off TensorRT.
pub type RegionFilter = Arc<dyn Fn(&[(&str, &str)]) -> bool + Send + Sync>;

/// How to find TensorRT.
#[derive(Debug, Clone, Default)]
pub struct LibraryOptions {
    /// A library file or a folder to search, instead of the usual places.
    pub path: Option<PathBuf>,
    /// Use a library that is newer than every known table.
    pub force_version: bool,
}

/// What the partitioner is asked for.
#[derive(Clone)]
pub struct PartitionOptions {
    /// How to find TensorRT.
    pub library: LibraryOptions,
    /// Plan for this version instead of the library's; 1.x is TensorRT for RTX.
    pub version: Option<Version>,
    /// Networks without a batch dimension (8.x and older).
    pub implicit_batch: bool,
    /// Drop regions without a contraction or a reduction.
    pub remove_no_mac: bool,
    /// Workspace of a region's engine in bytes.
    pub max_workspace_size: u64,
    /// Regions with fewer nodes are dropped.
    pub min_region_size: usize,
    /// Only this many regions, the largest; `None` means any number.
    pub max_regions: Option<usize>,
    /// Operators that stay off TensorRT.
    pub keep_off_operators: Vec<String>,
    /// Nodes that stay off TensorRT.
    pub keep_off_nodes: Vec<String>,
    /// Whether TensorRT is used.
    pub offload: Offload,
    /// What symbols may be.
    pub symbols: Vec<SymbolRange>,
    /// The caller's say.
    pub filter: Option<RegionFilter>,
    /// Where log lines go.
    pub log: Log,
}

/// A model split in parts.
#[derive(Debug)]
pub struct Partition {
    /// The model.
    pub model: Arc<Model>,
    /// Its graph with shapes fixed and constants folded: what is run.
    pub graph: Arc<Graph>,
    /// The inputs, with the shapes that the caller fixed.
    pub inputs: Vec<ValueInfo>,
    /// The outputs, with the shapes that follow.
    pub outputs: Vec<ValueInfo>,
}

impl Partition {
    /// Splits `model` for these inputs.
    pub fn new(model: &Arc<Model>, specs: &[InputSpec], options: &PartitionOptions) -> Result<Partition> {
        let assignment = assign(&model.inputs, specs, &options.symbols)?;
        ensure!(options.offload != Offload::On, NotImplemented, "offload is on, but the partitioner is not connected");
        let graph = prepare(&model.graph, &assignment)?;
        let (inputs, outputs) = (inputs_of(&graph), outputs_of(&graph));
        Ok(Partition { model: model.clone(), graph: Arc::new(graph), inputs, outputs })
    }

    /// For each node where it went and why, for people.
    pub fn explain_text(&self) -> Result<String> {
        Err(Error::new(Code::NotImplemented, "the partitioner is not connected"))
    }

    /// The same for programs.
    pub fn explain_json(&self) -> Result<String> {
        Err(Error::new(Code::NotImplemented, "the partitioner is not connected"))
    }

    /// Number of regions that are meant for TensorRT.
    pub fn region_count(&self) -> usize {
        0
    }

    /// The graph of a region in the layout of TVM's JSON runtime; `None` when there is no such region.
    pub fn region_json(&self, region: usize) -> Result<Option<String>> {
        let _ = region;
        Ok(None)
    }
}
