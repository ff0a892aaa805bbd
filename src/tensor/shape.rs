//! Shapes as lists of dimension expressions: element counts, broadcasting, axes, text.

use crate::tensor::dim::{Answer, Bindings, Dim};
use crate::tensor::error::{Code, Error, Result};
use crate::{ensure, fail};

/// Product of all extents; 1 for rank 0.
pub fn element_count(shape: &[Dim]) -> Dim {
    shape.iter().fold(Dim::from(1i64), |n, d| &n * d)
}

/// Constant extents as a shape.
pub fn from_usizes(shape: &[usize]) -> Vec<Dim> {
    shape.iter().map(|d| Dim::from(*d)).collect()
}

/// The extents, where all are constant and not negative.
pub fn as_usizes(shape: &[Dim]) -> Option<Vec<usize>> {
    shape.iter().map(|d| usize::try_from(d.as_const()?).ok()).collect()
}

/// The extents under `bindings`; an error names a missing symbol or a negative extent.
pub fn eval(shape: &[Dim], bindings: &Bindings) -> Result<Vec<usize>> {
    shape
        .iter()
        .map(|d| {
            let v = d.eval(bindings).ok_or_else(|| Error::new(Code::WrongShape, format!("extent {d} has no value")))?;
            usize::try_from(v).map_err(|_| Error::new(Code::WrongShape, format!("extent {d} would be {v}")))
        })
        .collect()
}

/// Text form, for example `[N, 3, 48, W]`.
pub fn text(shape: &[Dim]) -> String {
    format!("[{}]", shape.iter().map(|d| d.to_string()).collect::<Vec<_>>().join(", "))
}

/// Element strides of a dense row-major tensor.
pub fn strides(shape: &[Dim]) -> Vec<Dim> {
    let mut out = vec![Dim::from(1i64); shape.len()];
    for i in (1..shape.len()).rev() {
        out[i - 1] = &out[i] * &shape[i];
    }
    out
}

/// `axis` in `-rank..rank`, counted from the front.
pub fn axis(axis: i64, rank: usize) -> Result<usize> {
    let r = rank as i64;
    ensure!((-r..r).contains(&axis), BadGraph, "axis {axis} is outside rank {rank}");
    Ok(if axis < 0 { axis + r } else { axis } as usize)
}

/// Several axes, counted from the front, sorted, each once.
pub fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>> {
    let mut out = list.iter().map(|a| axis(*a, rank)).collect::<Result<Vec<_>>>()?;
    out.sort_unstable();
    ensure!(out.windows(2).all(|w| w[0] != w[1]), BadGraph, "axes {list:?} name one axis twice");
    Ok(out)
}

/// numpy's broadcasting. Extents that may or may not be equal give their maximum: of two that broadcast it is the result.
pub fn broadcast(a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>> {
    let rank = a.len().max(b.len());
    let one = Dim::from(1i64);
    let at = |s: &[Dim], i: usize| (i + s.len()).checked_sub(rank).map_or(one.clone(), |j| s[j].clone());
    (0..rank)
        .map(|i| {
            let (x, y) = (at(a, i), at(b, i));
            Ok(match (x.as_const(), y.as_const()) {
                (Some(1), _) => y,
                (_, Some(1)) => x,
                _ => match (x.equals(&y), x.as_const(), y.as_const()) {
                    (Answer::Always, ..) => x,
                    (Answer::Unknown, Some(_), _) => x,
                    (Answer::Unknown, _, Some(_)) => y,
                    (Answer::Unknown, None, None) => x.max_with(&y),
                    (Answer::Never, ..) if x.interval().0 > 1 && y.interval().0 > 1 => {
                        fail!(BadGraph, "shapes {} and {} do not broadcast", text(a), text(b))
                    }
                    (Answer::Never, ..) => x.max_with(&y),
                },
            })
        })
        .collect()
}
