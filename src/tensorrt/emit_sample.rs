//! Layers with many fields for [`crate::tensorrt::emit`]: transposed convolution, slices beyond their operand, resize.

use crate::network::layer::{Resize, ResizeTo, SampleMode as NetSampleMode, Window};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensorrt::abi::*;
use crate::tensorrt::emit::named;
use crate::tensorrt::network_def::{Layer, NetworkDefinition, TensorRef};
use crate::tensorrt::weights::HostWeights;

pub(super) fn deconvolution<'n>(
    to: &'n NetworkDefinition,
    x: TensorRef<'n>,
    maps: i64,
    groups: i64,
    window: &Window,
    weights: &Tensor,
) -> Result<Layer<'n>> {
    let weights = HostWeights::of(weights)?;
    let layer = to.add_deconvolution_nd(x, maps, &Dims::new(&window.kernel)?, &weights, &HostWeights::none(weights.dtype))?;
    layer.set_stride_nd(&Dims::new(&window.stride)?)?;
    layer.set_pre_padding(&Dims::new(&window.pre_padding)?)?;
    layer.set_post_padding(&Dims::new(&window.post_padding)?)?;
    layer.set_dilation_nd(&Dims::new(&window.dilation)?)?;
    layer.set_nb_groups(groups)?;
    Ok(*layer)
}

/// `x` is the operand and, where there is one, the value to fill with: the layer's fifth input.
pub(super) fn slice_outside<'n>(
    to: &'n NetworkDefinition,
    x: &[TensorRef<'n>],
    start: &[i64],
    size: &[i64],
    mode: NetSampleMode,
) -> Result<Layer<'n>> {
    let layer = to.add_slice(x[0], &Dims::new(start)?, &Dims::new(size)?, &Dims::new(&vec![1; start.len()])?)?;
    layer.set_mode(named(SampleMode::named(mode.name()), mode.name())?)?;
    if let Some(fill) = x.get(1) {
        layer.set_input(4, *fill)?;
    }
    Ok(*layer)
}

pub(super) fn resize<'n>(to: &'n NetworkDefinition, x: TensorRef<'n>, r: &Resize) -> Result<Layer<'n>> {
    let layer = to.add_resize(x)?;
    match &r.to {
        ResizeTo::Extents(extents) => layer.set_output_dimensions(&Dims::new(extents)?)?,
        ResizeTo::Scales(scales) => layer.set_scales(scales)?,
    }
    layer.set_resize_mode(named(InterpolationMode::named(r.mode.name()), r.mode.name())?)?;
    layer.set_coordinate_transformation(named(ResizeCoordinateTransformation::named(r.coordinates.name()), r.coordinates.name())?)?;
    layer.set_nearest_rounding(named(ResizeRoundMode::named(r.rounding.name()), r.rounding.name())?)?;
    layer.set_selector_for_single_pixel(if r.single_is_first { ResizeSelector::Upper } else { ResizeSelector::Formula })?;
    layer.set_cubic_coeff(r.cubic)?;
    layer.set_exclude_outside(r.exclude_outside)?;
    Ok(*layer)
}
