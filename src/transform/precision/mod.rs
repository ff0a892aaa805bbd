//! Precision as a rewrite: a region's copy whose types say what is computed in float16, bfloat16 or int8, so that the option means the
//! same for every TensorRT. Inputs and outputs keep their types; the region itself stays as it is for our own kernels.

pub mod autocast;
pub mod histogram;
mod narrow;
pub mod quantise;
pub mod ranges;
pub mod rules;

use crate::tensor::dtype::DType;
use std::fmt;

/// What engines compute in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// As the model says.
    #[default]
    Float32,
    /// float16 where it gains.
    Float16,
    /// bfloat16 where it gains.
    Bfloat16,
    /// int8 products, by calibrated ranges; float32 elsewhere.
    Int8,
    /// int8 products, by calibrated ranges; elsewhere float16 where it gains.
    Int8Float16,
}

impl Precision {
    /// Every precision.
    pub const ALL: &[Precision] = &[Precision::Float32, Precision::Float16, Precision::Bfloat16, Precision::Int8, Precision::Int8Float16];

    /// The option's word.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Float32 => "float32",
            Precision::Float16 => "float16",
            Precision::Bfloat16 => "bfloat16",
            Precision::Int8 => "int8",
            Precision::Int8Float16 => "int8_float16",
        }
    }

    /// Whether there are products of int8, which need ranges.
    pub fn quantises(self) -> bool {
        matches!(self, Precision::Int8 | Precision::Int8Float16)
    }

    /// The narrow float type.
    pub fn narrow(self) -> Option<DType> {
        match self {
            Precision::Float16 | Precision::Int8Float16 => Some(DType::F16),
            Precision::Bfloat16 => Some(DType::BF16),
            Precision::Float32 | Precision::Int8 => None,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
