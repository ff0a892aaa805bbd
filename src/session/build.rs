//! A partition made ready to run: an engine or kernels for each region.

use crate::ensure;
use crate::session::log::{Level, Log};
use crate::session::partition::{LibraryOptions, Partition};
use crate::session::value::ValueInfo;
use crate::tensor::error::Result;
use std::sync::Arc;

/// What the builder is asked for.
#[derive(Clone, Default)]
pub struct BuildOptions {
    /// How to find TensorRT.
    pub library: LibraryOptions,
    /// Workspace of an engine in bytes; `None` keeps the partition's.
    pub max_workspace_size: Option<u64>,
    /// Compute capability to build for; `None` is the GPU that is found.
    pub target_sm: Option<(u32, u32)>,
    /// TensorRT's builder optimisation level.
    pub optimization_level: u32,
    /// Instruction set of CPU kernels; `None` is the best that this machine has.
    pub cpu_instruction_set: Option<String>,
    /// Where log lines go.
    pub log: Log,
}

/// A partition made ready to run.
#[derive(Debug)]
pub struct Build {
    /// The partition.
    pub partition: Arc<Partition>,
}

impl Build {
    /// Builds every region of `partition`.
    pub fn new(partition: &Arc<Partition>, options: &BuildOptions) -> Result<Build> {
        let unread = options.target_sm.is_some() || options.cpu_instruction_set.is_some();
        ensure!(!unread, NotImplemented, "target_sm and cpu_instruction_set: builders are not connected");
        options.log.say(Level::Warning, "no kernels are connected: the reference interpreter will run every node, slowly");
        Ok(Build { partition: partition.clone() })
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> &[ValueInfo] {
        &self.partition.inputs
    }

    /// The outputs, in order.
    pub fn outputs(&self) -> &[ValueInfo] {
        &self.partition.outputs
    }

    /// Where a region runs and why, in one line; `None` when there is no such region.
    pub fn region_state(&self, region: usize) -> Option<String> {
        let _ = region;
        None
    }

    /// The serialised engine of a region; `None` when it has none.
    pub fn engine(&self, region: usize) -> Option<&[u8]> {
        let _ = region;
        None
    }
}
