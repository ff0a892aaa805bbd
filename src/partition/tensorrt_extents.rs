//! Extents that are known only when the network runs, as TensorRT takes them: found by a layer inside an engine, or given to an engine
//! as extents of its inputs. What finds them may find none, and an engine cannot be left in the middle of a run: only layers that are
//! right on empty tensors may read what has such an extent.

use crate::ir::attrs::{Attr, Param};
use crate::ir::view::NodeView;
use crate::ir::{Graph, Node, NodeId, ValueId};
use crate::network::layer::{Layer, LayerKind, Reduce};
use crate::network::refusal::{Accepted, Refusal};
use crate::network::{NetTensor, Network};
use crate::tensor::dim::{Answer, Dim, Symbol};
use std::collections::BTreeSet;

type Symbols = BTreeSet<Symbol>;

/// The node's operands and results have extents that a profile can bound, and that each show in a shape as such.
pub fn named(view: &NodeView) -> Accepted<Symbols> {
    let values = view.node().inputs.iter().chain(&view.node().outputs);
    let dims: Vec<&Dim> = values.flat_map(|v| &view.graph.fact(*v).shape).collect();
    let used = symbols(dims.iter().copied());
    if used.is_empty() {
        return Ok(used);
    }
    let late: Symbols = used.difference(&view.graph.symbols()).cloned().collect();
    if let Some(s) = late.iter().find(|s| s.max >= i64::from(i32::MAX)) {
        let reason = format!("the extent {} is known only when the network runs, and nothing bounds it", s.name);
        return refuse(reason, "bounds on the symbols of the model's inputs");
    }
    let computed = dims.into_iter().find(|d| d.as_symbol().is_none() && !symbols([*d]).is_disjoint(&late));
    if let Some(dim) = computed {
        return refuse(format!("the extent {dim} follows from one that is known only when the network runs"), "");
    }
    Ok(late)
}

/// The node's layers find the extents that its results have of their own, and are right where an extent is 0.
pub fn judge(view: &NodeView, late: &Symbols, network: &Network) -> Accepted<()> {
    if late.is_empty() {
        return Ok(());
    }
    for (value, found) in view.node().outputs.iter().zip(&network.outputs) {
        let (wanted, found) = (&view.graph.fact(*value).shape, &network.tensor(*found).dims);
        let late_dims = wanted.iter().zip(found).filter(|(w, _)| is_late(w, late));
        if let Some((dim, _)) = late_dims.clone().find(|(w, f)| w.equals(f) != Answer::Always) {
            return refuse(format!("no layer finds the extent {dim}"), "");
        }
    }
    for layer in &network.layers {
        let operands: Vec<&NetTensor> = layer.inputs.iter().map(|i| network.tensor(*i)).collect();
        if operands.iter().any(|t| t.dims.iter().any(|d| is_late(d, late))) && !right_on_empty(layer, &operands, late) {
            return refuse(format!("layer {} may meet a tensor without elements in the middle of an engine", layer.kind.name()), "");
        }
    }
    Ok(())
}

/// What a region finds out shows in its outputs where nodes outside need it.
pub fn shown(graph: &Graph, nodes: &[NodeId], inputs: &[ValueId]) -> Accepted<()> {
    let of = |v: &ValueId| symbols(&graph.fact(*v).shape);
    let known: Symbols = graph.symbols().into_iter().chain(inputs.iter().flat_map(of)).collect();
    let made: Symbols = nodes.iter().flat_map(|n| &graph.node(*n).outputs).flat_map(of).filter(|s| !known.contains(s)).collect();
    if made.is_empty() {
        return Ok(());
    }
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    let outside = || graph.node_ids().filter(|n| !inside.contains(n)).map(|n| graph.node(n));
    let needed = outside().flat_map(|n| mentioned(graph, n)).chain(graph.outputs.iter().flat_map(|o| of(&o.value)));
    let read: BTreeSet<ValueId> = outside().flat_map(Node::reads).chain(graph.outputs.iter().map(|o| o.value)).collect();
    let results = nodes.iter().flat_map(|n| &graph.node(*n).outputs).filter(|v| read.contains(v));
    let shown: Symbols = results.flat_map(|v| graph.fact(*v).shape.iter().filter_map(|d| d.as_symbol().cloned())).collect();
    match needed.filter(|s| made.contains(s)).find(|s| !shown.contains(s)) {
        None => Ok(()),
        Some(s) => {
            let reason = format!("the extent {} is found inside the region and needed outside, but no output has it", s.name);
            Err(Refusal::new("region.hidden-extent", reason, ""))
        }
    }
}

fn refuse<T>(reason: String, lift: &'static str) -> Accepted<T> {
    Err(Refusal::new("extent.data-dependent", reason, lift))
}

fn symbols<'a>(dims: impl IntoIterator<Item = &'a Dim>) -> Symbols {
    let mut found = Symbols::new();
    dims.into_iter().for_each(|d| d.collect_symbols(&mut found));
    found
}

fn is_late(dim: &Dim, late: &Symbols) -> bool {
    dim.as_const().is_none() && !symbols([dim]).is_disjoint(late)
}

/// Symbols in the shapes of a node's results and in its parameters.
fn mentioned(graph: &Graph, node: &Node) -> Symbols {
    let mut found = symbols(node.outputs.iter().flat_map(|v| &graph.fact(*v).shape));
    for (_, attr) in node.attrs.named() {
        if let Attr::Param(Param::Static(dims)) = attr {
            found.extend(symbols(dims.iter()));
        }
    }
    found
}

fn right_on_empty(layer: &Layer, operands: &[&NetTensor], late: &Symbols) -> bool {
    let may_be_empty = |axis: &usize| operands[0].dims.get(*axis).is_none_or(|d| is_late(d, late));
    match &layer.kind {
        LayerKind::Activation(..)
        | LayerKind::ElementWise(_)
        | LayerKind::Unary(_)
        | LayerKind::ParametricRelu
        | LayerKind::Select
        | LayerKind::Cast(_)
        | LayerKind::Identity
        | LayerKind::Concatenation(_)
        | LayerKind::MatrixMultiply(..)
        | LayerKind::NonZero(_) => true,
        // An axis without elements has no place that an index could name.
        LayerKind::Gather(axis) | LayerKind::GatherElements(axis) => !may_be_empty(axis),
        LayerKind::GatherNd(_) => !(0..operands[0].dims.len()).any(|a| may_be_empty(&a)),
        LayerKind::Reduce { kind: Reduce::Sum | Reduce::Prod, .. } => true,
        LayerKind::Reduce { axes, .. } => !axes.iter().any(may_be_empty),
        LayerKind::Softmax(axis) => !may_be_empty(axis),
        // An extent is inferred where all others are there.
        LayerKind::Shuffle { first, reshape: Some(spec), .. } if spec.contains(&-1) => {
            let from = |i: usize| first.as_ref().map_or(i, |order| order[i]);
            !spec.iter().enumerate().any(|(i, s)| *s == 0 && may_be_empty(&from(i)))
        }
        LayerKind::Shuffle { .. } => true,
        _ => false,
    }
}
