//! Models made here, message by message, and what becomes of them. No files but those that a test writes itself.

mod bodies;
mod data;
mod graphs;
mod hostile;
mod operators;
mod plugins;
mod shapes;

use crate::import::onnx::proto::*;
use crate::import::onnx::{Model, load_bytes};
use crate::reference;
use crate::tensor::error::{Error, Result};
use crate::tensor::host::Tensor;
use bytes::Bytes;
use prost::Message;

/// A node; names are words.
pub fn node(op: &str, inputs: &str, outputs: &str) -> NodeProto {
    // A dash stands for an operand left out.
    let words = |s: &str| s.split_whitespace().map(|w| if w == "-" { String::new() } else { w.to_string() }).collect();
    NodeProto { op_type: op.into(), input: words(inputs), output: words(outputs), ..NodeProto::default() }
}

/// Attributes and names for nodes.
pub trait With: Sized {
    /// With an attribute.
    fn attr(self, a: AttributeProto) -> Self;
    /// With a name.
    fn named(self, name: &str) -> Self;
    /// With an integer.
    fn int(self, name: &str, v: i64) -> Self {
        self.attr(AttributeProto { name: name.into(), kind: 2, i: Some(v), ..AttributeProto::default() })
    }
    /// With a float.
    fn float(self, name: &str, v: f32) -> Self {
        self.attr(AttributeProto { name: name.into(), kind: 1, f: Some(v), ..AttributeProto::default() })
    }
    /// With integers.
    fn ints(self, name: &str, v: &[i64]) -> Self {
        self.attr(AttributeProto { name: name.into(), kind: 7, ints: v.to_vec(), ..AttributeProto::default() })
    }
    /// With a text.
    fn text(self, name: &str, v: &str) -> Self {
        let s = Some(Bytes::copy_from_slice(v.as_bytes()));
        self.attr(AttributeProto { name: name.into(), kind: 3, s, ..AttributeProto::default() })
    }
    /// With a tensor.
    fn tensor(self, name: &str, v: TensorProto) -> Self {
        self.attr(AttributeProto { name: name.into(), kind: 4, t: Some(Box::new(v)), ..AttributeProto::default() })
    }
    /// With a graph.
    fn graph(self, name: &str, v: GraphProto) -> Self {
        self.attr(AttributeProto { name: name.into(), kind: 5, g: Some(Box::new(v)), ..AttributeProto::default() })
    }
}

impl With for NodeProto {
    fn attr(mut self, a: AttributeProto) -> Self {
        self.attribute.push(a);
        self
    }
    fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }
}

/// A float32 input. Extents are words: a number, a name, or `?`.
pub fn input(name: &str, extents: &str) -> ValueInfoProto {
    typed_input(name, 1, extents)
}

/// An input of the element type with ONNX's number.
pub fn typed_input(name: &str, elem_type: i32, extents: &str) -> ValueInfoProto {
    let dim = extents.split_whitespace().map(|w| match w.parse::<i64>() {
        Ok(v) => DimProto { dim_value: Some(v), dim_param: None },
        Err(_) if w == "?" => DimProto::default(),
        Err(_) => DimProto { dim_value: None, dim_param: Some(w.into()) },
    });
    let tensor = TensorTypeProto { elem_type, shape: Some(ShapeProto { dim: dim.collect() }) };
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor: Some(tensor) }) }
}

/// A float32 constant.
pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    TensorProto { name: name.into(), dims: dims.to_vec(), data_type: 1, raw_data: Some(raw.into()), ..TensorProto::default() }
}

/// An int64 constant with one axis.
pub fn ints(name: &str, values: &[i64]) -> TensorProto {
    TensorProto { name: name.into(), dims: vec![values.len() as i64], data_type: 7, int64_data: values.to_vec(), ..TensorProto::default() }
}

/// A graph.
pub fn graph(inputs: Vec<ValueInfoProto>, constants: Vec<TensorProto>, nodes: Vec<NodeProto>, outputs: &str) -> GraphProto {
    let output = outputs.split_whitespace().map(|o| ValueInfoProto { name: o.into(), r#type: None }).collect();
    GraphProto { name: "g".into(), input: inputs, initializer: constants, node: nodes, output, ..GraphProto::default() }
}

/// A model of one version of the operator set.
pub fn model(opset: i64, graph: GraphProto) -> ModelProto {
    let own = OperatorSetProto { domain: String::new(), version: opset };
    ModelProto { ir_version: 8, opset_import: vec![own], graph: Some(graph), ..ModelProto::default() }
}

/// The model, encoded and imported.
pub fn load(model: &ModelProto) -> Result<Model> {
    load_bytes(model.encode_to_vec().into(), None)
}

/// The error of a model that must have one.
pub fn refused(model: &ModelProto) -> Error {
    match load(model) {
        Ok(m) => panic!("imported with {} nodes", m.graph.nodes.len()),
        Err(e) => e,
    }
}

/// Imports a graph of version `opset` and runs it.
pub fn run(opset: i64, graph: GraphProto, inputs: &[Tensor]) -> Vec<Tensor> {
    let m = load(&model(opset, graph)).unwrap_or_else(|e| panic!("{e}"));
    reference::run(&m.graph, inputs).unwrap_or_else(|e| panic!("{e}"))
}

/// Names of the operators of a model's nodes, in order.
pub fn ops_of(m: &Model) -> Vec<&'static str> {
    m.graph.nodes.iter().map(|n| n.op.name).collect()
}

/// A float32 tensor with elements 0, 1, 2, ...
pub fn counting(shape: &[usize]) -> Tensor {
    Tensor::from_vec(shape, (0..shape.iter().product::<usize>()).map(|v| v as f32).collect())
}

/// Equal shapes, and elements within float32's roundings.
pub fn assert_close(got: &Tensor, shape: &[usize], want: &[f64]) {
    assert_eq!(got.shape(), shape);
    let got = got.to_f64s();
    let near = got.iter().zip(want).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs().max(1.0));
    assert!(near && got.len() == want.len(), "{got:?} is not {want:?}");
}
