//! Every case of the suite on every executor, against the oracle.

mod suite;

use suite::{Case, cases};
use tvmtrt::reference;
use tvmtrt::tensor::shape;

fn oracle(case: &Case) -> Vec<tvmtrt::tensor::host::Tensor> {
    reference::run(&case.graph, &case.inputs).unwrap_or_else(|e| panic!("{}: {e}", case.name))
}

fn report(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn case_names_are_unique_and_cover_every_operator() {
    let all = cases::all();
    let mut names: Vec<&str> = all.iter().map(|c| c.name.as_str()).collect();
    names.sort();
    names.windows(2).for_each(|w| assert!(w[0] != w[1], "two cases are named {}", w[0]));
    for op in tvmtrt::ops::OPS {
        assert!(all.iter().any(|c| c.graph.nodes.iter().any(|n| n.op == *op)), "no case has {}", op.name);
    }
}

#[test]
fn inferred_facts_are_those_of_the_results() {
    let mut failures = Vec::new();
    for case in cases::all() {
        let given: Vec<_> = case.inputs.iter().map(|t| tvmtrt::ir::bind::Given { dtype: t.dtype(), shape: t.shape() }).collect();
        let bindings = tvmtrt::ir::bind::bind(&tvmtrt::ir::bind::inputs(&case.graph), &given).unwrap();
        for (output, t) in case.graph.outputs.iter().zip(oracle(&case)) {
            let fact = case.graph.fact(output.value);
            let dims = shape::eval(&fact.shape, &bindings);
            if fact.dtype != t.dtype() || dims.as_deref() != Ok(t.shape()) {
                failures.push(format!("{}: inferred {fact}, computed {}{:?}", case.name, t.dtype(), t.shape()));
            }
            if let Some(value) = &fact.value {
                let got: Option<Vec<i64>> = value.iter().map(|d| d.eval(&bindings)).collect();
                if got != t.to_i64s() {
                    failures.push(format!("{}: inferred value {got:?}, computed {:?}", case.name, t.to_i64s()));
                }
            }
        }
    }
    report(failures);
}
