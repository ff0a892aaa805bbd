//! Layers between floats and int8. Part of [`crate::network::eval`].

use crate::network::eval::{floats, indices};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

/// The scale of each element.
fn scales(x: &Tensor, scale: &Tensor, axis: Option<usize>) -> Vec<f64> {
    let values = scale.to_f64s();
    indices(x.shape()).map(|i| values[axis.map_or(0, |a| i[a])]).collect()
}

/// The quotient in float32, to the nearest even, saturated.
pub(super) fn quantize(x: &Tensor, scale: &Tensor, axis: Option<usize>) -> Tensor {
    let quotients = x.to_f64s().into_iter().zip(scales(x, scale, axis)).map(|(v, s)| v as f32 / s as f32);
    floats(DType::I8, x.shape(), quotients.map(|q| f64::from(q.round_ties_even()).clamp(-128.0, 127.0)).collect())
}

pub(super) fn dequantize(x: &Tensor, scale: &Tensor, axis: Option<usize>, to: DType) -> Tensor {
    floats(to, x.shape(), x.to_f64s().into_iter().zip(scales(x, scale, axis)).map(|(v, s)| v * s).collect())
}
