//! Every operator that the rules let be narrow, on narrow operands: its layers compute what it does, TensorRT takes them and builds them.

use crate::suite::{Case, cases};
use crate::tensorrt_library::rtx;
use std::collections::{BTreeMap, BTreeSet};
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::rewrite::rewrite_with_inputs;
use tvmtrt::ir::view::NodeView;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::network::capabilities::{Capabilities, Flavour, Version};
use tvmtrt::network::check::check;
use tvmtrt::network::eval::eval;
use tvmtrt::network::refusal::Refusal;
use tvmtrt::network::{self, Network};
use tvmtrt::reference;
use tvmtrt::tensor::dim::Bindings;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, build};
use tvmtrt::transform::precision::rules::{Class, rule};

const PLANNED: Capabilities = Capabilities { flavour: Flavour::Full, version: Version::new(10, 6, 0), implicit_batch: false };

fn as_type(t: &Tensor, to: DType) -> Tensor {
    if t.dtype() == DType::F32 { Tensor::from_f64s(to, t.shape(), &t.to_f64s()) } else { t.clone() }
}

/// The case with narrow operands, where its node can have them.
fn narrow(case: &Case, to: DType) -> Option<(Graph, Vec<Tensor>)> {
    let graph = &case.graph;
    let view = NodeView::new(graph, graph.node_ids().next()?);
    let floats: BTreeSet<DType> = view.node().reads().map(|v| graph.fact(v).dtype).filter(|d| d.is_float()).collect();
    let may = rule(&view).is_some_and(|r| r.class != Class::Keep);
    if !may || floats != BTreeSet::from([DType::F32]) || !view.node().bodies.is_empty() {
        return None;
    }
    let fact = |_: &str, f: &Fact| if f.dtype == DType::F32 { Fact::new(to, f.shape.clone()) } else { f.clone() };
    let copy = rewrite_with_inputs(graph, &fact, &mut |b, view, inputs| {
        let operands: Vec<ValueId> = inputs
            .iter()
            .map(|v| match b.graph().constant(*v).cloned() {
                Some(t) if t.dtype() == DType::F32 => b.constant("narrow", as_type(&t, to)),
                _ => *v,
            })
            .collect();
        b.node(view.name(), view.op(), view.node().attrs.clone(), &operands).map(Some)
    });
    Some((copy.unwrap_or_else(|e| panic!("{}: {e}", case.name)), case.inputs.iter().map(|t| as_type(t, to)).collect()))
}

fn converted(graph: &Graph, capabilities: &Capabilities) -> Result<Network, Refusal> {
    let network = to_network(graph)?;
    check(&network, capabilities).map(|()| network)
}

/// Cases that TensorRT takes in float32 and not in a narrow type: the rule.
#[test]
fn narrow_operators_are_converted_as_wide_ones_are() {
    let (mut count, mut refused) = (0, BTreeMap::new());
    for case in cases::all() {
        if converted(&case.graph, &PLANNED).is_err() {
            continue;
        }
        for (to, eps) in [(DType::F16, 2f64.powi(-11)), (DType::BF16, 2f64.powi(-8))] {
            let Some((graph, inputs)) = narrow(&case, to) else { continue };
            let network = match converted(&graph, &PLANNED) {
                Ok(network) => network,
                Err(why) => {
                    refused.entry((graph.nodes[0].op.name, to)).or_insert(why.to_string());
                    continue;
                }
            };
            count += 1;
            let want = reference::run(&graph, &inputs).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let got = eval(&network, &inputs).unwrap_or_else(|e| panic!("{} in {to}: {e}\n{network}", case.name));
            for (want, got) in want.iter().zip(&got) {
                assert_eq!((want.dtype(), want.shape()), (got.dtype(), got.shape()), "{} in {to}", case.name);
                let scale = want.to_f64s().iter().filter(|v| v.is_finite()).fold(0f64, |m, v| m.max(v.abs()));
                for (a, b) in want.to_f64s().iter().zip(got.to_f64s()) {
                    let same = *a == b || (a.is_nan() && b.is_nan());
                    assert!(same || (a - b).abs() <= 8.0 * eps * scale, "{} in {to}: {b}, not {a}\n{network}", case.name);
                }
            }
        }
    }
    println!("{count} cases; refused: {refused:#?}");
    assert!(count >= 200, "only {count}");
    // TensorRT has no transposed convolution of bfloat16: those nodes stay in float32.
    refused.retain(|(op, to), why| !(op.ends_with("_transpose") && *to == DType::BF16 && why.contains("deconvolution.type")));
    assert!(refused.is_empty(), "{refused:#?}");
}

fn profiles(network: &network::Network) -> Vec<Range<Bindings>> {
    let mut symbols = BTreeSet::new();
    network.inputs.iter().flat_map(|i| &network.tensor(*i).dims).for_each(|d| d.collect_symbols(&mut symbols));
    let at = |v: i64| -> Bindings { symbols.iter().map(|s| (s.name.clone(), v)).collect() };
    if symbols.is_empty() { vec![] } else { vec![Range { min: at(2), opt: at(8), max: at(16) }] }
}

/// One case of each operator and type.
#[test]
fn narrow_operators_build() {
    let Some(library) = rtx() else { return };
    let (mut built, mut failures) = (BTreeSet::new(), Vec::new());
    for case in cases::all() {
        for to in [DType::F16, DType::BF16] {
            let Some((graph, _)) = narrow(&case, to) else { continue };
            let key = (graph.nodes[0].op.name, to);
            let Ok(network) = converted(&graph, &library.capabilities()) else { continue };
            if !built.insert(key) {
                continue;
            }
            let options =
                Options { profiles: profiles(&network), compute_capabilities: vec![(8, 6)], effort: Some(0), ..Options::default() };
            if let Err(e) = build(library, &network, &options) {
                failures.push(format!("{} in {to}: {e}", case.name));
            }
        }
    }
    println!("{} operators built", built.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(built.len() >= 80, "only {}", built.len());
}
