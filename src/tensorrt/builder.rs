//! Building engines (`IBuilder`): makes networks, configurations and profiles, and turns them into serialised engines.

#![allow(unsafe_code)]

use crate::tensor::error::Result;
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{NetworkDefinitionCreationFlag, P, builder};
use crate::tensorrt::config::{BuilderConfig, OptimizationProfile};
use crate::tensorrt::host_memory::HostMemory;
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::{Listener, Sink};
use crate::tensorrt::network_def::NetworkDefinition;
use crate::tensorrt::object::{Object, OneThread, refused};
use crate::{ensure, fail};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How a network's types are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// From the types of inputs and weights, and casts: the only way from 11 on and in TensorRT for RTX.
    Strong,
    /// TensorRT chooses, as flags and layers allow: the only way in 8.
    Weak,
}

/// Makes engines. It stays on one thread, with all that it makes but the engines.
pub struct Builder {
    object: Arc<Object>,
    listener: Arc<Listener>,
    _thread: OneThread,
}

/// Keeps the first of several builders: while there is one, TensorRT makes others in no time; the first takes it seconds.
#[derive(Default)]
pub struct Keep(Mutex<Option<Arc<Object>>>);

impl Keep {
    /// Keeps the builder until `self` ends, unless there is one already.
    pub fn keep(&self, builder: &Builder) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| builder.object.clone());
    }
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keep")
    }
}

impl Builder {
    /// A builder. What TensorRT says from now on, until the builder and all that it made are gone, also goes to `sink`.
    pub fn new(library: &'static Library, sink: Option<Sink>) -> Result<Builder> {
        let listener = Arc::new(library.logger().listen(sink));
        let pointer = library.create_builder()?;
        let object = Object::new(library, None, pointer, &listener, "a builder")?;
        Ok(Builder { object: Arc::new(object), listener, _thread: OneThread::default() })
    }

    fn abi(&self) -> &'static Abi {
        self.object.abi()
    }

    /// The library that it is of.
    pub fn library(&self) -> &'static Library {
        self.object.library
    }

    /// An empty network with explicit batch.
    pub fn network(&self, typing: Typing) -> Result<NetworkDefinition> {
        use NetworkDefinitionCreationFlag::{ExplicitBatch, StronglyTyped};
        let abi = self.abi();
        ensure!(typing == Typing::Strong || !abi.at_least_major(11), TensorRtUnsupported, "{} has no weakly typed networks", abi.release);
        let mut flags = 0u32;
        // Where a version no longer has the flag, explicit batch is all that it knows.
        if let Ok(bit) = ExplicitBatch.raw(abi) {
            flags |= 1 << bit;
        }
        if typing == Typing::Strong {
            flags |= 1 << StronglyTyped.raw(abi)?;
        }
        // SAFETY: the object is a live builder.
        let pointer = unsafe { builder::create_network_v2(abi, self.object.pointer, flags) }?;
        let object = self.own(pointer, "a network")?;
        Ok(NetworkDefinition::new(object, self.listener.clone()))
    }

    /// An empty network of single samples, which an engine runs for up to `most` at once: TensorRT 8.x only.
    pub fn network_of_samples(&self, most: i32) -> Result<NetworkDefinition> {
        ensure!(most > 0, InvalidArgument, "an engine for batches of at most {most}");
        let abi = self.abi();
        // SAFETY: the object is a live builder; versions without implicit batch have no `setMaxBatchSize`, which is called first.
        let pointer = unsafe {
            builder::set_max_batch_size(abi, self.object.pointer, most)?;
            builder::create_network_v2(abi, self.object.pointer, 0)
        }?;
        let object = self.own(pointer, "a network with an implicit batch")?;
        Ok(NetworkDefinition::new(object, self.listener.clone()))
    }

    /// A configuration with TensorRT's defaults.
    pub fn config(&self) -> Result<BuilderConfig> {
        // SAFETY: the object is a live builder.
        let pointer = unsafe { builder::create_builder_config(self.abi(), self.object.pointer) }?;
        let object = self.own(pointer, "a configuration")?;
        Ok(BuilderConfig { object, listener: self.listener.clone(), monitor: None, timing_cache: None, _thread: OneThread::default() })
    }

    /// An empty profile.
    pub fn profile(&self) -> Result<OptimizationProfile> {
        // SAFETY: the object is a live builder.
        let pointer = unsafe { builder::create_optimization_profile(self.abi(), self.object.pointer) }?;
        if pointer.is_null() {
            return Err(refused(self.library(), &self.listener, "an optimisation profile"));
        }
        Ok(OptimizationProfile { pointer, builder: self.object.clone(), listener: self.listener.clone() })
    }

    /// Threads that a build may use.
    pub fn set_max_threads(&self, count: i32) -> Result<()> {
        // SAFETY: the object is a live builder.
        let done = unsafe { builder::set_max_threads(self.abi(), self.object.pointer, count) }?;
        if done { Ok(()) } else { Err(refused(self.library(), &self.listener, &format!("{count} threads"))) }
    }

    /// Builds an engine. The error of a build that fails holds TensorRT's words.
    pub fn build(&self, network: &NetworkDefinition, config: &BuilderConfig) -> Result<HostMemory> {
        let ours = |object: &Object| object.parent().is_some_and(|p| Arc::ptr_eq(p, &self.object));
        ensure!(ours(&network.object) && ours(&config.object), InvalidArgument, "a network or configuration of another builder");
        // SAFETY: builder, network and configuration live; the network keeps all weights, the configuration its monitor.
        let pointer =
            unsafe { builder::build_serialized_network(self.abi(), self.object.pointer, network.object.pointer, config.object.pointer) }?;
        if pointer.is_null() && config.monitor.as_ref().is_some_and(|m| m.stopped()) {
            fail!(Cancelled, "the build was stopped by its progress callback");
        }
        let object = Object::new(self.library(), None, pointer, &self.listener, "to build the network")?;
        HostMemory::new(object)
    }

    fn own(&self, pointer: P, what: &str) -> Result<Object> {
        Object::new(self.library(), Some(self.object.clone()), pointer, &self.listener, what)
    }
}
