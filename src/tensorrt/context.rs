//! Running engines (`IExecutionContext`): shapes, addresses, and work on a stream.

#![allow(unsafe_code)]

use crate::ensure;
use crate::tensor::error::Result;
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::*;
use crate::tensorrt::engine::Engine;
use crate::tensorrt::logger::Listener;
use crate::tensorrt::object::{NotShared, Object, refused};
use crate::tensorrt::profiler::{LayerTime, Profiler};
use std::ffi::{CStr, c_void};
use std::sync::Arc;

/// What one run at a time needs of an engine. Scratch memory is the caller's.
pub struct ExecutionContext {
    // Before the engine, so that it goes first.
    object: Object,
    // After the context, which calls it.
    profiler: Option<Box<Profiler>>,
    engine: Arc<Object>,
    listener: Arc<Listener>,
    _shared: NotShared,
}

impl Engine {
    /// A context without scratch memory: [`ExecutionContext::set_device_memory`] must come before the first run. The device that the
    /// engine was loaded on is current.
    pub fn create_context(&self) -> Result<ExecutionContext> {
        let (abi, object) = (self.object.abi(), self.object.pointer);
        // SAFETY: the object is a live engine.
        let pointer = unsafe {
            if cuda_engine::rows::create_execution_context_of_1.slot(abi).is_ok() {
                let strategy = ExecutionContextAllocationStrategy::UserManaged.raw(abi)?;
                cuda_engine::create_execution_context_of_1(abi, object, strategy)
            } else {
                cuda_engine::create_execution_context_without_device_memory(abi, object)
            }
        }?;
        let made = Object::new(self.object.library, Some(self.object.clone()), pointer, &self.listener, "an execution context")?;
        let (engine, listener) = (self.object.clone(), self.listener.clone());
        Ok(ExecutionContext { object: made, profiler: None, engine, listener, _shared: NotShared::default() })
    }
}

impl ExecutionContext {
    fn abi(&self) -> &'static Abi {
        self.engine.abi()
    }

    fn unless(&self, failed: bool, what: &dyn Fn() -> String) -> Result<()> {
        if failed { Err(refused(self.engine.library, &self.listener, &what())) } else { Ok(()) }
    }

    /// Chooses a profile. The change is done on the stream; all shapes must be set again.
    ///
    /// # Safety
    /// The stream lives and is of the engine's device.
    pub unsafe fn set_profile(&mut self, profile: usize, stream: *mut c_void) -> Result<()> {
        // SAFETY: a live context; the stream by this function's contract.
        let done = unsafe { execution_context::set_optimization_profile_async(self.abi(), self.object.pointer, profile as i32, stream) }?;
        self.unless(!done, &|| format!("profile {profile}"))
    }

    /// The shape of an input; it must be within the profile.
    pub fn set_shape(&mut self, input: &CStr, shape: &[usize]) -> Result<()> {
        let mut wide = [0i64; MAX_DIMS];
        ensure!(shape.len() <= MAX_DIMS, TensorRtUnsupported, "{shape:?} has more than {MAX_DIMS} dimensions");
        wide.iter_mut().zip(shape).for_each(|(to, from)| *to = *from as i64);
        let dims = Dims::new(&wide[..shape.len()])?;
        // SAFETY: a live context; name and extents are read during the call only.
        let done = unsafe { execution_context::set_input_shape(self.abi(), self.object.pointer, input.as_ptr(), &dims) }?;
        self.unless(!done, &|| format!("shape {shape:?} of input {input:?}"))
    }

    /// The shape of an input or output as it follows from those of the inputs; `None` where it is not known yet.
    pub fn shape(&self, name: &CStr) -> Result<Option<Vec<usize>>> {
        // SAFETY: a live context; the name is read during the call only.
        let dims = unsafe { execution_context::get_tensor_shape(self.abi(), self.object.pointer, name.as_ptr()) }?;
        Ok(dims.get().and_then(|d| d.iter().map(|e| usize::try_from(*e).ok()).collect()))
    }

    /// Where an input or output lies.
    ///
    /// # Safety
    /// Until the next address is set, each run finds memory of the tensor's size there.
    pub unsafe fn set_address(&mut self, name: &CStr, address: u64) -> Result<()> {
        // SAFETY: a live context; the name is read during the call only.
        let done = unsafe {
            execution_context::set_tensor_address(self.abi(), self.object.pointer, name.as_ptr(), address as usize as *mut c_void)
        }?;
        self.unless(!done, &|| format!("an address of {name:?}"))
    }

    /// Where TensorRT will look for an input or output; 0 while it was not told.
    pub fn address(&self, name: &CStr) -> Result<u64> {
        // SAFETY: a live context; the name is read during the call only.
        let found = unsafe { execution_context::get_tensor_address(self.abi(), self.object.pointer, name.as_ptr()) }?;
        Ok(found as u64)
    }

    /// Scratch memory: as much as [`Engine::device_memory`] says, at a multiple of 256.
    ///
    /// # Safety
    /// It lives and is used by nothing else while runs of this context are under way.
    pub unsafe fn set_device_memory(&mut self, address: u64, bytes: u64) -> Result<()> {
        let (abi, object, address) = (self.abi(), self.object.pointer, address as usize as *mut c_void);
        // SAFETY: a live context; the memory by this function's contract.
        unsafe {
            if execution_context::rows::set_device_memory_v2.slot(abi).is_ok() {
                execution_context::set_device_memory_v2(abi, object, address, bytes as i64)
            } else {
                execution_context::set_device_memory(abi, object, address)
            }
        }
    }

    /// From now on each run waits for its end and times its layers.
    pub fn time_layers(&mut self) -> Result<()> {
        let profiler = Profiler::new(self.abi());
        // SAFETY: a live context; the profiler has a fixed address and is kept until the context is gone.
        unsafe { execution_context::set_profiler(self.abi(), self.object.pointer, profiler.as_object()) }?;
        self.profiler = Some(profiler);
        Ok(())
    }

    /// Times of layers since the last call; `None` where they are not taken.
    pub fn layer_times(&self) -> Option<Vec<LayerTime>> {
        self.profiler.as_ref().map(|p| p.take())
    }

    /// Queues one run.
    ///
    /// # Safety
    /// The stream lives and is of the engine's device, which is current; addresses and scratch memory are set and live until it is done.
    pub unsafe fn enqueue(&mut self, stream: *mut c_void) -> Result<()> {
        // SAFETY: a live context; the rest by this function's contract.
        let done = unsafe { execution_context::enqueue_v3(self.abi(), self.object.pointer, stream) }?;
        self.unless(!done, &|| "to run the engine".into())
    }
}
