//! Runs graphs whose extents depend on data: piece by piece, each as soon as its extents are known. A node that decides extents, or
//! that runs graphs inside, gives tensors of its own; all other nodes run as compiled programs.

use crate::cpu::compiled::{Compiled, aligned};
use crate::cpu::exec;
use crate::cpu::isa::Isa;
use crate::cpu::pool::Pool;
use crate::cpu::routine;
use crate::cpu::state::State;
use crate::ir::opdef::{EvalCtx, Lowering};
use crate::ir::view::NodeView;
use crate::ir::{Def, Graph, Node, ValueId};
use crate::kernels::pieces::{Piece, pieces};
use crate::kernels::{compile_with, pieces};
use crate::tensor::bind::{Given, bind, learn};
use crate::tensor::bytes::{as_bytes_mut, from_vec};
use crate::tensor::dim::{Bindings, Symbol};
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::{Tensor, byte_len};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A graph ready to run piece by piece. Immutable and shared.
pub struct Staged {
    graph: Graph,
    pieces: Vec<Ready>,
}

enum Ready {
    Code { compiled: Compiled, inputs: Vec<ValueId>, outputs: Vec<ValueId> },
    Node { node: Node, routine: Option<routine::Maker>, bodies: Vec<Staged> },
}

/// What runs change: one entry for each piece.
#[derive(Default)]
pub struct Memory(Vec<(State, Vec<Memory>)>);

/// True where `graph` has extents that depend on data, or graphs inside its nodes.
pub fn is_needed(graph: &Graph) -> bool {
    pieces::is_cut(graph, &BTreeSet::new())
}

impl Staged {
    /// Compiles the pieces of `graph`.
    pub fn new(graph: &Graph, isa: Isa, threads: usize) -> Result<Staged> {
        Staged::within(graph, &BTreeSet::new(), isa, threads)
    }

    fn within(graph: &Graph, known: &BTreeSet<Symbol>, isa: Isa, threads: usize) -> Result<Staged> {
        let ready = pieces(graph, known).into_iter().map(|piece| match piece {
            Piece::Code { graph, inputs, outputs, known } => {
                Ok(Ready::Code { compiled: Compiled::new(compile_with(&graph, known)?, isa, threads)?, inputs, outputs })
            }
            Piece::Node(id, known) => {
                let node = graph.node(id).clone();
                let bodies = node.bodies.iter().map(|b| Staged::within(&b.graph, &known, isa, threads)).collect::<Result<_>>()?;
                let routine = match (node.op.lower)(&NodeView::new(graph, id)) {
                    Ok(Lowering::Routine(name)) => Some(routine::maker(name)?),
                    _ => None,
                };
                Ok(Ready::Node { node, routine, bodies })
            }
        });
        Ok(Staged { graph: graph.clone(), pieces: ready.collect::<Result<_>>()? })
    }

    /// Nodes that the operators' own slow definition computes; those with graphs inside only steer what runs.
    pub fn reference_nodes(&self) -> Vec<&Node> {
        let mut found = Vec::new();
        for piece in &self.pieces {
            match piece {
                Ready::Code { compiled, .. } => found.extend(compiled.program().reference_nodes()),
                Ready::Node { node, routine: None, bodies } if bodies.is_empty() => found.push(node),
                Ready::Node { bodies, .. } => found.extend(bodies.iter().flat_map(|b| b.reference_nodes())),
            }
        }
        found
    }

    /// The outputs for `inputs`, in order.
    pub fn run(&self, pool: &Pool, memory: &mut Memory, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let given: Vec<Given> = inputs.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
        let bindings = bind(&self.graph.declared_inputs(), &given)?;
        self.run_bound(pool, memory, inputs, bindings)
    }

    fn run_bound(&self, pool: &Pool, memory: &mut Memory, inputs: &[Tensor], mut bindings: Bindings) -> Result<Vec<Tensor>> {
        memory.0.resize_with(self.pieces.len(), Default::default);
        let mut values: Vec<Option<Tensor>> = vec![None; self.graph.values.len()];
        for (id, t) in self.graph.inputs.iter().zip(inputs) {
            learn(&self.graph.fact(*id).shape, t.shape(), &mut bindings);
            values[id.0 as usize] = Some(aligned(t));
        }
        for (piece, (state, inner)) in self.pieces.iter().zip(&mut memory.0) {
            match piece {
                Ready::Code { compiled, inputs, outputs } => {
                    let given = inputs.iter().map(|v| self.value(&values, *v)).collect::<Result<Vec<_>>>()?;
                    let made = run_code(compiled, pool, state, &bindings, &given)?;
                    outputs.iter().zip(made).for_each(|(v, t)| values[v.0 as usize] = Some(t));
                }
                Ready::Node { node, routine, bodies } => {
                    let made = self.run_node(node, *routine, bodies, &values, pool, inner, &bindings);
                    for (v, t) in node.outputs.iter().zip(made.context(|| format!("node '{}' ({})", node.name, node.op.name))?) {
                        learn(&self.graph.fact(*v).shape, t.shape(), &mut bindings);
                        values[v.0 as usize] = Some(aligned(&t));
                    }
                }
            }
        }
        self.graph.outputs.iter().map(|o| self.value(&values, o.value)).collect()
    }

    #[allow(clippy::too_many_arguments)]
    fn run_node(
        &self,
        node: &Node,
        routine: Option<routine::Maker>,
        bodies: &[Staged],
        values: &[Option<Tensor>],
        pool: &Pool,
        memory: &mut Vec<Memory>,
        bindings: &Bindings,
    ) -> Result<Vec<Tensor>> {
        let operands = node.inputs.iter().map(|v| self.value(values, *v)).collect::<Result<Vec<_>>>()?;
        if let Some(routine) = routine {
            return routine(node, &operands);
        }
        memory.resize_with(bodies.len(), Memory::default);
        let memory = RefCell::new(memory);
        let run = |body: &Graph, given: &[Tensor]| {
            let at = node.bodies.iter().position(|b| std::ptr::eq(&b.graph, body));
            let at = at.ok_or_else(|| Error::new(Code::Internal, "a graph that is not inside the node"))?;
            let captures = node.bodies[at].captures.iter().map(|v| self.value(values, *v)).collect::<Result<Vec<_>>>()?;
            bodies[at].run_bound(pool, &mut memory.borrow_mut()[at], &[given, &captures].concat(), bindings.clone())
        };
        (node.op.eval)(&EvalCtx { attrs: &node.attrs, bindings, bodies: &node.bodies, run: &run }, &operands)
    }

    fn value(&self, values: &[Option<Tensor>], id: ValueId) -> Result<Tensor> {
        match (&self.graph.value(id).def, &values[id.0 as usize]) {
            (Def::Const(t), _) => Ok(aligned(t)),
            (_, Some(t)) => Ok(t.clone()),
            (_, None) => Err(Error::new(Code::Internal, format!("'{}' is read before it is made", self.graph.value(id).name))),
        }
    }
}

/// Runs one program into new tensors.
fn run_code(compiled: &Compiled, pool: &Pool, state: &mut State, bindings: &Bindings, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let program = compiled.program();
    let shapes: Vec<Vec<usize>> = state.prepare(compiled, bindings)?.map(<[usize]>::to_vec).collect();
    let dtypes: Vec<_> = program.outputs.iter().map(|o| program.buffer(*o).dtype).collect();
    let bytes: Vec<usize> = dtypes.iter().zip(&shapes).map(|(d, s)| byte_len(*d, s).unwrap_or(usize::MAX)).collect();
    let mut made: Vec<Vec<u64>> = bytes.iter().map(|n| vec![0; n.div_ceil(8)]).collect();
    let mut outputs: Vec<&mut [u8]> = made.iter_mut().zip(&bytes).map(|(m, n)| &mut as_bytes_mut(m)[..*n]).collect();
    let given: Vec<&[u8]> = inputs.iter().map(|t| &t.bytes()[..]).collect();
    exec::run(compiled, pool, state, bindings, &given, &mut outputs)?;
    let all = made.into_iter().zip(bytes).zip(dtypes.into_iter().zip(shapes));
    all.map(|((m, n), (dtype, shape))| Tensor::new(dtype, shape, from_vec(m).slice(..n))).collect()
}
