//! Reads the text form of a graph ([`crate::ir::text`]). Facts of nodes are inferred anew and held against those that are written.
//! Any text is answered with a graph or an error that names the line, never a panic.

use crate::ir::attrs::{Attr, Param};
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::scan::{Scanner, bad};
use crate::ir::text::{default_name, inline_tensor, is_dynamic};
use crate::ir::{Body, Graph, ValueId};
use crate::network::plugin::{Field, Fields, Value};
use crate::tensor::dim::Dim;
use crate::tensor::dim_text::parse_dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use crate::tensor::shape;
use std::collections::{HashMap, HashSet};

/// Deepest nesting of bodies that is followed.
const MAX_DEPTH: usize = 32;

/// Reads a graph. `ops` gives the operator of a name, `constants` the tensor of a digest.
pub fn parse(text: &str, ops: &dyn Fn(&str) -> Option<&'static OpDef>, constants: &dyn Fn(&str) -> Option<Tensor>) -> Result<Graph> {
    let mut p = Parser { scan: Scanner::new(text), ops, constants };
    let graph = p.graph(0).and_then(|g| if p.scan.rest().is_empty() { Ok(g) } else { p.scan.fault("the end is expected") });
    graph.map_err(|e| e.context(format!("graph text, line {}", p.scan.line())))
}

struct Parser<'a> {
    scan: Scanner<'a>,
    ops: &'a dyn Fn(&str) -> Option<&'static OpDef>,
    constants: &'a dyn Fn(&str) -> Option<Tensor>,
}

/// What has been read of one graph.
struct Scope {
    builder: Builder,
    symbols: HashMap<String, Dim>,
    values: HashMap<usize, ValueId>,
    node_names: HashSet<String>,
}

impl<'a> Parser<'a> {
    fn dims(&mut self, symbols: &HashMap<String, Dim>) -> Result<Vec<Dim>> {
        self.scan.items()?.into_iter().map(|item| parse_dim(item, &|name| symbols.get(name).cloned())).collect()
    }

    fn dtype(&mut self) -> Result<DType> {
        DType::from_name(self.scan.name()?)
    }

    fn fact(&mut self, symbols: &HashMap<String, Dim>) -> Result<Fact> {
        let fact = Fact::new(self.dtype()?, self.dims(symbols)?);
        if !self.scan.eat("=") {
            return Ok(fact);
        }
        let value = self.dims(symbols)?;
        let counted = shape::as_usizes(&fact.shape).and_then(|s| byte_len(DType::U8, &s));
        let fact = if counted == Some(value.len()) { fact.with_value(Some(value)) } else { fact };
        if fact.value.is_some() { Ok(fact) } else { self.scan.fault("such a value cannot be known") }
    }

    fn graph(&mut self, depth: usize) -> Result<Graph> {
        if depth > MAX_DEPTH {
            return self.scan.fault("bodies are nested too deep");
        }
        self.scan.need("graph")?;
        let name = self.scan.string()?;
        self.scan.need("{")?;
        let mut s = Scope { builder: Builder::new(&name), symbols: HashMap::new(), values: HashMap::new(), node_names: HashSet::new() };
        loop {
            if self.scan.eat("}") {
                return Ok(s.builder.finish());
            } else if self.scan.eat("symbol ") {
                self.symbol(&mut s)?;
            } else if self.scan.eat("output ") {
                let name = self.scan.string()?;
                self.scan.need("=")?;
                let value = self.value(&s)?;
                s.builder.output(&name, value)?;
            } else {
                self.definition(&mut s, depth)?;
            }
        }
    }

    /// `symbol N = 1..64` or `symbol word "name" = 1..64`.
    fn symbol(&mut self, s: &mut Scope) -> Result<()> {
        let word = self.scan.word()?;
        let name = if self.scan.rest().starts_with('"') { self.scan.string()? } else { word.to_string() };
        self.scan.need("=")?;
        let bounds = self.scan.run(|c| c.is_ascii_digit() || "-.".contains(c), "bounds")?;
        let bounds = bounds.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        let Some((min, max)) = bounds.filter(|(a, b): &(i64, i64)| a <= b) else { return Err(bad("bounds such as 1..64 are expected")) };
        if s.symbols.insert(word.into(), Dim::symbol(&name, min, max)).is_some() {
            return Err(bad(&format!("symbol '{word}' is declared twice")));
        }
        Ok(())
    }

    fn value(&mut self, s: &Scope) -> Result<ValueId> {
        self.scan.need("%")?;
        let number = self.scan.run(|c| c.is_ascii_digit(), "a value's number")?;
        match number.parse().ok().and_then(|n: usize| s.values.get(&n)) {
            Some(id) => Ok(*id),
            None => Err(bad(&format!("there is no %{number} so far"))),
        }
    }

    fn values(&mut self, s: &Scope) -> Result<Vec<ValueId>> {
        self.scan.need("(")?;
        let mut list = Vec::new();
        while !self.scan.eat(")") {
            if !list.is_empty() {
                self.scan.need(",")?;
            }
            list.push(self.value(s)?);
        }
        Ok(list)
    }

    /// A line that defines values: input, constant or node.
    fn definition(&mut self, s: &mut Scope, depth: usize) -> Result<()> {
        let mut results: Vec<(usize, Option<String>)> = Vec::new();
        while results.is_empty() || self.scan.eat(",") {
            self.scan.need("%")?;
            let number =
                self.scan.run(|c| c.is_ascii_digit(), "a value's number")?.parse().map_err(|_| bad("a value's number is too large"))?;
            let own = if self.scan.rest().starts_with('"') { Some(self.scan.string()?) } else { None };
            results.push((number, own));
        }
        self.scan.need("=")?;
        let (first, lone) = (results[0].0, results.len() == 1 && results[0].1.is_none());
        let ids = if lone && self.scan.eat("input ") {
            let name = self.scan.string()?;
            self.scan.need(":")?;
            let fact = self.fact(&s.symbols)?;
            vec![s.builder.input(&name, fact)?]
        } else if lone && self.scan.eat("const ") {
            let name = self.scan.string()?;
            self.scan.need(":")?;
            let tensor = self.constant()?;
            vec![s.builder.constant(&name, tensor)]
        } else {
            self.node(s, depth, &results)?
        };
        if ids.len() != results.len() {
            return Err(bad(&format!("%{first} and those beside it are {}, not {}", ids.len(), results.len())));
        }
        for ((number, _), id) in results.into_iter().zip(ids) {
            if s.values.insert(number, id).is_some() {
                return Err(bad(&format!("%{number} is defined twice")));
            }
        }
        Ok(())
    }

    fn constant(&mut self) -> Result<Tensor> {
        let dtype = self.dtype()?;
        let shape = self.scan.items()?.into_iter().map(str::parse).collect::<std::result::Result<Vec<usize>, _>>();
        let shape = shape.map_err(|_| bad("the shape of a constant is not a list of numbers"))?;
        let tensor = if self.scan.eat("#") {
            let digest = self.scan.run(|c| c.is_ascii_hexdigit(), "a digest")?;
            let Some(tensor) = (self.constants)(digest) else { return Err(bad(&format!("there is no constant #{digest}"))) };
            Some(tensor).filter(|t| t.dtype() == dtype && t.shape() == shape)
        } else {
            self.scan.need("=")?;
            inline_tensor(dtype, &shape, self.scan.items()?.into_iter())
        };
        tensor.ok_or_else(|| bad(&format!("the constant is not {dtype}{shape:?}")))
    }

    /// The rest of a node's line, and its bodies.
    fn node(&mut self, s: &mut Scope, depth: usize, results: &[(usize, Option<String>)]) -> Result<Vec<ValueId>> {
        let written = self.scan.name()?;
        let (op, prefixed) = match ((self.ops)(written), written.strip_prefix("dyn.").and_then(self.ops)) {
            (Some(op), _) => (op, false),
            (None, Some(op)) => (op, true),
            _ => return Err(Error::new(Code::UnsupportedOperator, format!("there is no operator '{written}'"))),
        };
        let inputs = self.values(s)?;
        let mut given = self.attributes(s)?;
        let attrs = (op.attrs.parse)(&mut |name| given.remove(name))?;
        if let Some(name) = given.keys().next() {
            return Err(bad(&format!("operator {} has no attribute '{name}'", op.name)));
        }
        if is_dynamic(&attrs) != prefixed {
            return Err(bad("the prefix 'dyn.' does not fit the attributes"));
        }
        let name = self.scan.string()?;
        let mut facts = Vec::new();
        if self.scan.eat(":") {
            while facts.is_empty() || self.scan.eat(",") {
                facts.push(self.fact(&s.symbols)?);
            }
        }
        let mut bodies = Vec::new();
        while self.scan.eat("body ") {
            let captures = self.values(s)?;
            bodies.push(Body { graph: self.graph(depth + 1)?, captures });
        }
        if !s.node_names.insert(name.clone()) {
            return Err(Error::new(Code::DuplicateName, format!("two nodes are named '{name}'")));
        }
        let ids = s.builder.node_with_bodies(&name, op, attrs, &inputs, bodies)?;
        for (i, id) in ids.iter().enumerate() {
            if let Some(fact) = facts.get(i).filter(|f| *f != s.builder.fact(*id)) {
                return Err(bad(&format!("result {i} of node '{name}' is {}, not {fact}", s.builder.fact(*id))));
            }
            let own = results.get(i).and_then(|(_, own)| own.clone());
            s.builder.name_value(*id, &own.unwrap_or_else(|| default_name(&name, ids.len(), i)));
        }
        Ok(ids)
    }

    fn attributes(&mut self, s: &Scope) -> Result<HashMap<String, Attr>> {
        let mut given = HashMap::new();
        if !self.scan.eat("{") {
            return Ok(given);
        }
        while !self.scan.eat("}") {
            if !given.is_empty() {
                self.scan.need(",")?;
            }
            let name = self.scan.name()?;
            self.scan.need("=")?;
            let attr = self.attribute(s)?;
            if given.insert(name.to_string(), attr).is_some() {
                return Err(bad(&format!("attribute '{name}' is given twice")));
            }
        }
        Ok(given)
    }

    /// The fields of a plugin, behind the opening bracket.
    fn fields(&mut self) -> Result<Fields> {
        let mut fields = Vec::new();
        while !self.scan.eat(")") {
            if !fields.is_empty() {
                self.scan.need(",")?;
            }
            let name = self.scan.string()?;
            self.scan.need(":")?;
            let value = match self.scan.word()? {
                "ints" => self.numbers().map(Value::Ints)?,
                "floats" => self.numbers().map(Value::Floats)?,
                "text" => Value::Text(self.scan.string()?),
                "tensor" => Value::Tensor(self.constant()?),
                other => return Err(bad(&format!("'{other}' is no kind of field"))),
            };
            fields.push(Field { name, value });
        }
        Ok(Fields::new(fields))
    }

    fn numbers<T: std::str::FromStr>(&mut self) -> Result<Vec<T>> {
        let numbers = self.scan.items()?.into_iter().map(str::parse).collect::<std::result::Result<Vec<T>, _>>();
        numbers.map_err(|_| bad("a list of numbers is expected"))
    }

    fn attribute(&mut self, s: &Scope) -> Result<Attr> {
        let rest = self.scan.rest();
        if rest.starts_with('"') {
            return Ok(Attr::Str(self.scan.string()?));
        }
        if rest.starts_with('[') {
            let ints = self.scan.items()?.into_iter().map(str::parse).collect::<std::result::Result<Vec<i64>, _>>();
            return ints.map(Attr::Ints).map_err(|_| bad("a list of integers is expected"));
        }
        if self.scan.eat("dims") {
            return Ok(Attr::Param(Param::Static(self.dims(&s.symbols)?)));
        }
        if self.scan.eat("fields(") {
            return Ok(Attr::Fields(self.fields()?));
        }
        if self.scan.eat("input(") {
            let i = self.scan.number()?;
            self.scan.need(")")?;
            return Ok(Attr::Param(Param::Input(i)));
        }
        let word = self.scan.run(|c| c.is_ascii_alphanumeric() || "+-._".contains(c), "an attribute's value")?;
        Ok(match word {
            "none" => Attr::None,
            "true" => Attr::Bool(true),
            "false" => Attr::Bool(false),
            _ => {
                let int = word.parse().ok().map(Attr::Int);
                let dtype = || DType::from_name(word).ok().map(Attr::DType);
                let float = || word.parse().ok().map(Attr::Float);
                match int.or_else(dtype).or_else(float) {
                    Some(attr) => attr,
                    None => return Err(bad(&format!("'{word}' is no value of an attribute"))),
                }
            }
        })
    }
}
