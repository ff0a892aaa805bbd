//! When engines are built and for which batches: ahead, by the first run, growing, one for each; what stops or fails meanwhile.

use crate::networks::run;
use crate::runs::{N, graph, input, near};
use crate::support::{gpu, shared};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tvmtrt::cuda::memory::allocations;
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engines::{CacheOptions, EngineOptions};
use tvmtrt::session::log::{Level, Log};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Memory, Session, SessionOptions, Sink, View};
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::session::slot::{Batches, When};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensorrt::cache::Mode;

type Lines = Arc<Mutex<Vec<String>>>;

/// A build of `tanh(x + 0.25) * x` for batches of 1 to 64, with a softmax on our own code in the middle where it is cut.
fn build(engines: EngineOptions, opt: Option<i64>, cut: bool) -> (Arc<Build>, Lines) {
    let lines = Lines::default();
    let sink = lines.clone();
    let log = Log::new(Some(Level::Info), Some(Arc::new(move |level, line: &str| sink.lock().unwrap().push(format!("{level:?}: {line}")))));
    let model = shared(Model::new(graph(Dim::symbol("B", 0, 1 << 20), cut), Vec::new()));
    let keep_off_operators = if cut { ["nn.softmax".to_string()].into() } else { Default::default() };
    let symbols = vec![SymbolRange { name: "B".into(), min: 0, opt, max: 64 }];
    let plan = PartitionOptions { plan: Plan { keep_off_operators, ..Plan::default() }, symbols, ..PartitionOptions::default() };
    let partition = shared(Partition::new(&model, &[], &plan).unwrap());
    let build = Build::new(&partition, &BuildOptions { optimization_level: 0, engines, log, ..BuildOptions::default() }).unwrap();
    (shared(build), lines)
}

fn count(lines: &Lines, part: &str) -> usize {
    lines.lock().unwrap().iter().filter(|l| l.contains(part)).count()
}

/// Runs these batches in one session; each result is compared with the oracle. Engines that were built by then, after each.
fn batches(build: &Arc<Build>, lines: &Lines, list: &[usize]) -> Vec<usize> {
    let mut session = Session::new(build, &SessionOptions { threads: 1, ..SessionOptions::default() }).unwrap();
    let one = |(i, batch): (usize, &usize)| {
        let x = input(*batch, i);
        let got = run(&mut session, std::slice::from_ref(&x));
        near(&got[0], &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
        count(lines, "built in")
    };
    list.iter().enumerate().map(one).collect()
}

#[test]
fn the_first_run_builds_once_for_many_sessions() {
    let Some(_) = gpu() else { return };
    let begin = Instant::now();
    let (build, lines) = build(EngineOptions { when: When::FirstUse, ..EngineOptions::default() }, None, true);
    let took = begin.elapsed();
    assert!((0..2).all(|r| !build.has_engine(r)) && build.region_state(0).unwrap().contains("first"), "{build:?}");
    let (waited, ran) = (Mutex::new(Duration::ZERO), AtomicUsize::new(0));
    let threads = std::thread::available_parallelism().map_or(8, |n| n.get().min(64));
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (build, waited, ran) = (&build, &waited, &ran);
            scope.spawn(move || {
                let mut session = Session::new(build, &SessionOptions { threads: 1, ..SessionOptions::default() }).unwrap();
                let x = input(1 + thread % 4, thread);
                let begin = Instant::now();
                let got = run(&mut session, std::slice::from_ref(&x));
                let mut longest = waited.lock().unwrap();
                *longest = longest.max(begin.elapsed());
                drop(longest);
                near(&got[0], &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
                ran.fetch_add(session.engine_addresses().unwrap().len(), Ordering::Relaxed);
            });
        }
    });
    println!(
        "built nothing in {took:?}; {threads} sessions at once: {} builds, the slowest first run {:?}",
        count(&lines, "built in"),
        waited.lock().unwrap()
    );
    assert_eq!((count(&lines, "built in"), count(&lines, "Warning: region"), ran.load(Ordering::Relaxed)), (2, 0, 2 * threads));
    assert!(build.has_engine(0) && build.has_engine(1) && build.engine(0).is_some_and(|e| !e.is_empty()));
}

#[test]
fn runs_after_the_first_take_no_memory() {
    let Some(_) = gpu() else { return };
    let (build, _) = build(EngineOptions { when: When::FirstUse, batches: Batches::Grow, ..EngineOptions::default() }, None, false);
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    let x = input(4, 0);
    run(&mut session, std::slice::from_ref(&x));
    let before = allocations();
    for _ in 0..20 {
        run(&mut session, std::slice::from_ref(&x));
    }
    println!("engine built by the first run, then {} allocations on device", allocations() - before);
    assert_eq!(allocations(), before);
}

#[test]
fn batches_grow_or_have_an_engine_each() {
    let Some(_) = gpu() else { return };
    let list = [1, 0, 5, 1, 2, 8, 5, 8, 3];
    for (mode, want) in [(Batches::Grow, vec![1, 1, 2, 2, 2, 3, 3, 3, 3]), (Batches::Each, vec![1, 1, 2, 2, 3, 4, 4, 4, 5])] {
        let (build, lines) = build(EngineOptions { when: When::FirstUse, batches: mode, ..EngineOptions::default() }, None, false);
        let built = batches(&build, &lines, &list);
        println!("{mode:?}: batches {list:?}, engines built by then {built:?}: {}", build.region_state(0).unwrap());
        assert_eq!((built, count(&lines, "Warning: region")), (want, 0));
    }
}

#[test]
fn ahead_a_larger_batch_runs_on_own_kernels() {
    let Some(_) = gpu() else { return };
    for mode in [Batches::Grow, Batches::Each] {
        let (build, lines) = build(EngineOptions { batches: mode, ..EngineOptions::default() }, Some(4), false);
        assert_eq!(count(&lines, "built in"), 1, "{build:?}");
        assert_eq!(batches(&build, &lines, &[4, 6, 6, 7, 4]), [1; 5]);
        println!("{:?}", lines.lock().unwrap());
        assert_eq!((count(&lines, "Warning: region"), count(&lines, "B=6")), (1, 1));
    }
}

#[test]
fn a_failure_at_first_use_is_one_warning_and_right() {
    let Some(_) = gpu() else { return };
    let folder = std::env::temp_dir().join(format!("tvmtrt-modes-{}", std::process::id()));
    let cache = Some(CacheOptions { folder, limit: None, mode: Mode::NeverBuild });
    let (build, lines) = build(EngineOptions { when: When::FirstUse, cache, ..EngineOptions::default() }, None, false);
    assert_eq!(batches(&build, &lines, &[2, 3, 2]), [0; 3]);
    let text = format!("region '{}' runs on own kernels", build.partition.parts.regions[0].name);
    println!("{:?}", lines.lock().unwrap());
    assert_eq!((count(&lines, "Warning: region"), count(&lines, &text)), (1, 1));
}

#[test]
fn a_stopped_build_is_an_error_and_the_next_run_builds() {
    let Some(gpu) = gpu() else { return };
    if gpu.library.release().version.major < 10 {
        return println!("SKIP: {} tells nobody of its progress", gpu.library.release());
    }
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    // The first step of the first build says no.
    let watch: tvmtrt::session::engines::Watch = Arc::new(move |_, _, _, _| counted.fetch_add(1, Ordering::Relaxed) > 0);
    let (build, lines) = build(EngineOptions { when: When::FirstUse, watch: Some(watch), ..EngineOptions::default() }, None, false);
    let mut session = Session::new(&build, &SessionOptions::default()).unwrap();
    let x = input(2, 0);
    let view = View { dtype: x.dtype(), shape: &[2, N], memory: Memory::Host(x.bytes()) };
    let error = session.run(&[view], &mut [Sink::Make(None)]).unwrap_err();
    assert_eq!(error.code, Code::Cancelled, "{error}");
    let got = run(&mut session, std::slice::from_ref(&x));
    near(&got[0], &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
    println!("stopped once ({error}), then {} calls to the watcher", calls.load(Ordering::Relaxed));
    assert_eq!((count(&lines, "built in"), count(&lines, "Warning: region"), session.engine_addresses().unwrap().len()), (1, 0, 1));
}
