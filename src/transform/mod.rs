//! Makes a graph smaller without changing what it computes: binds shapes, folds constants, removes what does nothing, folds scales
//! into convolutions; and narrows the types of a copy. Knows no target and no library.

pub mod bind;
pub mod fold;
pub mod precision;
pub mod scale;
pub mod simplify;

use crate::ir::Graph;
use crate::tensor::error::Result;
use bind::Assignment;

/// Most rounds of simplification; each removes at least one node or is the last.
const MAX_ROUNDS: usize = 8;

/// Binds `symbols` and applies every rewrite until nothing changes.
pub fn prepare(graph: &Graph, symbols: &Assignment) -> Result<Graph> {
    let mut graph = bind::bind_symbols(graph, symbols)?;
    for _ in 0..MAX_ROUNDS {
        let before = (graph.nodes.len(), graph.values.len());
        graph = fold::fold_constants(&simplify::simplify(&graph)?)?;
        if (graph.nodes.len(), graph.values.len()) == before {
            break;
        }
    }
    scale::fold_scales(&graph)
}
