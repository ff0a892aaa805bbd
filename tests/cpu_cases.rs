//! Every case of the suite on the CPU's generated and tuned code, against the oracle, on every instruction set of this machine.

mod suite;

use std::collections::BTreeSet;
use suite::{Case, cases, compare};
use tvmtrt::cpu::compiled::Compiled;
use tvmtrt::cpu::exec::{State, run};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pool::Pool;
use tvmtrt::ir::bind::{Given, bind, inputs};
use tvmtrt::kernels;
use tvmtrt::reference;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// Operators that the reference computes, with the reason.
const ON_REFERENCE: &[&str] = &[];

fn on_cpu(case: &Case, isa: Isa, threads: usize, seen: &mut BTreeSet<&'static str>) -> Result<Vec<Tensor>> {
    let program = kernels::compile(&case.graph)?;
    seen.extend(program.reference_nodes().map(|n| n.op.name));
    let compiled = Compiled::new(program, isa, threads)?;
    let given: Vec<Given> = case.inputs.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
    let bindings = bind(&inputs(&case.graph), &given)?;
    let (pool, mut state) = (Pool::new(threads), State::new());
    let shapes = state.prepare(&compiled, &bindings)?;
    let facts = case.graph.outputs.iter().map(|o| case.graph.fact(o.value).dtype);
    // Poisoned, so that an element that is not written shows.
    let mut memory: Vec<(_, Vec<usize>, Vec<u64>)> = facts
        .zip(shapes)
        .map(|(d, s)| {
            let words = (s.iter().product::<usize>() * d.size()).div_ceil(8);
            (d, s, vec![0x7FF7_BEEF_7FC0_BEEFu64; words])
        })
        .collect();
    let mut outputs: Vec<&mut [u8]> = memory
        .iter_mut()
        .map(|(d, s, m)| {
            let n = s.iter().product::<usize>() * d.size();
            &mut tvmtrt::tensor::bytes::as_bytes_mut(m)[..n]
        })
        .collect();
    let given: Vec<&[u8]> = case.inputs.iter().map(|t| &t.bytes()[..]).collect();
    for _ in 0..2 {
        run(&compiled, &pool, &mut state, &bindings, &given, &mut outputs)?;
    }
    let tensors = memory.into_iter().map(|(d, s, m)| {
        let n = s.iter().product::<usize>() * d.size();
        Tensor::new(d, s, tvmtrt::tensor::bytes::from_vec(m).slice(..n))
    });
    tensors.collect()
}

#[test]
fn cases_on_every_instruction_set() {
    let (mut failures, mut seen) = (Vec::new(), BTreeSet::new());
    for isa in Isa::available() {
        for case in cases::all() {
            let want = reference::run(&case.graph, &case.inputs).unwrap();
            for threads in [1, 3] {
                match on_cpu(&case, isa, threads, &mut seen) {
                    Ok(got) => failures.extend(compare(&case, &got, &want).err().map(|e| format!("{} x{threads}: {e}", isa.name()))),
                    Err(e) => failures.push(format!("{} x{threads} {}: {e}", isa.name(), case.name)),
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ON_REFERENCE, "operators that ran on the reference");
}
