//! `argwhere`: the places of the elements that are not zero. How many there are is known only when it runs.

use crate::ir::attrs::{AttrsDef, NoAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::network::layer::{ElementWise, LayerKind, Unary};
use crate::ops::conv::indices as places;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;

pub static ARGWHERE: OpDef = OpDef {
    name: "argwhere",
    doc: "Places of the elements that are not zero, one row each, in row-major order.",
    arity: (1, 1),
    attrs: AttrsDef::of::<NoAttrs>(),
    infer: |c, x| {
        let most = shape::element_count(&x[0].shape).interval().1.min(i32::MAX as i64);
        let count = Dim::symbol(&format!("{}.0", c.node), 0, most);
        Ok(vec![Fact::new(DType::I32, vec![count, Dim::from(x[0].rank())])])
    },
    eval: |_, x| {
        let values = x[0].to_f64s();
        let found: Vec<i32> =
            places(x[0].shape()).zip(&values).filter(|(_, v)| **v != 0.0).flat_map(|(p, _)| p.into_iter().map(|i| i as i32)).collect();
        let count = values.iter().filter(|v| **v != 0.0).count();
        Ok(vec![Tensor::from_vec(&[count, x[0].shape().len()], found)])
    },
    convert: |v, b, x| {
        let mut x = x[0];
        // The layer knows few types: of others it is told what is not zero.
        if !matches!(v.dtype(0), DType::F32 | DType::F16 | DType::I32 | DType::Bool) {
            let zero = b.constant(Tensor::from_f64s(v.dtype(0), &[1], &[0.0]))?;
            let zero = b.elementwise(ElementWise::Equal, x, zero)?;
            x = b.add(LayerKind::Unary(Unary::Not), &[zero])?;
        }
        let found = b.add(LayerKind::NonZero(v.output(0).shape[0].clone()), &[x])?;
        Ok(vec![b.transpose(found, &[1, 0])?])
    },
    lower: |_| Ok(Lowering::Routine("argwhere")),
    tolerance: Tolerance::EXACT,
};
