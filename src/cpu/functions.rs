//! Functions of vectors for hand-written code, with the polynomials of `loops::math`.
#![allow(unsafe_code)]

use crate::cpu::isa::Simd;

/// `e^x` of `x <= 0` to 2 units in the last place; below the smallest normal number it is 0.
///
/// # Safety
/// The machine has the set.
#[inline(always)]
pub(crate) unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    // Adding this rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    // SAFETY: by the caller's word.
    unsafe {
        let x = S::clamp(x, S::splat(-88.0), S::splat(0.0));
        let n = S::sub(S::fma(x, S::splat(std::f32::consts::LOG2_E), S::splat(ROUND)), S::splat(ROUND));
        let r = S::fma(n, S::splat(-0.693_145_75), x);
        let r = S::fma(n, S::splat(-1.428_606_8e-6), r);
        let mut q = S::splat(0.001_395_169_8);
        for c in [0.008_369_599, 0.041_666_187, 0.166_665_12, 0.5] {
            q = S::fma(q, r, S::splat(c));
        }
        S::scale(S::add(S::fma(q, S::mul(r, r), r), S::splat(1.0)), n)
    }
}

/// The error function to 3 units in the last place. Near zero and elsewhere it is two
/// polynomials: both are computed, and one counts.
///
/// # Safety
/// The machine has the set.
#[inline(always)]
pub(crate) unsafe fn erf<S: Simd>(x: S::V) -> S::V {
    /// Where the one near zero ends.
    const NEAR: f32 = 0.93;
    /// Makes any distance from 0 one beyond 1.
    const FAR: f32 = 1e9;
    // SAFETY: by the caller's word.
    unsafe {
        let (zero, one) = (S::splat(0.0), S::splat(1.0));
        let sign = S::clamp(S::mul(x, S::splat(FAR)), S::splat(-1.0), one);
        let near = S::clamp(x, S::splat(-NEAR), S::splat(NEAR));
        let z = S::mul(near, near);
        let mut p = S::splat(-0.000_596_454_25);
        for c in [0.004_988_575_4, -0.026_763_95, 0.112_817_59, -0.376_124_9, 0.128_379_15] {
            p = S::fma(p, z, S::splat(c));
        }
        let small = S::fma(near, p, near);
        let a = S::mul(x, sign);
        let t = S::clamp(a, zero, S::splat(4.1));
        let mut q = S::splat(1.076_381_9e-5);
        for c in [-0.000_318_065_96, 0.003_622_943_3, -0.023_720_236, 0.106_187_664, 0.635_181_5, 1.128_641] {
            q = S::fma(q, t, S::splat(c));
        }
        let large = S::mul(sign, S::sub(one, exp::<S>(S::sub(zero, S::mul(q, t)))));
        // 0 near zero, 1 elsewhere.
        let which = S::clamp(S::mul(S::sub(a, S::splat(NEAR)), S::splat(FAR)), zero, one);
        S::fma(which, large, S::mul(S::sub(one, which), small))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{Isa, Kernel};

    struct Exp<'a>(&'a mut [f32]);

    impl Kernel for Exp<'_> {
        type Output = ();
        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            for at in self.0.chunks_exact_mut(S::LANES) {
                // SAFETY: a chunk is one vector.
                unsafe { S::store(at.as_mut_ptr(), exp::<S>(S::load(at.as_ptr()))) }
            }
        }
    }

    #[test]
    fn exponentials_are_right_to_two_units() {
        for isa in Isa::available() {
            let from: Vec<f32> = (0..1 << 16).map(|i| -(i as f32) * 90.0 / 65536.0).collect();
            let mut got = from.clone();
            isa.run(Exp(&mut got));
            for (x, y) in from.iter().zip(&got) {
                let want = f64::from(*x).exp();
                let unit = f64::from(f32::EPSILON) * want;
                let small = want < f64::from(f32::MIN_POSITIVE);
                assert!((f64::from(*y) - want).abs() <= 2.0 * unit || small && (0.0..=want * 1.5).contains(&f64::from(*y)), "{x}: {y}");
            }
            let mut ends: Vec<f32> = [f32::NEG_INFINITY, f32::MIN, -0.0, f32::NAN].repeat(4);
            isa.run(Exp(&mut ends));
            assert!(ends.chunks(4).all(|e| e[..3] == [0.0, 0.0, 1.0] && e[3].is_nan()), "{ends:?}");
        }
    }

    struct Erf<'a>(&'a mut [f32]);

    impl Kernel for Erf<'_> {
        type Output = ();
        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            for at in self.0.chunks_exact_mut(S::LANES) {
                // SAFETY: a chunk is one vector.
                unsafe { S::store(at.as_mut_ptr(), erf::<S>(S::load(at.as_ptr()))) }
            }
        }
    }

    #[test]
    fn the_error_function_is_right_to_three_units() {
        for isa in Isa::available() {
            let from: Vec<f32> = (0..1 << 16).map(|i| (i as f32 - 32768.0) / 6000.0).collect();
            let mut got = from.clone();
            isa.run(Erf(&mut got));
            for (x, y) in from.iter().zip(&got) {
                let want = libm::erf(f64::from(*x));
                assert!((f64::from(*y) - want).abs() <= 3.0 * f64::from(f32::EPSILON) * want.abs(), "{x}: {y}, not {want}");
            }
            let mut ends: Vec<f32> = [f32::NEG_INFINITY, f32::INFINITY, 0.0, f32::NAN, -1e30, 1e-30, -1e-12, 0.93].repeat(2);
            isa.run(Erf(&mut ends));
            let near = |a: f32, b: f32| (a - b).abs() <= 1e-6 * b.abs();
            assert!(ends[..3] == [-1.0, 1.0, 0.0] && ends[3].is_nan() && ends[4] == -1.0, "{ends:?}");
            assert!(near(ends[5], 1.128_379_2e-30) && near(ends[6], -1.128_379_2e-12) && near(ends[7], 0.811_563_7), "{ends:?}");
        }
    }
}
