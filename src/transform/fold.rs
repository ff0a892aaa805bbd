//! Constant folding: nodes whose operands are all constants are computed now, by the operators' own `eval`.

use crate::ir::opdef::EvalCtx;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Graph, ValueId};
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

/// A result with more elements than this is folded only where it is no larger than its operands.
const MAX_NEW_ELEMENTS: usize = 1 << 16;

/// The graph with constant nodes computed. Nodes with bodies are left alone.
pub fn fold_constants(graph: &Graph) -> Result<Graph> {
    rewrite(graph, &mut |b, view, inputs| {
        let facts = view.node().outputs.iter().map(|v| graph.fact(*v));
        // The value may follow from shapes even where operands are no constants.
        if let Some(known) = facts.map(|f| f.as_tensor()).collect::<Option<Vec<Tensor>>>() {
            return Ok(Some(constants(b, view, known)));
        }
        let operands: Option<Vec<Tensor>> = inputs.iter().map(|v| b.graph().constant(*v).cloned()).collect();
        match operands.filter(|x| worth_folding(view, x)) {
            Some(x) => Ok(Some(constants(b, view, eval(view, &x)?))),
            None => Ok(None),
        }
    })
}

fn constants(b: &mut crate::ir::build::Builder, view: &NodeView, tensors: Vec<Tensor>) -> Vec<ValueId> {
    let names = view.node().outputs.iter().map(|v| view.graph.value(*v).name.as_str());
    names.zip(tensors).map(|(name, t)| b.constant(name, t)).collect()
}

fn worth_folding(view: &NodeView, operands: &[Tensor]) -> bool {
    let count = |v: &ValueId| shape::as_usizes(&view.graph.fact(*v).shape).map(|s| s.iter().product::<usize>());
    let Some(results) = view.node().outputs.iter().map(count).sum::<Option<usize>>() else { return false };
    let given: usize = operands.iter().map(Tensor::len).sum();
    view.node().bodies.is_empty() && !operands.is_empty() && results <= given.max(MAX_NEW_ELEMENTS)
}

fn eval(view: &NodeView, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let no_bodies = |_: &Graph, _: &[Tensor]| Err(Error::new(Code::Internal, "a node without bodies ran one"));
    let ctx = EvalCtx { attrs: &view.node().attrs, bindings: &Bindings::new(), bodies: &[], run: &no_bodies };
    (view.op().eval)(&ctx, operands).map_err(|e| e.context(format!("folding node '{}'", view.name())))
}
