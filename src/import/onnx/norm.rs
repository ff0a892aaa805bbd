//! Normalisations.

use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("BatchNormalization", 7, batch_norm),
    by("LayerNormalization", 17, layer_norm),
    by("InstanceNormalization", 6, instance_norm),
    by("GroupNormalization", 18, group_norm_of_groups),
    by("GroupNormalization", 21, group_norm_of_channels),
    by("RMSNormalization", 23, rms_norm),
    by("LRN", 1, local_response_norm),
];

fn batch_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let operands = (0..5).map(|i| cx.input(i)).collect::<Result<Vec<_>>>()?;
    let epsilon = cx.attrs.float_or("epsilon", 1e-5)?;
    cx.attrs.ignore("momentum");
    let spatial = cx.opset >= 9 || cx.attrs.int_or("spatial", 1)? != 0;
    ensure!(spatial, UnsupportedModel, "attribute 'spatial' is 0: statistics for each position are not supported");
    // Before version 14 it trains where it lists the results of training.
    let training = cx.attrs.flag("training_mode")? || (cx.opset < 14 && cx.output_count() > 1);
    if (1..cx.output_count()).any(|i| cx.wants(i)) {
        fail!(UnsupportedModel, "its results besides the first, the statistics of training, are used; export the model for inference");
    }
    let mut attrs = vec![("axis", Attr::Int(1)), ("epsilon", Attr::Float(epsilon))];
    if training {
        attrs.push(("training", Attr::Bool(true)));
    }
    Ok(vec![cx.one("nn.batch_norm", &attrs, &operands)?])
}

/// The type in which the first stage of a normalisation is computed: float32, or the operand's own where that is wider.
fn stage_type(cx: &Cx, x: ValueId) -> Result<DType> {
    let stash = cx.attrs.int_or("stash_type", 1)?;
    ensure!(stash == 1, UnsupportedModel, "attribute 'stash_type' is {stash}; only 1, float32, is supported");
    Ok(if cx.dtype(x) == DType::F64 { DType::F64 } else { DType::F32 })
}

fn layer_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, gamma, beta) = (cx.input(0)?, cx.input(1)?, cx.optional(2));
    if cx.wants(1) || cx.wants(2) {
        fail!(UnsupportedModel, "its second or third result, mean or deviation, is used; that is not supported");
    }
    let epsilon = cx.attrs.float_or("epsilon", 1e-5)?;
    stage_type(cx, x)?;
    let full = cx.shape(x);
    let axis = shape::axis(cx.attrs.int_or("axis", -1)?, full.len())?;
    let inner = &full[axis..];
    let count = shape::element_count(inner);
    let gamma = flat(cx, gamma, inner)?;
    let beta = match beta {
        Some(beta) => flat(cx, beta, inner)?,
        None => {
            let zero = cx.scalar_like(x, 0.0)?;
            cx.one("full", &[("shape", Attr::Param(Param::Static(vec![count.clone()])))], &[zero])?
        }
    };
    let attrs = |axis: i64| [("axis", Attr::Int(axis)), ("epsilon", Attr::Float(epsilon))];
    if inner.len() == 1 {
        return Ok(vec![cx.one("nn.layer_norm", &attrs(-1), &[x, gamma, beta])?]);
    }
    // The axes from the given one on are normalised together.
    let mut outer = full[..axis].to_vec();
    outer.push(count);
    let rows = cx.reshape(x, outer)?;
    let result = cx.one("nn.layer_norm", &attrs(-1), &[rows, gamma, beta])?;
    Ok(vec![cx.reshape(result, full)?])
}

/// A factor of the normalised axes, one element for each of theirs, as a vector.
fn flat(cx: &mut Cx, v: ValueId, inner: &[Dim]) -> Result<ValueId> {
    let own = cx.shape(v);
    let same = own.len() == inner.len() && own.iter().zip(inner).all(|(a, b)| a.equals(b) == Answer::Always);
    if same && inner.len() == 1 {
        return Ok(v);
    }
    ensure!(own.len() <= inner.len(), UnsupportedModel, "its scale or bias is {}, larger than the normalised axes", cx.fact(v));
    let whole = if same { v } else { cx.one("broadcast_to", &[("shape", Attr::Param(Param::Static(inner.to_vec())))], &[v])? };
    cx.reshape(whole, vec![shape::element_count(inner)])
}

fn mean(cx: &mut Cx, x: ValueId, axes: &[i64]) -> Result<ValueId> {
    cx.one("mean", &[("axis", statics(axes)), ("keepdims", Attr::Bool(true))], &[x])
}

/// x / sqrt(mean(x x) + epsilon)
fn by_magnitude(cx: &mut Cx, x: ValueId, axes: &[i64], epsilon: f64) -> Result<ValueId> {
    let square = cx.call("multiply", &[x, x])?;
    let variance = mean(cx, square, axes)?;
    let epsilon = cx.scalar_like(x, epsilon)?;
    let sum = cx.call("add", &[variance, epsilon])?;
    let deviation = cx.call("sqrt", &[sum])?;
    cx.call("divide", &[x, deviation])
}

fn centred(cx: &mut Cx, x: ValueId, axes: &[i64]) -> Result<ValueId> {
    let mean = mean(cx, x, axes)?;
    cx.call("subtract", &[x, mean])
}

/// x scale + bias, where scale and bias have one element for each entry of axis 1
fn affine(cx: &mut Cx, x: ValueId, scale: ValueId, bias: ValueId) -> Result<ValueId> {
    let behind = cx.rank(x) as i64 - 2;
    let mut factors = [scale, bias];
    if behind > 0 {
        for f in &mut factors {
            *f = cx.one("expand_dims", &[("axis", Attr::Int(1)), ("num_newaxis", Attr::Int(behind))], &[*f])?;
        }
    }
    let scaled = cx.call("multiply", &[x, factors[0]])?;
    cx.call("add", &[scaled, factors[1]])
}

fn instance_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scale, bias) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let epsilon = cx.attrs.float_or("epsilon", 1e-5)?;
    ensure!(cx.rank(x) >= 3, MalformedModel, "its operand is {}, without axes behind batch and channel", cx.fact(x));
    let axes: Vec<i64> = (2..cx.rank(x) as i64).collect();
    let x = centred(cx, x, &axes)?;
    let x = by_magnitude(cx, x, &axes, epsilon)?;
    Ok(vec![affine(cx, x, scale, bias)?])
}

/// The operand as [batch, groups, rest], normalised, in its own type.
fn grouped(cx: &mut Cx, x: ValueId) -> Result<ValueId> {
    let Some(groups) = cx.attrs.int("num_groups")? else { fail!(MalformedModel, "attribute 'num_groups' is missing") };
    let (epsilon, dtype) = (cx.attrs.float_or("epsilon", 1e-5)?, cx.dtype(x));
    let stage = if cx.opset >= 21 { stage_type(cx, x)? } else { dtype };
    let full = cx.shape(x);
    let channels = full.get(1).and_then(|c| c.as_const()).unwrap_or(0);
    let divides = full.len() >= 3 && groups > 0 && channels % groups == 0 && channels > 0;
    ensure!(divides, UnsupportedModel, "its operand is {}, whose channels do not make {groups} groups", cx.fact(x));
    let rest = &Dim::from(channels / groups) * &shape::element_count(&full[2..]);
    let x = cx.cast(x, stage)?;
    let x = cx.reshape(x, vec![full[0].clone(), Dim::from(groups), rest])?;
    let x = centred(cx, x, &[2])?;
    let x = by_magnitude(cx, x, &[2], epsilon)?;
    cx.cast(x, dtype)
}

fn group_norm_of_groups(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scale, bias) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let result = grouped(cx, x)?;
    let result = affine(cx, result, scale, bias)?;
    let full = cx.shape(x);
    Ok(vec![cx.reshape(result, full)?])
}

fn group_norm_of_channels(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scale, bias) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let result = grouped(cx, x)?;
    let full = cx.shape(x);
    let result = cx.reshape(result, full)?;
    Ok(vec![affine(cx, result, scale, bias)?])
}

fn rms_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scale) = (cx.input(0)?, cx.input(1)?);
    let (epsilon, stage, dtype) = (cx.attrs.float_or("epsilon", 1e-5)?, stage_type(cx, x)?, cx.dtype(x));
    let rank = cx.rank(x);
    let axis = shape::axis(cx.attrs.int_or("axis", -1)?, rank)?;
    let axes: Vec<i64> = (axis as i64..rank as i64).collect();
    let wide = cx.cast(x, stage)?;
    let normal = by_magnitude(cx, wide, &axes, epsilon)?;
    let normal = cx.cast(normal, dtype)?;
    Ok(vec![cx.call("multiply", &[normal, scale])?])
}

/// x / (bias + alpha mean(x x over neighbouring channels)) ^ beta
fn local_response_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (alpha, beta, bias) = (cx.attrs.float_or("alpha", 1e-4)?, cx.attrs.float_or("beta", 0.75)?, cx.attrs.float_or("bias", 1.0)?);
    let size = cx.attrs.int_or("size", 0)?;
    ensure!((1..=i64::from(i32::MAX)).contains(&size), MalformedModel, "attribute 'size' is {size}");
    ensure!(cx.rank(x) >= 2, MalformedModel, "its operand is {}, without channels", cx.fact(x));
    let attrs = [
        ("size", Attr::Int(size)),
        ("axis", Attr::Int(1)),
        ("bias", Attr::Float(bias)),
        ("alpha", Attr::Float(alpha)),
        ("beta", Attr::Float(beta)),
    ];
    Ok(vec![cx.one("nn.lrn", &attrs, &[x])?])
}
