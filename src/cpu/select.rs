//! Routines whose results have as many rows as the data say: places of elements that are not zero, boxes that are kept.

use crate::ir::Node;
use crate::ops::nms::{Nms, check};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;

/// `argwhere`.
pub fn argwhere(_: &Node, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let (shape, size) = (x[0].shape(), x[0].dtype().size());
    // A float is zero with either sign.
    let sign = if x[0].dtype().is_float() { 0x7f } else { 0xff };
    let mut index = vec![0i32; shape.len()];
    let mut found = Vec::new();
    for element in x[0].bytes().chunks_exact(size) {
        let some = element[..size - 1].iter().any(|b| *b != 0) || element[size - 1] & sign != 0;
        if some {
            found.extend_from_slice(&index);
        }
        for (i, extent) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if (*i as usize) < *extent {
                break;
            }
            *i = 0;
        }
    }
    let rows = if shape.is_empty() { usize::from(x[0].to_f64s()[0] != 0.0) } else { found.len() / shape.len() };
    Ok(vec![Tensor::from_vec(&[rows, shape.len()], found)])
}

/// A box by its corners, and its area.
struct Corners {
    low: [f32; 2],
    high: [f32; 2],
    area: f32,
}

impl Corners {
    fn new(b: &[f32], center: bool) -> Corners {
        let (low, high) = if center {
            let half = [b[2] / 2.0, b[3] / 2.0];
            ([b[0] - half[0], b[1] - half[1]], [b[0] + half[0], b[1] + half[1]])
        } else {
            ([b[0].min(b[2]), b[1].min(b[3])], [b[0].max(b[2]), b[1].max(b[3])])
        };
        Corners { low, high, area: (high[0] - low[0]) * (high[1] - low[1]) }
    }

    /// Whether the two overlap by more than this part of their union.
    fn overlaps(&self, other: &Corners, limit: f32) -> bool {
        let side = |i: usize| self.high[i].min(other.high[i]) - self.low[i].max(other.low[i]);
        let (width, height) = (side(0), side(1));
        if width <= 0.0 || height <= 0.0 || self.area <= 0.0 || other.area <= 0.0 {
            return 0.0 > limit;
        }
        let shared = width * height;
        shared / (self.area + other.area - shared) > limit
    }
}

/// `vision.all_class_non_max_suppression`.
pub fn non_max_suppression(node: &Node, x: &[Tensor]) -> Result<Vec<Tensor>> {
    let center = node.attrs.get::<Nms>().center_point_box;
    check(x)?;
    let (boxes, scores) = (x[0].values::<f32>(), x[1].values::<f32>());
    let (most, limit, least) = (x[2].values::<i64>()[0], x[3].values::<f32>()[0], x[4].values::<f32>()[0]);
    let most = usize::try_from(most).unwrap_or(0);
    let (classes, count) = (x[1].shape()[1], x[1].shape()[2]);
    let mut found: Vec<i64> = Vec::new();
    for batch in 0..x[1].shape()[0] {
        let corners: Vec<Corners> =
            boxes[batch * count * 4..(batch + 1) * count * 4].chunks_exact(4).map(|b| Corners::new(b, center)).collect();
        for class in 0..classes {
            let scores = &scores[(batch * classes + class) * count..][..count];
            let mut order: Vec<usize> = (0..count).filter(|i| scores[*i] > least).collect();
            order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
            let mut kept: Vec<usize> = Vec::new();
            for i in order {
                if kept.len() == most {
                    break;
                }
                if kept.iter().all(|k| !corners[i].overlaps(&corners[*k], limit)) {
                    kept.push(i);
                }
            }
            found.extend(kept.iter().flat_map(|i| [batch as i64, class as i64, *i as i64]));
        }
    }
    Ok(vec![Tensor::from_vec(&[found.len() / 3, 3], found)])
}
