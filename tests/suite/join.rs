//! Many small graphs as disjoint parts of one, so that hundreds of operators cost one engine.

use super::Case;
use tvmtrt::ir::{Def, Graph, NodeId, Output, Value, ValueId};
use tvmtrt::tensor::bind::{Given, bind};
use tvmtrt::tensor::dim::Bindings;
use tvmtrt::tensor::host::Tensor;

/// Cases that share one graph.
pub struct Joined<'a> {
    pub cases: Vec<&'a Case>,
    pub graph: Graph,
    pub inputs: Vec<Tensor>,
    pub bindings: Bindings,
}

/// Values of a case's symbols.
pub fn bindings(case: &Case) -> Bindings {
    let given: Vec<Given> = case.inputs.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
    bind(&case.graph.declared_inputs(), &given).unwrap_or_else(|e| panic!("{}: {e}", case.name))
}

/// The cases in groups of at most `most` whose symbols agree.
pub fn groups<'a>(cases: &[&'a Case], most: usize) -> Vec<Joined<'a>> {
    let mut groups: Vec<(Vec<&'a Case>, Bindings)> = Vec::new();
    for case in cases {
        let own = bindings(case);
        let agree = |b: &Bindings| own.iter().all(|(name, value)| b.get(name).is_none_or(|v| v == value));
        match groups.iter_mut().find(|(cases, b)| cases.len() < most && agree(b)) {
            Some((cases, b)) => {
                cases.push(case);
                b.extend(own);
            }
            None => groups.push((vec![case], own)),
        }
    }
    groups.into_iter().map(|(cases, bindings)| join(cases, bindings)).collect()
}

fn join(cases: Vec<&Case>, bindings: Bindings) -> Joined<'_> {
    let mut graph = Graph { name: "joined".into(), ..Graph::default() };
    for (i, case) in cases.iter().enumerate() {
        append(&mut graph, &case.graph, &format!("c{i}."));
    }
    let inputs = cases.iter().flat_map(|c| c.inputs.iter().cloned()).collect();
    Joined { cases, graph, inputs, bindings }
}

fn append(to: &mut Graph, from: &Graph, prefix: &str) {
    let (values, nodes, inputs) = (to.values.len() as u32, to.nodes.len() as u32, to.inputs.len());
    let moved = |id: ValueId| ValueId(id.0 + values);
    for value in &from.values {
        let def = match &value.def {
            Def::Input(i) => Def::Input(i + inputs),
            Def::Const(t) => Def::Const(t.clone()),
            Def::Node(n, i) => Def::Node(NodeId(n.0 + nodes), *i),
        };
        to.values.push(Value { name: format!("{prefix}{}", value.name), fact: value.fact.clone(), def });
    }
    for node in &from.nodes {
        let mut node = node.clone();
        node.name = format!("{prefix}{}", node.name);
        let captures = node.bodies.iter_mut().flat_map(|b| &mut b.captures);
        node.inputs.iter_mut().chain(&mut node.outputs).chain(captures).for_each(|v| *v = moved(*v));
        to.nodes.push(node);
    }
    to.inputs.extend(from.inputs.iter().map(|v| moved(*v)));
    to.outputs.extend(from.outputs.iter().map(|o| Output { name: format!("{prefix}{}", o.name), value: moved(o.value) }));
}
