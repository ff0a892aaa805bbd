//! A partition made ready to run: a TensorRT engine for each region that can have one, our own code for all else.

use crate::cpu::compiled::Compiled;
use crate::cpu::isa::Isa;
use crate::cpu::staged::{self, Staged};
use crate::cuda::device::Device;
use crate::ir::Graph;
use crate::kernels;
use crate::partition::options::Offload;
use crate::partition::target::Engine;
use crate::session::engine::Loaded;
use crate::session::engines::EngineOptions;
use crate::session::library::LibraryOptions;
use crate::session::log::{Level, Log};
use crate::session::make::Maker;
use crate::session::partition::Partition;
use crate::session::plugins;
use crate::session::precision::Request;
use crate::session::profiles::check_names;
use crate::session::slot::{Slot, When};
use crate::session::stages::{Compile, Own, Stage, stages};
use crate::session::stored::{Stored, Tag};
use crate::session::target::TensorRt;
use crate::session::value::ValueInfo;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::builder::Keep;
use crate::tensorrt::emit;
use crate::transform::precision::ranges::Ranges;
use crate::{ensure, fail};
use bytes::Bytes;
use std::fmt;
use std::sync::{Arc, OnceLock};

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
    /// Engines that run here; `None` where there can be none.
    slot: Option<Arc<Slot<Loaded>>>,
    /// An engine for a GPU that is elsewhere.
    engine: Option<(Tag, Box<dyn Engine>)>,
    /// Engines that were built earlier, wherever they run.
    stored: Vec<Stored>,
    /// The engine whose bytes were asked for: they live as long as the build.
    taken: OnceLock<Arc<Loaded>>,
    state: String,
}

impl Part {
    fn new(slot: Option<Slot<Loaded>>, engine: Option<(Tag, Box<dyn Engine>)>, state: String) -> Part {
        Part { slot: slot.map(Arc::new), engine, stored: Vec::new(), taken: OnceLock::new(), state }
    }

    fn state(&self) -> String {
        self.slot.as_ref().map_or_else(|| self.state.clone(), |s| s.state())
    }
}

/// A partition made ready to run.
pub struct Build {
    /// The partition.
    pub partition: Arc<Partition>,
    /// What a run does, in order.
    pub stages: Vec<Stage>,
    /// The GPU that its engines run on, where regions have or may get some.
    pub device: Option<&'static Device>,
    /// The table of ranges that int8 engines are built with.
    pub ranges: Option<Arc<Ranges>>,
    parts: Vec<Part>,
}

impl fmt::Debug for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts.iter().map(Part::state)).finish()
    }
}

impl Build {
    /// Builds every region of `partition`. Where TensorRT cannot, that is an error only if offload is on.
    pub fn new(partition: &Arc<Partition>, options: &BuildOptions) -> Result<Build> {
        let build = Build::with(partition, options, Vec::new())?;
        build.compile()?;
        Ok(build)
    }

    /// The same with engines that were built earlier: a list for each region. Our own code is left to [`Build::compile`].
    pub fn with(partition: &Arc<Partition>, options: &BuildOptions, stored: Vec<Vec<Stored>>) -> Result<Build> {
        plugins::check_offloaded(&partition.parts)?;
        let demanded = partition.parts.options.offload == Offload::On;
        let keep = Arc::new(Keep::default());
        // A library takes longer to open than all else where nothing is to be built or loaded.
        let idle = options.engines.when == When::Never && stored.iter().all(Vec::is_empty);
        let target = match partition.region_count() {
            0 => None,
            _ if idle => None,
            _ => Some(target(partition, options, &keep, stored.iter().flatten().any(|s| s.tag.version_compatible))?),
        };
        let (mut parts, mut device) = (Vec::new(), None);
        let mut stored = stored.into_iter();
        for i in 0..partition.region_count() {
            let region = &partition.parts.regions[i];
            let (only, stored) = (plugins::without_code(&region.graph).is_some(), stored.next().unwrap_or_default());
            let part = match &target {
                None => {
                    Err(Error::new(Code::TensorRtUnsupported, "it has no engine, and engine_build does not say that one is to be built"))
                }
                Some(target) => Maker::new(partition, i, target, options).and_then(|maker| {
                    device = device.or(maker.device().ok());
                    part(maker, options, demanded || only, &stored)
                }),
            };
            let part = match part {
                Err(e) if demanded || e.code == Code::Cancelled => return Err(e),
                Err(e) if only => {
                    return Err(e.context(format!("region '{}' has no code but TensorRT's", region.name)));
                }
                Err(e) => {
                    // One region's trouble is not the others': it runs on our own code, and is right.
                    let expected = target.as_ref().is_some_and(TensorRt::has_device) || options.target_sm.is_some() || !stored.is_empty();
                    let told = if expected { Level::Warning } else { Level::Info };
                    options.log.say(told, format_args!("region '{}' runs on own kernels: {}", region.name, e.message));
                    Part::new(None, None, format!("own kernels: {}", e.message))
                }
                Ok(part) => part,
            };
            parts.push(Part { stored, ..part });
        }
        let own = own_options(options)?;
        let log = options.log.clone();
        let compile: Compile = Arc::new(move |graph| own_code(graph, own, &log));
        let stages = stages(&partition.parts, parts.iter().map(|p| p.slot.clone()).collect(), &compile);
        Ok(Build { partition: partition.clone(), stages, device, ranges: options.precision.ranges.clone(), parts })
    }

    /// Makes our own code for all that no engine computes, unless it is there.
    pub fn compile(&self) -> Result<()> {
        self.stages.iter().filter(|s| s.slot().is_none()).try_for_each(|s| s.own().map(drop))
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
    pub fn region_state(&self, region: usize) -> Option<String> {
        self.parts.get(region).map(Part::state)
    }

    /// The engine of a region where it runs here; of several the one made last.
    pub fn loaded(&self, region: usize) -> Option<Arc<Loaded>> {
        self.parts.get(region)?.slot.as_ref()?.newest()
    }

    /// The serialised engine of a region; `None` while it has none. Of engines that come and go it is the one that was there when this was
    /// first asked.
    pub fn engine(&self, region: usize) -> Option<&[u8]> {
        let part = self.parts.get(region)?;
        if let (None, Some(newest)) = (part.taken.get(), self.loaded(region)) {
            let _ = part.taken.set(newest);
        }
        match part.taken.get() {
            Some(loaded) => loaded.bytes().ok(),
            None => part.engine.as_ref().map(|(_, e)| e.bytes()).or(part.stored.last().map(|s| &s.bytes[..])),
        }
    }

    /// All engines of a region as they can be kept, those that do not run here too.
    pub fn engines(&self, region: usize) -> Result<Vec<Stored>> {
        let Some(part) = self.parts.get(region) else { return Ok(Vec::new()) };
        let mut all = part.stored.clone();
        let mut add = |tag: &Tag, bytes: &[u8]| {
            if all.iter().all(|s| s.tag != *tag) {
                all.push(Stored { tag: tag.clone(), bytes: Bytes::copy_from_slice(bytes) });
            }
        };
        for loaded in part.slot.iter().flat_map(|s| s.engines().0) {
            if let Some(tag) = loaded.tag() {
                add(tag, loaded.bytes()?);
            }
        }
        if let Some((tag, engine)) = &part.engine {
            add(tag, engine.bytes());
        }
        Ok(all)
    }

    /// Whether a region has an engine.
    pub fn has_engine(&self, region: usize) -> bool {
        self.loaded(region).is_some() || self.parts.get(region).is_some_and(|p| p.engine.is_some() || !p.stored.is_empty())
    }
}

/// The engines of a region, those that are made ahead made. What cannot run here is built now: no run would ask for it.
fn part(maker: Maker, options: &BuildOptions, demanded: bool, stored: &[Stored]) -> Result<Part> {
    let (engines, name) = (&options.engines, maker.region().name.clone());
    if let Err(why) = maker.device() {
        ensure!(engines.when != When::Never, TensorRtUnsupported, "{why}, and nothing is to be built here");
        let Some(largest) = maker.ahead()?.pop() else { fail!(Internal, "nothing to build") };
        let (tag, engine, state) = maker.export(largest)?;
        options.log.say(Level::Info, format_args!("region '{name}': {state}"));
        return Ok(Part::new(None, Some((tag, engine)), state));
    }
    let mut adopted = Vec::new();
    for engine in stored {
        match maker.adopt(engine) {
            Ok((loaded, text)) => adopted.push((engine.tag.wanted, loaded, text)),
            Err(e) => {
                options.log.say(Level::Warning, format_args!("region '{name}': an {} cannot run here: {}", engine.tag.text(), e.message))
            }
        }
    }
    ensure!(
        !adopted.is_empty() || engines.when != When::Never,
        TensorRtUnsupported,
        "none of its {} engines can run here, and engine_build does not say that one is to be built",
        stored.len()
    );
    let ahead = if engines.when == When::Ahead { maker.ahead()? } else { Vec::new() };
    let (symbol, batches) = (maker.batch.as_ref().map(|b| b.name.clone()), engines.batches);
    let mut slot = Slot::new(&name, batches, symbol, engines.when, Box::new(move |wanted| maker.load(wanted)), &options.log);
    slot.demanded = demanded;
    adopted.into_iter().for_each(|(wanted, engine, text)| slot.put(wanted, engine, text));
    for wanted in ahead {
        match slot.settle(wanted) {
            Err(e) if demanded || e.code == Code::Cancelled || slot.newest().is_none() => return Err(e),
            Err(e) => options.log.say(Level::Warning, format_args!("region '{name}': {}", e.message)),
            Ok(()) => {}
        }
    }
    Ok(Part::new(Some(slot), None, String::new()))
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
    if let Some(why) = plugins::without_code(graph) {
        return Ok(Own::Reference(why));
    }
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

/// The target as of now: the library may be another than at partition, the version must be the same. Only where there are engines that
/// later versions can run (`lasting`), it may be one of those.
fn target(partition: &Partition, options: &BuildOptions, keep: &Arc<Keep>, lasting: bool) -> Result<TensorRt> {
    let mut plan = partition.parts.options.clone();
    plan.version = Some(partition.planned().version).filter(|_| !lasting);
    let mut target = TensorRt::plan(&options.library, &plan, &options.log)?;
    ensure!(
        !(plan.use_implicit_batch && options.engines.settings.version_compatible),
        BadOption,
        "option 'version_compatible': engines with an implicit batch cannot be; partition without use_implicit_batch"
    );
    options.precision.check(&target.rules.planned.capabilities, &partition.parts.graph, &options.log)?;
    target.precision = options.precision.clone();
    target.build = emit::Options { keep: Arc::downgrade(keep), ..options.emit(plan.max_workspace_size) };
    check_names(&partition.inputs, &options.engines.profiles)?;
    target.set_engines(&options.engines)?;
    Ok(target)
}
