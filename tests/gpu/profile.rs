//! Where the time of runs goes, as the profiler tells: layers of engines, steps of our own code, and the nodes that they came from.

use crate::runs::{N, There, build, graph, input};
use crate::support::{gpu, shared};
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engines::EngineOptions;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::profile::Profile;
use tvmtrt::session::run::{Memory, Session, SessionOptions, View};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensorrt::abi::ProfilingVerbosity;
use tvmtrt::tensorrt::settings::Settings;

#[test]
fn layers_take_as_long_as_a_run() {
    let Some(gpu) = gpu() else { return };
    const BATCH: usize = 4096;
    let build = build(graph(Dim::from(BATCH), false), Plan::default());
    let mut there = There::new(gpu.device, BATCH * N * 4);
    there.put(&input(BATCH, 1));
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    let view = View { dtype: DType::F32, shape: &[BATCH, N], memory: Memory::Device(there.span(), 0) };
    let profile = session.profile(&[view], 50).unwrap();
    println!("{profile}");
    let (layers, run) = (profile.layers_microseconds(), profile.microseconds);
    println!("layers {layers:.1} us of a run of {run:.1} us");
    assert_eq!(profile.parts.len(), 1);
    assert!(layers > 0.3 * run && layers < 3.0 * run);
    // The session runs on as before.
    assert!(session.profile(&[view], 1).unwrap().layers_microseconds() > 0.0);
}

fn names(profile: &Profile) -> Vec<&str> {
    let in_part = |p: &'_ tvmtrt::session::profile::Part| p.layers.iter().flat_map(|l| &l.nodes).chain(&p.unnamed).count();
    assert!(profile.parts.iter().all(|p| in_part(p) > 0));
    profile.parts.iter().flat_map(|p| p.layers.iter().flat_map(|l| &l.nodes).chain(&p.unnamed)).map(String::as_str).collect()
}

#[test]
fn every_node_is_in_a_layer() {
    let Some(_) = gpu() else { return };
    for verbosity in [ProfilingVerbosity::Detailed, ProfilingVerbosity::LayerNamesOnly] {
        let model = shared(Model::new(graph(Dim::symbol("B", 1, 8), true), Vec::new()));
        let plan = Plan { keep_off_operators: ["nn.softmax".to_string()].into(), ..Plan::default() };
        let partition = shared(Partition::new(&model, &[], &PartitionOptions { plan, ..PartitionOptions::default() }).unwrap());
        let settings = Settings { profiling_verbosity: verbosity, ..Settings::default() };
        let engines = EngineOptions { settings, ..EngineOptions::default() };
        let options = BuildOptions { optimization_level: 0, engines, ..BuildOptions::default() };
        let build = shared(Build::new(&partition, &options).unwrap());
        let mut session = Session::new(&build, &SessionOptions { threads: 1, ..SessionOptions::default() }).unwrap();
        let x = input(4, 2);
        let profile = session.profile(&[View { dtype: x.dtype(), shape: x.shape(), memory: Memory::Host(x.bytes()) }], 20).unwrap();
        println!("{verbosity:?}: {profile}");
        println!("{}", build.loaded(1).unwrap().inspect().unwrap());
        let named: Vec<bool> = profile.parts.iter().map(|p| p.engine.is_some()).collect();
        assert_eq!(named, [true, false, true]);
        for node in ["add", "nn.softmax", "tanh", "multiply"] {
            assert!(names(&profile).contains(&node), "{node} in {profile}");
        }
        if verbosity == ProfilingVerbosity::Detailed {
            let unnamed: Vec<&String> = profile.parts.iter().flat_map(|p| &p.unnamed).collect();
            assert!(unnamed.is_empty(), "{unnamed:?}");
        }
    }
}
