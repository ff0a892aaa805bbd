//! Operators with graphs inside.

use crate::ensure;
use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::ir::attrs::Attr;
use crate::ir::fact::Fact;
use crate::ir::{Body, ValueId};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;

/// The family's operators.
pub const ROWS: &[Row] = &[by("If", 1, branch), by("Loop", 1, repetition), by("Scan", 9, scan)];

fn branch(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let condition = cx.input(0)?;
    // Exporters ask for ranks and fixed extents: often the answer is known, and only one branch is ever taken.
    let known = cx.fact(condition).value.as_ref().filter(|v| v.len() == 1).and_then(|v| v[0].as_const());
    if let Some(answer) = known {
        let (taken, other) = if answer != 0 { ("then_branch", "else_branch") } else { ("else_branch", "then_branch") };
        cx.attrs.ignore(other);
        let body = cx.body(taken, &[])?;
        return cx.splice(&body);
    }
    ensure!(cx.has_op("if"), UnsupportedOperator, "its condition is computed by the network; operator 'if' is not known here");
    let bodies = vec![cx.body("then_branch", &[])?, cx.body("else_branch", &[])?];
    let counts = (bodies[0].graph.outputs.len(), bodies[1].graph.outputs.len());
    ensure!(counts.0 == counts.1, MalformedModel, "its branches have {} and {} outputs", counts.0, counts.1);
    cx.emit_with_bodies("if", &[], &[condition], bodies)
}

/// Most rounds in which the shapes of values that are carried from run to run are found.
const MAX_ROUNDS: usize = 10;

/// A graph inside that is given `facts`, of which those in `carried` come back as its results from `first` on. Extents that it changes
/// are made unknown until it changes none.
fn carrying(cx: &mut Cx, mut facts: Vec<Fact>, carried: std::ops::Range<usize>, first: usize) -> Result<Body> {
    for _ in 0..MAX_ROUNDS {
        let body = cx.body("body", &facts)?;
        let results = body.graph.outputs.len();
        ensure!(results >= first + carried.len(), MalformedModel, "its graph has {results} outputs for {} carried values", carried.len());
        let mut changed = false;
        for (k, i) in carried.clone().enumerate() {
            let after = body.graph.fact(body.graph.outputs[first + k].value);
            let before = &mut facts[i];
            let same = after.dtype == before.dtype && after.rank() == before.rank();
            ensure!(same, UnsupportedModel, "carried value {k} is {before} before a run of its graph and {after} behind it");
            for (axis, (d, after)) in before.shape.iter_mut().zip(&after.shape).enumerate() {
                let unknown = Dim::symbol(&format!("{}.carried{k}.{axis}", cx.name()), 0, i32::MAX as i64);
                if d != after && *d != unknown {
                    (changed, *d) = (true, unknown);
                }
            }
        }
        if !changed {
            return Ok(body);
        }
    }
    crate::fail!(UnsupportedModel, "the shapes of its carried values do not settle")
}

/// The fact of a value inside, where it may be another each time.
fn without_value(fact: &Fact) -> Fact {
    Fact::new(fact.dtype, fact.shape.clone())
}

/// A single number; some files have it as a list of one.
fn single(cx: &mut Cx, v: ValueId) -> Result<ValueId> {
    if cx.rank(v) == 0 { Ok(v) } else { cx.reshape(v, vec![]) }
}

fn repetition(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (count, condition) = (cx.optional(0), cx.optional(1));
    let count = match count {
        Some(v) => single(cx, v)?,
        None => cx.add_constant(Tensor::scalar(i64::MAX)),
    };
    let condition = match condition {
        Some(v) => single(cx, v)?,
        None => cx.add_constant(Tensor::from_bools(&[], vec![true])),
    };
    let mut operands = vec![count, condition];
    for i in 2..cx.input_count() {
        operands.push(cx.input(i)?);
    }
    let carried = operands[2..].iter().map(|v| without_value(cx.fact(*v)));
    let facts = [Fact::new(DType::I64, vec![]), Fact::new(DType::Bool, vec![])].into_iter().chain(carried).collect();
    let body = carrying(cx, facts, 2..operands.len(), 1)?;
    cx.emit_with_bodies("loop", &[], &operands, vec![body])
}

fn scan(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let operands = cx.all_inputs()?;
    let scanned = cx.attrs.int_or("num_scan_inputs", 0)?;
    let states = usize::try_from(scanned).ok().filter(|n| (1..=operands.len()).contains(n)).map(|n| operands.len() - n);
    let Some(states) = states else { crate::fail!(MalformedModel, "attribute 'num_scan_inputs' is {scanned} of {}", operands.len()) };
    let list = |cx: &Cx, name: &str| Ok(cx.attrs.ints(name)?.unwrap_or_default());
    let axes: Vec<i64> = list(cx, "scan_input_axes")?;
    let mut facts = Vec::new();
    for (i, v) in operands.iter().enumerate() {
        let mut fact = without_value(cx.fact(*v));
        if i >= states {
            let axis = crate::tensor::shape::axis(axes.get(i - states).copied().unwrap_or(0), fact.rank())?;
            fact.shape.remove(axis);
        }
        facts.push(fact);
    }
    let body = carrying(cx, facts, 0..states, 0)?;
    let attrs = [
        ("scanned", Attr::Int(scanned)),
        ("input_axes", Attr::Ints(axes)),
        ("input_reverse", Attr::Ints(list(cx, "scan_input_directions")?)),
        ("output_axes", Attr::Ints(list(cx, "scan_output_axes")?)),
        ("output_reverse", Attr::Ints(list(cx, "scan_output_directions")?)),
    ];
    cx.emit_with_bodies("scan", &attrs, &operands, vec![body])
}
