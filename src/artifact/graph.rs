//! A graph as JSON. [`crate::artifact::graph_read`] reads it back to an equal graph. Facts of results are not written: operators infer them.

use crate::artifact::weights::Shelf;
use crate::ir::attrs::{Attr, Param};
use crate::ir::fact::Fact;
use crate::ir::text::{symbols, words};
use crate::ir::{Body, Def, Graph, Node, ValueId};
use crate::network::plugin::{Fields, Value as Field};
use crate::tensor::dim::Dim;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The graph; its constants go to `weights`.
pub fn write(graph: &Graph, weights: &mut Shelf) -> Value {
    let symbols = symbols(graph);
    let mut w = Writer { graph, weights, words: words(&symbols), numbers: vec![None; graph.values.len()], next: 0 };
    let listed: Vec<Value> = symbols
        .iter()
        .map(|s| {
            let word = w.words.get(&s.name).map_or(s.name.to_string(), Dim::to_string);
            json!({ "word": word, "name": *s.name, "min": s.min, "max": s.max })
        })
        .collect();
    let inputs: Vec<Value> = graph.inputs.iter().map(|id| w.input(*id)).collect();
    let constants: Vec<Value> = (0..graph.values.len() as u32).filter_map(|id| w.constant(ValueId(id))).collect();
    let nodes: Vec<Value> = graph.nodes.iter().map(|n| w.node(n)).collect();
    let outputs: Vec<Value> = graph.outputs.iter().map(|o| json!({ "name": o.name, "value": w.numbers[o.value.0 as usize] })).collect();
    json!({ "name": graph.name, "symbols": listed, "inputs": inputs, "constants": constants, "nodes": nodes, "outputs": outputs })
}

struct Writer<'a> {
    graph: &'a Graph,
    weights: &'a mut Shelf,
    words: BTreeMap<Arc<str>, Dim>,
    /// Values are numbered in the order of inputs, constants, results.
    numbers: Vec<Option<usize>>,
    next: usize,
}

impl Writer<'_> {
    fn define(&mut self, id: ValueId) {
        self.numbers[id.0 as usize] = Some(self.next);
        self.next += 1;
    }

    fn input(&mut self, id: ValueId) -> Value {
        self.define(id);
        let value = self.graph.value(id);
        let Fact { dtype, shape, value: known } = &value.fact;
        let mut out = json!({ "name": value.name, "type": dtype.name(), "shape": self.dims(shape) });
        if let Some(known) = known {
            out["value"] = self.dims(known);
        }
        out
    }

    fn constant(&mut self, id: ValueId) -> Option<Value> {
        let value = self.graph.value(id);
        let Def::Const(tensor) = &value.def else { return None };
        self.define(id);
        Some(json!({ "name": value.name, "tensor": self.weights.put(&value.name, tensor) }))
    }

    fn node(&mut self, node: &Node) -> Value {
        let inputs = self.all(&node.inputs);
        let attrs: Map<String, Value> = node.attrs.named().map(|(name, attr)| (name.to_string(), self.attr(&attr))).collect();
        let bodies: Vec<Value> = node.bodies.iter().map(|b| self.body(b)).collect();
        node.outputs.iter().for_each(|id| self.define(*id));
        let outputs: Vec<&str> = node.outputs.iter().map(|id| self.graph.value(*id).name.as_str()).collect();
        let mut out = json!({ "op": node.op.name, "name": node.name, "inputs": inputs, "attrs": attrs, "outputs": outputs });
        if !bodies.is_empty() {
            out["bodies"] = Value::Array(bodies);
        }
        out
    }

    fn body(&mut self, body: &Body) -> Value {
        json!({ "captures": self.all(&body.captures), "graph": write(&body.graph, self.weights) })
    }

    fn all(&self, ids: &[ValueId]) -> Vec<Option<usize>> {
        ids.iter().map(|id| self.numbers[id.0 as usize]).collect()
    }

    fn dims(&self, dims: &[Dim]) -> Value {
        dims.iter().map(|d| d.as_const().map_or_else(|| json!(d.substitute(&self.words).to_string()), |v| json!(v))).collect()
    }

    fn attr(&mut self, attr: &Attr) -> Value {
        match attr {
            Attr::None => Value::Null,
            Attr::Int(v) => json!(v),
            Attr::Float(v) => float(*v),
            Attr::Bool(v) => json!(v),
            Attr::Str(v) => json!(v),
            Attr::Ints(v) => json!(v),
            Attr::DType(v) => json!({ "type": v.name() }),
            Attr::Param(Param::Static(dims)) => json!({ "dims": self.dims(dims) }),
            Attr::Param(Param::Input(i)) => json!({ "input": i }),
            Attr::Fields(fields) => json!({ "fields": self.fields(fields) }),
        }
    }

    fn fields(&mut self, fields: &Fields) -> Vec<Value> {
        let field = |f: &crate::network::plugin::Field| {
            let (kind, value) = match &f.value {
                Field::Ints(v) => ("ints", json!(v)),
                Field::Floats(v) => ("floats", v.iter().map(|v| float(f64::from(*v))).collect()),
                Field::Text(v) => ("text", json!(v)),
                Field::Tensor(t) => ("tensor", json!(self.weights.put(&f.name, t))),
            };
            json!({ "name": f.name, kind: value })
        };
        fields.0.iter().map(field).collect()
    }
}

/// A number; JSON has no infinities.
fn float(v: f64) -> Value {
    if v.is_finite() { json!(v) } else { json!({ "float": v.to_string() }) }
}
