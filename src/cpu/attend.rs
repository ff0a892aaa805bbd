//! Attention of a kernel: finds what is done to its scores, and runs it on a step's buffers. A factor and an addend are hand-written; any other
//! epilogue of scores is machine code made by `jit`.
#![allow(unsafe_code)]

use crate::cpu::attention::{self, ScoreFn};
use crate::cpu::contract::{Call, Sizes};
use crate::cpu::factor::{Factor, product};
use crate::cpu::gemm::Output;
use crate::cpu::jit::module::{Bound, Rendered};
use crate::cpu::scratch::Scratch;
use crate::loops::contract::{Attention, Contract};
use crate::loops::{Access, Binary, Body, Kernel, Op, Val};
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use smallvec::SmallVec;
use std::ops::Range;

/// What becomes of each score: `score * factors + mask`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// To multiply by, or to divide by.
    factors: Vec<(Binary, Factor)>,
    /// Over `[batch..., row, key]`.
    mask: Option<Access>,
}

impl Scores {
    /// The epilogue of `c`, where it is this.
    pub fn of(kernel: &Kernel, c: &Contract) -> Option<Scores> {
        let mut scores = Scores::default();
        if let Some(body) = &c.epilogue {
            scores.read(kernel, body, body.result)?;
        }
        Some(scores)
    }

    /// Reads an operation and what it works on.
    fn read(&mut self, kernel: &Kernel, body: &Body, at: Val) -> Option<()> {
        let op = |v: Val| &body.ops[v.0 as usize];
        let load = |v: Val| match op(v) {
            Op::Load(a) if kernel.buffer(a.buffer).dtype == DType::F32 => Some(a),
            _ => None,
        };
        let factor = |v: Val| Factor::of(kernel, op(v));
        match op(at) {
            Op::Acc => Some(()),
            Op::Binary(f @ (Binary::Mul | Binary::Div), a, b) => {
                let (x, by) = match factor(*b) {
                    Some(by) => (*a, by),
                    None if *f == Binary::Mul => (*b, factor(*a)?),
                    None => return None,
                };
                self.factors.push((*f, by));
                self.read(kernel, body, x)
            }
            // What is added last is not multiplied.
            Op::Binary(Binary::Add, a, b) if self.factors.is_empty() && self.mask.is_none() => {
                let (x, mask) = match load(*b) {
                    Some(mask) => (*a, mask),
                    None => (*b, load(*a)?),
                };
                self.mask = Some(mask.clone());
                self.read(kernel, body, x)
            }
            _ => None,
        }
    }
}

impl Call<'_> {
    /// Runs attention; the epilogue of scores is `scores` or, where that is nothing, `rendered`.
    pub fn attention(
        &self,
        c: &Contract,
        a: &Attention,
        scores: Option<&Scores>,
        rendered: Option<(&Rendered, &Bound)>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (batch, out): (Sizes, Sizes) = (self.sizes(&a.batch)?, self.sizes(&a.out)?);
        let extents = [self.size(&a.scores[0])?, self.size(&a.scores[1])?];
        let (depth, columns) = (self.size(&a.depth)?, self.size(&a.columns)?);
        let [queries, keys, values]: [Sizes; 3] =
            [self.sizes(&a.queries.strides)?, self.sizes(&a.keys.strides)?, self.sizes(&a.values.strides)?];
        let mask = scores.and_then(|s| s.mask.as_ref());
        let strides = mask.map_or(Ok(Sizes::new()), |m| self.sizes(&m.strides))?;
        let addresses = Addresses(self.args);
        let then = |to: *mut f32, element: usize, rows: Range<usize>, keys: Range<usize>| {
            let Some((code, bound)) = rendered else { return };
            let mut args: SmallVec<[*mut u8; 32]> = SmallVec::from_slice(addresses.get());
            args[c.out.0 as usize] = to.cast();
            let first = (element * extents[1]) as i64;
            let outer = (first + keys.start as i64, first + keys.end as i64);
            // SAFETY: the block is this call's, and where the code looks for it; other buffers are only read.
            unsafe { code.call(args.as_ptr(), bound, outer, (rows.start as i64, rows.end as i64)) }
        };
        let then: Option<ScoreFn> = if scores.is_none() { Some(&then) } else { None };
        let work = attention::Attention {
            batch: &batch,
            scores: extents,
            depth,
            columns,
            queries: self.matrix(&a.queries, &queries)?,
            keys: self.matrix(&a.keys, &keys)?,
            values: self.matrix(&a.values, &values)?,
            // SAFETY: the step's buffers, whose inputs nobody writes meanwhile.
            scale: scores.map_or(1.0, |s| unsafe { product(&s.factors, self.args) }),
            mask: mask.map(|m| self.matrix(m, &strides)).transpose()?,
            then,
        };
        let (lead, [row, _]) = out.split_at(batch.len()) else { unreachable!("strides of the batch, rows and columns") };
        // SAFETY: the buffer has this many elements, no operand lies in it, and each place is written once.
        let out = unsafe { Output::strided(self.args[c.out.0 as usize].cast::<f32>(), self.len(c.out), *row, lead) };
        attention::attention(self.isa, self.pool, scratch, &work, out);
        Ok(())
    }
}

/// The addresses of a step's buffers, for all threads.
#[derive(Clone, Copy)]
struct Addresses<'a>(&'a [*mut u8]);

// SAFETY: threads only read the addresses; what they write lies in memory of their own.
unsafe impl Sync for Addresses<'_> {}

impl<'a> Addresses<'a> {
    fn get(self) -> &'a [*mut u8] {
        self.0
    }
}
