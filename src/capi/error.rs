//! `tvmtrt_error_t`: a code that says what to do and a message that says what happened.

use crate::capi::guard::quiet;
use crate::capi::text::c_string;
use crate::tensor::error::{Code, Error};
use std::ffi::{CStr, CString, c_char};

/// An argument is outside what the function accepts.
pub const TVMTRT_ERROR_INVALID_ARGUMENT: u32 = 1;
/// A pointer that must not be NULL is NULL.
pub const TVMTRT_ERROR_NULL_POINTER: u32 = 2;
/// No input, output, symbol or node has this name.
pub const TVMTRT_ERROR_UNKNOWN_NAME: u32 = 3;
/// A name is given twice.
pub const TVMTRT_ERROR_DUPLICATE_NAME: u32 = 4;
/// An input or output that is needed is not given.
pub const TVMTRT_ERROR_MISSING_NAME: u32 = 5;
/// The element type differs from what the network expects.
pub const TVMTRT_ERROR_WRONG_DTYPE: u32 = 6;
/// The shape differs from what the network expects, or contradicts another one.
pub const TVMTRT_ERROR_WRONG_SHAPE: u32 = 7;
/// The number of inputs or outputs differs.
pub const TVMTRT_ERROR_WRONG_COUNT: u32 = 8;
/// The tensor lies on a device that cannot be used here.
pub const TVMTRT_ERROR_WRONG_DEVICE: u32 = 9;
/// No option has this key.
pub const TVMTRT_ERROR_UNKNOWN_OPTION: u32 = 10;
/// The option's value is not of its type or range, or contradicts another option.
pub const TVMTRT_ERROR_BAD_OPTION: u32 = 11;
/// A file cannot be opened, read or written.
pub const TVMTRT_ERROR_IO: u32 = 100;
/// The model file is cut, damaged or contradicts itself.
pub const TVMTRT_ERROR_MALFORMED_MODEL: u32 = 101;
/// The model uses operators that are not known here; the message names all of them.
pub const TVMTRT_ERROR_UNSUPPORTED_OPERATOR: u32 = 102;
/// The model uses a feature of its format that is not known here.
pub const TVMTRT_ERROR_UNSUPPORTED_MODEL: u32 = 103;
/// Operands of a node do not fit each other.
pub const TVMTRT_ERROR_BAD_GRAPH: u32 = 104;
/// Offload was demanded and is not possible.
pub const TVMTRT_ERROR_OFFLOAD_IMPOSSIBLE: u32 = 200;
/// No TensorRT library was found; the message lists each place tried.
pub const TVMTRT_ERROR_TENSORRT_NOT_FOUND: u32 = 300;
/// The TensorRT library is older than the oldest that can be driven.
pub const TVMTRT_ERROR_TENSORRT_TOO_OLD: u32 = 301;
/// The TensorRT library is newer than every known interface table.
pub const TVMTRT_ERROR_TENSORRT_TOO_NEW: u32 = 302;
/// TensorRT refused to build an engine; the message holds its own words.
pub const TVMTRT_ERROR_TENSORRT_BUILD: u32 = 303;
/// This version of TensorRT has no such function or layer.
pub const TVMTRT_ERROR_TENSORRT_UNSUPPORTED: u32 = 304;
/// A CUDA call failed or there is no CUDA here.
pub const TVMTRT_ERROR_CUDA: u32 = 400;
/// A GPU has not the memory that is needed, or the host has not what a GPU is to reach.
pub const TVMTRT_ERROR_OUT_OF_MEMORY: u32 = 401;
/// Machine code for the CPU could not be made.
pub const TVMTRT_ERROR_CPU_CODE: u32 = 500;
/// What is asked for is not there yet; SUPPORT.md says what is.
pub const TVMTRT_ERROR_NOT_IMPLEMENTED: u32 = 800;

/// This library was built without the part that does it; the message names the part.
pub const TVMTRT_ERROR_UNSUPPORTED: u32 = 801;
/// A defect in this library.
pub const TVMTRT_ERROR_INTERNAL: u32 = 900;
/// A caller's callback asked to stop.
pub const TVMTRT_ERROR_CANCELLED: u32 = 901;

/// A failure: a code (`TVMTRT_ERROR_...`) and a message. Belongs to the caller, who deletes it.
#[derive(Debug)]
pub struct tvmtrt_error_t {
    code: Code,
    message: CString,
}

impl From<Error> for tvmtrt_error_t {
    fn from(e: Error) -> tvmtrt_error_t {
        tvmtrt_error_t { code: e.code, message: c_string(&e.message) }
    }
}

impl tvmtrt_error_t {
    /// The code's number.
    pub fn code(&self) -> u32 {
        self.code as u32
    }

    /// The message.
    pub fn message(&self) -> &CStr {
        &self.message
    }
}

/// The code of an error: what a program decides by.
///
/// \param error The error, or NULL.
/// \return One of `TVMTRT_ERROR_...`; 0 for NULL, which means success.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_error_code(error: Option<&tvmtrt_error_t>) -> u32 {
    quiet(Code::Internal as u32, || error.map_or(0, |e| e.code()))
}

/// The message of an error: what happened, where, and what would help.
///
/// \param error The error, or NULL.
/// \return UTF-8, lives as long as the error; an empty string for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_error_message(error: Option<&tvmtrt_error_t>) -> *const c_char {
    quiet(c"".as_ptr(), || error.map_or(c"", |e| e.message()).as_ptr())
}

/// Deletes an error.
///
/// \param error Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_error_delete(error: Option<Box<tvmtrt_error_t>>) {
    quiet((), || drop(error));
}
