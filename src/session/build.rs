//! A partition made ready to run: a TensorRT engine for each region that can have one, our own code for all else.

use crate::cpu::compiled::Compiled;
use crate::cpu::isa::Isa;
use crate::ensure;
use crate::ir::Graph;
use crate::kernels;
use crate::network::capabilities::Flavour;
use crate::partition::options::Offload;
use crate::partition::region::Region;
use crate::partition::target::{Engine, Target};
use crate::session::engines::EngineOptions;
use crate::session::library::LibraryOptions;
use crate::session::log::{Level, Log};
use crate::session::partition::Partition;
use crate::session::profiles::{check_names, profiles};
use crate::session::target::TensorRt;
use crate::session::value::ValueInfo;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::emit;
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
    engine: Option<Box<dyn Engine>>,
    state: String,
}

/// Our own code for the whole graph.
pub enum Own {
    /// Machine code.
    Compiled(Compiled),
    /// None can be made here, for the reason given: the reference runs the graph, slowly.
    Reference(String),
}

/// A partition made ready to run.
pub struct Build {
    /// The partition.
    pub partition: Arc<Partition>,
    /// What computes all that no engine runs.
    pub own: Own,
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
        let mut parts = Vec::new();
        for region in &partition.parts.regions {
            let target = target.as_ref().expect("made where there is a region");
            let part = match build_engine(region, target, partition, options) {
                Err(e) if demanded || e.code == Code::Cancelled => return Err(e),
                Err(e) => Part { engine: None, state: format!("own kernels: {}", e.message) },
                Ok(engine) => {
                    let (size, version, note) = (engine.bytes().len(), target.version().version, engine.note());
                    let state = format!("engine of {version}, {size} bytes, {note}; run by own kernels");
                    Part { engine: Some(engine), state }
                }
            };
            options.log.say(Level::Info, format_args!("region '{}': {}", region.name, part.state));
            parts.push(part);
        }
        let own = own_code(&partition.parts.graph, options)?;
        Ok(Build { partition: partition.clone(), own, parts })
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

    /// The serialised engine of a region; `None` when it has none.
    pub fn engine(&self, region: usize) -> Option<&[u8]> {
        self.parts.get(region)?.engine.as_ref().map(|e| e.bytes())
    }
}

/// Machine code for the whole graph; where there can be none, a warning and the reference.
fn own_code(graph: &Graph, options: &BuildOptions) -> Result<Own> {
    let isa = match &options.cpu_instruction_set {
        None => Isa::detect(),
        Some(name) => Isa::named(name).ok_or_else(|| {
            let known: Vec<&str> = Isa::available().iter().map(|i| i.name()).collect();
            Error::new(Code::BadOption, format!("cpu_instruction_set: this machine has {}, not '{name}'", known.join(", ")))
        })?,
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let compiled = kernels::compile(graph).and_then(|program| Compiled::new(program, isa, threads));
    let slow = |why: &str| options.log.say(Level::Warning, format_args!("{why}: runs on the slow reference"));
    match compiled {
        Ok(compiled) => {
            compiled.program().reference_nodes().for_each(|n| slow(&format!("node '{}' ({}) has no kernel yet", n.name, n.op.name)));
            Ok(Own::Compiled(compiled))
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
    target.build = options.emit(plan.max_workspace_size);
    check_names(&partition.inputs, &options.engines.profiles)?;
    target.set_engines(&options.engines)?;
    Ok(target)
}

fn build_engine(region: &Region, target: &TensorRt, partition: &Partition, options: &BuildOptions) -> Result<Box<dyn Engine>> {
    let here = options.target_sm.is_some() || target.has_device();
    ensure!(here, Cuda, "there is no GPU to build for; the option target_sm builds for one that is elsewhere");
    let rtx = target.rules.planned.capabilities.flavour == Flavour::Rtx;
    ensure!(options.target_sm.is_none() || rtx, BadOption, "target_sm: only TensorRT for RTX builds for a GPU that is not there");
    let mut target = target.clone();
    target.build.profiles = profiles(region, &partition.symbols, &options.engines.profiles)?;
    target.compile(region, &partition.parts.options)
}
