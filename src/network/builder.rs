//! Adds layers to a network; each gets its output types and shapes by TensorRT's rules, or a refusal that names the rule broken.

use crate::network::layer::{ElementWise, Layer, LayerKind};
use crate::network::refusal::Accepted;
use crate::network::{NetTensor, Network, TensorId, shapes};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

/// Builds a [`Network`]. Layer names come from [`Builder::scope`].
#[derive(Debug, Default)]
pub struct Builder {
    network: Network,
    scope: String,
    in_scope: usize,
}

impl Builder {
    /// An empty network.
    pub fn new(name: &str) -> Builder {
        Builder { network: Network { name: name.into(), ..Network::default() }, ..Builder::default() }
    }

    /// Names the layers that follow after the node `name`.
    pub fn scope(&mut self, name: &str) {
        self.scope = name.into();
        self.in_scope = 0;
    }

    /// Adds a network input.
    pub fn input(&mut self, name: &str, dtype: DType, dims: &[Dim]) -> TensorId {
        let id = self.tensor(name.into(), dtype, dims.to_vec());
        self.network.inputs.push(id);
        id
    }

    /// Marks a tensor as network output under a binding name. A tensor that is an input or an output already gets an identity layer.
    pub fn output(&mut self, id: TensorId, name: &str) -> Accepted<()> {
        let id = if self.network.inputs.contains(&id) || self.network.outputs.contains(&id) {
            self.add(LayerKind::Identity, &[id])?
        } else {
            id
        };
        self.network.tensors[id.0 as usize].name = name.into();
        self.network.outputs.push(id);
        Ok(())
    }

    /// Adds a layer, and gives its first output.
    pub fn add(&mut self, kind: LayerKind, inputs: &[TensorId]) -> Accepted<TensorId> {
        Ok(self.add_all(kind, inputs)?[0])
    }

    /// Adds a layer, and gives its outputs.
    pub fn add_all(&mut self, kind: LayerKind, inputs: &[TensorId]) -> Accepted<Vec<TensorId>> {
        let operands: Vec<&NetTensor> = inputs.iter().map(|i| self.network.tensor(*i)).collect();
        let facts = shapes::infer_all(&kind, &operands)?;
        self.in_scope += 1;
        let name = match self.in_scope {
            1 => self.scope.clone(),
            n => format!("{}:{}{n}", self.scope, kind.name()),
        };
        let label = |i: usize| if i == 0 { format!("{name}.out") } else { format!("{name}.out{i}") };
        let outputs: Vec<TensorId> = facts.into_iter().enumerate().map(|(i, (dtype, dims))| self.tensor(label(i), dtype, dims)).collect();
        self.network.layers.push(Layer { name, kind, inputs: inputs.to_vec(), outputs: outputs.clone() });
        Ok(outputs)
    }

    /// A constant tensor. TensorRT has no `bool` constants: those are numbers and a cast.
    pub fn constant(&mut self, value: Tensor) -> Accepted<TensorId> {
        if value.dtype() == DType::Bool {
            let numbers = value.values::<u8>().iter().map(|v| i32::from(*v)).collect();
            let id = self.add(LayerKind::Constant(Tensor::from_vec(value.shape(), numbers)), &[])?;
            return self.add(LayerKind::Cast(DType::Bool), &[id]);
        }
        self.add(LayerKind::Constant(value), &[])
    }

    /// An elementwise layer on operands of any rank: the one of lower rank gets leading extents of 1.
    pub fn elementwise(&mut self, op: ElementWise, a: TensorId, b: TensorId) -> Accepted<TensorId> {
        let rank = self.dims(a).len().max(self.dims(b).len());
        let (a, b) = (self.pad_rank(a, rank)?, self.pad_rank(b, rank)?);
        self.add(LayerKind::ElementWise(op), &[a, b])
    }

    /// The tensor with leading extents of 1 up to `rank`.
    pub fn pad_rank(&mut self, id: TensorId, rank: usize) -> Accepted<TensorId> {
        let mut dims = vec![Dim::from(1i64); rank.saturating_sub(self.dims(id).len())];
        if dims.is_empty() {
            return Ok(id);
        }
        dims.extend(self.dims(id).iter().cloned());
        self.reshape(id, &dims)
    }

    /// A reshape to `dims`, spelled so that TensorRT can resolve it for every value of the symbols: constants, copies of the extent
    /// at the same place, and at most one inferred extent.
    pub fn reshape(&mut self, id: TensorId, dims: &[Dim]) -> Accepted<TensorId> {
        let kind = shapes::reshape_layer(self.dims(id), dims)?;
        let out = self.add(kind, &[id])?;
        // What the caller knows about the extents is at least as exact as what the layer's rule gives.
        self.network.tensors[out.0 as usize].dims = dims.to_vec();
        Ok(out)
    }

    /// A transpose.
    pub fn transpose(&mut self, id: TensorId, order: &[usize]) -> Accepted<TensorId> {
        self.add(LayerKind::Shuffle { first: Some(order.to_vec()), reshape: None, second: None }, &[id])
    }

    /// Extents of a tensor.
    pub fn dims(&self, id: TensorId) -> &[Dim] {
        &self.network.tensor(id).dims
    }

    /// Element type of a tensor.
    pub fn dtype(&self, id: TensorId) -> DType {
        self.network.tensor(id).dtype
    }

    /// The network so far.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network.
    pub fn finish(self) -> Network {
        self.network
    }

    fn tensor(&mut self, name: String, dtype: DType, dims: Vec<Dim>) -> TensorId {
        self.network.tensors.push(NetTensor { name, dtype, dims });
        TensorId(self.network.tensors.len() as u32 - 1)
    }
}
