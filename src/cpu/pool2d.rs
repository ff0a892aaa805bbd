//! Maximum and average over windows of each channel. The caller gives the output size, so rounding up is its affair; windows may
//! hang over the padding. Pooling over a whole plane is a reduction and better off as one.
#![allow(unsafe_code)]

use crate::cpu::conv::Images;
use crate::cpu::gemm::{Epilogue, Output};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::Scratch;
use crate::cpu::strip::{Planes, Strip, Strips, load, places, store};

/// What becomes of the elements of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// The largest, a NaN if there is one; minus infinity for a window in the padding.
    Max,
    /// The sum divided by a count; padding adds nothing to the sum. 0 where nothing is counted.
    Average(Count),
}

/// What an average counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Elements of the image.
    Image,
    /// Elements of the image and its padding, but not what hangs over the padding.
    Padded,
    /// All elements of the window.
    Window,
}

/// Windows over (height, width); one dimension is height 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolParams {
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Distance between windows.
    pub stride: [usize; 2],
    /// Distance between elements of a window.
    pub dilation: [usize; 2],
    /// Padding above and to the left.
    pub pad_begin: [usize; 2],
    /// Padding below and to the right; it matters for [`Count::Padded`] only.
    pub pad_end: [usize; 2],
}

/// Pools `channels` of `images` (of depth 1) into `out`, dense, planes of size `to`.
/// The epilogue gets (image, channel, channel + 1, pixel0, pixel1) of the whole output.
///
/// # Panics
/// Where sizes contradict each other.
pub fn pool2d(
    isa: Isa,
    params: &PoolParams,
    pooling: Pooling,
    pool: &Pool,
    scratch: &mut Scratch,
    images: Images,
    channels: usize,
    to: [usize; 2],
    out: Output,
    epilogue: Option<Epilogue>,
) {
    let (p, [depth, h, w]) = (params, images.size);
    assert!(depth == 1 && ![p.kernel, p.stride, p.dilation].as_flattened().contains(&0), "cannot pool like this: {p:?}");
    let fill = if pooling == Pooling::Max { f32::NEG_INFINITY } else { 0.0 };
    let strips = Strips { kernel: p.kernel, stride: p.stride, dilation: p.dilation, pad: p.pad_begin, size: [h, w], out: to, fill };
    let planes = Planes { input: images.data, count: images.count, channels, multiplier: 1, out };
    strips.run(isa, pool, scratch, planes, epilogue, &|strip| {
        isa.run(Channel { strips: &strips, strip: &strip, max: pooling == Pooling::Max });
        if let Pooling::Average(count) = pooling {
            divide(p, count, &strips, &strip);
        }
    });
}

struct Channel<'a> {
    strips: &'a Strips,
    strip: &'a Strip,
    max: bool,
}

impl Kernel for Channel<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: `Strips::run` made the strip for these windows, and its output rows belong to this task.
        unsafe {
            match (self.max, self.strips.stride[1]) {
                (true, 1) => self.rows::<S, true>(1),
                (true, 2) => self.rows::<S, true>(2),
                (true, step) => self.rows::<S, true>(step),
                (false, 1) => self.rows::<S, false>(1),
                (false, 2) => self.rows::<S, false>(2),
                (false, step) => self.rows::<S, false>(step),
            }
        }
    }
}

impl Channel<'_> {
    /// # Safety
    /// The strip is one of `strips`, whose stride along a row is `step`.
    #[inline(always)]
    unsafe fn rows<S: Simd, const MAX: bool>(&self, step: usize) {
        let (s, strip, width) = (self.strips, self.strip, self.strips.out[1]);
        for row in 0..strip.rows.len() {
            for x in places(width, S::LANES) {
                // SAFETY: rows of the strip are wide enough for whole vectors of windows; stores stay in their output row.
                unsafe {
                    let mut all = S::splat(s.fill);
                    for ky in 0..s.kernel[0] {
                        let from = strip.from.add((row * s.stride[0] + ky * s.dilation[0]) * strip.step + x * step);
                        for kx in 0..s.kernel[1] {
                            let v = load::<S>(from.add(kx * s.dilation[1]), step);
                            all = if MAX { S::max(all, v) } else { S::add(all, v) };
                        }
                    }
                    let at = row * width + x;
                    store::<S>(strip.to.add(at), strip.rows.len() * width - at, all);
                }
            }
        }
    }
}

/// Divides the sums in the output rows of a strip by their counts.
fn divide(p: &PoolParams, count: Count, s: &Strips, strip: &Strip) {
    let width = s.out[1];
    for (row, y) in strip.rows.clone().enumerate() {
        let high = counted(p, count, s.size, 0, y);
        for x in 0..width {
            let counted = high * counted(p, count, s.size, 1, x);
            // SAFETY: inside the output rows of the strip, which belong to this task.
            unsafe { *strip.to.add(row * width + x) /= counted.max(1) as f32 }
        }
    }
}

/// How many elements of window `o` along dimension `d` are counted, over planes of this size.
pub(crate) fn counted(p: &PoolParams, count: Count, size: [usize; 2], d: usize, o: usize) -> usize {
    let (first, kernel, dilation) = (o * p.stride[d], p.kernel[d], p.dilation[d]);
    let (low, high) = match count {
        Count::Window => return kernel,
        Count::Image => (p.pad_begin[d], p.pad_begin[d] + size[d]),
        Count::Padded => (0, p.pad_begin[d] + size[d] + p.pad_end[d]),
    };
    if first >= low && first + (kernel - 1) * dilation < high {
        return kernel;
    }
    let before = |edge: usize| edge.saturating_sub(first).div_ceil(dilation).min(kernel);
    before(high) - before(low)
}
