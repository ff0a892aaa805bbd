//! Cuts regions out of the graph: each becomes a graph of its own, weights shared. Also the order in which regions and the nodes
//! between them run. The outer graph stays as it is.

use crate::ir::{Def, Graph, Node, NodeId, Output, Value, ValueId};
use crate::partition::prune::Group;
use crate::tensor::error::{Code, Error, Result};
use std::collections::{HashMap, HashSet};
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

/// Cuts out one region.
pub fn extract(graph: &Graph, users: &[Vec<NodeId>], owner: &[Option<u32>], is_output: &[bool], nodes: &[NodeId], name: String) -> Region {
    let mut cut = Cut { graph, map: HashMap::new(), inputs: Vec::new(), names: HashSet::new(), out: Graph { name, ..Graph::default() } };
    let me = owner[nodes[0].0 as usize];
    let made_here = |v: ValueId| graph.producer(v).is_some_and(|p| owner[p.0 as usize] == me);
    // Inputs first, so that they are the first values of the region's graph.
    for value in nodes.iter().flat_map(|n| graph.node(*n).reads()) {
        if !made_here(value) && graph.constant(value).is_none() {
            cut.input(value);
        }
    }
    nodes.iter().for_each(|n| cut.node(graph.node(*n)));
    let mut outputs = Vec::new();
    for value in nodes.iter().flat_map(|n| &graph.node(*n).outputs) {
        let read_outside = users[value.0 as usize].iter().any(|u| owner[u.0 as usize] != me);
        if read_outside || is_output[value.0 as usize] {
            outputs.push(*value);
            let name = cut.unique(&graph.value(*value).name);
            cut.out.outputs.push(Output { name, value: cut.map[value] });
        }
    }
    Region { name: cut.out.name.clone(), nodes: nodes.to_vec(), graph: Arc::new(cut.out), inputs: cut.inputs, outputs }
}

struct Cut<'a> {
    graph: &'a Graph,
    map: HashMap<ValueId, ValueId>,
    inputs: Vec<ValueId>,
    /// Names of inputs and outputs: a target may know both in one space.
    names: HashSet<String>,
    out: Graph,
}

impl Cut<'_> {
    fn unique(&mut self, name: &str) -> String {
        let mut candidate = name.to_string();
        let mut i = 1;
        while !self.names.insert(candidate.clone()) {
            i += 1;
            candidate = format!("{name}#{i}");
        }
        candidate
    }

    fn add(&mut self, old: ValueId, name: String, def: Def) -> ValueId {
        let new = ValueId(self.out.values.len() as u32);
        self.out.values.push(Value { name, fact: self.graph.fact(old).clone(), def });
        self.map.insert(old, new);
        new
    }

    fn input(&mut self, old: ValueId) {
        if !self.map.contains_key(&old) {
            let name = self.unique(&self.graph.value(old).name);
            let new = self.add(old, name, Def::Input(self.inputs.len()));
            self.inputs.push(old);
            self.out.inputs.push(new);
        }
    }

    fn node(&mut self, old: &Node) {
        for value in old.reads() {
            if let Some(tensor) = self.graph.constant(value)
                && !self.map.contains_key(&value)
            {
                self.add(value, self.graph.value(value).name.clone(), Def::Const(tensor.clone()));
            }
        }
        let mut node = old.clone();
        for value in node.inputs.iter_mut().chain(node.bodies.iter_mut().flat_map(|b| &mut b.captures)) {
            *value = self.map[value];
        }
        let id = NodeId(self.out.nodes.len() as u32);
        for (i, value) in node.outputs.iter_mut().enumerate() {
            *value = self.add(*value, self.graph.value(*value).name.clone(), Def::Node(id, i));
        }
        self.out.nodes.push(node);
    }
}

/// An order in which all can run: nodes of the default side as early as they can, regions by level.
pub fn order(graph: &Graph, groups: &[Group], owner: &[Option<u32>]) -> Result<Vec<Step>> {
    let last = groups.iter().map(|g| g.level).max().unwrap_or(0) as usize;
    let mut early: Vec<Vec<Step>> = vec![Vec::new(); last + 1];
    let mut level = vec![0usize; graph.nodes.len()];
    for id in graph.node_ids() {
        let i = id.0 as usize;
        level[i] = match owner[i] {
            Some(group) => groups[group as usize].level as usize,
            None => graph.node(id).reads().filter_map(|v| graph.producer(v)).map(|p| level[p.0 as usize]).max().unwrap_or(0),
        };
        if owner[i].is_none() {
            early[level[i]].push(Step::Node(id));
        }
    }
    let mut regions: Vec<Vec<Step>> = vec![Vec::new(); last + 1];
    groups.iter().enumerate().for_each(|(i, g)| regions[g.level as usize].push(Step::Region(i)));
    let steps: Vec<Step> =
        (0..=last).flat_map(|l| std::mem::take(&mut regions[l]).into_iter().chain(std::mem::take(&mut early[l]))).collect();
    check(graph, groups, owner, &steps)?;
    Ok(steps)
}

/// Every step finds what it reads.
fn check(graph: &Graph, groups: &[Group], owner: &[Option<u32>], steps: &[Step]) -> Result<()> {
    let mut done = vec![false; graph.nodes.len()];
    for step in steps {
        let (nodes, me) = match step {
            Step::Region(i) => (groups[*i].nodes.as_slice(), Some(*i as u32)),
            Step::Node(id) => (std::slice::from_ref(id), None),
        };
        for id in nodes {
            for producer in graph.node(*id).reads().filter_map(|v| graph.producer(v)) {
                let p = producer.0 as usize;
                if !(done[p] || (me.is_some() && owner[p] == me)) {
                    let names = (&graph.node(*id).name, &graph.node(producer).name);
                    return Err(Error::new(Code::Internal, format!("node '{}' would run before '{}'", names.0, names.1)));
                }
            }
        }
        nodes.iter().for_each(|id| done[id.0 as usize] = true);
    }
    Ok(())
}
