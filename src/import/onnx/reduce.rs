//! Reductions over axes.

use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::{ensure, fail};

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
    by("ArgMax", 1, arg).needing(&["argmax"]),
    by("ArgMin", 1, arg).needing(&["argmin"]),
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
    let dtype = cx.dtype(x);
    if dtype == DType::Bool {
        x = cx.cast(x, DType::U8)?;
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
    Ok(vec![if dtype == DType::Bool { cx.cast(x, dtype)? } else { x }])
}

/// log(sum(exp(x - m))) + m with m = max(x), so that nothing overflows
fn reduce_log_sum_exp(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, axes, keep) = (cx.input(0)?, axes(cx)?, keepdims(cx)?);
    if axes.param.is_none() {
        return Ok(vec![x]);
    }
    let most = reduce_by(cx, "max", x, &axes, true)?;
    let shifted = cx.call("subtract", &[x, most])?;
    let grown = cx.call("exp", &[shifted])?;
    let sum = reduce_by(cx, "sum", grown, &axes, keep)?;
    let log = cx.call("log", &[sum])?;
    let most = if keep { most } else { reduce_by(cx, "max", x, &axes, false)? };
    Ok(vec![cx.call("add", &[log, most])?])
}

fn arg(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let op = if cx.op_type() == "ArgMax" { "argmax" } else { "argmin" };
    let last = cx.attrs.flag("select_last_index")?;
    ensure!(!last, UnsupportedModel, "attribute 'select_last_index' is 1; of equal elements only the first is found here");
    let attrs = [("axis", Attr::Int(cx.attrs.int_or("axis", 0)?)), ("keepdims", Attr::Bool(keepdims(cx)?))];
    Ok(vec![cx.one(op, &attrs, &[cx.input(0)?])?])
}
