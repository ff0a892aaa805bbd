//! What a build is told besides the network: flags, limits, target, shapes (`IBuilderConfig`, `IOptimizationProfile`).

#![allow(unsafe_code)]

use crate::ensure;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::*;
use crate::tensorrt::host_memory::HostMemory;
use crate::tensorrt::logger::Listener;
use crate::tensorrt::object::{Object, OneThread, c_string, refused};
use crate::tensorrt::progress::{Monitor, Progress};
use bytes::Bytes;
use std::sync::Arc;

/// The configuration of a build.
pub struct BuilderConfig {
    pub(super) object: Object,
    pub(super) listener: Arc<Listener>,
    // Behind the object: TensorRT may call it until the object is gone.
    pub(super) monitor: Option<Box<Monitor>>,
    pub(super) timing_cache: Option<Arc<Object>>,
    pub(super) _thread: OneThread,
}

/// What builds have measured.
pub struct TimingCache {
    object: Arc<Object>,
    listener: Arc<Listener>,
    _thread: OneThread,
}

impl TimingCache {
    /// The measurements as bytes.
    pub fn serialize(&self) -> Result<Bytes> {
        // SAFETY: the object is a live cache.
        let pointer = unsafe { timing_cache::serialize(self.object.abi(), self.object.pointer) }?;
        let memory = Object::new(self.object.library, None, pointer, &self.listener, "to write the timing cache")?;
        Ok(HostMemory::new(memory)?.into())
    }

    /// Adds what another one has; false where the two are of different devices or versions.
    pub fn combine(&self, other: &TimingCache) -> Result<bool> {
        // SAFETY: both objects are live caches.
        unsafe { timing_cache::combine(self.object.abi(), self.object.pointer, other.object.pointer, false) }
    }
}

/// The range of shapes of each dynamic input, and what to optimise for. It belongs to the builder that made it.
pub struct OptimizationProfile {
    pub(super) pointer: P,
    pub(super) builder: Arc<Object>,
    pub(super) listener: Arc<Listener>,
}

/// Smallest, best and largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range<T> {
    /// The least that the engine must take.
    pub min: T,
    /// What it is tuned for.
    pub opt: T,
    /// The most that it must take.
    pub max: T,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $set:ident($($a:ident: $t:ty),*);)*) => { $(
        $(#[$doc])*
        pub fn $set(&mut self, $($a: $t),*) -> Result<()> {
            $(let $a = Number::number($a, self.object.abi())?;)*
            let before = self.listener.errors();
            // SAFETY: the object is a live configuration, the arguments are numbers.
            let done = unsafe { builder_config::$set(self.object.abi(), self.object.pointer, $($a),*) }?;
            // Most of these report nothing: a value that is not taken shows in what is said only.
            self.unless(Outcome::failed(done) || self.listener.errors() > before, stringify!($set))
        }
    )* };
}

/// Whether a call reports failure; one that reports nothing is taken as done.
trait Outcome {
    fn failed(self) -> bool;
}
impl Outcome for () {
    fn failed(self) -> bool {
        false
    }
}
impl Outcome for bool {
    fn failed(self) -> bool {
        !self
    }
}

/// A number, or an enum that is one in a version.
trait Number<R> {
    fn number(self, abi: &Abi) -> Result<R>;
}
macro_rules! numbers {
    ($($plain:ty),*; $($named:ty),* $(,)?) => {
        $(impl Number<$plain> for $plain { fn number(self, _: &Abi) -> Result<$plain> { Ok(self) } })*
        $(impl Number<i32> for $named { fn number(self, abi: &Abi) -> Result<i32> { self.raw(abi) } })*
    };
}
numbers!(i32, u32, i64, u64, bool; BuilderFlag, EngineCapability, HardwareCompatibilityLevel, MemoryPoolType, PreviewFeature, ProfilingVerbosity,
    RuntimePlatform, TilingOptimizationLevel);

impl BuilderConfig {
    setters! {
        /// Sets a flag.
        set_flag(flag: BuilderFlag);
        /// Clears a flag.
        clear_flag(flag: BuilderFlag);
        /// Limits what the build may use of a kind of memory, in bytes.
        set_memory_pool_limit(pool: MemoryPoolType, bytes: u64);
        /// How hard to search, from 0 to 5.
        set_builder_optimization_level(level: i32);
        /// How much of the layers an inspector can see later.
        set_profiling_verbosity(verbosity: ProfilingVerbosity);
        /// Which other devices the engine must run on.
        set_hardware_compatibility_level(level: HardwareCompatibilityLevel);
        /// What kind of engine is built.
        set_engine_capability(capability: EngineCapability);
        /// Turns a preview feature on or off.
        set_preview_feature(feature: PreviewFeature, on: bool);
        /// Streams that the engine may use besides the caller's.
        set_max_aux_streams(count: i32);
        /// How often each candidate is measured.
        set_avg_timing_iterations(count: i32);
        /// The system that the engine is built for.
        set_runtime_platform(platform: RuntimePlatform);
        /// How hard to search for tilings.
        set_tiling_optimization_level(level: TilingOptimizationLevel);
        /// Second-level cache that a tiling may use, in bytes.
        set_l2_limit_for_tiling(bytes: i64);
        /// Most candidates that are measured for a layer.
        set_max_nb_tactics(count: i32);
        /// Where kernels may come from: a bit for each `TacticSource`.
        set_tactic_sources(bits: u32);
    }

    /// Whether a flag is set.
    pub fn flag(&self, flag: BuilderFlag) -> Result<bool> {
        // SAFETY: the object is a live configuration.
        unsafe { builder_config::get_flag(self.object.abi(), self.object.pointer, flag.raw(self.object.abi())?) }
    }

    /// Builds for these compute capabilities, (8, 6) for example, instead of the device that is there. Only TensorRT for RTX can;
    /// where there is no device, it needs exactly one.
    pub fn set_compute_capabilities(&mut self, capabilities: &[(u32, u32)]) -> Result<()> {
        let (abi, object) = (self.object.abi(), self.object.pointer);
        let mut numbers = Vec::new();
        for (major, minor) in capabilities {
            let known = ComputeCapability::named(&format!("SM{major}{minor}")).and_then(|c| c.raw(abi).ok());
            numbers.push(known.ok_or_else(|| {
                Error::new(Code::TensorRtUnsupported, format!("{} cannot build for compute capability {major}.{minor}", abi.release))
            })?);
        }
        // SAFETY: the object is a live configuration.
        let done = unsafe { builder_config::set_nb_compute_capabilities(abi, object, numbers.len() as i32) }?;
        self.unless(!done, "set_nb_compute_capabilities")?;
        for (i, number) in (0i32..).zip(numbers) {
            // SAFETY: as above.
            let done = unsafe { builder_config::set_compute_capability(abi, object, number, i) }?;
            self.unless(!done, "set_compute_capability")?;
        }
        Ok(())
    }

    /// Adds a profile; returns its index.
    pub fn add_profile(&mut self, profile: &OptimizationProfile) -> Result<usize> {
        // SAFETY: the object is a live configuration, and the profile lives as long as the builder, which is the parent of both.
        let index = unsafe { builder_config::add_optimization_profile(self.object.abi(), self.object.pointer, profile.pointer) }?;
        usize::try_from(index).map_err(|_| refused(self.object.library, &self.listener, "an optimisation profile"))
    }

    /// Tells of progress, and lets the caller stop the build. Versions before 10 cannot: false, and nothing is told.
    pub fn set_progress(&mut self, tell: Progress) -> Result<bool> {
        if builder_config::rows::set_progress_monitor.slot(self.object.abi()).is_err() {
            return Ok(false);
        }
        let monitor = Monitor::new(self.object.abi(), tell);
        // SAFETY: the object is a live configuration; the monitor has a fixed address and is kept until the object is gone, or until
        // the next one has taken its place.
        unsafe { builder_config::set_progress_monitor(self.object.abi(), self.object.pointer, monitor.as_object()) }?;
        self.monitor = Some(monitor);
        Ok(true)
    }

    /// Takes measurements of an earlier build, or none; what this build measures is added to them.
    pub fn use_timing_cache(&mut self, earlier: &[u8]) -> Result<TimingCache> {
        let (abi, object) = (self.object.abi(), self.object.pointer);
        let cache = self.timing_cache(earlier)?;
        // SAFETY: the object is a live configuration; the cache is kept as long as the configuration.
        let done = unsafe { builder_config::set_timing_cache(abi, object, cache.object.pointer, false) }?;
        self.timing_cache = Some(cache.object.clone());
        self.unless(!done, "the timing cache")?;
        Ok(cache)
    }

    /// Measurements from bytes; the build does not use them.
    pub fn timing_cache(&self, bytes: &[u8]) -> Result<TimingCache> {
        let (abi, object) = (self.object.abi(), self.object.pointer);
        let (at, len) = (bytes.as_ptr().cast_mut().cast(), bytes.len() as u64);
        // SAFETY: the object is a live configuration; the bytes are copied.
        let pointer = unsafe { builder_config::create_timing_cache(abi, object, at, len) }?;
        let parent = self.object.parent().cloned();
        let cache = Object::new(self.object.library, parent, pointer, &self.listener, "a timing cache")?;
        Ok(TimingCache { object: Arc::new(cache), listener: self.listener.clone(), _thread: OneThread::default() })
    }

    fn unless(&self, failed: bool, call: &str) -> Result<()> {
        if failed { Err(refused(self.object.library, &self.listener, call)) } else { Ok(()) }
    }
}

impl OptimizationProfile {
    /// The shapes that an input can have.
    pub fn set_dimensions(&mut self, input: &str, range: &Range<Vec<i64>>) -> Result<()> {
        let name = c_string(input)?;
        let abi = self.builder.abi();
        for (selector, dims) in
            [(OptProfileSelector::Min, &range.min), (OptProfileSelector::Opt, &range.opt), (OptProfileSelector::Max, &range.max)]
        {
            let dims = Dims::new(dims)?;
            // SAFETY: the profile lives as long as its builder; name and extents are copied.
            let done = unsafe { optimization_profile::set_dimensions(abi, self.pointer, name.as_ptr(), selector.raw(abi)?, &dims) }?;
            self.unless(!done, || format!("{range:?} as {} of the input '{input}'", selector.name()))?;
        }
        Ok(())
    }

    /// The values that a shape input can have: an input whose values are extents of other tensors.
    pub fn set_values(&mut self, input: &str, range: &Range<Vec<i64>>) -> Result<()> {
        let (name, abi) = (c_string(input)?, self.builder.abi());
        for (selector, values) in
            [(OptProfileSelector::Min, &range.min), (OptProfileSelector::Opt, &range.opt), (OptProfileSelector::Max, &range.max)]
        {
            let (raw, count) = (selector.raw(abi)?, values.len() as i32);
            let wide = optimization_profile::rows::set_shape_values_v2.slot(abi).is_ok();
            let done = if wide {
                // SAFETY: the profile lives as long as its builder; name and values are copied.
                unsafe { optimization_profile::set_shape_values_v2(abi, self.pointer, name.as_ptr(), raw, values.as_ptr(), count) }?
            } else {
                let narrow: Option<Vec<i32>> = values.iter().map(|v| i32::try_from(*v).ok()).collect();
                let narrow = narrow.ok_or_else(|| {
                    Error::new(Code::TensorRtUnsupported, format!("{values:?} do not fit the 32 bits that {} takes", abi.release))
                })?;
                // SAFETY: as above.
                unsafe { optimization_profile::set_shape_values(abi, self.pointer, name.as_ptr(), raw, narrow.as_ptr(), count) }?
            };
            self.unless(!done, || format!("{values:?} as {} of the shape input '{input}'", selector.name()))?;
        }
        Ok(())
    }

    /// Whether the ranges given so far fit together; inputs that are left out are not looked at.
    pub fn is_valid(&self) -> Result<bool> {
        // SAFETY: the profile lives as long as its builder.
        unsafe { optimization_profile::is_valid(self.builder.abi(), self.pointer) }
    }

    fn unless(&self, failed: bool, what: impl FnOnce() -> String) -> Result<()> {
        ensure!(!failed, InvalidArgument, "{}", refused(self.builder.library, &self.listener, &what()).message);
        Ok(())
    }
}
