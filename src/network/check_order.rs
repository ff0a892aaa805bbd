//! Rules of layers whose elements depend on many others by place: top-k, running sums, einsum. Part of [`crate::network::check`].

use crate::network::check::At;
use crate::network::check_layers::{FLOATS, NUMBERS, axis_inside, same_types};
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dtype::DType::{F16, F32};

/// Most elements that a top-k gives.
const MAX_K: i64 = 3840;

/// Axes, counted from the last, along which a top-k can run.
const TOP_K_AXES: usize = 4;

/// The rules of one layer.
pub(super) fn check(at: &At) -> Accepted<()> {
    match &at.layer.kind {
        LayerKind::TopK { k, axis, .. } => top_k(at, *k, *axis),
        LayerKind::Cumulative { axis, .. } => cumulative(at, *axis),
        LayerKind::Einsum(equation) => einsum(at, equation),
        _ => Ok(()),
    }
}

fn top_k(at: &At, k: i64, axis: usize) -> Accepted<()> {
    at.ranked(0, 2, "topk.rank")?;
    axis_inside(at, axis)?;
    if axis + TOP_K_AXES < at.rank(0) {
        let reason = format!("axis {axis} of rank {} is none of the last {TOP_K_AXES}", at.rank(0));
        return Err(Refusal::new("topk.axis", reason, "a transpose that moves the axis to the end"));
    }
    if !(1..=MAX_K).contains(&k) {
        return Err(Refusal::new("topk.k", format!("{k} elements are wanted; 1 to {MAX_K} can be had"), format!("a k of at most {MAX_K}")));
    }
    let extent = &at.input(0).dims[axis];
    if extent.interval().1 < k {
        return Err(Refusal::new("topk.extent", format!("{k} elements of axis {axis}, whose extent is {extent}"), ""));
    }
    at.typed(0, if at.capabilities.at_least(10, 0, 0) { NUMBERS } else { FLOATS }, "topk.type")
}

fn cumulative(at: &At, axis: usize) -> Accepted<()> {
    if !at.capabilities.at_least(10, 8, 0) {
        let reason = format!("{} has no cumulative layer", at.version());
        return Err(Refusal::new("cumulative.version", reason, "TensorRT 10.8 or newer"));
    }
    at.ranked(0, 1, "cumulative.rank")?;
    axis_inside(at, axis)?;
    at.typed(0, NUMBERS, "cumulative.type")
}

fn einsum(at: &At, equation: &str) -> Accepted<()> {
    let recent = at.capabilities.at_least(10, 12, 0);
    let terms: Vec<&str> = equation.split("->").next().unwrap_or("").split(',').collect();
    if terms.len() > 2 && !recent {
        let reason = format!("'{equation}' has {} operands; {} takes two", terms.len(), at.version());
        return Err(Refusal::new("einsum.operands", reason, "TensorRT 10.12 or newer, or products of two operands at a time"));
    }
    let repeats = |t: &&&str| t.char_indices().any(|(i, c)| t[..i].contains(c));
    if let (Some(term), false) = (terms.iter().find(repeats), recent) {
        let reason = format!("'{term}' of '{equation}' takes a diagonal");
        return Err(Refusal::new("einsum.diagonal", reason, "TensorRT 10.12 or newer"));
    }
    for i in 0..at.layer.inputs.len() {
        at.typed(i, &[F32, F16], "einsum.type")?;
        same_types(at, 0, i)?;
    }
    Ok(())
}
