//! The innermost loops of products: register tiles, and dot products for operands that are a vector.
//! They see packed panels and addresses; blocking, threads and edges of the matrix are the caller's.
#![allow(unsafe_code)]

use crate::cpu::isa::{Simd, TILE_VECTORS};

/// Room for the largest register tile of any set.
pub(crate) const TILE_MAX: usize = 8 * TILE_VECTORS * 16;

/// Two streams of `k` steps whose outer products are summed: `rows` elements of `a` and vectors of `b` at each step.
#[derive(Clone, Copy)]
pub(crate) struct Streams {
    pub(crate) k: usize,
    pub(crate) a: *const f32,
    pub(crate) a_step: usize,
    pub(crate) b: *const f32,
    pub(crate) b_step: usize,
}

/// Where a tile goes: `add` sums onto what is there.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) c: *mut f32,
    pub(crate) row: usize,
    pub(crate) add: bool,
}

/// # Safety
/// The streams have `R` and `NV` vectors at each of `k` steps, the target has `R` rows of `NV` vectors.
#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const NV: usize>(s: Streams, t: Target) {
    // SAFETY: by the caller's word.
    unsafe {
        let mut sum = [[S::splat(0.0); NV]; R];
        let (mut a, mut b) = (s.a, s.b);
        for _ in 0..s.k {
            let mut v = [S::splat(0.0); NV];
            for j in 0..NV {
                v[j] = S::load(b.add(j * S::LANES));
            }
            for r in 0..R {
                let x = S::splat(*a.add(r));
                for j in 0..NV {
                    sum[r][j] = S::fma(x, v[j], sum[r][j]);
                }
            }
            a = a.wrapping_add(s.a_step);
            b = b.wrapping_add(s.b_step);
        }
        for r in 0..R {
            for j in 0..NV {
                let to = t.c.add(r * t.row + j * S::LANES);
                S::store(to, if t.add { S::add(S::load(to), sum[r][j]) } else { sum[r][j] });
            }
        }
    }
}

/// A tile of `rows` (1 to `S::MR`) by `vectors` (1 to `TILE_VECTORS`).
///
/// # Safety
/// As for `tile`, with these counts.
#[inline(always)]
pub(crate) unsafe fn any_tile<S: Simd>(mut rows: usize, vectors: usize, mut s: Streams, mut t: Target) {
    macro_rules! rows {
        ($r:literal) => {
            // SAFETY: by the caller's word.
            unsafe {
                match vectors {
                    1 => tile::<S, $r, 1>(s, t),
                    2 => tile::<S, $r, 2>(s, t),
                    _ => tile::<S, $r, 3>(s, t),
                }
            }
        };
    }
    while rows > 0 {
        let done = if S::MR >= 8 && rows >= 8 {
            rows!(8);
            8
        } else if rows >= 4 {
            rows!(4);
            4
        } else if rows >= 2 {
            rows!(2);
            2
        } else {
            rows!(1);
            1
        };
        rows -= done;
        s.a = s.a.wrapping_add(done);
        t.c = t.c.wrapping_add(done * t.row);
    }
}

/// A tile of `rows` by `columns` elements; `b` is readable up to whole vectors, `c` need not be writable beyond the columns.
///
/// # Safety
/// As for `tile`, with the columns rounded up to vectors for the streams, not for the target.
#[inline(always)]
pub(crate) unsafe fn edge_tile<S: Simd>(rows: usize, columns: usize, s: Streams, t: Target, spare: &mut [f32; TILE_MAX]) {
    let vectors = columns.div_ceil(S::LANES);
    // A partial vector goes through memory of our own.
    let width = vectors * S::LANES;
    let direct = columns == width;
    let to = if direct { t } else { Target { c: spare.as_mut_ptr(), row: width, add: false } };
    // SAFETY: by the caller's word; the spare tile is as large as any.
    unsafe {
        any_tile::<S>(rows, vectors, s, to);
        if !direct {
            for r in 0..rows {
                let (from, to) = (spare.as_ptr().add(r * width), t.c.add(r * t.row));
                for j in 0..columns {
                    *to.add(j) = *from.add(j) + if t.add { *to.add(j) } else { 0.0 };
                }
            }
        }
    }
}

/// Sums the products of two streams of `len` elements, each place modulo `S::MR` by itself: a packed panel of rows times a column
/// whose elements are repeated `S::MR` times. `len` is a multiple of `S::MR`.
///
/// # Safety
/// Both streams have `len` elements.
#[inline(always)]
pub(crate) unsafe fn panel_times_column<S: Simd>(len: usize, a: *const f32, b: *const f32, sums: &mut [f32; 8]) {
    // SAFETY: all places are under `len`; `parts` holds four vectors of the widest set.
    unsafe {
        let (mut acc, mut parts) = ([S::splat(0.0); 4], [0f32; 64]);
        let whole = len - len % (4 * S::LANES);
        for i in (0..whole).step_by(4 * S::LANES) {
            for u in 0..4 {
                let at = i + u * S::LANES;
                acc[u] = S::fma(S::load(a.add(at)), S::load(b.add(at)), acc[u]);
            }
        }
        for u in 0..4 {
            S::store(parts.as_mut_ptr().add(u * S::LANES), acc[u]);
        }
        for i in whole..len {
            parts[i - whole] += *a.add(i) * *b.add(i);
        }
        *sums = [0.0; 8];
        for i in 0..4 * S::LANES {
            sums[i % S::MR] += parts[i];
        }
    }
}

/// The dot product of two contiguous vectors.
///
/// # Safety
/// Both have `len` elements.
#[inline(always)]
pub(crate) unsafe fn dot<S: Simd>(len: usize, a: *const f32, b: *const f32) -> f32 {
    // SAFETY: as in `panel_times_column`.
    unsafe {
        let (mut acc, mut parts) = ([S::splat(0.0); 4], [0f32; 64]);
        let whole = len - len % (4 * S::LANES);
        for i in (0..whole).step_by(4 * S::LANES) {
            for u in 0..4 {
                let at = i + u * S::LANES;
                acc[u] = S::fma(S::load(a.add(at)), S::load(b.add(at)), acc[u]);
            }
        }
        let sum = S::add(S::add(acc[0], acc[1]), S::add(acc[2], acc[3]));
        S::store(parts.as_mut_ptr(), sum);
        let rest: f32 = (whole..len).map(|i| *a.add(i) * *b.add(i)).sum();
        parts[..S::LANES].iter().sum::<f32>() + rest
    }
}
