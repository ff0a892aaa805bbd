//! Every option of engines, with a library that takes it or says why it does not.

use crate::{build, folder, library, model, state};
use std::fs;
use std::path::Path;
use std::process::Command;
use tvmtrt::capi::option_table::{BUILD, Kind, OPTIONS};
use tvmtrt::tensor::error::Code;

/// Values to try: all that differ from the default where they are few.
fn values(kind: Kind, default: &str) -> Vec<String> {
    let all: Vec<String> = match kind {
        Kind::Switch => vec!["true".into(), "false".into()],
        Kind::Integer(..) => vec!["2".into()],
        Kind::Choice(words) | Kind::Words(words) => words.iter().map(|w| w.to_string()).collect(),
        Kind::Bytes => vec!["16384".into()],
        _ => vec![],
    };
    all.into_iter().filter(|v| v != default).collect()
}

#[test]
fn every_option_builds_or_is_refused_by_name() {
    let Some(library) = library() else { return };
    let elsewhere = ["cpu_instruction_set", "device", "engine_cache_limit", "engine_cache_mode", "log_level"];
    let mut refused = Vec::new();
    let mut accepted = 0;
    for row in OPTIONS.iter().filter(|r| r.stages == BUILD && !elsewhere.contains(&r.key)) {
        for value in values(row.kind, row.default) {
            let mut pairs = vec![(row.key, value.as_str())];
            if row.key == "exclude_lean_runtime" {
                pairs.push(("version_compatible", "true"));
            }
            let (built, said) = build(&model(0.5, true), &pairs);
            match built {
                Ok(build) => {
                    assert!(state(&build).contains("built in"), "{}={value}: {}", row.key, state(&build));
                    accepted += 1;
                }
                Err(e) => refused.push((row.key, value.clone(), e)),
            }
            let words: Vec<_> = said.iter().filter(|l| !l.starts_with("Info")).collect();
            println!("{}={value}: {words:?}", row.key);
        }
    }
    println!("{accepted} are accepted by {library:?}");
    for (key, value, e) in &refused {
        println!("{key}={value}: {e}");
        let named = e.message.contains(&format!("option '{key}'"));
        assert!(named && matches!(e.code, Code::TensorRtUnsupported | Code::TensorRtBuild | Code::BadOption), "{key}={value}: {e}");
    }
    assert!(accepted > 25, "{accepted}");
}

#[test]
fn measurements_are_kept_where_they_are_asked_for_and_needed_where_they_are_required() {
    let Some(_) = library() else { return };
    let folder = folder("timing");
    let file = folder.join("a.timing");
    let file = ("timing_cache_file", file.to_str().unwrap());
    let cache = ("engine_cache", folder.to_str().unwrap());
    let said = |pairs: &[(&str, &str)]| build(&model(0.5, true), pairs).0.map(|b| state(&b)).map_err(|e| e.message);
    assert!(said(&[("timing_cache", "required")]).unwrap_err().contains("needs measurements"));
    assert!(said(&[("timing_cache", "off"), file]).unwrap_err().contains("timing_cache is off"));
    assert!(said(&[file]).unwrap().contains("built in") && fs::metadata(file.1).is_ok());
    for pairs in [&[("timing_cache", "required"), file][..], &[("timing_cache", "required"), cache], &[("timing_cache", "off")]] {
        assert!(said(pairs).unwrap().contains("built in"), "{pairs:?}");
    }
}

#[test]
fn an_engine_has_the_profiles_that_are_listed() {
    let Some(_) = library() else { return };
    let one = build(&model(0.5, true), &[]).0.unwrap();
    let two = build(&model(0.5, true), &[("profiles", "N=1..1..4;N=5..8")]).0.unwrap();
    assert!(two.engine(0).unwrap().len() > one.engine(0).unwrap().len(), "a second profile adds something");
    for (profiles, code, part) in [("N=1..9", Code::BadOption, "outside 1..8"), ("M=1..2", Code::UnknownName, "the symbols are N")] {
        let e = build(&model(0.5, true), &[("profiles", profiles)]).0.unwrap_err();
        assert!(e.code == code && e.message.contains(part), "{e}");
    }
    // Bounds for the engine alone: the partition leaves the extent free.
    let free = build(&model(0.5, true), &[("symbols", ""), ("profiles", "N=1..8")]).0.unwrap();
    assert!(state(&free).contains("built in"));
}

#[test]
fn builds_for_several_gpus_at_once_do_not_disturb_each_other() {
    let Some(_) = library() else { return };
    std::thread::scope(|s| {
        for sm in ["8.0", "8.6", "8.9", "12.0"] {
            s.spawn(move || {
                (0..3).for_each(|_| assert!(state(&build(&model(0.5, true), &[("target_sm", sm)]).0.unwrap()).contains("built in")))
            });
        }
    });
}

#[test]
fn a_gpu_that_is_asked_for_must_be_there() {
    let Some(_) = library() else { return };
    let e = build(&model(0.5, true), &[("target_sm", ""), ("device", "99")]).0.unwrap_err();
    assert_eq!(e.code, Code::Cuda, "{e}");
    println!("{e}");
}

#[test]
fn a_dump_tells_how_a_region_was_built() {
    let Some(_) = library() else { return };
    let (folder, cache) = (folder("dump"), folder("dump-cache"));
    let pairs = [("dump_folder", folder.to_str().unwrap()), ("engine_cache", cache.to_str().unwrap())];
    let built = build(&model(0.5, true), &pairs).0.unwrap();
    let read = |ending: &str| fs::read(folder.join(format!("tvmgen_default_tensorrt_main_0.{ending}"))).unwrap();
    let text = |ending: &str| String::from_utf8(read(ending)).unwrap();
    assert!(text("network.txt").contains("Activation[RELU"));
    assert!(text("key.txt").starts_with("engine of tvmtrt") && text("key.txt").ends_with(&text("network.txt")));
    assert!(text("log.txt").contains("Verbose: "), "{}", text("log.txt"));
    assert!(read("engine") == built.engine(0).unwrap());
}

#[test]
fn plugin_libraries_are_opened_first() {
    let Some(_) = library() else { return };
    let folder = folder("plugins");
    fs::create_dir_all(&folder).unwrap();
    // One that registers by itself when it is opened, and one that is asked for its creators.
    let plain = "__attribute__((constructor)) static void start(void) { setenv(\"TVMTRT_TEST_PLUGIN\", \"opened\", 1); }";
    let asked = "void setLoggerFinder(void *f) { (void)f; } void *getCreators(int *count) { setenv(\"TVMTRT_TEST_CREATORS\", \"asked\", 1); *count = 0; return 0; }";
    let mut paths = Vec::new();
    for (name, source) in [("plain", plain), ("asked", asked)] {
        let (c, so) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.so")));
        fs::write(&c, format!("#include <stdlib.h>\n{source}\n")).unwrap();
        assert!(Command::new("gcc").args(["-shared", "-fPIC", "-o"]).arg(&so).arg(&c).status().unwrap().success());
        paths.push(so);
    }
    let open = |path: &Path| build(&model(0.5, true), &[("plugin_libraries", path.to_str().unwrap())]).0;
    assert!(state(&open(&paths[0]).unwrap()).contains("built in"));
    // TensorRT asks the second one, and does not like that it has none.
    let empty = open(&paths[1]).unwrap_err();
    assert!(empty.message.contains("plugin_libraries: ") && empty.message.contains("asked.so"), "{empty}");
    assert!(std::env::var_os("TVMTRT_TEST_PLUGIN").is_some() && std::env::var_os("TVMTRT_TEST_CREATORS").is_some());
    let opened = fs::read_to_string("/proc/self/maps").unwrap();
    assert!(paths.iter().all(|p| opened.contains(p.to_str().unwrap())));
    let e = open(Path::new("/no/such/plugins.so")).unwrap_err();
    assert!(e.code == Code::BadOption && e.message.contains("plugin_libraries: '/no/such/plugins.so'"), "{e}");
}
