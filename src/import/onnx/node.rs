//! What the function of an operator sees: one node of the model, and means to build what it becomes. Operators of ours are asked
//! for by name, and their attributes given by name, here and nowhere else.

use crate::import::onnx::attributes::Attributes;
use crate::import::onnx::graph::Importer;
use crate::import::onnx::proto::{GraphProto, NodeProto, TensorProto};
use crate::import::onnx::weights::MAX_RANK;
use crate::ir::attrs::{Attr, Attrs, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::{Body, Def, ValueId};
use crate::ops::plugin::{PLUGIN, Plugin};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::Tensor;
use crate::{ensure, fail};
use std::cell::Cell;
use std::collections::HashMap;

/// A shape-like parameter with these entries.
pub fn statics(values: &[i64]) -> Attr {
    Attr::Param(Param::Static(values.iter().map(|v| Dim::from(*v)).collect()))
}

/// One node while it is imported.
pub struct Cx<'m, 'a> {
    importer: &'m mut Importer<'a>,
    node: &'a NodeProto,
    name: String,
    inputs: Vec<(Option<ValueId>, Cell<bool>)>,
    /// Version of the operator set.
    pub opset: i64,
    /// For each result, whether anything reads it.
    pub wanted: Vec<bool>,
    /// The attributes.
    pub attrs: Attributes<'a>,
}

impl<'m, 'a> Cx<'m, 'a> {
    /// A node with its operands.
    pub fn new(
        importer: &'m mut Importer<'a>,
        node: &'a NodeProto,
        name: String,
        opset: i64,
        inputs: Vec<Option<ValueId>>,
        wanted: Vec<bool>,
        attrs: Attributes<'a>,
    ) -> Cx<'m, 'a> {
        let inputs = inputs.into_iter().map(|i| (i, Cell::new(false))).collect();
        Cx { importer, node, name, inputs, opset, wanted, attrs }
    }

    /// ONNX's name of the operator.
    pub fn op_type(&self) -> &'a str {
        &self.node.op_type
    }

    /// Our name of the node; symbols are named after it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of operands that the node lists.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Number of results that the node lists.
    pub fn output_count(&self) -> usize {
        self.node.output.len()
    }

    /// Whether result `i` is read.
    pub fn wants(&self, i: usize) -> bool {
        self.wanted.get(i).copied().unwrap_or(false)
    }

    /// An error unless every operand and attribute was read.
    pub fn all_read(&self) -> Result<()> {
        self.attrs.all_read()?;
        if let Some(i) = self.inputs.iter().position(|(v, read)| v.is_some() && !read.get()) {
            fail!(MalformedModel, "operand {i}, '{}', is one too many for this operator", self.node.input[i]);
        }
        Ok(())
    }

    /// Operand `i`, if it is given.
    pub fn optional(&self, i: usize) -> Option<ValueId> {
        let (value, read) = self.inputs.get(i)?;
        read.set(true);
        *value
    }

    /// Operand `i`.
    pub fn input(&self, i: usize) -> Result<ValueId> {
        self.optional(i).ok_or_else(|| Error::new(Code::MalformedModel, format!("operand {i} is missing")))
    }

    /// All operands; none may be left out.
    pub fn all_inputs(&self) -> Result<Vec<ValueId>> {
        (0..self.inputs.len()).map(|i| self.input(i)).collect()
    }

    /// What is known of a value.
    pub fn fact(&self, v: ValueId) -> &Fact {
        self.importer.building().fact(v)
    }

    /// Element type of a value.
    pub fn dtype(&self, v: ValueId) -> DType {
        self.fact(v).dtype
    }

    /// Extents of a value.
    pub fn shape(&self, v: ValueId) -> Vec<Dim> {
        self.fact(v).shape.clone()
    }

    /// Number of axes of a value.
    pub fn rank(&self, v: ValueId) -> usize {
        self.fact(v).rank()
    }

    /// The tensor behind a value, where it is a constant.
    pub fn constant(&self, v: ValueId) -> Option<Tensor> {
        self.importer.building().constant(v).cloned()
    }

    /// The number behind a value, where it is a constant with one element.
    pub fn number(&self, v: ValueId) -> Option<f64> {
        self.constant(v).filter(|t| t.len() == 1).map(|t| t.to_f64s()[0])
    }

    /// The integers behind a value, where they are known; `what` names them in the error where they are not.
    pub fn known_ints(&self, v: ValueId, what: &str) -> Result<Vec<i64>> {
        let known = self.fact(v).value.as_ref().and_then(|dims| dims.iter().map(|d| d.as_const()).collect());
        known.ok_or_else(|| {
            Error::new(Code::UnsupportedModel, format!("its '{what}' is computed by the network; only constants are supported here"))
        })
    }

    /// Integers that newer versions of an operator take as operand `i` and older ones as an attribute.
    pub fn attribute_or_operand(&self, name: &str, i: usize) -> Result<Option<Vec<i64>>> {
        if self.attrs.has(name) {
            return self.attrs.ints(name);
        }
        self.optional(i).map(|v| self.known_ints(v, name)).transpose()
    }

    /// A shape-like parameter: its entries where they are known, else one more operand.
    pub fn param(&self, v: ValueId, operands: &mut Vec<ValueId>) -> Result<Attr> {
        let fact = self.fact(v);
        let few = fact.shape.iter().all(|n| n.as_const().is_none_or(|n| n <= MAX_RANK as i64));
        ensure!(fact.rank() <= 1 && few, MalformedModel, "a list of at most {MAX_RANK} numbers is needed, not {fact}");
        if let Some(dims) = &fact.value {
            return Ok(Attr::Param(Param::Static(dims.clone())));
        }
        operands.push(v);
        Ok(Attr::Param(Param::Input(operands.len() - 1)))
    }

    /// A constant of the model.
    pub fn tensor(&self, t: &TensorProto) -> Result<Tensor> {
        self.importer.weights.tensor(t)
    }

    /// Adds a constant.
    pub fn add_constant(&mut self, tensor: Tensor) -> ValueId {
        let name = format!("{}.constant", self.name);
        self.importer.builder().constant(&name, tensor)
    }

    /// Adds a number as a constant; it must have an exact form in integer types.
    pub fn scalar(&mut self, dtype: DType, v: f64) -> Result<ValueId> {
        ensure!(dtype.is_float() || v.fract() == 0.0, UnsupportedModel, "{v} is no value of {dtype}, the type of its operands");
        Ok(self.add_constant(Tensor::from_f64s(dtype, &[], &[v])))
    }

    /// Adds a number of the element type of `like`.
    pub fn scalar_like(&mut self, like: ValueId, v: f64) -> Result<ValueId> {
        let dtype = self.dtype(like);
        self.scalar(dtype, v)
    }

    /// Whether there is an operator of this name.
    pub fn has_op(&self, op: &str) -> bool {
        (self.importer.ops)(op).is_some()
    }

    fn op(&self, op: &str) -> Result<&'static OpDef> {
        (self.importer.ops)(op).ok_or_else(|| Error::new(Code::Internal, format!("operator '{op}' has no entry")))
    }

    /// Adds a node and gives its results.
    pub fn emit(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> Result<Vec<ValueId>> {
        self.emit_with_bodies(op, attrs, operands, Vec::new())
    }

    /// Adds a node with graphs inside.
    pub fn emit_with_bodies(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId], bodies: Vec<Body>) -> Result<Vec<ValueId>> {
        let entry = self.op(op)?;
        if let Some((name, _)) = attrs.iter().find(|(name, _)| entry.attrs.specs.iter().all(|s| s.name != *name)) {
            fail!(Internal, "operator '{op}' has no attribute '{name}'");
        }
        let parsed: Attrs = (entry.attrs.parse)(&mut |name| attrs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()))?;
        let results = self.importer.builder().node_with_bodies(&self.name, entry, parsed, operands, bodies)?;
        self.importer.check_size(&results)?;
        Ok(results)
    }

    /// Adds a plugin.
    pub fn emit_plugin(&mut self, plugin: Plugin, operands: &[ValueId]) -> Result<Vec<ValueId>> {
        let results = self.importer.builder().node(&self.name, &PLUGIN, Attrs::new(plugin), operands)?;
        self.importer.check_size(&results)?;
        Ok(results)
    }

    /// Adds a node with one result.
    pub fn one(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> Result<ValueId> {
        match self.emit(op, attrs, operands)?.as_slice() {
            [result] => Ok(*result),
            many => fail!(Internal, "operator '{op}' gives {} results, not one", many.len()),
        }
    }

    /// Adds a node without attributes.
    pub fn call(&mut self, op: &str, operands: &[ValueId]) -> Result<ValueId> {
        self.one(op, &[], operands)
    }

    /// Adds a `reshape` to known extents.
    pub fn reshape(&mut self, x: ValueId, shape: Vec<Dim>) -> Result<ValueId> {
        // The extents stand for themselves, a zero too.
        let attrs = [("newshape", Attr::Param(Param::Static(shape))), ("allowzero", Attr::Bool(true))];
        self.one("reshape", &attrs, &[x])
    }

    /// Adds a `cast`, unless the type is right already.
    pub fn cast(&mut self, x: ValueId, dtype: DType) -> Result<ValueId> {
        if self.dtype(x) == dtype {
            return Ok(x);
        }
        self.one("cast", &[("dtype", Attr::DType(dtype))], &[x])
    }

    /// Imports a graph inside the node.
    pub fn body(&mut self, attribute: &str, inputs: &[Fact]) -> Result<Body> {
        let graph: &'a GraphProto = self.attrs.graph(attribute)?;
        self.importer.body(&format!("{}.{attribute}", self.name), graph, inputs)
    }

    /// Adds the nodes of a graph whose only inputs are its captures, and gives its outputs.
    pub fn splice(&mut self, body: &Body) -> Result<Vec<ValueId>> {
        let inputs = body.graph.inputs.iter().zip(&body.captures);
        let mut map: HashMap<ValueId, ValueId> = inputs.map(|(inner, outer)| (*inner, *outer)).collect();
        let builder = self.importer.builder();
        for (i, value) in body.graph.values.iter().enumerate() {
            if let Def::Const(tensor) = &value.def {
                map.insert(ValueId(i as u32), builder.constant(&value.name, tensor.clone()));
            }
        }
        for node in &body.graph.nodes {
            let operands: Vec<ValueId> = node.inputs.iter().map(|v| map[v]).collect();
            let mut inner = node.bodies.clone();
            inner.iter_mut().flat_map(|b| &mut b.captures).for_each(|v| *v = map[v]);
            let results = builder.node_with_bodies(&node.name, node.op, node.attrs.clone(), &operands, inner)?;
            for (old, new) in node.outputs.iter().zip(&results) {
                builder.name_value(*new, &body.graph.value(*old).name);
            }
            map.extend(node.outputs.iter().copied().zip(results));
        }
        Ok(body.graph.outputs.iter().map(|o| map[&o.value]).collect())
    }
}
