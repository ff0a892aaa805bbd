//! A whole graph as a TensorRT network: each node by its operator's own converter.

use crate::ir::view::NodeView;
use crate::ir::{Def, Graph, ValueId};
use crate::network::builder::Builder;
use crate::network::merge::merge_biases;
use crate::network::refusal::Accepted;
use crate::network::{Network, TensorId};
use std::collections::HashMap;

/// The network that computes `graph`; inputs and outputs keep their names and order, but inputs that no layer reads are left out.
/// Refused where any node is.
pub fn to_network(graph: &Graph) -> Accepted<Network> {
    let mut b = Builder::new(&graph.name);
    let mut map: HashMap<ValueId, TensorId> = HashMap::new();
    for id in &graph.inputs {
        let value = graph.value(*id);
        map.insert(*id, b.input(&value.name, value.fact.dtype, &value.fact.shape));
    }
    for id in graph.node_ids() {
        let view = NodeView::new(graph, id);
        let inputs = view.node().inputs.iter().map(|v| operand(graph, *v, &mut b, &mut map)).collect::<Accepted<Vec<_>>>()?;
        b.scope(view.name());
        let outputs = (view.op().convert)(&view, &mut b, &inputs)?;
        map.extend(view.node().outputs.iter().copied().zip(outputs));
    }
    for output in &graph.outputs {
        let id = operand(graph, output.value, &mut b, &mut map)?;
        b.output(id, &output.name)?;
    }
    Ok(merge_biases(b.finish()).without_unread())
}

/// Adds the layers of a graph whose inputs are these tensors, and gives its outputs: for nodes that are other operators to TensorRT.
pub fn inline(graph: &Graph, b: &mut Builder, inputs: &[TensorId]) -> Accepted<Vec<TensorId>> {
    let mut map: HashMap<ValueId, TensorId> = graph.inputs.iter().copied().zip(inputs.iter().copied()).collect();
    for id in graph.node_ids() {
        let view = NodeView::new(graph, id);
        let operands = view.node().inputs.iter().map(|v| within(graph, *v, b, &map)).collect::<Accepted<Vec<_>>>()?;
        let outputs = (view.op().convert)(&view, b, &operands)?;
        map.extend(view.node().outputs.iter().copied().zip(outputs));
    }
    graph.outputs.iter().map(|o| within(graph, o.value, b, &map)).collect()
}

/// The tensor of a value of an inlined graph, whose layers keep the scope at hand.
fn within(graph: &Graph, value: ValueId, b: &mut Builder, map: &HashMap<ValueId, TensorId>) -> Accepted<TensorId> {
    match (map.get(&value), &graph.value(value).def) {
        (Some(id), _) => Ok(*id),
        (None, Def::Const(tensor)) => b.constant(tensor.clone()),
        _ => unreachable!("nodes stand in running order"),
    }
}

/// The tensor of a value; a constant becomes a layer when it is first read.
fn operand(graph: &Graph, value: ValueId, b: &mut Builder, map: &mut HashMap<ValueId, TensorId>) -> Accepted<TensorId> {
    if let Some(id) = map.get(&value) {
        return Ok(*id);
    }
    let Def::Const(tensor) = &graph.value(value).def else { unreachable!("nodes stand in running order") };
    b.scope(&format!("const:{}", value.0));
    let id = b.constant(tensor.clone())?;
    map.insert(value, id);
    Ok(id)
}
