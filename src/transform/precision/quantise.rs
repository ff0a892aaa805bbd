//! int8 as pairs of quantise and dequantise around the operands of products: one scale for each computed tensor, from its range, and one
//! for each output channel of weights, from their largest magnitude. Symmetric; everything else stays as it is: a product in float16 gives
//! float16.
//!
//! A sum behind a convolution reads its other operand through int8 too: TensorRT then makes one kernel of convolution and sum, which reads and
//! writes a quarter of the bytes.

use crate::ir::attrs::{Attr, Attrs};
use crate::ir::build::Builder;
use crate::ir::rewrite::rewrite;
use crate::ir::view::NodeView;
use crate::ir::{Graph, NodeId, ValueId};
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

/// The convolution that int8 is for, its bias added or not, whose result this value is.
fn convolution(graph: &Graph, value: ValueId) -> Option<NodeId> {
    let view = NodeView::new(graph, graph.producer(value)?);
    match view.op().name {
        "nn.bias_add" => convolution(graph, view.node().inputs[0]),
        "nn.conv2d" | "nn.conv3d" => candidate(&view).map(|_| view.id),
        _ => None,
    }
}

/// For a sum behind a convolution: the convolution, and the other operand.
fn addend(view: &NodeView) -> Option<(NodeId, ValueId)> {
    let inputs = &view.node().inputs;
    let computed = |v: &ValueId| view.graph.constant(*v).is_none();
    if view.op().name != "add" || view.shape(0) != view.shape(1) || inputs[0] == inputs[1] || !inputs.iter().all(computed) {
        return None;
    }
    // Of two convolutions the one that was made later takes the sum with it.
    let behind = [0, 1].into_iter().filter_map(|i| Some((convolution(view.graph, inputs[i])?, inputs[1 - i])));
    behind.max_by_key(|(node, _)| node.0)
}

/// The values whose ranges int8 needs, in order.
pub fn observed(graph: &Graph) -> Vec<ValueId> {
    let views = || graph.node_ids().map(|id| NodeView::new(graph, id));
    let read = views().filter(|v| candidate(v).is_some()).flat_map(|v| v.node().inputs.iter().copied());
    let added = views().filter_map(|v| addend(&v)).map(|(_, other)| other);
    let values: BTreeSet<ValueId> = read.chain(added).filter(|v| graph.constant(*v).is_none()).collect();
    values.into_iter().collect()
}

/// The copy of `graph` whose products are of int8 wherever `ranges` has what they read; `keep` has nodes and operators that stay.
pub fn quantise(graph: &Graph, ranges: &Ranges, keep: &BTreeSet<String>) -> Result<Quantised> {
    let mut making = Making { graph, ranges, keep, products: BTreeSet::new(), kept: Vec::new(), done: HashMap::new() };
    let copy = rewrite(graph, &mut |b, view, inputs| making.node(b, view, inputs))?;
    // Once more, without the weights that nothing reads any longer.
    let graph = rewrite(&copy, &mut |_, _, _| Ok(None))?;
    Ok(Quantised { graph, products: making.products.len(), kept: making.kept })
}

/// A copy in the making.
struct Making<'a> {
    graph: &'a Graph,
    ranges: &'a Ranges,
    keep: &'a BTreeSet<String>,
    /// Products of int8.
    products: BTreeSet<NodeId>,
    kept: Vec<(String, String)>,
    /// Values of the copy through int8, by those in floats; constants with scales of their channels are others.
    done: HashMap<(ValueId, bool), ValueId>,
}

impl Making<'_> {
    fn node(&mut self, b: &mut Builder, view: &NodeView, inputs: &[ValueId]) -> Result<Option<Vec<ValueId>>> {
        let node = view.node();
        let asked = self.keep.contains(&node.name) || self.keep.contains(node.op.name);
        let mut operands = inputs.to_vec();
        if let Some(axis) = candidate(view) {
            let lacks = || node.inputs.iter().find_map(|v| lacking(self.graph, *v, self.ranges));
            if let Some(why) = asked.then(|| "asked for".to_string()).or_else(lacks) {
                self.kept.push((node.name.clone(), why));
                return Ok(None);
            }
            self.products.insert(view.id);
            for (old, operand) in node.inputs.iter().zip(&mut operands) {
                *operand = self.operand(b, *old, *operand, axis, view.dtype(0))?;
            }
        } else {
            let with = addend(view)
                .filter(|(product, other)| !asked && self.products.contains(product) && lacking(self.graph, *other, self.ranges).is_none());
            let Some((_, other)) = with else { return Ok(None) };
            let i = usize::from(node.inputs[1] == other);
            operands[i] = self.operand(b, other, inputs[i], None, view.dtype(0))?;
        }
        let results = b.node(&node.name, node.op, node.attrs.clone(), &operands)?;
        b.name_value(results[0], &self.graph.value(node.outputs[0]).name);
        Ok(Some(results))
    }

    /// The operand through int8, back as `dtype`: `new` stands for `old`, whose range is known.
    fn operand(&mut self, b: &mut Builder, old: ValueId, new: ValueId, axis: Option<usize>, dtype: DType) -> Result<ValueId> {
        let constant_of = self.graph.constant(old);
        let key = (new, constant_of.is_some() && axis.is_some());
        if let Some(known) = self.done.get(&key) {
            return Ok(*known);
        }
        let value = match constant_of {
            Some(weights) => constant(b, &self.graph.value(old).name, weights, axis)?,
            None => {
                let range = self.ranges.get(&self.graph.value(origin(self.graph, old)).name).unwrap_or(1.0);
                computed(b, origin(b.graph(), new), range, dtype)?
            }
        };
        self.done.insert(key, value);
        Ok(value)
    }
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
