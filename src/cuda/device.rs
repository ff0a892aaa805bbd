//! GPUs: which there are, what they are, and making one current for the calls that follow.

#![allow(unsafe_code)]

use crate::cuda::driver;
use crate::cuda::stream::{Stream, StreamRef};
use crate::ensure;
use crate::tensor::error::{Code, Error, Result};
use cudarc::driver::sys;
use std::ffi::{CStr, c_char, c_int};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::OnceLock;

/// A GPU. There is one value for each, for the life of the process.
pub struct Device {
    ordinal: usize,
    handle: sys::CUdevice,
    context: OnceLock<Result<Context>>,
    keeper: OnceLock<Result<StreamRef>>,
    name: String,
    compute_capability: (u32, u32),
    multiprocessors: u32,
    memory: u64,
}

/// A device's primary context, which CUDA's runtime, TensorRT and other libraries of the process use as well.
#[derive(Clone)]
struct Context(sys::CUcontext);

// SAFETY: contexts may be used by any thread.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.compute_capability;
        write!(f, "GPU {}: {}, compute capability {major}.{minor}, {} MiB", self.ordinal, self.name, self.memory >> 20)
    }
}

impl fmt::Display for Device {
    /// All that an engine depends on, with the driver, and not the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((a, b), driver) = (self.compute_capability, driver_version().unwrap_or(0));
        let (major, minor) = (driver / 1000, driver % 1000 / 10);
        write!(f, "{}, sm {a}.{b}, {} multiprocessors, driver {major}.{minor}", self.name, self.multiprocessors)
    }
}

/// While it lives, the device is the one that calls of this thread are about.
pub struct Current<'a>(PhantomData<(&'a Device, *const ())>);

impl Drop for Current<'_> {
    fn drop(&mut self) {
        let mut popped = std::ptr::null_mut();
        // SAFETY: this thread pushed a context when the value was made. A failure leaves nothing to be done.
        let _ = unsafe { driver::context_pop(&mut popped) };
    }
}

impl Device {
    /// All GPUs; an error where there is no driver, or none that works.
    pub fn all() -> Result<&'static [Device]> {
        static ALL: OnceLock<Result<Vec<Device>>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            driver::open()?;
            let mut count: c_int = 0;
            // SAFETY: writes one number.
            unsafe { driver::device_count(&mut count) }?;
            (0..count).map(Device::read).collect()
        });
        all.as_deref().map_err(Clone::clone)
    }

    /// The GPU with this number, as CUDA counts the visible ones.
    pub fn get(ordinal: usize) -> Result<&'static Device> {
        let all = Device::all()?;
        ensure!(!all.is_empty(), Cuda, "there is no GPU here that CUDA shows to this process");
        all.get(ordinal).ok_or_else(|| {
            let known: String = all.iter().map(|d| format!("\n  {d:?}")).collect();
            Error::new(Code::Cuda, format!("there is no GPU {ordinal}; there are:{known}"))
        })
    }

    fn read(ordinal: c_int) -> Result<Device> {
        use sys::CUdevice_attribute_enum::{
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
            CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT as MULTIPROCESSORS,
        };
        let (mut handle, mut major, mut minor, mut count, mut memory, mut name) = (0, 0, 0, 0, 0usize, [0 as c_char; 256]);
        // SAFETY: each call writes what the variables have room for.
        unsafe {
            driver::device_get(&mut handle, ordinal)?;
            driver::device_attribute(&mut major, MAJOR, handle)?;
            driver::device_attribute(&mut minor, MINOR, handle)?;
            driver::device_attribute(&mut count, MULTIPROCESSORS, handle)?;
            driver::device_memory(&mut memory, handle)?;
            driver::device_name(name.as_mut_ptr(), name.len() as c_int, handle)?;
        }
        // SAFETY: the driver ends the name with a zero within the array.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy().into_owned();
        let compute_capability = (major as u32, minor as u32);
        let (context, keeper, memory, multiprocessors) = (OnceLock::new(), OnceLock::new(), memory as u64, count as u32);
        Ok(Device { ordinal: ordinal as usize, handle, context, keeper, name, compute_capability, multiprocessors, memory })
    }

    /// CUDA's number for it.
    pub fn ordinal(&self) -> usize {
        self.ordinal
    }

    /// For example `NVIDIA H200`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Major and minor.
    pub fn compute_capability(&self) -> (u32, u32) {
        self.compute_capability
    }

    /// Bytes of memory.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Bytes of memory that nobody uses now.
    pub fn free_memory(&self) -> Result<u64> {
        let _current = self.enter()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: writes two numbers.
        unsafe { driver::memory_info(&mut free, &mut total) }?;
        Ok(free as u64)
    }

    /// The stream that memory is taken and given back on, so that neither waits for other work. It is never destroyed.
    pub(super) fn keeper(&'static self) -> Result<StreamRef> {
        self.keeper.get_or_init(|| Stream::new(self).map(|stream| ManuallyDrop::new(stream).get())).clone()
    }

    /// Makes the device current on this thread until the result is dropped.
    pub fn enter(&self) -> Result<Current<'_>> {
        let context = self.context.get_or_init(|| {
            let mut context = std::ptr::null_mut();
            // SAFETY: writes one pointer. The context is kept until the process ends.
            unsafe { driver::context_retain(&mut context, self.handle) }?;
            Ok(Context(context))
        });
        let context = context.as_ref().map_err(Clone::clone)?;
        // SAFETY: a context that is never given back.
        unsafe { driver::context_push(context.0) }?;
        Ok(Current(PhantomData))
    }
}

/// The newest CUDA that the driver serves, for example 12040 for 12.4.
pub fn driver_version() -> Result<u32> {
    driver::open()?;
    let mut version: c_int = 0;
    // SAFETY: writes one number.
    unsafe { driver::driver_version(&mut version) }?;
    Ok(version as u32)
}
