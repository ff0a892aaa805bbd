//! Convolution with one input channel per group: nothing is shared between channels, so it runs straight over each of them.
//! Windows of 3x3 and 5x5 at stride 1 and 2 keep their weights in registers; any other window is computed more plainly.
#![allow(unsafe_code)]

use crate::cpu::conv::{ConvParams, Images};
use crate::cpu::gemm::{Epilogue, Output};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::Scratch;
use crate::cpu::strip::{Planes, Strip, Strips, load, places, store};

/// Whether [`depthwise`] computes this convolution: one input channel in each group, and no depth.
pub fn fits(params: &ConvParams) -> bool {
    let flat = (params.kernel[0], params.stride[0], params.pad_begin[0], params.pad_end[0]) == (1, 1, 0, 0);
    params.groups == params.inputs && params.inputs > 0 && flat
}

/// Convolves `images` into `out`, dense. `weights` are output channels x window, as they come.
/// The epilogue gets (image, channel, channel + 1, pixel0, pixel1) of the whole output.
///
/// # Panics
/// Where [`fits`] says no, the input has depth, or sizes contradict each other.
pub fn depthwise(
    isa: Isa,
    params: &ConvParams,
    weights: &[f32],
    pool: &Pool,
    scratch: &mut Scratch,
    images: Images,
    out: Output,
    epilogue: Option<Epilogue>,
) {
    let (p, [depth, h, w]) = (params, images.size);
    assert!(fits(p) && depth == 1, "not a convolution channel by channel: {p:?}");
    let [_, oh, ow] = p.output(images.size);
    let tail = |a: [usize; 3]| [a[1], a[2]];
    let (kernel, stride, dilation, pad) = (tail(p.kernel), tail(p.stride), tail(p.dilation), tail(p.pad_begin));
    let taps = kernel[0] * kernel[1];
    assert_eq!(weights.len(), p.outputs * taps, "number of weights");
    let strips = Strips { kernel, stride, dilation, pad, size: [h, w], out: [oh, ow], fill: 0.0 };
    let planes = Planes { input: images.data, count: images.count, channels: p.outputs, multiplier: p.outputs / p.groups, out };
    strips.run(isa, pool, scratch, planes, epilogue, &|strip| {
        let weights = &weights[strip.channel * taps..][..taps];
        isa.run(Channel { strips: &strips, strip, weights });
    });
}

struct Channel<'a> {
    strips: &'a Strips,
    strip: Strip,
    weights: &'a [f32],
}

impl Kernel for Channel<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let s = self.strips;
        // SAFETY: `Strips::run` made the strip for these windows, and its output rows belong to this task.
        unsafe {
            match (s.kernel, s.stride, s.dilation) {
                ([3, 3], [1, 1], [1, 1]) => self.square::<S, 3, 1>(),
                ([3, 3], [2, 2], [1, 1]) => self.square::<S, 3, 2>(),
                ([5, 5], [1, 1], [1, 1]) => self.square::<S, 5, 1>(),
                ([5, 5], [2, 2], [1, 1]) => self.square::<S, 5, 2>(),
                _ => self.any::<S>(),
            }
        }
    }
}

impl Channel<'_> {
    /// # Safety
    /// The strip is one of `strips`, whose windows are `K` x `K` at stride `STEP`.
    #[inline(always)]
    unsafe fn square<S: Simd, const K: usize, const STEP: usize>(&self) {
        let mut row = 0;
        // SAFETY: by the caller's word.
        unsafe {
            while row + 4 <= self.strip.rows.len() {
                self.rows::<S, K, STEP, 4>(row);
                row += 4;
            }
            while row < self.strip.rows.len() {
                self.rows::<S, K, STEP, 1>(row);
                row += 1;
            }
        }
    }

    /// `ROWS` output rows at once: an element of the strip is loaded once for all rows that it belongs to.
    ///
    /// # Safety
    /// As for `square`; the strip has these rows.
    #[inline(always)]
    unsafe fn rows<S: Simd, const K: usize, const STEP: usize, const ROWS: usize>(&self, row: usize) {
        let (strip, width) = (&self.strip, self.strips.out[1]);
        // SAFETY: rows of the strip are wide enough for whole vectors of windows; stores stay in their output row.
        unsafe {
            let mut weight = [[S::splat(0.0); K]; K];
            for ky in 0..K {
                for kx in 0..K {
                    weight[ky][kx] = S::splat(self.weights[ky * K + kx]);
                }
            }
            let from = strip.from.add(row * STEP * strip.step);
            for x in places(width, S::LANES) {
                let mut sum = [S::splat(0.0); ROWS];
                for y in 0..(ROWS - 1) * STEP + K {
                    for kx in 0..K {
                        let v = load::<S>(from.add(y * strip.step + x * STEP + kx), STEP);
                        for r in 0..ROWS {
                            if y >= r * STEP && y < r * STEP + K {
                                sum[r] = S::fma(weight[y - r * STEP][kx], v, sum[r]);
                            }
                        }
                    }
                }
                // One branch for all rows: between branches the sums would be computed one after another.
                let (at, end) = (row * width + x, strip.rows.len() * width);
                if at + (ROWS - 1) * width + S::LANES <= end {
                    for r in 0..ROWS {
                        S::store(strip.to.add(at + r * width), sum[r]);
                    }
                } else {
                    for r in 0..ROWS {
                        let at = at + r * width;
                        store::<S>(strip.to.add(at), end - at, sum[r]);
                    }
                }
            }
        }
    }

    /// # Safety
    /// The strip is one of `strips`.
    #[inline(always)]
    unsafe fn any<S: Simd>(&self) {
        let (s, strip, width) = (self.strips, &self.strip, self.strips.out[1]);
        for row in 0..strip.rows.len() {
            for x in places(width, S::LANES) {
                // SAFETY: as in `rows`.
                unsafe {
                    let mut sum = S::splat(0.0);
                    for ky in 0..s.kernel[0] {
                        let from = strip.from.add((row * s.stride[0] + ky * s.dilation[0]) * strip.step + x * s.stride[1]);
                        for kx in 0..s.kernel[1] {
                            let weight = S::splat(self.weights[ky * s.kernel[1] + kx]);
                            sum = S::fma(weight, load::<S>(from.add(kx * s.dilation[1]), s.stride[1]), sum);
                        }
                    }
                    let at = row * width + x;
                    store::<S>(strip.to.add(at), strip.rows.len() * width - at, sum);
                }
            }
        }
    }
}
