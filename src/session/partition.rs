//! A model split between TensorRT and our own kernels, for given shapes.

use crate::network::capabilities::Capabilities;
use crate::partition::options::{Filter, FilterAnswer, FilterQuery, PartitionOptions as Plan, Planned};
use crate::partition::target::Target;
use crate::partition::{Partition as Parts, partition};
use crate::session::library::LibraryOptions;
use crate::session::log::{Level, Log};
use crate::session::model::Model;
use crate::session::plugins::check_known;
use crate::session::shapes::{InputSpec, SymbolRange, assign};
use crate::session::target::TensorRt;
use crate::session::value::{ValueInfo, inputs_of, outputs_of};
use crate::tensor::error::{Result, left_out};
use crate::transform::prepare;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The caller's say on a region after the built-in rules: names and operators of its nodes; false keeps it off TensorRT.
pub type RegionFilter = Arc<dyn Fn(&[(&str, &str)]) -> bool + Send + Sync>;

/// What a partition is asked for.
#[derive(Debug, Clone, Default)]
pub struct PartitionOptions {
    /// How to find TensorRT.
    pub library: LibraryOptions,
    /// What the partitioner is told.
    pub plan: Plan,
    /// What symbols may be.
    pub symbols: Vec<SymbolRange>,
    /// Libraries with plugins.
    pub plugins: Vec<PathBuf>,
    /// Where log lines go.
    pub log: Log,
}

/// A model split in parts.
pub struct Partition {
    /// The model.
    pub model: Arc<Model>,
    /// The inputs, with the shapes that the caller fixed.
    pub inputs: Vec<ValueInfo>,
    /// The outputs, with the shapes that follow.
    pub outputs: Vec<ValueInfo>,
    /// The parts; their graph has shapes fixed and constants folded.
    pub parts: Parts,
    /// What the caller said of symbols.
    pub symbols: Vec<SymbolRange>,
    target: TensorRt,
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partition").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl Partition {
    /// Splits `model` for these inputs.
    pub fn new(model: &Arc<Model>, specs: &[InputSpec], options: &PartitionOptions) -> Result<Partition> {
        if !cfg!(feature = "compiler") {
            return Err(left_out("compiler"));
        }
        let assignment = assign(&model.inputs, specs, &options.symbols)?;
        let graph = Arc::new(prepare(&model.graph, &assignment)?);
        let (inputs, outputs) = (inputs_of(&graph), outputs_of(&graph));
        let target = TensorRt::plan(&options.library, &options.plan, &options.log)?;
        if let Ok(library) = target.library {
            check_known(&graph, library, &options.plugins)?;
        }
        let parts = partition(graph, &target, &options.plan)?;
        let (offloaded, all, regions) = (parts.offloaded(), parts.graph.nodes.len(), parts.regions.len());
        let version = target.version().version;
        options.log.say(Level::Info, format_args!("{offloaded} of {all} nodes go to {version} in {regions} regions"));
        Ok(Partition { model: model.clone(), inputs, outputs, parts, symbols: options.symbols.clone(), target })
    }

    /// A partition that was decided before: `parts` are restored, `planned` is what they were decided for.
    pub fn restored(model: Arc<Model>, parts: Parts, symbols: Vec<SymbolRange>, planned: Planned) -> Partition {
        let (inputs, outputs) = (inputs_of(&parts.graph), outputs_of(&parts.graph));
        Partition { model, inputs, outputs, parts, symbols, target: TensorRt::planned(planned) }
    }

    /// What TensorRT of the version that is planned for can do.
    pub fn planned(&self) -> Capabilities {
        self.target.rules.planned.capabilities
    }

    /// For each node where it went and why, for people.
    pub fn explain_text(&self) -> String {
        self.parts.explain_text()
    }

    /// The same for programs.
    pub fn explain_json(&self) -> String {
        format!("{:#}", self.parts.explain_json())
    }

    /// Number of regions that are meant for TensorRT.
    pub fn region_count(&self) -> usize {
        self.parts.regions.len()
    }

    /// The graph of a region in the layout of TVM's JSON runtime; `None` when there is no such region.
    pub fn region_json(&self, region: usize) -> Result<Option<String>> {
        let region = self.parts.regions.get(region);
        region.map(|r| self.target.serialise(r, &self.parts.options)).transpose()
    }
}

/// The partitioner's form of a filter of regions.
pub fn plan_filter(filter: RegionFilter) -> Filter {
    Arc::new(move |query| match query {
        FilterQuery::Node(_) => FilterAnswer::yes(),
        FilterQuery::Region { region, .. } => {
            let nodes: Vec<_> = region.graph.nodes.iter().map(|n| (n.name.as_str(), n.op.name)).collect();
            if filter(&nodes) { FilterAnswer::yes() } else { FilterAnswer::no("the caller's filter keeps the region off") }
        }
    })
}
