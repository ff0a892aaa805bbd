//! Operators that address elements by computed indices, and those whose results have as many elements as the data say.

use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("GatherElements", 11, gather_elements),
    by("GatherND", 11, gather_nd),
    by("Scatter", 9, scatter_elements),
    by("ScatterElements", 11, scatter_elements),
    by("ScatterND", 11, scatter_nd),
    by("ReverseSequence", 10, reverse_sequence),
    by("NonZero", 9, non_zero),
    by("Compress", 9, compress),
    by("NonMaxSuppression", 10, non_max_suppression),
];

fn gather_elements(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let axis = cx.attrs.int_or("axis", 0)?;
    Ok(vec![cx.one("gather", &[("axis", Attr::Int(axis))], &[cx.input(0)?, cx.input(1)?])?])
}

/// The indices with the coordinates of a place first; ONNX has them last.
fn coordinates_first(cx: &mut Cx, indices: ValueId) -> Result<ValueId> {
    let rank = cx.rank(indices) as i64;
    ensure!(rank > 0, MalformedModel, "its indices are a single number");
    if rank == 1 {
        return Ok(indices);
    }
    let axes = [rank - 1].into_iter().chain(0..rank - 1).collect();
    cx.one("transpose", &[("axes", Attr::Ints(axes))], &[indices])
}

fn gather_nd(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (data, indices) = (cx.input(0)?, cx.input(1)?);
    let batch = cx.attrs.int_or("batch_dims", 0)?;
    let indices = coordinates_first(cx, indices)?;
    Ok(vec![cx.one("gather_nd", &[("batch_dims", Attr::Int(batch))], &[data, indices])?])
}

/// What an update does, in our words.
fn reduction(cx: &Cx) -> Result<Attr> {
    match cx.attrs.text_or("reduction", "none")? {
        "none" => Ok(Attr::Str("update".into())),
        known @ ("add" | "mul" | "min" | "max") => Ok(Attr::Str(known.into())),
        other => fail!(MalformedModel, "attribute 'reduction' is '{other}'"),
    }
}

fn scatter_elements(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let attrs = [("axis", Attr::Int(cx.attrs.int_or("axis", 0)?)), ("reduction", reduction(cx)?)];
    Ok(vec![cx.one("scatter_elements", &attrs, &[cx.input(0)?, cx.input(1)?, cx.input(2)?])?])
}

fn scatter_nd(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (data, indices, updates, mode) = (cx.input(0)?, cx.input(1)?, cx.input(2)?, reduction(cx)?);
    let indices = coordinates_first(cx, indices)?;
    Ok(vec![cx.one("scatter_nd", &[("mode", mode)], &[data, indices, updates])?])
}

fn reverse_sequence(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let attrs = [("batch_axis", Attr::Int(cx.attrs.int_or("batch_axis", 1)?)), ("seq_axis", Attr::Int(cx.attrs.int_or("time_axis", 0)?))];
    Ok(vec![cx.one("reverse_sequence", &attrs, &[cx.input(0)?, cx.input(1)?])?])
}

/// One column for each element that is not zero.
fn non_zero(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let rows = cx.call("argwhere", &[cx.input(0)?])?;
    let columns = cx.one("transpose", &[("axes", Attr::Ints(vec![1, 0]))], &[rows])?;
    Ok(vec![cx.cast(columns, DType::I64)?])
}

/// The slices of an axis, or the elements, where a list of bools holds.
fn compress(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (mut data, condition) = (cx.input(0)?, cx.input(1)?);
    ensure!(cx.rank(condition) == 1, MalformedModel, "its condition is {}, not a list", cx.fact(condition));
    let axis = match cx.attrs.int("axis")? {
        Some(axis) => axis,
        None => {
            let count = crate::tensor::shape::element_count(&cx.shape(data));
            data = cx.reshape(data, vec![count])?;
            0
        }
    };
    let rows = cx.call("argwhere", &[condition])?;
    let places = cx.one("squeeze", &[("axis", Attr::Ints(vec![1]))], &[rows])?;
    Ok(vec![cx.one("take", &[("axis", Attr::Int(axis))], &[data, places])?])
}

fn non_max_suppression(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (boxes, scores) = (cx.input(0)?, cx.input(1)?);
    let mut operands = vec![boxes, scores];
    for (i, missing) in [(2, Tensor::scalar(0i64)), (3, Tensor::scalar(0f32)), (4, Tensor::scalar(f32::NEG_INFINITY))] {
        let given = match cx.optional(i) {
            Some(v) if cx.rank(v) == 0 => v,
            Some(v) => cx.one("reshape", &[("newshape", statics(&[]))], &[v])?,
            None => cx.add_constant(missing),
        };
        operands.push(given);
    }
    let center = cx.attrs.flag("center_point_box")?;
    Ok(vec![cx.one("vision.all_class_non_max_suppression", &[("center_point_box", Attr::Bool(center))], &operands)?])
}
