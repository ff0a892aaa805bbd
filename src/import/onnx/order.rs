//! The order in which the nodes of a model's graph can be imported: after what they read, else as the file has them; without those
//! that no output needs. Works on names alone.

use crate::import::onnx::proto::{GraphProto, NodeProto};
use crate::tensor::error::Result;
use crate::{ensure, fail};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Deepest nesting of graphs in nodes that is followed.
pub const MAX_DEPTH: usize = 16;

/// Which nodes to import, and when.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Positions in the graph's list of nodes.
    pub order: Vec<usize>,
    /// Names that some of these nodes, or an output of the graph, read.
    pub read: HashSet<&'a str>,
}

/// The beginning of a name: what is made from a name is made often, and a file may hold a name of any length.
pub fn short(name: &str) -> &str {
    match name.char_indices().nth(200) {
        Some((end, _)) => &name[..end],
        None => name,
    }
}

/// How messages call a node.
pub fn label(node: &NodeProto) -> String {
    let name = match (node.name.as_str(), node.output.iter().find(|o| !o.is_empty())) {
        ("", Some(output)) => output,
        (name, _) => name,
    };
    format!("node '{}' ({})", short(name), short(&node.op_type))
}

/// The graphs inside a node.
pub fn bodies(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().flat_map(|a| a.g.as_deref().into_iter().chain(&a.graphs))
}

/// Plans the import of `graph`; `outside` tells which names enclosing graphs give.
pub fn plan<'a>(graph: &'a GraphProto, outside: &dyn Fn(&str) -> bool) -> Result<Plan<'a>> {
    let given: HashSet<&str> =
        graph.initializer.iter().map(|t| t.name.as_str()).chain(graph.input.iter().map(|i| i.name.as_str())).collect();
    let mut makers: HashMap<&str, usize> = HashMap::new();
    for (i, node) in graph.node.iter().enumerate() {
        for output in node.output.iter().filter(|o| !o.is_empty()) {
            if given.contains(output.as_str()) || makers.insert(output, i).is_some() {
                fail!(MalformedModel, "{} defines '{output}', which is defined already", label(node));
            }
        }
    }
    let reads = graph.node.iter().map(|n| node_reads(n, 0)).collect::<Result<Vec<_>>>()?;

    let mut live = vec![false; graph.node.len()];
    let mut read = HashSet::new();
    let mut pending: Vec<(&str, Option<usize>)> = graph.output.iter().map(|o| (o.name.as_str(), None)).collect();
    while let Some((name, by)) = pending.pop() {
        if !read.insert(name) {
            continue;
        }
        match makers.get(name) {
            Some(&i) if !live[i] => {
                live[i] = true;
                pending.extend(reads[i].iter().map(|name| (*name, Some(i))));
            }
            Some(_) => {}
            None if given.contains(name) || outside(name) => {}
            None => match by {
                Some(i) => fail!(MalformedModel, "{} reads '{name}', which nothing defines", label(&graph.node[i])),
                None => fail!(MalformedModel, "graph '{}' has an output '{name}', which nothing defines", graph.name),
            },
        }
    }
    Ok(Plan { order: sort(graph, &live, &makers, &reads)?, read })
}

fn sort(graph: &GraphProto, live: &[bool], makers: &HashMap<&str, usize>, reads: &[Vec<&str>]) -> Result<Vec<usize>> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); live.len()];
    let mut waits = vec![0usize; live.len()];
    for i in (0..live.len()).filter(|i| live[*i]) {
        for maker in reads[i].iter().filter_map(|name| makers.get(name)) {
            readers[*maker].push(i);
            waits[i] += 1;
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..live.len()).filter(|i| live[*i] && waits[*i] == 0).map(Reverse).collect();
    let mut order = Vec::new();
    while let Some(Reverse(i)) = ready.pop() {
        order.push(i);
        for &reader in &readers[i] {
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    let Some(stuck) = (0..live.len()).find(|i| live[*i] && waits[*i] > 0) else { return Ok(order) };
    // Every node that still waits reads one that waits too; going back from any of them leads into a cycle.
    let (mut path, mut seen, mut at) = (Vec::new(), HashMap::new(), stuck);
    while !seen.contains_key(&at) {
        seen.insert(at, path.len());
        path.push(at);
        let before = reads[at].iter().filter_map(|name| makers.get(name)).find(|i| waits[**i] > 0);
        at = *before.unwrap_or(&stuck);
    }
    let cycle = &path[seen[&at]..];
    let names: Vec<String> = cycle.iter().take(8).map(|i| label(&graph.node[*i])).collect();
    fail!(MalformedModel, "{} nodes read each other's results in a cycle: {}", cycle.len(), names.join(", "))
}

/// Names that a node reads: its operands, and what the graphs inside it read of enclosing graphs.
fn node_reads(node: &NodeProto, depth: usize) -> Result<Vec<&str>> {
    let mut names: Vec<&str> = node.input.iter().filter(|i| !i.is_empty()).map(|i| i.as_str()).collect();
    for body in bodies(node) {
        ensure!(depth < MAX_DEPTH, UnsupportedModel, "{} has graphs nested deeper than {MAX_DEPTH}", label(node));
        let mut own: HashSet<&str> = body.initializer.iter().map(|t| t.name.as_str()).collect();
        own.extend(body.input.iter().map(|i| i.name.as_str()));
        own.extend(body.node.iter().flat_map(|n| &n.output).map(|o| o.as_str()));
        let mut free: Vec<&str> = body.output.iter().map(|o| o.name.as_str()).collect();
        for inner in &body.node {
            free.extend(node_reads(inner, depth + 1)?);
        }
        let mut seen = HashSet::new();
        names.extend(free.into_iter().filter(|name| !own.contains(name) && seen.insert(*name)));
    }
    Ok(names)
}
