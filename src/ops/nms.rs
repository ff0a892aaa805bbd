//! `vision.all_class_non_max_suppression`: of boxes that overlap, the one with the best score, for each batch element and class. How
//! many are left is known only when it runs.

use crate::ir::attrs::AttrsDef;
use crate::ir::fact::Fact;
use crate::ir::opdef::{EvalCtx, InferCtx, Lowering, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::network::TensorId;
use crate::network::builder::Builder;
use crate::network::layer::{self, ElementWise, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::ops::elementwise::ints;
use crate::ops::topk;
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{attributes, ensure};

attributes! {
    /// Attributes of `vision.all_class_non_max_suppression`.
    pub struct Nms {
        /// Boxes are centre and extents (x, y, width, height); else two corners (y, x, y, x).
        pub center_point_box: bool = false,
    }
}

/// Overlap of two boxes over their union; 0 where one has no area.
fn overlap(a: &[f64], b: &[f64], center: bool) -> f64 {
    let span = |c: &[f64], i: usize| match center {
        true => (c[i] - c[i + 2] / 2.0, c[i] + c[i + 2] / 2.0),
        false => (c[i].min(c[i + 2]), c[i].max(c[i + 2])),
    };
    let (mut shared, mut areas) = (1.0, [1.0, 1.0]);
    for i in 0..2 {
        let ((a0, a1), (b0, b1)) = (span(a, i), span(b, i));
        shared *= (a1.min(b1) - a0.max(b0)).max(0.0);
        areas = [areas[0] * (a1 - a0), areas[1] * (b1 - b0)];
    }
    if areas[0] <= 0.0 || areas[1] <= 0.0 { 0.0 } else { shared / (areas[0] + areas[1] - shared) }
}

fn infer(c: &InferCtx, x: &[&Fact]) -> Result<Vec<Fact>> {
    let floats = x[0].dtype == DType::F32 && x[1].dtype == DType::F32 && x[3].dtype == DType::F32 && x[4].dtype == DType::F32;
    ensure!(floats && x[2].dtype == DType::I64, WrongDType, "operands are {}, {}, {}, {}, {}", x[0], x[1], x[2], x[3], x[4]);
    let ranks = x[0].rank() == 3 && x[1].rank() == 3 && x[0].shape[2].equals(&Dim::from(4i64)) != Answer::Never;
    ensure!(ranks, BadGraph, "boxes {} and scores {}: [batch, boxes, 4] and [batch, classes, boxes] are needed", x[0], x[1]);
    let same = |a: usize, b: usize| x[0].shape[a].equals(&x[1].shape[b]) != Answer::Never;
    ensure!(same(0, 0) && same(1, 2), BadGraph, "boxes {} and scores {}", x[0], x[1]);
    ensure!(x[2..].iter().all(|f| f.rank() == 0), BadGraph, "limits are {}, {}, {}, not single numbers", x[2], x[3], x[4]);
    let most = shape::element_count(&x[1].shape).interval().1.min(i32::MAX as i64);
    Ok(vec![Fact::new(DType::I64, vec![Dim::symbol(&format!("{}.0", c.node), 0, most), Dim::from(3i64)])])
}

/// Refuses tensors whose extents do not fit each other.
pub fn check(x: &[Tensor]) -> Result<()> {
    let (boxes, scores) = (x[0].shape(), x[1].shape());
    let fits = boxes.len() == 3 && scores.len() == 3 && boxes[2] == 4 && boxes[0] == scores[0] && boxes[1] == scores[2];
    ensure!(fits, WrongShape, "boxes of shape {boxes:?} and scores of {scores:?}");
    Ok(())
}

fn eval(c: &EvalCtx, x: &[Tensor]) -> Result<Vec<Tensor>> {
    check(x)?;
    let center = c.attrs.get::<Nms>().center_point_box;
    let (boxes, scores, most) = (x[0].to_f64s(), x[1].to_f64s(), ints(&x[2])?[0]);
    let (iou, least) = (x[3].to_f64s()[0], x[4].to_f64s()[0]);
    let (classes, count) = (x[1].shape()[1], x[1].shape()[2]);
    let mut found: Vec<i64> = Vec::new();
    for lane in 0..x[1].shape()[0] * classes {
        let (batch, class) = (lane / classes, lane % classes);
        let score = |i: usize| scores[lane * count + i];
        let corners = |i: usize| &boxes[(batch * count + i) * 4..(batch * count + i + 1) * 4];
        let mut order: Vec<usize> = (0..count).filter(|i| score(*i) > least).collect();
        order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
        let mut kept: Vec<usize> = Vec::new();
        for i in order {
            if (kept.len() as i64) < most && kept.iter().all(|k| overlap(corners(i), corners(*k), center) <= iou) {
                kept.push(i);
            }
        }
        found.extend(kept.iter().flat_map(|i| [batch as i64, class as i64, *i as i64]));
    }
    Ok(vec![Tensor::from_vec(&[found.len() / 3, 3], found)])
}

/// TensorRT's layer looks at a few candidates of all classes together and says nothing of the order of equal scores. So each class is an
/// element of the layer's batch, boxes are put in order before it, and their scores are their ranks.
fn convert(v: &NodeView, b: &mut Builder, x: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let fixed = shape::as_usizes(v.shape(1)).filter(|s| s.iter().all(|d| *d > 0));
    let Some([batches, classes, count]) = fixed.as_deref().and_then(|s| <[usize; 3]>::try_from(s).ok()) else {
        let reason = format!("scores of shape {}, which is not fixed or empty", shape::text(v.shape(1)));
        return Err(Refusal::new("nms.dynamic", reason, "fixed shapes of boxes and scores"));
    };
    let limits = (2..5).map(|i| Some(v.constant(i)?.to_f64s()[0])).collect::<Option<Vec<f64>>>();
    let Some([most, overlap, least]) = limits.and_then(|l| <[f64; 3]>::try_from(l).ok()) else {
        return Err(Refusal::new("nms.limits", "a limit is computed", "constant limits"));
    };
    if most < 1.0 || !(0.0..=1.0).contains(&overlap) {
        let reason = format!("at most {most} boxes, at most {overlap} of overlap");
        return Err(Refusal::new("nms.limits", reason, "at least one box and an overlap from 0 to 1"));
    }
    let (lanes, number) = (batches * classes, |n: usize| Dim::from(n));
    let single = |value: f64| Tensor::from_vec(&[1, 1, 1], vec![value as f32]);
    let threshold = b.constant(single(least))?;
    // In order of falling scores, those that are not above the threshold (and NaN) last.
    let passes = b.elementwise(ElementWise::Greater, x[1], threshold)?;
    let lowest = b.constant(single(f64::NEG_INFINITY))?;
    let scores = b.add(LayerKind::Select, &[passes, x[1], lowest])?;
    let (scores, places) = topk::layer(b, scores, layer::TopK::Max, count as i64, 2)?;
    let passes = b.elementwise(ElementWise::Greater, scores, threshold)?;
    let ranks = b.constant(Tensor::from_vec(&[1, 1, count], (0..count).map(|i| (count - i) as f32).collect()))?;
    let none = b.constant(single(-1.0))?;
    let ranks = b.add(LayerKind::Select, &[passes, ranks, none])?;
    let ranks = b.reshape(ranks, &[number(lanes), number(count), number(1)])?;
    let picked = b.reshape(places, &[number(batches), number(classes), number(count), number(1)])?;
    let boxes = b.add(LayerKind::GatherNd(1), &[x[0], picked])?;
    let boxes = b.reshape(boxes, &[number(lanes), number(count), number(4)])?;
    let most = b.constant(Tensor::scalar(most.min(count as f64) as i32))?;
    let (overlap, zero) = (b.constant(Tensor::scalar(overlap as f32))?, b.constant(Tensor::scalar(0f32))?);
    let kind = LayerKind::Nms { center: v.attrs::<Nms>().center_point_box, count: v.output(0).shape[0].clone() };
    let chosen = b.add(kind, &[boxes, ranks, most, overlap, zero])?;
    Ok(vec![rows(b, chosen, places, [batches, classes, count])?])
}

/// From lane and rank to batch, class and box.
fn rows(b: &mut Builder, chosen: TensorId, places: TensorId, [batches, classes, count]: [usize; 3]) -> Accepted<TensorId> {
    let lanes = batches * classes;
    let mut column = |i: i32| {
        let at = b.constant(Tensor::scalar(i))?;
        b.add(LayerKind::Gather(1), &[chosen, at])
    };
    let (lane, rank) = (column(0)?, column(2)?);
    let stride = b.constant(Tensor::from_vec(&[1], vec![count as i32]))?;
    let first = b.elementwise(ElementWise::Prod, lane, stride)?;
    let at = b.elementwise(ElementWise::Sum, first, rank)?;
    let places = b.reshape(places, &[Dim::from(lanes * count)])?;
    let found = b.add(LayerKind::Gather(0), &[places, at])?;
    let found = b.reshape(found, &[b.dims(found)[0].clone(), Dim::from(1i64)])?;
    let pairs = (0..lanes).flat_map(|l| [(l / classes) as i32, (l % classes) as i32]).collect();
    let pairs = b.constant(Tensor::from_vec(&[lanes, 2], pairs))?;
    let pairs = b.add(LayerKind::Gather(0), &[pairs, lane])?;
    let rows = b.add(LayerKind::Concatenation(1), &[pairs, found])?;
    b.add(LayerKind::Cast(DType::I64), &[rows])
}

pub static NMS: OpDef = OpDef {
    name: "vision.all_class_non_max_suppression",
    doc: "Boxes that overlap none of a better score: rows of batch, class and box, by batch, class and falling score.",
    arity: (5, 5),
    attrs: AttrsDef::of::<Nms>(),
    infer,
    eval,
    convert,
    lower: |_| Ok(Lowering::Routine("non_max_suppression")),
    tolerance: Tolerance::EXACT,
};
