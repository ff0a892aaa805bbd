//! Steps that only move elements (transposes, slices, broadcasts), and reading through them: an access to what was moved as one to where it
//! came from, and the other way round. A copy of a copy reads what the first one read.

use crate::kernels::program::{Action, BufId, Program, Step};
use crate::loops::index::exact_quotient;
use crate::loops::{Access, Binary, Body, BufferId, Kernel, Op, Role, Stage, Val};
use crate::tensor::dim::{Dim, Symbol};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Which steps write and read each buffer; buffers by their roots.
#[derive(Default)]
pub struct Flow {
    writer: HashMap<BufId, usize>,
    readers: HashMap<BufId, BTreeSet<usize>>,
    kept: BTreeSet<BufId>,
}

impl Flow {
    /// As the program stands.
    pub fn new(program: &Program) -> Flow {
        let mut flow = Flow { kept: program.outputs.iter().map(|b| program.root(*b)).collect(), ..Flow::default() };
        for (i, step) in program.steps.iter().enumerate() {
            step.reads().for_each(|b| {
                flow.readers.entry(program.root(b)).or_default().insert(i);
            });
            step.writes().for_each(|b| {
                flow.writer.insert(program.root(b), i);
            });
        }
        flow
    }

    /// The step that writes a buffer.
    pub fn writer(&self, program: &Program, buffer: BufId) -> Option<usize> {
        self.writer.get(&program.root(buffer)).copied()
    }

    /// The only step that reads a buffer, which is no output.
    pub fn only_reader(&self, program: &Program, buffer: BufId) -> Option<usize> {
        let root = program.root(buffer);
        let readers = self.readers.get(&root).filter(|r| r.len() == 1 && !self.kept.contains(&root))?;
        readers.first().copied()
    }
}

/// A step that moves elements: element `i` of `to` is element `i` of `from`, multiplied or divided by single elements.
pub struct Copy<'a> {
    /// Its kernel.
    pub kernel: &'a Kernel,
    /// Extents of the index.
    pub extents: &'a [Dim],
    /// What is read.
    pub from: &'a Access,
    /// What is written: all of a dense buffer.
    pub to: &'a Access,
    /// `Mul` or `Div`, and a constant or a load of one element.
    pub factors: Vec<(Binary, &'a Op)>,
}

impl<'a> Copy<'a> {
    /// The step, where it is one.
    pub fn of(step: &'a Step) -> Option<Copy<'a>> {
        let Action::Kernel(kernel) = &step.action else { return None };
        let [Stage::Map { out, extents, value }] = kernel.stages.as_slice() else { return None };
        let mut factors = Vec::new();
        let from = moved(value, value.result, &mut factors)?;
        let whole = *out == kernel.dense(out.buffer) && *extents == kernel.buffer(out.buffer).shape;
        let same = kernel.buffer(from.buffer).dtype == kernel.buffer(out.buffer).dtype;
        (whole && same).then_some(Copy { kernel, extents, from, to: out, factors })
    }

    /// How places in what was written become places in what was read.
    pub fn back(&self) -> Option<Moves> {
        let mut moves = Moves::new(self.extents, &self.to.strides, &self.from.strides)?;
        moves.offset = self.from.offset.clone();
        Some(moves)
    }

    /// How places in what was read become places in what is written, where each of `count` elements is moved once.
    pub fn forth(&self, count: &Dim) -> Option<Moves> {
        let moved = crate::tensor::shape::element_count(self.extents);
        (self.from.offset.is(0) && moved == *count).then(|| Moves::new(self.extents, &self.from.strides, &self.to.strides))?
    }
}

/// The load that a value is, but for factors.
fn moved<'a>(body: &'a Body, at: Val, factors: &mut Vec<(Binary, &'a Op)>) -> Option<&'a Access> {
    let op = |v: Val| &body.ops[v.0 as usize];
    match op(at) {
        Op::Load(access) => Some(access),
        Op::Binary(f @ (Binary::Mul | Binary::Div), a, b) => {
            let (x, factor) = if is_single(op(*b)) {
                (*a, op(*b))
            } else if *f == Binary::Mul && is_single(op(*a)) {
                (*b, op(*a))
            } else {
                return None;
            };
            let access = moved(body, x, factors)?;
            factors.push((*f, factor));
            Some(access)
        }
        _ => None,
    }
}

/// True of a constant and of a load of the same element everywhere.
fn is_single(op: &Op) -> bool {
    match op {
        Op::Const(..) => true,
        Op::Load(a) => a.strides.iter().all(|s| s.is(0)),
        _ => false,
    }
}

/// A stretch of places one `from` apart that lie one `to` apart elsewhere.
struct Axis {
    extent: Dim,
    from: Dim,
    to: Dim,
}

/// How places of a dense array become places of another.
pub struct Moves {
    /// Innermost first; together they walk all places.
    axes: Vec<Axis>,
    /// Where the first place goes.
    offset: Dim,
}

impl Moves {
    /// Index by index; `None` where `from` does not walk each place once.
    fn new(extents: &[Dim], from: &[Dim], to: &[Dim]) -> Option<Moves> {
        let mut left: Vec<usize> = (0..extents.len()).filter(|i| !extents[*i].is(1)).collect();
        let (mut axes, mut next): (Vec<Axis>, Dim) = (Vec::new(), Dim::from(1i64));
        while !left.is_empty() {
            let i = left.remove(left.iter().position(|i| from[*i] == next)?);
            next = &next * &extents[i];
            match axes.last_mut() {
                Some(last) if to[i] == &last.to * &last.extent => last.extent = &last.extent * &extents[i],
                _ => axes.push(Axis { extent: extents[i].clone(), from: from[i].clone(), to: to[i].clone() }),
            }
        }
        Some(Moves { axes, offset: Dim::from(0i64) })
    }

    /// An access over `extents` after the move: its strides and offset. `None` where a stride is no single one any more.
    pub fn apply(&self, extents: &[Dim], strides: &[Dim], offset: &Dim) -> Option<(Vec<Dim>, Dim)> {
        let (zero, one) = (Dim::from(0i64), Dim::from(1i64));
        let shifted = shifts(extents.iter().chain(self.axes.iter().map(|a| &a.extent)));
        let at_most = |a: &Dim, b: &Dim| (b - a).substitute(&shifted).interval().0 >= 0;
        // The largest index along each axis.
        let mut most = vec![zero.clone(); self.axes.len()];
        let mut place = |step: &Dim, count: &Dim| {
            if step.is(0) || count.is(0) {
                return Some(zero.clone());
            }
            let inside = |axis: &Axis, n: &Dim| at_most(&(n * count), &(&axis.extent - &one));
            let found = self.axes.iter().enumerate().rev().find_map(|(l, axis)| {
                let n = exact_quotient(step, &axis.from).filter(|n| inside(axis, n))?;
                Some((l, n))
            });
            let (l, n) = found?;
            most[l] = &most[l] + &(&n * count);
            Some(&n * &self.axes[l].to)
        };
        let strides = extents.iter().zip(strides).map(|(e, s)| place(s, &(e - &one))).collect::<Option<Vec<Dim>>>()?;
        let offset = &place(offset, &one)? + &self.offset;
        let fits = self.axes.iter().zip(&most).all(|(axis, n)| at_most(n, &(&axis.extent - &one)));
        fits.then_some((strides, offset))
    }
}

/// Each symbol as the least that it can be and what it is more: bounds of sums are tight then. Where an extent is 0 nothing is moved, so a
/// factor of one is 1 at least.
fn shifts<'a>(extents: impl Iterator<Item = &'a Dim> + Clone) -> BTreeMap<Arc<str>, Dim> {
    let mut symbols = BTreeSet::new();
    extents.clone().for_each(|d| d.collect_symbols(&mut symbols));
    let shift = |s: Symbol| {
        let whole = Dim::symbol(&s.name, s.min, s.max);
        let is_factor = s.min >= 0 && extents.clone().any(|d| exact_quotient(d, &whole).is_some());
        let least = if is_factor { s.min.max(1) } else { s.min };
        let more = Dim::symbol(&s.name, 0, s.max.saturating_sub(least));
        (s.name, &more + &Dim::from(least))
    };
    symbols.into_iter().map(shift).collect()
}

/// Makes copies of copies read what the first one read.
pub fn shorten(program: &mut Program) {
    let flow = Flow::new(program);
    for i in 0..program.steps.len() {
        while let Some(step) = shorter(program, &flow, i) {
            program.steps[i] = step;
        }
    }
    remove_unread(program);
}

/// Step `i` without the copy in front of it.
fn shorter(program: &Program, flow: &Flow, i: usize) -> Option<Step> {
    let step = &program.steps[i];
    let copy = Copy::of(step)?;
    let before = &program.steps[flow.writer(program, step.args[copy.from.buffer.0 as usize])?];
    let first = Copy::of(before).filter(|c| c.factors.is_empty())?;
    let (strides, offset) = first.back()?.apply(copy.extents, &copy.from.strides, &copy.from.offset)?;
    let mut kernel = copy.kernel.clone();
    let source = first.kernel.buffer(first.from.buffer);
    let buffer = kernel.add(Role::Input, source.dtype, &source.shape);
    let old = copy.from.clone();
    let Stage::Map { value, .. } = kernel.stages.first_mut()? else { return None };
    for op in &mut value.ops {
        if *op == Op::Load(old.clone()) {
            *op = Op::Load(Access { buffer, offset: offset.clone(), strides: strides.clone() });
        }
    }
    let mut args = step.args.clone();
    args.push(before.args[first.from.buffer.0 as usize]);
    let mut nodes = before.nodes.clone();
    nodes.extend(step.nodes.iter().cloned());
    kernel.name = nodes.join(" + ");
    Some(without_unused(Step { action: Action::Kernel(kernel), args, nodes }))
}

/// The step without buffers that its kernel does not mention.
fn without_unused(mut step: Step) -> Step {
    let Action::Kernel(kernel) = &mut step.action else { return step };
    let used: BTreeSet<BufferId> = kernel.stages.iter().flat_map(|s| s.reads().into_iter().chain([s.out()])).collect();
    let order: Vec<BufferId> = used.into_iter().collect();
    let number = |b: BufferId| BufferId(order.binary_search(&b).unwrap_or_default() as u32);
    kernel.stages = kernel.stages.iter().map(|s| s.with_buffers(&number)).collect();
    kernel.buffers = order.iter().map(|b| kernel.buffers[b.0 as usize].clone()).collect();
    step.args = order.iter().map(|b| step.args[b.0 as usize]).collect();
    step
}

/// Removes steps whose results nobody reads.
pub fn remove_unread(program: &mut Program) {
    let mut read: BTreeSet<BufId> = program.outputs.iter().map(|b| program.root(*b)).collect();
    let mut kept = Vec::new();
    for step in std::mem::take(&mut program.steps).into_iter().rev() {
        if step.writes().any(|b| read.contains(&program.root(b))) {
            read.extend(step.reads().map(|b| program.root(b)));
            kept.push(step);
        }
    }
    kept.reverse();
    program.steps = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(v: &[i64]) -> Vec<Dim> {
        v.iter().map(|d| Dim::from(*d)).collect()
    }

    #[test]
    fn places_move_with_a_transpose_across_reshapes() {
        // [T, N, 3, 8] as [3, T, N, 8], read as [T, N * 2, 4] from the second third on.
        let (t, n) = (Dim::symbol("T", 0, 99), Dim::symbol("N", 0, 9));
        let extents = [Dim::from(3i64), t.clone(), n.clone(), Dim::from(8i64)];
        let (row, eight) = (&n * &Dim::from(24i64), Dim::from(8i64));
        let moves = Moves::new(
            &extents,
            &crate::tensor::shape::strides(&extents),
            &[eight.clone(), row.clone(), dims(&[24])[0].clone(), dims(&[1])[0].clone()],
        );
        let third = &(&t * &n) * &eight;
        let index = [t.clone(), &n * &Dim::from(2i64), Dim::from(4i64)];
        let read = [&n * &eight, Dim::from(4i64), Dim::from(1i64)];
        // Two heads of four are no single step: their axis is in two pieces.
        assert_eq!(moves.as_ref().unwrap().apply(&index, &read, &third), None);
        let index = [t.clone(), n.clone(), Dim::from(2i64), Dim::from(4i64)];
        let read = [&n * &eight, eight.clone(), Dim::from(4i64), Dim::from(1i64)];
        let (strides, offset) = moves.unwrap().apply(&index, &read, &third).unwrap();
        assert_eq!((strides, offset), (vec![row, Dim::from(24i64), Dim::from(4i64), Dim::from(1i64)], eight));
    }

    #[test]
    fn what_leaves_an_axis_does_not_move() {
        let moves = Moves::new(&dims(&[4, 6]), &dims(&[6, 1]), &dims(&[1, 4])).unwrap();
        assert_eq!(moves.apply(&dims(&[4, 6]), &dims(&[6, 1]), &Dim::from(0i64)), Some((dims(&[1, 4]), Dim::from(0i64))));
        assert_eq!(moves.apply(&dims(&[3, 2]), &dims(&[6, 2]), &Dim::from(6i64)), Some((dims(&[1, 8]), Dim::from(1i64))));
        // Elements 0 to 7 lie in two rows; so do those from the second on, four apart; nothing is behind the last one.
        assert_eq!(moves.apply(&dims(&[8]), &dims(&[1]), &Dim::from(0i64)), None);
        assert_eq!(moves.apply(&dims(&[2, 3]), &dims(&[4, 1]), &Dim::from(0i64)), None);
        assert_eq!(moves.apply(&dims(&[4]), &dims(&[6]), &Dim::from(6i64)), None);
        // A copy that repeats or leaves out elements cannot be walked backwards.
        assert!(Moves::new(&dims(&[4, 6]), &dims(&[0, 1]), &dims(&[6, 1])).is_none());
        assert!(Moves::new(&dims(&[4, 6]), &dims(&[12, 1]), &dims(&[6, 1])).is_none());
    }
}
