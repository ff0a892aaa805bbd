//! Host tensors: element type, shape and shared bytes in row-major order. Cheap to clone.

use crate::tensor::bytes;
use crate::tensor::digest::Digest;
use crate::tensor::dtype::{DType, Element};
use crate::tensor::error::{Code, Error, Result};
use ::bytes::Bytes;
use half::{bf16, f16};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// A dense row-major tensor in host memory. `bool` elements are bytes 0 or 1.
#[derive(Debug, Clone)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<usize>,
    data: Data,
}

#[derive(Debug, Clone)]
enum Data {
    Bytes(Bytes),
    Scaled(Arc<Scaled>),
}

/// Rows of a matrix of `float32`, each times its own factor. Whoever wants the bytes makes them, once and for all holders; whoever reads
/// the values once, as packing does, leaves nothing behind.
#[derive(Debug)]
struct Scaled {
    rows: Bytes,
    factors: Vec<f64>,
    made: OnceLock<Bytes>,
}

impl Scaled {
    fn values(&self) -> Vec<f32> {
        let rows = bytes::view::<f32>(&self.rows);
        let width = (rows.len() / self.factors.len().max(1)).max(1);
        let mut out = Vec::with_capacity(rows.len());
        for (row, factor) in rows.chunks(width).zip(&self.factors) {
            out.extend(row.iter().map(|v| (f64::from(*v) * factor) as f32));
        }
        out
    }
}

/// Runs `$body` with `$t` standing for the Rust type of `$dtype` (`u8` for `bool`).
#[macro_export]
macro_rules! dispatch {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            $crate::tensor::dtype::DType::F64 => {
                type $t = f64;
                $body
            }
            $crate::tensor::dtype::DType::F32 => {
                type $t = f32;
                $body
            }
            $crate::tensor::dtype::DType::F16 => {
                type $t = half::f16;
                $body
            }
            $crate::tensor::dtype::DType::BF16 => {
                type $t = half::bf16;
                $body
            }
            $crate::tensor::dtype::DType::I64 => {
                type $t = i64;
                $body
            }
            $crate::tensor::dtype::DType::I32 => {
                type $t = i32;
                $body
            }
            $crate::tensor::dtype::DType::I16 => {
                type $t = i16;
                $body
            }
            $crate::tensor::dtype::DType::I8 => {
                type $t = i8;
                $body
            }
            $crate::tensor::dtype::DType::U64 => {
                type $t = u64;
                $body
            }
            $crate::tensor::dtype::DType::U32 => {
                type $t = u32;
                $body
            }
            $crate::tensor::dtype::DType::U16 => {
                type $t = u16;
                $body
            }
            $crate::tensor::dtype::DType::U8 | $crate::tensor::dtype::DType::Bool => {
                type $t = u8;
                $body
            }
        }
    };
}

impl Tensor {
    /// A tensor over `data`, whose length must be exactly that of `shape` and `dtype`.
    pub fn new(dtype: DType, shape: Vec<usize>, data: Bytes) -> Result<Tensor> {
        let need = byte_len(dtype, &shape).ok_or_else(|| Error::new(Code::WrongShape, format!("shape {shape:?} overflows")))?;
        if data.len() != need {
            return Err(Error::new(
                Code::WrongShape,
                format!("shape {shape:?} of {dtype} needs {need} bytes but {} are given", data.len()),
            ));
        }
        Ok(Tensor { dtype, shape, data: Data::Bytes(data) })
    }

    /// A `float32` tensor whose rows (all along the first axis) are those of `rows`, each times its factor. They are computed when they
    /// are read.
    ///
    /// # Panics
    /// When `rows` is of another type or has not as many rows as there are factors: the caller made both.
    pub fn scaled(rows: &Tensor, factors: Vec<f64>) -> Tensor {
        assert!(rows.dtype == DType::F32 && rows.shape.first() == Some(&factors.len()), "a factor for each row");
        let scaled = Scaled { rows: rows.bytes().clone(), factors, made: OnceLock::new() };
        Tensor { dtype: rows.dtype, shape: rows.shape.clone(), data: Data::Scaled(Arc::new(scaled)) }
    }

    /// A tensor that takes `values`; their number must be that of `shape`.
    ///
    /// # Panics
    /// When it is not: the caller made both.
    pub fn from_vec<T: Element>(shape: &[usize], values: Vec<T>) -> Tensor {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "elements of shape {shape:?}");
        Tensor { dtype: T::DTYPE, shape: shape.to_vec(), data: Data::Bytes(bytes::from_vec(values)) }
    }

    /// A tensor of `dtype` whose elements are the nearest to `values`.
    pub fn from_f64s(dtype: DType, shape: &[usize], values: &[f64]) -> Tensor {
        if dtype == DType::Bool {
            return Tensor::from_bools(shape, values.iter().map(|v| *v != 0.0).collect());
        }
        dispatch!(dtype, T => Tensor::from_vec(shape, values.iter().map(|v| <T as Element>::from_f64(*v)).collect()))
    }

    /// A `bool` tensor.
    pub fn from_bools(shape: &[usize], values: Vec<bool>) -> Tensor {
        let mut t = Tensor::from_vec(shape, values.into_iter().map(u8::from).collect());
        t.dtype = DType::Bool;
        t
    }

    /// A tensor without dimensions.
    pub fn scalar<T: Element>(value: T) -> Tensor {
        Tensor::from_vec(&[], vec![value])
    }

    /// A tensor of zero bytes.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Tensor {
        // u64 elements make the buffer aligned for every element type.
        let len = shape.iter().product::<usize>() * dtype.size();
        let data = bytes::from_vec(vec![0u64; len.div_ceil(8)]).slice(..len);
        Tensor { dtype, shape: shape.to_vec(), data: Data::Bytes(data) }
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Extents, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True when there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, row-major.
    pub fn bytes(&self) -> &Bytes {
        match &self.data {
            Data::Bytes(bytes) => bytes,
            Data::Scaled(s) => s.made.get_or_init(|| bytes::from_vec(s.values())),
        }
    }

    /// The bytes for one reading: what has to be computed first is not kept.
    pub fn read(&self) -> Cow<'_, [u8]> {
        match &self.data {
            Data::Scaled(s) if s.made.get().is_none() => Cow::Owned(bytes::as_bytes(&s.values()).to_vec()),
            _ => Cow::Borrowed(self.bytes()),
        }
    }

    /// The elements as `T`.
    ///
    /// # Panics
    /// When `T` is not this tensor's element type (`u8` also reads `bool`).
    pub fn values<T: Element>(&self) -> Cow<'_, [T]> {
        let held = if self.dtype == DType::Bool { DType::U8 } else { self.dtype };
        assert_eq!(T::DTYPE, held, "element type");
        match &self.data {
            Data::Scaled(s) if s.made.get().is_none() => Cow::Owned(s.values().into_iter().map(|v| T::from_f64(v.into())).collect()),
            _ => bytes::view(self.bytes()),
        }
    }

    /// The elements as `f64`.
    pub fn to_f64s(&self) -> Vec<f64> {
        dispatch!(self.dtype, T => self.values::<T>().iter().map(|v| <T as Element>::to_f64(*v)).collect())
    }

    /// The elements as `i64`; `None` unless the type is an integer or `bool`.
    pub fn to_i64s(&self) -> Option<Vec<i64>> {
        match self.dtype {
            DType::I64 => Some(self.values::<i64>().into_owned()),
            DType::U64 => self.values::<u64>().iter().map(|v| i64::try_from(*v).ok()).collect(),
            d if d.is_float() => None,
            _ => Some(self.to_f64s().into_iter().map(|v| v as i64).collect()),
        }
    }

    /// The elements as `f32`, converted where they are of another float type; `None` for integers.
    pub fn to_f32s(&self) -> Option<Cow<'_, [f32]>> {
        match self.dtype {
            DType::F32 => Some(self.values::<f32>()),
            DType::F64 => Some(self.values::<f64>().iter().map(|v| *v as f32).collect()),
            DType::F16 => Some(self.values::<f16>().iter().map(|v| v.to_f32()).collect()),
            DType::BF16 => Some(self.values::<bf16>().iter().map(|v| v.to_f32()).collect()),
            _ => None,
        }
    }

    /// The same elements under another shape of equal element count.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Tensor> {
        Tensor::new(self.dtype, shape.to_vec(), self.bytes().clone())
    }

    /// Digest of element type, shape and bytes.
    pub fn digest(&self) -> Digest {
        Digest::of_parts([format!("{}{:?}", self.dtype, self.shape).as_bytes(), self.bytes()])
    }
}

impl PartialEq for Tensor {
    /// Equal in type, shape and every byte.
    fn eq(&self, other: &Tensor) -> bool {
        self.dtype == other.dtype && self.shape == other.shape && self.bytes() == other.bytes()
    }
}

/// Bytes of a tensor of this type and shape, `None` on overflow.
pub fn byte_len(dtype: DType, shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(dtype.size(), |n, d| n.checked_mul(*d))
}
