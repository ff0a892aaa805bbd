//! CUDA graphs: work recorded once and queued again at the price of one launch.

#![allow(unsafe_code)]

use crate::cuda::device::Device;
use crate::cuda::driver;
use crate::cuda::stream::{Stream, StreamRef};
use crate::tensor::error::Result;
use cudarc::driver::sys;

/// Recorded work with the addresses that it had.
#[derive(Debug)]
pub struct Graph {
    device: &'static Device,
    handle: sys::CUgraphExec,
}

// SAFETY: one thread at a time may use a graph, and that is any thread.
unsafe impl Send for Graph {}

impl Graph {
    /// Records what `queue` puts on `stream`, which must be idle as far as this thread knows. Nothing is done yet.
    pub fn record(device: &'static Device, stream: &Stream, queue: impl FnOnce(StreamRef) -> Result<()>) -> Result<Graph> {
        let _current = device.enter()?;
        let raw = stream.get().raw();
        let mut graph = std::ptr::null_mut();
        // SAFETY: the stream is ours and lives; other threads' calls are left alone.
        unsafe { driver::capture_begin(raw, sys::CUstreamCaptureMode_enum::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) }?;
        let queued = queue(stream.get());
        // SAFETY: ends what was begun above, also where queueing failed.
        let ended = unsafe { driver::capture_end(raw, &mut graph) };
        let mut handle = std::ptr::null_mut();
        // SAFETY: the graph was just recorded; it is not needed once it is instantiated.
        let made = queued.and(ended).and_then(|()| unsafe { driver::graph_instantiate(&mut handle, graph, 0) });
        if !graph.is_null() {
            // SAFETY: as above.
            let _ = unsafe { driver::graph_destroy(graph) };
        }
        made.map(|()| Graph { device, handle })
    }

    /// Queues the work.
    ///
    /// # Safety
    /// The stream lives and is of the same device, which is current. What the work reads and writes lives until it is done.
    pub unsafe fn launch(&self, stream: StreamRef) -> Result<()> {
        // SAFETY: by this function's contract.
        unsafe { driver::graph_launch(self.handle, stream.raw()) }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: made in `record`, destroyed once.
            let _ = unsafe { driver::graph_exec_destroy(self.handle) };
        }
    }
}
