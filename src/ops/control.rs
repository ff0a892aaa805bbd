//! `if`, `loop` and `scan`: operators that run graphs inside them. What a graph inside reads of the graph around it are captures, which
//! the caller of `eval` hands in.

use crate::ir::Graph;
use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::ints;
use crate::ops::movement::{affine_indices, pick, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};
use std::collections::BTreeSet;

attributes! {
    /// Attributes of `scan`; lists are empty or have one entry per scanned operand or result.
    pub struct Scan {
        /// How many operands are scanned: the last ones. Those before are the state.
        pub scanned: i64 = 1,
        /// The axis of each scanned operand; 0 where empty.
        pub input_axes: Vec<i64> = vec![],
        /// 1 for each scanned operand that is read backwards.
        pub input_reverse: Vec<i64> = vec![],
        /// The axis along which each scanned result grows; 0 where empty.
        pub output_axes: Vec<i64> = vec![],
        /// 1 for each scanned result that grows from its end.
        pub output_reverse: Vec<i64> = vec![],
    }
}

fn not_on_tensorrt(_: &NodeView, _: &mut Builder, _: &[TensorId]) -> Accepted<Vec<TensorId>> {
    Err(Refusal::new("control.host", "graphs inside nodes are run by our own code, which decides what runs", ""))
}

fn not_a_kernel(v: &NodeView) -> Result<Lowering> {
    Err(Error::new(Code::NotImplemented, format!("node '{}' runs graphs inside it; they are run one after the other", v.name())))
}

/// The fact of a value that can be any of several: extents that differ, or that only one graph inside knows, are known when it is there.
fn either(node: &str, k: usize, facts: &[&Fact], bodies: &[&Graph]) -> Result<Fact> {
    let first = facts[0];
    for other in &facts[1..] {
        ensure!(other.dtype == first.dtype, WrongDType, "result {k} is {first} or {other}");
        ensure!(other.rank() == first.rank(), NotImplemented, "result {k} is {first} or {other}: ranks that depend on data");
    }
    let mut outer = BTreeSet::new();
    bodies.iter().for_each(|g| outer.extend(g.symbols()));
    let dims = (0..first.rank()).map(|i| {
        let (dim, mut used) = (&first.shape[i], BTreeSet::new());
        dim.collect_symbols(&mut used);
        if used.is_subset(&outer) && facts.iter().all(|f| f.shape[i] == *dim) {
            return dim.clone();
        }
        let most = facts.iter().map(|f| f.shape[i].interval().1).max().unwrap_or(i64::MAX);
        Dim::symbol(&format!("{node}.{k}.{i}"), 0, most.min(i32::MAX as i64))
    });
    Ok(Fact::new(first.dtype, dims.collect()))
}

fn output(graph: &Graph, k: usize) -> &Fact {
    graph.fact(graph.outputs[k].value)
}

fn is_true(t: &Tensor) -> bool {
    t.to_f64s().first().is_some_and(|v| *v != 0.0)
}

pub static IF: OpDef = OpDef {
    name: "if",
    doc: "The results of one of two graphs inside: of the first where the condition holds.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |c, x| {
        let one = shape::element_count(&x[0].shape);
        ensure!(x[0].dtype == DType::Bool && one.is(1), WrongDType, "the condition is {}, not one bool", x[0]);
        let [yes, no] = c.bodies else { crate::fail!(BadGraph, "{} graphs inside, not 2", c.bodies.len()) };
        let counts = (yes.graph.outputs.len(), no.graph.outputs.len());
        ensure!(counts.0 == counts.1, BadGraph, "the graphs inside give {} and {} results", counts.0, counts.1);
        let of = |k: usize| either(c.node, k, &[output(&yes.graph, k), output(&no.graph, k)], &[&yes.graph, &no.graph]);
        (0..counts.0).map(of).collect()
    },
    eval: |c, x| (c.run)(&c.bodies[usize::from(!is_true(&x[0]))].graph, &[]),
    convert: not_on_tensorrt,
    lower: not_a_kernel,
    tolerance: Tolerance::SUM,
};

fn infer_loop(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let [body] = c.bodies else { crate::fail!(BadGraph, "{} graphs inside, not 1", c.bodies.len()) };
    let (carried, outputs) = (x.len() - 2, body.graph.outputs.len());
    ensure!(x[0].dtype == DType::I64 && x[1].dtype == DType::Bool, WrongDType, "count {} and condition {}", x[0], x[1]);
    ensure!(outputs > carried, BadGraph, "the graph inside gives {outputs} results for a condition and {carried} carried values");
    let mut facts = Vec::new();
    for k in 0..carried {
        let given = body.graph.fact(body.graph.inputs[2 + k]);
        facts.push(either(c.node, k, &[x[2 + k], given, output(&body.graph, 1 + k)], &[])?);
    }
    let trips = Dim::symbol(&format!("{}.trips", c.node), 0, i32::MAX as i64);
    for k in carried..outputs - 1 {
        let each = either(c.node, k, &[output(&body.graph, 1 + k)], &[])?;
        facts.push(Fact::new(each.dtype, [vec![trips.clone()], each.shape].concat()));
    }
    Ok(facts)
}

fn eval_loop(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let body = &c.bodies[0].graph;
    let (most, mut goes_on) = (ints(&x[0])?.first().copied().unwrap_or(0), is_true(&x[1]));
    let mut carried = x[2..].to_vec();
    let scans = body.outputs.len() - 1 - carried.len();
    let mut grown: Vec<Vec<Tensor>> = vec![Vec::new(); scans];
    let mut trip = 0i64;
    while goes_on && trip < most {
        let given = [&[Tensor::scalar(trip), Tensor::from_bools(x[1].shape(), vec![goes_on])], carried.as_slice()].concat();
        let mut results = (c.run)(body, &given)?.into_iter();
        goes_on = results.next().is_some_and(|t| is_true(&t));
        carried = results.by_ref().take(carried.len()).collect();
        results.zip(&mut grown).for_each(|(t, all)| all.push(t));
        trip += 1;
    }
    for (k, all) in grown.iter().enumerate() {
        let fact = output(body, 1 + x.len() - 2 + k);
        carried.push(stacked(all, fact, c, 0, false)?);
    }
    Ok(carried)
}

/// Tensors of one shape side by side along a new axis; where there is none, as empty as the fact allows.
fn stacked(all: &[Tensor], fact: &Fact, c: &EvalCtx, axis: i64, reverse: bool) -> Result<Tensor> {
    let part: Vec<usize> = match all.first() {
        Some(t) => t.shape().to_vec(),
        None => fact.shape.iter().map(|d| d.eval(c.bindings).and_then(|v| usize::try_from(v).ok()).unwrap_or(0)).collect(),
    };
    let axis = shape::axis(axis, part.len() + 1)?;
    let same = all.iter().all(|t| t.shape() == part);
    ensure!(same, WrongShape, "the graph inside gives results of different shapes, which cannot be put side by side");
    let mut out = part.clone();
    out.insert(axis, all.len());
    let (outer, inner): (usize, usize) = (part[..axis].iter().product(), part[axis..].iter().product());
    let mut bytes = Vec::with_capacity(out.iter().product::<usize>() * fact.dtype.size());
    for o in 0..outer {
        for i in 0..all.len() {
            let t = &all[if reverse { all.len() - 1 - i } else { i }];
            let size = inner * t.dtype().size();
            bytes.extend_from_slice(&t.bytes()[o * size..(o + 1) * size]);
        }
    }
    Tensor::new(fact.dtype, out, bytes.into())
}

pub static LOOP: OpDef = OpDef {
    name: "loop",
    doc: "A graph inside run over and over, at most count times and while its first result holds: carried values, then all others stacked.",
    arity: (2, 1 << 12),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: infer_loop,
    eval: eval_loop,
    convert: not_on_tensorrt,
    lower: not_a_kernel,
    tolerance: Tolerance::SUM,
};

/// Entry `k` of a list, 0 where it is empty.
fn entry(list: &[i64], k: usize) -> i64 {
    list.get(k).copied().unwrap_or(0)
}

fn infer_scan(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &Scan = c.attrs.get();
    let [body] = c.bodies else { crate::fail!(BadGraph, "{} graphs inside, not 1", c.bodies.len()) };
    let states = usize::try_from(a.scanned).ok().filter(|n| *n > 0).and_then(|n| x.len().checked_sub(n));
    let states = states.ok_or_else(|| Error::new(Code::BadGraph, format!("{} of {} operands are scanned", a.scanned, x.len())))?;
    let outputs = body.graph.outputs.len();
    ensure!(outputs >= states, BadGraph, "the graph inside gives {outputs} results for {states} states");
    let first = x[states];
    let trips = first.shape[shape::axis(entry(&a.input_axes, 0), first.rank())?].clone();
    let mut facts = Vec::new();
    for k in 0..states {
        let given = body.graph.fact(body.graph.inputs[k]);
        facts.push(either(c.node, k, &[x[k], given, output(&body.graph, k)], &[])?);
    }
    for k in states..outputs {
        let mut each = either(c.node, k, &[output(&body.graph, k)], &[])?;
        let axis = shape::axis(entry(&a.output_axes, k - states), each.rank() + 1)?;
        each.shape.insert(axis, trips.clone());
        facts.push(each);
    }
    Ok(facts)
}

/// Slice `i` of an axis, without it.
fn slice(x: &Tensor, axis: usize, i: usize) -> Tensor {
    let (mut out, mut own) = (x.shape().to_vec(), strides(x.shape()));
    let offset = own[axis] * i as i64;
    out.remove(axis);
    own.remove(axis);
    pick(x, &out, &affine_indices(&out, offset, &own))
}

fn eval_scan(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (a, body): (&Scan, _) = (c.attrs.get(), &c.bodies[0].graph);
    let states = x.len() - a.scanned as usize;
    let mut state = x[..states].to_vec();
    let axes = x[states..].iter().enumerate().map(|(k, t)| shape::axis(entry(&a.input_axes, k), t.shape().len()));
    let axes = axes.collect::<Result<Vec<usize>>>()?;
    let trips = x[states].shape()[axes[0]];
    let mut grown: Vec<Vec<Tensor>> = vec![Vec::new(); body.outputs.len() - states];
    for trip in 0..trips {
        let scanned = x[states..].iter().zip(&axes).enumerate().map(|(k, (t, axis))| {
            let extent = t.shape()[*axis];
            ensure!(extent == trips, WrongShape, "scanned operands have {trips} and {extent} slices");
            Ok(slice(t, *axis, if entry(&a.input_reverse, k) == 1 { trips - 1 - trip } else { trip }))
        });
        let given = state.iter().cloned().map(Ok).chain(scanned).collect::<Result<Vec<_>>>()?;
        let mut results = (c.run)(body, &given)?.into_iter();
        state = results.by_ref().take(states).collect();
        results.zip(&mut grown).for_each(|(t, all)| all.push(t));
    }
    for (k, all) in grown.iter().enumerate() {
        let reverse = entry(&a.output_reverse, k) == 1;
        state.push(stacked(all, output(body, states + k), c, entry(&a.output_axes, k), reverse)?);
    }
    Ok(state)
}

pub static SCAN: OpDef = OpDef {
    name: "scan",
    doc: "A graph inside run for each slice of the scanned operands: the last state, then all other results stacked.",
    arity: (1, 1 << 12),
    attrs: AttrsDef::of::<Scan>(),
    infer: infer_scan,
    eval: eval_scan,
    convert: not_on_tensorrt,
    lower: not_a_kernel,
    tolerance: Tolerance::SUM,
};
