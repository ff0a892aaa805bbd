//! What a layer of non-maximum suppression computes.

use crate::tensor::host::Tensor;

/// A box from its least to its largest corner.
struct Corners {
    low: [f64; 2],
    high: [f64; 2],
}

impl Corners {
    /// Of a centre and extents (x, y, width, height), or of two corners.
    fn new(b: &[f64], center: bool) -> Corners {
        match center {
            true => Corners { low: [b[0] - b[2] / 2.0, b[1] - b[3] / 2.0], high: [b[0] + b[2] / 2.0, b[1] + b[3] / 2.0] },
            false => Corners { low: [b[0].min(b[2]), b[1].min(b[3])], high: [b[0].max(b[2]), b[1].max(b[3])] },
        }
    }

    fn area(&self) -> f64 {
        (self.high[0] - self.low[0]) * (self.high[1] - self.low[1])
    }

    /// What both cover over what either covers; 0 where one covers nothing.
    fn overlap(&self, other: &Corners) -> f64 {
        let along = |i: usize| (self.high[i].min(other.high[i]) - self.low[i].max(other.low[i])).max(0.0);
        let both = along(0) * along(1);
        if self.area() > 0.0 && other.area() > 0.0 { both / (self.area() + other.area() - both) } else { 0.0 }
    }
}

/// Rows of batch, class and box, by batch and falling score; of equal scores the first class and box count first here.
pub(super) fn nms(x: &[&Tensor], center: bool) -> Tensor {
    let (boxes, scores, most) = (x[0].to_f64s(), x[1].to_f64s(), x[2].to_f64s()[0] as usize);
    let (limit, least) = (x[3].to_f64s()[0], x[4].to_f64s()[0]);
    let (count, classes) = (x[1].shape()[1], x[1].shape()[2]);
    let mut found: Vec<i32> = Vec::new();
    for batch in 0..x[1].shape()[0] {
        let score = |(class, i): (usize, usize)| scores[(batch * count + i) * classes + class];
        let corners = |i: usize| Corners::new(&boxes[(batch * count + i) * 4..][..4], center);
        let candidates = (0..classes).flat_map(|class| (0..count).map(move |i| (class, i)));
        let mut order: Vec<(usize, usize)> = candidates.filter(|c| score(*c) > least).collect();
        order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for (class, i) in order {
            let same = || kept.iter().filter(|(c, _)| *c == class);
            if same().count() < most && same().all(|(_, k)| corners(i).overlap(&corners(*k)) <= limit) {
                kept.push((class, i));
            }
        }
        found.extend(kept.iter().flat_map(|(class, i)| [batch as i32, *class as i32, *i as i32]));
    }
    Tensor::from_vec(&[found.len() / 3, 3], found)
}
