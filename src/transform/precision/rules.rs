//! Which operators gain from a narrow float type, which go along, and which lose: one row per class of operators, with the reason.
//! Data only: no row knows a library.

use crate::ir::attrs::Attr;
use crate::ir::view::NodeView;
use crate::tensor::dtype::DType;

/// What autocast does with an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Always narrow: its operands are cast.
    Gain,
    /// Moves, selects or compares elements, so that rounding before it or after it is the same: narrow where that saves casts.
    Exact,
    /// Rounds its result once: narrow where all its operands are.
    Light,
    /// Stays in float32.
    Keep,
}

/// What holds for some operators.
#[derive(Debug)]
pub struct Row {
    /// Relay's names.
    pub ops: &'static [&'static str],
    /// The row is for nodes of which this holds; the next row with the operator is for the others.
    pub only: Option<fn(&NodeView) -> bool>,
    /// What is done.
    pub class: Class,
    /// Why.
    pub why: &'static str,
}

const fn row(class: Class, ops: &'static [&'static str], why: &'static str) -> Row {
    Row { ops, only: None, class, why }
}

const fn only(class: Class, ops: &'static [&'static str], holds: fn(&NodeView) -> bool, why: &'static str) -> Row {
    Row { ops, only: Some(holds), class, why }
}

/// The rules; the first row that fits a node counts. What no row names stays in float32.
#[rustfmt::skip]
pub static RULES: &[Row] = &[
    row(Class::Gain, &["nn.conv1d", "nn.conv2d", "nn.conv3d", "nn.conv1d_transpose", "nn.conv2d_transpose", "nn.conv3d_transpose",
        "nn.dense", "nn.batch_matmul", "nn.matmul"], "tensor cores multiply narrow operands and sum in float32"),
    row(Class::Exact, &["reshape", "nn.batch_flatten", "squeeze", "expand_dims", "transpose", "layout_transform", "strided_slice", "split",
        "concatenate", "stack", "take", "gather", "gather_nd", "tile", "repeat", "reverse", "reverse_sequence", "broadcast_to", "nn.pad", "where",
        "nn.depth_to_space", "nn.space_to_depth", "full"], "moves elements"),
    row(Class::Exact, &["nn.relu", "nn.max_pool1d", "nn.max_pool2d", "nn.max_pool3d", "nn.global_max_pool2d", "nn.adaptive_max_pool2d",
        "max", "min", "maximum", "minimum", "abs", "negative"], "selects elements or changes their sign"),
    only(Class::Keep, &["multiply"], is_square, "a square overflows float16 from 256 on"),
    only(Class::Light, &["divide"], divides_by_ordinary_constant, "rounds once"),
    only(Class::Light, &["nn.avg_pool1d", "nn.avg_pool2d", "nn.avg_pool3d"], has_small_window, "sums few elements"),
    only(Class::Light, &["nn.global_avg_pool2d"], has_small_map, "sums few elements"),
    row(Class::Light, &["add", "subtract", "multiply", "nn.bias_add", "clip", "nn.leaky_relu", "nn.prelu"], "rounds once"),
    row(Class::Light, &["sigmoid", "tanh", "erf", "nn.elu", "nn.selu", "nn.celu", "nn.gelu", "nn.gelu_tanh", "nn.hard_sigmoid",
        "nn.hard_swish", "nn.silu", "nn.softsign", "nn.mish"], "bounded, or near to its operand"),
    row(Class::Light, &["floor", "ceil", "round", "trunc", "sign", "equal", "not_equal", "greater", "greater_equal", "less", "less_equal",
        "isnan", "isinf", "isfinite", "nn.shrink", "nn.thresholded_relu", "shape_of"], "jumps, so that its operand is not rounded for it"),
    row(Class::Light, &["image.resize1d", "image.resize2d", "image.resize3d"], "weighs a few neighbours"),
    row(Class::Keep, &["nn.softmax", "nn.log_softmax", "exp", "log", "log1p", "expm1", "nn.softplus", "sinh", "cosh"],
        "exponentials and logarithms overflow or lose their small values"),
    row(Class::Keep, &["nn.batch_norm", "nn.layer_norm", "nn.instance_norm", "nn.group_norm", "nn.rms_norm", "nn.lrn", "nn.l2_normalize"],
        "statistics: a variance needs the bits that a narrow type lacks"),
    row(Class::Keep, &["mean", "sum", "prod", "variance", "nn.global_avg_pool2d", "nn.adaptive_avg_pool2d", "cumsum", "cumprod",
        "nn.avg_pool1d", "nn.avg_pool2d", "nn.avg_pool3d"], "sums of many elements overflow or lose the small ones"),
    row(Class::Keep, &["power", "sqrt", "rsqrt"], "belongs to variances and norms"),
    row(Class::Keep, &["divide", "floor_divide", "mod", "truncate_mod", "reciprocal"], "a small divisor overflows"),
    row(Class::Keep, &["sin", "cos", "tan", "asin", "acos", "atan", "asinh", "acosh", "atanh"], "large angles have no bits left"),
    row(Class::Keep, &["cast", "qnn.quantize", "qnn.dequantize", "qnn.requantize"], "fixes its own types"),
    row(Class::Keep, &["topk", "argmax", "argmin", "sort", "argsort", "vision.non_max_suppression", "vision.all_class_non_max_suppression", "argwhere", "unique"],
        "ties that rounding makes change the order"),
    row(Class::Keep, &["scatter_elements", "scatter_nd", "scatter", "image.grid_sample", "vision.roi_align", "einsum", "trilu", "arange",
        "one_hot", "meshgrid", "invert_permutation", "nn.correlation", "zeros", "ones"], "coordinates and sums in place"),
    row(Class::Keep, &["nn.lstm", "nn.gru", "nn.rnn", "nn.lstm_layer", "if", "loop", "scan", "while"], "state that is fed back gathers errors"),
    row(Class::Keep, &["logical_and", "logical_or", "logical_xor", "logical_not", "all", "any", "bitwise_and", "bitwise_not",
        "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "reinterpret"], "has no float operand, or reads its bits"),
];

/// The row that fits a node.
pub fn rule(view: &NodeView) -> Option<&'static Row> {
    RULES.iter().find(|r| r.ops.contains(&view.op().name) && r.only.is_none_or(|holds| holds(view)))
}

fn is_square(view: &NodeView) -> bool {
    let inputs = &view.node().inputs;
    inputs[0] == inputs[1] && view.dtype(0) == DType::F32
}

/// Quotients of a divisor from 2^-6 to 2^6 stay as far from the ends of float16 as products of such factors.
fn divides_by_ordinary_constant(view: &NodeView) -> bool {
    let ordinary = |v: &f64| (1.0 / 64.0..=64.0).contains(&v.abs());
    view.constant(1).is_some_and(|t| t.dtype().is_float() && t.to_f64s().iter().all(ordinary))
}

fn has_small_window(view: &NodeView) -> bool {
    let size = view.node().attrs.named().find(|(name, _)| *name == "pool_size");
    matches!(size, Some((_, Attr::Ints(size))) if size.iter().product::<i64>() <= 64)
}

fn has_small_map(view: &NodeView) -> bool {
    let map: Option<Vec<i64>> = view.shape(0).iter().skip(2).map(|d| d.as_const()).collect();
    map.is_some_and(|map| map.iter().product::<i64>() <= 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::OPS;

    #[test]
    fn every_operator_has_one_row_without_condition() {
        for op in OPS {
            let rows = RULES.iter().filter(|r| r.only.is_none() && r.ops.contains(&op.name)).count();
            assert_eq!(rows, 1, "{}: a row of RULES must say what a narrow type does to it", op.name);
        }
    }
}
