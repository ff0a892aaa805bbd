//! Inputs and outputs as callers see them: name, element type, shape.

use crate::ir::Graph;
use crate::tensor::bind::Declared;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::shape;
use std::fmt;

/// An input or output.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueInfo {
    /// The model's name for it.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents; expressions over symbols where they are not fixed.
    pub shape: Vec<Dim>,
}

impl ValueInfo {
    /// The form in which arguments are checked against it.
    pub fn declared(&self) -> Declared<'_> {
        Declared { name: &self.name, dtype: self.dtype, shape: &self.shape }
    }
}

impl fmt::Display for ValueInfo {
    /// For example `x: float32[N, 3, 48, W]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.name, self.dtype, shape::text(&self.shape))
    }
}

/// The inputs of a graph, in order.
pub fn inputs_of(graph: &Graph) -> Vec<ValueInfo> {
    let info = |id| {
        let value = graph.value(id);
        ValueInfo { name: value.name.clone(), dtype: value.fact.dtype, shape: value.fact.shape.clone() }
    };
    graph.inputs.iter().copied().map(info).collect()
}

/// The outputs of a graph, in order.
pub fn outputs_of(graph: &Graph) -> Vec<ValueInfo> {
    let info = |o: &crate::ir::Output| {
        let fact = graph.fact(o.value);
        ValueInfo { name: o.name.clone(), dtype: fact.dtype, shape: fact.shape.clone() }
    };
    graph.outputs.iter().map(info).collect()
}

/// The names, for messages: `'x', 'y'`.
pub fn names(values: &[ValueInfo]) -> String {
    if values.is_empty() {
        return "none".to_string();
    }
    values.iter().map(|v| format!("'{}'", v.name)).collect::<Vec<_>>().join(", ")
}
