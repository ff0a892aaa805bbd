//! The kinds of layers, each with the fields of its TensorRT interface and nothing else.

use crate::network::TensorId;
use crate::network::plugin::Plugin;
use crate::tensor::dim::Dim;
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
kinds! {
    /// `SampleMode`: what lies outside an operand.
    SampleMode { Wrap = "WRAP", Clamp = "CLAMP", Fill = "FILL", Reflect = "REFLECT" }
}
kinds! {
    /// `InterpolationMode`.
    Interpolation { Nearest = "NEAREST", Linear = "LINEAR", Cubic = "CUBIC" }
}
kinds! {
    /// `ResizeCoordinateTransformation`.
    ResizeCoordinates { AlignCorners = "ALIGN_CORNERS", Asymmetric = "ASYMMETRIC", HalfPixel = "HALF_PIXEL" }
}
kinds! {
    /// `ResizeRoundMode`.
    ResizeRound { HalfUp = "HALF_UP", HalfDown = "HALF_DOWN", Floor = "FLOOR", Ceil = "CEIL" }
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

/// How large the result of a resize is.
#[derive(Debug, Clone, PartialEq)]
pub enum ResizeTo {
    /// An extent per axis.
    Extents(Vec<i64>),
    /// A factor per axis; extents round down.
    Scales(Vec<f32>),
}

/// The fields of a resize.
#[derive(Debug, Clone, PartialEq)]
pub struct Resize {
    /// How large the result is.
    pub to: ResizeTo,
    /// How elements between elements are found.
    pub mode: Interpolation,
    /// Which place of the operand an element of the result stands for.
    pub coordinates: ResizeCoordinates,
    /// How a place is rounded where the nearest element is taken.
    pub rounding: ResizeRound,
    /// A result of extent 1 is the first element, whatever the coordinates say (`ResizeSelector::UPPER`).
    pub single_is_first: bool,
    /// Coefficient of cubic interpolation.
    pub cubic: f32,
    /// Weights outside the operand do not count.
    pub exclude_outside: bool,
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
    /// `IConvolutionLayer` without bias whose weights are its second operand: what a quantised constant becomes again.
    KernelConvolution {
        /// Output channels.
        maps: i64,
        /// Groups of channels.
        groups: i64,
        /// The window.
        window: Window,
    },
    /// `IDeconvolutionLayer`: x of rank 4 or 5, weights `[channels, maps / groups, kernel...]`; padding is cut off the result.
    Deconvolution {
        /// Output channels.
        maps: i64,
        /// Groups of channels.
        groups: i64,
        /// The window.
        window: Window,
        /// Kernel weights.
        weights: Tensor,
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
    /// `ISliceLayer` with step 1 that may reach outside its operand; in mode FILL an optional second operand, of rank 0, is what lies
    /// there, else zeros.
    SliceOutside {
        /// First index per axis; may be negative.
        start: Vec<i64>,
        /// Output extent per axis.
        size: Vec<i64>,
        /// What lies outside.
        mode: SampleMode,
    },
    /// `ILRNLayer` across channels (axis 1 of rank 4): `x / (k + alpha / window * sum of squares in the window) ^ beta`.
    Lrn {
        /// Channels in the window.
        window: i64,
        /// Factor of the mean square.
        alpha: f32,
        /// Power.
        beta: f32,
        /// Addend.
        k: f32,
    },
    /// `IResizeLayer`.
    Resize(Resize),
    /// `IGridSampleLayer`: x `[n, c, h, w]` sampled at the places of a grid `[n, h', w', 2]`, whose last axis is (x, y) from -1 to 1.
    GridSample {
        /// How elements between elements are found.
        mode: Interpolation,
        /// What lies outside: FILL (zeros), CLAMP or REFLECT.
        outside: SampleMode,
        /// -1 and 1 are the centres of the outermost elements, else their outer edges.
        align_corners: bool,
    },
    /// `IGatherLayer` in default mode: inputs are data and int32 indices; the axis of the data is replaced by the shape of the indices.
    Gather(usize),
    /// `IGatherLayer` in element mode along an axis: data and indices of one rank; the result has the shape of the indices.
    GatherElements(usize),
    /// `IGatherLayer` in ND mode with this many leading axes in common: the last axis of the indices holds a place in the data.
    GatherNd(usize),
    /// `IScatterLayer` in element mode along an axis: data, indices and updates, the latter two of one shape.
    ScatterElements(usize),
    /// `IScatterLayer` in ND mode: data, indices whose last axis holds a place in the data, updates.
    ScatterNd,
    /// `IReverseSequenceLayer`: data, and int32 lengths for each index of the batch axis.
    ReverseSequence {
        /// The axis over which lengths differ.
        batch: usize,
        /// The axis that runs backwards.
        sequence: usize,
    },
    /// `INonZeroLayer`: one column of int32 for each element that is not zero; this is how many there are.
    NonZero(Dim),
    /// `INMSLayer`: boxes `[batch, boxes, 4]` and scores `[batch, boxes, classes]`; as single numbers the most boxes that are chosen for a
    /// batch element and class (int32), the largest overlap and the score to exceed (float32). Rows of int32 (batch, class, box), by
    /// batch and falling score.
    Nms {
        /// A box is its centre and extents, else two corners.
        center: bool,
        /// How many are chosen.
        count: Dim,
    },
    /// `IQuantizeLayer`: a float tensor and float32 scales, one or one per index of the axis; gives int8.
    Quantize(Option<usize>),
    /// `IDequantizeLayer`: an int8 tensor and float32 scales, one or one per index of the axis; gives floats.
    Dequantize(Option<usize>, DType),
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
    /// `IPluginV2Layer` or `IPluginV3Layer`, as the plugin is made: operands and results as it wants them.
    Plugin(Box<Plugin>),
}

impl LayerKind {
    /// Whether channels mean something to it: the second axis of its operand, or the first where the batch is implicit.
    pub fn is_by_channel(&self) -> bool {
        use LayerKind::{Convolution, Deconvolution, Lrn, Pooling, Scale};
        matches!(self, Convolution { .. } | Deconvolution { .. } | Pooling { .. } | Scale { .. } | Lrn { .. })
    }

    /// Short name, for example `Convolution`.
    pub fn name(&self) -> &'static str {
        match self {
            LayerKind::Constant(_) => "Constant",
            LayerKind::Convolution { .. } => "Convolution",
            LayerKind::KernelConvolution { .. } => "KernelConvolution",
            LayerKind::Deconvolution { .. } => "Deconvolution",
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
            LayerKind::SliceOutside { .. } => "SliceOutside",
            LayerKind::Lrn { .. } => "Lrn",
            LayerKind::Resize(_) => "Resize",
            LayerKind::GridSample { .. } => "GridSample",
            LayerKind::Gather(_) => "Gather",
            LayerKind::GatherElements(_) => "GatherElements",
            LayerKind::GatherNd(_) => "GatherNd",
            LayerKind::ScatterElements(_) => "ScatterElements",
            LayerKind::ScatterNd => "ScatterNd",
            LayerKind::ReverseSequence { .. } => "ReverseSequence",
            LayerKind::NonZero(_) => "NonZero",
            LayerKind::Nms { .. } => "Nms",
            LayerKind::Quantize(_) => "Quantize",
            LayerKind::Dequantize(..) => "Dequantize",
            LayerKind::Select => "Select",
            LayerKind::Cast(_) => "Cast",
            LayerKind::Identity => "Identity",
            LayerKind::ParametricRelu => "ParametricRelu",
            LayerKind::TopK { .. } => "TopK",
            LayerKind::Cumulative { .. } => "Cumulative",
            LayerKind::Einsum(_) => "Einsum",
            LayerKind::Plugin(_) => "Plugin",
        }
    }
}
