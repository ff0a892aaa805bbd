//! Carries out what `layout` has chosen: steps of chains work on buffers in blocks of channels, and images are copied where chains begin
//! and end. It chooses nothing.

use crate::kernels::layout::{constant, leaves, values};
use crate::kernels::program::{Action, BufId, Kind, Program, Step};
use crate::loops::contract::BLOCK;
use crate::loops::{Access, Body, Kernel, Op, Role, Stage};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::collections::{BTreeMap, BTreeSet};

/// The shape of images in blocks.
fn in_blocks(planes: &[Dim]) -> Vec<Dim> {
    let block = Dim::from(BLOCK as i64);
    vec![planes[0].clone(), planes[1].ceil_div(&block), planes[2].clone(), planes[3].clone(), block]
}

/// Rewrites the chosen steps of a program.
pub(super) struct Rewrite<'a> {
    program: &'a mut Program,
    able: &'a [Option<Vec<bool>>],
    chosen: BTreeSet<usize>,
    /// The buffer in blocks of each that has one.
    blocks: BTreeMap<BufId, BufId>,
    /// Constants with room for whole blocks.
    padded: BTreeMap<BufId, BufId>,
}

impl<'a> Rewrite<'a> {
    pub(super) fn new(program: &'a mut Program, able: &'a [Option<Vec<bool>>], chosen: BTreeSet<usize>) -> Rewrite<'a> {
        Rewrite { program, able, chosen, blocks: BTreeMap::new(), padded: BTreeMap::new() }
    }

    pub(super) fn run(&mut self) {
        let made: BTreeSet<BufId> = self.chosen.iter().flat_map(|i| self.made(*i)).collect();
        let leaving: BTreeSet<BufId> = made.into_iter().filter(|b| leaves(self.program, self.able, &self.chosen, *b)).collect();
        let mut steps = Vec::new();
        for (i, step) in self.program.steps.clone().into_iter().enumerate() {
            if !self.chosen.contains(&i) {
                steps.push(step);
                continue;
            }
            let args = self.able[i].as_deref().unwrap_or_default();
            for b in values(&step, args, Some(Role::Input)) {
                if !self.blocks.contains_key(&b) {
                    let to = self.block(b);
                    steps.push(copy(self.program, b, to, true));
                }
            }
            let results = self.made(i);
            steps.push(self.step(step, args));
            for b in results.into_iter().filter(|b| leaving.contains(b)) {
                steps.push(copy(self.program, b, self.blocks[&b], false));
            }
        }
        self.program.steps = steps;
    }

    /// What a step of a chain makes.
    fn made(&self, i: usize) -> BTreeSet<BufId> {
        let (step, args) = (&self.program.steps[i], self.able[i].as_deref().unwrap_or_default());
        (0..args.len()).filter(|k| args[*k] && step.role(*k) != Role::Input).map(|k| step.args[k]).collect()
    }

    /// The buffer in blocks for one in planes.
    fn block(&mut self, b: BufId) -> BufId {
        if let Some(known) = self.blocks.get(&b) {
            return *known;
        }
        let shape = in_blocks(&self.program.buffer(b).shape);
        let made = self.program.add(DType::F32, &shape, Kind::Temp);
        self.blocks.insert(b, made);
        made
    }

    /// The same constant with zeros up to a whole block.
    fn pad(&mut self, b: BufId) -> BufId {
        let Some(t) = constant(self.program, b).filter(|t| t.dtype() == DType::F32 && !t.len().is_multiple_of(BLOCK) && t.len() > 1) else {
            return b;
        };
        if let Some(known) = self.padded.get(&b) {
            return *known;
        }
        let mut values = t.values::<f32>().to_vec();
        values.resize(values.len().next_multiple_of(BLOCK), 0.0);
        let shape = [Dim::from(values.len())];
        let made = self.program.add(DType::F32, &shape, Kind::Const(Tensor::from_vec(&[values.len()], values)));
        self.padded.insert(b, made);
        made
    }

    /// A step as it works in blocks.
    fn step(&mut self, mut step: Step, args: &[bool]) -> Step {
        let Action::Kernel(kernel) = &mut step.action else { return step };
        let convolves = matches!(kernel.stages.as_slice(), [Stage::Contract(_)]);
        for k in 0..args.len() {
            if args[k] {
                step.args[k] = self.block(step.args[k]);
            } else if !convolves {
                step.args[k] = self.pad(step.args[k]);
            }
            if args[k] || !convolves {
                kernel.buffers[k].shape = self.program.buffer(step.args[k]).shape.clone();
            }
        }
        let whole: Vec<Option<Vec<Dim>>> =
            kernel.buffers.iter().zip(args).map(|(b, blocks)| blocks.then(|| shape::strides(&b.shape))).collect();
        kernel.stages.iter_mut().for_each(|s| stage(s, &whole));
        step
    }
}

/// Makes an elementwise stage or a reduction over pixels work in blocks: its axis of channels becomes one of blocks and a last one, of
/// kept axes, inside the block. `whole` has the strides of buffers that are in blocks now.
fn stage(stage: &mut Stage, whole: &[Option<Vec<Dim>>]) {
    let block = Dim::from(BLOCK as i64);
    // Image, block, row, column, channel of the block.
    let access = |a: &Access| match &whole[a.buffer.0 as usize] {
        Some(strides) => strides.clone(),
        None => vec![a.strides[0].clone(), &a.strides[1] * &block, a.strides[2].clone(), a.strides[3].clone(), a.strides[1].clone()],
    };
    let body = |b: &mut Body, order: [usize; 5]| {
        for op in &mut b.ops {
            if let Op::Load(a) = op {
                let strides = access(a);
                a.strides = order.map(|i| strides[i].clone()).to_vec();
            }
        }
    };
    match stage {
        Stage::Map { out, extents, value } => {
            out.strides = access(out);
            *extents = in_blocks(extents);
            body(value, [0, 1, 2, 3, 4]);
        }
        Stage::Reduce { out, outer, value, .. } => {
            out.strides = vec![out.strides[0].clone(), &out.strides[1] * &block, out.strides[1].clone()];
            *outer = vec![outer[0].clone(), outer[1].ceil_div(&block), block.clone()];
            body(value, [0, 1, 4, 2, 3]);
        }
        Stage::Contract(_) => {}
    }
}

/// The step that copies images from planes to blocks, or back.
fn copy(program: &Program, planes: BufId, blocks: BufId, into_blocks: bool) -> Step {
    let (p, b) = (&program.buffer(planes).shape, &program.buffer(blocks).shape);
    let mut kernel = Kernel::new(if into_blocks { "into blocks" } else { "into planes" });
    let (from, to) = if into_blocks { (p, b) } else { (b, p) };
    let (x, y) = (kernel.add(Role::Input, DType::F32, from), kernel.add(Role::Output, DType::F32, to));
    let (channels, block) = (p[1].as_const().unwrap_or(0), BLOCK as i64);
    let (pixels, sp, sb) = (shape::element_count(&p[2..]), shape::strides(p), shape::strides(b));
    // Whole blocks, then what channels are left; indices are image, block, pixel, channel of the block.
    for (first, count, lanes) in [(0, channels / block, block), (channels / block, 1, channels % block)] {
        if count * lanes == 0 {
            continue;
        }
        let first = Dim::from(first);
        let in_planes = vec![sp[0].clone(), &sp[1] * &Dim::from(block), Dim::from(1i64), sp[1].clone()];
        let in_blocks = vec![sb[0].clone(), sb[1].clone(), Dim::from(block), Dim::from(1i64)];
        let (planes, blocks) = ((&first * &in_planes[1], in_planes), (&first * &in_blocks[1], in_blocks));
        let (from, to) = if into_blocks { (planes, blocks) } else { (blocks, planes) };
        let mut value = Body::default();
        value.load(Access { buffer: x, offset: from.0, strides: from.1 });
        let extents = vec![p[0].clone(), Dim::from(count), pixels.clone(), Dim::from(lanes)];
        kernel.stages.push(Stage::Map { out: Access { buffer: y, offset: to.0, strides: to.1 }, extents, value });
    }
    let args = if into_blocks { vec![planes, blocks] } else { vec![blocks, planes] };
    let nodes = vec![kernel.name.clone()];
    Step { action: Action::Kernel(kernel), args, nodes }
}
