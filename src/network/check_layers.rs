//! Rules of each layer kind but those with windows: which operand types, ranks and fields a version takes. Facts are NVIDIA's published
//! ones; where versions differ, the narrower is asked of all but those known to take more.

use crate::network::check::At;
use crate::network::layer::{Activation, ElementWise, LayerKind, MatrixOp, Reduce, Unary};
use crate::network::refusal::{Accepted, Refusal};
use crate::network::{check_index, check_quantised};
use crate::tensor::dtype::DType::{self, BF16, Bool, F16, F32, I32, I64};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

pub(super) const FLOATS: &[DType] = &[F32, F16, BF16];
pub(super) const NUMBERS: &[DType] = &[F32, F16, BF16, I32, I64];
pub(super) const ALL: &[DType] = &[F32, F16, BF16, I32, I64, Bool];

/// Most operands of a concatenation.
const MAX_CONCAT: usize = 9999;

/// The rules of one layer.
pub(super) fn check(at: &At) -> Accepted<()> {
    match &at.layer.kind {
        LayerKind::Constant(value) => constant(at, value),
        LayerKind::Activation(kind, alpha, beta) => activation(at, *kind, *alpha, *beta),
        LayerKind::Scale { scale, shift } => scale_layer(at, scale, shift),
        LayerKind::ElementWise(op) => elementwise(at, *op),
        LayerKind::Unary(op) => unary(at, *op),
        LayerKind::Reduce { kind, axes, .. } => reduce(at, *kind, axes),
        LayerKind::Softmax(axis) => {
            at.ranked(0, 2, "softmax.rank")?;
            axis_inside(at, *axis)?;
            at.typed(0, FLOATS, "softmax.type")
        }
        LayerKind::MatrixMultiply(a, b) => {
            if *a == MatrixOp::Vector || *b == MatrixOp::Vector {
                return Err(Refusal::new("matmul.vector", "an operand is a vector", "a reshape of it to a matrix with an extent of 1"));
            }
            at.typed(0, FLOATS, "matmul.type")?;
            same_types(at, 0, 1)
        }
        LayerKind::Shuffle { first, reshape, second } => shuffle(at, first.as_deref(), reshape.as_deref(), second.as_deref()),
        LayerKind::Concatenation(axis) => concatenation(at, *axis),
        LayerKind::Slice { start, size, stride } => slice(at, start, size, stride),
        LayerKind::Gather(_) | LayerKind::GatherElements(_) | LayerKind::GatherNd(_) => check_index::gather(at),
        LayerKind::ReverseSequence { batch, sequence } => check_index::reverse_sequence(at, *batch, *sequence),
        LayerKind::NonZero(_) => check_index::non_zero(at),
        LayerKind::Nms { .. } => check_index::nms(at),
        LayerKind::Quantize(_) | LayerKind::Dequantize(..) => check_quantised::check(at),
        LayerKind::ScatterElements(_) | LayerKind::ScatterNd => check_index::scatter(at),
        LayerKind::Select => {
            at.typed(0, &[Bool], "select.condition")?;
            at.typed(1, if at.capabilities.at_least(10, 0, 0) { ALL } else { NUMBERS }, "select.type")?;
            same_types(at, 1, 2)
        }
        LayerKind::ParametricRelu => {
            at.typed(0, FLOATS, "prelu.type")?;
            same_types(at, 0, 1)
        }
        LayerKind::Cast(_) | LayerKind::Identity => Ok(()),
        // With windows, or beyond the operand: checked elsewhere.
        LayerKind::Convolution { .. } | LayerKind::Deconvolution { .. } | LayerKind::Pooling { .. } => Ok(()),
        LayerKind::SliceOutside { .. } | LayerKind::Lrn { .. } | LayerKind::Resize(_) | LayerKind::GridSample { .. } => Ok(()),
        LayerKind::KernelConvolution { .. } => same_types(at, 0, 1),
        LayerKind::TopK { .. } | LayerKind::Cumulative { .. } | LayerKind::Einsum(_) => Ok(()),
        LayerKind::Plugin(_) if at.rtx() => {
            Err(Refusal::new("plugin.flavour", format!("{} has no plugin layers", at.version()), "TensorRT instead of TensorRT for RTX"))
        }
        LayerKind::Plugin(_) => Ok(()),
    }
}

pub(super) fn same_types(at: &At, a: usize, b: usize) -> Accepted<()> {
    if at.dtype(a) == at.dtype(b) {
        return Ok(());
    }
    let reason = format!("operand {a} is {} and operand {b} is {}", at.dtype(a), at.dtype(b));
    Err(Refusal::new("layer.types-differ", reason, format!("a cast of operand {b} to {}", at.dtype(a))))
}

pub(super) fn axis_inside(at: &At, axis: usize) -> Accepted<()> {
    if axis < at.rank(0) {
        return Ok(());
    }
    Err(Refusal::new("layer.axis", format!("axis {axis} is outside rank {}", at.rank(0)), ""))
}

fn constant(at: &At, value: &Tensor) -> Accepted<()> {
    if value.dtype() == DType::I8 && !at.capabilities.at_least(10, 0, 0) {
        let reason = format!("int8 constants become floats in {}", at.version());
        return Err(Refusal::new("constant.int8", reason, "TensorRT 10.0 or newer"));
    }
    if value.dtype() == Bool {
        let reason = format!("a constant of type bool and shape {:?}: constants are numbers", value.shape());
        return Err(Refusal::new("constant.bool", reason, "an int32 constant and a cast to bool"));
    }
    Ok(())
}

fn activation(at: &At, kind: Activation, alpha: f32, beta: f32) -> Accepted<()> {
    use Activation::*;
    if matches!(kind, GeluErf | GeluTanh) && !at.capabilities.at_least(10, 0, 0) {
        let reason = format!("{} has no activation {}", at.version(), kind.name());
        return Err(Refusal::new("activation.kind", reason, "TensorRT 10.0 or newer"));
    }
    let uses_alpha = matches!(kind, LeakyRelu | Elu | Selu | Softplus | Clip | HardSigmoid | ThresholdedRelu);
    let uses_beta = matches!(kind, Selu | Softplus | Clip | HardSigmoid);
    if (uses_alpha && !alpha.is_finite()) || (uses_beta && !beta.is_finite()) {
        let reason = format!("{} has parameters {alpha} and {beta}, which must be finite", kind.name());
        return Err(Refusal::new("activation.parameters", reason, "finite parameters, such as the largest float32"));
    }
    let allowed = if kind == Relu && at.capabilities.at_least(10, 0, 0) { NUMBERS } else { FLOATS };
    at.typed(0, allowed, "activation.type")
}

fn scale_layer(at: &At, scale: &Tensor, shift: &Tensor) -> Accepted<()> {
    at.ranked(0, 4, "scale.rank")?;
    at.typed(0, FLOATS, "scale.type")?;
    let channels = at.input(0).dims[1].as_const();
    for (name, t) in [("factors", scale), ("addends", shift)] {
        if t.dtype() != at.dtype(0) {
            let reason = format!("the {name} are {} and the operand is {}", t.dtype(), at.dtype(0));
            return Err(Refusal::new("scale.weights-type", reason, format!("{name} of type {}", at.dtype(0))));
        }
        if channels != Some(t.len() as i64) {
            let reason = format!("{} {name} for {} channels", t.len(), at.input(0).dims[1]);
            return Err(Refusal::new("scale.channels", reason, "as many values as there are channels, a fixed number"));
        }
    }
    Ok(())
}

fn elementwise(at: &At, op: ElementWise) -> Accepted<()> {
    use ElementWise::*;
    let allowed = match op {
        And | Or | Xor => &[Bool][..],
        Pow if !at.capabilities.at_least(10, 12, 0) => FLOATS,
        _ => NUMBERS,
    };
    at.typed(0, allowed, "elementwise.type")
}

fn unary(at: &At, op: Unary) -> Accepted<()> {
    use Unary::*;
    let (major, minor) = match op {
        IsInf => (8, 6),
        IsNan => (10, 1),
        _ => (0, 0),
    };
    if !at.capabilities.at_least(major, minor, 0) {
        let reason = format!("{} has no unary operation {}", at.version(), op.name());
        return Err(Refusal::new("unary.kind", reason, format!("TensorRT {major}.{minor} or newer")));
    }
    let narrow = matches!(op, Tan | Sinh | Cosh | Asin | Acos | Atan | Asinh | Acosh | Atanh);
    let allowed = match op {
        Not => &[Bool][..],
        Sign => NUMBERS,
        Abs if at.capabilities.at_least(10, 0, 0) => NUMBERS,
        _ if narrow && !at.rtx() => &[F32, F16],
        _ => FLOATS,
    };
    at.typed(0, allowed, "unary.type")
}

fn reduce(at: &At, kind: Reduce, axes: &[usize]) -> Accepted<()> {
    at.ranked(0, 1, "reduce.rank")?;
    if axes.is_empty() || axes.windows(2).any(|w| w[0] >= w[1]) || axes.iter().any(|a| *a >= at.rank(0)) {
        let reason = format!("axes {axes:?} of an operand of rank {}", at.rank(0));
        return Err(Refusal::new("reduce.axes", reason, "at least one axis, each inside the rank, ascending"));
    }
    at.typed(0, NUMBERS, "reduce.type")?;
    if kind == Reduce::Avg && !at.dtype(0).is_float() {
        let reason = format!("how the mean of {} is rounded is not documented", at.dtype(0));
        return Err(Refusal::new("reduce.integer-mean", reason, "a cast of the operand to float32"));
    }
    Ok(())
}

fn shuffle(at: &At, first: Option<&[usize]>, reshape: Option<&[i64]>, second: Option<&[usize]>) -> Accepted<()> {
    let between = reshape.map_or(at.rank(0), <[i64]>::len);
    for (order, rank) in [(first, at.rank(0)), (second, between)] {
        let Some(order) = order else { continue };
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..rank) {
            return Err(Refusal::new("shuffle.order", format!("{order:?} is no order of {rank} axes"), ""));
        }
    }
    let Some(spec) = reshape else { return Ok(()) };
    let wildcards = spec.iter().filter(|s| **s == -1).count();
    if wildcards > 1 || spec.iter().any(|s| *s < -1) {
        return Err(Refusal::new("shuffle.reshape", format!("a reshape to {spec:?} leaves more than one extent to infer"), ""));
    }
    let dims = &at.input(0).dims;
    let source = |i: usize| first.map_or(i, |order| order[i]);
    let is_empty = |i: usize| i < dims.len() && dims[source(i)].interval().1 <= 0;
    if wildcards == 1 && spec.iter().enumerate().any(|(i, s)| *s == 0 && is_empty(i)) {
        let reason = format!("reshape of {} to {spec:?}: an extent cannot be inferred where another is 0", shape::text(dims));
        return Err(Refusal::new("shuffle.wildcard-of-empty", reason, "extents that are not 0"));
    }
    Ok(())
}

fn concatenation(at: &At, axis: usize) -> Accepted<()> {
    let count = at.layer.inputs.len();
    if count == 0 || count > MAX_CONCAT {
        return Err(Refusal::new("concatenation.count", format!("{count} operands; from 1 to {MAX_CONCAT} are taken"), ""));
    }
    at.ranked(0, 1, "concatenation.rank")?;
    axis_inside(at, axis)?;
    for i in 1..count {
        same_types(at, 0, i)?;
        let (a, b) = (&at.input(0).dims, &at.input(i).dims);
        let differ = |j: usize| j != axis && !at.meet(&a[j], &b[j]);
        if a.len() != b.len() || (0..a.len()).any(differ) {
            let reason = format!("operands 0 and {i} have shapes {} and {}, joined on axis {axis}", shape::text(a), shape::text(b));
            return Err(Refusal::new("concatenation.extents", reason, "fix the symbols of their extents"));
        }
    }
    Ok(())
}

fn slice(at: &At, start: &[i64], size: &[i64], stride: &[i64]) -> Accepted<()> {
    let dims = &at.input(0).dims;
    if [start.len(), size.len(), stride.len()] != [dims.len(); 3] {
        let reason = format!("start {start:?}, size {size:?} and step {stride:?} for shape {}", shape::text(dims));
        return Err(Refusal::new("slice.rank", reason, ""));
    }
    for i in 0..dims.len() {
        let last = start[i].saturating_add(stride[i].saturating_mul(size[i] - 1));
        let (low, high) = (start[i].min(last), start[i].max(last));
        // Judged at its largest extent: an optimisation profile begins where the slice fits.
        let inside = size[i] == 0 || (low >= 0 && high < dims[i].interval().1);
        if size[i] < 0 || !inside {
            let reason = format!("{} elements from {} with step {} of axis {i}, whose extent is {}", size[i], start[i], stride[i], dims[i]);
            let lift = format!("bounds of symbols that keep {} at {} or more", dims[i], high.saturating_add(1));
            return Err(Refusal::new("slice.bounds", reason, lift));
        }
    }
    Ok(())
}
