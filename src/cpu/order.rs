//! Routines whose elements depend on many others by place: top-k, running sums and products.

use crate::cpu::routine::{Call, Read};
use crate::dispatch;
use crate::ir::Node;
use crate::ir::attrs::Param;
use crate::ops::cumulative::Cumulative;
use crate::ops::topk::TopK;
use crate::tensor::bytes::{as_bytes, view};
use crate::tensor::dtype::{DType, Element};
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::cmp::Ordering;

/// An axis of a dense array: elements before it, along it and behind it.
struct Axis {
    outer: usize,
    extent: usize,
    inner: usize,
}

impl Axis {
    fn new(shape: &[usize], axis: i64) -> Result<Axis> {
        let axis = shape::axis(axis, shape.len())?;
        Ok(Axis { outer: shape[..axis].iter().product(), extent: shape[axis], inner: shape[axis + 1..].iter().product() })
    }
}

/// `cumsum`.
pub fn cumsum(call: &mut Call) -> Result<()> {
    cumulative(call, false)
}

/// `cumprod`.
pub fn cumprod(call: &mut Call) -> Result<()> {
    cumulative(call, true)
}

/// Integers of one width wrap alike, whether they have a sign or not; floats are kept in `float64` on the way.
fn cumulative(call: &mut Call, product: bool) -> Result<()> {
    let a: &Cumulative = call.node.attrs.get();
    let x = call.inputs[0];
    let axis = Axis::new(x.shape, a.axis)?;
    let out = &mut *call.outputs[0];
    macro_rules! whole {
        ($t:ty) => {
            match product {
                true => scan(&view::<$t>(x.bytes), out, &axis, a, 1, <$t>::wrapping_mul, |v| v, |v| v),
                false => scan(&view::<$t>(x.bytes), out, &axis, a, 0, <$t>::wrapping_add, |v| v, |v| v),
            }
        };
    }
    match x.dtype {
        d if d.is_float() => dispatch!(d, T => {
            let (load, store) = (|v: T| v.to_f64(), |v: f64| <T as Element>::from_f64(v));
            match product {
                true => scan(&view::<T>(x.bytes), out, &axis, a, 1.0, |p, v| p * v, load, store),
                false => scan(&view::<T>(x.bytes), out, &axis, a, 0.0, |s, v| s + v, load, store),
            }
        }),
        DType::I64 | DType::U64 => whole!(i64),
        DType::I32 | DType::U32 => whole!(i32),
        DType::I16 | DType::U16 => whole!(i16),
        _ => whole!(i8),
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn scan<T: Element, A: Copy>(
    x: &[T],
    out: &mut [u8],
    axis: &Axis,
    a: &Cumulative,
    start: A,
    step: impl Fn(A, A) -> A,
    load: impl Fn(T) -> A,
    store: impl Fn(A) -> T,
) {
    let mut y = vec![T::default(); x.len()];
    if axis.inner == 1 {
        for (x, y) in x.chunks(axis.extent.max(1)).zip(y.chunks_mut(axis.extent.max(1))) {
            let mut sum = start;
            let mut one = |(v, y): (&T, &mut T)| {
                let before = sum;
                sum = step(before, load(*v));
                *y = store(if a.exclusive { before } else { sum });
            };
            let pairs = x.iter().zip(y);
            if a.reverse { pairs.rev().for_each(&mut one) } else { pairs.for_each(&mut one) }
        }
        return out.copy_from_slice(as_bytes(&y));
    }
    let mut so_far = vec![start; axis.inner];
    for block in 0..axis.outer {
        so_far.fill(start);
        for i in 0..axis.extent {
            let i = if a.reverse { axis.extent - 1 - i } else { i };
            let row = (block * axis.extent + i) * axis.inner..(block * axis.extent + i + 1) * axis.inner;
            for ((sum, v), y) in so_far.iter_mut().zip(&x[row.clone()]).zip(&mut y[row]) {
                let before = *sum;
                *sum = step(before, load(*v));
                *y = store(if a.exclusive { before } else { *sum });
            }
        }
    }
    out.copy_from_slice(as_bytes(&y));
}

/// `topk`.
pub fn topk(call: &mut Call) -> Result<()> {
    let a: &TopK = call.node.attrs.get();
    let x = call.inputs[0];
    let axis = Axis::new(x.shape, a.axis)?;
    let lanes = axis.outer * axis.inner;
    let k = (call.outputs[0].len() / x.dtype.size()).checked_div(lanes).unwrap_or(0);
    if k > axis.extent {
        return Err(Error::new(Code::WrongShape, format!("{k} elements of an axis of extent {}", axis.extent)));
    }
    let [values, places] = call.outputs.as_mut_slice() else {
        return Err(Error::new(Code::Internal, "a top-k has two results"));
    };
    let places = Places { out: places, dtype: a.dtype };
    match x.dtype {
        // NaN stands first whichever way.
        d if d.is_float() => {
            let up: fn(f64, f64) -> Ordering = |a, b| a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()));
            let down: fn(f64, f64) -> Ordering = |a, b| b.partial_cmp(&a).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()));
            let order = if a.is_ascend { up } else { down };
            dispatch!(d, T => first::<T, f64>(&view(x.bytes), values, places, &axis, k, <T as Element>::to_f64, order))
        }
        DType::I64 => first::<i64, i64>(&view(x.bytes), values, places, &axis, k, |v| v, ordered(a.is_ascend)),
        DType::U64 => first::<u64, u64>(&view(x.bytes), values, places, &axis, k, |v| v, ordered(a.is_ascend)),
        d => dispatch!(d, T => first::<T, i64>(&view(x.bytes), values, places, &axis, k, |v| v.to_f64() as i64, ordered(a.is_ascend))),
    }
    Ok(())
}

/// `topk` of as many elements as an operand says.
pub fn topk_of_computed_k(node: &Node, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let a: &TopK = node.attrs.get();
    let k = match &a.k {
        Param::Static(k) => k.first().and_then(|k| k.as_const()),
        Param::Input(i) => x.get(*i).and_then(|t| t.to_f64s().first().map(|k| *k as i64)),
    };
    let axis = shape::axis(a.axis, x[0].shape().len())?;
    let k = k.and_then(|k| usize::try_from(k).ok()).filter(|k| *k <= x[0].shape()[axis]);
    let Some(k) = k else { return Err(Error::new(Code::WrongShape, format!("k of node '{}' is not within its axis", node.name))) };
    let mut dims = x[0].shape().to_vec();
    dims[axis] = k;
    let (mut values, mut places) = (Tensor::zeros(x[0].dtype(), &dims).bytes().to_vec(), Tensor::zeros(a.dtype, &dims).bytes().to_vec());
    let inputs = x.iter().map(|t| Read { dtype: t.dtype(), shape: t.shape(), bytes: t.bytes() }).collect();
    topk(&mut Call { node, inputs, outputs: vec![&mut values, &mut places] })?;
    Ok(vec![Tensor::new(x[0].dtype(), dims.clone(), values.into())?, Tensor::new(a.dtype, dims, places.into())?])
}

fn ordered<K: Ord>(ascending: bool) -> fn(K, K) -> Ordering {
    if ascending { |a, b| a.cmp(&b) } else { |a, b| b.cmp(&a) }
}

/// Where indices go.
struct Places<'a> {
    out: &'a mut [u8],
    dtype: DType,
}

impl Places<'_> {
    fn put(&mut self, at: usize, index: u32) {
        match self.dtype {
            DType::I32 => self.out[at * 4..at * 4 + 4].copy_from_slice(&index.to_ne_bytes()),
            _ => self.out[at * 8..at * 8 + 8].copy_from_slice(&u64::from(index).to_ne_bytes()),
        }
    }
}

/// The `k` first of each lane in order, of equal ones the first.
fn first<T: Element, K: Copy>(
    x: &[T],
    values: &mut [u8],
    mut places: Places,
    axis: &Axis,
    k: usize,
    key: fn(T) -> K,
    order: fn(K, K) -> Ordering,
) {
    let mut y = vec![T::default(); axis.outer * k * axis.inner];
    let mut row: Vec<(K, u32)> = Vec::with_capacity(axis.extent);
    for lane in 0..if k == 0 { 0 } else { axis.outer * axis.inner } {
        let (block, column) = (lane / axis.inner, lane % axis.inner);
        let at = |i: usize| (block * axis.extent + i) * axis.inner + column;
        row.clear();
        row.extend((0..axis.extent).map(|i| (key(x[at(i)]), i as u32)));
        let compare = |a: &(K, u32), b: &(K, u32)| order(a.0, b.0).then(a.1.cmp(&b.1));
        if k < row.len() {
            row.select_nth_unstable_by(k - 1, compare);
        }
        row[..k].sort_unstable_by(compare);
        for (i, (_, from)) in row[..k].iter().enumerate() {
            let to = (block * k + i) * axis.inner + column;
            y[to] = x[at(*from as usize)];
            places.put(to, *from);
        }
    }
    values.copy_from_slice(as_bytes(&y));
}
