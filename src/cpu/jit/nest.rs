//! What is rendered: a stage of a kernel as a nest of loops with bodies of primitive operations. Narrow floats are widened, functions
//! expanded, axes joined, and the axis along which vectors lie is chosen here. No machine code.

use crate::cpu::attention::ROWS;
use crate::kernels::splice::mapped_body;
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::index::{indexed, join_body, join_extents, join_strides, joinable};
use crate::loops::math::expand;
use crate::loops::tidy::{computed, tidy, widen};
use crate::loops::verify::types_with_acc;
use crate::loops::{Access, Body, Fold, Kernel, Op, Stage};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::shape;

/// A body with the types of its operations.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The operations.
    pub body: Body,
    /// Their element types.
    pub types: Vec<DType>,
}

impl Typed {
    /// Type of the result.
    pub fn dtype(&self) -> DType {
        self.types[self.body.result.0 as usize]
    }
}

/// What is folded, and how it ends.
#[derive(Debug, Clone)]
pub struct Folded {
    /// How.
    pub fold: Fold,
    /// Type in which it is folded.
    pub dtype: DType,
    /// What becomes of the folded value, over the outer axes.
    pub finish: Typed,
}

/// A nest of loops.
#[derive(Debug, Clone)]
pub struct Nest {
    /// Where results go, over the outer axes.
    pub out: Access,
    /// Extents that are kept; never empty.
    pub outer: Vec<Dim>,
    /// Extents that are folded.
    pub inner: Vec<Dim>,
    /// Axis (outer, then inner) along which vectors lie: the last outer or the last inner.
    pub lane: usize,
    /// The element, over outer and inner axes.
    pub value: Typed,
    /// Of a reduction.
    pub folded: Option<Folded>,
}

impl Nest {
    /// Depth of the loop over an axis: all outer axes are one loop, but for the vectors' axis, which has its own.
    pub fn level(&self, axis: usize) -> usize {
        let lane_is_outer = self.lane < self.outer.len();
        match axis {
            a if a == self.lane && lane_is_outer => 2,
            a if a < self.outer.len() => 1,
            a => a - self.outer.len() + 2 + usize::from(lane_is_outer),
        }
    }

    /// Outer axes that run in the outermost loop.
    pub fn split_axes(&self) -> usize {
        self.outer.len() - usize::from(self.lane < self.outer.len())
    }
}

/// The body as it is rendered: see the module's first lines. `acc` is the type of [`Op::Acc`] before widening.
fn prepared(kernel: &Kernel, body: &Body, acc: Option<DType>, keep_wide: bool) -> Result<Typed> {
    let body = tidy(body);
    let body = widen(&body, &types_with_acc(kernel, &body, acc)?, keep_wide);
    let acc = acc.map(computed);
    let body = tidy(&expand(&body, &types_with_acc(kernel, &body, acc)?));
    let types = types_with_acc(kernel, &body, acc)?;
    Ok(Typed { body, types })
}

fn loads(body: &Body) -> impl Iterator<Item = &Access> {
    body.ops.iter().filter_map(|op| if let Op::Load(a) = op { Some(a) } else { None })
}

/// The nest of a stage; of a contraction, its epilogue over the finished result, in place (`None` where it has none).
pub fn nest(kernel: &Kernel, stage: &Stage) -> Result<Option<Nest>> {
    match stage {
        Stage::Map { out, extents, value } => map(kernel, out, extents, value, false).map(Some),
        Stage::Reduce { out, outer, inner, fold, value, finish } => reduce(kernel, out, outer, inner, *fold, value, finish).map(Some),
        Stage::Contract(c) => epilogue(kernel, c),
    }
}

fn epilogue(kernel: &Kernel, c: &Contract) -> Result<Option<Nest>> {
    let Some(body) = &c.epilogue else { return Ok(None) };
    let mut extents = c.kind.index(&kernel.buffer(c.out).shape);
    let mut out = Access { buffer: c.out, offset: Dim::from(0i64), strides: shape::strides(&extents) };
    let mut body = body.clone();
    if let ContractKind::Attention(_) = c.kind {
        // Scores of a batch element lie key below key.
        let (rank, mut order) = (extents.len(), (0..extents.len()).map(Some).collect::<Vec<_>>());
        order.swap(rank - 2, rank - 1);
        extents.swap(rank - 2, rank - 1);
        body = mapped_body(&body, &order, rank);
        out.strides.fill(Dim::from(0i64));
        (out.strides[rank - 2], out.strides[rank - 1]) = (Dim::from(ROWS), Dim::from(1i64));
    }
    let load = Op::Load(out.clone());
    let ops = body.ops.iter().map(|op| if *op == Op::Acc { load.clone() } else { op.clone() });
    let body = Body { ops: ops.collect(), result: body.result };
    map(kernel, &out, &extents, &body, true).map(Some)
}

/// A map. With `keep_split`, the last axis stays the inner one and all others together the outer one, as blocks of results are given.
fn map(kernel: &Kernel, out: &Access, extents: &[Dim], value: &Body, keep_split: bool) -> Result<Nest> {
    let value = prepared(kernel, value, None, false)?;
    let rank = extents.len();
    let pinned = indexed(&[&value.body], rank);
    let mut accesses: Vec<&[Dim]> = vec![&out.strides];
    accesses.extend(loads(&value.body).map(|a| a.strides.as_slice()));
    if keep_split {
        // Joining among the outer axes changes nothing that a caller sees: they are counted as one.
        let (lead, last) = (rank - 1, rank - 1);
        let mut groups = joinable(&extents[..lead], &cut(&accesses, 0..lead), &pinned[..lead], &[]);
        groups.push(vec![last]);
        return Ok(map_over(out, extents, value, &groups));
    }
    let mut order: Vec<usize> = (0..rank).collect();
    // The axis along which results are contiguous goes last, where there is one.
    if let Some(axis) = (0..rank).rev().find(|a| out.strides[*a].is(1) && !extents[*a].is(1)) {
        order.retain(|a| *a != axis);
        order.push(axis);
    }
    if order.is_sorted() {
        let groups = joinable(extents, &accesses, &pinned, &[]);
        return Ok(map_over(out, extents, value, &groups));
    }
    let groups: Vec<Vec<usize>> = order.into_iter().map(|a| vec![a]).collect();
    Ok(map_over(out, extents, value, &groups))
}

fn cut<'a>(accesses: &[&'a [Dim]], range: std::ops::Range<usize>) -> Vec<&'a [Dim]> {
    accesses.iter().map(|s| &s[range.clone()]).collect()
}

fn map_over(out: &Access, extents: &[Dim], value: Typed, groups: &[Vec<usize>]) -> Nest {
    let mut outer = join_extents(extents, groups);
    let mut out = Access { strides: join_strides(&out.strides, groups), ..out.clone() };
    let mut value = Typed { body: join_body(&value.body, groups), types: value.types };
    if outer.is_empty() {
        add_axis(&mut outer, &mut out, &mut [&mut value.body], 0);
    }
    Nest { lane: outer.len() - 1, out, outer, inner: Vec::new(), value, folded: None }
}

/// Adds an outer axis of extent 1 at `at`.
fn add_axis(outer: &mut Vec<Dim>, out: &mut Access, bodies: &mut [&mut Body], at: usize) {
    outer.insert(at, Dim::from(1i64));
    out.strides.insert(at, Dim::from(0i64));
    for op in bodies.iter_mut().flat_map(|b| b.ops.iter_mut()) {
        match op {
            Op::Load(a) => a.strides.insert(at, Dim::from(0i64)),
            Op::Index(k) if *k >= at => *k += 1,
            _ => {}
        }
    }
}

fn reduce(kernel: &Kernel, out: &Access, outer: &[Dim], inner: &[Dim], fold: Fold, value: &Body, finish: &Body) -> Result<Nest> {
    let folded = types_with_acc(kernel, value, None)?[value.result.0 as usize];
    let (value, finish) = (prepared(kernel, value, None, true)?, prepared(kernel, finish, Some(folded), false)?);
    let (n, rank) = (outer.len(), outer.len() + inner.len());
    let all: Vec<Dim> = outer.iter().chain(inner).cloned().collect();
    let pinned = indexed(&[&value.body, &finish.body], rank);
    let mut accesses: Vec<Vec<Dim>> = loads(&value.body).map(|a| a.strides.clone()).collect();
    let folded_axes = vec![Dim::from(0i64); inner.len()];
    accesses.extend(loads(&finish.body).chain([out]).map(|a| [a.strides.as_slice(), &folded_axes].concat()));
    let views: Vec<&[Dim]> = accesses.iter().map(|a| a.as_slice()).collect();
    let mut outer_groups = joinable(outer, &cut(&views, 0..n), &pinned[..n], &[]);
    let mut inner_groups = joinable(inner, &cut(&views[..loads(&value.body).count()], n..rank), &pinned[n..], &[]);
    inner_groups.iter_mut().flatten().for_each(|a| *a += n);
    last_is_contiguous(&mut outer_groups, &[&out.strides]);
    let value_loads: Vec<&[Dim]> = views[..loads(&value.body).count()].to_vec();
    last_is_contiguous(&mut inner_groups, &value_loads);
    let groups: Vec<Vec<usize>> = outer_groups.iter().chain(&inner_groups).cloned().collect();
    let mut out = Access { strides: join_strides(&out.strides, &outer_groups), ..out.clone() };
    let mut value = Typed { body: join_body(&value.body, &groups), types: value.types };
    let mut finish = Typed { body: join_body(&finish.body, &outer_groups), types: finish.types };
    let (mut outer, mut inner) = (join_extents(&all, &outer_groups), join_extents(&all, &inner_groups));
    if outer.is_empty() {
        add_axis(&mut outer, &mut out, &mut [&mut value.body, &mut finish.body], 0);
    }
    if inner.is_empty() {
        inner.push(Dim::from(1i64));
        value.body.ops.iter_mut().for_each(|op| {
            if let Op::Load(a) = op {
                a.strides.push(Dim::from(0i64));
            }
        });
    }
    let lane = lane_of_reduction(&value.body, outer.len(), inner.len(), &inner);
    let folded = Some(Folded { fold, dtype: value.dtype(), finish });
    Ok(Nest { out, outer, inner, lane, value, folded })
}

/// Moves the group that most accesses walk in steps of one to the end.
fn last_is_contiguous(groups: &mut Vec<Vec<usize>>, accesses: &[&[Dim]]) {
    let score = |g: &Vec<usize>| accesses.iter().filter(|s| s[g[g.len() - 1]].is(1)).count();
    // Of equals, the last: nothing moves without need.
    if let Some(best) = (0..groups.len()).max_by_key(|i| (score(&groups[*i]), *i)) {
        let group = groups.remove(best);
        groups.push(group);
    }
}

/// Vectors along the folded axis where that is contiguous and long, else along the kept one where that is.
fn lane_of_reduction(value: &Body, outer: usize, inner: usize, inner_extents: &[Dim]) -> usize {
    let units = |axis: usize| loads(value).filter(|a| a.strides[axis].is(1)).count();
    let (along_inner, along_outer) = (units(outer + inner - 1), units(outer - 1));
    let short = inner_extents[inner - 1].as_const().is_some_and(|n| n < 8);
    if along_outer > along_inner || (short && along_outer > 0) { outer - 1 } else { outer + inner - 1 }
}
