//! The operators: one entry each, all stages together. Adding one is a file (or a row in a family's file) and a line in [`OPS`].
//! Entries know neither files nor devices.

mod activation;
mod adaptive_pool;
mod arange;
mod arg_reduce;
mod argwhere;
mod batch_matmul;
pub(crate) mod batch_norm;
pub(crate) mod bias_add;
mod binary;
mod bitwise;
mod broadcast_to;
pub(crate) mod cast;
mod clip;
mod concatenate;
mod control;
mod conv;
mod conv_transpose;
mod conv_transpose_lower;
pub(crate) mod cumulative;
mod dense;
pub(crate) mod einsum;
mod einsum_lower;
mod elementwise;
mod float_class;
mod full;
mod gather;
mod gather_nd;
mod grid_sample;
mod grid_sample_lower;
mod group_norm;
mod index;
mod layer_norm;
mod layout_transform;
mod lrn;
mod movement;
pub(crate) mod nms;
mod normalise;
mod one_hot;
mod pad;
pub mod plugin;
mod pool;
mod prelu;
pub(crate) mod qnn;
mod reduce;
mod reduce_bool;
mod reinterpret;
mod repeat;
pub(crate) mod reshape;
mod resize;
mod resize_lower;
mod reverse;
mod rms_norm;
pub(crate) mod scatter;
mod select;
mod shape_of;
pub(crate) mod softmax;
mod split;
pub(crate) mod strided_slice;
mod take;
mod tile;
pub(crate) mod topk;
pub(crate) mod transpose;
mod trilu;
mod unary;

use crate::ir::opdef::OpDef;

/// Every operator that means something here, sorted by name: [`plugin::PLUGIN`], which nobody but a library can compute, is not one.
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
    &argwhere::ARGWHERE,
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
    &gather::GATHER,
    &gather_nd::GATHER_ND,
    &binary::GREATER,
    &binary::GREATER_EQUAL,
    &control::IF,
    &grid_sample::GRID_SAMPLE,
    &resize::RESIZE2D,
    &float_class::ISFINITE,
    &float_class::ISINF,
    &float_class::ISNAN,
    &layout_transform::LAYOUT_TRANSFORM,
    &bitwise::LEFT_SHIFT,
    &binary::LESS,
    &binary::LESS_EQUAL,
    &unary::LOG,
    &binary::LOGICAL_AND,
    &unary::LOGICAL_NOT,
    &binary::LOGICAL_OR,
    &binary::LOGICAL_XOR,
    &control::LOOP,
    &reduce::MAX,
    &binary::MAXIMUM,
    &reduce::MEAN,
    &reduce::MIN,
    &binary::MINIMUM,
    &binary::MOD,
    &binary::MULTIPLY,
    &unary::NEGATIVE,
    &adaptive_pool::ADAPTIVE_AVG_POOL2D,
    &adaptive_pool::ADAPTIVE_MAX_POOL2D,
    &pool::AVG_POOL1D,
    &pool::AVG_POOL2D,
    &pool::AVG_POOL3D,
    &reshape::BATCH_FLATTEN,
    &batch_matmul::BATCH_MATMUL,
    &batch_norm::BATCH_NORM,
    &bias_add::BIAS_ADD,
    &activation::CELU,
    &conv::CONV1D,
    &conv_transpose::CONV1D_TRANSPOSE,
    &conv::CONV2D,
    &conv_transpose::CONV2D_TRANSPOSE,
    &conv::CONV3D,
    &conv_transpose::CONV3D_TRANSPOSE,
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
    &lrn::LRN,
    &pool::MAX_POOL1D,
    &pool::MAX_POOL2D,
    &pool::MAX_POOL3D,
    &activation::MISH,
    &pad::PAD,
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
    &qnn::DEQUANTIZE,
    &qnn::QUANTIZE,
    &reinterpret::REINTERPRET,
    &repeat::REPEAT,
    &reshape::RESHAPE,
    &reverse::REVERSE,
    &reverse::REVERSE_SEQUENCE,
    &bitwise::RIGHT_SHIFT,
    &unary::ROUND,
    &activation::RSQRT,
    &control::SCAN,
    &scatter::SCATTER_ELEMENTS,
    &scatter::SCATTER_ND,
    &shape_of::SHAPE_OF,
    &unary::SIGMOID,
    &unary::SIGN,
    &unary::SIN,
    &unary::SINH,
    &split::SPLIT,
    &unary::SQRT,
    &reshape::SQUEEZE,
    &repeat::STACK,
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
    &nms::NMS,
    &select::WHERE,
];

/// The operator with this name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    match OPS.binary_search_by(|op| op.name.cmp(name)) {
        Ok(i) => Some(OPS[i]),
        Err(_) => Some(&plugin::PLUGIN).filter(|op| op.name == name),
    }
}
