//! Elementwise arithmetic, comparison, logic and conversion.

use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by, same};
use crate::import::onnx::weights::element_type;
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Context, Result};
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    same("Neg", 6, "negative"),
    same("Abs", 6, "abs"),
    same("Sqrt", 6, "sqrt"),
    same("Exp", 6, "exp"),
    same("Log", 6, "log"),
    same("Sin", 7, "sin"),
    same("Cos", 7, "cos"),
    same("Tanh", 6, "tanh"),
    same("Sigmoid", 6, "sigmoid"),
    same("Erf", 9, "erf"),
    same("Floor", 6, "floor"),
    same("Ceil", 6, "ceil"),
    same("Round", 11, "round"),
    same("Not", 1, "logical_not"),
    same("Add", 7, "add"),
    same("Sub", 7, "subtract"),
    same("Mul", 7, "multiply"),
    same("Div", 7, "divide"),
    same("Equal", 7, "equal"),
    same("Less", 7, "less"),
    same("LessOrEqual", 12, "less_equal"),
    same("Greater", 7, "greater"),
    same("GreaterOrEqual", 12, "greater_equal"),
    same("And", 7, "logical_and"),
    same("Or", 7, "logical_or"),
    same("Xor", 7, "logical_xor"),
    same("Where", 9, "where"),
    by("Pow", 7, power),
    by("Mod", 10, modulo),
    by("Reciprocal", 6, reciprocal),
    same("Sign", 9, "sign"),
    same("Tan", 7, "tan"),
    same("Asin", 7, "asin"),
    same("Acos", 7, "acos"),
    same("Atan", 7, "atan"),
    same("Sinh", 9, "sinh"),
    same("Cosh", 9, "cosh"),
    same("Asinh", 9, "asinh"),
    same("Acosh", 9, "acosh"),
    same("Atanh", 9, "atanh"),
    same("IsNaN", 9, "isnan"),
    by("IsInf", 10, is_infinite),
    same("BitwiseAnd", 18, "bitwise_and"),
    same("BitwiseOr", 18, "bitwise_or"),
    same("BitwiseXor", 18, "bitwise_xor"),
    same("BitwiseNot", 18, "bitwise_not"),
    by("BitShift", 11, bit_shift),
    by("Sum", 6, variadic),
    by("Mean", 6, variadic),
    by("Max", 6, variadic),
    by("Min", 6, variadic),
    by("Clip", 6, clip_by_attributes),
    by("Clip", 11, clip_by_operands),
    by("Cast", 6, cast),
    by("CastLike", 15, cast_like),
    by("BitCast", 26, bit_cast),
];

fn power(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (base, exponent) = (cx.input(0)?, cx.input(1)?);
    let (to, by) = (cx.dtype(base), cx.dtype(exponent));
    // The result has the base's type; an integer base with a float exponent is computed in floats.
    let work = if !to.is_float() && by.is_float() { by } else { to };
    let operands = [cx.cast(base, work)?, cx.cast(exponent, work)?];
    let result = cx.call("power", &operands)?;
    Ok(vec![cx.cast(result, to)?])
}

fn modulo(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let op = if cx.attrs.flag("fmod")? { "truncate_mod" } else { "mod" };
    Ok(vec![cx.call(op, &[cx.input(0)?, cx.input(1)?])?])
}

fn reciprocal(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let one = cx.scalar_like(x, 1.0)?;
    Ok(vec![cx.call("divide", &[one, x])?])
}

fn is_infinite(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let wanted = (cx.attrs.int_or("detect_negative", 1)? != 0, cx.attrs.int_or("detect_positive", 1)? != 0);
    let limit = match wanted {
        (true, true) => return Ok(vec![cx.call("isinf", &[x])?]),
        (true, false) => f64::NEG_INFINITY,
        (false, true) => f64::INFINITY,
        // Nothing is detected; no element is less than itself.
        (false, false) => return Ok(vec![cx.call("less", &[x, x])?]),
    };
    let limit = cx.scalar_like(x, limit)?;
    Ok(vec![cx.call("equal", &[x, limit])?])
}

fn bit_shift(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let op = match cx.attrs.text_or("direction", "")? {
        "LEFT" => "left_shift",
        "RIGHT" => "right_shift",
        other => fail!(MalformedModel, "attribute 'direction' is '{other}', neither 'LEFT' nor 'RIGHT'"),
    };
    Ok(vec![cx.call(op, &[cx.input(0)?, cx.input(1)?])?])
}

fn variadic(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let op = match cx.op_type() {
        "Max" => "maximum",
        "Min" => "minimum",
        _ => "add",
    };
    let operands = cx.all_inputs()?;
    let Some((first, rest)) = operands.split_first() else { fail!(MalformedModel, "it has no operands") };
    let mut result = *first;
    for x in rest {
        result = cx.call(op, &[result, *x])?;
    }
    if cx.op_type() == "Mean" {
        let count = cx.scalar_like(result, operands.len() as f64)?;
        result = cx.call("divide", &[result, count])?;
    }
    Ok(vec![result])
}

fn clip_by_attributes(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    // The defaults are the extreme finite numbers; a bound there, or beyond, bounds nothing.
    let min = cx.attrs.float_or("min", f32::MIN)?;
    let max = cx.attrs.float_or("max", f32::MAX)?;
    let min = if min > f64::from(f32::MIN) { Some(cx.scalar_like(x, min)?) } else { None };
    let max = if max < f64::from(f32::MAX) { Some(cx.scalar_like(x, max)?) } else { None };
    clip(cx, x, min, max)
}

fn clip_by_operands(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, min, max) = (cx.input(0)?, cx.optional(1), cx.optional(2));
    clip(cx, x, min, max)
}

fn clip(cx: &mut Cx, x: ValueId, min: Option<ValueId>, max: Option<ValueId>) -> Result<Vec<ValueId>> {
    let number = |v: Option<ValueId>| v.and_then(|v| cx.number(v)).filter(|v| v.is_finite());
    if let (Some(min), Some(max), true) = (number(min), number(max), cx.dtype(x).is_float()) {
        return Ok(vec![cx.one("clip", &[("a_min", Attr::Float(min)), ("a_max", Attr::Float(max))], &[x])?]);
    }
    let mut result = x;
    for (op, bound) in [("maximum", min), ("minimum", max)] {
        if let Some(bound) = bound {
            ensure!(cx.rank(bound) <= 1, MalformedModel, "a bound is {}, not a single number", cx.fact(bound));
            result = cx.call(op, &[result, bound])?;
        }
    }
    Ok(vec![result])
}

fn cast(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let Some(to) = cx.attrs.int("to")? else { fail!(MalformedModel, "attribute 'to' is missing") };
    let to = element_type(to).context(|| "attribute 'to'")?;
    convert(cx, x, to)
}

fn bit_cast(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let Some(to) = cx.attrs.int("to")? else { fail!(MalformedModel, "attribute 'to' is missing") };
    let to = element_type(to).context(|| "attribute 'to'")?;
    Ok(vec![cx.one("reinterpret", &[("dtype", Attr::DType(to))], &[x])?])
}

fn cast_like(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, like) = (cx.input(0)?, cx.input(1)?);
    let to = cx.dtype(like);
    convert(cx, x, to)
}

fn convert(cx: &mut Cx, x: ValueId, to: DType) -> Result<Vec<ValueId>> {
    // These say how to round to 8-bit floats, which do not occur here.
    cx.attrs.ignore("saturate");
    cx.attrs.ignore("round_mode");
    Ok(vec![cx.cast(x, to)?])
}
