//! `one_hot`: vectors with one entry that differs from the others.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Binary, Body, Kernel, Op, Role};
use crate::network::layer::{ElementWise, LayerKind};
use crate::ops::elementwise::ints;
use crate::ops::movement::pick;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape::{self, element_count};
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `one_hot`.
    pub struct OneHot {
        /// Extent of the new axis.
        pub depth: i64 = 1,
        /// Where the new axis stands in the result.
        pub axis: i64 = -1,
    }
}

/// The new axis, counted from the front of the result.
fn new_axis(a: &OneHot, rank: usize) -> Result<usize> {
    shape::axis(a.axis, rank + 1)
}

pub static ONE_HOT: OpDef = OpDef {
    name: "one_hot",
    doc: "The second operand where the new axis's index is the first (negative ones count from the end), else the third.",
    arity: (3, 3),
    attrs: AttrsDef::of::<OneHot>(),
    infer: |c, x| {
        let a: &OneHot = c.attrs.get();
        ensure!(matches!(x[0].dtype, DType::I64 | DType::I32), WrongDType, "indices are {}", x[0].dtype);
        ensure!(x[1].dtype == x[2].dtype, WrongDType, "the values are {} and {}", x[1].dtype, x[2].dtype);
        let single = x[1..].iter().all(|f| element_count(&f.shape).is(1));
        ensure!(single && a.depth >= 0, BadGraph, "values {} and {}, depth {}", x[1], x[2], a.depth);
        let mut dims = x[0].shape.clone();
        dims.insert(new_axis(a, dims.len())?, Dim::from(a.depth));
        Ok(vec![Fact::new(x[1].dtype, dims)])
    },
    eval: |c, x| {
        let (a, dims): (&OneHot, &[usize]) = (c.attrs.get(), x[0].shape());
        let axis = new_axis(a, dims.len())?;
        let inner: usize = dims[axis..].iter().product();
        let (mut out, indices) = (dims.to_vec(), ints(&x[0])?);
        out.insert(axis, a.depth as usize);
        let hot = |flat: usize| {
            let (place, at) = (flat / inner % a.depth as usize, flat / inner / a.depth as usize * inner + flat % inner);
            let index = if indices[at] < 0 { indices[at] + a.depth } else { indices[at] };
            index == place as i64
        };
        let both = Tensor::new(x[1].dtype(), vec![2], [x[2].bytes().as_ref(), x[1].bytes()].concat().into())?;
        let from: Vec<usize> = (0..out.iter().product()).map(|i| usize::from(hot(i))).collect();
        Ok(vec![pick(&both, &out, &from)])
    },
    convert: |v, b, x| {
        // By comparison: what TensorRT's own layer does with an index outside the axis is not documented.
        let (a, dtype): (&OneHot, DType) = (v.attrs(), v.dtype(0));
        let rank = v.output(0).rank();
        let axis = new_axis(a, rank - 1).unwrap_or(0);
        let mut dims = v.shape(0).to_vec();
        dims.insert(axis, Dim::from(1i64));
        let indices = b.reshape(x[0], &dims)?;
        let mut counted = vec![1usize; rank];
        counted[axis] = a.depth as usize;
        let places: Vec<i64> = (0..a.depth).collect();
        let range = |offset: i64| crate::ir::fact::int_tensor(dtype, &counted, &places.iter().map(|i| i + offset).collect::<Vec<_>>());
        let (from_front, from_end) = (b.constant(range(0))?, b.constant(range(-a.depth))?);
        let front = b.elementwise(ElementWise::Equal, indices, from_front)?;
        let end = b.elementwise(ElementWise::Equal, indices, from_end)?;
        let hot = b.elementwise(ElementWise::Or, front, end)?;
        let ones = vec![Dim::from(1i64); rank];
        let (on, off) = (b.reshape(x[1], &ones)?, b.reshape(x[2], &ones)?);
        Ok(vec![b.add(LayerKind::Select, &[hot, on, off])?])
    },
    lower: |v| {
        let a: &OneHot = v.attrs();
        let out_dims = &v.output(0).shape;
        let axis = new_axis(a, out_dims.len() - 1)?;
        let mut k = Kernel::new(v.name());
        let inputs: Vec<_> = (0..3).map(|i| k.add(Role::Input, v.dtype(i), v.shape(i))).collect();
        let out = k.add(Role::Output, v.dtype(1), out_dims);
        let mut access = k.dense(inputs[0]);
        access.strides.insert(axis, Dim::from(0i64));
        let flat = vec![Dim::from(0i64); out_dims.len()];
        let value = |i: usize| crate::loops::Access { buffer: inputs[i], offset: Dim::from(0i64), strides: flat.clone() };
        let mut body = Body::default();
        let raw = body.load(access);
        let raw = body.push(Op::Cast(DType::I64, raw));
        let (zero, depth) = (body.int(DType::I64, 0), body.int(DType::I64, a.depth));
        let negative = body.binary(Binary::Less, raw, zero);
        let wrapped = body.binary(Binary::Add, raw, depth);
        let index = body.push(Op::Select(negative, wrapped, raw));
        let place = body.push(Op::Index(axis));
        let hot = body.binary(Binary::Equal, index, place);
        let (on, off) = (body.load(value(1)), body.load(value(2)));
        body.push(Op::Select(hot, on, off));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
