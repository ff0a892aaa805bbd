//! Activation functions, softmax and hardmax.

use crate::fail;
use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by, same};
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape;

/// The family's operators.
pub const ROWS: &[Row] = &[
    same("Relu", 6, "nn.relu"),
    by("LeakyRelu", 6, leaky_relu),
    by("PRelu", 7, prelu),
    by("ThresholdedRelu", 10, thresholded_relu),
    by("HardSigmoid", 6, hard_sigmoid),
    same("HardSwish", 14, "nn.hard_swish"),
    by("Swish", 24, swish),
    by("Gelu", 20, gelu),
    by("Gelu", 1, gelu).of("com.microsoft"),
    by("Elu", 6, elu),
    by("Selu", 6, selu),
    by("Celu", 12, celu),
    by("Shrink", 9, shrink),
    same("Softplus", 1, "nn.softplus"),
    same("Softsign", 1, "nn.softsign"),
    same("Mish", 18, "nn.mish"),
    by("Softmax", 1, softmax_of_matrix),
    by("Softmax", 13, softmax),
    by("LogSoftmax", 1, softmax_of_matrix),
    by("LogSoftmax", 13, softmax),
    by("Hardmax", 1, hardmax).needing(&["argmax", "one_hot"]),
];

fn leaky_relu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let alpha = cx.attrs.float_or("alpha", 0.01)?;
    Ok(vec![cx.one("nn.leaky_relu", &[("alpha", Attr::Float(alpha))], &[cx.input(0)?])?])
}

/// The slope as our operator takes it: a list lies along one axis, anything else broadcasts.
fn prelu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, mut slope) = (cx.input(0)?, cx.input(1)?);
    let (own, rank) = (cx.shape(slope), cx.rank(x));
    let long: Vec<usize> = (0..own.len()).filter(|i| !own[*i].is(1)).collect();
    let axis = match (long.as_slice(), own.len()) {
        // Broadcast from the right: the list's own axis.
        ([at], n) if n <= rank => rank - n + at,
        (_, 1) => rank.saturating_sub(1),
        _ => return Ok(vec![cx.call("nn.prelu", &[x, slope])?]),
    };
    if own.len() > 1 {
        let count = shape::element_count(&own);
        slope = cx.reshape(slope, vec![count])?;
    }
    Ok(vec![cx.one("nn.prelu", &[("axis", Attr::Int(axis as i64))], &[x, slope])?])
}

/// An operator of ours with the same float attributes under the same names.
fn with_floats(cx: &mut Cx, op: &str, attributes: &[(&'static str, f32)]) -> Result<Vec<ValueId>> {
    let read = attributes.iter().map(|(name, default)| Ok((*name, Attr::Float(cx.attrs.float_or(name, *default)?))));
    let attributes = read.collect::<Result<Vec<_>>>()?;
    Ok(vec![cx.one(op, &attributes, &[cx.input(0)?])?])
}

fn thresholded_relu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    with_floats(cx, "nn.thresholded_relu", &[("alpha", 1.0)])
}

fn hard_sigmoid(cx: &mut Cx) -> Result<Vec<ValueId>> {
    with_floats(cx, "nn.hard_sigmoid", &[("alpha", 0.2), ("beta", 0.5)])
}

/// x sigmoid(alpha x)
fn swish(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, alpha) = (cx.input(0)?, cx.attrs.float_or("alpha", 1.0)?);
    if alpha == 1.0 {
        return Ok(vec![cx.call("nn.silu", &[x])?]);
    }
    let alpha = cx.scalar_like(x, alpha)?;
    let scaled = cx.call("multiply", &[x, alpha])?;
    let gate = cx.call("sigmoid", &[scaled])?;
    Ok(vec![cx.call("multiply", &[x, gate])?])
}

fn gelu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let op = match cx.attrs.text_or("approximate", "none")? {
        "none" => "nn.gelu",
        "tanh" => "nn.gelu_tanh",
        other => fail!(UnsupportedModel, "attribute 'approximate' is '{other}', neither 'none' nor 'tanh'"),
    };
    Ok(vec![cx.call(op, &[cx.input(0)?])?])
}

fn elu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    with_floats(cx, "nn.elu", &[("alpha", 1.0)])
}

fn selu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    with_floats(cx, "nn.selu", &[("alpha", 1.673_263_2), ("gamma", 1.050_701)])
}

fn celu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let alpha = cx.attrs.float_or("alpha", 1.0)?;
    if alpha <= 0.0 {
        fail!(UnsupportedModel, "attribute 'alpha' is {alpha}; only positive ones are supported");
    }
    with_floats(cx, "nn.celu", &[("alpha", 1.0)])
}

fn shrink(cx: &mut Cx) -> Result<Vec<ValueId>> {
    with_floats(cx, "nn.shrink", &[("lambd", 0.5), ("bias", 0.0)])
}

/// One where an element is the first largest of its axis, else zero.
fn hardmax(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let full = cx.shape(x);
    let last = cx.opset >= 13;
    let axis = shape::axis(cx.attrs.int_or("axis", if last { -1 } else { 1 })?, full.len())?;
    if last || full[axis + 1..].iter().all(|d| d.is(1)) {
        return Ok(vec![one_at_largest(cx, x, axis)?]);
    }
    let matrix = cx.reshape(x, vec![shape::element_count(&full[..axis]), shape::element_count(&full[axis..])])?;
    let result = one_at_largest(cx, matrix, 1)?;
    Ok(vec![cx.reshape(result, full)?])
}

fn one_at_largest(cx: &mut Cx, x: ValueId, axis: usize) -> Result<ValueId> {
    let depth = cx.shape(x)[axis].as_const();
    let Some(depth) = depth else { fail!(UnsupportedModel, "the extent of axis {axis} of {} is not fixed", cx.fact(x)) };
    let axis = ("axis", Attr::Int(axis as i64));
    let largest = cx.one("argmax", &[axis.clone(), ("dtype", Attr::DType(DType::I64))], &[x])?;
    let (one, zero) = (cx.scalar_like(x, 1.0)?, cx.scalar_like(x, 0.0)?);
    cx.one("one_hot", &[axis, ("depth", Attr::Int(depth))], &[largest, one, zero])
}

fn softmax_name(cx: &Cx) -> &'static str {
    if cx.op_type() == "Softmax" { "nn.softmax" } else { "nn.log_softmax" }
}

fn softmax(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let axis = cx.attrs.int_or("axis", -1)?;
    Ok(vec![cx.one(softmax_name(cx), &[("axis", Attr::Int(axis))], &[cx.input(0)?])?])
}

/// Before version 13 all axes from the given one on were taken together.
fn softmax_of_matrix(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, op) = (cx.input(0)?, softmax_name(cx));
    let full = cx.shape(x);
    let axis = shape::axis(cx.attrs.int_or("axis", 1)?, full.len())?;
    if full[axis + 1..].iter().all(|d| d.is(1)) {
        return Ok(vec![cx.one(op, &[("axis", Attr::Int(axis as i64))], &[x])?]);
    }
    let matrix = cx.reshape(x, vec![shape::element_count(&full[..axis]), shape::element_count(&full[axis..])])?;
    let result = cx.one(op, &[("axis", Attr::Int(1))], &[matrix])?;
    Ok(vec![cx.reshape(result, full)?])
}
