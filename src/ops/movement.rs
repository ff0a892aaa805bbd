//! What the operators share that move elements and change none: each says, for constant shapes, from which flat index each element
//! of its result comes; tensors and the values of facts then move alike. No entries.

use crate::ir::attrs::Param;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, Lowering};
use crate::ir::view::NodeView;
use crate::loops::{Access, Body, Kernel, Role};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

/// The elements of `t` at flat indices `from`, in shape `out`.
pub fn pick(t: &Tensor, out: &[usize], from: &[usize]) -> Tensor {
    let size = t.dtype().size();
    let mut bytes = Vec::with_capacity(from.len() * size);
    from.iter().for_each(|i| bytes.extend_from_slice(&t.bytes()[i * size..(i + 1) * size]));
    Tensor::new(t.dtype(), out.to_vec(), bytes.into()).expect("one element per index")
}

/// The elements of a fact's value at flat indices.
pub fn pick_value(x: &Fact, from: impl FnOnce(&[usize]) -> Vec<usize>) -> Option<Vec<Dim>> {
    let value = x.value.as_ref()?;
    let from = from(&shape::as_usizes(&x.shape)?);
    from.into_iter().map(|i| value.get(i).cloned()).collect()
}

/// For each element of `out`, its flat index in a dense `x`: `offset + sum(index * stride)`.
pub fn affine_indices(out: &[usize], offset: i64, strides: &[i64]) -> Vec<usize> {
    let mut at = vec![offset];
    for (extent, stride) in out.iter().zip(strides) {
        at = at.iter().flat_map(|base| (0..*extent as i64).map(move |j| base + j * stride)).collect();
    }
    at.into_iter().map(|i| i as usize).collect()
}

/// Row-major strides of a constant shape.
pub fn strides(shape: &[usize]) -> Vec<i64> {
    let mut out = vec![1i64; shape.len()];
    for i in (1..shape.len()).rev() {
        out[i - 1] = out[i] * shape[i] as i64;
    }
    out
}

/// A kernel that fills the node's only result from operand 0 by one affine access.
pub fn lower_affine(view: &NodeView, offset: Dim, strides: Vec<Dim>) -> Result<Lowering> {
    let mut k = Kernel::new(view.name());
    let inputs: Vec<_> = (0..view.input_count()).map(|i| k.add(Role::Input, view.dtype(i), view.shape(i))).collect();
    let out = k.add(Role::Output, view.output(0).dtype, &view.output(0).shape);
    let mut body = Body::default();
    body.load(Access { buffer: inputs[0], offset, strides });
    k.map(out, body);
    Ok(Lowering::Kernel(k))
}

/// The entries of a shape-like parameter while facts are inferred; `None` where an operand's value is not known.
pub fn param_value(param: &Param, facts: &[&Fact]) -> Result<Option<Vec<Dim>>> {
    match param {
        Param::Static(dims) => Ok(Some(dims.clone())),
        Param::Input(i) => {
            let fact = facts.get(*i).ok_or_else(|| Error::new(Code::BadGraph, format!("operand {i} is missing")))?;
            let integer = matches!(fact.dtype, DType::I64 | DType::I32);
            crate::ensure!(integer && fact.rank() <= 1, BadGraph, "operand {i} is {fact}, not a list of integers");
            Ok(fact.value.clone())
        }
    }
}

/// Number of entries of a shape-like parameter; an error where that depends on data.
pub fn param_len(param: &Param, facts: &[&Fact]) -> Result<usize> {
    match param {
        Param::Static(dims) => Ok(dims.len()),
        Param::Input(i) => {
            let extents = facts.get(*i).map(|f| shape::as_usizes(&f.shape)).unwrap_or_default();
            let extents = extents.ok_or_else(|| Error::new(Code::NotImplemented, "the rank of the result depends on data"))?;
            Ok(extents.iter().product())
        }
    }
}

/// The entries of a shape-like parameter while tensors are computed.
pub fn param_eval(param: &Param, ctx: &EvalCtx, x: &[Tensor]) -> Result<Vec<i64>> {
    match param {
        Param::Static(dims) => {
            dims.iter().map(|d| d.eval(ctx.bindings).ok_or_else(|| Error::new(Code::WrongShape, format!("{d} has no value")))).collect()
        }
        Param::Input(i) => crate::ops::elementwise::ints(&x[*i]),
    }
}

/// Entries of a parameter that must be constants.
pub fn constants(dims: &[Dim], what: &str) -> Result<Vec<i64>> {
    dims.iter().map(|d| d.as_const().ok_or_else(|| Error::new(Code::NotImplemented, format!("{what} {d} is not a constant")))).collect()
}

/// A symbol for an extent that depends on data.
pub fn data_dependent(node: &str, index: usize) -> Dim {
    Dim::symbol(&format!("{node}.{index}"), 0, i32::MAX as i64)
}
