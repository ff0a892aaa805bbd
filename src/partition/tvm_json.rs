//! Writes a graph in the layout of TVM's JSON runtime: `nodes`, `arg_nodes`, `heads`, `node_row_ptr`; every attribute is a list that
//! holds one list of texts; constants are named `<symbol>_const_<n>` and their data is left out. [`super::tvm_json_read`] reads it.
//!
//! What that layout cannot say stands in attributes that begin with `tvmtrt_`, which TVM's reader skips:
//! `name` (of a node or constant), `values` (names of results), `outputs` (`head=name`), `dims` (extents of each result, `;` between
//! them), `symbols` (`name:min:max`), `value` (known elements of an input). Nodes with graphs inside cannot be written.

use crate::ensure;
use crate::ir::attrs::{Attr, Param};
use crate::ir::fact::Fact;
use crate::ir::{Def, Graph, Node, ValueId};
use crate::tensor::dim::{Dim, Symbol};
use crate::tensor::error::Result;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeSet, HashMap};

/// The text of `graph`, whose name is the symbol; kernels are named `<target>.<operator>`; `options` are repeated on each kernel.
pub fn write(graph: &Graph, target: &str, options: &[(&str, Vec<String>)]) -> Result<String> {
    let mut w = Writer { graph, target, options, nodes: Vec::new(), entry: HashMap::new(), row: vec![0], constants: 0 };
    graph.inputs.iter().for_each(|v| w.input(*v));
    for node in &graph.nodes {
        ensure!(node.bodies.is_empty(), NotImplemented, "node '{}' holds a graph; TVM's JSON layout has no place for it", node.name);
        node.inputs.iter().for_each(|v| w.constant(*v));
        w.kernel(node);
    }
    graph.outputs.iter().for_each(|o| w.constant(o.value));
    let heads: Vec<Json> = graph.outputs.iter().map(|o| w.reference(o.value)).collect();
    w.name_outputs();
    let leaves = w.nodes.iter().enumerate().filter(|(_, n)| n["op"] != "kernel").map(|(i, _)| i);
    let arg_nodes: Vec<usize> = leaves.collect();
    Ok(json!({"symbol": graph.name, "nodes": w.nodes, "arg_nodes": arg_nodes, "heads": heads, "node_row_ptr": w.row}).to_string())
}

/// The name under which the data of constant `n` of the graph `symbol` is found.
pub fn constant_name(symbol: &str, n: usize) -> String {
    format!("{symbol}_const_{n}")
}

/// Constants of a graph by the names that [`write`] gives them.
pub fn constants(graph: &Graph) -> Vec<(String, ValueId)> {
    let mut seen = BTreeSet::new();
    let reads = graph.nodes.iter().flat_map(|n| n.inputs.iter().copied()).chain(graph.outputs.iter().map(|o| o.value));
    let order: Vec<ValueId> = reads.filter(|v| graph.constant(*v).is_some() && seen.insert(*v)).collect();
    order.into_iter().enumerate().map(|(n, v)| (constant_name(&graph.name, n), v)).collect()
}

/// A value in the layout's form: a list of one list of texts.
pub(super) fn boxed(texts: Vec<String>) -> Json {
    json!([texts])
}

struct Writer<'a> {
    graph: &'a Graph,
    target: &'a str,
    options: &'a [(&'a str, Vec<String>)],
    nodes: Vec<Json>,
    /// Node and result that hold a value.
    entry: HashMap<ValueId, (usize, usize)>,
    row: Vec<usize>,
    constants: usize,
}

impl Writer<'_> {
    fn input(&mut self, id: ValueId) {
        let value = self.graph.value(id);
        let mut attrs = facts(&[&value.fact]);
        if let Some(known) = &value.fact.value {
            attrs.insert("tvmtrt_value".into(), boxed(known.iter().map(Dim::to_string).collect()));
        }
        self.push(json!({"op": "input", "name": value.name, "attrs": attrs}), &[id]);
    }

    fn constant(&mut self, id: ValueId) {
        let value = self.graph.value(id);
        if !matches!(value.def, Def::Const(_)) || self.entry.contains_key(&id) {
            return;
        }
        let name = constant_name(&self.graph.name, self.constants);
        self.constants += 1;
        let mut attrs = facts(&[&value.fact]);
        attrs.insert("tvmtrt_name".into(), boxed(vec![value.name.clone()]));
        self.push(json!({"op": "const", "name": name, "attrs": attrs}), &[id]);
    }

    fn kernel(&mut self, node: &Node) {
        let mut attrs = Map::new();
        attrs.insert("num_inputs".into(), json!(node.inputs.len().to_string()));
        attrs.insert("num_outputs".into(), json!(node.outputs.len().to_string()));
        let named: Vec<(&str, Attr)> = node.attrs.named().collect();
        attrs.extend(named.iter().map(|(name, attr)| ((*name).to_string(), boxed(texts(attr)))));
        attrs.extend(self.options.iter().map(|(name, texts)| ((*name).to_string(), boxed(texts.clone()))));
        let results: Vec<&Fact> = node.outputs.iter().map(|v| self.graph.fact(*v)).collect();
        attrs.extend(facts(&results));
        let mut symbols = BTreeSet::new();
        results.iter().flat_map(|f| &f.shape).for_each(|d| d.collect_symbols(&mut symbols));
        for (_, attr) in &named {
            if let Attr::Param(Param::Static(dims)) = attr {
                dims.iter().for_each(|d| d.collect_symbols(&mut symbols));
            }
        }
        insert_symbols(&mut attrs, &symbols);
        attrs.insert("tvmtrt_name".into(), boxed(vec![node.name.clone()]));
        let names: Vec<String> = node.outputs.iter().map(|v| self.graph.value(*v).name.clone()).collect();
        attrs.insert("tvmtrt_values".into(), boxed(names));
        let mut kernel = json!({"op": "kernel", "name": format!("{}.{}", self.target, node.op.name)});
        if !node.inputs.is_empty() {
            kernel["inputs"] = node.inputs.iter().map(|v| self.reference(*v)).collect();
        }
        kernel["attrs"] = Json::Object(attrs);
        self.push(kernel, &node.outputs);
    }

    fn push(&mut self, node: Json, results: &[ValueId]) {
        self.entry.extend(results.iter().enumerate().map(|(i, v)| (*v, (self.nodes.len(), i))));
        self.row.push(self.row[self.row.len() - 1] + results.len());
        self.nodes.push(node);
    }

    /// `[node, result, version]`; the version is always 0.
    fn reference(&self, id: ValueId) -> Json {
        let (node, result) = self.entry[&id];
        json!([node, result, 0])
    }

    /// Names of outputs stand on the nodes that they come from.
    fn name_outputs(&mut self) {
        let mut names: HashMap<usize, Vec<String>> = HashMap::new();
        for (head, output) in self.graph.outputs.iter().enumerate() {
            names.entry(self.entry[&output.value].0).or_default().push(format!("{head}={}", output.name));
        }
        names.into_iter().for_each(|(node, list)| self.nodes[node]["attrs"]["tvmtrt_outputs"] = boxed(list));
    }
}

/// Shapes and types of results; -1 stands for an extent that is no constant.
fn facts(facts: &[&Fact]) -> Map<String, Json> {
    let mut attrs = Map::new();
    let extents = |f: &&Fact| f.shape.iter().map(|d| d.as_const().unwrap_or(-1)).collect::<Vec<i64>>();
    attrs.insert("shape".into(), json!([facts.iter().map(extents).collect::<Vec<_>>()]));
    attrs.insert("dtype".into(), boxed(facts.iter().map(|f| f.dtype.to_string()).collect()));
    let mut symbols = BTreeSet::new();
    facts.iter().flat_map(|f| f.shape.iter().chain(f.value.iter().flatten())).for_each(|d| d.collect_symbols(&mut symbols));
    if facts.iter().any(|f| f.shape.iter().any(|d| d.as_const().is_none())) {
        let dims = |f: &&Fact| f.shape.iter().map(Dim::to_string).collect::<Vec<_>>().join(";");
        attrs.insert("tvmtrt_dims".into(), boxed(facts.iter().map(dims).collect()));
    }
    insert_symbols(&mut attrs, &symbols);
    attrs
}

fn insert_symbols(attrs: &mut Map<String, Json>, symbols: &BTreeSet<Symbol>) {
    if !symbols.is_empty() {
        let texts = symbols.iter().map(|s| format!("{}:{}:{}", s.name, s.min, s.max)).collect();
        attrs.insert("tvmtrt_symbols".into(), boxed(texts));
    }
}

/// TVM's texts for an attribute: flags are 0 or 1, what is unset is one empty text, a parameter read from operand `i` is `@i`.
fn texts(attr: &Attr) -> Vec<String> {
    match attr {
        Attr::None => vec![String::new()],
        Attr::Int(v) => vec![v.to_string()],
        Attr::Float(v) => vec![format!("{v:?}")],
        Attr::Bool(v) => vec![u8::from(*v).to_string()],
        Attr::Str(v) => vec![v.clone()],
        Attr::Ints(v) => v.iter().map(i64::to_string).collect(),
        Attr::DType(v) => vec![v.to_string()],
        Attr::Param(Param::Static(dims)) => dims.iter().map(Dim::to_string).collect(),
        Attr::Param(Param::Input(i)) => vec![format!("@{i}")],
        // To be read by people: TVM has no plugins.
        Attr::Fields(fields) => {
            vec![fields.text(&|text| format!("{text:?}"), &|t| format!("{}{:?} #{}", t.dtype(), t.shape(), t.digest()))]
        }
    }
}
