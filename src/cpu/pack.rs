//! Operands of a product in the order in which the register tiles read them: panels, each a run of K rows as wide as a tile.
//! It copies and pads; it multiplies nothing and starts no thread.
#![allow(unsafe_code)]

use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::scratch::{Scratch, Shared};
use crate::tensor::bytes::as_bytes;
use std::ops::Range;

/// The left operand of products, packed once: panels of `tile_rows` rows.
pub struct PackedA(Panels);

/// The right operand of products, packed once: panels of `tile_columns` columns.
pub struct PackedB(Panels);

/// Panels one after another. Panel `p` begins at `p * step * k`; each is `step` wide, but the last may be narrower.
struct Panels {
    isa: Isa,
    count: usize,
    k: usize,
    memory: Scratch,
}

impl PackedA {
    /// Packs the `m` x `k` matrix whose element (i, p) is `source[i * row_stride + p * col_stride]`.
    pub fn pack(isa: Isa, m: usize, k: usize, source: &[f32], row_stride: usize, col_stride: usize) -> PackedA {
        PackedA::pack_bytes(isa, m, k, as_bytes(source), row_stride, col_stride)
    }

    /// The same from the bytes of the elements, which need no alignment.
    pub fn pack_bytes(isa: Isa, m: usize, k: usize, source: &[u8], row_stride: usize, col_stride: usize) -> PackedA {
        let view = Panel { k_stride: col_stride, stride: row_stride, unit: isa.tile_rows() };
        PackedA(Panels::pack(isa, m, k, source, view, isa.tile_rows()))
    }

    /// Rows of the matrix.
    pub fn rows(&self) -> usize {
        self.0.count
    }

    /// Columns of the matrix.
    pub fn depth(&self) -> usize {
        self.0.k
    }

    /// The instruction set it was packed for.
    pub fn isa(&self) -> Isa {
        self.0.isa
    }

    pub(crate) fn ptr(&self) -> *const f32 {
        self.0.memory.ptr()
    }
}

impl PackedB {
    /// Packs the `k` x `n` matrix whose element (p, j) is `source[p * row_stride + j * col_stride]`.
    pub fn pack(isa: Isa, k: usize, n: usize, source: &[f32], row_stride: usize, col_stride: usize) -> PackedB {
        PackedB::pack_bytes(isa, k, n, as_bytes(source), row_stride, col_stride)
    }

    /// The same from the bytes of the elements, which need no alignment.
    pub fn pack_bytes(isa: Isa, k: usize, n: usize, source: &[u8], row_stride: usize, col_stride: usize) -> PackedB {
        let view = Panel { k_stride: row_stride, stride: col_stride, unit: isa.lanes() };
        PackedB(Panels::pack(isa, n, k, source, view, isa.tile_columns()))
    }

    /// Columns of the matrix.
    pub fn columns(&self) -> usize {
        self.0.count
    }

    /// Rows of the matrix.
    pub fn depth(&self) -> usize {
        self.0.k
    }

    /// The instruction set it was packed for.
    pub fn isa(&self) -> Isa {
        self.0.isa
    }

    pub(crate) fn ptr(&self) -> *const f32 {
        self.0.memory.ptr()
    }
}

impl Panels {
    fn pack(isa: Isa, count: usize, k: usize, source: &[u8], view: Panel, step: usize) -> Panels {
        let elements = span(&[(count, view.stride), (k, view.k_stride)]);
        assert!(elements <= source.len() / size_of::<f32>(), "matrix to pack is larger than its memory");
        let mut memory = Scratch::new();
        let whole = memory.take(count.next_multiple_of(step) * k);
        for first in (0..count).step_by(step) {
            let (columns, from) = (step.min(count - first), source.as_ptr().cast::<f32>().wrapping_add(first * view.stride));
            let dst = whole.part(first * k, columns.next_multiple_of(view.unit) * k).ptr();
            // SAFETY: the source was measured above, and the panel has room for `k` rows of the padded columns.
            isa.run(PackOne { view, source: from, k, columns, dst });
        }
        Panels { isa, count, k, memory }
    }
}

/// One more than the largest index reached by loops of these (extent, stride); 0 where one of them is empty.
pub(crate) fn span(loops: &[(usize, usize)]) -> usize {
    if loops.iter().any(|&(extent, _)| extent == 0) {
        0
    } else {
        1 + loops.iter().map(|&(extent, stride)| (extent - 1) * stride).sum::<usize>()
    }
}

/// A right operand that is computed while it is packed, for example the windows of an image.
pub trait PanelSource: Sync {
    /// Writes rows `k` of the columns `columns` of batch element `batch`: row `p` begins at `(p - k.start) * width`, and what is
    /// left of its `width` after the columns is zero. `width` is a multiple of the lanes; `dst` has exactly the length needed.
    fn pack(&self, batch: usize, k: Range<usize>, columns: Range<usize>, dst: &mut [f32], width: usize);
}

/// A matrix, or a batch of them, in memory with any strides.
#[derive(Clone, Copy)]
pub struct Strided<'a> {
    /// The memory; the first element of the first matrix is at index 0.
    pub data: &'a [f32],
    /// Distance between rows.
    pub row: usize,
    /// Distance between columns.
    pub col: usize,
    /// Distance along each batch dimension; 0 repeats the same matrices.
    pub batch: &'a [usize],
}

/// How a panel lies in its source: `stride` between the elements of a packed row, `k_stride` between those rows.
#[derive(Clone, Copy)]
pub(crate) struct Panel {
    pub(crate) k_stride: usize,
    pub(crate) stride: usize,
    /// Packed rows are padded to a multiple of this.
    pub(crate) unit: usize,
}

struct PackOne {
    view: Panel,
    source: *const f32,
    k: usize,
    columns: usize,
    dst: *mut f32,
}

impl Kernel for PackOne {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: as promised where it is made.
        unsafe { pack_panel::<S>(self.view, self.source, self.k, self.columns, self.dst) }
    }
}

/// Packs `k` rows of `columns` elements, padded with zeros to a multiple of `view.unit`. The source need not be aligned.
///
/// # Safety
/// The source has these elements, `dst` has room for the padded rows, and the machine has the set.
#[inline(always)]
pub(crate) unsafe fn pack_panel<S: Simd>(view: Panel, source: *const f32, k: usize, columns: usize, dst: *mut f32) {
    let width = columns.next_multiple_of(view.unit);
    // SAFETY: each index below is of a row under `k` and a column under `columns` (source) or `width` (destination).
    unsafe {
        let done = if view.stride == 1 {
            let full = columns - columns % S::LANES;
            for p in 0..k {
                let (from, to) = (source.add(p * view.k_stride), dst.add(p * width));
                for j in (0..full).step_by(S::LANES) {
                    S::store(to.add(j), S::load(from.add(j)));
                }
            }
            full
        } else if view.k_stride == 1 {
            transpose(view.stride, source, k, columns, dst, width)
        } else {
            0
        };
        for p in 0..k {
            for j in done..columns {
                *dst.add(p * width + j) = source.add(p * view.k_stride + j * view.stride).read_unaligned();
            }
            for j in columns..width {
                *dst.add(p * width + j) = 0.0;
            }
        }
    }
}

/// Packs as many groups of four columns as there are, in blocks of four rows; says how many columns that was.
///
/// # Safety
/// As for `pack_panel`.
#[inline(always)]
unsafe fn transpose(stride: usize, source: *const f32, k: usize, columns: usize, dst: *mut f32, width: usize) -> usize {
    let (columns, rows) = (columns - columns % 4, k - k % 4);
    for j in (0..columns).step_by(4) {
        // SAFETY: rows under `k`, columns under `columns`.
        unsafe {
            let from: [*const f32; 4] = [0, 1, 2, 3].map(|c| source.add((j + c) * stride));
            for p in (0..rows).step_by(4) {
                let block = from.map(|column| column.add(p).cast::<[f32; 4]>().read_unaligned());
                for r in 0..4 {
                    let row = [block[0][r], block[1][r], block[2][r], block[3][r]];
                    dst.add((p + r) * width + j).cast::<[f32; 4]>().write_unaligned(row);
                }
            }
            for p in rows..k {
                (0..4).for_each(|c| *dst.add(p * width + j + c) = from[c].add(p).read_unaligned());
            }
        }
    }
    columns
}

/// Packs columns of a caller's source into `dst`.
///
/// # Safety
/// Nobody else uses `dst` meanwhile.
pub(crate) unsafe fn pack_source(
    source: &dyn PanelSource,
    batch: usize,
    k: Range<usize>,
    columns: Range<usize>,
    dst: Shared,
    width: usize,
) {
    // SAFETY: by the caller's word.
    let dst = unsafe { dst.part(0, k.len() * width).slice() };
    source.pack(batch, k, columns, dst, width);
}
