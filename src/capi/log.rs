//! Log lines for a caller's function.

use crate::capi::callback::{Callback, tvmtrt_finalizer_t};
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{guard, need};
use crate::capi::options::tvmtrt_options_t;
use crate::capi::text::c_string;
use crate::session::log::Sink;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Something failed.
pub const TVMTRT_LOG_ERROR: u32 = 1;
/// Something works, but not as asked for or not as fast.
pub const TVMTRT_LOG_WARNING: u32 = 2;
/// What was chosen.
pub const TVMTRT_LOG_INFO: u32 = 3;
/// For finding faults.
pub const TVMTRT_LOG_DEBUG: u32 = 4;

/// Takes a log line. `level` is one of `TVMTRT_LOG_...`; `message` is UTF-8 and lives until the function returns.
///
/// Called by the thread that is inside a tvmtrt function and by worker threads of tvmtrt, TensorRT and the CPU kernels, at times
/// by several at once. Must not unwind, must not call tvmtrt.
pub type tvmtrt_log_callback_t = Option<unsafe extern "C" fn(user: *mut c_void, level: u32, message: *const c_char)>;

/// Sends log lines to `callback` instead of to standard error. The option `log_level` says which lines.
///
/// \param options Changed.
/// \param callback The function; NULL goes back to standard error.
/// \param user Handed to the function. Given away on success: `finalizer` ends it.
/// \param finalizer Called once with `user`, when the options and every object made with them are deleted; may be NULL.
/// \return NULL, or an error, after which `user` is still the caller's: TVMTRT_ERROR_NULL_POINTER.
///
/// Thread safety: one thread at a time for one options object.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_options_set_log_callback(
    options: Option<&mut tvmtrt_options_t>,
    callback: tvmtrt_log_callback_t,
    user: *mut c_void,
    finalizer: tvmtrt_finalizer_t,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let options = need(options, "options")?;
        let held = Callback::new(callback, user, finalizer);
        options.log = held.function.is_some().then(|| sink(held));
        Ok(())
    })
}

fn sink(held: Callback<tvmtrt_log_callback_t>) -> Sink {
    Arc::new(move |level, line| {
        let held = &held;
        if let Some(function) = held.function {
            // SAFETY: the caller promised a function that takes these from any thread; the text outlives the call.
            unsafe { function(held.user, level as u32, c_string(line).as_ptr()) };
        }
    })
}
