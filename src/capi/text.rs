//! `tvmtrt_text_t`: UTF-8 that belongs to the caller.

use crate::capi::guard::{need, quiet};
use crate::tensor::error::{Code, Error, Result};
use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;

/// For people.
pub const TVMTRT_FORMAT_TEXT: u32 = 0;
/// For programs: one JSON value with a `schema_version`.
pub const TVMTRT_FORMAT_JSON: u32 = 1;
/// For graphviz: a graph in its language. Only `tvmtrt_partition_explain` has it.
pub const TVMTRT_FORMAT_DOT: u32 = 2;
/// For browsers: a picture. Only `tvmtrt_partition_explain` has it.
pub const TVMTRT_FORMAT_SVG: u32 = 3;

/// UTF-8 text that belongs to the caller, who deletes it.
#[derive(Debug)]
pub struct tvmtrt_text_t(CString);

impl tvmtrt_text_t {
    /// Hands `text` to the caller.
    pub fn put(text: &str, out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>) -> Result<()> {
        need(out, "out")?.write(Box::new(tvmtrt_text_t(c_string(text))));
        Ok(())
    }
}

/// The text as C has it; a NUL inside becomes U+FFFD.
pub fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// True for JSON, false for text, an error for anything else.
pub fn is_json(format: u32) -> Result<bool> {
    match format {
        TVMTRT_FORMAT_TEXT => Ok(false),
        TVMTRT_FORMAT_JSON => Ok(true),
        _ => Err(Error::new(
            Code::InvalidArgument,
            format!("format {format} is not one that this function has: TVMTRT_FORMAT_TEXT (0), TVMTRT_FORMAT_JSON (1)"),
        )),
    }
}

/// The characters.
///
/// \param text The text, or NULL.
/// \return UTF-8 with a NUL at its end, lives as long as the text; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_text_data(text: Option<&tvmtrt_text_t>) -> *const c_char {
    quiet(std::ptr::null(), || text.map_or(std::ptr::null(), |t| t.0.as_ptr()))
}

/// The length in bytes.
///
/// \param text The text, or NULL.
/// \return Bytes without the NUL at the end; 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_text_size(text: Option<&tvmtrt_text_t>) -> usize {
    quiet(0, || text.map_or(0, |t| t.0.as_bytes().len()))
}

/// Deletes a text.
///
/// \param text Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_text_delete(text: Option<Box<tvmtrt_text_t>>) {
    quiet((), || drop(text));
}
