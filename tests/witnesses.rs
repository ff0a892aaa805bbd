//! "Refused means it must be": each rule that keeps a node off TensorRT has a witness that a real builder refuses, or that computes
//! something else, or a reason why it has none. What runs is in `tests/gpu/witness.rs`.

mod suite;
mod tensorrt_library;
mod witness;

use std::collections::BTreeSet;
use tensorrt_library::rtx;
use tvmtrt::network;
use tvmtrt::partition;
use tvmtrt::tensorrt::emit::Options;
use witness::kept::KEPT;
use witness::policies::POLICIES;
use witness::{TARGETS, all, force, seen};

#[test]
fn every_rule_has_a_witness_or_a_reason() {
    let rules: BTreeSet<&str> = network::rules::RULES.iter().chain(partition::rules::RULES).map(|(id, _)| *id).collect();
    assert!(POLICIES.windows(2).all(|w| w[0].0 < w[1].0), "policies are sorted");
    let reasons: BTreeSet<&str> = POLICIES.iter().map(|p| p.0).collect();
    let witnessed: BTreeSet<&str> = all().iter().map(|w| w.rule).collect();
    let known: BTreeSet<&str> = reasons.union(&witnessed).copied().collect();
    assert_eq!(known, rules);
    let both: Vec<&&str> = reasons.intersection(&witnessed).collect();
    assert!(both.is_empty(), "with a witness and a reason for none: {both:?}");
}

#[test]
fn every_witness_is_refused_by_its_rule() {
    let (mut names, mut faults) = (BTreeSet::new(), Vec::new());
    for witness in all() {
        if !TARGETS.iter().any(|(_, c)| witness.fires(c)) {
            faults.push(format!("{} is refused by other rules, or by none:\n{}", witness.name(), witness.network));
        }
        assert!(names.insert(witness.name()), "{} twice", witness.name());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{} witnesses of {} rules", names.len(), names.iter().filter_map(|n| n.split(':').next()).collect::<BTreeSet<_>>().len());
}

#[test]
fn what_is_kept_off_without_need_is_still_there() {
    let all = all();
    for (name, _) in KEPT {
        let witness = all.iter().find(|w| w.name() == *name).unwrap_or_else(|| panic!("no witness {name}"));
        let builds = |target: &str| seen::read(target).get(&witness.name()).is_some_and(|word| word == "built" || word == "right");
        assert!(TARGETS.iter().any(|(target, _)| builds(target)), "kept without need: {name}");
    }
}

fn options() -> Options {
    Options { compute_capabilities: vec![(8, 6)], effort: Some(0), ..Options::default() }
}

/// The process that forces them.
#[test]
fn child() {
    force::serve(rtx, &options(), None);
}

#[test]
fn forced_witnesses_do_not_build() {
    if rtx().is_none() {
        return;
    }
    let all = all();
    seen::judge(TARGETS[0].0, &all, &force::outcomes("child", all.len()));
}
