//! Element types, their names (numpy's) and sizes, and the Rust types that stand for them.

use crate::tensor::error::{Code, Error, Result};
use half::{bf16, f16};
use std::fmt;

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum DType {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

impl DType {
    /// Every element type.
    pub const ALL: &[DType] = &[
        DType::F64,
        DType::F32,
        DType::F16,
        DType::BF16,
        DType::I64,
        DType::I32,
        DType::I16,
        DType::I8,
        DType::U64,
        DType::U32,
        DType::U16,
        DType::U8,
        DType::Bool,
    ];

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            DType::F64 | DType::I64 | DType::U64 => 8,
            DType::F32 | DType::I32 | DType::U32 => 4,
            DType::F16 | DType::BF16 | DType::I16 | DType::U16 => 2,
            DType::I8 | DType::U8 | DType::Bool => 1,
        }
    }

    /// numpy's name, for example `float32`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F64 => "float64",
            DType::F32 => "float32",
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::I64 => "int64",
            DType::I32 => "int32",
            DType::I16 => "int16",
            DType::I8 => "int8",
            DType::U64 => "uint64",
            DType::U32 => "uint32",
            DType::U16 => "uint16",
            DType::U8 => "uint8",
            DType::Bool => "bool",
        }
    }

    /// The type with this name, the inverse of [`DType::name`].
    pub fn from_name(name: &str) -> Result<DType> {
        DType::ALL.iter().copied().find(|d| d.name() == name).ok_or_else(|| {
            let known: Vec<_> = DType::ALL.iter().map(|d| d.name()).collect();
            Error::new(Code::WrongDType, format!("'{name}' is not an element type; known are {}", known.join(", ")))
        })
    }

    /// True for the floating-point types.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F64 | DType::F32 | DType::F16 | DType::BF16)
    }

    /// True for the signed and unsigned integers; `bool` is none.
    pub fn is_int(self) -> bool {
        !self.is_float() && self != DType::Bool
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A plain Rust type that holds one element: any bit pattern is a value, there is no padding.
/// `bool` tensors are held as `u8` (0 or 1), so `bool` itself is not an element.
pub trait Element: sealed::Sealed + Copy + Default + Send + Sync + PartialOrd + fmt::Debug + 'static {
    /// The element type that this Rust type stands for.
    const DTYPE: DType;
    /// Nearest value to `v` (integers: truncated and saturated).
    fn from_f64(v: f64) -> Self;
    /// The value as `f64`.
    fn to_f64(self) -> f64;
}

macro_rules! elements {
    ($($t:ty, $d:ident, $from:expr, $to:expr;)*) => { $(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            fn from_f64(v: f64) -> Self { let f: fn(f64) -> $t = $from; f(v) }
            fn to_f64(self) -> f64 { let f: fn($t) -> f64 = $to; f(self) }
        }
    )* };
}

elements! {
    f64, F64, |v| v, |v| v;
    f32, F32, |v| v as f32, |v| v as f64;
    f16, F16, f16::from_f64, |v| v.to_f64();
    bf16, BF16, bf16::from_f64, |v| v.to_f64();
    i64, I64, |v| v as i64, |v| v as f64;
    i32, I32, |v| v as i32, |v| v as f64;
    i16, I16, |v| v as i16, |v| v as f64;
    i8, I8, |v| v as i8, |v| v as f64;
    u64, U64, |v| v as u64, |v| v as f64;
    u32, U32, |v| v as u32, |v| v as f64;
    u16, U16, |v| v as u16, |v| v as f64;
    u8, U8, |v| v as u8, |v| v as f64;
}
