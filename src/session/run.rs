//! A session: the memory and the threads in which one thread at a time runs a build.

use crate::ensure;
use crate::ir::bind::{Given, bind, check_shape, check_type};
use crate::reference;
use crate::session::build::Build;
use crate::session::log::Log;
use crate::tensor::bytes::{as_bytes_mut, from_vec};
use crate::tensor::dim::Bindings;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
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
#[derive(Debug)]
pub struct Session {
    build: Arc<Build>,
}

impl Session {
    /// A session for `build`.
    pub fn new(build: &Arc<Build>, options: &SessionOptions) -> Result<Session> {
        let _ = options;
        Ok(Session { build: build.clone() })
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
        self.check(&given, &wanted.collect::<Vec<_>>())?;
        let inputs = inputs.iter().map(HostView::to_tensor).collect::<Result<Vec<_>>>()?;
        let results = reference::run(&self.build.partition.parts.graph, &inputs)?;
        // Extents that depend on data are known only now; nothing is written unless all fit.
        for ((value, sink), result) in self.build.outputs().iter().zip(outputs.iter()).zip(&results) {
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
}

impl HostView<'_> {
    /// A copy, aligned for every element type.
    fn to_tensor(&self) -> Result<Tensor> {
        let mut words = vec![0u64; self.bytes.len().div_ceil(8)];
        as_bytes_mut(&mut words)[..self.bytes.len()].copy_from_slice(self.bytes);
        Tensor::new(self.dtype, self.shape.clone(), from_vec(words).slice(..self.bytes.len()))
    }
}
