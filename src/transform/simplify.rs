//! Makes shape parameters static and removes nodes that do nothing.

use crate::ir::attrs::{Attr, Attrs, Param};
use crate::ir::build::Builder;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Def, Graph, ValueId};
use crate::tensor::dim::{Answer, Dim};
use crate::tensor::error::Result;

/// The graph with every parameter static whose value is known, and without reshapes, casts, slices, ... that change nothing.
pub fn simplify(graph: &Graph) -> Result<Graph> {
    rewrite(graph, &mut |b, view, inputs| {
        if !view.node().bodies.is_empty() {
            return Ok(None);
        }
        if is_identity(b, view, inputs) {
            return Ok(Some(vec![inputs[0]]));
        }
        if let Some(through) = merged_reshape(b, view, inputs)? {
            return Ok(Some(vec![through]));
        }
        static_params(b, view, inputs)
    })
}

/// Operators whose result is their first operand when type and shape are the same.
const IDENTITY_IF_SAME: [&str; 8] =
    ["reshape", "nn.batch_flatten", "squeeze", "expand_dims", "cast", "broadcast_to", "concatenate", "strided_slice"];

fn is_identity(b: &Builder, view: &NodeView, inputs: &[ValueId]) -> bool {
    let (Some(first), [out]) = (inputs.first(), view.node().outputs.as_slice()) else { return false };
    let (x, y) = (b.fact(*first), view.graph.fact(*out));
    let same = x.dtype == y.dtype && same_shape(&x.shape, &y.shape);
    match view.op().name {
        "transpose" => {
            let axes = &view.attrs::<crate::ops::transpose::Transpose>().axes;
            same && !axes.is_empty() && axes.iter().enumerate().all(|(i, a)| *a == i as i64)
        }
        "concatenate" if inputs.len() > 1 => false,
        // Of equal shape, a slice is the whole unless it runs backwards.
        "strided_slice" => same && forward(view),
        name => same && IDENTITY_IF_SAME.contains(&name),
    }
}

fn forward(view: &NodeView) -> bool {
    match &view.attrs::<crate::ops::strided_slice::StridedSlice>().strides {
        Param::Static(steps) => steps.iter().all(|s| s.is(1)),
        Param::Input(i) => view.input(*i).value.as_ref().is_some_and(|v| v.iter().all(|s| s.is(1))),
    }
}

fn same_shape(a: &[Dim], b: &[Dim]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.equals(y) == Answer::Always)
}

/// Operators that only give elements another shape.
const RESHAPES: [&str; 4] = ["reshape", "nn.batch_flatten", "squeeze", "expand_dims"];

/// A reshape of a reshape as one, reading what the first one reads.
fn merged_reshape(b: &mut Builder, view: &NodeView, inputs: &[ValueId]) -> Result<Option<ValueId>> {
    if !RESHAPES.contains(&view.op().name) {
        return Ok(None);
    }
    let Def::Node(first, _) = b.graph().value(inputs[0]).def else { return Ok(None) };
    let node = b.graph().node(first);
    let dims = &view.output(0).shape;
    // A dim that depends on data has no static spelling.
    if !RESHAPES.contains(&node.op.name) || !static_shape(b.graph(), dims) {
        return Ok(None);
    }
    let source = node.inputs[0];
    let Some(reshape) = crate::ops::find("reshape") else { return Ok(None) };
    let attrs = crate::ops::reshape::Reshape { newshape: Param::Static(dims.clone()), allowzero: true };
    let out = b.op(view.name(), reshape, attrs, &[source])?;
    b.name_value(out, &view.graph.value(view.node().outputs[0]).name);
    Ok(Some(out))
}

/// True where every symbol is one of the graph's inputs.
fn static_shape(graph: &Graph, dims: &[Dim]) -> bool {
    let known = graph.symbols();
    let mut used = std::collections::BTreeSet::new();
    dims.iter().for_each(|d| d.collect_symbols(&mut used));
    used.is_subset(&known)
}

/// The node with parameters read from operands made static where their values are known; operands that only gave them go.
fn static_params(b: &mut Builder, view: &NodeView, inputs: &[ValueId]) -> Result<Option<Vec<ValueId>>> {
    let node = view.node();
    let mut fields: Vec<(&str, Attr)> = node.attrs.named().collect();
    let (mut gone, mut changed) = (Vec::new(), false);
    for (_, attr) in &mut fields {
        let Attr::Param(Param::Input(i)) = attr else { continue };
        match b.fact(inputs[*i]).value.clone().filter(|v| static_shape(b.graph(), v)) {
            Some(value) => {
                gone.push(*i);
                *attr = Attr::Param(Param::Static(value));
                changed = true;
            }
            None => continue,
        }
    }
    if !changed {
        return Ok(None);
    }
    for (_, attr) in &mut fields {
        if let Attr::Param(Param::Input(i)) = attr {
            *i -= gone.iter().filter(|g| **g < *i).count();
        }
    }
    let attrs: Attrs = (node.op.attrs.parse)(&mut |name| fields.iter().find(|(n, _)| *n == name).map(|(_, a)| a.clone()))?;
    let kept: Vec<ValueId> = (0..inputs.len()).filter(|i| !gone.contains(i)).map(|i| inputs[i]).collect();
    let outputs = b.node(&node.name, node.op, attrs, &kept)?;
    for (old, new) in node.outputs.iter().zip(&outputs) {
        b.name_value(*new, &view.graph.value(*old).name);
    }
    Ok(Some(outputs))
}
