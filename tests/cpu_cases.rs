//! Every case of the suite on the CPU's generated and tuned code, against the oracle, on every instruction set of this machine.

mod suite;

use std::collections::BTreeSet;
use suite::cpu::Runner;
use suite::{cases, compare};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::reference;

/// Operators of the suite that the reference computes, with the reason.
const ON_REFERENCE: &[&str] = &[];

#[test]
fn cases_on_every_instruction_set() {
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
    let parts: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|w| scope.spawn(move || part(w, workers))).collect();
        all.into_iter().map(|w| w.join().unwrap()).collect()
    });
    let failures: Vec<&String> = parts.iter().flat_map(|p| &p.failures).collect();
    assert!(failures.is_empty(), "{} failures: {failures:#?}", failures.len());
    let seen: BTreeSet<_> = parts.iter().flat_map(|p| &p.on_reference).copied().collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ON_REFERENCE, "operators that ran on the reference");
    assert_eq!(parts.iter().map(|p| p.cases).sum::<usize>(), cases::all().len() * Isa::available().len());
}

/// What some of the cases have shown.
#[derive(Default)]
struct Part {
    failures: Vec<String>,
    on_reference: BTreeSet<&'static str>,
    cases: usize,
}

/// Every so many cases, one worker's.
fn part(worker: usize, workers: usize) -> Part {
    let mut part = Part::default();
    for isa in Isa::available() {
        for case in cases::all().iter().skip(worker).step_by(workers) {
            part.cases += 1;
            let want = reference::run(&case.graph, &case.inputs).unwrap();
            for threads in [1, 3] {
                let name = format!("{} x{threads} {}", isa.name(), case.name);
                let mut runner = Runner::new(&case.graph, isa, threads).unwrap_or_else(|e| panic!("{name}: {e}"));
                part.on_reference.extend(runner.on_reference());
                for _ in 0..2 {
                    match runner.run(&case.inputs) {
                        Ok(got) => part.failures.extend(compare(case, &got, &want).err().map(|e| format!("{name}: {e}"))),
                        Err(e) => part.failures.push(format!("{name}: {e}")),
                    }
                }
            }
        }
    }
    part
}
