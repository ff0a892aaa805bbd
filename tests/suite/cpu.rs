//! Runs a graph on the CPU's generated and tuned code.

use std::collections::BTreeSet;
use tvmtrt::cpu::compiled::Compiled;
use tvmtrt::cpu::exec::run;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pool::Pool;
use tvmtrt::cpu::staged::{self, Memory, Staged};
use tvmtrt::cpu::state::State;
use tvmtrt::ir::Graph;
use tvmtrt::kernels;
use tvmtrt::tensor::bind::{Given, bind};
use tvmtrt::tensor::bytes::{as_bytes_mut, from_vec};
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

enum Code {
    Whole(Box<Compiled>, State),
    Staged(Staged, Memory),
}

/// A compiled graph with memory of its own.
pub struct Runner<'a> {
    graph: &'a Graph,
    code: Code,
    pool: Pool,
}

impl<'a> Runner<'a> {
    pub fn new(graph: &'a Graph, isa: Isa, threads: usize) -> Result<Runner<'a>> {
        let code = if staged::is_needed(graph) {
            Code::Staged(Staged::new(graph, isa, threads)?, Memory::default())
        } else {
            Code::Whole(Box::new(Compiled::new(kernels::compile(graph)?, isa, threads)?), State::new())
        };
        Ok(Runner { graph, code, pool: Pool::new(threads) })
    }

    /// Operators that no kernel computes.
    pub fn on_reference(&self) -> BTreeSet<&'static str> {
        match &self.code {
            Code::Whole(compiled, _) => compiled.program().reference_nodes().map(|n| n.op.name).collect(),
            Code::Staged(staged, _) => staged.reference_nodes().iter().map(|n| n.op.name).collect(),
        }
    }

    pub fn run(&mut self, given: &[Tensor]) -> Result<Vec<Tensor>> {
        let (compiled, state) = match &mut self.code {
            Code::Whole(compiled, state) => (compiled, state),
            Code::Staged(staged, memory) => return staged.run(&self.pool, memory, given),
        };
        let shapes: Vec<Given> = given.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
        let bindings = bind(&self.graph.declared_inputs(), &shapes)?;
        let shapes: Vec<Vec<usize>> = state.prepare(compiled, &bindings)?.map(<[usize]>::to_vec).collect();
        let dtypes = self.graph.outputs.iter().map(|o| self.graph.fact(o.value).dtype);
        let size = |d: tvmtrt::tensor::dtype::DType, s: &[usize]| s.iter().product::<usize>() * d.size();
        // Poisoned, so that an element that is not written shows.
        let poison = |n: usize| vec![0x7FF7_BEEF_7FC0_BEEFu64; n.div_ceil(8)];
        let mut memory: Vec<_> = dtypes.zip(shapes).map(|(d, s)| (d, poison(size(d, &s)), s)).collect();
        let mut outputs: Vec<&mut [u8]> = memory.iter_mut().map(|(d, m, s)| &mut as_bytes_mut(m)[..size(*d, s)]).collect();
        let bytes: Vec<&[u8]> = given.iter().map(|t| &t.bytes()[..]).collect();
        run(compiled, &self.pool, state, &bindings, &bytes, &mut outputs)?;
        memory.into_iter().map(|(d, m, s)| Tensor::new(d, s.clone(), from_vec(m).slice(..size(d, &s)))).collect()
    }
}
