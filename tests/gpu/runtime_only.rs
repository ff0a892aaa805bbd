//! Version-compatible engines: run by the library that built them, by a lean runtime of that version from the cache where one lies beside
//! it, and by the lean runtime of a newer version that `TVMTRT_LEAN_LIBRARY` names.

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
use tvmtrt::session::engines::{CacheOptions, EngineOptions};
use tvmtrt::session::library::LibraryOptions;
use tvmtrt::session::log::{Level, Log};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::session::slot::When;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensorrt::cache::Mode;
use tvmtrt::tensorrt::settings::Settings;

/// A version-compatible build with this library and cache, with or without the lean runtime inside, and what was said.
fn build(path: Option<PathBuf>, folder: &std::path::Path, lean_inside: bool) -> (Arc<Build>, Vec<String>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let log = Log::new(Some(Level::Info), Some(Arc::new(move |level, line: &str| sink.lock().unwrap().push(format!("{level:?}: {line}")))));
    let library = LibraryOptions { path, force_version: false };
    let model = shared(Model::new(graph(Dim::symbol("B", 1, 8), false), Vec::new()));
    let plan = PartitionOptions { plan: Plan::default(), library: library.clone(), ..PartitionOptions::default() };
    let partition = shared(Partition::new(&model, &[], &plan).unwrap());
    let settings = Settings { version_compatible: true, exclude_lean_runtime: !lean_inside, ..Settings::default() };
    let cache = Some(CacheOptions { folder: folder.to_owned(), limit: None, mode: Mode::ReadWrite });
    let engines = EngineOptions { settings, cache, ..EngineOptions::default() };
    let build =
        shared(Build::new(&partition, &BuildOptions { optimization_level: 0, library, engines, log, ..BuildOptions::default() }).unwrap());
    let said = lines.lock().unwrap().clone();
    (build, said)
}

fn check(build: &Arc<Build>) {
    let mut session = Session::new(build, &SessionOptions::default()).unwrap();
    let x = input(3, 1);
    let got = run(&mut session, std::slice::from_ref(&x));
    near(&got[0], &reference::run(&build.partition.parts.graph, &[x]).unwrap()[0]);
    assert_eq!(session.engine_addresses().unwrap().len(), 1);
}

#[test]
fn version_compatible_engines_run() {
    let Some(gpu) = gpu() else { return };
    let folder = std::env::temp_dir().join(format!("tvmtrt-lean-{}", std::process::id()));
    let (full, said) = build(None, &folder, false);
    println!("{full:?}");
    assert!(full.loaded(0).is_some(), "{said:?}");
    check(&full);
    let beside = gpu.library.path().parent().map(|p| std::fs::read_dir(p).unwrap());
    let is_lean = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libnvinfer_lean.so"));
    let Some(lean) = beside.into_iter().flatten().flatten().map(|e| e.path()).find(is_lean) else {
        return println!("SKIP lean runtime: none beside {}", gpu.library.path().display());
    };
    let (lean, said) = build(Some(lean), &folder, false);
    println!("lean: {lean:?}");
    assert!(lean.loaded(0).is_some() && lean.region_state(0).unwrap().contains("cached"), "{said:?}");
    check(&lean);
}

#[test]
fn version_compatible_engines_run_in_newer_lean_runtimes() {
    let Some(gpu) = gpu() else { return };
    let Some(path) = std::env::var_os("TVMTRT_LEAN_LIBRARY") else {
        return println!("SKIP newer lean runtime: TVMTRT_LEAN_LIBRARY names none");
    };
    let folder = std::env::temp_dir().join(format!("tvmtrt-newer-{}", std::process::id()));
    let (full, said) = build(None, &folder, true);
    if said.iter().any(|line| line.contains("Unable to load library: libnvinfer_lean")) {
        return println!("SKIP newer lean runtime: {:?} has no lean runtime to put into engines", gpu.library);
    }
    assert!(full.loaded(0).is_some(), "{said:?}");
    let file = folder.join("compatible.tvmtrt");
    save(&full, &file, &SaveOptions::default()).unwrap();
    let library = LibraryOptions { path: Some(path.into()), force_version: false };
    let engines = EngineOptions { when: When::Never, ..EngineOptions::default() };
    let there = BuildOptions { library, engines, ..BuildOptions::default() };
    let artifact = Artifact::open(&file).unwrap();
    let there = shared(load(&artifact, &LoadOptions { build: there, ..LoadOptions::default() }).unwrap());
    println!("{} bytes by {:?}: {:?}", full.engine(0).unwrap().len(), gpu.library, there.region_state(0));
    assert!(there.loaded(0).is_some(), "{there:?}");
    check(&there);
}
