//! Turns levels into regions worth having: drops what has no multiply-accumulate, what the target calls invalid, what is too small
//! or too many, and what the caller's filter refuses. Dropped nodes return to the default side; the rest is grown again, since
//! regions may merge then. Takes back only: no node that was refused comes in.

use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId};
use crate::network::refusal::Refusal;
use crate::partition::annotate::{Source, Verdict, filter_refusal};
use crate::partition::grow::grow;
use crate::partition::links::Links;
use crate::partition::macs::{is_compute, is_mac};
use crate::partition::options::{FilterAnswer, FilterQuery, PartitionOptions};
use crate::partition::region::{extract, owners};
use crate::partition::target::Target;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Rounds of dropping and growing again; after them regions are only dropped, so that time stays linear.
const MAX_ROUNDS: usize = 12;

/// Up to this many connected parts of an invalid region are tried together again.
const MAX_REGROUPED: usize = 32;

/// A region to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its nodes in running order.
    pub nodes: Vec<NodeId>,
    /// Its level; edges between groups lead to higher levels.
    pub level: u32,
    /// The caller's answer, where asked.
    pub filter: Option<FilterAnswer>,
}

/// Nodes that return to the default side, and why.
type Dropped = (Vec<NodeId>, Source, Refusal);

/// The regions, by level; each dropped node gets its refusal.
pub fn choose<'a>(
    graph: &'a Graph,
    links: &'a Links,
    target: &'a dyn Target,
    options: &'a PartitionOptions,
    verdicts: &mut [Verdict],
) -> Vec<Group> {
    let mut chooser = Chooser { graph, links, target, options, parts: Parts::new(graph), answers: HashMap::new() };
    let stages: [fn(&mut Chooser<'a>, &mut Vec<Group>) -> Vec<Dropped>; 5] =
        [Chooser::without_mac, Chooser::invalid, Chooser::too_small, Chooser::too_many, Chooser::filtered];
    'rounds: for round in 0.. {
        let accepted: Vec<bool> = verdicts.iter().map(Verdict::accepted).collect();
        let levels = grow(links, &accepted);
        let mut groups: Vec<Group> = (1..=levels.count).map(|level| Group { nodes: Vec::new(), level, filter: None }).collect();
        for id in graph.node_ids().filter(|id| accepted[id.0 as usize]) {
            groups[levels.level[id.0 as usize] as usize - 1].nodes.push(id);
        }
        let frozen = round >= MAX_ROUNDS;
        for stage in stages {
            loop {
                let dropped = stage(&mut chooser, &mut groups);
                if dropped.is_empty() {
                    break;
                }
                for (nodes, source, refusal) in dropped {
                    nodes.iter().for_each(|n| verdicts[n.0 as usize].refuse(source, refusal.clone()));
                }
                if !frozen {
                    continue 'rounds;
                }
                groups.iter_mut().for_each(|g| g.nodes.retain(|n| verdicts[n.0 as usize].accepted()));
                groups.retain(|g| !g.nodes.is_empty());
            }
        }
        return groups;
    }
    unreachable!("the last round returns")
}

struct Chooser<'a> {
    graph: &'a Graph,
    links: &'a Links,
    target: &'a dyn Target,
    options: &'a PartitionOptions,
    parts: Parts,
    /// Answers of the filter by region, so that it is asked once for each.
    answers: HashMap<Vec<NodeId>, FilterAnswer>,
}

// The stages share one signature, though not all add or remove groups themselves.
#[allow(clippy::ptr_arg)]
impl Chooser<'_> {
    fn without_mac(&mut self, groups: &mut Vec<Group>) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        if !self.options.remove_no_mac_subgraphs {
            return dropped;
        }
        for group in groups {
            for part in self.parts.of(self.links, &group.nodes) {
                if !part.iter().any(|n| is_mac(&NodeView::new(self.graph, *n))) {
                    let reason =
                        format!("its connected part of the region, {} node(s), has no multiply-accumulate or reduction", part.len());
                    dropped.push((part, Source::Option, Refusal::new("prune.no-mac", reason, "set remove_no_mac_subgraphs to false")));
                }
            }
        }
        dropped
    }

    /// Asks the target; an invalid region falls into its connected parts, and those that are valid together stay together.
    fn invalid(&mut self, groups: &mut Vec<Group>) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        let mut valid: Vec<Group> = Vec::new();
        for group in std::mem::take(groups) {
            let Err(refusal) = self.target.valid_region(self.graph, &group.nodes) else {
                valid.push(group);
                continue;
            };
            let parts = self.parts.of(self.links, &group.nodes);
            if parts.len() == 1 {
                dropped.push((group.nodes, Source::Target, refusal));
                continue;
            }
            let (first, regroup) = (valid.len(), parts.len() <= MAX_REGROUPED);
            for part in parts {
                if let Err(refusal) = self.target.valid_region(self.graph, &part) {
                    dropped.push((part, Source::Target, refusal));
                    continue;
                }
                let joined = |g: &Group| {
                    let mut nodes = [g.nodes.as_slice(), &part].concat();
                    nodes.sort_unstable();
                    self.target.valid_region(self.graph, &nodes).is_ok().then_some(nodes)
                };
                let home = valid[first..].iter().enumerate().filter(|_| regroup).find_map(|(i, g)| Some((i, joined(g)?)));
                match home {
                    Some((i, nodes)) => valid[first + i].nodes = nodes,
                    None => valid.push(Group { nodes: part, level: group.level, filter: None }),
                }
            }
        }
        *groups = valid;
        dropped
    }

    /// Drops the smallest of the regions that are too small: the others may merge when it is gone.
    fn too_small(&mut self, groups: &mut Vec<Group>) -> Vec<Dropped> {
        let least = self.options.min_region_size;
        let sizes: Vec<usize> = groups.iter().map(|g| self.size(g, least)).collect();
        let Some(smallest) = sizes.iter().copied().filter(|s| *s < least).min() else { return Vec::new() };
        let failing = groups.iter().zip(&sizes).filter(|(_, size)| **size == smallest);
        let dropped = failing.map(|(group, size)| {
            let reason = format!("its region has {size} compute node(s), the least is {least}");
            (group.nodes.clone(), Source::Option, Refusal::new("prune.too-small", reason, format!("set min_region_size to {size}")))
        });
        dropped.collect()
    }

    fn too_many(&mut self, groups: &mut Vec<Group>) -> Vec<Dropped> {
        let Some(most) = self.options.max_regions.filter(|most| groups.len() > *most) else { return Vec::new() };
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_cached_key(|i| (Reverse(self.size(&groups[*i], usize::MAX)), *i));
        let dropped = order[most..].iter().map(|i| {
            let reason = format!("{} regions are possible, at most {most} are wanted, and this one is not among the largest", groups.len());
            let lift = format!("set max_regions to {}", groups.len());
            (groups[*i].nodes.clone(), Source::Option, Refusal::new("prune.too-many-regions", reason, lift))
        });
        dropped.collect()
    }

    fn filtered(&mut self, groups: &mut Vec<Group>) -> Vec<Dropped> {
        let Some(filter) = self.options.filter.clone() else { return Vec::new() };
        let owner = owners(self.graph, groups);
        let regions = extract(self.graph, self.links, groups, &owner, self.target.name());
        let mut dropped = Vec::new();
        for (group, region) in groups.iter_mut().zip(&regions) {
            let ask = || filter(&FilterQuery::Region { graph: self.graph, region });
            let answer = self.answers.entry(group.nodes.clone()).or_insert_with(ask).clone();
            if !answer.offload {
                dropped.push((group.nodes.clone(), Source::Filter, filter_refusal("filter.region", &answer)));
            }
            group.filter = Some(answer);
        }
        dropped
    }

    /// Compute nodes, counted up to `enough`.
    fn size(&self, group: &Group, enough: usize) -> usize {
        group.nodes.iter().filter(|n| is_compute(&NodeView::new(self.graph, **n))).take(enough).count()
    }
}

/// Finds the connected parts of a set of nodes; two nodes are connected where one reads the other's result.
struct Parts {
    /// Union-find over nodes; reset for the nodes of each set.
    parent: Vec<u32>,
    /// Number of the set that a node was last in.
    stamp: Vec<u32>,
    sets: u32,
}

impl Parts {
    fn new(graph: &Graph) -> Parts {
        Parts { parent: vec![0; graph.nodes.len()], stamp: vec![0; graph.nodes.len()], sets: 0 }
    }

    fn of(&mut self, links: &Links, nodes: &[NodeId]) -> Vec<Vec<NodeId>> {
        self.sets += 1;
        for id in nodes {
            self.parent[id.0 as usize] = id.0;
            self.stamp[id.0 as usize] = self.sets;
        }
        for id in nodes {
            for producer in links.producers(*id) {
                if self.stamp[producer.0 as usize] == self.sets {
                    let (a, b) = (self.root(id.0), self.root(producer.0));
                    self.parent[a.max(b) as usize] = a.min(b);
                }
            }
        }
        // A root is the first node of its part.
        let mut place: HashMap<u32, usize> = HashMap::new();
        let mut parts: Vec<Vec<NodeId>> = Vec::new();
        for id in nodes {
            let i = *place.entry(self.root(id.0)).or_insert(parts.len());
            if i == parts.len() {
                parts.push(Vec::new());
            }
            parts[i].push(*id);
        }
        parts
    }

    fn root(&mut self, mut i: u32) -> u32 {
        while self.parent[i as usize] != i {
            let up = self.parent[self.parent[i as usize] as usize];
            self.parent[i as usize] = up;
            i = up;
        }
        i
    }
}
