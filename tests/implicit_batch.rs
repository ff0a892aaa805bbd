//! Networks with an implicit batch: those of single samples compute what the whole ones do, and which operators each mode takes.

mod common;
mod data;
mod suite;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use suite::random::{self, Kind};
use suite::{Case, cases, compare};
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::view::NodeView;
use tvmtrt::network::builder::Builder;
use tvmtrt::network::capabilities::{Capabilities, Flavour, Version};
use tvmtrt::network::check::check;
use tvmtrt::network::eval::eval;
use tvmtrt::network::layer::{ElementWise, LayerKind, MatrixOp, Unary};
use tvmtrt::network::per_sample::per_sample;
use tvmtrt::network::refusal::Accepted;
use tvmtrt::network::{Network, TensorId};
use tvmtrt::ops::OPS;
use tvmtrt::partition::options::{PartitionOptions as Plan, Planned};
use tvmtrt::partition::tensorrt_rules::TensorRtRules;
use tvmtrt::reference;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn planned(implicit_batch: bool) -> Capabilities {
    Capabilities { flavour: Flavour::Full, version: Version::new(8, 6, 1), implicit_batch }
}

fn accepted(case: &Case, implicit_batch: bool) -> Accepted<Network> {
    let network = to_network(&case.graph)?;
    check(&network, &planned(implicit_batch))?;
    Ok(network)
}

#[test]
fn samples_compute_what_the_oracle_does() {
    let (mut ran, mut failures) = (0, Vec::new());
    for case in cases::all() {
        let Ok(network) = accepted(&case, true) else { continue };
        let samples = per_sample(&network).unwrap_or_else(|r| panic!("{}: {r}", case.name));
        let named = |n: &Network, ids: &[_]| ids.iter().map(|i| n.tensor(*i).name.clone()).collect::<Vec<_>>();
        assert_eq!(named(&samples, &samples.inputs), named(&network, &network.inputs), "{}", case.name);
        assert_eq!(named(&samples, &samples.outputs), named(&network, &network.outputs), "{}", case.name);
        assert!(samples.to_string().contains("implicit batch"), "{samples}");
        let want = reference::run(&case.graph, &case.inputs).unwrap();
        // Inputs that no layer reads are left out.
        let inputs: Vec<_> = network.inputs.iter().map(|i| input(&case, &network.tensor(*i).name)).collect();
        match eval(&samples, &inputs) {
            Ok(got) => failures.extend(compare(&case, &got, &want).err()),
            Err(e) => failures.push(format!("{}: {e}\n{samples}", case.name)),
        }
        ran += 1;
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    println!("{ran} cases sample by sample");
    assert!(ran >= 300, "only {ran}");
}

fn input(case: &Case, name: &str) -> Tensor {
    let at = case.graph.inputs.iter().position(|v| case.graph.value(*v).name == name).expect("an input");
    case.inputs[at].clone()
}

/// Per operator, how many of its cases TensorRT 8.6.1 takes with an explicit batch, and with an implicit one; and what keeps those off
/// that only the former takes.
#[test]
fn operators_of_both_modes() {
    let all = cases::all();
    let mut text = String::from("Cases that TensorRT 8.6.1 takes: explicit batch, implicit batch, of all; rules of the difference.\n");
    let mut operators = [0, 0];
    for op in OPS {
        let (mut counts, mut rules) = ([0, 0], BTreeMap::<&str, usize>::new());
        let of_op: Vec<&Case> = all.iter().filter(|c| c.graph.nodes[0].op == *op).collect();
        for case in &of_op {
            let (explicit, implicit) = (accepted(case, false), accepted(case, true));
            assert!(explicit.is_ok() || implicit.is_err(), "{} is taken with an implicit batch only", case.name);
            counts[0] += usize::from(explicit.is_ok());
            counts[1] += usize::from(implicit.is_ok());
            if let (Ok(_), Err(refusal)) = (explicit, implicit) {
                *rules.entry(refusal.rule).or_default() += 1;
            }
        }
        operators.iter_mut().zip(counts).for_each(|(n, c)| *n += usize::from(c > 0));
        let rules: Vec<String> = rules.iter().map(|(rule, n)| format!(" {rule} {n}")).collect();
        writeln!(text, "{} {} {} {}{}", op.name, counts[0], counts[1], of_op.len(), rules.join("")).unwrap();
    }
    writeln!(text, "{} and {} of {} operators", operators[0], operators[1], OPS.len()).unwrap();
    println!("{text}");
    common::golden("batch_modes", &text);
}

#[test]
fn random_graphs_compute_the_same_sample_by_sample() {
    let rules = TensorRtRules { planned: Planned { capabilities: planned(true), source: "a test".into() } };
    let (mut ran, mut failures) = (0, Vec::new());
    for seed in 1..=300 {
        let case = random::graph(seed, Kind::Smooth, &|view: &NodeView| rules.accepts(view).is_ok());
        let Ok(network) = accepted(&case, true) else { continue };
        let inputs: Vec<_> = network.inputs.iter().map(|i| input(&case, &network.tensor(*i).name)).collect();
        let (samples, whole) = (per_sample(&network).unwrap(), eval(&network, &inputs).unwrap());
        failures.extend(compare(&case, &eval(&samples, &inputs).unwrap(), &whole).err());
        ran += 1;
    }
    println!("{ran} random graphs sample by sample");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(ran >= 30, "only {ran}");
}

/// `f` on a float32 input `[N, 3]`, whole and sample by sample, for a batch of 4.
fn both(f: impl Fn(&mut Builder, TensorId) -> TensorId) -> (Network, [Vec<Tensor>; 2]) {
    let mut b = Builder::new("n");
    let x = b.input("x", DType::F32, &[Dim::symbol("N", 1, 8), Dim::from(3i64)]);
    b.scope("layer");
    let y = f(&mut b, x);
    b.output(y, "y").unwrap();
    let network = b.finish();
    let samples = per_sample(&network).unwrap();
    let x = [Tensor::from_f64s(DType::F32, &[4, 3], &[1.0, -2.0, 3.0, 0.5, 0.0, -1.0, 2.0, 2.0, -0.5, 4.0, 1.0, 1.0])];
    let results = [eval(&network, &x).unwrap(), eval(&samples, &x).unwrap()];
    (samples, results)
}

#[test]
fn rows_times_constant_columns_are_a_convolution() {
    for (op, shape) in [(MatrixOp::None, [3, 2]), (MatrixOp::Transpose, [2, 3])] {
        let (samples, [whole, split]) = both(|b, x| {
            let w = b.constant(Tensor::from_f64s(DType::F32, &shape, &[1.0, 2.0, -1.0, 0.5, 3.0, -2.0])).unwrap();
            b.add(LayerKind::MatrixMultiply(MatrixOp::None, op), &[x, w]).unwrap()
        });
        assert_eq!(whole, split);
        assert_eq!(samples.layers.iter().map(|l| l.kind.name()).collect::<Vec<_>>(), ["Shuffle", "Convolution", "Shuffle"]);
    }
}

#[test]
fn what_follows_from_constants_is_computed_before() {
    let (samples, [whole, split]) = both(|b, x| {
        let c = b.constant(Tensor::from_f64s(DType::F32, &[3], &[1.0, 0.0, -2.0])).unwrap();
        let c = b.add(LayerKind::Unary(Unary::Exp), &[c]).unwrap();
        b.elementwise(ElementWise::Prod, x, c).unwrap()
    });
    assert_eq!(whole, split);
    let kinds: Vec<_> = samples.layers.iter().map(|l| l.kind.name()).collect();
    assert_eq!(kinds, ["Constant", "ElementWise"]);
    let names: BTreeMap<&str, ()> = samples.layers.iter().map(|l| (l.name.as_str(), ())).collect();
    assert_eq!(names.len(), kinds.len(), "each layer has a name of its own");
}

#[test]
fn constants_that_differ_between_samples_are_refused() {
    let mut b = Builder::new("n");
    let x = b.input("x", DType::F32, &[2i64, 3].map(Dim::from));
    let c = b.constant(Tensor::from_f64s(DType::F32, &[2, 3], &[1.0; 6])).unwrap();
    let y = b.elementwise(ElementWise::Sum, x, c).unwrap();
    b.output(y, "y").unwrap();
    let refusal = check(&b.finish(), &planned(true)).unwrap_err();
    assert_eq!(refusal.rule, "batch.extent");
    assert!(refusal.reason.contains("differs between samples"), "{refusal}");
}

/// The recogniser's width is free, which only the batch may be.
#[test]
fn networks_are_one_region() {
    let Some(root) = data::root("networks") else { return };
    for folder in data::folders(&root) {
        let model = Arc::new(Model::load_file(&folder.model, &Default::default()).unwrap());
        let plan = Plan { version: Some(Version::new(8, 6, 1)), use_implicit_batch: true, ..Plan::default() };
        let options = PartitionOptions { plan, symbols: data::bounds(&folder, &model.inputs, 672), ..PartitionOptions::default() };
        let partition = Partition::new(&model, &[], &options).unwrap();
        let (offloaded, all) = (partition.parts.offloaded(), partition.parts.graph.nodes.len());
        println!("{}: {offloaded} of {all} nodes in {} regions", folder.name, partition.region_count());
        assert!(folder.name == "recogniser" || (offloaded == all && partition.region_count() == 1), "{}", partition.explain_text());
        for region in &partition.parts.regions {
            let network = to_network(&region.graph).and_then(|n| per_sample(&n));
            network.unwrap_or_else(|r| panic!("{}: an accepted region is refused: {r}", folder.name));
        }
    }
}
