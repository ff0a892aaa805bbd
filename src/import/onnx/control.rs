//! Operators with graphs inside.

use crate::ensure;
use crate::import::onnx::node::Cx;
use crate::import::onnx::table::{Row, by};
use crate::ir::ValueId;
use crate::tensor::error::Result;

/// The family's operators.
pub const ROWS: &[Row] = &[by("If", 1, branch)];

fn branch(cx: &mut Cx) -> Result<Vec<ValueId>> {
    let condition = cx.input(0)?;
    // Exporters ask for ranks and fixed extents: often the answer is known, and only one branch is ever taken.
    let known = cx.fact(condition).value.as_ref().filter(|v| v.len() == 1).and_then(|v| v[0].as_const());
    if let Some(answer) = known {
        let (taken, other) = if answer != 0 { ("then_branch", "else_branch") } else { ("else_branch", "then_branch") };
        cx.attrs.ignore(other);
        let body = cx.body(taken, &[])?;
        return cx.splice(&body);
    }
    ensure!(cx.has_op("if"), UnsupportedOperator, "its condition is computed by the network; operator 'if' is not known here");
    let bodies = vec![cx.body("then_branch", &[])?, cx.body("else_branch", &[])?];
    let counts = (bodies[0].graph.outputs.len(), bodies[1].graph.outputs.len());
    ensure!(counts.0 == counts.1, MalformedModel, "its branches have {} and {} outputs", counts.0, counts.1);
    cx.emit_with_bodies("if", &[], &[condition], bodies)
}
