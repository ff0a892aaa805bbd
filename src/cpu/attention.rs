//! Attention: for each batch element blocks of queries, whose scores stay in the cache from the first product over the softmax to the second
//! one. Which operands and what else is done to scores is the caller's.
//!
//! A block of scores lies key below key, queries side by side: so vectors run over queries, the softmax adds nothing up inside a vector,
//! and the block is a packed left operand of the second product as it is. Many keys are taken block by block: a row's largest score so far
//! decides what its sums so far are worth.
#![allow(unsafe_code)]

use crate::cpu::functions::exp;
use crate::cpu::gemm::{Output, SERIAL, check_span, offset, part, with_slots};
use crate::cpu::isa::{Isa, Kernel, Simd, TILE_VECTORS};
use crate::cpu::pack::{Panel, Strided, pack_panel};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, Shared, aligned};
use crate::cpu::tile::{Streams, Target, any_tile};
use std::ops::Range;

/// Queries of a block; whole vectors of every set.
pub const ROWS: usize = 48;
/// Keys of a block; whole register tiles of every set.
const KEYS: usize = 512;

/// Works on the scores of a block: (where the score of row 0 and key 0 would be, batch element, rows, keys). The score of row `i` and key
/// `j` is at `j * ROWS + i`.
pub type ScoreFn<'a> = &'a (dyn Fn(*mut f32, usize, Range<usize>, Range<usize>) + Sync);

/// What is computed: `softmax(scale * queries * keys^T + mask) * values` for each element of a batch.
#[derive(Clone, Copy)]
pub struct Attention<'a> {
    /// Batch dimensions.
    pub batch: &'a [usize],
    /// Rows and keys.
    pub scores: [usize; 2],
    /// Elements of a query and of a key.
    pub depth: usize,
    /// Elements of a value.
    pub columns: usize,
    /// Rows x depth.
    pub queries: Strided<'a>,
    /// Keys x depth.
    pub keys: Strided<'a>,
    /// Keys x columns.
    pub values: Strided<'a>,
    /// Factor of all scores.
    pub scale: f32,
    /// Rows x keys.
    pub mask: Option<Strided<'a>>,
    /// What else becomes of scores before the softmax.
    pub then: Option<ScoreFn<'a>>,
}

/// Computes attention.
///
/// # Panics
/// Where sizes reach beyond the memory given.
pub fn attention(isa: Isa, pool: &Pool, scratch: &mut Scratch, a: &Attention, out: Output) {
    let ([rows, keys], elements) = (a.scores, a.batch.iter().product::<usize>());
    check_span(a.batch, a.queries.batch, [(rows, a.queries.row), (a.depth, a.queries.col)], a.queries.data.len());
    check_span(a.batch, a.keys.batch, [(keys, a.keys.row), (a.depth, a.keys.col)], a.keys.data.len());
    check_span(a.batch, a.values.batch, [(keys, a.values.row), (a.columns, a.values.col)], a.values.data.len());
    if let Some(m) = a.mask {
        check_span(a.batch, m.batch, [(rows, m.row), (keys, m.col)], m.data.len());
    }
    out.check(a.batch, rows, a.columns);
    let blocks = rows.div_ceil(ROWS);
    if elements * blocks * a.columns == 0 {
        return;
    }
    let threads = if elements * rows * keys * (a.depth + a.columns) < SERIAL { 1 } else { pool.threads() };
    // A task packs keys and values for itself: no more tasks than keep all threads at work.
    let cuts = if threads == 1 { 1 } else { (4 * threads).div_ceil(elements).min(blocks) };
    let lengths = Lengths::new(isa, a);
    let memory = scratch.take(threads * lengths.total());
    with_slots(pool, threads, elements * cuts, &|slot, task| {
        let memory = memory.part(slot * lengths.total(), lengths.total());
        let (element, blocks) = (task / cuts, part(blocks, cuts, task % cuts));
        isa.run(Task { isa, a, out: &out, memory: lengths.split(memory), element, blocks });
    });
}

/// Elements of the parts of a task's memory.
struct Lengths([usize; 6]);

impl Lengths {
    fn new(isa: Isa, a: &Attention) -> Lengths {
        let ([_, keys], width) = (a.scores, a.columns.next_multiple_of(isa.lanes()));
        let packed = keys.next_multiple_of(isa.tile_rows()) * a.depth;
        Lengths([packed, keys * width, ROWS * a.depth, ROWS * keys.min(KEYS), ROWS * width, 3 * ROWS].map(aligned))
    }

    fn total(&self) -> usize {
        self.0.iter().sum()
    }

    fn split<'a>(&self, mut memory: Shared<'a>) -> Memory<'a> {
        let [keys, values, queries, scores, sums, rows] = self.0.map(|len| {
            let (first, rest) = memory.split(len);
            memory = rest;
            first
        });
        Memory { keys, values, queries, scores, sums, rows }
    }
}

/// The memory of a task.
struct Memory<'a> {
    /// Packed keys, in panels of register tiles' rows.
    keys: Shared<'a>,
    /// Packed values, in panels of columns.
    values: Shared<'a>,
    /// The block's packed queries, in panels.
    queries: Shared<'a>,
    /// The block's scores, then their exponentials.
    scores: Shared<'a>,
    /// Rows of the result before their division.
    sums: Shared<'a>,
    /// For each row the largest score, the sum of exponentials, and what earlier sums are worth.
    rows: Shared<'a>,
}

/// First column and width of panels of whole vectors, about equally wide and no wider than a register tile.
fn panels(lanes: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let vectors = columns.div_ceil(lanes);
    let count = vectors.div_ceil(TILE_VECTORS);
    (0..count).map(move |i| part(vectors, count, i)).map(move |v| (v.start * lanes, v.len() * lanes))
}

/// Blocks of rows of one batch element.
struct Task<'a> {
    isa: Isa,
    a: &'a Attention<'a>,
    out: &'a Output<'a>,
    memory: Memory<'a>,
    element: usize,
    blocks: Range<usize>,
}

impl Kernel for Task<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let ([rows, keys], a) = (self.a.scores, self.a);
        let (key, value) = (self.operand(a.keys), self.operand(a.values));
        // SAFETY: operands were measured by `attention`; the memory is this task's and as long as `Lengths` says.
        unsafe {
            let view = Panel { k_stride: a.keys.col, stride: a.keys.row, unit: S::MR };
            for j in (0..keys).step_by(S::MR) {
                let to = self.memory.keys.ptr().add(j * a.depth);
                pack_panel::<S>(view, key.wrapping_add(j * a.keys.row), a.depth, S::MR.min(keys - j), to);
            }
            let view = Panel { k_stride: a.values.row, stride: a.values.col, unit: S::LANES };
            for (first, wide) in panels(S::LANES, a.columns) {
                let to = self.memory.values.ptr().add(first * keys);
                pack_panel::<S>(view, value.wrapping_add(first * a.values.col), keys, wide.min(a.columns - first), to);
            }
            for block in self.blocks.clone() {
                self.block::<S>(block * ROWS..rows.min((block + 1) * ROWS));
            }
        }
    }
}

impl Task<'_> {
    /// Address of an operand's matrix.
    fn operand(&self, s: Strided) -> *const f32 {
        s.data.as_ptr().wrapping_add(offset(self.a.batch, s.batch, self.element))
    }

    /// # Safety
    /// Keys and values are packed; the rows of the result are this task's.
    #[inline(always)]
    unsafe fn block<S: Simd>(&self, rows: Range<usize>) {
        let (a, m, keys) = (self.a, &self.memory, self.a.scores[1]);
        let width = a.columns.next_multiple_of(S::LANES);
        // SAFETY: as in `run`; products stay in the block's memory by their sizes.
        unsafe {
            self.queries::<S>(&rows);
            let per_row = m.rows.slice();
            per_row[..ROWS].fill(f32::MIN);
            per_row[ROWS..].fill(0.0);
            for first in (0..keys).step_by(KEYS) {
                let some = first..keys.min(first + KEYS);
                if let Some(mask) = a.mask {
                    let from = self.operand(mask).wrapping_add(rows.start * mask.row + first * mask.col);
                    let view = Panel { k_stride: mask.col, stride: mask.row, unit: ROWS };
                    pack_panel::<S>(view, from, some.len(), rows.len(), m.scores.ptr());
                }
                self.isa.run(Product {
                    rows: some.len(),
                    a: m.keys.ptr().add(first * a.depth),
                    a_step: S::MR,
                    a_tile: S::MR * a.depth,
                    columns: rows.len(),
                    b: m.queries.ptr(),
                    b_rows: a.depth,
                    k: 0..a.depth,
                    c: Target { c: m.scores.ptr(), row: ROWS, add: a.mask.is_some() },
                });
                if let Some(then) = a.then {
                    then(m.scores.ptr().wrapping_sub(first * ROWS + rows.start), self.element, rows.clone(), some.clone());
                }
                exponentials::<S>(m.scores.ptr(), some.len(), rows.len(), m.rows.ptr());
                if first > 0 {
                    lessen::<S>(m.sums.ptr(), rows.len(), width, m.rows.ptr().add(2 * ROWS));
                }
                self.isa.run(Product {
                    rows: rows.len(),
                    a: m.scores.ptr(),
                    a_step: ROWS,
                    a_tile: S::MR,
                    columns: a.columns,
                    b: m.values.ptr(),
                    b_rows: keys,
                    k: some,
                    c: Target { c: m.sums.ptr(), row: width, add: first > 0 },
                });
            }
            self.finish::<S>(rows, width);
        }
    }

    /// Packs the block's queries, multiplied by the scale.
    ///
    /// # Safety
    /// As for `block`.
    #[inline(always)]
    unsafe fn queries<S: Simd>(&self, rows: &Range<usize>) {
        let (a, from, to) = (self.a, self.operand(self.a.queries), self.memory.queries.ptr());
        let view = Panel { k_stride: a.queries.col, stride: a.queries.row, unit: S::LANES };
        for (first, wide) in panels(S::LANES, rows.len()) {
            let from = from.wrapping_add((rows.start + first) * a.queries.row);
            // SAFETY: the operand was measured; the block's panels have room for its rows in whole vectors.
            unsafe { pack_panel::<S>(view, from, a.depth, wide.min(rows.len() - first), to.add(first * a.depth)) }
        }
        if a.scale != 1.0 {
            for i in (0..rows.len().next_multiple_of(S::LANES) * a.depth).step_by(S::LANES) {
                // SAFETY: as above.
                unsafe { S::store(to.add(i), S::mul(S::load(to.add(i)), S::splat(a.scale))) }
            }
        }
    }

    /// Divides the sums of the rows by those of their exponentials; without keys both are 0, and so is the result.
    ///
    /// # Safety
    /// As for `block`.
    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, rows: Range<usize>, width: usize) {
        let (a, sums) = (self.a, self.memory.sums.ptr());
        let (out, step) = (self.out.element(a.batch, a.scores[0] * a.columns, self.element), self.out.row(a.columns));
        let whole = a.columns - a.columns % S::LANES;
        for (r, row) in rows.enumerate() {
            // SAFETY: the output was measured by `attention`, its rows are this task's; sums have `width` columns.
            unsafe {
                let (to, from) = (out.add(row * step), sums.add(r * width));
                if a.scores[1] == 0 {
                    (0..a.columns).for_each(|c| *to.add(c) = 0.0);
                    continue;
                }
                let share = 1.0 / *self.memory.rows.ptr().add(ROWS + r);
                for c in (0..whole).step_by(S::LANES) {
                    S::store(to.add(c), S::mul(S::load(from.add(c)), S::splat(share)));
                }
                (whole..a.columns).for_each(|c| *to.add(c) = *from.add(c) * share);
            }
        }
    }
}

/// A product of packed operands: `a` in tiles of rows, `b` in panels of columns.
struct Product {
    rows: usize,
    a: *const f32,
    /// Distance between steps along `k`, and between tiles.
    a_step: usize,
    a_tile: usize,
    columns: usize,
    b: *const f32,
    /// Rows of a panel of `b`, and those that are wanted.
    b_rows: usize,
    k: Range<usize>,
    c: Target,
}

impl Kernel for Product {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for (first, wide) in panels(S::LANES, self.columns) {
            let b = self.b.wrapping_add(first * self.b_rows + self.k.start * wide);
            for tile in 0..self.rows.div_ceil(S::MR) {
                let rows = S::MR.min(self.rows - tile * S::MR);
                let a = self.a.wrapping_add(tile * self.a_tile);
                let c = self.c.c.wrapping_add(tile * S::MR * self.c.row + first);
                // SAFETY: where this is made, operands have these rows and panels, and rows of the target are whole vectors wide.
                unsafe {
                    let streams = Streams { k: self.k.len(), a, a_step: self.a_step, b, b_step: wide };
                    any_tile::<S>(rows, wide / S::LANES, streams, Target { c, ..self.c });
                }
            }
        }
    }
}

/// Scores as exponentials of their distance to the largest one so far. `per_row` holds largest scores, sums and what earlier sums are worth,
/// `ROWS` of each. Rows without a score above minus infinity stay 0.
///
/// # Safety
/// There are scores of `keys` for whole vectors of `rows`.
#[inline(always)]
unsafe fn exponentials<S: Simd>(scores: *mut f32, keys: usize, rows: usize, per_row: *mut f32) {
    for i in (0..rows).step_by(S::LANES) {
        // SAFETY: by the caller's word; vectors of every set divide `ROWS`.
        unsafe {
            let (column, largest, total, worth) = (scores.add(i), per_row.add(i), per_row.add(ROWS + i), per_row.add(2 * ROWS + i));
            let (before, whole) = (S::load(largest), keys - keys % 4);
            // Four at a time: one after another they would wait for each other.
            let mut most = [before; 4];
            for j in (0..whole).step_by(4) {
                for u in 0..4 {
                    most[u] = S::max(most[u], S::load(column.add((j + u) * ROWS)));
                }
            }
            for j in whole..keys {
                most[0] = S::max(most[0], S::load(column.add(j * ROWS)));
            }
            let now = S::max(S::max(most[0], most[1]), S::max(most[2], most[3]));
            let mut sums = [S::splat(0.0); 4];
            for j in (0..whole).step_by(4) {
                for u in 0..4 {
                    let at = column.add((j + u) * ROWS);
                    let e = exp::<S>(S::sub(S::load(at), now));
                    S::store(at, e);
                    sums[u] = S::add(sums[u], e);
                }
            }
            for j in whole..keys {
                let at = column.add(j * ROWS);
                let e = exp::<S>(S::sub(S::load(at), now));
                S::store(at, e);
                sums[0] = S::add(sums[0], e);
            }
            let (sum, earlier) = (S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3])), exp::<S>(S::sub(before, now)));
            S::store(largest, now);
            S::store(total, S::fma(S::load(total), earlier, sum));
            S::store(worth, earlier);
        }
    }
}

/// Multiplies each row by its factor.
///
/// # Safety
/// There are `rows` of `width`, which is a multiple of the lanes, and as many factors.
#[inline(always)]
unsafe fn lessen<S: Simd>(sums: *mut f32, rows: usize, width: usize, factors: *const f32) {
    for r in 0..rows {
        for c in (0..width).step_by(S::LANES) {
            // SAFETY: by the caller's word.
            unsafe {
                let at = sums.add(r * width + c);
                S::store(at, S::mul(S::load(at), S::splat(*factors.add(r))));
            }
        }
    }
}
