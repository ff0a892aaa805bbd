//! A TensorRT network as plain data: layers, tensors, weights. Operators are converted to it, the builder room of `tensorrt` emits it,
//! its text is what an engine cache is keyed by. Nothing here loads or calls TensorRT.
//!
//! Invariants (held by [`builder::Builder`]): layers stand in the order they run; a layer's inputs are network inputs or outputs of
//! earlier layers; shapes follow from TensorRT's documented rules, with explicit batch unless [`per_sample`] has taken it out.

pub mod builder;
pub mod capabilities;
pub mod check;
mod check_index;
mod check_layers;
mod check_order;
mod check_quantised;
mod check_samples;
mod check_windows;
pub mod eval;
mod eval_batch;
mod eval_boxes;
mod eval_elementwise;
mod eval_index;
mod eval_move;
mod eval_order;
mod eval_quantised;
mod eval_reduce;
mod eval_sample;
#[cfg(test)]
mod eval_sample_tests;
#[cfg(test)]
mod eval_tests;
mod eval_window;
pub mod layer;
pub mod merge;
pub mod per_sample;
pub mod plugin;
pub mod refusal;
pub mod rules;
mod shapes;
pub mod text;
pub mod weights;

use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use layer::{Layer, LayerKind};

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
    /// The extent of an implicit batch: then all tensors are those of one sample.
    pub batch: Option<Dim>,
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

    /// The network without constants and inputs that no layer reads: converters take weights and parameters from the node.
    pub fn without_unread(mut self) -> Network {
        let mut read = vec![false; self.tensors.len()];
        let reads = self.layers.iter().flat_map(|l| &l.inputs).chain(&self.outputs);
        reads.for_each(|t| read[t.0 as usize] = true);
        self.layers.retain(|l| !matches!(l.kind, LayerKind::Constant(_)) || l.outputs.iter().any(|o| read[o.0 as usize]));
        self.inputs.retain(|i| read[i.0 as usize]);
        let mut kept = vec![None; self.tensors.len()];
        let mut tensors = Vec::new();
        for id in self.inputs.iter().chain(self.layers.iter().flat_map(|l| &l.outputs)) {
            kept[id.0 as usize] = Some(TensorId(tensors.len() as u32));
            tensors.push(self.tensor(*id).clone());
        }
        let layers = self.layers.iter_mut().flat_map(|l| l.inputs.iter_mut().chain(l.outputs.iter_mut()));
        let ports = self.inputs.iter_mut().chain(self.outputs.iter_mut());
        layers.chain(ports).for_each(|id| *id = kept[id.0 as usize].unwrap_or(*id));
        self.tensors = tensors;
        self
    }
}
