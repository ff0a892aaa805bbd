//! Asks each operator for its kernel: one step per node, nothing fused yet. What has no kernel runs on the reference.

use crate::ir::opdef::Lowering;
use crate::ir::view::NodeView;
use crate::ir::{Def, Graph, Node, NodeId, ValueId};
use crate::kernels::plain::plain;
use crate::kernels::program::{Action, BufId, Kind, Program, Step};
use crate::loops::contract::Contract;
use crate::loops::{Body, Kernel, Op, Role, Stage, verify::verify};
use crate::tensor::dim::{Dim, Symbol};
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Context, Result};
use crate::tensor::host::Tensor;
use std::collections::{BTreeSet, HashMap};

/// The program of one step per node, for values of the symbols `known`.
pub fn lower(graph: &Graph, known: BTreeSet<Symbol>) -> Result<Program> {
    let mut l = Lower { program: Program { known, ..Program::default() }, map: HashMap::new() };
    for (i, id) in graph.inputs.iter().enumerate() {
        let fact = graph.fact(*id);
        let buffer = l.program.add(fact.dtype, &fact.shape, Kind::Input(i));
        l.map.insert(*id, buffer);
    }
    l.nodes(graph)?;
    for o in &graph.outputs {
        let buffer = l.buffer(graph, o.value);
        l.program.outputs.push(buffer);
    }
    Ok(l.program)
}

struct Lower {
    program: Program,
    map: HashMap<ValueId, BufId>,
}

impl Lower {
    fn nodes(&mut self, graph: &Graph) -> Result<()> {
        graph.node_ids().try_for_each(|id| self.node(graph, id).context(|| format!("node '{}'", graph.node(id).name)))
    }

    /// The buffer of a value; a constant's when it is first read.
    fn buffer(&mut self, graph: &Graph, value: ValueId) -> BufId {
        if let Some(b) = self.map.get(&value) {
            return *b;
        }
        let Def::Const(tensor) = &graph.value(value).def else { unreachable!("nodes stand in running order") };
        let fact = graph.fact(value);
        let id = self.program.add(fact.dtype, &fact.shape, Kind::Const(tensor.clone()));
        self.map.insert(value, id);
        id
    }

    fn results(&mut self, graph: &Graph, id: NodeId) -> Vec<BufId> {
        let results = graph.node(id).outputs.iter();
        let made = results.map(|v| {
            let fact = graph.fact(*v);
            let b = self.program.add(fact.dtype, &fact.shape, Kind::Temp);
            self.map.insert(*v, b);
            b
        });
        made.collect()
    }

    fn node(&mut self, graph: &Graph, id: NodeId) -> Result<()> {
        let view = NodeView::new(graph, id);
        let names = vec![view.name().to_string()];
        if let [only] = view.node().outputs.as_slice()
            && let Some(values) = &graph.fact(*only).value
            && values.iter().all(|d| d.interval().1 < i64::MAX)
            && self.known_before(values)
        {
            let out = self.results(graph, id);
            self.program.steps.push(Step { action: Action::Fill(values.clone()), args: out, nodes: names });
            return Ok(());
        }
        match (view.op().lower)(&view) {
            Ok(Lowering::View) => {
                let of = self.buffer(graph, view.node().inputs[0]);
                let fact = view.output(0);
                let alias = self.program.add(fact.dtype, &fact.shape, Kind::Alias(of));
                self.map.insert(view.node().outputs[0], alias);
                Ok(())
            }
            Ok(Lowering::Kernel(kernel)) => {
                verify(&kernel)?;
                let inputs: Vec<BufId> = view.node().inputs.iter().map(|v| self.buffer(graph, *v)).collect();
                let outputs = self.results(graph, id);
                match contracted(&kernel) {
                    None | Some(DType::F32) => self.kernel(kernel, inputs, outputs, names),
                    Some(DType::F16 | DType::BF16) => self.widened(kernel, inputs, outputs, names),
                    Some(_) => self.kernel(plain(&kernel), inputs, outputs, names),
                }
                Ok(())
            }
            Ok(Lowering::Expand(inner)) => self.expand(graph, id, &inner),
            Ok(Lowering::Routine(name)) => self.whole(graph, id, |node| Action::Routine(name, node)),
            Err(e) if e.code == Code::NotImplemented => self.whole(graph, id, Action::Reference),
            Err(e) => Err(e),
        }
    }

    /// True where the values follow from what is given with the inputs.
    fn known_before(&self, values: &[Dim]) -> bool {
        let mut used = BTreeSet::new();
        values.iter().for_each(|d| d.collect_symbols(&mut used));
        used.is_subset(&self.program.known)
    }

    fn kernel(&mut self, kernel: Kernel, inputs: Vec<BufId>, outputs: Vec<BufId>, nodes: Vec<String>) {
        let (mut inputs, mut outputs) = (inputs.into_iter(), outputs.into_iter());
        let args = kernel.buffers.iter().map(|b| match b.role {
            Role::Input => inputs.next().expect("a buffer for each input"),
            Role::Output => outputs.next().expect("a buffer for each output"),
            Role::Local => self.program.add(b.dtype, &b.shape, Kind::Temp),
        });
        let args = args.collect();
        self.program.steps.push(Step { action: Action::Kernel(kernel), args, nodes });
    }

    /// A kernel of narrow floats whose contractions are done in float32: its operands are cast first (constants here, once), its
    /// results at the end.
    fn widened(&mut self, mut kernel: Kernel, inputs: Vec<BufId>, outputs: Vec<BufId>, nodes: Vec<String>) {
        let narrow = |d: DType| matches!(d, DType::F16 | DType::BF16);
        let mut ready = Vec::with_capacity(inputs.len());
        for id in inputs {
            let b = self.program.buffer(id).clone();
            ready.push(match b.kind {
                _ if !narrow(b.dtype) => id,
                Kind::Const(t) => {
                    let wide = Tensor::from_vec(t.shape(), t.to_f32s().unwrap_or_default().into_owned());
                    self.program.add(DType::F32, &b.shape, Kind::Const(wide))
                }
                _ => {
                    let wide = self.program.add(DType::F32, &b.shape, Kind::Temp);
                    self.kernel(cast(&nodes[0], b.dtype, DType::F32, &b.shape), vec![id], vec![wide], nodes.clone());
                    wide
                }
            });
        }
        let made: Vec<BufId> = outputs
            .iter()
            .map(|id| {
                let b = self.program.buffer(*id).clone();
                if narrow(b.dtype) { self.program.add(DType::F32, &b.shape, Kind::Temp) } else { *id }
            })
            .collect();
        kernel.buffers.iter_mut().filter(|b| narrow(b.dtype)).for_each(|b| b.dtype = DType::F32);
        kernel.stages = kernel.stages.iter().map(widened_stage).collect();
        self.kernel(kernel, ready, made.clone(), nodes.clone());
        for (wide, id) in made.into_iter().zip(outputs).filter(|(a, b)| a != b) {
            let b = self.program.buffer(id).clone();
            self.kernel(cast(&nodes[0], DType::F32, b.dtype, &b.shape), vec![wide], vec![id], nodes.clone());
        }
    }

    fn expand(&mut self, graph: &Graph, id: NodeId, inner: &Graph) -> Result<()> {
        let operands: Vec<BufId> = graph.node(id).inputs.iter().map(|v| self.buffer(graph, *v)).collect();
        let given = inner.inputs.iter().copied().zip(operands).collect();
        let outer = std::mem::replace(&mut self.map, given);
        let done = self.nodes(inner);
        let results: Vec<BufId> = inner.outputs.iter().map(|o| self.buffer(inner, o.value)).collect();
        self.map = outer;
        self.map.extend(graph.node(id).outputs.iter().copied().zip(results));
        done
    }

    /// A step that runs the node as it is.
    fn whole(&mut self, graph: &Graph, id: NodeId, action: impl FnOnce(Box<Node>) -> Action) -> Result<()> {
        let mut args: Vec<BufId> = graph.node(id).reads().map(|v| self.buffer(graph, v)).collect();
        args.extend(self.results(graph, id));
        let node = Box::new(graph.node(id).clone());
        let nodes = vec![node.name.clone()];
        self.program.steps.push(Step { action: action(node), args, nodes });
        Ok(())
    }
}

/// The kernel that casts a whole array.
fn cast(name: &str, from: DType, to: DType, shape: &[Dim]) -> Kernel {
    let mut k = Kernel::new(name);
    let (x, y) = (k.add(Role::Input, from, shape), k.add(Role::Output, to, shape));
    let mut body = Body::default();
    let v = body.load(k.dense(x));
    body.push(Op::Cast(to, v));
    k.map(y, body);
    k
}

/// A stage in which what was of a narrow float type is float32.
fn widened_stage(stage: &Stage) -> Stage {
    let wide = |d: DType| if matches!(d, DType::F16 | DType::BF16) { DType::F32 } else { d };
    let body = |b: &Body| {
        let ops = b.ops.iter().map(|op| match op {
            Op::Const(d, c) => Op::Const(wide(*d), *c),
            Op::Cast(d, v) => Op::Cast(wide(*d), *v),
            op => op.clone(),
        });
        Body { ops: ops.collect(), result: b.result }
    };
    match stage {
        Stage::Map { out, extents, value } => Stage::Map { out: out.clone(), extents: extents.clone(), value: body(value) },
        Stage::Reduce { out, outer, inner, fold, value, finish } => Stage::Reduce {
            out: out.clone(),
            outer: outer.clone(),
            inner: inner.clone(),
            fold: *fold,
            value: body(value),
            finish: body(finish),
        },
        Stage::Contract(c) => Stage::Contract(Contract { epilogue: c.epilogue.as_ref().map(body), ..c.clone() }),
    }
}

/// The type of a kernel's contractions; all have one.
fn contracted(kernel: &Kernel) -> Option<DType> {
    kernel.stages.iter().find_map(|s| if let Stage::Contract(c) = s { Some(kernel.buffer(c.out).dtype) } else { None })
}
