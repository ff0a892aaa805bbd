//! Joins kernels so that fewer arrays go through memory: an elementwise producer moves into the kernel that reads it, and elementwise
//! work on a contraction's or reduction's result becomes its epilogue. Only where the array between them is read by nothing else.
//!
//! A joined kernel stands where the reader stood: all that either reads is there by then.

use crate::kernels::program::{Action, BufId, Program, Step};
use crate::kernels::splice::{AxisMap, axis_map, joined, mapped_access, mapped_body, splice};
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::tidy::tidy;
use crate::loops::{Access, Body, BufferId, Kernel, Op, Role, Stage};
use crate::tensor::dim::Dim;
use crate::tensor::shape;
use std::collections::{HashMap, HashSet};

/// Bodies with more operations are not joined further.
const MAX_OPS: usize = 96;

/// Joins kernels until no pair is left that can be.
pub fn fuse(program: &mut Program) {
    let mut done: Vec<Option<Step>> = Vec::new();
    let steps = std::mem::take(&mut program.steps);
    let mut readers: HashMap<BufId, HashSet<usize>> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        step.reads().for_each(|b| {
            readers.entry(program.root(b)).or_default().insert(i);
        });
    }
    let kept: HashSet<BufId> = program.outputs.iter().map(|b| program.root(*b)).collect();
    let mut writer: HashMap<BufId, usize> = HashMap::new();
    for (i, mut step) in steps.into_iter().enumerate() {
        while let Some((producer, fused)) = candidates(program, &step, &writer).into_iter().find_map(|(buffer, p)| {
            let root = program.root(buffer);
            let alone = !kept.contains(&root) && readers[&root].iter().all(|r| *r == i);
            let fused = if alone { join(program, done[p].as_ref()?, &step, root) } else { None };
            fused.map(|f| (p, f))
        }) {
            // Whoever read for the producer reads for the joined step now.
            for of in readers.values_mut() {
                if of.remove(&producer) {
                    of.insert(i);
                }
            }
            done[producer] = None;
            step = fused;
        }
        step.writes().for_each(|b| {
            writer.insert(b, i);
        });
        done.push(Some(step));
    }
    program.steps = done.into_iter().flatten().collect();
}

/// Buffers that the step reads and the steps that made them, the latest first.
fn candidates(program: &Program, step: &Step, writer: &HashMap<BufId, usize>) -> Vec<(BufId, usize)> {
    let mut out: Vec<(BufId, usize)> = step.reads().filter_map(|b| Some((b, *writer.get(&program.root(b))?))).collect();
    out.sort_by_key(|(b, p)| (std::cmp::Reverse(*p), *b));
    out.dedup();
    out
}

/// Producer and consumer as one step, where the root buffer `between` connects them and nothing else speaks against it.
fn join(program: &Program, producer: &Step, consumer: &Step, between: BufId) -> Option<Step> {
    let (Action::Kernel(p), Action::Kernel(c)) = (&producer.action, &consumer.action) else { return None };
    let mut merged = Merged::new(program, producer, consumer, between);
    let made = *merged.made.first()?;
    // The array must be the producer's last result and nothing that its earlier stages need.
    if merged.made.len() != 1 || p.with_role(Role::Output).count() != 1 || p.stages.last()?.out() != made {
        return None;
    }
    let p_stages: Vec<Stage> = p.stages.iter().map(|s| merged.stage(s, true)).collect();
    let c_stages: Vec<Stage> = c.stages.iter().map(|s| merged.stage(s, false)).collect();
    let (last, before) = p_stages.split_last()?;
    let taken: Vec<BufferId> = merged.taken.iter().copied().collect();
    let reads = |s: &Stage| s.reads().iter().any(|b| taken.contains(b));
    let mut at = (0..c_stages.len()).filter(|i| reads(&c_stages[*i]));
    let (at, None) = (at.next()?, at.next()) else { return None };
    if before.iter().any(reads) {
        return None;
    }
    let shape = &p.buffer(made).shape;
    let new = match last {
        Stage::Map { out, extents, value } if *out == merged.kernel.dense(out.buffer) && *extents == *shape => {
            inlined(&c_stages[at], &taken, shape, value)?
        }
        Stage::Reduce { out, outer, inner, fold, value, finish } if at == 0 => {
            let (c_out, body) = finished(&c_stages[0], &taken, shape, &reduce_axes(out, outer)?, outer.len(), finish)?;
            Stage::Reduce { out: c_out, outer: outer.clone(), inner: inner.clone(), fold: *fold, value: value.clone(), finish: body }
        }
        Stage::Contract(contract) if at == 0 && !matches!(contract.kind, ContractKind::Attention(_)) => {
            epilogued(&mut merged, &c_stages[0], &taken, shape, contract)?
        }
        _ => return None,
    };
    if ops(&new) > MAX_OPS {
        return None;
    }
    let mut stages = before.to_vec();
    stages.extend(c_stages[..at].iter().cloned());
    stages.push(new);
    stages.extend(c_stages[at + 1..].iter().cloned());
    Some(merged.finish(producer, consumer, stages))
}

/// The consumer's stage with the producer's element in place of each load.
fn inlined(stage: &Stage, taken: &[BufferId], shape: &[Dim], value: &Body) -> Option<Stage> {
    let replace = |body: &Body, extents: &[Dim]| -> Option<Body> {
        let map = common_map(body, taken, shape, extents)?;
        let by = mapped_body(value, &map, extents.len());
        Some(tidy(&splice(body, &by, &|op| is_load(op, taken))))
    };
    match stage {
        Stage::Map { out, extents, value } => {
            Some(Stage::Map { out: out.clone(), extents: extents.clone(), value: replace(value, extents)? })
        }
        Stage::Reduce { out, outer, inner, fold, value, finish } if !finish.ops.iter().any(|op| is_load(op, taken)) => {
            let all = [outer.as_slice(), inner].concat();
            let value = replace(value, &all)?;
            Some(Stage::Reduce { out: out.clone(), outer: outer.clone(), inner: inner.clone(), fold: *fold, value, finish: finish.clone() })
        }
        _ => None,
    }
}

/// The producer's axes for each of the indices of its result's shape; kept axes of extent 1 are missing in a reduction's index.
fn reduce_axes(out: &Access, outer: &[Dim]) -> Option<Vec<Dim>> {
    let dense = shape::strides(outer);
    (out.offset.is(0) && out.strides == dense).then(|| outer.to_vec())
}

/// What an elementwise consumer makes of each finished element, over the `rank` axes of `produced`; and where it goes.
fn finished(stage: &Stage, taken: &[BufferId], shape: &[Dim], produced: &[Dim], rank: usize, finish: &Body) -> Option<(Access, Body)> {
    let Stage::Map { out, extents, value } = stage else { return None };
    common_map(value, taken, shape, extents)?;
    // The consumer's axes as the producer's: by a walk over the producer's own index.
    let load = value.ops.iter().find_map(|op| if let Op::Load(a) = op { Some(a).filter(|_| is_load(op, taken)) } else { None })?;
    let to = inverse(&axis_map(produced, load, extents)?, extents.len());
    let body = mapped_body(value, &to, rank);
    let out = mapped_access(out, &to, rank);
    Some((out, tidy(&splice(&body, finish, &|op| is_load(op, taken)))))
}

/// For each consumer axis the producer's.
fn inverse(map: &AxisMap, rank: usize) -> AxisMap {
    (0..rank).map(|k| map.iter().position(|m| *m == Some(k))).collect()
}

/// The contraction with the consumer's stage as its epilogue; the result goes where the consumer's went.
fn epilogued(merged: &mut Merged, stage: &Stage, taken: &[BufferId], shape: &[Dim], contract: &Contract) -> Option<Stage> {
    let Stage::Map { out, extents, value } = stage else { return None };
    // Over the axes of the result: the consumer's may have others of extent 1.
    let map = same_but_ones(extents, shape)?;
    let (out, value) = (mapped_access(out, &map, shape.len()), mapped_body(value, &map, shape.len()));
    let (target, dense) = (out.buffer, shape::strides(shape));
    let identity = |a: &Access| a.offset.is(0) && (0..shape.len()).all(|i| shape[i].is(1) || a.strides[i] == dense[i]);
    let loads_whole = value.ops.iter().all(|op| match op {
        Op::Load(a) if taken.contains(&a.buffer) => identity(a),
        Op::LoadAt(b, _) => !taken.contains(b) && *b != target,
        _ => true,
    });
    let in_place = merged.kernel.buffer(target).dtype == merged.kernel.buffer(contract.out).dtype;
    // Those of windows are read off the shape of the result.
    let fits = extents == shape || matches!(contract.kind, ContractKind::MatMul { .. });
    if !identity(&out) || !loads_whole || !in_place || !fits {
        return None;
    }
    merged.kernel.buffers[target.0 as usize].shape = shape.to_vec();
    let groups = contract.kind.index_axes(shape.len());
    let body = joined(&splice(&value, &Body::acc(), &|op| is_load(op, taken)), shape, &groups)?;
    let body = match &contract.epilogue {
        Some(first) => splice(&body, first, &|op| *op == Op::Acc),
        None => body,
    };
    let epilogue = Some(tidy(&body));
    Some(Stage::Contract(Contract { kind: contract.kind.clone(), out: target, epilogue }))
}

/// For each axis of `from` that of `to`, where the two differ in axes of extent 1 only.
fn same_but_ones(from: &[Dim], to: &[Dim]) -> Option<AxisMap> {
    let mut left = (0..to.len()).filter(|i| !to[*i].is(1));
    let map = from.iter().map(|d| if d.is(1) { Some(None) } else { left.next().filter(|i| to[*i] == *d).map(Some) });
    let map = map.collect::<Option<AxisMap>>()?;
    left.next().is_none().then_some(map)
}

/// How all loads of `taken` walk, where they walk alike.
fn common_map(body: &Body, taken: &[BufferId], shape: &[Dim], extents: &[Dim]) -> Option<AxisMap> {
    let mut found: Option<AxisMap> = None;
    for op in &body.ops {
        match op {
            Op::Load(a) if taken.contains(&a.buffer) => {
                let map = axis_map(shape, a, extents)?;
                if found.as_ref().is_some_and(|f| *f != map) {
                    return None;
                }
                found = Some(map);
            }
            Op::LoadAt(b, _) if taken.contains(b) => return None,
            _ => {}
        }
    }
    found
}

fn is_load(op: &Op, taken: &[BufferId]) -> bool {
    matches!(op, Op::Load(a) if taken.contains(&a.buffer))
}

fn ops(stage: &Stage) -> usize {
    stage.bodies().map(|b| b.ops.len()).sum()
}

/// The buffers of two kernels as those of one.
struct Merged {
    kernel: Kernel,
    args: Vec<BufId>,
    /// New numbers of the producer's and of the consumer's buffers.
    numbers: [Vec<BufferId>; 2],
    /// The producer's own number of what connects them.
    made: Vec<BufferId>,
    /// New numbers under which the consumer reads it.
    taken: HashSet<BufferId>,
}

impl Merged {
    fn new(program: &Program, producer: &Step, consumer: &Step, between: BufId) -> Merged {
        let mut m =
            Merged { kernel: Kernel::new(""), args: Vec::new(), numbers: Default::default(), made: Vec::new(), taken: HashSet::new() };
        for (side, step) in [producer, consumer].into_iter().enumerate() {
            let Action::Kernel(kernel) = &step.action else { continue };
            for (i, (buffer, arg)) in kernel.buffers.iter().zip(&step.args).enumerate() {
                let connects = program.root(*arg) == between;
                // A buffer that both read is one buffer of the joined kernel.
                let same = |j: &usize| m.args[*j] == *arg && m.kernel.buffers[*j].role == buffer.role && !connects;
                let number = match (0..m.args.len()).find(same) {
                    Some(j) => BufferId(j as u32),
                    None => {
                        m.args.push(*arg);
                        m.kernel.add(buffer.role, buffer.dtype, &buffer.shape)
                    }
                };
                m.numbers[side].push(number);
                match (connects, side) {
                    (true, 0) => m.made.push(BufferId(i as u32)),
                    (true, _) => {
                        m.taken.insert(number);
                    }
                    _ => {}
                }
            }
        }
        m
    }

    fn stage(&self, stage: &Stage, producer: bool) -> Stage {
        let numbers = &self.numbers[usize::from(!producer)];
        stage.with_buffers(&|b| numbers[b.0 as usize])
    }

    /// The joined step, without buffers that nothing mentions any more.
    fn finish(mut self, producer: &Step, consumer: &Step, stages: Vec<Stage>) -> Step {
        let mut used: HashSet<BufferId> = HashSet::new();
        for s in &stages {
            used.insert(s.out());
            used.extend(s.reads());
        }
        let kept: Vec<usize> = (0..self.args.len()).filter(|i| used.contains(&BufferId(*i as u32))).collect();
        self.numbers[0] =
            (0..self.args.len()).map(|i| BufferId(kept.iter().position(|k| *k == i).unwrap_or(u32::MAX as usize) as u32)).collect();
        let stages = stages.iter().map(|s| self.stage(s, true)).collect();
        let buffers = kept.iter().map(|i| self.kernel.buffers[*i].clone()).collect();
        let nodes: Vec<String> = producer.nodes.iter().chain(&consumer.nodes).cloned().collect();
        let kernel = Kernel { name: nodes.join(" + "), buffers, stages };
        Step { action: Action::Kernel(kernel), args: kept.iter().map(|i| self.args[*i]).collect(), nodes }
    }
}
