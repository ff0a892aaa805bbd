//! What the operators share that address elements by computed indices. Negative indices count from the end of an axis. No entries.

use crate::ensure;
use crate::ir::fact::Fact;
use crate::ir::view::NodeView;
use crate::loops::{Binary, Body, Op, Val};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{ElementWise, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;

/// Refuses types that are no indices.
pub fn check_indices(x: &Fact) -> Result<()> {
    ensure!(matches!(x.dtype, DType::I64 | DType::I32), WrongDType, "indices are {}, not int32 or int64", x.dtype);
    Ok(())
}

/// The index from the front; one outside the axis becomes the nearest inside.
pub fn clamped(index: i64, extent: usize) -> usize {
    let extent = extent as i64;
    let from_front = if index < 0 { index.saturating_add(extent) } else { index };
    from_front.clamp(0, (extent - 1).max(0)) as usize
}

/// The index from the front; an error for one outside the axis.
pub fn inside(index: i64, extent: usize) -> Result<usize> {
    let from_front = if index < 0 { index.saturating_add(extent as i64) } else { index };
    let found = usize::try_from(from_front).ok().filter(|i| *i < extent);
    found.ok_or_else(|| Error::new(Code::InvalidArgument, format!("index {index} is outside an axis of extent {extent}")))
}

/// A loaded index as `int64`, from the front and inside the axis.
pub fn bounded(body: &mut Body, raw: Val, extent: &Dim) -> Val {
    let raw = body.push(Op::Cast(DType::I64, raw));
    let (zero, one) = (body.int(DType::I64, 0), body.int(DType::I64, 1));
    let extent = body.push(Op::Size(extent.clone()));
    let wrapped = body.binary(Binary::Add, raw, extent);
    let negative = body.binary(Binary::Less, raw, zero);
    let index = body.push(Op::Select(negative, wrapped, raw));
    let last = body.binary(Binary::Sub, extent, one);
    let index = body.binary(Binary::Min, index, last);
    body.binary(Binary::Max, index, zero)
}

/// The running index of an axis of extent `own`, kept inside an extent that it is not known to fit.
pub fn running(body: &mut Body, axis: usize, own: &Dim, extent: &Dim) -> Val {
    let at = body.push(Op::Index(axis));
    if (extent - own).interval().0 >= 0 {
        return at;
    }
    let (extent, one) = (body.push(Op::Size(extent.clone())), body.int(DType::I64, 1));
    let last = body.binary(Binary::Sub, extent, one);
    body.binary(Binary::Min, at, last)
}

/// `sum + index * stride`.
pub fn step(body: &mut Body, sum: Val, index: Val, stride: &Dim) -> Val {
    let stride = body.push(Op::Size(stride.clone()));
    let step = body.binary(Binary::Mul, index, stride);
    body.binary(Binary::Add, sum, step)
}

/// What indices select from: one extent for all of them, or one for each place along their last axis.
fn extents(dims: &[Dim]) -> Option<Vec<i32>> {
    dims.iter().map(|d| d.as_const().and_then(|e| i32::try_from(e).ok())).collect()
}

/// Indices (operand `which`, here as `constant` where it is one) as int32 from the front. `dims` are the extents that they select from:
/// one, or one for each element of their last axis.
pub fn from_front(b: &mut Builder, view: &NodeView, x: TensorId, constant: Option<Tensor>, dims: &[Dim]) -> Accepted<TensorId> {
    let known = extents(dims);
    if let Some(t) = constant {
        let values = t.to_i64s().unwrap_or_default();
        let fixed = values.iter().enumerate().map(|(k, i)| match (&known, *i) {
            (_, i) if i >= 0 => i32::try_from(i).ok(),
            (Some(e), i) => i32::try_from(i + i64::from(e[k % e.len()])).ok(),
            (None, _) => None,
        });
        if let Some(fixed) = fixed.collect::<Option<Vec<i32>>>() {
            return b.constant(Tensor::from_vec(t.shape(), fixed));
        }
    }
    let Some(known) = known else {
        let reason = format!("node '{}': an extent that indices select from is not fixed, and they may be negative", view.name());
        return Err(Refusal::new("index.dynamic-extent", reason, "fix it, or give constant indices that are not negative"));
    };
    let indices = as_int32(b, x)?;
    let shape: Vec<usize> = if known.len() == 1 { vec![] } else { vec![known.len()] };
    let (zero, whole) = (b.constant(Tensor::scalar(0i32))?, b.constant(Tensor::from_vec(&shape, known))?);
    let negative = b.elementwise(ElementWise::Less, indices, zero)?;
    let wrapped = b.elementwise(ElementWise::Sum, indices, whole)?;
    b.add(LayerKind::Select, &[negative, wrapped, indices])
}

/// The tensor as int32.
pub fn as_int32(b: &mut Builder, x: TensorId) -> Accepted<TensorId> {
    if b.dtype(x) == DType::I32 { Ok(x) } else { b.add(LayerKind::Cast(DType::I32), &[x]) }
}
