//! int8 as pairs of quantise and dequantise around the operands of products: one scale for each computed tensor, from its range, and one
//! for each output channel of weights, from their largest magnitude. Symmetric; everything else stays as it is: a product in float16 gives
//! float16.

use crate::ir::attrs::{Attr, Attrs};
use crate::ir::build::Builder;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Graph, ValueId};
use crate::ops;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::transform::precision::ranges::Ranges;
use std::collections::{BTreeSet, HashMap};

/// The largest int8 that is used: -128 has no counterpart.
const LARGEST: f64 = 127.0;

/// Ranges below it give no scale that float32 holds.
const SMALLEST: f64 = 1e-30;

/// Operators that int8 is for, and the axis of a constant second operand along which scales differ; no axis: one scale.
pub const QUANTISED: &[(&str, Option<usize>)] =
    &[("nn.batch_matmul", None), ("nn.conv2d", Some(0)), ("nn.conv3d", Some(0)), ("nn.dense", Some(0))];

/// What became of a graph.
#[derive(Debug)]
pub struct Quantised {
    /// The copy.
    pub graph: Graph,
    /// Products of int8.
    pub products: usize,
    /// Products that stay in float32, with the reason.
    pub kept: Vec<(String, String)>,
}

/// The axis of scales of weights, for a node that int8 is for.
fn candidate(view: &NodeView) -> Option<Option<usize>> {
    let (_, axis) = QUANTISED.iter().find(|(op, _)| *op == view.op().name)?;
    let of = |dtype| view.node().inputs.iter().all(|v| view.graph.fact(*v).dtype == dtype);
    let plain = of(DType::F32) || of(DType::F16);
    if is_depthwise(view) {
        return None;
    }
    let computed = view.constant(0).is_none() && (view.op().name == "nn.batch_matmul" || view.constant(1).is_some());
    (plain && computed).then_some(*axis)
}

/// A convolution with one channel per group: few products for what it reads, and one scale is wrong for most of its channels. They would
/// lose most of a network's accuracy.
fn is_depthwise(view: &NodeView) -> bool {
    view.op().name != "nn.dense" && view.op().name != "nn.batch_matmul" && view.shape(1)[1].is(1) && !view.shape(0)[1].is(1)
}

/// The values whose ranges int8 needs, in order.
pub fn observed(graph: &Graph) -> Vec<ValueId> {
    let views = graph.node_ids().map(|id| NodeView::new(graph, id)).filter(|v| candidate(v).is_some());
    let values: BTreeSet<ValueId> = views.flat_map(|v| v.node().inputs.iter().copied()).filter(|v| graph.constant(*v).is_none()).collect();
    values.into_iter().collect()
}

/// The copy of `graph` whose products are of int8 wherever `ranges` has what they read; `keep` has nodes and operators that stay.
pub fn quantise(graph: &Graph, ranges: &Ranges, keep: &BTreeSet<String>) -> Result<Quantised> {
    let (mut products, mut kept, mut done) = (0, Vec::new(), HashMap::new());
    let copy = rewrite(graph, &mut |b, view, inputs| {
        let Some(axis) = candidate(view) else { return Ok(None) };
        let node = view.node();
        let asked = keep.contains(&node.name) || keep.contains(node.op.name);
        let lacks = if asked { Some("asked for".to_string()) } else { node.inputs.iter().find_map(|v| lacking(graph, *v, ranges)) };
        if let Some(why) = lacks {
            kept.push((node.name.clone(), why));
            return Ok(None);
        }
        products += 1;
        let mut operands = Vec::with_capacity(inputs.len());
        for (old, new) in node.inputs.iter().zip(inputs) {
            let known = done.get(&(*new, axis.is_some())).copied();
            let value = match (known, graph.constant(*old)) {
                (Some(known), _) => known,
                (None, Some(weights)) => constant(b, &graph.value(*old).name, weights, axis)?,
                (None, None) => {
                    let range = ranges.get(&graph.value(origin(graph, *old)).name).unwrap_or(1.0);
                    computed(b, origin(b.graph(), *new), range, view.dtype(0))?
                }
            };
            done.insert((*new, axis.is_some()), value);
            operands.push(value);
        }
        let results = b.node(&node.name, node.op, node.attrs.clone(), &operands)?;
        b.name_value(results[0], &graph.value(node.outputs[0]).name);
        Ok(Some(results))
    })?;
    // Once more, without the weights that nothing reads any longer.
    let graph = rewrite(&copy, &mut |_, _, _| Ok(None))?;
    Ok(Quantised { graph, products, kept })
}

/// What a value was cast to float16 from; itself where it was not. Ranges are those of float32, and nothing is rounded twice.
fn origin(graph: &Graph, value: ValueId) -> ValueId {
    let cast = graph.producer(value).map(|n| graph.node(n)).filter(|n| n.op.name == "cast");
    let from = cast.map(|n| n.inputs[0]).filter(|v| graph.fact(*v).dtype == DType::F32);
    from.filter(|_| graph.fact(value).dtype == DType::F16).unwrap_or(value)
}

/// Why a value cannot be quantised.
fn lacking(graph: &Graph, value: ValueId, ranges: &Ranges) -> Option<String> {
    let name = &graph.value(origin(graph, value)).name;
    if let Some(weights) = graph.constant(value) {
        let strange = weights.to_f64s().iter().any(|v| !v.is_finite());
        return strange.then(|| format!("constant '{name}' has elements that are no numbers"));
    }
    match ranges.get(name) {
        None => Some(format!("the calibration table has no range for '{name}'")),
        Some(range) if range < SMALLEST => Some(format!("calibration saw nothing but zeros in '{name}'")),
        Some(_) => None,
    }
}

/// A computed value through int8 and back, to the type that its product has.
fn computed(b: &mut Builder, value: ValueId, range: f64, to: DType) -> Result<ValueId> {
    let name = b.graph().value(value).name.clone();
    let scale = b.constant(&format!("{name}:scale"), Tensor::scalar((range / LARGEST) as f32));
    let zero = b.constant(&format!("{name}:zero"), Tensor::zeros(DType::I8, &[]));
    let whole = qnn(b, "qnn.quantize", &format!("{name}:int8"), DType::I8, None, &[value, scale, zero])?;
    qnn(b, "qnn.dequantize", &format!("{name}:real"), to, None, &[whole, scale, zero])
}

/// Weights as int8 numbers and their scales.
fn constant(b: &mut Builder, name: &str, weights: &Tensor, axis: Option<usize>) -> Result<ValueId> {
    let values = weights.to_f64s();
    let channels = axis.map_or(1, |a| weights.shape()[a]);
    let inner = axis.map_or(values.len().max(1), |a| weights.shape()[a + 1..].iter().product::<usize>().max(1));
    let mut largest = vec![0f64; channels];
    values.iter().enumerate().for_each(|(i, v)| {
        let of = &mut largest[i / inner % channels];
        *of = of.max(v.abs());
    });
    // A channel of zeros has any scale.
    let scales: Vec<f32> = largest.iter().map(|l| if *l > 0.0 { (l / LARGEST) as f32 } else { 1.0 }).collect();
    let whole = |(i, v): (usize, &f64)| (v / f64::from(scales[i / inner % channels])).round_ties_even().clamp(-LARGEST, LARGEST);
    let whole = Tensor::from_f64s(DType::I8, weights.shape(), &values.iter().enumerate().map(whole).collect::<Vec<_>>());
    let whole = b.constant(&format!("{name}:int8"), whole);
    let dims: &[usize] = if axis.is_some() { &[channels] } else { &[] };
    let scale = b.constant(&format!("{name}:scale"), Tensor::from_vec(dims, scales));
    let zero = b.constant(&format!("{name}:zero"), Tensor::zeros(DType::I8, &[]));
    qnn(b, "qnn.dequantize", &format!("{name}:real"), weights.dtype(), axis, &[whole, scale, zero])
}

fn qnn(b: &mut Builder, op: &str, name: &str, to: DType, axis: Option<usize>, operands: &[ValueId]) -> Result<ValueId> {
    let def = ops::find(op).ok_or_else(|| Error::new(Code::NotImplemented, format!("there is no operator {op}")))?;
    let attrs: Attrs = (def.attrs.parse)(&mut |field| match field {
        "out_dtype" => Some(Attr::DType(to)),
        "axis" => Some(Attr::Int(axis.map_or(-1, |a| a as i64))),
        _ => None,
    })?;
    Ok(b.node(name, def, attrs, operands)?[0])
}
