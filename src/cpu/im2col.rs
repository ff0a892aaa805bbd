//! Packs the windows of images into panels of a product, without ever writing the whole matrix of windows.
//! A panel row is made of runs: stretches of an image row, and zeros. Runs depend on the place in the window, not on the channel.
#![allow(unsafe_code)]

use crate::cpu::conv::{ConvParams, Images};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pack::PanelSource;
use std::cell::RefCell;
use std::ops::Range;

/// The matrix of windows: rows are (channel of the group, place in the window), columns are output pixels.
pub(crate) struct Windows<'a> {
    pub(crate) isa: Isa,
    pub(crate) params: &'a ConvParams,
    pub(crate) images: Images<'a>,
    pub(crate) out: [usize; 3],
}

/// `len` elements of a panel row.
#[derive(Clone, Copy)]
struct Run {
    len: usize,
    /// Place of the first one in the channel; `None` is zeros.
    from: Option<usize>,
}

/// The runs of all places in the window; place `t` has `runs[ends[t]..ends[t + 1]]`.
#[derive(Default)]
struct Runs {
    runs: Vec<Run>,
    ends: Vec<usize>,
}

thread_local! {
    /// Kept from panel to panel, so that only the first ones allocate.
    static RUNS: RefCell<Runs> = RefCell::default();
}

/// Runs of a panel that there is room for from the start: those of large windows over narrow images.
const ROOM: usize = 1 << 12;

/// Takes this thread's memory, so that no later panel has to.
pub(crate) fn reserve() {
    RUNS.with_borrow_mut(|runs| {
        runs.runs.reserve(ROOM);
        runs.ends.reserve(ROOM / 16);
    });
}

impl PanelSource for Windows<'_> {
    fn pack(&self, batch: usize, k: Range<usize>, columns: Range<usize>, dst: &mut [f32], width: usize) {
        assert_eq!(dst.len(), k.len() * width, "room for a panel");
        RUNS.with_borrow_mut(|runs| {
            runs.build(self, &columns, width);
            self.isa.run(Pack { windows: self, runs, batch, k, dst, width });
        });
    }
}

impl Runs {
    fn build(&mut self, w: &Windows, columns: &Range<usize>, width: usize) {
        let [kd, kh, kw] = w.params.kernel;
        self.runs.clear();
        self.ends.clear();
        self.runs.reserve(ROOM);
        self.ends.reserve(ROOM / 16);
        self.ends.push(0);
        for place in 0..kd * kh * kw {
            self.build_place(w, [place / (kh * kw), place / kw % kh, place % kw], columns.clone());
            self.push(Run { len: width - columns.len(), from: None }, 1);
            self.ends.push(self.runs.len());
        }
    }

    /// The runs of one place in the window, output row by output row.
    fn build_place(&mut self, w: &Windows, place: [usize; 3], mut columns: Range<usize>) {
        let ([depth, height, width], [_, oh, ow], p) = (w.images.size, w.out, w.params);
        // Index in the input along dimension `d` of output index `o`; `None` in the padding.
        let input = |d: usize, o: usize, size: usize| {
            let padded = o * p.stride[d] + place[d] * p.dilation[d];
            padded.checked_sub(p.pad_begin[d]).filter(|&i| i < size)
        };
        // Output columns of this place that are not in the padding.
        let (shift, step) = (place[2] * p.dilation[2], p.stride[2]);
        let valid = p.pad_begin[2].saturating_sub(shift).div_ceil(step)..(width + p.pad_begin[2]).saturating_sub(shift).div_ceil(step);
        while !columns.is_empty() {
            let (row, x) = (columns.start / ow, columns.start % ow);
            let end = ow.min(x + columns.len());
            columns.start += end - x;
            let (Some(z), Some(y)) = (input(0, row / oh, depth), input(1, row % oh, height)) else {
                self.push(Run { len: end - x, from: None }, step);
                continue;
            };
            let (first, last) = (valid.start.clamp(x, end), valid.end.clamp(x, end));
            self.push(Run { len: first - x, from: None }, step);
            if first < last {
                let at = (z * height + y) * width + first * step + shift - p.pad_begin[2];
                self.push(Run { len: last - first, from: Some(at) }, step);
            }
            self.push(Run { len: end - last.max(first), from: None }, step);
        }
    }

    /// Appends a run, to the last one of this place where it goes on from there.
    fn push(&mut self, run: Run, step: usize) {
        let begun = self.runs.len() > *self.ends.last().unwrap_or(&0);
        match self.runs.last_mut().filter(|_| begun) {
            _ if run.len == 0 => {}
            Some(last) if run.from == last.from.map(|from| from + last.len * step) => last.len += run.len,
            _ => self.runs.push(run),
        }
    }
}

struct Pack<'a> {
    windows: &'a Windows<'a>,
    runs: &'a Runs,
    batch: usize,
    k: Range<usize>,
    dst: &'a mut [f32],
    width: usize,
}

impl Kernel for Pack<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (p, images) = (self.windows.params, self.windows.images);
        let (places, plane) = (self.runs.ends.len() - 1, images.size.iter().product::<usize>());
        let first = (self.batch / p.groups * p.inputs) + self.batch % p.groups * (p.inputs / p.groups);
        let (mut channel, mut place) = (first + self.k.start / places, self.k.start % places);
        // Runs are written from left to right and rows from top to bottom: what one writes too much, the next sets right.
        for row in 0..self.k.len() {
            let mut at = row * self.width;
            for run in &self.runs.runs[self.runs.ends[place]..self.runs.ends[place + 1]] {
                let to = &mut self.dst[at..];
                match run.from {
                    // SAFETY: the machine has the set, since this runs.
                    None => unsafe { fill::<S>(run.len, 0.0, to) },
                    // SAFETY: as above.
                    Some(from) => unsafe { copy::<S>(run.len, &images.data[channel * plane + from..], p.stride[2], to) },
                }
                at += run.len;
            }
            place += 1;
            if place == places {
                (channel, place) = (channel + 1, 0);
            }
        }
    }
}

/// Writes `len` times `value`; up to a whole vector more where there is room, which what comes next is to set right.
///
/// # Safety
/// The machine has the set.
#[inline(always)]
pub(crate) unsafe fn fill<S: Simd>(len: usize, value: f32, to: &mut [f32]) {
    if len.next_multiple_of(S::LANES) <= to.len() {
        for i in (0..len).step_by(S::LANES) {
            // SAFETY: inside by the test above.
            unsafe { S::store(to.as_mut_ptr().add(i), S::splat(value)) }
        }
    } else {
        to[..len].fill(value);
    }
}

/// Copies `len` elements that are `step` apart; up to a whole vector more where there is room, as `fill` does.
///
/// # Safety
/// The machine has the set.
#[inline(always)]
pub(crate) unsafe fn copy<S: Simd>(len: usize, from: &[f32], step: usize, to: &mut [f32]) {
    let whole = len.next_multiple_of(S::LANES);
    if step > 2 || whole > to.len() || whole * step > from.len() {
        for i in 0..len {
            to[i] = from[i * step];
        }
        return;
    }
    for i in (0..len).step_by(S::LANES) {
        // SAFETY: `whole` elements of `to` and `whole * step` of `from` exist by the test above.
        unsafe {
            let at = from.as_ptr().add(i * step);
            S::store(to.as_mut_ptr().add(i), if step == 1 { S::load(at) } else { S::load_even(at) });
        }
    }
}
