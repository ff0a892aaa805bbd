//! Operators whose elements follow from their places: ranges, identity matrices, triangles, one-hot vectors.

use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::import::onnx::weights::element_type;
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Context, Result};
use crate::tensor::host::Tensor;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("Range", 11, range),
    by("EyeLike", 9, eye_like),
    by("OneHot", 9, one_hot),
    by("Trilu", 14, trilu),
    by("Trilu", 1, trilu).of("com.microsoft"),
];

fn range(cx: &mut Cx) -> Result<Vec<ValueId>> {
    cx.attrs.ignore("stash_type");
    let operands = [cx.input(0)?, cx.input(1)?, cx.input(2)?];
    Ok(vec![cx.call("arange", &operands)?])
}

/// 0, 1, ... up to an extent, as a shape of two axes.
fn counted(cx: &mut Cx, extent: ValueId, from: i64, axis: i64) -> Result<ValueId> {
    let (start, one) = (cx.scalar(DType::I64, from as f64)?, cx.scalar(DType::I64, 1.0)?);
    let stop = cx.call("add", &[extent, start])?;
    let range = cx.call("arange", &[start, stop, one])?;
    cx.one("expand_dims", &[("axis", Attr::Int(axis)), ("num_newaxis", Attr::Int(1))], &[range])
}

fn eye_like(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    ensure!(cx.rank(x) == 2, MalformedModel, "its operand is {}, not a matrix", cx.fact(x));
    let dtype = match cx.attrs.int("dtype")? {
        Some(code) => element_type(code).context(|| "attribute 'dtype'")?,
        None => cx.dtype(x),
    };
    let diagonal = cx.attrs.int_or("k", 0)?;
    let extents = cx.one("shape_of", &[("dtype", Attr::DType(DType::I64))], &[x])?;
    let mut places = Vec::new();
    for (axis, from) in [(0, diagonal), (1, 0)] {
        let index = cx.add_constant(Tensor::scalar(axis));
        let extent = cx.one("take", &[("axis", Attr::Int(0))], &[extents, index])?;
        places.push(counted(cx, extent, from, 1 - axis)?);
    }
    let equal = cx.call("equal", &places)?;
    Ok(vec![cx.cast(equal, dtype)?])
}

fn one_hot(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (indices, depth, values) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let depth = match cx.number(depth).or_else(|| cx.known_ints(depth, "depth").ok().and_then(|d| d.first().map(|v| *v as f64))) {
        Some(depth) => depth as i64,
        None => fail!(UnsupportedModel, "its 'depth' is computed by the network; only constants are supported here"),
    };
    let pair = cx.shape(values).iter().all(|d| d.is(2)) && cx.rank(values) == 1;
    ensure!(pair, MalformedModel, "its values are {}, not two", cx.fact(values));
    let axis = cx.attrs.int_or("axis", -1)?;
    // Indices may be of any type of numbers.
    let indices = if matches!(cx.dtype(indices), DType::I64 | DType::I32) { indices } else { cx.cast(indices, DType::I64)? };
    let parts = cx.emit("split", &[("indices", Attr::Ints(vec![1])), ("axis", Attr::Int(0))], &[values])?;
    let attrs = [("depth", Attr::Int(depth)), ("axis", Attr::Int(axis))];
    Ok(vec![cx.one("one_hot", &attrs, &[indices, parts[1], parts[0]])?])
}

fn trilu(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, diagonal) = (cx.input(0)?, cx.optional(1));
    let upper = cx.attrs.int_or("upper", 1)? != 0;
    let diagonal = match diagonal {
        Some(k) => k,
        None => cx.scalar(DType::I64, 0.0)?,
    };
    Ok(vec![cx.one("trilu", &[("upper", Attr::Bool(upper))], &[x, diagonal])?])
}
