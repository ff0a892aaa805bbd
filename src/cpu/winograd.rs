//! Convolution by windows of 3x3 at stride 1 after Winograd, F(2x2, 3x3): four outputs take 16 multiplications for each pair of channels
//! instead of 36. Input tiles of 4x4 are transformed, multiplied by transformed weights as 16 products over the channels, and transformed
//! back. Transforms add and subtract only, so errors stay those of a sum of a few more addends. Which convolutions it is used for
//! is the caller's choice; [`pays`] is a guide.
#![allow(unsafe_code)]

use crate::cpu::conv::{ConvParams, Images};
use crate::cpu::gemm::{Epilogue, Output, with_slots};
use crate::cpu::im2col::{copy, fill};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pack::PackedA;
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, Shared, aligned};
use crate::cpu::tile::{Streams, TILE_MAX, Target, edge_tile};
use std::ops::Range;

/// Elements of a transformed tile.
const POINTS: usize = 16;
/// Tiles in a block at most: the columns of the widest register tile.
const TILES: usize = 48;
/// Room for a row under a block of tiles, with what vectors read too much.
const ROW: usize = 2 * TILES + 48;
/// Columns that vectors may write behind a transformed block.
const SLACK: usize = 64;

/// Whether [`Winograd`] computes this convolution.
pub fn fits(p: &ConvParams) -> bool {
    let flat = (p.kernel[0], p.pad_begin[0], p.pad_end[0]) == (1, 0, 0);
    flat && p.groups == 1 && p.kernel == [1, 3, 3] && p.stride == [1; 3] && p.dilation == [1; 3]
}

/// Whether it is quicker for an output of this height and width, where they are known, and worth weights that are 16/9 as large.
pub fn pays(p: &ConvParams, out: Option<[usize; 2]>) -> bool {
    let tiles = out.map_or(TILES, |[h, w]| h.div_ceil(2) * w.div_ceil(2));
    // Transforms are paid for by many channels; large weights only by many tiles.
    let weights = p.inputs * p.outputs;
    p.inputs >= 16 && p.outputs >= 16 && tiles >= 32 && (out.is_some() || weights <= 1 << 16)
}

/// Such a convolution with constant weights.
pub struct Winograd {
    isa: Isa,
    params: ConvParams,
    /// One matrix of output channels x input channels for each element of a tile.
    weights: Vec<PackedA>,
}

/// How an output plane is cut into blocks of tiles: some rows of tiles, or a piece of one row.
#[derive(Clone, Copy)]
struct Grid {
    size: [usize; 2],
    out: [usize; 2],
    pad: [usize; 2],
    /// Rows and columns of tiles.
    tiles: [usize; 2],
    /// Rows and columns of tiles in a block.
    block: [usize; 2],
    /// Blocks along each dimension.
    blocks: [usize; 2],
}

impl Winograd {
    /// Transforms and packs `weights`: output channels x input channels x window.
    ///
    /// # Panics
    /// Where [`fits`] says no.
    pub fn new(isa: Isa, params: ConvParams, weights: &[f32]) -> Winograd {
        assert!(fits(&params), "not a 3x3 convolution at stride 1: {params:?}");
        let (m, k) = (params.outputs, params.inputs);
        assert_eq!(weights.len(), m * k * 9, "number of weights");
        let mut row = vec![0f32; m * k];
        let pack = |point: usize| {
            for (to, w) in row.iter_mut().zip(weights.chunks_exact(9)) {
                *to = transformed_weight(w, point);
            }
            PackedA::pack(isa, m, k, &row, k, 1)
        };
        let weights = (0..POINTS).map(pack).collect();
        Winograd { isa, params, weights }
    }

    /// What it does.
    pub fn params(&self) -> &ConvParams {
        &self.params
    }

    /// Convolves `images` into `out`, dense. The epilogue gets (image, channel0, channel1, pixel0, pixel1) of the whole output.
    pub fn run(&self, pool: &Pool, scratch: &mut Scratch, images: Images, out: Output, epilogue: Option<Epilogue>) {
        let (p, [depth, h, w]) = (&self.params, images.size);
        let [_, oh, ow] = p.output(images.size);
        assert_eq!(images.data.len(), images.count * p.inputs * depth * h * w, "number of input elements");
        let out = out.plain(images.count * p.outputs * depth * oh * ow);
        if out.len() == 0 || images.count * depth * oh * ow == 0 {
            return;
        }
        assert_eq!(depth, 1, "planes, not volumes");
        let grid = Grid::new(self.isa, [h, w], [oh, ow], [p.pad_begin[1], p.pad_begin[2]], pool.threads(), images.count);
        let width = grid.width(self.isa.lanes());
        let (input, results) = (aligned(POINTS * (p.inputs * width + SLACK)), aligned(POINTS * self.isa.tile_rows() * width));
        let memory = scratch.take(pool.threads() * (input + results));
        let each = grid.blocks[0] * grid.blocks[1];
        with_slots(pool, pool.threads(), images.count * each, &|slot, task| {
            let (input, results) = memory.part(slot * (input + results), input + results).split(input);
            let (image, block) = (task / each, task % each);
            let source = &images.data[image * p.inputs * h * w..][..p.inputs * h * w];
            let to = out.part(image * p.outputs * oh * ow, p.outputs * oh * ow);
            let block = grid.block(block);
            self.isa.run(Task { of: self, grid: &grid, source, input, results, block, image, to, epilogue });
        });
    }
}

/// One element of G w G' for a window `w` of 3x3.
fn transformed_weight(w: &[f32], point: usize) -> f32 {
    const G: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];
    let (down, across) = (&G[point / 4], &G[point % 4]);
    let sum = |r: usize| (0..3).map(|c| f64::from(w[3 * r + c]) * across[c]).sum::<f64>();
    (0..3).map(|r| down[r] * sum(r)).sum::<f64>() as f32
}

/// One block of tiles.
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Grid {
    fn new(isa: Isa, size: [usize; 2], out: [usize; 2], pad: [usize; 2], threads: usize, images: usize) -> Grid {
        let (most, tiles) = (isa.tile_columns().min(TILES), out.map(|n| n.div_ceil(2)));
        let block = if tiles[1] > most { [1, most] } else { [rows_of_block(isa, most, tiles, threads, images), tiles[1]] };
        Grid { size, out, pad, tiles, block, blocks: [tiles[0].div_ceil(block[0]), tiles[1].div_ceil(block[1])] }
    }

    /// Columns of a transformed block.
    fn width(&self, lanes: usize) -> usize {
        (self.block[0] * self.block[1]).next_multiple_of(lanes)
    }

    fn block(&self, i: usize) -> Block {
        let of = |d: usize, at: usize| at * self.block[d]..((at + 1) * self.block[d]).min(self.tiles[d]);
        Block { rows: of(0, i / self.blocks[1]), columns: of(1, i % self.blocks[1]) }
    }
}

/// How many rows of tiles make the least work for the busiest thread: full vectors, wide register tiles, blocks for all threads.
fn rows_of_block(isa: Isa, most: usize, tiles: [usize; 2], threads: usize, images: usize) -> usize {
    let cost = |rows: usize| {
        let rounds = (tiles[0].div_ceil(rows) * images).div_ceil(threads);
        let vectors = (rows * tiles[1]).div_ceil(isa.lanes());
        // A register tile of one vector waits for its loads.
        rounds * (8 * vectors + 1 + usize::from(vectors == 1))
    };
    (1..=(most / tiles[1]).min(tiles[0])).rev().min_by_key(|rows| cost(*rows)).unwrap_or(1)
}

struct Task<'a> {
    of: &'a Winograd,
    grid: &'a Grid,
    /// All channels of the image.
    source: &'a [f32],
    /// The transformed block, and results of a panel of output channels before they are transformed back.
    input: Shared<'a>,
    results: Shared<'a>,
    block: Block,
    image: usize,
    /// All output channels of the image.
    to: Shared<'a>,
    epilogue: Option<Epilogue<'a>>,
}

impl Kernel for Task<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (p, tiles) = (&self.of.params, self.block.rows.len() * self.block.columns.len());
        let width = tiles.next_multiple_of(S::LANES);
        let point = p.inputs * width + SLACK;
        let (mut spare, mut rows) = ([0f32; TILE_MAX], [[0f32; ROW]; 8]);
        // SAFETY: the machine has the set; the slot's memory was measured for the largest block and is this task's, as are its outputs.
        unsafe {
            for c in 0..p.inputs {
                self.transform::<S>(c, width, point, &mut rows);
            }
            for first in (0..p.outputs).step_by(S::MR) {
                let count = S::MR.min(p.outputs - first);
                for (i, weights) in self.of.weights.iter().enumerate() {
                    let a = weights.ptr().add(first * p.inputs);
                    let streams = Streams { k: p.inputs, a, a_step: S::MR, b: self.input.ptr().add(i * point), b_step: width };
                    let target = Target { c: self.results.ptr().add(i * S::MR * width), row: width, add: false };
                    edge_tile::<S>(count, width, streams, target, &mut spare);
                }
                for r in 0..count {
                    self.transform_back::<S>(r, first + r, width, &mut rows);
                }
                self.finished(first, first + count);
            }
        }
    }
}

impl Task<'_> {
    /// Transforms the tiles of one channel: B' d B, first down the columns, then along the rows.
    ///
    /// # Safety
    /// The machine has the set; the slot's memory has room for `POINTS` times `point` elements.
    #[inline(always)]
    unsafe fn transform<S: Simd>(&self, channel: usize, width: usize, point: usize, rows: &mut [[f32; ROW]; 8]) {
        let ([h, w], [pad_y, pad_x]) = (self.grid.size, self.grid.pad);
        let (across, plane) = (self.block.columns.len(), &self.source[channel * h * w..][..h * w]);
        let count = 2 * across + 2;
        // Image columns of the block: `first` of its own are padding in front, those from `last` on behind.
        let begin = 2 * self.block.columns.start;
        let (first, last) = (pad_x.saturating_sub(begin).min(count), (w + pad_x).saturating_sub(begin).min(count));
        let (rows, mixed) = rows.split_at_mut(4);
        for (down, tile_row) in self.block.rows.clone().enumerate() {
            // SAFETY: rows have room for the vectors of a block and two more; what is stored too much lies in the slack or is set right.
            unsafe {
                for (i, row) in rows.iter_mut().enumerate() {
                    match (2 * tile_row + i).checked_sub(pad_y).filter(|y| *y < h && first < last) {
                        None => fill::<S>(count, 0.0, row),
                        Some(y) => {
                            fill::<S>(first, 0.0, row);
                            copy::<S>(last - first, &plane[y * w + begin + first - pad_x..], 1, &mut row[first..]);
                            fill::<S>(count - last, 0.0, &mut row[last..]);
                        }
                    }
                }
                for x in (0..count).step_by(S::LANES) {
                    let [r0, r1, r2, r3] = [0, 1, 2, 3].map(|i: usize| S::load(rows[i].as_ptr().add(x)));
                    let sums = [S::sub(r0, r2), S::add(r1, r2), S::sub(r2, r1), S::sub(r1, r3)];
                    (0..4).for_each(|i| S::store(mixed[i].as_mut_ptr().add(x), sums[i]));
                }
                let to = self.input.ptr().add(channel * width + down * across);
                for t in (0..across).step_by(S::LANES) {
                    for i in 0..4 {
                        let [e0, e1, e2, e3] = [0, 1, 2, 3].map(|j: usize| S::load_even(mixed[i].as_ptr().add(2 * t + j)));
                        let sums = [S::sub(e0, e2), S::add(e1, e2), S::sub(e2, e1), S::sub(e1, e3)];
                        (0..4).for_each(|j| S::store(to.add((4 * i + j) * point + t), sums[j]));
                    }
                }
            }
        }
    }

    /// Transforms the tiles of one output channel back, A' m A, and puts them where they belong.
    ///
    /// # Safety
    /// The machine has the set; row `r` of the results is there.
    #[inline(always)]
    unsafe fn transform_back<S: Simd>(&self, r: usize, channel: usize, width: usize, rows: &mut [[f32; ROW]; 8]) {
        // SAFETY: by the caller's word; rows have room for two elements of each column.
        unsafe {
            for t in (0..width).step_by(S::LANES) {
                let at = |i: usize| S::load(self.results.ptr().add((i * S::MR + r) * width + t));
                let mut down = [[S::splat(0.0); 4]; 2];
                for j in 0..4 {
                    let (m1, m2) = (at(4 + j), at(8 + j));
                    down[0][j] = S::add(S::add(at(j), m1), m2);
                    down[1][j] = S::sub(S::sub(m1, m2), at(12 + j));
                }
                for (row, [s0, s1, s2, s3]) in rows.iter_mut().zip(down) {
                    S::store_pairs(row.as_mut_ptr().add(2 * t), S::add(S::add(s0, s1), s2), S::sub(S::sub(s1, s2), s3));
                }
            }
            let ([oh, ow], across, begin) = (self.grid.out, self.block.columns.len(), 2 * self.block.columns.start);
            let len = (2 * across).min(ow - begin);
            for (down, tile_row) in self.block.rows.clone().enumerate() {
                for (i, row) in rows.iter().enumerate().take(2.min(oh - 2 * tile_row)) {
                    let to = self.to.ptr().add(channel * oh * ow + (2 * tile_row + i) * ow + begin);
                    std::ptr::copy_nonoverlapping(row.as_ptr().add(2 * down * across), to, len);
                }
            }
        }
    }

    /// Tells the epilogue of finished channels of the block.
    fn finished(&self, first: usize, end: usize) {
        let (Some(epilogue), [oh, ow], Block { rows, columns }) = (self.epilogue, self.grid.out, &self.block) else { return };
        let (top, bottom) = (2 * rows.start, (2 * rows.end).min(oh));
        if columns.len() == self.grid.tiles[1] {
            return epilogue(self.image, first, end, top * ow, bottom * ow);
        }
        let (left, right) = (2 * columns.start, (2 * columns.end).min(ow));
        (top..bottom).for_each(|y| epilogue(self.image, first, end, y * ow + left, y * ow + right));
    }
}
