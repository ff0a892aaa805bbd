//! Runs prepared contractions on a step's buffers.
#![allow(unsafe_code)]

use crate::cpu::channelwise;
use crate::cpu::conv::{ConvParams, Images, conv, spatial};
use crate::cpu::depthwise::depthwise;
use crate::cpu::gemm::{Epilogue, Gemm, Lhs, Output, Rhs, gemm};
use crate::cpu::isa::Isa;
use crate::cpu::pack::Strided;
use crate::cpu::pool::Pool;
use crate::cpu::pool2d::pool2d;
use crate::cpu::prepare::Prepared;
use crate::cpu::scratch::Scratch;
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::{Access, BufferId, Kernel};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::error::{Code, Error, Result};
use smallvec::SmallVec;

/// A contraction's step while it runs.
pub struct Call<'a> {
    /// Instruction set.
    pub isa: Isa,
    /// Threads.
    pub pool: &'a Pool,
    /// The kernel that it is a stage of.
    pub kernel: &'a Kernel,
    /// Shapes of the kernel's buffers.
    pub shapes: &'a [Vec<usize>],
    /// Addresses of the kernel's buffers.
    pub args: &'a [*mut u8],
    /// Values of symbols.
    pub bindings: &'a Bindings,
}

/// A few sizes, without memory from the heap.
pub(crate) type Sizes = SmallVec<[usize; 8]>;

/// Sizes of a product: rows, batch extents, and strides of the operands (of the batch, then of rows, then of columns).
struct Product {
    m: usize,
    batch: Sizes,
    a: Sizes,
    b: Sizes,
}

impl Product {
    /// Makes rows of one product of batch elements that share the right operand and lie below each other on the left.
    fn join_rows(&mut self) {
        while let Some((at, extent)) = self.batch.len().checked_sub(1).map(|at| (at, self.batch[at])) {
            let below = self.m == 1 || self.a[at] == self.m * self.a[at + 1];
            if extent != 1 && (self.b[at] != 0 || !below) {
                break;
            }
            // A single row had no distance to the next.
            let step = self.a.remove(at);
            if self.m == 1 && extent != 1 {
                self.a[at] = step;
            }
            self.b.remove(at);
            self.m *= extent;
            self.batch.pop();
        }
    }
}

impl<'a> Call<'a> {
    /// Runs it; `epilogue` is called on each finished block of the result.
    pub fn run(&self, c: &Contract, prepared: &Prepared, scratch: &mut Scratch, epilogue: Option<Epilogue>) -> Result<()> {
        let len = self.len(c.out);
        // SAFETY: the buffer has this many elements, no operand lies in it, and epilogues work on their own blocks only.
        let out = unsafe { Output::raw(self.args[c.out.0 as usize].cast::<f32>(), len) };
        if len == 0 {
            return Ok(());
        }
        match (&c.kind, prepared) {
            (ContractKind::Conv { x, .. }, Prepared::Conv(plan)) => plan.run(self.pool, scratch, self.images(*x, false), out, epilogue),
            (ContractKind::Conv { x, .. }, Prepared::Winograd(plan)) => plan.run(self.pool, scratch, self.images(*x, false), out, epilogue),
            (ContractKind::Conv { x, .. }, Prepared::Blocks(plan)) => {
                let images = self.images(*x, c.kind.in_blocks(self.shapes[x.0 as usize].len()));
                plan.run(self.pool, scratch, images, out, epilogue);
            }
            (ContractKind::Conv { x, .. }, Prepared::Channelwise(params, weights)) => {
                channelwise::convolve(self.isa, params, weights, self.pool, self.images(*x, true), out, epilogue);
            }
            (ContractKind::Conv { x, w, .. }, Prepared::ConvWith(params, channelwise)) => {
                let run: fn(Isa, &ConvParams, &[f32], &Pool, &mut Scratch, Images, Output, Option<Epilogue>) =
                    if *channelwise { depthwise } else { conv };
                run(self.isa, params, self.values(*w), self.pool, scratch, self.images(*x, false), out, epilogue);
            }
            (ContractKind::MatMul { a, b, batch, m, n, k }, Prepared::MatMul(left, right)) => {
                let mut p = Product { m: self.size(m)?, batch: self.sizes(batch)?, a: self.sizes(&a.strides)?, b: self.sizes(&b.strides)? };
                if left.is_none() {
                    p.join_rows();
                }
                let joined = |element: usize, r0: usize, r1: usize, c0: usize, c1: usize| {
                    if let Some(epilogue) = epilogue {
                        epilogue(0, element * p.m + r0, element * p.m + r1, c0, c1);
                    }
                };
                let hook: Option<Epilogue> = if epilogue.is_some() { Some(&joined) } else { None };
                let a = match left {
                    Some(packed) => Lhs::Packed(std::slice::from_ref(packed)),
                    None => Lhs::Strided(self.matrix(a, &p.a)?),
                };
                let b = match right {
                    Some(packed) => Rhs::Packed(std::slice::from_ref(packed)),
                    None => Rhs::Strided(self.matrix(b, &p.b)?),
                };
                let g = Gemm { m: p.m, n: self.size(n)?, k: self.size(k)?, batch: &p.batch, a, b, epilogue: hook };
                gemm(self.isa, self.pool, scratch, &g, out);
            }
            (ContractKind::Pool { x, .. }, Prepared::Pool(params, pooling)) => {
                let to = &self.shapes[c.out.0 as usize];
                if c.kind.in_blocks(to.len()) {
                    let (images, to, blocks) = (self.images(*x, true), [to[2], to[3]], to[1]);
                    channelwise::pool(self.isa, params, *pooling, self.pool, images, blocks, to, out, epilogue);
                    return Ok(());
                }
                let to = if to.len() == 3 { [1, to[2]] } else { [to[2], to[3]] };
                let channels = self.shapes[x.0 as usize][1];
                pool2d(self.isa, params, *pooling, self.pool, scratch, self.images(*x, false), channels, to, out, epilogue);
            }
            _ => return Err(Error::new(Code::Internal, format!("a contraction of '{}' was prepared as another", self.kernel.name))),
        }
        Ok(())
    }

    pub(crate) fn len(&self, b: BufferId) -> usize {
        self.shapes[b.0 as usize].iter().product()
    }

    pub(crate) fn values(&self, b: BufferId) -> &'a [f32] {
        // SAFETY: the buffer is float32, has this many elements, is aligned, and nobody writes it during the step.
        unsafe { std::slice::from_raw_parts(self.args[b.0 as usize].cast::<f32>(), self.len(b)) }
    }

    fn images(&self, x: BufferId, blocks: bool) -> Images<'a> {
        let shape = &self.shapes[x.0 as usize];
        let size = &shape[2..shape.len() - usize::from(blocks)];
        Images { data: self.values(x), count: shape[0], size: spatial(size, 1) }
    }

    pub(crate) fn size(&self, d: &Dim) -> Result<usize> {
        let v = d.eval(self.bindings).and_then(|v| usize::try_from(v).ok());
        v.ok_or_else(|| Error::new(Code::Internal, format!("the size {d} has no value")))
    }

    pub(crate) fn sizes(&self, dims: &[Dim]) -> Result<Sizes> {
        dims.iter().map(|d| self.size(d)).collect()
    }

    /// An operand of a product; `strides` are those of the batch, then of rows, then of columns.
    pub(crate) fn matrix<'s>(&self, a: &Access, strides: &'s [usize]) -> Result<Strided<'s>>
    where
        'a: 's,
    {
        let (batch, matrix) = strides.split_at(strides.len() - 2);
        Ok(Strided { data: &self.values(a.buffer)[self.size(&a.offset)?..], row: matrix[0], col: matrix[1], batch })
    }
}
