//! Rules of int8: it stands between a quantising and a dequantising layer, and nowhere else.

use crate::network::check::At;
use crate::network::check_layers::FLOATS;
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::network::{Network, TensorId};
use crate::tensor::dtype::DType;

/// Layers that only move elements, so that a scale holds behind them as before.
fn moves(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Shuffle { .. })
}

/// Refuses an int8 tensor that something else than quantisation makes or reads. What enters or leaves the network counts as quantised
/// where a layer here says so.
pub(super) fn check_int8(network: &Network, id: TensorId) -> Accepted<()> {
    let tensor = network.tensor(id);
    let maker = network.layers.iter().find(|l| l.outputs.contains(&id));
    let refuse = |what: String| {
        let reason = format!("tensor '{}' is int8: to TensorRT a quantised float, but {what}", tensor.name);
        Err(Refusal::new("type.int8-scale", reason, "another integer type, or nodes that quantise and dequantise"))
    };
    match maker.map(|l| &l.kind) {
        None | Some(LayerKind::Constant(_) | LayerKind::Quantize(_)) => {}
        Some(kind) if moves(kind) => {}
        Some(kind) => return refuse(format!("a {} layer makes it", kind.name())),
    }
    let reader = network.layers.iter().find(|l| l.inputs.contains(&id) && !matches!(l.kind, LayerKind::Dequantize(..)) && !moves(&l.kind));
    match reader {
        Some(l) => refuse(format!("a {} layer reads it", l.kind.name())),
        None => Ok(()),
    }
}

/// Quantise and dequantise.
pub(super) fn check(at: &At) -> Accepted<()> {
    at.ranked(0, 1, "quantise.rank")?;
    let (axis, float) = match &at.layer.kind {
        LayerKind::Dequantize(axis, to) => {
            at.typed(0, &[DType::I8], "quantise.type")?;
            (*axis, *to)
        }
        LayerKind::Quantize(axis) => {
            at.typed(0, FLOATS, "quantise.type")?;
            (*axis, at.dtype(0))
        }
        _ => return Ok(()),
    };
    if !FLOATS.contains(&float) {
        return Err(Refusal::new("quantise.type", format!("int8 is dequantised to {float}"), "a cast of float32"));
    }
    let scale = at.input(1);
    let fits = match axis {
        None => scale.dims.is_empty(),
        Some(a) => {
            a < at.rank(0) && scale.dims.len() == 1 && scale.dims[0].equals(&at.input(0).dims[a]) != crate::tensor::dim::Answer::Never
        }
    };
    if fits && scale.dtype == DType::F32 {
        return Ok(());
    }
    let reason = format!("scales of {}{}", scale.dtype, crate::tensor::shape::text(&scale.dims));
    Err(Refusal::new("quantise.scale", reason, "one float32 scale, or one per index of the axis"))
}
