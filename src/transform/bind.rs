//! Fixes or narrows the symbols of the inputs' shapes; every fact behind them follows.

use crate::ir::Graph;
use crate::ir::fact::Fact;
use crate::ir::rewrite::rewrite_with_inputs;
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What symbols stand for: a constant, or the same symbol with narrower bounds.
pub type Assignment = BTreeMap<Arc<str>, Dim>;

/// The graph with symbols replaced. It must be as imported: parameters that were made static earlier keep their symbols.
pub fn bind_symbols(graph: &Graph, symbols: &Assignment) -> Result<Graph> {
    if symbols.is_empty() {
        return Ok(graph.clone());
    }
    let fact = |_: &str, f: &Fact| Fact::new(f.dtype, f.shape.iter().map(|d| d.substitute(symbols)).collect());
    rewrite_with_inputs(graph, &fact, &mut |_, _, _| Ok(None))
}
