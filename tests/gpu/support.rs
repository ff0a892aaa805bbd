//! The GPU and the library that these tests use, and building for them.

use std::sync::{Arc, Once};
use tvmtrt::cuda::device::Device;
use tvmtrt::ir::Graph;
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::view::NodeView;
use tvmtrt::network::capabilities::{Capabilities, Flavour};
use tvmtrt::network::check::check;
use tvmtrt::network::per_sample::planned;
use tvmtrt::partition::options::Planned;
use tvmtrt::partition::tensorrt_rules::TensorRtRules;
use tvmtrt::session::engine::Loaded;
use tvmtrt::tensor::dim::Bindings;
use tvmtrt::tensorrt::builder::Builder;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, build};
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::search::Search;

/// A GPU and a library that builds for it.
#[derive(Clone, Copy)]
pub struct Gpu {
    pub device: &'static Device,
    pub library: &'static Library,
    /// Networks with an implicit batch.
    pub implicit: bool,
}

/// What is here, or `None` with a printed SKIP. TensorRT keeps what it loads for a builder while there is one: one stays for good.
pub fn gpu() -> Option<Gpu> {
    static KEPT: Once = Once::new();
    let gpu = find()?;
    KEPT.call_once(|| {
        let _current = gpu.device.enter().unwrap();
        std::mem::forget(Builder::new(gpu.library, None).unwrap());
    });
    Some(gpu)
}

/// The same, without a builder that stays.
pub fn find() -> Option<Gpu> {
    let found = Device::get(0).map_err(|e| e.message).and_then(|device| {
        let library = Library::find(&Search::default()).map_err(|e| e.message)?;
        match library.release().flavour {
            Flavour::Full => Ok(Gpu { device, library, implicit: false }),
            Flavour::Rtx => Err(format!("{library:?} is not for this GPU")),
        }
    });
    match found {
        Ok(gpu) => Some(gpu),
        Err(why) => {
            let required = std::env::var("TVMTRT_REQUIRE").is_ok_and(|r| r.split(',').any(|t| t == "gpu"));
            assert!(!required, "a GPU with TensorRT is required: {why}");
            println!("SKIP gpu: {}", why.lines().next().unwrap_or(""));
            None
        }
    }
}

impl Gpu {
    /// What is planned for.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities { implicit_batch: self.implicit, ..self.library.capabilities() }
    }

    /// An engine of a graph, or why there is none; `Err(None)` where the rules refuse it.
    pub fn load(&self, graph: &Graph, at: &Bindings, options: Options) -> Result<Loaded, Option<String>> {
        let network = to_network(graph).map_err(|_| None)?;
        check(&network, &self.capabilities()).map_err(|_| None)?;
        let network = planned(network, &self.capabilities()).map_err(|r| Some(r.to_string()))?;
        let profiles = match at.is_empty() {
            true => Vec::new(),
            false => {
                let max: Bindings = at.iter().map(|(name, value)| (name.clone(), value * 2)).collect();
                vec![Range { min: at.clone(), opt: at.clone(), max }]
            }
        };
        let options = Options { profiles: profiles.clone(), ..options };
        let _current = self.device.enter().map_err(|e| Some(e.message))?;
        let plan = build(self.library, &network, &options).map_err(|e| Some(e.message))?;
        Loaded::new(self.library, self.device, &plan.engine, graph, profiles, None).map_err(|e| Some(e.message))
    }
}

/// Whether the rules accept every node of a graph for the library, and so the graph.
pub fn accepted(gpu: &Gpu, graph: &Graph) -> bool {
    let rules = rules(gpu);
    graph.node_ids().all(|id| rules.accepts(&NodeView::new(graph, id)).is_ok())
        && to_network(graph).is_ok_and(|n| check(&n, &gpu.capabilities()).is_ok())
}

/// The partitioner's rules for the library.
pub fn rules(gpu: &Gpu) -> TensorRtRules {
    TensorRtRules { planned: Planned { capabilities: gpu.capabilities(), source: "a test".into() } }
}

/// Fast builds; `TVMTRT_EFFORT` asks for more.
pub fn quick() -> Options {
    let effort = std::env::var("TVMTRT_EFFORT").ok().and_then(|e| e.parse().ok()).unwrap_or(0);
    Options { effort: Some(effort), ..Options::default() }
}

/// Shared ownership where an interface asks for it.
pub fn shared<T>(value: T) -> Arc<T> {
    Arc::new(value)
}
