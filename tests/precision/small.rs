//! Small graphs: which nodes become narrow and where casts stand.

use crate::common::golden;
use crate::suite::{Random, cases};
use crate::widen::widened;
use std::collections::BTreeSet;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::verify::verify;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::network::layer::LayerKind;
use tvmtrt::network::{self};
use tvmtrt::reference;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::transform::precision::autocast::{Autocast, Narrowed, autocast};

/// A graph by operator names.
pub struct Make {
    pub b: Builder,
    random: Random,
}

impl Make {
    pub fn new(name: &str) -> Make {
        Make { b: Builder::new(name), random: Random(name.len() as u64) }
    }

    pub fn input(&mut self, name: &str, shape: &[usize]) -> ValueId {
        self.b.input(name, Fact::new(DType::F32, shape.iter().map(|d| Dim::from(*d)).collect())).unwrap()
    }

    pub fn weight(&mut self, name: &str, shape: &[usize], scale: f32) -> ValueId {
        let t = self.random.tensor(DType::F32, shape, false);
        self.b.constant(name, Tensor::from_vec(shape, t.values::<f32>().iter().map(|v| v * scale).collect()))
    }

    pub fn op(&mut self, name: &str, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
        let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        self.b.node(name, def, attrs, operands).unwrap_or_else(|e| panic!("{e}"))[0]
    }

    pub fn finish(mut self, outputs: &[(&str, ValueId)]) -> Graph {
        outputs.iter().for_each(|(name, v)| self.b.output(name, *v).unwrap());
        self.b.finish()
    }
}

fn narrowed(graph: &Graph, to: DType, keep: &[&str]) -> Narrowed {
    let options = Autocast { to, keep: keep.iter().map(|k| k.to_string()).collect() };
    let narrowed = autocast(graph, &options).unwrap();
    verify(&narrowed.graph).unwrap_or_else(|e| panic!("{e}\n{}", narrowed.graph));
    let types = |g: &Graph| -> Vec<(String, DType)> {
        let inputs = g.inputs.iter().map(|v| (g.value(*v).name.clone(), g.fact(*v).dtype));
        inputs.chain(g.outputs.iter().map(|o| (o.name.clone(), g.fact(o.value).dtype))).collect()
    };
    assert_eq!(types(&narrowed.graph), types(graph));
    assert_no_chains(&narrowed.graph);
    narrowed
}

/// No cast reads a cast, and no value is cast twice to one type.
fn assert_no_chains(graph: &Graph) {
    let mut seen = BTreeSet::new();
    for node in graph.nodes.iter().filter(|n| n.op.name == "cast") {
        let from = graph.producer(node.inputs[0]).map(|p| graph.node(p));
        assert!(from.is_none_or(|n| n.op.name != "cast"), "'{}' casts a cast\n{graph}", node.name);
        assert!(seen.insert((node.inputs[0], graph.fact(node.outputs[0]).dtype)), "'{}' is there twice\n{graph}", node.name);
    }
}

fn dtype(graph: &Graph, node: &str) -> DType {
    let node = graph.nodes.iter().find(|n| n.name == node).unwrap_or_else(|| panic!("no node {node}\n{graph}"));
    graph.fact(node.outputs[0]).dtype
}

/// Two convolutions around a residual sum, a mean over planes, a product with weights, a softmax.
pub fn classifier() -> Graph {
    let mut m = Make::new("classifier");
    let x = m.input("x", &[1, 3, 8, 8]);
    let padding = [("padding", Attr::Ints(vec![1, 1]))];
    let (w1, w2, w3) = (m.weight("w1", &[4, 3, 3, 3], 0.3), m.weight("w2", &[4, 4, 3, 3], 0.2), m.weight("w3", &[5, 4], 0.5));
    let (b1, b3) = (m.weight("b1", &[4], 0.1), m.weight("b3", &[5], 0.1));
    let c1 = m.op("conv1", "nn.conv2d", &padding, &[x, w1]);
    let c1 = m.op("bias1", "nn.bias_add", &[], &[c1, b1]);
    let c1 = m.op("relu1", "nn.relu", &[], &[c1]);
    let c2 = m.op("conv2", "nn.conv2d", &padding, &[c1, w2]);
    let sum = m.op("sum", "add", &[], &[c2, c1]);
    let pooled = m.op("pool", "nn.global_avg_pool2d", &[], &[sum]);
    let flat = m.op("flat", "nn.batch_flatten", &[], &[pooled]);
    let y = m.op("fc", "nn.dense", &[], &[flat, w3]);
    let y = m.op("fc_bias", "nn.bias_add", &[], &[y, b3]);
    let p = m.op("softmax", "nn.softmax", &[], &[y]);
    m.finish(&[("features", sum), ("p", p)])
}

#[test]
fn casts_stand_at_borders_only() {
    let mut text = String::new();
    for to in [DType::F16, DType::BF16] {
        let narrowed = narrowed(&classifier(), to, &[]);
        // In front of conv1; behind the sum, for the output; behind fc_bias.
        assert_eq!((narrowed.casts, narrowed.narrow), (3, 9), "{}", narrowed.graph);
        let kept: Vec<&str> = narrowed.kept.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(kept, ["softmax"]);
        text += &narrowed.graph.to_string();
        text += &narrowed.kept.iter().map(|(n, why)| format!("{n}: {why}\n")).collect::<String>();
    }
    golden("precision_classifier", &text);
}

#[test]
fn layers_compute_in_the_narrow_type() {
    for to in [DType::F16, DType::BF16] {
        let network = to_network(&narrowed(&classifier(), to, &["fc"]).graph).unwrap();
        for layer in &network.layers {
            if let LayerKind::Convolution { weights, .. } = &layer.kind {
                assert_eq!((network.tensor(layer.outputs[0]).dtype, weights.dtype()), (to, to), "{}", layer.name);
            }
            if matches!(layer.kind, LayerKind::MatrixMultiply(..) | LayerKind::Softmax(_)) {
                assert_eq!(network.tensor(layer.outputs[0]).dtype, DType::F32, "{}", layer.name);
            }
        }
    }
}

#[test]
fn nodes_and_operators_are_kept() {
    let of = |keep: &[&str]| narrowed(&classifier(), DType::F16, keep);
    let by_name = of(&["conv2"]);
    // Of its own: c1 has two types; the sum takes the wider.
    let types = ["conv1", "relu1", "conv2", "sum", "fc"].map(|n| dtype(&by_name.graph, n));
    assert_eq!(types, [DType::F16, DType::F16, DType::F32, DType::F32, DType::F16]);
    assert!(by_name.kept.contains(&("conv2".into(), "asked for".into())));
    let by_operator = of(&["nn.conv2d", "nn.dense"]);
    assert_eq!((by_operator.narrow, by_operator.casts), (0, 0));
    assert!(by_operator.graph.nodes.iter().map(|n| &n.name).eq(classifier().nodes.iter().map(|n| &n.name)));
}

#[test]
fn weights_that_do_not_fit_are_told() {
    for (scale, words) in [(1e6, "overflows float16"), (1e-6, "below the smallest normal")] {
        let mut m = Make::new("g");
        let x = m.input("x", &[2, 4]);
        let (w, v) = (m.weight("w", &[3, 4], scale), m.weight("v", &[3, 3], 1.0));
        let y = m.op("first", "nn.dense", &[], &[x, w]);
        let y = m.op("second", "nn.dense", &[], &[y, v]);
        let graph = m.finish(&[("y", y)]);
        let half = narrowed(&graph, DType::F16, &[]);
        assert_eq!((dtype(&half.graph, "first"), dtype(&half.graph, "second")), (DType::F32, DType::F16));
        assert!(half.warnings.len() == 1 && half.warnings[0].contains(words) && half.warnings[0].contains("'w'"), "{:?}", half.warnings);
        assert!(narrowed(&graph, DType::BF16, &[]).warnings.is_empty());
    }
}

/// A layer norm in single steps behind a product: its statistics stay in float32, though each step alone would not say so.
#[test]
fn a_layer_norm_in_single_steps_stays_wide() {
    let mut m = Make::new("norm");
    let x = m.input("x", &[2, 8]);
    let (w, v) = (m.weight("w", &[8, 8], 0.5), m.weight("v", &[8, 8], 0.5));
    let (two, eps) = (m.b.constant("two", Tensor::scalar(2f32)), m.b.constant("eps", Tensor::scalar(1e-5f32)));
    let last = [("axis", Attr::Param(Param::Static(vec![Dim::from(-1i64)]))), ("keepdims", Attr::Bool(true))];
    let h = m.op("in", "nn.dense", &[], &[x, w]);
    let mean = m.op("mean", "mean", &last, &[h]);
    let d = m.op("d", "subtract", &[], &[h, mean]);
    let p = m.op("p", "power", &[], &[d, two]);
    let s = m.op("s", "multiply", &[], &[d, d]);
    let var = m.op("var", "mean", &last, &[p]);
    let var = m.op("var_eps", "add", &[], &[var, eps]);
    let std = m.op("std", "sqrt", &[], &[var]);
    let n = m.op("n", "divide", &[], &[d, std]);
    let y = m.op("out", "nn.dense", &[], &[n, v]);
    let narrowed = narrowed(&m.finish(&[("y", y), ("s", s)]), DType::F16, &[]);
    for name in ["mean", "d", "p", "s", "var", "var_eps", "std", "n"] {
        assert_eq!(dtype(&narrowed.graph, name), DType::F32, "{name}\n{}", narrowed.graph);
    }
    // In front of both products and behind them.
    assert_eq!((narrowed.narrow, narrowed.casts), (2, 4), "{}", narrowed.graph);
}

#[test]
fn elements_move_in_the_type_that_their_readers_want() {
    let mut m = Make::new("moves");
    let x = m.input("x", &[4, 2, 3]);
    let table = m.weight("table", &[10, 6], 1.0);
    let ids = m.b.constant("ids", Tensor::from_vec(&[4], vec![1i64, 9, 0, 3]));
    let (w, v) = (m.weight("w", &[5, 6], 1.0), m.weight("v", &[5, 6], 1.0));
    let flat = m.op("flat", "reshape", &[("newshape", Attr::Param(Param::Static(vec![Dim::from(4i64), Dim::from(6i64)])))], &[x]);
    let a = m.op("a", "nn.dense", &[], &[flat, w]);
    let e = m.op("embed", "take", &[("axis", Attr::Int(0))], &[table, ids]);
    let e = m.op("dense", "nn.dense", &[], &[e, v]);
    let both = m.op("both", "concatenate", &[("axis", Attr::Int(0))], &[a, e]);
    let y = m.op("y", "nn.relu", &[], &[both]);
    let narrowed = narrowed(&m.finish(&[("y", y)]), DType::F16, &[]);
    assert_eq!((narrowed.narrow, narrowed.casts), (6, 2), "{}", narrowed.graph);
    let table = narrowed.graph.values.iter().find(|v| v.name == "table:float16").expect("converted once, as a constant");
    assert_eq!(table.fact.dtype, DType::F16);
}

#[test]
fn models_with_types_of_their_own_keep_them() {
    let mut m = Make::new("own");
    let x = m.input("x", &[2, 4]);
    let (w, v) = (m.weight("w", &[4, 4], 1.0), m.weight("v", &[4, 4], 1.0));
    let half = [("dtype", Attr::DType(DType::F16))];
    let single = [("dtype", Attr::DType(DType::F32))];
    let (hx, hw) = (m.op("hx", "cast", &half, &[x]), m.op("hw", "cast", &half, &[w]));
    let a = m.op("a", "nn.dense", &[], &[hx, hw]);
    let a32 = m.op("a32", "cast", &single, &[a]);
    let y = m.op("y", "nn.dense", &[], &[a32, v]);
    let back = m.op("back", "cast", &half, &[y]);
    let int = m.op("int", "cast", &[("dtype", Attr::DType(DType::I32))], &[y]);
    let narrowed = narrowed(&m.finish(&[("back", back), ("int", int), ("y", y)]), DType::F16, &[]);
    // The model's cast up is passed by, its cast down is no work any more; the one for the output is new.
    let casts: Vec<&str> = narrowed.graph.nodes.iter().filter(|n| n.op.name == "cast").map(|n| n.name.as_str()).collect();
    assert_eq!(casts, ["hx", "hw", "y:float32", "int"], "{}", narrowed.graph);
}

/// Every case of the suite behind and in front of a product: facts are inferred, types fit, and the result is near.
#[test]
fn every_operator_takes_its_place_among_narrow_ones() {
    let mut count = 0;
    for case in cases::all() {
        for to in [DType::F16, DType::BF16] {
            let narrowed = narrowed(&case.graph, to, &[]);
            if narrowed.narrow == 0 {
                continue;
            }
            count += 1;
            let (want, got) = (reference::run(&case.graph, &case.inputs).unwrap(), reference::run(&narrowed.graph, &case.inputs).unwrap());
            let wide = reference::run(&widened(&narrowed.graph), &case.inputs).unwrap();
            let eps = if to == DType::F16 { f64::EPSILON.max(2f64.powi(-11)) } else { 2f64.powi(-8) };
            for ((want, got), wide) in want.iter().zip(&got).zip(&wide) {
                // Operands and result are rounded: errors of a sum of products are those of its terms.
                let scale = want.to_f64s().iter().fold(1f64, |m, v| m.max(v.abs()));
                for ((a, b), c) in want.to_f64s().iter().zip(got.to_f64s()).zip(wide.to_f64s()) {
                    assert!((a - b).abs() <= 8.0 * eps * scale, "{}: {b}, not {a}\n{}", case.name, narrowed.graph);
                    assert!((b - c).abs() <= 2.0 * eps * scale, "{}: {c}, not {b}", case.name);
                }
            }
        }
    }
    assert!(count >= 60, "only {count}");
}

#[test]
fn networks_compute_what_graphs_do() {
    let graph = classifier();
    let x = Random(3).tensor(DType::F32, &[1, 3, 8, 8], false);
    let want = reference::run(&graph, std::slice::from_ref(&x)).unwrap();
    for (to, eps) in [(DType::F16, 2f64.powi(-11)), (DType::BF16, 2f64.powi(-8))] {
        let graph = narrowed(&graph, to, &[]).graph;
        let of_graph = reference::run(&graph, std::slice::from_ref(&x)).unwrap();
        let of_network = network::eval::eval(&to_network(&graph).unwrap(), std::slice::from_ref(&x)).unwrap();
        for ((a, b), want) in of_graph.iter().zip(&of_network).zip(&want) {
            let scale = want.to_f64s().iter().fold(0f64, |m, v| m.max(v.abs()));
            for ((a, b), want) in a.to_f64s().iter().zip(b.to_f64s()).zip(want.to_f64s()) {
                assert!((a - b).abs() <= 2.0 * eps * scale, "{a} and {b}");
                assert!((a - want).abs() <= 8.0 * eps * scale, "{a}, not {want}");
            }
        }
    }
}
