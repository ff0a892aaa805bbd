//! Networks with an implicit batch: those of single samples compute what the whole ones do, and which operators each mode takes.

mod common;
mod suite;

use std::collections::BTreeMap;
use std::fmt::Write;
use suite::{Case, cases, compare};
use tvmtrt::ir::convert::to_network;
use tvmtrt::network::Network;
use tvmtrt::network::capabilities::{Capabilities, Flavour, Version};
use tvmtrt::network::check::check;
use tvmtrt::network::eval::eval;
use tvmtrt::network::per_sample::per_sample;
use tvmtrt::network::refusal::Accepted;
use tvmtrt::ops::OPS;
use tvmtrt::reference;

fn planned(implicit_batch: bool) -> Capabilities {
    Capabilities { flavour: Flavour::Full, version: Version::new(8, 6, 1), implicit_batch }
}

fn accepted(case: &Case, implicit_batch: bool) -> Accepted<Network> {
    let network = to_network(&case.graph)?;
    check(&network, &planned(implicit_batch))?;
    Ok(network)
}

#[test]
fn samples_compute_what_the_oracle_does() {
    let (mut ran, mut failures) = (0, Vec::new());
    for case in cases::all() {
        let Ok(network) = accepted(&case, true) else { continue };
        let samples = per_sample(&network).unwrap_or_else(|r| panic!("{}: {r}", case.name));
        let named = |n: &Network, ids: &[_]| ids.iter().map(|i| n.tensor(*i).name.clone()).collect::<Vec<_>>();
        assert_eq!(named(&samples, &samples.inputs), named(&network, &network.inputs), "{}", case.name);
        assert_eq!(named(&samples, &samples.outputs), named(&network, &network.outputs), "{}", case.name);
        assert!(samples.to_string().contains("implicit batch"), "{samples}");
        let want = reference::run(&case.graph, &case.inputs).unwrap();
        // Inputs that no layer reads are left out.
        let inputs: Vec<_> = network.inputs.iter().map(|i| input(&case, &network.tensor(*i).name)).collect();
        match eval(&samples, &inputs) {
            Ok(got) => failures.extend(compare(&case, &got, &want).err()),
            Err(e) => failures.push(format!("{}: {e}\n{samples}", case.name)),
        }
        ran += 1;
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    println!("{ran} cases sample by sample");
    assert!(ran >= 300, "only {ran}");
}

fn input(case: &Case, name: &str) -> tvmtrt::tensor::host::Tensor {
    let at = case.graph.inputs.iter().position(|v| case.graph.value(*v).name == name).expect("an input");
    case.inputs[at].clone()
}

/// Per operator, how many of its cases TensorRT 8.6.1 takes with an explicit batch, and with an implicit one; and what keeps those off
/// that only the former takes.
#[test]
fn operators_of_both_modes() {
    let all = cases::all();
    let mut text = String::from("Cases that TensorRT 8.6.1 takes: explicit batch, implicit batch, of all; rules of the difference.\n");
    let mut operators = [0, 0];
    for op in OPS {
        let (mut counts, mut rules) = ([0, 0], BTreeMap::<&str, usize>::new());
        let of_op: Vec<&Case> = all.iter().filter(|c| c.graph.nodes[0].op == *op).collect();
        for case in &of_op {
            let (explicit, implicit) = (accepted(case, false), accepted(case, true));
            assert!(explicit.is_ok() || implicit.is_err(), "{} is taken with an implicit batch only", case.name);
            counts[0] += usize::from(explicit.is_ok());
            counts[1] += usize::from(implicit.is_ok());
            if let (Ok(_), Err(refusal)) = (explicit, implicit) {
                *rules.entry(refusal.rule).or_default() += 1;
            }
        }
        operators.iter_mut().zip(counts).for_each(|(n, c)| *n += usize::from(c > 0));
        let rules: Vec<String> = rules.iter().map(|(rule, n)| format!(" {rule} {n}")).collect();
        writeln!(text, "{} {} {} {}{}", op.name, counts[0], counts[1], of_op.len(), rules.join("")).unwrap();
    }
    writeln!(text, "{} and {} of {} operators", operators[0], operators[1], OPS.len()).unwrap();
    println!("{text}");
    common::golden("batch_modes", &text);
}
