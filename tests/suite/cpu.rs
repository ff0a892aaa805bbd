//! Runs a graph on the CPU's generated and tuned code.

use std::collections::BTreeSet;
use tvmtrt::cpu::compiled::Compiled;
use tvmtrt::cpu::exec::{State, run};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pool::Pool;
use tvmtrt::ir::Graph;
use tvmtrt::kernels;
use tvmtrt::tensor::bind::{Given, bind};
use tvmtrt::tensor::bytes::{as_bytes_mut, from_vec};
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// A compiled graph with memory of its own.
pub struct Runner<'a> {
    graph: &'a Graph,
    compiled: Compiled,
    pool: Pool,
    state: State,
}

impl<'a> Runner<'a> {
    pub fn new(graph: &'a Graph, isa: Isa, threads: usize) -> Result<Runner<'a>> {
        let compiled = Compiled::new(kernels::compile(graph)?, isa, threads)?;
        Ok(Runner { graph, compiled, pool: Pool::new(threads), state: State::new() })
    }

    /// Operators that no kernel computes.
    pub fn on_reference(&self) -> BTreeSet<&'static str> {
        self.compiled.program().reference_nodes().map(|n| n.op.name).collect()
    }

    pub fn run(&mut self, given: &[Tensor]) -> Result<Vec<Tensor>> {
        let shapes: Vec<Given> = given.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
        let bindings = bind(&self.graph.declared_inputs(), &shapes)?;
        let shapes = self.state.prepare(&self.compiled, &bindings)?;
        let dtypes = self.graph.outputs.iter().map(|o| self.graph.fact(o.value).dtype);
        let size = |d: tvmtrt::tensor::dtype::DType, s: &[usize]| s.iter().product::<usize>() * d.size();
        // Poisoned, so that an element that is not written shows.
        let poison = |n: usize| vec![0x7FF7_BEEF_7FC0_BEEFu64; n.div_ceil(8)];
        let mut memory: Vec<_> = dtypes.zip(shapes).map(|(d, s)| (d, poison(size(d, &s)), s)).collect();
        let mut outputs: Vec<&mut [u8]> = memory.iter_mut().map(|(d, m, s)| &mut as_bytes_mut(m)[..size(*d, s)]).collect();
        let bytes: Vec<&[u8]> = given.iter().map(|t| &t.bytes()[..]).collect();
        run(&self.compiled, &self.pool, &mut self.state, &bindings, &bytes, &mut outputs)?;
        memory.into_iter().map(|(d, m, s)| Tensor::new(d, s.clone(), from_vec(m).slice(..size(d, &s)))).collect()
    }
}
