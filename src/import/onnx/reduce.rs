//! Reductions over axes.

use crate::fail;
use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("ReduceSum", 1, reduce),
    by("ReduceMean", 1, reduce),
    by("ReduceMax", 1, reduce),
    by("ReduceMin", 1, reduce),
    by("ReduceProd", 1, reduce),
    by("ReduceL1", 1, reduce),
    by("ReduceL2", 1, reduce),
    by("ReduceSumSquare", 1, reduce),
    by("ReduceLogSum", 1, reduce),
    by("ReduceLogSumExp", 1, reduce_log_sum_exp),
    by("ArgMax", 1, arg),
    by("ArgMin", 1, arg),
    by("TopK", 1, top_k_by_attribute),
    by("TopK", 10, top_k),
    by("CumSum", 11, cumulative),
    by("CumProd", 26, cumulative),
];

/// What is done before the reduction, the reduction, and what is done after it.
fn steps(name: &str) -> (&'static str, &'static str, &'static str) {
    match name {
        "ReduceMean" => ("", "mean", ""),
        "ReduceMax" => ("", "max", ""),
        "ReduceMin" => ("", "min", ""),
        "ReduceProd" => ("", "prod", ""),
        "ReduceL1" => ("abs", "sum", ""),
        "ReduceL2" => ("square", "sum", "sqrt"),
        "ReduceSumSquare" => ("square", "sum", ""),
        "ReduceLogSum" => ("", "sum", "log"),
        _ => ("", "sum", ""),
    }
}

/// Over which axes, if over any at all: an attribute, an operand in newer versions, computed ones too.
struct Axes {
    /// The parameter; `None` where nothing is to be reduced.
    param: Option<Attr>,
    /// The operand that it reads.
    operand: Option<ValueId>,
}

fn axes(cx: &Cx) -> Result<Axes> {
    let keep_all = cx.attrs.flag("noop_with_empty_axes")?;
    let list = if cx.attrs.has("axes") {
        cx.attrs.ints("axes")?.unwrap_or_default()
    } else if let Some(v) = cx.optional(1) {
        match (&cx.fact(v).value, cx.shape(v).as_slice()) {
            (Some(_), _) => cx.known_ints(v, "axes")?,
            (None, [n]) if n.as_const().is_some_and(|n| n > 0) || (n.as_const().is_none() && !keep_all) => {
                return Ok(Axes { param: Some(Attr::Param(Param::Input(1))), operand: Some(v) });
            }
            (None, [n]) if n.is(0) => Vec::new(),
            _ => fail!(UnsupportedModel, "its axes are {}, computed by the network; that is not supported here", cx.fact(v)),
        }
    } else {
        Vec::new()
    };
    let param = if list.is_empty() && keep_all { None } else { Some(statics(&list)) };
    Ok(Axes { param, operand: None })
}

fn reduce_by(cx: &mut Cx, op: &str, x: ValueId, axes: &Axes, keepdims: bool) -> Result<ValueId> {
    let Some(param) = &axes.param else { return Ok(x) };
    let operands: Vec<ValueId> = [x].into_iter().chain(axes.operand).collect();
    cx.one(op, &[("axis", param.clone()), ("keepdims", Attr::Bool(keepdims))], &operands)
}

fn keepdims(cx: &Cx) -> Result<bool> {
    Ok(cx.attrs.int_or("keepdims", 1)? != 0)
}

fn reduce(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (mut x, axes, keep) = (cx.input(0)?, axes(cx)?, keepdims(cx)?);
    let (before, op, after) = steps(cx.op_type());
    // Since version 20 maximum and minimum take bool, with false below true.
    if cx.dtype(x) == DType::Bool {
        return Ok(vec![reduce_by(cx, if op == "max" { "any" } else { "all" }, x, &axes, keep)?]);
    }
    x = match before {
        "" => x,
        "square" => cx.call("multiply", &[x, x])?,
        other => cx.call(other, &[x])?,
    };
    x = reduce_by(cx, op, x, &axes, keep)?;
    if !after.is_empty() {
        x = cx.call(after, &[x])?;
    }
    Ok(vec![x])
}

/// log(sum(exp(x - m))) + m with m = max(x) where that is finite, so that nothing overflows
fn reduce_log_sum_exp(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, axes, keep) = (cx.input(0)?, axes(cx)?, keepdims(cx)?);
    if axes.param.is_none() {
        return Ok(vec![x]);
    }
    let most = largest(cx, x, &axes, true)?;
    let shifted = cx.call("subtract", &[x, most])?;
    let grown = cx.call("exp", &[shifted])?;
    let sum = reduce_by(cx, "sum", grown, &axes, keep)?;
    let log = cx.call("log", &[sum])?;
    let most = if keep { most } else { largest(cx, x, &axes, false)? };
    Ok(vec![cx.call("add", &[log, most])?])
}

fn largest(cx: &mut Cx, x: ValueId, axes: &Axes, keep: bool) -> Result<ValueId> {
    let most = reduce_by(cx, "max", x, axes, keep)?;
    let limit = match cx.dtype(x) {
        DType::F64 => f64::MAX,
        DType::F16 => half::f16::MAX.to_f64(),
        DType::BF16 => half::bf16::MAX.to_f64(),
        _ => f64::from(f32::MAX),
    };
    cx.one("clip", &[("a_min", Attr::Float(-limit)), ("a_max", Attr::Float(limit))], &[most])
}

fn arg(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let op = if cx.op_type() == "ArgMax" { "argmax" } else { "argmin" };
    let attrs = [
        ("axis", Attr::Int(cx.attrs.int_or("axis", 0)?)),
        ("keepdims", Attr::Bool(keepdims(cx)?)),
        ("select_last_index", Attr::Bool(cx.attrs.flag("select_last_index")?)),
        ("dtype", Attr::DType(DType::I64)),
    ];
    Ok(vec![cx.one(op, &attrs, &[cx.input(0)?])?])
}

fn top_k_by_attribute(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let Some(k) = cx.attrs.int("k")? else { fail!(MalformedModel, "attribute 'k' is missing") };
    let attrs = [("k", statics(&[k])), ("axis", Attr::Int(cx.attrs.int_or("axis", -1)?))];
    cx.emit("topk", &attrs, &[cx.input(0)?])
}

/// Elements that need not be sorted are sorted all the same.
fn top_k(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, k) = (cx.input(0)?, cx.input(1)?);
    cx.attrs.ignore("sorted");
    let (axis, largest) = (cx.attrs.int_or("axis", -1)?, cx.attrs.int_or("largest", 1)? != 0);
    let mut operands = vec![x];
    let k = cx.param(k, &mut operands)?;
    cx.emit("topk", &[("k", k), ("axis", Attr::Int(axis)), ("is_ascend", Attr::Bool(!largest))], &operands)
}

fn cumulative(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, axis) = (cx.input(0)?, cx.input(1)?);
    let axis = match cx.known_ints(axis, "axis")?.as_slice() {
        [axis] => *axis,
        other => fail!(MalformedModel, "its axis is {other:?}, not one number"),
    };
    let attrs = [
        ("axis", Attr::Int(axis)),
        ("exclusive", Attr::Bool(cx.attrs.flag("exclusive")?)),
        ("reverse", Attr::Bool(cx.attrs.flag("reverse")?)),
    ];
    Ok(vec![cx.one(if cx.op_type() == "CumSum" { "cumsum" } else { "cumprod" }, &attrs, &[x])?])
}
