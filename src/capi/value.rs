//! `tvmtrt_value_t`: what an input or output is called and what it holds. Lent by the object that it belongs to.

use crate::capi::dlpack::{DLDataType, data_type};
use crate::capi::guard::quiet;
use crate::capi::text::c_string;
use crate::session::value::ValueInfo;
use crate::tensor::dtype::DType;
use std::ffi::{CString, c_char};
use std::ptr::null;

/// An input or output of a model, a partition or a build: name, element type, shape. Never deleted: it belongs to the object that
/// lent it and lives until that object's last handle is deleted.
#[derive(Debug)]
pub struct tvmtrt_value_t {
    name: CString,
    dtype: DType,
    dtype_name: CString,
    dims: Vec<i64>,
    dim_texts: Vec<CString>,
    text: CString,
}

impl tvmtrt_value_t {
    /// The C form of a list of values.
    pub fn list(values: &[ValueInfo]) -> Vec<tvmtrt_value_t> {
        let one = |v: &ValueInfo| tvmtrt_value_t {
            name: c_string(&v.name),
            dtype: v.dtype,
            dtype_name: c_string(v.dtype.name()),
            dims: v.shape.iter().map(|d| d.as_const().unwrap_or(-1)).collect(),
            dim_texts: v.shape.iter().map(|d| c_string(&d.to_string())).collect(),
            text: c_string(&v.to_string()),
        };
        values.iter().map(one).collect()
    }
}

/// The name, as the model has it.
///
/// \param value Lent, or NULL.
/// \return UTF-8, lives as long as the value; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_name(value: Option<&tvmtrt_value_t>) -> *const c_char {
    quiet(null(), || value.map_or(null(), |v| v.name.as_ptr()))
}

/// The element type.
///
/// \param value Lent, or NULL.
/// \return DLPack's form of it; all zero for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_dtype(value: Option<&tvmtrt_value_t>) -> DLDataType {
    quiet(DLDataType::default(), || value.map_or(DLDataType::default(), |v| data_type(v.dtype)))
}

/// The element type's name, as numpy has it.
///
/// \param value Lent, or NULL.
/// \return For example "float32"; lives as long as the value; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_dtype_name(value: Option<&tvmtrt_value_t>) -> *const c_char {
    quiet(null(), || value.map_or(null(), |v| v.dtype_name.as_ptr()))
}

/// The number of dimensions.
///
/// \param value Lent, or NULL.
/// \return 0 for a scalar and for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_rank(value: Option<&tvmtrt_value_t>) -> usize {
    quiet(0, || value.map_or(0, |v| v.dims.len()))
}

/// The extents, outermost first; -1 where an extent is not fixed.
///
/// \param value Lent, or NULL.
/// \return As many numbers as the rank, lives as long as the value; NULL for NULL and for rank 0.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_dims(value: Option<&tvmtrt_value_t>) -> *const i64 {
    quiet(null(), || value.filter(|v| !v.dims.is_empty()).map_or(null(), |v| v.dims.as_ptr()))
}

/// One extent as text: a number, the name of a symbol, or an expression over symbols.
///
/// \param value Lent, or NULL.
/// \param axis Counted from 0, the outermost.
/// \return For example "batch", "3" or "2*width + 1"; lives as long as the value; NULL where there is no such axis.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_dim_text(value: Option<&tvmtrt_value_t>, axis: usize) -> *const c_char {
    quiet(null(), || value.and_then(|v| v.dim_texts.get(axis)).map_or(null(), |t| t.as_ptr()))
}

/// Name, element type and shape in one line.
///
/// \param value Lent, or NULL.
/// \return For example "x: float32[batch, 3, 224, 224]"; lives as long as the value; NULL for NULL.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_value_text(value: Option<&tvmtrt_value_t>) -> *const c_char {
    quiet(null(), || value.map_or(null(), |v| v.text.as_ptr()))
}
