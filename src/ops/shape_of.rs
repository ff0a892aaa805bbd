//! `shape_of`: the extents of a tensor. Its result is known before anything runs, so no kernel computes it.

use crate::attributes;
use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance, not_lowered};
use crate::network::refusal::Refusal;
use crate::ops::elementwise::from_ints;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;

attributes! {
    /// Attributes of `shape_of`.
    pub struct ShapeOf {
        /// Element type of the result.
        pub dtype: DType = DType::I64,
    }
}

pub static SHAPE_OF: OpDef = OpDef {
    name: "shape_of",
    doc: "The extents of a tensor.",
    arity: (1, 1),
    attrs: AttrsDef::of::<ShapeOf>(),
    infer: |c, x| {
        let dtype = c.attrs.get::<ShapeOf>().dtype;
        Ok(vec![Fact::new(dtype, vec![Dim::from(x[0].rank())]).with_value(Some(x[0].shape.clone()))])
    },
    eval: |c, x| {
        let extents: Vec<i64> = x[0].shape().iter().map(|d| *d as i64).collect();
        Ok(vec![from_ints(c.attrs.get::<ShapeOf>().dtype, &[extents.len()], &extents)])
    },
    convert: |_, _, _| Err(Refusal::new("shape_of.host", "shapes are computed on the host, from the inputs' shapes", "")),
    lower: not_lowered,
    tolerance: Tolerance::EXACT,
};
