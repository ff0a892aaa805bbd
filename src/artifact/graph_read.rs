//! Reads a graph as [`crate::artifact::graph`] writes it. Facts are inferred; any JSON is answered with a graph or an error.

use crate::artifact::json::{bad, indices, int, list, members, text};
use crate::artifact::weights::Weights;
use crate::ensure;
use crate::ir::attrs::{Attr, Param};
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::{Body, Graph, ValueId};
use crate::network::plugin::{Field, Fields, Value as FieldValue};
use crate::tensor::dim::Dim;
use crate::tensor::dim_text::parse_dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Context, Error, Result};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Deepest nesting of bodies that is followed.
const MAX_DEPTH: usize = 16;

/// What a graph's JSON refers to.
pub struct Names<'a> {
    /// The operator of a name.
    pub ops: &'a dyn Fn(&str) -> Option<&'static OpDef>,
    /// The constants.
    pub weights: &'a Weights,
}

/// Reads a graph.
pub fn read(json: &Value, names: &Names) -> Result<Graph> {
    graph(json, names, 0)
}

struct Reader<'a> {
    names: &'a Names<'a>,
    builder: Builder,
    symbols: HashMap<String, Dim>,
    values: Vec<ValueId>,
    node_names: HashSet<String>,
    depth: usize,
}

fn graph(json: &Value, names: &Names, depth: usize) -> Result<Graph> {
    ensure!(depth <= MAX_DEPTH, MalformedModel, "graphs inside nodes are nested too deep");
    let builder = Builder::new(text(json, "name")?);
    let mut r = Reader { names, builder, symbols: HashMap::new(), values: Vec::new(), node_names: HashSet::new(), depth };
    list(json, "symbols")?.iter().try_for_each(|s| r.symbol(s))?;
    for input in list(json, "inputs")? {
        let name = text(input, "name")?;
        let fact = r.fact(input).context(|| format!("input '{name}'"))?;
        let id = r.builder.input(name, fact)?;
        r.values.push(id);
    }
    for constant in list(json, "constants")? {
        let (name, tensor) = (text(constant, "name")?, names.weights.get(text(constant, "tensor")?)?);
        let id = r.builder.constant(name, tensor);
        r.values.push(id);
    }
    for node in list(json, "nodes")? {
        let name = text(node, "name")?;
        r.node(name, node).context(|| format!("node '{name}'"))?;
    }
    for output in list(json, "outputs")? {
        let value = usize::try_from(int(output, "value")?).unwrap_or(usize::MAX);
        let value = r.value(value)?;
        r.builder.output(text(output, "name")?, value)?;
    }
    Ok(r.builder.finish())
}

impl Reader<'_> {
    fn symbol(&mut self, json: &Value) -> Result<()> {
        let (word, name, min, max) = (text(json, "word")?, text(json, "name")?, int(json, "min")?, int(json, "max")?);
        ensure!(min <= max, MalformedModel, "symbol '{name}' is from {min} to {max}");
        let known = self.symbols.insert(word.to_string(), Dim::symbol(name, min, max));
        ensure!(known.is_none(), MalformedModel, "two symbols are written '{word}'");
        Ok(())
    }

    fn dims(&self, dims: &[Value]) -> Result<Vec<Dim>> {
        let dim = |v: &Value| match v {
            Value::String(s) => parse_dim(s, &|name| self.symbols.get(name).cloned()),
            v => v.as_i64().map(Dim::from).ok_or_else(|| bad(format!("{v} is no extent"))),
        };
        dims.iter().map(dim).collect()
    }

    fn fact(&self, json: &Value) -> Result<Fact> {
        let fact = Fact::new(DType::from_name(text(json, "type")?)?, self.dims(list(json, "shape")?)?);
        if json.get("value").is_none() {
            return Ok(fact);
        }
        let known = fact.with_value(Some(self.dims(list(json, "value")?)?));
        ensure!(known.value.is_some(), MalformedModel, "such a value cannot be known");
        Ok(known)
    }

    fn value(&self, number: usize) -> Result<ValueId> {
        self.values.get(number).copied().ok_or_else(|| bad(format!("there is no value {number} so far")))
    }

    fn all(&self, json: &Value, key: &str) -> Result<Vec<ValueId>> {
        indices(json, key)?.into_iter().map(|n| self.value(n)).collect()
    }

    fn node(&mut self, name: &str, json: &Value) -> Result<()> {
        let op = text(json, "op")?;
        let op = (self.names.ops)(op).ok_or_else(|| Error::new(Code::UnsupportedOperator, format!("there is no operator '{op}'")))?;
        let mut given = HashMap::new();
        for (key, value) in members(json, "attrs")? {
            given.insert(key.clone(), self.attr(value).context(|| format!("attribute '{key}'"))?);
        }
        let attrs = (op.attrs.parse)(&mut |key| given.remove(key))?;
        if let Some(key) = given.keys().next() {
            return Err(bad(format!("operator {} has no attribute '{key}'", op.name)));
        }
        let mut bodies = Vec::new();
        for body in json.get("bodies").map_or(Ok(&[][..]), |_| list(json, "bodies"))? {
            bodies.push(Body { captures: self.all(body, "captures")?, graph: graph(&body["graph"], self.names, self.depth + 1)? });
        }
        ensure!(self.node_names.insert(name.to_string()), DuplicateName, "two nodes have this name");
        let ids = self.builder.node_with_bodies(name, op, attrs, &self.all(json, "inputs")?, bodies)?;
        let names = list(json, "outputs")?;
        ensure!(names.len() == ids.len(), MalformedModel, "{} results are named, it has {}", names.len(), ids.len());
        for (id, name) in ids.iter().zip(names) {
            let name = name.as_str().ok_or_else(|| bad("the name of a result is no text"))?;
            self.builder.name_value(*id, name);
        }
        self.values.extend(ids);
        Ok(())
    }

    fn attr(&self, json: &Value) -> Result<Attr> {
        Ok(match json {
            Value::Null => Attr::None,
            Value::Bool(v) => Attr::Bool(*v),
            Value::String(v) => Attr::Str(v.clone()),
            Value::Number(v) => match v.as_i64() {
                Some(v) => Attr::Int(v),
                None => Attr::Float(float(json)?),
            },
            Value::Array(v) => {
                Attr::Ints(v.iter().map(|v| v.as_i64().ok_or_else(|| bad("a list of integers is expected"))).collect::<Result<_>>()?)
            }
            Value::Object(object) => match object.keys().next().map(String::as_str) {
                Some("float") => Attr::Float(float(json)?),
                Some("type") => Attr::DType(DType::from_name(text(json, "type")?)?),
                Some("dims") => Attr::Param(Param::Static(self.dims(list(json, "dims")?)?)),
                Some("input") => Attr::Param(Param::Input(usize::try_from(int(json, "input")?).unwrap_or(usize::MAX))),
                Some("fields") => Attr::Fields(Fields::new(list(json, "fields")?.iter().map(|f| self.field(f)).collect::<Result<_>>()?)),
                _ => return Err(bad(format!("{json} is no value of an attribute"))),
            },
        })
    }

    fn field(&self, json: &Value) -> Result<Field> {
        let kind = json.as_object().and_then(|o| o.keys().find(|k| *k != "name")).map_or("", String::as_str);
        let value = match kind {
            "ints" => {
                FieldValue::Ints(list(json, kind)?.iter().map(|v| v.as_i64().ok_or_else(|| bad("no integer"))).collect::<Result<_>>()?)
            }
            "floats" => FieldValue::Floats(list(json, kind)?.iter().map(|v| float(v).map(|v| v as f32)).collect::<Result<_>>()?),
            "text" => FieldValue::Text(text(json, kind)?.to_string()),
            "tensor" => FieldValue::Tensor(self.names.weights.get(text(json, kind)?)?),
            _ => return Err(bad(format!("{json} is no field of a plugin"))),
        };
        Ok(Field { name: text(json, "name")?.to_string(), value })
    }
}

/// A number, or one of those that JSON does not have: `inf`, `-inf`, `NaN`.
fn float(json: &Value) -> Result<f64> {
    let written = || json.get("float")?.as_str()?.parse().ok();
    json.as_f64().or_else(written).ok_or_else(|| bad(format!("{json} is no number")))
}
