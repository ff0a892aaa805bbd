//! The weights of a network by layer and role, and which of them can be others in the same network: not integers, which may be extents
//! or indices, on which shapes depend.

use crate::network::Network;
use crate::network::layer::LayerKind;
use crate::tensor::host::Tensor;

/// What weights are to their layer (`WeightsRole`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Of a convolution.
    Kernel,
    /// Of a convolution.
    Bias,
    /// What a scale layer adds.
    Shift,
    /// What a scale layer multiplies by.
    Scale,
    /// Elements of a constant.
    Constant,
}

/// The weights of one role of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    /// The layer's name.
    pub layer: &'a str,
    /// What they are to it.
    pub role: Role,
    /// Their elements.
    pub tensor: &'a Tensor,
}

/// True for weights that can be others in the same network.
pub fn may_change(tensor: &Tensor) -> bool {
    tensor.dtype().is_float()
}

impl Network {
    /// All weights, in the order of the layers.
    pub fn weights(&self) -> Vec<Weights<'_>> {
        let mut all = Vec::new();
        for layer in &self.layers {
            let found: Vec<(Role, &Tensor)> = match &layer.kind {
                LayerKind::Constant(value) => vec![(Role::Constant, value)],
                LayerKind::Convolution { weights, bias, .. } => {
                    [(Role::Kernel, weights)].into_iter().chain(bias.as_ref().map(|b| (Role::Bias, b))).collect()
                }
                LayerKind::Deconvolution { weights, .. } => vec![(Role::Kernel, weights)],
                LayerKind::Scale { scale, shift } => vec![(Role::Shift, shift), (Role::Scale, scale)],
                _ => Vec::new(),
            };
            all.extend(found.into_iter().map(|(role, tensor)| Weights { layer: &layer.name, role, tensor }));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::builder::Builder;
    use crate::network::layer::Window;
    use crate::tensor::dim::Dim;
    use crate::tensor::dtype::DType;

    fn network(kernel: f32, shift: f32, index: i32) -> Network {
        let mut b = Builder::new("n");
        b.scope("conv");
        let x = b.input("x", DType::F32, &[1i64, 1, 4, 4].map(Dim::from));
        let two = |v| vec![v; 2];
        let window = Window { kernel: two(1), stride: two(1), pre_padding: two(0), post_padding: two(0), dilation: two(1) };
        let one = |v: f32| Tensor::from_vec(&[1], vec![v]);
        let weights = Tensor::from_vec(&[1, 1, 1, 1], vec![kernel]);
        let c = b.add(LayerKind::Convolution { maps: 1, groups: 1, window, weights, bias: Some(one(0.5)) }, &[x]).unwrap();
        b.scope("scale");
        let s = b.add(LayerKind::Scale { scale: one(2.0), shift: one(shift) }, &[c]).unwrap();
        b.scope("index");
        let i = b.constant(Tensor::from_vec(&[1], vec![index])).unwrap();
        b.scope("gather");
        let y = b.add(LayerKind::Gather(2), &[s, i]).unwrap();
        b.output(y, "y").unwrap();
        b.finish()
    }

    #[test]
    fn weights_are_named_by_layer_and_role() {
        let n = network(1.0, 3.0, 0);
        let found: Vec<_> = n.weights().iter().map(|w| (w.layer, w.role, w.tensor.to_f64s()[0])).collect();
        let expected = [
            ("conv", Role::Kernel, 1.0),
            ("conv", Role::Bias, 0.5),
            ("scale", Role::Shift, 3.0),
            ("scale", Role::Scale, 2.0),
            ("index", Role::Constant, 0.0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_structure_is_all_but_weights() {
        let structure = |n: Network| n.structure();
        assert_eq!(structure(network(1.0, 3.0, 0)), structure(network(2.0, 4.0, 0)));
        // An index is not one of them.
        assert_ne!(structure(network(1.0, 3.0, 0)), structure(network(1.0, 3.0, 1)));
        assert!(structure(network(1.0, 3.0, 0)).contains("weights float32[1, 1, 1, 1] bias float32[1]]"));
    }
}
