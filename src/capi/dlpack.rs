//! DLPack's types, as of DLPack 1.0, and what of them is accepted here: dense or strided tensors in host memory, dense ones on a GPU.
//! The header holds the same types as text, because a program may have them from dlpack.h; a test compares the layouts.

use crate::capi::dlpack_copy::Layout;
use crate::capi::guard::{array, need, quiet};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::lists::Lists;
use crate::{ensure, fail};
use std::ffi::c_void;

/// Where a tensor lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct DLDevice {
    /// `kDLCPU` and so on.
    pub device_type: i32,
    /// Which one.
    pub device_id: i32,
}

/// Element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct DLDataType {
    /// `kDLFloat` and so on.
    pub code: u8,
    /// Bits of one lane.
    pub bits: u8,
    /// Lanes; 1 here.
    pub lanes: u16,
}

/// A tensor that belongs to someone else.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct DLTensor {
    /// Memory.
    pub data: *mut c_void,
    /// Where it lies.
    pub device: DLDevice,
    /// Number of dimensions.
    pub ndim: i32,
    /// Element type.
    pub dtype: DLDataType,
    /// Extents.
    pub shape: *mut i64,
    /// Elements from one index to the next; NULL for dense row-major.
    pub strides: *mut i64,
    /// Bytes from `data` to the first element.
    pub byte_offset: u64,
}

/// Version of DLPack.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[allow(missing_docs)]
pub struct DLPackVersion {
    pub major: u32,
    pub minor: u32,
}

/// A tensor together with what ends it.
#[derive(Debug)]
#[repr(C)]
pub struct DLManagedTensorVersioned {
    /// Layout of this struct.
    pub version: DLPackVersion,
    /// The maker's.
    pub manager_ctx: *mut c_void,
    /// Ends the tensor.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensorVersioned)>,
    /// Bit 0: read-only. Bit 1: a copy.
    pub flags: u64,
    /// The tensor.
    pub dl_tensor: DLTensor,
}

const CPU: i32 = 1;
const CUDA: i32 = 2;
const CUDA_HOST: i32 = 3;
const CUDA_MANAGED: i32 = 13;
/// More dimensions are refused.
pub(super) const MAX_RANK: i32 = 64;

/// Whether a tensor lies on a GPU.
pub fn is_on_gpu(device: DLDevice) -> bool {
    matches!(device.device_type, CUDA | CUDA_MANAGED)
}

/// DLPack's form of an element type.
pub fn data_type(dtype: DType) -> DLDataType {
    let code = match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 0,
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 1,
        DType::F16 | DType::F32 | DType::F64 => 2,
        DType::BF16 => 4,
        DType::Bool => 6,
    };
    DLDataType { code, bits: 8 * dtype.size() as u8, lanes: 1 }
}

/// The element type of DLPack's form.
pub fn element_type(t: DLDataType) -> Result<DType> {
    let DLDataType { code, bits, lanes } = t;
    ensure!(lanes == 1, WrongDType, "element types of {lanes} lanes are not known; 1 is expected");
    DType::ALL
        .iter()
        .copied()
        .find(|d| data_type(*d) == t)
        .ok_or_else(|| Error::new(Code::WrongDType, format!("DLPack's element type with code {code} and {bits} bits is not known here")))
}

impl DLTensor {
    /// Checks everything but the elements.
    ///
    /// # Safety
    /// `shape` and `strides` are NULL or hold `ndim` numbers.
    pub unsafe fn layout<'a>(&self, lists: &'a Lists) -> Result<Layout<'a>> {
        let dtype = element_type(self.dtype)?;
        let DLDevice { device_type, device_id } = self.device;
        let device = match device_type {
            CPU | CUDA_HOST => None,
            CUDA | CUDA_MANAGED => match usize::try_from(device_id) {
                Ok(id) => Some(id),
                Err(_) => fail!(WrongDevice, "device_id {device_id} is negative"),
            },
            _ => fail!(WrongDevice, "device type {device_type} is neither host memory (kDLCPU, 1) nor a CUDA GPU (kDLCUDA, 2)"),
        };
        ensure!((0..=MAX_RANK).contains(&self.ndim), WrongShape, "ndim {} is not in 0..{MAX_RANK}", self.ndim);
        let rank = self.ndim as usize;
        // SAFETY: `ndim` numbers or NULL, by this function's contract.
        let shape = unsafe { array(self.shape, rank, "shape") }?;
        ensure!(shape.iter().all(|d| *d >= 0), WrongShape, "shape {shape:?} has a negative extent");
        let shape = lists.alloc_slice_fill_iter(shape.iter().map(|d| *d as usize));
        let strides = match self.strides.is_null() {
            true => None,
            // SAFETY: not NULL, so `ndim` numbers, by this function's contract.
            false => Some(unsafe { array(self.strides, rank, "strides") }?),
        };
        let layout = Layout::new(dtype, shape, strides, lists)?;
        ensure!(!self.data.is_null() || layout.is_empty(), NullPointer, "data is NULL");
        let offset = isize::try_from(self.byte_offset);
        let Ok(offset) = offset else { fail!(InvalidArgument, "byte_offset {} is too large", self.byte_offset) };
        let layout = layout.at(self.data.cast::<u8>().wrapping_offset(offset))?;
        match device {
            None => Ok(layout),
            Some(device) => layout.on_device(device),
        }
    }
}

/// Elements of managed tensors start at a multiple of this many bytes, as vector code likes them.
const ALIGNMENT: usize = 64;

/// What a managed tensor owns.
struct Owner {
    managed: DLManagedTensorVersioned,
    shape: Vec<i64>,
    strides: Vec<i64>,
    data: Vec<u8>,
}

/// A copy of `tensor` that whoever holds it ends with its deleter.
pub fn manage(tensor: &Tensor) -> *mut DLManagedTensorVersioned {
    let shape: Vec<i64> = tensor.shape().iter().map(|d| *d as i64).collect();
    let mut strides = vec![1i64; shape.len()];
    (1..shape.len()).rev().for_each(|i| strides[i - 1] = strides[i] * shape[i].max(1));
    let bytes = tensor.bytes();
    // Not asked for with its alignment: the C library's allocator often finds no use for such memory once it is freed.
    let mut data: Vec<u8> = Vec::with_capacity(bytes.len() + ALIGNMENT);
    let lead = data.as_ptr().addr().wrapping_neg() % ALIGNMENT;
    data.resize(lead, 0);
    data.extend_from_slice(bytes);
    let dl_tensor = DLTensor {
        data: std::ptr::null_mut(),
        device: DLDevice { device_type: CPU, device_id: 0 },
        ndim: shape.len() as i32,
        dtype: data_type(tensor.dtype()),
        shape: std::ptr::null_mut(),
        strides: std::ptr::null_mut(),
        byte_offset: 0,
    };
    let version = DLPackVersion { major: 1, minor: 0 };
    let managed = DLManagedTensorVersioned { version, manager_ctx: std::ptr::null_mut(), deleter: Some(delete), flags: 0, dl_tensor };
    let owner = Box::into_raw(Box::new(Owner { managed, shape, strides, data }));
    // SAFETY: `owner` was just made and nobody else has it; its buffer holds the tensor's bytes behind `lead` others.
    unsafe {
        let o = &mut *owner;
        let (data, shape, strides) = (o.data.as_mut_ptr().add(lead).cast(), o.shape.as_mut_ptr(), o.strides.as_mut_ptr());
        o.managed.dl_tensor = DLTensor { data, shape, strides, ..dl_tensor };
        o.managed.manager_ctx = owner.cast();
        &raw mut (*owner).managed
    }
}

unsafe extern "C" fn delete(managed: *mut DLManagedTensorVersioned) {
    quiet((), || {
        // SAFETY: whoever calls a deleter gives a tensor that `manage` made, and gives it away.
        let owner =
            need(std::ptr::NonNull::new(managed), "managed").map(|m| unsafe { Box::from_raw(m.as_ref().manager_ctx.cast::<Owner>()) });
        drop(owner);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_types_go_both_ways() {
        for d in DType::ALL {
            assert_eq!(element_type(data_type(*d)).unwrap(), *d);
        }
        assert_eq!(data_type(DType::Bool), DLDataType { code: 6, bits: 8, lanes: 1 });
        assert_eq!(data_type(DType::BF16), DLDataType { code: 4, bits: 16, lanes: 1 });
        for bad in [DLDataType { code: 2, bits: 32, lanes: 4 }, DLDataType { code: 2, bits: 8, lanes: 1 }, DLDataType::default()] {
            assert_eq!(element_type(bad).unwrap_err().code, Code::WrongDType);
        }
    }

    #[test]
    fn managed_tensors_hold_a_copy() {
        for tensor in [Tensor::from_vec(&[2, 3], vec![1f32, 2., 3., 4., 5., 6.]), Tensor::scalar(7i64), Tensor::zeros(DType::F32, &[0, 4])]
        {
            let (managed, lists) = (manage(&tensor), Lists::new());
            // SAFETY: just made; its arrays hold `ndim` numbers and its data the tensor's bytes; deleted once.
            unsafe {
                let layout = (*managed).dl_tensor.layout(&lists).unwrap();
                assert_eq!((layout.dtype, layout.shape), (tensor.dtype(), tensor.shape()));
                assert_eq!(layout.gather(), tensor.bytes().to_vec());
                ((*managed).deleter.unwrap())(managed);
            }
        }
    }
}
