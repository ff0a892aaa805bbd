//! The operators: one entry each, all stages together. Adding one is a file (or a row in a family's file) and a line in [`OPS`].
//! Entries know neither files nor devices.

mod adaptive_pool;
mod batch_matmul;
pub(crate) mod batch_norm;
pub(crate) mod bias_add;
mod binary;
mod broadcast_to;
mod cast;
mod clip;
mod concatenate;
mod conv;
mod conv_transpose;
mod conv_transpose_lower;
mod dense;
mod elementwise;
mod full;
mod grid_sample;
mod grid_sample_lower;
mod layer_norm;
mod layout_transform;
mod lrn;
mod movement;
mod pad;
mod pool;
mod reduce;
pub(crate) mod reshape;
mod resize;
mod resize_lower;
mod select;
mod shape_of;
mod softmax;
mod split;
pub(crate) mod strided_slice;
mod take;
mod tile;
pub(crate) mod transpose;
mod unary;

use crate::ir::opdef::OpDef;

/// Every operator, sorted by name.
pub static OPS: &[&OpDef] = &[
    &unary::ABS,
    &binary::ADD,
    &unary::ATAN,
    &broadcast_to::BROADCAST_TO,
    &cast::CAST,
    &unary::CEIL,
    &clip::CLIP,
    &concatenate::CONCATENATE,
    &unary::COS,
    &binary::DIVIDE,
    &binary::EQUAL,
    &unary::ERF,
    &unary::EXP,
    &reshape::EXPAND_DIMS,
    &unary::FLOOR,
    &binary::FLOOR_DIVIDE,
    &full::FULL,
    &binary::GREATER,
    &binary::GREATER_EQUAL,
    &grid_sample::GRID_SAMPLE,
    &resize::RESIZE2D,
    &layout_transform::LAYOUT_TRANSFORM,
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
    &adaptive_pool::ADAPTIVE_AVG_POOL2D,
    &adaptive_pool::ADAPTIVE_MAX_POOL2D,
    &pool::AVG_POOL1D,
    &pool::AVG_POOL2D,
    &pool::AVG_POOL3D,
    &reshape::BATCH_FLATTEN,
    &batch_matmul::BATCH_MATMUL,
    &batch_norm::BATCH_NORM,
    &bias_add::BIAS_ADD,
    &conv::CONV1D,
    &conv_transpose::CONV1D_TRANSPOSE,
    &conv::CONV2D,
    &conv_transpose::CONV2D_TRANSPOSE,
    &conv::CONV3D,
    &conv_transpose::CONV3D_TRANSPOSE,
    &dense::DENSE,
    &pool::GLOBAL_AVG_POOL2D,
    &pool::GLOBAL_MAX_POOL2D,
    &layer_norm::LAYER_NORM,
    &clip::LEAKY_RELU,
    &softmax::LOG_SOFTMAX,
    &lrn::LRN,
    &pool::MAX_POOL1D,
    &pool::MAX_POOL2D,
    &pool::MAX_POOL3D,
    &pad::PAD,
    &unary::RELU,
    &softmax::SOFTMAX,
    &binary::NOT_EQUAL,
    &binary::POWER,
    &reduce::PROD,
    &reshape::RESHAPE,
    &unary::ROUND,
    &shape_of::SHAPE_OF,
    &unary::SIGMOID,
    &unary::SIN,
    &split::SPLIT,
    &unary::SQRT,
    &reshape::SQUEEZE,
    &strided_slice::STRIDED_SLICE,
    &binary::SUBTRACT,
    &reduce::SUM,
    &take::TAKE,
    &unary::TANH,
    &tile::TILE,
    &transpose::TRANSPOSE,
    &binary::TRUNCATE_MOD,
    &select::WHERE,
];

/// The operator with this name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    OPS.binary_search_by(|op| op.name.cmp(name)).ok().map(|i| OPS[i])
}
