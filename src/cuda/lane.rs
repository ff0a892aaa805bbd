//! A lane: a stream together with the memory that its work uses, on the device and, pinned, on the host. Copies between the two are
//! queued; the host's side is handed out only when nothing that is queued uses it.

#![allow(unsafe_code)]

use crate::cuda::device::Device;
use crate::cuda::memory::{DeviceMemory, PinnedMemory, Span};
use crate::cuda::stream::{Event, Stream, StreamRef};
use crate::ensure;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::lists::{CollectIn, List, Lists};
use std::fmt;
use std::sync::Arc;

/// Memory for one value: on each side none until it is needed.
#[derive(Debug, Default)]
struct Buffer {
    device: Option<DeviceMemory>,
    host: Option<PinnedMemory>,
}

/// Which of a lane's buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferId(pub usize);

/// A stream with memory. One thread at a time uses it. When it is dropped, it waits for its own work only.
pub struct Lane {
    device: &'static Device,
    own: Stream,
    stream: StreamRef,
    /// Set behind the last run's work.
    done: Arc<Event>,
    /// Something that is queued may still use the buffers.
    pending: bool,
    buffers: Vec<Buffer>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a lane with {} buffers on {:?}", self.buffers.len(), self.device)
    }
}

impl Lane {
    /// A lane with this many buffers and a stream of its own.
    pub fn new(device: &'static Device, buffers: usize) -> Result<Lane> {
        let own = Stream::new(device)?;
        let (stream, done) = (own.get(), Arc::new(Event::new(device)?));
        Ok(Lane { device, own, stream, done, pending: false, buffers: (0..buffers).map(|_| Buffer::default()).collect() })
    }

    /// The device that it works on.
    pub fn device(&self) -> &'static Device {
        self.device
    }

    /// The stream that work goes to now.
    pub fn stream(&self) -> StreamRef {
        self.stream
    }

    /// The lane's own stream.
    pub fn own(&self) -> &Stream {
        &self.own
    }

    /// Set when the last run is done.
    pub fn done(&self) -> &Arc<Event> {
        &self.done
    }

    /// A run begins: its work goes to `stream`, or to the lane's own one, after all work of earlier runs. The device must be current
    /// from here to [`Lane::end`].
    pub fn begin(&mut self, stream: Option<StreamRef>) -> Result<()> {
        let stream = stream.unwrap_or(self.own.get());
        if self.pending && stream != self.stream {
            // SAFETY: the caller's stream lives, as whoever made the reference has promised.
            unsafe { stream.wait(&self.done) }?;
        }
        self.stream = stream;
        Ok(())
    }

    /// The run's work is queued.
    pub fn end(&mut self) -> Result<()> {
        // SAFETY: as in `begin`.
        unsafe { self.done.record(self.stream) }?;
        self.pending = true;
        Ok(())
    }

    /// Waits until everything that this lane has queued is done; failures of that work show here.
    pub fn wait(&mut self) -> Result<()> {
        // SAFETY: as in `begin`.
        unsafe { self.stream.synchronize() }?;
        self.pending = false;
        Ok(())
    }

    /// The device's side of a buffer, at least this large. What it held is lost where it grows.
    pub fn span(&mut self, id: BufferId, bytes: usize) -> Result<Span> {
        if self.buffers[id.0].device.as_ref().is_none_or(|d| d.bytes() < bytes) {
            self.wait()?;
            let buffer = &mut self.buffers[id.0];
            buffer.device = None;
            buffer.device = Some(DeviceMemory::new(self.device, bytes)?);
        }
        let made = self.buffers[id.0].device.as_ref().ok_or_else(|| Error::new(Code::Internal, "a buffer without memory"))?;
        Ok(made.span(bytes))
    }

    /// Copies host memory to the device's side: it is free again when this returns.
    pub fn upload(&mut self, id: BufferId, from: &[u8]) -> Result<Span> {
        self.host_mut(id, from.len())?.copy_from_slice(from);
        self.send(id, from.len())
    }

    /// Copies the host's side to the device's side.
    pub fn send(&mut self, id: BufferId, bytes: usize) -> Result<Span> {
        let to = self.span(id, bytes)?;
        let host = self.buffers[id.0].host.as_ref().filter(|h| h.bytes() >= bytes);
        let host = host.ok_or_else(|| Error::new(Code::Internal, "nothing to send"))?;
        // SAFETY: both sides are that large and kept until the lane has been waited for.
        unsafe { self.stream.copy_in(to.address(), host.address(), bytes) }?;
        self.pending = true;
        Ok(to)
    }

    /// Copies device memory to the host's side of a buffer.
    pub fn receive(&mut self, id: BufferId, from: Span) -> Result<()> {
        let bytes = from.bytes();
        // Work of one stream is done in order: only memory that must grow has to be free now.
        if self.buffers[id.0].host.as_ref().is_none_or(|h| h.bytes() < bytes) {
            self.host_mut(id, bytes)?;
        }
        let host = self.buffers[id.0].host.as_ref().ok_or_else(|| Error::new(Code::Internal, "a buffer without memory"))?;
        // SAFETY: as in `send`; the span lives, as whoever made it has promised.
        unsafe { self.stream.copy_out(host.address(), from.address(), bytes) }?;
        self.pending = true;
        Ok(())
    }

    /// Copies device memory to device memory of the same size.
    pub fn copy(&mut self, to: Span, from: Span) -> Result<()> {
        ensure!(to.bytes() == from.bytes(), Internal, "{} bytes are copied to {}", from.bytes(), to.bytes());
        // SAFETY: both spans live, as whoever made them has promised.
        unsafe { self.stream.copy_within(to.address(), from.address(), from.bytes()) }
    }

    /// The host's side, after all that is queued.
    pub fn host(&mut self, id: BufferId, bytes: usize) -> Result<&[u8]> {
        Ok(self.host_mut(id, bytes)?)
    }

    /// The host's side, at least this large, after all that is queued. What it held is lost where it grows.
    pub fn host_mut(&mut self, id: BufferId, bytes: usize) -> Result<&mut [u8]> {
        if self.pending && self.buffers[id.0].host.is_some() {
            self.wait()?;
        }
        let buffer = &mut self.buffers[id.0];
        if buffer.host.as_ref().is_none_or(|h| h.bytes() < bytes) {
            buffer.host = None;
            buffer.host = Some(PinnedMemory::new(self.device, bytes)?);
        }
        let host = buffer.host.as_mut().ok_or_else(|| Error::new(Code::Internal, "a buffer without memory"))?;
        // SAFETY: nothing that is queued uses the memory, and the borrow keeps anything from being queued.
        Ok(unsafe { std::slice::from_raw_parts_mut(host.address(), bytes) })
    }

    /// The host's sides of several buffers: those that are read, which must exist, and those that are written.
    pub fn hosts<'a>(
        &'a mut self,
        reads: &[(BufferId, usize)],
        writes: &[(BufferId, usize)],
        lists: &'a Lists,
    ) -> Result<(&'a [&'a [u8]], &'a mut [&'a mut [u8]])> {
        for (i, (id, bytes)) in writes.iter().enumerate() {
            let alone = !reads.iter().any(|(r, _)| r == id) && !writes[..i].iter().any(|(w, _)| w == id);
            ensure!(alone, Internal, "a buffer is written and used otherwise");
            self.host_mut(*id, *bytes)?;
        }
        if self.pending {
            self.wait()?;
        }
        let address = |id: &BufferId| {
            let host = self.buffers[id.0].host.as_ref();
            host.map(PinnedMemory::address).ok_or_else(|| Error::new(Code::Internal, "a buffer without memory"))
        };
        // SAFETY: nothing that is queued uses the memory; buffers that are written are used once, by the check above; the borrow of the
        // lane keeps the memory as it is.
        unsafe {
            let read = |(id, n): &(BufferId, usize)| Ok(std::slice::from_raw_parts(address(id)?.cast_const(), *n));
            let write = |(id, n): &(BufferId, usize)| Ok(std::slice::from_raw_parts_mut(address(id)?, *n));
            let reads: List<_> = reads.iter().map(read).collect_in::<Result<_>>(lists)?;
            let writes: List<_> = writes.iter().map(write).collect_in::<Result<_>>(lists)?;
            Ok((reads.into_bump_slice(), writes.into_bump_slice_mut()))
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.pending {
            // The caller's stream may be gone by now: the mark behind the last run is ours.
            let _ = self.done.synchronize();
        }
    }
}
