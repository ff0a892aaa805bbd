//! `full`: a tensor whose elements are all one value.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::network::refusal::Refusal;
use crate::ops::movement::{data_dependent, lower_affine, param_eval, param_len, param_value, pick};
use crate::tensor::dim::Dim;
use crate::tensor::shape;

attributes! {
    /// Attributes of `full`.
    pub struct Full {
        /// Shape of the result.
        pub shape: Param = Param::Static(vec![]),
    }
}

pub static FULL: OpDef = OpDef {
    name: "full",
    doc: "The operand, one element, repeated over a shape.",
    arity: (1, 2),
    attrs: AttrsDef::of::<Full>(),
    infer: |c, x| {
        ensure!(shape::element_count(&x[0].shape).is(1), BadGraph, "the value has shape {}", shape::text(&x[0].shape));
        let param = &c.attrs.get::<Full>().shape;
        let dims = match param_value(param, x)? {
            Some(dims) => dims,
            None => (0..param_len(param, x)?).map(|i| data_dependent(c.node, i)).collect(),
        };
        let count = shape::as_usizes(&dims).map_or(usize::MAX, |d| d.iter().fold(1, |n: usize, d| n.saturating_mul(*d)));
        let small = count <= crate::ir::fact::MAX_VALUE_LEN;
        let value = x[0].value.as_ref().filter(|_| small).map(|v| vec![v[0].clone(); count]);
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(value)])
    },
    eval: |c, x| {
        let out: Vec<usize> = param_eval(&c.attrs.get::<Full>().shape, c, x)?.into_iter().map(|d| d.max(0) as usize).collect();
        let count = out.iter().product();
        Ok(vec![pick(&x[0], &out, &vec![0; count])])
    },
    convert: |v, b, _| {
        let (dims, value) = (shape::as_usizes(&v.output(0).shape), v.constant(0));
        match (dims, value) {
            (Some(dims), Some(t)) => Ok(vec![b.constant(pick(t, &dims, &vec![0; dims.iter().product()]))?]),
            _ => Err(Refusal::new("full.dynamic", "shape or value are not fixed", "fix the symbols of the shape")),
        }
    },
    lower: |v| lower_affine(v, Dim::from(0i64), vec![Dim::from(0i64); v.output(0).rank()]),
    tolerance: Tolerance::EXACT,
};
