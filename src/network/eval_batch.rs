//! Networks with an implicit batch, sample by sample. Part of [`crate::network::eval`].

use crate::network::layer::Layer;
use crate::network::{Network, TensorId, eval};
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::{ensure, fail};
use std::collections::BTreeSet;

/// The outputs for inputs that begin with the batch.
pub(super) fn samples(network: &Network, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let counts: BTreeSet<Option<usize>> = inputs.iter().map(|x| x.shape().first().copied()).collect();
    let (Some(Some(count)), 1) = (counts.first().copied(), counts.len()) else {
        fail!(WrongShape, "inputs with {counts:?} samples");
    };
    let mut outputs: Vec<Vec<u8>> = vec![Vec::new(); network.outputs.len()];
    for i in 0..count {
        let sample = inputs.iter().map(|x| part(x, i)).collect::<Result<Vec<_>>>()?;
        for (all, made) in outputs.iter_mut().zip(eval::run(network, &sample)?) {
            all.extend_from_slice(made.bytes());
        }
    }
    let whole = |(id, bytes): (&TensorId, Vec<u8>)| {
        let tensor = network.tensor(*id);
        let extents = shape::as_usizes(&tensor.dims);
        let extents = extents.ok_or_else(|| Error::new(Code::Internal, format!("sample '{}' has a free extent", tensor.name)))?;
        Tensor::new(tensor.dtype, [vec![count], extents].concat(), bytes.into())
    };
    network.outputs.iter().zip(outputs).map(whole).collect()
}

/// One sample of a tensor.
fn part(x: &Tensor, index: usize) -> Result<Tensor> {
    let bytes = x.bytes().len() / x.shape()[0];
    Tensor::new(x.dtype(), x.shape()[1..].to_vec(), x.bytes().slice(index * bytes..(index + 1) * bytes))
}

/// A layer that knows channels, on the picture of one sample.
pub(super) fn by_channel(layer: &Layer, x: &[&Tensor]) -> Result<Vec<Tensor>> {
    ensure!(x.len() == 1, Internal, "a layer by channel with {} operands", x.len());
    let batch = x[0].reshaped(&[&[1], x[0].shape()].concat())?;
    let made = eval::eval_all(layer, &[&batch], false)?;
    made.iter().map(|t| t.reshaped(&t.shape()[1..])).collect()
}
