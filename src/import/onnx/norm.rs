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
    by("LpNormalization", 1, lp_norm),
    by("MeanVarianceNormalization", 9, mean_variance_norm),
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

fn instance_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let operands = [cx.input(0)?, cx.input(1)?, cx.input(2)?];
    let epsilon = cx.attrs.float_or("epsilon", 1e-5)?;
    ensure!(cx.rank(operands[0]) >= 3, MalformedModel, "its operand is {}, without axes behind batch and channel", cx.fact(operands[0]));
    Ok(vec![cx.one("nn.instance_norm", &[("epsilon", Attr::Float(epsilon))], &operands)?])
}

fn group_norm(cx: &mut Cx, params: [ValueId; 2], groups: i64) -> Result<Vec<ValueId>> {
    let (x, epsilon) = (cx.input(0)?, cx.attrs.float_or("epsilon", 1e-5)?);
    let attrs = [("num_groups", Attr::Int(groups)), ("epsilon", Attr::Float(epsilon))];
    Ok(vec![cx.one("nn.group_norm", &attrs, &[x, params[0], params[1]])?])
}

/// The number of groups, of an operand whose channels it divides, and the channels of one.
fn groups(cx: &Cx, x: ValueId) -> Result<(i64, i64)> {
    let Some(groups) = cx.attrs.int("num_groups")? else { fail!(MalformedModel, "attribute 'num_groups' is missing") };
    let full = cx.shape(x);
    let channels = full.get(1).and_then(|c| c.as_const()).unwrap_or(0);
    let divides = full.len() >= 3 && groups > 0 && channels % groups == 0 && channels > 0;
    ensure!(divides, UnsupportedModel, "its operand is {}, whose channels do not make {groups} groups", cx.fact(x));
    Ok((groups, channels / groups))
}

/// Scale and bias were one for each group: each is repeated for its channels.
fn group_norm_of_groups(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (count, per) = groups(cx, cx.input(0)?)?;
    let mut params = [cx.input(1)?, cx.input(2)?];
    for p in &mut params {
        let column = cx.reshape(*p, vec![Dim::from(count), Dim::from(1i64)])?;
        let table = cx.one("broadcast_to", &[("shape", statics(&[count, per]))], &[column])?;
        *p = cx.reshape(table, vec![Dim::from(count * per)])?;
    }
    group_norm(cx, params, count)
}

fn group_norm_of_channels(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    stage_type(cx, x)?;
    let (count, _) = groups(cx, x)?;
    let params = [cx.input(1)?, cx.input(2)?];
    group_norm(cx, params, count)
}

fn rms_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, mut scale) = (cx.input(0)?, cx.input(1)?);
    stage_type(cx, x)?;
    let (axis, epsilon, dtype) = (cx.attrs.int_or("axis", -1)?, cx.attrs.float_or("epsilon", 1e-5)?, cx.dtype(x));
    scale = cx.cast(scale, dtype)?;
    Ok(vec![cx.one("nn.rms_norm", &[("axis", Attr::Int(axis)), ("epsilon", Attr::Float(epsilon))], &[x, scale])?])
}

/// x over the sum of magnitudes, or the root of the sum of squares, of an axis; zeros stay.
fn lp_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, axis) = (cx.input(0)?, cx.attrs.int_or("axis", -1)?);
    match cx.attrs.int_or("p", 2)? {
        2 => {
            let attrs = [("axis", Attr::Ints(vec![axis])), ("eps", Attr::Float(f64::from(f32::MIN_POSITIVE)))];
            Ok(vec![cx.one("nn.l2_normalize", &attrs, &[x])?])
        }
        1 => {
            let size = cx.call("abs", &[x])?;
            let sum = cx.one("sum", &[("axis", statics(&[axis])), ("keepdims", Attr::Bool(true))], &[size])?;
            let (zero, one) = (cx.scalar_like(x, 0.0)?, cx.scalar_like(x, 1.0)?);
            let none = cx.call("equal", &[sum, zero])?;
            let norm = cx.call("where", &[none, one, sum])?;
            Ok(vec![cx.call("divide", &[x, norm])?])
        }
        other => fail!(UnsupportedModel, "attribute 'p' is {other}, neither 1 nor 2"),
    }
}

/// (x - mean) / (standard deviation + 1e-9)
fn mean_variance_norm(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let axes = cx.attrs.ints("axes")?.unwrap_or(vec![0, 2, 3]);
    let middle = mean(cx, x, &axes)?;
    let centred = cx.call("subtract", &[x, middle])?;
    let square = cx.call("multiply", &[centred, centred])?;
    let variance = mean(cx, square, &axes)?;
    let deviation = cx.call("sqrt", &[variance])?;
    let least = cx.scalar_like(x, 1e-9)?;
    let divisor = cx.call("add", &[deviation, least])?;
    Ok(vec![cx.call("divide", &[centred, divisor])?])
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
