//! Makes a new graph from an old one: node by node, with replacements, and without what nothing reads.

use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::view::NodeView;
use crate::ir::{Body, Def, Graph, NodeId, Output, ValueId};
use crate::tensor::error::Result;

/// A rewriting rule: given the old node and its operands in the new graph, its results in the new graph, or `None` to copy the node.
pub type Rule<'a> = dyn FnMut(&mut Builder, &NodeView, &[ValueId]) -> Result<Option<Vec<ValueId>>> + 'a;

/// Rewrites `graph` by `rule`; facts are inferred anew. Names of inputs, outputs and copied nodes stay.
pub fn rewrite(graph: &Graph, rule: &mut Rule) -> Result<Graph> {
    rewrite_with_inputs(graph, &|_, fact| fact.clone(), rule)
}

/// [`rewrite`] with new facts for the inputs.
pub fn rewrite_with_inputs(graph: &Graph, input: &dyn Fn(&str, &Fact) -> Fact, rule: &mut Rule) -> Result<Graph> {
    let mut b = Builder::new(&graph.name);
    let mut map: Vec<Option<ValueId>> = vec![None; graph.values.len()];
    for id in &graph.inputs {
        let value = graph.value(*id);
        map[id.0 as usize] = Some(b.input(&value.name, input(&value.name, &value.fact))?);
    }
    for id in live_nodes(graph) {
        let view = NodeView::new(graph, id);
        let node = view.node();
        let inputs: Vec<ValueId> = node.inputs.iter().map(|v| mapped(graph, &mut b, &mut map, *v)).collect();
        let outputs = match rule(&mut b, &view, &inputs)? {
            Some(outputs) => outputs,
            None => {
                let bodies = node.bodies.iter().map(|body| Body {
                    graph: body.graph.clone(),
                    captures: body.captures.iter().map(|v| mapped(graph, &mut b, &mut map, *v)).collect(),
                });
                let bodies = bodies.collect();
                let outputs = b.node_with_bodies(&node.name, node.op, node.attrs.clone(), &inputs, bodies)?;
                for (old, new) in node.outputs.iter().zip(&outputs) {
                    b.name_value(*new, &graph.value(*old).name);
                }
                outputs
            }
        };
        for (old, new) in node.outputs.iter().zip(outputs) {
            map[old.0 as usize] = Some(new);
        }
    }
    for output in &graph.outputs {
        let value = mapped(graph, &mut b, &mut map, output.value);
        b.output(&output.name, value)?;
    }
    Ok(without_dead_nodes(b.finish()))
}

/// The new value for an old one; constants are carried over when first read.
fn mapped(graph: &Graph, b: &mut Builder, map: &mut [Option<ValueId>], old: ValueId) -> ValueId {
    if let Some(new) = map[old.0 as usize] {
        return new;
    }
    let value = graph.value(old);
    let Def::Const(tensor) = &value.def else { unreachable!("value '{}' is read before it is made", value.name) };
    let new = b.constant(&value.name, tensor.clone());
    map[old.0 as usize] = Some(new);
    new
}

/// Nodes whose results reach an output, in running order.
fn live_nodes(graph: &Graph) -> Vec<NodeId> {
    let mut live = vec![false; graph.values.len()];
    graph.outputs.iter().for_each(|o| live[o.value.0 as usize] = true);
    let mut nodes = Vec::new();
    for id in graph.node_ids().rev() {
        let node = graph.node(id);
        if node.outputs.iter().any(|v| live[v.0 as usize]) {
            node.reads().for_each(|v| live[v.0 as usize] = true);
            nodes.push(id);
        }
    }
    nodes.reverse();
    nodes
}

/// Drops nodes that no output needs, and constants that nobody reads.
fn without_dead_nodes(graph: Graph) -> Graph {
    let live = live_nodes(&graph);
    if live.len() == graph.nodes.len() {
        return graph;
    }
    let mut map: Vec<Option<ValueId>> = vec![None; graph.values.len()];
    let mut out = Graph { name: graph.name.clone(), ..Graph::default() };
    let mut add = |out: &mut Graph, old: ValueId, def: Def| {
        *map[old.0 as usize].get_or_insert_with(|| {
            let mut value = graph.value(old).clone();
            value.def = def;
            out.values.push(value);
            ValueId(out.values.len() as u32 - 1)
        })
    };
    out.inputs = graph.inputs.iter().enumerate().map(|(i, v)| add(&mut out, *v, Def::Input(i))).collect();
    for id in live {
        let mut node = graph.node(id).clone();
        let new_id = NodeId(out.nodes.len() as u32);
        for v in node.inputs.iter_mut().chain(node.bodies.iter_mut().flat_map(|b| b.captures.iter_mut())) {
            *v = add(&mut out, *v, graph.value(*v).def.clone());
        }
        for (i, v) in node.outputs.iter_mut().enumerate() {
            *v = add(&mut out, *v, Def::Node(new_id, i));
        }
        out.nodes.push(node);
    }
    for o in &graph.outputs {
        let value = add(&mut out, o.value, graph.value(o.value).def.clone());
        out.outputs.push(Output { name: o.name.clone(), value });
    }
    out
}
