//! Runs prepared contractions on a step's buffers.
#![allow(unsafe_code)]

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
            (ContractKind::Conv { x, .. }, Prepared::Conv(plan)) => plan.run(self.pool, scratch, self.images(*x), out, epilogue),
            (ContractKind::Conv { x, w, .. }, Prepared::ConvWith(params, channelwise)) => {
                let run: fn(Isa, &ConvParams, &[f32], &Pool, &mut Scratch, Images, Output, Option<Epilogue>) =
                    if *channelwise { depthwise } else { conv };
                run(self.isa, params, self.values(*w), self.pool, scratch, self.images(*x), out, epilogue);
            }
            (ContractKind::MatMul { a, b, batch, m, n, k }, Prepared::MatMul(left, right)) => {
                let batch = batch.iter().map(|d| self.size(d)).collect::<Result<Vec<usize>>>()?;
                let (sa, sb) = (self.strides(a)?, self.strides(b)?);
                let a = match left {
                    Some(packed) => Lhs::Packed(std::slice::from_ref(packed)),
                    None => Lhs::Strided(self.matrix(a, &sa)?),
                };
                let b = match right {
                    Some(packed) => Rhs::Packed(std::slice::from_ref(packed)),
                    None => Rhs::Strided(self.matrix(b, &sb)?),
                };
                let (m, n, k) = (self.size(m)?, self.size(n)?, self.size(k)?);
                gemm(self.isa, self.pool, scratch, &Gemm { m, n, k, batch: &batch, a, b, epilogue }, out);
            }
            (ContractKind::Pool { x, .. }, Prepared::Pool(params, pooling)) => {
                let to = &self.shapes[c.out.0 as usize];
                let to = if to.len() == 3 { [1, to[2]] } else { [to[2], to[3]] };
                let channels = self.shapes[x.0 as usize][1];
                pool2d(self.isa, params, *pooling, self.pool, scratch, self.images(*x), channels, to, out, epilogue);
            }
            _ => return Err(Error::new(Code::Internal, format!("a contraction of '{}' was prepared as another", self.kernel.name))),
        }
        Ok(())
    }

    fn len(&self, b: BufferId) -> usize {
        self.shapes[b.0 as usize].iter().product()
    }

    fn values(&self, b: BufferId) -> &'a [f32] {
        // SAFETY: the buffer is float32, has this many elements, is aligned, and nobody writes it during the step.
        unsafe { std::slice::from_raw_parts(self.args[b.0 as usize].cast::<f32>(), self.len(b)) }
    }

    fn images(&self, x: BufferId) -> Images<'a> {
        let shape = &self.shapes[x.0 as usize];
        Images { data: self.values(x), count: shape[0], size: spatial(&shape[2..], 1) }
    }

    fn size(&self, d: &Dim) -> Result<usize> {
        let v = d.eval(self.bindings).and_then(|v| usize::try_from(v).ok());
        v.ok_or_else(|| Error::new(Code::Internal, format!("the size {d} has no value")))
    }

    fn strides(&self, a: &Access) -> Result<Vec<usize>> {
        a.strides.iter().map(|s| self.size(s)).collect()
    }

    /// An operand of a product; `strides` are those of the batch, then of rows, then of columns.
    fn matrix<'s>(&self, a: &Access, strides: &'s [usize]) -> Result<Strided<'s>>
    where
        'a: 's,
    {
        let (batch, matrix) = strides.split_at(strides.len() - 2);
        Ok(Strided { data: &self.values(a.buffer)[self.size(&a.offset)?..], row: matrix[0], col: matrix[1], batch })
    }
}
