//! Engines in artifacts, built by a real TensorRT for RTX for a GPU that is not here: inside, beside, damaged, missing, with the options
//! that they were built with.

use crate::support::*;
use crate::tensorrt_library::rtx as library;
use std::path::Path;
use std::sync::Arc;
use tvmtrt::artifact::file::{Artifact, Engines, Form};
use tvmtrt::capi::artifact::build as load_build;
use tvmtrt::capi::given::Given;
use tvmtrt::capi::option_read;
use tvmtrt::capi::options::tvmtrt_options_t;
use tvmtrt::session::artifact::{SaveOptions, save};
use tvmtrt::session::build::Build;
use tvmtrt::session::calibration::{Calibration, CalibrationOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::Partition;
use tvmtrt::session::slot::Wanted;
use tvmtrt::tensor::error::Result;

fn set(pairs: &[(&str, &str)]) -> tvmtrt_options_t {
    let mut options = tvmtrt_options_t::default();
    let fixed =
        [("target_sm", "8.6"), ("builder_optimization_level", "0"), ("symbols", "N=1..2..8"), ("offload", "on"), ("log_level", "error")];
    fixed.iter().chain(pairs).for_each(|(k, v)| options.set(k, v).unwrap());
    options
}

fn split(options: &tvmtrt_options_t) -> Arc<Partition> {
    let model = Arc::new(Model::new(classifier(), Vec::new()));
    Arc::new(Partition::new(&model, &[], &option_read::partition(options).unwrap()).unwrap())
}

fn build(options: &tvmtrt_options_t) -> Build {
    Build::new(&split(options), &option_read::build(options).unwrap()).unwrap()
}

fn save_with(build: &Build, path: &Path, engines: Engines, given: &tvmtrt_options_t) {
    let form = Form { engines, ..Form::default() };
    save(build, path, &SaveOptions { form, options: Given::of(given).pairs(), ..SaveOptions::default() }).unwrap();
}

/// Loads with the library that tests have, and what was logged.
fn load(path: &Path, pairs: &[(&str, &str)]) -> Result<(Arc<Build>, String)> {
    let (mut options, lines) = options(pairs);
    options.unset("tensorrt_library")?;
    let build = load_build(&Artifact::open(path)?, &options)?.build().clone();
    let said = lines.lock().unwrap().join("\n");
    Ok((build, said))
}

fn same_numbers(a: &Arc<Build>, b: &Arc<Build>) {
    let x = [pictures(3)];
    assert_eq!(run(a, &x).unwrap(), run(b, &x).unwrap());
}

#[test]
fn engines_travel_and_misfits_are_warnings() {
    let Some(_) = library() else { return };
    let options = set(&[("tf32", "on")]);
    let (first, path) = (Arc::new(build(&options)), place("engine.tvmtrt"));
    let engine = first.engine(0).unwrap().to_vec();
    save_with(&first, &path, Engines::Inside, &options);
    let (again, said) = load(&path, &[]).unwrap();
    assert_eq!((again.engine(0).unwrap(), again.has_engine(0)), (&engine[..], true));
    let stored = &again.engines(0).unwrap()[0];
    assert_eq!((stored.tag.wanted, &stored.tag.capabilities[..], &*stored.tag.device), (Wanted::All, &[(8, 6)][..], "sm 8.6"));
    assert_eq!(stored.tag.profiles[0].opt.values().copied().collect::<Vec<_>>(), [2], "what symbols may be");
    assert!(said.contains("Warning: region 'tvmgen_default_tensorrt_main_0' runs on own kernels"), "{said}");
    same_numbers(&first, &again);
    // Also where there is no TensorRT at all.
    let (alone, said) = loaded_with(&path, &[]).unwrap();
    assert!(said.join("\n").contains("Warning: region 'tvmgen_default_tensorrt_main_0'"), "{said:?}");
    same_numbers(&first, &alone);
    // The option travels; the GPU that was built for does not.
    let known = Artifact::open(&path).unwrap().options().unwrap();
    assert!(known.contains(&("tf32".into(), "true".into())) && !known.iter().any(|(k, _)| k == "target_sm"), "{known:?}");
    // Demanded, it is an error.
    assert!(load(&path, &[("offload", "on")]).is_err());
}

#[test]
fn engines_are_built_where_they_are_loaded_if_asked_for() {
    let Some(_) = library() else { return };
    let (first, path) = (Arc::new(build(&set(&[]))), place("built_here.tvmtrt"));
    save_with(&first, &path, Engines::Inside, &set(&[]));
    let (nothing, said) = load(&path, &[("target_sm", "8.9")]).unwrap();
    assert_eq!(nothing.engines(0).unwrap().len(), 1, "nothing is built unasked: {said}");
    let (both, said) = load(&path, &[("target_sm", "8.9"), ("engine_build", "ahead")]).unwrap();
    let kept = both.engines(0).unwrap();
    assert_eq!(kept.iter().map(|s| &*s.tag.device).collect::<Vec<_>>(), ["sm 8.6", "sm 8.9"], "{said}");
    // Saved again, it serves both.
    let second = place("both.tvmtrt");
    saved(&both, &second);
    assert_eq!(load(&second, &[]).unwrap().0.engines(0).unwrap().len(), 2);
}

#[test]
fn engines_beside_are_found_and_checked() {
    let Some(_) = library() else { return };
    let (first, path) = (build(&set(&[])), place("beside.tvmtrt"));
    let folder = path.with_file_name("beside.tvmtrt.engines");
    let _ = std::fs::remove_dir_all(&folder);
    save_with(&first, &path, Engines::Beside, &set(&[]));
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read(&file).unwrap(), first.engine(0).unwrap());
    assert!(!Artifact::open(&path).unwrap().names().any(|n| n.ends_with(".engine")));
    assert_eq!(load(&path, &[]).unwrap().0.engine(0), first.engine(0));
    Artifact::open(&path).unwrap().verify().unwrap();
    let mut damaged = std::fs::read(&file).unwrap();
    damaged[100] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let (build, said) = load(&path, &[]).unwrap();
    assert!(build.engine(0).is_none() && said.contains("is damaged") && said.contains("region 'tvmgen_default_tensorrt_main_0'"), "{said}");
    assert!(Artifact::open(&path).unwrap().verify().unwrap_err().message.contains("is damaged"));
    std::fs::remove_file(&file).unwrap();
    let (build, said) = load(&path, &[]).unwrap();
    assert!(build.engine(0).is_none() && said.contains("cannot read"), "{said}");
    assert_eq!(run(&build, &[pictures(2)]).unwrap().len(), 1);
    // Nowhere: no engine, and no word of one.
    save_with(&first, &path, Engines::Nowhere, &set(&[]));
    assert!(load(&path, &[]).unwrap().0.engine(0).is_none());
}

/// A name in the manifest leads nowhere else.
#[test]
fn names_of_engines_are_looked_at() {
    let Some(_) = library() else { return };
    let path = place("names.tvmtrt");
    save_with(&build(&set(&[])), &path, Engines::Inside, &set(&[]));
    let sound = std::fs::read(&path).unwrap();
    let change = |old: &'static str, new: &'static str| {
        let edit = move |b: Vec<u8>| String::from_utf8(b).unwrap().replace(old, new).into_bytes();
        std::fs::write(&path, with_entry(&sound, "manifest.json", &edit)).unwrap();
        load(&path, &[])
    };
    let said = change("engines/0.engine", "../../../etc/passwd").unwrap().1;
    assert!(said.contains("\"../../../etc/passwd\" is refused"), "{said}");
    assert!(change("engines/0.engine", "engines/9.engine").unwrap().1.contains("no entry 'engines/9.engine'"));
    assert!(change("\"region\": 0", "\"region\": 5").unwrap_err().message.contains("region 5"));
    assert!(change("\"batch\": \"all\"", "\"batch\": \"some\"").unwrap_err().message.contains("'batch' of an engine"));
}

/// The table of ranges travels, so that int8 can be built where it is loaded.
#[test]
fn int8_is_built_again_from_the_ranges_inside() {
    let Some(_) = library() else { return };
    let options = set(&[("precision", "int8")]);
    let partition = split(&options);
    let mut calibration = Calibration::new(&partition, &CalibrationOptions::default()).unwrap();
    (1..4).for_each(|n| calibration.add(&[pictures(n)]).unwrap());
    let table = place("ranges.json");
    calibration.write(&table).unwrap();
    let options = set(&[("precision", "int8"), ("calibration", table.to_str().unwrap())]);
    let first = Arc::new(Build::new(&partition, &option_read::build(&options).unwrap()).unwrap());
    let path = place("int8.tvmtrt");
    save_with(&first, &path, Engines::Inside, &options);
    std::fs::remove_file(&table).unwrap();
    let (again, said) = load(&path, &[("target_sm", "8.9"), ("engine_build", "ahead")]).unwrap();
    assert_eq!(again.engines(0).unwrap().len(), 2, "{said}");
    assert!(said.contains("in int8"), "{said}");
    assert_eq!(again.ranges, first.ranges);
    same_numbers(&first, &again);
}
