//! A TensorRT network as plain data: layers, tensors, weights. Operators are converted to it, the builder room of `tensorrt` emits it,
//! its text is what an engine cache is keyed by. Nothing here loads or calls TensorRT.
//!
//! Invariants (held by [`builder::Builder`]): layers stand in the order they run; a layer's inputs are network inputs or outputs of
//! earlier layers; shapes follow from TensorRT's documented rules, with explicit batch.

pub mod builder;
pub mod capabilities;
pub mod check;
mod check_batch;
mod check_layers;
mod check_windows;
pub mod eval;
mod eval_elementwise;
mod eval_move;
mod eval_reduce;
#[cfg(test)]
mod eval_tests;
mod eval_window;
pub mod layer;
pub mod refusal;
pub mod rules;
mod shapes;
pub mod text;

use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use layer::Layer;

/// Index of a tensor in [`Network::tensors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorId(pub u32);

/// A tensor between layers.
#[derive(Debug, Clone, PartialEq)]
pub struct NetTensor {
    /// Unique name; the binding name for inputs and outputs.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents; one that is no constant is dynamic and needs an optimisation profile.
    pub dims: Vec<Dim>,
}

/// A network: what `INetworkDefinition` holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    /// Name, for messages and inspection.
    pub name: String,
    /// All tensors.
    pub tensors: Vec<NetTensor>,
    /// Layers in an order in which they can run.
    pub layers: Vec<Layer>,
    /// Inputs, in binding order.
    pub inputs: Vec<TensorId>,
    /// Outputs, in binding order.
    pub outputs: Vec<TensorId>,
}

impl Network {
    /// The tensor with this id.
    pub fn tensor(&self, id: TensorId) -> &NetTensor {
        &self.tensors[id.0 as usize]
    }

    /// The tensors that there are: inputs, then outputs of layers, in order. Others in the list belong to layers that were dropped.
    pub fn used(&self) -> impl Iterator<Item = TensorId> + '_ {
        self.inputs.iter().chain(self.layers.iter().flat_map(|l| &l.outputs)).copied()
    }
}
