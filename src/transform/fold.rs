//! Constant folding: nodes whose operands are all constants are computed now, by the operators' own `eval`.

use crate::ir::opdef::EvalCtx;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Graph, ValueId};
use crate::ops::plugin::PLUGIN;
use crate::tensor::dim::Bindings;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::tensor::shape;

/// A result with more elements than this is folded only where it is no larger than its operands.
const MAX_NEW_ELEMENTS: usize = 1 << 16;

/// The graph with constant nodes computed. Nodes with bodies and plugins are left alone, and so are quantised weights: a library may compute with
/// them as they are.
pub fn fold_constants(graph: &Graph) -> Result<Graph> {
    let users = if graph.nodes.iter().any(|n| n.op.name == DEQUANTIZE) { graph.users() } else { Vec::new() };
    rewrite(graph, &mut |b, view, inputs| {
        if is_weights(view) && users[view.node().outputs[0].0 as usize].iter().any(|n| WEIGHTED.contains(&graph.node(*n).op.name)) {
            return Ok(None);
        }
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

const DEQUANTIZE: &str = "qnn.dequantize";

/// Operators that have weights.
const WEIGHTED: &[&str] = &["nn.conv2d", "nn.dense", "nn.batch_matmul"];

/// True for a node that dequantises an int8 constant.
fn is_weights(view: &NodeView) -> bool {
    view.op().name == DEQUANTIZE && (0..view.input_count()).all(|i| view.constant(i).is_some()) && view.dtype(0) == DType::I8
}

/// The graph with quantised weights as floats, for code that computes with floats only; `None` where there are none.
pub fn fold_weights(graph: &Graph) -> Result<Option<Graph>> {
    if !graph.node_ids().any(|id| is_weights(&NodeView::new(graph, id))) {
        return Ok(None);
    }
    let folded = rewrite(graph, &mut |b, view, inputs| {
        let operands: Option<Vec<Tensor>> = inputs.iter().map(|v| b.graph().constant(*v).cloned()).collect();
        match operands.filter(|_| is_weights(view)) {
            Some(x) => Ok(Some(constants(b, view, eval(view, &x)?))),
            None => Ok(None),
        }
    });
    folded.map(Some)
}

fn constants(b: &mut crate::ir::build::Builder, view: &NodeView, tensors: Vec<Tensor>) -> Vec<ValueId> {
    let names = view.node().outputs.iter().map(|v| view.graph.value(*v).name.as_str());
    names.zip(tensors).map(|(name, t)| b.constant(name, t)).collect()
}

fn worth_folding(view: &NodeView, operands: &[Tensor]) -> bool {
    let count = |v: &ValueId| shape::as_usizes(&view.graph.fact(*v).shape).map(|s| s.iter().product::<usize>());
    let Some(results) = view.node().outputs.iter().map(count).sum::<Option<usize>>() else { return false };
    let given: usize = operands.iter().map(Tensor::len).sum();
    view.op() != &PLUGIN && view.node().bodies.is_empty() && !operands.is_empty() && results <= given.max(MAX_NEW_ELEMENTS)
}

fn eval(view: &NodeView, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let no_bodies = |_: &Graph, _: &[Tensor]| Err(Error::new(Code::Internal, "a node without bodies ran one"));
    let ctx = EvalCtx { attrs: &view.node().attrs, bindings: &Bindings::new(), bodies: &[], run: &no_bodies };
    (view.op().eval)(&ctx, operands).map_err(|e| e.context(format!("folding node '{}'", view.name())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::attrs::NoAttrs;
    use crate::ir::build::Builder;
    use crate::ir::fact::Fact;
    use crate::ops::qnn::Dequantize;
    use crate::tensor::dim::Dim;

    #[test]
    fn quantised_weights_stay_quantised_until_our_code_needs_them() {
        let op = |name: &str| crate::ops::find(name).unwrap();
        let mut b = Builder::new("g");
        let x = b.input("x", Fact::new(DType::F32, vec![Dim::from(2i64), Dim::from(2i64)])).unwrap();
        let whole = b.constant("w", Tensor::from_vec(&[3, 2], vec![1i8, -2, 3, 4, 5, 6]));
        let (scale, zero) = (b.constant("scale", Tensor::scalar(0.5f32)), b.constant("zero", Tensor::scalar(0i8)));
        let real = b.op("real", op(DEQUANTIZE), Dequantize::default(), &[whole, scale, zero]).unwrap();
        let other = b.op("abs", op("abs"), NoAttrs {}, &[real]).unwrap();
        let y = b.op("y", op("nn.dense"), NoAttrs {}, &[x, real]).unwrap();
        b.output("y", y).unwrap();
        b.output("other", other).unwrap();
        let graph = fold_constants(&b.finish()).unwrap();
        let names = |g: &Graph| g.nodes.iter().map(|n| n.op.name).collect::<Vec<_>>();
        assert_eq!(names(&graph), ["qnn.dequantize", "abs", "nn.dense"]);
        let floats = fold_weights(&graph).unwrap().unwrap();
        assert_eq!(names(&floats), ["abs", "nn.dense"]);
        assert_eq!(floats.constant(floats.nodes[1].inputs[1]).unwrap().to_f64s(), [0.5, -1.0, 1.5, 2.0, 2.5, 3.0]);
        assert!(fold_weights(&floats).unwrap().is_none());
    }
}
