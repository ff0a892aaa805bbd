//! What making a builder costs, alone and beside another, and that a build of several regions pays it once: run it in a process of its own.

use crate::runs::N;
use crate::support::{find, shared};
use std::time::Instant;
use tvmtrt::ir::Graph;
use tvmtrt::ir::build::Builder as GraphBuilder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensorrt::builder::Builder;

/// `tanh`, with a softmax between every two of them.
fn chain(regions: usize) -> Graph {
    let mut b = GraphBuilder::new("chain");
    let mut y = b.input("x", Fact::new(DType::F32, vec![Dim::from(4usize), Dim::from(N)])).unwrap();
    for i in 0..2 * regions - 1 {
        let def = tvmtrt::ops::find(["tanh", "nn.softmax"][i % 2]).unwrap();
        y = b.node(def.name, def, (def.attrs.parse)(&mut |_| None).unwrap(), &[y]).unwrap()[0];
    }
    b.output("y", y).unwrap();
    b.finish()
}

/// Seconds of a build with so many engines.
fn building(regions: usize) -> f64 {
    let plan = Plan { keep_off_operators: ["nn.softmax".to_string()].into(), ..Plan::default() };
    let model = shared(Model::new(chain(regions), Vec::new()));
    let partition = shared(Partition::new(&model, &[], &PartitionOptions { plan, ..PartitionOptions::default() }).unwrap());
    let begin = Instant::now();
    let build = Build::new(&partition, &BuildOptions { optimization_level: 0, ..BuildOptions::default() }).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!((0..regions).filter(|i| build.loaded(*i).is_some()).count(), regions, "{build:?}");
    seconds
}

#[test]
fn time_of_making_builders() {
    let Some(gpu) = find() else { return };
    let _current = gpu.device.enter().unwrap();
    let free = || gpu.device.free_memory().unwrap() >> 20;
    let make = || {
        let begin = Instant::now();
        let builder = Builder::new(gpu.library, None).unwrap();
        let made = begin.elapsed().as_secs_f64();
        (builder, made)
    };
    for _ in 0..3 {
        let before = free();
        let (builder, made) = make();
        let (begin, with) = (Instant::now(), free());
        drop(builder);
        let ended = begin.elapsed().as_secs_f64();
        println!("alone: made in {made:.3} s, ended in {ended:.3} s; MiB free before, with and after it: {before}, {with}, {}", free());
    }
    building(1);
    let (one, three) = (building(1), building(3));
    println!("builds with one engine {one:.3} s, with three {three:.3} s");
    assert!(three < 2.0 * one, "each engine waited for a builder of its own");
    let _kept = make();
    for _ in 0..3 {
        println!("beside another: made in {:.3} s", make().1);
    }
}
