//! Extents that operators took to agree, because nothing said that they do not: looked at again once they are numbers. Code is made for
//! extents that agree and would reach beyond memory where they do not, so whoever runs a graph asks here first.

use crate::ensure;
use crate::ir::attrs::Attrs;
use crate::ir::fact::Fact;
use crate::ir::opdef::{InferCtx, OpDef};
use crate::ir::{Graph, Node, ValueId};
use crate::tensor::dim::{Bindings, Dim};
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// The nodes of a graph whose operands have extents that are known only when it runs.
#[derive(Clone, Default)]
pub struct Guards(Arc<[Guard]>);

struct Guard {
    name: String,
    op: &'static OpDef,
    attrs: Attrs,
    inputs: Vec<Fact>,
    constants: Vec<Option<Tensor>>,
    outputs: Vec<Fact>,
}

impl fmt::Debug for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} guards", self.0.len())
    }
}

impl Guards {
    /// Those of a graph; of nodes that are alike the first. Graphs inside nodes have their own.
    pub fn new(graph: &Graph) -> Guards {
        let open = |n: &&Node| n.bodies.is_empty() && n.inputs.iter().any(|v| graph.fact(*v).shape.iter().any(|d| d.as_const().is_none()));
        let mut seen = HashSet::new();
        let new = |n: &&Node| alike(graph, n).is_none_or(|key| seen.insert(key));
        let guard = |n: &Node| Guard {
            name: n.name.clone(),
            op: n.op,
            attrs: n.attrs.clone(),
            inputs: n.inputs.iter().map(|v| graph.fact(*v).clone()).collect(),
            constants: n.inputs.iter().map(|v| graph.constant(*v).cloned()).collect(),
            outputs: n.outputs.iter().map(|v| graph.fact(*v).clone()).collect(),
        };
        Guards(graph.nodes.iter().filter(open).filter(new).map(guard).collect())
    }

    /// An error that names the node whose operands do not fit each other for these values of the symbols. Nodes whose extents are not
    /// known yet are passed over.
    pub fn check(&self, bindings: &Bindings) -> Result<()> {
        self.0.iter().try_for_each(|g| g.check(bindings))
    }
}

/// A text that is the same for nodes whose shapes follow from the same: none for one that may read a large integer constant.
fn alike(graph: &Graph, node: &Node) -> Option<String> {
    let readable = |v: &ValueId| graph.constant(*v).is_none_or(|t| t.dtype().is_float() || graph.fact(*v).value.is_some());
    let facts = |ids: &[ValueId]| ids.iter().map(|v| graph.fact(*v).to_string()).collect::<Vec<_>>();
    let attrs: Vec<_> = node.attrs.named().collect();
    let key = || format!("{} {attrs:?} {:?} {:?}", node.op.name, facts(&node.inputs), facts(&node.outputs));
    node.inputs.iter().all(readable).then(key)
}

impl Guard {
    fn check(&self, bindings: &Bindings) -> Result<()> {
        let at = |dims: &[Dim]| dims.iter().map(|d| d.eval(bindings).map(Dim::from)).collect::<Option<Vec<Dim>>>();
        let fact = |f: &Fact| {
            let value = f.value.as_ref().and_then(|v| at(v));
            Some(Fact::new(f.dtype, at(&f.shape)?).with_value(value))
        };
        let Some(inputs) = self.inputs.iter().map(fact).collect::<Option<Vec<Fact>>>() else { return Ok(()) };
        let (facts, constants): (Vec<&Fact>, Vec<Option<&Tensor>>) =
            (inputs.iter().collect(), self.constants.iter().map(|c| c.as_ref()).collect());
        let ctx = InferCtx { node: &self.name, attrs: &self.attrs, constants: &constants, bodies: &[] };
        let place = || format!("node '{}' ({})", self.name, self.op.name);
        let made = (self.op.infer)(&ctx, &facts).map_err(|e| Error::new(Code::WrongShape, e.message)).context(place)?;
        for (made, planned) in made.iter().zip(&self.outputs) {
            let differ = made.shape.iter().zip(&planned.shape).any(|(a, b)| {
                let (a, b) = (a.eval(bindings), b.eval(bindings));
                a.is_some() && b.is_some() && a != b
            });
            let text = |f: &Fact| shape::text(&f.shape);
            ensure!(!differ, WrongShape, "{} gives shape {} here, but was compiled for {}", place(), text(made), text(planned));
        }
        Ok(())
    }
}
