//! `layout_transform`: axes in another order, named by letters, for example NCHW to NHWC.

use crate::attributes;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::network::refusal::Refusal;
use crate::ops::movement::{affine_indices, lower_affine, pick, strides};
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::tensor::shape;

attributes! {
    /// Attributes of `layout_transform`.
    pub struct LayoutTransform {
        /// The operand's axes, a capital letter each.
        pub src_layout: String = String::new(),
        /// The result's axes: the same letters in any order.
        pub dst_layout: String = String::new(),
    }
}

/// The operand's axis that each axis of the result is.
fn order(a: &LayoutTransform, rank: usize) -> Result<Vec<usize>> {
    let (from, to) = (a.src_layout.as_bytes(), a.dst_layout.as_bytes());
    if let Some(other) = from.iter().chain(to).find(|c| !c.is_ascii_uppercase()) {
        crate::fail!(
            NotImplemented,
            "layouts '{}' and '{}' have '{}': axes that are split in blocks are not supported",
            a.src_layout,
            a.dst_layout,
            char::from(*other)
        );
    }
    let order: Option<Vec<usize>> = to.iter().map(|c| from.iter().position(|d| d == c)).collect();
    let fits = |o: &Vec<usize>| o.len() == rank && from.len() == rank && (0..rank).all(|i| o.contains(&i));
    match order.filter(fits) {
        Some(order) => Ok(order),
        None => crate::fail!(BadGraph, "layouts '{}' and '{}' are no two orders of {rank} axes", a.src_layout, a.dst_layout),
    }
}

pub static LAYOUT_TRANSFORM: OpDef = OpDef {
    name: "layout_transform",
    doc: "Axes in another order, by their letters.",
    arity: (1, 1),
    attrs: AttrsDef::of::<LayoutTransform>(),
    infer: |c, x| {
        let order = order(c.attrs.get(), x[0].rank())?;
        Ok(vec![Fact::new(x[0].dtype, order.iter().map(|i| x[0].shape[*i].clone()).collect())])
    },
    eval: |c, x| {
        let own = strides(x[0].shape());
        let order = order(c.attrs.get(), own.len())?;
        let out: Vec<usize> = order.iter().map(|i| x[0].shape()[*i]).collect();
        let from = affine_indices(&out, 0, &order.iter().map(|i| own[*i]).collect::<Vec<_>>());
        Ok(vec![pick(&x[0], &out, &from)])
    },
    convert: |v, b, x| {
        let order = order(v.attrs(), v.input(0).rank()).map_err(|e| Refusal::new("layout_transform.layouts", e.message, ""))?;
        Ok(vec![b.transpose(x[0], &order)?])
    },
    lower: |v| {
        let own = shape::strides(v.shape(0));
        let order = order(v.attrs(), own.len())?;
        lower_affine(v, Dim::from(0i64), order.iter().map(|i| own[*i].clone()).collect())
    },
    tolerance: Tolerance::EXACT,
};
