//! Pictures of a partition, as text: [`svg`] needs no other program, [`dot`] is for graphviz. Decides nothing, and draws the same
//! partition in the same way each time. Here is what both show of a node.

pub mod dot;
mod lanes;
pub mod svg;

use crate::ir::fact::Fact;
use crate::ir::{Def, NodeId};
use crate::partition::Partition;
use crate::partition::explain::total_macs;
use crate::partition::explain_text::{Refused, count};
use crate::partition::macs::short;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;

/// Colours of a side: of its ground and of its ink.
type Colours = (&'static str, &'static str);

/// Colours of regions; one that has none left begins anew.
const REGIONS: &[Colours] = &[
    ("#dce9f7", "#2563a8"),
    ("#dff0dc", "#2f7d32"),
    ("#fbe6d4", "#b8571d"),
    ("#e9e0f4", "#6d46a0"),
    ("#fbf0c4", "#8a6d00"),
    ("#d5eeee", "#1f7a7a"),
];

/// Colours of the default side.
const DEFAULT: Colours = ("#efefef", "#555555");

/// Letters of an extent that is shown.
const LONGEST_EXTENT: usize = 9;

fn colours(side: Option<u32>) -> Colours {
    side.map_or(DEFAULT, |r| REGIONS[r as usize % REGIONS.len()])
}

/// A region in one line.
fn region_line(p: &Partition, region: usize) -> String {
    let r = &p.regions[region];
    let macs = total_macs(&p.graph, r.nodes.iter().copied());
    let work = if macs.is(0) || macs.as_const().is_none() { String::new() } else { format!(", {} MACs", short(&macs)) };
    format!("region {region}: {}{work}: {}", count(r.nodes.len(), "node"), r.name)
}

/// A region's inputs and outputs, a line each.
fn region_hover(p: &Partition, region: usize) -> String {
    let inside = &p.regions[region].graph;
    let inputs = inside.inputs.iter().map(|v| format!("in {} {}", inside.value(*v).name, inside.fact(*v)));
    let outputs = inside.outputs.iter().map(|o| format!("out {} {}", o.name, inside.fact(o.value)));
    inputs.chain(outputs).collect::<Vec<_>>().join("\n")
}

/// All that is known of a node, a line each: for those who point at it.
fn hover(p: &Partition, id: NodeId) -> String {
    let (graph, node) = (&p.graph, p.graph.node(id));
    let mut lines = vec![format!("{} ({})", node.name, node.op.name)];
    lines.push(p.region(id).map_or("on the default side".into(), |r| format!("in region {}", r.name)));
    for value in node.reads().filter(|v| !matches!(graph.value(*v).def, Def::Const(_))) {
        lines.push(format!("reads {} {}", graph.value(value).name, graph.fact(value)));
    }
    lines.extend(node.outputs.iter().map(|v| format!("gives {} {}", graph.value(*v).name, graph.fact(*v))));
    let verdict = &p.verdicts[id.0 as usize];
    for (source, refusal) in &verdict.refusals {
        lines.push(format!("not offloaded by {} ({}): {}", refusal.rule, source.name(), refusal.reason));
        if !refusal.lift.is_empty() {
            lines.push(format!("to lift it: {}", refusal.lift));
        }
    }
    if let Some(answer) = verdict.filter.as_ref().filter(|a| !a.reason.is_empty()) {
        lines.push(format!("filter: {}", answer.reason));
    }
    lines.join("\n")
}

/// Why a node is on the default side, shortly: the number of its first rule in the list of rules, and the rule.
fn why(p: &Partition, id: NodeId, rules: &[(&str, Refused)]) -> Option<String> {
    let refusals = &p.verdicts[id.0 as usize].refusals;
    let (_, first) = refusals.first()?;
    let number = 1 + rules.iter().position(|(rule, _)| *rule == first.rule)?;
    let more = if refusals.len() > 1 { format!(" +{}", refusals.len() - 1) } else { String::new() };
    Some(format!("({number}) {}{more}", first.rule))
}

/// The rules, numbered, a paragraph each.
fn legend(rules: &[(&str, Refused)]) -> Vec<String> {
    let paragraph = |(i, (rule, refused)): (usize, &(&str, Refused))| {
        let nodes = count(refused.names.len(), "node");
        let example = if refused.same { "" } else { "first: " };
        let lift = if refused.first.lift.is_empty() { String::new() } else { format!("; to lift it: {}", refused.first.lift) };
        format!("({}) {rule} ({}), {nodes}: {example}{}{lift}", i + 1, refused.source.name(), refused.first.reason)
    };
    rules.iter().enumerate().map(paragraph).collect()
}

/// A shape, with the type where it is not float32; extents that are long expressions are `?`.
fn short_fact(fact: &Fact) -> String {
    let dtype = if fact.dtype == DType::F32 { "" } else { fact.dtype.name() };
    let extent = |d: &Dim| Some(d.to_string()).filter(|text| text.len() <= LONGEST_EXTENT).unwrap_or_else(|| "?".into());
    format!("{dtype}[{}]", fact.shape.iter().map(extent).collect::<Vec<_>>().join(", "))
}
