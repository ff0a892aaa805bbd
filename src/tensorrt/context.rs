//! Running engines (`IExecutionContext`): shapes, addresses, outputs whose extents show in the run, and work on a stream.

#![allow(unsafe_code)]

use crate::cuda::memory::Span;
use crate::ensure;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::*;
use crate::tensorrt::engine::{Binding, Engine};
use crate::tensorrt::logger::Listener;
use crate::tensorrt::object::{NotShared, Object, c_string, refused};
use crate::tensorrt::outputs::{OutputAllocator, Source};
use crate::tensorrt::profiler::{LayerTime, Profiler};
use std::ffi::{CStr, CString, c_void};
use std::sync::Arc;

/// What one run at a time needs of an engine. Scratch memory is the caller's.
pub struct ExecutionContext {
    // Before the engine, so that it goes first.
    object: Object,
    // After the context, which calls it.
    profiler: Option<Box<Profiler>>,
    // Behind the object: TensorRT may call them until it is gone.
    open: Vec<(CString, Box<OutputAllocator>)>,
    /// Inputs whose shape the engine knows.
    fixed: Vec<CString>,
    engine: Arc<Object>,
    listener: Arc<Listener>,
    /// What a run is told in one call, where the batch is implicit.
    samples: Option<Samples>,
    _shared: NotShared,
}

/// A run of an engine with an implicit batch: bindings go by number, and nothing is kept in TensorRT's context.
struct Samples {
    most: i32,
    batch: i32,
    bindings: Vec<Binding>,
    /// Pointers, as numbers.
    addresses: Vec<usize>,
}

impl Samples {
    fn index(&self, name: &CStr) -> Result<usize> {
        let found = self.bindings.iter().position(|b| b.name.as_bytes() == name.to_bytes());
        found.ok_or_else(|| Error::new(Code::UnknownName, format!("the engine has no input or output {name:?}")))
    }

    /// The batch of the next run is that of this input's shape.
    fn set_shape(&mut self, input: &CStr, shape: &[usize]) -> Result<()> {
        let own = &self.bindings[self.index(input)?].shape[1..];
        let fits = shape.len() == own.len() + 1 && shape[1..].iter().zip(own).all(|(a, b)| *a as i64 == *b);
        let batch = shape.first().and_then(|n| i32::try_from(*n).ok()).filter(|n| fits && (1..=self.most).contains(n));
        let most = self.most;
        self.batch = batch.ok_or_else(|| {
            Error::new(Code::WrongShape, format!("shape {shape:?} of input {input:?}: it is 1 to {most} samples of shape {own:?}"))
        })?;
        Ok(())
    }
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
        let bindings = self.bindings()?;
        let fixed = bindings.iter().filter(|b| b.input && !b.shape.contains(&-1)).map(|b| c_string(&b.name)).collect::<Result<_>>()?;
        let samples = self.max_batch()?.map(|most| Samples { most, batch: 0, addresses: vec![0; bindings.len()], bindings });
        let (profiler, open) = (None, Vec::new());
        Ok(ExecutionContext { object: made, profiler, open, fixed, engine, listener, samples, _shared: NotShared::default() })
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

    /// The shape of an input; it must be within the profile, or be of as many samples as the engine takes.
    pub fn set_shape(&mut self, input: &CStr, shape: &[usize]) -> Result<()> {
        if let Some(samples) = &mut self.samples {
            return samples.set_shape(input, shape);
        }
        // TensorRT 8.6 fails where it is told what it knows and an output's extents show only in the run.
        if self.fixed.iter().any(|name| **name == *input) {
            return Ok(());
        }
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
        if let Some(samples) = &self.samples {
            let own = &samples.bindings[samples.index(name)?].shape[1..];
            let shape = std::iter::once(&i64::from(samples.batch)).chain(own).map(|d| usize::try_from(*d).ok()).collect();
            return Ok(shape);
        }
        // SAFETY: a live context; the name is read during the call only.
        let dims = unsafe { execution_context::get_tensor_shape(self.abi(), self.object.pointer, name.as_ptr()) }?;
        Ok(dims.get().and_then(|d| d.iter().map(|e| usize::try_from(*e).ok()).collect()))
    }

    /// Where an input or output lies.
    ///
    /// # Safety
    /// Until the next address is set, each run finds memory of the tensor's size there.
    pub unsafe fn set_address(&mut self, name: &CStr, address: u64) -> Result<()> {
        if let Some(samples) = &mut self.samples {
            let index = samples.index(name)?;
            samples.addresses[index] = address as usize;
            return Ok(());
        }
        // SAFETY: a live context; the name is read during the call only.
        let done = unsafe {
            execution_context::set_tensor_address(self.abi(), self.object.pointer, name.as_ptr(), address as usize as *mut c_void)
        }?;
        self.unless(!done, &|| format!("an address of {name:?}"))
    }

    /// Where TensorRT will look for an input or output; 0 while it was not told.
    pub fn address(&self, name: &CStr) -> Result<u64> {
        if let Some(samples) = &self.samples {
            return Ok(samples.addresses[samples.index(name)?] as u64);
        }
        // SAFETY: a live context; the name is read during the call only.
        let found = unsafe { execution_context::get_tensor_address(self.abi(), self.object.pointer, name.as_ptr()) }?;
        Ok(found as u64)
    }

    /// From now on an output's extents are what TensorRT finds in a run; memory for it comes from `source`.
    pub fn open_output(&mut self, name: &CStr, source: Source) -> Result<()> {
        let (abi, object) = (self.abi(), self.object.pointer);
        if self.find_open(name).is_none() {
            let allocator = OutputAllocator::new(abi);
            // SAFETY: a live context; the allocator has a fixed address and is kept until the context is gone.
            let done = unsafe { execution_context::set_output_allocator(abi, object, name.as_ptr(), allocator.as_object()) }?;
            self.unless(!done, &|| format!("an allocator for {name:?}"))?;
            self.open.push((name.to_owned(), allocator));
        }
        if let Some(allocator) = self.find_open(name) {
            allocator.set_source(Some(source));
        }
        Ok(())
    }

    /// Gives back the memory of outputs whose extents show in the run, and where it came from.
    pub fn close_outputs(&mut self) {
        self.open.iter().for_each(|(_, allocator)| allocator.set_source(None));
    }

    /// Whether a run shows extents of an output.
    pub fn has_open_outputs(&self) -> bool {
        !self.open.is_empty()
    }

    fn find_open(&self, name: &CStr) -> Option<&OutputAllocator> {
        self.open.iter().find(|(n, _)| **n == *name).map(|(_, allocator)| &**allocator)
    }

    /// For an output whose extents the next run shows: memory that is used where it is exactly as large as it must be. False for others.
    ///
    /// # Safety
    /// It lives until the run is done.
    pub unsafe fn offer(&mut self, name: &CStr, memory: Span) -> bool {
        let found = self.find_open(name);
        found.inspect(|allocator| allocator.begin(memory)).is_some()
    }

    /// Extents that the last run has shown, and where the output is: at least as large as it must be.
    pub fn made(&self, name: &CStr) -> Result<(Vec<usize>, Span)> {
        let made = self.find_open(name).and_then(OutputAllocator::made);
        made.ok_or_else(|| Error::new(Code::Internal, format!("{} told no extents of {name:?}", self.engine.library.release())))
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
        let (abi, object) = (self.abi(), self.object.pointer);
        let done = match &self.samples {
            // SAFETY: a live context; the rest by this function's contract.
            None => unsafe { execution_context::enqueue_v3(abi, object, stream) }?,
            Some(Samples { batch, addresses, .. }) => {
                let bindings = addresses.as_ptr().cast();
                // SAFETY: as above; there is an address for each binding, and nobody waits for an event.
                unsafe { execution_context::enqueue(abi, object, *batch, bindings, stream, std::ptr::null_mut()) }?
            }
        };
        if let Some(error) = self.open.iter().find_map(|(_, allocator)| allocator.failure()) {
            return Err(error);
        }
        self.unless(!done, &|| "to run the engine".into())
    }
}
