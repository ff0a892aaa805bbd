//! Layers with a window: convolution and pooling over any number of spatial axes. Part of [`crate::network::eval`].

use crate::network::eval::{floats, indices, offset, strides};
use crate::network::layer::{Pooling, Window};
use crate::tensor::host::Tensor;

/// Output extent per spatial axis.
fn extents(image: &[usize], w: &Window, round_up: bool) -> Vec<usize> {
    let extent = |i: usize| {
        let room = image[i] as i64 + w.pre_padding[i] + w.post_padding[i] - (w.dilation[i] * (w.kernel[i] - 1) + 1);
        let steps = if round_up { -(-room).div_euclid(w.stride[i]) } else { room.div_euclid(w.stride[i]) };
        usize::try_from(steps + 1).unwrap_or(0)
    };
    (0..image.len()).map(extent).collect()
}

/// Where element `k` of the window at output `at` lies on `axis`, counted from the image's first element.
fn position(w: &Window, axis: usize, at: usize, k: usize) -> i64 {
    at as i64 * w.stride[axis] + k as i64 * w.dilation[axis] - w.pre_padding[axis]
}

/// The index in the image of one element of the window; `None` in the padding.
fn in_image(image: &[usize], w: &Window, at: &[usize], k: &[usize]) -> Option<Vec<usize>> {
    let one = |i: usize| usize::try_from(position(w, i, at[i], k[i])).ok().filter(|p| *p < image[i]);
    (0..image.len()).map(one).collect()
}

/// True where the element of the window is in the image or its padding.
fn in_padded(image: &[usize], w: &Window, at: &[usize], k: &[usize]) -> bool {
    (0..image.len()).all(|i| position(w, i, at[i], k[i]) < image[i] as i64 + w.post_padding[i])
}

fn kernel(w: &Window) -> Vec<usize> {
    w.kernel.iter().map(|k| *k as usize).collect()
}

pub(super) fn convolution(x: &Tensor, groups: usize, w: &Window, weights: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let (images, image) = (x.shape()[0], &x.shape()[2..]);
    let (maps, per_group) = (weights.shape()[0], weights.shape()[1]);
    let out = extents(image, w, false);
    let (data, kernel_values, bias) = (x.to_f64s(), weights.to_f64s(), bias.map(Tensor::to_f64s));
    let (x_strides, w_strides) = (strides(x.shape()), strides(weights.shape()));
    let mut result = Vec::new();
    for (n, map) in (0..images).flat_map(|n| (0..maps).map(move |m| (n, m))) {
        let first_channel = map / (maps / groups) * per_group;
        for at in indices(&out) {
            let mut sum = bias.as_ref().map_or(0.0, |b| b[map]);
            for k in indices(&kernel(w)) {
                let Some(p) = in_image(image, w, &at, &k) else { continue };
                for c in 0..per_group {
                    let value = data[offset(&[&[n, first_channel + c], &p[..]].concat(), &x_strides)];
                    sum += value * kernel_values[offset(&[&[map, c], &k[..]].concat(), &w_strides)];
                }
            }
            result.push(sum);
        }
    }
    floats(x.dtype(), &[&[images, maps], &out[..]].concat(), result)
}

/// Each element of the operand is spread over its window of the result.
pub(super) fn deconvolution(x: &Tensor, groups: usize, w: &Window, weights: &Tensor) -> Tensor {
    let (images, channels, image) = (x.shape()[0], x.shape()[1], &x.shape()[2..]);
    let per_group = weights.shape()[1];
    let extent = |i: usize| {
        let span = w.dilation[i] * (w.kernel[i] - 1) + 1;
        usize::try_from((image[i] as i64 - 1) * w.stride[i] + span - w.pre_padding[i] - w.post_padding[i]).unwrap_or(0)
    };
    let shape = [vec![images, per_group * groups], (0..image.len()).map(extent).collect()].concat();
    let (data, values) = (x.to_f64s(), weights.to_f64s());
    let (x_strides, w_strides, y_strides) = (strides(x.shape()), strides(weights.shape()), strides(&shape));
    let mut result = vec![0.0; shape.iter().product()];
    for at in indices(x.shape()) {
        let value = data[offset(&at, &x_strides)];
        let first_map = at[1] / (channels / groups) * per_group;
        for k in indices(&kernel(w)) {
            let one = |i: usize| {
                let to = at[i + 2] as i64 * w.stride[i] + k[i] as i64 * w.dilation[i] - w.pre_padding[i];
                usize::try_from(to).ok().filter(|to| *to < shape[i + 2])
            };
            let Some(to) = (0..image.len()).map(one).collect::<Option<Vec<usize>>>() else { continue };
            for map in 0..per_group {
                let weight = values[offset(&[&[at[1], map], &k[..]].concat(), &w_strides)];
                result[offset(&[&[at[0], first_map + map], &to[..]].concat(), &y_strides)] += value * weight;
            }
        }
    }
    floats(x.dtype(), &shape, result)
}

pub(super) fn pooling(x: &Tensor, kind: Pooling, w: &Window, exclude_padding: bool, round_up: bool) -> Tensor {
    let (planes, image) = (&x.shape()[..2], &x.shape()[2..]);
    let out = extents(image, w, round_up);
    let (data, x_strides) = (x.to_f64s(), strides(x.shape()));
    let mut result = Vec::new();
    for plane in indices(planes) {
        for at in indices(&out) {
            let window: Vec<Vec<usize>> = indices(&kernel(w)).collect();
            let inside = window.iter().filter_map(|k| in_image(image, w, &at, k));
            let values: Vec<f64> = inside.map(|p| data[offset(&[&plane[..], &p].concat(), &x_strides)]).collect();
            let counted = if exclude_padding { values.len() } else { window.iter().filter(|k| in_padded(image, w, &at, k)).count() };
            result.push(match kind {
                Pooling::Average => values.iter().sum::<f64>() / counted as f64,
                Pooling::Max if values.iter().any(|v| v.is_nan()) => f64::NAN,
                Pooling::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            });
        }
    }
    floats(x.dtype(), &[planes, &out].concat(), result)
}
