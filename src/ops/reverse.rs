//! `reverse` and `reverse_sequence`: an axis backwards, the whole of it or to a length that differs over another axis.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Binary, Body, Kernel, Op, Role};
use crate::network::layer::LayerKind;
use crate::ops::conv::indices as places;
use crate::ops::elementwise::ints;
use crate::ops::index::{as_int32, check_indices, running, step};
use crate::ops::movement::{affine_indices, lower_affine, pick, pick_value, strides};
use crate::ops::strided_slice::{Part, slice_layers};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `reverse`.
    pub struct Reverse {
        /// The axis that runs backwards.
        pub axis: i64 = 0,
    }
}

attributes! {
    /// Attributes of `reverse_sequence`.
    pub struct ReverseSequence {
        /// The axis that runs backwards.
        pub seq_axis: i64 = 1,
        /// The axis over which the lengths differ.
        pub batch_axis: i64 = 0,
    }
}

fn reversed(x: &[usize], axis: usize) -> Vec<usize> {
    let mut steps = strides(x);
    let offset = steps[axis] * (x[axis] as i64 - 1);
    steps[axis] = -steps[axis];
    affine_indices(x, offset, &steps)
}

pub static REVERSE: OpDef = OpDef {
    name: "reverse",
    doc: "One axis backwards.",
    arity: (1, 1),
    attrs: AttrsDef::of::<Reverse>(),
    infer: |c, x| {
        let axis = shape::axis(c.attrs.get::<Reverse>().axis, x[0].rank())?;
        let value = pick_value(x[0], |s| reversed(s, axis));
        Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone()).with_value(value)])
    },
    eval: |c, x| {
        let axis = shape::axis(c.attrs.get::<Reverse>().axis, x[0].shape().len())?;
        Ok(vec![pick(&x[0], x[0].shape(), &reversed(x[0].shape(), axis))])
    },
    convert: |v, b, x| {
        let axis = shape::axis(v.attrs::<Reverse>().axis, v.input(0).rank()).unwrap_or(0);
        let whole = |d: &Dim| Part { start: Dim::from(0i64), step: 1, size: d.clone() };
        let mut parts: Vec<Option<Part>> = b.dims(x[0]).iter().map(|d| Some(whole(d))).collect();
        let extent = v.shape(0)[axis].clone();
        parts[axis] = Some(Part { start: &extent - &Dim::from(1i64), step: -1, size: extent });
        Ok(vec![slice_layers(b, x[0], &parts)?])
    },
    lower: |v| {
        let axis = shape::axis(v.attrs::<Reverse>().axis, v.input(0).rank())?;
        let mut steps = shape::strides(v.shape(0));
        let offset = &steps[axis] * &(&v.shape(0)[axis] - &Dim::from(1i64));
        steps[axis] = -&steps[axis];
        lower_affine(v, offset, steps)
    },
    tolerance: Tolerance::EXACT,
};

fn axes(a: &ReverseSequence, rank: usize) -> Result<(usize, usize)> {
    let (sequence, batch) = (shape::axis(a.seq_axis, rank)?, shape::axis(a.batch_axis, rank)?);
    ensure!(sequence != batch, BadGraph, "axis {sequence} is both that of the sequences and that of the batch");
    Ok((sequence, batch))
}

fn infer_sequence(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let (_, batch) = axes(c.attrs.get(), x[0].rank())?;
    check_indices(x[1])?;
    let fits = x[1].rank() == 1 && x[1].shape[0].equals(&x[0].shape[batch]) != Answer::Never;
    ensure!(fits, BadGraph, "lengths are {}, not one for each of {}", x[1], x[0].shape[batch]);
    Ok(vec![Fact::new(x[0].dtype, x[0].shape.clone())])
}

fn eval_sequence(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (sequence, batch) = axes(c.attrs.get(), x[0].shape().len())?;
    let (lengths, own) = (ints(&x[1])?, strides(x[0].shape()));
    ensure!(lengths.len() == x[0].shape()[batch], WrongShape, "{} lengths for {} sequences", lengths.len(), x[0].shape()[batch]);
    let from = places(x[0].shape()).map(|mut place| {
        let (i, length) = (place[sequence] as i64, lengths[place[batch]].min(x[0].shape()[sequence] as i64));
        place[sequence] = if i < length { length - 1 - i } else { i } as usize;
        place.iter().zip(&own).map(|(i, s)| i * *s as usize).sum()
    });
    let from: Vec<usize> = from.collect();
    Ok(vec![pick(&x[0], x[0].shape(), &from)])
}

fn lower_sequence(v: &NodeView) -> Result<Lowering> {
    let (sequence, batch) = axes(v.attrs(), v.input(0).rank())?;
    let mut k = Kernel::new(v.name());
    let data = k.add(Role::Input, v.dtype(0), v.shape(0));
    let lengths = k.add(Role::Input, v.dtype(1), v.shape(1));
    let out = k.add(Role::Output, v.dtype(0), v.shape(0));
    let mut body = Body::default();
    let at = running(&mut body, batch, &v.shape(0)[batch], &v.shape(1)[0]);
    let length = body.push(Op::LoadAt(lengths, at));
    let length = body.push(Op::Cast(DType::I64, length));
    let extent = body.push(Op::Size(v.shape(0)[sequence].clone()));
    let length = body.binary(Binary::Min, length, extent);
    let (at, one) = (body.push(Op::Index(sequence)), body.int(DType::I64, 1));
    let last = body.binary(Binary::Sub, length, one);
    let back = body.binary(Binary::Sub, last, at);
    let inside = body.binary(Binary::Less, at, length);
    let from = body.push(Op::Select(inside, back, at));
    let mut offset = body.int(DType::I64, 0);
    for (i, stride) in shape::strides(v.shape(0)).iter().enumerate() {
        let at = if i == sequence { from } else { body.push(Op::Index(i)) };
        offset = step(&mut body, offset, at, stride);
    }
    body.push(Op::LoadAt(data, offset));
    k.map(out, body);
    Ok(Lowering::Kernel(k))
}

pub static REVERSE_SEQUENCE: OpDef = OpDef {
    name: "reverse_sequence",
    doc: "The first elements of an axis backwards, as many as a length for each index of another axis says.",
    arity: (2, 2),
    attrs: AttrsDef::of::<ReverseSequence>(),
    infer: infer_sequence,
    eval: eval_sequence,
    convert: |v, b, x| {
        let (sequence, batch) = axes(v.attrs(), v.input(0).rank()).unwrap_or((1, 0));
        let lengths = as_int32(b, x[1])?;
        Ok(vec![b.add(LayerKind::ReverseSequence { batch, sequence }, &[x[0], lengths])?])
    },
    lower: lower_sequence,
    tolerance: Tolerance::EXACT,
};
