//! TensorRT as the partitioner's target: its rules for the version that is planned for, and engines by the library that was found.

use crate::cuda::device::Device;
use crate::ir::convert::to_network;
use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId};
use crate::network::capabilities::{Capabilities, Flavour, Version};
use crate::network::refusal::Accepted;
use crate::network::{Network, per_sample};
use crate::partition::options::{Found, Offload, PartitionOptions, Planned};
use crate::partition::region::Region;
use crate::partition::target::{Engine, Target, TargetVersion};
use crate::partition::tensorrt_rules::TensorRtRules;
use crate::session::dump::Dump;
use crate::session::engine::{Loaded, run_once};
use crate::session::engines::EngineOptions;
use crate::session::library::{LibraryOptions, search};
use crate::session::log::{Level, Log};
use crate::session::precision::Request;
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Context, Error, Result, left_out};
use crate::tensor::host::Tensor;
use crate::tensorrt::abi::VERSIONS;
use crate::tensorrt::abi::version::Release;
use crate::tensorrt::cache::{Cache, Key, Origin};
use crate::tensorrt::config::Range;
use crate::tensorrt::emit;
use crate::tensorrt::key::{self, Place, other_weights};
use crate::tensorrt::library::Library;
use crate::tensorrt::refit::refit;
use crate::{ensure, fail};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;

/// TensorRT: rules, and a library where there is one that fits them.
#[derive(Clone)]
pub struct TensorRt {
    /// The rules, and the version that they are for.
    pub rules: TensorRtRules,
    /// The library, or why there is none.
    pub library: std::result::Result<&'static Library, String>,
    /// What a build is told; set before [`Target::compile`].
    pub build: emit::Options,
    /// Where engines are kept and who watches; set before [`Target::compile`].
    pub engines: EngineOptions,
    /// What engines compute in; set before [`Target::compile`].
    pub precision: Request,
    /// Where log lines go.
    pub log: Log,
}

impl TensorRt {
    /// Plans for the version that the options name, else for the library that is found, else for the newest that is known.
    pub fn plan(library: &LibraryOptions, options: &PartitionOptions, log: &Log) -> Result<TensorRt> {
        let opened = match options.offload {
            Offload::Off => Err("offload is off".to_string()),
            _ => open(library, log),
        };
        let found = opened.as_ref().ok().map(|l| {
            let Release { flavour, version } = l.release();
            Found { flavour, version, place: l.path().display().to_string() }
        });
        let planned = options.plan(found.as_ref(), newest())?;
        let Capabilities { flavour, version, .. } = planned.capabilities;
        // Patches of one minor version have one interface.
        let fits = |r: Release| r.flavour == flavour && (r.version.major, r.version.minor) == (version.major, version.minor);
        let library = opened.and_then(|l| match fits(l.release()) {
            true => Ok(l),
            false => Err(format!("the plan is for {flavour} {version}, but the library found is {l:?}")),
        });
        let (build, engines, precision) = (emit::Options::default(), EngineOptions::default(), Request::default());
        Ok(TensorRt { rules: TensorRtRules { planned }, library, build, engines, precision, log: log.clone() })
    }

    /// For looking at a plan that was made before. No library is looked for.
    pub fn planned(planned: Planned) -> TensorRt {
        let (build, engines, precision) = (emit::Options::default(), EngineOptions::default(), Request::default());
        let library = Err("this is a plan that was made before".to_string());
        TensorRt { rules: TensorRtRules { planned }, library, build, engines, precision, log: Log::default() }
    }

    /// Takes what the caller says of engines. A choice that the library lacks is an error that names it.
    pub fn set_engines(&mut self, engines: &EngineOptions) -> Result<()> {
        self.engines = engines.clone();
        match &self.library {
            Ok(library) => engines.fill(&mut self.build, library, &self.log),
            Err(_) => Ok(()),
        }
    }

    /// True where there is a GPU to build for.
    pub fn has_device(&self) -> bool {
        self.build.device.is_some()
    }

    /// As [`Target::compile`], but built now whatever is in the cache, and put there: for an engine of the cache that TensorRT does not
    /// take.
    pub fn compile_anew(&self, region: &Region) -> Result<Box<dyn Engine>> {
        self.compile_region(region, true)
    }

    fn compile_region(&self, region: &Region, anew: bool) -> Result<Box<dyn Engine>> {
        if !cfg!(feature = "compiler") {
            return Err(left_out("compiler"));
        }
        let library = self.library.clone().map_err(|why| Error::new(Code::TensorRtNotFound, why))?;
        let graph = self.precision.apply(&region.graph, &self.rules, &self.log)?;
        let network = to_network(&graph).and_then(|n| per_sample::planned(n, &self.rules.planned.capabilities));
        let network = network.map_err(|r| Error::new(Code::Internal, format!("an accepted region is refused: {r}")));
        let plan = self.make(library, region, &network?, anew).context(|| format!("region '{}'", region.name))?;
        Ok(Box::new(plan))
    }

    /// The engine of a region, from the cache or built now. `anew`: not from the cache, whose engine TensorRT does not take.
    fn make(&self, library: &'static Library, region: &Region, network: &Network, anew: bool) -> Result<Plan> {
        let mut options = self.build.clone();
        if let Some(watch) = self.engines.watch.clone() {
            let region = region.name.clone();
            options.progress = Some(Arc::new(move |phase, done, all| watch(&region, phase, done, all)));
        }
        let dump = self.engines.dump.as_ref().map(|folder| Dump::new(folder, &region.name, &self.log));
        if let Some(dump) = &dump {
            options.log = Some(dump.listen(options.log.take()));
            dump.write("network.txt", network.to_string().as_bytes());
        }
        let (start, mut refitted) = (Instant::now(), false);
        let mut build = || {
            ensure!(library.can_build(), TensorRtUnsupported, "{library:?} can only run engines, and this one is not in engine_cache");
            emit::build(library, network, &options).map(|plan| plan.engine)
        };
        let made = match self.engines.cache(&region.name, &self.log) {
            None => build().map(|engine| (engine, Origin::Built)),
            Some(cache) => Place::of(library, &options).and_then(|place| {
                let key = key::engine(network, &options, &place)?;
                if let Some(dump) = &dump {
                    dump.write("key.txt", key.text().as_bytes());
                }
                if anew {
                    return cache.build_anew(&key, &mut build);
                }
                cache.get_or_build(&key, &mut || match self.refit(library, network, &options, &cache, &key) {
                    Some(engine) => {
                        refitted = true;
                        Ok(engine)
                    }
                    None => build(),
                })
            }),
        };
        if let Some(dump) = &dump {
            dump.finish(library, made.as_ref().map(|(engine, _)| &engine[..]).map_err(Clone::clone));
        }
        let (engine, origin) = made?;
        let note = match origin {
            Origin::Cached => "cached".to_string(),
            Origin::Built if refitted => format!("{REFITTED} in {:.1} s", start.elapsed().as_secs_f64()),
            Origin::Built => format!("built in {:.1} s", start.elapsed().as_secs_f64()),
        };
        let (graph, profiles, device) = (region.graph.clone(), options.profiles, options.device);
        Ok(Plan { engine, note, hindrance: options.settings.hinders_running(), library, graph, profiles, device })
    }
}

impl TensorRt {
    /// An engine of the cache that differs from this one in its weights alone, with this one's weights; none where there is none, or
    /// where TensorRT cannot change it: then it is built.
    fn refit(&self, library: &'static Library, network: &Network, options: &emit::Options, cache: &Cache, key: &Key) -> Option<Bytes> {
        let device = options.device.filter(|_| options.settings.hinders_running().is_none())?;
        let (theirs, plan) = cache.find(&|other| other_weights(key.text(), other).is_some())?;
        let differ = other_weights(key.text(), &theirs)?;
        match refit(library, device, &plan, network, &differ, options.log.clone()) {
            Ok(engine) => Some(engine),
            Err(e) => {
                let name = &network.name;
                self.log
                    .say(Level::Info, format_args!("'{name}': an engine of the cache cannot be refitted, so one is built: {}", e.message));
                None
            }
        }
    }
}

/// What the note of an engine begins with that was made from another by changing its weights.
pub const REFITTED: &str = "refitted";

/// The library, or why there is none. One that can only run engines serves where the cache has them.
fn open(options: &LibraryOptions, log: &Log) -> std::result::Result<&'static Library, String> {
    match search(options, log).library {
        Some(library) => {
            if !library.can_build() {
                log.say(Level::Info, format_args!("{library:?} can only run engines: those of engine_cache are used"));
            }
            Ok(library)
        }
        None => Err("no TensorRT library is found; tvmtrt_tensorrt_info says where it was looked for".to_string()),
    }
}

/// The newest TensorRT that has a table.
fn newest() -> Version {
    let full = VERSIONS.iter().filter(|r| r.flavour == Flavour::Full).map(|r| r.version);
    full.max().unwrap_or(Version::new(10, 0, 0))
}

impl Target for TensorRt {
    fn name(&self) -> &str {
        TensorRtRules::NAME
    }

    fn version(&self) -> TargetVersion {
        self.rules.version()
    }

    fn unavailable(&self) -> Option<String> {
        self.library.as_ref().err().cloned()
    }

    fn accepts(&self, node: &NodeView) -> Accepted<()> {
        self.rules.accepts(node)
    }

    fn valid_region(&self, graph: &Graph, nodes: &[NodeId]) -> Accepted<()> {
        self.rules.valid_region(graph, nodes)
    }

    fn serialise(&self, region: &Region, options: &PartitionOptions) -> Result<String> {
        self.rules.serialise(region, options)
    }

    fn compile(&self, region: &Region, _: &PartitionOptions) -> Result<Box<dyn Engine>> {
        self.compile_region(region, false)
    }
}

/// A serialised engine.
struct Plan {
    engine: Bytes,
    note: String,
    /// Why it cannot run as it is, if so.
    hindrance: Option<&'static str>,
    library: &'static Library,
    graph: Arc<Graph>,
    profiles: Vec<Range<Bindings>>,
    device: Option<&'static Device>,
}

impl Engine for Plan {
    fn bytes(&self) -> &[u8] {
        &self.engine
    }

    fn note(&self) -> &str {
        &self.note
    }

    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        if let Some(why) = self.hindrance {
            fail!(NotImplemented, "the engine cannot be run: {why}");
        }
        let Some(device) = self.device else { fail!(Cuda, "the engine was built for a GPU that is not here") };
        let loaded = Loaded::new(self.library, device, &self.engine, &self.graph, self.profiles.clone(), None)?;
        run_once(&loaded, inputs)
    }
}
