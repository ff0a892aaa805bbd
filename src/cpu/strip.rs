//! A strip is a few rows of one channel with their padding, copied to where every window can be read without a test for edges.
//! Shared by the kernels that work channel by channel. It computes nothing.
#![allow(unsafe_code)]

use crate::cpu::gemm::{Epilogue, Output, SERIAL, with_slots};
use crate::cpu::im2col::{copy, fill};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, aligned};
use std::ops::Range;

/// Elements of a strip: with the rows of output made from it, it stays in the first cache.
const STRIP: usize = 5120;

/// Windows over planes of one size.
#[derive(Clone, Copy)]
pub(crate) struct Strips {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    /// Padding above and to the left; what is missing below and to the right follows from the output size.
    pub(crate) pad: [usize; 2],
    pub(crate) size: [usize; 2],
    pub(crate) out: [usize; 2],
    /// What the padding holds.
    pub(crate) fill: f32,
}

/// The planes to go over: outputs are `count` x `channels` x `out`; each output plane is made from one input plane.
pub(crate) struct Planes<'a> {
    pub(crate) input: &'a [f32],
    pub(crate) count: usize,
    pub(crate) channels: usize,
    /// Output channels made from one input channel.
    pub(crate) multiplier: usize,
    pub(crate) out: Output<'a>,
}

/// One strip, ready to be read, and the output rows to be made from it.
pub(crate) struct Strip {
    pub(crate) channel: usize,
    /// Output rows.
    pub(crate) rows: Range<usize>,
    /// First element of the strip, where the window of output (rows.start, 0) begins.
    pub(crate) from: *const f32,
    /// Distance between rows of the strip.
    pub(crate) step: usize,
    /// First element of output row `rows.start`, dense rows of `Strips::out[1]`.
    pub(crate) to: *mut f32,
}

impl Strips {
    /// Elements left free before a row so that the image, not its padding, begins at the alignment of vectors.
    fn lead(&self, lanes: usize) -> usize {
        self.pad[1].wrapping_neg() % lanes
    }

    /// Distance between rows of a strip: windows of whole vectors of outputs fit in.
    fn step(&self, lanes: usize) -> usize {
        aligned(self.lead(lanes) + self.out[1].next_multiple_of(lanes) * self.stride[1] + (self.kernel[1] - 1) * self.dilation[1])
    }

    /// Rows of the strip under so many output rows.
    fn height(&self, rows: usize) -> usize {
        (rows - 1) * self.stride[0] + (self.kernel[0] - 1) * self.dilation[0] + 1
    }

    /// Calls `f` for each strip of all planes, on all threads, then the epilogue for what it made.
    pub(crate) fn run(
        &self,
        isa: Isa,
        pool: &Pool,
        scratch: &mut Scratch,
        p: Planes,
        epilogue: Option<Epilogue>,
        f: &(dyn Fn(Strip) + Sync),
    ) {
        let ([h, w], [oh, ow]) = (self.size, self.out);
        assert_eq!(p.input.len(), p.count * p.channels / p.multiplier * h * w, "number of input elements");
        let out = p.out.plain(p.count * p.channels * oh * ow);
        if p.count * p.channels * oh * ow == 0 {
            return;
        }
        let step = self.step(isa.lanes());
        // As many rows as fit, a multiple of four, at least four; the same number in each strip but the last.
        let fit = (1..=oh).take_while(|&rows| rows <= 4 || self.height(rows) * step <= STRIP).last().unwrap_or(1);
        let rows = if fit < oh { fit & !3 } else { fit };
        let (strips, room) = (oh.div_ceil(rows), aligned(self.height(rows) * step + isa.lanes()));
        let work = p.count * p.channels * oh * ow * self.kernel[0] * self.kernel[1];
        let threads = if work < SERIAL { 1 } else { pool.threads() };
        let memory = scratch.take(threads * room);
        with_slots(pool, threads, p.count * p.channels * strips, &|slot, task| {
            let (plane, first) = (task / strips, task % strips * rows);
            let (rows, own) = (first..oh.min(first + rows), memory.part(slot * room, room));
            let input = &p.input[plane / p.multiplier * h * w..];
            // SAFETY: a slot is one thread's.
            isa.run(Copy { strips: self, input, rows: rows.clone(), step, to: unsafe { own.slice() } });
            let to = out.ptr().wrapping_add(plane * oh * ow + first * ow);
            let (image, channel, pixels) = (plane / p.channels, plane % p.channels, rows.start * ow..rows.end * ow);
            let from = own.ptr().wrapping_add(self.lead(isa.lanes()));
            f(Strip { channel, rows, from, step, to });
            if let Some(epilogue) = epilogue {
                epilogue(image, channel, channel + 1, pixels.start, pixels.end);
            }
        });
    }
}

/// Makes the strip under some output rows of the plane at the beginning of `input`.
struct Copy<'a> {
    strips: &'a Strips,
    input: &'a [f32],
    rows: Range<usize>,
    step: usize,
    to: &'a mut [f32],
}

impl Kernel for Copy<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (s, [h, w], lead) = (self.strips, self.strips.size, self.strips.lead(S::LANES));
        let width = (s.out[1] - 1) * s.stride[1] + (s.kernel[1] - 1) * s.dilation[1] + 1;
        // Places from `first` to `last` are in the image.
        let first = s.pad[1].min(width);
        let last = width.min(first + w);
        for r in 0..s.height(self.rows.len()) {
            let y = (self.rows.start * s.stride[0] + r).checked_sub(s.pad[0]).filter(|&y| y < h && first < last);
            let to = &mut self.to[r * self.step + lead..];
            // SAFETY: the machine has the set, since this runs.
            unsafe {
                match y {
                    None => fill::<S>(width, s.fill, to),
                    Some(y) => padded::<S>(first, last, width, &self.input[y * w..], s.fill, to),
                }
            }
        }
    }
}

/// Writes `count` elements: padding, elements of `from` at places `first` to `last`, padding. Up to a vector more where there is room,
/// which the next row is to set right.
///
/// # Safety
/// The machine has the set.
#[inline(always)]
unsafe fn padded<S: Simd>(first: usize, last: usize, count: usize, from: &[f32], value: f32, to: &mut [f32]) {
    let whole = (last - first).next_multiple_of(S::LANES);
    let short = first <= S::LANES && count - last <= S::LANES;
    // SAFETY: the first case writes up to `first + whole` or `last + LANES` and reads `whole`, which exist by the test.
    unsafe {
        if short && (first + whole).max(last + S::LANES) <= to.len() && whole <= from.len() {
            let to = to.as_mut_ptr();
            S::store(to, S::splat(value));
            for i in (0..whole).step_by(S::LANES) {
                S::store(to.add(first + i), S::load(from.as_ptr().add(i)));
            }
            S::store(to.add(last), S::splat(value));
        } else {
            fill::<S>(first, value, to);
            copy::<S>(last - first, from, 1, &mut to[first..]);
            fill::<S>(count - last, value, &mut to[last..]);
        }
    }
}

/// Places in an output row where vectors begin; the last one overlaps the one before it where that avoids a partial vector.
#[inline(always)]
pub(crate) fn places(width: usize, lanes: usize) -> impl Iterator<Item = usize> {
    (0..width).step_by(lanes).map(move |x| if x + lanes > width && width >= lanes { width - lanes } else { x })
}

/// Stores a vector of outputs; `room` elements may be written, fewer than a vector at the end of the rows of a strip only.
/// Where rows are narrower than vectors, what is stored too much is set right by the rows below, which come later.
///
/// # Safety
/// `room` elements at `to` are this task's.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd>(to: *mut f32, room: usize, v: S::V) {
    // SAFETY: inside the room by the tests.
    unsafe {
        if room >= S::LANES {
            S::store(to, v);
        } else {
            let mut spare = [0f32; 16];
            S::store(spare.as_mut_ptr(), v);
            // Volatile, so that this does not become a call, around which all vectors in registers would be saved.
            (0..room).for_each(|i| to.add(i).write_volatile(spare[i]));
        }
    }
}

/// `LANES` elements that are `step` apart.
///
/// # Safety
/// `LANES * step` elements at `from` are readable.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd>(from: *const f32, step: usize) -> S::V {
    // SAFETY: by the caller's word.
    unsafe {
        match step {
            1 => S::load(from),
            2 => S::load_even(from),
            _ => {
                let mut spare = [0f32; 16];
                for i in 0..S::LANES {
                    spare[i] = *from.add(i * step);
                }
                S::load(spare.as_ptr())
            }
        }
    }
}
