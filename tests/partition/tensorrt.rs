//! TensorRT's rules as data: the converter decides, once per node; implicit batch; the options in a region's JSON.

use crate::toy::{CONVERTS, DENSE, MIX, Mix, RELU, RESHAPE, Reshape, f32s};
use std::sync::Arc;
use tvmtrt::ir::attrs::{NoAttrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::view::NodeView;
use tvmtrt::ir::{Graph, NodeId};
use tvmtrt::network::capabilities::Version;
use tvmtrt::network::refusal::Accepted;
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::region::Region;
use tvmtrt::partition::target::{Engine, Target, TargetVersion};
use tvmtrt::partition::tensorrt_rules::TensorRtRules;
use tvmtrt::partition::{Partition, partition};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// The rules as a target that builds nothing.
struct Rules(TensorRtRules);

impl Target for Rules {
    fn name(&self) -> &str {
        TensorRtRules::NAME
    }
    fn version(&self) -> TargetVersion {
        self.0.version()
    }
    fn accepts(&self, node: &NodeView) -> Accepted<()> {
        self.0.accepts(node)
    }
    fn valid_region(&self, graph: &Graph, nodes: &[NodeId]) -> Accepted<()> {
        self.0.valid_region(graph, nodes)
    }
    fn serialise(&self, region: &Region, options: &PartitionOptions) -> Result<String> {
        self.0.serialise(region, options)
    }
    fn compile(&self, _: &Region, _: &PartitionOptions) -> Result<Box<dyn Engine>> {
        unreachable!("these tests only plan")
    }
}

pub fn split(graph: Graph, version: Version, use_implicit_batch: bool) -> Partition {
    let options = PartitionOptions { version: Some(version), use_implicit_batch, ..PartitionOptions::default() };
    let planned = options.plan(None, version).unwrap();
    partition(Arc::new(graph), &Rules(TensorRtRules { planned }), &options).unwrap()
}

fn rules(p: &Partition) -> Vec<&'static str> {
    p.verdicts.iter().map(|v| v.refusals.first().map_or("", |(_, r)| r.rule)).collect()
}

const V8: Version = Version::new(8, 6, 1);

#[test]
fn the_converter_is_the_rule_and_runs_once_per_node() {
    let mut b = Builder::new("net");
    let x = b.input("x", f32s(&[2, 4])).unwrap();
    let w = b.constant("w", Tensor::from_f64s(DType::F32, &[4, 4], &[0.5; 16]));
    let computed = b.op("twice", &MIX, Mix::default(), &[w, w]).unwrap();
    let shape = b.constant("shape", Tensor::from_vec(&[1], vec![8i64]));
    let good = b.op("good", &DENSE, NoAttrs {}, &[x, w]).unwrap();
    let bad = b.op("bad", &DENSE, NoAttrs {}, &[good, computed]).unwrap();
    let flat = b.op("flat", &RESHAPE, Reshape { newshape: Param::Static(vec![Dim::from(8i64)]) }, &[bad, shape]).unwrap();
    let index = b.input("i", Fact::new(DType::I64, vec![Dim::from(3i64)])).unwrap();
    let long = b.op("long", &RELU, NoAttrs {}, &[index]).unwrap();
    b.output("flat", flat).unwrap();
    b.output("long", long).unwrap();
    let graph = b.finish();
    CONVERTS.with(|c| c.set(0));
    let p = split(graph, V8, false);
    assert_eq!(CONVERTS.with(|c| c.get()), p.graph.nodes.len());
    assert_eq!(rules(&p), ["", "", "dense.weights-not-constant", "prune.too-small", "type.version"]);
    assert_eq!(p.explain_json()["version"], "TensorRT 8.6.1");
}

#[test]
fn a_region_reads_something() {
    let mut b = Builder::new("constant");
    let c = b.constant("c", Tensor::from_f64s(DType::F32, &[2], &[1.0, 2.0]));
    let y = b.op("y", &RELU, NoAttrs {}, &[c]).unwrap();
    b.output("y", y).unwrap();
    assert_eq!(rules(&split(b.finish(), V8, false)), ["region.no-inputs"]);
}

#[test]
fn implicit_batch_wants_one_batch_size() {
    let graph = || {
        let mut b = Builder::new("batches");
        for (i, shape) in [vec![2, 4], vec![3, 4], vec![2, 5], vec![]].iter().enumerate() {
            let x = b.input(&format!("x{i}"), f32s(shape)).unwrap();
            let y = b.op(&format!("n{i}"), &RELU, NoAttrs {}, &[x]).unwrap();
            b.output(&format!("y{i}"), y).unwrap();
        }
        let (x, scalar) = (b.graph().inputs[0], b.graph().inputs[3]);
        let y = b.op("n4", &MIX, Mix::default(), &[x, scalar]).unwrap();
        b.output("y4", y).unwrap();
        b.finish()
    };
    assert_eq!(split(graph(), V8, false).regions.len(), 1);
    let p = split(graph(), V8, true);
    assert_eq!(p.region_of, [Some(0), Some(1), Some(0), None, None]);
    assert_eq!(rules(&p), ["", "", "", "batch.rank", "region.scalar-input"]);
}

#[test]
fn a_batch_that_differs_is_named() {
    let mut b = Builder::new("mixed");
    let x = b.input("x", f32s(&[2, 4])).unwrap();
    let y = b.input("y", f32s(&[1, 4])).unwrap();
    let z = b.op("z", &MIX, Mix::default(), &[x, y]).unwrap();
    b.output("z", z).unwrap();
    let p = split(b.finish(), V8, true);
    let refusal = &p.verdicts[0].refusals[0].1;
    assert_eq!((refusal.rule, &*refusal.reason), ("region.batch-sizes-differ", "inputs have different batch sizes: 'x' has 2, 'y' has 1"));
}

#[test]
fn options_stand_on_each_kernel() {
    let mut b = Builder::new("net");
    let x = b.input("x", f32s(&[2, 4])).unwrap();
    let y = b.op("y", &RELU, NoAttrs {}, &[x]).unwrap();
    b.output("y", y).unwrap();
    let p = split(b.finish(), V8, true);
    let planned = p.options.plan(None, V8).unwrap();
    let text = TensorRtRules { planned }.serialise(&p.regions[0], &p.options).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let attrs = &json["nodes"][1]["attrs"];
    let texts = |key: &str| attrs[key][0].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect::<Vec<_>>().join(".");
    let all = ["tensorrt_version", "use_implicit_batch", "max_workspace_size", "use_fp16", "use_uint8"].map(texts);
    assert_eq!(all, ["8.6.1", "1", "1073741824", "0", "0"]);
    assert_eq!(json["symbol"], "tvmgen_default_tensorrt_main_0");
}
