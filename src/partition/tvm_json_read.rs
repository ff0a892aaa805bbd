//! Reads what [`super::tvm_json`] writes back into an equal graph: facts are inferred anew and must agree with those written.
//! Never panics on damaged text. An optional text attribute that was set but empty reads back as unset: the layout has no difference.

use crate::ir::attrs::{Attr, Param};
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::{Graph, ValueId};
use crate::tensor::dim::Dim;
use crate::tensor::dim_text::parse_dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use crate::{ensure, fail};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

type Attributes = Map<String, Json>;

/// The graph in `text`. `constant` gives a constant by its name in the text, `op` an operator by Relay's name.
pub fn read(text: &str, constant: &dyn Fn(&str) -> Option<Tensor>, op: &dyn Fn(&str) -> Option<&'static OpDef>) -> Result<Graph> {
    let root: Json = serde_json::from_str(text).map_err(|e| Error::new(Code::MalformedModel, format!("region JSON: {e}")))?;
    let symbol = root["symbol"].as_str().ok_or_else(|| fault("region JSON", "symbol", "a string"))?;
    let nodes = root["nodes"].as_array().ok_or_else(|| fault("region JSON", "nodes", "a list"))?;
    let heads = root["heads"].as_array().ok_or_else(|| fault("region JSON", "heads", "a list"))?;
    let mut reader =
        Reader { builder: Builder::new(symbol), symbols: BTreeMap::new(), results: Vec::new(), names: BTreeMap::new(), constant, op };
    for node in nodes {
        reader.symbols(attributes(node)?)?;
    }
    for (i, node) in nodes.iter().enumerate() {
        reader.node(node).context(|| format!("region JSON, node {i}"))?;
    }
    for (i, head) in heads.iter().enumerate() {
        let value = reader.reference(head)?;
        let name = reader.names.remove(&i).unwrap_or_else(|| format!("output_{i}"));
        reader.builder.output(&name, value)?;
    }
    Ok(reader.builder.finish())
}

fn fault(place: &str, key: &str, wanted: &str) -> Error {
    Error::new(Code::MalformedModel, format!("{place}: '{key}' must be {wanted}"))
}

fn attributes(node: &Json) -> Result<&Attributes> {
    node["attrs"].as_object().ok_or_else(|| fault("region JSON, a node", "attrs", "an object"))
}

/// The texts of an attribute; `None` where it is not there.
fn texts<'a>(attrs: &'a Attributes, key: &str) -> Result<Option<Vec<&'a str>>> {
    let Some(value) = attrs.get(key) else { return Ok(None) };
    let list = value.get(0).and_then(Json::as_array).and_then(|list| list.iter().map(Json::as_str).collect::<Option<Vec<_>>>());
    list.map(Some).ok_or_else(|| fault("attributes", key, "a list of one list of strings"))
}

fn one<'a>(attrs: &'a Attributes, key: &str) -> Result<&'a str> {
    match texts(attrs, key)?.as_deref() {
        Some([text]) => Ok(text),
        _ => Err(fault("attributes", key, "one string")),
    }
}

struct Reader<'a> {
    builder: Builder,
    symbols: BTreeMap<String, Dim>,
    /// Values of each node read so far.
    results: Vec<Vec<ValueId>>,
    /// Names of outputs by position.
    names: BTreeMap<usize, String>,
    constant: &'a dyn Fn(&str) -> Option<Tensor>,
    op: &'a dyn Fn(&str) -> Option<&'static OpDef>,
}

impl Reader<'_> {
    fn symbols(&mut self, attrs: &Attributes) -> Result<()> {
        for text in texts(attrs, "tvmtrt_symbols")?.unwrap_or_default() {
            let mut parts = text.rsplitn(3, ':');
            let (max, min, name) = (parts.next(), parts.next(), parts.next());
            let number = |t: Option<&str>| t.and_then(|t| t.parse::<i64>().ok());
            let (Some(min), Some(max), Some(name)) = (number(min), number(max), name) else {
                return Err(fault("attributes", "tvmtrt_symbols", "texts like N:1:64"));
            };
            self.symbols.insert(name.into(), Dim::symbol(name, min, max));
        }
        Ok(())
    }

    fn node(&mut self, node: &Json) -> Result<()> {
        let attrs = attributes(node)?;
        let name = node["name"].as_str().ok_or_else(|| fault("node", "name", "a string"))?;
        let facts = self.facts(attrs)?;
        let results = match node["op"].as_str() {
            Some("input") => vec![self.input(name, facts, attrs)?],
            Some("const") => vec![self.constant(name, &facts, attrs)?],
            Some("kernel") => self.kernel(node, name, &facts, attrs)?,
            _ => return Err(fault("node", "op", "input, const or kernel")),
        };
        self.results.push(results);
        for text in texts(attrs, "tvmtrt_outputs")?.unwrap_or_default() {
            let named = text.split_once('=').and_then(|(head, name)| Some((head.parse::<usize>().ok()?, name)));
            let Some((head, name)) = named else { return Err(fault("attributes", "tvmtrt_outputs", "texts like 0=name")) };
            self.names.insert(head, name.into());
        }
        Ok(())
    }

    fn input(&mut self, name: &str, mut facts: Vec<Fact>, attrs: &Attributes) -> Result<ValueId> {
        ensure!(facts.len() == 1, MalformedModel, "input '{name}' has {} results", facts.len());
        let value = texts(attrs, "tvmtrt_value")?.map(|list| list.iter().map(|t| self.dim(t)).collect::<Result<Vec<_>>>());
        self.builder.input(name, facts.remove(0).with_value(value.transpose()?))
    }

    fn constant(&mut self, name: &str, facts: &[Fact], attrs: &Attributes) -> Result<ValueId> {
        let tensor = (self.constant)(name).ok_or_else(|| Error::new(Code::UnknownName, format!("no constant is named '{name}'")))?;
        let id = self.builder.constant(one(attrs, "tvmtrt_name")?, tensor);
        self.agree(facts, &[id])?;
        Ok(id)
    }

    fn kernel(&mut self, node: &Json, name: &str, facts: &[Fact], attrs: &Attributes) -> Result<Vec<ValueId>> {
        let relay = name.split_once('.').map_or(name, |(_, op)| op);
        let Some(op) = (self.op)(relay) else { fail!(UnsupportedOperator, "'{relay}' is no known operator") };
        let inputs = match node.get("inputs") {
            None => Vec::new(),
            Some(list) => {
                let list = list.as_array().ok_or_else(|| fault("node", "inputs", "a list"))?;
                list.iter().map(|entry| self.reference(entry)).collect::<Result<Vec<_>>>()?
            }
        };
        let mut decoded = BTreeMap::new();
        for spec in op.attrs.specs {
            if let Some(texts) = texts(attrs, spec.name)? {
                decoded.insert(spec.name, self.attribute(op, spec.name, spec.kind, &texts)?);
            }
        }
        let typed = (op.attrs.parse)(&mut |name| decoded.remove(name))?;
        let results = self.builder.node(one(attrs, "tvmtrt_name")?, op, typed, &inputs)?;
        self.agree(facts, &results)?;
        for (id, name) in results.iter().zip(texts(attrs, "tvmtrt_values")?.unwrap_or_default()) {
            self.builder.name_value(*id, name);
        }
        Ok(results)
    }

    /// What was written of the results is what follows from the operands.
    fn agree(&self, written: &[Fact], results: &[ValueId]) -> Result<()> {
        let inferred: Vec<&Fact> = results.iter().map(|v| self.builder.fact(*v)).collect();
        let same = written.len() == inferred.len() && written.iter().zip(&inferred).all(|(w, i)| w.dtype == i.dtype && w.shape == i.shape);
        let show = |facts: &mut dyn Iterator<Item = &Fact>| facts.map(Fact::to_string).collect::<Vec<_>>().join(", ");
        let (w, i) = (show(&mut written.iter()), show(&mut inferred.iter().copied()));
        ensure!(same, MalformedModel, "results are written as {w} but are {i}");
        Ok(())
    }

    fn reference(&self, entry: &Json) -> Result<ValueId> {
        let at = |i: usize| entry.get(i).and_then(Json::as_u64).and_then(|v| usize::try_from(v).ok());
        let value = at(0).zip(at(1)).and_then(|(node, result)| self.results.get(node)?.get(result));
        value.copied().ok_or_else(|| Error::new(Code::MalformedModel, format!("region JSON: entry {entry} names no earlier result")))
    }

    fn facts(&self, attrs: &Attributes) -> Result<Vec<Fact>> {
        let dtypes = texts(attrs, "dtype")?.ok_or_else(|| fault("attributes", "dtype", "there"))?;
        let dtypes = dtypes.into_iter().map(DType::from_name).collect::<Result<Vec<_>>>()?;
        let shapes = match texts(attrs, "tvmtrt_dims")? {
            Some(list) => list.iter().map(|text| self.dims(text)).collect::<Result<Vec<_>>>()?,
            None => constant_shapes(attrs).ok_or_else(|| fault("attributes", "shape", "a list of one list of shapes"))?,
        };
        ensure!(dtypes.len() == shapes.len(), MalformedModel, "{} types but {} shapes", dtypes.len(), shapes.len());
        Ok(dtypes.into_iter().zip(shapes).map(|(d, s)| Fact::new(d, s)).collect())
    }

    fn dims(&self, text: &str) -> Result<Vec<Dim>> {
        if text.is_empty() { Ok(Vec::new()) } else { text.split(';').map(|d| self.dim(d)).collect() }
    }

    fn dim(&self, text: &str) -> Result<Dim> {
        parse_dim(text, &|name| self.symbols.get(name).cloned())
    }

    fn attribute(&self, op: &OpDef, name: &str, kind: &str, texts: &[&str]) -> Result<Attr> {
        let wrong = || Error::new(Code::MalformedModel, format!("attribute '{name}' cannot be {texts:?}, it is of type {kind}"));
        let optional = || (op.attrs.parse)(&mut |n| (n == name).then_some(Attr::None)).is_ok();
        if matches!(texts, [""]) && (kind != "string" || optional()) {
            return Ok(Attr::None);
        }
        let attr = match (kind, texts) {
            ("int", [t]) => t.parse().ok().map(Attr::Int),
            ("float", [t]) => t.parse().ok().map(Attr::Float),
            ("bool", ["0"]) => Some(Attr::Bool(false)),
            ("bool", ["1"]) => Some(Attr::Bool(true)),
            ("string", [t]) => Some(Attr::Str((*t).into())),
            ("dtype", [t]) => Some(Attr::DType(DType::from_name(t)?)),
            ("ints", list) => list.iter().map(|t| t.parse().ok()).collect::<Option<_>>().map(Attr::Ints),
            (_, [t]) if t.starts_with('@') => t[1..].parse().ok().map(|i| Attr::Param(Param::Input(i))),
            ("dims or input", list) => Some(Attr::Param(Param::Static(list.iter().map(|t| self.dim(t)).collect::<Result<Vec<_>>>()?))),
            _ => None,
        };
        attr.ok_or_else(wrong)
    }
}

fn constant_shapes(attrs: &Attributes) -> Option<Vec<Vec<Dim>>> {
    let extents = |shape: &Json| shape.as_array()?.iter().map(|d| d.as_i64().map(Dim::from)).collect::<Option<Vec<Dim>>>();
    attrs.get("shape")?.get(0)?.as_array()?.iter().map(extents).collect()
}
