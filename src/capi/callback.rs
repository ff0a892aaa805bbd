//! A caller's function with its user pointer and the finalizer that ends it.

use std::ffi::c_void;

/// Ends a user pointer: called once, by the thread that deletes the last object that holds the callback. May be NULL.
pub type tvmtrt_finalizer_t = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// A function of the caller's with its user pointer. Dropping it runs the finalizer.
pub struct Callback<F> {
    /// The function.
    pub function: F,
    /// What it is handed.
    pub user: *mut c_void,
    finalizer: tvmtrt_finalizer_t,
}

// SAFETY: the header demands of every callback that it, its user pointer and its finalizer may be used by any thread.
unsafe impl<F> Send for Callback<F> {}
// SAFETY: as above; the fields are only read.
unsafe impl<F> Sync for Callback<F> {}

impl<F> Callback<F> {
    /// Takes over `user`.
    pub fn new(function: F, user: *mut c_void, finalizer: tvmtrt_finalizer_t) -> Callback<F> {
        Callback { function, user, finalizer }
    }
}

impl<F> Drop for Callback<F> {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            // SAFETY: the caller gave this pair together, and a drop happens once.
            unsafe { finalizer(self.user) };
        }
    }
}
