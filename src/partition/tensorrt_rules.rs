//! TensorRT as a target, as far as it is data: its rule for nodes is the converter itself, run into a throwaway network that is then
//! checked against what the version can do. Loads and builds nothing.

use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId, ValueId};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::check::check;
use crate::network::refusal::{Accepted, Refusal};
use crate::partition::options::{PartitionOptions, Planned};
use crate::partition::region::Region;
use crate::partition::target::TargetVersion;
use crate::partition::{tensorrt_extents, tensorrt_since, tvm_json};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::shape::text;
use std::collections::{BTreeMap, BTreeSet};

/// TensorRT's rules for one version.
#[derive(Debug, Clone)]
pub struct TensorRtRules {
    /// The version and where it comes from.
    pub planned: Planned,
}

impl TensorRtRules {
    /// Name of the target.
    pub const NAME: &'static str = "tensorrt";

    /// The version, for explain.
    pub fn version(&self) -> TargetVersion {
        let c = &self.planned.capabilities;
        TargetVersion { version: format!("{} {}", c.flavour, c.version), source: self.planned.source.clone() }
    }

    /// Converts the node on its own and checks what comes out.
    pub fn accepts(&self, view: &NodeView) -> Accepted<()> {
        tensorrt_since::check(view.op().name, &self.planned.capabilities)?;
        let late = tensorrt_extents::named(view)?;
        let mut builder = Builder::new(view.name());
        builder.scope(view.name());
        let operands = operands(view, &mut builder)?;
        let results = (view.op().convert)(view, &mut builder, &operands)?;
        same_results(view, &builder, &results)?;
        for (i, id) in results.iter().enumerate() {
            builder.output(*id, &format!("result {i}"))?;
        }
        let network = builder.finish().without_unread();
        check(&network, &self.planned.capabilities)?;
        tensorrt_extents::judge(view, &late, &network)
    }

    /// A region must read something; with implicit batch every input has a leading extent, the same for all.
    pub fn valid_region(&self, graph: &Graph, nodes: &[NodeId]) -> Accepted<()> {
        let inputs = boundary(graph, nodes);
        if inputs.is_empty() {
            let lift = "fold constants before partitioning";
            return Err(Refusal::new("region.no-inputs", "the region reads constants only", lift));
        }
        tensorrt_extents::shown(graph, nodes, &inputs)?;
        if !self.planned.capabilities.implicit_batch {
            return Ok(());
        }
        let lift = "set use_implicit_batch to false";
        let mut batch: Option<(&Dim, ValueId)> = None;
        for value in inputs {
            let fact = graph.fact(value);
            let name = &graph.value(value).name;
            let Some(first) = fact.shape.first() else {
                return Err(Refusal::new("region.scalar-input", format!("input '{name}' has rank 0, so no batch"), lift));
            };
            match batch {
                Some((batch, other)) if first.equals(batch) != Answer::Always => {
                    let reason =
                        format!("inputs have different batch sizes: '{}' has {batch}, '{name}' has {first}", graph.value(other).name);
                    return Err(Refusal::new("region.batch-sizes-differ", reason, lift));
                }
                Some(_) => {}
                None => batch = Some((first, value)),
            }
        }
        Ok(())
    }

    /// The region in TVM's JSON layout, with TVM's options on each kernel.
    pub fn serialise(&self, region: &Region, options: &PartitionOptions) -> Result<String> {
        let version = self.planned.capabilities.version;
        let flag = |b: bool| vec![u8::from(b).to_string()];
        let pairs = vec![
            ("tensorrt_version", vec![version.major.to_string(), version.minor.to_string(), version.patch.to_string()]),
            ("use_implicit_batch", flag(self.planned.capabilities.implicit_batch)),
            // TVM knows no unset one: then its own default.
            ("max_workspace_size", vec![options.max_workspace_size.unwrap_or(1 << 30).to_string()]),
            ("use_fp16", flag(false)),
            ("use_uint8", flag(false)),
        ];
        tvm_json::write(&region.graph, Self::NAME, &pairs)
    }
}

/// The node's operands as tensors of a network: one per value, constants by handle.
fn operands(view: &NodeView, builder: &mut Builder) -> Accepted<Vec<TensorId>> {
    let mut known: BTreeMap<ValueId, TensorId> = BTreeMap::new();
    let mut out = Vec::with_capacity(view.input_count());
    for (i, value) in view.node().inputs.iter().enumerate() {
        let id = match (known.get(value), view.constant(i)) {
            (Some(id), _) => *id,
            (None, Some(tensor)) => builder.constant(tensor.clone())?,
            (None, None) => builder.input(&format!("operand {i}"), view.dtype(i), view.shape(i)),
        };
        known.insert(*value, id);
        out.push(id);
    }
    Ok(out)
}

/// The layers give what the operator infers; nodes behind rely on it.
fn same_results(view: &NodeView, builder: &Builder, results: &[TensorId]) -> Accepted<()> {
    let wanted = &view.node().outputs;
    let differ = |what: String| Err(Refusal::new("convert.result-differs", what, "report this: the converter is wrong"));
    if results.len() != wanted.len() {
        return differ(format!("the layers give {} results, not {}", results.len(), wanted.len()));
    }
    for (i, id) in results.iter().enumerate() {
        let (fact, dims, dtype) = (view.output(i), builder.dims(*id), builder.dtype(*id));
        let equal = dims.len() == fact.rank() && dims.iter().zip(&fact.shape).all(|(a, b)| a.equals(b) != Answer::Never);
        if dtype != fact.dtype || !equal {
            return differ(format!("result {i} of the layers is {dtype}{}, not {}{}", text(dims), fact.dtype, text(&fact.shape)));
        }
    }
    Ok(())
}

/// Values that a set of nodes reads from outside, constants left out.
fn boundary(graph: &Graph, nodes: &[NodeId]) -> Vec<ValueId> {
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    let reads: BTreeSet<ValueId> = nodes.iter().flat_map(|n| graph.node(*n).reads()).collect();
    let outside = |v: &ValueId| graph.constant(*v).is_none() && graph.producer(*v).is_none_or(|p| !inside.contains(&p));
    reads.into_iter().filter(outside).collect()
}
