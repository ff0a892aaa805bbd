//! Cuts a graph where extents depend on data. Nodes whose extents are all known at one time form a graph of their own, which runs as
//! one program; between such graphs run the nodes whose results must be there before more extents are known, and those with graphs
//! inside.

use crate::ir::attrs::{Attr, Param};
use crate::ir::{Def, Graph, Node, NodeId, Output, Value, ValueId};
use crate::tensor::dim::{Dim, Symbol};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A part of a graph that runs at one time.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Nodes whose extents are known.
    Code {
        /// They, as a graph.
        graph: Graph,
        /// Values of the whole graph that its inputs take, in order.
        inputs: Vec<ValueId>,
        /// Values of the whole graph that its outputs give, in order.
        outputs: Vec<ValueId>,
        /// Symbols that have a value when it begins.
        known: BTreeSet<Symbol>,
    },
    /// A node that runs on its own.
    Node(NodeId, BTreeSet<Symbol>),
}

/// True where the graph must be cut; `known` are symbols that have a value from outside.
pub fn is_cut(graph: &Graph, known: &BTreeSet<Symbol>) -> bool {
    Levels::new(graph, known).late.iter().any(|late| *late)
}

/// The pieces, in the order in which they run.
pub fn pieces(graph: &Graph, known: &BTreeSet<Symbol>) -> Vec<Piece> {
    let levels = Levels::new(graph, known);
    let last = levels.nodes.iter().copied().max().unwrap_or(0);
    let mut out = Vec::new();
    for level in 0..=last {
        let known: BTreeSet<Symbol> = levels.symbols.iter().filter(|(_, l)| **l <= level).map(|(s, _)| s.clone()).collect();
        let of = |late: bool| -> Vec<NodeId> { graph.node_ids().filter(|n| levels.of(*n) == (level, late)).collect() };
        let nodes = of(false);
        if !nodes.is_empty() {
            out.push(cut(graph, &nodes, known.clone()));
        }
        out.extend(of(true).into_iter().map(|n| Piece::Node(n, known.clone())));
    }
    out
}

/// How many times nodes with results of unknown extents must have run before each node.
struct Levels {
    nodes: Vec<usize>,
    late: Vec<bool>,
    symbols: BTreeMap<Symbol, usize>,
}

impl Levels {
    fn new(graph: &Graph, known: &BTreeSet<Symbol>) -> Levels {
        let symbols = graph.symbols().into_iter().chain(known.iter().cloned()).map(|s| (s, 0)).collect();
        let mut levels = Levels { nodes: Vec::new(), late: Vec::new(), symbols };
        let mut values = vec![0; graph.values.len()];
        for node in &graph.nodes {
            let used = symbols_of(graph, node);
            let fresh: Vec<&Symbol> = used.iter().filter(|s| !levels.symbols.contains_key(s)).collect();
            let late = !fresh.is_empty() || !node.bodies.is_empty();
            let waits = used.iter().filter_map(|s| levels.symbols.get(s).copied());
            let level = node.reads().map(|v| values[v.0 as usize]).chain(waits).max().unwrap_or(0);
            let after = level + usize::from(late);
            fresh.into_iter().for_each(|s| {
                levels.symbols.insert(s.clone(), after);
            });
            node.outputs.iter().for_each(|v| values[v.0 as usize] = after);
            levels.nodes.push(level);
            levels.late.push(late);
        }
        levels
    }

    fn of(&self, node: NodeId) -> (usize, bool) {
        (self.nodes[node.0 as usize], self.late[node.0 as usize])
    }
}

/// Symbols in the shapes and values of a node's results and in its parameters.
fn symbols_of(graph: &Graph, node: &Node) -> BTreeSet<Symbol> {
    let mut found = BTreeSet::new();
    let facts = node.outputs.iter().map(|v| graph.fact(*v));
    facts.flat_map(|f| f.shape.iter().chain(f.value.iter().flatten())).for_each(|d: &Dim| d.collect_symbols(&mut found));
    for (_, attr) in node.attrs.named() {
        if let Attr::Param(Param::Static(dims)) = attr {
            dims.iter().for_each(|d| d.collect_symbols(&mut found));
        }
    }
    found
}

/// Some nodes as a graph of their own; constants are copied in.
fn cut(graph: &Graph, nodes: &[NodeId], known: BTreeSet<Symbol>) -> Piece {
    let mut c = Cut { graph, map: HashMap::new(), inputs: Vec::new(), out: Graph { name: graph.name.clone(), ..Graph::default() } };
    let made: BTreeSet<ValueId> = nodes.iter().flat_map(|n| &graph.node(*n).outputs).copied().collect();
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    for id in nodes {
        c.node(graph.node(*id));
    }
    let mut outputs = Vec::new();
    let read_outside = graph.node_ids().filter(|n| !inside.contains(n)).flat_map(|n| graph.node(n).reads().collect::<Vec<_>>());
    let wanted: BTreeSet<ValueId> = read_outside.chain(graph.outputs.iter().map(|o| o.value)).filter(|v| made.contains(v)).collect();
    for value in wanted {
        outputs.push(value);
        c.out.outputs.push(Output { name: format!("{}", value.0), value: c.map[&value] });
    }
    Piece::Code { graph: c.out, inputs: c.inputs, outputs, known }
}

struct Cut<'a> {
    graph: &'a Graph,
    map: HashMap<ValueId, ValueId>,
    inputs: Vec<ValueId>,
    out: Graph,
}

impl Cut<'_> {
    fn value(&mut self, old: ValueId, def: Def) -> ValueId {
        self.out.values.push(Value { def, ..self.graph.value(old).clone() });
        let new = ValueId(self.out.values.len() as u32 - 1);
        self.map.insert(old, new);
        new
    }

    fn read(&mut self, old: ValueId) -> ValueId {
        if let Some(new) = self.map.get(&old) {
            return *new;
        }
        if let Def::Const(t) = &self.graph.value(old).def {
            return self.value(old, Def::Const(t.clone()));
        }
        let new = self.value(old, Def::Input(self.inputs.len()));
        // Names of inner values need not be unique; those of inputs are.
        self.out.values[new.0 as usize].name = format!("{}", old.0);
        self.inputs.push(old);
        self.out.inputs.push(new);
        new
    }

    fn node(&mut self, old: &Node) {
        let mut node = old.clone();
        node.inputs.iter_mut().for_each(|v| *v = self.read(*v));
        let id = NodeId(self.out.nodes.len() as u32);
        for (i, v) in node.outputs.iter_mut().enumerate() {
            *v = self.value(*v, Def::Node(id, i));
        }
        self.out.nodes.push(node);
    }
}
