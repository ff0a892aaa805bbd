//! Operators on quantised numbers. Products of them are products of float32 numbers that hold integers, which are exact below 2^24.

use crate::import::onnx::linear;
use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("QuantizeLinear", 10, quantize),
    by("DequantizeLinear", 10, dequantize),
    by("DynamicQuantizeLinear", 11, dynamic_quantize),
    by("MatMulInteger", 10, matmul_integer),
    by("QLinearMatMul", 10, qlinear_matmul),
    by("ConvInteger", 10, conv_integer),
    by("QLinearConv", 10, qlinear_conv),
];

/// A sum of more products of 8-bit integers than this may not be exact in float32.
const EXACT_PRODUCTS: i64 = (1 << 24) / (255 * 255);

/// ONNX's number of an element type, as an attribute gives it.
fn attribute_type(cx: &Cx, name: &str) -> Result<Option<DType>> {
    Ok(match cx.attrs.int_or(name, 0)? {
        0 => None,
        1 => Some(DType::F32),
        2 => Some(DType::U8),
        3 => Some(DType::I8),
        4 => Some(DType::U16),
        5 => Some(DType::I16),
        10 => Some(DType::F16),
        16 => Some(DType::BF16),
        other => fail!(UnsupportedModel, "attribute '{name}' is element type {other}; numbers of 8 and 16 bits are supported"),
    })
}

/// The axis of scales; blocks are refused.
fn axis(cx: &Cx, scale: ValueId) -> Result<(&'static str, Attr)> {
    let block = cx.attrs.int_or("block_size", 0)?;
    ensure!(block == 0, UnsupportedModel, "attribute 'block_size' is {block}; scales are for the whole tensor or an axis here");
    let axis = cx.attrs.int_or("axis", 1)?;
    ensure!(cx.rank(scale) <= 1, UnsupportedModel, "its scale is {}; scales are for the whole tensor or an axis here", cx.fact(scale));
    Ok(("axis", Attr::Int(axis)))
}

/// A zero point of zeros, where none is given.
fn zero_point(cx: &mut Cx, given: Option<ValueId>, dtype: DType) -> ValueId {
    given.unwrap_or_else(|| cx.add_constant(Tensor::zeros(dtype, &[])))
}

fn quantize(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scale, zero) = (cx.input(0)?, cx.input(1)?, cx.optional(2));
    cx.attrs.ignore("saturate");
    cx.attrs.ignore("precision");
    let axis = axis(cx, scale)?;
    let to = attribute_type(cx, "output_dtype")?.or(zero.map(|z| cx.dtype(z))).unwrap_or(DType::U8);
    let zero = zero_point(cx, zero, to);
    let x = if cx.dtype(x).is_float() { x } else { cx.cast(x, DType::F32)? };
    Ok(vec![cx.one("qnn.quantize", &[axis, ("out_dtype", Attr::DType(to))], &[x, scale, zero])?])
}

fn dequantize(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scale, zero) = (cx.input(0)?, cx.input(1)?, cx.optional(2));
    let axis = axis(cx, scale)?;
    let to = attribute_type(cx, "output_dtype")?.unwrap_or(cx.dtype(scale));
    let from = cx.dtype(x);
    let zero = zero_point(cx, zero, from);
    Ok(vec![cx.one("qnn.dequantize", &[axis, ("out_dtype", Attr::DType(to))], &[x, scale, zero])?])
}

/// Scale and zero point from the largest and smallest element, then uint8.
fn dynamic_quantize(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let all = [("axis", statics(&[])), ("keepdims", Attr::Bool(false))];
    let zero = cx.scalar(DType::F32, 0.0)?;
    let (low, high) = (cx.one("min", &all, &[x])?, cx.one("max", &all, &[x])?);
    let (low, high) = (cx.call("minimum", &[low, zero])?, cx.call("maximum", &[high, zero])?);
    let (span, steps) = (cx.call("subtract", &[high, low])?, cx.scalar(DType::F32, 255.0)?);
    let scale = cx.call("divide", &[span, steps])?;
    let down = cx.call("divide", &[low, scale])?;
    let up = cx.call("subtract", &[zero, down])?;
    let point = cx.call("round", &[up])?;
    let point = cx.cast(point, DType::U8)?;
    let y = cx.one("qnn.quantize", &[("out_dtype", Attr::DType(DType::U8))], &[x, scale, point])?;
    Ok(vec![y, scale, point])
}

/// The distance from the zero point as float32; `column` makes one zero point per row of a matrix a column.
fn distance(cx: &mut Cx, x: ValueId, zero: Option<ValueId>, column: bool) -> Result<ValueId> {
    let x = cx.cast(x, DType::F32)?;
    let Some(zero) = zero else { return Ok(x) };
    let mut zero = cx.cast(zero, DType::F32)?;
    if column && cx.rank(zero) == 1 && !cx.shape(zero)[0].is(1) {
        zero = cx.one("expand_dims", &[("axis", Attr::Int(1)), ("num_newaxis", Attr::Int(1))], &[zero])?;
    }
    cx.call("subtract", &[x, zero])
}

/// An exact matrix product of float32 numbers that hold small integers: as int32, from pieces whose sums are exact.
fn product(cx: &mut Cx, a: ValueId, b: ValueId) -> Result<ValueId> {
    let (rows, columns) = (cx.shape(a), cx.shape(b));
    let inner = rows.last().and_then(Dim::as_const).unwrap_or(0);
    if inner <= EXACT_PRODUCTS {
        let whole = linear::product(cx, a, b)?;
        return cx.cast(whole, DType::I32);
    }
    let (a_axis, b_axis) = (rows.len() as i64 - 1, (columns.len() as i64 - 2).max(0));
    let mut sum = None;
    for first in (0..inner).step_by(EXACT_PRODUCTS as usize) {
        let last = (first + EXACT_PRODUCTS).min(inner);
        let mut part = |x: ValueId, axis: i64| {
            let attrs = [("begin", statics(&[first])), ("end", statics(&[last])), ("strides", statics(&[1])), ("axes", statics(&[axis]))];
            cx.one("strided_slice", &attrs, &[x])
        };
        let (left, right) = (part(a, a_axis)?, part(b, b_axis)?);
        let piece = linear::product(cx, left, right)?;
        let piece = cx.cast(piece, DType::I32)?;
        sum = Some(match sum {
            Some(sum) => cx.call("add", &[sum, piece])?,
            None => piece,
        });
    }
    sum.ok_or_else(|| crate::tensor::error::Error::new(crate::tensor::error::Code::Internal, "a product of nothing"))
}

fn matmul_integer(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (a, b, a_zero, b_zero) = (cx.input(0)?, cx.input(1)?, cx.optional(2), cx.optional(3));
    let (a, b) = (distance(cx, a, a_zero, true)?, distance(cx, b, b_zero, false)?);
    Ok(vec![product(cx, a, b)?])
}

/// An int32 result as quantised numbers: times the scales of both operands, then as the result's scale says.
fn requantised(cx: &mut Cx, sum: ValueId, scales: [ValueId; 2], to: [ValueId; 2]) -> Result<ValueId> {
    let scales = [cx.cast(scales[0], DType::F32)?, cx.cast(scales[1], DType::F32)?];
    let scale = cx.call("multiply", &scales)?;
    let real = cx.cast(sum, DType::F32)?;
    let real = cx.call("multiply", &[real, scale])?;
    let dtype = cx.dtype(to[1]);
    cx.one("qnn.quantize", &[("out_dtype", Attr::DType(dtype))], &[real, to[0], to[1]])
}

fn qlinear_matmul(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let [a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero] = operands(cx)?;
    let one = |cx: &Cx, v: ValueId| cx.shape(v).iter().all(|d| d.is(1));
    ensure!(one(cx, a_scale) && one(cx, y_scale), UnsupportedModel, "its scales differ by row; one for the whole matrix is supported");
    let (a, b) = (distance(cx, a, Some(a_zero), true)?, distance(cx, b, Some(b_zero), false)?);
    let sum = product(cx, a, b)?;
    Ok(vec![requantised(cx, sum, [a_scale, b_scale], [y_scale, y_zero])?])
}

fn operands<const N: usize>(cx: &Cx) -> Result<[ValueId; N]> {
    let all = (0..N).map(|i| cx.input(i)).collect::<Result<Vec<_>>>()?;
    Ok(std::array::from_fn(|i| all[i]))
}

/// One number per output channel as a tensor that broadcasts over the result of a convolution.
fn per_channel(cx: &mut Cx, v: ValueId, rank: usize) -> Result<ValueId> {
    if cx.rank(v) == 0 || cx.shape(v)[0].is(1) {
        return Ok(v);
    }
    let count = cx.shape(v)[0].clone();
    let ones = vec![Dim::from(1i64); rank - 2];
    cx.reshape(v, [vec![count], ones].concat())
}

fn conv_integer(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, w, x_zero, w_zero) = (cx.input(0)?, cx.input(1)?, cx.optional(2), cx.optional(3));
    let sum = integer_conv(cx, x, x_zero, w, w_zero)?;
    Ok(vec![cx.cast(sum, DType::I32)?])
}

fn integer_conv(cx: &mut Cx, x: ValueId, x_zero: Option<ValueId>, w: ValueId, w_zero: Option<ValueId>) -> Result<ValueId> {
    let rank = cx.rank(w);
    let x = distance(cx, x, x_zero, false)?;
    let w_zero = match w_zero {
        // One per output channel, the first axis of the weights.
        Some(z) if cx.rank(z) == 1 && !cx.shape(z)[0].is(1) => {
            let count = cx.shape(z)[0].clone();
            Some(cx.reshape(z, [vec![count], vec![Dim::from(1i64); rank - 1]].concat())?)
        }
        other => other,
    };
    let w = distance(cx, w, w_zero, false)?;
    linear::convolution(cx, x, w)
}

fn qlinear_conv(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let [x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero] = operands(cx)?;
    let bias = cx.optional(8);
    let mut sum = integer_conv(cx, x, Some(x_zero), w, Some(w_zero))?;
    if let Some(bias) = bias {
        let bias = cx.cast(bias, DType::F32)?;
        sum = cx.one("nn.bias_add", &[("axis", Attr::Int(1))], &[sum, bias])?;
    }
    let rank = cx.rank(sum);
    let w_scale = per_channel(cx, w_scale, rank)?;
    Ok(vec![requantised(cx, sum, [x_scale, w_scale], [y_scale, y_zero])?])
}
