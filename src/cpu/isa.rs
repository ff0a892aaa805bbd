//! Instruction sets: which the machine has, and the one vocabulary of vector operations that every kernel is written in.
//! A value of [`Isa`] is proof that the machine has the set. No kernel lives here.
#![allow(unsafe_code)]

use crate::cpu::simd_portable::Portable;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// An instruction set that this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Isa(Kind);

impl Isa {
    /// The fastest set of this machine.
    pub fn detect() -> Isa {
        let all = Isa::available();
        all[all.len() - 1]
    }

    /// Every set of this machine, slowest first; the portable one is always there.
    pub fn available() -> Vec<Isa> {
        let mut all = vec![Isa(Kind::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
            if avx2 {
                all.push(Isa(Kind::Avx2));
            }
            if avx2 && std::is_x86_feature_detected!("avx512f") {
                all.push(Isa(Kind::Avx512));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(Isa(Kind::Neon));
        }
        all
    }

    /// The set with this [`name`](Isa::name), where the machine has it.
    pub fn named(name: &str) -> Option<Isa> {
        Isa::available().into_iter().find(|isa| isa.name() == name)
    }

    /// `portable`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
        }
    }

    /// Number of `f32` in one vector.
    pub fn lanes(self) -> usize {
        self.run(Lanes)
    }

    /// Rows of the register tile of a product.
    pub fn tile_rows(self) -> usize {
        self.run(TileRows)
    }

    /// Columns of the register tile of a product.
    pub fn tile_columns(self) -> usize {
        TILE_VECTORS * self.lanes()
    }

    /// Runs a kernel compiled for this set.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: plain Rust needs no instruction set.
            Kind::Portable => unsafe { kernel.run::<Portable>() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this value exists only where the machine has the set.
            Kind::Avx2 => unsafe { crate::cpu::simd_x86::run_avx2(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kind::Avx512 => unsafe { crate::cpu::simd_x86::run_avx512(kernel) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Kind::Neon => unsafe { crate::cpu::simd_neon::run_neon(kernel) },
        }
    }
}

/// Vectors side by side in the register tile of a product.
pub(crate) const TILE_VECTORS: usize = 3;

/// A piece of work written once for every instruction set.
///
/// `run` must be `#[inline(always)]`, and so must every function that it calls with an `S`: only code that ends up inside the
/// entry function of a set is compiled for that set.
pub(crate) trait Kernel {
    type Output;

    /// # Safety
    /// The machine has the instruction set of `S`.
    unsafe fn run<S: Simd>(self) -> Self::Output;
}

/// Vectors of `f32`. All functions need the instruction set of the implementor; pointers need no alignment.
pub(crate) trait Simd: Copy + 'static {
    type V: Copy;
    const LANES: usize;
    /// Rows of the register tile: with `TILE_VECTORS` it fills the register file and leaves room for the operands.
    const MR: usize;

    /// # Safety
    /// The machine has the set.
    unsafe fn splat(x: f32) -> Self::V;
    /// # Safety
    /// `LANES` elements at `p` are readable.
    unsafe fn load(p: *const f32) -> Self::V;
    /// Elements 0, 2, 4, ... of the `2 * LANES` at `p`.
    /// # Safety
    /// All `2 * LANES` elements at `p` are readable.
    unsafe fn load_even(p: *const f32) -> Self::V;
    /// # Safety
    /// `LANES` elements at `p` are writable.
    unsafe fn store(p: *mut f32, v: Self::V);
    /// Stores the elements of two vectors in turns: `a[0]`, `b[0]`, `a[1]`, ...
    /// # Safety
    /// `2 * LANES` elements at `p` are writable.
    unsafe fn store_pairs(p: *mut f32, a: Self::V, b: Self::V);
    /// `a * b + c`.
    /// # Safety
    /// The machine has the set.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// # Safety
    /// The machine has the set.
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// # Safety
    /// The machine has the set.
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// # Safety
    /// The machine has the set.
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// `x * 2^n` of whole `n` from -126 to 127; 0 for -127. Of a NaN in `n` a power of two.
    /// # Safety
    /// The machine has the set.
    unsafe fn scale(x: Self::V, n: Self::V) -> Self::V;
    /// The larger one; a NaN where either is.
    /// # Safety
    /// The machine has the set.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// The nearest to `x` between `low` and `high`, which are no NaN and in order; a NaN stays one.
    /// # Safety
    /// The machine has the set.
    unsafe fn clamp(x: Self::V, low: Self::V, high: Self::V) -> Self::V;
}

struct Lanes;

impl Kernel for Lanes {
    type Output = usize;
    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> usize {
        S::LANES
    }
}

struct TileRows;

impl Kernel for TileRows {
    type Output = usize;
    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> usize {
        S::MR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Probe;

    impl Kernel for Probe {
        type Output = ();
        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            let x: Vec<f32> = (0..2 * S::LANES).map(|i| i as f32 - 3.5).collect();
            let mut y = vec![0f32; S::LANES];
            // SAFETY: `x` holds two vectors, `y` one.
            unsafe {
                S::store(y.as_mut_ptr(), S::load_even(x.as_ptr()));
                assert!((0..S::LANES).all(|i| y[i] == x[2 * i]));
                let (a, b) = (S::load(x.as_ptr()), S::load(x.as_ptr().add(S::LANES)));
                for (x, r) in [(-3.0, -1.0), (0.5, 0.5), (7.0, 6.0), (f32::NAN, f32::NAN)] {
                    S::store(y.as_mut_ptr(), S::clamp(S::splat(x), S::splat(-1.0), S::splat(6.0)));
                    assert!(y.iter().all(|&v: &f32| v == r || v.is_nan() && r.is_nan()));
                }
                let mut pairs = vec![0f32; 2 * S::LANES];
                S::store_pairs(pairs.as_mut_ptr(), a, b);
                assert!((0..S::LANES).all(|i| pairs[2 * i] == x[i] && pairs[2 * i + 1] == x[i + S::LANES]));
                S::store(y.as_mut_ptr(), S::sub(a, S::splat(0.25)));
                assert!((0..S::LANES).all(|i| y[i] == x[i] - 0.25));
                for (n, r) in [(-127.0, 0.0), (-126.0, 3.0 * f32::MIN_POSITIVE), (0.0, 3.0), (5.0, 96.0), (127.0, f32::INFINITY)] {
                    S::store(y.as_mut_ptr(), S::scale(S::splat(3.0), S::splat(n)));
                    assert!(y.iter().all(|v| *v == r));
                }
                S::store(y.as_mut_ptr(), S::scale(S::splat(f32::NAN), S::splat(f32::NAN)));
                assert!(y.iter().all(|v: &f32| v.is_nan()));
                S::store(y.as_mut_ptr(), S::mul(a, b));
                assert!((0..S::LANES).all(|i| y[i] == x[i] * x[i + S::LANES]));
                S::store(y.as_mut_ptr(), S::add(S::fma(a, b, S::splat(2.0)), a));
                assert!((0..S::LANES).all(|i| y[i] == x[i] * x[i + S::LANES] + 2.0 + x[i]));
                for (p, q, r) in [(1.0, 2.0, 2.0), (2.0, 1.0, 2.0), (f32::NAN, 1.0, f32::NAN), (1.0, f32::NAN, f32::NAN)] {
                    S::store(y.as_mut_ptr(), S::max(S::splat(p), S::splat(q)));
                    assert!(y.iter().all(|&v: &f32| v == r || v.is_nan() && r.is_nan()));
                }
            }
        }
    }

    #[test]
    fn every_set_of_this_machine_computes_the_same() {
        for isa in Isa::available() {
            isa.run(Probe);
            assert_eq!(Isa::named(isa.name()), Some(isa));
        }
        assert_eq!(Isa::named("vax"), None);
    }
}
