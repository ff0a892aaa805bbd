//! `strided_slice`: a part of each axis, forwards or backwards, with clamped ends.

use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{OpDef, Tolerance};
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::movement::{affine_indices, constants, data_dependent, lower_affine, param_eval, param_value, pick, pick_value, strides};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `strided_slice`.
    pub struct StridedSlice {
        /// First index per axis; negative counts from the end; clamped.
        pub begin: Param = Param::Static(vec![]),
        /// End per axis, not included; negative counts from the end; clamped.
        pub end: Param = Param::Static(vec![]),
        /// Step per axis, not 0; ones where empty.
        pub strides: Param = Param::Static(vec![]),
        /// The axes; the first ones where empty.
        pub axes: Param = Param::Static(vec![]),
    }
}

/// What is taken from one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// First index.
    pub start: Dim,
    /// Step.
    pub step: i64,
    /// Number of elements.
    pub size: Dim,
}

/// An index that may count from the end, inside `low..=high`; `None` where its sign is not known.
fn clamp(index: &Dim, extent: &Dim, low: &Dim, high: &Dim) -> Option<Dim> {
    let absolute = match index.interval() {
        (min, _) if min >= 0 => index.clone(),
        (_, max) if max < 0 => index + extent,
        _ => return None,
    };
    Some(absolute.max_with(low).min_with(high))
}

fn part(extent: &Dim, begin: &Dim, end: &Dim, step: i64) -> Option<Part> {
    let (zero, one) = (Dim::from(0i64), Dim::from(1i64));
    let (start, span) = if step > 0 {
        let start = clamp(begin, extent, &zero, extent)?;
        let stop = clamp(end, extent, &zero, extent)?;
        (start.clone(), &stop - &start)
    } else {
        let last = extent - &one;
        let start = clamp(begin, extent, &zero, &last)?;
        // An end below -extent means "through index 0".
        let stop = clamp(end, extent, &Dim::from(-1i64), &last)?;
        (start.clone(), &start - &stop)
    };
    let size = span.ceil_div(&Dim::from(step.unsigned_abs() as i64)).max_with(&zero);
    Some(Part { start, step, size })
}

/// Begin, end, step and axis lists resolved to one part per axis of `x`; `None` where an extent depends on data.
fn parts(x: &[Dim], begin: &[Dim], end: &[Dim], step: &[i64], axes: &[i64]) -> Result<Vec<Option<Part>>> {
    let n = begin.len();
    let all: Vec<i64> = if axes.is_empty() { (0..n as i64).collect() } else { axes.to_vec() };
    let fits = end.len() == n && all.len() == n && (step.is_empty() || step.len() == n);
    ensure!(fits, BadGraph, "begin has {n} entries, end {}, strides {}, axes {}", end.len(), step.len(), all.len());
    shape::axes(&all, x.len())?;
    let whole = |d: &Dim| Part { start: Dim::from(0i64), step: 1, size: d.clone() };
    let mut out: Vec<Option<Part>> = x.iter().map(|d| Some(whole(d))).collect();
    for i in 0..n {
        let axis = shape::axis(all[i], x.len())?;
        let step = step.get(i).copied().unwrap_or(1);
        ensure!(step != 0, BadGraph, "the step of axis {axis} is 0");
        out[axis] = part(&x[axis], &begin[i], &end[i], step);
    }
    Ok(out)
}

/// Facts' side of [`parts`]; the outer `None` means that a list is not known.
fn fact_parts(a: &StridedSlice, x: &[&Fact]) -> Result<Option<Vec<Option<Part>>>> {
    let lists = (param_value(&a.begin, x)?, param_value(&a.end, x)?, param_value(&a.strides, x)?, param_value(&a.axes, x)?);
    match lists {
        (Some(begin), Some(end), Some(step), Some(axes)) => {
            Ok(Some(parts(&x[0].shape, &begin, &end, &constants(&step, "strides")?, &constants(&axes, "axes")?)?))
        }
        _ => Ok(None),
    }
}

/// The result and the flat indices it comes from, for constant parts.
fn source(shape: &[usize], parts: &[Option<Part>]) -> Option<(Vec<usize>, Vec<usize>)> {
    let own = strides(shape);
    let (mut out, mut offset, mut steps) = (Vec::new(), 0, Vec::new());
    for (p, stride) in parts.iter().zip(&own) {
        let p = p.as_ref()?;
        out.push(usize::try_from(p.size.as_const()?).ok()?);
        offset += p.start.as_const()? * stride;
        steps.push(p.step * stride);
    }
    let from = affine_indices(&out, offset, &steps);
    Some((out, from))
}

/// Layers that take one part of each axis: a slice where all is constant, else a gather per axis that is cut.
pub fn slice_layers(b: &mut Builder, x: TensorId, parts: &[Option<Part>]) -> Accepted<TensorId> {
    let dynamic = || {
        Refusal::new(
            "strided_slice.dynamic-part",
            "the part taken depends on an extent that is not fixed",
            "fix the extents of the sliced axes",
        )
    };
    let fixed: Option<Vec<(i64, i64, i64)>> =
        parts.iter().map(|p| p.as_ref().and_then(|p| Some((p.start.as_const()?, p.size.as_const()?, p.step)))).collect();
    if let Some(fixed) = fixed {
        let [start, size, stride] = [0, 1, 2].map(|k| fixed.iter().map(|t| [t.0, t.1, t.2][k]).collect::<Vec<i64>>());
        // One element needs no step; with a step of 2, TensorRT 10.6 gave 0 for the last element of an axis.
        let stride = stride.iter().zip(&size).map(|(step, n)| if *n == 1 { 1 } else { *step }).collect();
        return b.add(LayerKind::Slice { start, size, stride }, &[x]);
    }
    let mut out = x;
    for (axis, p) in parts.iter().enumerate() {
        let p = p.as_ref().ok_or_else(dynamic)?;
        if p.start.is(0) && p.step == 1 && p.size.equals(&b.dims(x)[axis]) == Answer::Always {
            continue;
        }
        let (start, size) = (p.start.as_const().ok_or_else(dynamic)?, p.size.as_const().ok_or_else(dynamic)?);
        let indices: Vec<i32> = (0..size).map(|i| (start + i * p.step) as i32).collect();
        let indices = b.constant(Tensor::from_vec(&[indices.len()], indices))?;
        out = b.add(LayerKind::Gather(axis), &[out, indices])?;
    }
    Ok(out)
}

pub static STRIDED_SLICE: OpDef = OpDef {
    name: "strided_slice",
    doc: "A part of each axis.",
    arity: (1, 5),
    attrs: AttrsDef::of::<StridedSlice>(),
    infer: |c, x| {
        let Some(parts) = fact_parts(c.attrs.get(), x)? else {
            let dims = (0..x[0].rank()).map(|i| data_dependent(c.node, i)).collect();
            return Ok(vec![Fact::new(x[0].dtype, dims)]);
        };
        let dims = parts.iter().enumerate().map(|(i, p)| p.as_ref().map_or_else(|| data_dependent(c.node, i), |p| p.size.clone()));
        let out = Fact::new(x[0].dtype, dims.collect());
        Ok(vec![out.with_value(pick_value(x[0], |s| source(s, &parts).map_or(vec![usize::MAX], |s| s.1)))])
    },
    eval: |c, x| {
        let a: &StridedSlice = c.attrs.get();
        let dims = |p: &Param| -> Result<Vec<Dim>> { Ok(param_eval(p, c, x)?.into_iter().map(Dim::from).collect()) };
        let (step, axes) = (param_eval(&a.strides, c, x)?, param_eval(&a.axes, c, x)?);
        let parts = parts(&shape::from_usizes(x[0].shape()), &dims(&a.begin)?, &dims(&a.end)?, &step, &axes)?;
        let (out, from) = source(x[0].shape(), &parts).expect("constant extents give constant parts");
        Ok(vec![pick(&x[0], &out, &from)])
    },
    convert: |v, b, x| match fact_parts(v.attrs(), &v.inputs()) {
        Ok(Some(parts)) => Ok(vec![slice_layers(b, x[0], &parts)?]),
        _ => Err(Refusal::new("strided_slice.dynamic-part", "begin, end, strides or axes depend on data", "")),
    },
    lower: |v| {
        let parts = fact_parts(v.attrs(), &v.inputs())?.and_then(|p| p.into_iter().collect::<Option<Vec<Part>>>());
        let parts = parts
            .ok_or_else(|| Error::new(Code::NotImplemented, format!("node '{}': begin, end, strides or axes depend on data", v.name())))?;
        let own = shape::strides(v.shape(0));
        let offset = parts.iter().zip(&own).fold(Dim::from(0i64), |sum, (p, s)| &sum + &(&p.start * s));
        lower_affine(v, offset, parts.iter().zip(&own).map(|(p, s)| &Dim::from(p.step) * s).collect())
    },
    tolerance: Tolerance::EXACT,
};
