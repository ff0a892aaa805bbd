//! Engines on a GPU: built from the networks of a folder, then timed against the bare engine and against the ONNX parser's engine.
//!
//!     cargo bench --bench engines -- build FOLDER OUT [way...]          builds; writes OUT/<case>.<way>.engine, prints a line each
//!     cargo bench --bench engines -- time FOLDER OUT [way...]           runs those and OUT/<case>.<way>.parser.engine
//!     cargo bench --bench engines -- start|start-bare FOLDER/<case> OUT [way]
//!                                                                       one process: milliseconds to the first result, memory
//!
//! A way is a precision, with `.implicit` behind it for an implicit batch (TensorRT 8.x): `float32`, `float16.implicit`.
//!
//! FOLDER has a folder for each case, as tests/models/common.py describes; benches/parser.py makes them and the parser's engines.

#![allow(unsafe_code)]

#[path = "../tests/data/mod.rs"]
mod data;

use data::{Folder, Stored};
use std::collections::BTreeMap;
use std::ffi::{CString, c_void};
use std::path::{Path, PathBuf};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tvmtrt::capi::dlpack::{DLDevice, DLTensor, data_type};
use tvmtrt::capi::run::{tvmtrt_argument_t, tvmtrt_run};
use tvmtrt::capi::session::tvmtrt_session_t;
use tvmtrt::cuda::device::Device;
use tvmtrt::cuda::graph::Graph;
use tvmtrt::cuda::lane::{BufferId, Lane};
use tvmtrt::cuda::memory::DeviceMemory;
use tvmtrt::cuda::stream::StreamRef;
use tvmtrt::partition::options::{Offload, PartitionOptions as Plan};
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::calibration::{Calibration, CalibrationOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::precision::Request;
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::session::shapes::InputSpec;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::context::ExecutionContext;
use tvmtrt::tensorrt::engine::{Engine, Runtime};
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::search::Search;
use tvmtrt::transform::precision::Precision;

/// Runs of each kind in a round, of which the first find another engine's weights in the GPU's cache and do not count.
const EACH: usize = 32;
const SETTLE: usize = 2;
/// Contexts and sessions that are run in turns: where the driver puts memory alone makes some of them quicker than others.
const INSTANCES: usize = 3;
/// Rounds; the first does not count.
const ROUNDS: usize = 11;
/// No further round after this time.
const MOST: Duration = Duration::from_secs(8);

/// How an engine is built.
#[derive(Clone, Copy)]
struct Way {
    precision: Precision,
    implicit: bool,
}

impl Way {
    fn name(self) -> String {
        format!("{}{}", self.precision.name(), if self.implicit { ".implicit" } else { "" })
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [mode, folder, out, ways @ ..] = arguments.as_slice() else {
        println!("usage: engines build|time FOLDER OUT [way...]");
        return Ok(());
    };
    let wanted = |w: &Way| ways.is_empty() && w.name() == "float32" || ways.iter().any(|name| *name == w.name());
    let all = Precision::ALL.iter().flat_map(|p| [false, true].map(|implicit| Way { precision: *p, implicit }));
    let ways: Vec<Way> = all.filter(wanted).collect();
    if mode.starts_with("start") {
        return ways.iter().try_for_each(|w| start(&data::folder(Path::new(folder)), *w, Path::new(out), mode == "start-bare"));
    }
    let folders = data::folders(Path::new(folder));
    for folder in &folders {
        for way in &ways {
            let name = format!("{}.{}", folder.name, way.name());
            let outcome = match mode.as_str() {
                "build" => build_case(folder, *way, Path::new(out)),
                _ => time_case(folder, *way, Path::new(out)),
            };
            if let Err(e) = outcome {
                println!("{name}: {e}");
            }
        }
    }
    Ok(())
}

fn file(out: &Path, folder: &Folder, way: Way, ending: &str) -> PathBuf {
    out.join(format!("{}.{}{ending}.engine", folder.name, way.name()))
}

/// The network with the shapes of its case, built or from the cache in `out`.
fn build(folder: &Folder, way: Way, out: &Path) -> Result<Arc<Build>> {
    let model = Arc::new(Model::load_file(&folder.model, &Default::default())?);
    let case = &folder.cases[0];
    let spec = |(name, t): &(String, Tensor)| InputSpec {
        name: name.clone(),
        dtype: None,
        dims: t.shape().iter().map(|d| Some(*d as i64)).collect(),
    };
    let specs: Vec<InputSpec> = case.inputs.iter().map(spec).collect();
    let plan = Plan { offload: Offload::On, use_implicit_batch: way.implicit, ..Plan::default() };
    let partition = Arc::new(Partition::new(&model, &specs, &PartitionOptions { plan, ..PartitionOptions::default() })?);
    let mut options = BuildOptions { optimization_level: 3, ..BuildOptions::default() };
    options.precision = Request { precision: way.precision, ..Request::default() };
    options.engines.cache = Some(tvmtrt::session::engines::CacheOptions { folder: out.join("cache"), ..Default::default() });
    options.engines.timing_file = Some(out.join("timing"));
    if way.precision == Precision::Int8 {
        let mut calibration = Calibration::new(&partition, &CalibrationOptions::default())?;
        for case in &folder.cases {
            calibration.add(&case.inputs.iter().map(|(_, t)| t.clone()).collect::<Vec<_>>())?;
        }
        options.precision.ranges = Some(Arc::new(calibration.ranges()?));
    }
    Ok(Arc::new(Build::new(&partition, &options)?))
}

fn build_case(folder: &Folder, way: Way, out: &Path) -> Result<()> {
    let begin = Instant::now();
    let built = build(folder, way, out)?;
    let seconds = begin.elapsed().as_secs_f64();
    let regions = built.partition.region_count();
    let bytes = built.engine(0).unwrap_or_default();
    std::fs::write(file(out, folder, way, ""), bytes).expect("an engine's file");
    println!("{}.{}: {regions} region(s), {seconds:.1} s, {}", folder.name, way.name(), built.region_state(0).unwrap_or_default());
    Ok(())
}

/// From here to the first result, with the engine at hand: by `tvmtrt_run` from the model's file, or with nothing but the engine.
fn start(folder: &Folder, way: Way, out: &Path, bare: bool) -> Result<()> {
    let begin = Instant::now();
    let device = Device::get(0)?;
    let _current = device.enter()?;
    let (context, before) = (begin.elapsed(), device.free_memory()?);
    let case = &folder.cases[0];
    let (first, held) = if bare {
        let plan = std::fs::read(file(out, folder, way, "")).expect("an engine's file");
        let engine = Runtime::new(Library::find(&Search::default())?, None)?.deserialize(&plan)?;
        let mut run = Bare::new(device, &engine, case)?;
        run.run(false)?;
        (begin.elapsed(), before - device.free_memory()?)
    } else {
        let built = build(folder, way, out)?;
        let mut there = There::new(device, case)?;
        let mut run = Whole::new(&built, &mut there, false)?;
        run.run();
        (begin.elapsed(), before - device.free_memory()?)
    };
    let (what, name) = (if bare { "bare" } else { "tvmtrt" }, &folder.name);
    let (first, context) = (first.as_secs_f64() * 1e3, context.as_secs_f64() * 1e3);
    println!(
        "{name}.{} {what}: first result after {first:.0} ms ({context:.0} ms of them CUDA's), {} KiB on the device",
        way.name(),
        held >> 10
    );
    Ok(())
}

fn time_case(folder: &Folder, way: Way, out: &Path) -> Result<()> {
    let (device, library) = (Device::get(0)?, Library::find(&Search::default())?);
    let _current = device.enter()?;
    let case = &folder.cases[0];
    let built = build(folder, way, out)?;
    let Some(loaded) = built.loaded(0) else {
        println!("{}.{}: {}", folder.name, way.name(), built.region_state(0).unwrap_or_default());
        return Ok(());
    };
    // The same engine with the same weights, stream, inputs and outputs, so that both find in the GPU's cache what the other left there.
    let mut raw = (0..INSTANCES).map(|_| Bare::new(device, loaded.engine(), case)).collect::<Result<Vec<_>>>()?;
    let theirs = std::fs::read(file(out, folder, way, ".parser")).ok();
    let theirs = theirs.map(|bytes| Runtime::new(library, None)?.deserialize(&bytes)).transpose()?;
    let instances = if theirs.is_some() { INSTANCES } else { 0 };
    let mut parser = theirs.iter().cycle().take(instances).map(|engine| Bare::new(device, engine, case)).collect::<Result<Vec<_>>>()?;
    let mut times = Times::default();
    let mut row: BTreeMap<String, String> = BTreeMap::new();
    for graph in [false, true] {
        let ending = if graph { " graph" } else { "" };
        let mut runs = raw.iter_mut().map(|raw| Whole::new(&built, &mut raw.there, graph)).collect::<Result<Vec<_>>>()?;
        let begin = Instant::now();
        for round in 0..ROUNDS {
            if round > 1 && begin.elapsed() > MOST {
                break;
            }
            let mut note = |i, name: &str, instance, took| {
                if round > 0 && i >= SETTLE {
                    times.note(format!("{name}{ending}"), instance, took);
                }
            };
            for i in 0..EACH {
                for (k, (raw, run)) in raw.iter_mut().zip(&mut runs).enumerate() {
                    // In turns, and each as often first.
                    if i % 2 == 0 {
                        note(i, "raw", k, raw.run(graph)?);
                        note(i, "tvmtrt_run", k, run.run());
                    } else {
                        note(i, "tvmtrt_run", k, run.run());
                        note(i, "raw", k, raw.run(graph)?);
                    }
                }
            }
            for i in 0..EACH {
                for (k, parser) in parser.iter_mut().enumerate() {
                    note(i, "parser", k, parser.run(graph)?);
                }
            }
        }
        raw[0].there.clear()?;
        runs[0].run();
        row.insert(format!("error{ending}"), error(&raw[0].there.outputs()?, case));
    }
    if let Some(parser) = parser.first_mut() {
        row.insert("error parser".into(), error(&parser.there.outputs()?, case));
    }
    row.extend(times.row());
    println!("{}.{}: {}", folder.name, way.name(), row.iter().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>().join(", "));
    Ok(())
}

/// One call: seconds until it returns, and until the result is there.
#[derive(Clone, Copy)]
struct Took {
    returned: f64,
    done: f64,
}

/// Calls by what was run and by which instance.
#[derive(Default)]
struct Times(BTreeMap<String, Vec<Vec<Took>>>);

impl Times {
    fn note(&mut self, name: String, instance: usize, took: Took) {
        self.0.entry(name).or_insert_with(|| vec![Vec::new(); INSTANCES])[instance].push(took);
    }

    /// Microseconds: the median of the instances' medians, the least and the largest of these; the same for the call alone.
    fn row(self) -> impl Iterator<Item = (String, String)> {
        self.0.into_iter().map(|(name, instances)| {
            let of = |part: fn(&Took) -> f64| {
                let mut medians: Vec<f64> = instances.iter().map(|t| median(t.iter().map(part).collect()) * 1e6).collect();
                medians.sort_by(f64::total_cmp);
                format!("{:.1} ({:.1} to {:.1})", medians[medians.len() / 2], medians[0], medians[medians.len() - 1])
            };
            let text = format!("{}, returned {}", of(|t| t.done), of(|t| t.returned));
            (name, text)
        })
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// The largest difference from the stored outputs, in parts of the largest element, and in how many rows the largest element is another.
fn error(got: &[Tensor], case: &Stored) -> String {
    let (mut worst, mut rows, mut moved) = (0f64, 0, 0);
    for (g, (_, w)) in got.iter().zip(&case.outputs) {
        let width = w.shape().last().copied().unwrap_or(1);
        let (g, w) = (g.to_f64s(), w.to_f64s());
        let scale = w.iter().fold(0f64, |m, v| m.max(v.abs()));
        worst = g.iter().zip(&w).map(|(a, b)| (a - b).abs() / scale).fold(worst, f64::max);
        let first = |row: &[f64]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i);
        rows += w.len() / width;
        moved += g.chunks(width).zip(w.chunks(width)).filter(|(g, w)| first(g) != first(w)).count();
    }
    format!("{worst:.2e} (top-1 differs in {moved} of {rows})")
}

/// Inputs and outputs of a case on the device.
struct There<'a> {
    case: &'a Stored,
    lane: Lane,
}

impl<'a> There<'a> {
    fn new(device: &'static Device, case: &'a Stored) -> Result<There<'a>> {
        let mut lane = Lane::new(device, case.inputs.len() + case.outputs.len())?;
        lane.begin(None)?;
        for (i, (_, t)) in case.inputs.iter().chain(&case.outputs).enumerate() {
            lane.upload(BufferId(i), t.bytes())?;
        }
        lane.wait()?;
        Ok(There { case, lane })
    }

    fn address(&mut self, i: usize) -> u64 {
        let t = self.case.inputs.iter().chain(&self.case.outputs).nth(i).map(|(_, t)| t.bytes().len()).unwrap_or(0);
        self.lane.span(BufferId(i), t).expect("memory").address()
    }

    /// Nothing of an earlier run is left in the outputs.
    fn clear(&mut self) -> Result<()> {
        for (k, (_, t)) in self.case.outputs.iter().enumerate() {
            self.lane.upload(BufferId(self.case.inputs.len() + k), &vec![0; t.bytes().len()])?;
        }
        self.lane.wait()
    }

    fn outputs(&mut self) -> Result<Vec<Tensor>> {
        let first = self.case.inputs.len();
        let mut out = Vec::new();
        for (k, (_, t)) in self.case.outputs.iter().enumerate() {
            let span = self.lane.span(BufferId(first + k), t.bytes().len())?;
            self.lane.receive(BufferId(first + k), span)?;
            let bytes = self.lane.host(BufferId(first + k), t.bytes().len())?.to_vec();
            out.push(Tensor::new(t.dtype(), t.shape().to_vec(), bytes.into())?);
        }
        Ok(out)
    }
}

/// An engine with nothing around it: everything is set once, a run is one call.
struct Bare<'a> {
    graph: Option<Graph>,
    context: ExecutionContext,
    there: There<'a>,
    _scratch: DeviceMemory,
}

impl<'a> Bare<'a> {
    fn new(device: &'static Device, engine: &Engine, case: &'a Stored) -> Result<Bare<'a>> {
        let mut there = There::new(device, case)?;
        let scratch = DeviceMemory::new(device, engine.device_memory()? as usize)?;
        let mut context = engine.create_context()?;
        // SAFETY: all memory lives as long as the context.
        unsafe { context.set_device_memory(scratch.address(), scratch.bytes() as u64)? };
        for (i, (name, t)) in case.inputs.iter().chain(&case.outputs).enumerate() {
            let name = CString::new(name.as_str()).expect("a name");
            if i < case.inputs.len() {
                context.set_shape(&name, t.shape())?;
            }
            // SAFETY: as above.
            unsafe { context.set_address(&name, there.address(i))? };
        }
        let stream = there.lane.stream();
        // SAFETY: the stream is the lane's own; everything is set.
        unsafe { context.enqueue(stream.0)? };
        there.lane.wait()?;
        // SAFETY: as above.
        let graph = Graph::record(device, there.lane.own(), |s| unsafe { context.enqueue(s.0) }).ok();
        Ok(Bare { graph, context, there, _scratch: scratch })
    }

    fn run(&mut self, graph: bool) -> Result<Took> {
        let stream = self.there.lane.stream();
        let begin = Instant::now();
        // SAFETY: the stream is the lane's own, the memory lives.
        unsafe {
            match (&self.graph, graph) {
                (Some(recorded), true) => recorded.launch(stream)?,
                _ => self.context.enqueue(stream.0)?,
            }
        }
        let returned = begin.elapsed().as_secs_f64();
        self.there.lane.wait()?;
        Ok(Took { returned, done: begin.elapsed().as_secs_f64() })
    }
}

/// The engine as a C program runs it, on memory and stream that are at hand and must live on.
struct Whole {
    session: tvmtrt_session_t,
    stream: StreamRef,
    inputs: usize,
    tensors: Vec<(CString, Vec<i64>, DLTensor)>,
}

impl Whole {
    fn new(build: &Arc<Build>, there: &mut There, cuda_graph: bool) -> Result<Whole> {
        let (case, stream) = (there.case, there.lane.stream());
        let mut session = Session::new(build, &SessionOptions { cuda_graph, ..SessionOptions::default() })?;
        session.set_stream(Some(stream));
        let mut tensors = Vec::new();
        for (i, (name, t)) in case.inputs.iter().chain(&case.outputs).enumerate() {
            let data = there.address(i) as usize as *mut c_void;
            let device = DLDevice { device_type: 2, device_id: 0 };
            let (ndim, dtype) = (t.shape().len() as i32, data_type(t.dtype()));
            let tensor = DLTensor { data, device, ndim, dtype, shape: null_mut(), strides: null_mut(), byte_offset: 0 };
            tensors.push((CString::new(name.as_str()).expect("a name"), t.shape().iter().map(|d| *d as i64).collect(), tensor));
        }
        Ok(Whole { session: tvmtrt_session_t::new(session), stream, inputs: case.inputs.len(), tensors })
    }

    fn run(&mut self) -> Took {
        let mut arguments = Vec::new();
        for (name, shape, tensor) in &mut self.tensors {
            tensor.shape = shape.as_mut_ptr();
            arguments.push(tvmtrt_argument_t { name: name.as_ptr(), tensor, managed: null_mut() });
        }
        let (inputs, outputs) = arguments.split_at(self.inputs);
        let begin = Instant::now();
        // SAFETY: a live session; arguments and what they point to live.
        let error =
            unsafe { tvmtrt_run(Some(NonNull::from(&mut self.session)), inputs.as_ptr(), inputs.len(), outputs.as_ptr(), outputs.len()) };
        let returned = begin.elapsed().as_secs_f64();
        // SAFETY: the stream lives, and its device is current.
        unsafe { self.stream.synchronize() }.expect("the run");
        assert!(error.is_none(), "tvmtrt_run failed");
        Took { returned, done: begin.elapsed().as_secs_f64() }
    }
}
