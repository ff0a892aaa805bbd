//! Thousands of random cases: what the rules accept must build, and compute what the operators say. Seeds are printed; a failure is
//! narrowed down to one case and printed as text. `TVMTRT_SEED=n` starts at another seed.

mod common;
mod suite;
mod tensorrt_library;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;
use suite::cpu::Runner;
use suite::random::{self, Kind};
use suite::{Case, compare_terms};
use tensorrt_library::library;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::view::NodeView;
use tvmtrt::network::capabilities::{Capabilities, Flavour, Version};
use tvmtrt::network::check::check;
use tvmtrt::network::{self, Network};
use tvmtrt::ops::OPS;
use tvmtrt::partition::options::Planned;
use tvmtrt::partition::tensorrt_rules::TensorRtRules;
use tvmtrt::reference;
use tvmtrt::tensor::dim::Bindings;
use tvmtrt::tensor::error::Result as Outcome;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, build};
use tvmtrt::tensorrt::library::Library;

/// Cases of each operator, and graphs.
const SINGLES: u64 = 28;
const GRAPHS: u64 = 700;
/// Cases in one network.
const TOGETHER: usize = 60;
/// Graphs whose results are compared.
const COMPARED: u64 = 150;

/// The version that acceptance is stated for, and planned for where there is no library.
const PLANNED: Capabilities = Capabilities { flavour: Flavour::Rtx, version: Version::new(1, 7, 1), implicit_batch: false };

fn first_seed() -> u64 {
    std::env::var("TVMTRT_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1)
}

fn rules(capabilities: Capabilities) -> TensorRtRules {
    TensorRtRules { planned: Planned { capabilities, source: "a test".into() } }
}

/// The network of a case whose every node the rules accept; `None` where they refuse one.
fn accepted(case: &Case, rules: &TensorRtRules) -> Option<Network> {
    let takes = |id| rules.accepts(&NodeView::new(&case.graph, id)).is_ok();
    if !case.graph.node_ids().all(takes) {
        return None;
    }
    let network =
        to_network(&case.graph).unwrap_or_else(|r| panic!("{}: nodes are accepted, the graph is not: {r}\n{}", case.name, case.graph));
    check(&network, &rules.planned.capabilities)
        .unwrap_or_else(|r| panic!("{}: nodes are accepted, the graph is not: {r}\n{}", case.name, case.graph));
    Some(network)
}

/// Networks side by side as one.
fn together(networks: &[&Network]) -> Network {
    let mut all = Network { name: "many".into(), ..Network::default() };
    for (k, one) in networks.iter().enumerate() {
        let first = all.tensors.len() as u32;
        let moved = |id: &network::TensorId| network::TensorId(id.0 + first);
        all.tensors.extend(one.tensors.iter().cloned().map(|mut t| {
            t.name = format!("{k}/{}", t.name);
            t
        }));
        all.layers.extend(one.layers.iter().cloned().map(|mut l| {
            l.name = format!("{k}/{}", l.name);
            l.inputs.iter_mut().chain(&mut l.outputs).for_each(|id| *id = moved(id));
            l
        }));
        all.inputs.extend(one.inputs.iter().map(moved));
        all.outputs.extend(one.outputs.iter().map(moved));
    }
    all
}

/// Symbols at their own values, and up to twice that.
fn profiles(network: &Network) -> Vec<Range<Bindings>> {
    let mut symbols = std::collections::BTreeSet::new();
    network.inputs.iter().flat_map(|i| &network.tensor(*i).dims).for_each(|d| d.collect_symbols(&mut symbols));
    let at =
        |times: i64| -> Bindings { symbols.iter().map(|s| (s.name.clone(), random::value_of(&s.name).unwrap_or(4) * times)).collect() };
    if symbols.is_empty() { vec![] } else { vec![Range { min: at(1), opt: at(1), max: at(2) }] }
}

fn builds(library: &'static Library, networks: &[&Network]) -> Result<(), String> {
    let all = together(networks);
    let options = Options { profiles: profiles(&all), compute_capabilities: vec![(8, 6)], effort: Some(0), ..Options::default() };
    match build(library, &all, &options) {
        Ok(plan) if !plan.engine.is_empty() => Ok(()),
        Ok(_) => Err("an empty engine".into()),
        Err(e) => Err(e.message),
    }
}

/// Cases of a list that do not build, each alone; a list that builds as a whole is not looked into.
fn failing<'a>(library: &'static Library, cases: &[(&'a Case, Network)]) -> Vec<(&'a Case, String)> {
    let networks: Vec<&Network> = cases.iter().map(|c| &c.1).collect();
    match (builds(library, &networks), cases) {
        (Ok(()), _) => Vec::new(),
        (Err(e), [only]) => vec![(only.0, e)],
        (Err(whole), _) => {
            let (a, b) = cases.split_at(cases.len() / 2);
            let found = [failing(library, a), failing(library, b)].concat();
            if found.is_empty() {
                return vec![(cases[0].0, format!("{} cases from here on build in halves, but not together: {whole}", cases.len()))];
            }
            found
        }
    }
}

/// Builds all, many at a time; fails with every case that does not build.
fn build_all(library: &'static Library, cases: &[Case], rules: &TensorRtRules) -> usize {
    let (start, mut built, mut failures) = (Instant::now(), 0, Vec::new());
    for chunk in cases.chunks(TOGETHER) {
        let networks: Vec<(&Case, Network)> = chunk.iter().filter_map(|c| Some((c, accepted(c, rules)?))).collect();
        if networks.is_empty() {
            continue;
        }
        let failed = failing(library, &networks);
        built += networks.len() - failed.len();
        failures.extend(failed.into_iter().map(|(c, e)| format!("{}: {e}\n{}", c.name, c.graph)));
    }
    println!("{built} cases built in {:.1} s", start.elapsed().as_secs_f64());
    assert!(failures.is_empty(), "{} cases are accepted and do not build:\n{}", failures.len(), failures.join("\n"));
    built
}

fn singles() -> Vec<Case> {
    let seeds = first_seed()..first_seed() + SINGLES;
    OPS.iter().flat_map(|op| seeds.clone().filter_map(|seed| random::single(op, seed))).collect()
}

fn graphs(kind: Kind, count: u64, rules: &TensorRtRules) -> Vec<Case> {
    let accepts = |view: &NodeView| rules.accepts(view).is_ok();
    (first_seed()..first_seed() + count).map(|seed| random::graph(seed, kind, &accepts)).collect()
}

#[test]
fn accepted_operators_build() {
    let Some(library) = library() else { return };
    build_all(library, &singles(), &rules(library.capabilities()));
}

#[test]
fn accepted_graphs_build() {
    let Some(library) = library() else { return };
    let rules = rules(library.capabilities());
    let cases = graphs(Kind::Any, GRAPHS, &rules);
    let nodes: usize = cases.iter().map(|c| c.graph.nodes.len()).sum();
    let free = cases.iter().filter(|c| random::is_free(c)).count();
    println!("{} graphs from seed {} with {nodes} nodes, {free} with free extents", cases.len(), first_seed());
    assert_eq!(build_all(library, &cases, &rules), cases.len(), "every graph is made of accepted nodes");
}

/// `accepted of made` per operator.
fn acceptance() -> BTreeMap<&'static str, (usize, usize)> {
    let (rules, mut found) = (rules(PLANNED), BTreeMap::new());
    for case in singles() {
        let entry = found.entry(case.graph.nodes[0].op.name).or_insert((0, 0));
        entry.0 += usize::from(accepted(&case, &rules).is_some());
        entry.1 += 1;
    }
    found
}

#[test]
fn acceptance_does_not_fall() {
    if first_seed() != 1 {
        return;
    }
    let found = acceptance();
    let mut text = format!("Random cases that the rules of {} {} accept, of those that were made.\n", PLANNED.flavour, PLANNED.version);
    found.iter().for_each(|(op, (accepted, made))| writeln!(text, "{op} {accepted} of {made}").unwrap());
    println!("{text}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/acceptance.txt");
    if std::env::var_os("TVMTRT_BLESS").is_some_and(|v| v == "1") {
        return common::golden("acceptance", &text);
    }
    let mut fallen = Vec::new();
    for line in std::fs::read_to_string(path).unwrap_or_default().lines().skip(1) {
        let [op, accepted, _, made] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("'{line}' in {path}") };
        let before = accepted.parse::<f64>().unwrap() / made.parse::<f64>().unwrap();
        let now = found.get(op).map_or(0.0, |(a, m)| *a as f64 / *m as f64);
        if now + 1e-9 < before {
            fallen.push(format!("{op}: {before:.3} before, {now:.3} now"));
        }
    }
    assert!(fallen.is_empty(), "fewer cases are accepted than before (TVMTRT_BLESS=1 takes that):\n{}", fallen.join("\n"));
}

#[test]
fn networks_and_kernels_compute_what_the_oracle_does() {
    let rules = rules(PLANNED);
    let (mut compared, mut failures) = ([0; 2], Vec::new());
    for case in singles().into_iter().chain(graphs(Kind::Smooth, COMPARED, &rules)) {
        let Ok(want) = reference::run(&case.graph, &case.inputs) else { continue };
        if let Some(network) = accepted(&case, &rules) {
            let read: Vec<_> = case.graph.inputs.iter().zip(&case.inputs).map(|(v, t)| (&case.graph.value(*v).name, t.clone())).collect();
            let given = network.inputs.iter().map(|id| read.iter().find(|(n, _)| **n == network.tensor(*id).name).unwrap().1.clone());
            let got = network::eval::eval(&network, &given.collect::<Vec<_>>());
            failures.extend(outcome("network", &case, got, &want));
            compared[0] += 1;
        }
        let got = Runner::new(&case.graph, Isa::detect(), 2).and_then(|mut r| r.run(&case.inputs));
        failures.extend(outcome("kernels", &case, got, &want));
        compared[1] += 1;
    }
    println!("{} networks and {} programs compared with the oracle", compared[0], compared[1]);
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn outcome(what: &str, case: &Case, got: Outcome<Vec<Tensor>>, want: &[Tensor]) -> Option<String> {
    let fault = match got {
        Ok(got) => {
            // Sums of random terms cancel.
            let sums = case.tolerance == Tolerance::SUM;
            let largest = |t: &Tensor| t.to_f64s().into_iter().filter(|v| v.is_finite()).fold(0.0, |m: f64, v| m.max(v.abs()));
            let terms = if sums { case.inputs.iter().map(largest).fold(0.0, f64::max) } else { 0.0 };
            compare_terms(&case.name, case.tolerance, terms, &got, want).err()?
        }
        Err(e) => e.to_string(),
    };
    Some(format!("{what}: {}: {fault}\n{}", case.name, case.graph))
}
