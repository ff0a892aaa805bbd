//! Makes one step of a product, the softmax of its rows and a second product: scores then never lie in memory as a whole. Copies in front of
//! the operands and behind the result become strides, factors of the operands factors of the scores.

use crate::kernels::copies::{Copy, Flow, remove_unread};
use crate::kernels::program::{Action, BufId, Program, Step};
use crate::kernels::splice::splice;
use crate::loops::contract::{Attention, Contract, ContractKind};
use crate::loops::tidy::tidy;
use crate::loops::{Access, Binary, Body, BufferId, Kernel, Op, Role, Stage};
use crate::ops::softmax;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;

/// Joins each pair of products with a softmax between them.
pub fn join(program: &mut Program) {
    let flow = Flow::new(program);
    for i in 0..program.steps.len() {
        if let Some((step, last)) = attention(program, &flow, i) {
            program.steps[last] = step;
        }
    }
    // What the new steps replace is read by nobody.
    remove_unread(program);
}

/// A step that is one product of float32.
struct Product<'a> {
    kernel: &'a Kernel,
    args: &'a [BufId],
    a: &'a Access,
    b: &'a Access,
    batch: &'a [Dim],
    /// Rows, columns, inner extent.
    sizes: [&'a Dim; 3],
    out: BufferId,
    epilogue: Option<&'a Body>,
}

impl<'a> Product<'a> {
    fn of(step: &'a Step) -> Option<Product<'a>> {
        let Action::Kernel(kernel) = &step.action else { return None };
        let [Stage::Contract(Contract { kind, out, epilogue })] = kernel.stages.as_slice() else { return None };
        let ContractKind::MatMul { a, b, batch, m, n, k } = kind else { return None };
        let float = kernel.buffer(*out).dtype == DType::F32;
        float.then_some(Product { kernel, args: &step.args, a, b, batch, sizes: [m, n, k], out: *out, epilogue: epilogue.as_ref() })
    }

    fn arg(&self, b: BufferId) -> BufId {
        self.args[b.0 as usize]
    }
}

/// The attention whose second product is step `i`, and the last step that it stands for.
fn attention(program: &Program, flow: &Flow, i: usize) -> Option<(Step, usize)> {
    let second = Product::of(&program.steps[i]).filter(|p| p.epilogue.is_none())?;
    let weights = second.arg(second.a.buffer);
    let s = flow.writer(program, weights).filter(|_| flow.only_reader(program, weights) == Some(i))?;
    let scores = softmax_of(&program.steps[s])?;
    let f = flow.writer(program, scores).filter(|_| flow.only_reader(program, scores) == Some(s))?;
    let first = Product::of(&program.steps[f])?;
    let [m, n, k] = first.sizes;
    let (index, rank) = ([first.batch, &[m.clone(), n.clone()]].concat(), first.batch.len() + 2);
    let dense = shape::strides(&index);
    let whole = second.a.offset.is(0) && (0..rank).all(|l| index[l].is(1) || second.a.strides.get(l) == Some(&dense[l]));
    let rows = program.buffer(scores).shape.last() == Some(n);
    // A single row is a few sums of products, for which nothing needs to be packed.
    if second.batch != first.batch || second.sizes[0] != m || second.sizes[2] != n || !whole || !rows || m.is(1) {
        return None;
    }
    let columns = second.sizes[1];
    let mut made = Made { program, flow, kernel: Kernel::new(""), args: Vec::new(), factors: Body::acc(), rank };
    let over = |last: [&Dim; 2]| [first.batch, &[last[0].clone(), last[1].clone()]].concat();
    let queries = made.operand(&first, first.a.clone(), &over([m, k]), true);
    let mut swapped = first.b.clone();
    swapped.strides.swap(rank - 2, rank - 1);
    let keys = made.operand(&first, swapped, &over([n, k]), true);
    let values = made.operand(&second, second.b.clone(), &over([n, columns]), false);
    let (out, last, strides) = made.result(&second, i, &over([m, columns]));
    let own = |b: BufferId| first.arg(b);
    let after = first.epilogue.cloned().unwrap_or_else(Body::acc).with_buffers(&mut |b| made.buffer(own(b), first.kernel.buffer(b)));
    let body = tidy(&splice(&after, &made.factors, &|op| *op == Op::Acc));
    let kind = ContractKind::Attention(Attention {
        queries,
        keys,
        values,
        out: strides,
        batch: first.batch.to_vec(),
        scores: [m.clone(), n.clone()],
        depth: k.clone(),
        columns: columns.clone(),
    });
    let epilogue = Some(body).filter(|b| *b != Body::acc());
    made.kernel.stages.push(Stage::Contract(Contract { kind, out, epilogue }));
    let nodes: Vec<String> =
        [f, s, i].into_iter().chain((last != i).then_some(last)).flat_map(|s| program.steps[s].nodes.clone()).collect();
    let Made { mut kernel, args, .. } = made;
    kernel.name = nodes.join(" + ");
    Some((Step { action: Action::Kernel(kernel), args, nodes }, last))
}

/// What a step reads that is nothing but the softmax of rows.
fn softmax_of(step: &Step) -> Option<BufId> {
    let Action::Kernel(kernel) = &step.action else { return None };
    let x = kernel.with_role(Role::Input).next()?;
    let of = kernel.buffer(x);
    let axis = of.shape.len().checked_sub(1)?;
    let known = softmax::kernel(&kernel.name, of.dtype, &of.shape, axis, false);
    (of.dtype == DType::F32 && *kernel == known).then(|| step.args[x.0 as usize])
}

/// The step while it is made.
struct Made<'a> {
    program: &'a Program,
    flow: &'a Flow,
    kernel: Kernel,
    args: Vec<BufId>,
    /// A score before its epilogue: the product, times what the operands were multiplied by.
    factors: Body,
    /// Indices of a score.
    rank: usize,
}

impl Made<'_> {
    /// The kernel's number for a buffer of the program.
    fn buffer(&mut self, arg: BufId, like: &crate::loops::Buffer) -> BufferId {
        if let Some(i) = self.args.iter().position(|a| *a == arg) {
            return BufferId(i as u32);
        }
        self.args.push(arg);
        self.kernel.add(like.role, like.dtype, &like.shape)
    }

    /// An operand over `extents`, read before the copies in front of it as long as matrices keep an axis of neighbours.
    fn operand(&mut self, product: &Product, access: Access, extents: &[Dim], scaled: bool) -> Access {
        let (mut at, mut kernel, mut arg) = (access.clone(), product.kernel, product.arg(access.buffer));
        while let Some(step) = self.flow.writer(self.program, arg).map(|w| &self.program.steps[w])
            && let Some(copy) = Copy::of(step).filter(|c| scaled || c.factors.is_empty())
            && let Some((strides, offset)) = copy.back().and_then(|m| m.apply(extents, &at.strides, &at.offset))
            && strides[strides.len() - 2..].iter().any(|s| s.is(1))
        {
            let args = &step.args;
            for (f, factor) in &copy.factors {
                self.factor(*f, factor, copy.kernel, args);
            }
            at = Access { buffer: copy.from.buffer, offset, strides };
            (kernel, arg) = (copy.kernel, args[copy.from.buffer.0 as usize]);
        }
        Access { buffer: self.buffer(arg, kernel.buffer(at.buffer)), ..at }
    }

    /// Multiplies scores by what an operand was multiplied by.
    fn factor(&mut self, f: Binary, factor: &Op, kernel: &Kernel, args: &[BufId]) {
        let factor = match factor {
            Op::Load(a) => {
                let buffer = self.buffer(args[a.buffer.0 as usize], kernel.buffer(a.buffer));
                Op::Load(Access { buffer, offset: a.offset.clone(), strides: vec![Dim::from(0i64); self.rank] })
            }
            other => other.clone(),
        };
        let x = self.factors.result;
        let by = self.factors.push(factor);
        self.factors.binary(f, x, by);
    }

    /// Where the result goes: its buffer, the last step that is done with it, and its strides over `extents`.
    fn result(&mut self, second: &Product, i: usize, extents: &[Dim]) -> (BufferId, usize, Vec<Dim>) {
        let out = second.arg(second.out);
        let dense = shape::strides(extents);
        let reader = self.flow.only_reader(self.program, out);
        let behind = reader.and_then(|r| {
            let step = &self.program.steps[r];
            let copy = Copy::of(step).filter(|c| c.factors.is_empty())?;
            let moves = copy.forth(&shape::element_count(extents))?;
            let (strides, _) = moves.apply(extents, &dense, &Dim::from(0i64))?;
            let neighbours = strides.last().is_some_and(|s| s.is(1));
            neighbours.then_some((r, step.args[copy.to.buffer.0 as usize], copy.kernel.buffer(copy.to.buffer), strides))
        });
        match behind {
            Some((r, arg, like, strides)) => (self.buffer(arg, like), r, strides),
            None => (self.buffer(out, second.kernel.buffer(second.out)), i, dense),
        }
    }
}
