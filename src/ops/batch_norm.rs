//! `nn.batch_norm` with fixed statistics, as at inference: a scale and a shift per index of an axis.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance, not_lowered};
use crate::loops::{Binary, Body, Kernel, Role, Unary};
use crate::network::layer::{ElementWise, LayerKind};
use crate::network::refusal::Refusal;
use crate::ops::bias_add::{access_along, along};
use crate::tensor::dim::Answer;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.batch_norm`.
    pub struct BatchNorm {
        /// The axis of the channels.
        pub axis: i64 = 1,
        /// Added to the variance.
        pub epsilon: f64 = 1e-5,
        /// Mean and variance are the batch's own, not the operands; such a node is never offloaded.
        pub training: bool = false,
    }
}

/// Scale and shift per channel from gamma, beta, mean and variance.
pub fn scale_shift(gamma: &Tensor, beta: &Tensor, mean: &Tensor, variance: &Tensor, epsilon: f64) -> (Tensor, Tensor) {
    let [g, b, m, v] = [gamma, beta, mean, variance].map(Tensor::to_f64s);
    let scale: Vec<f64> = g.iter().zip(&v).map(|(g, v)| g / (v + epsilon).sqrt()).collect();
    let shift: Vec<f64> = (0..g.len()).map(|i| b[i] - m[i] * scale[i]).collect();
    let tensor = |v: &[f64]| Tensor::from_f64s(gamma.dtype(), gamma.shape(), v);
    (tensor(&scale), tensor(&shift))
}

/// Mean and variance per channel of the data themselves.
fn statistics(x: &[f64], inner: usize, channels: usize) -> (Vec<f64>, Vec<f64>) {
    let of = |c: usize| x.iter().enumerate().filter(move |(i, _)| i / inner % channels == c).map(|(_, v)| *v);
    let count = (x.len() / channels.max(1)) as f64;
    let mean: Vec<f64> = (0..channels).map(|c| of(c).sum::<f64>() / count).collect();
    let variance = (0..channels).map(|c| of(c).map(|v| (v - mean[c]).powi(2)).sum::<f64>() / count).collect();
    (mean, variance)
}

pub static BATCH_NORM: OpDef = OpDef {
    name: "nn.batch_norm",
    doc: "(x - mean) / sqrt(variance + epsilon) * gamma + beta, per channel.",
    arity: (5, 5),
    attrs: AttrsDef::of::<BatchNorm>(),
    infer: |c, x| {
        let axis = shape::axis(c.attrs.get::<BatchNorm>().axis, x[0].rank())?;
        for f in x {
            ensure!(f.dtype == x[0].dtype && f.dtype.is_float(), WrongDType, "operands are {} and {}", x[0].dtype, f.dtype);
        }
        for f in &x[1..] {
            let fits = f.rank() == 1 && f.shape[0].equals(&x[0].shape[axis]) != Answer::Never;
            ensure!(fits, BadGraph, "parameter {f} does not fit axis {axis}");
        }
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
    },
    eval: |c, x| {
        let a: &BatchNorm = c.attrs.get();
        let axis = shape::axis(a.axis, x[0].shape().len())?;
        let inner: usize = x[0].shape()[axis + 1..].iter().product();
        let [g, b, mut m, mut v] = [1, 2, 3, 4].map(|i| x[i].to_f64s());
        if a.training {
            (m, v) = statistics(&x[0].to_f64s(), inner, g.len());
        }
        let y = x[0].to_f64s().into_iter().enumerate().map(|(i, x)| {
            let ch = i / inner % g.len();
            (x - m[ch]) / (v[ch] + a.epsilon).sqrt() * g[ch] + b[ch]
        });
        Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y.collect::<Vec<_>>())])
    },
    convert: |v, b, x| {
        let a: &BatchNorm = v.attrs();
        if a.training {
            return Err(Refusal::new("batch_norm.training", "statistics are the batch's own", "export the model for inference"));
        }
        let rank = v.input(0).rank();
        let axis = shape::axis(a.axis, rank).unwrap_or(1);
        let [Some(g), Some(beta), Some(m), Some(var)] = [1, 2, 3, 4].map(|i| v.constant(i)) else {
            return Err(Refusal::new("batch_norm.parameters-not-constant", "a parameter is computed", "make it a constant"));
        };
        let (scale, shift) = scale_shift(g, beta, m, var, a.epsilon);
        if axis == 1 && (rank == 4 || rank == 5) {
            return Ok(vec![b.add(LayerKind::Scale { scale, shift }, &x[..1])?]);
        }
        let dims = along(axis, rank, &v.shape(1)[0]);
        let (scale, shift) = (b.constant(scale)?, b.constant(shift)?);
        let (scale, shift) = (b.reshape(scale, &dims)?, b.reshape(shift, &dims)?);
        let y = b.elementwise(ElementWise::Prod, x[0], scale)?;
        Ok(vec![b.elementwise(ElementWise::Sum, y, shift)?])
    },
    lower: |v| {
        let a: &BatchNorm = v.attrs();
        if a.training {
            return not_lowered(v);
        }
        let rank = v.input(0).rank();
        let axis = shape::axis(a.axis, rank)?;
        let mut k = Kernel::new(v.name());
        let x = k.add(Role::Input, v.dtype(0), v.shape(0));
        let params = [1, 2, 3, 4].map(|i| k.add(Role::Input, v.dtype(i), v.shape(i)));
        let out = k.add(Role::Output, v.dtype(0), v.shape(0));
        let mut body = Body::default();
        let x = body.load(k.dense(x));
        let [g, beta, m, var] = params.map(|p| body.load(access_along(p, axis, rank)));
        let centred = body.binary(Binary::Sub, x, m);
        let epsilon = body.float(v.dtype(0), a.epsilon);
        let var = body.binary(Binary::Add, var, epsilon);
        let deviation = body.unary(Unary::Sqrt, var);
        let scale = body.binary(Binary::Div, g, deviation);
        let scaled = body.binary(Binary::Mul, centred, scale);
        body.binary(Binary::Add, scaled, beta);
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::SUM,
};
