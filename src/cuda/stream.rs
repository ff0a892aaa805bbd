//! Streams, and the copies and waits that are queued on them.

#![allow(unsafe_code)]

use crate::cuda::device::Device;
use crate::cuda::driver;
use crate::tensor::error::Result;
use cudarc::driver::sys;
use std::ffi::c_void;

/// A stream, ours or a caller's; null is CUDA's default stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRef(pub *mut c_void);

// SAFETY: any thread may queue work on a stream.
unsafe impl Send for StreamRef {}
// SAFETY: as above.
unsafe impl Sync for StreamRef {}

impl StreamRef {
    pub(super) fn raw(self) -> sys::CUstream {
        self.0.cast()
    }

    /// Waits until all that was queued is done, and tells of what failed.
    ///
    /// # Safety
    /// The stream lives, and the device that it is of is current.
    pub unsafe fn synchronize(self) -> Result<()> {
        // SAFETY: by this function's contract.
        unsafe { driver::stream_synchronize(self.raw()) }
    }

    /// Copies host memory to a device.
    ///
    /// # Safety
    /// As above; the memory on both sides has this many bytes until the copy is done.
    pub unsafe fn copy_in(self, to: u64, from: *const u8, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: by this function's contract.
        unsafe { driver::copy_in(to, from.cast(), bytes, self.raw()) }
    }

    /// Copies memory of a device to the host.
    ///
    /// # Safety
    /// As [`StreamRef::copy_in`].
    pub unsafe fn copy_out(self, to: *mut u8, from: u64, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: by this function's contract.
        unsafe { driver::copy_out(to.cast(), from, bytes, self.raw()) }
    }

    /// Copies from a device's memory to a device's memory.
    ///
    /// # Safety
    /// As [`StreamRef::copy_in`].
    pub unsafe fn copy_within(self, to: u64, from: u64, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: by this function's contract.
        unsafe { driver::copy_within(to, from, bytes, self.raw()) }
    }

    /// What is queued from now on waits for the event.
    ///
    /// # Safety
    /// The stream lives, and the device that it is of is current.
    pub unsafe fn wait(self, event: &Event) -> Result<()> {
        // SAFETY: by this function's contract; the event lives.
        unsafe { driver::stream_wait(self.raw(), event.handle, 0) }
    }
}

/// A stream of our own, which does not wait for the default stream.
#[derive(Debug)]
pub struct Stream {
    device: &'static Device,
    stream: StreamRef,
}

impl Stream {
    /// A new stream.
    pub fn new(device: &'static Device) -> Result<Stream> {
        let _current = device.enter()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: writes one handle.
        unsafe { driver::stream_create(&mut handle, sys::CUstream_flags_enum::CU_STREAM_NON_BLOCKING as u32) }?;
        Ok(Stream { device, stream: StreamRef(handle.cast()) })
    }

    /// The stream as others are passed.
    pub fn get(&self) -> StreamRef {
        self.stream
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: made in `new`, destroyed once; work that is queued is still done.
            let _ = unsafe { driver::stream_destroy(self.stream.raw()) };
        }
    }
}

/// A mark in a stream.
#[derive(Debug)]
pub struct Event {
    device: &'static Device,
    handle: sys::CUevent,
}

// SAFETY: any thread may use an event.
unsafe impl Send for Event {}
// SAFETY: as above; the driver's calls on one event may come from several threads.
unsafe impl Sync for Event {}

impl Event {
    /// A mark that is not set.
    pub fn new(device: &'static Device) -> Result<Event> {
        let _current = device.enter()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: writes one handle.
        unsafe { driver::event_create(&mut handle, sys::CUevent_flags_enum::CU_EVENT_DISABLE_TIMING as u32) }?;
        Ok(Event { device, handle })
    }

    /// Sets the mark behind what is queued.
    ///
    /// # Safety
    /// The stream lives, and the device that it is of is current.
    pub unsafe fn record(&self, stream: StreamRef) -> Result<()> {
        // SAFETY: by this function's contract.
        unsafe { driver::event_record(self.handle, stream.raw()) }
    }

    /// Waits until the stream has come to the mark; does not wait where it was never set.
    pub fn synchronize(&self) -> Result<()> {
        let _current = self.device.enter()?;
        // SAFETY: the event lives.
        unsafe { driver::event_synchronize(self.handle) }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: made in `new`, destroyed once.
            let _ = unsafe { driver::event_destroy(self.handle) };
        }
    }
}
