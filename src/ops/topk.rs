//! `topk`: the largest or smallest elements of an axis in order, and where they were.

use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{Lowering, OpDef, Tolerance};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::ints;
use crate::ops::movement::{data_dependent, param_eval, param_value, pick, strides};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};
use std::cmp::Ordering;

attributes! {
    /// Attributes of `topk`.
    pub struct TopK {
        /// How many elements.
        pub k: Param = Param::Static(vec![Dim::from(1i64)]),
        /// The axis.
        pub axis: i64 = -1,
        /// The smallest first, else the largest.
        pub is_ascend: bool = false,
        /// Type of the indices: int32 or int64.
        pub dtype: DType = DType::I64,
    }
}

/// For each row along `axis` the places of its elements in order, of equal ones the first first (or the last). Largest first puts
/// NaN first; so does smallest first.
pub fn sorted_rows(x: &Tensor, axis: usize, largest: bool, last: bool) -> Result<Vec<Vec<usize>>> {
    let dims = x.shape();
    let (extent, inner) = (dims[axis], dims[axis + 1..].iter().product::<usize>());
    let compare: Box<dyn Fn(usize, usize) -> Ordering> = if x.dtype().is_float() {
        let v = x.to_f64s();
        Box::new(move |i, j| match (v[i].is_nan(), v[j].is_nan()) {
            (false, false) => {
                let order = v[i].partial_cmp(&v[j]).unwrap_or(Ordering::Equal);
                if largest { order.reverse() } else { order }
            }
            (a, b) => b.cmp(&a),
        })
    } else {
        let v = ints(x)?;
        Box::new(move |i, j| if largest { v[j].cmp(&v[i]) } else { v[i].cmp(&v[j]) })
    };
    let lanes = dims.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| *d).product::<usize>();
    let row = |lane: usize| {
        let at = |i: usize| (lane / inner * extent + i) * inner + lane % inner;
        let mut order: Vec<usize> = (0..extent).collect();
        order.sort_by(|i, j| compare(at(*i), at(*j)).then(if last { j.cmp(i) } else { i.cmp(j) }));
        order
    };
    Ok((0..lanes).map(row).collect())
}

/// The most axes from the last on along which a top-k runs.
const AXES: usize = 4;

/// The layer along any axis of any rank: it needs two axes, and runs along the last few only.
pub fn layer(b: &mut Builder, x: TensorId, kind: layer::TopK, k: i64, axis: usize) -> Accepted<(TensorId, TensorId)> {
    let rank = b.dims(x).len();
    if rank == 1 {
        let row = b.pad_rank(x, 2)?;
        let both = b.add_all(LayerKind::TopK { kind, k, axis: 1 }, &[row])?;
        let dims = [Dim::from(k)];
        return Ok((b.reshape(both[0], &dims)?, b.reshape(both[1], &dims)?));
    }
    if axis + AXES >= rank {
        let both = b.add_all(LayerKind::TopK { kind, k, axis }, &[x])?;
        return Ok((both[0], both[1]));
    }
    let last: Vec<usize> = (0..rank).filter(|i| *i != axis).chain([axis]).collect();
    let back: Vec<usize> = (0..axis).chain([rank - 1]).chain(axis..rank - 1).collect();
    let moved = b.transpose(x, &last)?;
    let both = b.add_all(LayerKind::TopK { kind, k, axis: rank - 1 }, &[moved])?;
    Ok((b.transpose(both[0], &back)?, b.transpose(both[1], &back)?))
}

pub static TOPK: OpDef = OpDef {
    name: "topk",
    doc: "The largest (or smallest) elements along an axis in order, and their indices.",
    arity: (1, 2),
    attrs: AttrsDef::of::<TopK>(),
    infer: |c, x| {
        let a: &TopK = c.attrs.get();
        ensure!(matches!(a.dtype, DType::I32 | DType::I64), WrongDType, "indices of type {}", a.dtype);
        ensure!(x[0].dtype != DType::Bool, WrongDType, "bool has no order here");
        let axis = shape::axis(a.axis, x[0].rank())?;
        let k = match param_value(&a.k, x)?.as_deref() {
            Some([k]) => k.clone(),
            Some(other) => crate::fail!(BadGraph, "{} numbers of elements, not one", other.len()),
            None => data_dependent(c.node, 0),
        };
        let mut dims = x[0].shape.clone();
        let enough = k.as_const().is_none_or(|k| k >= 0) && (&k - &dims[axis]).interval().0 <= 0;
        ensure!(enough, BadGraph, "{k} elements of axis {axis} of {}", x[0]);
        dims[axis] = k;
        Ok(vec![Fact::new(x[0].dtype, dims.clone()), Fact::new(a.dtype, dims)])
    },
    eval: |c, x| {
        let (a, dims): (&TopK, &[usize]) = (c.attrs.get(), x[0].shape());
        let axis = shape::axis(a.axis, dims.len())?;
        let k = param_eval(&a.k, c, x)?.first().copied().unwrap_or(0);
        ensure!((0..=dims[axis] as i64).contains(&k), BadGraph, "{k} elements of axis {axis} of {dims:?}");
        let rows = sorted_rows(&x[0], axis, !a.is_ascend, false)?;
        let (mut out, own) = (dims.to_vec(), strides(dims));
        out[axis] = k as usize;
        let inner: usize = dims[axis + 1..].iter().product();
        let (mut from, mut places) = (Vec::new(), Vec::new());
        for flat in 0..out.iter().product::<usize>() {
            let (i, lane) = (flat / inner % k as usize, flat / inner / k as usize * inner + flat % inner);
            let place = rows[lane][i];
            places.push(place as i64);
            from.push((lane / inner * dims[axis] + place) * own[axis] as usize + lane % inner);
        }
        Ok(vec![pick(&x[0], &out, &from), crate::ir::fact::int_tensor(a.dtype, &out, &places)])
    },
    convert: |v, b, x| {
        let a: &TopK = v.attrs();
        let dims = v.shape(0);
        let axis = shape::axis(a.axis, dims.len()).unwrap_or(0);
        let wanted = &v.output(0).shape;
        let Some(k) = wanted[axis].as_const() else {
            return Err(Refusal::new(
                "topk.dynamic-k",
                format!("{} elements, a number that is not fixed", wanted[axis]),
                "make it a constant",
            ));
        };
        let kind = if a.is_ascend { layer::TopK::Min } else { layer::TopK::Max };
        let (values, mut places) = layer(b, x[0], kind, k, axis)?;
        if a.dtype != DType::I32 {
            places = b.add(LayerKind::Cast(a.dtype), &[places])?;
        }
        Ok(vec![values, places])
    },
    lower: |_| Ok(Lowering::Routine("topk")),
    tolerance: Tolerance::EXACT,
};
