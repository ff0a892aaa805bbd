//! Vectors of NEON (4 lanes), and the entry function that kernels are compiled into.
#![allow(unsafe_code)]

use crate::cpu::isa::{Kernel, Simd};
use std::arch::aarch64::*;

/// # Safety
/// The machine has NEON.
#[target_feature(enable = "neon")]
pub(crate) unsafe fn run_neon<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { kernel.run::<Neon>() }
}

macro_rules! op {
    ($(fn $name:ident($($arg:ident: $t:ty),*) $(-> $r:ty)? = $body:expr;)*) => {
        $(
            #[inline(always)]
            unsafe fn $name($($arg: $t),*) $(-> $r)? {
                // SAFETY: the trait's contract gives the instruction set and the memory.
                unsafe { $body }
            }
        )*
    };
}

#[derive(Clone, Copy)]
pub(crate) struct Neon;

impl Simd for Neon {
    type V = float32x4_t;
    const LANES: usize = 4;
    const MR: usize = 8;

    op! {
        fn splat(x: f32) -> float32x4_t = vdupq_n_f32(x);
        fn load(p: *const f32) -> float32x4_t = vld1q_f32(p);
        fn load_even(p: *const f32) -> float32x4_t = vuzp1q_f32(vld1q_f32(p), vld1q_f32(p.add(4)));
        fn store(p: *mut f32, v: float32x4_t) = vst1q_f32(p, v);
        fn store_pairs(p: *mut f32, a: float32x4_t, b: float32x4_t) = vst2q_f32(p, float32x4x2_t(a, b));
        fn fma(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t = vfmaq_f32(c, a, b);
        fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t = vaddq_f32(a, b);
        fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmulq_f32(a, b);
        fn scale(x: float32x4_t, n: float32x4_t) -> float32x4_t = {
            let power = vshlq_n_s32::<23>(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)));
            vmulq_f32(x, vreinterpretq_f32_s32(power))
        };
        fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t = vsubq_f32(a, b);
        fn clamp(x: float32x4_t, low: float32x4_t, high: float32x4_t) -> float32x4_t = vminq_f32(vmaxq_f32(x, low), high);
        fn max(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmaxq_f32(a, b);
    }
}
