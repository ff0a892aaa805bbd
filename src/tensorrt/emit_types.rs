//! Types of weakly typed networks (TensorRT 8.x), where every layer may run in any type that a flag allows: each is told its own, so that
//! float32 stays float32 beside float16 and int8. Part of [`crate::tensorrt::emit`].

use crate::network::layer::{Layer as NetLayer, LayerKind};
use crate::network::{Network, TensorId};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensorrt::abi::BuilderFlag;
use crate::tensorrt::config::BuilderConfig;
use crate::tensorrt::network_def::Layer;
use crate::tensorrt::weights::data_type;

/// The flags for the types in a network. A layer that there is no code for in its own type fails the build.
pub(super) fn allow(config: &mut BuilderConfig, network: &Network) -> Result<()> {
    let has = |dtype: DType| network.used().any(|id| network.tensor(id).dtype == dtype);
    if has(DType::F16) {
        config.set_flag(BuilderFlag::Fp16)?;
    }
    if has(DType::I8) {
        config.set_flag(BuilderFlag::Int8)?;
    }
    if has(DType::F16) || has(DType::I8) {
        config.set_flag(BuilderFlag::ObeyPrecisionConstraints)?;
    }
    Ok(())
}

/// Makes a layer compute in the float type that it gives or, where it gives none, takes, and give what the network says.
pub(super) fn demand(emitted: &Layer<'_>, network: &Network, layer: &NetLayer) -> Result<()> {
    // Quantising layers have the types of their scales, plugins types of their own; what is dequantised for is to run in int8.
    let own = matches!(layer.kind, LayerKind::Quantize(_) | LayerKind::Dequantize(..) | LayerKind::Plugin(_));
    if own || layer.inputs.iter().any(|id| is_dequantised(network, *id)) {
        return Ok(());
    }
    let float = |id: &&TensorId| network.tensor(**id).dtype.is_float();
    // A cast has the types on its two sides.
    let computes = layer.outputs.iter().chain(&layer.inputs).find(float).filter(|_| !matches!(layer.kind, LayerKind::Cast(_)));
    if let Some(id) = computes {
        emitted.set_precision(data_type(network.tensor(*id).dtype)?)?;
    }
    // All of them: told its precision, a comparison would give that type as well.
    for (i, id) in layer.outputs.iter().enumerate() {
        emitted.set_output_type(i, data_type(network.tensor(*id).dtype)?)?;
    }
    Ok(())
}

fn is_dequantised(network: &Network, id: TensorId) -> bool {
    network.layers.iter().any(|l| matches!(l.kind, LayerKind::Dequantize(..)) && l.outputs.contains(&id))
}
