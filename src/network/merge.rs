//! Joins layers that TensorRT has one layer for: the addends behind a convolution become its bias, so that no version and no precision
//! depends on TensorRT's finding it out. Changes no result.

use crate::network::Network;
use crate::network::layer::LayerKind;
use crate::tensor::host::Tensor;

/// The network with addends per channel inside the convolutions that they follow, where nothing else reads those.
pub fn merge_biases(mut network: Network) -> Network {
    let mut makers = vec![None; network.tensors.len()];
    let mut readers = vec![0usize; network.tensors.len()];
    network.outputs.iter().for_each(|t| readers[t.0 as usize] += 1);
    for (i, layer) in network.layers.iter().enumerate() {
        layer.inputs.iter().for_each(|t| readers[t.0 as usize] += 1);
        layer.outputs.iter().for_each(|t| makers[t.0 as usize] = Some(i));
    }
    let mut gone = vec![false; network.layers.len()];
    for i in 0..network.layers.len() {
        let LayerKind::Scale { scale, shift } = &network.layers[i].kind else { continue };
        let from = network.layers[i].inputs[0].0 as usize;
        let Some(maker) = makers[from].filter(|_| readers[from] == 1 && is_one(scale)) else { continue };
        let (shift, result) = (shift.clone(), network.layers[i].outputs[0]);
        let name = format!("{} + {}", network.layers[maker].name, network.layers[i].name);
        let layer = &mut network.layers[maker];
        let LayerKind::Convolution { bias: bias @ None, .. } = &mut layer.kind else { continue };
        (*bias, layer.name, layer.outputs[0]) = (Some(shift), name, result);
        gone[i] = true;
    }
    let mut gone = gone.into_iter();
    network.layers.retain(|_| gone.next() == Some(false));
    network
}

fn is_one(factors: &Tensor) -> bool {
    factors.to_f64s().iter().all(|f| *f == 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::builder::Builder;
    use crate::network::eval::eval;
    use crate::network::layer::Window;
    use crate::tensor::dim::Dim;
    use crate::tensor::dtype::DType;

    /// A convolution by 2, then `x * factor + [1, -1]`; the convolution is an output too where `seen`.
    fn network(factor: f64, seen: bool) -> Network {
        let f = |shape: &[usize], v: &[f64]| Tensor::from_f64s(DType::F32, shape, v);
        let mut b = Builder::new("n");
        let x = b.input("x", DType::F32, &[1usize, 1, 2, 2].map(Dim::from));
        let (ones, zeros) = (|| vec![1, 1], || vec![0, 0]);
        let window = Window { kernel: ones(), stride: ones(), pre_padding: zeros(), post_padding: zeros(), dilation: ones() };
        b.scope("conv");
        let kind = LayerKind::Convolution { maps: 2, groups: 1, window, weights: f(&[2, 1, 1, 1], &[2.0, 3.0]), bias: None };
        let y = b.add(kind, &[x]).unwrap();
        b.scope("bias");
        let z = b.add(LayerKind::Scale { scale: f(&[2], &[factor; 2]), shift: f(&[2], &[1.0, -1.0]) }, &[y]).unwrap();
        b.output(z, "z").unwrap();
        if seen {
            b.output(y, "y").unwrap();
        }
        b.finish()
    }

    #[test]
    fn addends_become_a_bias() {
        let x = Tensor::from_f64s(DType::F32, &[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let merged = merge_biases(network(1.0, false));
        let [layer] = merged.layers.as_slice() else { panic!("{merged}") };
        assert_eq!(layer.name, "conv + bias");
        assert!(matches!(&layer.kind, LayerKind::Convolution { bias: Some(_), .. }));
        assert_eq!(eval(&merged, std::slice::from_ref(&x)), eval(&network(1.0, false), &[x]));
    }

    #[test]
    fn factors_and_results_that_others_see_stay() {
        for network in [network(2.0, false), network(1.0, true)] {
            assert_eq!(merge_biases(network.clone()), network);
        }
    }
}
