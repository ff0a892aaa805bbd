//! Every case of the suite that converts is built by a real TensorRT: what is accepted must build.

mod suite;
mod tensorrt_library;

use std::collections::BTreeMap;
use suite::{Case, cases};
use tensorrt_library::library;
use tvmtrt::ir::convert::to_network;
use tvmtrt::network::Network;
use tvmtrt::network::check::check;
use tvmtrt::tensor::dim::Bindings;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, build};
use tvmtrt::tensorrt::library::Library;

/// One profile: symbols from 1 to 16.
fn profiles(network: &Network) -> Vec<Range<Bindings>> {
    let mut symbols = std::collections::BTreeSet::new();
    network.inputs.iter().flat_map(|i| &network.tensor(*i).dims).for_each(|d| d.collect_symbols(&mut symbols));
    let at = |v: i64| -> Bindings { symbols.iter().map(|s| (s.name.clone(), v)).collect() };
    if symbols.is_empty() { vec![] } else { vec![Range { min: at(2), opt: at(8), max: at(16) }] }
}

fn accepted(case: &Case, library: &Library) -> Result<Network, String> {
    let network = to_network(&case.graph).map_err(|r| r.to_string())?;
    check(&network, &library.capabilities()).map_err(|r| r.to_string())?;
    Ok(network)
}

#[test]
fn accepted_cases_build() {
    let Some(library) = library() else { return };
    let (mut built, mut failures, mut refused) = (0, Vec::new(), BTreeMap::<String, usize>::new());
    for case in cases::all() {
        let network = match accepted(&case, library) {
            Ok(network) => network,
            Err(why) => {
                *refused.entry(why.split(':').next().unwrap_or("").into()).or_default() += 1;
                continue;
            }
        };
        let options = Options { profiles: profiles(&network), compute_capabilities: vec![(8, 6)], effort: Some(0), ..Options::default() };
        match build(library, &network, &options) {
            Ok(plan) if !plan.engine.is_empty() => built += 1,
            Ok(_) => failures.push(format!("{}: an empty engine", case.name)),
            Err(e) => failures.push(format!("{}: {e}", case.name)),
        }
    }
    println!("{built} engines built; refused: {refused:?}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
