//! The explanation for a person: summary, regions, refusals by rule, crossings. Long lists are cut; the JSON has them whole.

use crate::ir::Graph;
use crate::network::refusal::Refusal;
use crate::partition::Partition;
use crate::partition::annotate::Source;
use crate::partition::explain::{crossings, total_macs};
use crate::partition::macs::short;
use crate::partition::options::PartitionOptions;
use crate::partition::region::Region;
use std::collections::BTreeMap;

/// Node names shown per rule.
const NAMES: usize = 4;
/// Inputs and outputs shown per region.
const PORTS: usize = 6;
/// Crossings shown.
const CROSSINGS: usize = 12;
/// Regions shown.
const REGIONS: usize = 12;

/// The explanation.
pub fn text(partition: &Partition) -> String {
    let mut out = summary(partition);
    regions(&mut out, partition);
    refusals(&mut out, partition);
    boundary(&mut out, partition);
    out
}

/// Adds one line.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {{
        $out.push_str(&format!($($arg)*));
        $out.push('\n');
    }};
}

/// What it is for, how much goes where, with which options.
pub(super) fn summary(p: &Partition) -> String {
    let out = &mut String::new();
    let version = if p.version.version.is_empty() { String::new() } else { format!(" ({}: {})", p.version.version, p.version.source) };
    line!(out, "{} for {}{version}", p.graph.name, p.target);
    let (all, off) = (p.graph.nodes.len(), p.offloaded());
    let offloaded = p.graph.node_ids().filter(|n| p.region_of[n.0 as usize].is_some());
    let (macs, macs_off) = (total_macs(&p.graph, p.graph.node_ids()), total_macs(&p.graph, offloaded));
    let share = if macs == macs_off { format!("all {}", short(&macs)) } else { format!("{} of {}", short(&macs_off), short(&macs)) };
    let work = if macs.is(0) { String::new() } else { format!(" and {share} multiply-accumulates") };
    line!(out, "  {off} of {}{work} in {}; {} on the default side", count(all, "node"), count(p.regions.len(), "region"), all - off);
    if let Some(why) = &p.unavailable {
        line!(out, "  regions run on generated kernels here: {why}");
    }
    let defaults = PartitionOptions::default().named();
    let set = p.options.named().into_iter().zip(defaults).filter(|(a, b)| a.1 != b.1);
    let set: Vec<String> = set.map(|((key, value), _)| format!("{key} = {value}")).collect();
    line!(out, "  options: {}", if set.is_empty() { "defaults".into() } else { set.join("; ") });
    p.notes.iter().for_each(|n| line!(out, "  note: {n}"));
    std::mem::take(out)
}

/// A number of things.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn regions(out: &mut String, p: &Partition) {
    if p.regions.is_empty() {
        return;
    }
    line!(out, "\nregions, in the order they run");
    for (i, (region, filter)) in p.regions.iter().zip(&p.region_filter).enumerate().take(REGIONS) {
        one_region(out, &p.graph, i, region);
        if let Some(answer) = filter.as_ref().filter(|a| !a.reason.is_empty()) {
            line!(out, "    filter  {}", answer.reason);
        }
    }
    if p.regions.len() > REGIONS {
        line!(out, "  and {} more", p.regions.len() - REGIONS);
    }
}

fn one_region(out: &mut String, graph: &Graph, i: usize, region: &Region) {
    let macs = total_macs(graph, region.nodes.iter().copied());
    let work = if macs.is(0) { String::new() } else { format!(", {} multiply-accumulates", short(&macs)) };
    let (first, last) = (&graph.node(region.nodes[0]).name, &graph.node(region.nodes[region.nodes.len() - 1]).name);
    let span = if region.nodes.len() == 1 { first.clone() } else { format!("{first} ... {last}") };
    line!(out, "  {i}  {}: {}{work}: {span}", region.name, count(region.nodes.len(), "node"));
    let inside = &region.graph;
    let inputs = inside.inputs.iter().map(|v| (inside.value(*v).name.as_str(), *v));
    let outputs = inside.outputs.iter().map(|o| (o.name.as_str(), o.value));
    for (label, ports) in [("in ", inputs.collect::<Vec<_>>()), ("out", outputs.collect())] {
        for (name, value) in ports.iter().take(PORTS) {
            let fact = inside.fact(*value);
            line!(out, "    {label}  {name} {}{}", fact.dtype, crate::tensor::shape::text(&fact.shape));
        }
        if ports.len() > PORTS {
            line!(out, "    {label}  and {} more", ports.len() - PORTS);
        }
    }
}

/// Nodes of one rule.
pub(super) struct Refused<'a> {
    /// Who refused.
    pub source: Source,
    /// What the first node was told.
    pub first: &'a Refusal,
    /// All nodes give one reason and one lift.
    pub same: bool,
    /// The nodes.
    pub names: Vec<&'a str>,
}

/// Rules that refused nodes, those that refused most first.
pub(super) fn by_rule(p: &Partition) -> Vec<(&str, Refused<'_>)> {
    let mut rules: BTreeMap<&str, Refused> = BTreeMap::new();
    for (node, verdict) in p.graph.nodes.iter().zip(&p.verdicts) {
        for (source, refusal) in &verdict.refusals {
            let fresh = || Refused { source: *source, first: refusal, same: true, names: Vec::new() };
            let entry = rules.entry(refusal.rule).or_insert_with(fresh);
            entry.same &= entry.first == refusal;
            entry.names.push(&node.name);
        }
    }
    let mut rules: Vec<(&str, Refused)> = rules.into_iter().collect();
    rules.sort_by_key(|(_, r)| std::cmp::Reverse(r.names.len()));
    rules
}

fn refusals(out: &mut String, p: &Partition) {
    let rules = by_rule(p);
    if rules.is_empty() {
        return;
    }
    line!(out, "\non the default side, by rule");
    for (rule, refused) in rules {
        let shown = refused.names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
        let more = refused.names.len().saturating_sub(NAMES);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        line!(out, "  {} ({}): {}: {shown}{more}", rule, refused.source.name(), count(refused.names.len(), "node"));
        let example = if refused.same { "" } else { "first: " };
        line!(out, "    {example}{}", refused.first.reason);
        if !refused.first.lift.is_empty() {
            line!(out, "    to lift it: {}", refused.first.lift);
        }
    }
}

/// A side by the region's position.
fn side(region: Option<u32>) -> String {
    region.map_or("default".into(), |r| format!("region {r}"))
}

fn boundary(out: &mut String, p: &Partition) {
    let list = crossings(p);
    if list.is_empty() {
        return;
    }
    line!(out, "\n{} between sides", count(list.len(), "tensor"));
    for c in list.iter().take(CROSSINGS) {
        let value = p.graph.value(c.value);
        let to: Vec<String> = c.to.iter().map(|s| side(*s)).collect();
        line!(
            out,
            "  {} {}{}: {} -> {}",
            value.name,
            value.fact.dtype,
            crate::tensor::shape::text(&value.fact.shape),
            side(c.from),
            to.join(", ")
        );
    }
    if list.len() > CROSSINGS {
        line!(out, "  and {} more", list.len() - CROSSINGS);
    }
}
