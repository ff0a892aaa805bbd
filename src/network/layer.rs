//! The kinds of layers, each with the fields of its TensorRT interface and nothing else.

use crate::network::TensorId;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Unique name: that of the node it comes from, with a suffix where a node needs several layers.
    pub name: String,
    /// What it computes.
    pub kind: LayerKind,
    /// Operands.
    pub inputs: Vec<TensorId>,
    /// Results.
    pub outputs: Vec<TensorId>,
}

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum $name { $($variant),* }

        impl $name {
            /// Every kind.
            pub const ALL: &[$name] = &[$($name::$variant),*];
            /// TensorRT's name without its `k`.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }
    };
}

kinds! {
    /// `ActivationType`; alpha and beta are the layer's fields.
    Activation { Relu = "RELU", Sigmoid = "SIGMOID", Tanh = "TANH", LeakyRelu = "LEAKY_RELU", Elu = "ELU", Selu = "SELU",
        Softsign = "SOFTSIGN", Softplus = "SOFTPLUS", Clip = "CLIP", HardSigmoid = "HARD_SIGMOID", ThresholdedRelu = "THRESHOLDED_RELU",
        GeluErf = "GELU_ERF", GeluTanh = "GELU_TANH" }
}
kinds! {
    /// `PoolingType`.
    Pooling { Max = "MAX", Average = "AVERAGE" }
}
kinds! {
    /// `ElementWiseOperation`.
    ElementWise { Sum = "SUM", Prod = "PROD", Max = "MAX", Min = "MIN", Sub = "SUB", Div = "DIV", Pow = "POW", FloorDiv = "FLOOR_DIV",
        And = "AND", Or = "OR", Xor = "XOR", Equal = "EQUAL", Greater = "GREATER", Less = "LESS" }
}
kinds! {
    /// `UnaryOperation`.
    Unary { Exp = "EXP", Log = "LOG", Sqrt = "SQRT", Recip = "RECIP", Abs = "ABS", Neg = "NEG", Sin = "SIN", Cos = "COS", Tan = "TAN",
        Sinh = "SINH", Cosh = "COSH", Asin = "ASIN", Acos = "ACOS", Atan = "ATAN", Asinh = "ASINH", Acosh = "ACOSH", Atanh = "ATANH",
        Ceil = "CEIL", Floor = "FLOOR", Erf = "ERF", Not = "NOT", Sign = "SIGN", Round = "ROUND", IsInf = "ISINF", IsNan = "ISNAN" }
}
kinds! {
    /// `ReduceOperation`.
    Reduce { Sum = "SUM", Prod = "PROD", Max = "MAX", Min = "MIN", Avg = "AVG" }
}
kinds! {
    /// `TopKOperation`.
    TopK { Max = "MAX", Min = "MIN" }
}
kinds! {
    /// `MatrixOperation`.
    MatrixOp { None = "NONE", Transpose = "TRANSPOSE", Vector = "VECTOR" }
}

/// Window of a convolution or pooling over the spatial axes (all but the first two), outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Extent per axis.
    pub kernel: Vec<i64>,
    /// Step per axis.
    pub stride: Vec<i64>,
    /// Zeros in front of each axis.
    pub pre_padding: Vec<i64>,
    /// Zeros behind each axis.
    pub post_padding: Vec<i64>,
    /// Distance between elements of the window (convolutions only; ones elsewhere).
    pub dilation: Vec<i64>,
}

/// What a layer computes.
#[derive(Debug, Clone, PartialEq)]
pub enum LayerKind {
    /// `IConstantLayer`.
    Constant(Tensor),
    /// `IConvolutionLayer`: x of rank 4 or 5, weights `[maps, channels / groups, kernel...]`.
    Convolution {
        /// Output channels.
        maps: i64,
        /// Groups of channels.
        groups: i64,
        /// The window.
        window: Window,
        /// Kernel weights.
        weights: Tensor,
        /// One value per output channel.
        bias: Option<Tensor>,
    },
    /// `IActivationLayer`.
    Activation(Activation, f32, f32),
    /// `IPoolingLayer`: x of rank 4 or 5.
    Pooling {
        /// Maximum or average.
        kind: Pooling,
        /// The window; dilation is all ones.
        window: Window,
        /// Averages leave padding out of the count.
        exclude_padding: bool,
        /// Output extents round up (`EXPLICIT_ROUND_UP`).
        round_up: bool,
    },
    /// `IScaleLayer` per channel (axis 1): `(x * scale + shift)`; rank at least 4.
    Scale {
        /// One factor per channel.
        scale: Tensor,
        /// One addend per channel.
        shift: Tensor,
    },
    /// `IElementWiseLayer`: operands of equal rank, extents equal or 1.
    ElementWise(ElementWise),
    /// `IUnaryLayer`.
    Unary(Unary),
    /// `IReduceLayer`.
    Reduce {
        /// What is computed.
        kind: Reduce,
        /// Axes that are reduced, ascending.
        axes: Vec<usize>,
        /// Keep them with extent 1.
        keep: bool,
    },
    /// `ISoftMaxLayer` over one axis.
    Softmax(usize),
    /// `IMatrixMultiplyLayer`: operands of equal rank, leading extents equal or 1.
    MatrixMultiply(MatrixOp, MatrixOp),
    /// `IShuffleLayer`: transpose, reshape (0 copies the extent at the same place, -1 is inferred), transpose.
    Shuffle {
        /// Permutation before the reshape.
        first: Option<Vec<usize>>,
        /// Target extents.
        reshape: Option<Vec<i64>>,
        /// Permutation after the reshape.
        second: Option<Vec<usize>>,
    },
    /// `IConcatenationLayer` over one axis.
    Concatenation(usize),
    /// `ISliceLayer` in default mode with constant fields.
    Slice {
        /// First index per axis.
        start: Vec<i64>,
        /// Output extent per axis.
        size: Vec<i64>,
        /// Step per axis.
        stride: Vec<i64>,
    },
    /// `IGatherLayer` in default mode: inputs are data and int32 indices; the axis of the data is replaced by the shape of the indices.
    Gather(usize),
    /// `ISelectLayer`: condition, then, else; ranks equal.
    Select,
    /// `ICastLayer` (8.6 and up; an identity layer with an output type before).
    Cast(DType),
    /// `IIdentityLayer`.
    Identity,
    /// `IParametricReLULayer`: x and a slope that broadcasts to it, ranks equal.
    ParametricRelu,
    /// `ITopKLayer` along one axis: the sorted elements, and their int32 indices.
    TopK {
        /// Largest or smallest first.
        kind: TopK,
        /// How many.
        k: i64,
        /// The axis.
        axis: usize,
    },
    /// `ICumulativeLayer` by sums, along one axis.
    Cumulative {
        /// The axis.
        axis: usize,
        /// An element's own value is left out of its sum.
        exclusive: bool,
        /// Sums run from the end.
        reverse: bool,
    },
    /// `IEinsumLayer`: sums of products by an equation with an arrow, without ellipsis.
    Einsum(String),
}

impl LayerKind {
    /// Short name, for example `Convolution`.
    pub fn name(&self) -> &'static str {
        match self {
            LayerKind::Constant(_) => "Constant",
            LayerKind::Convolution { .. } => "Convolution",
            LayerKind::Activation(..) => "Activation",
            LayerKind::Pooling { .. } => "Pooling",
            LayerKind::Scale { .. } => "Scale",
            LayerKind::ElementWise(_) => "ElementWise",
            LayerKind::Unary(_) => "Unary",
            LayerKind::Reduce { .. } => "Reduce",
            LayerKind::Softmax(_) => "Softmax",
            LayerKind::MatrixMultiply(..) => "MatrixMultiply",
            LayerKind::Shuffle { .. } => "Shuffle",
            LayerKind::Concatenation(_) => "Concatenation",
            LayerKind::Slice { .. } => "Slice",
            LayerKind::Gather(_) => "Gather",
            LayerKind::Select => "Select",
            LayerKind::Cast(_) => "Cast",
            LayerKind::Identity => "Identity",
            LayerKind::ParametricRelu => "ParametricRelu",
            LayerKind::TopK { .. } => "TopK",
            LayerKind::Cumulative { .. } => "Cumulative",
            LayerKind::Einsum(_) => "Einsum",
        }
    }
}
