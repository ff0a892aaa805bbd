//! How TensorRT's builder is to work, besides the network, its shapes and its device. One list of steps per set of choices says what
//! is called; the same list says, before anything is built, which choice a version lacks.

use crate::network::capabilities::Flavour;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::*;
use crate::tensorrt::builder::Builder;
use crate::tensorrt::config::BuilderConfig;

/// Whether weights can be changed in an engine that is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refit {
    /// No.
    #[default]
    Off,
    /// To any values. The engine may be slower.
    Any,
    /// To those that it was built with only. Costs no speed.
    Identical,
}

/// What a build measures and what it takes from earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimingUse {
    /// Earlier measurements are used, new ones are added.
    #[default]
    On,
    /// Everything is measured, also layers that are alike.
    Off,
    /// Earlier measurements are used; one that is missing is an error.
    Required,
}

/// The choices. Names are those of the options; errors use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Products of float32 in reduced precision, on devices that have it.
    pub tf32: bool,
    /// The engine can be loaded by later versions of the same major.
    pub version_compatible: bool,
    /// A version-compatible engine comes without the runtime that runs it elsewhere.
    pub exclude_lean_runtime: bool,
    /// Which other devices the engine must run on.
    pub hardware_compatibility: HardwareCompatibilityLevel,
    /// The system that the engine is for.
    pub runtime_platform: RuntimePlatform,
    /// Kernels for weights of which half are zero in a pattern.
    pub sparse_weights: bool,
    /// No simplification that is wrong for NaN or infinity.
    pub strict_nans: bool,
    /// Batches of any size give the same results for an element.
    pub distributive_independence: bool,
    /// Whether weights can be changed later.
    pub refit: Refit,
    /// The engine holds no weights that a refit can bring back.
    pub strip_weights: bool,
    /// Weights may stay in host memory.
    pub weight_streaming: bool,
    /// How much of the layers an inspector or profiler can see.
    pub profiling_verbosity: ProfilingVerbosity,
    /// Measurements.
    pub timing_cache: TimingUse,
    /// Compiled kernels are kept with the measurements.
    pub compilation_cache: bool,
    /// Where kernels may come from; TensorRT's choice where it is not given.
    pub tactic_sources: Option<Vec<TacticSource>>,
    /// Features to turn on that are off by default.
    pub preview_features: Vec<PreviewFeature>,
    /// Device memory that the build may use for measuring, in bytes.
    pub tactic_dram_size: Option<u64>,
    /// Shared memory that a kernel may use, in bytes.
    pub tactic_shared_memory_size: Option<u64>,
    /// Streams besides the caller's.
    pub max_aux_streams: Option<u32>,
    /// How often each candidate is measured.
    pub avg_timing_iterations: Option<u32>,
    /// Most candidates that are measured for a layer.
    pub max_tactics: Option<u32>,
    /// How hard to look for tilings.
    pub tiling_optimization_level: TilingOptimizationLevel,
    /// Second-level cache that a tiling may use, in bytes.
    pub l2_limit_for_tiling: Option<u64>,
    /// Threads of the build.
    pub builder_threads: Option<u32>,
}

impl Default for Settings {
    /// TensorRT's own, but for float32, which is float32.
    fn default() -> Settings {
        Settings {
            tf32: false,
            version_compatible: false,
            exclude_lean_runtime: false,
            hardware_compatibility: HardwareCompatibilityLevel::None,
            runtime_platform: RuntimePlatform::SameAsBuild,
            sparse_weights: false,
            strict_nans: false,
            distributive_independence: false,
            refit: Refit::Off,
            strip_weights: false,
            weight_streaming: false,
            profiling_verbosity: ProfilingVerbosity::LayerNamesOnly,
            timing_cache: TimingUse::On,
            compilation_cache: true,
            tactic_sources: None,
            preview_features: Vec::new(),
            tactic_dram_size: None,
            tactic_shared_memory_size: None,
            max_aux_streams: None,
            avg_timing_iterations: None,
            max_tactics: None,
            tiling_optimization_level: TilingOptimizationLevel::None,
            l2_limit_for_tiling: None,
            builder_threads: None,
        }
    }
}

/// One call.
enum Step {
    Flag(BuilderFlag, bool),
    Hardware(HardwareCompatibilityLevel),
    Platform(RuntimePlatform),
    Verbosity(ProfilingVerbosity),
    Preview(PreviewFeature),
    Sources(Vec<TacticSource>),
    Pool(MemoryPoolType, u64),
    AuxStreams(i32),
    AverageTimings(i32),
    Tactics(i32),
    Tiling(TilingOptimizationLevel),
    TilingLimit(i64),
    Threads(i32),
}

impl Settings {
    /// The calls, each with the option that asks for it.
    fn steps(&self) -> Vec<(&'static str, Step)> {
        use BuilderFlag as F;
        let clear_tf32 = (!self.tf32).then_some(("tf32", Step::Flag(F::Tf32, false)));
        let flags = [
            ("tf32", F::Tf32, self.tf32),
            ("version_compatible", F::VersionCompatible, self.version_compatible),
            ("exclude_lean_runtime", F::ExcludeLeanRuntime, self.exclude_lean_runtime),
            ("sparse_weights", F::SparseWeights, self.sparse_weights),
            ("strict_nans", F::StrictNans, self.strict_nans),
            ("distributive_independence", F::DistributiveIndependence, self.distributive_independence),
            ("refit", F::Refit, self.refit == Refit::Any),
            ("refit", F::RefitIdentical, self.refit == Refit::Identical),
            ("strip_weights", F::StripPlan, self.strip_weights),
            ("weight_streaming", F::WeightStreaming, self.weight_streaming),
            ("timing_cache", F::DisableTimingCache, self.timing_cache == TimingUse::Off),
            ("timing_cache", F::ErrorOnTimingCacheMiss, self.timing_cache == TimingUse::Required),
            ("compilation_cache", F::DisableCompilationCache, !self.compilation_cache),
        ];
        let flags = flags.into_iter().filter(|(_, _, on)| *on).map(|(option, flag, _)| (option, Step::Flag(flag, true)));
        let mut out: Vec<(&str, Step)> = clear_tf32.into_iter().chain(flags).collect();
        let small = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        if self.hardware_compatibility != HardwareCompatibilityLevel::None {
            out.push(("hardware_compatibility", Step::Hardware(self.hardware_compatibility)));
        }
        if self.runtime_platform != RuntimePlatform::SameAsBuild {
            out.push(("runtime_platform", Step::Platform(self.runtime_platform)));
        }
        if self.profiling_verbosity != ProfilingVerbosity::LayerNamesOnly {
            out.push(("profiling_verbosity", Step::Verbosity(self.profiling_verbosity)));
        }
        out.extend(self.preview_features.iter().map(|f| ("preview_features", Step::Preview(*f))));
        out.extend(self.tactic_sources.clone().map(|s| ("tactic_sources", Step::Sources(s))));
        out.extend(self.tactic_dram_size.map(|n| ("tactic_dram_size", Step::Pool(MemoryPoolType::TacticDram, n))));
        let shared = self.tactic_shared_memory_size;
        out.extend(shared.map(|n| ("tactic_shared_memory_size", Step::Pool(MemoryPoolType::TacticSharedMemory, n))));
        out.extend(self.max_aux_streams.map(|n| ("max_aux_streams", Step::AuxStreams(small(n)))));
        out.extend(self.avg_timing_iterations.map(|n| ("avg_timing_iterations", Step::AverageTimings(small(n)))));
        out.extend(self.max_tactics.map(|n| ("max_tactics", Step::Tactics(small(n)))));
        if self.tiling_optimization_level != TilingOptimizationLevel::None {
            out.push(("tiling_optimization_level", Step::Tiling(self.tiling_optimization_level)));
        }
        let limit = self.l2_limit_for_tiling.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        out.extend(limit.map(|n| ("l2_limit_for_tiling", Step::TilingLimit(n))));
        out.extend(self.builder_threads.map(|n| ("builder_threads", Step::Threads(small(n)))));
        out
    }

    /// Whether a version has all of it and the choices go together; an error names the option and the versions that have it.
    pub fn check(&self, abi: &Abi) -> Result<()> {
        let clash = |text: &str| Err(Error::new(Code::BadOption, text));
        if self.exclude_lean_runtime && !self.version_compatible {
            return clash("exclude_lean_runtime: only a version_compatible engine has a lean runtime");
        }
        if abi.release.flavour == Flavour::Rtx && self.hardware_compatibility != HardwareCompatibilityLevel::None {
            let text = format!("option 'hardware_compatibility': it is not in {}: no known version of this flavour has it", abi.release);
            return Err(Error::new(Code::TensorRtUnsupported, text));
        }
        for (option, step) in self.steps() {
            step.check(abi).context(|| format!("option '{option}'"))?;
        }
        Ok(())
    }

    /// Makes the calls.
    pub(in crate::tensorrt) fn apply(&self, builder: &Builder, config: &mut BuilderConfig) -> Result<()> {
        for (option, step) in self.steps() {
            step.apply(builder, config).context(|| format!("option '{option}'"))?;
        }
        Ok(())
    }

    /// The error of a build that failed, with the options that may be why.
    pub(in crate::tensorrt) fn blame(&self, error: Error) -> Error {
        let asked = |(option, step): (&'static str, Step)| (!matches!(step, Step::Flag(_, false))).then(|| format!("option '{option}'"));
        let options: Vec<String> = self.steps().into_iter().filter_map(asked).collect();
        if options.is_empty() { error } else { error.context(format!("with {}", options.join(", "))) }
    }

    /// Why an engine of these settings cannot run as it is, if so.
    pub fn hinders_running(&self) -> Option<&'static str> {
        if self.strip_weights {
            return Some("it was built without weights (strip_weights)");
        }
        (self.runtime_platform != RuntimePlatform::SameAsBuild).then_some("it was built for another system (runtime_platform)")
    }

    /// Whether names of layers are part of the engine in a way that its user relies on.
    pub fn keeps_names(&self) -> bool {
        self.refit != Refit::Off || self.strip_weights || self.profiling_verbosity == ProfilingVerbosity::Detailed
    }
}

impl Step {
    fn check(&self, abi: &Abi) -> Result<()> {
        use builder_config::rows;
        match self {
            Step::Flag(flag, on) => flag.raw(abi).map(drop).or_else(|e| if *on { Err(e) } else { Ok(()) }),
            Step::Hardware(level) => level.raw(abi).map(drop),
            Step::Platform(platform) => platform.raw(abi).map(drop),
            Step::Verbosity(verbosity) => verbosity.raw(abi).map(drop),
            Step::Preview(feature) => feature.raw(abi).map(drop),
            Step::Sources(sources) => sources.iter().try_for_each(|s| s.raw(abi).map(drop)),
            Step::Pool(pool, _) => pool.raw(abi).map(drop),
            Step::AuxStreams(_) => rows::set_max_aux_streams.slot(abi).map(drop),
            Step::AverageTimings(_) => rows::set_avg_timing_iterations.slot(abi).map(drop),
            Step::Tactics(_) => rows::set_max_nb_tactics.slot(abi).map(drop),
            Step::Tiling(level) => level.raw(abi).map(drop),
            Step::TilingLimit(_) => rows::set_l2_limit_for_tiling.slot(abi).map(drop),
            Step::Threads(_) => builder::rows::set_max_threads.slot(abi).map(drop),
        }
    }

    fn apply(self, builder: &Builder, config: &mut BuilderConfig) -> Result<()> {
        let abi = builder.library().abi();
        match self {
            Step::Flag(flag, true) => config.set_flag(flag),
            // A flag that a version does not have is not set in it.
            Step::Flag(flag, false) if flag.raw(abi).is_err() => Ok(()),
            Step::Flag(flag, false) => config.clear_flag(flag),
            Step::Hardware(level) => config.set_hardware_compatibility_level(level),
            Step::Platform(platform) => config.set_runtime_platform(platform),
            Step::Verbosity(verbosity) => config.set_profiling_verbosity(verbosity),
            Step::Preview(feature) => config.set_preview_feature(feature, true),
            Step::Sources(sources) => {
                let bits = sources.iter().map(|s| Ok(1u32 << s.raw(abi)?)).collect::<Result<Vec<u32>>>()?;
                config.set_tactic_sources(bits.into_iter().fold(0, |all, bit| all | bit))
            }
            Step::Pool(pool, bytes) => config.set_memory_pool_limit(pool, bytes),
            Step::AuxStreams(n) => config.set_max_aux_streams(n),
            Step::AverageTimings(n) => config.set_avg_timing_iterations(n),
            Step::Tactics(n) => config.set_max_nb_tactics(n),
            Step::Tiling(level) => config.set_tiling_optimization_level(level),
            Step::TilingLimit(n) => config.set_l2_limit_for_tiling(n),
            Step::Threads(n) => builder.set_max_threads(n),
        }
    }
}
