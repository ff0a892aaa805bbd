//! Operators that pick, join and reorder elements.

use crate::import::onnx::node::{Cx, statics};
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape;
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("Transpose", 1, transpose),
    by("Concat", 4, concat),
    by("Slice", 1, slice_by_attributes),
    by("Slice", 10, slice_by_operands),
    by("Gather", 1, gather),
    by("Tile", 6, tile),
    by("Pad", 2, pad_by_attributes),
    by("Pad", 11, pad_by_operands),
    by("Split", 2, split),
    by("DepthToSpace", 1, depth_to_space),
    by("SpaceToDepth", 1, space_to_depth),
];

fn transpose(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let axes = cx.attrs.ints("perm")?.unwrap_or_default();
    Ok(vec![cx.one("transpose", &[("axes", Attr::Ints(axes))], &[cx.input(0)?])?])
}

fn concat(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let Some(axis) = cx.attrs.int("axis")? else { fail!(MalformedModel, "attribute 'axis' is missing") };
    let operands = cx.all_inputs()?;
    if let [only] = operands.as_slice() {
        shape::axis(axis, cx.rank(*only))?;
        return Ok(operands);
    }
    Ok(vec![cx.one("concatenate", &[("axis", Attr::Int(axis))], &operands)?])
}

fn slice_by_attributes(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let (Some(starts), Some(ends)) = (cx.attrs.ints("starts")?, cx.attrs.ints("ends")?) else {
        fail!(MalformedModel, "attribute 'starts' or 'ends' is missing")
    };
    let axes = cx.attrs.ints("axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let same = starts.len() == ends.len() && starts.len() == axes.len();
    ensure!(same, MalformedModel, "it has {} starts, {} ends and {} axes", starts.len(), ends.len(), axes.len());
    let ones = vec![1; starts.len()];
    let attrs = [("begin", statics(&starts)), ("end", statics(&ends)), ("strides", statics(&ones)), ("axes", statics(&axes))];
    Ok(vec![cx.one("strided_slice", &attrs, &[x])?])
}

fn slice_by_operands(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, starts, ends, axes, steps) = (cx.input(0)?, cx.input(1)?, cx.input(2)?, cx.optional(3), cx.optional(4));
    let count = match cx.shape(starts).as_slice() {
        [n] => n.as_const().filter(|n| (0..=cx.rank(x) as i64).contains(n)),
        _ => None,
    };
    let Some(count) = count else { fail!(MalformedModel, "its starts are {}, not one number for each sliced axis", cx.fact(starts)) };
    let mut operands = vec![x];
    let begin = cx.param(starts, &mut operands)?;
    let end = cx.param(ends, &mut operands)?;
    let strides = match steps {
        Some(v) => cx.param(v, &mut operands)?,
        None => statics(&vec![1; count as usize]),
    };
    let axes = match axes {
        Some(v) => cx.param(v, &mut operands)?,
        None => statics(&(0..count).collect::<Vec<_>>()),
    };
    let attrs = [("begin", begin), ("end", end), ("strides", strides), ("axes", axes)];
    Ok(vec![cx.one("strided_slice", &attrs, &operands)?])
}

fn gather(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let axis = cx.attrs.int_or("axis", 0)?;
    Ok(vec![cx.one("take", &[("axis", Attr::Int(axis))], &[cx.input(0)?, cx.input(1)?])?])
}

fn tile(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, repeats) = (cx.input(0)?, cx.input(1)?);
    let mut operands = vec![x];
    let reps = cx.param(repeats, &mut operands)?;
    Ok(vec![cx.one("tile", &[("reps", reps)], &operands)?])
}

fn pad_by_attributes(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let Some(pads) = cx.attrs.ints("pads")? else { fail!(MalformedModel, "attribute 'pads' is missing") };
    let value = cx.attrs.float_or("value", 0.0)?;
    let value = cx.scalar_like(x, value)?;
    let all: Vec<usize> = (0..cx.rank(x)).collect();
    pad(cx, x, value, Some(pads.into_iter().map(Dim::from).collect()), &all, None)
}

fn pad_by_operands(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, pads, value, axes) = (cx.input(0)?, cx.input(1)?, cx.optional(2), cx.optional(3));
    let rank = cx.rank(x);
    let axes = match axes {
        Some(axes) => cx.known_ints(axes, "axes")?.iter().map(|a| shape::axis(*a, rank)).collect::<Result<Vec<usize>>>()?,
        None => (0..rank).collect(),
    };
    let value = match value {
        Some(value) => value,
        None => cx.scalar_like(x, 0.0)?,
    };
    let known = cx.fact(pads).value.clone();
    pad(cx, x, value, known, &axes, Some(pads))
}

/// Pads `axes` by `widths`: of all in front, then of all behind. Widths that are not known are read from an operand, for all axes.
fn pad(
    cx: &mut Cx,
    x: ValueId,
    value: ValueId,
    widths: Option<Vec<Dim>>,
    axes: &[usize],
    operand: Option<ValueId>,
) -> Result<Vec<ValueId>> {
    let rank = cx.rank(x);
    let mode = ("pad_mode", Attr::Str(cx.attrs.text_or("mode", "constant")?.into()));
    if let Some(widths) = widths {
        let fits = widths.len() == 2 * axes.len();
        ensure!(fits, MalformedModel, "it has {} widths for {} axes", widths.len(), axes.len());
        let mut pairs = vec![Dim::from(0i64); 2 * rank];
        for (i, axis) in axes.iter().enumerate() {
            pairs[2 * axis] = widths[i].clone();
            pairs[2 * axis + 1] = widths[axes.len() + i].clone();
        }
        return Ok(vec![cx.one("nn.pad", &[("pad_width", Attr::Param(Param::Static(pairs))), mode], &[x, value])?]);
    }
    let Some(widths) = operand.filter(|_| axes.iter().copied().eq(0..rank)) else {
        fail!(UnsupportedModel, "widths of some axes are computed by the network; only constants are supported here")
    };
    let widths = cx.cast(widths, DType::I64)?;
    let pairs = cx.reshape(widths, vec![Dim::from(2i64), Dim::from(rank)])?;
    let pairs = cx.one("transpose", &[("axes", Attr::Ints(vec![1, 0]))], &[pairs])?;
    let pairs = cx.reshape(pairs, vec![Dim::from(2 * rank)])?;
    Ok(vec![cx.one("nn.pad", &[("pad_width", Attr::Param(Param::Input(2))), mode], &[x, value, pairs])?])
}

fn split(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let extents = cx.shape(x);
    let axis = shape::axis(cx.attrs.int_or("axis", 0)?, extents.len())?;
    let sizes = cx.attribute_or_operand("split", 1)?;
    let parts = cx.output_count();
    let wanted = cx.attrs.int_or("num_outputs", parts as i64)?;
    ensure!(parts > 0 && wanted == parts as i64, MalformedModel, "attribute 'num_outputs' is {wanted}, but it lists {parts} results");
    let sizes = match sizes {
        Some(sizes) => sizes,
        None => equal_parts(cx, &extents[axis], parts as i64)?,
    };
    ensure!(sizes.len() == parts, MalformedModel, "it has {} part sizes for {parts} results", sizes.len());
    let mut cuts = Vec::new();
    let mut end = 0i64;
    for size in &sizes {
        ensure!(*size >= 0, MalformedModel, "part sizes {sizes:?} are negative");
        end = end.saturating_add(*size);
        cuts.push(end);
    }
    cuts.pop();
    if let Some(extent) = extents[axis].as_const() {
        ensure!(end == extent, MalformedModel, "parts {sizes:?} do not add up to {extent}, the extent of axis {axis}");
    }
    if parts == 1 {
        return Ok(vec![x]);
    }
    cx.emit("split", &[("indices", Attr::Ints(cuts)), ("axis", Attr::Int(axis as i64))], &[x])
}

/// Parts of one size; since version 18 the last may be smaller.
fn equal_parts(cx: &Cx, extent: &Dim, parts: i64) -> Result<Vec<i64>> {
    let Some(extent) = extent.as_const() else {
        fail!(UnsupportedModel, "the extent {extent} is split into {parts} equal parts; fix it to a number, or give the part sizes")
    };
    let size = (extent + parts - 1) / parts;
    let last = extent - size * (parts - 1);
    ensure!(last == size || (cx.opset >= 18 && last >= 0), MalformedModel, "extent {extent} cannot be split into {parts} parts");
    let mut sizes = vec![size; parts as usize - 1];
    sizes.push(last);
    Ok(sizes)
}

/// Extents of an image batch, and the block size with its square.
fn blocks(cx: &Cx, x: ValueId) -> Result<([Dim; 4], Dim, Dim)> {
    let block = cx.attrs.int_or("blocksize", 0)?;
    ensure!((1..=1 << 15).contains(&block), MalformedModel, "attribute 'blocksize' is {block}");
    let Ok(extents) = <[Dim; 4]>::try_from(cx.shape(x)) else { fail!(MalformedModel, "its operand is {}, not 4-D", cx.fact(x)) };
    Ok((extents, Dim::from(block), Dim::from(block * block)))
}

fn depth_to_space(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let ([n, c, h, w], b, square) = blocks(cx, x)?;
    let depth = c.floor_div(&square);
    let (split, axes) = match cx.attrs.text_or("mode", "DCR")? {
        "DCR" => ([n.clone(), b.clone(), b.clone(), depth.clone(), h.clone(), w.clone()], [0, 3, 4, 1, 5, 2]),
        "CRD" => ([n.clone(), depth.clone(), b.clone(), b.clone(), h.clone(), w.clone()], [0, 1, 4, 2, 5, 3]),
        other => fail!(UnsupportedModel, "attribute 'mode' is '{other}', neither 'DCR' nor 'CRD'"),
    };
    let split = cx.reshape(x, split.into())?;
    let moved = cx.one("transpose", &[("axes", Attr::Ints(axes.into()))], &[split])?;
    Ok(vec![cx.reshape(moved, vec![n, depth, &h * &b, &w * &b])?])
}

fn space_to_depth(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let ([n, c, h, w], b, square) = blocks(cx, x)?;
    let (rows, columns) = (h.floor_div(&b), w.floor_div(&b));
    // As in the ONNX definition of the DCR mode, which is the only one before version 28 and the default.
    let axes = match cx.attrs.text_or("mode", "DCR")? {
        "DCR" => [0, 3, 5, 1, 2, 4],
        "CRD" => [0, 1, 3, 5, 2, 4],
        other => fail!(UnsupportedModel, "attribute 'mode' is '{other}', neither 'DCR' nor 'CRD'"),
    };
    let split = cx.reshape(x, vec![n.clone(), c.clone(), rows.clone(), b.clone(), columns.clone(), b])?;
    let moved = cx.one("transpose", &[("axes", Attr::Ints(axes.into()))], &[split])?;
    Ok(vec![cx.reshape(moved, vec![n, &c * &square, rows, columns])?])
}
