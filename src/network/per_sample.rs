//! Networks with an implicit batch (TensorRT 8.x): their tensors are those of one sample, and TensorRT runs the layers for each. Makes
//! such a network of one whose tensors begin with the batch, or says which layer touches the batch: the only place that knows.
//!
//! A tensor that follows from constants alone is the same for all samples: it is computed here, and loses an extent of 1 in front where a
//! layer reads it together with samples.

use crate::network::capabilities::{Capabilities, Flavour};
use crate::network::check::what;
use crate::network::layer::{Layer, LayerKind, MatrixOp, Unary, Window};
use crate::network::refusal::{Accepted, Refusal};
use crate::network::{NetTensor, Network, TensorId, eval, eval_move, shapes};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::Error;
use crate::tensor::host::Tensor;
use crate::tensor::shape;

const LIFT: &str = "an explicit batch";

/// The network as it is built for these capabilities.
pub fn planned(network: Network, capabilities: &Capabilities) -> Accepted<Network> {
    if capabilities.implicit_batch { per_sample(&network) } else { Ok(network) }
}

/// Implicit batch was there from the beginning and is gone since 10.0.
pub(super) fn mode(capabilities: &Capabilities) -> Accepted<()> {
    if capabilities.flavour == Flavour::Full && capabilities.version.major < 10 {
        return Ok(());
    }
    let reason = format!("{} {} has no implicit batch; TensorRT 8.x and older do", capabilities.flavour, capabilities.version);
    Err(Refusal::new("batch.mode", reason, LIFT))
}

/// The network of one sample. Layers, inputs and outputs keep their names.
pub fn per_sample(network: &Network) -> Accepted<Network> {
    let Some(first) = network.inputs.first() else {
        return Err(Refusal::new("batch.inputs", "a network without inputs has no batch", LIFT));
    };
    let Some(batch) = network.tensor(*first).dims.first() else { return Err(no_sample(network.tensor(*first))) };
    let to = Network { name: network.name.clone(), batch: Some(batch.clone()), ..Network::default() };
    let count = network.tensors.len();
    let mut split = Split { from: network, batch, to, fixed: vec![None; count], samples: vec![None; count] };
    for id in &network.inputs {
        let input = split.add_sample(*id)?;
        split.to.inputs.push(input);
    }
    for layer in &network.layers {
        split.layer(layer).map_err(|r| Refusal { reason: format!("layer '{}': {}", layer.name, r.reason).into(), ..r })?;
    }
    for id in &network.outputs {
        match (&split.fixed[id.0 as usize], split.samples[id.0 as usize]) {
            (None, Some(output)) => split.to.outputs.push(output),
            _ => return Err(no_batch(network.tensor(*id), batch)),
        }
    }
    Ok(split.to)
}

struct Split<'n> {
    from: &'n Network,
    batch: &'n Dim,
    to: Network,
    /// Values of the tensors that are the same for all samples.
    fixed: Vec<Option<Tensor>>,
    /// Tensors of one sample; of a fixed one, the constant that layers read together with samples.
    samples: Vec<Option<TensorId>>,
}

impl Split<'_> {
    fn layer(&mut self, layer: &Layer) -> Accepted<()> {
        let operands: Option<Vec<&Tensor>> = layer.inputs.iter().map(|i| self.fixed[i.0 as usize].as_ref()).collect();
        if let Some(operands) = operands {
            let made = eval::eval_all(layer, &operands, false).map_err(unusable)?;
            layer.outputs.iter().zip(made).for_each(|(id, value)| self.fixed[id.0 as usize] = Some(value));
            return Ok(());
        }
        if matches!(layer.kind, LayerKind::MatrixMultiply(..)) && self.dims(layer.inputs[0]).len() < 3 {
            return self.rows(layer);
        }
        let kind = self.kind(layer)?;
        let inputs = layer.inputs.iter().map(|i| self.operand(*i)).collect::<Accepted<Vec<_>>>()?;
        let outputs = layer.outputs.iter().map(|o| self.add_sample(*o)).collect::<Accepted<Vec<_>>>()?;
        self.to.layers.push(Layer { name: layer.name.clone(), kind, inputs, outputs });
        Ok(())
    }

    /// What the layer does to one sample.
    fn kind(&self, layer: &Layer) -> Accepted<LayerKind> {
        Ok(match &layer.kind {
            LayerKind::Unary(op @ (Unary::Sign | Unary::Round)) => {
                return Err(Refusal::new("batch.unary", format!("Unary {} needs an explicit batch", op.name()), LIFT));
            }
            kind if kind.is_by_channel() => kind.clone(),
            kind @ (LayerKind::Activation(..)
            | LayerKind::ElementWise(_)
            | LayerKind::Unary(_)
            | LayerKind::MatrixMultiply(..)
            | LayerKind::Cast(_)
            | LayerKind::Identity
            | LayerKind::ParametricRelu) => kind.clone(),
            LayerKind::Reduce { kind, axes, keep } if !axes.contains(&0) => {
                LayerKind::Reduce { kind: *kind, axes: axes.iter().map(|a| a - 1).collect(), keep: *keep }
            }
            LayerKind::Softmax(axis) if *axis > 0 => LayerKind::Softmax(axis - 1),
            LayerKind::Concatenation(axis) if *axis > 0 => LayerKind::Concatenation(axis - 1),
            LayerKind::TopK { kind, k, axis } if *axis > 0 => LayerKind::TopK { kind: *kind, k: *k, axis: axis - 1 },
            LayerKind::Slice { start, size, stride } if self.whole(layer, start, size) && stride[0] == 1 => {
                LayerKind::Slice { start: start[1..].to_vec(), size: size[1..].to_vec(), stride: stride[1..].to_vec() }
            }
            LayerKind::SliceOutside { start, size, mode } if self.whole(layer, start, size) => {
                LayerKind::SliceOutside { start: start[1..].to_vec(), size: size[1..].to_vec(), mode: *mode }
            }
            LayerKind::Shuffle { first, reshape, second } => {
                return self.shuffle(layer, first.as_deref(), reshape.is_some(), second.as_deref());
            }
            LayerKind::Reduce { .. }
            | LayerKind::Softmax(_)
            | LayerKind::Concatenation(_)
            | LayerKind::TopK { .. }
            | LayerKind::Slice { .. }
            | LayerKind::SliceOutside { .. } => return Err(self.axis_zero(layer)),
            kind => {
                let reason = format!("{} works differently, or not at all, with an implicit batch", what(kind));
                return Err(Refusal::new("batch.layer", reason, LIFT));
            }
        })
    }

    /// True where a slice takes all of the batch.
    fn whole(&self, layer: &Layer, start: &[i64], size: &[i64]) -> bool {
        start[0] == 0 && self.dims(layer.inputs[0])[0].is(size[0])
    }

    fn shuffle(&self, layer: &Layer, first: Option<&[usize]>, reshapes: bool, second: Option<&[usize]>) -> Accepted<LayerKind> {
        let stays = |order: Option<&[usize]>| order.is_none_or(|o| o.first() == Some(&0));
        let (x, out) = (self.dims(layer.inputs[0]), self.dims(layer.outputs[0]));
        if !stays(first) || !stays(second) || (reshapes && !out.first().is_some_and(|d| self.is_batch(d))) {
            return Err(self.axis_zero(layer));
        }
        let behind = |order: Option<&[usize]>| order.map(|o| o[1..].iter().map(|a| a - 1).collect::<Vec<usize>>());
        let reshape = match reshapes {
            false => None,
            true => {
                let before: Vec<Dim> = first.map_or(x.to_vec(), |o| o.iter().map(|a| x[*a].clone()).collect());
                let mut between = out.to_vec();
                second.into_iter().flatten().zip(out).for_each(|(a, d)| between[*a] = d.clone());
                match shapes::reshape_layer(&before[1..], &between[1..])? {
                    LayerKind::Shuffle { first: None, reshape, second: None } => reshape,
                    _ => return Err(self.axis_zero(layer)),
                }
            }
        };
        Ok(LayerKind::Shuffle { first: behind(first), reshape, second: behind(second) })
    }

    /// A product of rows, one for each sample, with constant columns: a convolution over one element.
    fn rows(&mut self, layer: &Layer) -> Accepted<()> {
        let columns = match &layer.kind {
            LayerKind::MatrixMultiply(MatrixOp::None, op) => self.fixed[layer.inputs[1].0 as usize].clone().map(|c| (c, *op)),
            _ => None,
        };
        let Some((columns, op)) = columns else { return Err(self.axis_zero(layer)) };
        let order = if op == MatrixOp::Transpose { None } else { Some(&[1, 0][..]) };
        let weights = eval_move::shuffle(&columns, order, None, None).map_err(unusable)?;
        let (maps, channels) = (weights.shape()[0], weights.shape()[1]);
        let weights = weights.reshaped(&[maps, channels, 1, 1]).map_err(unusable)?;
        let (dtype, name) = (weights.dtype(), layer.name.as_str());
        let dims = |n: usize| [n as i64, 1, 1].map(Dim::from).to_vec();
        let reshape = |to: Vec<i64>| LayerKind::Shuffle { first: None, reshape: Some(to), second: None };
        let x = self.operand(layer.inputs[0])?;
        let x = self.push(&format!("{name}:in"), reshape(vec![channels as i64, 1, 1]), &[x], dtype, dims(channels));
        let all = |v: i64| vec![v; 2];
        let window = Window { kernel: all(1), stride: all(1), pre_padding: all(0), post_padding: all(0), dilation: all(1) };
        let kind = LayerKind::Convolution { maps: maps as i64, groups: 1, window, weights, bias: None };
        let made = self.push(name, kind, &[x], dtype, dims(maps));
        let output = self.add_sample(layer.outputs[0])?;
        self.to.layers.push(Layer {
            name: format!("{name}:out"),
            kind: reshape(vec![maps as i64]),
            inputs: vec![made],
            outputs: vec![output],
        });
        Ok(())
    }

    /// Adds a layer that the whole network does not have.
    fn push(&mut self, name: &str, kind: LayerKind, inputs: &[TensorId], dtype: DType, dims: Vec<Dim>) -> TensorId {
        let out = self.tensor(NetTensor { name: format!("{name}:value"), dtype, dims });
        self.to.layers.push(Layer { name: name.into(), kind, inputs: inputs.to_vec(), outputs: vec![out] });
        out
    }

    /// What a layer that works on samples reads.
    fn operand(&mut self, id: TensorId) -> Accepted<TensorId> {
        let at = id.0 as usize;
        if let Some(known) = self.samples[at] {
            return Ok(known);
        }
        let Some(value) = self.fixed[at].clone() else { unreachable!("layers stand in running order") };
        let tensor = self.from.tensor(id);
        no_bool(tensor)?;
        if value.shape().len() < 2 {
            return Err(no_sample(tensor));
        }
        if value.shape()[0] != 1 {
            let (text, name) = (shape::text(&tensor.dims), &tensor.name);
            return Err(Refusal::new("batch.extent", format!("constant '{name}' of shape {text} differs between samples"), LIFT));
        }
        let value = value.reshaped(&value.shape()[1..]).map_err(unusable)?;
        let (name, dims) = (format!("{}:sample", tensor.name), shape::from_usizes(value.shape()));
        let made = self.push(&name, LayerKind::Constant(value), &[], tensor.dtype, dims);
        self.samples[at] = Some(made);
        Ok(made)
    }

    /// The part of a tensor that belongs to one sample.
    fn add_sample(&mut self, id: TensorId) -> Accepted<TensorId> {
        let tensor = self.from.tensor(id);
        if tensor.dims.len() < 2 {
            return Err(no_sample(tensor));
        }
        if !self.is_batch(&tensor.dims[0]) {
            return Err(no_batch(tensor, self.batch));
        }
        no_bool(tensor)?;
        if let Some(free) = tensor.dims[1..].iter().find(|d| d.as_const().is_none()) {
            let reason = format!("tensor '{}' has the extent {free} behind the batch, which is not fixed", tensor.name);
            return Err(Refusal::new("batch.free-extent", reason, LIFT));
        }
        let sample = self.tensor(NetTensor { dims: tensor.dims[1..].to_vec(), ..tensor.clone() });
        self.samples[id.0 as usize] = Some(sample);
        Ok(sample)
    }

    fn tensor(&mut self, tensor: NetTensor) -> TensorId {
        self.to.tensors.push(tensor);
        TensorId(self.to.tensors.len() as u32 - 1)
    }

    fn dims(&self, id: TensorId) -> &[Dim] {
        &self.from.tensor(id).dims
    }

    fn is_batch(&self, extent: &Dim) -> bool {
        extent.equals(self.batch) == Answer::Always
    }

    fn axis_zero(&self, layer: &Layer) -> Refusal {
        let shapes: Vec<String> = layer.inputs.iter().map(|i| shape::text(self.dims(*i))).collect();
        Refusal::new("batch.axis", format!("{} on {} works on axis 0, the batch", what(&layer.kind), shapes.join(", ")), LIFT)
    }
}

fn no_sample(tensor: &NetTensor) -> Refusal {
    let reason = format!("tensor '{}' of shape {} has nothing behind the batch", tensor.name, shape::text(&tensor.dims));
    Refusal::new("batch.rank", reason, LIFT)
}

/// Comparisons give floats there, as 8.6.1 shows.
fn no_bool(tensor: &NetTensor) -> Accepted<()> {
    if tensor.dtype != DType::Bool {
        return Ok(());
    }
    Err(Refusal::new("batch.layer", format!("tensor '{}' is bool, which an implicit batch does not have", tensor.name), LIFT))
}

fn no_batch(tensor: &NetTensor, batch: &Dim) -> Refusal {
    let reason = format!("tensor '{}' of shape {} does not begin with the batch {batch}", tensor.name, shape::text(&tensor.dims));
    Refusal::new("batch.extent", reason, LIFT)
}

fn unusable(e: Error) -> Refusal {
    Refusal::new("batch.layer", e.message, LIFT)
}
