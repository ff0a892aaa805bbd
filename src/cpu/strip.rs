//! A strip is a few rows of one channel with their padding, copied to where every window can be read without a test for edges and,
//! whatever the stride, without gaps: columns that neighbouring windows see at the same place lie side by side.
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
#[derive(Clone, Copy)]
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
    /// Distance between the phases of a row: column `c` is in phase `c % stride`, at `c / stride`.
    pub(crate) phase: usize,
    /// First element of output row `rows.start`, dense rows of `Strips::out[1]`.
    pub(crate) to: *mut f32,
}

impl Strips {
    /// Distance between phases of a row: windows of whole vectors of outputs fit in.
    fn phase(&self, lanes: usize) -> usize {
        aligned(self.out[1].next_multiple_of(lanes) + (self.kernel[1] - 1) * self.dilation[1] / self.stride[1])
    }

    /// Where in a row of a strip the elements of windows are that have place `kx` in them.
    pub(crate) fn place(&self, kx: usize, phase: usize) -> usize {
        kx * self.dilation[1] % self.stride[1] * phase + kx * self.dilation[1] / self.stride[1]
    }

    /// Rows of the strip under so many output rows.
    fn height(&self, rows: usize) -> usize {
        (rows - 1) * self.stride[0] + (self.kernel[0] - 1) * self.dilation[0] + 1
    }

    /// Calls `f` for each strip of all planes, on all threads, then the epilogue for what it made.
    pub(crate) fn run(&self, isa: Isa, pool: &Pool, scratch: &mut Scratch, p: Planes, epilogue: Option<Epilogue>, f: &(dyn Fn(Strip) + Sync)) {
        let ([h, w], [oh, ow]) = (self.size, self.out);
        assert_eq!(p.input.len(), p.count * p.channels / p.multiplier * h * w, "number of input elements");
        assert!(p.out.strides.is_none() && p.count * p.channels * oh * ow <= p.out.memory.len(), "output is dense and large enough");
        if p.count * p.channels * oh * ow == 0 {
            return;
        }
        let phase = self.phase(isa.lanes());
        let step = phase * self.stride[1];
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
            isa.run(Copy { strips: self, input, rows: rows.clone(), phase, to: unsafe { own.slice() } });
            let to = p.out.memory.ptr().wrapping_add(plane * oh * ow + first * ow);
            let (image, channel, pixels) = (plane / p.channels, plane % p.channels, rows.start * ow..rows.end * ow);
            f(Strip { channel, rows, from: own.ptr(), step, phase, to });
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
    phase: usize,
    to: &'a mut [f32],
}

impl Kernel for Copy<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (s, [h, w], [left, stride]) = (self.strips, self.strips.size, [self.strips.pad[1], self.strips.stride[1]]);
        let width = (s.out[1] - 1) * stride + (s.kernel[1] - 1) * s.dilation[1] + 1;
        // Of a phase: its elements, and the places of the first and the last one that are in the image.
        let extent = |phase: usize| {
            let count = width.saturating_sub(phase).div_ceil(stride);
            let first = left.saturating_sub(phase).div_ceil(stride).min(count);
            (count, first, (left + w).saturating_sub(phase).div_ceil(stride).clamp(first, count))
        };
        let known = [extent(0), extent(1)];
        for r in 0..s.height(self.rows.len()) {
            let y = (self.rows.start * s.stride[0] + r).checked_sub(s.pad[0]).filter(|&y| y < h);
            for phase in 0..stride.min(width) {
                let to = &mut self.to[(r * stride + phase) * self.phase..];
                let (count, first, last) = if phase < 2 { known[phase] } else { extent(phase) };
                // SAFETY: the machine has the set, since this runs.
                unsafe {
                    match y.filter(|_| first < last) {
                        None => fill::<S>(count, s.fill, to),
                        Some(y) => {
                            fill::<S>(first, s.fill, to);
                            copy::<S>(last - first, &self.input[y * w + first * stride + phase - left..], stride, &mut to[first..]);
                            fill::<S>(count - last, s.fill, &mut to[last..]);
                        }
                    }
                }
            }
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
