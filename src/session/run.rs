//! A session: the memory and the threads in which one thread at a time runs a build.

use crate::cpu::compiled::Compiled;
use crate::cpu::exec::{self, State};
use crate::cpu::pool::Pool;
use crate::cpu::staged::Memory;
use crate::ensure;
use crate::reference;
use crate::session::build::{Build, Own};
use crate::session::log::Log;
use crate::tensor::bind::{Given, bind, check_shape, check_type};
use crate::tensor::bytes::{as_bytes_mut, from_vec};
use crate::tensor::dim::Bindings;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::{Tensor, byte_len};
use std::fmt;
use std::sync::Arc;

/// What a session is asked for.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// CPU threads; 0 is one per core.
    pub threads: usize,
    /// Where log lines go.
    pub log: Log,
}

/// A dense row-major tensor that belongs to the caller, aligned for its element type.
#[derive(Debug, Clone)]
pub struct HostView<'a> {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: Vec<usize>,
    /// The elements.
    pub bytes: &'a [u8],
}

/// Where an output goes.
#[derive(Debug)]
pub enum Sink<'a> {
    /// Nowhere.
    Unwanted,
    /// Into the caller's memory: dense, row-major, aligned for its element type, of exactly this type and shape.
    Fill(DType, Vec<usize>, &'a mut [u8]),
    /// Into a new tensor, which is `Some` after the run.
    Make(Option<Tensor>),
}

/// A build together with what running it needs.
pub struct Session {
    build: Arc<Build>,
    pool: Pool,
    state: State,
    memory: Memory,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {} threads)", self.build, self.pool.threads())
    }
}

impl Session {
    /// A session for `build`.
    pub fn new(build: &Arc<Build>, options: &SessionOptions) -> Result<Session> {
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n,
        };
        Ok(Session { build: build.clone(), pool: Pool::new(threads), state: State::new(), memory: Memory::default() })
    }

    /// What the session runs.
    pub fn build(&self) -> &Arc<Build> {
        &self.build
    }

    /// Checks types and shapes of all arguments, in order, and reads the symbols off them. `None` is an output that is not the
    /// caller's or not wanted.
    pub fn check(&self, inputs: &[Given], outputs: &[Option<Given>]) -> Result<Bindings> {
        let declared: Vec<_> = self.build.inputs().iter().map(|v| v.declared()).collect();
        let bindings = bind(&declared, inputs)?;
        for (value, given) in self.build.outputs().iter().zip(outputs) {
            let Some(given) = given else { continue };
            check_type(&value.declared(), given, "output")?;
            check_shape(&value.declared(), given, &bindings, "output")?;
        }
        Ok(bindings)
    }

    /// Computes the outputs. There is one view for each input and one sink for each output, in order.
    /// Types and shapes are checked first: an error of theirs leaves every sink as it was.
    pub fn run(&mut self, inputs: &[HostView], outputs: &mut [Sink]) -> Result<()> {
        let given: Vec<_> = inputs.iter().map(|v| Given { dtype: v.dtype, shape: &v.shape }).collect();
        let wanted = outputs.iter().map(|s| match s {
            Sink::Fill(dtype, shape, _) => Some(Given { dtype: *dtype, shape }),
            _ => None,
        });
        let bindings = self.check(&given, &wanted.collect::<Vec<_>>())?;
        let build = self.build.clone();
        match &build.own {
            Own::Compiled(compiled) => self.run_compiled(compiled, &bindings, inputs, outputs),
            Own::Staged(staged) => {
                let run = |x: &[Tensor]| staged.run(&self.pool, &mut self.memory, x);
                run_tensors(&build, inputs, outputs, run)
            }
            Own::Reference(_) => run_tensors(&build, inputs, outputs, |x| reference::run(&build.partition.parts.graph, x)),
        }
    }

    fn run_compiled(&mut self, compiled: &Compiled, bindings: &Bindings, inputs: &[HostView], outputs: &mut [Sink]) -> Result<()> {
        let shapes = self.state.prepare(compiled, bindings)?;
        // Memory for the outputs that the caller has no memory for.
        let mut made: Vec<Vec<u64>> = Vec::with_capacity(outputs.len());
        for ((value, sink), shape) in self.build.outputs().iter().zip(outputs.iter()).zip(&shapes) {
            let bytes = byte_len(value.dtype, shape).unwrap_or(usize::MAX);
            made.push(if matches!(sink, Sink::Fill(..)) { Vec::new() } else { vec![0; bytes.div_ceil(8)] });
        }
        let given: Vec<&[u8]> = inputs.iter().map(|v| v.bytes).collect();
        let sizes = self.build.outputs().iter().zip(&shapes).map(|(v, s)| byte_len(v.dtype, s).unwrap_or(usize::MAX));
        let mut memory: Vec<&mut [u8]> = Vec::with_capacity(outputs.len());
        for ((sink, own), bytes) in outputs.iter_mut().zip(&mut made).zip(sizes) {
            memory.push(match sink {
                Sink::Fill(_, _, bytes) => bytes,
                _ => &mut as_bytes_mut(own)[..bytes],
            });
        }
        exec::run(compiled, &self.pool, &mut self.state, bindings, &given, &mut memory)?;
        drop(memory);
        for (((value, sink), own), shape) in self.build.outputs().iter().zip(outputs).zip(made).zip(shapes) {
            if let Sink::Make(tensor) = sink {
                let bytes = byte_len(value.dtype, &shape).unwrap_or(usize::MAX);
                *tensor = Some(Tensor::new(value.dtype, shape, from_vec(own).slice(..bytes))?);
            }
        }
        Ok(())
    }
}

/// Where extents of outputs may be known only after the run.
fn run_tensors(build: &Build, inputs: &[HostView], outputs: &mut [Sink], run: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>) -> Result<()> {
    let inputs = inputs.iter().map(HostView::to_tensor).collect::<Result<Vec<_>>>()?;
    let results = run(&inputs)?;
    // Extents that depend on data are known only now; nothing is written unless all fit.
    for ((value, sink), result) in build.outputs().iter().zip(outputs.iter()).zip(&results) {
        let Sink::Fill(_, shape, _) = sink else { continue };
        let (name, made) = (&value.name, result.shape());
        ensure!(shape == made, WrongShape, "output '{name}' has shape {shape:?}, but {made:?} was computed");
    }
    for (sink, result) in outputs.iter_mut().zip(results) {
        match sink {
            Sink::Unwanted => {}
            Sink::Fill(_, _, bytes) => bytes.copy_from_slice(result.bytes()),
            Sink::Make(made) => *made = Some(result),
        }
    }
    Ok(())
}

impl HostView<'_> {
    /// A copy, aligned for every element type.
    fn to_tensor(&self) -> Result<Tensor> {
        let mut words = vec![0u64; self.bytes.len().div_ceil(8)];
        as_bytes_mut(&mut words)[..self.bytes.len()].copy_from_slice(self.bytes);
        Tensor::new(self.dtype, self.shape.clone(), from_vec(words).slice(..self.bytes.len()))
    }
}
