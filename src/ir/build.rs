//! Makes graphs: adds values and nodes, infers facts, keeps names unique.

use crate::ir::attrs::{Attrs, OpAttrs};
use crate::ir::fact::Fact;
use crate::ir::opdef::{InferCtx, OpDef};
use crate::ir::{Body, Def, Graph, Node, NodeId, Output, Value, ValueId};
use crate::tensor::error::{Context, Result};
use crate::tensor::host::Tensor;
use crate::{ensure, fail};
use std::collections::HashSet;

/// Builds a [`Graph`].
#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    node_names: HashSet<String>,
    io_names: [HashSet<String>; 2],
}

impl Builder {
    /// An empty graph.
    pub fn new(name: &str) -> Builder {
        Builder { graph: Graph { name: name.into(), ..Graph::default() }, ..Builder::default() }
    }

    /// Adds an input.
    pub fn input(&mut self, name: &str, fact: Fact) -> Result<ValueId> {
        ensure!(self.io_names[0].insert(name.into()), DuplicateName, "two inputs are named '{name}'");
        let id = self.value(name, fact, Def::Input(self.graph.inputs.len()));
        self.graph.inputs.push(id);
        Ok(id)
    }

    /// Adds a constant.
    pub fn constant(&mut self, name: &str, tensor: Tensor) -> ValueId {
        self.value(name, Fact::of_tensor(&tensor), Def::Const(tensor))
    }

    /// Adds a node without bodies; see [`Builder::node_with_bodies`].
    pub fn node(&mut self, name: &str, op: &'static OpDef, attrs: Attrs, inputs: &[ValueId]) -> Result<Vec<ValueId>> {
        self.node_with_bodies(name, op, attrs, inputs, Vec::new())
    }

    /// Adds a node with one result.
    pub fn op<T: OpAttrs>(&mut self, name: &str, op: &'static OpDef, attrs: T, inputs: &[ValueId]) -> Result<ValueId> {
        Ok(self.node(name, op, Attrs::new(attrs), inputs)?[0])
    }

    /// Adds a node and gives its results, with the facts that its operator infers. An empty or taken name gets a number.
    pub fn node_with_bodies(
        &mut self,
        name: &str,
        op: &'static OpDef,
        attrs: Attrs,
        inputs: &[ValueId],
        bodies: Vec<Body>,
    ) -> Result<Vec<ValueId>> {
        let name = self.unique_name(name, op);
        let (fewest, most) = op.arity;
        if !(fewest..=most).contains(&inputs.len()) {
            fail!(BadGraph, "node '{name}' ({}) has {} operands, not {fewest} to {most}", op.name, inputs.len());
        }
        let facts: Vec<&Fact> = inputs.iter().map(|i| self.graph.fact(*i)).collect();
        let constants: Vec<Option<&Tensor>> = inputs.iter().map(|i| self.graph.constant(*i)).collect();
        let ctx = InferCtx { node: &name, attrs: &attrs, constants: &constants, bodies: &bodies };
        let outs = (op.infer)(&ctx, &facts).context(|| {
            let operands: Vec<String> = facts.iter().map(|f| f.to_string()).collect();
            format!("node '{name}' ({}) on {}", op.name, operands.join(", "))
        })?;
        let node = NodeId(self.graph.nodes.len() as u32);
        let many = outs.len() > 1;
        let outputs: Vec<ValueId> = outs
            .into_iter()
            .enumerate()
            .map(|(i, fact)| {
                let value_name = if many { format!("{name}.{i}") } else { name.clone() };
                self.value(&value_name, fact, Def::Node(node, i))
            })
            .collect();
        self.graph.nodes.push(Node { name, op, attrs, inputs: inputs.to_vec(), outputs: outputs.clone(), bodies });
        Ok(outputs)
    }

    /// Names a value as the model does; results of nodes are named after their node until then.
    pub fn name_value(&mut self, id: ValueId, name: &str) {
        self.graph.values[id.0 as usize].name = name.into();
    }

    /// Adds an output.
    pub fn output(&mut self, name: &str, value: ValueId) -> Result<()> {
        ensure!(self.io_names[1].insert(name.into()), DuplicateName, "two outputs are named '{name}'");
        self.graph.outputs.push(Output { name: name.into(), value });
        Ok(())
    }

    /// What is known of a value.
    pub fn fact(&self, id: ValueId) -> &Fact {
        self.graph.fact(id)
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph.
    pub fn finish(self) -> Graph {
        self.graph
    }

    fn value(&mut self, name: &str, fact: Fact, def: Def) -> ValueId {
        self.graph.values.push(Value { name: name.into(), fact, def });
        ValueId(self.graph.values.len() as u32 - 1)
    }

    fn unique_name(&mut self, name: &str, op: &OpDef) -> String {
        let base = if name.is_empty() { op.name } else { name };
        if self.node_names.insert(base.into()) {
            return base.into();
        }
        let mut i = self.graph.nodes.len();
        loop {
            let candidate = format!("{base}#{i}");
            if self.node_names.insert(candidate.clone()) {
                return candidate;
            }
            i += 1;
        }
    }
}
