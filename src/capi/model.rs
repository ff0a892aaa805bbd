//! `tvmtrt_model_t`: a loaded model.

use crate::capi::error::tvmtrt_error_t;
use crate::capi::guard::{array, guard, need, null, optional_string, quiet, string};
use crate::capi::option_read::{load, or_default};
use crate::capi::options::tvmtrt_options_t;
use crate::capi::text::c_string;
use crate::capi::value::tvmtrt_value_t;
use crate::session::model::Model;
use crate::tensor::error::Result;
use bytes::Bytes;
use std::ffi::{CString, OsStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// A loaded model. Never changes; any number of threads may use it.
#[derive(Debug, Clone)]
pub struct tvmtrt_model_t(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    model: Arc<Model>,
    inputs: Vec<tvmtrt_value_t>,
    outputs: Vec<tvmtrt_value_t>,
    metadata: Vec<(CString, CString)>,
}

impl tvmtrt_model_t {
    /// Wraps a model.
    pub fn new(model: Model) -> tvmtrt_model_t {
        let (inputs, outputs) = (tvmtrt_value_t::list(&model.inputs), tvmtrt_value_t::list(&model.outputs));
        let metadata = model.metadata.iter().map(|(k, v)| (c_string(k), c_string(v))).collect();
        tvmtrt_model_t(Arc::new(Shared { model: Arc::new(model), inputs, outputs, metadata }))
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.0.model
    }
}

/// Loads a model from a file: ONNX. Weights stay in the file, which is mapped: do not change it while the model is used.
///
/// \param path The file; NUL-terminated.
/// \param options Read: `log_level`, `plugin_libraries`. NULL for defaults.
/// \param out Gets the model: the caller's, to be deleted.
/// \return NULL, or an error: TVMTRT_ERROR_IO, TVMTRT_ERROR_MALFORMED_MODEL, TVMTRT_ERROR_UNSUPPORTED_OPERATOR (names all of them),
///     TVMTRT_ERROR_UNSUPPORTED_MODEL, TVMTRT_ERROR_BAD_GRAPH.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_model_load(
    path: *const c_char,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_model_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: a NUL-terminated string or NULL, as the header demands.
        let path = unsafe { file_name(path) }?;
        put(out, || Model::load_file(path, &load(&or_default(options))))
    })
}

/// Loads a model from memory. The bytes are copied.
///
/// \param data The bytes of a model file. Lent for this call.
/// \param size How many.
/// \param folder Where tensors lie that the model keeps in files of their own; NULL if it has none.
/// \param options Read: `log_level`, `plugin_libraries`. NULL for defaults.
/// \param out Gets the model: the caller's, to be deleted.
/// \return NULL, or an error, as of `tvmtrt_model_load`.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tvmtrt_model_load_memory(
    data: *const c_void,
    size: usize,
    folder: *const c_char,
    options: Option<&tvmtrt_options_t>,
    out: Option<&mut MaybeUninit<Box<tvmtrt_model_t>>>,
) -> Option<Box<tvmtrt_error_t>> {
    guard(|| {
        // SAFETY: `size` bytes and a NUL-terminated string, or NULL, as the header demands.
        let (data, folder) = unsafe { (array(data.cast::<u8>(), size, "data")?, optional_string(folder, "folder")?) };
        put(out, || Model::load_bytes(Bytes::copy_from_slice(data), folder.map(Path::new), &load(&or_default(options))))
    })
}

fn put(out: Option<&mut MaybeUninit<Box<tvmtrt_model_t>>>, model: impl FnOnce() -> Result<Model>) -> Result<()> {
    let out = need(out, "out")?;
    out.write(Box::new(tvmtrt_model_t::new(model()?)));
    Ok(())
}

/// A path of the caller's, which need not be UTF-8.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string that lives for `'a`.
pub(super) unsafe fn file_name<'a>(path: *const c_char) -> Result<&'a Path> {
    if path.is_null() {
        return Err(null("path"));
    }
    // SAFETY: not NULL, so a NUL-terminated string that lives for 'a.
    let bytes = unsafe { std::ffi::CStr::from_ptr(path) }.to_bytes();
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// The number of inputs.
///
/// \param model Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_input_count(model: Option<&tvmtrt_model_t>) -> usize {
    quiet(0, || model.map_or(0, |m| m.0.inputs.len()))
}

/// An input, with the shape that the model's file gives it.
///
/// \param model Lent, or NULL.
/// \param index Counted from 0.
/// \return Lent by the model; NULL where there is no such input.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_input(model: Option<&tvmtrt_model_t>, index: usize) -> Option<&tvmtrt_value_t> {
    quiet(None, || model.and_then(|m| m.0.inputs.get(index)))
}

/// The number of outputs.
///
/// \param model Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_output_count(model: Option<&tvmtrt_model_t>) -> usize {
    quiet(0, || model.map_or(0, |m| m.0.outputs.len()))
}

/// An output, with the shape that follows from the inputs.
///
/// \param model Lent, or NULL.
/// \param index Counted from 0.
/// \return Lent by the model; NULL where there is no such output.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_output(model: Option<&tvmtrt_model_t>, index: usize) -> Option<&tvmtrt_value_t> {
    quiet(None, || model.and_then(|m| m.0.outputs.get(index)))
}

/// The number of key-value pairs in the model file's metadata.
///
/// \param model Lent, or NULL.
/// \return 0 for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_metadata_count(model: Option<&tvmtrt_model_t>) -> usize {
    quiet(0, || model.map_or(0, |m| m.0.metadata.len()))
}

/// A key of the model file's metadata.
///
/// \param model Lent, or NULL.
/// \param index Counted from 0.
/// \return UTF-8, lives as long as the model; NULL where there is no such pair.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_metadata_key(model: Option<&tvmtrt_model_t>, index: usize) -> *const c_char {
    quiet(std::ptr::null(), || model.and_then(|m| m.0.metadata.get(index)).map_or(std::ptr::null(), |(k, _)| k.as_ptr()))
}

/// A value of the model file's metadata, such as the alphabet of a text recogniser.
///
/// \param model Lent, or NULL.
/// \param key NUL-terminated UTF-8.
/// \return UTF-8, lives as long as the model; NULL where there is no such key.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tvmtrt_model_metadata(model: Option<&tvmtrt_model_t>, key: *const c_char) -> *const c_char {
    quiet(std::ptr::null(), || {
        // SAFETY: a NUL-terminated string or NULL, as the header demands.
        let key = unsafe { string(key, "key") }.unwrap_or_default();
        let found = model.and_then(|m| m.0.metadata.iter().find(|(k, _)| k.to_bytes() == key.as_bytes()));
        found.map_or(std::ptr::null(), |(_, v)| v.as_ptr())
    })
}

/// Another handle of the same model.
///
/// \param model Lent, or NULL.
/// \return The caller's, to be deleted; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_clone(model: Option<&tvmtrt_model_t>) -> Option<Box<tvmtrt_model_t>> {
    quiet(None, || model.cloned().map(Box::new))
}

/// Deletes a handle. The model lives as long as anything that was made from it.
///
/// \param model Given away; NULL is allowed.
///
/// Thread safety: any thread, once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_model_delete(model: Option<Box<tvmtrt_model_t>>) {
    quiet((), || drop(model));
}
