//! Whole networks through the session: one engine each, against onnxruntime's stored outputs.

use crate::data;
use crate::suite::compare_within;
use crate::support::{gpu, shared};
use std::sync::Arc;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Memory, Session, SessionOptions, Sink, View};
use tvmtrt::tensor::host::Tensor;

/// Two float32 implementations of a deep network that sum in other orders.
const DEEP: Tolerance = Tolerance { relative: 1e-3, scaled: 1e-4 };

/// A network of the test data, ready to run; symbols are bounded as the network's pictures need.
pub fn build(folder: &data::Folder, level: u32) -> Arc<Build> {
    build_as(folder, level, Plan::default())
}

/// As above, as the partitioner is told.
pub fn build_as(folder: &data::Folder, level: u32, plan: Plan) -> Arc<Build> {
    let model = shared(Model::load_file(&folder.model, &Default::default()).unwrap());
    let options = PartitionOptions { plan, symbols: data::bounds(folder, &model.inputs, 672), ..PartitionOptions::default() };
    let partition = shared(Partition::new(&model, &[], &options).unwrap());
    assert_eq!(partition.region_count(), 1, "{}:\n{}", folder.name, partition.explain_text());
    let build = Build::new(&partition, &BuildOptions { optimization_level: level, ..BuildOptions::default() }).unwrap();
    assert!(build.loaded(0).is_some(), "{}: {:?}", folder.name, build.region_state(0));
    println!("{}: {}", folder.name, build.region_state(0).unwrap());
    shared(build)
}

/// Host tensors in, host tensors out.
pub fn run(session: &mut Session, inputs: &[Tensor]) -> Vec<Tensor> {
    let views: Vec<View> = inputs.iter().map(|t| View { dtype: t.dtype(), shape: t.shape(), memory: Memory::Host(t.bytes()) }).collect();
    let mut sinks: Vec<Sink> = session.build().outputs().iter().map(|_| Sink::Make(None)).collect();
    session.run(&views, &mut sinks).unwrap_or_else(|e| panic!("{e}"));
    sinks.into_iter().map(|s| if let Sink::Make(Some(t)) = s { t } else { panic!("no output") }).collect()
}

/// Runs a network's cases twice each, as they are and as graphs, against the stored outputs; how many runs.
pub fn run_cases(folder: &data::Folder, build: &Arc<Build>) -> usize {
    let mut count = 0;
    for cuda_graph in [false, true] {
        let mut session = Session::new(build, &SessionOptions { cuda_graph, ..SessionOptions::default() }).unwrap();
        for case in folder.cases.iter().chain(&folder.cases) {
            let name = format!("{}/{} (graph: {cuda_graph})", folder.name, case.name);
            let inputs: Vec<Tensor> = case.inputs.iter().map(|(_, t)| t.clone()).collect();
            let want: Vec<Tensor> = case.outputs.iter().map(|(_, t)| t.clone()).collect();
            let got = run(&mut session, &inputs);
            compare_within(&name, DEEP, &got, &want).unwrap_or_else(|e| panic!("{e}"));
            count += 1;
        }
    }
    count
}

#[test]
fn networks_run_in_one_engine() {
    let (Some(_), Some(root)) = (gpu(), data::root("networks")) else { return };
    let count: usize = data::folders(&root).iter().map(|folder| run_cases(folder, &build(folder, 0))).sum();
    println!("{count} runs");
}
