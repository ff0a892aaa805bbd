//! Runs compiled programs: the steps in order, each on all threads. After the first run with some extents, a run with the same extents
//! allocates nothing.
#![allow(unsafe_code)]

use crate::cpu::compiled::{Compiled, StageCode};
use crate::cpu::contract;
use crate::cpu::finish;
use crate::cpu::jit::module::{Bound, Rendered};
use crate::cpu::pool::Pool;
use crate::cpu::prepare::Prepared;
use crate::cpu::routine::{self, Call, Read};
use crate::cpu::scratch::Scratch;
use crate::cpu::state::{Layout, State, place_buffers};
use crate::ensure;
use crate::ir::Node;
use crate::kernels::program::{Action, BufId, Step};
use crate::loops::contract::{BLOCK, Contract, ContractKind};
use crate::loops::{Kernel, Role, Stage};
use crate::reference;
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use std::time::{Duration, Instant};

/// Stages with fewer operations are not worth a second thread.
const SERIAL: i64 = 1 << 15;

/// A step with all that its run needs.
struct Running<'a> {
    compiled: &'a Compiled,
    pool: &'a Pool,
    layout: &'a Layout,
}

/// Computes the outputs. Inputs and outputs are dense and aligned for their element types; inputs fit `bindings`, and outputs have the
/// sizes that [`State::prepare`] gives.
pub fn run(
    compiled: &Compiled,
    pool: &Pool,
    state: &mut State,
    bindings: &Bindings,
    inputs: &[&[u8]],
    outputs: &mut [&mut [u8]],
) -> Result<()> {
    let _ = state.prepare(compiled, bindings)?;
    let State { arena, scratch, layout, buffers, args, times } = state;
    let layout = layout.as_ref().expect("prepared above");
    place_buffers(compiled, &layout.plan, arena, inputs, outputs, buffers)?;
    let running = Running { compiled, pool, layout };
    for (i, step) in compiled.program.steps.iter().enumerate() {
        args.clear();
        args.extend(step.args.iter().map(|b| buffers[b.0 as usize]));
        let begin = times.is_some().then(Instant::now);
        running.step(i, step, args, scratch)?;
        if let (Some(times), Some(begin)) = (times.as_mut(), begin) {
            times.resize(compiled.program.steps.len(), Duration::ZERO);
            times[i] += begin.elapsed();
        }
    }
    for (k, from) in &layout.plan.copies {
        let n = outputs[*k].len();
        // SAFETY: the buffer has as many bytes as the output, checked when buffers were placed, and lies elsewhere.
        outputs[*k].copy_from_slice(unsafe { std::slice::from_raw_parts(buffers[from.0 as usize], n) });
    }
    Ok(())
}

impl Running<'_> {
    fn step(&self, i: usize, step: &Step, args: &[*mut u8], scratch: &mut Scratch) -> Result<()> {
        match &step.action {
            Action::Kernel(kernel) => {
                for (s, stage) in kernel.stages.iter().enumerate() {
                    let (code, bound) = (&self.compiled.code[i][s], &self.layout.bounds[i][s]);
                    self.stage(i, kernel, stage, code, bound, args, scratch)?;
                }
                Ok(())
            }
            Action::Fill(_) => {
                if let Some(t) = &self.layout.fills[i] {
                    // SAFETY: the buffer has one element per value and nothing else uses it now.
                    unsafe { std::ptr::copy_nonoverlapping(t.bytes().as_ptr(), args[0], t.bytes().len()) };
                }
                Ok(())
            }
            Action::Routine(name, node) => self.routine(i, step, name, node, args),
            Action::Reference(node) => {
                let shapes = &self.layout.shapes[i];
                let reads = (0..args.len()).filter(|k| step.role(*k) == Role::Input);
                let mut given: Vec<Tensor> = reads.map(|k| self.tensor(step.args[k], args[k], &shapes[k])).collect::<Result<_>>()?;
                let mut captured = given.split_off(node.inputs.len()).into_iter();
                let captures: Vec<Vec<Tensor>> = node.bodies.iter().map(|b| captured.by_ref().take(b.captures.len()).collect()).collect();
                let results = reference::run_node(node, &given, &captures, &self.layout.bindings)?;
                let first = args.len() - results.len();
                for (k, t) in results.iter().enumerate() {
                    let same = t.shape() == shapes[first + k];
                    ensure!(same, Internal, "node '{}' gave shape {:?}, not {:?}", node.name, t.shape(), shapes[first + k]);
                    // SAFETY: the buffer has the bytes of this shape and nothing else uses it now.
                    unsafe { std::ptr::copy_nonoverlapping(t.bytes().as_ptr(), args[first + k], t.bytes().len()) }
                }
                Ok(())
            }
        }
    }

    /// Hand-written code on the buffers themselves.
    fn routine(&self, i: usize, step: &Step, name: &str, node: &Node, args: &[*mut u8]) -> Result<()> {
        let shapes = &self.layout.shapes[i];
        let dtype = |k: usize| self.compiled.program.buffer(step.args[k]).dtype;
        let bytes = |k: usize| byte_len(dtype(k), &shapes[k]).unwrap_or(0);
        let mut call = Call { node, inputs: Vec::new(), outputs: Vec::new() };
        for k in 0..args.len() {
            if step.role(k) == Role::Input {
                // SAFETY: the buffer has the bytes of this shape, written by an earlier step or the caller; this step only reads it.
                let bytes = unsafe { std::slice::from_raw_parts(args[k], bytes(k)) };
                call.inputs.push(Read { dtype: dtype(k), shape: &shapes[k], bytes });
            } else {
                // SAFETY: the buffer has the bytes of this shape, and its memory is no other live buffer's.
                let bytes = unsafe { std::slice::from_raw_parts_mut(args[k], bytes(k)) };
                call.outputs.push(bytes);
            }
        }
        routine::find(name).and_then(|r| r(&mut call)).context(|| format!("node '{}' ({})", node.name, node.op.name))
    }

    /// A copy of a buffer.
    fn tensor(&self, id: BufId, at: *mut u8, shape: &[usize]) -> Result<Tensor> {
        let dtype = self.compiled.program.buffer(id).dtype;
        let n = byte_len(dtype, shape).unwrap_or(0);
        // SAFETY: the buffer has the bytes of this shape, and an earlier step or the caller has written them.
        let bytes = unsafe { std::slice::from_raw_parts(at, n) }.to_vec();
        Tensor::new(dtype, shape.to_vec(), bytes.into())
    }

    fn stage(
        &self,
        i: usize,
        kernel: &Kernel,
        stage: &Stage,
        code: &StageCode,
        bound: &Bound,
        args: &[*mut u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let shared = Args(args.as_ptr());
        let call = contract::Call {
            isa: self.compiled.isa,
            pool: self.pool,
            kernel,
            shapes: &self.layout.shapes[i],
            args,
            bindings: &self.layout.bindings,
        };
        match (stage, &code.contraction, &code.rendered) {
            (Stage::Contract(c), Some(Prepared::Attention(scores)), rendered) => {
                let ContractKind::Attention(a) = &c.kind else { unreachable!("prepared from its kind") };
                call.attention(c, a, scores.as_ref(), rendered.as_ref().map(|r| (r, bound)), scratch)
            }
            (Stage::Contract(c), Some(prepared), rendered) => {
                let rows = bound_rows(c, &self.layout.bindings, kernel)?;
                let shape = &self.layout.shapes[i][c.out.0 as usize];
                let blocks = c.kind.in_blocks(shape.len());
                let pixels = shape[2.min(shape.len())..shape.len() - usize::from(blocks)].iter().product();
                let place = finish::Place { args, out: c.out, channels: rows, pixels, blocks };
                let epilogue = |batch: usize, r0: usize, r1: usize, c0: usize, c1: usize| {
                    if let Some(f) = &code.finish {
                        let place = &place;
                        // SAFETY: the block is finished and belongs to this call; sizes are those of the buffers.
                        unsafe { f.run(self.compiled.isa, *place, batch, r0..r1, c0..c1) }
                    } else if let Some(r) = rendered.as_ref().filter(|_| blocks) {
                        for block in r0..r1 {
                            let first = ((batch * rows + block) * pixels) as i64;
                            let range = (first + c0 as i64, first + c1 as i64);
                            // SAFETY: the block is finished and belongs to this call; rows are pixels, columns channels of a block.
                            unsafe { r.call(shared.get(), bound, range, (0, BLOCK as i64)) }
                        }
                    } else if let Some(f) = &code.rows {
                        let (place, first, width) = (&place, batch * rows, bound.inner as usize);
                        // SAFETY: as above.
                        unsafe { f.run(self.compiled.isa, place.args, place.out, width, first + r0..first + r1, c0..c1) }
                    } else if let Some(r) = rendered {
                        let first = (batch * rows) as i64;
                        // SAFETY: the block is finished and belongs to this call; the code's ranges are rows and columns of the result.
                        unsafe { r.call(shared.get(), bound, (first + r0 as i64, first + r1 as i64), (c0 as i64, c1 as i64)) }
                    }
                };
                let hook: Option<crate::cpu::gemm::Epilogue> = if rendered.is_some() { Some(&epilogue) } else { None };
                call.run(c, prepared, scratch, hook)
            }
            (_, _, Some(rendered)) => {
                self.nest(rendered, bound, shared);
                Ok(())
            }
            _ => Err(Error::new(Code::Internal, format!("a stage of '{}' has no code", kernel.name))),
        }
    }

    /// Runs a stage on as many threads as its work is worth.
    fn nest(&self, code: &Rendered, bound: &Bound, args: Args) {
        let (outer, inner) = (bound.outer, bound.inner);
        let work = outer.saturating_mul(inner).saturating_mul(bound.work);
        let threads = self.pool.threads() as i64;
        if work < SERIAL || threads == 1 {
            // SAFETY: all of the ranges, by one thread; buffers are placed for these bounds.
            unsafe { code.call(args.get(), bound, (0, outer), (0, inner)) }
            return;
        }
        let along_outer = outer >= threads;
        let total = if along_outer { outer } else { inner };
        // Whole cache lines of the inner range, so that threads do not share them.
        let piece = if along_outer { total.div_euclid(threads * 2).max(1) } else { (total / threads / 16 + 1) * 16 };
        let tasks = usize::try_from((total + piece - 1) / piece).unwrap_or(0);
        self.pool.run(tasks, &|t| {
            let range = (t as i64 * piece, ((t as i64 + 1) * piece).min(total));
            let (o, i) = if along_outer { (range, (0, inner)) } else { ((0, outer), range) };
            // SAFETY: tasks have disjoint ranges of the results.
            unsafe { code.call(args.get(), bound, o, i) }
        });
    }
}

/// Rows of a contraction's result.
fn bound_rows(c: &Contract, bindings: &Bindings, kernel: &Kernel) -> Result<usize> {
    let rows = match &c.kind {
        ContractKind::MatMul { m, .. } => m,
        _ => &kernel.buffer(c.out).shape[1],
    };
    let rows = rows.eval(bindings).and_then(|v| usize::try_from(v).ok());
    rows.ok_or_else(|| Error::new(Code::Internal, "rows of a contraction have no value"))
}

/// The addresses of a step's buffers, for all threads.
#[derive(Clone, Copy)]
struct Args(*const *mut u8);

// SAFETY: threads only read the addresses; what lies behind them is divided among them by ranges.
unsafe impl Sync for Args {}
// SAFETY: as above.
unsafe impl Send for Args {}

impl Args {
    fn get(&self) -> *const *mut u8 {
        self.0
    }
}
