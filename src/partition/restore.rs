//! A partition that was decided before: the same regions and the same order, without asking any target again. What does not fit the
//! graph is refused.

use crate::ir::{Graph, NodeId};
use crate::network::refusal::Refusal;
use crate::partition::Partition;
use crate::partition::annotate::{Source, Verdict};
use crate::partition::links::Links;
use crate::partition::options::{FilterAnswer, PartitionOptions};
use crate::partition::prune::Group;
use crate::partition::region::{Step, check, extract, owners};
use crate::partition::target::TargetVersion;
use crate::tensor::error::Result;
use crate::{ensure, fail};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What was decided.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// The target's name.
    pub target: String,
    /// The target's version.
    pub version: TargetVersion,
    /// The nodes of each region, ascending, and the caller's answer for it.
    pub regions: Vec<(Vec<NodeId>, Option<FilterAnswer>)>,
    /// What runs, in order.
    pub steps: Vec<Step>,
    /// For each node, what spoke against offloading.
    pub verdicts: Vec<Verdict>,
    /// What in the options fits nothing in the graph.
    pub notes: Vec<String>,
}

/// The partition of `graph` that was decided.
pub fn restore(graph: Arc<Graph>, decided: Decided, options: PartitionOptions) -> Result<Partition> {
    let Decided { target, version, regions, steps, verdicts, notes } = decided;
    let mut free: Vec<bool> = vec![true; graph.nodes.len()];
    for (i, (nodes, _)) in regions.iter().enumerate() {
        ensure!(!nodes.is_empty() && nodes.is_sorted(), BadGraph, "region {i} has no nodes, or they are not in order");
        for node in nodes {
            let free = free.get_mut(node.0 as usize).filter(|f| **f);
            let Some(free) = free else { fail!(BadGraph, "region {i} has node {}, which is not there or is taken", node.0) };
            *free = false;
        }
    }
    let whole: BTreeSet<(bool, usize)> = steps.iter().map(number).collect();
    let single = free.iter().filter(|f| **f).count();
    let known = |s: &Step| match s {
        Step::Region(i) => *i < regions.len(),
        Step::Node(n) => free.get(n.0 as usize) == Some(&true),
    };
    let all = steps.iter().all(known) && whole.len() == steps.len() && steps.len() == single + regions.len();
    ensure!(all, BadGraph, "the steps are not every region and every other node once");
    ensure!(verdicts.len() == graph.nodes.len(), BadGraph, "there are {} verdicts for {} nodes", verdicts.len(), graph.nodes.len());
    let group = |(nodes, filter)| Group { nodes, level: 0, filter };
    let groups: Vec<Group> = regions.into_iter().map(group).collect();
    let (links, region_of) = (Links::new(&graph), owners(&graph, &groups));
    check(&graph, &links, &groups, &region_of, &steps)?;
    let regions = extract(&graph, &links, &groups, &region_of, &target);
    let region_filter = groups.into_iter().map(|g| g.filter).collect();
    Ok(Partition { graph, target, version, unavailable: None, options, regions, region_filter, region_of, verdicts, steps, notes })
}

fn number(step: &Step) -> (bool, usize) {
    match step {
        Step::Region(i) => (true, *i),
        Step::Node(n) => (false, n.0 as usize),
    }
}

/// Most different rules that are kept.
const MAX_RULES: usize = 4096;

/// A refusal that was written down. Ids of rules live for ever; there are few.
pub fn refusal(rule: &str, reason: &str, lift: &str) -> Result<Refusal> {
    static RULES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut rules = RULES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = match rules.get(rule) {
        Some(known) => known,
        None => {
            ensure!(rules.len() < MAX_RULES && rule.len() <= 100, BadGraph, "'{rule}' is no rule");
            let kept: &'static str = Box::leak(rule.to_string().into_boxed_str());
            rules.insert(kept);
            kept
        }
    };
    Ok(Refusal::new(known, reason.to_string(), lift.to_string()))
}

/// The source of this name.
pub fn source(name: &str) -> Option<Source> {
    [Source::Policy, Source::Option, Source::Target, Source::Filter].into_iter().find(|s| s.name() == name)
}
