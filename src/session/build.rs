//! A partition made ready to run: a TensorRT engine for each region that can have one, our own code for all else.

use crate::cpu::compiled::Compiled;
use crate::cpu::isa::Isa;
use crate::cpu::staged::{self, Staged};
use crate::ensure;
use crate::ir::Graph;
use crate::kernels;
use crate::network::capabilities::Flavour;
use crate::partition::options::Offload;
use crate::partition::region::Region;
use crate::partition::target::{Engine, Target};
use crate::session::library::{LibraryOptions, sink};
use crate::session::log::{Level, Log};
use crate::session::partition::Partition;
use crate::session::precision::Request;
use crate::session::shapes::SymbolRange;
use crate::session::target::TensorRt;
use crate::session::value::ValueInfo;
use crate::tensor::dim::{Bindings, Symbol};
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::config::Range;
use crate::tensorrt::emit;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What a build is asked for.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// How to find TensorRT.
    pub library: LibraryOptions,
    /// Workspace of an engine in bytes; `None` keeps the partition's.
    pub max_workspace_size: Option<u64>,
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

/// What became of a region.
struct Part {
    engine: Option<Box<dyn Engine>>,
    state: String,
}

/// Our own code for the whole graph.
pub enum Own {
    /// Machine code.
    Compiled(Compiled),
    /// Machine code in pieces, where extents depend on data or nodes have graphs inside.
    Staged(Staged),
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
                Err(e) if demanded => return Err(e),
                Err(e) => Part { engine: None, state: format!("own kernels: {}", e.message) },
                Ok(engine) => {
                    let (size, version) = (engine.bytes().len(), target.version().version);
                    Part { engine: Some(engine), state: format!("engine of {version}, {size} bytes; run by own kernels") }
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
    let slow = |why: &str| options.log.say(Level::Warning, format_args!("{why}: runs on the slow reference"));
    if staged::is_needed(graph) {
        match Staged::new(graph, isa, threads) {
            Ok(staged) => {
                staged.reference_nodes().iter().for_each(|n| slow(&format!("node '{}' ({}) has no kernel yet", n.name, n.op.name)));
                return Ok(Own::Staged(staged));
            }
            Err(e) if matches!(e.code, Code::CpuCode | Code::NotImplemented) => {
                slow(&e.message);
                return Ok(Own::Reference(e.message));
            }
            Err(e) => return Err(e),
        }
    }
    let compiled = kernels::compile(graph).and_then(|program| Compiled::new(program, isa, threads));
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
    options.precision.check(&target.rules.planned.capabilities, &partition.parts.graph, &options.log)?;
    target.precision = options.precision.clone();
    target.build = emit::Options {
        workspace: Some(options.max_workspace_size.unwrap_or(plan.max_workspace_size)),
        effort: Some(options.optimization_level as i32),
        compute_capabilities: options.target_sm.into_iter().collect(),
        log: Some(sink(&options.log)),
        ..emit::Options::default()
    };
    Ok(target)
}

fn build_engine(region: &Region, target: &TensorRt, partition: &Partition, options: &BuildOptions) -> Result<Box<dyn Engine>> {
    let here = options.target_sm.is_some() || target.has_device();
    ensure!(here, Cuda, "there is no GPU to build for; the option target_sm builds for one that is elsewhere");
    let rtx = target.rules.planned.capabilities.flavour == Flavour::Rtx;
    ensure!(options.target_sm.is_none() || rtx, BadOption, "target_sm: only TensorRT for RTX builds for a GPU that is not there");
    let mut target = target.clone();
    target.build.profiles = profile(region, &partition.symbols)?.into_iter().collect();
    target.compile(region, &partition.parts.options)
}

/// The range of symbols that a region's inputs have; `None` where all their extents are fixed.
fn profile(region: &Region, said: &[SymbolRange]) -> Result<Option<Range<Bindings>>> {
    let mut symbols = BTreeSet::new();
    let inputs = region.graph.inputs.iter().map(|v| region.graph.fact(*v));
    inputs.flat_map(|f| &f.shape).for_each(|d| d.collect_symbols(&mut symbols));
    let mut range = Range { min: Bindings::new(), opt: Bindings::new(), max: Bindings::new() };
    for Symbol { name, min, max } in &symbols {
        ensure!(
            *max < i64::from(i32::MAX),
            BadOption,
            "an engine needs bounds on '{name}'; give the option symbols, such as {name}=1..8, or the input's whole shape"
        );
        let opt = said.iter().find(|s| *s.name == **name).and_then(|s| s.opt).unwrap_or(*max);
        range.min.insert(name.clone(), (*min).max(1));
        range.opt.insert(name.clone(), opt);
        range.max.insert(name.clone(), *max);
    }
    raise(region, &mut range)?;
    Ok((!symbols.is_empty()).then_some(range))
}

/// Raises the smallest values until no tensor of the region is empty: smaller ones run on our own code.
fn raise(region: &Region, range: &mut Range<Bindings>) -> Result<()> {
    let dims = || region.graph.values.iter().flat_map(|v| &v.fact.shape).filter(|d| d.as_const().is_none());
    while let Some(empty) = dims().find(|d| d.eval(&range.min).is_some_and(|v| v < 1)) {
        let mut symbols = BTreeSet::new();
        empty.collect_symbols(&mut symbols);
        let mut raised = false;
        for Symbol { name, .. } in &symbols {
            let (low, high) = (range.min[name], range.max[name]);
            raised |= low < high;
            range.min.insert(name.clone(), (low + 1).min(high));
        }
        ensure!(raised, BadOption, "region '{}': the extent {empty} is 0 at the largest values of its symbols", region.name);
    }
    for (name, min) in &range.min {
        let opt = range.opt[name].max(*min);
        range.opt.insert(name.clone(), opt);
    }
    Ok(())
}
