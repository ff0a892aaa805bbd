//! How runs behave: in place, asynchronous, without taking memory, on many threads, next to their own end.

use crate::support::{gpu, shared};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use tvmtrt::capi::call::numbers;
use tvmtrt::capi::dlpack::{DLDevice, DLTensor, data_type};
use tvmtrt::capi::run::{tvmtrt_argument_t, tvmtrt_run};
use tvmtrt::capi::session::tvmtrt_session_t;
use tvmtrt::cuda::device::Device;
use tvmtrt::cuda::lane::{BufferId, Lane};
use tvmtrt::cuda::memory::{Span, allocations};
use tvmtrt::cuda::stream::{Stream, StreamRef};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Memory, Room, Session, SessionOptions, Sink, View};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;

/// Counts what the heap gives to each thread.
struct Counting;
thread_local!(static TAKEN: Cell<u64> = const { Cell::new(0) });

// SAFETY: every call goes on to the system's allocator.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

pub const N: usize = 1 << 12;

/// `tanh(x + 0.25) * x`, with a softmax in the middle where it is to be cut there.
pub fn graph(batch: Dim, cut: bool) -> Graph {
    let mut b = Builder::new("probe");
    let x = b.input("x", Fact::new(DType::F32, vec![batch, Dim::from(N)])).unwrap();
    let c = b.constant("c", Tensor::from_vec(&[1], vec![0.25f32]));
    let op = |b: &mut Builder, name: &str, inputs: &[ValueId]| {
        let def = tvmtrt::ops::find(name).unwrap();
        let attrs = (def.attrs.parse)(&mut |_| None).unwrap();
        b.node(name, def, attrs, inputs).unwrap()[0]
    };
    let mut y = op(&mut b, "add", &[x, c]);
    if cut {
        y = op(&mut b, "nn.softmax", &[y]);
    }
    let y = op(&mut b, "tanh", &[y]);
    let y = op(&mut b, "multiply", &[y, x]);
    b.output("y", y).unwrap();
    b.finish()
}

pub fn build(graph: Graph, plan: Plan) -> Arc<Build> {
    let model = shared(Model::new(graph, Vec::new()));
    let partition = shared(Partition::new(&model, &[], &PartitionOptions { plan, ..PartitionOptions::default() }).unwrap());
    shared(Build::new(&partition, &BuildOptions { optimization_level: 0, ..BuildOptions::default() }).unwrap())
}

pub fn input(batch: usize, seed: usize) -> Tensor {
    Tensor::from_vec(&[batch, N], (0..batch * N).map(|i| ((i * 7 + seed * 13) % 101) as f32 / 50.0 - 1.0).collect())
}

pub fn near(got: &Tensor, want: &Tensor) {
    assert_eq!(got.shape(), want.shape());
    let worst = got.to_f64s().iter().zip(want.to_f64s()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= 1e-5, "off by {worst}");
}

/// Device memory with a tensor in it, on a lane that is waited for.
pub struct There {
    lane: Lane,
    bytes: usize,
}

impl There {
    pub fn new(device: &'static Device, bytes: usize) -> There {
        let _current = device.enter().unwrap();
        let mut lane = Lane::new(device, 1).unwrap();
        lane.begin(None).unwrap();
        lane.span(BufferId(0), bytes).unwrap();
        There { lane, bytes }
    }
    pub fn span(&mut self) -> Span {
        self.lane.span(BufferId(0), self.bytes).unwrap()
    }
    pub fn put(&mut self, t: &Tensor) {
        let _current = self.lane.device().enter().unwrap();
        self.lane.upload(BufferId(0), t.bytes()).unwrap();
        self.lane.wait().unwrap();
    }
    pub fn get(&mut self, shape: &[usize]) -> Tensor {
        let _current = self.lane.device().enter().unwrap();
        let span = self.span();
        self.lane.receive(BufferId(0), span).unwrap();
        let bytes = self.lane.host(BufferId(0), self.bytes).unwrap().to_vec();
        Tensor::new(DType::F32, shape.to_vec(), bytes.into()).unwrap()
    }
}

pub fn run_there(session: &mut Session, device: usize, from: Span, to: Span, shape: &[usize]) -> tvmtrt::tensor::error::Result<()> {
    let view = View { dtype: DType::F32, shape, memory: Memory::Device(from, device) };
    session.run(&[view], &mut [Sink::Fill(DType::F32, shape, Room::Device(to, device))])
}

extern "C" fn sleep(_: *mut c_void) {
    std::thread::sleep(Duration::from_millis(200));
}

/// Puts 200 ms of work on a stream.
#[allow(unsafe_code)]
fn busy(stream: StreamRef) {
    // SAFETY: the function takes no data, and the stream lives.
    let code = unsafe { cudarc::driver::sys::cuLaunchHostFunc(stream.0.cast(), Some(sleep), std::ptr::null_mut()) };
    assert_eq!(code as u32, 0);
}

#[test]
fn device_tensors_are_used_in_place_and_runs_are_asynchronous() {
    let Some(gpu) = gpu() else { return };
    let build = build(graph(Dim::from(4usize), false), Plan::default());
    assert!(build.loaded(0).is_some(), "{:?}", build.region_state(0));
    let _current = gpu.device.enter().unwrap();
    let stream = Stream::new(gpu.device).unwrap();
    let (mut from, mut to) = (There::new(gpu.device, 4 * N * 4), There::new(gpu.device, 4 * N * 4));
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    session.set_stream(Some(stream.get()));
    for seed in 0..3 {
        from.put(&input(4, seed));
        if seed > 0 {
            busy(stream.get());
        }
        let begin = Instant::now();
        run_there(&mut session, 0, from.span(), to.span(), &[4, N]).unwrap();
        let took = begin.elapsed();
        println!("returned after {took:?}");
        assert!(seed == 0 || took < Duration::from_millis(5), "{took:?}");
        session.synchronize().unwrap();
        assert!(seed == 0 || begin.elapsed() >= Duration::from_millis(150));
        near(&to.get(&[4, N]), &reference::run(&build.partition.parts.graph, &[input(4, seed)]).unwrap()[0]);
        assert_eq!(session.engine_addresses().unwrap(), [[from.span().address(), to.span().address()]]);
    }
}

/// A matrix on the GPU, as callers from C describe it.
fn tensor(at: Span, shape: &mut [i64; 2]) -> DLTensor {
    let (data, device) = (at.address() as usize as *mut c_void, DLDevice { device_type: 2, device_id: 0 });
    DLTensor {
        data,
        device,
        ndim: 2,
        dtype: data_type(DType::F32),
        shape: shape.as_mut_ptr(),
        strides: std::ptr::null_mut(),
        byte_offset: 0,
    }
}

/// By name, or by its place.
fn argument(name: Option<&CStr>, tensor: *const DLTensor) -> tvmtrt_argument_t {
    tvmtrt_argument_t { name: name.map_or(std::ptr::null(), CStr::as_ptr), tensor, managed: std::ptr::null_mut() }
}

/// The sums of the first two, three and more of so many inputs, and the first input's double.
fn wide(batch: Dim, width: usize) -> Graph {
    let mut b = Builder::new("wide");
    let add = tvmtrt::ops::find("add").unwrap();
    let mut sum = None;
    for i in 0..width {
        let x = b.input(&format!("x{i}"), Fact::new(DType::F32, vec![batch.clone(), Dim::from(N)])).unwrap();
        let y = b.node(&format!("add{i}"), add, (add.attrs.parse)(&mut |_| None).unwrap(), &[sum.unwrap_or(x), x]).unwrap()[0];
        b.output(&format!("y{i}"), y).unwrap();
        sum = Some(y);
    }
    b.finish()
}

/// An engine, one on many tensors, and two with our own code between them.
#[test]
#[allow(unsafe_code)]
fn runs_take_no_memory() {
    let Some(gpu) = gpu() else { return };
    let batch = || Dim::symbol("B", 1, 8);
    let cut = Plan { keep_off_operators: ["nn.softmax".to_string()].into(), ..Plan::default() };
    let cases =
        [(1, 1, graph(batch(), false), Plan::default()), (20, 1, wide(batch(), 20), Plan::default()), (1, 3, graph(batch(), true), cut)];
    let (x, mut shape) = (input(4, 1), [4i64, N as i64]);
    let mut from = There::new(gpu.device, 4 * N * 4);
    from.put(&x);
    let x_there = tensor(from.span(), &mut shape);
    for (width, stages, graph, plan) in cases {
        let build = build(graph, plan);
        let engines = build.stages.iter().filter(|s| s.engine().is_some()).count();
        assert_eq!((build.stages.len(), engines), (stages, stages / 2 + 1));
        let want = reference::run(&build.partition.parts.graph, &vec![x.clone(); width]).unwrap();
        let mut to: Vec<There> = (0..width).map(|_| There::new(gpu.device, 4 * N * 4)).collect();
        let to_there: Vec<DLTensor> = to.iter_mut().map(|t| tensor(t.span(), &mut shape)).collect();
        let of = |tensor: &DLTensor| argument(None, tensor);
        let (inputs, outputs): (Vec<_>, Vec<_>) = ((0..width).map(|_| of(&x_there)).collect(), to_there.iter().map(of).collect());
        for cuda_graph in [false, true] {
            let session = Session::new(&build, &SessionOptions { cuda_graph, ..SessionOptions::default() }).unwrap();
            let mut session = tvmtrt_session_t::new(session);
            let (mut device, mut host) = (0, 0);
            for run in 1..=100 {
                let before = (allocations(), TAKEN.get());
                // SAFETY: a live session, arguments and tensors that live.
                let error = unsafe { tvmtrt_run(Some((&mut session).into()), inputs.as_ptr(), width, outputs.as_ptr(), width) };
                assert!(error.is_none(), "run {run}");
                // The first run takes what it needs, the second may record a graph.
                if run > 1 + usize::from(cuda_graph) {
                    device += allocations() - before.0;
                    host += TAKEN.get() - before.1;
                }
            }
            println!(
                "{width} inputs, {stages} stages, runs 2 to 100 (graph: {cuda_graph}): {device} on device or pinned, {host} of the heap"
            );
            assert_eq!((device, host), (0, 0));
            to.iter_mut().zip(&want).for_each(|(y, want)| near(&y.get(&[4, N]), want));
        }
    }
}

/// The same call is queued again without a look at its arguments: what lies in them, where they lie and on which stream may change.
#[test]
#[allow(unsafe_code)]
fn the_same_call_may_follow_another() {
    let Some(gpu) = gpu() else { return };
    let build = build(graph(Dim::symbol("B", 1, 8), false), Plan::default());
    let mut places: Vec<There> = (0..4).map(|_| There::new(gpu.device, 4 * N * 4)).collect();
    let _current = gpu.device.enter().unwrap();
    let streams = [Stream::new(gpu.device).unwrap(), Stream::new(gpu.device).unwrap()];
    for cuda_graph in [false, true] {
        let session = Session::new(&build, &SessionOptions { cuda_graph, ..SessionOptions::default() }).unwrap();
        let mut session = tvmtrt_session_t::new(session);
        // Batch, input, output, stream: each change follows on calls that are the same.
        let calls = [
            (4, 0, 1, None),
            (4, 0, 2, None),
            (4, 3, 2, None),
            (2, 3, 2, None),
            (2, 3, 2, Some(0)),
            (2, 3, 2, Some(1)),
            (4, 0, 1, Some(1)),
        ];
        for (seed, (batch, from, to, stream)) in calls.iter().flat_map(|c| [*c; 4]).enumerate() {
            session.take().unwrap().set_stream(stream.map(|i: usize| streams[i].get()));
            places[from].put(&input(4, seed));
            let mut shape = [batch as i64, N as i64];
            let (x, y) = (tensor(places[from].span(), &mut shape), tensor(places[to].span(), &mut shape));
            let (x, y) = ([argument(Some(c"x"), &x)], [argument(Some(c"y"), &y)]);
            if seed % 4 < 3 {
                // SAFETY: a live session, arguments and tensors that live.
                let error = unsafe { tvmtrt_run(Some((&mut session).into()), x.as_ptr(), 1, y.as_ptr(), 1) };
                assert!(error.is_none(), "call {seed}");
            } else {
                // What tvmtrt_run tries first. SAFETY: as above.
                let call = |to: &mut Vec<u64>| unsafe { numbers([(&x, build.inputs()), (&y, build.outputs())], to) };
                assert!(session.take().unwrap().again(call).unwrap(), "call {seed} is not queued again");
            }
            session.take().unwrap().synchronize().unwrap();
            let x = Tensor::from_vec(&[batch, N], input(4, seed).values::<f32>()[..batch * N].to_vec());
            let got = Tensor::from_vec(&[batch, N], places[to].get(&[4, N]).values::<f32>()[..batch * N].to_vec());
            near(&got, &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
        }
    }
}

#[test]
fn host_tensors_and_cuts_give_right_results() {
    let Some(_) = gpu() else { return };
    let plan = Plan { keep_off_operators: ["nn.softmax".to_string()].into(), ..Plan::default() };
    let build = build(graph(Dim::symbol("B", 0, 8), true), plan);
    assert_eq!(build.stages.iter().filter(|s| s.engine().is_some()).count(), 2, "{build:?}");
    assert_eq!(build.stages.len(), 3);
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    // An empty batch is in no profile: our own code runs it.
    for batch in [3, 8, 1, 0, 2] {
        let x = input(batch, batch);
        let got = crate::networks::run(&mut session, std::slice::from_ref(&x));
        near(&got[0], &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
    }
    let x = input(9, 0);
    let view = View { dtype: DType::F32, shape: &[9, N], memory: Memory::Host(x.bytes()) };
    assert_eq!(session.run(&[view], &mut [Sink::Make(None)]).unwrap_err().code, Code::WrongShape);
}

#[test]
fn an_output_may_be_an_input() {
    let Some(gpu) = gpu() else { return };
    let build = build(graph(Dim::from(2usize), false), Plan::default());
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    let mut there = There::new(gpu.device, 2 * N * 4);
    there.put(&input(2, 5));
    let span = there.span();
    run_there(&mut session, 0, span, span, &[2, N]).unwrap();
    near(&there.get(&[2, N]), &reference::run(&build.partition.parts.graph, &[input(2, 5)]).unwrap()[0]);
}

#[test]
fn a_session_ends_while_its_work_is_under_way() {
    let Some(gpu) = gpu() else { return };
    let build = build(graph(Dim::from(4usize), false), Plan::default());
    let _current = gpu.device.enter().unwrap();
    let (stream, other) = (Stream::new(gpu.device).unwrap(), Stream::new(gpu.device).unwrap());
    let (mut from, mut to) = (There::new(gpu.device, 4 * N * 4), There::new(gpu.device, 4 * N * 4));
    from.put(&input(4, 3));
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    session.set_stream(Some(stream.get()));
    run_there(&mut session, 0, from.span(), to.span(), &[4, N]).unwrap();
    session.synchronize().unwrap();
    to.put(&input(4, 0));
    busy(stream.get());
    run_there(&mut session, 0, from.span(), to.span(), &[4, N]).unwrap();
    // Work of others goes on for longer than the session's own.
    busy(other.get());
    busy(other.get());
    busy(other.get());
    let begin = Instant::now();
    drop(session);
    let took = begin.elapsed();
    println!("ended after {took:?}");
    assert!(took >= Duration::from_millis(100), "it did not wait for its own work: {took:?}");
    assert!(took < Duration::from_millis(400), "it waited for the work of others: {took:?}");
    near(&to.get(&[4, N]), &reference::run(&build.partition.parts.graph, &[input(4, 3)]).unwrap()[0]);
}

#[test]
fn many_threads_and_sessions() {
    let Some(_) = gpu() else { return };
    let seconds = std::env::var("TVMTRT_STRESS_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(5.0);
    let build = build(graph(Dim::symbol("B", 1, 8), false), Plan::default());
    let wants: Vec<(Tensor, Tensor)> = (0..8)
        .map(|seed| {
            let x = input(1 + seed % 8, seed);
            let want = reference::run(&build.partition.parts.graph, std::slice::from_ref(&x)).unwrap().remove(0);
            (x, want)
        })
        .collect();
    let (runs, ready, begin) = (AtomicU64::new(0), Barrier::new(64), Instant::now());
    let options = SessionOptions { threads: 1, ..SessionOptions::default() };
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let (build, wants, runs, ready, options) = (&build, &wants, &runs, &ready, &options);
            scope.spawn(move || {
                let mut sessions: Vec<Session> = (0..8).map(|_| Session::new(build, options).unwrap()).collect();
                if ready.wait().is_leader() {
                    println!("512 sessions after {:?}", begin.elapsed());
                }
                let (begin, mut turn) = (Instant::now(), thread);
                while begin.elapsed().as_secs_f64() < seconds {
                    let (x, want) = &wants[turn % wants.len()];
                    let got = crate::networks::run(&mut sessions[turn % 8], std::slice::from_ref(x));
                    near(&got[0], want);
                    turn += 1;
                    runs.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} runs of 64 threads with 8 sessions each in {seconds} s", runs.load(Ordering::Relaxed));
    assert!(runs.load(Ordering::Relaxed) > 1000);
}
