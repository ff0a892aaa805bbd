//! Every case of the suite on every executor, against the oracle.

mod suite;

use std::collections::BTreeMap;
use suite::{Case, cases, compare};
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::opdef::Lowering;
use tvmtrt::ir::view::NodeView;
use tvmtrt::loops;
use tvmtrt::network;
use tvmtrt::reference;
use tvmtrt::tensor::bind::{Given, bind};
use tvmtrt::tensor::dim::Bindings;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensor::shape;

fn oracle(case: &Case) -> Vec<tvmtrt::tensor::host::Tensor> {
    reference::run(&case.graph, &case.inputs).unwrap_or_else(|e| panic!("{}: {e}", case.name))
}

fn bindings(case: &Case) -> Bindings {
    let given: Vec<Given> = case.inputs.iter().map(|t| Given { dtype: t.dtype(), shape: t.shape() }).collect();
    bind(&case.graph.declared_inputs(), &given).unwrap()
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
        let bindings = bindings(&case);
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

/// Operators whose cases no kernel computes, with the reason.
const NOT_LOWERED: &[(&str, &str)] = &[("shape_of", "its value is known before anything runs")];

#[test]
fn lowered_loops_compute_what_the_oracle_does() {
    let (mut failures, mut skipped) = (Vec::new(), BTreeMap::new());
    for case in cases::all() {
        let id = case.graph.node_ids().next().unwrap();
        let view = NodeView::new(&case.graph, id);
        let operands: Vec<Tensor> = {
            let mut given = case.inputs.iter();
            let of = |v: &tvmtrt::ir::ValueId| case.graph.constant(*v).cloned();
            let mut seen: BTreeMap<tvmtrt::ir::ValueId, Tensor> = BTreeMap::new();
            view.node()
                .inputs
                .iter()
                .map(|v| seen.entry(*v).or_insert_with(|| of(v).unwrap_or_else(|| given.next().unwrap().clone())).clone())
                .collect()
        };
        let got = match (view.op().lower)(&view) {
            Ok(Lowering::Kernel(kernel)) => {
                loops::verify::verify(&kernel).unwrap_or_else(|e| panic!("{}: {e}", case.name));
                loops::eval::run(&kernel, &operands, &bindings(&case))
            }
            Ok(Lowering::View) => {
                let dims = shape::eval(&view.output(0).shape, &bindings(&case)).unwrap();
                operands[0].reshaped(&dims).map(|t| vec![t])
            }
            Ok(Lowering::Expand(inner)) => reference::run(&inner, &operands),
            Ok(Lowering::Routine(_)) => continue, // On the CPU: tests/cpu_cases.rs.
            Err(e) if e.code == Code::NotImplemented => {
                skipped.insert(view.op().name, e.message);
                continue;
            }
            Err(e) => panic!("{}: {e}", case.name),
        };
        match got {
            Ok(got) => failures.extend(compare(&case, &got, &oracle(&case)).err()),
            Err(e) => failures.push(format!("{}: {e}", case.name)),
        }
    }
    report(failures);
    assert_eq!(skipped.keys().copied().collect::<Vec<_>>(), NOT_LOWERED.iter().map(|s| s.0).collect::<Vec<_>>());
}

#[test]
fn converted_networks_compute_what_the_oracle_does() {
    let (mut failures, mut converted, mut refused) = (Vec::new(), 0, BTreeMap::<&str, Vec<String>>::new());
    for case in cases::all() {
        match to_network(&case.graph) {
            Ok(net) => {
                converted += 1;
                match network::eval::eval(&net, &case.inputs) {
                    Ok(got) => failures.extend(compare(&case, &got, &oracle(&case)).err()),
                    Err(e) => failures.push(format!("{}: {e}", case.name)),
                }
            }
            Err(r) => refused.entry(r.rule).or_default().push(case.name.clone()),
        }
    }
    report(failures);
    println!("{converted} cases converted; refused: {refused:#?}");
    assert!(converted > 300);
}
