//! Rules of convolutions, transposed ones and pooling: window fields, weights, padding. Knows nothing of other layers.

use crate::network::check::At;
use crate::network::check_layers::FLOATS;
use crate::network::layer::{LayerKind, Pooling, Window};
use crate::network::refusal::{Accepted, Refusal};
use crate::tensor::dim::Dim;
use crate::tensor::host::Tensor;
use crate::tensor::shape;

/// A window over two axes has fewer elements than this; over three axes the bound is its power of 3/2.
const MAX_WINDOW_2D: i64 = 100_000;
const MAX_WINDOW_3D: i64 = 31_622_777;

/// The rules of a layer with a window; others pass.
pub(super) fn check(at: &At) -> Accepted<()> {
    match &at.layer.kind {
        LayerKind::Convolution { maps, groups, window: w, weights, bias } => {
            window(at, w)?;
            at.typed(0, FLOATS, "convolution.type")?;
            convolution_weights(at, *maps, *groups, w, weights, bias.as_ref())
        }
        LayerKind::KernelConvolution { maps, groups, window: w } => {
            window(at, w)?;
            at.typed(0, FLOATS, "convolution.type")?;
            let kernel: Option<Vec<i64>> = at.input(1).dims.iter().map(|d| d.as_const()).collect();
            kernel_shape(at, *maps, *groups, w, &kernel.unwrap_or_default())
        }
        LayerKind::Deconvolution { maps, groups, window: w, weights } => {
            fields(at, w)?;
            at.typed(0, &FLOATS[..2], "deconvolution.type")?;
            dilated_alone(w)?;
            deconvolution_weights(at, *maps, *groups, w, weights)?;
            positive_result(at)
        }
        LayerKind::Pooling { kind, window: w, exclude_padding, .. } => {
            window(at, w)?;
            at.typed(0, FLOATS, "pooling.type")?;
            pooling(at, *kind, w, *exclude_padding)
        }
        _ => Ok(()),
    }
}

fn window(at: &At, w: &Window) -> Accepted<()> {
    fields(at, w)?;
    fits_image(at, w)
}

fn fields(at: &At, w: &Window) -> Accepted<()> {
    let axes = w.kernel.len();
    if !(2..=3).contains(&axes) || at.rank(0) != axes + 2 {
        let reason = format!("a window over {axes} axes on rank {}: 2 axes of rank 4 or 3 axes of rank 5 are taken", at.rank(0));
        return Err(Refusal::new("window.axes", reason, "a reshape that adds a spatial axis of extent 1"));
    }
    let lists = [(&w.stride, 1), (&w.dilation, 1), (&w.pre_padding, 0), (&w.post_padding, 0), (&w.kernel, 1)];
    if lists.iter().any(|(list, least)| list.len() != axes || list.iter().any(|v| v < least || *v > i64::from(i32::MAX))) {
        return Err(Refusal::new("window.fields", format!("{w:?} has fields that are negative, zero or of the wrong length"), ""));
    }
    let volume = w.kernel.iter().fold(1i64, |n, k| n.saturating_mul(*k));
    let limit = if axes == 2 { MAX_WINDOW_2D } else { MAX_WINDOW_3D };
    if volume >= limit {
        let reason = format!("a window of {:?} has {volume} elements; fewer than {limit} are taken", w.kernel);
        return Err(Refusal::new("window.volume", reason, "a smaller window, or a reduction where it covers whole axes"));
    }
    Ok(())
}

fn fits_image(at: &At, w: &Window) -> Accepted<()> {
    for i in 0..w.kernel.len() {
        let span = w.dilation[i].saturating_mul(w.kernel[i] - 1).saturating_add(1);
        let x = &at.input(0).dims[i + 2];
        let padded = x + &Dim::from(w.pre_padding[i].saturating_add(w.post_padding[i]));
        // Judged at its largest: an optimisation profile begins where every window fits.
        if padded.interval().1 < span {
            let reason = format!("spatial axis {i} of extent {x} is smaller, padding included, than the window's {span}");
            let least = span - w.pre_padding[i] - w.post_padding[i];
            return Err(Refusal::new("window.image", reason, format!("bounds of symbols that keep {x} at {least} or more")));
        }
    }
    Ok(())
}

fn kernel_shape(at: &At, maps: i64, groups: i64, w: &Window, shape: &[i64]) -> Accepted<()> {
    let Some(channels) = at.input(0).dims[1].as_const() else {
        let reason = format!("the number of channels, {}, is not fixed", at.input(0).dims[1]);
        return Err(Refusal::new("convolution.channels", reason, "fix the symbols of the channel extent"));
    };
    if groups < 1 || channels % groups != 0 || maps % groups != 0 {
        let reason = format!("{groups} groups divide not both {channels} channels and {maps} maps");
        return Err(Refusal::new("convolution.groups", reason, ""));
    }
    let expect: Vec<i64> = [&[maps, channels / groups][..], &w.kernel].concat();
    if shape != expect {
        return Err(Refusal::new("convolution.weights-shape", format!("weights of shape {shape:?} where {expect:?} is expected"), ""));
    }
    Ok(())
}

fn convolution_weights(at: &At, maps: i64, groups: i64, w: &Window, weights: &Tensor, bias: Option<&Tensor>) -> Accepted<()> {
    kernel_shape(at, maps, groups, w, &weights.shape().iter().map(|d| *d as i64).collect::<Vec<_>>())?;
    if let Some(b) = bias.filter(|b| b.len() as i64 != maps) {
        return Err(Refusal::new("convolution.bias-shape", format!("{} bias values for {maps} maps", b.len()), ""));
    }
    if let Some(t) = [Some(weights), bias].into_iter().flatten().find(|t| t.dtype() != at.dtype(0)) {
        let reason = format!("weights are {} and the operand is {}", t.dtype(), at.dtype(0));
        return Err(Refusal::new("convolution.weights-type", reason, format!("weights of type {}", at.dtype(0))));
    }
    Ok(())
}

fn deconvolution_weights(at: &At, maps: i64, groups: i64, w: &Window, weights: &Tensor) -> Accepted<()> {
    let Some(channels) = at.input(0).dims[1].as_const() else {
        let reason = format!("the number of channels, {}, is not fixed", at.input(0).dims[1]);
        return Err(Refusal::new("deconvolution.channels", reason, "fix the symbols of the channel extent"));
    };
    if groups < 1 || channels % groups != 0 || maps % groups != 0 {
        let reason = format!("{groups} groups divide not both {channels} channels and {maps} maps");
        return Err(Refusal::new("deconvolution.groups", reason, ""));
    }
    let expect: Vec<i64> = [&[channels, maps / groups][..], &w.kernel].concat();
    if weights.shape().iter().map(|d| *d as i64).ne(expect.iter().copied()) {
        let reason = format!("weights of shape {:?} where {expect:?} is expected", weights.shape());
        return Err(Refusal::new("deconvolution.weights-shape", reason, ""));
    }
    if weights.dtype() != at.dtype(0) {
        let reason = format!("weights are {} and the operand is {}", weights.dtype(), at.dtype(0));
        return Err(Refusal::new("deconvolution.weights-type", reason, format!("weights of type {}", at.dtype(0))));
    }
    Ok(())
}

/// Dilation does not go with steps.
fn dilated_alone(w: &Window) -> Accepted<()> {
    if w.dilation.iter().any(|d| *d > 1) && w.stride.iter().any(|s| *s > 1) {
        let reason = format!("dilation {:?} with step {:?}", w.dilation, w.stride);
        return Err(Refusal::new("deconvolution.dilation", reason, "weights with zeros in between instead of dilation"));
    }
    Ok(())
}

/// Cutting off more than there is leaves nothing, for all values of the symbols.
fn positive_result(at: &At) -> Accepted<()> {
    let out = &at.network.tensor(at.layer.outputs[0]).dims;
    if out.iter().any(|d| d.interval().1 < 1) {
        let reason = format!("its result has the shape {}", shape::text(out));
        return Err(Refusal::new("deconvolution.empty", reason, "less padding, or a larger operand"));
    }
    Ok(())
}

fn pooling(at: &At, kind: Pooling, w: &Window, exclude_padding: bool) -> Accepted<()> {
    if w.dilation.iter().any(|d| *d != 1) {
        return Err(Refusal::new("pooling.dilation", format!("pooling with dilation {:?}", w.dilation), ""));
    }
    let too_wide = |p: &[i64]| p.iter().zip(&w.kernel).any(|(p, k)| p >= k);
    if (kind == Pooling::Max || exclude_padding) && (too_wide(&w.pre_padding) || too_wide(&w.post_padding)) {
        let reason = format!("padding {:?} and {:?} leaves a window {:?} without elements", w.pre_padding, w.post_padding, w.kernel);
        return Err(Refusal::new("pooling.padding", reason, "padding smaller than the window"));
    }
    if kind == Pooling::Average && !exclude_padding && w.pre_padding != w.post_padding && !at.rtx() {
        let reason = format!("an average that counts padding, with {:?} in front and {:?} behind", w.pre_padding, w.post_padding);
        return Err(Refusal::new(
            "pooling.uneven-counted-padding",
            reason,
            "equal padding on both sides, or padding left out of the count",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::check::tests::{full, rtx, rule};
    use crate::tensor::dtype::DType::{self, BF16, F16, F32};

    #[test]
    fn transposed_windows() {
        let one = |n: i64| vec![n; 2];
        let layer = |stride: i64, dilation: i64, padding: i64, shape: &[usize], groups: i64| {
            let window =
                Window { kernel: one(3), stride: one(stride), pre_padding: one(padding), post_padding: one(0), dilation: one(dilation) };
            LayerKind::Deconvolution { maps: 4, groups, window, weights: Tensor::zeros(F32, shape) }
        };
        let x: &[(DType, &[i64])] = &[(F32, &[1, 2, 4, 4])];
        assert_eq!(rule(&full(8, 6), layer(2, 1, 1, &[2, 4, 3, 3], 1), x), "");
        assert_eq!(rule(&full(8, 6), layer(1, 2, 1, &[2, 2, 3, 3], 2), x), "");
        assert_eq!(rule(&rtx(), layer(2, 2, 1, &[2, 4, 3, 3], 1), x), "deconvolution.dilation");
        assert_eq!(rule(&rtx(), layer(1, 1, 1, &[4, 2, 3, 3], 1), x), "deconvolution.weights-shape");
        assert_eq!(rule(&rtx(), layer(1, 1, 1, &[2, 1, 3, 3], 3), x), "deconvolution.groups");
        assert_eq!(rule(&rtx(), layer(1, 1, 6, &[2, 4, 3, 3], 1), x), "deconvolution.empty");
        assert_eq!(rule(&rtx(), layer(1, 1, 1, &[2, 4, 3, 3], 1), &[(F16, &[1, 2, 4, 4])]), "deconvolution.weights-type");
        assert_eq!(rule(&rtx(), layer(1, 1, 1, &[2, 4, 3, 3], 1), &[(BF16, &[1, 2, 4, 4])]), "deconvolution.type");
    }
}
