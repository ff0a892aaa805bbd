//! The boundary: no panic crosses it, and pointers that come over it are looked at here first.

use crate::capi::error::tvmtrt_error_t;
use crate::tensor::error::{Code, Error, Result};
use std::any::Any;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of a fallible export.
pub fn guard(body: impl FnOnce() -> Result<()>) -> Option<Box<tvmtrt_error_t>> {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(defect(&*panic)));
    result.err().map(|e| Box::new(tvmtrt_error_t::from(e)))
}

/// Runs the body of an export that cannot fail; `fallback` is its answer should it panic.
pub fn quiet<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

fn defect(panic: &(dyn Any + Send)) -> Error {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let words = words.unwrap_or("no message");
    Error::new(Code::Internal, format!("a defect in tvmtrt: {words}; please report it with the model and the calls that led here"))
}

/// The error for a pointer that is NULL.
pub fn null(what: &str) -> Error {
    Error::new(Code::NullPointer, format!("{what} is NULL"))
}

/// The object behind a pointer that must not be NULL.
pub fn need<T>(pointer: Option<T>, what: &str) -> Result<T> {
    pointer.ok_or_else(|| null(what))
}

/// A string of the caller's. `what` names the argument.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that lives for `'a`.
pub unsafe fn string<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    // SAFETY: this function's own contract.
    match unsafe { optional_string(text, what) }? {
        Some(text) => Ok(text),
        None => Err(null(what)),
    }
}

/// A string of the caller's that may be NULL.
///
/// # Safety
/// As for [`string`].
pub unsafe fn optional_string<'a>(text: *const c_char, what: &str) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, so a NUL-terminated string that lives for 'a.
    let text = unsafe { CStr::from_ptr(text) };
    match text.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(e) => Err(Error::new(Code::InvalidArgument, format!("{what} is not UTF-8: {e}"))),
    }
}

/// An array of the caller's; NULL is allowed where `count` is 0. `what` names the argument.
///
/// # Safety
/// `data` is NULL or points to `count` values of `T` that live and do not change for `'a`.
pub unsafe fn array<'a, T>(data: *const T, count: usize, what: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Error::new(Code::NullPointer, format!("{what} is NULL, but its count is {count}")));
    }
    if !data.is_aligned() || count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Error::new(Code::InvalidArgument, format!("{what} is no array of {count} elements")));
    }
    // SAFETY: not NULL, aligned, of a possible size, and alive by this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(data, count) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = guard(|| panic!("boom {}", 7)).expect("an error");
        assert_eq!(error.code(), Code::Internal as u32);
        assert!(error.message().to_str().unwrap().contains("boom 7"));
        assert!(guard(|| Ok(())).is_none());
        assert_eq!(quiet(3, || panic!("boom")), 3);
    }
}
