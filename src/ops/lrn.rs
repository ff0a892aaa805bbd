//! `nn.lrn`: local response normalisation across neighbours along one axis.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::{AttrsDef, NoAttrs, Param};
use crate::ir::build;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::binary::{ADD, DIVIDE, MULTIPLY, POWER};
use crate::ops::movement::strides;
use crate::ops::pool::{AVG_POOL2D, Pool};
use crate::ops::reshape::{RESHAPE, Reshape};
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count};

attributes! {
    /// Attributes of `nn.lrn`.
    pub struct Lrn {
        /// Neighbours in a window, itself included; of an even number one more stands behind than in front.
        pub size: i64 = 5,
        /// The axis of the neighbours.
        pub axis: i64 = 1,
        /// Added to the scaled mean square.
        pub bias: f64 = 2.0,
        /// Factor of the mean square.
        pub alpha: f64 = 1e-5,
        /// Power of the divisor.
        pub beta: f64 = 0.75,
    }
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let a: &Lrn = c.attrs.get();
    ensure!(x[0].dtype.is_float(), WrongDType, "the operand is {}", x[0].dtype);
    ensure!((1..=i64::from(i32::MAX)).contains(&a.size), BadGraph, "size is {}", a.size);
    shape::axis(a.axis, x[0].rank())?;
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &Lrn = c.attrs.get();
    let axis = shape::axis(a.axis, x[0].shape().len())?;
    let (v, extent, step) = (x[0].to_f64s(), x[0].shape()[axis] as i64, strides(x[0].shape())[axis]);
    let one = |i: usize| {
        let at = i as i64 / step % extent;
        let window = (at - (a.size - 1) / 2).max(0)..=(at + a.size / 2).min(extent - 1);
        let squares: f64 = window.map(|j| v[(i as i64 + (j - at) * step) as usize].powi(2)).sum();
        v[i] / (a.bias + a.alpha * squares / a.size as f64).powf(a.beta)
    };
    Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &(0..v.len()).map(one).collect::<Vec<_>>())])
}

fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let (a, dims): (&Lrn, _) = (v.attrs(), v.shape(0));
    let axis = shape::axis(a.axis, dims.len()).unwrap_or(1);
    if a.size % 2 == 0 {
        return Err(Refusal::new("lrn.even-size", format!("a window of {} is not even on both sides", a.size), "an odd size"));
    }
    let layer = LayerKind::Lrn { window: a.size, alpha: a.alpha as f32, beta: a.beta as f32, k: a.bias as f32 };
    if axis == 1 && dims.len() == 4 {
        return Ok(vec![b.add(layer, x)?]);
    }
    // The layer's neighbours are channels of pictures.
    let one = Dim::from(1i64);
    let picture = [element_count(&dims[..axis]), dims[axis].clone(), element_count(&dims[axis + 1..]), one];
    let data = b.reshape(x[0], &picture)?;
    let y = b.add(layer, &[data])?;
    Ok(vec![b.reshape(y, dims)?])
}

/// Squares, their mean by a pool along the axis in which zeros outside count, and the rest element by element.
fn lower(v: &NodeView) -> Result<Lowering> {
    let (a, dims): (&Lrn, _) = (v.attrs(), v.shape(0));
    let axis = shape::axis(a.axis, dims.len())?;
    let mut b = build::Builder::new(v.name());
    let to = |dims: Vec<Dim>| Reshape { newshape: Param::Static(dims), allowzero: true };
    let number = |b: &mut build::Builder, name: &str, n: f64| b.constant(name, Tensor::from_f64s(v.dtype(0), &[], &[n]));
    let x = b.input("data", Fact::new(v.dtype(0), dims.to_vec()))?;
    let squares = b.op("squares", &MULTIPLY, NoAttrs {}, &[x, x])?;
    let picture = vec![element_count(&dims[..axis]), Dim::from(1i64), dims[axis].clone(), element_count(&dims[axis + 1..])];
    let picture = b.op("picture", &RESHAPE, to(picture), &[squares])?;
    // Neighbours beyond both ends of the axis are zeros: a window need not reach further.
    let most = dims[axis].as_const().map_or(i64::MAX, |e| (e - 1).max(0));
    let (front, back) = (((a.size - 1) / 2).min(most), (a.size / 2).min(most));
    let window = front + back + 1;
    let alpha = a.alpha * window as f64 / a.size as f64;
    let pool = Pool { pool_size: vec![window, 1], padding: vec![front, 0, back, 0], count_include_pad: true, ..Pool::default() };
    let mean = b.op("mean", &AVG_POOL2D, pool, &[picture])?;
    let mean = b.op("shape", &RESHAPE, to(dims.to_vec()), &[mean])?;
    let (alpha, beta, bias) = (number(&mut b, "alpha", alpha), number(&mut b, "beta", a.beta), number(&mut b, "bias", a.bias));
    let scaled = b.op("scaled", &MULTIPLY, NoAttrs {}, &[mean, alpha])?;
    let sum = b.op("sum", &ADD, NoAttrs {}, &[scaled, bias])?;
    let divisor = b.op("divisor", &POWER, NoAttrs {}, &[sum, beta])?;
    let y = b.op("result", &DIVIDE, NoAttrs {}, &[x, divisor])?;
    b.output("result", y)?;
    Ok(Lowering::Expand(b.finish()))
}

pub static LRN: OpDef = OpDef {
    name: "nn.lrn",
    doc: "x / (bias + alpha * mean of squares of neighbours) ^ beta.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Lrn>(),
    infer,
    eval,
    convert,
    lower,
    tolerance: Tolerance::FUNCTION,
};
