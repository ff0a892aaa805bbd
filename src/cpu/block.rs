//! The general way to compute a product: C is cut into blocks, one task each; a block sums over blocks of K that fit the caches.
//! A is packed first, since all tasks read it; B by the task that reads it: handing it from core to core costs more than packing twice.
#![allow(unsafe_code)]

use crate::cpu::gemm::{Job, Lhs, Rhs, part, with_slots};
use crate::cpu::isa::{Kernel, Simd, TILE_VECTORS};
use crate::cpu::pack::{Panel, Strided, pack_panel, pack_source};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, Shared, aligned};
use crate::cpu::tile::{Streams, TILE_MAX, Target, edge_tile, panel_times_column};
use std::ops::Range;

/// Steps of K at once: a panel of A (K x 8 elements) stays in the first cache, the panels of B of a block in the second.
const K_BLOCK: usize = 256;
/// Elements of a block of C, so that it stays in the second cache while its blocks of K are summed.
const C_BLOCK: usize = 1 << 16;
/// Panels of B in a block.
const PANELS: usize = 10;
/// Rows of a block: above this, B is packed again for each block, which then costs next to nothing.
const ROWS: usize = 2048;

/// How a product is cut.
pub(crate) struct Blocked<'a> {
    job: &'a Job<'a>,
    /// Rows and columns of the register tile, and lanes.
    mr: usize,
    nr: usize,
    lanes: usize,
    /// Panels of A and of B.
    row_panels: usize,
    panels: usize,
    /// Blocks along each dimension.
    row_blocks: usize,
    column_blocks: usize,
    k_blocks: usize,
    /// A task is a whole batch element and packs its own A; otherwise all of A is packed before the tasks begin.
    whole: bool,
    /// Full panels of B are read where they are.
    direct: bool,
    /// Columns of the last panel where those are so few that a vector of them would be mostly empty: then vectors lie along the rows.
    thin: usize,
}

/// The parts of the working memory: packed A of all elements, and for each slot an A, a block of B and thin columns of its own.
#[derive(Clone, Copy)]
struct Memory<'a> {
    a: Shared<'a>,
    slots: Shared<'a>,
    slot: usize,
    slot_a: usize,
    thin: usize,
}

impl<'a> Blocked<'a> {
    pub(crate) fn new(job: &'a Job<'a>) -> Blocked<'a> {
        let (g, isa) = (job.g, job.isa);
        let (mr, nr, lanes) = (isa.tile_rows(), isa.tile_columns(), isa.lanes());
        let (row_panels, panels) = (g.m.div_ceil(mr), g.n.div_ceil(nr));
        let thin = if panels > 1 && (1..=lanes / 4).contains(&(g.n % nr)) { g.n % nr } else { 0 };
        let whole = job.threads == 1 || job.batch >= 4 * job.threads;
        let per_block = (C_BLOCK / g.m.min(ROWS) / nr).clamp(1, PANELS);
        let cut = (g.m.div_ceil(ROWS), panels.div_ceil(per_block));
        let (row_blocks, column_blocks) = if whole { cut } else { grid(job, cut, (row_panels, panels), (g.n - thin).div_ceil(lanes)) };
        let direct = matches!(g.b, Rhs::Strided(b) if b.col == 1) && g.m <= 2 * mr;
        let k_blocks = g.k.div_ceil(K_BLOCK).max(1);
        Blocked { job, mr, nr, lanes, row_panels, panels, row_blocks, column_blocks, k_blocks, whole, direct, thin }
    }

    pub(crate) fn run(&self, pool: &Pool, scratch: &mut Scratch) {
        let (job, k) = (self.job, self.job.g.k);
        let a_len = if matches!(job.g.a, Lhs::Strided(_)) { aligned(self.row_panels * self.mr * k) } else { 0 };
        let (all_a, slot_a) = if self.whole { (0, a_len) } else { (job.batch * a_len, 0) };
        let deepest = k.div_ceil(self.k_blocks);
        let thin = aligned(self.thin * deepest * self.mr);
        let slot = slot_a + aligned(self.panels.div_ceil(self.column_blocks) * self.nr * deepest) + thin;
        let (a, slots) = scratch.take(all_a + job.threads * slot).split(all_a);
        if all_a > 0 {
            with_slots(pool, job.threads, job.batch * self.row_panels, &|_, i| {
                let (element, panel) = (i / self.row_panels, i % self.row_panels);
                job.isa.run(PackA { of: self, element, panels: panel..panel + 1, to: a.part(element * a_len, a_len) });
            });
        }
        let memory = Memory { a, slots, slot, slot_a, thin };
        let per_element = if self.whole { 1 } else { self.row_blocks * self.column_blocks };
        with_slots(pool, job.threads, job.batch * per_element, &|slot, task| {
            let (element, block) = (task / per_element, task % per_element);
            job.isa.run(Task { of: self, memory, slot, element, block: (!self.whole).then_some(block) });
        });
    }

    /// Columns of a panel.
    fn columns(&self, panel: usize) -> usize {
        self.nr.min(self.job.g.n - panel * self.nr)
    }

    /// Columns of a panel, padded.
    fn width(&self, panel: usize) -> usize {
        self.columns(panel).next_multiple_of(self.lanes)
    }
}

/// Numbers of blocks of rows and columns that keep all threads at work: at least those of `cut`.
fn grid(job: &Job, cut: (usize, usize), (row_panels, panels): (usize, usize), vectors: usize) -> (usize, usize) {
    let threads = job.threads;
    if panels * job.batch >= 4 * threads {
        return (cut.0, cut.1.max((4 * threads).div_ceil(job.batch)));
    }
    // Too few columns: cut rows as well, which packs B once for each block of rows, at the price of one more panel of rows.
    let mut best = (usize::MAX, cut);
    for columns in cut.1..=panels {
        for tasks_each in 1..=4 {
            let rows = (tasks_each * threads).div_ceil(columns * job.batch).clamp(cut.0, row_panels.max(cut.0));
            let rounds = (rows * columns * job.batch).div_ceil(threads);
            let width = vectors.min(panels.div_ceil(columns) * TILE_VECTORS);
            best = best.min((rounds * width * (row_panels.div_ceil(rows) + 1), (rows, columns)));
        }
    }
    best.1
}

/// Packs row panels of A in full depth.
struct PackA<'a> {
    of: &'a Blocked<'a>,
    element: usize,
    panels: Range<usize>,
    to: Shared<'a>,
}

impl Kernel for PackA<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (g, mr) = (self.of.job.g, self.of.mr);
        let Lhs::Strided(a) = g.a else { return };
        let source = self.of.job.operand(a, self.element);
        for panel in self.panels {
            let (row, view) = (panel * mr, Panel { k_stride: a.col, stride: a.row, unit: mr });
            let to = self.to.part(row * g.k, mr * g.k);
            // SAFETY: the operand was measured by `Job::check`; the part has room for the panel and belongs to this task.
            unsafe { pack_panel::<S>(view, source.wrapping_add(row * a.row), g.k, mr.min(g.m - row), to.ptr()) }
        }
    }
}

/// Packs rows `k` of one panel of B.
struct PackB<'a> {
    of: &'a Blocked<'a>,
    element: usize,
    panel: usize,
    k: Range<usize>,
    to: Shared<'a>,
}

impl Kernel for PackB<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (of, first) = (self.of, self.panel * self.of.nr);
        let (columns, width) = (of.columns(self.panel), of.width(self.panel));
        match of.job.g.b {
            Rhs::Packed(_) => {}
            // SAFETY: the part belongs to this task.
            Rhs::Source(source) => unsafe { pack_source(source, self.element, self.k, first..first + columns, self.to, width) },
            Rhs::Strided(b) => {
                let view = Panel { k_stride: b.row, stride: b.col, unit: of.lanes };
                let from = of.job.operand(b, self.element).wrapping_add(self.k.start * b.row + first * b.col);
                let to = self.to.part(0, self.k.len() * width);
                // SAFETY: the operand was measured by `Job::check`; the part has room and belongs to this task.
                unsafe { pack_panel::<S>(view, from, self.k.len(), columns, to.ptr()) }
            }
        }
    }
}

/// One block of C, or all blocks of a batch element.
struct Task<'a> {
    of: &'a Blocked<'a>,
    memory: Memory<'a>,
    slot: usize,
    element: usize,
    block: Option<usize>,
}

impl Kernel for Task<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (of, g) = (self.of, self.of.job.g);
        let (own_a, own) = self.memory.slots.part(self.slot * self.memory.slot, self.memory.slot).split(self.memory.slot_a);
        let (thin, own_b) = own.split(self.memory.thin);
        let a = match g.a {
            Lhs::Packed(all) => all[self.element % all.len()].ptr(),
            Lhs::Strided(_) if !of.whole => {
                let len = self.memory.a.len() / of.job.batch;
                self.memory.a.part(self.element * len, len).ptr().cast_const()
            }
            Lhs::Strided(_) => {
                // SAFETY: the machine has the set, since this runs.
                unsafe { PackA { of, element: self.element, panels: 0..of.row_panels, to: own_a }.run::<S>() };
                own_a.ptr().cast_const()
            }
        };
        let b = match g.b {
            Rhs::Packed(all) => Some(all[self.element % all.len()].ptr()),
            _ => None,
        };
        let all = of.row_blocks * of.column_blocks;
        for block in self.block.map_or(0..all, |one| one..one + 1) {
            let rows = part(of.row_panels, of.row_blocks, block % of.row_blocks);
            let panels = part(of.panels, of.column_blocks, block / of.row_blocks);
            // SAFETY: `a` and `b` are whole packed operands; the block of C and `own_b` belong to this task.
            unsafe { self.block::<S>(rows, panels, a, b, own_b, thin) };
        }
    }
}

impl Task<'_> {
    /// # Safety
    /// `a` has all panels of A; `b`, where given, all of B; `own_b` has room for the panels; nobody else uses it or this block of C.
    #[inline(always)]
    unsafe fn block<S: Simd>(
        &self,
        rows: Range<usize>,
        panels: Range<usize>,
        a: *const f32,
        b: Option<*const f32>,
        own_b: Shared,
        thin: Shared,
    ) {
        let (of, job, g) = (self.of, self.of.job, self.of.job.g);
        let (c, columns) = (job.output(self.element), (panels.start * of.nr, g.n.min(panels.end * of.nr)));
        let direct: Option<(*const f32, Strided)> = match g.b {
            Rhs::Strided(s) if of.direct && b.is_none() => Some((job.operand(s, self.element), s)),
            _ => None,
        };
        let mut spare = [0f32; TILE_MAX];
        let deepest = g.k.div_ceil(of.k_blocks);
        for k_block in 0..of.k_blocks {
            let k = part(g.k, of.k_blocks, k_block);
            // Address of a panel's first element in this block of K, and the distance between its rows.
            let place = |p: usize| match (b, direct) {
                (Some(b), _) => (b.wrapping_add(p * of.nr * g.k + k.start * of.width(p)), of.width(p)),
                (None, Some((base, s))) if of.columns(p) == of.width(p) => (base.wrapping_add(k.start * s.row + p * of.nr), s.row),
                _ => (own_b.ptr().cast_const().wrapping_add((p - panels.start) * of.nr * deepest), of.width(p)),
            };
            for p in panels.clone().filter(|_| b.is_none()) {
                if direct.is_none() || of.columns(p) != of.width(p) {
                    let to = own_b.part((p - panels.start) * of.nr * deepest, of.width(p) * k.len());
                    // SAFETY: the machine has the set, since this runs.
                    unsafe { PackB { of, element: self.element, panel: p, k: k.clone(), to }.run::<S>() };
                }
            }
            let full = if panels.end == of.panels && of.thin > 0 { panels.start..panels.end - 1 } else { panels.clone() };
            if full != panels {
                let (from, step) = place(full.end);
                // SAFETY: the panel has these rows; the thin columns' memory is this task's.
                unsafe { spread::<S>(from, step, k.len(), of.thin, thin.ptr()) }
            }
            for row_panel in rows.clone() {
                let row = row_panel * of.mr;
                let count = of.mr.min(g.m - row);
                let a = a.wrapping_add(row * g.k + k.start * of.mr);
                if full != panels {
                    let c = c.wrapping_add(row * job.row + full.end * of.nr);
                    // SAFETY: the panel and the spread columns hold these rows of K; the target is inside the block of C.
                    unsafe { thin_tile::<S>(count, of.thin, k.len(), a, thin.ptr(), Target { c, row: job.row, add: k_block > 0 }) };
                }
                for p in full.clone() {
                    let (b, b_step) = place(p);
                    let streams = Streams { k: k.len(), a, a_step: of.mr, b, b_step };
                    let target = Target { c: c.wrapping_add(row * job.row + p * of.nr), row: job.row, add: k_block > 0 };
                    // SAFETY: the panels hold these rows of K; the target is inside the block of C.
                    unsafe { edge_tile::<S>(count, of.columns(p), streams, target, &mut spare) };
                }
                if k_block + 1 == of.k_blocks {
                    job.finished(self.element, (row, row + count), columns);
                }
            }
        }
    }
}

/// Writes the first columns of a packed panel one after another, each element as often as a panel of A has rows.
///
/// # Safety
/// The panel has `k` rows of `columns`; there is room for `k * MR` elements of each column.
#[inline(always)]
unsafe fn spread<S: Simd>(from: *const f32, step: usize, k: usize, columns: usize, to: *mut f32) {
    for j in 0..columns {
        for p in 0..k {
            // SAFETY: by the caller's word.
            unsafe {
                let x = *from.add(p * step + j);
                (0..S::MR).for_each(|r| *to.add((j * k + p) * S::MR + r) = x);
            }
        }
    }
}

/// A panel of A times columns that are spread; `rows` of the panel are wanted.
///
/// # Safety
/// Panel and columns have `k * MR` elements; the target has these rows and columns.
#[inline(always)]
unsafe fn thin_tile<S: Simd>(rows: usize, columns: usize, k: usize, a: *const f32, spread: *const f32, t: Target) {
    let mut sums = [0f32; 8];
    for j in 0..columns {
        // SAFETY: by the caller's word.
        unsafe {
            panel_times_column::<S>(k * S::MR, a, spread.add(j * k * S::MR), &mut sums);
            for (r, sum) in sums.iter().enumerate().take(rows) {
                let to = t.c.add(r * t.row + j);
                *to = if t.add { *to + sum } else { *sum };
            }
        }
    }
}
