//! From a model's graph, and those inside its nodes, to [`crate::ir`]: names become values, nodes go through the table of
//! operators. Knows no operator itself.

use crate::import::onnx::attributes::Attributes;
use crate::import::onnx::node::Cx;
use crate::import::onnx::order::{self, MAX_DEPTH, Plan, label, short};
use crate::import::onnx::proto::{GraphProto, NodeProto, TensorProto, ValueInfoProto};
use crate::import::onnx::symbols::Symbols;
use crate::import::onnx::table::{self, How, Row};
use crate::import::onnx::weights::{Weights, check_extents};
use crate::import::onnx::{Unknown, plugin};
use crate::ir::build::Builder;
use crate::ir::fact::Fact;
use crate::ir::opdef::OpDef;
use crate::ir::{Body, Def, Graph, ValueId};
use crate::tensor::dim::Dim;
use crate::tensor::error::{Context, Result};
use crate::{ensure, fail};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Gives the operator of a name.
pub type Ops<'a> = &'a dyn Fn(&str) -> Option<&'static OpDef>;

/// An extent with more parts than this comes from no real network; following it could take for ever.
const MAX_EXPRESSION: usize = 256;

/// What a name of the model stands for.
enum Named<'a> {
    Value(ValueId),
    /// A constant that nothing has read yet.
    Unread(&'a TensorProto),
}

/// A graph that is being imported.
struct Scope<'a> {
    builder: Builder,
    names: HashMap<&'a str, Named<'a>>,
    captures: Vec<ValueId>,
    /// Goes in front of the names of nodes, so that nodes of different graphs have different names.
    prefix: String,
}

/// Imports one model.
pub struct Importer<'a> {
    /// The operators that nodes may become.
    pub ops: Ops<'a>,
    /// Version of each operator set.
    pub opsets: BTreeMap<String, i64>,
    /// Reads constants.
    pub weights: Weights,
    rows: &'a [&'a [Row]],
    unknown: Unknown,
    /// What the file states of values, by name; asked of plugins only.
    stated: HashMap<&'a str, &'a ValueInfoProto>,
    symbols: Symbols<'a>,
    scopes: Vec<Scope<'a>>,
    prefixes: HashSet<String>,
}

impl<'a> Importer<'a> {
    /// An importer that knows the operators of `rows`.
    pub fn new(rows: &'a [&'a [Row]], ops: Ops<'a>, opsets: BTreeMap<String, i64>, weights: Weights, unknown: Unknown) -> Importer<'a> {
        let (stated, symbols) = (HashMap::new(), Symbols::default());
        Importer { ops, opsets, weights, rows, unknown, stated, symbols, scopes: Vec::new(), prefixes: HashSet::new() }
    }

    /// The network.
    pub fn network(&mut self, graph: &'a GraphProto) -> Result<Graph> {
        ensure!(!graph.output.is_empty(), MalformedModel, "graph '{}' has no outputs", graph.name);
        let plan = order::plan(graph, &|_| false)?;
        table::check_supported(self.rows, self.ops, &self.opsets, graph, &plan, self.unknown)?;
        self.stated = graph.value_info.iter().chain(&graph.output).map(|v| (v.name.as_str(), v)).collect();
        self.open(graph, String::new())?;
        let nodes = graph.node.iter().map(|n| n.name.as_str());
        self.symbols = Symbols::new(nodes.collect());
        for input in &graph.input {
            // Before version 4 of the format every constant was listed as an input too; as inputs they are not offered.
            if !self.scope().names.contains_key(input.name.as_str()) {
                let fact = self.symbols.fact(input)?;
                let id = self.scope().builder.input(&input.name, fact)?;
                self.scope().names.insert(&input.name, Named::Value(id));
            }
        }
        Ok(self.close(graph, &plan)?.graph)
    }

    /// A graph inside node `name`, whose inputs have these facts. What it reads of enclosing graphs becomes its captures.
    pub fn body(&mut self, name: &str, graph: &'a GraphProto, inputs: &[Fact]) -> Result<Body> {
        ensure!(self.scopes.len() <= MAX_DEPTH, UnsupportedModel, "graphs are nested deeper than {MAX_DEPTH}");
        let given = graph.input.len();
        ensure!(given == inputs.len(), MalformedModel, "graph '{}' has {given} inputs, not {}", graph.name, inputs.len());
        let plan = order::plan(graph, &|outer| self.scopes.iter().any(|s| s.names.contains_key(outer)))?;
        let mut prefix = format!("{}/", short(name));
        if !self.prefixes.insert(prefix.clone()) {
            prefix = format!("{}#{}/", short(name), self.prefixes.len());
            self.prefixes.insert(prefix.clone());
        }
        self.open(graph, prefix)?;
        for (input, fact) in graph.input.iter().zip(inputs) {
            let id = self.scope().builder.input(&input.name, fact.clone())?;
            let taken = self.scope().names.insert(&input.name, Named::Value(id)).is_some();
            ensure!(!taken, MalformedModel, "input '{}' of graph '{}' is also a constant", input.name, graph.name);
        }
        self.close(graph, &plan)
    }

    fn scope(&mut self) -> &mut Scope<'a> {
        self.scopes.last_mut().expect("a graph is being imported")
    }

    /// Begins a graph: its constants have names.
    fn open(&mut self, graph: &'a GraphProto, prefix: String) -> Result<()> {
        let sparse = graph.sparse_initializer.len();
        ensure!(sparse == 0, UnsupportedModel, "graph '{}' has {sparse} sparse constants; make them dense", graph.name);
        let mut names = HashMap::new();
        for t in &graph.initializer {
            ensure!(!t.name.is_empty(), MalformedModel, "graph '{}' has a constant without name", graph.name);
            let taken = names.insert(t.name.as_str(), Named::Unread(t)).is_some();
            ensure!(!taken, MalformedModel, "graph '{}' has two constants named '{}'", graph.name, t.name);
        }
        let mut inputs = HashSet::new();
        for input in &graph.input {
            ensure!(!input.name.is_empty(), MalformedModel, "graph '{}' has an input without name", graph.name);
            ensure!(inputs.insert(&input.name), MalformedModel, "graph '{}' has two inputs named '{}'", graph.name, input.name);
        }
        self.scopes.push(Scope { builder: Builder::new(&graph.name), names, captures: Vec::new(), prefix });
        Ok(())
    }

    /// Imports the planned nodes and ends the graph.
    fn close(&mut self, graph: &'a GraphProto, plan: &Plan<'a>) -> Result<Body> {
        for i in &plan.order {
            let node = &graph.node[*i];
            self.node(node, plan).context(|| label(node))?;
        }
        let mut outputs = HashSet::new();
        for output in &graph.output {
            ensure!(outputs.insert(&output.name), MalformedModel, "graph '{}' has two outputs named '{}'", graph.name, output.name);
            let value = self.named(&output.name)?;
            self.scope().builder.output(&output.name, value)?;
        }
        let scope = self.scopes.pop().expect("a graph is being imported");
        Ok(Body { graph: scope.builder.finish(), captures: scope.captures })
    }

    fn node(&mut self, node: &'a NodeProto, plan: &Plan<'a>) -> Result<()> {
        let domain = table::domain(node);
        let opset = self.opsets.get(domain).copied().unwrap_or(1);
        let row = table::find(self.rows, domain, &node.op_type, opset);
        if row.is_none() && (self.unknown == Unknown::Refuse || self.scopes.len() > 1) {
            fail!(UnsupportedOperator, "operator '{}' is not known", node.op_type)
        }
        let inputs = node.input.iter().map(|name| if name.is_empty() { Ok(None) } else { self.named(name).map(Some) });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let own = [&node.name].into_iter().chain(&node.output).find(|n| !n.is_empty()).unwrap_or(&node.op_type);
        let name = format!("{}{}", self.scope().prefix, short(own));
        let wanted = node.output.iter().map(|o| !o.is_empty() && plan.read.contains(o.as_str())).collect();
        let made_before = self.building().nodes.len() as u32;
        let stated = if row.is_none() { self.stated_results(node)? } else { Vec::new() };
        let mut cx = Cx::new(self, node, name, opset, inputs, wanted, Attributes::new(node)?);
        let results = match row.map(|row| row.how) {
            Some(How::Same(op)) => {
                let operands = cx.all_inputs()?;
                cx.emit(op, &[], &operands)?
            }
            Some(How::By(function)) => function(&mut cx)?,
            None => plugin::import(&mut cx, &stated)?,
        };
        cx.all_read()?;
        let wanted = cx.wanted.clone();
        for (i, output) in node.output.iter().enumerate().filter(|(i, _)| wanted[*i]) {
            let Some(id) = results.get(i).copied() else {
                fail!(UnsupportedModel, "its result {i}, '{output}', is used, but the operator gives {} here", results.len())
            };
            // Values that the node made get the model's name; one that it passes on keeps its own.
            if matches!(self.building().value(id).def, Def::Node(n, _) if n.0 >= made_before) {
                self.builder().name_value(id, output);
            }
            self.scope().names.insert(output, Named::Value(id));
        }
        Ok(())
    }

    /// What the file states of the results of a node that is a plugin.
    fn stated_results(&self, node: &NodeProto) -> Result<Vec<Fact>> {
        let of = |name: &String| match self.stated.get(name.as_str()) {
            Some(value) => self.symbols.stated(value),
            None => self.symbols.stated(&ValueInfoProto { name: name.clone(), r#type: None }),
        };
        node.output.iter().map(of).collect()
    }

    /// The value of a name, seen from the innermost graph.
    fn named(&mut self, name: &'a str) -> Result<ValueId> {
        let Some(level) = self.scopes.iter().rposition(|s| s.names.contains_key(name)) else {
            fail!(MalformedModel, "'{name}' is read before anything defines it")
        };
        let mut id = match self.scopes[level].names[name] {
            Named::Value(id) => id,
            Named::Unread(t) => {
                let tensor = self.weights.tensor(t)?;
                let id = self.scopes[level].builder.constant(name, tensor);
                self.scopes[level].names.insert(name, Named::Value(id));
                id
            }
        };
        // Handed down graph by graph: constants are shared, others captured.
        for inner in level + 1..self.scopes.len() {
            let value = self.scopes[inner - 1].builder.graph().value(id).clone();
            let scope = &mut self.scopes[inner];
            let handed = match value.def {
                Def::Const(tensor) => scope.builder.constant(name, tensor),
                _ => {
                    scope.captures.push(id);
                    scope.builder.input(name, value.fact)?
                }
            };
            scope.names.insert(name, Named::Value(handed));
            id = handed;
        }
        Ok(id)
    }

    /// The innermost graph so far.
    pub fn building(&self) -> &Graph {
        self.scopes.last().expect("a graph is being imported").builder.graph()
    }

    /// Builds the innermost graph.
    pub fn builder(&mut self) -> &mut Builder {
        &mut self.scope().builder
    }

    /// Refuses facts whose expressions have grown beyond use.
    pub fn check_size(&self, values: &[ValueId]) -> Result<()> {
        for id in values {
            let fact = self.building().fact(*id);
            let dims: Vec<&Dim> = fact.shape.iter().chain(fact.value.iter().flatten()).collect();
            let large = dims.iter().any(|d| d.exceeds(MAX_EXPRESSION));
            ensure!(!large, UnsupportedModel, "an extent has become an expression of more than {MAX_EXPRESSION} parts; give fixed shapes");
            check_extents(fact)?;
        }
        Ok(())
    }
}
