//! Where images lie in blocks of channels instead of planes: chosen for each chain of convolutions, poolings and elementwise work in
//! between by [`Cost`]. Runs on single operators, before they are fused; what is in blocks shows in the rank of its buffer.
//!
//! Blocks fill vectors on planes of any size and need no windows unrolled, planes have Winograd's convolutions; where a chain begins and
//! ends, images are copied from one to the other.

use crate::kernels::program::{Action, BufId, Kind, Program, Step};
use crate::kernels::relayout::Rewrite;
use crate::loops::contract::{BLOCK, Contract, ContractKind, Window};
use crate::loops::{Access, BufferId, Kernel, Op, Role, Stage};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::collections::{BTreeMap, BTreeSet};

/// Channels of data that a convolution reads in planes even where its result is in blocks.
const FEW: i64 = 4;

/// Lays chains of steps out in blocks where that costs less.
pub fn choose(program: &mut Program) {
    let able: Vec<Option<Vec<bool>>> = program.steps.iter().map(|s| able(program, s)).collect();
    let chosen: BTreeSet<usize> =
        chains(program, &able).into_iter().filter(|chain| Cost::of(program, &able, chain).blocks_pay()).flatten().collect();
    if !chosen.is_empty() {
        Rewrite::new(program, &able, chosen).run();
    }
}

/// For each argument of a step that can run in blocks, whether it would be in blocks.
fn able(program: &Program, step: &Step) -> Option<Vec<bool>> {
    let Action::Kernel(kernel) = &step.action else { return None };
    let mut args = vec![false; step.args.len()];
    let image = |b: usize| {
        let buffer = &kernel.buffers[b];
        let own = matches!(program.buffer(step.args[b]).kind, Kind::Temp | Kind::Input(_));
        own && buffer.dtype == DType::F32 && buffer.shape.len() == 4 && buffer.shape[1].as_const().is_some_and(|c| c > 0)
    };
    if let [Stage::Contract(c)] = kernel.stages.as_slice() {
        contract(program, step, kernel, c)?.into_iter().for_each(|b| args[b] = true);
    } else {
        for stage in &kernel.stages {
            let blocks = map(program, step, kernel, stage).or_else(|| reduction(kernel, stage))?;
            blocks.into_iter().for_each(|b| args[b] = true);
        }
    }
    // What is in blocks is walked as a whole everywhere.
    let whole = |op: &Op| !matches!(op, Op::Load(a) if args[a.buffer.0 as usize] && *a != kernel.dense(a.buffer));
    let all = kernel.stages.iter().flat_map(Stage::bodies).flat_map(|b| &b.ops).all(whole);
    (all && (0..args.len()).all(|b| !args[b] || image(b))).then_some(args)
}

/// The buffers of a convolution or pooling that would be in blocks.
fn contract(program: &Program, step: &Step, kernel: &Kernel, c: &Contract) -> Option<Vec<usize>> {
    let out = c.out.0 as usize;
    match &c.kind {
        _ if c.epilogue.is_some() => None,
        ContractKind::Conv { x, w, groups, window } if window.kernel.len() == 2 => {
            let weights = &kernel.buffer(*w).shape;
            let fixed = weights.iter().all(|d| d.as_const().is_some()) && constant(program, step.args[w.0 as usize]).is_some();
            let channelwise = *groups > 1 && weights[0].is(*groups) && weights[1].is(1);
            if !fixed || *groups != 1 && !channelwise {
                return None;
            }
            let planes = *groups == 1 && weights[1].as_const()? <= FEW;
            Some(if planes { vec![out] } else { vec![x.0 as usize, out] })
        }
        ContractKind::Pool { x, window, .. } if window.kernel.len() == 2 => Some(vec![x.0 as usize, out]),
        _ => None,
    }
}

/// The buffers of an elementwise stage over whole blocks that would be in blocks; others it reads by channel, or one element.
fn map(program: &Program, step: &Step, kernel: &Kernel, stage: &Stage) -> Option<Vec<usize>> {
    let Stage::Map { out, extents, value } = stage else { return None };
    let target = kernel.buffer(out.buffer);
    let dense = target.shape.len() == 4 && out.strides == shape::strides(&target.shape);
    if extents.len() != 4 || !dense || target.shape.iter().any(|d| d.is(0)) {
        return None;
    }
    let (to, of) = (target.shape[1].as_const()?, extents[1].as_const()?);
    let same = [0, 2, 3].iter().all(|i| extents[*i].equals(&target.shape[*i]) == Answer::Always);
    let first = if out.offset.is(0) { 0 } else { out.offset.floor_div(&out.strides[1]).as_const()? };
    let block = BLOCK as i64;
    // A part of the channels is whole blocks, at the beginning of one.
    if !same || first % block != 0 || of % block != 0 && of != to {
        return None;
    }
    let mut blocks = vec![out.buffer.0 as usize];
    for op in &value.ops {
        match op {
            Op::Load(a) => {
                let (at, buffer) = (a.buffer.0 as usize, kernel.buffer(a.buffer));
                let by_channel = a.strides[2].is(0) && a.strides[3].is(0);
                let whole = buffer.shape == *extents && a.offset.is(0) && a.strides == shape::strides(extents);
                if by_channel {
                    let padded =
                        a.strides[1].is(1) && a.offset.is(0) && constant(program, step.args[at]).is_some_and(|t| t.dtype() == DType::F32);
                    (of % block == 0 || a.strides[1].is(0) || padded && shape::element_count(&buffer.shape).is(of)).then_some(())?;
                } else {
                    whole.then_some(())?;
                    blocks.push(at);
                }
            }
            Op::LoadAt(..) | Op::Index(_) | Op::Acc => return None,
            _ => {}
        }
    }
    Some(blocks)
}

/// The buffers of a reduction over the pixels of whole blocks; its result is a number for each channel.
fn reduction(kernel: &Kernel, stage: &Stage) -> Option<Vec<usize>> {
    let Stage::Reduce { outer, inner, value, finish, .. } = stage else { return None };
    let extents = [outer.as_slice(), inner].concat();
    let blocks = outer.len() == 2 && inner.len() == 2 && outer[1].as_const().is_some_and(|c| c % BLOCK as i64 == 0);
    let elementwise = |op: &Op| !matches!(op, Op::LoadAt(..) | Op::Index(_));
    if !blocks || !value.ops.iter().all(elementwise) || !finish.ops.iter().all(|op| elementwise(op) && !matches!(op, Op::Load(_))) {
        return None;
    }
    let whole = |a: &Access| kernel.buffer(a.buffer).shape == extents && *a == kernel.dense(a.buffer);
    let loads = value.ops.iter().filter_map(|op| if let Op::Load(a) = op { Some(a) } else { None });
    loads.map(|a| whole(a).then_some(a.buffer.0 as usize)).collect()
}

pub(super) fn constant(program: &Program, id: BufId) -> Option<&Tensor> {
    if let Kind::Const(t) = &program.buffer(id).kind { Some(t) } else { None }
}

/// The values that a step would read or write in blocks.
pub(super) fn values<'a>(step: &'a Step, able: &'a [bool], role: Option<Role>) -> impl Iterator<Item = BufId> + 'a {
    let picked = move |i: &usize| able[*i] && role.is_none_or(|r| step.role(*i) == r);
    (0..step.args.len()).filter(picked).map(|i| step.args[i])
}

/// Steps that hand each other images in blocks, in groups.
fn chains(program: &Program, able: &[Option<Vec<bool>>]) -> Vec<Vec<usize>> {
    let mut chain: Vec<usize> = (0..able.len()).collect();
    let mut with: BTreeMap<BufId, usize> = BTreeMap::new();
    for (i, step) in program.steps.iter().enumerate() {
        for b in able[i].iter().flat_map(|a| values(step, a, None)) {
            let (from, to) = (chain[i], chain[*with.entry(b).or_insert(i)]);
            chain.iter_mut().filter(|c| **c == from).for_each(|c| *c = to);
        }
    }
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    (0..able.len()).filter(|i| able[*i].is_some()).for_each(|i| all.entry(chain[i]).or_default().push(i));
    all.into_values().collect()
}

/// What a chain costs either way, in operations on vectors of `BLOCK` elements. Extents that are not known count as if they were
/// `UNKNOWN`, a batch as one image.
#[derive(Debug, Default)]
struct Cost {
    planes: f64,
    blocks: f64,
}

/// An extent of images that is not known.
const UNKNOWN: i64 = 28;
/// What an operation of a product costs on planes: some vectors and register tiles are filled in part.
const PART: f64 = 1.2;
/// What a row of a plane costs beside its arithmetic, where channels are worked on one by one: padding and loops.
const ROW: f64 = 30.0;
/// What packing a vector of windows costs.
const PACK: f64 = 2.0;
/// What transforming a tile of a channel costs in a convolution after Winograd.
const TRANSFORM: f64 = 40.0;
/// What copying a vector from planes to blocks or back costs.
const COPY: f64 = 3.0;

impl Cost {
    fn blocks_pay(&self) -> bool {
        self.blocks < self.planes
    }

    fn of(program: &Program, able: &[Option<Vec<bool>>], chain: &[usize]) -> Cost {
        let mut cost = Cost::default();
        let inside: BTreeSet<usize> = chain.iter().copied().collect();
        let (mut read, mut made) = (BTreeSet::new(), BTreeSet::new());
        for i in chain {
            let (step, args) = (&program.steps[*i], able[*i].as_deref().unwrap_or_default());
            if let Action::Kernel(Kernel { buffers, stages, .. }) = &step.action
                && let [Stage::Contract(c)] = stages.as_slice()
            {
                cost.add(&c.kind, |b| extents(&buffers[b.0 as usize].shape), c.out);
            }
            read.extend(values(step, args, Some(Role::Input)));
            made.extend(step.writes().filter(|b| values(step, args, None).any(|v| v == *b)));
        }
        let mut outside: BTreeSet<BufId> = read.difference(&made).copied().collect();
        outside.extend(made.iter().filter(|b| leaves(program, able, &inside, **b)));
        let copied = |b: &BufId| extents(&program.buffer(*b).shape).iter().product::<f64>();
        cost.blocks += outside.iter().map(copied).sum::<f64>() / BLOCK as f64 * COPY;
        cost
    }

    fn add(&mut self, kind: &ContractKind, shape: impl Fn(BufferId) -> Vec<f64>, out: BufferId) {
        let vectors = |n: f64| (n / BLOCK as f64).ceil();
        let o = shape(out);
        let (pixels, taps) = (o[2] * o[3], |w: &Window| w.kernel.iter().product::<i64>() as f64);
        match kind {
            ContractKind::Conv { w, groups: 1, window, .. } => {
                let (inputs, depth) = (shape(*w)[1], shape(*w)[1] * taps(window));
                let direct = vectors(pixels) * depth * (PART * o[1] + PACK);
                let tiles = (o[2] / 2.0).ceil() * (o[3] / 2.0).ceil();
                let plain = window.kernel == [3, 3] && window.stride == [1, 1] && window.dilation == [1, 1];
                let winograd = 16.0 * vectors(tiles) * inputs * PART * o[1] + tiles * (inputs + o[1]) * TRANSFORM;
                self.planes += if plain && inputs >= 16.0 && o[1] >= 16.0 && tiles >= 32.0 { winograd } else { direct };
                self.blocks += vectors(o[1]) * depth * pixels;
            }
            ContractKind::Conv { window, .. } | ContractKind::Pool { window, .. } => {
                self.planes += o[1] * o[2] * (vectors(o[3]) * taps(window) + ROW);
                self.blocks += vectors(o[1]) * pixels * taps(window);
            }
            ContractKind::MatMul { .. } | ContractKind::Attention(_) => {}
        }
    }
}

/// Whether anything but steps of a chain reads a value.
pub(super) fn leaves(program: &Program, able: &[Option<Vec<bool>>], chain: &BTreeSet<usize>, b: BufId) -> bool {
    let mut others = program.steps.iter().enumerate().filter(|(i, s)| {
        let in_blocks = |k: usize| chain.contains(i) && able[*i].as_ref().is_some_and(|a| a[k]);
        (0..s.args.len()).any(|k| s.role(k) == Role::Input && program.root(s.args[k]) == b && !(s.args[k] == b && in_blocks(k)))
    });
    others.next().is_some() || program.outputs.iter().any(|o| program.root(*o) == b)
}

/// Extents of one image as numbers.
fn extents(dims: &[Dim]) -> Vec<f64> {
    let one = |i: usize, d: &Dim| d.as_const().unwrap_or(if i == 0 { 1 } else { UNKNOWN }) as f64;
    dims.iter().enumerate().map(|(i, d)| one(i, d)).collect()
}
