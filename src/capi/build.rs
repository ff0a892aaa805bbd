//! `tvmtrt_build_t`: a partition with an engine or kernels for each region.

use crate::capi::error::tvmtrt_error_t;
use crate::capi::given::Given;
use crate::capi::guard::{guard, need, quiet};
use crate::capi::option_read;
use crate::capi::options::tvmtrt_options_t;
use crate::capi::partition::{no_region, tvmtrt_partition_t};
use crate::capi::text::tvmtrt_text_t;
use crate::capi::value::tvmtrt_value_t;
use crate::session::build::Build;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null;
use std::sync::Arc;

/// A partition made ready to run. Any number of threads may use it. Runs change nothing of it, unless the option `engine_build` lets
/// them build engines.
#[derive(Debug, Clone)]
pub struct tvmtrt_build_t(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    build: Arc<Build>,
    inputs: Vec<tvmtrt_value_t>,
    outputs: Vec<tvmtrt_value_t>,
    given: Given,
}

impl tvmtrt_build_t {
    /// Wraps a build that was made with these options.
    pub fn new(build: Build, given: Given) -> tvmtrt_build_t {
        let (inputs, outputs) = (tvmtrt_value_t::list(build.inputs()), tvmtrt_value_t::list(build.outputs()));
        tvmtrt_build_t(Arc::new(Shared { build: Arc::new(build), inputs, outputs, given }))
    }

    /// The options that were set when it and its partition were made.
    pub fn given(&self) -> &Given {
        &self.0.given
    }

    /// The build.
    pub fn build(&self) -> &Arc<Build> {
        &self.0.build
    }
}

/// Builds an engine or kernels for each region. A region that TensorRT cannot serve here (no library, no GPU and no `target_sm`)
/// gets kernels instead; `tvmtrt_build_region_state` says so. With the option `engine_cache`, an engine that was built before, by
/// whatever process, is not built again.
///
/// \param partition Lent; kept alive by the result.
/// \param options Read: `avg_timing_iterations`, `builder_optimization_level`, `builder_threads`, `calibration`, `compilation_cache`,
///     `cpu_instruction_set`, `device`, `distributive_independence`, `dump_folder`, `engine_batch`,
///     `engine_build`, `engine_cache`, `engine_cache_limit`,
///     `engine_cache_mode`, `exclude_lean_runtime`, `hardware_compatibility`, `keep_float32`, `l2_limit_for_tiling`, `log_level`,
///     `max_aux_streams`, `max_tactics`, `max_workspace_size`, `plugin_libraries`, `precision`, `preview_features`, `profiles`,
///     `profiling_verbosity`, `refit`, `runtime_platform`, `sparse_weights`, `strict_nans`, `strip_weights`,
///     `tactic_dram_size`, `tactic_shared_memory_size`, `tactic_sources`, `target_sm`, `tensorrt_force_version`,
///     `tensorrt_library`, `tf32`, `tiling_optimization_level`, `timing_cache`, `timing_cache_file`, `version_compatible`,
///     `weight_streaming`. NULL for defaults.
/// \param out Gets the build: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_BAD_OPTION, TVMTRT_ERROR_OFFLOAD_IMPOSSIBLE (offload is `on`),
///     TVMTRT_ERROR_TENSORRT_BUILD, TVMTRT_ERROR_TENSORRT_UNSUPPORTED (an option that this version lacks), TVMTRT_ERROR_CPU_CODE,
///     TVMTRT_ERROR_CANCELLED (by the progress callback), TVMTRT_ERROR_UNKNOWN_NAME (`profiles`), TVMTRT_ERROR_CUDA (`device`).
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_build(
    partition: Option<&tvmtrt_partition_t>,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_build_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let (partition, out) = (need(partition, "partition")?, need(out, "out")?);
        let options = option_read::or_default(options);
        let build = Build::new(partition.partition(), &option_read::build(&options)?)?;
        out.write(Box::new(tvmtrt_build_t::new(build, partition.given().with(&Given::of(&options)))));
        Ok(())
    })
}

/// Says where a region runs and why, in one line.
///
/// \param build Lent.
/// \param region Counted from 0, as in the partition.
/// \param out Gets the line: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT where there is no such region.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_build_region_state(
    build: Option<&tvmtrt_build_t>,
    region: usize,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let build = need(build, "build")?.build();
        let state = build.region_state(region).ok_or_else(|| no_region(region, build.partition.region_count()))?;
        tvmtrt_text_t::put(&state, out)
    })
}

/// The number of regions that have a TensorRT engine by now.
///
/// \param build Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_engine_count(build: Option<&tvmtrt_build_t>) -> usize {
    quiet(0, || build.map_or(0, |b| (0..b.build().partition.region_count()).filter(|r| b.build().has_engine(*r)).count()))
}

/// The serialised TensorRT engine of a region. Where runs build engines, it is the one that was built last when this or
/// `tvmtrt_build_engine_size` was first called after there was one.
///
/// \param build Lent, or NULL.
/// \param region Counted from 0, as in the partition.
/// \return `tvmtrt_build_engine_size` bytes that live as long as the build; NULL where the region has no engine.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_engine_data(build: Option<&tvmtrt_build_t>, region: usize) -> *const c_void {
    quiet(null(), || build.and_then(|b| b.build().engine(region)).map_or(null(), |e| e.as_ptr().cast()))
}

/// The size of a region's serialised TensorRT engine.
///
/// \param build Lent, or NULL.
/// \param region Counted from 0, as in the partition.
/// \return Bytes; 0 where the region has no engine.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_engine_size(build: Option<&tvmtrt_build_t>, region: usize) -> usize {
    quiet(0, || build.and_then(|b| b.build().engine(region)).map_or(0, |e| e.len()))
}

/// The number of inputs.
///
/// \param build Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_input_count(build: Option<&tvmtrt_build_t>) -> usize {
    quiet(0, || build.map_or(0, |b| b.0.inputs.len()))
}

/// An input of `tvmtrt_run`.
///
/// \param build Lent, or NULL.
/// \param index Counted from 0.
/// \return Lent by the build; NULL where there is no such input.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_input(build: Option<&tvmtrt_build_t>, index: usize) -> Option<&tvmtrt_value_t> {
    quiet(None, || build.and_then(|b| b.0.inputs.get(index)))
}

/// The number of outputs.
///
/// \param build Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_output_count(build: Option<&tvmtrt_build_t>) -> usize {
    quiet(0, || build.map_or(0, |b| b.0.outputs.len()))
}

/// An output of `tvmtrt_run`.
///
/// \param build Lent, or NULL.
/// \param index Counted from 0.
/// \return Lent by the build; NULL where there is no such output.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_output(build: Option<&tvmtrt_build_t>, index: usize) -> Option<&tvmtrt_value_t> {
    quiet(None, || build.and_then(|b| b.0.outputs.get(index)))
}

/// Another handle of the same build.
///
/// \param build Lent, or NULL.
/// \return The caller's, to be deleted; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_clone(build: Option<&tvmtrt_build_t>) -> Option<Box<tvmtrt_build_t>> {
    quiet(None, || build.cloned().map(Box::new))
}

/// Deletes a handle. The build lives as long as anything that was made from it.
///
/// \param build Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_build_delete(build: Option<Box<tvmtrt_build_t>>) {
    quiet((), || drop(build));
}
