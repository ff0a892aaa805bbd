//! Operators that read between elements: resizing, sampling at the places of a grid.

use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::ir::attrs::{Attr, Param};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;
use crate::tensor::shape::{self, element_count};
use crate::{ensure, fail};

/// The family's operators.
pub const ROWS: &[Row] = &[
    by("Upsample", 7, upsample_by_attribute),
    by("Upsample", 9, upsample_by_operand),
    by("Resize", 10, resize_by_scales),
    by("Resize", 11, resize),
    by("GridSample", 16, grid_sample),
];

/// One axis that changes: its extent in the result, and the ratio from which places are computed (0: that of the extents).
#[derive(Clone)]
struct Change {
    axis: usize,
    extent: Dim,
    scale: f64,
}

fn text(name: &'static str, v: &str) -> (&'static str, Attr) {
    (name, Attr::Str(v.into()))
}

fn method(cx: &Cx) -> Result<&'static str> {
    Ok(match cx.attrs.text_or("mode", "nearest")? {
        "nearest" => "nearest_neighbor",
        "linear" | "bilinear" => "linear",
        "cubic" => "cubic",
        other => fail!(UnsupportedModel, "attribute 'mode' is '{other}', none of nearest, linear, cubic"),
    })
}

fn upsample_by_attribute(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let x = cx.input(0)?;
    let Some(scales) = cx.attrs.floats("scales")? else { fail!(MalformedModel, "attribute 'scales' is missing") };
    asymmetric(cx, x, &scales)
}

fn upsample_by_operand(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, scales) = (cx.input(0)?, cx.input(1)?);
    let scales = known_scales(cx, scales)?;
    asymmetric(cx, x, &scales)
}

fn resize_by_scales(cx: &mut Cx) -> Result<Vec<ValueId>> {
    upsample_by_operand(cx)
}

/// Before version 11 of Resize there was one kind of coordinates, and of rounding.
fn asymmetric(cx: &mut Cx, x: ValueId, scales: &[f32]) -> Result<Vec<ValueId>> {
    let all: Vec<usize> = (0..cx.rank(x)).collect();
    let changes = by_scales(cx, x, scales, &all)?;
    let attrs = [text("method", method(cx)?), text("coordinate_transformation_mode", "asymmetric"), text("rounding_method", "floor")];
    Ok(vec![resized(cx, x, &changes, &attrs)?])
}

fn known_scales(cx: &Cx, v: ValueId) -> Result<Vec<f32>> {
    let Some(t) = cx.constant(v) else {
        fail!(UnsupportedModel, "its 'scales' are computed by the network; only constants are supported here")
    };
    Ok(t.to_f64s().into_iter().map(|v| v as f32).collect())
}

/// An extent times a factor, rounded down.
fn scaled(extent: &Dim, scale: f32) -> Result<Dim> {
    const PARTS: f32 = 1024.0;
    let parts = scale * PARTS;
    match extent.as_const() {
        Some(extent) => Ok(Dim::from((extent as f32 * scale).floor() as i64)),
        None if parts.fract() == 0.0 => Ok((extent * &Dim::from(parts as i64)).floor_div(&Dim::from(PARTS as i64))),
        None => fail!(UnsupportedModel, "extent {extent} is scaled by {scale}, which is no small fraction; fix the extent to a number"),
    }
}

fn by_scales(cx: &Cx, x: ValueId, scales: &[f32], axes: &[usize]) -> Result<Vec<Change>> {
    let extents = cx.shape(x);
    let fits = scales.len() == axes.len() && scales.iter().all(|s| *s > 0.0 && *s <= 65536.0);
    ensure!(fits, MalformedModel, "its scales are {scales:?} for {} axes", axes.len());
    let changed = axes.iter().zip(scales).filter(|(_, s)| **s != 1.0);
    changed.map(|(a, s)| Ok(Change { axis: *a, extent: scaled(&extents[*a], *s)?, scale: f64::from(*s) })).collect()
}

/// Extents that are given, or the largest or smallest of their proportion.
fn by_sizes(cx: &Cx, x: ValueId, sizes: &[Dim], axes: &[usize]) -> Result<Vec<Change>> {
    let extents = cx.shape(x);
    ensure!(sizes.len() == axes.len(), MalformedModel, "it has {} sizes for {} axes", sizes.len(), axes.len());
    let policy = cx.attrs.text_or("keep_aspect_ratio_policy", "stretch")?;
    let fixed = |d: &Dim| d.as_const().filter(|v| *v > 0).map(|v| v as f64);
    let ratios = || axes.iter().zip(sizes).map(|(a, s)| Some(fixed(s)? / fixed(&extents[*a])?)).collect::<Option<Vec<f64>>>();
    let ratio = match policy {
        "stretch" => None,
        "not_larger" => ratios().map(|r| r.into_iter().fold(f64::INFINITY, f64::min)),
        "not_smaller" => ratios().map(|r| r.into_iter().fold(0.0, f64::max)),
        other => fail!(MalformedModel, "attribute 'keep_aspect_ratio_policy' is '{other}'"),
    };
    ensure!(policy == "stretch" || ratio.is_some(), UnsupportedModel, "a proportion of extents that are not fixed is kept");
    let change = |(axis, size): (&usize, &Dim)| {
        let extent = match (ratio, fixed(&extents[*axis])) {
            (Some(ratio), Some(extent)) => Dim::from((extent * ratio + 0.5).floor() as i64),
            _ => size.clone(),
        };
        Change { axis: *axis, extent, scale: ratio.unwrap_or(0.0) }
    };
    let all = axes.iter().zip(sizes).map(change);
    Ok(all.filter(|c| c.extent.equals(&extents[c.axis]) != Answer::Always).collect())
}

fn resize(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, _region, scales, sizes) = (cx.input(0)?, cx.optional(1), cx.optional(2), cx.optional(3));
    let given = |cx: &Cx, v: Option<ValueId>| v.filter(|v| !cx.shape(*v).iter().any(|d| d.is(0)));
    let rank = cx.rank(x);
    let axes = match cx.attrs.ints("axes")? {
        Some(axes) => axes.iter().map(|a| shape::axis(*a, rank)).collect::<Result<Vec<usize>>>()?,
        None => (0..rank).collect(),
    };
    ensure!(!cx.attrs.flag("antialias")?, UnsupportedModel, "attribute 'antialias' is set; that is not supported");
    let changes = match (given(cx, scales), given(cx, sizes)) {
        (Some(scales), None) => {
            cx.attrs.ignore("keep_aspect_ratio_policy");
            let scales = known_scales(cx, scales)?;
            by_scales(cx, x, &scales, &axes)?
        }
        (None, Some(sizes)) => {
            let Some(sizes) = cx.fact(sizes).value.clone() else {
                fail!(UnsupportedModel, "its 'sizes' are computed by the network from data; that is not supported")
            };
            by_sizes(cx, x, &sizes, &axes)?
        }
        _ => fail!(MalformedModel, "one of 'scales' and 'sizes' must be given"),
    };
    let coordinates = cx.attrs.text_or("coordinate_transformation_mode", "half_pixel")?;
    let known = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"];
    ensure!(known.contains(&coordinates), UnsupportedModel, "attribute 'coordinate_transformation_mode' is '{coordinates}'");
    // Only of crops, which are not supported.
    cx.attrs.ignore("extrapolation_value");
    let attrs = [
        text("method", method(cx)?),
        text("coordinate_transformation_mode", coordinates),
        text("rounding_method", cx.attrs.text_or("nearest_mode", "round_prefer_floor")?),
        ("cubic_alpha", Attr::Float(cx.attrs.float_or("cubic_coeff_a", -0.75)?)),
        ("cubic_exclude", Attr::Bool(cx.attrs.flag("exclude_outside")?)),
    ];
    Ok(vec![resized(cx, x, &changes, &attrs)?])
}

/// Two axes at a time, as pictures: interpolation goes axis by axis anyway.
fn resized(cx: &mut Cx, x: ValueId, changes: &[Change], attrs: &[(&str, Attr)]) -> Result<ValueId> {
    let mut x = x;
    for pair in changes.chunks(2) {
        let dims = cx.shape(x);
        if dims.len() == 4 && pair.iter().all(|c| c.axis >= 2) {
            x = picture(cx, x, [2, 3].map(|axis| pair.iter().find(|c| c.axis == axis)), attrs)?;
            continue;
        }
        let picked: Vec<usize> = pair.iter().map(|c| c.axis).collect();
        let others: Vec<usize> = (0..dims.len()).filter(|i| !picked.contains(i)).collect();
        let order = [others.clone(), picked.clone()].concat();
        let of = |list: &[usize]| list.iter().map(|i| dims[*i].clone()).collect::<Vec<Dim>>();
        let moved = turned(cx, x, &order)?;
        let (height, width) = match pair {
            [_] => (None, &pair[0]),
            _ => (Some(&pair[0]), &pair[1]),
        };
        let rows = height.map_or(Dim::from(1i64), |c| dims[c.axis].clone());
        let flat = vec![element_count(&of(&others)), Dim::from(1i64), rows, dims[width.axis].clone()];
        let flat = cx.reshape(moved, flat)?;
        let y = picture(cx, flat, [height, Some(width)], attrs)?;
        let extents = [of(&others), pair.iter().map(|c| c.extent.clone()).collect()].concat();
        let y = cx.reshape(y, extents)?;
        let back: Vec<usize> = (0..dims.len()).map(|i| order.iter().position(|o| *o == i).unwrap_or(i)).collect();
        x = turned(cx, y, &back)?;
    }
    Ok(x)
}

fn turned(cx: &mut Cx, x: ValueId, order: &[usize]) -> Result<ValueId> {
    if order.iter().copied().eq(0..order.len()) {
        return Ok(x);
    }
    cx.one("transpose", &[("axes", Attr::Ints(order.iter().map(|i| *i as i64).collect()))], &[x])
}

fn picture(cx: &mut Cx, x: ValueId, changes: [Option<&Change>; 2], attrs: &[(&str, Attr)]) -> Result<ValueId> {
    let dims = cx.shape(x);
    let size = [0, 1].map(|i| changes[i].map_or(dims[i + 2].clone(), |c| c.extent.clone()));
    let [scale_h, scale_w] = changes.map(|c| Attr::Float(c.map_or(0.0, |c| c.scale)));
    let own = [("size", Attr::Param(Param::Static(size.into()))), ("scale_h", scale_h), ("scale_w", scale_w)];
    cx.one("image.resize2d", &[&own, attrs].concat(), &[x])
}

fn grid_sample(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let (x, grid) = (cx.input(0)?, cx.input(1)?);
    ensure!(cx.rank(x) == 4 && cx.rank(grid) == 4, UnsupportedModel, "its operands are {} and {}, not pictures", cx.fact(x), cx.fact(grid));
    let method = match cx.attrs.text_or("mode", "linear")? {
        "linear" | "bilinear" => "bilinear",
        "cubic" | "bicubic" => "bicubic",
        "nearest" => "nearest",
        other => fail!(MalformedModel, "attribute 'mode' is '{other}'"),
    };
    let attrs = [
        text("method", method),
        text("padding_mode", cx.attrs.text_or("padding_mode", "zeros")?),
        ("align_corners", Attr::Bool(cx.attrs.flag("align_corners")?)),
    ];
    // Pairs stand in the last axis of ONNX's grid, in the second of ours.
    let grid = turned(cx, grid, &[0, 3, 1, 2])?;
    Ok(vec![cx.one("image.grid_sample", &attrs, &[x, grid])?])
}
