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
use crate::transform::precision::quantise::{QUANTISED, quantise};
use crate::transform::precision::ranges::Ranges;
use crate::{ensure, fail};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a build is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What engines compute in.
    pub precision: Precision,
    /// Nodes by name, and operators by name, that stay in float32.
    pub keep_float32: BTreeSet<String>,
    /// Ranges of tensors, for int8.
    pub ranges: Option<Arc<Ranges>>,
}

impl Request {
    /// An error where the planned TensorRT has nothing of what is asked for; a warning for each name that `graph` does not have.
    pub fn check(&self, capabilities: &Capabilities, graph: &Graph, log: &Log) -> Result<()> {
        ensure!(
            self.precision != Precision::Bfloat16 || capabilities.at_least(10, 0, 0),
            BadOption,
            "option 'precision': bfloat16 needs TensorRT 10.0 or newer, not {} {}; float16 is there",
            capabilities.flavour,
            capabilities.version
        );
        ensure!(
            !self.precision.quantises() || self.ranges.is_some(),
            BadOption,
            "option 'precision': {} needs the option calibration: a table of ranges, which tvmtrt_calibration_new makes from data",
            self.precision
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
            (Precision::Int8Float16, Some(to)) => {
                let narrowed = self.narrowed(graph, to, rules, log)?;
                self.quantised(&narrowed, rules, log).map(Cow::Owned)
            }
            (_, Some(to)) => self.narrowed(graph, to, rules, log).map(Cow::Owned),
            (_, None) => self.quantised(graph, rules, log).map(Cow::Owned),
        }
    }

    fn quantised(&self, graph: &Graph, rules: &TensorRtRules, log: &Log) -> Result<Graph> {
        let Some(ranges) = &self.ranges else { fail!(BadOption, "precision {} needs the option calibration", self.precision) };
        let mut keep = self.keep_float32.clone();
        loop {
            let quantised = quantise(graph, ranges, &keep)?;
            // Products and what quantises for them are new or have new operands; all else was accepted as it is.
            let refused = refused(&quantised.graph, &|d, op| d == DType::I8 || QUANTISED.iter().any(|(q, _)| *q == op), rules);
            let Some((name, why)) = refused.first() else {
                let (products, kept) = (quantised.products, &quantised.kept);
                let all = products + kept.len();
                log.say(Level::Info, format_args!("region '{}': {products} of {all} products in int8", graph.name));
                let level = if products == 0 && all > 0 { Level::Warning } else { Level::Info };
                kept.iter().for_each(|(n, why)| log.say(level, format_args!("node '{n}' is not of int8: {why}")));
                log.say(Level::Debug, format_args!("{}", quantised.graph));
                return Ok(quantised.graph);
            };
            log.say(Level::Info, format_args!("node '{name}' is not of int8: {why}"));
            ensure!(keep.insert(name.clone()), Internal, "node '{name}' is refused though it is not of int8: {why}");
        }
    }

    fn narrowed(&self, graph: &Graph, to: DType, rules: &TensorRtRules, log: &Log) -> Result<Graph> {
        let mut options = Autocast { to, keep: self.keep_float32.clone() };
        loop {
            let narrowed = autocast(graph, &options)?;
            let refused = refused(&narrowed.graph, &|dtype, _| dtype == to, rules);
            if refused.is_empty() {
                narrowed.warnings.iter().for_each(|w| log.say(Level::Warning, format_args!("{w}")));
                let (narrow, casts, all) = (narrowed.narrow, narrowed.casts, graph.nodes.len());
                log.say(Level::Info, format_args!("region '{}': {narrow} of {all} nodes in {to}, {casts} casts", graph.name));
                narrowed.kept.iter().for_each(|(n, why)| log.say(Level::Debug, format_args!("node '{n}' stays in float32: {why}")));
                log.say(Level::Debug, format_args!("{}", narrowed.graph));
                return Ok(narrowed.graph);
            }
            for (name, why) in refused {
                log.say(Level::Info, format_args!("node '{name}' stays in float32: {why}"));
                ensure!(options.keep.insert(name.clone()), Internal, "node '{name}' is refused though it is in float32: {why}");
            }
        }
    }
}

/// Nodes that read a value of a type, or are of an operator, that `of` names, and that TensorRT does not take.
fn refused(graph: &Graph, of: &dyn Fn(DType, &str) -> bool, rules: &TensorRtRules) -> Vec<(String, String)> {
    let named = |id: &NodeId| graph.node(*id).reads().any(|v| of(graph.fact(v).dtype, graph.node(*id).op.name));
    let refusal = |id: NodeId| Some((graph.node(id).name.clone(), rules.accepts(&NodeView::new(graph, id)).err()?.to_string()));
    graph.node_ids().filter(named).filter_map(refusal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::build::Builder;
    use crate::ir::fact::Fact;
    use crate::network::capabilities::{Flavour, Version};
    use crate::partition::options::Planned;
    use crate::tensor::dim::Dim;
    use crate::tensor::host::Tensor;
    use std::sync::Mutex;

    fn graph() -> Graph {
        let mut b = Builder::new("g");
        let op = |name: &str| crate::ops::find(name).unwrap();
        let none = || (op("nn.dense").attrs.parse)(&mut |_| None).unwrap();
        let x = b.input("x", Fact::new(DType::F32, vec![Dim::from(2i64), Dim::from(4i64)])).unwrap();
        let w = b.constant("w", Tensor::from_vec(&[3, 4], vec![0.5f32; 12]));
        let y = b.node("fc", op("nn.dense"), none(), &[x, w]).unwrap()[0];
        let y = b.node("act", op("nn.relu"), none(), &[y]).unwrap()[0];
        b.output("y", y).unwrap();
        b.finish()
    }

    fn rules(version: Version) -> TensorRtRules {
        let capabilities = Capabilities { flavour: Flavour::Full, version, implicit_batch: false };
        TensorRtRules { planned: Planned { capabilities, source: String::new() } }
    }

    /// What is logged while `f` runs.
    fn heard(f: impl FnOnce(&Log)) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        f(&Log::new(Some(Level::Debug), Some(Arc::new(move |_, line: &str| sink.lock().unwrap().push(line.to_string())))));
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn nodes_that_a_version_refuses_stay_in_float32() {
        let request = Request { precision: Precision::Bfloat16, ..Request::default() };
        let (graph, mut texts) = (graph(), Vec::new());
        let lines = heard(|log| {
            texts = [Version::new(8, 6, 0), Version::new(10, 0, 0)]
                .map(|v| request.apply(&graph, &rules(v), log).unwrap().to_string())
                .to_vec();
        });
        assert!(!texts[0].contains("bfloat16") && texts[1].contains("bfloat16[2, 3]"), "{texts:?}");
        assert!(lines.iter().any(|l| l.contains("'fc' stays in float32") && l.contains("type.version")), "{lines:?}");
        assert!(lines.iter().any(|l| l.contains("2 of 2 nodes in bfloat16, 2 casts")), "{lines:?}");
    }

    #[test]
    fn what_cannot_be_had_is_said_before_a_build() {
        let capabilities = |v| rules(v).planned.capabilities;
        let request = Request { precision: Precision::Bfloat16, keep_float32: ["fc", "fd"].map(String::from).into(), ranges: None };
        let error = request.check(&capabilities(Version::new(8, 6, 1)), &graph(), &Log::default()).unwrap_err();
        assert!(error.message.contains("TensorRT 10.0 or newer, not TensorRT 8.6.1"), "{error}");
        let lines = heard(|log| request.check(&capabilities(Version::new(10, 0, 0)), &graph(), log).unwrap());
        assert!(lines.len() == 1 && lines[0].contains("'fd'"), "{lines:?}");
        let int8 = Request { precision: Precision::Int8, ..Request::default() };
        assert!(int8.check(&capabilities(Version::new(10, 0, 0)), &graph(), &Log::default()).unwrap_err().message.contains("calibration"));
    }
}
