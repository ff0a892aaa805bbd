//! Every kind of layer: how it is added to a network, and what can be set on it. One line each; the tables do the rest.

#![allow(unsafe_code)]

use crate::tensor::error::Result;
use crate::tensorrt::abi;
use crate::tensorrt::abi::*;
use crate::tensorrt::network_def::{Layer, NetworkDefinition, TensorRef, Typed};
use crate::tensorrt::object::c_string;
use crate::tensorrt::registry::{Instance, Kind};
use crate::tensorrt::weights::HostWeights;
use std::marker::PhantomData;

/// An argument as callers give it, made ready for a network's library.
trait Give<R> {
    fn give(self, network: &NetworkDefinition) -> Result<R>;
}

impl Give<P> for TensorRef<'_> {
    fn give(self, network: &NetworkDefinition) -> Result<P> {
        network.own(self)
    }
}

/// An optional tensor: null where there is none.
impl Give<P> for Option<TensorRef<'_>> {
    fn give(self, network: &NetworkDefinition) -> Result<P> {
        self.map_or(Ok(std::ptr::null_mut()), |t| network.own(t))
    }
}

impl Give<Weights> for &HostWeights {
    fn give(self, network: &NetworkDefinition) -> Result<Weights> {
        network.keep(self)
    }
}

/// A set of axes as a mask.
impl Give<u32> for &[usize] {
    fn give(self, _: &NetworkDefinition) -> Result<u32> {
        self.iter().try_fold(0u32, |mask, &axis| {
            crate::ensure!(axis < MAX_DIMS, InvalidArgument, "axis {axis} of at most {MAX_DIMS}");
            Ok(mask | 1 << axis)
        })
    }
}

impl Give<*const Permutation> for &Permutation {
    fn give(self, _: &NetworkDefinition) -> Result<*const Permutation> {
        Ok(self)
    }
}

macro_rules! as_is {
    ($($t:ty),*) => { $(impl Give<$t> for $t {
        fn give(self, _: &NetworkDefinition) -> Result<$t> { Ok(self) }
    })* };
}
as_is!(i32, i64, u32, f32, f64, bool);

impl<'a> Give<&'a Dims> for &'a Dims {
    fn give(self, _: &NetworkDefinition) -> Result<&'a Dims> {
        Ok(self)
    }
}

macro_rules! by_number {
    ($($t:ty),* $(,)?) => { $(impl Give<i32> for $t {
        fn give(self, network: &NetworkDefinition) -> Result<i32> { self.raw(network.abi()) }
    })* };
}
by_number!(
    ActivationType,
    BoundingBoxFormat,
    CumulativeOperation,
    DataType,
    ElementWiseOperation,
    FillOperation,
    GatherMode,
    InterpolationMode,
    MatrixOperation,
    PaddingMode,
    PoolingType,
    ReduceOperation,
    ResizeCoordinateTransformation,
    ResizeRoundMode,
    ResizeSelector,
    SampleMode,
    ScaleMode,
    ScatterMode,
    TopKOperation,
    UnaryOperation,
);

/// `Kind module { setters }`: the kind, and what can be set on a layer of it.
macro_rules! kinds {
    ($($kind:ident $module:ident { $($(#[$doc:meta])* $set:ident($a:ident: $t:ty);)* })*) => { $(
        #[doc = concat!("Kind of layers: `I", stringify!($kind), "Layer`.")]
        #[derive(Debug, Clone, Copy)]
        pub enum $kind {}

        impl Typed<'_, $kind> {
            $($(#[$doc])* pub fn $set(&self, $a: $t) -> Result<()> {
                let network = self.layer.network;
                let $a = $a.give(network)?;
                // SAFETY: the layer is of this kind and lives as long as its network; pointers are taken from live values and what
                // they point to is copied, or kept by the network.
                unsafe { abi::$module::$set(network.abi(), self.layer.pointer, $a) }.map(drop)
            })*
        }
    )* };
}

/// `name(arguments) -> Kind`: how a layer of the kind is added.
macro_rules! adds {
    ($($(#[$doc:meta])* $add:ident($($a:ident: $t:ty),*) -> $kind:ident;)*) => {
        impl NetworkDefinition { $(
            $(#[$doc])*
            pub fn $add(&self, $($a: $t),*) -> Result<Typed<'_, $kind>> {
                $(let $a = $a.give(self)?;)*
                // SAFETY: the network lives; tensors are its own, weights are kept by it, what other pointers point to is copied.
                let pointer = unsafe { network_definition::$add(self.abi(), self.object.pointer, $($a),*) }?;
                self.typed(pointer, stringify!($add))
            }
        )* }
    };
}

impl NetworkDefinition {
    fn typed<K>(&self, pointer: P, call: &str) -> Result<Typed<'_, K>> {
        let layer: Layer<'_> = self.layer(pointer, call)?;
        Ok(Typed { layer, kind: PhantomData })
    }

    /// Joins tensors along an axis that is set on the layer.
    pub fn add_concatenation(&self, inputs: &[TensorRef<'_>]) -> Result<Typed<'_, Concatenation>> {
        let inputs = inputs.iter().map(|t| self.own(*t)).collect::<Result<Vec<P>>>()?;
        // SAFETY: the network lives and the tensors are its own; the list is copied.
        let pointer =
            unsafe { network_definition::add_concatenation(self.abi(), self.object.pointer, inputs.as_ptr(), inputs.len() as i32) }?;
        self.typed(pointer, "add_concatenation")
    }

    /// A sum of products by numpy's notation, for example `bij,bjk->bik`.
    pub fn add_einsum(&self, inputs: &[TensorRef<'_>], equation: &str) -> Result<Typed<'_, Einsum>> {
        let inputs = inputs.iter().map(|t| self.own(*t)).collect::<Result<Vec<P>>>()?;
        let equation = c_string(equation)?;
        // SAFETY: the network lives and the tensors are its own; the list and the text are copied.
        let pointer = unsafe {
            let count = inputs.len() as i32;
            network_definition::add_einsum(self.abi(), self.object.pointer, inputs.as_ptr(), count, equation.as_ptr())
        }?;
        self.typed(pointer, "add_einsum")
    }

    /// A layer that a plugin computes; the network takes a copy of it.
    pub(super) fn add_plugin(&self, inputs: &[TensorRef<'_>], plugin: &Instance) -> Result<Layer<'_>> {
        let inputs = inputs.iter().map(|t| self.own(*t)).collect::<Result<Vec<P>>>()?;
        let (abi, at, list, count) = (self.abi(), self.object.pointer, inputs.as_ptr(), inputs.len() as i32);
        // SAFETY: the network lives, the tensors are its own, the plugin is of this library and of the kind that the method takes; the
        // list is copied.
        let pointer = unsafe {
            match plugin.kind {
                Kind::V2 => network_definition::add_plugin_v2(abi, at, list, count, plugin.pointer),
                Kind::V3 => network_definition::add_plugin_v3(abi, at, list, count, std::ptr::null(), 0, plugin.pointer),
            }
        }?;
        self.layer(pointer, "a plugin layer")
    }
}

impl Typed<'_, Resize> {
    /// Sets one factor per axis.
    pub fn set_scales(&self, scales: &[f32]) -> Result<()> {
        let network = self.layer.network;
        // SAFETY: the layer is of this kind and lives as long as its network; the factors are copied.
        unsafe { resize_layer::set_scales(network.abi(), self.layer.pointer, scales.as_ptr(), scales.len() as i32) }
    }
}

adds! {
    /// Constant data under a shape.
    add_constant(dims: &Dims, weights: &HostWeights) -> Constant;
    /// A convolution; without bias, the weights for it are [`HostWeights::none`].
    add_convolution_nd(input: TensorRef<'_>, maps: i64, kernel: &Dims, weights: &HostWeights, bias: &HostWeights) -> Convolution;
    /// A transposed convolution.
    add_deconvolution_nd(input: TensorRef<'_>, maps: i64, kernel: &Dims, weights: &HostWeights, bias: &HostWeights) -> Deconvolution;
    /// An activation.
    add_activation(input: TensorRef<'_>, kind: ActivationType) -> Activation;
    /// A pooling.
    add_pooling_nd(input: TensorRef<'_>, kind: PoolingType, window: &Dims) -> Pooling;
    /// Normalisation across channels.
    add_lrn(input: TensorRef<'_>, window: i64, alpha: f32, beta: f32, k: f32) -> Lrn;
    /// `(x * scale + shift) ^ power`, per tensor, channel or element.
    add_scale_nd(input: TensorRef<'_>, mode: ScaleMode, shift: &HostWeights, scale: &HostWeights, power: &HostWeights, axis: i32) -> Scale;
    /// Softmax over axes that are set on the layer.
    add_soft_max(input: TensorRef<'_>) -> SoftMax;
    /// An operation on two tensors of equal rank.
    add_element_wise(a: TensorRef<'_>, b: TensorRef<'_>, operation: ElementWiseOperation) -> ElementWise;
    /// An operation on one tensor.
    add_unary(input: TensorRef<'_>, operation: UnaryOperation) -> Unary;
    /// Transpose, reshape, transpose.
    add_shuffle(input: TensorRef<'_>) -> Shuffle;
    /// A reduction over axes.
    add_reduce(input: TensorRef<'_>, operation: ReduceOperation, axes: &[usize], keep: bool) -> Reduce;
    /// The largest or smallest elements along an axis, and where they were.
    add_top_k(input: TensorRef<'_>, operation: TopKOperation, k: i32, axes: &[usize]) -> TopK;
    /// Slices of the data that the indices name, along one axis.
    add_gather(data: TensorRef<'_>, indices: TensorRef<'_>, axis: i32) -> Gather;
    /// As above, by mode.
    add_gather_v2(data: TensorRef<'_>, indices: TensorRef<'_>, mode: GatherMode) -> Gather;
    /// Replaces elements of the data.
    add_scatter(data: TensorRef<'_>, indices: TensorRef<'_>, updates: TensorRef<'_>, mode: ScatterMode) -> Scatter;
    /// A matrix product of the last two axes.
    add_matrix_multiply(a: TensorRef<'_>, a_op: MatrixOperation, b: TensorRef<'_>, b_op: MatrixOperation) -> MatrixMultiply;
    /// Places of the elements that are not zero.
    add_non_zero(input: TensorRef<'_>) -> NonZero;
    /// The input as it is.
    add_identity(input: TensorRef<'_>) -> Identity;
    /// The input with another element type.
    add_cast(input: TensorRef<'_>, to: DataType) -> Cast;
    /// The shape of the input.
    add_shape(input: TensorRef<'_>) -> Shape;
    /// A leaky activation with a slope per element.
    add_parametric_relu(input: TensorRef<'_>, slope: TensorRef<'_>) -> ParametricRelu;
    /// A part of the input.
    add_slice(input: TensorRef<'_>, start: &Dims, size: &Dims, stride: &Dims) -> Slice;
    /// Interpolation to another extent.
    add_resize(input: TensorRef<'_>) -> Resize;
    /// Elements of one or the other tensor.
    add_select(condition: TensorRef<'_>, then: TensorRef<'_>, otherwise: TensorRef<'_>) -> Select;
    /// A tensor of one value, of a range or of random numbers, of a type that the operation implies.
    add_fill(dims: &Dims, operation: FillOperation) -> Fill;
    /// As above, of a given type.
    add_fill_v2(dims: &Dims, operation: FillOperation, to: DataType) -> Fill;
    /// Float to integer by a scale.
    add_quantize(input: TensorRef<'_>, scale: TensorRef<'_>) -> Quantize;
    /// As above, to a given type.
    add_quantize_v2(input: TensorRef<'_>, scale: TensorRef<'_>, to: DataType) -> Quantize;
    /// Integer to float by a scale.
    add_dequantize(input: TensorRef<'_>, scale: TensorRef<'_>) -> Dequantize;
    /// As above, to a given type.
    add_dequantize_v2(input: TensorRef<'_>, scale: TensorRef<'_>, to: DataType) -> Dequantize;
    /// Vectors of zeros with one other value.
    add_one_hot(indices: TensorRef<'_>, values: TensorRef<'_>, depth: TensorRef<'_>, axis: i32) -> OneHot;
    /// Samples at given places.
    add_grid_sample(input: TensorRef<'_>, grid: TensorRef<'_>) -> GridSample;
    /// Boxes that overlap none better.
    add_nms(boxes: TensorRef<'_>, scores: TensorRef<'_>, most: TensorRef<'_>) -> Nms;
    /// Sequences in reverse, each to its own length.
    add_reverse_sequence(input: TensorRef<'_>, lengths: TensorRef<'_>) -> ReverseSequence;
    /// Normalisation over axes: instance, group and layer normalisation.
    add_normalization(input: TensorRef<'_>, scale: TensorRef<'_>, bias: TensorRef<'_>, axes: &[usize]) -> Normalization;
    /// Running sums.
    add_cumulative(input: TensorRef<'_>, axis: TensorRef<'_>, operation: CumulativeOperation, exclusive: bool, reverse: bool) -> Cumulative;
    /// Without axes of extent 1.
    add_squeeze(input: TensorRef<'_>, axes: TensorRef<'_>) -> Squeeze;
    /// With further axes of extent 1.
    add_unsqueeze(input: TensorRef<'_>, axes: TensorRef<'_>) -> Unsqueeze;
}

kinds! {
    Constant constant_layer {}
    Convolution convolution_layer {
        /// Steps of the window.
        set_stride_nd(stride: &Dims);
        /// Zeros in front of each spatial axis.
        set_pre_padding(padding: &Dims);
        /// Zeros behind each spatial axis.
        set_post_padding(padding: &Dims);
        /// How the padding is found where it is not given.
        set_padding_mode(mode: PaddingMode);
        /// Distance between elements of the window.
        set_dilation_nd(dilation: &Dims);
        /// Groups of channels.
        set_nb_groups(groups: i64);
    }
    Deconvolution deconvolution_layer {
        /// Steps of the window.
        set_stride_nd(stride: &Dims);
        /// What is cut off in front of each spatial axis.
        set_pre_padding(padding: &Dims);
        /// What is cut off behind each spatial axis.
        set_post_padding(padding: &Dims);
        /// How the padding is found where it is not given.
        set_padding_mode(mode: PaddingMode);
        /// Distance between elements of the window.
        set_dilation_nd(dilation: &Dims);
        /// Groups of channels.
        set_nb_groups(groups: i64);
    }
    Activation activation_layer {
        /// First parameter of the activation.
        set_alpha(alpha: f32);
        /// Second parameter of the activation.
        set_beta(beta: f32);
    }
    Pooling pooling_layer {
        /// Steps of the window.
        set_stride_nd(stride: &Dims);
        /// Padding in front of each spatial axis.
        set_pre_padding(padding: &Dims);
        /// Padding behind each spatial axis.
        set_post_padding(padding: &Dims);
        /// How the extents of the output are rounded.
        set_padding_mode(mode: PaddingMode);
        /// Averages leave padding out of the count.
        set_average_count_excludes_padding(exclude: bool);
    }
    Lrn lrn_layer {}
    Scale scale_layer {}
    SoftMax soft_max_layer {
        /// The one axis over which the results add up to 1.
        set_axes(axes: &[usize]);
    }
    ElementWise element_wise_layer {}
    Unary unary_layer {}
    Shuffle shuffle_layer {
        /// The order of axes before the reshape.
        set_first_transpose(order: &Permutation);
        /// The shape: 0 copies the extent at the same place, -1 is inferred.
        set_reshape_dimensions(dims: &Dims);
        /// The order of axes after the reshape.
        set_second_transpose(order: &Permutation);
        /// Whether 0 in the shape copies an extent, or is one.
        set_zero_is_placeholder(copies: bool);
    }
    Reduce reduce_layer {}
    TopK top_k_layer {}
    Gather gather_layer {
        /// The axis of the data that is indexed.
        set_gather_axis(axis: i32);
        /// Leading axes that data and indices share.
        set_nb_element_wise_dims(count: i32);
    }
    Scatter scatter_layer {
        /// The axis along which elements are placed.
        set_axis(axis: i32);
    }
    MatrixMultiply matrix_multiply_layer {}
    Concatenation concatenation_layer {
        /// The axis along which the inputs follow each other.
        set_axis(axis: i32);
    }
    Slice slice_layer {
        /// What lies outside the input.
        set_mode(mode: SampleMode);
    }
    Resize resize_layer {
        /// The shape of the output.
        set_output_dimensions(dims: &Dims);
        /// How elements between elements are found.
        set_resize_mode(mode: InterpolationMode);
        /// Which place of the input an element of the output stands for.
        set_coordinate_transformation(transformation: ResizeCoordinateTransformation);
        /// How a place between elements is rounded.
        set_nearest_rounding(rounding: ResizeRoundMode);
        /// What an extent of 1 becomes.
        set_selector_for_single_pixel(selector: ResizeSelector);
        /// Coefficient of cubic interpolation.
        set_cubic_coeff(coefficient: f32);
        /// Weights outside the input do not count.
        set_exclude_outside(exclude: bool);
    }
    Fill fill_layer {
        /// First parameter of the operation.
        set_alpha(alpha: f64);
        /// Second parameter of the operation.
        set_beta(beta: f64);
    }
    Quantize quantize_layer {
        /// The axis along which scales differ.
        set_axis(axis: i32);
    }
    Dequantize dequantize_layer {
        /// The axis along which scales differ.
        set_axis(axis: i32);
    }
    OneHot one_hot_layer {}
    GridSample grid_sample_layer {
        /// How elements between elements are found.
        set_interpolation_mode(mode: InterpolationMode);
        /// Places count from the centres of the outermost elements.
        set_align_corners(align: bool);
        /// What lies outside the input.
        set_sample_mode(mode: SampleMode);
    }
    Nms nms_layer {
        /// How a box is written.
        set_bounding_box_format(format: BoundingBoxFormat);
        /// Boxes that are looked at, per class.
        set_top_k_box_limit(limit: i32);
    }
    ReverseSequence reverse_sequence_layer {
        /// The axis of the batch.
        set_batch_axis(axis: i32);
        /// The axis that is reversed.
        set_sequence_axis(axis: i32);
    }
    Normalization normalization_layer {
        /// What is added to the variance.
        set_epsilon(epsilon: f32);
        /// Groups of channels.
        set_nb_groups(groups: i64);
        /// The type that sums are computed in, where the network is weakly typed.
        set_compute_precision(dtype: DataType);
    }
}

macro_rules! plain_kinds {
    ($($kind:ident),* $(,)?) => { $(
        #[doc = concat!("Kind of layers: `I", stringify!($kind), "Layer`.")]
        #[derive(Debug, Clone, Copy)]
        pub enum $kind {}
    )* };
}
plain_kinds!(NonZero, Identity, Cast, Shape, ParametricRelu, Select, Einsum, Cumulative, Squeeze, Unsqueeze);
