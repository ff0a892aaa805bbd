//! What the partitioner asks of a place that nodes can be offloaded to: does it accept a node, is a region valid, how is a region
//! written down, and how is it built and run. Nothing here knows how a target does any of it.

use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId};
use crate::network::refusal::Accepted;
use crate::partition::options::PartitionOptions;
use crate::partition::region::Region;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use std::any::Any;

/// A place that nodes can be offloaded to. TensorRT is one.
pub trait Target: Send + Sync {
    /// Short name; regions are named after it.
    fn name(&self) -> &str;

    /// The version that is planned for.
    fn version(&self) -> TargetVersion {
        TargetVersion::default()
    }

    /// Why nothing can be built here, if so. Planning works all the same.
    fn unavailable(&self) -> Option<String> {
        None
    }

    /// Whether nodes with graphs inside them may be offered.
    fn takes_bodies(&self) -> bool {
        false
    }

    /// Whether this node can be built. Called once per node; must not depend on other nodes.
    fn accepts(&self, node: &NodeView) -> Accepted<()>;

    /// Whether these nodes, each accepted, can be one region.
    fn valid_region(&self, _graph: &Graph, _nodes: &[NodeId]) -> Accepted<()> {
        Ok(())
    }

    /// The region's graph as text, weights left out.
    fn serialise(&self, region: &Region, options: &PartitionOptions) -> Result<String>;

    /// Builds the region.
    fn compile(&self, region: &Region, options: &PartitionOptions) -> Result<Box<dyn Engine>>;
}

/// A version and where it comes from, as explain shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetVersion {
    /// For example `TensorRT 10.6.0`; empty where a target has no versions.
    pub version: String,
    /// For example `option version`.
    pub source: String,
}

/// A built region. Those who know the target get its own type back by upcasting to [`Any`].
pub trait Engine: Any + Send + Sync {
    /// What an artifact stores; the target can load it again.
    fn bytes(&self) -> &[u8];

    /// How it came to be, in a few words: `built in 3.1 s`, `cached`.
    fn note(&self) -> &str {
        ""
    }

    /// Runs the region on host tensors, in the order of the region's inputs and outputs.
    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>>;
}
