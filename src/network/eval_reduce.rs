//! Layers that fold: reduce, softmax, matrix product. Part of [`crate::network::eval`].

use crate::fail;
use crate::network::eval::{Values, broadcast, broadcast_offset, floats, indices, ints, load, offset, strides};
use crate::network::layer::{MatrixOp, Reduce};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;

pub(super) fn reduce(x: &Tensor, kind: Reduce, axes: &[usize], keep: bool) -> Tensor {
    let kept: Vec<usize> = x.shape().iter().enumerate().map(|(i, d)| if axes.contains(&i) { 1 } else { *d }).collect();
    let dropped = kept.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, d)| *d).collect();
    let shape = if keep { kept.clone() } else { dropped };
    let groups = |i: usize, index: &[usize]| (broadcast_offset(index, &kept), i);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); kept.iter().product()];
    for (group, i) in indices(x.shape()).enumerate().map(|(i, index)| groups(i, &index)) {
        members[group].push(i);
    }
    match load(x) {
        Values::Floats(v) => floats(x.dtype(), &shape, members.iter().map(|m| fold_floats(kind, m.iter().map(|i| v[*i]))).collect()),
        Values::Ints(v) => {
            let fold = |m: &Vec<usize>| fold_ints(kind, x.dtype(), m.iter().map(|i| v[*i]));
            ints(x.dtype(), &shape, members.iter().map(fold).collect())
        }
    }
}

fn fold_floats(kind: Reduce, v: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = v.len() as f64;
    let wins = |a: f64, b: f64, better: bool| if a.is_nan() || (!b.is_nan() && !better) { a } else { b };
    match kind {
        Reduce::Sum => v.sum(),
        Reduce::Prod => v.product(),
        Reduce::Max => v.fold(f64::NEG_INFINITY, |a, b| wins(a, b, b > a)),
        Reduce::Min => v.fold(f64::INFINITY, |a, b| wins(a, b, b < a)),
        Reduce::Avg => v.sum::<f64>() / count,
    }
}

fn fold_ints(kind: Reduce, dtype: DType, v: impl ExactSizeIterator<Item = i64>) -> i64 {
    let count = v.len() as i64;
    let (least, most) = if dtype == DType::I32 { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (i64::MIN, i64::MAX) };
    match kind {
        Reduce::Sum => v.fold(0, i64::wrapping_add),
        Reduce::Prod => v.fold(1, i64::wrapping_mul),
        Reduce::Max => v.fold(least, i64::max),
        Reduce::Min => v.fold(most, i64::min),
        Reduce::Avg => v.fold(0, i64::wrapping_add).checked_div(count).unwrap_or(0),
    }
}

pub(super) fn softmax(x: &Tensor, axis: usize) -> Tensor {
    let (v, step) = (x.to_f64s(), strides(x.shape())[axis]);
    let mut out = vec![0.0; v.len()];
    let mut starts = x.shape().to_vec();
    starts[axis] = starts[axis].min(1);
    for first in indices(&starts).map(|i| offset(&i, &strides(x.shape()))) {
        let row: Vec<usize> = (0..x.shape()[axis]).map(|k| first + k * step).collect();
        let largest = row.iter().fold(f64::NEG_INFINITY, |m, i| m.max(v[*i]));
        let sum: f64 = row.iter().map(|i| (v[*i] - largest).exp()).sum();
        row.iter().for_each(|i| out[*i] = (v[*i] - largest).exp() / sum);
    }
    floats(x.dtype(), x.shape(), out)
}

pub(super) fn matmul(a: &Tensor, op_a: MatrixOp, b: &Tensor, op_b: MatrixOp) -> Result<Tensor> {
    if op_a == MatrixOp::Vector || op_b == MatrixOp::Vector {
        fail!(NotImplemented, "matrix products of vectors are spelled with matrices");
    }
    let n = a.shape().len();
    let flipped = |op: MatrixOp, s: &[usize]| if op == MatrixOp::Transpose { (s[n - 1], s[n - 2]) } else { (s[n - 2], s[n - 1]) };
    let ((rows, inner), (inner_b, columns)) = (flipped(op_a, a.shape()), flipped(op_b, b.shape()));
    if inner != inner_b {
        fail!(WrongShape, "inner extents {inner} and {inner_b} of a matrix product differ");
    }
    let batch = broadcast(&a.shape()[..n - 2], &b.shape()[..n - 2]);
    let (x, y) = (a.to_f64s(), b.to_f64s());
    let mut out = Vec::new();
    for index in indices(&batch) {
        let start = |t: &Tensor, len: usize| broadcast_offset(&index, &t.shape()[..n - 2]) * len;
        let (x, y) = (&x[start(a, rows * inner)..], &y[start(b, inner * columns)..]);
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            let at_a = |k: usize| if op_a == MatrixOp::Transpose { k * rows + i } else { i * inner + k };
            let at_b = |k: usize| if op_b == MatrixOp::Transpose { j * inner + k } else { k * columns + j };
            out.push((0..inner).map(|k| x[at_a(k)] * y[at_b(k)]).sum());
        }
    }
    Ok(floats(a.dtype(), &[batch, vec![rows, columns]].concat(), out))
}
