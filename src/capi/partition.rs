//! `tvmtrt_partition_t`: a model split between TensorRT and our own kernels.

use crate::capi::dlpack::{DLDataType, element_type};
use crate::capi::error::tvmtrt_error_t;
use crate::capi::given::Given;
use crate::capi::guard::{array, guard, need, quiet, string};
use crate::capi::model::tvmtrt_model_t;
use crate::capi::option_read;
use crate::capi::options::tvmtrt_options_t;
use crate::capi::text::{TVMTRT_FORMAT_DOT, TVMTRT_FORMAT_SVG, is_json, tvmtrt_text_t};
use crate::capi::value::tvmtrt_value_t;
use crate::session::partition::Partition;
use crate::session::shapes::InputSpec;
use crate::tensor::error::{Code, Context, Error, Result};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// The shape of one input, by name. Made by the caller; nothing of it is kept.
#[derive(Debug)]
#[repr(C)]
pub struct tvmtrt_shape_t {
    /// The input's name.
    pub name: *const c_char,
    /// Its extents, outermost first; -1 leaves one as the model has it.
    pub dims: *const i64,
    /// How many extents.
    pub rank: usize,
    /// Its element type, to be checked against the model's; all zero: not checked. Inputs are never converted.
    pub dtype: DLDataType,
}

/// A model split between TensorRT and our own kernels. Never changes; any number of threads may use it.
#[derive(Debug, Clone)]
pub struct tvmtrt_partition_t(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    partition: Arc<Partition>,
    inputs: Vec<tvmtrt_value_t>,
    outputs: Vec<tvmtrt_value_t>,
    given: Given,
}

impl tvmtrt_partition_t {
    /// Wraps a partition.
    pub fn new(partition: Partition, given: Given) -> tvmtrt_partition_t {
        let (inputs, outputs) = (tvmtrt_value_t::list(&partition.inputs), tvmtrt_value_t::list(&partition.outputs));
        tvmtrt_partition_t(Arc::new(Shared { partition: Arc::new(partition), inputs, outputs, given }))
    }

    /// The options that were set when it was made.
    pub fn given(&self) -> &Given {
        &self.0.given
    }

    /// The partition.
    pub fn partition(&self) -> &Arc<Partition> {
        &self.0.partition
    }
}

impl tvmtrt_shape_t {
    /// # Safety
    /// The pointers are NULL or as the header demands.
    unsafe fn read(&self) -> Result<InputSpec> {
        // SAFETY: a NUL-terminated string or NULL, by this function's contract.
        let name = unsafe { string(self.name, "name") }?.to_string();
        // SAFETY: `rank` numbers or NULL, by this function's contract.
        let dims = unsafe { array(self.dims, self.rank, "dims") }.context(|| format!("input '{name}'"))?;
        let dtype = match self.dtype == DLDataType::default() {
            true => None,
            false => Some(element_type(self.dtype).context(|| format!("input '{name}'"))?),
        };
        Ok(InputSpec { name, dtype, dims: dims.iter().map(|d| (*d != -1).then_some(*d)).collect() })
    }
}

/// Splits a model between TensorRT and our own kernels, for given shapes. Needs neither a GPU nor TensorRT.
///
/// Extents that no shape fixes and that the option `symbols` does not bound stay free: a build serves all their values.
///
/// \param model Lent; kept alive by the result.
/// \param shapes Shapes of inputs by name; those not named stay as the model has them. NULL if there are none.
/// \param shape_count How many.
/// \param options Read: `keep_off_nodes`, `keep_off_operators`, `log_level`, `max_regions`, `max_workspace_size`,
///     `min_region_size`, `offload`, `plugin_libraries`, `remove_no_mac_subgraphs`, `symbols`, `tensorrt_force_version`, `tensorrt_library`,
///     `tensorrt_version`, `use_implicit_batch`, the region filter. NULL for defaults.
/// \param out Gets the partition: the caller's, to be deleted.
/// \return NULL, or an error that names the input: TVMTRT_ERROR_UNKNOWN_NAME, TVMTRT_ERROR_DUPLICATE_NAME,
///     TVMTRT_ERROR_WRONG_DTYPE, TVMTRT_ERROR_WRONG_SHAPE; or TVMTRT_ERROR_BAD_OPTION, TVMTRT_ERROR_OFFLOAD_IMPOSSIBLE,
///     TVMTRT_ERROR_UNSUPPORTED_OPERATOR (names the nodes that no plugin knows).
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_partition(
    model: Option<&tvmtrt_model_t>,
    shapes: *const tvmtrt_shape_t,
    shape_count: usize,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_partition_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let (model, out) = (need(model, "model")?, need(out, "out")?);
        // SAFETY: an array of shapes, and what each points to, as the header demands.
        let specs = unsafe { read_shapes(shapes, shape_count) }?;
        let options = option_read::or_default(options);
        let partition = Partition::new(model.model(), &specs, &option_read::partition(&options)?)?;
        out.write(Box::new(tvmtrt_partition_t::new(partition, Given::of(&options))));
        Ok(())
    })
}

/// # Safety
/// `shapes` is NULL or as the header demands.
unsafe fn read_shapes(shapes: *const tvmtrt_shape_t, count: usize) -> Result<Vec<InputSpec>> {
    // SAFETY: by this function's contract.
    let shapes = unsafe { array(shapes, count, "shapes") }?;
    // SAFETY: by this function's contract.
    shapes.iter().enumerate().map(|(i, s)| unsafe { s.read() }.context(|| format!("shapes[{i}]"))).collect()
}

/// Says for each node where it went and why, and what would lift each refusal.
///
/// \param partition Lent.
/// \param format `TVMTRT_FORMAT_TEXT`, `TVMTRT_FORMAT_JSON`, `TVMTRT_FORMAT_DOT` or `TVMTRT_FORMAT_SVG`.
/// \param out Gets the account: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_partition_explain(
    partition: Option<&tvmtrt_partition_t>,
    format: u32,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let p = need(partition, "partition")?.partition();
        let text = match format {
            TVMTRT_FORMAT_DOT => p.parts.explain_dot(),
            TVMTRT_FORMAT_SVG => p.parts.explain_svg(),
            _ if is_json(format)? => p.explain_json(),
            _ => p.explain_text(),
        };
        tvmtrt_text_t::put(&text, out)
    })
}

/// The number of regions that are meant for TensorRT.
///
/// \param partition Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_region_count(partition: Option<&tvmtrt_partition_t>) -> usize {
    quiet(0, || partition.map_or(0, |p| p.partition().region_count()))
}

/// The graph of a region as JSON, in the layout of TVM's JSON runtime.
///
/// \param partition Lent.
/// \param region Counted from 0.
/// \param out Gets the JSON: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT where there is no such region.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_partition_region_json(
    partition: Option<&tvmtrt_partition_t>,
    region: usize,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let p = need(partition, "partition")?.partition();
        let json = p.region_json(region)?.ok_or_else(|| no_region(region, p.region_count()))?;
        tvmtrt_text_t::put(&json, out)
    })
}

/// The error for a region that does not exist.
pub fn no_region(region: usize, count: usize) -> Error {
    Error::new(Code::InvalidArgument, format!("there is no region {region}: there are {count}, counted from 0"))
}

/// The number of inputs.
///
/// \param partition Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_input_count(partition: Option<&tvmtrt_partition_t>) -> usize {
    quiet(0, || partition.map_or(0, |p| p.0.inputs.len()))
}

/// An input, with the shape that was fixed for it.
///
/// \param partition Lent, or NULL.
/// \param index Counted from 0.
/// \return Lent by the partition; NULL where there is no such input.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_input(partition: Option<&tvmtrt_partition_t>, index: usize) -> Option<&tvmtrt_value_t> {
    quiet(None, || partition.and_then(|p| p.0.inputs.get(index)))
}

/// The number of outputs.
///
/// \param partition Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_output_count(partition: Option<&tvmtrt_partition_t>) -> usize {
    quiet(0, || partition.map_or(0, |p| p.0.outputs.len()))
}

/// An output, with the shape that follows from the inputs.
///
/// \param partition Lent, or NULL.
/// \param index Counted from 0.
/// \return Lent by the partition; NULL where there is no such output.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_output(partition: Option<&tvmtrt_partition_t>, index: usize) -> Option<&tvmtrt_value_t> {
    quiet(None, || partition.and_then(|p| p.0.outputs.get(index)))
}

/// Another handle of the same partition.
///
/// \param partition Lent, or NULL.
/// \return The caller's, to be deleted; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_clone(partition: Option<&tvmtrt_partition_t>) -> Option<Box<tvmtrt_partition_t>> {
    quiet(None, || partition.cloned().map(Box::new))
}

/// Deletes a handle. The partition lives as long as anything that was made from it.
///
/// \param partition Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_partition_delete(partition: Option<Box<tvmtrt_partition_t>>) {
    quiet((), || drop(partition));
}
