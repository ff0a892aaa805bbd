//! Constants of a model as host tensors. Elements in `raw_data` and in other files are not copied. Lengths are checked before
//! anything is allocated, and no file outside the model's folder is read.

use crate::import::onnx::proto::TensorProto;
use crate::ir::fact::Fact;
use crate::tensor::bytes::{from_vec, map_file};
use crate::tensor::dtype::{DType, Element};
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use crate::tensor::shape;
use crate::{ensure, fail};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// Most axes that a tensor of a model may have.
pub const MAX_RANK: usize = 64;

/// Refuses a fact that no tensor in any memory could have.
pub fn check_extents(fact: &Fact) -> Result<()> {
    let rank = fact.rank();
    ensure!(rank <= MAX_RANK, UnsupportedModel, "{rank} axes are more than {MAX_RANK}");
    let bytes = shape::as_usizes(&fact.shape).map(|s| byte_len(fact.dtype, &s));
    let fits = bytes.is_none_or(|n| n.is_some_and(|n| n <= isize::MAX as usize));
    ensure!(fits, UnsupportedModel, "a tensor {fact} is larger than any memory");
    Ok(())
}

/// ONNX's numbers for element types, with the type where there is one here.
const ELEMENT_TYPES: &[(&str, Option<DType>)] = &[
    ("undefined", None),
    ("float", Some(DType::F32)),
    ("uint8", Some(DType::U8)),
    ("int8", Some(DType::I8)),
    ("uint16", Some(DType::U16)),
    ("int16", Some(DType::I16)),
    ("int32", Some(DType::I32)),
    ("int64", Some(DType::I64)),
    ("string", None),
    ("bool", Some(DType::Bool)),
    ("float16", Some(DType::F16)),
    ("double", Some(DType::F64)),
    ("uint32", Some(DType::U32)),
    ("uint64", Some(DType::U64)),
    ("complex64", None),
    ("complex128", None),
    ("bfloat16", Some(DType::BF16)),
    ("float8e4m3fn", None),
    ("float8e4m3fnuz", None),
    ("float8e5m2", None),
    ("float8e5m2fnuz", None),
    ("uint4", None),
    ("int4", None),
    ("float4e2m1", None),
    ("float8e8m0", None),
    ("uint2", None),
    ("int2", None),
];

/// The element type with ONNX's number.
pub fn element_type(number: i64) -> Result<DType> {
    match usize::try_from(number).ok().and_then(|i| ELEMENT_TYPES.get(i)) {
        Some((_, Some(dtype))) => Ok(*dtype),
        Some(("undefined", _)) => fail!(MalformedModel, "the element type is not given"),
        Some((name, None)) => fail!(UnsupportedModel, "element type {name} is not supported; convert the model to float or int types"),
        None => fail!(MalformedModel, "{number} is not the number of an element type"),
    }
}

/// Reads constants; keeps the mapped files of one model.
#[derive(Debug, Default)]
pub struct Weights {
    base: Option<PathBuf>,
    files: RefCell<HashMap<PathBuf, Bytes>>,
}

impl Weights {
    /// Constants in other files are looked for in `base`.
    pub fn new(base: Option<&Path>) -> Weights {
        Weights { base: base.map(Path::to_path_buf), ..Weights::default() }
    }

    /// The constant.
    pub fn tensor(&self, t: &TensorProto) -> Result<Tensor> {
        self.read(t).context(|| format!("constant '{}'", t.name))
    }

    fn read(&self, t: &TensorProto) -> Result<Tensor> {
        let dtype = element_type(i64::from(t.data_type))?;
        ensure!(t.segment.is_none(), UnsupportedModel, "the tensor is stored in segments; save the model anew");
        ensure!(t.dims.len() <= MAX_RANK, MalformedModel, "{} axes are more than {MAX_RANK}", t.dims.len());
        let shape: Option<Vec<usize>> = t.dims.iter().map(|d| usize::try_from(*d).ok()).collect();
        let Some(shape) = shape else { fail!(MalformedModel, "shape {:?} has a negative extent", t.dims) };
        let Some(need) = byte_len(dtype, &shape) else { fail!(MalformedModel, "shape {shape:?} overflows") };
        let data = if t.data_location != 0 {
            self.external(t, need)?
        } else if let Some(raw) = &t.raw_data {
            raw.clone()
        } else {
            typed_data(t, dtype)?
        };
        if data.len() != need {
            fail!(MalformedModel, "shape {shape:?} of {dtype} needs {need} bytes but {} are stored", data.len());
        }
        Tensor::new(dtype, shape, if dtype == DType::Bool { zeros_and_ones(data) } else { data })
    }

    fn external(&self, t: &TensorProto, need: usize) -> Result<Bytes> {
        let entry = |key: &str| t.external_data.iter().find(|e| e.key == key).map(|e| e.value.as_str());
        let number = |key: &str| match entry(key).map(|v| (v, v.parse::<usize>())) {
            None => Ok(None),
            Some((_, Ok(v))) => Ok(Some(v)),
            Some((v, Err(_))) => Err(Error::new(Code::MalformedModel, format!("{key} '{v}' of its data file is not a number"))),
        };
        let Some(location) = entry("location") else { fail!(MalformedModel, "its data file is not named") };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?.unwrap_or(need));
        let file = self.file(location)?;
        let range = offset.checked_add(length).map(|end| offset..end).filter(|r| r.end <= file.len());
        let Some(range) = range else {
            fail!(MalformedModel, "bytes {offset} to {offset} + {length} lie outside '{location}', which has {}", file.len())
        };
        Ok(file.slice(range))
    }

    /// The mapped data file at `location`, which must lie in the model's folder.
    fn file(&self, location: &str) -> Result<Bytes> {
        let Some(base) = &self.base else {
            fail!(MissingName, "its elements are in file '{location}'; load the model from its file, or give the folder")
        };
        let path = Path::new(location);
        let inside = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside || path.file_name().is_none() {
            fail!(MalformedModel, "data file '{location}' is not a path inside the model's folder");
        }
        let fault = |e: std::io::Error| Error::new(Code::Io, format!("cannot read data file '{location}': {e}"));
        let (base, path) = (base.canonicalize().map_err(fault)?, base.join(path).canonicalize().map_err(fault)?);
        ensure!(path.starts_with(&base), MalformedModel, "data file '{location}' leads out of the model's folder");
        if let Some(bytes) = self.files.borrow().get(&path) {
            return Ok(bytes.clone());
        }
        // Asked before it is opened: opening a pipe would wait for its writer.
        ensure!(path.metadata().map_err(fault)?.is_file(), MalformedModel, "data file '{location}' is not a regular file");
        let bytes = map_file(&path)?;
        self.files.borrow_mut().insert(path, bytes.clone());
        Ok(bytes)
    }
}

/// `bool` elements are 0 or 1 everywhere after import.
fn zeros_and_ones(data: Bytes) -> Bytes {
    if data.iter().all(|b| *b <= 1) { data } else { data.iter().map(|b| u8::from(*b != 0)).collect() }
}

/// Elements from the field that ONNX has for their type.
fn typed_data(t: &TensorProto, dtype: DType) -> Result<Bytes> {
    fn narrow<T: Element, S: Copy>(from: &[S], to: impl Fn(S) -> Option<T>) -> Result<Bytes> {
        let values: Option<Vec<T>> = from.iter().map(|v| to(*v)).collect();
        values.map(from_vec).ok_or_else(|| Error::new(Code::MalformedModel, format!("an element is outside {}", T::DTYPE)))
    }
    match dtype {
        DType::F32 => Ok(from_vec(t.float_data.clone())),
        DType::F64 => Ok(from_vec(t.double_data.clone())),
        DType::I64 => Ok(from_vec(t.int64_data.clone())),
        DType::I32 => Ok(from_vec(t.int32_data.clone())),
        DType::U64 => Ok(from_vec(t.uint64_data.clone())),
        DType::U32 => narrow::<u32, _>(&t.uint64_data, |v| v.try_into().ok()),
        DType::I16 => narrow::<i16, _>(&t.int32_data, |v| v.try_into().ok()),
        DType::I8 => narrow::<i8, _>(&t.int32_data, |v| v.try_into().ok()),
        DType::U8 => narrow::<u8, _>(&t.int32_data, |v| v.try_into().ok()),
        DType::Bool => narrow::<u8, _>(&t.int32_data, |v| Some(u8::from(v != 0))),
        // The 16-bit floats are stored as their bits.
        DType::U16 | DType::F16 | DType::BF16 => narrow::<u16, _>(&t.int32_data, |v| v.try_into().ok()),
    }
}
