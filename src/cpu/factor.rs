//! Numbers that bodies multiply by: constants, and single elements of buffers, which are known when a step runs.
#![allow(unsafe_code)]

use crate::loops::{Binary, BufferId, Kernel, Op, Scalar};
use crate::tensor::dtype::DType;

/// A number of a body in float32.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Factor {
    /// Known.
    Constant(f32),
    /// This element of a buffer.
    Element(BufferId, usize),
}

impl Factor {
    /// The operation, where it is a number.
    pub fn of(kernel: &Kernel, op: &Op) -> Option<Factor> {
        match op {
            Op::Const(DType::F32, Scalar::Float(c)) => Some(Factor::Constant(*c as f32)),
            Op::Load(a) if kernel.buffer(a.buffer).dtype == DType::F32 && a.strides.iter().all(|s| s.is(0)) => {
                Some(Factor::Element(a.buffer, usize::try_from(a.offset.as_const()?).ok()?))
            }
            _ => None,
        }
    }

    /// The number.
    ///
    /// # Safety
    /// These are the addresses of the kernel's buffers, written by earlier steps, and nobody writes what bodies read.
    pub unsafe fn value(&self, args: &[*mut u8]) -> f32 {
        match self {
            Factor::Constant(c) => *c,
            // SAFETY: bodies read inside their buffers.
            Factor::Element(buffer, at) => unsafe { *args[buffer.0 as usize].cast::<f32>().add(*at) },
        }
    }
}

/// 1 multiplied and divided by numbers.
///
/// # Safety
/// As for [`Factor::value`].
pub unsafe fn product(factors: &[(Binary, Factor)], args: &[*mut u8]) -> f32 {
    factors.iter().fold(1.0, |all, (f, by)| {
        // SAFETY: by the caller's word.
        let by = unsafe { by.value(args) };
        if *f == Binary::Div { all / by } else { all * by }
    })
}
