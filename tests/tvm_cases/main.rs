//! The graphs of TVM's own tests of its TensorRT path. Each must go to TensorRT as a whole, in one region, for several versions; the
//! region's network and our CPU code must compute what the oracle does; and a TensorRT that is found must build it.
//!
//! Left out: Mask R-CNN, whose weights are not to be had here.

#[path = "../suite/mod.rs"]
mod suite;
#[path = "../tensorrt_library/mod.rs"]
mod tensorrt_library;

mod batch;
mod contractions;
mod graph;
mod others;
mod relax;

use graph::{Made, Make, dims};
use std::collections::BTreeSet;
use std::sync::Arc;
use suite::compare_within;
use suite::cpu::Runner;
use tensorrt_library::library;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::view::NodeView;
use tvmtrt::ir::{Graph, NodeId};
use tvmtrt::network;
use tvmtrt::network::Network;
use tvmtrt::network::builder::Builder;
use tvmtrt::network::capabilities::Version;
use tvmtrt::network::refusal::Accepted;
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::region::Region;
use tvmtrt::partition::target::{Engine, Target};
use tvmtrt::partition::tensorrt_rules::TensorRtRules;
use tvmtrt::partition::{Partition, partition};
use tvmtrt::reference;
use tvmtrt::tensor::dim::{Bindings, Dim};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, build};
use tvmtrt::transform;

/// Versions that are planned for: TensorRT 8.6, 10.6, 11.4 and TensorRT for RTX 1.7.
const VERSIONS: [Version; 4] = [Version::new(8, 6, 1), Version::new(10, 6, 0), Version::new(11, 4, 0), Version::new(1, 7, 0)];

/// TensorRT's rules as a target that builds nothing.
struct Rules(TensorRtRules);

impl Target for Rules {
    fn name(&self) -> &str {
        TensorRtRules::NAME
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
        unreachable!("these tests build networks themselves")
    }
}

fn split(graph: &Graph, version: Version, use_implicit_batch: bool) -> Partition {
    // Regions of shape glue alone count too.
    let options = PartitionOptions { version: Some(version), use_implicit_batch, min_region_size: 0, ..PartitionOptions::default() };
    let planned = options.plan(None, version).unwrap();
    partition(Arc::new(graph.clone()), &Rules(TensorRtRules { planned }), &options).unwrap()
}

/// Every graph, rewritten where TVM rewrites it too.
fn all() -> Vec<Made> {
    let mut all = contractions::all();
    all.extend(others::all());
    all.extend(relax::all());
    for made in all.iter_mut().filter(|m| m.fold) {
        made.graph = transform::prepare(&made.graph, &Default::default()).unwrap();
    }
    all
}

/// That of the operators; where several nodes follow each other, or numbers are narrow, a little more.
fn tolerance(graph: &Graph) -> Tolerance {
    let narrow = graph.inputs.iter().any(|v| graph.fact(*v).dtype == DType::F16);
    if narrow {
        return Tolerance { relative: 2e-3, scaled: 2e-3 };
    }
    let most = |f: fn(&Tolerance) -> f64| graph.nodes.iter().map(|n| f(&n.op.tolerance)).fold(0.0, f64::max);
    let several = graph.nodes.len() as f64;
    Tolerance { relative: several * most(|t| t.relative), scaled: several * most(|t| t.scaled) }
}

/// The graph as one region, or what kept a node off.
fn whole(made: &Made, version: Version) -> std::result::Result<Partition, String> {
    let p = split(&made.graph, version, false);
    let refusals: Vec<String> = p.verdicts.iter().flat_map(|v| &v.refusals).map(|(_, r)| r.to_string()).collect();
    if p.regions.len() != 1 || p.offloaded() != made.graph.nodes.len() || made.graph.nodes.is_empty() {
        let (regions, nodes) = (p.regions.len(), made.graph.nodes.len());
        return Err(format!("{} for {version}: {regions} regions with {} of {nodes} nodes: {refusals:?}", made.name, p.offloaded()));
    }
    Ok(p)
}

/// What the region's network computes, as the graph's outputs.
fn through_network(made: &Made, p: &Partition) -> std::result::Result<Vec<Tensor>, String> {
    let region = &p.regions[0];
    let network = to_network(&region.graph).map_err(|r| format!("{}: {r}", made.name))?;
    let input = |v: &tvmtrt::ir::ValueId| made.graph.inputs.iter().position(|i| i == v).map(|i| made.inputs[i].clone()).unwrap();
    let inputs: Vec<Tensor> = region.inputs.iter().map(input).collect();
    let got = network::eval::eval(&network, &inputs).map_err(|e| format!("{}: {e}", made.name))?;
    let outputs = made.graph.outputs.iter().map(|o| region.outputs.iter().position(|v| *v == o.value).map(|i| got[i].clone()));
    outputs.collect::<Option<Vec<_>>>().ok_or_else(|| format!("{}: an output is not the region's", made.name))
}

fn report(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn there_are_as_many_as_in_tvm() {
    let all = all();
    let names: BTreeSet<&str> = all.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    // With three reshapes, an empty region and Mask R-CNN these are the 358 of Relay's test.
    assert_eq!(all.len() - relax::all().len(), 353);
}

#[test]
fn every_node_goes_to_one_region_that_computes_the_same() {
    let mut failures = Vec::new();
    for made in all() {
        let want = reference::run(&made.graph, &made.inputs).unwrap();
        for version in VERSIONS {
            let p = match whole(&made, version) {
                Ok(p) => p,
                Err(why) => {
                    failures.push(why);
                    continue;
                }
            };
            if version == VERSIONS[0] {
                let got = through_network(&made, &p);
                failures.extend(got.and_then(|got| compare_within(&made.name, tolerance(&made.graph), &got, &want)).err());
            }
        }
    }
    report(failures);
}

#[test]
fn cpu_code_computes_the_same() {
    let isa = *Isa::available().last().unwrap();
    let mut failures = Vec::new();
    for made in all() {
        let want = reference::run(&made.graph, &made.inputs).unwrap();
        let mut runner = Runner::new(&made.graph, isa, 2).unwrap_or_else(|e| panic!("{}: {e}", made.name));
        let got = runner.run(&made.inputs).map_err(|e| format!("{}: {e}", made.name));
        failures.extend(got.and_then(|got| compare_within(&made.name, tolerance(&made.graph), &got, &want)).err());
        // Contractions of float16 have no tuned code.
        let slow = runner.on_reference();
        if !slow.is_empty() && made.inputs.iter().all(|t| t.dtype() == DType::F32) {
            failures.push(format!("{}: {slow:?} ran on the reference", made.name));
        }
    }
    report(failures);
}

/// One profile where there are symbols.
fn options(network: &Network) -> Options {
    let mut symbols = BTreeSet::new();
    network.inputs.iter().flat_map(|i| &network.tensor(*i).dims).for_each(|d| d.collect_symbols(&mut symbols));
    let at = |v: i64| -> Bindings { symbols.iter().map(|s| (s.name.clone(), v)).collect() };
    let profiles = if symbols.is_empty() { vec![] } else { vec![Range { min: at(8), opt: at(8), max: at(16) }] };
    Options { profiles, compute_capabilities: vec![(8, 6)], effort: Some(0), ..Options::default() }
}

#[test]
fn every_region_builds() {
    let Some(library) = library() else { return };
    let (mut built, mut failures) = (0, Vec::new());
    for made in all() {
        let Ok(p) = whole(&made, VERSIONS[3]) else { continue };
        let network = to_network(&p.regions[0].graph).unwrap();
        match build(library, &network, &options(&network)) {
            Ok(plan) if !plan.engine.is_empty() => built += 1,
            Ok(_) => failures.push(format!("{}: an empty engine", made.name)),
            Err(e) => failures.push(format!("{}: {e}", made.name)),
        }
    }
    println!("{built} engines built");
    report(failures);
    assert_eq!(built, all().len());
}

/// With an implicit batch a reshape is taken where it leaves the batch alone.
#[test]
fn dynamic_reshapes_with_an_implicit_batch() {
    for (shape, to, offloaded) in [
        ([("N", 3), ("", 3), ("", 2), ("", 3)], [-1, 3, 2, 3], true),
        ([("N", 3), ("", 3), ("", 2), ("", 3)], [-1, 1, 2, 3], false),
        ([("", 1), ("N", 3), ("", 2), ("", 3)], [1, -1, 2, 3], false),
    ] {
        let mut m = Make::f32("dynamic_reshape");
        let x = m.free(&shape);
        let y = m.op("reshape", &[("newshape", dims(&to))], &[x]);
        let made = m.out(&[y]);
        assert_eq!(split(&made.graph, VERSIONS[0], true).regions.len() == 1, offloaded, "{to:?}");
        // Without it there is nothing to leave alone.
        let p = whole(&made, VERSIONS[0]).unwrap();
        let want = reference::run(&made.graph, &made.inputs).unwrap();
        compare_within(&made.name, Tolerance::EXACT, &through_network(&made, &p).unwrap(), &want).unwrap();
    }
}

/// As with an explicit one, a convolution with a free implicit batch is taken.
#[test]
fn dynamic_batch_with_an_implicit_batch() {
    for made in contractions::all().into_iter().filter(|m| m.name.starts_with("dynamic_batch")) {
        assert_eq!(split(&made.graph, VERSIONS[0], true).offloaded(), made.graph.nodes.len(), "{}", made.name);
    }
}

/// A region that gives what it takes.
#[test]
fn an_empty_region() {
    let mut b = Builder::new("empty");
    let x = b.input("x", DType::F32, &[1i64, 3, 5].map(Dim::from));
    b.output(x, "y").unwrap();
    let network = b.finish();
    let x = Tensor::from_f64s(DType::F32, &[1, 3, 5], &[0.5; 15]);
    assert_eq!(network::eval::eval(&network, std::slice::from_ref(&x)).unwrap(), [x]);
    if let Some(library) = library() {
        assert!(!build(library, &network, &options(&network)).unwrap().engine.is_empty());
    }
}
