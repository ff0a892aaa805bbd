//! `gather_nd`: a part of the data for each place that the indices name. The first axis of the indices runs over the coordinates of a
//! place, as in Relay (in ONNX it is the last).

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::loops::{Access, Body, Kernel, Op, Role};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::Accepted;
use crate::ops::conv::indices as places;
use crate::ops::elementwise::ints;
use crate::ops::index::{bounded, check_indices, clamped, from_front, running, step};
use crate::ops::movement::{affine_indices, pick, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `gather_nd`.
    pub struct GatherNd {
        /// Leading axes that data and places have in common.
        pub batch_dims: i64 = 0,
    }
}

/// Number of coordinates of a place: the first extent of the indices.
pub fn coordinates(indices: &Fact) -> Result<usize> {
    let first = indices.shape.first().and_then(|d| d.as_const()).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    first
        .ok_or_else(|| Error::new(Code::BadGraph, format!("indices are {indices}; their first extent is the number of coordinates, fixed")))
}

/// The indices with the coordinates last, which is TensorRT's order: the tensor, and its value where it is a constant.
pub fn coordinates_last(v: &NodeView, b: &mut Builder, x: TensorId) -> Accepted<(TensorId, Option<Tensor>)> {
    let rank = v.input(1).rank();
    if let Some(t) = v.constant(1) {
        let (own, shape) = (strides(t.shape()), [&t.shape()[1..], &t.shape()[..1]].concat());
        let own = [&own[1..], &own[..1]].concat();
        return Ok((x, Some(pick(t, &shape, &affine_indices(&shape, 0, &own)))));
    }
    let order: Vec<usize> = (1..rank).chain([0]).collect();
    Ok((if rank > 1 { b.transpose(x, &order)? } else { x }, None))
}

pub static GATHER_ND: OpDef = OpDef {
    name: "gather_nd",
    doc: "The part of the data at each place; the first axis of the indices runs over coordinates.",
    arity: (2, 2),
    attrs: AttrsDef::of::<GatherNd>(),
    infer: |c, x| {
        check_indices(x[1])?;
        let (m, batch) = (coordinates(x[1])?, c.attrs.get::<GatherNd>().batch_dims);
        let fits = usize::try_from(batch).ok().filter(|b| b + m <= x[0].rank() && *b < x[1].rank());
        let Some(batch) = fits else {
            crate::fail!(BadGraph, "{m} coordinates behind {batch} common axes do not fit data of {}", shape::text(&x[0].shape))
        };
        let outer = &x[1].shape[1..];
        let same = (0..batch).all(|i| outer[i].equals(&x[0].shape[i]) != crate::tensor::dim::Answer::Never);
        ensure!(same, BadGraph, "the first {batch} extents of data and places differ");
        Ok(vec![Fact::new(x[0].dtype, [outer, &x[0].shape[batch + m..]].concat())])
    },
    eval: |c, x| {
        let batch = c.attrs.get::<GatherNd>().batch_dims as usize;
        let (data, m, outer) = (x[0].shape(), x[1].shape()[0], &x[1].shape()[1..]);
        let (own, chosen, count) = (strides(data), ints(&x[1])?, outer.iter().product::<usize>());
        ensure!(outer[..batch] == data[..batch], WrongShape, "the first {batch} extents of {data:?} and places {outer:?} differ");
        let rest: Vec<usize> = affine_indices(&data[batch + m..], 0, &own[batch + m..]);
        let mut from = Vec::with_capacity(count * rest.len());
        for (n, place) in places(outer).enumerate() {
            let shared: usize = (0..batch).map(|i| place[i] * own[i] as usize).sum();
            let own_place: usize = (0..m).map(|k| clamped(chosen[k * count + n], data[batch + k]) * own[batch + k] as usize).sum();
            from.extend(rest.iter().map(|r| shared + own_place + r));
        }
        ensure!(!x[0].is_empty() || from.is_empty(), BadGraph, "the data are empty");
        Ok(vec![pick(&x[0], &[outer, &data[batch + m..]].concat(), &from)])
    },
    convert: |v, b, x| {
        let batch = v.attrs::<GatherNd>().batch_dims as usize;
        let (indices, constant) = coordinates_last(v, b, x[1])?;
        let m = coordinates(v.input(1)).unwrap_or(0);
        let indices = from_front(b, v, indices, constant, &v.shape(0)[batch..batch + m])?;
        Ok(vec![b.add(LayerKind::GatherNd(batch), &[x[0], indices])?])
    },
    lower: |v| {
        let (batch, m) = (v.attrs::<GatherNd>().batch_dims as usize, coordinates(v.input(1))?);
        let mut k = Kernel::new(v.name());
        let data = k.add(Role::Input, v.dtype(0), v.shape(0));
        let indices = k.add(Role::Input, v.dtype(1), v.shape(1));
        let out = k.add(Role::Output, v.dtype(0), &v.output(0).shape);
        let (own, steps) = (shape::strides(v.shape(0)), shape::strides(v.shape(1)));
        let outer = v.input(1).rank() - 1;
        let mut body = Body::default();
        let mut offset = body.int(DType::I64, 0);
        for (i, stride) in own.iter().enumerate() {
            let at = if (batch..batch + m).contains(&i) {
                let first = &Dim::from(i - batch) * &steps[0];
                let tail = vec![Dim::from(0i64); v.input(0).rank() - batch - m];
                let raw = body.load(Access { buffer: indices, offset: first, strides: [&steps[1..], &tail].concat() });
                bounded(&mut body, raw, &v.shape(0)[i])
            } else {
                let axis = if i < batch { i } else { i - batch - m + outer };
                running(&mut body, axis, &v.output(0).shape[axis], &v.shape(0)[i])
            };
            offset = step(&mut body, offset, at, stride);
        }
        body.push(Op::LoadAt(data, offset));
        k.map(out, body);
        Ok(Lowering::Kernel(k))
    },
    tolerance: Tolerance::EXACT,
};
