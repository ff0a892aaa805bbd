//! Layers that move elements: shuffle, concatenation, slice, gather. Part of [`crate::network::eval`].

use crate::network::eval::{offset, pick, strides};
use crate::network::layer::SampleMode;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::{ensure, fail};

pub(super) fn shuffle(x: &Tensor, first: Option<&[usize]>, reshape: Option<&[i64]>, second: Option<&[usize]>) -> Result<Tensor> {
    let mut t = transposed(x, first);
    if let Some(spec) = reshape {
        t = t.reshaped(&resolved(t.shape(), spec)?)?;
    }
    Ok(transposed(&t, second))
}

fn transposed(x: &Tensor, order: Option<&[usize]>) -> Tensor {
    let Some(order) = order else { return x.clone() };
    let shape: Vec<usize> = order.iter().map(|i| x.shape()[*i]).collect();
    pick(x, &shape, &|index| {
        let mut source = vec![0; index.len()];
        order.iter().zip(index).for_each(|(axis, i)| source[*axis] = *i);
        Some(source)
    })
}

/// The shape that a reshape gives: 0 copies the extent at the same place, -1 takes what is left.
fn resolved(from: &[usize], spec: &[i64]) -> Result<Vec<usize>> {
    let mut shape = Vec::new();
    for (i, s) in spec.iter().enumerate() {
        shape.push(match *s {
            0 if i < from.len() => from[i],
            -1 => 1,
            s if s > 0 => s as usize,
            _ => fail!(WrongShape, "extent {i} of reshape {spec:?} of {from:?} means nothing"),
        });
    }
    let (have, need): (usize, usize) = (from.iter().product(), shape.iter().product());
    if let Some(i) = spec.iter().position(|s| *s == -1) {
        ensure!(need != 0 && have % need == 0, WrongShape, "no extent {i} makes {from:?} fit {spec:?}");
        shape[i] = have / need;
    }
    Ok(shape)
}

pub(super) fn concatenation(x: &[&Tensor], axis: usize) -> Tensor {
    // Positions are numbered through all operands: the one-dimensional concatenation of their elements is picked from.
    let mut shape = x[0].shape().to_vec();
    shape[axis] = x.iter().map(|t| t.shape()[axis]).sum();
    let bytes: Vec<u8> = x.iter().flat_map(|t| t.bytes().iter().copied()).collect();
    let flat = Tensor::new(x[0].dtype(), vec![x.iter().map(|t| t.len()).sum()], bytes.into()).expect("bytes of all operands");
    pick(&flat, &shape, &|index| {
        let (mut inner, mut before) = (index.to_vec(), 0);
        for t in x {
            if inner[axis] < t.shape()[axis] {
                return Some(vec![before + offset(&inner, &strides(t.shape()))]);
            }
            inner[axis] -= t.shape()[axis];
            before += t.len();
        }
        None
    })
}

pub(super) fn slice(x: &Tensor, start: &[i64], size: &[i64], stride: &[i64]) -> Result<Tensor> {
    let shape: Vec<usize> = size.iter().map(|s| (*s).max(0) as usize).collect();
    for i in 0..shape.len() {
        let last = start[i] + stride[i] * (shape[i].max(1) as i64 - 1);
        let extent = x.shape()[i] as i64;
        let inside = shape[i] == 0 || ((0..extent).contains(&start[i]) && (0..extent).contains(&last));
        ensure!(inside, WrongShape, "slice from {start:?} of {size:?} by {stride:?} is outside {:?}", x.shape());
    }
    Ok(pick(x, &shape, &|index| Some((0..index.len()).map(|i| (start[i] + stride[i] * index[i] as i64) as usize).collect())))
}

/// A slice with step 1 that reaches outside.
pub(super) fn slice_outside(x: &Tensor, fill: Option<&Tensor>, start: &[i64], size: &[i64], mode: SampleMode) -> Result<Tensor> {
    let shape: Vec<usize> = size.iter().map(|s| (*s).max(0) as usize).collect();
    let empty = x.is_empty() && mode != SampleMode::Fill && !shape.contains(&0);
    ensure!(!empty, WrongShape, "nothing to repeat in {:?}", x.shape());
    let inner = |index: &[usize]| -> Option<Vec<usize>> {
        (0..index.len()).map(|i| outside(start[i] + index[i] as i64, x.shape()[i] as i64, mode)).collect()
    };
    let Some(fill) = fill else { return Ok(pick(x, &shape, &inner)) };
    // The operand and, behind it, the value to fill with.
    let bytes = [x.bytes().as_ref(), fill.bytes()].concat();
    let all = Tensor::new(x.dtype(), vec![x.len() + 1], bytes.into())?;
    let own = strides(x.shape());
    Ok(pick(&all, &shape, &|index| Some(vec![inner(index).map_or(x.len(), |i| offset(&i, &own))])))
}

/// Where index `i` of an axis of this extent lies; `None` where it is filled.
fn outside(i: i64, extent: i64, mode: SampleMode) -> Option<usize> {
    let at = match mode {
        SampleMode::Fill => i,
        SampleMode::Clamp => i.clamp(0, extent - 1),
        SampleMode::Wrap => i.rem_euclid(extent),
        SampleMode::Reflect if extent == 1 => 0,
        SampleMode::Reflect => {
            let there = i.rem_euclid(2 * extent - 2);
            there.min(2 * extent - 2 - there)
        }
    };
    usize::try_from(at).ok().filter(|at| (*at as i64) < extent)
}

/// Negative indices count from the end; those outside the axis give zero.
pub(super) fn gather(x: &Tensor, indices: &Tensor, axis: usize) -> Tensor {
    let chosen = indices.to_i64s().unwrap_or_default();
    let (rank, extent) = (indices.shape().len(), x.shape()[axis] as i64);
    let steps = strides(indices.shape());
    let shape = [&x.shape()[..axis], indices.shape(), &x.shape()[axis + 1..]].concat();
    pick(x, &shape, &|index| {
        let i = chosen[offset(&index[axis..axis + rank], &steps)];
        let i = if i < 0 { i + extent } else { i };
        let source = [&index[..axis], &[i as usize], &index[axis + rank..]].concat();
        (0..extent).contains(&i).then_some(source)
    })
}
