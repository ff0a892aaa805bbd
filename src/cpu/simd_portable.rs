//! Four-lane vectors in plain Rust, for machines whose sets are not known here. The compiler turns them into whatever it may assume.
#![allow(unsafe_code)]

use crate::cpu::isa::Simd;

#[derive(Clone, Copy)]
pub(crate) struct Portable;

macro_rules! lanewise {
    ($($i:literal)*, $f:expr) => { [$($f($i)),*] };
}

impl Simd for Portable {
    type V = [f32; 4];
    const LANES: usize = 4;
    const MR: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> [f32; 4] {
        [x; 4]
    }

    #[inline(always)]
    unsafe fn load(p: *const f32) -> [f32; 4] {
        // SAFETY: the caller vouches for four readable elements.
        unsafe { p.cast::<[f32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_even(p: *const f32) -> [f32; 4] {
        // SAFETY: the caller vouches for eight readable elements.
        unsafe { [*p, *p.add(2), *p.add(4), *p.add(6)] }
    }

    #[inline(always)]
    unsafe fn store(p: *mut f32, v: [f32; 4]) {
        // SAFETY: the caller vouches for four writable elements.
        unsafe { p.cast::<[f32; 4]>().write_unaligned(v) }
    }

    #[inline(always)]
    unsafe fn store_pairs(p: *mut f32, a: [f32; 4], b: [f32; 4]) {
        // SAFETY: the caller vouches for eight writable elements.
        unsafe { p.cast::<[f32; 8]>().write_unaligned([a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]]) }
    }

    // Not `mul_add`: without an instruction for it, that is a slow call.
    #[inline(always)]
    unsafe fn fma(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    unsafe fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| a[i] + b[i])
    }

    #[inline(always)]
    unsafe fn sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| a[i] - b[i])
    }

    #[inline(always)]
    unsafe fn mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| a[i] * b[i])
    }

    #[inline(always)]
    unsafe fn scale(x: [f32; 4], n: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| x[i] * f32::from_bits(((n[i] as i32 + 127) << 23) as u32))
    }

    #[inline(always)]
    unsafe fn clamp(x: [f32; 4], low: [f32; 4], high: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| if x[i] < low[i] { low[i] } else if x[i] > high[i] { high[i] } else { x[i] })
    }

    #[inline(always)]
    unsafe fn max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(0 1 2 3, |i: usize| if a[i] > b[i] || a[i].is_nan() { a[i] } else { b[i] })
    }
}
