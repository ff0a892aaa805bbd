//! Every refusal by force, on the GPU: what builds must compute something else than the oracle.

use crate::support::{Gpu, gpu, quick};
use crate::witness::{TARGETS, Witness, all, force, seen};
use std::time::Instant;
use tvmtrt::ir::Graph;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::network::Network;
use tvmtrt::session::engine::{Loaded, run_once};
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::Plan;

/// A graph with the inputs and outputs of a network, and nothing in it: what is known of an engine's ports.
pub fn ports(network: &Network) -> Graph {
    let mut b = Builder::new("ports");
    let fact = |id| Fact::new(network.tensor(id).dtype, network.tensor(id).dims.clone());
    for id in &network.inputs {
        b.input(&network.tensor(*id).name, fact(*id)).unwrap();
    }
    for id in &network.outputs {
        let value = b.input(&format!("{} given", network.tensor(*id).name), fact(*id)).unwrap();
        b.output(&network.tensor(*id).name, value).unwrap();
    }
    let mut graph = b.finish();
    graph.inputs.truncate(network.inputs.len());
    graph
}

fn run(gpu: &Gpu, witness: &Witness, plan: &Plan) -> Result<Vec<Tensor>, String> {
    let at = witness.at(4);
    let range = || Range { min: witness.at(2), opt: at.clone(), max: witness.at(8) };
    let profiles = if at.is_empty() { Vec::new() } else { vec![range()] };
    let loaded = Loaded::new(gpu.library, gpu.device, &plan.engine, &ports(&witness.network), profiles, None);
    loaded.and_then(|l| run_once(&l, &witness.inputs())).map_err(|e| e.message)
}

/// The process that forces them.
#[test]
fn child() {
    if !force::started() {
        return;
    }
    let Some(gpu) = gpu() else { return };
    let _current = gpu.device.enter().unwrap();
    force::serve(|| Some(gpu.library), &quick(), Some(&|witness, plan| run(&gpu, witness, plan)));
}

#[test]
fn forced_witnesses_fail_or_are_wrong() {
    let Some(gpu) = gpu() else { return };
    let version = gpu.library.release().version;
    let Some((target, _)) = TARGETS.iter().find(|(name, _)| version.to_string().starts_with(&format!("{name}."))) else {
        println!("SKIP witnesses: nothing is written down for {version}");
        return;
    };
    let (start, all) = (Instant::now(), all());
    let outcomes = force::outcomes("witnesses::child", all.len());
    println!("{} witnesses on {} in {:.1} s", all.len(), gpu.library.release(), start.elapsed().as_secs_f64());
    seen::judge(target, &all, &outcomes);
}
