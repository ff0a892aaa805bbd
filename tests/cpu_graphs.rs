//! Graphs of many nodes on the CPU against the oracle: fused steps, views, free extents that change from run to run, outputs of every
//! kind. Single operators are tried in `cpu_cases`.

mod suite;

use suite::cpu::Runner;
use suite::{Random, compare_within};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::ir::Graph;
use tvmtrt::ir::ValueId;
use tvmtrt::ir::attrs::Attr;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::kernels::compile;
use tvmtrt::kernels::program::Program;
use tvmtrt::reference;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;

/// A graph by operator names.
struct Make {
    b: Builder,
    random: Random,
}

impl Make {
    fn new(name: &str) -> Make {
        Make { b: Builder::new(name), random: Random(name.len() as u64) }
    }

    fn input(&mut self, name: &str, shape: &[Dim]) -> ValueId {
        self.b.input(name, Fact::new(DType::F32, shape.to_vec())).unwrap()
    }

    fn weight(&mut self, shape: &[usize]) -> ValueId {
        let t = self.random.tensor(DType::F32, shape, false);
        let scaled: Vec<f32> = t.values::<f32>().iter().map(|v| v * 0.3).collect();
        self.b.constant("w", Tensor::from_vec(shape, scaled))
    }

    fn op(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
        let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        self.b.node("", def, attrs, operands).unwrap_or_else(|e| panic!("{e}"))[0]
    }

    fn finish(mut self, outputs: &[ValueId]) -> Graph {
        outputs.iter().enumerate().for_each(|(i, v)| self.b.output(&format!("y{i}"), *v).unwrap());
        self.b.finish()
    }
}

fn ints(v: &[i64]) -> Attr {
    Attr::Ints(v.to_vec())
}

fn shape_attr(v: &[Dim]) -> Attr {
    Attr::Param(tvmtrt::ir::attrs::Param::Static(v.to_vec()))
}

/// Runs a graph for several extents, twice, and compares with the oracle. Gives its program.
fn check(graph: &Graph, shapes: &[Vec<Vec<usize>>]) -> Program {
    let tolerance = Tolerance { relative: 1e-4, scaled: 1e-5 };
    let program = compile(graph).unwrap();
    for threads in [1, 3] {
        let mut runner = Runner::new(graph, Isa::detect(), threads).unwrap_or_else(|e| panic!("{e}\n{program}"));
        assert_eq!(runner.on_reference().len(), 0);
        for (i, shapes) in shapes.iter().enumerate().chain(shapes.iter().enumerate()) {
            let mut random = Random(i as u64 + 5);
            let tensors: Vec<Tensor> = shapes.iter().map(|s| random.tensor(DType::F32, s, false)).collect();
            let want = reference::run(graph, &tensors).unwrap();
            let got = runner.run(&tensors).unwrap_or_else(|e| panic!("{e}\n{program}"));
            compare_within(&graph.name, tolerance, &got, &want).unwrap_or_else(|e| panic!("{e}\n{program}"));
        }
    }
    program
}

#[test]
fn a_residual_block_is_two_steps() {
    let (n, w) = (Dim::symbol("N", 1, 8), Dim::symbol("W", 4, 64));
    let mut m = Make::new("residual");
    let x = m.input("x", &[n, Dim::from(8i64), Dim::from(6i64), w]);
    let pad = ("padding", ints(&[1, 1, 1, 1]));
    let (w1, b1, w2, b2) = (m.weight(&[8, 8, 3, 3]), m.weight(&[8]), m.weight(&[8, 8, 3, 3]), m.weight(&[8]));
    let y = m.op("nn.conv2d", std::slice::from_ref(&pad), &[x, w1]);
    let y = m.op("nn.bias_add", &[], &[y, b1]);
    let y = m.op("nn.relu", &[], &[y]);
    let y = m.op("nn.conv2d", &[pad], &[y, w2]);
    let y = m.op("nn.bias_add", &[], &[y, b2]);
    let y = m.op("add", &[], &[x, y]);
    let y = m.op("nn.relu", &[], &[y]);
    let graph = m.finish(&[y]);
    let program = check(&graph, &[vec![vec![1, 8, 6, 9]], vec![vec![3, 8, 6, 20]]]);
    assert_eq!(program.steps.len(), 2, "{program}");
}

#[test]
fn a_perceptron_with_an_activation() {
    let n = Dim::symbol("N", 1, 70);
    let mut m = Make::new("perceptron");
    let x = m.input("x", &[n, Dim::from(12i64)]);
    let (w1, b1, w2) = (m.weight(&[33, 12]), m.weight(&[33]), m.weight(&[5, 33]));
    let half = m.b.constant("half", Tensor::scalar(0.5f32));
    let root = m.b.constant("root", Tensor::scalar(std::f32::consts::FRAC_1_SQRT_2));
    let one = m.b.constant("one", Tensor::scalar(1f32));
    let y = m.op("nn.dense", &[], &[x, w1]);
    let y = m.op("add", &[], &[y, b1]);
    // GELU as exporters write it.
    let e = m.op("multiply", &[], &[y, root]);
    let e = m.op("erf", &[], &[e]);
    let e = m.op("add", &[], &[e, one]);
    let y = m.op("multiply", &[], &[y, e]);
    let y = m.op("multiply", &[], &[y, half]);
    let y = m.op("nn.dense", &[], &[y, w2]);
    let y = m.op("nn.softmax", &[], &[y]);
    let graph = m.finish(&[y]);
    let program = check(&graph, &[vec![vec![1, 12]], vec![vec![7, 12]], vec![vec![64, 12]]]);
    assert!(program.steps.len() <= 5, "{program}");
}

#[test]
fn attention_with_free_length() {
    let (n, t) = (Dim::symbol("N", 1, 4), Dim::symbol("T", 1, 40));
    let (h, d) = (Dim::from(2i64), Dim::from(8i64));
    let mut m = Make::new("attention");
    let x = m.input("x", &[n.clone(), t.clone(), Dim::from(16i64)]);
    let gamma = m.weight(&[16]);
    let beta = m.weight(&[16]);
    let normal = m.op("nn.layer_norm", &[], &[x, gamma, beta]);
    let heads: Vec<ValueId> = (0..3)
        .map(|_| {
            let w = m.weight(&[16, 16]);
            let y = m.op("nn.dense", &[], &[normal, w]);
            let y = m.op("reshape", &[("newshape", shape_attr(&[n.clone(), t.clone(), h.clone(), d.clone()]))], &[y]);
            m.op("transpose", &[("axes", ints(&[0, 2, 1, 3]))], &[y])
        })
        .collect();
    let scores = m.op("nn.batch_matmul", &[("transpose_b", Attr::Bool(true))], &[heads[0], heads[1]]);
    let scale = m.b.constant("scale", Tensor::scalar(0.35f32));
    let scores = m.op("multiply", &[], &[scores, scale]);
    let p = m.op("nn.softmax", &[], &[scores]);
    let y = m.op("nn.batch_matmul", &[("transpose_b", Attr::Bool(false))], &[p, heads[2]]);
    let y = m.op("transpose", &[("axes", ints(&[0, 2, 1, 3]))], &[y]);
    let y = m.op("reshape", &[("newshape", shape_attr(&[n, t, Dim::from(16i64)]))], &[y]);
    let w = m.weight(&[16, 16]);
    let y = m.op("nn.dense", &[], &[y, w]);
    let y = m.op("add", &[], &[y, x]);
    let graph = m.finish(&[y, normal]);
    let program = check(&graph, &[vec![vec![1, 1, 16]], vec![vec![2, 17, 16]], vec![vec![4, 40, 16]], vec![vec![2, 5, 16]]]);
    assert!(program.steps.len() <= 12, "{program}");
}

#[test]
fn outputs_that_are_inputs_constants_views_or_twice_there() {
    let mut m = Make::new("outputs");
    let n = Dim::symbol("N", 1, 9);
    let x = m.input("x", &[n.clone(), Dim::from(4i64)]);
    let c = m.weight(&[3]);
    let y = m.op("nn.relu", &[], &[x]);
    let flat = m.op("reshape", &[("newshape", shape_attr(&[&n * &Dim::from(4i64)]))], &[y]);
    let view = m.op("reshape", &[("newshape", shape_attr(&[Dim::from(2i64), Dim::from(2i64), n]))], &[x]);
    let graph = m.finish(&[x, c, y, y, flat, view]);
    check(&graph, &[vec![vec![3, 4]], vec![vec![1, 4]]]);
}

/// Two operands whose extents are different symbols: right where they fit each other, refused by the node's name where they do not.
#[test]
fn extents_that_turn_out_not_to_agree_are_refused() {
    let (n, m, k) = (|| Dim::symbol("N", 1, 99), || Dim::symbol("M", 1, 99), || Dim::from(4i64));
    type Shapes<'a> = &'a [&'a [usize]];
    let cases: &[(&str, &[Dim], &[Dim], Shapes, Shapes)] = &[
        ("add", &[n()], &[m()], &[&[5], &[5]], &[&[2], &[3]]),
        ("add", &[n()], &[m()], &[&[1], &[3]], &[&[7], &[6]]),
        ("add", &[n()], &[Dim::from(5i64)], &[&[1], &[5]], &[&[7], &[5]]),
        ("concatenate", &[n(), k()], &[m(), k()], &[&[2, 4], &[2, 4]], &[&[9, 4], &[1, 4]]),
        ("nn.bias_add", &[k(), n()], &[m()], &[&[4, 3], &[3]], &[&[4, 9], &[3]]),
        ("nn.batch_matmul", &[k(), n()], &[m(), k()], &[&[4, 3], &[3, 4]], &[&[4, 50], &[2, 4]]),
        ("nn.prelu", &[k(), n()], &[m()], &[&[4, 3], &[3]], &[&[4, 99], &[3]]),
        ("where", &[n()], &[m()], &[&[3], &[3]], &[&[40], &[3]]),
    ];
    for (op, a, b, fit, misfit) in cases {
        let mut m = Make::new("open");
        let (x, y) = (m.input("x", a), m.input("y", b));
        let z = match *op {
            "where" => {
                let c = m.op("greater", &[], &[x, x]);
                m.op("where", &[], &[c, x, y])
            }
            "concatenate" | "nn.bias_add" => m.op(op, &[("axis", Attr::Int(1))], &[x, y]),
            "nn.batch_matmul" => m.op(op, &[("transpose_b", Attr::Bool(false))], &[x, y]),
            _ => m.op(op, &[], &[x, y]),
        };
        let graph = m.finish(&[z]);
        check(&graph, &[fit.iter().map(|s| s.to_vec()).collect()]);
        let tensors: Vec<Tensor> = misfit.iter().map(|s| Random(3).tensor(DType::F32, s, false)).collect();
        let error = Runner::new(&graph, Isa::detect(), 1).unwrap().run(&tensors).unwrap_err();
        assert_eq!(error.code, Code::WrongShape, "{error}");
        assert!(error.message.contains(op), "{error}");
    }
}

/// On every instruction set and with two threads, within the tolerance of a convolution.
fn check_everywhere(graph: &Graph, shapes: &[Vec<Vec<usize>>]) {
    for isa in Isa::available() {
        let mut runner = Runner::new(graph, isa, 2).unwrap();
        for (i, shapes) in shapes.iter().enumerate() {
            let mut random = Random(i as u64 + 5);
            let tensors: Vec<Tensor> = shapes.iter().map(|s| random.tensor(DType::F32, s, false)).collect();
            let (got, want) = (runner.run(&tensors).unwrap(), reference::run(graph, &tensors).unwrap());
            compare_within(&format!("{} on {}", graph.name, isa.name()), Tolerance::SUM, &got, &want).unwrap_or_else(|e| panic!("{e}"));
        }
    }
}

#[test]
fn wide_convolutions_with_usual_ends_keep_the_operators_tolerance() {
    for (height, width) in [(14usize, 14usize), (9, 23), (2, 120)] {
        let mut m = Make::new("wide");
        let x = m.input("x", &[Dim::symbol("N", 1, 4), Dim::from(24i64), Dim::from(height), Dim::from(width)]);
        let pad = ("padding", ints(&[1, 1, 1, 1]));
        let (w1, b1, w2, b2) = (m.weight(&[24, 24, 3, 3]), m.weight(&[24]), m.weight(&[24, 24, 3, 3]), m.weight(&[24]));
        let (w3, w4, scale) = (m.weight(&[24, 24, 1, 1]), m.weight(&[24, 1, 3, 3]), m.weight(&[24, 1, 1]));
        // Each end that is hand-written, and one that is not.
        let y = m.op("nn.conv2d", std::slice::from_ref(&pad), &[x, w1]);
        let y = m.op("nn.bias_add", &[], &[y, b1]);
        let y = m.op("clip", &[("a_min", Attr::Float(-0.5)), ("a_max", Attr::Float(0.75))], &[y]);
        let y = m.op("nn.conv2d", std::slice::from_ref(&pad), &[y, w2]);
        let y = m.op("nn.bias_add", &[], &[y, b2]);
        let y = m.op("add", &[], &[x, y]);
        let y = m.op("nn.relu", &[], &[y]);
        let z = m.op("nn.conv2d", &[], &[y, w3]);
        let z = m.op("add", &[], &[z, y]);
        let z = m.op("nn.conv2d", &[pad, ("groups", Attr::Int(24))], &[z, w4]);
        let z = m.op("nn.relu", &[], &[z]);
        let z = m.op("multiply", &[], &[z, scale]);
        let graph = m.finish(&[z]);
        let extents = |n| vec![vec![n, 24, height, width]];
        check_everywhere(&graph, &[extents(1), extents(3)]);
    }
}

#[test]
fn batches_that_share_a_matrix_are_rows() {
    for (batch, middle) in [(7usize, 1usize), (1, 7), (5, 3)] {
        let mut m = Make::new("shared");
        let (n, k) = (Dim::symbol("N", 1, 9), Dim::from(12i64));
        let x = m.input("x", &[n.clone(), Dim::from(middle), k]);
        let (w, bias, each) = (m.weight(&[1, 12, 33]), m.weight(&[33]), m.weight(&[middle, 33]));
        let y = m.op("nn.batch_matmul", &[("transpose_b", Attr::Bool(false))], &[x, w]);
        let y = m.op("add", &[], &[y, bias]);
        let y = m.op("add", &[], &[y, each]);
        let graph = m.finish(&[y]);
        check_everywhere(&graph, &[vec![vec![batch, middle, 12]], vec![vec![2, middle, 12]]]);
    }
}

/// GELU as exporters write it, in each order, with a bias and a residual; 17 and 33 columns leave parts of vectors.
#[test]
fn products_with_usual_ends_keep_their_tolerance() {
    for (case, columns) in [(0, 17usize), (1, 33), (2, 48), (3, 5), (4, 64), (5, 100)] {
        let mut m = Make::new("ends");
        let (n, k) = (Dim::symbol("N", 1, 9), Dim::from(12i64));
        let x = m.input("x", &[n.clone(), Dim::from(7i64), k]);
        let residual = m.input("residual", &[n, Dim::from(7i64), Dim::from(columns)]);
        let (w, bias) = (m.weight(&[12, columns]), m.weight(&[columns]));
        let y = m.op("nn.batch_matmul", &[("transpose_b", Attr::Bool(false))], &[x, w]);
        let y = if case == 4 { y } else { m.op("add", &[], &[bias, y]) };
        let y = if case < 2 { y } else { m.op("add", &[], &[y, residual]) };
        let [half, root, wide, one] =
            [0.5, std::f32::consts::FRAC_1_SQRT_2, std::f32::consts::SQRT_2, 1.0].map(|v| m.b.constant("number", Tensor::scalar(v)));
        let z = match case {
            5 => y,
            0 | 2 => {
                let e = m.op("divide", &[], &[y, wide]);
                let e = m.op("erf", &[], &[e]);
                let e = m.op("add", &[], &[e, one]);
                let y = m.op("multiply", &[], &[y, e]);
                m.op("multiply", &[], &[y, half])
            }
            _ => {
                let e = m.op("multiply", &[], &[root, y]);
                let e = m.op("erf", &[], &[e]);
                let e = m.op("add", &[], &[one, e]);
                let y = m.op("multiply", &[], &[half, y]);
                m.op("multiply", &[], &[e, y])
            }
        };
        let graph = m.finish(&[z]);
        let program = compile(&graph).unwrap();
        assert_eq!(program.steps.len(), 1, "{program}");
        check_everywhere(&graph, &[vec![vec![1, 7, 12], vec![1, 7, columns]], vec![vec![5, 7, 12], vec![5, 7, columns]]]);
    }
}
