//! A program as code for this machine: its stages as machine code, its contractions prepared, its constants aligned. Immutable and
//! shared; what a run changes is in [`State`](crate::cpu::state::State).

use crate::cpu::finish::Finish;
use crate::cpu::isa::Isa;
use crate::cpu::jit::module::{Rendered, compile};
use crate::cpu::prepare::{Prepared, prepare};
use crate::cpu::rows::Rows;
use crate::fail;
use crate::kernels::program::{Action, BufId, Kind, Program, Step};
use crate::loops::{BufferId, Kernel, Stage};
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use std::collections::BTreeSet;

/// One stage of a kernel, ready to run.
pub struct StageCode {
    /// The stage, or the epilogue of a contraction.
    pub rendered: Option<Rendered>,
    /// Of a contraction.
    pub contraction: Option<Prepared>,
    /// The epilogue of a contraction, where it is hand-written.
    pub finish: Option<Finish>,
    /// The same of a product.
    pub rows: Option<Rows>,
}

/// A program ready to run.
pub struct Compiled {
    pub(crate) program: Program,
    pub(crate) isa: Isa,
    /// For each step its stages; none for steps that are no kernel.
    pub(crate) code: Vec<Vec<StageCode>>,
    /// For each buffer the constant that it is, where anything reads it as it is: packed operands are not kept twice.
    pub(crate) constants: Vec<Option<Tensor>>,
}

impl Compiled {
    /// Compiles `program` with up to `threads` threads. An error with `CpuCode` means that the system refuses executable memory, one
    /// with `NotImplemented` that an extent depends on data; the reference computes the graph all the same.
    pub fn new(program: Program, isa: Isa, threads: usize) -> Result<Compiled> {
        refuse_unknown_extents(&program)?;
        let kernels: Vec<(usize, &Kernel)> = program
            .steps
            .iter()
            .enumerate()
            .filter_map(|(i, s)| if let Action::Kernel(k) = &s.action { Some((i, k)) } else { None })
            .collect();
        let stages: Vec<(&Kernel, usize)> = kernels.iter().flat_map(|(_, k)| (0..k.stages.len()).map(move |s| (*k, s))).collect();
        let mut rendered = compile(&stages, threads)?.into_iter();
        let mut code: Vec<Vec<StageCode>> = program.steps.iter().map(|_| Vec::new()).collect();
        for (i, kernel) in kernels {
            for stage in &kernel.stages {
                let contraction = match stage {
                    Stage::Contract(c) => {
                        let constant = |b: BufferId| constant(&program, root(&program, &program.steps[i], b));
                        Some(prepare(isa, kernel, c, &constant)?)
                    }
                    _ => None,
                };
                let (finish, rows) = match stage {
                    Stage::Contract(c) => (Finish::of(kernel, c), Rows::of(kernel, c)),
                    _ => (None, None),
                };
                code[i].push(StageCode { rendered: rendered.next().flatten(), contraction, finish, rows });
            }
        }
        let constants = constants_read(&program, &code);
        Ok(Compiled { program, isa, code, constants })
    }

    /// What it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The instruction set of its contractions.
    pub fn isa(&self) -> Isa {
        self.isa
    }
}

fn root(program: &Program, step: &Step, buffer: BufferId) -> BufId {
    program.root(step.args[buffer.0 as usize])
}

fn constant(program: &Program, b: BufId) -> Option<Tensor> {
    if let Kind::Const(t) = &program.buffer(b).kind { Some(t.clone()) } else { None }
}

/// The constants that steps or the caller read, at addresses that suit their elements; no entry for what was packed.
fn constants_read(program: &Program, code: &[Vec<StageCode>]) -> Vec<Option<Tensor>> {
    let mut read: BTreeSet<BufId> = program.outputs.iter().map(|o| program.root(*o)).collect();
    for (step, stages) in program.steps.iter().zip(code) {
        let Action::Kernel(kernel) = &step.action else {
            read.extend(step.reads().map(|b| program.root(b)));
            continue;
        };
        for (stage, code) in kernel.stages.iter().zip(stages) {
            let operands = match (stage, &code.contraction) {
                (Stage::Contract(c), Some(prepared)) => prepared.reads(c),
                _ => Vec::new(),
            };
            read.extend(stage.body_reads().chain(operands).map(|b| root(program, step, b)));
        }
    }
    (0..program.buffers.len() as u32).map(BufId).map(|b| constant(program, b).filter(|_| read.contains(&b)).map(|t| aligned(&t))).collect()
}

/// The tensor at an address that suits its elements.
pub(crate) fn aligned(t: &Tensor) -> Tensor {
    if (t.bytes().as_ptr() as usize).is_multiple_of(t.dtype().size().max(4)) {
        return t.clone();
    }
    let copy: Vec<u64> = t.bytes().chunks(8).map(|c| c.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b))).collect();
    let bytes = crate::tensor::bytes::from_vec(copy.into_iter().map(u64::to_le).collect::<Vec<u64>>()).slice(..t.bytes().len());
    Tensor::new(t.dtype(), t.shape().to_vec(), bytes).expect("the same bytes")
}

fn refuse_unknown_extents(program: &Program) -> Result<()> {
    let mut used = BTreeSet::new();
    program.buffers.iter().flat_map(|b| &b.shape).for_each(|d| d.collect_symbols(&mut used));
    if let Some(s) = used.difference(&program.known).next() {
        fail!(NotImplemented, "the extent {} depends on data", s.name);
    }
    Ok(())
}
