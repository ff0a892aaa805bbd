//! Matrix products, batched, blocked for the caches and split over threads: what is asked for, and which way it is computed.
//! Blocks and their order are here; the arithmetic is in `tile`, the order of operands in `pack`.
#![allow(unsafe_code)]

use crate::cpu::block::Blocked;
use crate::cpu::isa::Isa;
use crate::cpu::pack::{PackedA, PackedB, PanelSource, Strided, span};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, Shared};
use crate::cpu::vector;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Called with (batch, row0, row1, col0, col1) once for each finished part of the output, from any thread, while the part is in cache.
/// It may change the part in place. The parts cover the output and do not overlap.
pub type Epilogue<'a> = &'a (dyn Fn(usize, usize, usize, usize, usize) + Sync);

/// Products below this many multiplications are not worth a second thread.
pub(crate) const SERIAL: usize = 1 << 17;

/// The left operand, `m` x `k`.
#[derive(Clone, Copy)]
pub enum Lhs<'a> {
    /// Packed before: batch element `i` uses operand `i % len`.
    Packed(&'a [PackedA]),
    /// In memory.
    Strided(Strided<'a>),
}

/// The right operand, `k` x `n`.
#[derive(Clone, Copy)]
pub enum Rhs<'a> {
    /// Packed before: batch element `i` uses operand `i % len`.
    Packed(&'a [PackedB]),
    /// In memory.
    Strided(Strided<'a>),
    /// Computed while it is packed.
    Source(&'a dyn PanelSource),
}

/// `C = A * B` for each element of a batch.
#[derive(Clone, Copy)]
pub struct Gemm<'a> {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Columns of A, rows of B. Where it is 0, C becomes zero.
    pub k: usize,
    /// Batch dimensions; none means one product.
    pub batch: &'a [usize],
    /// A.
    pub a: Lhs<'a>,
    /// B.
    pub b: Rhs<'a>,
    /// What to do with finished parts of C.
    pub epilogue: Option<Epilogue<'a>>,
}

/// Where the result goes: rows are contiguous. Not to be copied: it stands for the only right to write there.
pub struct Output<'a> {
    memory: Shared<'a>,
    /// Distance between rows, and along each batch dimension; `None` is dense.
    strides: Option<(usize, &'a [usize])>,
}

impl<'a> Output<'a> {
    /// The whole of `memory`, densely.
    pub fn dense(memory: &'a mut [f32]) -> Output<'a> {
        // SAFETY: borrowed mutably for the lifetime.
        Output { memory: unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) }, strides: None }
    }

    /// `len` elements at `ptr`, densely.
    ///
    /// # Safety
    /// They are valid for reading and writing for `'a`, and only an epilogue uses them meanwhile, each call its part.
    pub unsafe fn raw(ptr: *mut f32, len: usize) -> Output<'a> {
        // SAFETY: by the caller's word.
        Output { memory: unsafe { Shared::new(ptr, len) }, strides: None }
    }

    /// `len` elements at `ptr`, with `row` between rows and `batch` along the batch dimensions.
    ///
    /// # Safety
    /// As for [`raw`](Output::raw); and no two elements of the result share a place.
    pub unsafe fn strided(ptr: *mut f32, len: usize, row: usize, batch: &'a [usize]) -> Output<'a> {
        // SAFETY: by the caller's word.
        Output { memory: unsafe { Shared::new(ptr, len) }, strides: Some((row, batch)) }
    }

    /// # Panics
    /// Where a result of these extents reaches beyond the memory.
    pub(crate) fn check(&self, batch: &[usize], m: usize, n: usize) {
        match self.strides {
            None => assert!(batch.iter().product::<usize>() * m * n <= self.memory.len(), "output is smaller than the product"),
            Some((row, strides)) => check_span(batch, strides, [(m, row), (n, 1)], self.memory.len()),
        }
    }

    /// Address of batch element `i`; a dense one has `len` elements.
    pub(crate) fn element(&self, batch: &[usize], len: usize, i: usize) -> *mut f32 {
        self.memory.ptr().wrapping_add(self.strides.map_or(i * len, |(_, strides)| offset(batch, strides, i)))
    }

    /// Distance between rows of `n` columns.
    pub(crate) fn row(&self, n: usize) -> usize {
        self.strides.map_or(n, |(row, _)| row)
    }

    /// The memory of a dense output of `len` elements at least.
    pub(crate) fn plain(&self, len: usize) -> Shared<'a> {
        assert!(self.strides.is_none() && len <= self.memory.len(), "output is not dense, or smaller than {len} elements");
        self.memory
    }
}

/// A checked product with its output.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) isa: Isa,
    pub(crate) g: &'a Gemm<'a>,
    pub(crate) out: &'a Output<'a>,
    /// Distance between rows of the output.
    pub(crate) row: usize,
    /// Number of batch elements.
    pub(crate) batch: usize,
    /// Threads that are worth their start.
    pub(crate) threads: usize,
}

/// Computes a product.
///
/// # Panics
/// Where sizes contradict each other or reach beyond the memory given, or an operand was packed for another instruction set.
pub fn gemm(isa: Isa, pool: &Pool, scratch: &mut Scratch, g: &Gemm, out: Output) {
    let batch = g.batch.iter().product();
    let row = out.row(g.n);
    let macs = batch * g.m * g.n * g.k;
    let threads = if macs < SERIAL { 1 } else { pool.threads() };
    let job = Job { isa, g, out: &out, row, batch, threads };
    job.check();
    if batch * g.m * g.n == 0 {
        return;
    }
    match (g.a, g.b) {
        (Lhs::Strided(a), Rhs::Strided(b)) if g.m == 1 && b.row == 1 || g.n == 1 && a.col == 1 => vector::dots(&job, pool, scratch, a, b),
        (Lhs::Packed(a), _) if g.n <= (isa.lanes() / 4).max(1) => vector::narrow(&job, pool, scratch, a),
        _ => Blocked::new(&job).run(pool, scratch),
    }
}

impl Job<'_> {
    fn check(&self) {
        let g = self.g;
        match g.a {
            Lhs::Packed(all) => {
                assert!(
                    !all.is_empty() && all.iter().all(|a| (a.rows(), a.depth(), a.isa()) == (g.m, g.k, self.isa)),
                    "packed left operand does not fit"
                );
            }
            Lhs::Strided(a) => check_span(g.batch, a.batch, [(g.m, a.row), (g.k, a.col)], a.data.len()),
        }
        match g.b {
            Rhs::Packed(all) => {
                assert!(
                    !all.is_empty() && all.iter().all(|b| (b.columns(), b.depth(), b.isa()) == (g.n, g.k, self.isa)),
                    "packed right operand does not fit"
                );
            }
            Rhs::Strided(b) => check_span(g.batch, b.batch, [(g.k, b.row), (g.n, b.col)], b.data.len()),
            Rhs::Source(_) => {}
        }
        self.out.check(g.batch, g.m, g.n);
    }

    /// Address of the output's first element in batch element `i`.
    pub(crate) fn output(&self, i: usize) -> *mut f32 {
        self.out.element(self.g.batch, self.g.m * self.g.n, i)
    }

    /// Address of the first element of a strided operand in batch element `i`.
    pub(crate) fn operand(&self, s: Strided, i: usize) -> *const f32 {
        s.data.as_ptr().wrapping_add(offset(self.g.batch, s.batch, i))
    }

    /// Tells the epilogue of a finished part.
    pub(crate) fn finished(&self, batch: usize, rows: (usize, usize), columns: (usize, usize)) {
        if let Some(epilogue) = self.g.epilogue {
            epilogue(batch, rows.0, rows.1, columns.0, columns.1);
        }
    }
}

pub(crate) fn check_span(batch: &[usize], strides: &[usize], inner: [(usize, usize); 2], len: usize) {
    assert_eq!(batch.len(), strides.len(), "an operand needs a stride for each batch dimension");
    let outer = batch.iter().zip(strides).map(|(&extent, &stride)| extent.saturating_sub(1) * stride).sum::<usize>();
    let inner = span(&inner);
    assert!(inner == 0 || batch.contains(&0) || outer + inner <= len, "operand reaches beyond its memory");
}

/// Distance of batch element `i`, counted in row-major order, from the first.
pub(crate) fn offset(batch: &[usize], strides: &[usize], mut i: usize) -> usize {
    let mut at = 0;
    for (&extent, &stride) in batch.iter().zip(strides).rev() {
        at += i % extent * stride;
        i /= extent;
    }
    at
}

/// Threads at most for one product.
const SLOTS: usize = 64;

/// Runs `tasks` on up to `threads` threads; `f` gets (slot, task), and one slot is never used by two threads at once.
///
/// Each slot begins with its own stretch of tasks, the same from run to run, so that memory stays with the core that used it last;
/// then it helps the others.
pub(crate) fn with_slots(pool: &Pool, threads: usize, tasks: usize, f: &(dyn Fn(usize, usize) + Sync)) {
    let (slots, next) = (threads.min(tasks).min(SLOTS), [const { AtomicUsize::new(0) }; SLOTS]);
    pool.run(slots, &|slot| {
        for owner in (slot..slots).chain(0..slot) {
            let own = part(tasks, slots, owner);
            loop {
                let i = next[owner].fetch_add(1, Ordering::Relaxed);
                if i >= own.len() {
                    break;
                }
                f(slot, own.start + i);
            }
        }
    });
}

/// Part `i` of `parts` nearly equal parts of `0..len`.
pub(crate) fn part(len: usize, parts: usize, i: usize) -> std::ops::Range<usize> {
    i * len / parts..(i + 1) * len / parts
}
