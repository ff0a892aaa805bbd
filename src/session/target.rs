//! TensorRT as the partitioner's target: its rules for the version that is planned for, and engines by the library that was found.

use crate::fail;
use crate::ir::convert::to_network;
use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId};
use crate::network::capabilities::{Capabilities, Flavour, Version};
use crate::network::refusal::Accepted;
use crate::partition::options::{Found, Offload, PartitionOptions};
use crate::partition::region::Region;
use crate::partition::target::{Engine, Target, TargetVersion};
use crate::partition::tensorrt_rules::TensorRtRules;
use crate::session::library::{LibraryOptions, search};
use crate::session::log::Log;
use crate::session::precision::Request;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensorrt::abi::VERSIONS;
use crate::tensorrt::abi::version::Release;
use crate::tensorrt::emit;
use crate::tensorrt::library::Library;
use std::path::Path;

/// TensorRT: rules, and a library where there is one that fits them.
#[derive(Clone)]
pub struct TensorRt {
    /// The rules, and the version that they are for.
    pub rules: TensorRtRules,
    /// The library that can build, or why there is none.
    pub library: std::result::Result<&'static Library, String>,
    /// What a build is told; set before [`Target::compile`].
    pub build: emit::Options,
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
        let rules = TensorRtRules { planned };
        Ok(TensorRt { rules, library, build: emit::Options::default(), precision: Request::default(), log: log.clone() })
    }

    /// True where there is a GPU to build for, as far as its driver's files tell.
    pub fn has_device(&self) -> bool {
        ["/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/dxg"].iter().any(|file| Path::new(file).exists())
    }
}

/// A library that can build, or why there is none.
fn open(options: &LibraryOptions, log: &Log) -> std::result::Result<&'static Library, String> {
    match search(options, log).library {
        Some(library) if library.can_build() => Ok(library),
        Some(library) => Err(format!("{library:?} can run engines but not build them")),
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
        let library = self.library.clone().map_err(|why| Error::new(Code::TensorRtNotFound, why))?;
        let graph = self.precision.apply(&region.graph, &self.rules, &self.log)?;
        let network = to_network(&graph).map_err(|r| Error::new(Code::Internal, format!("an accepted region is refused: {r}")));
        let plan = emit::build(library, &network?, &self.build).context(|| format!("region '{}'", region.name))?;
        Ok(Box::new(Plan(plan)))
    }
}

/// A serialised engine.
struct Plan(emit::Plan);

impl Engine for Plan {
    fn bytes(&self) -> &[u8] {
        &self.0.engine
    }

    fn run(&self, _: &[Tensor]) -> Result<Vec<Tensor>> {
        fail!(NotImplemented, "engines cannot be run yet")
    }
}
