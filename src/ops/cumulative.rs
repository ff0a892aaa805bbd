//! `cumsum` and `cumprod`: sums and products of all elements up to each, along an axis.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::network::layer::LayerKind;
use crate::network::refusal::Refusal;
use crate::ops::elementwise::{from_ints, ints};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `cumsum` and `cumprod`.
    pub struct Cumulative {
        /// The axis.
        pub axis: i64 = 0,
        /// An element's own value is left out.
        pub exclusive: bool = false,
        /// From the end.
        pub reverse: bool = false,
    }
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    ensure!(x[0].dtype != DType::Bool, WrongDType, "bool is not added up");
    shape::axis(c.attrs.get::<Cumulative>().axis, x[0].rank())?;
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}

/// The elements of `v` folded along an axis, from `start`.
fn run<T: Copy>(v: &[T], dims: &[usize], axis: usize, a: &Cumulative, start: T, step: fn(T, T) -> T) -> Vec<T> {
    let (extent, inner) = (dims[axis], dims[axis + 1..].iter().product::<usize>());
    let mut out = vec![start; v.len()];
    for lane in 0..v.len().checked_div(extent).unwrap_or(0) {
        let mut so_far = start;
        for i in 0..extent {
            let i = if a.reverse { extent - 1 - i } else { i };
            let at = (lane / inner * extent + i) * inner + lane % inner;
            let next = step(so_far, v[at]);
            out[at] = if a.exclusive { so_far } else { next };
            so_far = next;
        }
    }
    out
}

fn eval(c: &EvalCtx, x: &[Tensor], product: bool) -> Result<Vec<Tensor>> {
    let (a, dims, dtype): (&Cumulative, _, _) = (c.attrs.get(), x[0].shape(), x[0].dtype());
    let axis = shape::axis(a.axis, dims.len())?;
    if dtype.is_float() {
        let (start, step): (f64, fn(f64, f64) -> f64) = if product { (1.0, |p, v| p * v) } else { (0.0, |s, v| s + v) };
        return Ok(vec![Tensor::from_f64s(dtype, dims, &run(&x[0].to_f64s(), dims, axis, a, start, step))]);
    }
    let (start, step): (i64, fn(i64, i64) -> i64) = if product { (1, i64::wrapping_mul) } else { (0, i64::wrapping_add) };
    Ok(vec![from_ints(dtype, dims, &run(&ints(&x[0])?, dims, axis, a, start, step))])
}

pub static CUMSUM: OpDef = OpDef {
    name: "cumsum",
    doc: "Sum of all elements up to each along an axis.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Cumulative>(),
    infer,
    eval: |c, x| eval(c, x, false),
    convert: |v, b, x| {
        let a: &Cumulative = v.attrs();
        let axis = shape::axis(a.axis, v.input(0).rank()).unwrap_or(0);
        Ok(vec![b.add(LayerKind::Cumulative { axis, exclusive: a.exclusive, reverse: a.reverse }, x)?])
    },
    lower: |_| Ok(Lowering::Routine("cumsum")),
    tolerance: Tolerance::SUM,
};

pub static CUMPROD: OpDef = OpDef {
    name: "cumprod",
    doc: "Product of all elements up to each along an axis.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Cumulative>(),
    infer,
    eval: |c, x| eval(c, x, true),
    convert: |_, _, _| Err(Refusal::new("cumprod.no-layer", "TensorRT has no running products", "run the node on our kernels")),
    lower: |_| Ok(Lowering::Routine("cumprod")),
    tolerance: Tolerance::SUM,
};
