//! Layers that address elements by computed indices: gather by element and by place, scatter. Part of [`crate::network::eval`].
//! Negative indices count from the end of an axis.

use crate::ensure;
use crate::network::eval::{indices, offset, pick, strides};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;

/// The index from the front, where it lies inside the axis.
fn inside(index: i64, extent: usize) -> Option<usize> {
    let from_front = if index < 0 { index + extent as i64 } else { index };
    usize::try_from(from_front).ok().filter(|i| *i < extent)
}

/// Indices outside the axis give zero.
pub(super) fn gather_elements(x: &Tensor, at: &Tensor, axis: usize) -> Tensor {
    let (chosen, steps) = (at.to_i64s().unwrap_or_default(), strides(at.shape()));
    pick(x, at.shape(), &|index| {
        let mut source = index.to_vec();
        source[axis] = inside(chosen[offset(index, &steps)], x.shape()[axis])?;
        Some(source)
    })
}

/// Places outside the data give zero.
pub(super) fn gather_nd(x: &Tensor, at: &Tensor, batch: usize) -> Tensor {
    let (chosen, outer) = (at.to_i64s().unwrap_or_default(), at.shape().len() - 1);
    let (length, steps) = (at.shape()[outer], strides(&at.shape()[..outer]));
    let shape = [&at.shape()[..outer], &x.shape()[batch + length..]].concat();
    pick(x, &shape, &|index| {
        let place = offset(&index[..outer], &steps) * length;
        let mut source = index[..batch].to_vec();
        for (k, i) in chosen[place..place + length].iter().enumerate() {
            source.push(inside(*i, x.shape()[batch + k])?);
        }
        source.extend(&index[outer..]);
        Some(source)
    })
}

/// For each update the element of `x` that it replaces.
pub(super) fn element_places(x: &Tensor, at: &Tensor, axis: usize) -> Vec<Option<usize>> {
    let (chosen, steps) = (at.to_i64s().unwrap_or_default(), strides(x.shape()));
    let place = |(mut index, i): (Vec<usize>, &i64)| {
        index[axis] = inside(*i, x.shape()[axis])?;
        Some(offset(&index, &steps))
    };
    indices(at.shape()).zip(&chosen).map(place).collect()
}

/// For each update the element of `x` that it replaces.
pub(super) fn nd_places(x: &Tensor, at: &Tensor) -> Vec<Option<usize>> {
    let (chosen, steps) = (at.to_i64s().unwrap_or_default(), strides(x.shape()));
    let (length, outer) = (at.shape()[at.shape().len() - 1], &at.shape()[..at.shape().len() - 1]);
    let rest: Vec<Vec<usize>> = indices(&x.shape()[length..]).collect();
    let mut places = Vec::new();
    for n in 0..outer.iter().product::<usize>() {
        let place = &chosen[n * length..(n + 1) * length];
        let first: Option<Vec<usize>> = place.iter().zip(x.shape()).map(|(i, d)| inside(*i, *d)).collect();
        places.extend(rest.iter().map(|r| Some(offset(&[first.clone()?, r.clone()].concat(), &steps))));
    }
    places
}

/// The data with elements replaced, the last update of an element counts; updates without a place change nothing.
pub(super) fn scatter(x: &Tensor, updates: &Tensor, places: &[Option<usize>]) -> Result<Tensor> {
    ensure!(places.len() == updates.len(), WrongShape, "{} updates for {} places", updates.len(), places.len());
    let size = x.dtype().size();
    let mut bytes = x.bytes().to_vec();
    for (i, place) in places.iter().enumerate() {
        if let Some(place) = place {
            bytes[place * size..(place + 1) * size].copy_from_slice(&updates.bytes()[i * size..(i + 1) * size]);
        }
    }
    Tensor::new(x.dtype(), x.shape().to_vec(), bytes.into())
}

pub(super) fn reverse_sequence(x: &Tensor, lengths: &Tensor, batch: usize, sequence: usize) -> Tensor {
    let lengths = lengths.to_i64s().unwrap_or_default();
    pick(x, x.shape(), &|index| {
        let mut source = index.to_vec();
        let length = usize::try_from(lengths[index[batch]]).unwrap_or(0).min(x.shape()[sequence]);
        if index[sequence] < length {
            source[sequence] = length - 1 - index[sequence];
        }
        Some(source)
    })
}

/// One column per element that is not zero.
pub(super) fn non_zero(x: &Tensor) -> Tensor {
    let found: Vec<Vec<usize>> = indices(x.shape()).zip(x.to_f64s()).filter(|(_, v)| *v != 0.0).map(|(i, _)| i).collect();
    let rows = (0..x.shape().len()).flat_map(|axis| found.iter().map(move |i| i[axis] as i32));
    Tensor::from_vec(&[x.shape().len(), found.len()], rows.collect())
}
