//! Softmax and its logarithm over one axis.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Binary, Body, Fold, Kernel, Op, Role, Unary};
use crate::network::layer::{self, ElementWise, LayerKind};
use crate::ops::normalise::{narrowed, statistics_type, widened};
use crate::ops::reduce::reduce_stage;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `nn.softmax` and `nn.log_softmax`.
    pub struct Softmax {
        /// The axis whose elements add up to 1.
        pub axis: i64 = -1,
    }
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    ensure!(x[0].dtype.is_float(), WrongDType, "the operand is {}", x[0].dtype);
    shape::axis(c.attrs.get::<Softmax>().axis, x[0].rank())?;
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}

fn eval(c: &EvalCtx, x: &[Tensor], log: bool) -> Result<Vec<Tensor>> {
    let axis = shape::axis(c.attrs.get::<Softmax>().axis, x[0].shape().len())?;
    let (extent, inner) = (x[0].shape()[axis], x[0].shape()[axis + 1..].iter().product::<usize>());
    let v = x[0].to_f64s();
    let mut y = vec![0.0; v.len()];
    for lane in 0..v.len().checked_div(extent).unwrap_or(0) {
        let at = |i: usize| (lane / inner * extent + i) * inner + lane % inner;
        let max = (0..extent).map(|i| v[at(i)]).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..extent).map(|i| (v[at(i)] - max).exp()).sum();
        (0..extent).for_each(|i| y[at(i)] = if log { v[at(i)] - max - sum.ln() } else { (v[at(i)] - max).exp() / sum });
    }
    Ok(vec![Tensor::from_f64s(x[0].dtype(), x[0].shape(), &y)])
}

fn lower(v: &NodeView, log: bool) -> Result<Lowering> {
    let axis = shape::axis(v.attrs::<Softmax>().axis, v.shape(0).len())?;
    Ok(Lowering::Kernel(kernel(v.name(), v.dtype(0), v.shape(0), axis, log)))
}

/// The kernel of a softmax along `axis`, or of its logarithm.
pub fn kernel(name: &str, dtype: DType, dims: &[Dim], axis: usize, log: bool) -> Kernel {
    let mut lanes = dims.to_vec();
    lanes[axis] = Dim::from(1i64);
    let mut k = Kernel::new(name);
    let x = k.add(Role::Input, dtype, dims);
    let out = k.add(Role::Output, dtype, dims);
    // Sums of narrow floats are kept in float32.
    let wide = statistics_type(dtype);
    let (max, sum) = (k.add(Role::Local, dtype, &lanes), k.add(Role::Local, wide, &lanes));
    let exps = k.add(Role::Local, wide, dims);
    let stage = reduce_stage(k.dense(x), dims, &[axis], max, Fold::Max, Body::acc());
    k.stages.push(stage);
    let shifted = |k: &Kernel, body: &mut Body| {
        let (x, max) = (body.load(k.dense(x)), body.load(k.broadcast(max, dims)));
        let (x, max) = (body.push(Op::Cast(wide, x)), body.push(Op::Cast(wide, max)));
        body.binary(Binary::Sub, x, max)
    };
    let mut body = Body::default();
    let d = shifted(&k, &mut body);
    body.unary(Unary::Exp, d);
    k.map(exps, body);
    let stage = reduce_stage(k.dense(exps), dims, &[axis], sum, Fold::Sum, Body::acc());
    k.stages.push(stage);
    let mut body = Body::default();
    if log {
        let d = shifted(&k, &mut body);
        let sum = body.load(k.broadcast(sum, dims));
        let sum = body.unary(Unary::Log, sum);
        body.binary(Binary::Sub, d, sum);
    } else {
        let (e, sum) = (body.load(k.dense(exps)), body.load(k.broadcast(sum, dims)));
        body.binary(Binary::Div, e, sum);
    }
    body.push(Op::Cast(dtype, body.result));
    k.map(out, body);
    k
}

pub static SOFTMAX: OpDef = OpDef {
    name: "nn.softmax",
    doc: "exp(x) over its sum along an axis.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Softmax>(),
    infer,
    eval: |c, x| eval(c, x, false),
    convert: |v, b, x| {
        let axis = shape::axis(v.attrs::<Softmax>().axis, v.input(0).rank()).unwrap_or(0);
        Ok(vec![b.add(LayerKind::Softmax(axis), x)?])
    },
    lower: |v| lower(v, false),
    tolerance: Tolerance::FUNCTION,
};

pub static LOG_SOFTMAX: OpDef = OpDef {
    name: "nn.log_softmax",
    doc: "Logarithm of the softmax.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Softmax>(),
    infer,
    eval: |c, x| eval(c, x, true),
    convert: |v, b, x| {
        let axis = shape::axis(v.attrs::<Softmax>().axis, v.input(0).rank()).unwrap_or(0);
        // Not the logarithm of a softmax: that is of 0 where the result is below -104.
        let wide = widened(b, x[0])?;
        let reduce = |kind| LayerKind::Reduce { kind, axes: vec![axis], keep: true };
        let most = b.add(reduce(layer::Reduce::Max), &[wide])?;
        let shifted = b.elementwise(ElementWise::Sub, wide, most)?;
        let grown = b.add(LayerKind::Unary(layer::Unary::Exp), &[shifted])?;
        let sum = b.add(reduce(layer::Reduce::Sum), &[grown])?;
        let log = b.add(LayerKind::Unary(layer::Unary::Log), &[sum])?;
        let y = b.elementwise(ElementWise::Sub, shifted, log)?;
        Ok(vec![narrowed(b, y, v.dtype(0))?])
    },
    lower: |v| lower(v, true),
    tolerance: Tolerance::FUNCTION,
};
