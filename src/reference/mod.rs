//! The reference: runs a graph node by node with the operators' own `eval`, slowly and obviously. It is the oracle of every test and
//! what runs where there is no kernel. It must not be fast at the cost of being plain.

use crate::ir::opdef::EvalCtx;
use crate::ir::{Def, Graph, Node, ValueId};
use crate::tensor::bind::{Given, bind, learn};
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Context, Result};
use crate::tensor::host::Tensor;

/// The outputs of `graph` for `inputs`, in order.
pub fn run(graph: &Graph, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let given: Vec<Given> = inputs.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
    let bindings = bind(&graph.declared_inputs(), &given)?;
    run_bound(graph, inputs, &bindings)
}

/// The results of one node. There is a list of captured values for each of its bodies.
pub fn run_node(node: &Node, operands: &[Tensor], captures: &[Vec<Tensor>], bindings: &Bindings) -> Result<Vec<Tensor>> {
    let run = |body: &Graph, given: &[Tensor]| {
        let at = node.bodies.iter().position(|b| std::ptr::eq(&b.graph, body));
        let captured = at.map_or(&[] as &[Tensor], |i| &captures[i]);
        run_bound(body, &[given, captured].concat(), bindings)
    };
    let ctx = EvalCtx { attrs: &node.attrs, bindings, bodies: &node.bodies, run: &run };
    (node.op.eval)(&ctx, operands).context(|| format!("node '{}' ({})", node.name, node.op.name))
}

/// `bindings` hold the symbols that are known from outside; more are learned from tensors as they are made.
fn run_bound(graph: &Graph, inputs: &[Tensor], bindings: &Bindings) -> Result<Vec<Tensor>> {
    let mut bindings = bindings.clone();
    let mut values: Vec<Option<Tensor>> = vec![None; graph.values.len()];
    for (id, t) in graph.inputs.iter().zip(inputs) {
        learn(&graph.fact(*id).shape, t.shape(), &mut bindings);
        values[id.0 as usize] = Some(t.clone());
    }
    let mut reads = vec![0usize; graph.values.len()];
    graph.nodes.iter().flat_map(|n| n.reads()).chain(graph.outputs.iter().map(|o| o.value)).for_each(|v| reads[v.0 as usize] += 1);
    for node in &graph.nodes {
        let operands: Vec<Tensor> = node.inputs.iter().map(|v| value(graph, &values, *v)).collect();
        let of = |list: &[ValueId]| list.iter().map(|v| value(graph, &values, *v)).collect();
        let captures: Vec<Vec<Tensor>> = node.bodies.iter().map(|b| of(&b.captures)).collect();
        let results = run_node(node, &operands, &captures, &bindings)?;
        for (id, t) in node.outputs.iter().zip(results) {
            learn(&graph.fact(*id).shape, t.shape(), &mut bindings);
            values[id.0 as usize] = Some(t);
        }
        for v in node.reads() {
            reads[v.0 as usize] -= 1;
            if reads[v.0 as usize] == 0 {
                values[v.0 as usize] = None;
            }
        }
    }
    Ok(graph.outputs.iter().map(|o| value(graph, &values, o.value)).collect())
}

fn value(graph: &Graph, values: &[Option<Tensor>], id: ValueId) -> Tensor {
    match (&graph.value(id).def, &values[id.0 as usize]) {
        (Def::Const(t), _) => t.clone(),
        (_, Some(t)) => t.clone(),
        (_, None) => unreachable!("nodes stand in running order"),
    }
}
