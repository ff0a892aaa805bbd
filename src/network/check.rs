//! What one TensorRT version accepts of a network: element types, ranks, and the limits of each layer kind. A network that passes
//! builds; one that does not is refused by a rule of [`crate::network::rules::RULES`]. Knows no library: versions are data.

use crate::network::capabilities::{Capabilities, Flavour};
use crate::network::layer::{Layer, LayerKind};
use crate::network::refusal::{Accepted, Refusal};
use crate::network::{NetTensor, Network, check_layers, check_order, check_quantised, check_samples, check_windows, per_sample};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::shape;

/// Most dimensions that a tensor can have.
pub const MAX_RANK: usize = 8;

/// A layer in its network, with what is planned for: what a rule looks at.
pub(super) struct At<'a> {
    pub network: &'a Network,
    pub layer: &'a Layer,
    pub capabilities: &'a Capabilities,
}

impl At<'_> {
    /// Operand `i`.
    pub fn input(&self, i: usize) -> &NetTensor {
        self.network.tensor(self.layer.inputs[i])
    }

    /// Type of operand `i`.
    pub fn dtype(&self, i: usize) -> DType {
        self.input(i).dtype
    }

    /// Rank of operand `i`.
    pub fn rank(&self, i: usize) -> usize {
        self.input(i).dims.len()
    }

    /// True for TensorRT for RTX.
    pub fn rtx(&self) -> bool {
        self.capabilities.flavour == Flavour::Rtx
    }

    /// True where two extents are equal for all values of the symbols, or may be for all that one can tell. A profile goes over all values of a
    /// symbol: equal to a number for one of them only is not enough.
    pub fn meet(&self, a: &Dim, b: &Dim) -> bool {
        match a.equals(b) {
            Answer::Always => true,
            Answer::Never => false,
            Answer::Unknown => a.as_const().is_some() == b.as_const().is_some(),
        }
    }

    /// The version, as a reason names it.
    pub fn version(&self) -> String {
        format!("{} {}", self.capabilities.flavour, self.capabilities.version)
    }

    /// Refuses operand `i` by `rule` unless its type is one of `allowed`.
    pub fn typed(&self, i: usize, allowed: &[DType], rule: &'static str) -> Accepted<()> {
        let dtype = self.dtype(i);
        if allowed.contains(&dtype) {
            return Ok(());
        }
        let exists = |d: &&DType| !matches!(d, DType::I64 | DType::BF16) || self.capabilities.at_least(10, 0, 0);
        let names: Vec<&str> = allowed.iter().filter(exists).map(|d| d.name()).collect();
        let reason = format!("operand {i} is {dtype}; {} of {} takes {}", what(&self.layer.kind), self.version(), names.join(", "));
        Err(Refusal::new(rule, reason, format!("a cast of operand {i} to {}", names[0])))
    }

    /// Refuses operand `i` by `rule` when it has fewer than `least` dimensions.
    pub fn ranked(&self, i: usize, least: usize, rule: &'static str) -> Accepted<()> {
        if self.rank(i) >= least {
            return Ok(());
        }
        let reason = format!("operand {i} has rank {}; {} needs at least {least}", self.rank(i), what(&self.layer.kind));
        Err(Refusal::new(rule, reason, format!("a reshape of operand {i} to rank {least}")))
    }
}

/// A layer kind with its operation, for reasons.
pub(super) fn what(kind: &LayerKind) -> String {
    match kind {
        LayerKind::Activation(a, ..) => format!("Activation {}", a.name()),
        LayerKind::ElementWise(op) => format!("ElementWise {}", op.name()),
        LayerKind::Unary(op) => format!("Unary {}", op.name()),
        LayerKind::Reduce { kind, .. } => format!("Reduce {}", kind.name()),
        LayerKind::Pooling { kind, .. } => format!("Pooling {}", kind.name()),
        LayerKind::TopK { kind, .. } => format!("TopK {}", kind.name()),
        kind => kind.name().into(),
    }
}

/// Refuses what the planned TensorRT does not take.
pub fn check(network: &Network, capabilities: &Capabilities) -> Accepted<()> {
    if capabilities.implicit_batch {
        per_sample::mode(capabilities)?;
    }
    for id in network.used() {
        check_tensor(network.tensor(id), capabilities)?;
        if network.tensor(id).dtype == DType::I8 {
            check_quantised::check_int8(network, id)?;
        }
    }
    for layer in &network.layers {
        let at = At { network, layer, capabilities };
        let outcome = check_layers::check(&at)
            .and_then(|()| check_windows::check(&at))
            .and_then(|()| check_samples::check(&at))
            .and_then(|()| check_order::check(&at));
        outcome.map_err(|r| Refusal { reason: format!("layer '{}': {}", layer.name, r.reason).into(), ..r })?;
    }
    if capabilities.implicit_batch { per_sample::per_sample(network).map(drop) } else { Ok(()) }
}

/// Rules for every tensor: its type, rank and size.
fn check_tensor(tensor: &NetTensor, capabilities: &Capabilities) -> Accepted<()> {
    let NetTensor { name, dtype, dims } = tensor;
    match dtype {
        DType::F32 | DType::F16 | DType::I32 | DType::I8 | DType::Bool => {}
        DType::I64 | DType::BF16 if capabilities.at_least(10, 0, 0) => {}
        DType::I64 | DType::BF16 => {
            let reason = format!("tensor '{name}' is {dtype}, which {} {} does not have", capabilities.flavour, capabilities.version);
            return Err(Refusal::new("type.version", reason, "TensorRT 10.0 or newer"));
        }
        _ => {
            let reason = format!("tensor '{name}' is {dtype}, which no TensorRT computes with");
            return Err(Refusal::new("type.none", reason, format!("a cast of '{name}' to {}", nearest(*dtype))));
        }
    }
    if dims.len() > MAX_RANK {
        let reason = format!("tensor '{name}' has rank {}, more than {MAX_RANK}", dims.len());
        return Err(Refusal::new("rank.most", reason, "reshapes that merge dimensions"));
    }
    if let Some(d) = dims.iter().find(|d| d.interval().1 < 0) {
        return Err(Refusal::new("extent.negative", format!("tensor '{name}' has extent {d}"), ""));
    }
    // An unbounded symbol says nothing of the size that a profile will give it: only what is too large for every profile is refused.
    let least = dims.iter().fold(1i64, |n, d| n.saturating_mul(d.interval().0.max(0)));
    if least > i64::from(i32::MAX) && !capabilities.at_least(10, 11, 0) {
        let reason = format!("tensor '{name}' of shape {} has {least} elements or more; the limit is 2^31 - 1", shape::text(dims));
        return Err(Refusal::new("volume.most", reason, "TensorRT 10.11 or newer, or smaller inputs"));
    }
    Ok(())
}

/// The type that loses least, of those that every TensorRT has.
fn nearest(dtype: DType) -> DType {
    if dtype.is_float() { DType::F32 } else { DType::I32 }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::network::builder::Builder;
    use crate::network::capabilities::Version;
    use crate::network::layer::{Activation, ElementWise, MatrixOp, Pooling, Reduce, Unary, Window};
    use crate::tensor::host::Tensor;
    use DType::*;

    pub(in crate::network) fn full(major: u32, minor: u32) -> Capabilities {
        Capabilities { flavour: Flavour::Full, version: Version::new(major, minor, 0), implicit_batch: false }
    }
    pub(in crate::network) fn rtx() -> Capabilities {
        Capabilities { flavour: Flavour::Rtx, version: Version::new(1, 7, 0), implicit_batch: false }
    }
    fn implicit() -> Capabilities {
        Capabilities { implicit_batch: true, ..full(8, 6) }
    }

    /// The rule that refuses one layer on inputs of these types and shapes, or "".
    pub(in crate::network) fn rule(c: &Capabilities, kind: LayerKind, inputs: &[(DType, &[i64])]) -> &'static str {
        let mut b = Builder::new("t");
        let dims = |s: &[i64]| s.iter().map(|d| Dim::from(*d)).collect::<Vec<_>>();
        let ids: Vec<_> = inputs.iter().enumerate().map(|(i, (t, s))| b.input(&format!("i{i}"), *t, &dims(s))).collect();
        let out = b.add(kind, &ids).unwrap();
        b.output(out, "out").unwrap();
        check(&b.finish(), c).err().map_or("", |r| r.rule)
    }

    fn window(kernel: i64, pre: i64, post: i64) -> Window {
        let two = |v| vec![v; 2];
        Window { kernel: two(kernel), stride: two(1), pre_padding: two(pre), post_padding: two(post), dilation: two(1) }
    }
    fn average(kernel: i64, pre: i64, post: i64, exclude_padding: bool) -> LayerKind {
        LayerKind::Pooling { kind: Pooling::Average, window: window(kernel, pre, post), exclude_padding, round_up: false }
    }

    #[test]
    fn types_by_version() {
        let relu = || LayerKind::Activation(Activation::Relu, 0.0, 0.0);
        for (dtype, old, new) in [
            (F32, "", ""),
            (F16, "", ""),
            (BF16, "type.version", ""),
            (I64, "type.version", ""),
            (I32, "activation.type", ""),
            (Bool, "activation.type", "activation.type"),
            (I8, "type.int8-scale", "type.int8-scale"),
            (F64, "type.none", "type.none"),
            (U8, "type.none", "type.none"),
        ] {
            assert_eq!(rule(&full(8, 6), relu(), &[(dtype, &[2, 3])]), old, "{dtype}");
            assert_eq!(rule(&full(10, 0), relu(), &[(dtype, &[2, 3])]), new, "{dtype}");
        }
    }

    #[test]
    fn operations_by_version() {
        let unary = |c, op, dtype| rule(&c, LayerKind::Unary(op), &[(dtype, &[2, 3])]);
        assert_eq!(unary(full(8, 5), Unary::IsInf, F32), "unary.kind");
        assert_eq!(unary(full(8, 6), Unary::IsInf, F32), "");
        assert_eq!(unary(full(10, 0), Unary::IsNan, F32), "unary.kind");
        assert_eq!(unary(full(10, 1), Unary::IsNan, F32), "");
        assert_eq!(unary(full(8, 6), Unary::Sign, I32), "");
        assert_eq!(unary(full(8, 6), Unary::Abs, I32), "unary.type");
        assert_eq!(unary(full(10, 0), Unary::Abs, I32), "");
        assert_eq!(unary(full(10, 6), Unary::Tan, BF16), "unary.type");
        assert_eq!(unary(rtx(), Unary::Tan, BF16), "");
        assert_eq!(unary(rtx(), Unary::Not, F32), "unary.type");
        let pow = |c| rule(&c, LayerKind::ElementWise(ElementWise::Pow), &[(I32, &[2]), (I32, &[2])]);
        assert_eq!((pow(full(10, 11)), pow(full(10, 12)), pow(rtx())), ("elementwise.type", "", ""));
        let gelu = LayerKind::Activation(Activation::GeluErf, 0.0, 0.0);
        assert_eq!(rule(&full(8, 6), gelu, &[(F32, &[2])]), "activation.kind");
        let mean = LayerKind::Reduce { kind: Reduce::Avg, axes: vec![0], keep: true };
        assert_eq!(rule(&full(10, 6), mean, &[(I32, &[2])]), "reduce.integer-mean");
        assert_eq!(rule(&rtx(), LayerKind::Gather(0), &[(F32, &[4]), (I64, &[2])]), "");
        assert_eq!(rule(&full(8, 6), LayerKind::Gather(0), &[(F32, &[4]), (F32, &[2])]), "gather.index-type");
        assert_eq!(rule(&rtx(), LayerKind::Softmax(0), &[(F32, &[4])]), "softmax.rank");
    }

    #[test]
    fn windows() {
        let x: &[(DType, &[i64])] = &[(F32, &[1, 2, 400, 400])];
        assert_eq!(rule(&rtx(), average(316, 0, 0, true), x), "");
        assert_eq!(rule(&rtx(), average(317, 0, 0, true), x), "window.volume");
        assert_eq!(rule(&full(10, 6), average(3, 0, 1, false), x), "pooling.uneven-counted-padding");
        assert_eq!(rule(&rtx(), average(3, 0, 1, false), x), "");
        assert_eq!(rule(&full(10, 6), average(3, 0, 1, true), x), "");
        assert_eq!(rule(&full(10, 6), average(3, 3, 3, true), x), "pooling.padding");
        assert_eq!(rule(&full(10, 6), average(3, 0, 0, true), &[(F32, &[1, 2, 2, 2])]), "window.image");
        let conv = |weights: Tensor| LayerKind::Convolution { maps: 4, groups: 2, window: window(3, 1, 1), weights, bias: None };
        let x: &[(DType, &[i64])] = &[(F16, &[1, 2, 8, 8])];
        assert_eq!(rule(&full(8, 6), conv(Tensor::zeros(F16, &[4, 1, 3, 3])), x), "");
        assert_eq!(rule(&full(8, 6), conv(Tensor::zeros(F32, &[4, 1, 3, 3])), x), "convolution.weights-type");
        assert_eq!(rule(&full(8, 6), conv(Tensor::zeros(F16, &[4, 2, 3, 3])), x), "convolution.weights-shape");
        let by_kernel = || LayerKind::KernelConvolution { maps: 4, groups: 2, window: window(3, 1, 1) };
        let with = |dtype, kernel: &'static [i64]| rule(&full(8, 6), by_kernel(), &[(F32, &[1, 2, 8, 8]), (dtype, kernel)]);
        assert_eq!(with(F32, &[4, 1, 3, 3]), "");
        assert_eq!(with(F16, &[4, 1, 3, 3]), "layer.types-differ");
        assert_eq!(with(F32, &[4, 2, 3, 3]), "convolution.weights-shape");
    }

    #[test]
    fn implicit_batch() {
        let x: &[(DType, &[i64])] = &[(F32, &[2, 3, 4])];
        let sum = |axis| LayerKind::Reduce { kind: Reduce::Sum, axes: vec![axis], keep: true };
        assert_eq!(rule(&implicit(), sum(1), x), "");
        assert_eq!(rule(&implicit(), sum(0), x), "batch.axis");
        assert_eq!(rule(&Capabilities { implicit_batch: true, ..full(10, 0) }, sum(1), x), "batch.mode");
        let reshape = |to: &[i64]| LayerKind::Shuffle { first: None, reshape: Some(to.to_vec()), second: None };
        assert_eq!(rule(&implicit(), reshape(&[0, -1]), x), "");
        assert_eq!(rule(&implicit(), reshape(&[6, 4]), x), "batch.axis");
        assert_eq!(rule(&implicit(), reshape(&[-1, 12]), x), "");
        let mut b = Builder::new("free");
        let free = b.input("x", F32, &[Dim::from(1i64), Dim::symbol("N", 1, 8)]);
        b.output(free, "y").unwrap();
        assert_eq!(check(&b.finish(), &implicit()).unwrap_err().rule, "batch.free-extent");
        assert_eq!(rule(&implicit(), LayerKind::Unary(Unary::Round), x), "batch.unary");
        assert_eq!(rule(&implicit(), LayerKind::ElementWise(ElementWise::Sum), &[(F32, &[2, 3]), (F32, &[1, 3])]), "batch.extent");
        assert_eq!(rule(&implicit(), LayerKind::Unary(Unary::Exp), &[(F32, &[2])]), "batch.rank");
        assert_eq!(
            rule(&implicit(), LayerKind::MatrixMultiply(MatrixOp::None, MatrixOp::None), &[(F32, &[3, 3]), (F32, &[3, 3])]),
            "batch.axis"
        );
    }
}
