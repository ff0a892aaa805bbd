//! Convolution into blocks of channels: vectors lie along output channels, so that planes of any size fill them, and each element of the
//! input meets four vectors of weights. The input is in blocks too, or in planes where it has few channels. Nothing is unrolled into
//! windows: a place in the window is an offset into the input, which is copied once to where it has its padding around it.
#![allow(unsafe_code)]

use crate::cpu::conv::{ConvParams, Images};
use crate::cpu::gemm::{Epilogue, Output, SERIAL, part, with_slots};
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::cpu::pool::Pool;
use crate::cpu::scratch::{Scratch, Shared};
use crate::loops::contract::BLOCK;
use std::ops::Range;

/// Vectors of output channels in a register tile.
const VECTORS: usize = 4;
/// Pixels of a register tile at most.
const PIXELS: usize = 6;
/// Elements of weights that a row of tiles walks over before the next row does: they stay in the second cache.
const WEIGHTS: usize = 1 << 15;
/// Elements of a task's part of the output, so that it stays in the second cache.
const PART: usize = 1 << 16;
/// Pixels of a row where rows are of no account.
const STRETCH: usize = 48;

/// A convolution of one group with constant weights.
pub struct BlockConv {
    isa: Isa,
    params: ConvParams,
    /// The input is in planes.
    planes: bool,
    /// For each group of output blocks, input block (or plane), place in the window and channel of the block: that many vectors.
    weights: Scratch,
}

/// The blocks of `channels`.
pub fn blocks(channels: usize) -> usize {
    channels.div_ceil(BLOCK)
}

impl BlockConv {
    /// Packs `weights`: output channels x input channels x window.
    ///
    /// # Panics
    /// Where there are groups or a depth.
    pub fn new(isa: Isa, params: ConvParams, planes: bool, weights: &[f32]) -> BlockConv {
        let (o, c, taps) = (params.outputs, params.inputs, params.kernel.iter().product::<usize>());
        assert!(params.groups == 1 && params.kernel[0] == 1, "not a convolution of planes as a whole: {params:?}");
        assert_eq!(weights.len(), o * c * taps, "number of weights");
        let mut conv = BlockConv { isa, params, planes, weights: Scratch::new() };
        let mut memory = Scratch::new();
        let whole = memory.take(blocks(o) * BLOCK * c * taps);
        // SAFETY: nobody else has it yet.
        let packed = unsafe { whole.slice() };
        packed.fill(0.0);
        let unit = conv.unit();
        for group in 0..conv.groups() {
            let of = conv.group(group);
            let (width, first) = (of.len() * BLOCK, of.start * BLOCK);
            for (channel, tap) in (0..c).flat_map(|channel| (0..taps).map(move |tap| (channel, tap))) {
                let (u, steps) = (channel / unit, unit.min(c - channel / unit * unit));
                let row = (u * unit) * taps + tap * steps + channel % unit;
                let to = &mut packed[first * c * taps + row * width..][..width.min(o - first)];
                to.iter_mut().enumerate().for_each(|(i, to)| *to = weights[((first + i) * c + channel) * taps + tap]);
            }
        }
        conv.weights = memory;
        conv
    }

    /// Input channels that lie side by side.
    fn unit(&self) -> usize {
        if self.planes { 1 } else { BLOCK }
    }

    /// Groups of output blocks.
    fn groups(&self) -> usize {
        blocks(self.params.outputs).div_ceil((VECTORS * self.isa.lanes() / BLOCK).max(1))
    }

    /// The output blocks of a group.
    fn group(&self, i: usize) -> Range<usize> {
        part(blocks(self.params.outputs), self.groups(), i)
    }

    /// Convolves `images` into `out`, dense. The epilogue gets (image, block0, block1, pixel0, pixel1) of the whole output.
    pub fn run(&self, pool: &Pool, scratch: &mut Scratch, images: Images, out: Output, epilogue: Option<Epilogue>) {
        let (p, unit, [_, h, w]) = (&self.params, self.unit(), images.size);
        let [_, oh, ow] = p.output(images.size);
        let (units, pixels) = (p.inputs.div_ceil(unit), oh * ow);
        let (image, result) = (units * unit * h * w, blocks(p.outputs) * BLOCK * pixels);
        assert_eq!(images.data.len(), images.count * image, "number of input elements");
        let out = out.plain(images.count * result);
        if images.count * pixels == 0 {
            return;
        }
        let threads = if images.count * pixels * p.outputs * p.depth() < SERIAL { 1 } else { pool.threads() };
        // What the windows see: all of it is in the image, or a copy has it.
        let seen = [0, 1].map(|d| ([oh, ow][d] - 1) * p.stride[d + 1] + (p.kernel[d + 1] - 1) * p.dilation[d + 1] + 1);
        let inside = p.pad_begin[1] + p.pad_begin[2] == 0 && seen[0] <= h && seen[1] <= w;
        let [rows, pitch] = if inside { [h, w] } else { seen };
        let copy = scratch.take(if inside { 0 } else { units * unit * rows * pitch });
        let pad = Pad { size: [h, w], to: seen, pad: [p.pad_begin[1], p.pad_begin[2]], unit };
        let flat = p.kernel == [1; 3] && p.stride == [1; 3] && inside;
        let (rows_out, row) = if flat { (pixels.div_ceil(STRETCH), STRETCH) } else { (oh, ow) };
        let [cuts, by_group] = self.cuts(pixels, rows_out, threads, units * unit * rows * pitch);
        let groups = self.groups();
        for n in 0..images.count {
            let from = &images.data[n * image..][..image];
            if !inside {
                with_slots(pool, threads, units, &|_, u| pad.run(&from[u * unit * h * w..][..unit * h * w], copy, u));
            }
            let x = if inside { from.as_ptr() } else { copy.ptr().cast_const() };
            let input =
                Input { x, unit: unit * rows * pitch, row: if flat { row } else { p.stride[1] * pitch } * unit, pitch: pitch * unit };
            let (of, to) = (Walk { conv: self, input, pixels, row }, out.part(n * result, result));
            with_slots(pool, threads, groups * cuts, &|_, task| {
                let (group, cut) = if by_group == 1 { (task / cuts, task % cuts) } else { (task % groups, task / groups) };
                self.isa.run(Task { of: &of, group: self.group(group), rows: part(rows_out, cuts, cut), to, image: n, epilogue });
            });
        }
    }

    /// How often the rows are cut, and whether tasks that follow each other share weights (1) or input (0), whichever is larger.
    fn cuts(&self, pixels: usize, rows: usize, threads: usize, input: usize) -> [usize; 2] {
        let group = self.group(0).len() * BLOCK;
        let parts = (4 * threads).div_ceil(self.groups()).max((pixels * group).div_ceil(PART));
        let weights = self.params.outputs * self.params.depth();
        [if threads == 1 { (pixels * group).div_ceil(PART) } else { parts }.clamp(1, rows), usize::from(weights > input)]
    }
}

/// Copies a block or plane to where its padding is around it.
struct Pad {
    size: [usize; 2],
    to: [usize; 2],
    pad: [usize; 2],
    unit: usize,
}

impl Pad {
    fn run(&self, from: &[f32], to: Shared, at: usize) {
        let ([h, w], [rows, pitch], unit) = (self.size, self.to, self.unit);
        // SAFETY: each block or plane is one task's.
        let to = unsafe { to.part(at * unit * rows * pitch, unit * rows * pitch).slice() };
        let (first, last) = (self.pad[1].min(pitch), (self.pad[1] + w).min(pitch));
        for (y, row) in to.chunks_exact_mut(pitch * unit).enumerate() {
            match y.checked_sub(self.pad[0]).filter(|y| *y < h) {
                None => row.fill(0.0),
                Some(y) => {
                    row[..first * unit].fill(0.0);
                    row[first * unit..last * unit].copy_from_slice(&from[y * w * unit..][..(last - first) * unit]);
                    row[last * unit..].fill(0.0);
                }
            }
        }
    }
}

/// Where the input lies; distances between units, rows of output, and rows of its own.
struct Input {
    x: *const f32,
    unit: usize,
    row: usize,
    pitch: usize,
}

// SAFETY: threads only read what lies there.
unsafe impl Sync for Input {}

/// An image on its way into blocks.
struct Walk<'a> {
    conv: &'a BlockConv,
    input: Input,
    /// Pixels of the output, and of one row of it.
    pixels: usize,
    row: usize,
}

/// Some rows of a group of output blocks.
struct Task<'a> {
    of: &'a Walk<'a>,
    group: Range<usize>,
    rows: Range<usize>,
    to: Shared<'a>,
    image: usize,
    epilogue: Option<Epilogue<'a>>,
}

impl Kernel for Task<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (of, conv, p) = (self.of, self.of.conv, &self.of.conv.params);
        let (unit, taps) = (conv.unit(), p.kernel[1] * p.kernel[2]);
        let (units, width) = (p.inputs.div_ceil(unit), self.group.len() * BLOCK);
        let weights = conv.weights.ptr().wrapping_add(self.group.start * BLOCK * p.inputs * taps);
        let chunks = (p.inputs * taps * width).div_ceil(WEIGHTS).min(units);
        let most = PIXELS.min(S::MR * 3 / (width / S::LANES));
        for chunk in 0..chunks {
            let range = part(units, chunks, chunk);
            let from = weights.wrapping_add(range.start * unit * taps * width);
            for row in self.rows.clone() {
                let (begin, end) = (row * of.row, of.pixels.min((row + 1) * of.row));
                let tiles = (end - begin).div_ceil(most);
                let x = of.input.x.wrapping_add(row * of.input.row);
                for tile in 0..tiles {
                    let pixels = part(end - begin, tiles, tile);
                    let at = self.group.start * BLOCK * of.pixels + (begin + pixels.start) * BLOCK;
                    let t = Tile {
                        conv,
                        units: range.clone(),
                        x: x.wrapping_add(pixels.start * p.stride[2] * unit),
                        unit: of.input.unit,
                        pitch: of.input.pitch,
                        weights: from,
                        to: self.to.ptr().wrapping_add(at),
                        block: of.pixels * BLOCK,
                        add: chunk > 0,
                    };
                    // SAFETY: windows of these pixels are in the input, weights are packed for the group, the output is this task's.
                    unsafe { t.any::<S>(pixels.len(), width / S::LANES) }
                }
                if let Some(epilogue) = self.epilogue.filter(|_| chunk + 1 == chunks) {
                    epilogue(self.image, self.group.start, self.group.end, begin, end);
                }
            }
        }
    }
}

/// Some pixels side by side of a group of output blocks, summed over some units of the input.
struct Tile<'a> {
    conv: &'a BlockConv,
    units: Range<usize>,
    /// The first pixel's window in the first unit; distances between units and between rows.
    x: *const f32,
    unit: usize,
    pitch: usize,
    weights: *const f32,
    /// The first pixel in the first output block, and the distance between blocks.
    to: *mut f32,
    block: usize,
    /// Sums onto what is there.
    add: bool,
}

impl Tile<'_> {
    /// # Safety
    /// As for `run`, with these counts: at most `PIXELS` and `VECTORS`, and no more sums than the register tile has.
    #[inline(always)]
    unsafe fn any<S: Simd>(&self, pixels: usize, vectors: usize) {
        macro_rules! tile {
            ($($n:literal: $($r:literal)*;)*) => {
                match (vectors, pixels) {
                    $($(($n, $r) if $n * $r <= S::MR * 3 => {
                        // SAFETY: by the caller's word.
                        unsafe { self.run::<S, $r, $n>() }
                    })*)*
                    _ => unreachable!("a tile of {pixels} by {vectors}"),
                }
            };
        }
        tile! { 1: 1 2 3 4 5 6; 2: 1 2 3 4 5 6; 3: 1 2 3 4 5 6; 4: 1 2 3 4 5 6; }
    }

    /// # Safety
    /// The input has the windows of `R` pixels, the weights `N` vectors for each element of a window, the output the pixels.
    #[inline(always)]
    unsafe fn run<S: Simd, const R: usize, const N: usize>(&self) {
        let p = &self.conv.params;
        let (unit, channels) = (self.conv.unit(), p.inputs);
        let (step, down, across) = (p.stride[2] * unit, p.dilation[1] * self.pitch, p.dilation[2] * unit);
        // SAFETY: by the caller's word.
        unsafe {
            let mut sum = [[S::splat(0.0); N]; R];
            let mut w = self.weights;
            for u in self.units.clone() {
                let steps = unit.min(channels - u * unit);
                for ky in 0..p.kernel[1] {
                    for kx in 0..p.kernel[2] {
                        let mut x = self.x.add(u * self.unit + ky * down + kx * across);
                        for _ in 0..steps {
                            let mut v = [S::splat(0.0); N];
                            for j in 0..N {
                                v[j] = S::load(w.add(j * S::LANES));
                            }
                            for r in 0..R {
                                let element = S::splat(*x.add(r * step));
                                for j in 0..N {
                                    sum[r][j] = S::fma(element, v[j], sum[r][j]);
                                }
                            }
                            w = w.add(N * S::LANES);
                            x = x.add(1);
                        }
                    }
                }
            }
            for r in 0..R {
                for j in 0..N {
                    let lane = j * S::LANES;
                    let to = self.to.add(lane / BLOCK * self.block + r * BLOCK + lane % BLOCK);
                    S::store(to, if self.add { S::add(S::load(to), sum[r][j]) } else { sum[r][j] });
                }
            }
        }
    }
}
