//! `transpose`: axes in another order.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::ops::movement::{affine_indices, lower_affine, pick, pick_value, strides};
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::tensor::shape;

attributes! {
    /// Attributes of `transpose`.
    pub struct Transpose {
        /// The operand's axis that each axis of the result comes from; empty reverses them.
        pub axes: Vec<i64> = vec![],
    }
}

/// The order as a permutation of `0..rank`.
fn order(a: &Transpose, rank: usize) -> Result<Vec<usize>> {
    if a.axes.is_empty() {
        return Ok((0..rank).rev().collect());
    }
    ensure!(shape::axes(&a.axes, rank)?.len() == rank, BadGraph, "axes {:?} are no order of {rank} axes", a.axes);
    a.axes.iter().map(|i| shape::axis(*i, rank)).collect()
}

fn source(shape: &[usize], order: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let own = strides(shape);
    let out: Vec<usize> = order.iter().map(|i| shape[*i]).collect();
    let from = affine_indices(&out, 0, &order.iter().map(|i| own[*i]).collect::<Vec<_>>());
    (out, from)
}

pub static TRANSPOSE: OpDef = OpDef {
    name: "transpose",
    doc: "Axes in another order.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Transpose>(),
    infer: |c, x| {
        let order = order(c.attrs.get(), x[0].rank())?;
        let dims = order.iter().map(|i| x[0].shape[*i].clone()).collect();
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(pick_value(x[0], |s| source(s, &order).1))])
    },
    eval: |c, x| {
        let (out, from) = source(x[0].shape(), &order(c.attrs.get(), x[0].shape().len())?);
        Ok(vec![pick(&x[0], &out, &from)])
    },
    convert: |v, b, x| {
        let rank = b.dims(x[0]).len();
        let order = order(v.attrs(), rank).unwrap_or_else(|_| (0..rank).collect());
        Ok(vec![b.transpose(x[0], &order)?])
    },
    lower: |v| {
        let own = shape::strides(v.shape(0));
        let order = order(v.attrs(), own.len())?;
        // Axes of extent 1 may stand anywhere.
        if order.iter().filter(|i| !v.shape(0)[**i].is(1)).is_sorted() {
            return Ok(Lowering::View);
        }
        lower_affine(v, Dim::from(0i64), order.iter().map(|i| own[*i].clone()).collect())
    },
    tolerance: Tolerance::EXACT,
};
