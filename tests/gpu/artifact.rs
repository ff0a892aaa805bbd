//! Engines of artifacts on a GPU: loaded instead of built, and run; kept when they are saved again; those that do not fit are warnings.

use crate::networks::run;
use crate::runs::{graph, input, near};
use crate::support::{gpu, shared};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tvmtrt::artifact::file::Artifact;
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::artifact::{LoadOptions, SaveOptions, load, save};
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engines::EngineOptions;
use tvmtrt::session::log::{Level, Log};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::session::slot::{Batches, When};
use tvmtrt::tensor::dim::Dim;

type Lines = Arc<Mutex<Vec<String>>>;

fn options(batches: Batches, when: When) -> (BuildOptions, Lines) {
    let lines = Lines::default();
    let sink = lines.clone();
    let log = Log::new(Some(Level::Info), Some(Arc::new(move |level, line: &str| sink.lock().unwrap().push(format!("{level:?}: {line}")))));
    let engines = EngineOptions { batches, when, ..EngineOptions::default() };
    (BuildOptions { optimization_level: 0, engines, log, ..BuildOptions::default() }, lines)
}

/// Two regions with a softmax on our own code between them, for batches of 1 to 16.
fn partition() -> Arc<Partition> {
    let model = shared(Model::new(graph(Dim::symbol("B", 1, 16), true), Vec::new()));
    let keep_off_operators = ["nn.softmax".to_string()].into();
    let symbols = vec![SymbolRange { name: "B".into(), min: 1, opt: Some(4), max: 16 }];
    let plan = Plan { keep_off_operators, ..Plan::default() };
    shared(Partition::new(&model, &[], &PartitionOptions { plan, symbols, ..PartitionOptions::default() }).unwrap())
}

fn check(build: &Arc<Build>, batches: &[usize]) {
    let mut session = Session::new(build, &SessionOptions { threads: 1, ..SessionOptions::default() }).unwrap();
    for batch in batches {
        let x = input(*batch, *batch);
        let got = run(&mut session, std::slice::from_ref(&x));
        near(&got[0], &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
    }
}

fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("tvmtrt-gpu-{}-{name}.tvmtrt", std::process::id()))
}

#[test]
fn loaded_engines_run_and_none_is_built() {
    let Some(_) = gpu() else { return };
    for (batches, when) in [(Batches::Dynamic, When::Ahead), (Batches::Grow, When::FirstUse), (Batches::Each, When::FirstUse)] {
        let first = shared(Build::new(&partition(), &options(batches, when).0).unwrap());
        check(&first, &[1, 3]);
        let (path, again) = (place("first"), place("again"));
        save(&first, &path, &SaveOptions::default()).unwrap();
        let (build, lines) = options(batches, When::Never);
        let options = LoadOptions { build, ..LoadOptions::default() };
        let loaded = shared(load(&Artifact::open(&path).unwrap(), &options).unwrap());
        check(&loaded, &[3, 1, 3]);
        let lines = lines.lock().unwrap().clone();
        assert!(!lines.iter().any(|l| l.contains("built in") || l.starts_with("Warning")), "{batches:?}: {lines:?}");
        for region in 0..2 {
            assert!(loaded.loaded(region).is_some() && loaded.region_state(region).unwrap().contains("built earlier"), "{loaded:?}");
            let count = if batches == Batches::Each { 2 } else { 1 };
            assert_eq!(loaded.engines(region).unwrap().len(), count, "{batches:?}");
        }
        save(&loaded, &again, &SaveOptions::default()).unwrap();
        let engines = |path: &PathBuf| Artifact::open(path).unwrap().engines().unwrap().to_vec();
        assert_eq!(engines(&path), engines(&again));
        [path, again].iter().for_each(|p| std::fs::remove_file(p).unwrap());
    }
}

/// Another version, another GPU, bytes that are no engine: each region says so, runs, and can be built here.
#[test]
fn engines_that_do_not_fit_are_warnings() {
    let Some(_) = gpu() else { return };
    let partition = partition();
    let first = Build::new(&partition, &options(Batches::Dynamic, When::Ahead).0).unwrap();
    for kind in 0..3 {
        let spoilt = || {
            let mut all: Vec<_> = (0..2).map(|r| first.engines(r).unwrap()).collect();
            for engine in all.iter_mut().flatten() {
                match kind {
                    0 => engine.tag.release.version.patch += 1,
                    1 => engine.tag.capabilities = vec![(5, 3)],
                    _ => engine.bytes = b"no engine"[..].into(),
                }
            }
            all
        };
        let (never, lines) = options(Batches::Dynamic, When::Never);
        let build = shared(Build::with(&partition, &never, spoilt()).unwrap());
        assert!((0..2).all(|r| build.loaded(r).is_none()), "{build:?}");
        check(&build, &[2]);
        let said = lines.lock().unwrap().join("\n");
        assert!((0..2).all(|r| said.contains(&format!("Warning: region '{}'", partition.parts.regions[r].name))), "{said}");
        let (ahead, _) = options(Batches::Dynamic, When::Ahead);
        let build = shared(Build::with(&partition, &ahead, spoilt()).unwrap());
        assert!((0..2).all(|r| build.loaded(r).is_some()), "{build:?}");
        check(&build, &[2]);
    }
}
