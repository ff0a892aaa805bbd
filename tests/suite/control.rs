//! Cases of operators that run graphs inside them.

use super::{Case, Random};
use tvmtrt::ir::attrs::{Attr, Attrs};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Body, Graph, ValueId};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn fact(dtype: DType, dims: &[i64]) -> Fact {
    Fact::new(dtype, dims.iter().map(|d| if *d < 0 { Dim::symbol("carried", 0, 1 << 20) } else { Dim::from(*d) }).collect())
}

/// Adds a node by names.
fn node(b: &mut Builder, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId], bodies: Vec<Body>) -> Vec<ValueId> {
    let def = tvmtrt::ops::find(op).expect("an operator of the table");
    let attrs: Attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
    b.node_with_bodies(op, def, attrs, operands, bodies).unwrap()
}

fn graph(inputs: &[Fact], build: impl FnOnce(&mut Builder, &[ValueId]) -> Vec<ValueId>) -> Graph {
    let mut b = Builder::new("inside");
    let ids: Vec<ValueId> = inputs.iter().enumerate().map(|(i, f)| b.input(&format!("i{i}"), f.clone()).unwrap()).collect();
    let results = build(&mut b, &ids);
    results.iter().enumerate().for_each(|(i, v)| b.output(&format!("o{i}"), *v).unwrap());
    b.finish()
}

fn one(b: &mut Builder, op: &str, operands: &[ValueId]) -> ValueId {
    node(b, op, &[], operands, vec![])[0]
}

fn outer(name: &str, op: &str, attrs: &[(&str, Attr)], inputs: Vec<Tensor>, bodies: Vec<(Graph, Vec<usize>)>, operands: &[usize]) -> Case {
    let mut b = Builder::new(name);
    let facts = inputs.iter().map(|t| Fact::new(t.dtype(), t.shape().iter().map(|d| Dim::from(*d)).collect()));
    let ids: Vec<ValueId> = facts.enumerate().map(|(i, f)| b.input(&format!("x{i}"), f).unwrap()).collect();
    let operands: Vec<ValueId> = operands.iter().map(|i| ids[*i]).collect();
    let bodies = bodies.into_iter().map(|(graph, captures)| Body { graph, captures: captures.iter().map(|i| ids[*i]).collect() });
    let bodies = bodies.collect();
    let results = node(&mut b, op, attrs, &operands, bodies);
    results.iter().enumerate().for_each(|(i, v)| b.output(&format!("y{i}"), *v).unwrap());
    Case { name: name.into(), graph: b.finish(), inputs, tolerance: tvmtrt::ops::find(op).unwrap().tolerance }
}

pub fn cases() -> Vec<Case> {
    let mut r = Random(11);
    let mut x = |shape: &[usize]| r.tensor(DType::F32, shape, false);
    let mut out = Vec::new();
    for (tag, holds) in [("then", true), ("else", false)] {
        let branch = |op: &'static str| graph(&[fact(DType::F32, &[3, 4])], |b, x| vec![one(b, op, x)]);
        let condition = Tensor::from_bools(&[], vec![holds]);
        let inputs = vec![condition.clone(), x(&[3, 4])];
        out.push(outer(&format!("if_{tag}"), "if", &[], inputs, vec![(branch("tanh"), vec![1]), (branch("negative"), vec![1])], &[0]));
        let part = graph(&[fact(DType::F32, &[3, 4])], |b, x| {
            let places = one(b, "argwhere", &[x[0]]);
            vec![node(b, "cast", &[("dtype", Attr::DType(DType::F32))], &[places], vec![])[0]]
        });
        let whole = graph(&[fact(DType::F32, &[3, 4])], |b, x| vec![one(b, "abs", x)]);
        let inputs = vec![condition, x(&[3, 4])];
        out.push(outer(&format!("if_extents_{tag}"), "if", &[], inputs, vec![(part, vec![1]), (whole, vec![1])], &[0]));
    }
    let start = [fact(DType::I64, &[]), fact(DType::Bool, &[]), fact(DType::F32, &[2, 3])];
    let sums = |b: &mut Builder, x: &[ValueId]| {
        let sum = one(b, "add", &[x[2], x[3]]);
        let half = one(b, "tanh", &[sum]);
        vec![x[1], sum, half]
    };
    let body = || graph(&[start.as_slice(), &[fact(DType::F32, &[2, 3])]].concat(), sums);
    for (tag, count) in [("", 4i64), ("_never", 0)] {
        let inputs = vec![Tensor::scalar(count), Tensor::from_bools(&[], vec![true]), x(&[2, 3]), x(&[2, 3])];
        out.push(outer(&format!("loop{tag}"), "loop", &[], inputs, vec![(body(), vec![3])], &[0, 1, 2]));
    }
    let grown = [fact(DType::I64, &[]), fact(DType::Bool, &[]), fact(DType::F32, &[-1, 3])];
    let grows = graph(&grown, |b, x| {
        let twice = node(b, "concatenate", &[("axis", Attr::Int(0))], &[x[2], x[2]], vec![])[0];
        let two = b.constant("two", Tensor::scalar(2i64));
        let goes_on = one(b, "less", &[x[0], two]);
        vec![goes_on, twice]
    });
    let inputs = vec![Tensor::scalar(9i64), Tensor::from_bools(&[], vec![true]), x(&[1, 3])];
    out.push(outer("loop_grows", "loop", &[], inputs, vec![(grows, vec![])], &[0, 1, 2]));
    let step = graph(&[fact(DType::F32, &[2]), fact(DType::F32, &[2])], |b, x| {
        let sum = one(b, "add", x);
        let again = one(b, "tanh", &[sum]);
        vec![sum, again]
    });
    for (tag, axis, reverse) in [("", 0i64, 0i64), ("_last_backwards", 1, 1)] {
        let inputs = vec![x(&[2]), x(if axis == 0 { &[5, 2] } else { &[2, 5] })];
        let list = |v: i64| Attr::Ints(vec![v]);
        let attrs =
            [("input_axes", list(axis)), ("input_reverse", list(reverse)), ("output_axes", list(-1)), ("output_reverse", list(reverse))];
        out.push(outer(&format!("scan{tag}"), "scan", &attrs, inputs, vec![(step.clone(), vec![])], &[0, 1]));
    }
    out
}
