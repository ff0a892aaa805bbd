//! Products where one operand is a vector or nearly so: nothing is reused, so the matrix is streamed once, as it lies.
//! Chosen by `gemm`; everything else is blocked.
#![allow(unsafe_code)]

use crate::cpu::gemm::{Job, Rhs, part, with_slots};
use crate::cpu::isa::{Kernel, Simd};
use crate::cpu::pack::{PackedA, Strided, pack_source};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, Shared, aligned};
use crate::cpu::tile::{dot, panel_times_column};

/// Parts to cut `len` into, each worth `unit` multiplications: four for each thread, but none below 16 Ki.
fn cuts(job: &Job, len: usize, unit: usize) -> usize {
    let worth = (len * unit) >> 14;
    (4 * job.threads).div_ceil(job.batch).min(worth).clamp(1, len)
}

/// One row times a matrix whose columns are contiguous, or a matrix whose rows are contiguous times one column.
pub(crate) fn dots(job: &Job, pool: &Pool, scratch: &mut Scratch, a: Strided, b: Strided) {
    let g = job.g;
    let by_column = g.m == 1 && b.row == 1;
    let (len, (matrix, stride), (vector, step)) = if by_column { (g.n, (b, b.col), (a, a.col)) } else { (g.m, (a, a.row), (b, b.row)) };
    let (cuts, room) = (cuts(job, len, g.k), aligned(g.k));
    let memory = scratch.take(if step == 1 { 0 } else { job.threads * room });
    with_slots(pool, job.threads, job.batch * cuts, &|slot, task| {
        let (element, range) = (task / cuts, part(len, cuts, task % cuts));
        let mut x = job.operand(vector, element);
        if step != 1 {
            // SAFETY: a slot is one thread's.
            let copy = unsafe { memory.part(slot * room, g.k).slice() };
            // SAFETY: the operand was measured by `Job::check`.
            copy.iter_mut().enumerate().for_each(|(p, to)| *to = unsafe { *x.add(p * step) });
            x = copy.as_ptr();
        }
        let (from, to) = (job.operand(matrix, element), job.output(element));
        let out_step = if by_column { 1 } else { job.row };
        job.isa.run(Dots { k: g.k, x, matrix: from, stride, to, out_step, first: range.start, end: range.end });
        let (whole, part) = ((0, 1), (range.start, range.end));
        if by_column { job.finished(element, whole, part) } else { job.finished(element, part, whole) }
    });
}

struct Dots {
    k: usize,
    x: *const f32,
    matrix: *const f32,
    stride: usize,
    to: *mut f32,
    out_step: usize,
    first: usize,
    end: usize,
}

impl Kernel for Dots {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for i in self.first..self.end {
            // SAFETY: operands and output were measured by `Job::check`; this part of the output is this task's.
            unsafe { *self.to.add(i * self.out_step) = dot::<S>(self.k, self.x, self.matrix.add(i * self.stride)) }
        }
    }
}

/// A packed matrix times a few columns.
pub(crate) fn narrow(job: &Job, pool: &Pool, scratch: &mut Scratch, a: &[PackedA]) {
    let (g, mr, lanes) = (job.g, job.isa.tile_rows(), job.isa.lanes());
    let (panels, column) = (g.m.div_ceil(mr), aligned(g.k * mr));
    let (cuts, each) = (cuts(job, panels, mr * g.k * g.n), g.n * column);
    let room = aligned(g.k * lanes);
    let (columns, slots) = scratch.take(job.batch * each + job.threads * room).split(job.batch * each);
    with_slots(pool, job.threads, job.batch, &|slot, element| {
        job.isa.run(Spread { job, element, spare: slots.part(slot * room, room), to: columns.part(element * each, each), column });
    });
    with_slots(pool, job.threads, job.batch * cuts, &|_, task| {
        let (element, range) = (task / cuts, part(panels, cuts, task % cuts));
        let (a, x) = (a[element % a.len()].ptr(), columns.part(element * each, each).ptr());
        job.isa.run(Narrow { job, a, x, column, first: range.start, end: range.end, to: job.output(element) });
        job.finished(element, (range.start * mr, g.m.min(range.end * mr)), (0, g.n));
    });
}

/// Writes the columns of B one after another, each element repeated as often as a panel of A has rows.
struct Spread<'a> {
    job: &'a Job<'a>,
    element: usize,
    spare: Shared<'a>,
    to: Shared<'a>,
    column: usize,
}

impl Kernel for Spread<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let g = self.job.g;
        let (mut from, mut row, mut col) = (self.spare.ptr().cast_const(), S::LANES, 1);
        match g.b {
            Rhs::Packed(all) => from = all[self.element % all.len()].ptr(),
            // SAFETY: the spare memory is this task's.
            Rhs::Source(source) => unsafe { pack_source(source, self.element, 0..g.k, 0..g.n, self.spare, S::LANES) },
            Rhs::Strided(b) => (from, row, col) = (self.job.operand(b, self.element), b.row, b.col),
        }
        for j in 0..g.n {
            let to = self.to.part(j * self.column, g.k * S::MR);
            for p in 0..g.k {
                // SAFETY: the source has `k` rows of `n` columns; the part has `k * MR` elements and is this task's.
                unsafe {
                    let x = *from.add(p * row + j * col);
                    (0..S::MR).for_each(|r| *to.ptr().add(p * S::MR + r) = x);
                }
            }
        }
    }
}

struct Narrow<'a> {
    job: &'a Job<'a>,
    a: *const f32,
    x: *const f32,
    column: usize,
    first: usize,
    end: usize,
    to: *mut f32,
}

impl Kernel for Narrow<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let g = self.job.g;
        let mut sums = [0f32; 8];
        for panel in self.first..self.end {
            let row = panel * S::MR;
            for j in 0..g.n {
                // SAFETY: the panel and the spread column have `k * MR` elements; the rows of the output are this task's.
                unsafe {
                    panel_times_column::<S>(g.k * S::MR, self.a.add(row * g.k), self.x.add(j * self.column), &mut sums);
                    for r in 0..S::MR.min(g.m - row) {
                        *self.to.add((row + r) * self.job.row + j) = sums[r];
                    }
                }
            }
        }
    }
}
