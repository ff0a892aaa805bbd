//! Attributes of a node of the model, read by name and type. Remembers which were read: one that nobody reads changes nothing in
//! the graph, so a node that has one is not understood.

use crate::import::onnx::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};
use crate::tensor::error::Result;
use crate::{ensure, fail};
use std::cell::Cell;

/// ONNX's attribute types by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float = 1,
    Int = 2,
    String = 3,
    Tensor = 4,
    Graph = 5,
    Floats = 6,
    Ints = 7,
}

/// Names of all attribute types, by number.
const KINDS: &[&str] = &[
    "undefined",
    "float",
    "int",
    "string",
    "tensor",
    "graph",
    "floats",
    "ints",
    "strings",
    "tensors",
    "graphs",
    "sparse tensor",
    "sparse tensors",
    "type",
    "types",
];

/// The value of an attribute of any type.
#[derive(Debug)]
pub enum Any<'a> {
    /// One or several integers.
    Ints(Vec<i64>),
    /// One or several floats.
    Floats(Vec<f32>),
    /// A text.
    Text(&'a str),
    /// A tensor.
    Tensor(&'a TensorProto),
}

/// The attributes of one node.
#[derive(Debug)]
pub struct Attributes<'a> {
    list: Vec<(&'a AttributeProto, Cell<bool>)>,
}

impl<'a> Attributes<'a> {
    /// The attributes of `node`.
    pub fn new(node: &'a NodeProto) -> Result<Attributes<'a>> {
        for (i, a) in node.attribute.iter().enumerate().take(256) {
            let twice = node.attribute[..i].iter().any(|b| b.name == a.name);
            ensure!(!twice, MalformedModel, "attribute '{}' is given twice", a.name);
            ensure!(a.ref_attr_name.is_empty(), MalformedModel, "attribute '{}' refers to an attribute of a function", a.name);
        }
        ensure!(node.attribute.len() <= 256, MalformedModel, "{} attributes are too many", node.attribute.len());
        Ok(Attributes { list: node.attribute.iter().map(|a| (a, Cell::new(false))).collect() })
    }

    /// True when the node has an attribute of this name.
    pub fn has(&self, name: &str) -> bool {
        self.list.iter().any(|(a, _)| a.name == name)
    }

    /// An attribute that changes nothing here.
    pub fn ignore(&self, name: &str) {
        self.list.iter().filter(|(a, _)| a.name == name).for_each(|(_, read)| read.set(true));
    }

    /// An error that names the attributes that nobody read.
    pub fn all_read(&self) -> Result<()> {
        let unread = self.unread();
        ensure!(unread.is_empty(), UnsupportedModel, "attribute '{}' is not known for this operator", unread.join("', '"));
        Ok(())
    }

    /// The attribute, if it is there; it must be of this type. Old files leave the type out: then the field decides.
    fn get(&self, name: &str, kind: Kind, filled: impl Fn(&AttributeProto) -> bool) -> Result<Option<&'a AttributeProto>> {
        let Some((a, read)) = self.list.iter().find(|(a, _)| a.name == name) else { return Ok(None) };
        if a.kind != kind as i32 && !(a.kind == 0 && filled(a)) {
            let is = usize::try_from(a.kind).ok().and_then(|i| KINDS.get(i)).unwrap_or(&"of an unknown type");
            fail!(MalformedModel, "attribute '{name}' must be {}, not {is}", KINDS[kind as usize]);
        }
        read.set(true);
        Ok(Some(a))
    }

    /// An integer.
    pub fn int(&self, name: &str) -> Result<Option<i64>> {
        Ok(self.get(name, Kind::Int, |a| a.i.is_some())?.map(|a| a.i.unwrap_or(0)))
    }

    /// An integer, `default` where it is left out.
    pub fn int_or(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    /// An integer that says yes (1) or no (0, or left out).
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.int_or(name, 0)? {
            0 => Ok(false),
            1 => Ok(true),
            other => fail!(MalformedModel, "attribute '{name}' must be 0 or 1, not {other}"),
        }
    }

    /// A float, `default` where it is left out.
    pub fn float_or(&self, name: &str, default: f32) -> Result<f64> {
        Ok(f64::from(self.float(name)?.unwrap_or(default)))
    }

    /// A float.
    pub fn float(&self, name: &str) -> Result<Option<f32>> {
        Ok(self.get(name, Kind::Float, |a| a.f.is_some())?.map(|a| a.f.unwrap_or(0.0)))
    }

    /// A text, `default` where it is left out.
    pub fn text_or(&self, name: &str, default: &'a str) -> Result<&'a str> {
        let Some(a) = self.get(name, Kind::String, |a| a.s.is_some())? else { return Ok(default) };
        match a.s.as_deref().map(std::str::from_utf8) {
            None => Ok(""),
            Some(Ok(text)) => Ok(text),
            Some(Err(_)) => fail!(MalformedModel, "attribute '{name}' is not UTF-8"),
        }
    }

    /// Integers.
    pub fn ints(&self, name: &str) -> Result<Option<Vec<i64>>> {
        Ok(self.get(name, Kind::Ints, |a| !a.ints.is_empty())?.map(|a| a.ints.clone()))
    }

    /// Floats.
    pub fn floats(&self, name: &str) -> Result<Option<Vec<f32>>> {
        Ok(self.get(name, Kind::Floats, |a| !a.floats.is_empty())?.map(|a| a.floats.clone()))
    }

    /// A tensor.
    pub fn tensor(&self, name: &str) -> Result<Option<&'a TensorProto>> {
        match self.get(name, Kind::Tensor, |a| a.t.is_some())? {
            None => Ok(None),
            Some(AttributeProto { t: Some(t), .. }) => Ok(Some(t)),
            Some(_) => fail!(MalformedModel, "attribute '{name}' has no tensor"),
        }
    }

    /// Names of the attributes that nobody read so far.
    pub fn unread(&self) -> Vec<&'a str> {
        self.list.iter().filter(|(_, read)| !read.get()).map(|(a, _)| a.name.as_str()).collect()
    }

    /// An attribute of any type that is no graph, and reads it: integers, floats, a text or a tensor.
    pub fn any(&self, name: &str) -> Result<Any<'a>> {
        let kind = self.list.iter().find(|(a, _)| a.name == name).map_or(0, |(a, _)| a.kind);
        Ok(match kind {
            k if k == Kind::Int as i32 => Any::Ints(self.int(name)?.into_iter().collect()),
            k if k == Kind::Ints as i32 => Any::Ints(self.ints(name)?.unwrap_or_default()),
            k if k == Kind::Float as i32 => Any::Floats(self.float(name)?.into_iter().collect()),
            k if k == Kind::Floats as i32 => Any::Floats(self.floats(name)?.unwrap_or_default()),
            k if k == Kind::String as i32 => Any::Text(self.text_or(name, "")?),
            k if k == Kind::Tensor as i32 => match self.tensor(name)? {
                Some(tensor) => Any::Tensor(tensor),
                None => fail!(MalformedModel, "attribute '{name}' has no tensor"),
            },
            k => {
                let is = usize::try_from(k).ok().and_then(|i| KINDS.get(i)).unwrap_or(&"of an unknown type");
                fail!(UnsupportedModel, "attribute '{name}' is {is}; a plugin is given ints, floats, strings and tensors")
            }
        })
    }

    /// A graph.
    pub fn graph(&self, name: &str) -> Result<&'a GraphProto> {
        match self.get(name, Kind::Graph, |a| a.g.is_some())? {
            Some(AttributeProto { g: Some(g), .. }) => Ok(g),
            _ => fail!(MalformedModel, "attribute '{name}' has no graph"),
        }
    }
}
