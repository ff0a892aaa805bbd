//! The usual ends of a convolution, hand-written for every instruction set: a bias for each channel, another array of the same shape, and
//! bounds. Any other epilogue is machine code made by `jit`, whose vectors are narrower.
#![allow(unsafe_code)]

use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::loops::contract::{BLOCK, Contract, ContractKind};
use crate::loops::{self, Binary, Body, BufferId, Op, Scalar, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;
use std::ops::Range;

/// What becomes of each finished element: `min(max(x + bias[channel] + addend, low), high)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finish {
    bias: Option<BufferId>,
    addend: Option<BufferId>,
    low: f32,
    high: f32,
}

/// Where a result of images x channels x pixels is, or one of images x blocks x pixels x channels of the block, and what is added to it.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Addresses of the kernel's buffers.
    pub args: &'a [*mut u8],
    /// The result's buffer.
    pub out: BufferId,
    /// Channels or blocks of an image.
    pub channels: usize,
    /// Pixels of a channel.
    pub pixels: usize,
    /// It is in blocks.
    pub blocks: bool,
}

// SAFETY: threads only read the addresses; what lies behind them is divided among them by channels and pixels.
unsafe impl Sync for Place<'_> {}
// SAFETY: as above.
unsafe impl Send for Place<'_> {}

impl Finish {
    /// The epilogue of `c`, where it is one of these.
    pub fn of(kernel: &loops::Kernel, c: &Contract) -> Option<Finish> {
        let body = c.epilogue.as_ref().filter(|_| matches!(c.kind, ContractKind::Conv { .. }))?;
        let dense = shape::strides(&c.kind.index(&kernel.buffer(c.out).shape));
        let mut finish = Finish { bias: None, addend: None, low: f32::NEG_INFINITY, high: f32::INFINITY };
        finish.read(kernel, body, &dense, body.result)?;
        Some(finish)
    }

    /// Reads an operation and what it works on.
    fn read(&mut self, kernel: &loops::Kernel, body: &Body, dense: &[Dim], at: Val) -> Option<()> {
        let op = |v: Val| &body.ops[v.0 as usize];
        let constant = |v: Val| match op(v) {
            Op::Const(DType::F32, Scalar::Float(c)) if !c.is_nan() => Some(*c as f32),
            _ => None,
        };
        match op(at) {
            Op::Acc => Some(()),
            Op::Binary(f @ (Binary::Max | Binary::Min), a, b) => {
                let (x, bound) = constant(*b).map(|c| (*a, c)).or_else(|| Some((*b, constant(*a)?)))?;
                self.read(kernel, body, dense, x)?;
                let with = |v: f32| if *f == Binary::Max { v.max(bound) } else { v.min(bound) };
                (self.low, self.high) = (with(self.low), with(self.high));
                Some(())
            }
            Op::Binary(Binary::Add, a, b) => {
                let (x, load) = match (op(*a), op(*b)) {
                    (_, Op::Load(access)) => (*a, access),
                    (Op::Load(access), _) => (*b, access),
                    _ => return None,
                };
                self.read(kernel, body, dense, x)?;
                let bounded = self.low != f32::NEG_INFINITY || self.high != f32::INFINITY;
                if bounded || kernel.buffer(load.buffer).dtype != DType::F32 || !load.offset.is(0) {
                    return None;
                }
                let along =
                    |channel: &[i64]| load.strides.len() == channel.len() && load.strides.iter().zip(channel).all(|(s, c)| s.is(*c));
                let by_channel = along(&[0, 1, 0]) || along(&[0, BLOCK as i64, 0, 1]);
                let term = if by_channel { &mut self.bias } else { &mut self.addend };
                if term.is_some() || !by_channel && load.strides != dense {
                    return None;
                }
                *term = Some(load.buffer);
                Some(())
            }
            _ => None,
        }
    }

    /// Finishes these channels and pixels of an image.
    ///
    /// # Safety
    /// The buffers have the elements that the place's sizes say; the part of the result is finished and this call's.
    pub unsafe fn run(&self, isa: Isa, place: Place, image: usize, channels: Range<usize>, pixels: Range<usize>) {
        match place.blocks {
            true => isa.run(BlockPart(Part { finish: self, place, image, channels, pixels })),
            false => isa.run(Part { finish: self, place, image, channels, pixels }),
        }
    }
}

struct Part<'a> {
    finish: &'a Finish,
    place: Place<'a>,
    image: usize,
    channels: Range<usize>,
    pixels: Range<usize>,
}

impl Kernel for Part<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (f, b) = (self.finish, self.place);
        let address = |id: BufferId| b.args[id.0 as usize].cast::<f32>();
        let (out, count) = (address(b.out), self.pixels.len());
        // SAFETY: channels and pixels are inside the image by the caller's word; whole vectors are inside `pixels` by the loops' bounds.
        unsafe {
            let (low, high) = (S::splat(f.low), S::splat(f.high));
            for channel in self.channels {
                let at = (self.image * b.channels + channel) * b.pixels + self.pixels.start;
                let bias = f.bias.map_or(0.0, |id| *address(id).add(channel));
                let (to, addend) = (out.add(at), f.addend.map(|id| address(id).add(at)));
                let (whole, wide) = (count - count % S::LANES, S::splat(bias));
                for i in (0..whole).step_by(S::LANES) {
                    let mut x = S::add(S::load(to.add(i)), wide);
                    if let Some(addend) = addend {
                        x = S::add(x, S::load(addend.add(i)));
                    }
                    S::store(to.add(i), S::clamp(x, low, high));
                }
                for i in whole..count {
                    let x = *to.add(i) + bias + addend.map_or(0.0, |a| *a.add(i));
                    *to.add(i) = if x < f.low {
                        f.low
                    } else if x > f.high {
                        f.high
                    } else {
                        x
                    };
                }
            }
        }
    }
}

/// A part of blocks.
struct BlockPart<'a>(Part<'a>);

impl Kernel for BlockPart<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Part { finish: f, place: b, image, channels, pixels } = self.0;
        let address = |id: BufferId| b.args[id.0 as usize].cast::<f32>();
        // SAFETY: blocks and pixels are inside the image by the caller's word; a bias has an element for each channel of a block.
        unsafe {
            let (low, high, out) = (S::splat(f.low), S::splat(f.high), address(b.out));
            for block in channels {
                let at = ((image * b.channels + block) * b.pixels + pixels.start) * BLOCK;
                let addend = f.addend.map(|id| address(id).add(at));
                for v in (0..BLOCK).step_by(S::LANES) {
                    let bias = f.bias.map_or(S::splat(0.0), |id| S::load(address(id).add(block * BLOCK + v)));
                    for i in (v..pixels.len() * BLOCK).step_by(BLOCK) {
                        let to = out.add(at + i);
                        let mut x = S::add(S::load(to), bias);
                        if let Some(addend) = addend {
                            x = S::add(x, S::load(addend.add(i)));
                        }
                        S::store(to, S::clamp(x, low, high));
                    }
                }
            }
        }
    }
}
