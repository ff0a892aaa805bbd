//! Layers that sample between elements, and normalisation across channels: resize, grid sample, LRN. Part of [`crate::network::eval`].

use crate::network::eval::{floats, indices, offset, strides};
use crate::network::layer::{Interpolation, Resize, ResizeCoordinates, ResizeRound, ResizeTo, SampleMode};
use crate::tensor::host::Tensor;

pub(super) fn lrn(x: &Tensor, window: usize, alpha: f64, beta: f64, k: f64) -> Tensor {
    let (v, channels, inner) = (x.to_f64s(), x.shape()[1], strides(x.shape())[1]);
    let half = window / 2;
    let one = |i: usize| {
        let channel = i / inner % channels;
        let near = channel.saturating_sub(half)..(channel + half + 1).min(channels);
        let squares: f64 = near.map(|c| v[i + c * inner - channel * inner].powi(2)).sum();
        v[i] / (k + alpha / window as f64 * squares).powf(beta)
    };
    floats(x.dtype(), x.shape(), (0..v.len()).map(one).collect())
}

/// Elements of an axis that make up one element of the result, with their weights.
type Taps = Vec<(usize, f64)>;

/// Weights of the four elements around a place that is `t` behind the second one.
fn cubic_weights(t: f64, a: f64) -> [f64; 4] {
    let near = |d: f64| ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    let far = |d: f64| ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

fn resize_taps(r: &Resize, from: usize, to: usize, at: usize) -> Taps {
    let (length, extent, at) = (from as f64, to as f64, at as f64);
    let place = match r.coordinates {
        _ if to == 1 && r.single_is_first => 0.0,
        ResizeCoordinates::AlignCorners => at * (length - 1.0) / (extent - 1.0),
        ResizeCoordinates::Asymmetric => at * length / extent,
        ResizeCoordinates::HalfPixel => (at + 0.5) * length / extent - 0.5,
    };
    let inside = |i: i64| (0..from as i64).contains(&i);
    let clamp = |i: i64| i.clamp(0, from as i64 - 1) as usize;
    let floor = place.floor() as i64;
    let t = place - place.floor();
    match r.mode {
        Interpolation::Nearest => {
            let i = match r.rounding {
                ResizeRound::HalfUp => (place + 0.5).floor(),
                ResizeRound::HalfDown => (place - 0.5).ceil(),
                ResizeRound::Floor => place.floor(),
                ResizeRound::Ceil => place.ceil(),
            };
            vec![(clamp(i as i64), 1.0)]
        }
        Interpolation::Linear => vec![(clamp(floor), 1.0 - t), (clamp(floor + 1), t)],
        Interpolation::Cubic => {
            let weights = cubic_weights(t, f64::from(r.cubic));
            let all = (0..4).map(|k| (floor - 1 + k as i64, weights[k])).filter(|(i, _)| !r.exclude_outside || inside(*i));
            let sum: f64 = if r.exclude_outside { all.clone().map(|(_, w)| w).sum() } else { 1.0 };
            all.map(|(i, w)| (clamp(i), w / sum)).collect()
        }
    }
}

/// Each axis on its own; one that keeps its extent keeps its elements.
pub(super) fn resize(x: &Tensor, r: &Resize) -> Tensor {
    let shape: Vec<usize> = match &r.to {
        ResizeTo::Extents(e) => e.iter().map(|e| *e as usize).collect(),
        ResizeTo::Scales(s) => x.shape().iter().zip(s).map(|(d, s)| (*d as f32 * s).floor() as usize).collect(),
    };
    let (mut v, mut have) = (x.to_f64s(), x.shape().to_vec());
    for axis in (0..shape.len()).filter(|a| shape[*a] != x.shape()[*a]) {
        let from = strides(&have);
        let mut out = have.clone();
        out[axis] = shape[axis];
        let element = |index: Vec<usize>| -> f64 {
            let taps = resize_taps(r, have[axis], out[axis], index[axis]);
            let base = offset(&index, &from) - index[axis] * from[axis];
            taps.iter().map(|(i, w)| v[base + i * from[axis]] * w).sum()
        };
        v = indices(&out).map(element).collect();
        have = out;
    }
    floats(x.dtype(), &shape, v)
}

/// The place in an image of extent `n` that a coordinate from -1 to 1 means.
fn grid_place(v: f64, n: usize, align_corners: bool) -> f64 {
    let n = n as f64;
    if align_corners { (v + 1.0) / 2.0 * (n - 1.0) } else { ((v + 1.0) * n - 1.0) / 2.0 }
}

/// Back and forth between two borders.
fn reflected(v: f64, low: f64, high: f64) -> f64 {
    if high <= low {
        return low;
    }
    let there = (v - low).rem_euclid(2.0 * (high - low));
    low + there.min(2.0 * (high - low) - there)
}

/// A place with what lies outside taken care of.
fn settled(v: f64, n: usize, outside: SampleMode, align_corners: bool) -> f64 {
    let last = n as f64 - 1.0;
    match outside {
        SampleMode::Clamp => v.clamp(0.0, last),
        SampleMode::Reflect if align_corners => reflected(v, 0.0, last),
        SampleMode::Reflect => reflected(v, -0.5, last + 0.5).clamp(0.0, last),
        _ => v,
    }
}

fn grid_taps(v: f64, n: usize, mode: Interpolation, outside: SampleMode, align_corners: bool) -> Vec<(Option<usize>, f64)> {
    let place = grid_place(v, n, align_corners);
    let at = |i: f64| {
        let i = settled(i, n, outside, align_corners).round_ties_even();
        (0.0..n as f64).contains(&i).then_some(i as usize)
    };
    let settled = settled(place, n, outside, align_corners);
    match mode {
        Interpolation::Nearest => vec![(at(settled.round_ties_even()), 1.0)],
        Interpolation::Linear => {
            let t = settled - settled.floor();
            vec![(at(settled.floor()), 1.0 - t), (at(settled.floor() + 1.0), t)]
        }
        // The four elements are found around the place itself, and each of them is then taken care of.
        Interpolation::Cubic => {
            let weights = cubic_weights(place - place.floor(), -0.75);
            (0..4).map(|k| (at(place.floor() + k as f64 - 1.0), weights[k])).collect()
        }
    }
}

pub(super) fn grid_sample(x: &Tensor, grid: &Tensor, mode: Interpolation, outside: SampleMode, align_corners: bool) -> Tensor {
    let shape = [&x.shape()[..2], &grid.shape()[1..3]].concat();
    let (v, places) = (x.to_f64s(), grid.to_f64s());
    let (from, grid_strides, image) = (strides(x.shape()), strides(grid.shape()), &x.shape()[2..]);
    let element = |i: Vec<usize>| -> f64 {
        let place = offset(&[i[0], i[2], i[3], 0], &grid_strides);
        let taps = |axis: usize, v: f64| grid_taps(v, image[axis], mode, outside, align_corners);
        let (rows, columns) = (taps(0, places[place + 1]), taps(1, places[place]));
        let mut sum = 0.0;
        for (row, row_weight) in &rows {
            for (column, weight) in &columns {
                let (Some(row), Some(column)) = (row, column) else { continue };
                sum += v[offset(&[i[0], i[1], *row, *column], &from)] * row_weight * weight;
            }
        }
        sum
    };
    floats(x.dtype(), &shape, indices(&shape).map(element).collect())
}
