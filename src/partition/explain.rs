//! Tells what became of each node and why, as JSON. Decides nothing. Keys and rule ids are stable; `schema_version` grows when a key
//! changes its meaning.
//!
//! `graph`, `target`, `version`, `version_source`, `unavailable` (text or null), `options` (text by key), `notes` (texts),
//! `totals` (`nodes`, `offloaded`, `default`, `regions`, `crossings`, `macs`, `macs_offloaded`),
//! `regions` (`name`, `nodes`, `macs`, `inputs`, `outputs`, `filter`), `nodes` (`name`, `op`, `placement`: region or default,
//! `region`, `refusals`: `rule`, `source`, `reason`, `lift`; `filter`), `crossings` (`value`, `dtype`, `shape`, `from`, `to`: names of
//! regions or `default`), `steps` (`region` or `node`). Extents and counts that depend on symbols are texts.

use crate::ir::fact::Fact;
use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId, ValueId};
use crate::partition::Partition;
use crate::partition::links::Links;
use crate::partition::macs::macs;
use crate::partition::options::FilterAnswer;
use crate::partition::region::{Region, Step};
use crate::tensor::dim::Dim;
use serde_json::{Map, Value as Json, json};

/// Version of the JSON's layout.
pub const SCHEMA_VERSION: u32 = 1;

/// A tensor that leaves the side where it is made: from a region to elsewhere, or from the default side into a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The value.
    pub value: ValueId,
    /// The region that makes it; `None` for the default side.
    pub from: Option<u32>,
    /// The sides that read it, each once, the default side first.
    pub to: Vec<Option<u32>>,
}

/// Every crossing, in the order in which values are made. Inputs and outputs of the whole graph do not count.
pub fn crossings(partition: &Partition) -> Vec<Crossing> {
    let graph = &partition.graph;
    let links = Links::new(graph);
    let mut list = Vec::new();
    for id in graph.node_ids() {
        let from = partition.region_of[id.0 as usize];
        for (result, value) in links.results(id).zip(&graph.node(id).outputs) {
            let mut to: Vec<Option<u32>> = links.readers(result).iter().map(|u| partition.region_of[u.0 as usize]).collect();
            to.retain(|side| *side != from);
            to.sort_unstable();
            to.dedup();
            if !to.is_empty() {
                list.push(Crossing { value: *value, from, to });
            }
        }
    }
    list
}

/// Multiply-accumulates of some nodes together.
pub fn total_macs(graph: &Graph, nodes: impl Iterator<Item = NodeId>) -> Dim {
    nodes.fold(Dim::from(0i64), |sum, id| &sum + &macs(&NodeView::new(graph, id)))
}

/// The whole explanation.
pub fn json(partition: &Partition) -> Json {
    let graph = &partition.graph;
    let crossings = crossings(partition);
    let options: Map<String, Json> = partition.options.named().into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let offloaded = graph.node_ids().filter(|n| partition.region_of[n.0 as usize].is_some());
    json!({
        "schema_version": SCHEMA_VERSION,
        "graph": graph.name,
        "target": partition.target,
        "version": partition.version.version,
        "version_source": partition.version.source,
        "unavailable": partition.unavailable,
        "options": options,
        "notes": partition.notes,
        "totals": {
            "nodes": graph.nodes.len(),
            "offloaded": partition.offloaded(),
            "default": graph.nodes.len() - partition.offloaded(),
            "regions": partition.regions.len(),
            "crossings": crossings.len(),
            "macs": dim(&total_macs(graph, graph.node_ids())),
            "macs_offloaded": dim(&total_macs(graph, offloaded)),
        },
        "regions": partition.regions.iter().zip(&partition.region_filter).map(|(r, f)| region(graph, r, f)).collect::<Vec<_>>(),
        "nodes": graph.node_ids().map(|id| node(partition, id)).collect::<Vec<_>>(),
        "crossings": crossings.iter().map(|c| crossing(partition, c)).collect::<Vec<_>>(),
        "steps": partition.steps.iter().map(|s| step(partition, s)).collect::<Vec<_>>(),
    })
}

/// The name of a side: a region's, or `default`.
fn side(partition: &Partition, side: Option<u32>) -> &str {
    side.map_or("default", |r| &partition.regions[r as usize].name)
}

fn dim(d: &Dim) -> Json {
    d.as_const().map_or_else(|| d.to_string().into(), Json::from)
}

fn fact(name: &str, fact: &Fact) -> Json {
    json!({"name": name, "dtype": fact.dtype.name(), "shape": fact.shape.iter().map(dim).collect::<Vec<_>>()})
}

fn answer(filter: Option<&FilterAnswer>) -> Json {
    filter.map_or(Json::Null, |a| json!({"offload": a.offload, "reason": a.reason}))
}

fn region(graph: &Graph, region: &Region, filter: &Option<FilterAnswer>) -> Json {
    let inside = &region.graph;
    json!({
        "name": region.name,
        "nodes": inside.nodes.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
        "macs": dim(&total_macs(graph, region.nodes.iter().copied())),
        "inputs": inside.inputs.iter().map(|v| fact(&inside.value(*v).name, inside.fact(*v))).collect::<Vec<_>>(),
        "outputs": inside.outputs.iter().map(|o| fact(&o.name, inside.fact(o.value))).collect::<Vec<_>>(),
        "filter": answer(filter.as_ref()),
    })
}

fn node(partition: &Partition, id: NodeId) -> Json {
    let node = partition.graph.node(id);
    let verdict = &partition.verdicts[id.0 as usize];
    let region = partition.region(id).map(|r| r.name.as_str());
    let refusals =
        verdict.refusals.iter().map(|(source, r)| json!({"rule": r.rule, "source": source.name(), "reason": r.reason, "lift": r.lift}));
    json!({
        "name": node.name,
        "op": node.op.name,
        "placement": if region.is_some() { "region" } else { "default" },
        "region": region,
        "refusals": refusals.collect::<Vec<_>>(),
        "filter": answer(verdict.filter.as_deref()),
    })
}

fn crossing(partition: &Partition, c: &Crossing) -> Json {
    let value = partition.graph.value(c.value);
    json!({
        "value": value.name,
        "dtype": value.fact.dtype.name(),
        "shape": value.fact.shape.iter().map(dim).collect::<Vec<_>>(),
        "from": side(partition, c.from),
        "to": c.to.iter().map(|s| side(partition, *s)).collect::<Vec<_>>(),
    })
}

fn step(partition: &Partition, step: &Step) -> Json {
    match step {
        Step::Region(i) => json!({"region": partition.regions[*i].name}),
        Step::Node(id) => json!({"node": partition.graph.node(*id).name}),
    }
}
