//! Where a run's time goes, and TensorRT's account of engines.

use crate::capi::build::tvmtrt_build_t;
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{array, guard, need};
use crate::capi::partition::no_region;
use crate::capi::run::{read_inputs, tvmtrt_argument_t, with_views};
use crate::capi::session::tvmtrt_session_t;
use crate::capi::text::{is_json, tvmtrt_text_t};
use crate::tensor::error::{Code, Error};
use crate::tensor::lists::Lists;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// Runs the session some times on these inputs and says where the time goes: for each engine the layers that TensorRT made of it, with
/// microseconds and the nodes of the model that they came from, and each step of our own kernels. TensorRT fuses nodes and renames them;
/// engines that were built with the option `profiling_verbosity` at `detailed` tell more of the names. Layers are waited for one by one,
/// so that together they take longer than a run, whose mean is given beside them. Outputs are thrown away.
///
/// It has a stream's order with `tvmtrt_session_set_stream`, takes memory and contexts of its own, and waits for all work on the GPU when
/// it gives these back: for looking at a model, not for serving it.
///
/// \param session Changed.
/// \param inputs The inputs, as for `tvmtrt_run`.
/// \param input_count How many.
/// \param runs How many runs are timed; some hundred are usual.
/// \param format `TVMTRT_FORMAT_TEXT` or `TVMTRT_FORMAT_JSON`.
/// \param out Gets the profile: the caller's, to be deleted.
/// \return NULL, or an error: those of `tvmtrt_run` for inputs, TVMTRT_ERROR_INVALID_ARGUMENT for no runs, an unknown format, or while
///     another thread runs the session.
///
/// Thread safety: one thread at a time for one session; a second one gets an error.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_session_profile(
    session: Option<NonNull<tvmtrt_session_t>>,
    inputs: *const tvmtrt_argument_t,
    input_count: usize,
    runs: usize,
    format: u32,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let json = is_json(format)?;
        // SAFETY: a live session or NULL, as the header demands; it is only borrowed, so that a second thread can be refused.
        let mut session = unsafe { need(session, "session")?.as_ref() }.take()?;
        let build = session.build().clone();
        // SAFETY: an array of arguments, and what each points to, as the header demands; all is lent for this call.
        let profile = unsafe {
            let lists = Lists::new();
            let layouts = read_inputs(array(inputs, input_count, "inputs")?, build.inputs(), &lists)?;
            with_views(&layouts, &lists, |views| session.profile(views, runs))
        }?;
        tvmtrt_text_t::put(&if json { profile.json() } else { profile.to_string() }, out)
    })
}

/// TensorRT's own account of a region's engine, as JSON: its layers after fusion. How much it says of each is for the option
/// `profiling_verbosity`.
///
/// \param build Lent.
/// \param region Counted from 0, as in the partition.
/// \param out Gets the account: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT where there is no such region, or it has no engine that runs here.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_build_engine_layers(
    build: Option<&tvmtrt_build_t>,
    region: usize,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let build = need(build, "build")?.build();
        let state = build.region_state(region).ok_or_else(|| no_region(region, build.partition.region_count()))?;
        let none = || Error::new(Code::InvalidArgument, format!("region {region} has no engine that runs here: {state}"));
        let loaded = build.loaded(region).ok_or_else(none)?;
        tvmtrt_text_t::put(&loaded.inspect()?, out)
    })
}
