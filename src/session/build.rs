//! A partition made ready to run: a TensorRT engine for each region that can have one, our own code for all else.

use crate::cpu::compiled::Compiled;
use crate::cpu::isa::Isa;
use crate::cpu::staged::{self, Staged};
use crate::cuda::device::Device;
use crate::ir::Graph;
use crate::kernels;
use crate::network::capabilities::Flavour;
use crate::partition::options::Offload;
use crate::partition::region::Region;
use crate::partition::target::{Engine, Target};
use crate::session::engine::Loaded;
use crate::session::engines::EngineOptions;
use crate::session::library::{LibraryOptions, sink};
use crate::session::log::{Level, Log};
use crate::session::partition::Partition;
use crate::session::precision::Request;
use crate::session::profiles::{check_names, profiles};
use crate::session::stages::{Compile, Own, Stage, stages};
use crate::session::target::TensorRt;
use crate::session::value::ValueInfo;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::emit;
use crate::{ensure, fail};
use std::fmt;
use std::sync::Arc;

/// What a build is asked for.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// How to find TensorRT.
    pub library: LibraryOptions,
    /// Workspace of an engine in bytes; `None` keeps the partition's.
    pub max_workspace_size: Option<u64>,
    /// How engines are built, where they are kept, who watches.
    pub engines: EngineOptions,
    /// Compute capability to build for; `None` is the GPU that is found.
    pub target_sm: Option<(u32, u32)>,
    /// What engines compute in.
    pub precision: Request,
    /// TensorRT's builder optimisation level.
    pub optimization_level: u32,
    /// Instruction set of CPU kernels; `None` is the best that this machine has.
    pub cpu_instruction_set: Option<String>,
    /// Where log lines go.
    pub log: Log,
}

impl BuildOptions {
    /// What every engine's build is told; `workspace` is what the partition says of it.
    pub fn emit(&self, workspace: Option<u64>) -> emit::Options {
        emit::Options {
            workspace: self.max_workspace_size.or(workspace),
            effort: Some(self.optimization_level as i32),
            compute_capabilities: self.target_sm.into_iter().collect(),
            settings: self.engines.settings.clone(),
            plugins: self.engines.plugins.clone(),
            ..emit::Options::default()
        }
    }
}

/// What became of a region.
struct Part {
    /// An engine for a GPU that is elsewhere; one that runs here is in its stage.
    engine: Option<Box<dyn Engine>>,
    state: String,
}

/// A partition made ready to run.
pub struct Build {
    /// The partition.
    pub partition: Arc<Partition>,
    /// What a run does, in order.
    pub stages: Vec<Stage>,
    parts: Vec<Part>,
}

impl fmt::Debug for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts.iter().map(|p| &p.state)).finish()
    }
}

impl Build {
    /// Builds every region of `partition`. Where TensorRT cannot, that is an error only if offload is on.
    pub fn new(partition: &Arc<Partition>, options: &BuildOptions) -> Result<Build> {
        let demanded = partition.parts.options.offload == Offload::On;
        let target = match partition.region_count() {
            0 => None,
            _ => Some(target(partition, options)?),
        };
        let (mut parts, mut engines) = (Vec::new(), Vec::new());
        for region in &partition.parts.regions {
            let target = target.as_ref().expect("made where there is a region");
            let (part, engine) = match build_region(region, target, partition, options) {
                Err(e) if demanded || e.code == Code::Cancelled => return Err(e),
                Err(e) => {
                    // One region's trouble is not the others': it runs on our own code, and is right.
                    let told = if target.has_device() || options.target_sm.is_some() { Level::Warning } else { Level::Info };
                    options.log.say(told, format_args!("region '{}' runs on own kernels: {}", region.name, e.message));
                    (Part { engine: None, state: format!("own kernels: {}", e.message) }, None)
                }
                Ok(done) => {
                    options.log.say(Level::Info, format_args!("region '{}': {}", region.name, done.0.state));
                    done
                }
            };
            parts.push(part);
            engines.push(engine);
        }
        let own = own_options(options)?;
        let log = options.log.clone();
        let compile: Compile = Arc::new(move |graph| own_code(graph, own, &log));
        let stages = stages(&partition.parts, engines, &compile)?;
        Ok(Build { partition: partition.clone(), stages, parts })
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> &[ValueInfo] {
        &self.partition.inputs
    }

    /// The outputs, in order.
    pub fn outputs(&self) -> &[ValueInfo] {
        &self.partition.outputs
    }

    /// Where a region runs and why, in one line; `None` when there is no such region.
    pub fn region_state(&self, region: usize) -> Option<&str> {
        self.parts.get(region).map(|p| p.state.as_str())
    }

    /// The engine of a region where it runs here.
    pub fn loaded(&self, region: usize) -> Option<&Loaded> {
        let region = self.partition.parts.regions.get(region)?;
        self.stages.iter().filter(|s| Arc::ptr_eq(&s.graph, &region.graph)).find_map(|s| s.engine())
    }

    /// The serialised engine of a region; `None` when it has none.
    pub fn engine(&self, region: usize) -> Option<&[u8]> {
        match self.loaded(region) {
            Some(loaded) => loaded.bytes().ok(),
            None => self.parts.get(region)?.engine.as_ref().map(|e| e.bytes()),
        }
    }

    /// Whether a region has an engine.
    pub fn has_engine(&self, region: usize) -> bool {
        self.loaded(region).is_some() || self.parts.get(region).is_some_and(|p| p.engine.is_some())
    }
}

/// Instruction set and threads of our own code.
fn own_options(options: &BuildOptions) -> Result<(Isa, usize)> {
    let isa = match &options.cpu_instruction_set {
        None => Isa::detect(),
        Some(name) => Isa::named(name).ok_or_else(|| {
            let known: Vec<&str> = Isa::available().iter().map(|i| i.name()).collect();
            Error::new(Code::BadOption, format!("cpu_instruction_set: this machine has {}, not '{name}'", known.join(", ")))
        })?,
    };
    Ok((isa, std::thread::available_parallelism().map_or(1, |n| n.get())))
}

/// Machine code for a graph; where there can be none, a warning and the reference.
fn own_code(graph: &Graph, (isa, threads): (Isa, usize), log: &Log) -> Result<Own> {
    let slow = |why: &str| log.say(Level::Warning, format_args!("{why}: runs on the slow reference"));
    let made = match staged::is_needed(graph) {
        true => Staged::new(graph, isa, threads).map(Own::Staged),
        false => kernels::compile(graph).and_then(|program| Compiled::new(program, isa, threads)).map(Own::Compiled),
    };
    match made {
        Ok(own) => {
            own.reference_nodes().iter().for_each(|n| slow(&format!("node '{}' ({}) has no kernel yet", n.name, n.op.name)));
            Ok(own)
        }
        Err(e) if matches!(e.code, Code::CpuCode | Code::NotImplemented) => {
            slow(&e.message);
            Ok(Own::Reference(e.message))
        }
        Err(e) => Err(e),
    }
}

/// The target as of now: the library may be another than at partition, the version must be the same.
fn target(partition: &Partition, options: &BuildOptions) -> Result<TensorRt> {
    let mut plan = partition.parts.options.clone();
    plan.version = Some(partition.planned().version);
    let mut target = TensorRt::plan(&options.library, &plan, &options.log)?;
    ensure!(
        !(plan.use_implicit_batch && options.engines.settings.version_compatible),
        BadOption,
        "option 'version_compatible': engines with an implicit batch cannot be; partition without use_implicit_batch"
    );
    options.precision.check(&target.rules.planned.capabilities, &partition.parts.graph, &options.log)?;
    target.precision = options.precision.clone();
    target.build = options.emit(plan.max_workspace_size);
    check_names(&partition.inputs, &options.engines.profiles)?;
    target.set_engines(&options.engines)?;
    Ok(target)
}

/// Builds a region's engine, and loads it where it can run here.
fn build_region(region: &Region, target: &TensorRt, partition: &Partition, options: &BuildOptions) -> Result<(Part, Option<Loaded>)> {
    let rtx = target.rules.planned.capabilities.flavour == Flavour::Rtx;
    ensure!(options.target_sm.is_none() || rtx, BadOption, "target_sm: only TensorRT for RTX builds for a GPU that is not there");
    let library = target.library.clone().map_err(|why| Error::new(Code::TensorRtNotFound, why))?;
    let device = target.build.device.filter(|_| options.target_sm.is_none());
    if device.is_none() && options.target_sm.is_none() {
        let why = Device::get(0).err().map_or_else(String::new, |e| format!(" ({})", e.message));
        fail!(Cuda, "there is no GPU to build for{why}; target_sm builds for one that is elsewhere");
    }
    let mut target = target.clone();
    target.build.profiles = profiles(region, &partition.symbols, &options.engines.profiles)?;
    let _current = device.map(|d| d.enter()).transpose()?;
    let engine = target.compile(region, &partition.parts.options)?;
    let state = |e: &dyn Engine| format!("engine of {}, {} bytes, {}", target.version().version, e.bytes().len(), e.note());
    let hindrance = options.engines.settings.hinders_running().or(device.is_none().then_some("it is for another GPU"));
    let (Some(device), None) = (device, hindrance) else {
        let state = format!("{}; run by own kernels: {}", state(&*engine), hindrance.unwrap_or_default());
        return Ok((Part { engine: Some(engine), state }, None));
    };
    let load =
        |e: &dyn Engine| Loaded::new(library, device, e.bytes(), &region.graph, target.build.profiles.clone(), Some(sink(&options.log)));
    let (engine, loaded) = match load(&*engine) {
        Ok(loaded) => (engine, loaded),
        // What the cache has kept may be of no use any more: it is built once more.
        Err(e) if engine.note() == "cached" => {
            options.log.say(Level::Warning, format_args!("region '{}': the cached engine cannot be loaded: {}", region.name, e.message));
            let engine = target.compile_anew(region)?;
            let loaded = load(&*engine)?;
            (engine, loaded)
        }
        Err(e) => return Err(e),
    };
    let state = format!("{}, on GPU {} ({})", state(&*engine), device.ordinal(), device.name());
    Ok((Part { engine: None, state }, Some(loaded)))
}
