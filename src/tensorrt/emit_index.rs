//! Layers that address elements by computed indices, and those between floats and int8. Part of [`crate::tensorrt::emit`].

use crate::network::layer::{Layer as NetLayer, LayerKind};
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::*;
use crate::tensorrt::network_def::{Layer, NetworkDefinition, TensorRef};
use crate::tensorrt::weights::data_type;

/// Adds one layer.
pub(super) fn layer<'n>(to: &'n NetworkDefinition, layer: &NetLayer, x: &[TensorRef<'n>]) -> Result<Layer<'n>> {
    let axis = |a: usize| a as i32;
    Ok(match &layer.kind {
        LayerKind::ReverseSequence { batch, sequence } => {
            let layer = to.add_reverse_sequence(x[0], x[1])?;
            layer.set_batch_axis(axis(*batch))?;
            layer.set_sequence_axis(axis(*sequence))?;
            *layer
        }
        LayerKind::NonZero(_) => *to.add_non_zero(x[0])?,
        LayerKind::Nms { center, .. } => {
            let layer = to.add_nms(x[0], x[1], x[2])?;
            layer.set_input(3, x[3])?;
            layer.set_input(4, x[4])?;
            layer.set_bounding_box_format(if *center { BoundingBoxFormat::CenterSizes } else { BoundingBoxFormat::CornerPairs })?;
            *layer
        }
        LayerKind::Quantize(along) => quantize(to, x, *along)?,
        LayerKind::Dequantize(along, dtype) => dequantize(to, x, *along, data_type(*dtype)?)?,
        LayerKind::GatherElements(along) => {
            let layer = to.add_gather_v2(x[0], x[1], GatherMode::Element)?;
            layer.set_gather_axis(axis(*along))?;
            *layer
        }
        LayerKind::GatherNd(batch) => {
            let layer = to.add_gather_v2(x[0], x[1], GatherMode::Nd)?;
            layer.set_nb_element_wise_dims(axis(*batch))?;
            *layer
        }
        LayerKind::ScatterElements(along) => {
            let layer = to.add_scatter(x[0], x[1], x[2], ScatterMode::Element)?;
            layer.set_axis(axis(*along))?;
            *layer
        }
        LayerKind::ScatterNd => *to.add_scatter(x[0], x[1], x[2], ScatterMode::Nd)?,
        kind => return Err(Error::new(Code::Internal, format!("a layer {} is emitted elsewhere", kind.name()))),
    })
}

/// To int8; before 10 that is the only type there is.
fn quantize<'n>(to: &'n NetworkDefinition, x: &[TensorRef<'n>], along: Option<usize>) -> Result<Layer<'n>> {
    let layer = if to.has_typed_quantisation() { to.add_quantize_v2(x[0], x[1], DataType::Int8) } else { to.add_quantize(x[0], x[1]) }?;
    if let Some(axis) = along {
        layer.set_axis(axis as i32)?;
    }
    Ok(*layer)
}

/// From int8; before 10 to float32, or to what the weakly typed network demands.
fn dequantize<'n>(to: &'n NetworkDefinition, x: &[TensorRef<'n>], along: Option<usize>, dtype: DataType) -> Result<Layer<'n>> {
    let layer = if to.has_typed_quantisation() { to.add_dequantize_v2(x[0], x[1], dtype) } else { to.add_dequantize(x[0], x[1]) }?;
    if let Some(axis) = along {
        layer.set_axis(axis as i32)?;
    }
    Ok(*layer)
}
