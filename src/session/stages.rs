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

/// The engines of a stage.
struct Engines {
    slot: Arc<Slot<Loaded>>,
    guards: Guards,
}

/// One thing that a run does: by an engine, of one or several, or by our own code, which is also there for what no profile takes.
pub struct Stage {
    /// What it computes.
    pub graph: Arc<Graph>,
    /// Values of the whole graph that it reads, in the order of its graph's inputs.
    pub inputs: Vec<ValueId>,
    /// Values of the whole graph that it makes, in the order of its graph's outputs.
    pub outputs: Vec<ValueId>,
    engines: Option<Engines>,
    own: OnceLock<Result<Own>>,
    compile: Compile,
}

impl Stage {
    fn new(graph: Arc<Graph>, inputs: Vec<ValueId>, outputs: Vec<ValueId>, slot: Option<Arc<Slot<Loaded>>>, compile: &Compile) -> Stage {
        let engines = slot.map(|slot| Engines { slot, guards: Guards::new(&graph) });
        Stage { graph, inputs, outputs, engines, own: OnceLock::new(), compile: compile.clone() }
    }

    /// Our own code for it, made when first asked for.
    pub fn own(&self) -> Result<&Own> {
        self.own.get_or_init(|| (self.compile)(&self.graph)).as_ref().map_err(Clone::clone)
    }

    /// Refuses values of the symbols for which extents differ that its engine was built to find equal. Our own code asks for itself.
    pub fn check(&self, bindings: &Bindings) -> Result<()> {
        self.engines.as_ref().map_or(Ok(()), |e| e.guards.check(bindings))
    }

    /// Its engines, where it has or may get some.
    pub fn slot(&self) -> Option<&Slot<Loaded>> {
        self.engines.as_ref().map(|e| &*e.slot)
    }

    /// The engine, where it has one; of several the one made last.
    pub fn engine(&self) -> Option<Arc<Loaded>> {
        self.slot().and_then(Slot::newest)
    }
}

/// The stages for a partition; `engines` has an entry for each region. Nothing is compiled yet.
pub fn stages(parts: &Parts, engines: Vec<Option<Arc<Slot<Loaded>>>>, compile: &Compile) -> Vec<Stage> {
    let graph = &parts.graph;
    if engines.iter().all(Option::is_none) {
        let outputs = graph.outputs.iter().map(|o| o.value).collect();
        return vec![Stage::new(graph.clone(), graph.inputs.clone(), outputs, None, compile)];
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
            None => Stage::new(own.graph, own.inputs, own.outputs, None, compile),
            Some((i, slot)) => {
                let region = &parts.regions[i];
                Stage::new(region.graph.clone(), region.inputs.clone(), region.outputs.clone(), Some(slot), compile)
            }
        });
    }
    out
}
