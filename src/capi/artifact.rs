//! Builds as files: save and load.

use crate::artifact::elf::Machine;
use crate::artifact::file::{Artifact, Engines, Form};
use crate::capi::build::tvmtrt_build_t;
use crate::capi::error::tvmtrt_error_t;
use crate::capi::given::{Given, over};
use crate::capi::guard::{array, guard, need};
use crate::capi::model::file_name;
use crate::capi::option_read::{self, is_on, or_default, value};
use crate::capi::options::tvmtrt_options_t;
use crate::partition::options::Offload;
use crate::session::artifact::{LoadOptions, SaveOptions, load, save};
use crate::session::slot::When;
use crate::tensor::error::Result;
use bytes::Bytes;
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

/// Saves a build as one file, an artifact: the graph, its weights, how it was split, its TensorRT engines, and the options that
/// `tvmtrt_partition` and `tvmtrt_build` were given, but for paths and what is of this machine. `tvmtrt_build_load` needs nothing else.
///
/// A path that ends in `.so` becomes a shared object that holds the same: `tvmtrt_build_load` takes it by path; a program that links with it
/// or opens it finds the variables `tvmtrt_artifact_data` (`const void *`) and `tvmtrt_artifact_size` (`uint64_t`), for
/// `tvmtrt_build_load_memory`. Other names are free; `.tvmtrt` is usual. `docs/artifact.md` describes the file.
///
/// The file appears whole or not at all. A build that was loaded from `path` itself may be saved there.
///
/// \param build Lent.
/// \param path The file; NUL-terminated.
/// \param options Read: `artifact_engines`, `artifact_machine`, `log_level`. NULL for defaults.
/// \return NULL, or an error: TVMTRT_ERROR_IO, TVMTRT_ERROR_INVALID_ARGUMENT (a path without a name).
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_build_save(
    build: Option<&tvmtrt_build_t>,
    path: *const c_char,
    options: Option<&tvmtrt_options_t>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: a NUL-terminated string or NULL, as the header demands.
        let path = unsafe { file_name(path) }?;
        let build = need(build, "build")?;
        save(build.build(), path, &save_options(&or_default(options), build.given()))
    })
}

/// Options of `tvmtrt_build_save`, for a build that was made with `given`.
pub fn save_options(options: &tvmtrt_options_t, given: &Given) -> SaveOptions {
    let engines = match value(options, "artifact_engines") {
        "beside" => Engines::Beside,
        "none" => Engines::Nowhere,
        _ => Engines::Inside,
    };
    let machine = Machine::named(value(options, "artifact_machine")).unwrap_or_default();
    SaveOptions { form: Form { engines, machine, always_wide: false }, options: given.pairs(), log: option_read::log(options) }
}

/// Loads a build that `tvmtrt_build_save` wrote, here or on another machine. The file is mapped and its weights are used in place: replace
/// the file if you must, but do not change it while the build is used. Weights are trusted unless `artifact_verify` is on.
///
/// Engines that fit this machine's TensorRT and GPU are loaded. Where none does, a warning names the region, which runs on our own code;
/// with `engine_build` an engine is built for it here. Our own code is compiled when a session is first made.
///
/// Options that are not set are those that the build was made with. How the model was split and its shapes stay as they are.
///
/// \param path The artifact, or a shared object with one in it, for whatever processor; NUL-terminated.
/// \param options Read: `artifact_verify`, `avg_timing_iterations`, `builder_optimization_level`, `builder_threads`, `calibration`,
///     `compilation_cache`, `cpu_instruction_set`, `device`, `distributive_independence`, `dump_folder`, `engine_batch`,
///     `engine_build`, `engine_cache`, `engine_cache_limit`, `engine_cache_mode`, `exclude_lean_runtime`, `hardware_compatibility`,
///     `keep_float32`, `l2_limit_for_tiling`, `log_level`, `max_aux_streams`, `max_tactics`, `max_workspace_size`, `offload`,
///     `plugin_libraries`, `precision`, `preview_features`, `profiles`, `profiling_verbosity`, `refit`, `runtime_platform`,
///     `sparse_weights`, `strict_nans`, `strip_weights`, `tactic_dram_size`, `tactic_shared_memory_size`, `tactic_sources`,
///     `target_sm`, `tensorrt_force_version`, `tensorrt_library`, `tf32`, `tiling_optimization_level`, `timing_cache`,
///     `timing_cache_file`, `version_compatible`, `weight_streaming`. NULL for defaults.
/// \param out Gets the build: the caller's, to be deleted.
/// \return NULL, or an error that names file and entry: TVMTRT_ERROR_IO, TVMTRT_ERROR_MALFORMED_MODEL (cut or altered),
///     TVMTRT_ERROR_UNSUPPORTED_MODEL (of a newer format), TVMTRT_ERROR_UNSUPPORTED_OPERATOR; or one of `tvmtrt_build`.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_build_load(
    path: *const c_char,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_build_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: a NUL-terminated string or NULL, as the header demands.
        let path = unsafe { file_name(path) }?;
        let out = need(out, "out")?;
        out.write(Box::new(build(&Artifact::open(path)?, &or_default(options))?));
        Ok(())
    })
}

/// Loads a build from memory that holds an artifact, such as one that a program is linked with. The bytes are used in place.
///
/// \param data The bytes of an artifact, at an address that is a multiple of 64 where weights are not to be copied. Lent until the build
///     and all that was made from it are deleted; they must not change meanwhile.
/// \param size How many.
/// \param options As of `tvmtrt_build_load`. NULL for defaults.
/// \param out Gets the build: the caller's, to be deleted.
/// \return NULL, or an error, as of `tvmtrt_build_load`.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_build_load_memory(
    data: *const c_void,
    size: usize,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_build_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: `size` bytes or NULL, which the header demands to live as long as whatever is made from them.
        let data: &'static [u8] = unsafe { array(data.cast::<u8>(), size, "data") }?;
        let out = need(out, "out")?;
        out.write(Box::new(build(&Artifact::of_bytes(Bytes::from_static(data))?, &or_default(options))?));
        Ok(())
    })
}

/// The build of an artifact, with the options of the call over those of the artifact.
pub fn build(artifact: &Artifact, call: &tvmtrt_options_t) -> Result<tvmtrt_build_t> {
    let options = over(call, &artifact.options()?, &option_read::log(call));
    let mut plan = option_read::partition(&options)?.plan;
    plan.offload = match value(call, "offload") {
        "on" => Offload::On,
        "off" => Offload::Off,
        _ => Offload::Default,
    };
    let mut build = option_read::build(&options)?;
    // To build takes long: it is done where this call asks for it, or runs may.
    if build.engines.when == When::Ahead && call.given("engine_build").is_none() {
        build.engines.when = When::Never;
    }
    let loaded = load(artifact, &LoadOptions { plan, build, verify: is_on(call, "artifact_verify") })?;
    Ok(tvmtrt_build_t::new(loaded, Given::of(&options)))
}
