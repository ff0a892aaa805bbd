//! What a run changes: memory, laid out when extents change, and the places of buffers in it.
#![allow(unsafe_code)]

use crate::cpu::compiled::{Compiled, StageCode};
use crate::cpu::jit::module::Bound;
use crate::cpu::scratch::Scratch;
use crate::ensure;
use crate::ir::fact::int_tensor;
use crate::kernels::plan::{ALIGNMENT, Place, Plan, plan};
use crate::kernels::program::{Action, BufId, Kind, Step};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use std::time::Duration;

/// A cache line of memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Line(#[allow(dead_code)] [u8; ALIGNMENT]);

/// What runs change: memory, and what follows from the extents of the last run.
#[derive(Default)]
pub struct State {
    pub(super) arena: Vec<Line>,
    pub(super) scratch: Scratch,
    pub(super) layout: Option<Layout>,
    pub(super) buffers: Vec<*mut u8>,
    pub(super) args: Vec<*mut u8>,
    /// How long each step took, all runs together; only where asked for.
    pub(super) times: Option<Vec<Duration>>,
}

// SAFETY: the pointers are scratch space of one run and are never read before that run has written them.
unsafe impl Send for State {}

/// What follows from the extents of runs.
pub(super) struct Layout {
    pub(super) bindings: Bindings,
    pub(super) plan: Plan,
    /// For each step and stage, the code's parameters.
    pub(super) bounds: Vec<Vec<Bound>>,
    /// For each step, the shapes of its arguments.
    pub(super) shapes: Vec<Vec<Vec<usize>>>,
    /// For each step that only writes integers, those.
    pub(super) fills: Vec<Option<Tensor>>,
}

impl State {
    /// No memory yet.
    pub fn new() -> State {
        State::default()
    }

    /// From now on the time of each step is taken, from nothing on.
    pub fn time_steps(&mut self) {
        self.times = Some(Vec::new());
    }

    /// How long each step took, all runs since [`State::time_steps`] together.
    pub fn step_times(&self) -> &[Duration] {
        self.times.as_deref().unwrap_or_default()
    }

    /// No times are taken any more.
    pub fn stop_timing(&mut self) {
        self.times = None;
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.arena.len() * ALIGNMENT + self.scratch.bytes()
    }

    /// Lays out memory for these values of the symbols, and gives the shapes of the outputs.
    pub fn prepare<'a>(&'a mut self, compiled: &'a Compiled, bindings: &Bindings) -> Result<impl Iterator<Item = &'a [usize]> + Clone> {
        if self.layout.as_ref().is_none_or(|l| l.bindings != *bindings) {
            self.layout = Some(Layout::new(compiled, bindings)?);
        }
        let plan = &self.layout.as_ref().expect("made above").plan;
        self.arena.resize(plan.arena.div_ceil(ALIGNMENT).max(self.arena.len()), Line([0; ALIGNMENT]));
        Ok(compiled.program.outputs.iter().map(|o| plan.shapes[o.0 as usize].as_slice()))
    }
}

impl Layout {
    fn new(compiled: &Compiled, bindings: &Bindings) -> Result<Layout> {
        compiled.program.guards.check(bindings)?;
        let plan = plan(&compiled.program, bindings)?;
        let bind = |s: &StageCode| s.rendered.as_ref().map_or(Ok(Bound::default()), |r| r.bind(bindings));
        let bounds = compiled.code.iter().map(|stages| stages.iter().map(bind).collect()).collect::<Result<Vec<Vec<Bound>>>>()?;
        let shapes = |s: &Step| s.args.iter().map(|b| plan.shapes[b.0 as usize].clone()).collect();
        let shapes = compiled.program.steps.iter().map(shapes).collect();
        let fills = compiled.program.steps.iter().map(|s| filled(compiled, s, bindings)).collect::<Result<_>>()?;
        Ok(Layout { bindings: bindings.clone(), plan, bounds, shapes, fills })
    }
}

/// The integers that a step writes, of one that does nothing else.
fn filled(compiled: &Compiled, step: &Step, bindings: &Bindings) -> Result<Option<Tensor>> {
    let Action::Fill(values) = &step.action else { return Ok(None) };
    let eval = |d: &Dim| d.eval(bindings).ok_or_else(|| Error::new(Code::Internal, format!("{d} has no value")));
    let values = values.iter().map(eval).collect::<Result<Vec<i64>>>()?;
    Ok(Some(int_tensor(compiled.program.buffer(step.args[0]).dtype, &[values.len()], &values)))
}

/// The address of every buffer.
pub(super) fn place_buffers(
    compiled: &Compiled,
    plan: &Plan,
    arena: &mut [Line],
    inputs: &[&[u8]],
    outputs: &mut [&mut [u8]],
    buffers: &mut Vec<*mut u8>,
) -> Result<()> {
    let program = &compiled.program;
    let bytes = |b: BufId| byte_len(program.buffer(b).dtype, &plan.shapes[b.0 as usize]).unwrap_or(usize::MAX);
    for (i, b) in program.buffers.iter().enumerate() {
        if let Kind::Input(k) = b.kind {
            let fits = inputs.get(k).is_some_and(|x| x.len() == bytes(BufId(i as u32)) && suits(x, b.dtype));
            ensure!(fits, WrongShape, "input {k} has not the bytes that its shape needs, or is not aligned");
        }
    }
    for (k, out) in program.outputs.iter().enumerate() {
        let fits = outputs.get(k).is_some_and(|y| y.len() == bytes(*out) && suits(y, program.buffer(*out).dtype));
        ensure!(fits, WrongShape, "output {k} has not the bytes that its shape needs, or is not aligned");
    }
    let base = arena.as_mut_ptr().cast::<u8>();
    buffers.clear();
    for place in &plan.places {
        buffers.push(match place {
            Place::Input(k) => inputs[*k].as_ptr().cast_mut(),
            Place::Const(id) => compiled.constants[id.0 as usize].as_ref().map_or(base, |t| t.bytes().as_ptr().cast_mut()),
            Place::Output(k) => outputs[*k].as_mut_ptr(),
            // SAFETY: the arena was made as large as the plan says.
            Place::Arena(offset) => unsafe { base.add(*offset) },
            Place::Nowhere => base,
        });
    }
    Ok(())
}

/// Aligned for the type; where there is no element, any address is.
fn suits(bytes: &[u8], dtype: DType) -> bool {
    bytes.is_empty() || (bytes.as_ptr() as usize).is_multiple_of(dtype.size())
}
