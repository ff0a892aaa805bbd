//! From a graph to kernels ready to render: lowers nodes, fuses their kernels, plans memory. Knows no machine code and no device.
//!
//! Stages: [`lower`] asks each operator, [`copies`] reads through what only moves elements, [`layout`] says where images lie in blocks of
//! channels, [`fuse`] joins kernels (with [`splice`]), [`attention`] joins products around a softmax, [`program`] is the result, [`plan`]
//! lays out its memory for given extents. [`pieces`] cuts graphs whose extents are not all known at once.

pub mod attention;
mod copies;
pub mod fuse;
pub mod layout;
pub mod lower;
pub mod pieces;
mod plain;
pub mod plan;
pub mod program;
mod relayout;
pub mod splice;

use crate::ir::Graph;
use crate::ir::guard::Guards;
use crate::tensor::dim::Symbol;
use crate::tensor::error::Result;
use crate::transform::fold::fold_weights;
use pieces::Piece;
use program::Program;
use std::collections::BTreeSet;

/// The program that computes `graph`.
pub fn compile(graph: &Graph) -> Result<Program> {
    compile_with(graph, graph.symbols())
}

/// The program that computes `graph` as text, or those of its pieces where it has to be cut: for people.
pub fn text(graph: &Graph) -> Result<String> {
    if !pieces::is_cut(graph, &BTreeSet::new()) {
        return compile(graph).map(|p| p.to_string());
    }
    let piece = |piece| match piece {
        Piece::Code { graph, known, .. } => compile_with(&graph, known).map(|p| p.to_string()),
        Piece::Node(id, _) => Ok(format!("node '{}' ({})\n", graph.node(id).name, graph.node(id).op.name)),
    };
    pieces::pieces(graph, &BTreeSet::new()).into_iter().map(piece).collect()
}

/// The program that computes `graph` where symbols of these names have values.
pub fn compile_with(graph: &Graph, known: BTreeSet<Symbol>) -> Result<Program> {
    let floats = fold_weights(graph)?;
    let mut program = lower::lower(floats.as_ref().unwrap_or(graph), known)?;
    program.guards = Guards::new(graph);
    copies::shorten(&mut program);
    layout::choose(&mut program);
    fuse::fuse(&mut program);
    attention::join(&mut program);
    Ok(program)
}
