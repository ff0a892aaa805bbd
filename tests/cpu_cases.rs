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
    let (mut failures, mut seen) = (Vec::new(), BTreeSet::new());
    for isa in Isa::available() {
        for case in cases::all() {
            let want = reference::run(&case.graph, &case.inputs).unwrap();
            for threads in [1, 3] {
                let name = format!("{} x{threads} {}", isa.name(), case.name);
                let mut runner = Runner::new(&case.graph, isa, threads).unwrap_or_else(|e| panic!("{name}: {e}"));
                seen.extend(runner.on_reference());
                for _ in 0..2 {
                    match runner.run(&case.inputs) {
                        Ok(got) => failures.extend(compare(&case, &got, &want).err().map(|e| format!("{name}: {e}"))),
                        Err(e) => failures.push(format!("{name}: {e}")),
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ON_REFERENCE, "operators that ran on the reference");
}
