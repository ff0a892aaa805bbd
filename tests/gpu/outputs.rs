//! Outputs whose extents show only in the run: found by engines, read by engines and by our own code, with counts that change from run
//! to run, none and all among them.

use crate::suite::{Random, compare_within};
use crate::support::{Gpu, gpu, shared};
use std::sync::Arc;
use tvmtrt::cuda::lane::{BufferId, Lane};
use tvmtrt::cuda::memory::{Span, allocations};
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engine::run_once;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Memory, Room, Session, SessionOptions, Sink, View};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::{Code, Result};
use tvmtrt::tensor::host::Tensor;

const NEAR: Tolerance = Tolerance { relative: 1e-5, scaled: 1e-5 };

fn over(axis: i64) -> Attr {
    Attr::Param(Param::Static(vec![Dim::from(axis)]))
}

fn node(b: &mut Builder, name: &str, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
    let def = tvmtrt::ops::find(op).unwrap();
    let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
    b.node(name, def, attrs, operands).unwrap()[0]
}

/// The places of what is not zero in `x`.
fn places(dtype: DType, rows: Dim) -> Graph {
    let mut b = Builder::new("places");
    let x = b.input("x", Fact::new(dtype, vec![rows, Dim::from(7i64)])).unwrap();
    let found = node(&mut b, "found", "argwhere", &[], &[x]);
    b.output("found", found).unwrap();
    b.finish()
}

/// Of `tanh(x W)` the rows where the first column of `x` is positive, what they add up to, and their means.
fn rows(batch: Dim) -> Graph {
    let mut b = Builder::new("rows");
    let x = b.input("x", Fact::new(DType::F32, vec![batch, Dim::from(4i64)])).unwrap();
    let w = b.constant("w", Random(5).tensor(DType::F32, &[6, 4], false));
    let product = node(&mut b, "product", "nn.dense", &[], &[x, w]);
    let y = node(&mut b, "y", "tanh", &[], &[product]);
    let zero = b.constant("zero", Tensor::scalar(0i32));
    let nothing = b.constant("nothing", Tensor::scalar(0f32));
    let column = node(&mut b, "column", "take", &[("axis", Attr::Int(1))], &[x, zero]);
    let positive = node(&mut b, "positive", "greater", &[], &[column, nothing]);
    let found = node(&mut b, "found", "argwhere", &[], &[positive]);
    let found = node(&mut b, "flat", "squeeze", &[("axis", Attr::Ints(vec![1]))], &[found]);
    let kept = node(&mut b, "kept", "take", &[("axis", Attr::Int(0))], &[y, found]);
    let half = node(&mut b, "half", "exp", &[], &[kept]);
    let sum = node(&mut b, "sum", "sum", &[("axis", over(0))], &[half]);
    let mean = node(&mut b, "mean", "mean", &[("axis", over(1))], &[half]);
    let v = b.constant("v", Random(6).tensor(DType::F32, &[3, 6], false));
    let last = node(&mut b, "last", "nn.dense", &[], &[half, v]);
    for (name, value) in [("half", half), ("sum", sum), ("mean", mean), ("last", last)] {
        b.output(name, value).unwrap();
    }
    b.finish()
}

/// `x` with as many rows with a positive first column as `count` says.
fn input(rows: usize, count: usize, seed: u64) -> Tensor {
    let mut values: Vec<f32> = Random(seed).tensor(DType::F32, &[rows, 4], false).values::<f32>().to_vec();
    for (row, line) in values.chunks_mut(4).enumerate() {
        // The chosen rows stand apart.
        let chosen = row * count / rows != (row + 1) * count / rows;
        line[0] = if chosen { line[0].abs() + 0.5 } else { -line[0].abs() - 0.5 };
    }
    Tensor::from_vec(&[rows, 4], values)
}

fn build(graph: Graph, keep_off: &[&str]) -> Arc<Build> {
    let plan = Plan { keep_off_operators: keep_off.iter().map(|s| s.to_string()).collect(), ..Plan::default() };
    let model = shared(Model::new(graph, Vec::new()));
    let partition = shared(Partition::new(&model, &[], &PartitionOptions { plan, ..PartitionOptions::default() }).unwrap());
    shared(Build::new(&partition, &BuildOptions { optimization_level: 0, ..BuildOptions::default() }).unwrap())
}

/// All nodes but those that were kept off are in so many engines.
fn assert_engines(build: &Build, engines: usize, own: usize) {
    let parts = &build.partition.parts;
    let explained = || format!("{build:?}\n{}", parts.explain_text());
    assert_eq!(parts.graph.nodes.len() - parts.offloaded(), own, "{}", explained());
    assert_eq!(build.stages.iter().filter(|s| s.engine().is_some()).count(), engines, "{}", explained());
}

fn want(build: &Build, x: &Tensor) -> Vec<Tensor> {
    reference::run(&build.partition.parts.graph, std::slice::from_ref(x)).unwrap()
}

/// A tensor on the GPU.
struct There {
    lane: Lane,
    span: Span,
}

impl There {
    fn new(gpu: &Gpu, bytes: &[u8]) -> There {
        let _current = gpu.device.enter().unwrap();
        let mut lane = Lane::new(gpu.device, 1).unwrap();
        let span = lane.upload(BufferId(0), bytes).unwrap();
        lane.wait().unwrap();
        There { lane, span }
    }
    fn get(&mut self, like: &Tensor) -> Tensor {
        let _current = self.lane.device().enter().unwrap();
        self.lane.receive(BufferId(0), self.span).unwrap();
        let bytes = self.lane.host(BufferId(0), self.span.bytes()).unwrap().to_vec();
        Tensor::new(like.dtype(), like.shape().to_vec(), bytes.into()).unwrap()
    }
}

/// Input and outputs on the GPU, in memory of the shapes `like`; gives the outputs.
fn run_there(gpu: &Gpu, session: &mut Session, x: &Tensor, like: &[Tensor]) -> Result<Vec<Tensor>> {
    let from = There::new(gpu, x.bytes());
    let mut to: Vec<There> = like.iter().map(|t| There::new(gpu, &vec![0x55; t.bytes().len()])).collect();
    let view = View { dtype: x.dtype(), shape: x.shape(), memory: Memory::Device(from.span, 0) };
    let sink = |(t, there): (&'_ Tensor, &There)| (t.dtype(), t.shape().to_vec(), there.span);
    let rooms: Vec<_> = like.iter().zip(&to).map(sink).collect();
    let mut sinks: Vec<Sink> = rooms.iter().map(|(dtype, shape, span)| Sink::Fill(*dtype, shape, Room::Device(*span, 0))).collect();
    session.run(&[view], &mut sinks)?;
    Ok(to.iter_mut().zip(like).map(|(there, t)| there.get(t)).collect())
}

#[test]
fn places_are_found_by_an_engine() {
    let Some(gpu) = gpu() else { return };
    let mut runs = 0;
    for dtype in [DType::F32, DType::F16, DType::I32, DType::Bool] {
        for rows in [Dim::from(5usize), Dim::symbol("N", 1, 9)] {
            let fixed = rows.as_const().is_some();
            let build = build(places(dtype, rows), &[]);
            assert_engines(&build, 1, 0);
            let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
            for (i, holds) in [0usize, 1, 2, 35, 3].into_iter().enumerate() {
                let count = if fixed { 5 } else { 1 + 2 * i };
                let values = (0..count * 7).map(|k| if holds > 0 && k % holds == 0 { 3.0 } else { 0.0 });
                let x = Tensor::from_f64s(dtype, &[count, 7], &values.collect::<Vec<_>>());
                let want = want(&build, &x);
                compare_within("host", Tolerance::EXACT, &crate::networks::run(&mut session, std::slice::from_ref(&x)), &want).unwrap();
                compare_within("device", Tolerance::EXACT, &run_there(&gpu, &mut session, &x, &want).unwrap(), &want).unwrap();
                compare_within("once", Tolerance::EXACT, &run_once(&build.loaded(0).unwrap(), &[x]).unwrap(), &want).unwrap();
                runs += 3;
            }
        }
    }
    println!("{runs} runs found places");
}

#[test]
fn what_is_found_is_gathered_and_reduced_in_one_engine() {
    let Some(gpu) = gpu() else { return };
    let build = build(rows(Dim::from(16usize)), &[]);
    for cuda_graph in [false, true] {
        assert_engines(&build, 1, 0);
        let mut session = Session::new(&build, &SessionOptions { cuda_graph, ..SessionOptions::default() }).unwrap();
        let (mut later, mut in_place) = (0, 0);
        for turn in 0..2 {
            // The largest first: memory for it serves the others.
            for (i, count) in [16, 0, 3, 1, 16, 0].into_iter().enumerate() {
                let x = input(16, count, 10 * turn + i as u64);
                let want = want(&build, &x);
                let before = allocations();
                let got = crate::networks::run(&mut session, std::slice::from_ref(&x));
                later += if turn > 0 { allocations() - before } else { 0 };
                compare_within("host", NEAR, &got, &want).unwrap();
                compare_within("device", NEAR, &run_there(&gpu, &mut session, &x, &want).unwrap(), &want).unwrap();
                in_place += session.engine_addresses().unwrap().len();
            }
        }
        println!("12 counts on host and device, {later} allocations when all sizes were known ({in_place} runs with addresses)");
        assert_eq!(later, 0);
    }
}

#[test]
fn the_callers_memory_must_have_the_shape_that_is_found() {
    let Some(gpu) = gpu() else { return };
    let build = build(rows(Dim::from(16usize)), &[]);
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    let (x, y) = (input(16, 5, 1), input(16, 6, 2));
    let (of_x, of_y) = (want(&build, &x), want(&build, &y));
    for _ in 0..2 {
        let e = run_there(&gpu, &mut session, &x, &of_y).unwrap_err();
        assert_eq!(e.code, Code::WrongShape, "{e}");
        compare_within("after", NEAR, &run_there(&gpu, &mut session, &x, &of_x).unwrap(), &of_x).unwrap();
    }
    println!("refused: {}", run_there(&gpu, &mut session, &y, &of_x).unwrap_err().message);
}

#[test]
fn what_an_engine_finds_is_read_by_own_code_and_by_the_next_engine() {
    let Some(gpu) = gpu() else { return };
    // Own code in the middle: the second engine has the count as an extent of its inputs. Where the batch is free, the rows are taken by
    // own code; and own code may be what finds the places.
    let free = || Dim::symbol("N", 1, 64);
    let mut runs = 0;
    for (batch, off) in [(Dim::from(16usize), vec!["exp"]), (free(), vec!["take"]), (free(), vec!["argwhere", "take"])] {
        let fixed = batch.as_const().is_some();
        let build = build(rows(batch), &off);
        assert!(build.stages.iter().filter(|s| s.engine().is_some()).count() >= 2, "{build:?}\n{}", build.partition.parts.explain_text());
        let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
        for (i, (rows, count)) in [(64, 64), (10, 0), (10, 1), (1, 1), (1, 0), (33, 17)].into_iter().enumerate() {
            let rows = if fixed { 16 } else { rows };
            let x = input(rows, count.min(rows), i as u64);
            let want = want(&build, &x);
            compare_within("host", NEAR, &crate::networks::run(&mut session, std::slice::from_ref(&x)), &want).unwrap();
            compare_within("device", NEAR, &run_there(&gpu, &mut session, &x, &want).unwrap(), &want).unwrap();
            runs += 2;
        }
    }
    println!("{runs} runs through two engines and own code between them");
}

/// The best of overlapping boxes, of which there are as many as the scores say.
fn best(batch: usize, classes: usize, boxes: usize, center: bool) -> Graph {
    let mut b = Builder::new("best");
    let fact = |shape: [usize; 3]| Fact::new(DType::F32, shape.map(Dim::from).to_vec());
    let corners = b.input("boxes", fact([batch, boxes, 4])).unwrap();
    let scores = b.input("scores", fact([batch, classes, boxes])).unwrap();
    let most = b.constant("most", Tensor::scalar(20i64));
    let (overlap, least) = (b.constant("overlap", Tensor::scalar(0.4f32)), b.constant("least", Tensor::scalar(0.25f32)));
    let op = "vision.all_class_non_max_suppression";
    let chosen = node(&mut b, "chosen", op, &[("center_point_box", Attr::Bool(center))], &[corners, scores, most, overlap, least]);
    b.output("chosen", chosen).unwrap();
    b.finish()
}

#[test]
fn the_best_boxes_are_chosen_by_an_engine() {
    let Some(gpu) = gpu() else { return };
    if !gpu.library.capabilities().at_least(10, 0, 0) {
        println!("SKIP: {} has no int64, the type of the result", gpu.library.release());
        return;
    }
    let mut counts = Vec::new();
    for (batch, classes, boxes, center) in [(1, 1, 100, false), (2, 5, 300, true), (1, 80, 60, false), (1, 1, 3000, false)] {
        let build = build(best(batch, classes, boxes, center), &[]);
        assert_engines(&build, 1, 0);
        let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
        for turn in 0..5u64 {
            let mut random = Random(10 * turn + boxes as u64 + 1);
            let places = random.tensor(DType::F32, &[batch, boxes, 2], false);
            // Boxes of many sizes; pairs of them lie close together.
            let places = places.values::<f32>();
            let corners = places.chunks(2).enumerate().flat_map(|(i, p)| {
                let (x, y, size) = (p[0] + (i % 2) as f32 * 0.01, p[1], 0.3 + 0.1 * (i % 7) as f32);
                if center { [x, y, size, size] } else { [y, x + size, y + size, x] }
            });
            let corners = Tensor::from_vec(&[batch, boxes, 4], corners.collect());
            let scores = random.tensor(DType::F32, &[batch, classes, boxes], false);
            // None, all, equal ones, no numbers.
            let score = |(i, s): (usize, &f32)| match turn {
                0 => s.abs().min(0.2),
                1 => s.abs() + 0.5,
                2 => (s * 4.0).round() / 4.0,
                3 if i % 5 == 0 => f32::NAN,
                _ => *s,
            };
            let scores = Tensor::from_vec(scores.shape(), scores.values::<f32>().iter().enumerate().map(score).collect());
            let inputs = [corners, scores];
            let want = reference::run(&build.partition.parts.graph, &inputs).unwrap();
            compare_within("best", Tolerance::EXACT, &crate::networks::run(&mut session, &inputs), &want)
                .unwrap_or_else(|e| panic!("{batch} x {classes} x {boxes}, {turn}: {e}"));
            counts.push(want[0].shape()[0]);
        }
    }
    println!("boxes chosen: {counts:?}");
}
