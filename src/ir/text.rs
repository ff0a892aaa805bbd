//! Text form of a graph. [`crate::ir::parse`] reads it back to an equal graph, whatever the names are. No files, no operators' table.
//!
//! ```text
//! graph "g" {
//!   symbol N = 1..64
//!   %0 = input "x": float32[N, 3]
//!   %1 = const "w": float32[3, 1] = [0.5, -1.0, 2.0]
//!   %2 = nn.dense(%0, %1) {units = 1} "fc": float32[N, 1]
//!   output "y" = %2
//! }
//! ```
//! Values are numbered in the order of their lines. Large constants stand for themselves by digest (`#...`). Attributes at their
//! default are left out. A node whose shape parameter is an operand is printed `dyn.reshape`. A result with a name of its own has it
//! in front of `=`. Bodies follow their node: `body (captures) graph ...`. A symbol whose name is no word gets another in the text.

use crate::ir::attrs::{Attr, Attrs, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::{Def, Graph, Node, ValueId};
use crate::tensor::dim::{Dim, Symbol};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Constants with more elements than this are printed by digest.
const MAX_INLINE: usize = 16;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_graph(f, self, "")
    }
}

/// What the text of one graph needs to know.
struct Names {
    numbers: Vec<Option<usize>>,
    next: usize,
    words: BTreeMap<Arc<str>, Dim>,
}

impl Names {
    fn define(&mut self, id: ValueId) -> String {
        self.numbers[id.0 as usize] = Some(self.next);
        self.next += 1;
        format!("%{}", self.next - 1)
    }

    fn of(&self, id: ValueId) -> String {
        self.numbers.get(id.0 as usize).copied().flatten().map_or("%?".into(), |n| format!("%{n}"))
    }

    fn all(&self, ids: &[ValueId]) -> String {
        ids.iter().map(|id| self.of(*id)).collect::<Vec<_>>().join(", ")
    }

    fn dims(&self, dims: &[Dim]) -> String {
        let words: Vec<String> = dims.iter().map(|d| d.substitute(&self.words).to_string()).collect();
        format!("[{}]", words.join(", "))
    }

    fn fact(&self, fact: &Fact) -> String {
        let value = fact.value.as_ref().map_or(String::new(), |v| format!(" = {}", self.dims(v)));
        format!("{}{}{value}", fact.dtype, self.dims(&fact.shape))
    }

    fn attr(&self, attr: &Attr) -> String {
        match attr {
            Attr::None => "none".into(),
            Attr::Int(v) => v.to_string(),
            Attr::Float(v) => format!("{v:?}"),
            Attr::Bool(v) => v.to_string(),
            Attr::Str(v) => quoted(v),
            Attr::Ints(v) => format!("{v:?}"),
            Attr::DType(v) => v.to_string(),
            Attr::Param(Param::Static(dims)) => format!("dims{}", self.dims(dims)),
            Attr::Param(Param::Input(i)) => format!("input({i})"),
            Attr::Fields(fields) => fields.text(&quoted, &constant),
        }
    }
}

/// True for a node that reads a shape parameter from an operand.
pub(super) fn is_dynamic(attrs: &Attrs) -> bool {
    attrs.named().any(|(_, a)| matches!(a, Attr::Param(Param::Input(_))))
}

/// The name of the result of a node that has no name of its own.
pub(super) fn default_name(node: &str, results: usize, i: usize) -> String {
    if results > 1 { format!("{node}.{i}") } else { node.into() }
}

fn write_graph(f: &mut fmt::Formatter<'_>, graph: &Graph, indent: &str) -> fmt::Result {
    let symbols = symbols(graph);
    let mut names = Names { numbers: vec![None; graph.values.len()], next: 0, words: words(&symbols) };
    writeln!(f, "graph {} {{", quoted(&graph.name))?;
    for s in &symbols {
        let word = names.words.get(&s.name).map_or(String::new(), |w| format!("{w} "));
        let name = if word.is_empty() { s.name.to_string() } else { quoted(&s.name) };
        writeln!(f, "{indent}  symbol {word}{name} = {}..{}", s.min, s.max)?;
    }
    for id in &graph.inputs {
        let value = graph.value(*id);
        writeln!(f, "{indent}  {} = input {}: {}", names.define(*id), quoted(&value.name), names.fact(&value.fact))?;
    }
    for id in (0..graph.values.len() as u32).map(ValueId) {
        if let Def::Const(tensor) = &graph.value(id).def {
            writeln!(f, "{indent}  {} = const {}: {}", names.define(id), quoted(&graph.value(id).name), constant(tensor))?;
        }
    }
    for node in &graph.nodes {
        write_node(f, graph, node, &mut names, indent)?;
    }
    for output in &graph.outputs {
        writeln!(f, "{indent}  output {} = {}", quoted(&output.name), names.of(output.value))?;
    }
    writeln!(f, "{indent}}}")
}

fn write_node(f: &mut fmt::Formatter<'_>, graph: &Graph, node: &Node, names: &mut Names, indent: &str) -> fmt::Result {
    let operands = names.all(&node.inputs);
    let captures: Vec<String> = node.bodies.iter().map(|b| names.all(&b.captures)).collect();
    let mut results = Vec::new();
    for (i, id) in node.outputs.iter().enumerate() {
        let name = &graph.value(*id).name;
        let own = if *name == default_name(&node.name, node.outputs.len(), i) { String::new() } else { format!(" {}", quoted(name)) };
        results.push(format!("{}{own}", names.define(*id)));
    }
    let prefix = if is_dynamic(&node.attrs) { "dyn." } else { "" };
    let attrs = attributes(node.op, &node.attrs, names);
    let facts: Vec<String> = node.outputs.iter().map(|id| names.fact(graph.fact(*id))).collect();
    write!(f, "{indent}  {} = {prefix}{}({operands}){attrs} {}", results.join(", "), node.op.name, quoted(&node.name))?;
    writeln!(f, ": {}", facts.join(", "))?;
    for (body, captures) in node.bodies.iter().zip(captures) {
        write!(f, "{indent}    body ({captures}) ")?;
        write_graph(f, &body.graph, &format!("{indent}    "))?;
    }
    Ok(())
}

/// The attributes that are not at their default.
fn attributes(op: &OpDef, attrs: &Attrs, names: &Names) -> String {
    let defaults = (op.attrs.parse)(&mut |_| None).ok();
    let default = |name: &str| defaults.as_ref()?.named().find(|(n, _)| *n == name).map(|(_, a)| names.attr(&a));
    let shown = attrs.named().map(|(name, attr)| (name, names.attr(&attr))).filter(|(name, text)| default(name).as_ref() != Some(text));
    let shown: Vec<String> = shown.map(|(name, text)| format!("{name} = {text}")).collect();
    if shown.is_empty() { String::new() } else { format!(" {{{}}}", shown.join(", ")) }
}

/// Every symbol in the facts and attributes of a graph, not those of its bodies.
pub(crate) fn symbols(graph: &Graph) -> BTreeSet<Symbol> {
    let mut symbols = BTreeSet::new();
    let facts = graph.values.iter().flat_map(|v| v.fact.shape.iter().chain(v.fact.value.iter().flatten()));
    facts.for_each(|d| d.collect_symbols(&mut symbols));
    for (_, attr) in graph.nodes.iter().flat_map(|n| n.attrs.named()) {
        if let Attr::Param(Param::Static(dims)) = attr {
            dims.iter().for_each(|d| d.collect_symbols(&mut symbols));
        }
    }
    symbols
}

/// A word for each symbol whose name the parser of expressions would not read.
pub(crate) fn words(symbols: &BTreeSet<Symbol>) -> BTreeMap<Arc<str>, Dim> {
    let is_word = |s: &str| !s.starts_with(|c: char| c.is_ascii_digit()) && s.chars().all(|c| c.is_alphanumeric() || "_.?#:/".contains(c));
    let taken: BTreeSet<&str> = symbols.iter().map(|s| &*s.name).collect();
    let mut free = (0..).map(|i| format!("_{i}")).filter(|w| !taken.contains(w.as_str()));
    let odd = symbols.iter().filter(|s| s.name.is_empty() || !is_word(&s.name));
    odd.map(|s| (s.name.clone(), Dim::symbol(&free.next().unwrap_or_default(), s.min, s.max))).collect()
}

/// Type and shape of a constant, with its elements where the text gives them back to the bit, else with its digest.
fn constant(t: &Tensor) -> String {
    let elements: Option<Vec<String>> = match t.to_i64s() {
        _ if t.len() > MAX_INLINE => None,
        Some(v) => Some(v.iter().map(i64::to_string).collect()),
        None if t.dtype().is_float() => Some(t.to_f64s().iter().map(|v| format!("{v:?}")).collect()),
        None => None,
    };
    let again = |e: &Vec<String>| inline_tensor(t.dtype(), t.shape(), e.iter().map(String::as_str)).as_ref() == Some(t);
    match elements.filter(again) {
        Some(e) => format!("{}{:?} = [{}]", t.dtype(), t.shape(), e.join(", ")),
        None => format!("{}{:?} #{}", t.dtype(), t.shape(), t.digest()),
    }
}

/// The tensor with these elements.
pub(super) fn inline_tensor<'a>(dtype: DType, shape: &[usize], elements: impl Iterator<Item = &'a str>) -> Option<Tensor> {
    let elements: Vec<&str> = elements.collect();
    let len = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d))?;
    if elements.len() != len {
        return None;
    }
    if dtype.is_float() {
        return Some(Tensor::from_f64s(dtype, shape, &elements.iter().map(|e| e.parse().ok()).collect::<Option<Vec<f64>>>()?));
    }
    let ints = elements.iter().map(|e| e.parse().ok()).collect::<Option<Vec<i64>>>()?;
    Some(crate::ir::fact::int_tensor(dtype, shape, &ints))
}

/// A string in quotes, on one line.
pub(super) fn quoted(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
