//! `take`: slices of one axis by index, as embeddings and shape arithmetic use it.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Binary, Body, Kernel, Op, Role, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{ElementWise, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::ints;
use crate::ops::index::{as_int32, bounded, check_indices, clamped, from_front, step};
use crate::ops::movement::{constants, lower_affine, pick, pick_value, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};
use std::cmp::Ordering;

attributes! {
    /// Attributes of `take`.
    pub struct Take {
        /// The axis of the data that the indices select from.
        pub axis: i64 = 0,
        /// What becomes of indices outside the axis: `fast` counts negative ones from the end and takes the others for granted, `clip`
        /// takes the nearest inside, `wrap` goes round.
        pub mode: String = "fast".into(),
    }
}

/// The index inside the axis that an index stands for.
fn resolved(index: i64, extent: usize, mode: &str) -> usize {
    match mode {
        "clip" => index.clamp(0, (extent as i64 - 1).max(0)) as usize,
        "wrap" => index.checked_rem_euclid(extent as i64).unwrap_or(0) as usize,
        _ => clamped(index, extent),
    }
}

/// Flat indices of the result's elements.
fn source(data: &[usize], axis: usize, indices: &[i64], mode: &str) -> Vec<usize> {
    let own = strides(data);
    let (outer, inner): (usize, usize) = (data[..axis].iter().product(), data[axis + 1..].iter().product());
    let mut out = Vec::with_capacity(outer * indices.len() * inner);
    for o in 0..outer {
        for i in indices {
            let base = o * data[axis] * inner + resolved(*i, data[axis], mode) * own[axis] as usize;
            out.extend(base..base + inner);
        }
    }
    out
}

/// The indices as layers take them: int32, and not negative where that means something else.
fn layer_indices(v: &NodeView, b: &mut Builder, x: TensorId, axis: usize) -> Accepted<TensorId> {
    let mode = v.attrs::<Take>().mode.as_str();
    let constant = v.constant(1).cloned();
    if mode == "fast" {
        return from_front(b, v, x, constant, &v.shape(0)[axis..=axis]);
    }
    let Some(extent) = v.shape(0)[axis].as_const().and_then(|e| i32::try_from(e).ok()) else {
        let reason = format!("indices outside the axis depend on its extent {}, which is not fixed", v.shape(0)[axis]);
        return Err(Refusal::new("take.dynamic-axis", reason, "fix it"));
    };
    if let Some(t) = constant {
        let values = t.to_i64s().unwrap_or_default();
        let fixed: Vec<i32> = values.iter().map(|i| resolved(*i, extent as usize, mode) as i32).collect();
        return b.constant(Tensor::from_vec(t.shape(), fixed));
    }
    let x = as_int32(b, x)?;
    if mode == "clip" {
        let (zero, last) = (b.constant(Tensor::scalar(0i32))?, b.constant(Tensor::scalar(extent - 1))?);
        let below = b.elementwise(ElementWise::Min, x, last)?;
        return b.elementwise(ElementWise::Max, below, zero);
    }
    let whole = b.constant(Tensor::scalar(extent))?;
    let rounds = b.elementwise(ElementWise::FloorDiv, x, whole)?;
    let past = b.elementwise(ElementWise::Prod, rounds, whole)?;
    b.elementwise(ElementWise::Sub, x, past)
}

/// The only index, where it is known and the axis is fixed.
fn fixed(v: &NodeView, axis: usize) -> Option<usize> {
    let extent = v.shape(0)[axis].as_const().and_then(|e| usize::try_from(e).ok()).filter(|e| *e > 0)?;
    match v.constant(1)?.to_i64s()?[..] {
        [only] => Some(resolved(only, extent, &v.attrs::<Take>().mode)),
        _ => None,
    }
}

/// A loaded index inside the axis, as `int64`.
fn loaded(body: &mut Body, raw: Val, extent: &Dim, mode: &str) -> Val {
    if mode == "fast" {
        return bounded(body, raw, extent);
    }
    let raw = body.push(Op::Cast(DType::I64, raw));
    let zero = body.int(DType::I64, 0);
    let extent = body.push(Op::Size(extent.clone()));
    if mode == "clip" {
        let one = body.int(DType::I64, 1);
        let last = body.binary(Binary::Sub, extent, one);
        let index = body.binary(Binary::Min, raw, last);
        return body.binary(Binary::Max, index, zero);
    }
    let rest = body.binary(Binary::Rem, raw, extent);
    let up = body.binary(Binary::Add, rest, extent);
    let negative = body.binary(Binary::Less, rest, zero);
    body.push(Op::Select(negative, up, rest))
}

pub static TAKE: OpDef = OpDef {
    name: "take",
    doc: "Slices of one axis by index: the axis becomes the indices' shape.",
    arity: (2, 2),
    attrs: AttrsDef::of::<Take>(),
    infer: |c, x| {
        check_indices(x[1])?;
        let a: &Take = c.attrs.get();
        ensure!(["fast", "clip", "wrap"].contains(&a.mode.as_str()), BadGraph, "mode '{}' is none of fast, clip, wrap", a.mode);
        let axis = shape::axis(a.axis, x[0].rank())?;
        let dims = [&x[0].shape[..axis], &x[1].shape, &x[0].shape[axis + 1..]].concat();
        let known = x[1].value.as_ref().and_then(|v| constants(v, "index").ok());
        let value = known.and_then(|i| pick_value(x[0], |s| source(s, axis, &i, &a.mode)));
        Ok(vec![Fact::new(x[0].dtype, dims).with_value(value)])
    },
    eval: |c, x| {
        let a: &Take = c.attrs.get();
        let axis = shape::axis(a.axis, x[0].shape().len())?;
        let out = [&x[0].shape()[..axis], x[1].shape(), &x[0].shape()[axis + 1..]].concat();
        ensure!(x[0].shape()[axis] > 0 || out.contains(&0), BadGraph, "axis {axis} of the data is empty");
        Ok(vec![pick(&x[0], &out, &source(x[0].shape(), axis, &ints(&x[1])?, &a.mode))])
    },
    convert: |v, b, x| {
        let axis = shape::axis(v.attrs::<Take>().axis, v.input(0).rank()).unwrap_or(0);
        let indices = layer_indices(v, b, x[1], axis)?;
        Ok(vec![b.add(LayerKind::Gather(axis), &[x[0], indices])?])
    },
    lower: |v| {
        let axis = shape::axis(v.attrs::<Take>().axis, v.input(0).rank())?;
        if let Some(index) = fixed(v, axis) {
            let own = shape::strides(v.shape(0));
            let same = vec![Dim::from(0i64); v.input(1).rank()];
            let strides = [&own[..axis], &same, &own[axis + 1..]].concat();
            return lower_affine(v, &own[axis] * &Dim::from(index), strides);
        }
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
        let index = loaded(&mut body, raw, &v.shape(0)[axis], &v.attrs::<Take>().mode);
        let mut offset = body.int(DType::I64, 0);
        for (i, stride) in own.iter().enumerate() {
            let at = match i.cmp(&axis) {
                Ordering::Less => body.push(Op::Index(i)),
                Ordering::Equal => index,
                Ordering::Greater => body.push(Op::Index(i + index_rank - 1)),
            };
            offset = step(&mut body, offset, at, stride);
        }
        body.push(Op::LoadAt(data, offset));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
