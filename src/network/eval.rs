//! What a network computes, by the documented meaning of TensorRT's layers: slow and obvious, in f64 and i64, rounded to the
//! element type after each layer. Shares nothing with the operators that are converted to networks, so that each can be held
//! against the other. Where documents say nothing, NaN wins a maximum, integers wrap, and a division by zero gives zero.

use crate::network::layer::{Layer, LayerKind};
use crate::network::{
    Network, TensorId, eval_batch, eval_boxes, eval_elementwise, eval_index, eval_move, eval_order, eval_quantised, eval_reduce,
    eval_sample, eval_window,
};
use crate::tensor::bind::{Declared, Given, bind, learn};
use crate::tensor::dtype::{DType, Element};
use crate::tensor::error::{Context, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{dispatch, fail};

/// The outputs of `network` for `inputs`, both in binding order. Where the batch is implicit they begin with it, and each sample is
/// computed on its own.
pub fn eval(network: &Network, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    match network.batch {
        None => run(network, inputs),
        Some(_) => eval_batch::samples(network, inputs),
    }
}

/// The outputs for inputs that have the tensors' own shapes.
pub(super) fn run(network: &Network, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let tensors = network.inputs.iter().map(|id| network.tensor(*id));
    let declared: Vec<Declared> = tensors.map(|t| Declared { name: &t.name, dtype: t.dtype, shape: &t.dims }).collect();
    let given: Vec<Given> = inputs.iter().map(|x| Given { dtype: x.dtype(), shape: x.shape() }).collect();
    let mut bindings = bind(&declared, &given)?;
    let mut values: Vec<Option<Tensor>> = vec![None; network.tensors.len()];
    for (id, x) in network.inputs.iter().zip(inputs) {
        values[id.0 as usize] = Some(x.clone());
    }
    for layer in &network.layers {
        let operands = layer.inputs.iter().map(|id| get(&values, *id)).collect::<Result<Vec<_>>>();
        let made = operands.and_then(|x| eval_all(layer, &x, network.batch.is_some())).context(|| format!("layer '{}'", layer.name))?;
        for (id, value) in layer.outputs.iter().zip(made) {
            let out = network.tensor(*id);
            learn(&out.dims, value.shape(), &mut bindings);
            let expected = shape::eval(&out.dims, &bindings)?;
            if value.dtype() != out.dtype || value.shape() != expected {
                let (dtype, found) = (value.dtype(), value.shape());
                fail!(Internal, "layer '{}' gives {dtype}{found:?}, not {}{expected:?} as said", layer.name, out.dtype);
            }
            values[id.0 as usize] = Some(value);
        }
    }
    network.outputs.iter().map(|id| get(&values, *id).cloned()).collect()
}

fn get(values: &[Option<Tensor>], id: TensorId) -> Result<&Tensor> {
    match &values[id.0 as usize] {
        Some(t) => Ok(t),
        None => fail!(Internal, "tensor {} is read before it is made", id.0),
    }
}

/// The results of a layer; of one sample, where the batch is implicit.
pub(super) fn eval_all(layer: &Layer, x: &[&Tensor], sample: bool) -> Result<Vec<Tensor>> {
    match &layer.kind {
        kind if sample && kind.is_by_channel() => eval_batch::by_channel(layer, x),
        LayerKind::TopK { kind, k, axis } => eval_order::top_k(x[0], *kind, *k as usize, *axis),
        _ => Ok(vec![eval_layer(layer, x)?]),
    }
}

fn eval_layer(layer: &Layer, x: &[&Tensor]) -> Result<Tensor> {
    Ok(match &layer.kind {
        LayerKind::Constant(value) => value.clone(),
        LayerKind::Identity => x[0].clone(),
        LayerKind::Convolution { groups, window, weights, bias, .. } => {
            eval_window::convolution(x[0], *groups as usize, window, weights, bias.as_ref())
        }
        LayerKind::KernelConvolution { groups, window, .. } => eval_window::convolution(x[0], *groups as usize, window, x[1], None),
        LayerKind::Deconvolution { groups, window, weights, .. } => eval_window::deconvolution(x[0], *groups as usize, window, weights),
        LayerKind::Pooling { kind, window, exclude_padding, round_up } => {
            eval_window::pooling(x[0], *kind, window, *exclude_padding, *round_up)
        }
        LayerKind::Activation(kind, alpha, beta) => eval_elementwise::activation(x[0], *kind, f64::from(*alpha), f64::from(*beta)),
        LayerKind::Scale { scale, shift } => eval_elementwise::scale(x[0], scale, shift),
        LayerKind::ElementWise(op) => eval_elementwise::elementwise(*op, x[0], x[1]),
        LayerKind::Unary(op) => eval_elementwise::unary(*op, x[0]),
        LayerKind::Select => eval_elementwise::select(x[0], x[1], x[2]),
        LayerKind::Cast(to) => eval_elementwise::cast(x[0], *to),
        LayerKind::Reduce { kind, axes, keep } => eval_reduce::reduce(x[0], *kind, axes, *keep),
        LayerKind::Softmax(axis) => eval_reduce::softmax(x[0], *axis),
        LayerKind::MatrixMultiply(a, b) => eval_reduce::matmul(x[0], *a, x[1], *b)?,
        LayerKind::Shuffle { first, reshape, second } => eval_move::shuffle(x[0], first.as_deref(), reshape.as_deref(), second.as_deref())?,
        LayerKind::Concatenation(axis) => eval_move::concatenation(x, *axis),
        LayerKind::Slice { start, size, stride } => eval_move::slice(x[0], start, size, stride)?,
        LayerKind::SliceOutside { start, size, mode } => eval_move::slice_outside(x[0], x.get(1).copied(), start, size, *mode)?,
        LayerKind::Lrn { window, alpha, beta, k } => {
            eval_sample::lrn(x[0], *window as usize, f64::from(*alpha), f64::from(*beta), f64::from(*k))
        }
        LayerKind::Resize(resize) => eval_sample::resize(x[0], resize),
        LayerKind::GridSample { mode, outside, align_corners } => eval_sample::grid_sample(x[0], x[1], *mode, *outside, *align_corners),
        LayerKind::Gather(axis) => eval_move::gather(x[0], x[1], *axis),
        LayerKind::ReverseSequence { batch, sequence } => eval_index::reverse_sequence(x[0], x[1], *batch, *sequence),
        LayerKind::NonZero(_) => eval_index::non_zero(x[0]),
        LayerKind::Nms { center, .. } => eval_boxes::nms(x, *center),
        LayerKind::Quantize(axis) => eval_quantised::quantize(x[0], x[1], *axis),
        LayerKind::Dequantize(axis, to) => eval_quantised::dequantize(x[0], x[1], *axis, *to),
        LayerKind::GatherElements(axis) => eval_index::gather_elements(x[0], x[1], *axis),
        LayerKind::GatherNd(batch) => eval_index::gather_nd(x[0], x[1], *batch),
        LayerKind::ScatterElements(axis) => eval_index::scatter(x[0], x[2], &eval_index::element_places(x[0], x[1], *axis))?,
        LayerKind::ScatterNd => eval_index::scatter(x[0], x[2], &eval_index::nd_places(x[0], x[1]))?,
        LayerKind::ParametricRelu => eval_elementwise::parametric_relu(x[0], x[1]),
        LayerKind::Cumulative { axis, exclusive, reverse } => eval_order::cumulative(x[0], *axis, *exclusive, *reverse),
        LayerKind::Einsum(equation) => eval_order::einsum(equation, x)?,
        LayerKind::TopK { .. } => fail!(Internal, "a layer with several outputs"),
        LayerKind::Plugin(plugin) => fail!(NotImplemented, "{plugin} computes in an engine only"),
    })
}

/// Elements as they are computed with.
pub(super) enum Values {
    /// Of a floating-point type.
    Floats(Vec<f64>),
    /// Of an integer type or `bool`.
    Ints(Vec<i64>),
}

/// The elements of a tensor.
pub(super) fn load(t: &Tensor) -> Values {
    t.to_i64s().map_or_else(|| Values::Floats(t.to_f64s()), Values::Ints)
}

/// A tensor of elements, rounded to `dtype`.
pub(super) fn floats(dtype: DType, shape: &[usize], v: Vec<f64>) -> Tensor {
    Tensor::from_f64s(dtype, shape, &v)
}

/// A tensor of integers or `bool`; values outside the type wrap.
pub(super) fn ints(dtype: DType, shape: &[usize], v: Vec<i64>) -> Tensor {
    match dtype {
        DType::Bool => Tensor::from_bools(shape, v.into_iter().map(|v| v != 0).collect()),
        DType::I32 => Tensor::from_vec(shape, v.into_iter().map(|v| v as i32).collect()),
        DType::I64 => Tensor::from_vec(shape, v),
        d if d.is_float() => floats(dtype, shape, v.into_iter().map(|v| v as f64).collect()),
        // No TensorRT has these, but networks that are refused for it can be looked at all the same.
        _ => {
            dispatch!(dtype, T => Tensor::from_vec(shape, v.into_iter().map(|v| wrapped(dtype, v)).map(<T as Element>::from_f64).collect()))
        }
    }
}

/// The value that the low bits of `v` are in a small integer type.
fn wrapped(dtype: DType, v: i64) -> f64 {
    let bits = 8 * dtype.size() as u32;
    let low = v.wrapping_shl(64 - bits.min(64));
    let signed = matches!(dtype, DType::I8 | DType::I16);
    if signed { (low >> (64 - bits)) as f64 } else { (low as u64 >> (64 - bits)) as f64 }
}

/// The tensor whose element `i` is element `from(i)` of `t`, or zero for `None`; `i` is an index of `shape`.
pub(super) fn pick(t: &Tensor, shape: &[usize], from: &dyn Fn(&[usize]) -> Option<Vec<usize>>) -> Tensor {
    let strides = strides(t.shape());
    let source: Vec<Option<usize>> = indices(shape).map(|i| from(&i).map(|j| offset(&j, &strides))).collect();
    let picked = dispatch!(t.dtype(), T => {
        let v = t.values::<T>();
        Tensor::from_vec(shape, source.into_iter().map(|o| o.map_or(<T as Element>::from_f64(0.0), |o| v[o])).collect())
    });
    if t.dtype() == DType::Bool { ints(DType::Bool, shape, picked.to_i64s().unwrap_or_default()) } else { picked }
}

/// Every index of a shape, in row-major order.
pub(super) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let shape = shape.to_vec();
    (0..shape.iter().product::<usize>()).map(move |mut flat| {
        let mut index = vec![0; shape.len()];
        for i in (0..shape.len()).rev() {
            index[i] = flat % shape[i];
            flat /= shape[i];
        }
        index
    })
}

/// Row-major element strides.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|i| shape[i + 1..].iter().product()).collect()
}

/// Position of an index.
pub(super) fn offset(index: &[usize], strides: &[usize]) -> usize {
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}

/// The shape to which shapes of equal rank broadcast.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Vec<usize> {
    a.iter().zip(b).map(|(a, b)| if *a == 1 { *b } else { *a }).collect()
}

/// Position in an operand of shape `own` that is broadcast.
pub(super) fn broadcast_offset(index: &[usize], own: &[usize]) -> usize {
    let clamped: Vec<usize> = index.iter().zip(own).map(|(i, d)| if *d == 1 { 0 } else { *i }).collect();
    offset(&clamped, &strides(own))
}
