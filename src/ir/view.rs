//! A node together with its graph: what `convert` and `lower` see.

use crate::ir::attrs::OpAttrs;
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::{Graph, Node, NodeId};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;

/// A node in its graph.
#[derive(Debug, Clone, Copy)]
pub struct NodeView<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The node's id in it.
    pub id: NodeId,
}

impl<'a> NodeView<'a> {
    /// A view of node `id`.
    pub fn new(graph: &'a Graph, id: NodeId) -> NodeView<'a> {
        NodeView { graph, id }
    }

    /// The node.
    pub fn node(&self) -> &'a Node {
        self.graph.node(self.id)
    }

    /// The node's name.
    pub fn name(&self) -> &'a str {
        &self.node().name
    }

    /// The operator.
    pub fn op(&self) -> &'static OpDef {
        self.node().op
    }

    /// The attributes.
    pub fn attrs<T: OpAttrs>(&self) -> &'a T {
        self.node().attrs.get()
    }

    /// Number of operands.
    pub fn input_count(&self) -> usize {
        self.node().inputs.len()
    }

    /// Fact of operand `i`.
    pub fn input(&self, i: usize) -> &'a Fact {
        self.graph.fact(self.node().inputs[i])
    }

    /// Facts of all operands.
    pub fn inputs(&self) -> Vec<&'a Fact> {
        self.node().inputs.iter().map(|v| self.graph.fact(*v)).collect()
    }

    /// Shape of operand `i`.
    pub fn shape(&self, i: usize) -> &'a [Dim] {
        &self.input(i).shape
    }

    /// Element type of operand `i`.
    pub fn dtype(&self, i: usize) -> DType {
        self.input(i).dtype
    }

    /// Fact of result `i`.
    pub fn output(&self, i: usize) -> &'a Fact {
        self.graph.fact(self.node().outputs[i])
    }

    /// Operand `i`, where it is a constant.
    pub fn constant(&self, i: usize) -> Option<&'a Tensor> {
        self.graph.constant(self.node().inputs[i])
    }
}
