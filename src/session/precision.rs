//! The precision that engines are asked for, applied to a region: a copy of its graph with other types inside. What the planned TensorRT
//! does not take in the narrow type stays in float32, with a log line.

use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId};
use crate::network::capabilities::Capabilities;
use crate::partition::tensorrt_rules::TensorRtRules;
use crate::session::log::{Level, Log};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::transform::precision::Precision;
use crate::transform::precision::autocast::{Autocast, autocast};
use crate::{ensure, fail};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a build is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What engines compute in.
    pub precision: Precision,
    /// Nodes by name, and operators by name, that stay in float32.
    pub keep_float32: BTreeSet<String>,
}

impl Request {
    /// An error where the planned TensorRT has nothing of what is asked for; a warning for each name that `graph` does not have.
    pub fn check(&self, capabilities: &Capabilities, graph: &Graph, log: &Log) -> Result<()> {
        ensure!(
            self.precision != Precision::Bfloat16 || capabilities.at_least(10, 0, 0),
            BadOption,
            "precision bfloat16 needs TensorRT 10.0 or newer, not {} {}; float16 is there",
            capabilities.flavour,
            capabilities.version
        );
        let known = |name: &&String| graph.nodes.iter().any(|n| n.name == **name || n.op.name == name.as_str());
        for name in self.keep_float32.iter().filter(|n| !known(n)) {
            log.say(Level::Warning, format_args!("keep_float32: there is no node and no operator '{name}' in '{}'", graph.name));
        }
        Ok(())
    }

    /// The graph of a region as its engine computes it.
    pub fn apply<'g>(&self, graph: &'g Graph, rules: &TensorRtRules, log: &Log) -> Result<Cow<'g, Graph>> {
        match (self.precision, self.precision.narrow()) {
            (Precision::Float32, _) => Ok(Cow::Borrowed(graph)),
            (_, Some(to)) => self.narrowed(graph, to, rules, log).map(Cow::Owned),
            (Precision::Int8, _) => fail!(NotImplemented, "precision int8 is not there yet; float16 is"),
            (other, None) => fail!(Internal, "precision {other} has no type"),
        }
    }

    fn narrowed(&self, graph: &Graph, to: DType, rules: &TensorRtRules, log: &Log) -> Result<Graph> {
        let mut options = Autocast { to, keep: self.keep_float32.clone() };
        loop {
            let narrowed = autocast(graph, &options)?;
            let refused = refused(&narrowed.graph, to, rules);
            if refused.is_empty() {
                narrowed.warnings.iter().for_each(|w| log.say(Level::Warning, format_args!("{w}")));
                let (narrow, casts, all) = (narrowed.narrow, narrowed.casts, graph.nodes.len());
                log.say(Level::Info, format_args!("region '{}': {narrow} of {all} nodes in {to}, {casts} casts", graph.name));
                narrowed.kept.iter().for_each(|(n, why)| log.say(Level::Debug, format_args!("node '{n}' stays in float32: {why}")));
                return Ok(narrowed.graph);
            }
            for (name, why) in refused {
                log.say(Level::Info, format_args!("node '{name}' stays in float32: {why}"));
                ensure!(options.keep.insert(name.clone()), Internal, "node '{name}' is refused though it is in float32: {why}");
            }
        }
    }
}

/// Nodes with narrow tensors that TensorRT does not take so.
fn refused(graph: &Graph, to: DType, rules: &TensorRtRules) -> Vec<(String, String)> {
    let narrow = |id: &NodeId| graph.node(*id).reads().any(|v| graph.fact(v).dtype == to);
    let refusal = |id: NodeId| Some((graph.node(id).name.clone(), rules.accepts(&NodeView::new(graph, id)).err()?.to_string()));
    graph.node_ids().filter(narrow).filter_map(refusal).collect()
}
