//! Fixes or narrows the symbols of the inputs' shapes; every fact behind them follows.

use crate::ir::attrs::{Attr, Param};
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::rewrite::rewrite_with_inputs;
use crate::ir::view::NodeView;
use crate::ir::{Graph, ValueId};
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What symbols stand for: a constant, or the same symbol with narrower bounds.
pub type Assignment = BTreeMap<Arc<str>, Dim>;

/// The graph with symbols replaced, in the inputs' shapes and in static parameters of nodes, in graphs inside nodes too.
pub fn bind_symbols(graph: &Graph, symbols: &Assignment) -> Result<Graph> {
    if symbols.is_empty() {
        return Ok(graph.clone());
    }
    let mut graph = graph.clone();
    for body in graph.nodes.iter_mut().flat_map(|n| &mut n.bodies) {
        body.graph = bind_symbols(&body.graph, symbols)?;
    }
    let fact = |_: &str, f: &Fact| Fact::new(f.dtype, f.shape.iter().map(|d| d.substitute(symbols)).collect());
    rewrite_with_inputs(&graph, &fact, &mut |b, view, inputs| bind_params(b, view, inputs, symbols))
}

fn bind_params(b: &mut Builder, view: &NodeView, inputs: &[ValueId], symbols: &Assignment) -> Result<Option<Vec<ValueId>>> {
    let node = view.node();
    let mut fields: Vec<(&str, Attr)> = node.attrs.named().collect();
    let mut changed = false;
    for (_, attr) in &mut fields {
        if let Attr::Param(Param::Static(dims)) = attr {
            let bound: Vec<_> = dims.iter().map(|d| d.substitute(symbols)).collect();
            // Symbols are equal by name, bounds aside: every parameter with a symbol is written anew.
            changed |= dims.iter().any(|d| d.as_const().is_none());
            *dims = bound;
        }
    }
    if !changed || !node.bodies.is_empty() {
        return Ok(None);
    }
    let attrs = (node.op.attrs.parse)(&mut |name| fields.iter().find(|(n, _)| *n == name).map(|(_, a)| a.clone()))?;
    let outputs = b.node(&node.name, node.op, attrs, inputs)?;
    for (old, new) in node.outputs.iter().zip(&outputs) {
        b.name_value(*new, &view.graph.value(*old).name);
    }
    Ok(Some(outputs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::reshape::{RESHAPE, Reshape};
    use crate::tensor::dtype::DType;
    use crate::tensor::shape::text;

    #[test]
    fn static_parameters_are_bound_too() {
        let (mut b, n) = (Builder::new("g"), Dim::symbol("N", 1, 8));
        let x = b.input("x", Fact::new(DType::F32, vec![n.clone(), Dim::from(4i64)])).unwrap();
        let newshape = Param::Static(vec![n, Dim::from(2i64), Dim::from(2i64)]);
        let y = b.op("r", &RESHAPE, Reshape { newshape, allowzero: true }, &[x]).unwrap();
        b.output("y", y).unwrap();
        let bound = bind_symbols(&b.finish(), &Assignment::from([("N".into(), Dim::from(3i64))])).unwrap();
        assert_eq!(text(&bound.fact(bound.outputs[0].value).shape), "[3, 2, 2]");
        let Param::Static(dims) = &bound.nodes[0].attrs.get::<Reshape>().newshape else { panic!("static") };
        assert_eq!(text(dims), "[3, 2, 2]");
    }
}
