//! A program: buffers, and steps that fill them in order. Shapes are expressions; one program serves every value of the symbols.

use crate::ir::Node;
use crate::ir::guard::Guards;
use crate::loops::contract::{Contract, ContractKind};
use crate::loops::{Kernel, Role, Stage};
use crate::tensor::dim::{Dim, Symbol};
use crate::tensor::dtype::DType;
use crate::tensor::host::Tensor;
use crate::tensor::shape;
use std::collections::BTreeSet;
use std::fmt;

/// Index of a buffer in [`Program::buffers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufId(pub u32);

/// Where a buffer's memory is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// The caller's, by position; read only.
    Input(usize),
    /// A constant.
    Const(Tensor),
    /// Ours, from the step that first writes it to the last that reads it.
    Temp,
    /// All of another buffer's, under another shape.
    Alias(BufId),
}

/// A dense row-major array.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: Vec<Dim>,
    /// Where it is.
    pub kind: Kind,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Runs a kernel; [`Step::args`] are its buffers, in order, locals included.
    Kernel(Kernel),
    /// Writes integers that follow from the extents into the only argument.
    Fill(Vec<Dim>),
    /// Runs a node's hand-written code by name; arguments as for [`Action::Reference`].
    Routine(&'static str, Box<Node>),
    /// Runs a node with the reference; the arguments are what it reads (see [`Node::reads`]), then its results.
    Reference(Box<Node>),
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// The buffers that it works on.
    pub args: Vec<BufId>,
    /// Nodes of the graph that it computes.
    pub nodes: Vec<String>,
}

impl Step {
    /// The buffers that it reads, with repetitions.
    pub fn reads(&self) -> impl Iterator<Item = BufId> + '_ {
        self.args.iter().enumerate().filter(|(i, _)| self.role(*i) == Role::Input).map(|(_, b)| *b)
    }

    /// The buffers that it writes, locals included.
    pub fn writes(&self) -> impl Iterator<Item = BufId> + '_ {
        self.args.iter().enumerate().filter(|(i, _)| self.role(*i) != Role::Input).map(|(_, b)| *b)
    }

    /// What argument `i` is to it.
    pub fn role(&self, i: usize) -> Role {
        match &self.action {
            Action::Kernel(kernel) => kernel.buffers[i].role,
            Action::Fill(_) => Role::Output,
            Action::Reference(node) | Action::Routine(_, node) if i < node.reads().count() => Role::Input,
            Action::Reference(_) | Action::Routine(..) => Role::Output,
        }
    }
}

/// What computes a graph.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Symbols whose values are given when it runs.
    pub known: BTreeSet<Symbol>,
    /// What must hold of those values.
    pub guards: Guards,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// Run in order.
    pub steps: Vec<Step>,
    /// The graph's outputs; several may share a buffer, which may be an input or a constant.
    pub outputs: Vec<BufId>,
}

impl Program {
    /// The buffer with this id.
    pub fn buffer(&self, id: BufId) -> &Buffer {
        &self.buffers[id.0 as usize]
    }

    /// Adds a buffer.
    pub fn add(&mut self, dtype: DType, shape: &[Dim], kind: Kind) -> BufId {
        self.buffers.push(Buffer { dtype, shape: shape.to_vec(), kind });
        BufId(self.buffers.len() as u32 - 1)
    }

    /// The buffer whose memory this one is.
    pub fn root(&self, mut id: BufId) -> BufId {
        while let Kind::Alias(of) = self.buffer(id).kind {
            id = of;
        }
        id
    }

    /// How many convolutions have their results in planes, and how many in blocks of channels.
    pub fn convolutions(&self) -> [usize; 2] {
        let mut count = [0; 2];
        for step in &self.steps {
            let Action::Kernel(kernel) = &step.action else { continue };
            for stage in &kernel.stages {
                if let Stage::Contract(Contract { kind: kind @ ContractKind::Conv { .. }, out, .. }) = stage {
                    count[usize::from(kind.in_blocks(kernel.buffer(*out).shape.len()))] += 1;
                }
            }
        }
        count
    }

    /// Nodes that the reference computes, because no kernel does.
    pub fn reference_nodes(&self) -> impl Iterator<Item = &Node> {
        self.steps.iter().filter_map(|s| if let Action::Reference(node) = &s.action { Some(&**node) } else { None })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, b) in self.buffers.iter().enumerate() {
            let kind = match &b.kind {
                Kind::Input(k) => format!("input {k}"),
                Kind::Const(_) => "const".into(),
                Kind::Temp if !self.used(BufId(i as u32)) => continue,
                Kind::Temp => "temp".into(),
                Kind::Alias(of) => format!("alias of b{}", of.0),
            };
            writeln!(f, "b{i}: {kind} {}{}", b.dtype, shape::text(&b.shape))?;
        }
        for step in &self.steps {
            let args: Vec<String> = step.args.iter().map(|b| format!("b{}", b.0)).collect();
            let what = match &step.action {
                Action::Kernel(kernel) => format!("kernel of {} stages", kernel.stages.len()),
                Action::Fill(values) => format!("fill {}", shape::text(values)),
                Action::Routine(name, _) => format!("routine {name}"),
                Action::Reference(node) => format!("reference {}", node.op.name),
            };
            writeln!(f, "{what}({}) from {}", args.join(", "), step.nodes.join(" + "))?;
        }
        let outputs: Vec<String> = self.outputs.iter().map(|b| format!("b{}", b.0)).collect();
        writeln!(f, "outputs {}", outputs.join(", "))
    }
}

impl Program {
    fn used(&self, id: BufId) -> bool {
        self.outputs.contains(&id) || self.steps.iter().any(|s| s.args.contains(&id))
    }
}
