//! What TensorRT library is there, and where it was looked for.

use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{guard, need};
use crate::capi::option_read;
use crate::capi::options::tvmtrt_options_t;
use crate::capi::text::{is_json, tvmtrt_text_t};
use crate::session::library;
use std::mem::MaybeUninit;

/// Says which TensorRT library is used, its version and flavour, and each place that was tried and why it did not serve.
/// That there is none is an answer, not an error.
///
/// \param options Read: `log_level`, `tensorrt_force_version`, `tensorrt_library`. NULL for defaults.
/// \param format `TVMTRT_FORMAT_TEXT` or `TVMTRT_FORMAT_JSON`.
/// \param out Gets the answer: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_INVALID_ARGUMENT.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn tvmtrt_tensorrt_info(
    options: Option<&tvmtrt_options_t>,
    format: u32,
    out: Option<&mut MaybeUninit<Box<tvmtrt_text_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        let (out, json) = (need(out, "out")?, is_json(format)?);
        let options = option_read::or_default(options);
        let info = library::search(&option_read::library(&options), &option_read::log(&options));
        tvmtrt_text_t::put(&if json { library::json(&info) } else { info.to_string() }, Some(out))
    })
}
