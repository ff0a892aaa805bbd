//! The operators: one entry each, all stages together. Adding one is a file (or a row in a family's file) and a line in [`OPS`].
//! Entries know neither files nor devices.

mod activation;
mod arange;
mod arg_reduce;
mod batch_matmul;
pub(crate) mod batch_norm;
pub(crate) mod bias_add;
mod binary;
mod bitwise;
mod broadcast_to;
mod cast;
mod clip;
mod concatenate;
mod conv;
pub(crate) mod cumulative;
mod dense;
pub(crate) mod einsum;
mod einsum_lower;
mod elementwise;
mod float_class;
mod full;
mod group_norm;
mod layer_norm;
mod movement;
mod normalise;
mod one_hot;
mod pool;
mod prelu;
mod reduce;
mod reduce_bool;
pub(crate) mod reshape;
mod reinterpret;
mod rms_norm;
mod select;
mod shape_of;
mod softmax;
mod split;
pub(crate) mod strided_slice;
mod take;
mod tile;
pub(crate) mod topk;
pub(crate) mod transpose;
mod trilu;
mod unary;

use crate::ir::opdef::OpDef;

/// Every operator, sorted by name.
pub static OPS: &[&OpDef] = &[
    &unary::ABS,
    &unary::ACOS,
    &unary::ACOSH,
    &binary::ADD,
    &reduce_bool::ALL,
    &reduce_bool::ANY,
    &arange::ARANGE,
    &arg_reduce::ARGMAX,
    &arg_reduce::ARGMIN,
    &unary::ASIN,
    &unary::ASINH,
    &unary::ATAN,
    &unary::ATANH,
    &bitwise::BITWISE_AND,
    &bitwise::BITWISE_NOT,
    &bitwise::BITWISE_OR,
    &bitwise::BITWISE_XOR,
    &broadcast_to::BROADCAST_TO,
    &cast::CAST,
    &unary::CEIL,
    &clip::CLIP,
    &concatenate::CONCATENATE,
    &unary::COS,
    &unary::COSH,
    &cumulative::CUMPROD,
    &cumulative::CUMSUM,
    &binary::DIVIDE,
    &einsum::EINSUM,
    &binary::EQUAL,
    &unary::ERF,
    &unary::EXP,
    &reshape::EXPAND_DIMS,
    &unary::FLOOR,
    &binary::FLOOR_DIVIDE,
    &full::FULL,
    &binary::GREATER,
    &binary::GREATER_EQUAL,
    &float_class::ISFINITE,
    &float_class::ISINF,
    &float_class::ISNAN,
    &bitwise::LEFT_SHIFT,
    &binary::LESS,
    &binary::LESS_EQUAL,
    &unary::LOG,
    &binary::LOGICAL_AND,
    &unary::LOGICAL_NOT,
    &binary::LOGICAL_OR,
    &binary::LOGICAL_XOR,
    &reduce::MAX,
    &binary::MAXIMUM,
    &reduce::MEAN,
    &reduce::MIN,
    &binary::MINIMUM,
    &binary::MOD,
    &binary::MULTIPLY,
    &unary::NEGATIVE,
    &pool::AVG_POOL1D,
    &pool::AVG_POOL2D,
    &reshape::BATCH_FLATTEN,
    &batch_matmul::BATCH_MATMUL,
    &batch_norm::BATCH_NORM,
    &bias_add::BIAS_ADD,
    &activation::CELU,
    &conv::CONV1D,
    &conv::CONV2D,
    &dense::DENSE,
    &activation::ELU,
    &activation::GELU,
    &activation::GELU_TANH,
    &pool::GLOBAL_AVG_POOL2D,
    &pool::GLOBAL_MAX_POOL2D,
    &group_norm::GROUP_NORM,
    &activation::HARD_SIGMOID,
    &activation::HARD_SWISH,
    &group_norm::INSTANCE_NORM,
    &rms_norm::L2_NORMALIZE,
    &layer_norm::LAYER_NORM,
    &clip::LEAKY_RELU,
    &softmax::LOG_SOFTMAX,
    &pool::MAX_POOL1D,
    &pool::MAX_POOL2D,
    &activation::MISH,
    &prelu::PRELU,
    &unary::RELU,
    &rms_norm::RMS_NORM,
    &activation::SELU,
    &activation::SHRINK,
    &activation::SILU,
    &softmax::SOFTMAX,
    &activation::SOFTPLUS,
    &activation::SOFTSIGN,
    &activation::THRESHOLDED_RELU,
    &binary::NOT_EQUAL,
    &one_hot::ONE_HOT,
    &binary::POWER,
    &reduce::PROD,
    &reinterpret::REINTERPRET,
    &reshape::RESHAPE,
    &bitwise::RIGHT_SHIFT,
    &unary::ROUND,
    &activation::RSQRT,
    &shape_of::SHAPE_OF,
    &unary::SIGMOID,
    &unary::SIGN,
    &unary::SIN,
    &unary::SINH,
    &split::SPLIT,
    &unary::SQRT,
    &reshape::SQUEEZE,
    &strided_slice::STRIDED_SLICE,
    &binary::SUBTRACT,
    &reduce::SUM,
    &take::TAKE,
    &unary::TAN,
    &unary::TANH,
    &tile::TILE,
    &topk::TOPK,
    &transpose::TRANSPOSE,
    &trilu::TRILU,
    &activation::TRUNC,
    &binary::TRUNCATE_MOD,
    &select::WHERE,
];

/// The operator with this name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    OPS.binary_search_by(|op| op.name.cmp(name)).ok().map(|i| OPS[i])
}
