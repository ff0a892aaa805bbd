//! Ownership of TensorRT's objects: each is deleted once, and after everything that was made from it.

#![allow(unsafe_code)]

use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::P;
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::Listener;
use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;
use std::sync::Arc;

/// An object that is ours to delete. What it was made from lives at least as long.
pub(super) struct Object {
    pub(super) library: &'static Library,
    pub(super) pointer: P,
    parent: Option<Arc<Object>>,
}

// SAFETY: no object is bound to the thread that made it.
unsafe impl Send for Object {}
// SAFETY: the fields are only read. Calls through the pointer are the business of the types that hold an object: all but engines
// and host memory, which TensorRT lets several threads read, are kept to one thread by `OneThread` or `NotShared`.
unsafe impl Sync for Object {}

/// Keeps the type that holds it on the thread that made it: a builder and what it made share more than they show.
#[derive(Clone, Copy, Default)]
pub(super) struct OneThread(PhantomData<*const ()>);

/// Keeps the type that holds it to one thread at a time.
#[derive(Default)]
pub(super) struct NotShared(PhantomData<std::cell::Cell<()>>);

impl Object {
    /// Takes a new object, unless TensorRT returned null: then `what` failed, for the reasons that the listener heard.
    pub(super) fn new(
        library: &'static Library,
        parent: Option<Arc<Object>>,
        pointer: P,
        listener: &Listener,
        what: &str,
    ) -> Result<Object> {
        if pointer.is_null() {
            return Err(refused(library, listener, what));
        }
        Ok(Object { library, pointer, parent })
    }

    pub(super) fn parent(&self) -> Option<&Arc<Object>> {
        self.parent.as_ref()
    }

    pub(super) fn abi(&self) -> &'static Abi {
        self.library.abi()
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: every wrapper class begins with its two destructors (the tables' generator checks it), of which the second also
        // frees. The object is ours, and it is not used after this.
        unsafe {
            let table = *self.pointer.cast::<*const unsafe extern "C" fn(P)>();
            (*table.add(1))(self.pointer);
        }
    }
}

/// The error for something that TensorRT refused, with its own words.
pub(super) fn refused(library: &Library, listener: &Listener, what: &str) -> Error {
    let words = listener.take();
    let words = if words.is_empty() { "it gave no reason" } else { words.as_str() };
    Error::new(Code::TensorRtBuild, format!("{} refused {what}: {words}", library.release()))
}

/// A name as TensorRT takes it.
pub(super) fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(Code::InvalidArgument, format!("{text:?} holds a zero byte")))
}

/// A copy of a string that TensorRT owns; empty for null.
///
/// # Safety
/// The pointer is null, or a string that ends with zero and is not changed meanwhile.
pub(super) unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: by this function's contract.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}
