//! Layers whose elements depend on many others by place: top-k, running sums, einsum. Part of [`crate::network::eval`].

use crate::fail;
use crate::network::eval::{Values, broadcast_offset, floats, indices, ints, load, pick, strides};
use crate::network::layer::TopK;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use std::cmp::Ordering;

/// The `k` first of each row in order, and their places; of equal ones the first. NaN stands before all numbers.
pub(super) fn top_k(x: &Tensor, kind: TopK, k: usize, axis: usize) -> Result<Vec<Tensor>> {
    if k > x.shape()[axis] {
        fail!(WrongShape, "{k} elements of an axis of extent {}", x.shape()[axis]);
    }
    let turned = |o: Ordering| if kind == TopK::Max { o.reverse() } else { o };
    let compare: Box<dyn Fn(usize, usize) -> Ordering> = match load(x) {
        Values::Floats(v) => Box::new(move |a, b| v[a].partial_cmp(&v[b]).map_or_else(|| v[b].is_nan().cmp(&v[a].is_nan()), turned)),
        Values::Ints(v) => Box::new(move |a, b| turned(v[a].cmp(&v[b]))),
    };
    let (steps, mut shape) = (strides(x.shape()), x.shape().to_vec());
    shape[axis] = k;
    let order = |index: &[usize]| -> Vec<usize> {
        let first: usize = (0..index.len()).filter(|i| *i != axis).map(|i| index[i] * steps[i]).sum();
        let mut row: Vec<usize> = (0..x.shape()[axis]).collect();
        row.sort_by(|a, b| compare(first + a * steps[axis], first + b * steps[axis]));
        row
    };
    let values = pick(x, &shape, &|index| {
        let mut from = index.to_vec();
        from[axis] = order(index)[index[axis]];
        Some(from)
    });
    let places = indices(&shape).map(|i| order(&i)[i[axis]] as i64).collect();
    Ok(vec![values, ints(DType::I32, &shape, places)])
}

/// Sums of all elements up to each, along an axis.
pub(super) fn cumulative(x: &Tensor, axis: usize, exclusive: bool, reverse: bool) -> Tensor {
    let (steps, extent) = (strides(x.shape()), x.shape()[axis]);
    let members = |index: &[usize]| -> Vec<usize> {
        let at = index[axis];
        let range = match (reverse, exclusive) {
            (false, false) => 0..at + 1,
            (false, true) => 0..at,
            (true, false) => at..extent,
            (true, true) => at + 1..extent,
        };
        let first: usize = (0..index.len()).filter(|i| *i != axis).map(|i| index[i] * steps[i]).sum();
        range.map(|i| first + i * steps[axis]).collect()
    };
    let rows: Vec<Vec<usize>> = indices(x.shape()).map(|i| members(&i)).collect();
    match load(x) {
        Values::Floats(v) => floats(x.dtype(), x.shape(), rows.iter().map(|m| m.iter().map(|i| v[*i]).sum()).collect()),
        Values::Ints(v) => {
            let sum = |m: &Vec<usize>| m.iter().fold(0i64, |s, i| s.wrapping_add(v[*i]));
            ints(x.dtype(), x.shape(), rows.iter().map(sum).collect())
        }
    }
}

/// For each index of the letters behind the arrow, the sum over all others of the products.
pub(super) fn einsum(equation: &str, x: &[&Tensor]) -> Result<Tensor> {
    let Some((terms, out)) = equation.split_once("->") else { fail!(WrongShape, "'{equation}' has no arrow") };
    let terms: Vec<Vec<char>> = terms.split(',').map(|t| t.chars().collect()).collect();
    let mut letters: Vec<char> = out.chars().collect();
    for l in terms.iter().flatten() {
        if !letters.contains(l) {
            letters.push(*l);
        }
    }
    let uses = |l: char| terms.iter().zip(x).flat_map(move |(t, x)| t.iter().zip(x.shape()).filter(move |(m, _)| **m == l));
    let extents: Vec<usize> = letters.iter().map(|l| uses(*l).map(|(_, d)| *d).find(|d| *d != 1).unwrap_or(1)).collect();
    let kept = out.chars().count();
    let values: Vec<Vec<f64>> = x.iter().map(|t| t.to_f64s()).collect();
    let product = |index: &[usize]| -> f64 {
        let factor = |k: usize| {
            let own: Vec<usize> = terms[k].iter().map(|l| letters.iter().position(|m| m == l).map_or(0, |p| index[p])).collect();
            values[k][broadcast_offset(&own, x[k].shape())]
        };
        (0..x.len()).map(factor).product()
    };
    let element = |i: Vec<usize>| indices(&extents[kept..]).map(|j| product(&[i.as_slice(), &j].concat())).sum();
    Ok(floats(x[0].dtype(), &extents[..kept], indices(&extents[..kept]).map(element).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(shape: &[usize], v: &[f32]) -> Tensor {
        Tensor::from_vec(shape, v.to_vec())
    }

    #[test]
    fn top_k_is_sorted_and_stable() {
        let x = f(&[2, 4], &[1.0, 3.0, 3.0, 2.0, 0.0, f32::NAN, -1.0, 5.0]);
        let largest = top_k(&x, TopK::Max, 2, 1).unwrap();
        assert_eq!(largest[1].values::<i32>(), [1, 2, 1, 3].as_slice());
        assert_eq!(largest[0].values::<f32>()[..2], [3.0, 3.0]);
        let smallest = top_k(&x, TopK::Min, 1, 0).unwrap();
        assert_eq!((smallest[0].shape(), smallest[1].values::<i32>().to_vec()), (&[1, 4][..], vec![1, 1, 1, 0]));
        assert!(top_k(&x, TopK::Max, 5, 1).is_err());
    }

    #[test]
    fn sums_run_both_ways() {
        let x = f(&[3], &[1.0, 2.0, 4.0]);
        let sums = |exclusive, reverse| cumulative(&x, 0, exclusive, reverse).values::<f32>().to_vec();
        assert_eq!((sums(false, false), sums(true, false)), (vec![1.0, 3.0, 7.0], vec![0.0, 1.0, 3.0]));
        assert_eq!((sums(false, true), sums(true, true)), (vec![7.0, 6.0, 4.0], vec![6.0, 4.0, 0.0]));
    }

    #[test]
    fn equations() {
        let (a, b) = (f(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), f(&[2, 2], &[5.0, 6.0, 7.0, 8.0]));
        let value = |e: &str, x: &[&Tensor]| einsum(e, x).unwrap().values::<f32>().to_vec();
        assert_eq!(value("ab,bc->ac", &[&a, &b]), [19.0, 22.0, 43.0, 50.0]);
        assert_eq!(value("ab,cb->ca", &[&a, &b]), [17.0, 39.0, 23.0, 53.0]);
        assert_eq!(value("aa->a", &[&a]), [1.0, 4.0]);
        assert_eq!(value("ab->", &[&a]), [10.0]);
        assert!(einsum("ab", &[&a]).is_err());
    }
}
