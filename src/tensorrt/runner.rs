//! Runs one engine again and again for one user: remembers what the context was last told, so that a run like the one before costs one
//! call, and records runs as CUDA graphs where that is wanted.

#![allow(unsafe_code)]

use crate::cuda::device::Device;
use crate::cuda::graph::Graph;
use crate::cuda::lane::Lane;
use crate::cuda::memory::{DeviceMemory, Span};
use crate::cuda::stream::Event;
use crate::ensure;
use crate::tensor::error::Result;
use crate::tensorrt::context::ExecutionContext;
use crate::tensorrt::engine::Engine;
use crate::tensorrt::profiler::LayerTime;
use std::ffi::{CStr, CString};
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError};

/// Recorded runs are kept for this many sets of addresses.
const RECORDED: usize = 8;

/// An input or output in a run.
#[derive(Debug, Clone, Copy)]
pub struct Argument<'a> {
    /// Its name in the engine.
    pub name: &'a CString,
    /// Its extents where it is an input; those of outputs follow.
    pub shape: Option<&'a [usize]>,
    /// Where it lies. An output that was opened may go there where that is exactly as large as it must be.
    pub span: Span,
}

/// The contexts of one engine that nobody uses. TensorRT ends a context only once all streams of the device are done, so those whose own
/// work is done wait here for the next user, until the engine goes.
#[derive(Default)]
pub struct Contexts {
    idle: Mutex<Vec<Idle>>,
    /// Contexts are made by one thread at a time.
    making: Mutex<()>,
}

/// A context and the profile that it was left in.
struct Idle {
    context: ExecutionContext,
    profile: usize,
}

impl Contexts {
    fn take(&self, engine: &Engine) -> Result<Idle> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(idle) = idle {
            return Ok(idle);
        }
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Idle { context: engine.create_context()?, profile: 0 })
    }

    fn give_back(&self, idle: Idle) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }
}

/// A context with what it was last told.
pub struct Runner {
    /// Goes back to the others of its engine.
    context: ManuallyDrop<ExecutionContext>,
    contexts: Arc<Contexts>,
    device: &'static Device,
    scratch: Arc<DeviceMemory>,
    done: Arc<Event>,
    profile: usize,
    shapes: Vec<Vec<usize>>,
    addresses: Vec<u64>,
    names: Vec<CString>,
    /// Runs since profile and shapes were last set.
    runs: usize,
    recorded: Vec<(Vec<u64>, Graph)>,
    /// Which of them the last run was; `None` where it was an ordinary one.
    latest: Option<usize>,
}

impl Runner {
    /// A runner on the lane's device. `contexts` are those of the engine; `scratch` has as much as [`Engine::device_memory`] says, and
    /// runners of one lane share it.
    pub fn new(engine: &Engine, contexts: &Arc<Contexts>, lane: &Lane, scratch: &Arc<DeviceMemory>) -> Result<Runner> {
        let need = engine.device_memory()?;
        ensure!(scratch.bytes() as u64 >= need, Internal, "{} bytes of scratch memory, {need} are needed", scratch.bytes());
        let Idle { mut context, profile } = contexts.take(engine)?;
        // SAFETY: the memory is kept; runners that share it run on one lane, one after the other.
        unsafe { context.set_device_memory(scratch.address(), scratch.bytes() as u64) }?;
        let (context, contexts) = (ManuallyDrop::new(context), contexts.clone());
        let (device, done, scratch) = (lane.device(), lane.done().clone(), scratch.clone());
        let (shapes, addresses, names, recorded) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Runner { context, contexts, device, scratch, done, profile, shapes, addresses, names, runs: 0, recorded, latest: None })
    }

    /// An output whose extents show in the run gets memory from here on that grows and is kept between runs.
    pub fn open_output(&mut self, name: &CStr) -> Result<()> {
        let (device, done) = (self.device, self.done.clone());
        let mut kept: Option<DeviceMemory> = None;
        let source = move |bytes: usize| {
            if let Some(kept) = kept.as_ref().filter(|k| k.bytes() >= bytes) {
                return Ok(kept.span(bytes));
            }
            // Work of the run before may use it.
            done.synchronize()?;
            kept = None;
            Ok(kept.insert(DeviceMemory::new(device, bytes)?).span(bytes))
        };
        self.context.open_output(name, Box::new(source))
    }

    /// Extents that the last run has shown of an output that was opened, and where it is.
    pub fn made(&self, name: &CStr) -> Result<(Vec<usize>, Span)> {
        self.context.made(name)
    }

    /// Bytes of scratch memory.
    pub fn scratch(&self) -> usize {
        self.scratch.bytes()
    }

    /// The addresses of the last run's arguments, in their order, as TensorRT tells them.
    pub fn addresses(&self) -> Result<Vec<u64>> {
        let open = |name: &CString| self.context.made(name).map(|(_, span)| span.address());
        self.names.iter().map(|name| open(name).or_else(|_| self.context.address(name))).collect()
    }

    /// From now on each run waits for its end and times its layers; runs are not recorded as graphs then. For runners that are made for
    /// this: the context never serves others.
    pub fn time_layers(&mut self) -> Result<()> {
        self.context.time_layers()
    }

    /// Times of layers since the last call; empty where they are not taken.
    pub fn layer_times(&self) -> Vec<LayerTime> {
        self.context.layer_times().unwrap_or_default()
    }

    /// The profile in use.
    pub fn profile(&self) -> usize {
        self.profile
    }

    /// Queues a run on the lane's stream. Arguments come in the same order each time. With `graph`, a run with addresses and shapes that
    /// came before is queued as one recorded graph. Where extents of outputs show in the run, TensorRT waits for its own work: that cannot be
    /// recorded, and the run is an ordinary one.
    pub fn run<'a>(
        &mut self,
        lane: &Lane,
        profile: usize,
        arguments: impl Iterator<Item = Argument<'a>> + Clone,
        graph: bool,
    ) -> Result<()> {
        let stream = lane.stream();
        if profile != self.profile {
            // SAFETY: the lane's stream lives.
            unsafe { self.context.set_profile(profile, stream.0) }?;
            self.profile = profile;
            self.forget();
        }
        self.set_shapes(arguments.clone())?;
        if graph && self.runs > 0 && !self.context.has_open_outputs() {
            return self.run_recorded(lane, arguments);
        }
        self.set_addresses(arguments)?;
        self.latest = None;
        // SAFETY: stream and memory live until the lane has been waited for; the device is current while a lane runs.
        unsafe { self.context.enqueue(stream.0) }?;
        self.runs += 1;
        Ok(())
    }

    /// Queues the last run once more: the same profile, shapes, addresses and stream. False, and nothing is queued, where it should be
    /// recorded first, or where extents of outputs show in it.
    pub fn again(&mut self, lane: &Lane, graph: bool) -> Result<bool> {
        if self.context.has_open_outputs() || graph && self.latest.is_none() {
            return Ok(false);
        }
        // SAFETY: as in `run`.
        unsafe {
            match self.latest {
                Some(recorded) => self.recorded[recorded].1.launch(lane.stream()),
                None => self.context.enqueue(lane.stream().0),
            }
        }?;
        Ok(true)
    }

    /// What was set is no longer so.
    fn forget(&mut self) {
        self.shapes.clear();
        self.addresses.clear();
        self.recorded.clear();
        (self.runs, self.latest) = (0, None);
    }

    fn set_shapes<'a>(&mut self, arguments: impl Iterator<Item = Argument<'a>> + Clone) -> Result<()> {
        let shapes = || arguments.clone().filter_map(|a| a.shape);
        if self.shapes.len() == shapes().count() && self.shapes.iter().zip(shapes()).all(|(a, b)| a == b) {
            return Ok(());
        }
        self.forget();
        for argument in arguments.clone() {
            if let Some(shape) = argument.shape {
                self.context.set_shape(argument.name, shape)?;
            }
        }
        self.shapes = shapes().map(<[usize]>::to_vec).collect();
        self.names = arguments.map(|a| a.name.clone()).collect();
        Ok(())
    }

    fn set_addresses<'a>(&mut self, arguments: impl Iterator<Item = Argument<'a>>) -> Result<()> {
        self.addresses.resize(self.names.len(), 0);
        for (argument, last) in arguments.zip(&mut self.addresses) {
            // SAFETY: whoever made the span has promised that it lives until the work is done.
            if unsafe { self.context.offer(argument.name, argument.span) } {
                continue;
            }
            let address = argument.span.address();
            if *last != address {
                // SAFETY: as above.
                unsafe { self.context.set_address(argument.name, address) }?;
                *last = address;
            }
        }
        Ok(())
    }

    /// The context has run with these shapes, so that the work can be recorded.
    fn run_recorded<'a>(&mut self, lane: &Lane, arguments: impl Iterator<Item = Argument<'a>> + Clone) -> Result<()> {
        let same = |addresses: &[u64]| addresses.iter().copied().eq(arguments.clone().map(|a| a.span.address()));
        let found = match self.recorded.iter().position(|(addresses, _)| same(addresses)) {
            Some(found) => found,
            None => {
                self.set_addresses(arguments.clone())?;
                let context = &mut self.context;
                // SAFETY: the lane's own stream and the memory live; recording does no work.
                let graph = Graph::record(self.device, lane.own(), |stream| unsafe { context.enqueue(stream.0) })?;
                if self.recorded.len() == RECORDED {
                    // A graph may not go while it runs.
                    self.done.synchronize()?;
                    self.recorded.remove(0);
                }
                self.recorded.push((self.addresses.clone(), graph));
                self.recorded.len() - 1
            }
        };
        self.latest = Some(found);
        // SAFETY: as in `run`.
        unsafe { self.recorded[found].1.launch(lane.stream()) }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // A context may not be told anything while it runs.
        let _ = self.done.synchronize();
        // SAFETY: the value is taken once, here, and not used again.
        let mut context = unsafe { ManuallyDrop::take(&mut self.context) };
        context.close_outputs();
        if context.layer_times().is_some() {
            return;
        }
        self.contexts.give_back(Idle { context, profile: self.profile });
    }
}
