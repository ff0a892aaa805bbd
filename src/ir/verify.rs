//! Holds a graph against its invariants; for tests and for graphs that come from outside. Repairs nothing.
//!
//! 1. Ids of values and nodes are inside the graph.
//! 2. Each value has one definition, and the input, constant or node that it names knows it.
//! 3. A node reads inputs, constants and results of earlier nodes only; so do outputs.
//! 4. Names of inputs, of outputs and of nodes are unique; nodes have one.
//! 5. Operators have as many operands as their arity says.
//! 6. Facts are those that the operators infer now; facts of constants are theirs; a fact has a value only where it may.
//! 7. A body has an input for each captured value, of the same type and shape, and holds all of this itself.

use crate::ir::fact::Fact;
use crate::ir::opdef::InferCtx;
use crate::ir::{Body, Def, Graph, Node, NodeId, ValueId};
use crate::tensor::error::{Context, Result};
use crate::{ensure, fail};
use std::collections::HashSet;

/// An error for the first invariant that does not hold; it names the node and the value.
pub fn verify(graph: &Graph) -> Result<()> {
    verify_ids(graph)?;
    verify_definitions(graph)?;
    unique(graph.inputs.iter().map(|id| graph.value(*id).name.as_str()), "inputs")?;
    unique(graph.outputs.iter().map(|o| o.name.as_str()), "outputs")?;
    unique(graph.nodes.iter().map(|n| n.name.as_str()), "nodes")?;
    verify_facts(graph)?;
    for id in graph.node_ids() {
        let node = graph.node(id);
        verify_node(graph, id).context(|| format!("node '{}' ({})", node.name, node.op.name))?;
    }
    for output in &graph.outputs {
        ensure!(made_before(graph, output.value, graph.nodes.len()), BadGraph, "output '{}' is never made", output.name);
    }
    Ok(())
}

fn unique<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        ensure!(seen.insert(name), DuplicateName, "two {what} are named '{name}'");
    }
    Ok(())
}

fn verify_ids(graph: &Graph) -> Result<()> {
    let inside = |id: ValueId| (id.0 as usize) < graph.values.len();
    for node in &graph.nodes {
        if let Some(id) = node.reads().chain(node.outputs.iter().copied()).find(|id| !inside(*id)) {
            fail!(BadGraph, "node '{}' names value {}, but there are {}", node.name, id.0, graph.values.len());
        }
        ensure!(!node.name.is_empty(), BadGraph, "a node of operator {} has no name", node.op.name);
    }
    let bound = graph.inputs.iter().copied().chain(graph.outputs.iter().map(|o| o.value));
    match bound.into_iter().find(|id| !inside(*id)) {
        Some(id) => fail!(BadGraph, "an input or output is value {}, but there are {}", id.0, graph.values.len()),
        None => Ok(()),
    }
}

/// Each value's definition and what it names point at each other.
fn verify_definitions(graph: &Graph) -> Result<()> {
    for (i, value) in graph.values.iter().enumerate() {
        let id = Some(&ValueId(i as u32));
        let known = match value.def {
            Def::Const(_) => true,
            Def::Input(k) => graph.inputs.get(k) == id,
            Def::Node(n, k) => graph.nodes.get(n.0 as usize).is_some_and(|n| n.outputs.get(k) == id),
        };
        ensure!(known, BadGraph, "value '{}' ({i}) says {}, which does not know it", value.name, origin(&value.def));
    }
    for (k, id) in graph.inputs.iter().enumerate() {
        let value = graph.value(*id);
        ensure!(matches!(value.def, Def::Input(d) if d == k), BadGraph, "input {k}, '{}', is {}", value.name, origin(&value.def));
    }
    for n in graph.node_ids() {
        for (k, id) in graph.node(n).outputs.iter().enumerate() {
            let (value, node) = (graph.value(*id), &graph.node(n).name);
            let own = matches!(value.def, Def::Node(m, d) if (m, d) == (n, k));
            ensure!(own, BadGraph, "result {k} of node '{node}', value '{}', is {}", value.name, origin(&value.def));
        }
    }
    Ok(())
}

fn origin(def: &Def) -> String {
    match def {
        Def::Input(k) => format!("input {k}"),
        Def::Const(_) => "a constant".into(),
        Def::Node(n, k) => format!("result {k} of node {}", n.0),
    }
}

/// True where the value is there before node number `position` runs.
fn made_before(graph: &Graph, id: ValueId, position: usize) -> bool {
    graph.producer(id).is_none_or(|n| (n.0 as usize) < position)
}

fn verify_facts(graph: &Graph) -> Result<()> {
    for value in &graph.values {
        let fact = &value.fact;
        if let Def::Const(tensor) = &value.def {
            let own = Fact::of_tensor(tensor);
            ensure!(*fact == own, BadGraph, "constant '{}' is {own}, its fact says {fact}", value.name);
        }
        let allowed = fact.value.is_none() || fact.clone().with_value(fact.value.clone()) == *fact;
        ensure!(allowed, BadGraph, "value '{}' cannot have the fact {fact}", value.name);
    }
    Ok(())
}

fn verify_node(graph: &Graph, id: NodeId) -> Result<()> {
    let node = graph.node(id);
    for value in node.reads() {
        ensure!(made_before(graph, value, id.0 as usize), BadGraph, "value '{}' is read before it is made", graph.value(value).name);
    }
    let (fewest, most) = node.op.arity;
    let count = node.inputs.len();
    ensure!((fewest..=most).contains(&count), BadGraph, "{count} operands, not {fewest} to {most}");
    for (i, body) in node.bodies.iter().enumerate() {
        verify_body(graph, body).context(|| format!("body {i}"))?;
    }
    verify_inferred(graph, node)
}

fn verify_body(graph: &Graph, body: &Body) -> Result<()> {
    verify(&body.graph)?;
    let (inputs, captures) = (&body.graph.inputs, &body.captures);
    let Some(own) = inputs.len().checked_sub(captures.len()) else {
        fail!(BadGraph, "{} values are captured by {} inputs", captures.len(), inputs.len())
    };
    for (input, captured) in inputs[own..].iter().zip(captures) {
        let (input, captured) = (body.graph.value(*input), graph.value(*captured));
        let same = input.fact.dtype == captured.fact.dtype && input.fact.shape == captured.fact.shape;
        ensure!(same, BadGraph, "input '{}' is {}, captured '{}' is {}", input.name, input.fact, captured.name, captured.fact);
    }
    Ok(())
}

fn verify_inferred(graph: &Graph, node: &Node) -> Result<()> {
    let facts: Vec<&Fact> = node.inputs.iter().map(|i| graph.fact(*i)).collect();
    let constants: Vec<_> = node.inputs.iter().map(|i| graph.constant(*i)).collect();
    let ctx = InferCtx { node: &node.name, attrs: &node.attrs, constants: &constants, bodies: &node.bodies };
    let inferred = (node.op.infer)(&ctx, &facts)?;
    let (found, outputs) = (inferred.len(), node.outputs.len());
    ensure!(found == outputs, BadGraph, "{outputs} results, {found} are inferred");
    for (id, fact) in node.outputs.iter().zip(&inferred) {
        let value = graph.value(*id);
        ensure!(value.fact == *fact, BadGraph, "value '{}' is {}, inferred is {fact}", value.name, value.fact);
    }
    Ok(())
}
