//! Constant data on its way into a network: element type, bytes and count together, so that no pointer outlives its bytes.

use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensorrt::abi::DataType;
use crate::{ensure, fail};
use bytes::Bytes;

/// Constant data; the network that takes it keeps its bytes until it is dropped.
#[derive(Debug, Clone)]
pub struct HostWeights {
    pub(super) dtype: DataType,
    pub(super) bytes: Bytes,
    pub(super) count: usize,
}

/// TensorRT's element type for ours; an error where it has none in any version.
pub fn data_type(dtype: DType) -> Result<DataType> {
    Ok(match dtype {
        DType::F32 => DataType::Float,
        DType::F16 => DataType::Half,
        DType::BF16 => DataType::Bf16,
        DType::I64 => DataType::Int64,
        DType::I32 => DataType::Int32,
        DType::I8 => DataType::Int8,
        DType::U8 => DataType::Uint8,
        DType::Bool => DataType::Bool,
        DType::F64 | DType::I16 | DType::U64 | DType::U32 | DType::U16 => fail!(TensorRtUnsupported, "TensorRT has no type {dtype}"),
    })
}

/// Our element type for TensorRT's; `None` for those of less than a byte and the 8-bit floats.
pub fn dtype(data_type: DataType) -> Option<DType> {
    DType::ALL.iter().copied().find(|d| self::data_type(*d).is_ok_and(|t| t == data_type))
}

/// Bits of one element.
fn bits(dtype: DataType) -> usize {
    match dtype {
        DataType::Float | DataType::Int32 => 32,
        DataType::Int64 => 64,
        DataType::Half | DataType::Bf16 => 16,
        DataType::Int8 | DataType::Bool | DataType::Uint8 | DataType::Fp8 | DataType::E8m0 => 8,
        DataType::Int4 | DataType::Fp4 => 4,
    }
}

impl HostWeights {
    /// `count` elements of `dtype`, packed without gaps.
    pub fn new(dtype: DataType, bytes: Bytes, count: usize) -> Result<HostWeights> {
        let need = count.checked_mul(bits(dtype)).map(|b| b.div_ceil(8));
        ensure!(need == Some(bytes.len()), InvalidArgument, "{count} elements of {} in {} bytes", dtype.name(), bytes.len());
        Ok(HostWeights { dtype, bytes, count })
    }

    /// The elements of a tensor.
    pub fn of(tensor: &Tensor) -> Result<HostWeights> {
        HostWeights::new(data_type(tensor.dtype())?, tensor.bytes().clone(), tensor.len())
    }

    /// No data, of a layer that works with `dtype`: a convolution without bias.
    pub fn none(dtype: DataType) -> HostWeights {
        HostWeights { dtype, bytes: Bytes::new(), count: 0 }
    }
}
