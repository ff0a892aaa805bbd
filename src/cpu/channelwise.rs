//! Windows over images in blocks of channels, where nothing is shared between channels: convolution with one channel per group, and
//! pooling. A vector holds channels of one pixel; where a window hangs over the edge, its elements in the padding are left out.
#![allow(unsafe_code)]

use crate::cpu::conv::{ConvParams, Images};
use crate::cpu::gemm::{Epilogue, Output, SERIAL, part, with_slots};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pool::Pool;
use crate::cpu::pool2d::{PoolParams, Pooling, counted};
use crate::loops::contract::BLOCK;
use std::ops::Range;

/// Weights of a convolution channel by channel: for each block and place in the window, a block of channels.
pub struct ChannelWeights(Vec<f32>);

impl ChannelWeights {
    /// Packs `weights`: channels x window.
    pub fn new(params: &ConvParams, weights: &[f32]) -> ChannelWeights {
        let (channels, taps) = (params.outputs, params.kernel[1] * params.kernel[2]);
        assert!(params.groups == channels && params.inputs == channels && weights.len() == channels * taps, "not channel by channel");
        let mut packed = vec![0f32; channels.next_multiple_of(BLOCK) * taps];
        for (i, w) in weights.iter().enumerate() {
            let (channel, tap) = (i / taps, i % taps);
            packed[(channel / BLOCK * taps + tap) * BLOCK + channel % BLOCK] = *w;
        }
        ChannelWeights(packed)
    }
}

/// The work for one image size.
struct Over<'a> {
    window: PoolParams,
    kind: Kind<'a>,
    /// Height and width of input and output.
    size: [usize; 2],
    out: [usize; 2],
}

enum Kind<'a> {
    Weighted(&'a [f32]),
    Pooled(Pooling),
}

/// Convolves `images` in blocks, channel by channel, into `out`. The epilogue gets (image, block, block + 1, pixel0, pixel1).
pub fn convolve(isa: Isa, p: &ConvParams, weights: &ChannelWeights, pool: &Pool, images: Images, out: Output, epilogue: Option<Epilogue>) {
    let two = |v: [usize; 3]| [v[1], v[2]];
    let [pad_begin, pad_end] = [two(p.pad_begin), two(p.pad_end)];
    let window = PoolParams { kernel: two(p.kernel), stride: two(p.stride), dilation: two(p.dilation), pad_begin, pad_end };
    let over = Over { window, kind: Kind::Weighted(&weights.0), size: two(images.size), out: two(p.output(images.size)) };
    over.run(isa, pool, images, p.outputs.div_ceil(BLOCK), out, epilogue);
}

/// Pools `blocks` of channels of `images` into `out`, planes of size `to`. The epilogue is as for [`convolve`].
pub fn pool(
    isa: Isa,
    p: &PoolParams,
    pooling: Pooling,
    pool: &Pool,
    images: Images,
    blocks: usize,
    to: [usize; 2],
    out: Output,
    epilogue: Option<Epilogue>,
) {
    let over = Over { window: *p, kind: Kind::Pooled(pooling), size: [images.size[1], images.size[2]], out: to };
    over.run(isa, pool, images, blocks, out, epilogue);
}

impl Over<'_> {
    fn run(&self, isa: Isa, pool: &Pool, images: Images, blocks: usize, out: Output, epilogue: Option<Epilogue>) {
        let ([h, w], [oh, ow]) = (self.size, self.out);
        let all = images.count * blocks;
        assert_eq!(images.data.len(), all * h * w * BLOCK, "number of input elements");
        let out = out.plain(all * oh * ow * BLOCK);
        if all * oh * ow == 0 {
            return;
        }
        let work = all * oh * ow * BLOCK * self.window.kernel[0] * self.window.kernel[1];
        let threads = if work < SERIAL { 1 } else { pool.threads() };
        let cuts = (4 * threads).div_ceil(all).clamp(1, oh);
        with_slots(pool, threads, all * cuts, &|_, task| {
            let (block, rows) = (task / cuts, part(oh, cuts, task % cuts));
            let pixels = rows.start * ow..rows.end * ow;
            let from = images.data[block * h * w * BLOCK..].as_ptr();
            let to = out.part((block * oh * ow + pixels.start) * BLOCK, pixels.len() * BLOCK).ptr();
            isa.run(Block { of: self, block: block % blocks, rows, from, to });
            if let Some(epilogue) = epilogue {
                epilogue(block / blocks, block % blocks, block % blocks + 1, pixels.start, pixels.end);
            }
        });
    }

    /// Places in the window of output `o` along dimension `d` that are in the image.
    #[inline(always)]
    fn inside(&self, d: usize, o: usize) -> Range<usize> {
        let (first, dilation, kernel) = (o * self.window.stride[d], self.window.dilation[d], self.window.kernel[d]);
        let before = |edge: usize| edge.saturating_sub(first).div_ceil(dilation).min(kernel);
        before(self.window.pad_begin[d])..before(self.window.pad_begin[d] + self.size[d])
    }

    /// Outputs of a row whose windows do not hang over its ends.
    fn whole(&self) -> Range<usize> {
        let p = &self.window;
        let (reach, step, pad) = ((p.kernel[1] - 1) * p.dilation[1], p.stride[1], p.pad_begin[1]);
        let end = (self.size[1] + pad).checked_sub(reach + 1).map_or(0, |last| last / step + 1).min(self.out[1]);
        pad.div_ceil(step).min(end)..end
    }
}

/// Some rows of one block.
struct Block<'a> {
    of: &'a Over<'a>,
    block: usize,
    rows: Range<usize>,
    /// The block of the input, and the first of the output's rows.
    from: *const f32,
    to: *mut f32,
}

impl Kernel for Block<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the machine has the set; input and output have the block's rows by `Over::run`.
        unsafe {
            match self.of.kind {
                Kind::Weighted(weights) => {
                    let taps = self.of.window.kernel[0] * self.of.window.kernel[1];
                    self.rows::<S, { Tap::WEIGHT }>(weights.as_ptr().add(self.block * taps * BLOCK))
                }
                Kind::Pooled(Pooling::Max) => self.rows::<S, { Tap::MAX }>(self.from),
                Kind::Pooled(Pooling::Average(_)) => self.rows::<S, { Tap::SUM }>(self.from),
            }
        }
    }
}

/// What becomes of an element of a window.
struct Tap;

impl Tap {
    const WEIGHT: u8 = 0;
    const MAX: u8 = 1;
    const SUM: u8 = 2;
}

/// Part of the windows of pixels side by side: places in the window, and the first pixel's first element.
struct Windows {
    ky: Range<usize>,
    kx: Range<usize>,
    x: usize,
    y: usize,
}

impl Block<'_> {
    /// # Safety
    /// The machine has the set; `weights` has a block for each place in the window where the taps are weighted.
    #[inline(always)]
    unsafe fn rows<S: Simd, const TAP: u8>(&self, weights: *const f32) {
        let (of, width, whole) = (self.of, self.of.out[1], self.of.whole());
        for (i, y) in self.rows.clone().enumerate() {
            let ky = of.inside(0, y);
            let to = self.to.wrapping_add(i * width * BLOCK);
            let mut x = 0;
            while x < width {
                let inner = whole.contains(&x);
                let kx = if inner { 0..of.window.kernel[1] } else { of.inside(1, x) };
                let at = Windows { ky: ky.clone(), kx, x, y };
                let room = if inner { whole.end - x } else { 1 };
                // SAFETY: the windows' elements are in the image by `inside` and `whole`, the pixels in the row.
                x += unsafe {
                    match room {
                        8.. => self.pixels::<S, TAP, 8>(&at, weights, to.add(x * BLOCK)),
                        4.. => self.pixels::<S, TAP, 4>(&at, weights, to.add(x * BLOCK)),
                        2.. => self.pixels::<S, TAP, 2>(&at, weights, to.add(x * BLOCK)),
                        _ => self.pixels::<S, TAP, 1>(&at, weights, to.add(x * BLOCK)),
                    }
                };
            }
            if TAP == Tap::SUM {
                self.divide(y, to);
            }
        }
    }

    /// `R` pixels; gives their number.
    ///
    /// # Safety
    /// The machine has the set; the windows are in the image, the pixels in the output.
    #[inline(always)]
    unsafe fn pixels<S: Simd, const TAP: u8, const R: usize>(&self, at: &Windows, weights: *const f32, to: *mut f32) -> usize {
        let (p, w) = (&self.of.window, self.of.size[1]);
        let step = p.stride[1] * BLOCK;
        for v in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: by the caller's word.
            unsafe {
                let mut sum = [S::splat(if TAP == Tap::MAX { f32::NEG_INFINITY } else { 0.0 }); R];
                for ky in at.ky.clone() {
                    let row = (at.y * p.stride[0] + ky * p.dilation[0] - p.pad_begin[0]) * w;
                    for kx in at.kx.clone() {
                        let x = self.from.add((row + at.x * p.stride[1] + kx * p.dilation[1] - p.pad_begin[1]) * BLOCK + v);
                        let weight = if TAP == Tap::WEIGHT { S::load(weights.add((ky * p.kernel[1] + kx) * BLOCK + v)) } else { sum[0] };
                        for r in 0..R {
                            let element = S::load(x.add(r * step));
                            sum[r] = match TAP {
                                Tap::WEIGHT => S::fma(weight, element, sum[r]),
                                Tap::MAX => S::max(sum[r], element),
                                _ => S::add(sum[r], element),
                            };
                        }
                    }
                }
                for r in 0..R {
                    S::store(to.add(r * BLOCK + v), sum[r]);
                }
            }
        }
        R
    }

    /// Divides the sums of a row by their counts.
    fn divide(&self, y: usize, to: *mut f32) {
        let Kind::Pooled(Pooling::Average(count)) = self.of.kind else { return };
        let (p, [h, w]) = (&self.of.window, self.of.size);
        let high = counted(p, count, [h, w], 0, y);
        for x in 0..self.of.out[1] {
            let count = (high * counted(p, count, [h, w], 1, x)).max(1) as f32;
            // SAFETY: the row is this task's.
            (0..BLOCK).for_each(|i| unsafe { *to.add(x * BLOCK + i) /= count });
        }
    }
}
