//! The usual ends of a product, hand-written for every instruction set: a number for each column, another array of the same shape, and GELU
//! by the error function. Any other epilogue is machine code made by `jit`, whose vectors are narrower.
#![allow(unsafe_code)]

use crate::cpu::factor::{Factor, product};
use crate::cpu::functions::erf;
use crate::cpu::isa::{Isa, Kernel, Simd};
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::{self, Access, Binary, Body, BufferId, Op, Unary, Val};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;
use std::ops::Range;

/// What becomes of each finished element: `x = acc + bias[column] + addend`, or that in GELU.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    bias: Option<BufferId>,
    addend: Option<BufferId>,
    gelu: Option<Gelu>,
}

/// `x * (erf(x * inner) + one) * outer`.
#[derive(Debug, Clone, PartialEq)]
struct Gelu {
    inner: Vec<(Binary, Factor)>,
    one: Factor,
    outer: Vec<(Binary, Factor)>,
}

/// A body of a kernel's product while it is read.
struct Reader<'a> {
    kernel: &'a loops::Kernel,
    body: &'a Body,
    index: &'a [Dim],
}

impl Rows {
    /// The epilogue of `c`, where it is one of these.
    pub fn of(kernel: &loops::Kernel, c: &Contract) -> Option<Rows> {
        let body = c.epilogue.as_ref().filter(|_| matches!(c.kind, ContractKind::MatMul { .. }))?;
        let index = c.kind.index(&kernel.buffer(c.out).shape);
        let reader = Reader { kernel, body, index: &index };
        let (x, gelu) = match reader.gelu(body.result) {
            Some((x, gelu)) => (x, Some(gelu)),
            None => (body.result, None),
        };
        let mut rows = Rows { gelu, ..Rows::default() };
        reader.sum(x, &mut rows)?;
        Some(rows)
    }

    /// Finishes these columns of rows of the result, which lies at `out`.
    ///
    /// # Safety
    /// `args` are the addresses of the kernel's buffers; the part of the result is finished and this call's.
    pub unsafe fn run(&self, isa: Isa, args: &[*mut u8], out: BufferId, width: usize, rows: Range<usize>, columns: Range<usize>) {
        let address = |b: BufferId| args[b.0 as usize].cast::<f32>();
        // SAFETY: by the caller's word.
        let gelu = unsafe { self.gelu.as_ref().map(|g| [product(&g.inner, args), g.one.value(args), product(&g.outer, args)]) };
        let (bias, addend) = (self.bias.map(|b| address(b).cast_const()), self.addend.map(|b| address(b).cast_const()));
        isa.run(Part { out: address(out), bias, addend, gelu, width, rows, columns });
    }
}

impl Reader<'_> {
    fn op(&self, v: Val) -> &Op {
        &self.body.ops[v.0 as usize]
    }

    /// What GELU is of, and its numbers.
    fn gelu(&self, at: Val) -> Option<(Val, Gelu)> {
        let (mut outer, mut terms) = (Vec::new(), Vec::new());
        self.terms(at, &mut outer, &mut terms);
        let [a, b] = terms[..] else { return None };
        [(a, b), (b, a)].into_iter().find_map(|(x, sum)| {
            let Op::Binary(Binary::Add, p, q) = self.op(sum) else { return None };
            let (erf, one) = [(*p, *q), (*q, *p)].into_iter().find_map(|(erf, one)| match self.op(erf) {
                Op::Unary(Unary::Erf, of) => Some((*of, Factor::of(self.kernel, self.op(one))?)),
                _ => None,
            })?;
            let (mut inner, mut of) = (Vec::new(), Vec::new());
            self.terms(erf, &mut inner, &mut of);
            (of == [x]).then_some((x, Gelu { inner, one, outer: outer.clone() }))
        })
    }

    /// The numbers of a product, and its other terms.
    fn terms(&self, at: Val, numbers: &mut Vec<(Binary, Factor)>, terms: &mut Vec<Val>) {
        let number = |v: Val| Factor::of(self.kernel, self.op(v));
        match self.op(at) {
            Op::Binary(f @ (Binary::Mul | Binary::Div), a, b) => match (number(*a), number(*b)) {
                (_, Some(by)) => {
                    numbers.push((*f, by));
                    self.terms(*a, numbers, terms);
                }
                (Some(by), None) if *f == Binary::Mul => {
                    numbers.push((*f, by));
                    self.terms(*b, numbers, terms);
                }
                (None, None) if *f == Binary::Mul => {
                    self.terms(*a, numbers, terms);
                    self.terms(*b, numbers, terms);
                }
                _ => terms.push(at),
            },
            _ => terms.push(at),
        }
    }

    /// The accumulated element and what is added to it.
    fn sum(&self, at: Val, rows: &mut Rows) -> Option<()> {
        match self.op(at) {
            Op::Acc => Some(()),
            Op::Binary(Binary::Add, a, b) => {
                let (x, load) = match (self.op(*a), self.op(*b)) {
                    (_, Op::Load(access)) => (*a, access),
                    (Op::Load(access), _) => (*b, access),
                    _ => return None,
                };
                let term = if self.by_column(load) { &mut rows.bias } else { &mut rows.addend };
                let known = term.is_some() || self.kernel.buffer(load.buffer).dtype != DType::F32 || !load.offset.is(0);
                if known || !self.by_column(load) && !self.dense(load) {
                    return None;
                }
                *term = Some(load.buffer);
                self.sum(x, rows)
            }
            _ => None,
        }
    }

    fn by_column(&self, a: &Access) -> bool {
        a.strides.split_last().is_some_and(|(last, rest)| last.is(1) && rest.iter().zip(self.index).all(|(s, d)| s.is(0) || d.is(1)))
    }

    fn dense(&self, a: &Access) -> bool {
        let dense = shape::strides(self.index);
        (0..dense.len()).all(|i| self.index[i].is(1) || a.strides[i] == dense[i])
    }
}

struct Part {
    out: *mut f32,
    bias: Option<*const f32>,
    addend: Option<*const f32>,
    gelu: Option<[f32; 3]>,
    width: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Kernel for Part {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let count = self.columns.len();
        let whole = count - count % S::LANES;
        for row in self.rows.clone() {
            let at = row * self.width + self.columns.start;
            let bias = self.bias.map(|b| b.wrapping_add(self.columns.start));
            let (to, addend) = (self.out.wrapping_add(at), self.addend.map(|a| a.wrapping_add(at)));
            // SAFETY: rows and columns are inside the result by the caller's word; what is left of a row goes through memory of our own.
            unsafe {
                for i in (0..whole).step_by(S::LANES) {
                    let [bias, addend] = [bias, addend].map(|p| p.map_or(S::splat(0.0), |p| S::load(p.add(i))));
                    S::store(to.add(i), self.one::<S>(S::load(to.add(i)), bias, addend));
                }
                if whole < count {
                    let mut spare = [[0f32; 16]; 3];
                    let from = [Some(to.cast_const()), bias, addend];
                    for (spare, from) in spare.iter_mut().zip(from) {
                        (whole..count).for_each(|i| spare[i - whole] = from.map_or(0.0, |p| *p.add(i)));
                    }
                    let [x, bias, addend] = [0, 1, 2].map(|i: usize| S::load(spare[i].as_ptr()));
                    S::store(spare[0].as_mut_ptr(), self.one::<S>(x, bias, addend));
                    (whole..count).for_each(|i| *to.add(i) = spare[0][i - whole]);
                }
            }
        }
    }
}

impl Part {
    /// # Safety
    /// The machine has the set.
    #[inline(always)]
    unsafe fn one<S: Simd>(&self, x: S::V, bias: S::V, addend: S::V) -> S::V {
        // SAFETY: by the caller's word.
        unsafe {
            let x = S::add(S::add(x, bias), addend);
            match self.gelu {
                None => x,
                Some([inner, one, outer]) => {
                    let erf = erf::<S>(S::mul(x, S::splat(inner)));
                    S::mul(S::mul(x, S::add(erf, S::splat(one))), S::splat(outer))
                }
            }
        }
    }
}
