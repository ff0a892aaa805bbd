//! The type of an operator's entry: everything that any stage needs to know of it.

use crate::ir::attrs::{Attrs, AttrsDef};
use crate::ir::fact::Fact;
use crate::ir::view::NodeView;
use crate::ir::{Body, Graph};
use crate::loops::Kernel;
use crate::network;
use crate::network::refusal::Accepted;
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use std::fmt;

/// One operator. Names and attributes are Relay's.
pub struct OpDef {
    /// Relay's name, for example `nn.conv2d`.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// Fewest and most operands.
    pub arity: (usize, usize),
    /// Attributes.
    pub attrs: AttrsDef,
    /// Facts of the results from facts of the operands; refuses operands that do not fit.
    pub infer: fn(&InferCtx, &[&Fact]) -> Result<Vec<Fact>>,
    /// The results, computed slowly and obviously: the oracle.
    pub eval: fn(&EvalCtx, &[Tensor]) -> Result<Vec<Tensor>>,
    /// TensorRT layers for a node, or why there are none. This is the partitioner's rule: there is no other.
    pub convert: fn(&NodeView, &mut network::builder::Builder, &[network::TensorId]) -> Accepted<Vec<network::TensorId>>,
    /// How our own kernels compute it.
    pub lower: fn(&NodeView) -> Result<Lowering>,
    /// How far a correct float32 result may be from the oracle's.
    pub tolerance: Tolerance,
}

impl fmt::Debug for OpDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for OpDef {
    fn eq(&self, other: &OpDef) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for OpDef {}

/// Bound on `|result - oracle|`: `relative * |oracle| + scaled * max|oracle|`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Part of the element's own magnitude.
    pub relative: f64,
    /// Part of the largest magnitude in the tensor.
    pub scaled: f64,
}

impl Tolerance {
    /// Every bit counts.
    pub const EXACT: Tolerance = Tolerance { relative: 0.0, scaled: 0.0 };
    /// A few roundings of float32.
    pub const ROUNDING: Tolerance = Tolerance { relative: 1e-6, scaled: 1e-7 };
    /// A polynomial instead of the library's function.
    pub const FUNCTION: Tolerance = Tolerance { relative: 4e-6, scaled: 1e-6 };
    /// A sum in another order.
    pub const SUM: Tolerance = Tolerance { relative: 1e-5, scaled: 1e-5 };
}

/// How our own kernels compute a node.
#[derive(Debug, Clone)]
pub enum Lowering {
    /// A kernel whose inputs and outputs are the node's, in order.
    Kernel(Kernel),
    /// The result is the first operand's bytes under another shape.
    View,
    /// Other operators: a graph whose inputs and outputs are the node's.
    Expand(Graph),
    /// Hand-written code by name: sort, scan, compaction, ... in `cpu` and in `cuda`.
    Routine(&'static str),
}

/// What `infer` is told besides the facts.
pub struct InferCtx<'a> {
    /// The node's name; symbols for extents that depend on data are named after it.
    pub node: &'a str,
    /// The node's attributes.
    pub attrs: &'a Attrs,
    /// Operands that are constants.
    pub constants: &'a [Option<&'a Tensor>],
    /// Graphs inside the node.
    pub bodies: &'a [Body],
}

/// What `eval` is told besides the operands.
pub struct EvalCtx<'a> {
    /// The node's attributes.
    pub attrs: &'a Attrs,
    /// Values of the graph's symbols.
    pub bindings: &'a Bindings,
    /// Graphs inside the node.
    pub bodies: &'a [Body],
    /// Runs one of them on its inputs (the operator's, then the captures).
    pub run: &'a dyn Fn(&Graph, &[Tensor]) -> Result<Vec<Tensor>>,
}

/// The `lower` of an operator that our kernels do not have.
pub fn not_lowered(view: &NodeView) -> Result<Lowering> {
    Err(Error::new(Code::NotImplemented, format!("operator {} of node '{}' has no kernel yet", view.op().name, view.name())))
}
