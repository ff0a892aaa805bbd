//! Several GPUs in one process: each build has its own, sessions of both run at once, and tensors of another GPU are refused by name.

use crate::runs::{N, There, graph, input, near, run_there};
use crate::support::{gpu, shared};
use std::sync::Arc;
use tvmtrt::cuda::device::Device;
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engines::EngineOptions;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::error::Code;

fn build(device: u32) -> Arc<Build> {
    let model = shared(Model::new(graph(Dim::symbol("B", 1, 8), false), Vec::new()));
    let options = PartitionOptions { plan: Plan::default(), ..PartitionOptions::default() };
    let partition = shared(Partition::new(&model, &[], &options).unwrap());
    let engines = EngineOptions { device: Some(device), ..EngineOptions::default() };
    let build = Build::new(&partition, &BuildOptions { optimization_level: 0, engines, ..BuildOptions::default() }).unwrap();
    assert!(build.region_state(0).is_some_and(|s| s.contains(&format!("on GPU {device} "))), "{:?}", build.region_state(0));
    shared(build)
}

#[test]
fn two_gpus_at_once() {
    let Some(_) = gpu() else { return };
    let devices = Device::all().unwrap();
    if devices.len() < 2 {
        println!("SKIP devices: one GPU only");
        return;
    }
    let builds = [build(0), build(1)];
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let builds = &builds;
            scope.spawn(move || {
                // Each thread has a session on either GPU and goes from one to the other.
                let mut sessions =
                    builds.each_ref().map(|b| Session::new(b, &SessionOptions { threads: 1, ..Default::default() }).unwrap());
                let mut memory = [0, 1].map(|d| (There::new(&devices[d], 4 * N * 4), There::new(&devices[d], 4 * N * 4)));
                for turn in 0..200 {
                    let (d, x) = (turn % 2, input(4, thread * 31 + turn));
                    let (from, to) = &mut memory[d];
                    from.put(&x);
                    run_there(&mut sessions[d], d, from.span(), to.span(), &[4, N]).unwrap();
                    sessions[d].synchronize().unwrap();
                    near(&to.get(&[4, N]), &reference::run(&builds[d].partition.parts.graph, &[x]).unwrap()[0]);
                }
                let (from, to) = &mut memory[1];
                let error = run_there(&mut sessions[0], 1, from.span(), to.span(), &[4, N]).unwrap_err();
                assert_eq!(error.code, Code::WrongDevice, "{error}");
                assert!(error.message.contains("'x'"), "{error}");
            });
        }
    });
    println!("1600 right runs of 8 threads on {:?} and {:?}", devices[0], devices[1]);
}
