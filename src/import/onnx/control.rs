//! Operators with graphs inside.

use crate::ensure;
use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::tensor::error::Result;

/// The family's operators.
pub const ROWS: &[Row] = &[by("If", 1, branch).needing(&["if"])];

fn branch(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let condition = cx.input(0)?;
    let bodies = vec![cx.body("then_branch", &[])?, cx.body("else_branch", &[])?];
    let counts = (bodies[0].graph.outputs.len(), bodies[1].graph.outputs.len());
    ensure!(counts.0 == counts.1, MalformedModel, "its branches have {} and {} outputs", counts.0, counts.1);
    cx.emit_with_bodies("if", &[], &[condition], bodies)
}
