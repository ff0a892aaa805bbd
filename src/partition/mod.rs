//! Splits a graph between a target, such as TensorRT, and the default side: which nodes the target takes, in which regions, and why
//! not the others. Knows targets only by [`target::Target`] and never how a region is built.
//!
//! Stages: [`annotate`] judges nodes, [`grow`] joins them, [`prune`] drops regions not worth having, [`region`] cuts them out,
//! [`explain`] and [`picture`] tell. None recurses; time is linear in the size of the graph.

pub mod annotate;
pub mod explain;
mod explain_text;
pub mod grow;
pub mod links;
pub mod macs;
pub mod options;
pub mod picture;
pub mod prune;
pub mod region;
pub mod restore;
pub mod rules;
pub mod target;
mod tensorrt_extents;
pub mod tensorrt_rules;
pub mod tensorrt_since;
pub mod tvm_json;
pub mod tvm_json_read;

use crate::fail;
use crate::ir::{Graph, NodeId};
use crate::partition::annotate::Verdict;
use crate::partition::links::Links;
use crate::partition::options::{FilterAnswer, Offload, PartitionOptions};
use crate::partition::region::{Region, Step};
use crate::partition::target::{Target, TargetVersion};
use crate::tensor::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A graph and its regions. Immutable; share it by reference count.
#[derive(Debug)]
pub struct Partition {
    /// The whole graph.
    pub graph: Arc<Graph>,
    /// The target's name.
    pub target: String,
    /// The target's version.
    pub version: TargetVersion,
    /// Why the target cannot build here, if so: its regions then run on our own kernels.
    pub unavailable: Option<String>,
    /// The options used.
    pub options: PartitionOptions,
    /// The regions, in an order in which they can run.
    pub regions: Vec<Region>,
    /// For each region, the caller's answer, where asked.
    pub region_filter: Vec<Option<FilterAnswer>>,
    /// For each node, the region that it is in.
    pub region_of: Vec<Option<u32>>,
    /// For each node, what spoke against offloading.
    pub verdicts: Vec<Verdict>,
    /// Regions and nodes of the default side, in the order they run.
    pub steps: Vec<Step>,
    /// What in the options fits nothing in the graph.
    pub notes: Vec<String>,
}

/// Splits `graph` between `target` and the default side.
pub fn partition(graph: Arc<Graph>, target: &dyn Target, options: &PartitionOptions) -> Result<Partition> {
    let links = Links::new(&graph);
    let mut verdicts = annotate::annotate(&graph, &links, target, options);
    let groups = prune::choose(&graph, &links, target, options, &mut verdicts);
    let region_of = region::owners(&graph, &groups);
    let steps = region::order(&graph, &links, &groups, &region_of)?;
    let regions = region::extract(&graph, &links, &groups, &region_of, target.name());
    let notes = annotate::notes(&graph, options);
    let region_filter = groups.into_iter().map(|g| g.filter).collect();
    let (version, unavailable, options) = (target.version(), target.unavailable(), options.clone());
    let target = target.name().to_string();
    let result = Partition { graph, target, version, unavailable, options, regions, region_filter, region_of, verdicts, steps, notes };
    result.check_demand()?;
    Ok(result)
}

impl Partition {
    /// What became of each node and why, as JSON; the layout is documented in [`explain`].
    pub fn explain_json(&self) -> serde_json::Value {
        explain::json(self)
    }

    /// What became of the nodes and why, for a person.
    pub fn explain_text(&self) -> String {
        explain_text::text(self)
    }

    /// The same as a graph for graphviz.
    pub fn explain_dot(&self) -> String {
        picture::dot::dot(self)
    }

    /// The same as a picture for a browser.
    pub fn explain_svg(&self) -> String {
        picture::svg::svg(self)
    }

    /// The region that a node is in.
    pub fn region(&self, node: NodeId) -> Option<&Region> {
        self.region_of[node.0 as usize].map(|r| &self.regions[r as usize])
    }

    /// Nodes that are in regions.
    pub fn offloaded(&self) -> usize {
        self.region_of.iter().flatten().count()
    }

    /// With offload on there must be a region and something that can build it.
    fn check_demand(&self) -> Result<()> {
        if self.options.offload != Offload::On {
            return Ok(());
        }
        if let Some(why) = &self.unavailable {
            fail!(OffloadImpossible, "offload is on but {} cannot build here: {why}; or set offload to default", self.target);
        }
        if self.regions.is_empty() {
            fail!(OffloadImpossible, "offload is on but no node of '{}' can go to {}: {}", self.graph.name, self.target, self.hints());
        }
        Ok(())
    }

    /// The commonest refusals with what would lift them.
    fn hints(&self) -> String {
        let mut rules: BTreeMap<&str, (usize, String)> = BTreeMap::new();
        for (_, refusal) in self.verdicts.iter().flat_map(|v| &v.refusals) {
            rules.entry(refusal.rule).or_insert_with(|| (0, refusal.to_string())).0 += 1;
        }
        let mut rules: Vec<(usize, String)> = rules.into_values().collect();
        rules.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        match rules.is_empty() {
            true => "the graph has no nodes".into(),
            false => rules.iter().take(3).map(|(n, text)| format!("{n} x {text}")).collect::<Vec<_>>().join("; "),
        }
    }
}
