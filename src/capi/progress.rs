//! Progress of builds for a caller's function, which can stop them.

use crate::capi::callback::{Callback, tvmtrt_finalizer_t};
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{guard, need};
use crate::capi::options::tvmtrt_options_t;
use crate::capi::text::c_string;
use crate::session::engines::Watch;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Hears how the engine of `region` comes along: `done` of `total` steps of `phase`; `total` is 0 where nobody knows it. The texts
/// are UTF-8 and live until the function returns.
///
/// Returns 0 to stop: `tvmtrt_build`, or the `tvmtrt_run` that builds, then fails with TVMTRT_ERROR_CANCELLED; a later run builds anew.
/// Anything else goes on.
///
/// Called by threads of TensorRT (10 and newer), and while another process builds the same engine. Must not unwind, must not call
/// tvmtrt.
pub type tvmtrt_progress_callback_t =
    Option<unsafe extern "C" fn(user: *mut c_void, region: *const c_char, phase: *const c_char, done: usize, total: usize) -> i32>;

/// Tells `callback` how builds of engines come along, and lets it stop them.
///
/// \param options Changed.
/// \param callback The function; NULL for none.
/// \param user Handed to the function. Given away on success: `finalizer` ends it.
/// \param finalizer Called once with `user`, when the options and every object made with them are deleted; may be NULL.
/// \return NULL, or an error, after which `user` is still the caller's: TVMTRT_ERROR_NULL_POINTER.
///
/// Thread safety: one thread at a time for one options object.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_options_set_progress_callback(
    options: Option<&mut tvmtrt_options_t>,
    callback: tvmtrt_progress_callback_t,
    user: *mut c_void,
    finalizer: tvmtrt_finalizer_t,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let options = need(options, "options")?;
        let held = Callback::new(callback, user, finalizer);
        options.watch = held.function.is_some().then(|| watch(held));
        Ok(())
    })
}

fn watch(held: Callback<tvmtrt_progress_callback_t>) -> Watch {
    Arc::new(move |region, phase, done, total| {
        let held = &held;
        let (region, phase) = (c_string(region), c_string(phase));
        // SAFETY: the caller promised a function that takes these from any thread; the texts outlive the call.
        held.function.is_none_or(|f| unsafe { f(held.user, region.as_ptr(), phase.as_ptr(), done, total) } != 0)
    })
}
