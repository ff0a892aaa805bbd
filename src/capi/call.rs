//! The arguments of `tvmtrt_run`, and a call as numbers: the same call on tensors of a GPU is queued again without looking at them anew.

use crate::capi::dlpack::{DLManagedTensorVersioned, DLTensor, MAX_RANK, is_on_gpu};
use crate::capi::guard::{array, optional_string};
use crate::session::value::ValueInfo;
use std::ffi::c_char;

/// One input or output of a run. Made by the caller; nothing of it is kept.
#[derive(Debug)]
#[repr(C)]
pub struct tvmtrt_argument_t {
    /// The input's or output's name; NULL: the one at this place in the array.
    pub name: *const c_char,
    /// The tensor, lent: an input's elements, or where an output's elements go. NULL for an output that tvmtrt is to allocate.
    pub tensor: *const DLTensor,
    /// Only for outputs whose `tensor` is NULL: gets the tensor, dense and row-major in host memory, which is the caller's, who ends it with
    /// its own deleter.
    pub managed: *mut *mut DLManagedTensorVersioned,
}

/// All that a call is but for elements: equal for equal ones. Nothing where a tensor is not on a GPU or to be made, or where something is wrong.
///
/// # Safety
/// What the arguments point to is as the header demands.
pub unsafe fn numbers(sides: [(&[tvmtrt_argument_t], &[ValueInfo]); 2], to: &mut Vec<u64>) {
    to.clear();
    for (arguments, known) in sides {
        to.push(arguments.len() as u64);
        for argument in arguments {
            // SAFETY: by this function's contract.
            if unsafe { add(argument, known, to) }.is_none() {
                return to.clear();
            }
        }
    }
}

/// # Safety
/// What the argument points to is as the header demands.
unsafe fn add(argument: &tvmtrt_argument_t, known: &[ValueInfo], to: &mut Vec<u64>) -> Option<()> {
    if !argument.managed.is_null() {
        return None;
    }
    // SAFETY: by this function's contract.
    let (tensor, name) = unsafe { (argument.tensor.as_ref()?, optional_string(argument.name, "name").ok()?) };
    let DLTensor { data, device, ndim, dtype, shape, strides, byte_offset } = *tensor;
    let rank = usize::try_from(ndim).ok().filter(|n| *n <= MAX_RANK as usize && is_on_gpu(device))?;
    let name = match name {
        Some(name) => known.iter().position(|k| k.name == name)? as u64,
        None => u64::MAX,
    };
    let kind = u64::from(dtype.code) | u64::from(dtype.bits) << 8 | u64::from(dtype.lanes) << 16;
    let place = (device.device_type as u32 as u64) << 32 | device.device_id as u32 as u64;
    to.extend([name, data as u64, byte_offset, kind, place, rank as u64, u64::from(strides.is_null())]);
    // SAFETY: `ndim` numbers or NULL, by this function's contract.
    to.extend(unsafe { array(shape, rank, "shape") }.ok()?.iter().map(|d| *d as u64));
    if !strides.is_null() {
        // SAFETY: as above.
        to.extend(unsafe { array(strides, rank, "strides") }.ok()?.iter().map(|d| *d as u64));
    }
    Some(())
}

#[cfg(test)]
#[allow(unsafe_code)]
mod tests {
    use super::*;
    use crate::capi::dlpack::{DLDevice, data_type};
    use crate::tensor::dtype::DType;
    use std::ptr::null_mut;

    /// The numbers of a call with one input and one output, after a change.
    fn of(change: impl FnOnce(&mut [DLTensor; 2], &mut [tvmtrt_argument_t; 2])) -> Vec<u64> {
        let known = ["x", "y"].map(|name| ValueInfo { name: name.into(), dtype: DType::F32, shape: Vec::new() });
        let (mut shape, device) = ([2i64, 3], DLDevice { device_type: 2, device_id: 0 });
        let shape = shape.as_mut_ptr();
        let tensor = |at: usize| {
            let dtype = data_type(DType::F32);
            DLTensor { data: at as *mut _, device, ndim: 2, dtype, shape, strides: null_mut(), byte_offset: 0 }
        };
        let mut tensors = [tensor(0x1000), tensor(0x2000)];
        let argument = |name: &std::ffi::CStr| tvmtrt_argument_t { name: name.as_ptr(), tensor: std::ptr::null(), managed: null_mut() };
        let mut arguments = [argument(c"x"), argument(c"y")];
        change(&mut tensors, &mut arguments);
        arguments.iter_mut().zip(&tensors).for_each(|(a, t)| a.tensor = t);
        let mut made = Vec::new();
        // SAFETY: everything lives; shapes and strides have two numbers.
        unsafe { numbers([(&arguments[..1], &known[..1]), (&arguments[1..], &known[1..])], &mut made) };
        made
    }

    #[test]
    fn calls_are_equal_where_nothing_differs() {
        let plain = of(|_, _| ());
        assert!(!plain.is_empty() && plain == of(|_, _| ()));
        let (mut other, mut dense) = ([3i64, 2], [3i64, 1]);
        let others = [
            of(|t, _| t[0].data = 0x1001 as *mut _),
            of(|t, _| t[1].data = 0x3000 as *mut _),
            of(|t, _| t[0].byte_offset = 4),
            of(|t, _| t[0].dtype = data_type(DType::I32)),
            of(|t, _| t[0].device.device_id = 1),
            of(|t, _| t[1].device.device_type = 13),
            of(|t, _| t[0].shape = other.as_mut_ptr()),
            of(|t, _| t[0].strides = dense.as_mut_ptr()),
            of(|t, _| t[0].ndim = 1),
            of(|_, a| a[0].name = std::ptr::null()),
        ];
        for (i, call) in others.iter().enumerate() {
            assert!(!call.is_empty() && *call != plain && !others[..i].contains(call), "{i}");
        }
        let looked_at = [
            of(|t, _| t[0].device.device_type = 1),
            of(|t, _| t[1].ndim = -1),
            of(|t, _| t[0].shape = null_mut()),
            of(|_, a| a[1].name = c"z".as_ptr()),
            of(|_, a| a[1].managed = std::ptr::dangling_mut()),
        ];
        assert!(looked_at.iter().all(|call| call.is_empty()));
    }
}
