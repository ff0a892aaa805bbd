//! The graph of operators that every stage from import to partition works on.
//!
//! A [`Graph`] is immutable once built: [`build::Builder`] makes one, [`rewrite`] makes another from it. Invariants (checked by
//! [`verify`]): nodes stand in an order in which they can run; each value has one definition; facts are those that the operators
//! infer; names of inputs, of outputs and of nodes are unique.

pub mod attrs;
pub mod build;
pub mod convert;
pub mod fact;
pub mod guard;
pub mod opdef;
pub mod parse;
pub mod rewrite;
mod scan;
pub mod text;
pub mod verify;
pub mod view;

use crate::ir::attrs::Attrs;
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::tensor::bind::Declared;
use crate::tensor::dim::{Dim, Symbol};
use crate::tensor::host::Tensor;
use std::collections::BTreeSet;

/// Index of a value in [`Graph::values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

/// Index of a node in [`Graph::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Def {
    /// Input of the graph, by position.
    Input(usize),
    /// A constant.
    Const(Tensor),
    /// Output of a node, by position.
    Node(NodeId, usize),
}

/// A tensor that flows through the graph.
#[derive(Debug, Clone)]
pub struct Value {
    /// The model's name for it; for inputs the name that callers use.
    pub name: String,
    /// What is known of it.
    pub fact: Fact,
    /// Where it comes from.
    pub def: Def,
}

/// A graph inside a node, such as the branch of an `if`. Its first inputs are those that the operator gives it; the last
/// `captures.len()` inputs are values of the enclosing graph.
#[derive(Debug, Clone)]
pub struct Body {
    /// The graph.
    pub graph: Graph,
    /// Values of the enclosing graph that it reads.
    pub captures: Vec<ValueId>,
}

/// An operator applied to values.
#[derive(Debug, Clone)]
pub struct Node {
    /// Unique name: the model's, or one made from the operator.
    pub name: String,
    /// The operator.
    pub op: &'static OpDef,
    /// Its attributes, typed.
    pub attrs: Attrs,
    /// Operands.
    pub inputs: Vec<ValueId>,
    /// Results.
    pub outputs: Vec<ValueId>,
    /// Graphs inside.
    pub bodies: Vec<Body>,
}

impl Node {
    /// Every value that the node reads: operands, then captures of its bodies.
    pub fn reads(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.inputs.iter().chain(self.bodies.iter().flat_map(|b| &b.captures)).copied()
    }
}

/// A named result of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The name that callers use.
    pub name: String,
    /// The value; several outputs may share one, and it may be an input or a constant.
    pub value: ValueId,
}

/// A graph of operators.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Name, for messages.
    pub name: String,
    /// All values.
    pub values: Vec<Value>,
    /// All nodes, in an order in which they can run.
    pub nodes: Vec<Node>,
    /// Inputs in order.
    pub inputs: Vec<ValueId>,
    /// Outputs in order.
    pub outputs: Vec<Output>,
}

impl Graph {
    /// The value with this id.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0 as usize]
    }

    /// What is known of a value.
    pub fn fact(&self, id: ValueId) -> &Fact {
        &self.value(id).fact
    }

    /// The node with this id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Ids of all nodes, in running order.
    pub fn node_ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The constant behind a value, if it is one.
    pub fn constant(&self, id: ValueId) -> Option<&Tensor> {
        match &self.value(id).def {
            Def::Const(t) => Some(t),
            _ => None,
        }
    }

    /// The node that makes a value, if one does.
    pub fn producer(&self, id: ValueId) -> Option<NodeId> {
        match self.value(id).def {
            Def::Node(n, _) => Some(n),
            _ => None,
        }
    }

    /// For each value, the nodes that read it, each once.
    pub fn users(&self) -> Vec<Vec<NodeId>> {
        let mut users: Vec<Vec<NodeId>> = vec![Vec::new(); self.values.len()];
        for id in self.node_ids() {
            for value in self.node(id).reads() {
                let list = &mut users[value.0 as usize];
                if list.last() != Some(&id) {
                    list.push(id);
                }
            }
        }
        users
    }

    /// What is declared of the inputs, in order.
    pub fn declared_inputs(&self) -> Vec<Declared<'_>> {
        let declared = |v: &ValueId| {
            let value = self.value(*v);
            Declared { name: &value.name, dtype: value.fact.dtype, shape: &value.fact.shape }
        };
        self.inputs.iter().map(declared).collect()
    }

    /// Every symbol in the shapes of the inputs.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        let mut symbols = BTreeSet::new();
        let dims = self.inputs.iter().flat_map(|i| &self.fact(*i).shape);
        dims.for_each(|d: &Dim| d.collect_symbols(&mut symbols));
        symbols
    }
}
