//! From a network as plain data to a serialised engine. Each layer keeps its name; what TensorRT makes of it is compared with what
//! the network says, so that the two cannot drift apart. Decides nothing: what is not in the network or the options does not happen.

use crate::cuda::device::Device;
use crate::ensure;
use crate::network::Network;
use crate::network::layer::{Layer as NetLayer, LayerKind, Window};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use crate::tensorrt::abi::*;
use crate::tensorrt::builder::{Builder, Keep, Typing};
use crate::tensorrt::cache::timing::Timing;
use crate::tensorrt::config::{BuilderConfig, Range};
use crate::tensorrt::emit_index;
use crate::tensorrt::emit_sample::{deconvolution, resize, slice_outside};
use crate::tensorrt::emit_types as types;
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::Sink;
use crate::tensorrt::network_def::{Layer, NetworkDefinition, TensorRef};
use crate::tensorrt::plugins;
use crate::tensorrt::progress::Progress;
use crate::tensorrt::settings::{Settings, TimingUse};
use crate::tensorrt::weights::{HostWeights, data_type};
use bytes::Bytes;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, Weak};

/// What a build is told besides the network.
#[derive(Clone, Default)]
pub struct Options {
    /// Values of the symbols at which the engine must work and for which it is tuned: one optimisation profile each. Without
    /// dynamic extents there is none.
    pub profiles: Vec<Range<Bindings>>,
    /// Most scratch memory of an engine, in bytes; TensorRT's own limit where it is not given.
    pub workspace: Option<u64>,
    /// How hard to search, from 0 to 5 (from 8.6 on); TensorRT's own choice where it is not given.
    pub effort: Option<i32>,
    /// Compute capabilities to build for instead of the device that is there (TensorRT for RTX).
    pub compute_capabilities: Vec<(u32, u32)>,
    /// How the builder is to work.
    pub settings: Settings,
    /// Libraries with plugins, opened before the network is made.
    pub plugins: Vec<PathBuf>,
    /// The GPU to build on; where it is not given, the one that CUDA uses.
    pub device: Option<&'static Device>,
    /// Where measurements of earlier builds are, and those of this one go.
    pub timing: Option<Timing>,
    /// Hears what TensorRT says.
    pub log: Option<Sink>,
    /// Watches the build, and may stop it.
    pub progress: Option<Progress>,
    /// Where the builder stays until all of several engines are built; nowhere: it ends with this one.
    pub keep: Weak<Keep>,
}

/// A serialised engine.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What a runtime loads.
    pub engine: Bytes,
    /// What TensorRT warned of.
    pub warnings: String,
}

/// Builds an engine. A network that `network::check` accepts for the library's capabilities builds; the error of one that does
/// not build holds the layer's name or TensorRT's words.
pub fn build(library: &'static Library, network: &Network, options: &Options) -> Result<Plan> {
    build_in(library, network, options).context(|| format!("network '{}'", network.name))
}

/// Builds for listed compute capabilities one after the other: TensorRT for RTX mixes up the lists of builds that run at once.
static LISTED: Mutex<()> = Mutex::new(());

fn build_in(library: &'static Library, network: &Network, options: &Options) -> Result<Plan> {
    let _alone = (!options.compute_capabilities.is_empty()).then(|| LISTED.lock().unwrap_or_else(PoisonError::into_inner));
    // A GPU that is not there is no matter where another one is built for.
    let _device = options.device.filter(|_| options.compute_capabilities.is_empty()).map(Device::enter).transpose()?;
    let builder = Builder::new(library, options.log.clone())?;
    if let Some(keep) = options.keep.upgrade() {
        keep.keep(&builder);
    }
    plugins::open_all(&options.plugins, library)?;
    // Versions before 10 have no strongly typed networks: there the types are demanded layer by layer.
    let typing = if library.abi().at_least_major(10) { Typing::Strong } else { Typing::Weak };
    let definition = match &network.batch {
        None => builder.network(typing)?,
        Some(batch) => builder.network_of_samples(largest(batch, &options.profiles)?)?,
    };
    emit(network, &definition, typing)?;
    let mut config = builder.config()?;
    options.settings.apply(&builder, &mut config)?;
    configure(&mut config, library, network, options, typing)?;
    add_profiles(&builder, &mut config, network, &options.profiles)?;
    let blame = |error: Error| options.settings.blame(error);
    if options.settings.timing_cache == TimingUse::Off {
        let engine = builder.build(&definition, &config).map_err(blame)?;
        return Ok(Plan { engine: engine.into(), warnings: definition.words() });
    }
    // Measurements of another device or version are refused: then the build measures anew.
    let earlier = options.timing.as_ref().map(Timing::read).unwrap_or_default();
    let measured = config.use_timing_cache(&earlier).or_else(|_| config.use_timing_cache(&[]))?;
    let engine = builder.build(&definition, &config).map_err(blame)?;
    if let Some(timing) = &options.timing {
        timing.add(&mut |there| {
            // What others have put there meanwhile; nothing where it does not fit.
            if *there != earlier
                && let Ok(others) = config.timing_cache(there)
            {
                measured.combine(&others)?;
            }
            measured.serialize()
        });
    }
    Ok(Plan { engine: engine.into(), warnings: definition.words() })
}

/// Adds a network's tensors and layers to a definition.
pub fn emit(network: &Network, to: &NetworkDefinition, typing: Typing) -> Result<()> {
    to.set_name(&network.name)?;
    let mut tensors: Vec<Option<TensorRef<'_>>> = vec![None; network.tensors.len()];
    for id in &network.inputs {
        let tensor = network.tensor(*id);
        let dims = Dims::new(&tensor.dims.iter().map(|d| d.as_const().unwrap_or(-1)).collect::<Vec<_>>())?;
        let input = to.add_input(&tensor.name, data_type(tensor.dtype)?, &dims)?;
        for (axis, dim) in tensor.dims.iter().enumerate() {
            if let Some(symbol) = dim.as_symbol() {
                input.set_dimension_name(axis, &symbol.name)?;
            }
        }
        tensors[id.0 as usize] = Some(input);
    }
    for layer in &network.layers {
        let place = || format!("layer '{}' ({})", layer.name, layer.kind.name());
        let inputs = layer.inputs.iter().map(|i| tensors[i.0 as usize]).collect::<Option<Vec<_>>>();
        let inputs = inputs.ok_or_else(|| Error::new(Code::Internal, format!("{} comes before its inputs", place())))?;
        let emitted = emit_layer(to, layer, &inputs).context(place)?;
        // A layer that nobody named keeps TensorRT's name for it: an empty one fails some builds.
        if !layer.name.is_empty() {
            emitted.set_name(&layer.name)?;
            emitted.set_metadata(&layer.name)?;
        }
        if typing == Typing::Weak {
            types::demand(&emitted, network, layer)?;
        }
        for (i, id) in layer.outputs.iter().enumerate() {
            let output = emitted.output(i)?;
            output.set_name(&network.tensor(*id).name)?;
            compare(network, id.0 as usize, &output, typing).context(place)?;
            tensors[id.0 as usize] = Some(output);
        }
    }
    for id in &network.outputs {
        let output = tensors[id.0 as usize].ok_or_else(|| Error::new(Code::Internal, "an output that no layer gives"))?;
        to.mark_output(output)?;
        if typing == Typing::Weak {
            output.set_type(data_type(network.tensor(*id).dtype)?)?;
        }
    }
    Ok(())
}

/// What TensorRT finds must be what the network says, in all that is constant. A weakly typed network has float tensors whose
/// type is found when it is built.
fn compare(network: &Network, index: usize, output: &TensorRef<'_>, typing: Typing) -> Result<()> {
    let expected = &network.tensors[index];
    let found = output.dims()?;
    let Some(dims) = found.get() else {
        // TensorRT finds the layer wrong; the build will say why, in its own words.
        return Ok(());
    };
    let same =
        dims.len() == expected.dims.len() && dims.iter().zip(&expected.dims).all(|(d, e)| *d == -1 || e.as_const().is_none_or(|e| e == *d));
    ensure!(same, Internal, "its output is {dims:?} to TensorRT where {} is expected", shape::text(&expected.dims));
    let (dtype, wanted) = (output.dtype()?, data_type(expected.dtype)?);
    let float = |d: DataType| matches!(d, DataType::Float | DataType::Half);
    // Before the build, quantised tensors are floats too.
    let open = typing == Typing::Weak && (float(wanted) || wanted == DataType::Int8) && dtype.is_some_and(float);
    ensure!(open || dtype == Some(wanted), Internal, "its output is {dtype:?} to TensorRT where {} is expected", wanted.name());
    Ok(())
}

fn emit_layer<'n>(to: &'n NetworkDefinition, layer: &NetLayer, x: &[TensorRef<'n>]) -> Result<Layer<'n>> {
    let axis = |a: usize| a as i32;
    Ok(match &layer.kind {
        LayerKind::Constant(value) => *to.add_constant(&extents(value.shape())?, &HostWeights::of(value)?)?,
        LayerKind::Convolution { maps, groups, window, weights, bias } => {
            let weights = HostWeights::of(weights)?;
            let bias = bias.as_ref().map_or_else(|| Ok(HostWeights::none(weights.dtype)), HostWeights::of)?;
            convolution(to, x[0], *maps, *groups, window, [&weights, &bias])?
        }
        LayerKind::KernelConvolution { maps, groups, window } => {
            let none = HostWeights::none(x[1].dtype()?.unwrap_or(DataType::Float));
            let layer = convolution(to, x[0], *maps, *groups, window, [&none, &none])?;
            layer.set_input(1, x[1])?;
            layer
        }
        LayerKind::Deconvolution { maps, groups, window, weights } => deconvolution(to, x[0], *maps, *groups, window, weights)?,
        LayerKind::Activation(kind, alpha, beta) => {
            let layer = to.add_activation(x[0], named(ActivationType::named(kind.name()), kind.name())?)?;
            layer.set_alpha(*alpha)?;
            layer.set_beta(*beta)?;
            *layer
        }
        LayerKind::Pooling { kind, window, exclude_padding, round_up } => {
            let kind = named(PoolingType::named(kind.name()), kind.name())?;
            pooling(to, x[0], kind, window, *exclude_padding, *round_up)?
        }
        LayerKind::Scale { scale, shift } => {
            let (scale, shift) = (HostWeights::of(scale)?, HostWeights::of(shift)?);
            let channels = if to.has_implicit_batch() { 0 } else { 1 };
            *to.add_scale_nd(x[0], ScaleMode::Channel, &shift, &scale, &HostWeights::none(scale.dtype), channels)?
        }
        LayerKind::ElementWise(op) => *to.add_element_wise(x[0], x[1], named(ElementWiseOperation::named(op.name()), op.name())?)?,
        LayerKind::Unary(op) => *to.add_unary(x[0], named(UnaryOperation::named(op.name()), op.name())?)?,
        LayerKind::Reduce { kind, axes, keep } => {
            *to.add_reduce(x[0], named(ReduceOperation::named(kind.name()), kind.name())?, axes, *keep)?
        }
        LayerKind::Softmax(over) => {
            let layer = to.add_soft_max(x[0])?;
            layer.set_axes(&[*over])?;
            *layer
        }
        LayerKind::MatrixMultiply(a, b) => {
            let op = |o: crate::network::layer::MatrixOp| named(MatrixOperation::named(o.name()), o.name());
            *to.add_matrix_multiply(x[0], op(*a)?, x[1], op(*b)?)?
        }
        LayerKind::Shuffle { first, reshape, second } => shuffle(to, x[0], first.as_deref(), reshape.as_deref(), second.as_deref())?,
        LayerKind::Concatenation(along) => {
            let layer = to.add_concatenation(x)?;
            layer.set_axis(axis(*along))?;
            *layer
        }
        LayerKind::Slice { start, size, stride } => *to.add_slice(x[0], &Dims::new(start)?, &Dims::new(size)?, &Dims::new(stride)?)?,
        LayerKind::SliceOutside { start, size, mode } => slice_outside(to, x, start, size, *mode)?,
        LayerKind::Lrn { window, alpha, beta, k } => *to.add_lrn(x[0], *window, *alpha, *beta, *k)?,
        LayerKind::Resize(fields) => resize(to, x[0], fields)?,
        LayerKind::GridSample { mode, outside, align_corners } => {
            let layer = to.add_grid_sample(x[0], x[1])?;
            layer.set_interpolation_mode(named(InterpolationMode::named(mode.name()), mode.name())?)?;
            layer.set_sample_mode(named(SampleMode::named(outside.name()), outside.name())?)?;
            layer.set_align_corners(*align_corners)?;
            *layer
        }
        LayerKind::Gather(along) => *to.add_gather(x[0], x[1], axis(*along))?,
        LayerKind::GatherElements(_)
        | LayerKind::GatherNd(_)
        | LayerKind::ScatterElements(_)
        | LayerKind::ScatterNd
        | LayerKind::NonZero(_)
        | LayerKind::Nms { .. }
        | LayerKind::ReverseSequence { .. }
        | LayerKind::Quantize(_)
        | LayerKind::Dequantize(..) => emit_index::layer(to, layer, x)?,
        LayerKind::Select => *to.add_select(x[0], x[1], x[2])?,
        LayerKind::Cast(dtype) => cast(to, x[0], data_type(*dtype)?)?,
        LayerKind::Identity => *to.add_identity(x[0])?,
        LayerKind::ParametricRelu => *to.add_parametric_relu(x[0], x[1])?,
        LayerKind::TopK { kind, k, axis } => {
            let k = i32::try_from(*k).map_err(|_| Error::new(Code::Internal, format!("a top-k of {k}")))?;
            *to.add_top_k(x[0], named(TopKOperation::named(kind.name()), kind.name())?, k, &[*axis])?
        }
        LayerKind::Cumulative { axis: along, exclusive, reverse } => {
            let along = to.add_constant(&Dims::new(&[])?, &HostWeights::of(&Tensor::scalar(axis(*along)))?)?.output(0)?;
            *to.add_cumulative(x[0], along, CumulativeOperation::Sum, *exclusive, *reverse)?
        }
        LayerKind::Einsum(equation) => *to.add_einsum(x, equation)?,
        LayerKind::Plugin(plugin) => plugins::add(to, &layer.name, plugin, x)?,
    })
}

fn convolution<'n>(
    to: &'n NetworkDefinition,
    x: TensorRef<'n>,
    maps: i64,
    groups: i64,
    window: &Window,
    [weights, bias]: [&HostWeights; 2],
) -> Result<Layer<'n>> {
    let layer = to.add_convolution_nd(x, maps, &Dims::new(&window.kernel)?, weights, bias)?;
    layer.set_stride_nd(&Dims::new(&window.stride)?)?;
    layer.set_pre_padding(&Dims::new(&window.pre_padding)?)?;
    layer.set_post_padding(&Dims::new(&window.post_padding)?)?;
    layer.set_dilation_nd(&Dims::new(&window.dilation)?)?;
    layer.set_nb_groups(groups)?;
    Ok(*layer)
}

fn pooling<'n>(
    to: &'n NetworkDefinition,
    x: TensorRef<'n>,
    kind: PoolingType,
    window: &Window,
    exclude_padding: bool,
    round_up: bool,
) -> Result<Layer<'n>> {
    let layer = to.add_pooling_nd(x, kind, &Dims::new(&window.kernel)?)?;
    layer.set_stride_nd(&Dims::new(&window.stride)?)?;
    layer.set_pre_padding(&Dims::new(&window.pre_padding)?)?;
    layer.set_post_padding(&Dims::new(&window.post_padding)?)?;
    layer.set_padding_mode(if round_up { PaddingMode::ExplicitRoundUp } else { PaddingMode::ExplicitRoundDown })?;
    layer.set_average_count_excludes_padding(exclude_padding)?;
    Ok(*layer)
}

fn shuffle<'n>(
    to: &'n NetworkDefinition,
    x: TensorRef<'n>,
    first: Option<&[usize]>,
    reshape: Option<&[i64]>,
    second: Option<&[usize]>,
) -> Result<Layer<'n>> {
    let layer = to.add_shuffle(x)?;
    if let Some(order) = first {
        layer.set_first_transpose(&Permutation::new(order)?)?;
    }
    if let Some(dims) = reshape {
        layer.set_reshape_dimensions(&Dims::new(dims)?)?;
    }
    if let Some(order) = second {
        layer.set_second_transpose(&Permutation::new(order)?)?;
    }
    Ok(*layer)
}

/// A cast layer, or before 8.6 an identity layer with another type.
fn cast<'n>(to: &'n NetworkDefinition, x: TensorRef<'n>, dtype: DataType) -> Result<Layer<'n>> {
    if to.has_cast() {
        return Ok(*to.add_cast(x, dtype)?);
    }
    let layer = to.add_identity(x)?;
    layer.set_output_type(0, dtype)?;
    Ok(*layer)
}

fn extents(shape: &[usize]) -> Result<Dims> {
    Dims::new(&shape.iter().map(|d| *d as i64).collect::<Vec<_>>())
}

pub(super) fn named<T>(found: Option<T>, name: &str) -> Result<T> {
    found.ok_or_else(|| Error::new(Code::Internal, format!("no version of TensorRT has an operation {name}")))
}

fn configure(config: &mut BuilderConfig, library: &Library, network: &Network, options: &Options, typing: Typing) -> Result<()> {
    if let Some(bytes) = options.workspace {
        config.set_memory_pool_limit(MemoryPoolType::Workspace, bytes)?;
    }
    if let Some(level) = options.effort {
        config.set_builder_optimization_level(level)?;
    }
    if !options.compute_capabilities.is_empty() {
        config.set_compute_capabilities(&options.compute_capabilities)?;
    }
    if typing == Typing::Weak {
        types::allow(config, network)?;
    }
    // Networks with an implicit batch have no profiles.
    let profiles = library.abi().release.version.major == 8 && network.batch.is_none();
    if profiles && PreviewFeature::ProfileSharing0806.raw(library.abi()).is_ok() {
        config.set_preview_feature(PreviewFeature::ProfileSharing0806, true)?;
    }
    if let Some(tell) = &options.progress {
        config.set_progress(tell.clone())?;
    }
    Ok(())
}

/// The largest batch of an engine whose batch is implicit.
fn largest(batch: &Dim, ranges: &[Range<Bindings>]) -> Result<i32> {
    let most = batch.as_const().or_else(|| ranges.iter().filter_map(|r| batch.eval(&r.max)).max());
    let most = most.ok_or_else(|| Error::new(Code::BadOption, format!("the batch {batch} is free: give its largest extent")))?;
    i32::try_from(most).map_err(|_| Error::new(Code::BadOption, format!("a batch of up to {most}")))
}

/// One profile per range of symbols, where the network has a dynamic input.
fn add_profiles(builder: &Builder, config: &mut BuilderConfig, network: &Network, ranges: &[Range<Bindings>]) -> Result<()> {
    let inputs = || network.inputs.iter().map(|id| network.tensor(*id));
    let Some(dynamic) = inputs().find(|t| shape::as_usizes(&t.dims).is_none()) else { return Ok(()) };
    let text = shape::text(&dynamic.dims);
    ensure!(!ranges.is_empty(), BadOption, "input '{}' of shape {text} is dynamic: give least, best and largest extents", dynamic.name);
    for range in ranges {
        let mut profile = builder.profile()?;
        for tensor in inputs().filter(|t| shape::as_usizes(&t.dims).is_none()) {
            let at = |bindings: &Bindings| -> Result<Vec<i64>> {
                let found = shape::eval(&tensor.dims, bindings).context(|| format!("input '{}'", tensor.name))?;
                Ok(found.into_iter().map(|d| d as i64).collect())
            };
            let (a, opt, b) = (at(&range.min)?, at(&range.opt)?, at(&range.max)?);
            // An expression can be smallest where its symbols are largest.
            let each = |pick: fn(i64, i64) -> i64| (0..opt.len()).map(|i| pick(pick(a[i], b[i]), opt[i])).collect();
            profile.set_dimensions(&tensor.name, &Range { min: each(i64::min), max: each(i64::max), opt })?;
        }
        config.add_profile(&profile)?;
    }
    Ok(())
}
