//! What a run does, one after the other: a region's engine, or our own code for all that lies between two engines. Where there is no
//! engine, one stage is the whole graph.

use crate::cpu::compiled::Compiled;
use crate::cpu::staged::Staged;
use crate::ir::guard::Guards;
use crate::ir::{Graph, Node, NodeId, ValueId};
use crate::partition::Partition as Parts;
use crate::partition::links::Links;
use crate::partition::prune::Group;
use crate::partition::region::{Step, extract, owners};
use crate::session::engine::Loaded;
use crate::session::slot::Slot;
use crate::tensor::dim::Bindings;
use crate::tensor::error::Result;
use std::sync::{Arc, OnceLock};

/// Our own code for a graph.
pub enum Own {
    /// Machine code.
    Compiled(Compiled),
    /// Machine code in pieces, where extents depend on data or nodes have graphs inside.
    Staged(Staged),
    /// None can be made here, for the reason given: the reference runs the graph, slowly.
    Reference(String),
}

impl Own {
    /// Nodes that the reference computes, because no kernel does.
    pub fn reference_nodes(&self) -> Vec<&Node> {
        match self {
            Own::Compiled(compiled) => compiled.program().reference_nodes().collect(),
            Own::Staged(staged) => staged.reference_nodes(),
            Own::Reference(_) => Vec::new(),
        }
    }
}

/// Makes our own code for a graph.
pub type Compile = Arc<dyn Fn(&Graph) -> Result<Own> + Send + Sync>;

/// What computes a stage.
pub enum Code {
    /// Our own code.
    Own(Own),
    /// An engine, of one or several.
    Engine(Box<EngineStage>),
}

/// Engines, and our own code for what no profile of them takes.
pub struct EngineStage {
    /// The engines.
    pub slot: Arc<Slot<Loaded>>,
    guards: Guards,
    own: OnceLock<Result<Own>>,
    compile: Compile,
}

/// One thing that a run does.
pub struct Stage {
    /// What it computes.
    pub graph: Arc<Graph>,
    /// Values of the whole graph that it reads, in the order of its graph's inputs.
    pub inputs: Vec<ValueId>,
    /// Values of the whole graph that it makes, in the order of its graph's outputs.
    pub outputs: Vec<ValueId>,
    /// How.
    pub code: Code,
}

impl Stage {
    /// Our own code for it; of an engine's stage it is made when first asked for.
    pub fn own(&self) -> Result<&Own> {
        match &self.code {
            Code::Own(own) => Ok(own),
            Code::Engine(e) => e.own.get_or_init(|| (e.compile)(&self.graph)).as_ref().map_err(Clone::clone),
        }
    }

    /// Refuses values of the symbols for which extents differ that its engine was built to find equal. Our own code asks for itself.
    pub fn check(&self, bindings: &Bindings) -> Result<()> {
        match &self.code {
            Code::Own(_) => Ok(()),
            Code::Engine(e) => e.guards.check(bindings),
        }
    }

    /// Its engines, where it has or may get some.
    pub fn slot(&self) -> Option<&Slot<Loaded>> {
        match &self.code {
            Code::Own(_) => None,
            Code::Engine(e) => Some(&e.slot),
        }
    }

    /// The engine, where it has one; of several the one made last.
    pub fn engine(&self) -> Option<Arc<Loaded>> {
        self.slot().and_then(Slot::newest)
    }
}

/// The stages for a partition; `engines` has an entry for each region.
pub fn stages(parts: &Parts, engines: Vec<Option<Arc<Slot<Loaded>>>>, compile: &Compile) -> Result<Vec<Stage>> {
    let graph = &parts.graph;
    if engines.iter().all(Option::is_none) {
        let outputs = graph.outputs.iter().map(|o| o.value).collect();
        let code = Code::Own(compile(graph)?);
        return Ok(vec![Stage { graph: graph.clone(), inputs: graph.inputs.clone(), outputs, code }]);
    }
    let mut engines = engines;
    let mut groups: Vec<(Vec<NodeId>, Option<usize>)> = Vec::new();
    for step in &parts.steps {
        let (nodes, region) = match step {
            Step::Region(i) => (parts.regions[*i].nodes.clone(), engines[*i].is_some().then_some(*i)),
            Step::Node(id) => (vec![*id], None),
        };
        match groups.last_mut() {
            Some((before, None)) if region.is_none() => before.extend(nodes),
            _ => groups.push((nodes, region)),
        }
    }
    let group = |(i, (nodes, _)): (usize, &mut (Vec<NodeId>, Option<usize>))| {
        nodes.sort_unstable();
        Group { nodes: std::mem::take(nodes), level: i as u32, filter: None }
    };
    let cut: Vec<Group> = groups.iter_mut().enumerate().map(group).collect();
    let regions = extract(graph, &Links::new(graph), &cut, &owners(graph, &cut), "stage");
    let mut out = Vec::new();
    for ((_, engine), own) in groups.iter().zip(regions) {
        out.push(match engine.and_then(|i| Some((i, engines[i].take()?))) {
            None => Stage { code: Code::Own(compile(&own.graph)?), graph: own.graph, inputs: own.inputs, outputs: own.outputs },
            Some((i, slot)) => {
                let region = &parts.regions[i];
                let (guards, own) = (Guards::new(&region.graph), OnceLock::new());
                let code = Code::Engine(Box::new(EngineStage { slot, guards, own, compile: compile.clone() }));
                Stage { graph: region.graph.clone(), inputs: region.inputs.clone(), outputs: region.outputs.clone(), code }
            }
        });
    }
    Ok(out)
}
