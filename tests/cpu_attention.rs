//! Attention as one step of the CPU's code: that it is found, however it is spelled, and that it computes what the oracle does, on every
//! instruction set, for sizes of all kinds and every kind of mask.

mod suite;

use suite::cpu::Runner;
use suite::{Random, compare_within};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::kernels::compile;
use tvmtrt::kernels::program::{Action, Program};
use tvmtrt::loops::Stage;
use tvmtrt::loops::contract::{Attention, ContractKind};
use tvmtrt::reference;
use tvmtrt::tensor::bind::{Given, bind};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

struct Make(Builder);

impl Make {
    fn new(name: &str) -> Make {
        Make(Builder::new(name))
    }

    fn input(&mut self, name: &str, shape: &[Dim]) -> ValueId {
        self.0.input(name, Fact::new(DType::F32, shape.to_vec())).unwrap()
    }

    fn number(&mut self, v: f32) -> ValueId {
        self.0.constant("number", Tensor::scalar(v))
    }

    fn op(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
        let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        self.0.node("", def, attrs, operands).unwrap_or_else(|e| panic!("{e}"))[0]
    }

    fn reshape(&mut self, x: ValueId, to: &[Dim]) -> ValueId {
        self.op("reshape", &[("newshape", Attr::Param(Param::Static(to.to_vec())))], &[x])
    }

    fn transpose(&mut self, x: ValueId, axes: &[i64]) -> ValueId {
        self.op("transpose", &[("axes", Attr::Ints(axes.to_vec()))], &[x])
    }

    fn product(&mut self, a: ValueId, b: ValueId, transpose_b: bool) -> ValueId {
        self.op("nn.batch_matmul", &[("transpose_b", Attr::Bool(transpose_b))], &[a, b])
    }

    fn finish(mut self, y: ValueId) -> Graph {
        self.0.output("y", y).unwrap();
        self.0.finish()
    }
}

fn dim(v: usize) -> Dim {
    Dim::from(v)
}

fn free() -> Dim {
    Dim::symbol("N", 1, 9)
}

/// The attentions of a program, and the number of its steps.
fn found(program: &Program) -> (Vec<Attention>, usize) {
    let kernels = program.steps.iter().filter_map(|s| if let Action::Kernel(k) = &s.action { Some(k) } else { None });
    let kinds = kernels.flat_map(|k| &k.stages).filter_map(|s| if let Stage::Contract(c) = s { Some(&c.kind) } else { None });
    let attentions = kinds.filter_map(|k| if let ContractKind::Attention(a) = k { Some(a.clone()) } else { None });
    (attentions.collect(), program.steps.len())
}

/// Compares every instruction set with the oracle, with one thread and with three.
fn check(graph: &Graph, inputs: &[Tensor]) {
    let want = reference::run(graph, inputs).unwrap();
    for isa in Isa::available() {
        for threads in [1, 3] {
            let got = Runner::new(graph, isa, threads).unwrap().run(inputs).unwrap();
            let shapes: Vec<&[usize]> = inputs.iter().map(|t| t.shape()).collect();
            let what = format!("{} of {shapes:?} on {} with {threads} threads", graph.name, isa.name());
            compare_within(&what, Tolerance::SUM, &got, &want).unwrap_or_else(|e| panic!("{e}"));
        }
    }
}

fn random(shapes: &[&[usize]]) -> Vec<Tensor> {
    let mut random = Random(shapes.iter().flat_map(|s| s.iter()).fold(3u64, |h, d| h.wrapping_mul(31).wrapping_add(*d as u64)));
    shapes.iter().map(|s| random.tensor(DType::F32, s, false)).collect()
}

/// Heads first: `softmax(scale(q) * k^T ...) * v`, and what `scores` makes of the product.
fn plain(name: &str, n: Dim, [rows, keys, depth, columns]: [Dim; 4], scores: impl Fn(&mut Make, ValueId) -> ValueId) -> Graph {
    let h = dim(3);
    let mut m = Make::new(name);
    let q = m.input("q", &[n.clone(), h.clone(), rows, depth.clone()]);
    let k = m.input("k", &[n.clone(), h.clone(), keys.clone(), depth]);
    let v = m.input("v", &[n, h, keys, columns]);
    let s = m.product(q, k, true);
    let s = scores(&mut m, s);
    let p = m.op("nn.softmax", &[], &[s]);
    let y = m.product(p, v, false);
    m.finish(y)
}

#[test]
fn sizes_of_all_kinds() {
    // Rows, keys, depth, columns: blocks of 48 rows and 512 keys, vectors of 4 to 16, tiles of 4 and 8.
    let sizes = [
        [2, 1, 1, 1],
        [5, 7, 3, 9],
        [48, 8, 16, 48],
        [49, 65, 33, 17],
        [97, 13, 8, 100],
        [3, 512, 5, 4],
        [50, 513, 12, 31],
        [17, 1100, 7, 20],
    ];
    for [rows, keys, depth, columns] in sizes {
        let graph = plain("sizes", free(), [rows, keys, depth, columns].map(dim), |m, s| {
            let scale = m.number(0.7);
            m.op("multiply", &[], &[s, scale])
        });
        let program = compile(&graph).unwrap();
        assert_eq!((found(&program).0.len(), program.steps.len()), (1, 1), "{program}");
        for n in [1, 4] {
            check(&graph, &random(&[&[n, 3, rows, depth], &[n, 3, keys, depth], &[n, 3, keys, columns]]));
        }
    }
}

#[test]
fn free_rows_and_keys() {
    let (rows, keys) = (Dim::symbol("R", 0, 999), Dim::symbol("K", 0, 999));
    let graph = plain("free", free(), [rows, keys, dim(10), dim(18)], |_, s| s);
    assert_eq!(found(&compile(&graph).unwrap()).0.len(), 1);
    for (rows, keys) in [(1, 1), (1, 30), (30, 1), (100, 77), (60, 600), (0, 5)] {
        check(&graph, &random(&[&[2, 3, rows, 10], &[2, 3, keys, 10], &[2, 3, keys, 18]]));
    }
    // Sums of nothing, which no softmax comes near.
    let empty = random(&[&[2, 3, 4, 10], &[2, 3, 0, 10], &[2, 3, 0, 18]]);
    let got = Runner::new(&graph, Isa::detect(), 2).unwrap().run(&empty).unwrap();
    assert!(got[0].values::<f32>().iter().all(|v| *v == 0.0));
}

#[test]
fn masks_of_every_shape() {
    let (rows, keys) = (50, 70);
    let shapes: [&[usize]; 9] = [
        &[],
        &[keys],
        &[rows, keys],
        &[rows, 1],
        &[2, 1, 1, keys],
        &[3, rows, keys],
        &[2, 3, rows, keys],
        &[1, 3, 1, keys],
        &[2, 1, rows, 1],
    ];
    for shape in shapes {
        for order in 0..2 {
            let dims: Vec<Dim> = shape.iter().map(|d| dim(*d)).collect();
            let sizes = [dim(rows), dim(keys), dim(6), dim(9)];
            let graph = plain("mask", dim(2), sizes, |m, s| {
                let (mask, scale) = (m.input("mask", &dims), m.number(1.7));
                let s = m.op("divide", &[], &[s, scale]);
                if order == 0 { m.op("add", &[], &[s, mask]) } else { m.op("add", &[], &[mask, s]) }
            });
            let program = compile(&graph).unwrap();
            assert_eq!((found(&program).0.len(), program.steps.len()), (1, 1), "{shape:?}\n{program}");
            check(&graph, &random(&[&[2, 3, rows, 6], &[2, 3, keys, 6], &[2, 3, keys, 9], shape]));
        }
    }
}

/// What is not a factor and an addend is generated code on the block of scores.
#[test]
fn scores_with_other_ends() {
    let (rows, keys) = (50, 520);
    type End = fn(&mut Make, ValueId, ValueId) -> ValueId;
    let ends: [(&str, End); 3] = [
        ("where", |m, s, x| {
            let (zero, low) = (m.number(0.0), m.number(f32::NEG_INFINITY));
            let kept = m.op("less", &[], &[x, zero]);
            m.op("where", &[], &[kept, s, low])
        }),
        ("capped", |m, s, x| {
            let s = m.op("add", &[], &[s, x]);
            m.op("tanh", &[], &[s])
        }),
        ("scaled sum", |m, s, x| {
            let half = m.number(0.5);
            let s = m.op("add", &[], &[s, x]);
            m.op("multiply", &[], &[s, half])
        }),
    ];
    for (name, end) in ends {
        for shape in [&[rows, keys][..], &[2, 1, 1, keys]] {
            let dims: Vec<Dim> = shape.iter().map(|d| dim(*d)).collect();
            let graph = plain(name, dim(2), [dim(rows), dim(keys), dim(5), dim(7)], |m, s| {
                let x = m.input("x", &dims);
                end(m, s, x)
            });
            let program = compile(&graph).unwrap();
            assert_eq!(found(&program).0.len(), 1, "{program}");
            check(&graph, &random(&[&[2, 3, rows, 5], &[2, 3, keys, 5], &[2, 3, keys, 7], shape]));
        }
    }
}

/// Masked out for a row: some keys, all keys of the first block, all of the last, all. The last gives NaN as the kernels one by one do.
#[test]
fn minus_infinity_keeps_its_meaning() {
    let (rows, keys) = (21usize, 1030usize);
    let graph = plain("infinite", free(), [dim(rows), dim(keys), dim(4), dim(6)], |m, s| {
        let mask = m.input("mask", &[dim(rows), dim(keys)]);
        m.op("add", &[], &[s, mask])
    });
    let out = |row: usize, key: usize| match row % 7 {
        0 => key.is_multiple_of(3),
        1 => key < 700,
        2 => key >= 500,
        3 => true,
        4 => key != 1029,
        _ => false,
    };
    for lowest in [f32::NEG_INFINITY, f32::MIN, -1e4] {
        let mask: Vec<f32> = (0..rows * keys).map(|i| if out(i / keys, i % keys) { lowest } else { 0.0 }).collect();
        let mut inputs = random(&[&[1, 3, rows, 4], &[1, 3, keys, 4], &[1, 3, keys, 6]]);
        inputs.push(Tensor::from_vec(&[rows, keys], mask));
        let got = Runner::new(&graph, Isa::detect(), 1).unwrap().run(&inputs).unwrap();
        let nan = got[0].values::<f32>().chunks(6).map(|r| r.iter().all(|v| v.is_nan())).collect::<Vec<_>>();
        assert!(nan.iter().enumerate().all(|(i, n)| *n == (i % rows % 7 == 3 && lowest == f32::NEG_INFINITY)), "{lowest}: {nan:?}");
        check(&graph, &inputs);
    }
    // What is no number reaches its row and no other.
    let mut inputs = random(&[&[1, 3, rows, 4], &[1, 3, keys, 4], &[1, 3, keys, 6]]);
    let odd = |i: usize| [(5 * keys + 3, f32::NAN), (6 * keys + 1000, f32::INFINITY)].iter().find(|o| o.0 == i).map_or(0.0, |o| o.1);
    inputs.push(Tensor::from_vec(&[rows, keys], (0..rows * keys).map(odd).collect()));
    check(&graph, &inputs);
}

/// As torch exports it: one product for queries, keys and values, cut by `take`, heads and batch in one axis, both operands scaled.
fn exported(n: Dim, length: Dim) -> Graph {
    let (h, d, e) = (dim(4), dim(8), dim(32));
    let mut m = Make::new("exported");
    let x = m.input("x", &[length.clone(), n.clone(), e.clone()]);
    let mask = m.input("mask", &[n.clone(), dim(1), dim(1), length.clone()]);
    let mut random = Random(5);
    let w = m.0.constant("w", random.tensor(DType::F32, &[96, 32], false));
    let all = m.op("nn.dense", &[], &[x, w]);
    let all = m.reshape(all, &[dim(1), length.clone(), n.clone(), dim(3), e.clone()]);
    let all = m.transpose(all, &[3, 1, 2, 0, 4]);
    let all = m.reshape(all, &[dim(3), length.clone(), n.clone(), e.clone()]);
    let scale = m.number(0.3);
    let part = |m: &mut Make, i: i64| {
        let i = m.0.constant("i", Tensor::scalar(i));
        let x = m.op("take", &[("axis", Attr::Int(0))], &[all, i]);
        let x = m.reshape(x, &[length.clone(), &n * &h, d.clone()]);
        let x = m.transpose(x, &[1, 0, 2]);
        m.reshape(x, &[n.clone(), h.clone(), length.clone(), d.clone()])
    };
    let (q, k, v) = (part(&mut m, 0), part(&mut m, 1), part(&mut m, -1));
    let q = m.op("multiply", &[], &[q, scale]);
    let k = m.transpose(k, &[0, 1, 3, 2]);
    let k = m.op("multiply", &[], &[k, scale]);
    let s = m.product(q, k, false);
    let s = m.op("add", &[], &[s, mask]);
    let p = m.op("nn.softmax", &[], &[s]);
    let y = m.product(p, v, false);
    let y = m.transpose(y, &[2, 0, 1, 3]);
    let y = m.reshape(y, &[&length * &n, e]);
    let w = m.0.constant("w", random.tensor(DType::F32, &[7, 32], false));
    let y = m.op("nn.dense", &[], &[y, w]);
    m.finish(y)
}

#[test]
fn exported_attention_reads_and_writes_through_everything() {
    for free in [false, true] {
        let (n, length) = if free { (Dim::symbol("N", 1, 9), Dim::symbol("T", 1, 99)) } else { (dim(2), dim(19)) };
        let graph = exported(n.clone(), length.clone());
        let program = compile(&graph).unwrap();
        // Two dense layers, and what is between them.
        let (attentions, steps) = found(&program);
        assert_eq!((attentions.len(), steps), (1, 3), "{program}");
        let a = &attentions[0];
        let row = &n * &dim(96);
        assert_eq!(a.queries.strides, [dim(96), dim(8), row.clone(), dim(1)], "{program}");
        assert_eq!((&a.keys.offset, &a.values.offset), (&dim(32), &dim(64)));
        assert_eq!(a.out, [dim(32), dim(8), &n * &dim(32), dim(1)]);
        let shapes: &[[usize; 2]] = if free { &[[1, 1], [1, 19], [3, 50], [2, 97]] } else { &[[2, 19]] };
        for [n, length] in shapes {
            check(&graph, &random(&[&[*length, *n, 32], &[*n, 1, 1, *length]]));
        }
    }
}

/// The step's own oracle agrees with that of the operators.
#[test]
fn the_kernel_says_what_it_computes() {
    let graph = exported(Dim::symbol("N", 1, 9), Dim::symbol("T", 1, 99));
    let program = compile(&graph).unwrap();
    let inputs = random(&[&[11, 2, 32], &[2, 1, 1, 11]]);
    let given: Vec<Given> = inputs.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
    let bindings = bind(&graph.declared_inputs(), &given).unwrap();
    let mut values: Vec<Option<Tensor>> = vec![None; program.buffers.len()];
    for (i, b) in program.buffers.iter().enumerate() {
        values[i] = match &b.kind {
            tvmtrt::kernels::program::Kind::Input(k) => Some(inputs[*k].clone()),
            tvmtrt::kernels::program::Kind::Const(t) => Some(t.clone()),
            _ => None,
        };
    }
    for step in &program.steps {
        let Action::Kernel(kernel) = &step.action else { panic!("{program}") };
        let reads: Vec<Tensor> = step.reads().map(|b| values[program.root(b).0 as usize].clone().unwrap()).collect();
        let made = tvmtrt::loops::eval::run(kernel, &reads, &bindings).unwrap();
        let outputs =
            step.writes().filter(|b| step.args.iter().position(|a| a == b).is_some_and(|i| step.role(i) == tvmtrt::loops::Role::Output));
        outputs.zip(made).for_each(|(b, t)| values[program.root(b).0 as usize] = Some(t));
    }
    let got = values[program.root(program.outputs[0]).0 as usize].clone().unwrap();
    let want = reference::run(&graph, &inputs).unwrap();
    let got = Tensor::new(got.dtype(), want[0].shape().to_vec(), got.bytes().clone()).unwrap();
    compare_within("kernels one by one", Tolerance::SUM, &[got], &want).unwrap();
}

/// Left as it is: scores or weights that something else wants, another axis, a single row.
#[test]
fn what_is_no_attention_stays() {
    let (q, k, v) = ([2usize, 5, 6], [2usize, 7, 6], [2usize, 7, 4]);
    let dims = |s: &[usize]| s.iter().map(|d| dim(*d)).collect::<Vec<_>>();
    for case in 0..4 {
        let rows = if case == 3 { 1 } else { 5 };
        let mut m = Make::new("other");
        let (q, k, v) = (m.input("q", &dims(&[q[0], rows, q[2]])), m.input("k", &dims(&k)), m.input("v", &dims(&v)));
        let s = m.product(q, k, true);
        let p = m.op("nn.softmax", &[("axis", Attr::Int(if case == 0 { 1 } else { -1 }))], &[s]);
        let y = m.product(p, v, false);
        if case == 1 || case == 2 {
            m.0.output("also", if case == 1 { s } else { p }).unwrap();
        }
        let graph = m.finish(y);
        let program = compile(&graph).unwrap();
        assert_eq!(found(&program).0.len(), 0, "{program}");
        check(&graph, &random(&[&[2, rows, 6], &[2, 7, 6], &[2, 7, 4]]));
    }
}
