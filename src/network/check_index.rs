//! Rules of the layers that address elements by computed indices.

use crate::network::check::At;
use crate::network::check_layers::{ALL, NUMBERS, axis_inside, same_types};
use crate::network::layer::LayerKind;
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dtype::DType::{self, I32, I64};
use crate::tensor::shape;

/// Element types that data can have.
fn data_types(at: &At) -> &'static [DType] {
    if at.capabilities.at_least(10, 0, 0) { ALL } else { NUMBERS }
}

/// Element types that indices can have.
fn index_types(at: &At) -> &'static [DType] {
    if at.capabilities.at_least(10, 0, 0) { &[I32, I64] } else { &[I32] }
}

/// Gather by slice, by element and by place.
pub(super) fn gather(at: &At) -> Accepted<()> {
    at.ranked(0, 1, "gather.rank")?;
    at.typed(0, data_types(at), "gather.type")?;
    at.typed(1, index_types(at), "gather.index-type")?;
    match at.layer.kind {
        LayerKind::Gather(axis) => axis_inside(at, axis),
        LayerKind::GatherElements(axis) => {
            axis_inside(at, axis)?;
            same_rank(at, "gather.ranks-differ")
        }
        LayerKind::GatherNd(batch) if batch > 0 => {
            let (data, indices) = (&at.input(0).dims, &at.input(1).dims);
            if batch + 1 < data.len() && (0..batch).all(|i| at.meet(&data[i], &indices[i])) {
                return Ok(());
            }
            let reason = format!("{batch} axes in common of {} and {}", shape::text(data), shape::text(indices));
            Err(Refusal::new("gather.batch-axes", reason, "fewer axes in common than the rank of the data less 1, of equal extents"))
        }
        _ => Ok(()),
    }
}

/// Scatter by element and by place.
pub(super) fn scatter(at: &At) -> Accepted<()> {
    at.ranked(0, 1, "scatter.rank")?;
    at.typed(0, data_types(at), "scatter.type")?;
    at.typed(1, index_types(at), "scatter.index-type")?;
    same_types(at, 0, 2)?;
    let (data, indices, updates) = (&at.input(0).dims, &at.input(1).dims, &at.input(2).dims);
    let expected = match at.layer.kind {
        LayerKind::ScatterElements(axis) => {
            axis_inside(at, axis)?;
            same_rank(at, "scatter.ranks-differ")?;
            indices.clone()
        }
        _ => match indices.last().and_then(|d| d.as_const()).and_then(|n| usize::try_from(n).ok()) {
            Some(n) if n <= data.len() => [&indices[..indices.len() - 1], &data[n..]].concat(),
            _ => {
                let reason = format!("indices of shape {} name no places of {}", shape::text(indices), shape::text(data));
                return Err(Refusal::new("scatter.nd-axes", reason, "a last extent that is fixed and no larger than the rank of the data"));
            }
        },
    };
    if expected.len() == updates.len() && expected.iter().zip(updates).all(|(a, b)| at.meet(a, b)) {
        return Ok(());
    }
    let reason = format!("updates have shape {}, not {}", shape::text(updates), shape::text(&expected));
    Err(Refusal::new("scatter.updates", reason, "fix the symbols of their extents"))
}

/// The places of elements that are not zero.
pub(super) fn non_zero(at: &At) -> Accepted<()> {
    if at.rtx() {
        let reason = format!("{} has no kernel that finds the elements that are not zero", at.version());
        return Err(Refusal::new("nonzero.flavour", reason, "TensorRT 8.5 or newer"));
    }
    if !at.capabilities.at_least(8, 5, 0) {
        return Err(Refusal::new("nonzero.flavour", format!("{} has no NonZero layer", at.version()), "TensorRT 8.5 or newer"));
    }
    at.ranked(0, 1, "nonzero.rank")?;
    at.typed(0, &[DType::F32, DType::F16, I32, DType::Bool], "nonzero.type")
}

/// Candidates that a layer of non-maximum suppression looks at for each element of the batch.
const MAX_CANDIDATES: i64 = 5000;

/// Boxes that overlap none of a better score.
pub(super) fn nms(at: &At) -> Accepted<()> {
    if at.rtx() || !at.capabilities.at_least(8, 5, 0) {
        let reason = format!("{} has no kernel that chooses boxes", at.version());
        return Err(Refusal::new("nms.flavour", reason, "TensorRT 8.5 or newer"));
    }
    let (boxes, scores) = (&at.input(0).dims, &at.input(1).dims);
    let fits = boxes.len() == 3 && scores.len() == 3 && boxes[2].is(4) && at.meet(&boxes[0], &scores[0]) && at.meet(&boxes[1], &scores[1]);
    if !fits || (2..5).any(|i| at.rank(i) != 0) {
        let reason = format!("boxes of shape {} and scores of {}", shape::text(boxes), shape::text(scores));
        return Err(Refusal::new("nms.shape", reason, "boxes [batch, boxes, 4], scores [batch, boxes, classes] and single numbers"));
    }
    if (&scores[1] * &scores[2]).interval().1 > MAX_CANDIDATES {
        let reason = format!("{} scores for a batch element; the best {MAX_CANDIDATES} are looked at", &scores[1] * &scores[2]);
        return Err(Refusal::new("nms.candidates", reason, format!("at most {MAX_CANDIDATES} scores for a batch element")));
    }
    at.typed(0, &[DType::F32, DType::F16], "nms.type")?;
    same_types(at, 0, 1)?;
    at.typed(2, &[I32], "nms.type")?;
    (3..5).try_for_each(|i| at.typed(i, &[DType::F32], "nms.type"))
}

/// Sequences backwards.
pub(super) fn reverse_sequence(at: &At, batch: usize, sequence: usize) -> Accepted<()> {
    at.ranked(0, 2, "reverse-sequence.rank")?;
    axis_inside(at, batch)?;
    axis_inside(at, sequence)?;
    at.typed(0, data_types(at), "reverse-sequence.type")?;
    at.typed(1, &[I32], "reverse-sequence.lengths")?;
    let (count, lengths) = (&at.input(0).dims[batch], &at.input(1).dims);
    if lengths.len() == 1 && at.meet(count, &lengths[0]) {
        return Ok(());
    }
    let reason = format!("lengths of shape {} for {count} sequences", shape::text(lengths));
    Err(Refusal::new("reverse-sequence.count", reason, "fix the symbols of their extents"))
}

fn same_rank(at: &At, rule: &'static str) -> Accepted<()> {
    if at.rank(0) == at.rank(1) {
        return Ok(());
    }
    let reason = format!("data of rank {} and indices of rank {}", at.rank(0), at.rank(1));
    Err(Refusal::new(rule, reason, "indices of the rank of the data"))
}
