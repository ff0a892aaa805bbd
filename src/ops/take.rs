//! `take`: slices of one axis by index, as embeddings and shape arithmetic use it.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::loops::{Binary, Body, Kernel, Op, Role};
use crate::network::layer::{ElementWise, LayerKind};
use crate::network::refusal::Refusal;
use crate::ops::elementwise::ints;
use crate::ops::movement::{constants, pick, pick_value, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `take`.
    pub struct Take {
        /// The axis of the data that the indices select from.
        pub axis: i64 = 0,
    }
}

/// Flat indices of the result's elements. Negative indices count from the end; others are clamped into the axis.
fn source(data: &[usize], axis: usize, indices: &[i64]) -> Vec<usize> {
    let own = strides(data);
    let (outer, inner): (usize, usize) = (data[..axis].iter().product(), data[axis + 1..].iter().product());
    let last = data[axis] as i64 - 1;
    let mut out = Vec::with_capacity(outer * indices.len() * inner);
    for o in 0..outer {
        for i in indices {
            let i = if *i < 0 { i + last + 1 } else { *i }.clamp(0, last.max(0));
            let base = o * data[axis] * inner + i as usize * own[axis] as usize;
            out.extend(base..base + inner);
        }
    }
    out
}

pub static TAKE: OpDef = OpDef {
    name: "take",
    doc: "Slices of one axis by index: the axis becomes the indices' shape.",
    arity: (2, 2),
    attrs: AttrsDef::of::<Take>(),
    infer: |c, x| {
        ensure!(matches!(x[1].dtype, DType::I64 | DType::I32), WrongDType, "indices are {}", x[1].dtype);
        let axis = shape::axis(c.attrs.get::<Take>().axis, x[0].rank())?;
        let dims = [&x[0].shape[..axis], &x[1].shape, &x[0].shape[axis + 1..]].concat();
        let known = x[1].value.as_ref().and_then(|v| constants(v, "index").ok());
        let value = known.and_then(|i| pick_value(x[0], |s| source(s, axis, &i)));
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(value)])
    },
    eval: |c, x| {
        let axis = shape::axis(c.attrs.get::<Take>().axis, x[0].shape().len())?;
        let out = [&x[0].shape()[..axis], x[1].shape(), &x[0].shape()[axis + 1..]].concat();
        ensure!(x[0].shape()[axis] > 0 || out.contains(&0), BadGraph, "axis {axis} of the data is empty");
        Ok(vec![pick(&x[0], &out, &source(x[0].shape(), axis, &ints(&x[1])?))])
    },
    convert: |v, b, x| {
        let axis = shape::axis(v.attrs::<Take>().axis, v.input(0).rank()).unwrap_or(0);
        let Some(extent) = v.shape(0)[axis].as_const().and_then(|e| i32::try_from(e).ok()) else {
            return Err(Refusal::new("take.dynamic-axis", "the extent that indices select from is not fixed", "fix it"));
        };
        if let Some(indices) = v.constant(1).and_then(|t| t.to_i64s()) {
            let last = extent - 1;
            let fixed: Vec<i32> =
                indices.iter().map(|i| (if *i < 0 { i + extent as i64 } else { *i }).clamp(0, last as i64) as i32).collect();
            let dims = shape::as_usizes(v.shape(1)).unwrap_or_default();
            let indices = b.constant(Tensor::from_vec(&dims, fixed))?;
            return Ok(vec![b.add(LayerKind::Gather(axis), &[x[0], indices])?]);
        }
        let indices = if b.dtype(x[1]) == DType::I32 { x[1] } else { b.add(LayerKind::Cast(DType::I32), &[x[1]])? };
        let (zero, whole) = (b.constant(Tensor::scalar(0i32))?, b.constant(Tensor::scalar(extent))?);
        let negative = b.elementwise(ElementWise::Less, indices, zero)?;
        let wrapped = b.elementwise(ElementWise::Sum, indices, whole)?;
        let indices = b.add(LayerKind::Select, &[negative, wrapped, indices])?;
        Ok(vec![b.add(LayerKind::Gather(axis), &[x[0], indices])?])
    },
    lower: |v| {
        let axis = shape::axis(v.attrs::<Take>().axis, v.input(0).rank())?;
        let mut k = Kernel::new(v.name());
        let data = k.add(Role::Input, v.dtype(0), v.shape(0));
        let indices = k.add(Role::Input, v.dtype(1), v.shape(1));
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let (own, inner) = (shape::strides(v.shape(0)), shape::strides(v.shape(1)));
        let index_rank = inner.len();
        let mut body = Body::default();
        // The index, from the axes of the result that the indices' shape fills.
        let mut access = k.dense(indices);
        let lead = vec![Dim::from(0i64); axis];
        let tail = vec![Dim::from(0i64); v.input(0).rank() - axis - 1];
        access.strides = [lead, access.strides, tail].concat();
        let raw = body.load(access);
        let raw = body.push(Op::Cast(DType::I64, raw));
        let (zero, one) = (body.int(DType::I64, 0), body.int(DType::I64, 1));
        let extent = body.push(Op::Size(v.shape(0)[axis].clone()));
        let wrapped = body.binary(Binary::Add, raw, extent);
        let negative = body.binary(Binary::Less, raw, zero);
        let index = body.push(Op::Select(negative, wrapped, raw));
        let last = body.binary(Binary::Sub, extent, one);
        let index = body.binary(Binary::Min, index, last);
        let index = body.binary(Binary::Max, index, zero);
        let mut term = |i: crate::loops::Val, stride: &Dim| {
            let stride = body.push(Op::Size(stride.clone()));
            body.binary(Binary::Mul, i, stride)
        };
        let mut offset = term(index, &own[axis]);
        for i in (0..v.input(0).rank()).filter(|i| *i != axis) {
            let at = body.push(Op::Index(if i < axis { i } else { i + index_rank - 1 }));
            let stride = body.push(Op::Size(own[i].clone()));
            let step = body.binary(Binary::Mul, at, stride);
            offset = body.binary(Binary::Add, offset, step);
        }
        body.push(Op::LoadAt(data, offset));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
