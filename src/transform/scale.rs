//! Folds what scales and shifts the channels of a convolution or dense layer (batch norm, bias, products and sums with constants)
//! into its weights and one bias.

use crate::ir::build::Builder;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId, ValueId};
use crate::ops::batch_norm::{BatchNorm, scale_shift};
use crate::ops::bias_add::BiasAdd;
use crate::tensor::dtype::DType;
use crate::tensor::error::Result;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::collections::HashMap;

/// `y * scale + shift` per channel, in `f64`.
#[derive(Clone)]
struct Affine {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

/// A convolution or dense layer and the chain of nodes behind it that folds into it.
struct Chain {
    affine: Affine,
    last: NodeId,
}

/// The graph with scales and shifts folded into the layers before them.
pub fn fold_scales(graph: &Graph) -> Result<Graph> {
    let users = graph.users();
    let mut heads: HashMap<NodeId, Chain> = HashMap::new();
    let mut covered: HashMap<NodeId, NodeId> = HashMap::new();
    for id in graph.node_ids() {
        if let Some((chain, members)) = chain_from(graph, &users, id) {
            members.into_iter().for_each(|m| {
                covered.insert(m, id);
            });
            heads.insert(id, chain);
        }
    }
    let mut results: HashMap<NodeId, ValueId> = HashMap::new();
    rewrite(graph, &mut |b, view, inputs| {
        if let Some(chain) = heads.get(&view.id) {
            let value = folded(b, view, inputs, &chain.affine)?;
            b.name_value(value, &graph.value(graph.node(chain.last).outputs[0]).name);
            results.insert(view.id, value);
            return Ok(Some(vec![value]));
        }
        // What was folded is its layer's folded result; nothing between them is read.
        Ok(covered.get(&view.id).map(|head| vec![results[head]]))
    })
}

/// The axis of a layer's output channels, counted from the front.
fn channel_axis(view: &NodeView) -> Option<usize> {
    let axis = match view.op().name {
        "nn.conv1d" | "nn.conv2d" | "nn.conv3d" => 1,
        "nn.dense" => view.output(0).rank() - 1,
        _ => return None,
    };
    (view.dtype(0) == DType::F32 && view.constant(1).is_some()).then_some(axis)
}

fn chain_from(graph: &Graph, users: &[Vec<NodeId>], id: NodeId) -> Option<(Chain, Vec<NodeId>)> {
    let view = NodeView::new(graph, id);
    let axis = channel_axis(&view)?;
    let channels = view.constant(1)?.shape()[0];
    let mut affine = Affine { scale: vec![1.0; channels], shift: vec![0.0; channels] };
    let (mut last, mut members) = (id, Vec::new());
    loop {
        let value = graph.node(last).outputs[0];
        let is_output = graph.outputs.iter().any(|o| o.value == value);
        let [next] = users[value.0 as usize].as_slice() else { break };
        if is_output {
            break;
        }
        let Some(step) = step(&NodeView::new(graph, *next), value, axis, channels) else { break };
        for c in 0..channels {
            affine.scale[c] *= step.scale[c];
            affine.shift[c] = affine.shift[c] * step.scale[c] + step.shift[c];
        }
        members.push(*next);
        last = *next;
    }
    // A single bias is already what folding would make.
    let plain_bias = members.len() == 1 && graph.node(members[0]).op.name == "nn.bias_add";
    if members.is_empty() || plain_bias { None } else { Some((Chain { affine, last }, members)) }
}

/// What a node does to each channel of `value`, where it scales and shifts by constants.
fn step(view: &NodeView, value: ValueId, axis: usize, channels: usize) -> Option<Affine> {
    let node = view.node();
    let ones = || vec![1.0; channels];
    match node.op.name {
        "nn.batch_norm" if node.inputs[0] == value => {
            let a: &BatchNorm = view.attrs();
            let same_axis = shape::axis(a.axis, view.input(0).rank()).ok()? == axis && !a.training;
            let [g, b, m, v] = [1, 2, 3, 4].map(|i| view.constant(i));
            let (scale, shift) = scale_shift(g.filter(|_| same_axis)?, b?, m?, v?, a.epsilon);
            Some(Affine { scale: scale.to_f64s(), shift: shift.to_f64s() })
        }
        "nn.bias_add" if node.inputs[0] == value => {
            let same_axis = shape::axis(view.attrs::<BiasAdd>().axis, view.input(0).rank()).ok()? == axis;
            Some(Affine { scale: ones(), shift: view.constant(1).filter(|_| same_axis)?.to_f64s() })
        }
        name @ ("add" | "subtract" | "multiply" | "divide") => {
            let other = if node.inputs[0] == value { 1 } else { 0 };
            let c = per_channel(view.constant(other)?, view.output(0).rank(), axis, channels)?;
            if view.output(0).shape != view.graph.fact(value).shape {
                return None;
            }
            let negated = |v: Vec<f64>| v.into_iter().map(|x| -x).collect();
            match (name, other) {
                ("add", _) => Some(Affine { scale: ones(), shift: c }),
                ("multiply", _) => Some(Affine { scale: c, shift: vec![0.0; channels] }),
                ("subtract", 1) => Some(Affine { scale: ones(), shift: negated(c) }),
                ("subtract", _) => Some(Affine { scale: negated(ones()), shift: c }),
                ("divide", 1) => Some(Affine { scale: c.iter().map(|v| 1.0 / v).collect(), shift: vec![0.0; channels] }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A constant as one value per channel, where it broadcasts along no other axis of a result of `rank`.
fn per_channel(t: &Tensor, rank: usize, axis: usize, channels: usize) -> Option<Vec<f64>> {
    let values = t.to_f64s();
    if t.len() == 1 && t.shape().len() <= rank {
        return Some(vec![values[0]; channels]);
    }
    let at = (axis + t.shape().len()).checked_sub(rank)?;
    let only_channels = t.shape().iter().enumerate().all(|(i, d)| *d == if i == at { channels } else { 1 });
    only_channels.then_some(values)
}

/// The layer with scaled weights, and a bias.
fn folded(b: &mut Builder, view: &NodeView, inputs: &[ValueId], affine: &Affine) -> Result<ValueId> {
    let weights = view.constant(1).expect("a chain begins at constant weights");
    let name = &view.graph.value(view.node().inputs[1]).name;
    let scaled = if affine.scale.iter().all(|s| *s == 1.0) {
        inputs[1]
    } else {
        b.constant(&format!("{name}:scaled"), Tensor::scaled(weights, affine.scale.clone()))
    };
    let out = b.node(view.name(), view.op(), view.node().attrs.clone(), &[inputs[0], scaled])?[0];
    let shift: Vec<f32> = affine.shift.iter().map(|v| *v as f32).collect();
    if shift.iter().all(|v| *v == 0.0) {
        return Ok(out);
    }
    let bias = b.constant(&format!("{name}:shift"), Tensor::from_vec(&[shift.len()], shift));
    let axis = channel_axis(view).expect("checked when the chain was found") as i64;
    let op = crate::ops::find("nn.bias_add").expect("an operator of the table");
    b.op(&format!("{}:bias", view.name()), op, BiasAdd { axis }, &[out, bias])
}
