//! The table of ONNX operators: for each, from which version of its operator set on, how it is imported. Adding an operator is a
//! row in the file of its family.

use crate::import::onnx::Unknown;
use crate::import::onnx::graph::Ops;
use crate::import::onnx::node::Cx;
use crate::import::onnx::order::{self, Plan};
use crate::import::onnx::proto::{GraphProto, NodeProto};
use crate::import::onnx::{
    activation, arithmetic, control, generators, indexing, linear, movement, norm, pool, quantised, reduce, sample, shapes, transposed,
};
use crate::ir::ValueId;
use crate::tensor::error::Result;
use crate::{ensure, fail};
use std::collections::BTreeMap;

/// All families.
pub const FAMILIES: &[&[Row]] = &[
    arithmetic::ROWS,
    activation::ROWS,
    shapes::ROWS,
    movement::ROWS,
    indexing::ROWS,
    linear::ROWS,
    quantised::ROWS,
    transposed::ROWS,
    pool::ROWS,
    norm::ROWS,
    reduce::ROWS,
    sample::ROWS,
    generators::ROWS,
    control::ROWS,
];

/// How a node is imported.
#[derive(Debug, Clone, Copy)]
pub enum How {
    /// As this operator, with the same operands and no attributes.
    Same(&'static str),
    /// By a function that gives the node's results.
    By(fn(&mut Cx) -> Result<Vec<ValueId>>),
}

/// An operator of ONNX from one version on.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// ONNX's name.
    pub name: &'static str,
    /// Whose operator; empty for ONNX's own.
    pub domain: &'static str,
    /// First version of the operator set that means this.
    pub since: i64,
    /// What it becomes.
    pub how: How,
    /// Operators of ours without which it cannot be imported at all.
    pub needs: &'static [&'static str],
}

/// A row for an operator that one of ours is equal to.
pub const fn same(name: &'static str, since: i64, op: &'static str) -> Row {
    Row { name, domain: "", since, how: How::Same(op), needs: &[] }
}

/// A row for an operator that a function imports.
pub const fn by(name: &'static str, since: i64, function: fn(&mut Cx) -> Result<Vec<ValueId>>) -> Row {
    Row { name, domain: "", since, how: How::By(function), needs: &[] }
}

impl Row {
    /// The same row for an operator of another domain.
    pub const fn of(self, domain: &'static str) -> Row {
        Row { domain, ..self }
    }

    /// The same row, supported only where we have these operators.
    pub const fn needing(self, needs: &'static [&'static str]) -> Row {
        Row { needs, ..self }
    }

    fn supported(&self, ops: Ops) -> bool {
        let same = match self.how {
            How::Same(op) => ops(op).is_some(),
            How::By(_) => true,
        };
        same && self.needs.iter().all(|op| ops(op).is_some())
    }
}

/// The domain of a node; ONNX's own has two spellings.
pub fn domain(node: &NodeProto) -> &str {
    if node.domain == "ai.onnx" { "" } else { &node.domain }
}

/// The newest row at or below version `opset`.
pub fn find<'a>(rows: &'a [&'a [Row]], domain: &str, name: &str, opset: i64) -> Option<&'a Row> {
    let fits = |r: &&Row| r.name == name && r.domain == domain && r.since <= opset;
    rows.iter().copied().flatten().filter(fits).max_by_key(|r| r.since)
}

/// An error that names every planned node, here and in graphs inside, whose operator cannot be imported. One that nobody knows may be
/// kept, but not in graphs inside, which no library is given.
pub fn check_supported(
    rows: &[&[Row]],
    ops: Ops,
    opsets: &BTreeMap<String, i64>,
    graph: &GraphProto,
    plan: &Plan,
    unknown: Unknown,
) -> Result<()> {
    let mut missing: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut pending: Vec<(&NodeProto, usize)> = plan.order.iter().rev().map(|i| (&graph.node[*i], 0)).collect();
    while let Some((node, depth)) = pending.pop() {
        ensure!(depth <= order::MAX_DEPTH, UnsupportedModel, "graphs are nested deeper than {}", order::MAX_DEPTH);
        let domain = domain(node);
        let opset = opsets.get(domain).copied().unwrap_or(1);
        let row = find(rows, domain, &node.op_type, opset);
        let kept = row.is_none() && depth == 0 && unknown == Unknown::Keep;
        if !kept && !row.is_some_and(|row| row.supported(ops)) {
            let name = [&node.name].into_iter().chain(&node.output).find(|n| !n.is_empty());
            missing.entry((domain, &node.op_type)).or_default().push(format!("'{}'", name.unwrap_or(&node.op_type)));
        }
        pending.extend(order::bodies(node).flat_map(|b| b.node.iter().rev()).map(|n| (n, depth + 1)));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing
        .iter()
        .map(|((domain, name), nodes)| {
            let of = match (*domain, opsets.get(*domain)) {
                ("", version) => format!("opset {}", version.copied().unwrap_or(1)),
                (other, _) => format!("domain '{other}'"),
            };
            let more = if nodes.len() > 8 { format!(" and {} more", nodes.len() - 8) } else { String::new() };
            format!("{name} of {of} (nodes {}{more})", nodes.iter().take(8).cloned().collect::<Vec<_>>().join(", "))
        })
        .collect();
    let hint = match unknown {
        Unknown::Refuse => "; if TensorRT has plugins of these names, name their files in plugin_libraries",
        Unknown::Keep => "",
    };
    fail!(UnsupportedOperator, "{} operators of this model are not supported: {}{hint}", list.len(), list.join("; "))
}
