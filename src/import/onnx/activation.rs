//! Activation functions and softmax: those that we have no entry for are composed of elementwise operators.

use crate::fail;
use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by, same};
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::error::Result;
use crate::tensor::shape;

/// The family's operators.
pub const ROWS: &[Row] = &[
    same("Relu", 6, "nn.relu"),
    by("LeakyRelu", 6, leaky_relu),
    by("PRelu", 7, prelu),
    by("ThresholdedRelu", 10, thresholded_relu),
    by("HardSigmoid", 6, hard_sigmoid),
    by("HardSwish", 14, hard_swish),
    by("Swish", 24, swish),
    by("Gelu", 20, gelu),
    by("Gelu", 1, gelu).of("com.microsoft"),
    by("Elu", 6, elu),
    by("Selu", 6, selu),
    by("Celu", 12, celu),
    by("Softplus", 1, softplus),
    by("Softsign", 1, softsign),
    by("Mish", 18, mish),
    by("Softmax", 1, softmax_of_matrix),
    by("Softmax", 13, softmax),
    by("LogSoftmax", 1, softmax_of_matrix),
    by("LogSoftmax", 13, softmax),
];

fn leaky_relu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let alpha = cx.attrs.float_or("alpha", 0.01)?;
    Ok(vec![cx.one("nn.leaky_relu", &[("alpha", Attr::Float(alpha))], &[cx.input(0)?])?])
}

fn prelu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, slope) = (cx.input(0)?, cx.input(1)?);
    let zero = cx.scalar_like(x, 0.0)?;
    let (below, scaled) = (cx.call("less", &[x, zero])?, cx.call("multiply", &[slope, x])?);
    Ok(vec![cx.call("where", &[below, scaled, x])?])
}

fn thresholded_relu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (alpha, zero) = (cx.attrs.float_or("alpha", 1.0)?, cx.scalar_like(x, 0.0)?);
    let alpha = cx.scalar_like(x, alpha)?;
    let above = cx.call("greater", &[x, alpha])?;
    Ok(vec![cx.call("where", &[above, x, zero])?])
}

/// clip(alpha x + beta, 0, 1)
fn clipped_line(cx: &mut Cx, x: ValueId, alpha: f64, beta: f64) -> Result<ValueId> {
    let (alpha, beta) = (cx.scalar_like(x, alpha)?, cx.scalar_like(x, beta)?);
    let scaled = cx.call("multiply", &[x, alpha])?;
    let shifted = cx.call("add", &[scaled, beta])?;
    cx.one("clip", &[("a_min", Attr::Float(0.0)), ("a_max", Attr::Float(1.0))], &[shifted])
}

fn hard_sigmoid(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, alpha, beta) = (cx.input(0)?, cx.attrs.float_or("alpha", 0.2)?, cx.attrs.float_or("beta", 0.5)?);
    Ok(vec![clipped_line(cx, x, alpha, beta)?])
}

fn hard_swish(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let gate = clipped_line(cx, x, 1.0 / 6.0, 0.5)?;
    Ok(vec![cx.call("multiply", &[x, gate])?])
}

fn swish(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, alpha) = (cx.input(0)?, cx.attrs.float_or("alpha", 1.0)?);
    let scaled = scaled(cx, x, alpha)?;
    let gate = cx.call("sigmoid", &[scaled])?;
    Ok(vec![cx.call("multiply", &[x, gate])?])
}

/// x by, without a node where `by` is 1.
fn scaled(cx: &mut Cx, x: ValueId, by: f64) -> Result<ValueId> {
    if by == 1.0 {
        return Ok(x);
    }
    let by = cx.scalar_like(x, by)?;
    cx.call("multiply", &[x, by])
}

/// x / 2 (1 + erf(x / sqrt 2)), or its approximation by tanh
fn gelu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let one = cx.scalar_like(x, 1.0)?;
    let curve = match cx.attrs.text_or("approximate", "none")? {
        "none" => {
            let inner = scaled(cx, x, std::f64::consts::FRAC_1_SQRT_2)?;
            cx.call("erf", &[inner])?
        }
        "tanh" => {
            let square = cx.call("multiply", &[x, x])?;
            let cubic = scaled(cx, square, 0.044715)?;
            let factor = cx.call("add", &[cubic, one])?;
            let line = scaled(cx, x, (2.0 / std::f64::consts::PI).sqrt())?;
            let inner = cx.call("multiply", &[line, factor])?;
            cx.call("tanh", &[inner])?
        }
        other => fail!(UnsupportedModel, "attribute 'approximate' is '{other}', neither 'none' nor 'tanh'"),
    };
    let gate = cx.call("add", &[curve, one])?;
    let half = scaled(cx, x, 0.5)?;
    Ok(vec![cx.call("multiply", &[half, gate])?])
}

/// max(0, x) + min(0, alpha (exp(x / beta) - 1)), times gamma
fn exponential_unit(cx: &mut Cx, alpha: f64, beta: f64, gamma: f64) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (zero, one) = (cx.scalar_like(x, 0.0)?, cx.scalar_like(x, 1.0)?);
    let (above, below) = (cx.call("nn.relu", &[x])?, cx.call("minimum", &[x, zero])?);
    let inner = scaled(cx, below, 1.0 / beta)?;
    let grown = cx.call("exp", &[inner])?;
    let curve = cx.call("subtract", &[grown, one])?;
    let curve = scaled(cx, curve, alpha)?;
    let sum = cx.call("add", &[above, curve])?;
    Ok(vec![scaled(cx, sum, gamma)?])
}

fn elu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let alpha = cx.attrs.float_or("alpha", 1.0)?;
    exponential_unit(cx, alpha, 1.0, 1.0)
}

fn selu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let alpha = cx.attrs.float_or("alpha", 1.673_263_2)?;
    let gamma = cx.attrs.float_or("gamma", 1.050_701)?;
    exponential_unit(cx, alpha, 1.0, gamma)
}

fn celu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let alpha = cx.attrs.float_or("alpha", 1.0)?;
    if alpha <= 0.0 {
        fail!(UnsupportedModel, "attribute 'alpha' is {alpha}; only positive ones are supported");
    }
    exponential_unit(cx, alpha, alpha, 1.0)
}

/// log(1 + exp(x)), in a form that does not overflow
fn soft_relu(cx: &mut Cx, x: ValueId) -> Result<ValueId> {
    let one = cx.scalar_like(x, 1.0)?;
    let magnitude = cx.call("abs", &[x])?;
    let minus = cx.call("negative", &[magnitude])?;
    let small = cx.call("exp", &[minus])?;
    let sum = cx.call("add", &[small, one])?;
    let (log, above) = (cx.call("log", &[sum])?, cx.call("nn.relu", &[x])?);
    cx.call("add", &[above, log])
}

fn softplus(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    Ok(vec![soft_relu(cx, x)?])
}

fn mish(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let soft = soft_relu(cx, x)?;
    let gate = cx.call("tanh", &[soft])?;
    Ok(vec![cx.call("multiply", &[x, gate])?])
}

fn softsign(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (one, magnitude) = (cx.scalar_like(x, 1.0)?, cx.call("abs", &[x])?);
    let sum = cx.call("add", &[magnitude, one])?;
    Ok(vec![cx.call("divide", &[x, sum])?])
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
