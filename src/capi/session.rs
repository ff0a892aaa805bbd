//! `tvmtrt_session_t`: the memory and threads in which one thread at a time runs a build.

use crate::capi::build::tvmtrt_build_t;
use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{guard, need, quiet};
use crate::capi::option_read;
use crate::capi::options::tvmtrt_options_t;
use crate::cuda::stream::StreamRef;
use crate::session::run::Session;
use crate::tensor::error::{Code, Error, Result};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, TryLockError};

/// What one thread at a time needs to run a build. Make as many from one build as threads run it.
#[derive(Debug)]
pub struct tvmtrt_session_t(Mutex<Session>);

impl tvmtrt_session_t {
    /// Wraps a session.
    pub fn new(session: Session) -> tvmtrt_session_t {
        tvmtrt_session_t(Mutex::new(session))
    }

    /// The session, for one run; an error while another thread has it.
    pub fn take(&self) -> Result<MutexGuard<'_, Session>> {
        self.0.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => {
                Error::new(Code::InvalidArgument, "another thread is running this session; make one session for each thread")
            }
            TryLockError::Poisoned(_) => Error::new(Code::Internal, "an earlier run of this session met a defect; make a new session"),
        })
    }
}

/// Makes a session.
///
/// \param build Lent; kept alive by the result.
/// \param options Read: `cuda_graph`, `log_level`, `threads`. NULL for defaults.
/// \param out Gets the session: the caller's, to be deleted.
/// \return NULL, or an error.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_session_new(
    build: Option<&tvmtrt_build_t>,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_session_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let (build, out) = (need(build, "build")?, need(out, "out")?);
        let options = option_read::session(&option_read::or_default(options))?;
        out.write(Box::new(tvmtrt_session_t::new(Session::new(build.build(), &options)?)));
        Ok(())
    })
}

/// From now on, the session's work on a GPU is queued on the caller's stream, behind what is queued there. A run whose outputs are all
/// on the GPU then returns while its work is under way; one with an output in host memory returns when that is complete. Without a
/// stream of the caller's, a session has its own, and every run returns when it is complete.
///
/// \param session Changed.
/// \param stream A `cudaStream_t` or `CUstream` of the GPU that the session's engines are on; it must live until the session is deleted
///     or has another stream. NULL is CUDA's default stream.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT while another thread runs the session.
///
/// Thread safety: one thread at a time for one session.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_session_set_stream(session: Option<&tvmtrt_session_t>, stream: *mut c_void) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        need(session, "session")?.take()?.set_stream(Some(StreamRef(stream)));
        Ok(())
    })
}

/// Waits until all work that the session has queued is done.
///
/// \param session Lent.
/// \return NULL, or an error: TVMTRT_ERROR_CUDA where that work failed, TVMTRT_ERROR_INVALID_ARGUMENT while another thread runs the
///     session.
///
/// Thread safety: one thread at a time for one session.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_session_synchronize(session: Option<&tvmtrt_session_t>) -> Option<Box<tvmtrt_error_t>> {
    guard(|| need(session, "session")?.take()?.synchronize())
}

/// Deletes a session. Waits for the session's own work only. Outputs that were returned live on.
///
/// \param session Given away; NULL is allowed.
///
/// Thread safety: any thread, once, while none runs the session.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_session_delete(session: Option<Box<tvmtrt_session_t>>) {
    quiet((), || drop(session));
}
