//! Text form of a network: what a person reads, and what the key of an engine cache is computed from. So everything that reaches
//! TensorRT is in it, weights by digest, and nothing else: names of layers and inner tensors are not, those of bindings are.

use crate::network::layer::{LayerKind, Window};
use crate::network::weights::may_change;
use crate::network::{Network, TensorId};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, weights)
    }
}

impl Network {
    /// The text without the weights that may change: networks that differ in nothing else have one.
    pub fn structure(&self) -> String {
        struct Structure<'a>(&'a Network);
        impl fmt::Display for Structure<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, |t| if may_change(t) { format!("{}{:?}", t.dtype(), t.shape()) } else { weights(t) })
            }
        }
        Structure(self).to_string()
    }

    /// One line per symbol, input, layer and output. Tensors are numbered in the order in which they come to be.
    fn write(&self, f: &mut fmt::Formatter<'_>, weights: fn(&Tensor) -> String) -> fmt::Result {
        let numbers: HashMap<TensorId, usize> = self.used().enumerate().map(|(i, id)| (id, i)).collect();
        let mut symbols = BTreeSet::new();
        self.used().flat_map(|id| &self.tensor(id).dims).chain(&self.batch).for_each(|d| d.collect_symbols(&mut symbols));
        for s in symbols {
            writeln!(f, "symbol {} = {}..{}", s.name, s.min, s.max)?;
        }
        if let Some(batch) = &self.batch {
            writeln!(f, "implicit batch {batch}")?;
        }
        let number = |id: &TensorId| numbers.get(id).map_or("%?".to_string(), |n| format!("%{n}"));
        let typed = |id: &TensorId| {
            let t = self.tensor(*id);
            format!("{}: {}{}", number(id), t.dtype, shape::text(&t.dims))
        };
        let list = |ids: &[TensorId], text: &dyn Fn(&TensorId) -> String| ids.iter().map(text).collect::<Vec<_>>().join(", ");
        for id in &self.inputs {
            writeln!(f, "input {} {:?}", typed(id), self.tensor(*id).name)?;
        }
        for layer in &self.layers {
            writeln!(f, "{} = {}({})", list(&layer.outputs, &typed), Kind(&layer.kind, weights), list(&layer.inputs, &number))?;
        }
        for id in &self.outputs {
            writeln!(f, "output {} {:?}", number(id), self.tensor(*id).name)?;
        }
        Ok(())
    }
}

/// A layer kind with all its fields, and how weights are written.
struct Kind<'a>(&'a LayerKind, fn(&Tensor) -> String);

fn weights(t: &Tensor) -> String {
    format!("{}{:?} #{}", t.dtype(), t.shape(), t.digest())
}

fn window(w: &Window) -> String {
    let Window { kernel, stride, pre_padding, post_padding, dilation } = w;
    format!("kernel {kernel:?} stride {stride:?} padding {pre_padding:?} {post_padding:?} dilation {dilation:?}")
}

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())?;
        let text = self.1;
        match self.0 {
            LayerKind::Constant(value) => write!(f, "[{}]", text(value)),
            LayerKind::Convolution { maps, groups, window: w, weights: kernel, bias } => {
                let bias = bias.as_ref().map_or("none".into(), text);
                write!(f, "[maps {maps} groups {groups} {} weights {} bias {bias}]", window(w), text(kernel))
            }
            LayerKind::KernelConvolution { maps, groups, window: w } => write!(f, "[maps {maps} groups {groups} {}]", window(w)),
            LayerKind::Deconvolution { maps, groups, window: w, weights: kernel } => {
                write!(f, "[maps {maps} groups {groups} {} weights {}]", window(w), text(kernel))
            }
            LayerKind::Activation(kind, alpha, beta) => write!(f, "[{} alpha {alpha:?} beta {beta:?}]", kind.name()),
            LayerKind::Pooling { kind, window: w, exclude_padding, round_up } => {
                write!(f, "[{} {} exclude_padding {exclude_padding} round_up {round_up}]", kind.name(), window(w))
            }
            LayerKind::Scale { scale, shift } => write!(f, "[scale {} shift {}]", text(scale), text(shift)),
            LayerKind::ElementWise(op) => write!(f, "[{}]", op.name()),
            LayerKind::Unary(op) => write!(f, "[{}]", op.name()),
            LayerKind::Reduce { kind, axes, keep } => write!(f, "[{} axes {axes:?} keep {keep}]", kind.name()),
            LayerKind::Softmax(axis) | LayerKind::Concatenation(axis) | LayerKind::Gather(axis) => write!(f, "[axis {axis}]"),
            LayerKind::GatherElements(axis) | LayerKind::ScatterElements(axis) => write!(f, "[axis {axis}]"),
            LayerKind::ReverseSequence { batch, sequence } => write!(f, "[batch {batch} sequence {sequence}]"),
            LayerKind::NonZero(count) => write!(f, "[count {count}]"),
            LayerKind::Nms { center, count } => write!(f, "[center {center} count {count}]"),
            LayerKind::Quantize(axis) => write!(f, "[axis {axis:?}]"),
            LayerKind::Dequantize(axis, to) => write!(f, "[axis {axis:?} to {to}]"),
            LayerKind::GatherNd(batch) => write!(f, "[batch axes {batch}]"),
            LayerKind::MatrixMultiply(a, b) => write!(f, "[{} {}]", a.name(), b.name()),
            LayerKind::Shuffle { first, reshape, second } => {
                write!(f, "[")?;
                let mut between = "";
                for (name, list) in [("transpose", ints(first)), ("reshape", reshape.clone()), ("transpose", ints(second))] {
                    if let Some(list) = list {
                        write!(f, "{between}{name} {list:?}")?;
                        between = " then ";
                    }
                }
                write!(f, "]")
            }
            LayerKind::Slice { start, size, stride } => write!(f, "[start {start:?} size {size:?} stride {stride:?}]"),
            LayerKind::SliceOutside { start, size, mode } => write!(f, "[start {start:?} size {size:?} {}]", mode.name()),
            LayerKind::Lrn { window, alpha, beta, k } => write!(f, "[window {window} alpha {alpha:?} beta {beta:?} k {k:?}]"),
            LayerKind::Resize(r) => write!(f, "[{r:?}]"),
            LayerKind::GridSample { mode, outside, align_corners } => {
                write!(f, "[{} outside {} align_corners {align_corners}]", mode.name(), outside.name())
            }
            LayerKind::Cast(to) => write!(f, "[{to}]"),
            LayerKind::TopK { kind, k, axis } => write!(f, "[{} k {k} axis {axis}]", kind.name()),
            LayerKind::Cumulative { axis, exclusive, reverse } => write!(f, "[SUM axis {axis} exclusive {exclusive} reverse {reverse}]"),
            LayerKind::Einsum(equation) => write!(f, "[{equation}]"),
            LayerKind::Plugin(p) => {
                let fields = p.fields.text(&|name| format!("{name:?}"), &weights);
                write!(f, "[{:?} version {:?} namespace {:?} {fields}]", p.name, p.version, p.namespace)
            }
            LayerKind::Select | LayerKind::Identity | LayerKind::ScatterNd | LayerKind::ParametricRelu => Ok(()),
        }
    }
}

fn ints(order: &Option<Vec<usize>>) -> Option<Vec<i64>> {
    order.as_ref().map(|o| o.iter().map(|i| *i as i64).collect())
}

#[cfg(test)]
mod tests {
    use crate::network::Network;
    use crate::network::builder::Builder;
    use crate::network::layer::{Activation, ElementWise, LayerKind};
    use crate::tensor::dim::Dim;
    use crate::tensor::dtype::DType;
    use crate::tensor::host::Tensor;

    fn network(scope: &str, weight: f32, alpha: f32, out: &str) -> Network {
        let mut b = Builder::new(scope);
        b.scope(scope);
        let x = b.input("x \"1\"", DType::F32, &[Dim::symbol("N", 1, 8), Dim::from(2i64)]);
        let w = b.constant(Tensor::from_vec(&[1, 2], vec![weight, 0.5])).unwrap();
        let sum = b.elementwise(ElementWise::Sum, x, w).unwrap();
        let flat = b.reshape(sum, &[&Dim::symbol("N", 1, 8) * &Dim::from(2i64)]).unwrap();
        let y = b.add(LayerKind::Activation(Activation::LeakyRelu, alpha, 0.0), &[flat]).unwrap();
        b.output(y, out).unwrap();
        b.finish()
    }

    #[test]
    fn golden() {
        let text = network("a", 1.0, 0.1, "y").to_string();
        let digest = Tensor::from_vec(&[1, 2], vec![1f32, 0.5]).digest();
        let expect = format!(
            "symbol N = 1..8\n\
             input %0: float32[N, 2] \"x \\\"1\\\"\"\n\
             %1: float32[1, 2] = Constant[float32[1, 2] #{digest}]()\n\
             %2: float32[N, 2] = ElementWise[SUM](%0, %1)\n\
             %3: float32[2*N] = Shuffle[reshape [-1]](%2)\n\
             %4: float32[2*N] = Activation[LEAKY_RELU alpha 0.1 beta 0.0](%3)\n\
             output %4 \"y\"\n"
        );
        assert_eq!(text, expect);
    }

    #[test]
    fn names_of_layers_are_left_out_and_all_else_counts() {
        let text = network("a", 1.0, 0.1, "y").to_string();
        assert_eq!(text, network("b", 1.0, 0.1, "y").to_string());
        for other in [network("a", 1.5, 0.1, "y"), network("a", 1.0, 0.2, "y"), network("a", 1.0, 0.1, "z")] {
            assert_ne!(text, other.to_string());
        }
    }
}
