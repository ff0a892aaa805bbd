//! Vectors of AVX2 with FMA (8 lanes) and AVX-512F (16 lanes), and the entry functions that kernels are compiled into.
#![allow(unsafe_code)]

use crate::cpu::isa::{Kernel, Simd};
use std::arch::x86_64::*;

/// # Safety
/// The machine has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { kernel.run::<Avx2>() }
}

/// # Safety
/// The machine has AVX-512F, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(crate) unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { kernel.run::<Avx512>() }
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
pub(crate) struct Avx2;

impl Simd for Avx2 {
    type V = __m256;
    const LANES: usize = 8;
    const MR: usize = 4;

    op! {
        fn splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        fn load(p: *const f32) -> __m256 = _mm256_loadu_ps(p);
        fn load_even(p: *const f32) -> __m256 = {
            let pairs = _mm256_shuffle_ps::<0b10_00_10_00>(_mm256_loadu_ps(p), _mm256_loadu_ps(p.add(8)));
            _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(pairs)))
        };
        fn store(p: *mut f32, v: __m256) = _mm256_storeu_ps(p, v);
        fn store_pairs(p: *mut f32, a: __m256, b: __m256) = {
            let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            _mm256_storeu_ps(p, _mm256_permute2f128_ps::<0x20>(low, high));
            _mm256_storeu_ps(p.add(8), _mm256_permute2f128_ps::<0x31>(low, high))
        };
        fn fma(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        fn add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        // The instructions give their second operand where either is NaN.
        fn clamp(x: __m256, low: __m256, high: __m256) -> __m256 = _mm256_min_ps(high, _mm256_max_ps(low, x));
        fn mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        fn scale(x: __m256, n: __m256) -> __m256 = {
            let power = _mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)));
            _mm256_mul_ps(x, _mm256_castsi256_ps(power))
        };
        fn sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        // The instruction gives `b` where either is NaN: only a NaN in `a` is to be kept.
        fn max(a: __m256, b: __m256) -> __m256 = _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a));
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Avx512;

impl Simd for Avx512 {
    type V = __m512;
    const LANES: usize = 16;
    const MR: usize = 8;

    op! {
        fn splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        fn load(p: *const f32) -> __m512 = _mm512_loadu_ps(p);
        fn load_even(p: *const f32) -> __m512 = {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            _mm512_permutex2var_ps(_mm512_loadu_ps(p), even, _mm512_loadu_ps(p.add(16)))
        };
        fn store(p: *mut f32, v: __m512) = _mm512_storeu_ps(p, v);
        fn store_pairs(p: *mut f32, a: __m512, b: __m512) = {
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            _mm512_storeu_ps(p, _mm512_permutex2var_ps(a, low, b));
            _mm512_storeu_ps(p.add(16), _mm512_permutex2var_ps(a, high, b))
        };
        fn fma(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        fn add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        // The instructions give their second operand where either is NaN.
        fn clamp(x: __m512, low: __m512, high: __m512) -> __m512 = _mm512_min_ps(high, _mm512_max_ps(low, x));
        fn mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        fn scale(x: __m512, n: __m512) -> __m512 = {
            let power = _mm512_slli_epi32::<23>(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)));
            _mm512_mul_ps(x, _mm512_castsi512_ps(power))
        };
        fn sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        fn max(a: __m512, b: __m512) -> __m512 = _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a), a);
    }
}
