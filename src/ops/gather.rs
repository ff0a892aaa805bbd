//! `gather`: one element per index, from the index's own place on all axes but one (ONNX's GatherElements).

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Body, Kernel, Op, Role};
use crate::network::layer::LayerKind;
use crate::ops::conv::indices as places;
use crate::ops::elementwise::ints;
use crate::ops::index::{bounded, check_indices, clamped, from_front, running, step};
use crate::ops::movement::{pick, strides};
use crate::tensor::dtype::DType;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `gather`.
    pub struct Gather {
        /// The axis of the data that the indices select from.
        pub axis: i64 = 0,
    }
}

pub static GATHER: OpDef = OpDef {
    name: "gather",
    doc: "The element of the data at the place of each index, but for one axis, where the index says.",
    arity: (2, 2),
    attrs: AttrsDef::of::<Gather>(),
    infer: |c, x| {
        check_indices(x[1])?;
        let axis = shape::axis(c.attrs.get::<Gather>().axis, x[0].rank())?;
        ensure!(x[0].rank() == x[1].rank(), BadGraph, "data of rank {} and indices of rank {}", x[0].rank(), x[1].rank());
        let fits = |i: usize| i == axis || (&x[0].shape[i] - &x[1].shape[i]).interval().1 >= 0;
        let (data, indices) = (shape::text(&x[0].shape), shape::text(&x[1].shape));
        ensure!((0..x[0].rank()).all(fits), BadGraph, "indices of shape {indices} do not fit into data of {data}");
        Ok(vec![Fact::new(x[0].dtype, x[1].shape.clone())])
    },
    eval: |c, x| {
        let axis = shape::axis(c.attrs.get::<Gather>().axis, x[0].shape().len())?;
        let (own, chosen) = (strides(x[0].shape()), ints(&x[1])?);
        let fits = (0..own.len()).all(|i| i == axis || x[1].shape()[i] <= x[0].shape()[i]);
        ensure!(fits, WrongShape, "indices of shape {:?} do not fit into data of {:?}", x[1].shape(), x[0].shape());
        ensure!(!x[0].is_empty() || x[1].is_empty(), BadGraph, "the data are empty");
        let from = places(x[1].shape()).zip(&chosen).map(|(mut place, index)| {
            place[axis] = clamped(*index, x[0].shape()[axis]);
            place.iter().zip(&own).map(|(i, s)| i * *s as usize).sum()
        });
        let from: Vec<usize> = from.collect();
        Ok(vec![pick(&x[0], x[1].shape(), &from)])
    },
    convert: |v, b, x| {
        let axis = shape::axis(v.attrs::<Gather>().axis, v.input(0).rank()).unwrap_or(0);
        let indices = from_front(b, v, x[1], v.constant(1).cloned(), &v.shape(0)[axis..=axis])?;
        Ok(vec![b.add(LayerKind::GatherElements(axis), &[x[0], indices])?])
    },
    lower: |v| {
        let axis = shape::axis(v.attrs::<Gather>().axis, v.input(0).rank())?;
        let mut k = Kernel::new(v.name());
        let data = k.add(Role::Input, v.dtype(0), v.shape(0));
        let indices = k.add(Role::Input, v.dtype(1), v.shape(1));
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let mut body = Body::default();
        let raw = body.load(k.dense(indices));
        let index = bounded(&mut body, raw, &v.shape(0)[axis]);
        let mut offset = body.int(DType::I64, 0);
        for (i, stride) in shape::strides(v.shape(0)).iter().enumerate() {
            let at = if i == axis { index } else { running(&mut body, i, &v.shape(1)[i], &v.shape(0)[i]) };
            offset = step(&mut body, offset, at, stride);
        }
        body.push(Op::LoadAt(data, offset));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
