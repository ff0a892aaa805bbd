//! Memory of a GPU, and host memory that a GPU copies from and to directly. Counts what it takes, so that a test can show that runs
//! take none.

#![allow(unsafe_code)]

use crate::cuda::device::Device;
use crate::cuda::driver;
use crate::tensor::error::{Context, Result};
use crate::tensor::overlap::Range;
use cudarc::driver::sys;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// How often this library has taken device or pinned memory, in this process.
pub fn allocations() -> u64 {
    TAKEN.load(Ordering::Relaxed)
}

/// A piece of a device's memory; by default none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    address: u64,
    bytes: usize,
}

impl Span {
    /// Memory that belongs to someone else.
    ///
    /// # Safety
    /// It is memory of the device that will be worked on, and lives until the work that gets this value is done.
    pub unsafe fn lent(address: u64, bytes: usize) -> Span {
        Span { address, bytes }
    }

    /// Where it begins.
    pub fn address(self) -> u64 {
        self.address
    }

    /// How long it is.
    pub fn bytes(self) -> usize {
        self.bytes
    }

    /// Its first bytes; all of it where it has fewer.
    pub fn first(self, bytes: usize) -> Span {
        Span { bytes: bytes.min(self.bytes), ..self }
    }

    /// Its addresses, which are none of the host's.
    pub fn range(self) -> Range {
        let first = self.address as usize;
        (first, first.saturating_add(self.bytes))
    }
}

/// Memory of a device. Whoever has queued work that uses it waits for that work before dropping it.
#[derive(Debug)]
pub struct DeviceMemory {
    device: &'static Device,
    address: u64,
    bytes: usize,
}

impl DeviceMemory {
    /// At least one byte; the address is a multiple of 256.
    pub fn new(device: &'static Device, bytes: usize) -> Result<DeviceMemory> {
        let _current = device.enter()?;
        let (mut address, stream) = (0, device.keeper()?);
        // SAFETY: writes one address; the stream is never destroyed. The memory can be used by all streams once this one is done.
        unsafe { driver::memory_alloc(&mut address, bytes.max(1), stream.raw()).and_then(|()| stream.synchronize()) }
            .context(|| format!("{bytes} bytes on {device:?}"))?;
        TAKEN.fetch_add(1, Ordering::Relaxed);
        Ok(DeviceMemory { device, address, bytes })
    }

    /// Where it is.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// How much it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its first bytes; all of it where it has fewer.
    pub fn span(&self, bytes: usize) -> Span {
        Span { address: self.address, bytes: self.bytes }.first(bytes)
    }
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        if let (Ok(_current), Ok(stream)) = (self.device.enter(), self.device.keeper()) {
            // SAFETY: taken in `new` and given back once. Nothing waits here, neither for this memory's work nor for others'.
            let _ = unsafe { driver::memory_free(self.address, stream.raw()) };
        }
    }
}

/// Host memory that a device reaches: copies to and from it need no second copy.
#[derive(Debug)]
pub struct PinnedMemory {
    device: &'static Device,
    address: *mut u8,
    bytes: usize,
}

// SAFETY: it is plain memory, owned by the value.
unsafe impl Send for PinnedMemory {}

impl PinnedMemory {
    /// At least one byte, zeroed.
    pub fn new(device: &'static Device, bytes: usize) -> Result<PinnedMemory> {
        let _current = device.enter()?;
        let mut address: *mut c_void = std::ptr::null_mut();
        // SAFETY: writes one address; any context of the process may use the memory.
        unsafe { driver::host_alloc(&mut address, bytes.max(1), sys::CU_MEMHOSTALLOC_PORTABLE) }
            .context(|| format!("{bytes} bytes of pinned host memory"))?;
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: just taken, that large.
        unsafe { std::ptr::write_bytes(address.cast::<u8>(), 0, bytes.max(1)) };
        Ok(PinnedMemory { device, address: address.cast(), bytes })
    }

    /// Where it is.
    pub fn address(&self) -> *mut u8 {
        self.address
    }

    /// How much it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for PinnedMemory {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: taken in `new` and given back once.
            let _ = unsafe { driver::host_free(self.address.cast()) };
        }
    }
}
