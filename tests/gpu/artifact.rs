//! Builds that are saved and loaded: their engines run without being built again, and what does not fit here is a warning.

use crate::networks::run;
use crate::runs::{build, graph, input, near};
use crate::support::gpu;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tvmtrt::artifact::file::{Artifact, Engines, Form};
use tvmtrt::capi::artifact::build as load_build;
use tvmtrt::capi::options::tvmtrt_options_t;
use tvmtrt::partition::options::PartitionOptions as Plan;
use tvmtrt::reference;
use tvmtrt::session::artifact::{SaveOptions, save};
use tvmtrt::session::build::Build;
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::dim::Dim;

/// Loads a file with options, as the C function does, and what was logged.
pub fn loaded(path: &Path, pairs: &[(&str, &str)]) -> (Arc<Build>, String) {
    let mut options = tvmtrt_options_t::default();
    options.set("log_level", "info").unwrap();
    pairs.iter().for_each(|(k, v)| options.set(k, v).unwrap());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let copy = lines.clone();
    options.log = Some(Arc::new(move |level, line| copy.lock().unwrap().push(format!("{level:?}: {line}"))));
    let build = load_build(&Artifact::open(path).unwrap(), &options).unwrap().build().clone();
    let said = lines.lock().unwrap().join("\n");
    (build, said)
}

#[test]
fn saved_engines_run_again() {
    let Some(_) = gpu() else { return };
    let plan = Plan { keep_off_operators: ["nn.softmax".to_string()].into(), ..Plan::default() };
    let first = build(graph(Dim::symbol("B", 1, 8), true), plan);
    let x = input(3, 5);
    let want = reference::run(&first.partition.parts.graph, std::slice::from_ref(&x)).unwrap();
    let folder = std::env::temp_dir().join(format!("tvmtrt-artifact-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (engines, name) in [(Engines::Inside, "inside.tvmtrt"), (Engines::Beside, "beside.tvmtrt"), (Engines::Inside, "inside.so")] {
        let file = folder.join(name);
        save(&first, &file, &SaveOptions { form: Form { engines, ..Form::default() }, ..SaveOptions::default() }).unwrap();
        let begin = Instant::now();
        let (again, said) = loaded(&file, &[("offload", "on")]);
        println!("{name}: loaded in {:.1} ms; {:?}", begin.elapsed().as_secs_f64() * 1e3, again.region_state(0));
        assert!((0..2).all(|i| again.region_state(i).unwrap().contains("built earlier")), "{said}");
        let mut session = Session::new(&again, &SessionOptions::default()).unwrap();
        near(&run(&mut session, std::slice::from_ref(&x))[0], &want[0]);
        assert_eq!(session.engine_addresses().unwrap().len(), 2, "both regions ran in engines");
    }
    // Without engines, and nothing is to be built: our own code, and a word of it.
    let file = folder.join("nowhere.tvmtrt");
    save(&first, &file, &SaveOptions { form: Form { engines: Engines::Nowhere, ..Form::default() }, ..SaveOptions::default() }).unwrap();
    let (alone, said) = loaded(&file, &[]);
    assert!(alone.loaded(0).is_none() && said.contains("tvmgen_default_tensorrt_main_0"), "{said}");
    near(&run(&mut Session::new(&alone, &SessionOptions::default()).unwrap(), std::slice::from_ref(&x))[0], &want[0]);
    // Asked for, they are built here.
    let (built, said) = loaded(&file, &[("engine_build", "ahead")]);
    assert!(built.loaded(0).is_some() && built.loaded(1).is_some(), "{said}");
    near(&run(&mut Session::new(&built, &SessionOptions::default()).unwrap(), &[x])[0], &want[0]);
    std::fs::remove_dir_all(&folder).unwrap();
}
