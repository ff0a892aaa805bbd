//! Rules of networks with an implicit batch: dimension 0 of every tensor is the batch, TensorRT does not see it, so no layer may touch it.

use crate::network::Network;
use crate::network::capabilities::{Capabilities, Flavour};
use crate::network::check::{At, what};
use crate::network::layer::{LayerKind, Unary};
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dim::Answer;
use crate::tensor::shape;

const LIFT: &str = "an explicit batch";

/// Implicit batch was there from the beginning and is gone since 10.0.
pub(super) fn mode(capabilities: &Capabilities) -> Accepted<()> {
    if capabilities.flavour == Flavour::Full && capabilities.version.major < 10 {
        return Ok(());
    }
    let reason = format!("{} {} has no implicit batch; TensorRT 8.x and older do", capabilities.flavour, capabilities.version);
    Err(Refusal::new("batch.mode", reason, LIFT))
}

/// Every tensor has the batch in front, or an extent of 1 that is broadcast over it; only the batch may be free.
pub(super) fn check_tensors(network: &Network) -> Accepted<()> {
    let Some(first) = network.inputs.first() else {
        return Err(Refusal::new("batch.inputs", "a network without inputs has no batch", LIFT));
    };
    if let Some(tensor) = network.used().map(|id| network.tensor(id)).find(|t| t.dims.len() < 2) {
        let reason = format!("tensor '{}' of shape {} has nothing behind the batch", tensor.name, shape::text(&tensor.dims));
        return Err(Refusal::new("batch.rank", reason, LIFT));
    }
    let batch = &network.tensor(*first).dims[0];
    for id in network.used() {
        let tensor = network.tensor(id);
        let bound = network.inputs.contains(&id) || network.outputs.contains(&id);
        if tensor.dims[0].equals(batch) != Answer::Always && (bound || !tensor.dims[0].is(1)) {
            let reason = format!("tensor '{}' of shape {} does not begin with the batch {batch}", tensor.name, shape::text(&tensor.dims));
            return Err(Refusal::new("batch.extent", reason, LIFT));
        }
        if let Some(free) = tensor.dims[1..].iter().find(|d| d.as_const().is_none()) {
            let reason = format!("tensor '{}' has the extent {free} behind the batch, which is not fixed", tensor.name);
            return Err(Refusal::new("batch.free-extent", reason, LIFT));
        }
    }
    Ok(())
}

/// No layer works on axis 0.
pub(super) fn check_layer(at: &At) -> Accepted<()> {
    if at.layer.inputs.iter().any(|i| at.network.tensor(*i).dims.is_empty()) {
        return Err(Refusal::new("batch.rank", "an operand without dimensions has no batch", LIFT));
    }
    match &at.layer.kind {
        LayerKind::Reduce { axes, .. } if axes.contains(&0) => axis_zero(at),
        LayerKind::Softmax(0) | LayerKind::Concatenation(0) | LayerKind::TopK { axis: 0, .. } => axis_zero(at),
        LayerKind::Slice { start, size, stride } => {
            let whole = start[0] == 0 && stride[0] == 1 && at.input(0).dims[0].is(size[0]);
            if whole { Ok(()) } else { axis_zero(at) }
        }
        LayerKind::Shuffle { first, reshape, second } => {
            let moves = |order: &Option<Vec<usize>>| order.as_ref().is_some_and(|o| o.first() != Some(&0));
            let out = at.network.tensor(at.layer.outputs[0]).dims.first();
            let kept = out.is_some_and(|d| d.equals(&at.input(0).dims[0]) == Answer::Always);
            if moves(first) || moves(second) || (reshape.is_some() && !kept) { axis_zero(at) } else { Ok(()) }
        }
        LayerKind::MatrixMultiply(..) if at.rank(0) < 3 => axis_zero(at),
        LayerKind::SliceOutside { start, size, .. } => {
            let whole = start[0] == 0 && at.input(0).dims[0].is(size[0]);
            if whole { Ok(()) } else { axis_zero(at) }
        }
        LayerKind::Gather(_)
        | LayerKind::GatherElements(_)
        | LayerKind::GatherNd(_)
        | LayerKind::NonZero(_)
        | LayerKind::Nms { .. }
        | LayerKind::ReverseSequence { .. }
        | LayerKind::ScatterElements(_)
        | LayerKind::ScatterNd
        | LayerKind::Select
        | LayerKind::Einsum(_)
        | LayerKind::Resize(_)
        | LayerKind::GridSample { .. } => {
            let reason = format!("{} works differently, or not at all, with an implicit batch", what(&at.layer.kind));
            Err(Refusal::new("batch.layer", reason, LIFT))
        }
        LayerKind::Unary(op @ (Unary::Sign | Unary::Round)) => {
            Err(Refusal::new("batch.unary", format!("Unary {} needs an explicit batch", op.name()), LIFT))
        }
        _ => Ok(()),
    }
}

fn axis_zero(at: &At) -> Accepted<()> {
    let shapes: Vec<String> = at.layer.inputs.iter().map(|i| shape::text(&at.network.tensor(*i).dims)).collect();
    let reason = format!("{} on {} works on axis 0, the batch", what(&at.layer.kind), shapes.join(", "));
    Err(Refusal::new("batch.axis", reason, LIFT))
}
