//! Cuts regions out of the graph: each becomes a graph of its own, weights shared. Also the order in which regions and the nodes
//! between them run. The outer graph stays as it is.

use crate::ir::{Def, Graph, Node, NodeId, Output, Value, ValueId};
use crate::partition::links::Links;
use crate::partition::prune::Group;
use crate::tensor::error::{Code, Error, Result};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Nodes that run together on the target.
#[derive(Debug, Clone)]
pub struct Region {
    /// For example `tvmgen_default_tensorrt_main_0`.
    pub name: String,
    /// Its nodes in the outer graph, in running order.
    pub nodes: Vec<NodeId>,
    /// Its graph. Nodes stand in the order of `nodes`; constants are copied in.
    pub graph: Arc<Graph>,
    /// Values of the outer graph that its inputs take, in order.
    pub inputs: Vec<ValueId>,
    /// Values of the outer graph that its outputs give, in order.
    pub outputs: Vec<ValueId>,
}

/// One thing to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The region at this position.
    Region(usize),
    /// A node of the default side.
    Node(NodeId),
}

/// For each node, the position of its group.
pub fn owners(graph: &Graph, groups: &[Group]) -> Vec<Option<u32>> {
    let mut owner = vec![None; graph.nodes.len()];
    for (i, group) in groups.iter().enumerate() {
        group.nodes.iter().for_each(|n| owner[n.0 as usize] = Some(i as u32));
    }
    owner
}

/// Cuts out all regions.
pub fn extract(graph: &Graph, links: &Links, groups: &[Group], owner: &[Option<u32>], target: &str) -> Vec<Region> {
    let mut place = vec![(0, ValueId(0)); graph.values.len()];
    let cut = |(k, group): (usize, &Group)| {
        let out = Graph { name: format!("tvmgen_default_{target}_main_{k}"), ..Graph::default() };
        let cut = Cut { graph, links, owner, me: k as u32, place: &mut place, inputs: Vec::new(), names: HashSet::new(), out };
        cut.region(&group.nodes)
    };
    groups.iter().enumerate().map(cut).collect()
}

/// One region in the making.
struct Cut<'a> {
    graph: &'a Graph,
    links: &'a Links,
    owner: &'a [Option<u32>],
    me: u32,
    /// For each value of the outer graph, the last region that has it, counted from 1, and its id there.
    place: &'a mut [(u32, ValueId)],
    inputs: Vec<ValueId>,
    /// Names of inputs and outputs: a target may know both in one space.
    names: HashSet<Cow<'a, str>>,
    out: Graph,
}

impl Cut<'_> {
    fn region(mut self, nodes: &[NodeId]) -> Region {
        let graph = self.graph;
        self.out.nodes.reserve_exact(nodes.len());
        self.out.values.reserve(2 * nodes.len());
        // Inputs first, so that they are the first values of the region's graph.
        for value in nodes.iter().flat_map(|n| graph.node(*n).reads()) {
            let made_here = graph.producer(value).is_some_and(|p| self.owner[p.0 as usize] == Some(self.me));
            if !made_here && graph.constant(value).is_none() && self.find(value).is_none() {
                let name = self.unique(value);
                let new = self.add(value, name, Def::Input(self.inputs.len()));
                self.inputs.push(value);
                self.out.inputs.push(new);
            }
        }
        let mut outputs = Vec::new();
        for id in nodes {
            let node = graph.node(*id);
            self.node(node);
            for (result, value) in self.links.results(*id).zip(&node.outputs) {
                let readers = self.links.readers(result);
                if self.links.is_output(result) || readers.iter().any(|u| self.owner[u.0 as usize] != Some(self.me)) {
                    outputs.push(*value);
                    let name = self.unique(*value);
                    let value = self.inner(*value);
                    self.out.outputs.push(Output { name, value });
                }
            }
        }
        Region { name: self.out.name.clone(), nodes: nodes.to_vec(), graph: Arc::new(self.out), inputs: self.inputs, outputs }
    }

    /// The value's name, with a number where it is taken.
    fn unique(&mut self, value: ValueId) -> String {
        let name = self.graph.value(value).name.as_str();
        let mut candidate = Cow::Borrowed(name);
        let mut i = 1;
        while !self.names.insert(candidate.clone()) {
            i += 1;
            candidate = format!("{name}#{i}").into();
        }
        candidate.into_owned()
    }

    /// A value's id in the region, where it has one.
    fn find(&self, old: ValueId) -> Option<ValueId> {
        let (region, new) = self.place[old.0 as usize];
        (region == self.me + 1).then_some(new)
    }

    /// A value's id in the region; constants come in when first read.
    fn inner(&mut self, old: ValueId) -> ValueId {
        if let Some(new) = self.find(old) {
            return new;
        }
        let value = self.graph.value(old);
        let Def::Const(tensor) = &value.def else { unreachable!("value '{}' is read before it is made", value.name) };
        self.add(old, value.name.clone(), Def::Const(tensor.clone()))
    }

    fn add(&mut self, old: ValueId, name: String, def: Def) -> ValueId {
        let new = ValueId(self.out.values.len() as u32);
        self.out.values.push(Value { name, fact: self.graph.fact(old).clone(), def });
        self.place[old.0 as usize] = (self.me + 1, new);
        new
    }

    fn node(&mut self, old: &Node) {
        let mut node = old.clone();
        for value in node.inputs.iter_mut().chain(node.bodies.iter_mut().flat_map(|b| &mut b.captures)) {
            *value = self.inner(*value);
        }
        let id = NodeId(self.out.nodes.len() as u32);
        for (i, value) in node.outputs.iter_mut().enumerate() {
            *value = self.add(*value, self.graph.value(*value).name.clone(), Def::Node(id, i));
        }
        self.out.nodes.push(node);
    }
}

/// An order in which all can run: nodes of the default side as early as they can, regions by level.
pub fn order(graph: &Graph, links: &Links, groups: &[Group], owner: &[Option<u32>]) -> Result<Vec<Step>> {
    let last = groups.iter().map(|g| g.level).max().unwrap_or(0) as usize;
    let mut early: Vec<Vec<Step>> = vec![Vec::new(); last + 1];
    let mut level = vec![0usize; graph.nodes.len()];
    for id in graph.node_ids() {
        let i = id.0 as usize;
        level[i] = match owner[i] {
            Some(group) => groups[group as usize].level as usize,
            None => links.producers(id).iter().map(|p| level[p.0 as usize]).max().unwrap_or(0),
        };
        if owner[i].is_none() {
            early[level[i]].push(Step::Node(id));
        }
    }
    let mut regions: Vec<Vec<Step>> = vec![Vec::new(); last + 1];
    groups.iter().enumerate().for_each(|(i, g)| regions[g.level as usize].push(Step::Region(i)));
    let steps: Vec<Step> =
        (0..=last).flat_map(|l| std::mem::take(&mut regions[l]).into_iter().chain(std::mem::take(&mut early[l]))).collect();
    check(graph, links, groups, owner, &steps)?;
    Ok(steps)
}

/// Every step finds what it reads.
pub(super) fn check(graph: &Graph, links: &Links, groups: &[Group], owner: &[Option<u32>], steps: &[Step]) -> Result<()> {
    let mut done = vec![false; graph.nodes.len()];
    for step in steps {
        let (nodes, me) = match step {
            Step::Region(i) => (groups[*i].nodes.as_slice(), Some(*i as u32)),
            Step::Node(id) => (std::slice::from_ref(id), None),
        };
        for id in nodes {
            for producer in links.producers(*id) {
                let p = producer.0 as usize;
                if !(done[p] || (me.is_some() && owner[p] == me)) {
                    let names = (&graph.node(*id).name, &graph.node(*producer).name);
                    return Err(Error::new(Code::Internal, format!("node '{}' would run before '{}'", names.0, names.1)));
                }
            }
        }
        nodes.iter().for_each(|id| done[id.0 as usize] = true);
    }
    Ok(())
}
