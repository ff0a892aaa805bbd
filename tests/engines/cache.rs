//! Engines that are kept.

use crate::{build, build_with, folder, library, model, options, state};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tvmtrt::capi::option_read;
use tvmtrt::session::profiles::profiles;
use tvmtrt::session::target::TensorRt;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensorrt::cache::{Cache, Key};

#[test]
fn an_engine_is_built_once_and_then_found() {
    let Some(_) = library() else { return };
    let folder = folder("once");
    let cache = ("engine_cache", folder.to_str().unwrap());
    let (first, said) = build(&model(0.5, true), &[cache]);
    let first = first.unwrap();
    assert!(state(&first).contains("built in"), "{}", state(&first));
    assert!(said.iter().any(|l| l.starts_with("Info: region") && l.contains("built in")), "{said:?}");
    let (second, said) = build(&model(0.5, true), &[cache]);
    let second = second.unwrap();
    assert!(state(&second).contains(", cached;"), "{}", state(&second));
    assert!(said.iter().any(|l| l.contains("cached")), "{said:?}");
    assert!(first.engine(0).unwrap() == second.engine(0).unwrap());
    assert_eq!(second.engine(0).unwrap().as_ptr() as usize % 64, 0, "used where it lies in the file");
    println!("{}\n{}", state(&first), state(&second));
    // Another weight, another operator, another shape, another option: another engine.
    let others: &[(f32, bool, &[(&str, &str)])] = &[
        (0.25, true, &[]),
        (0.5, false, &[]),
        (0.5, true, &[("symbols", "N=1..9")]),
        (0.5, true, &[("profiles", "N=1..2;N=3..8")]),
        (0.5, true, &[("tf32", "true")]),
        (0.5, true, &[("target_sm", "8.9")]),
        (0.5, true, &[("max_workspace_size", "1G")]),
        (0.5, true, &[("builder_optimization_level", "1")]),
    ];
    for (weight, relu, more) in others {
        for expected in ["built in", ", cached;"] {
            let (built, _) = build(&model(*weight, *relu), &[&[cache], *more].concat());
            let state = state(&built.unwrap_or_else(|e| panic!("{weight} {relu} {more:?}: {e}")));
            assert!(state.contains(expected), "{weight} {relu} {more:?}: {state}");
        }
    }
    // What is said of the cache and of logs changes nothing.
    for more in
        [("log_level", "error"), ("engine_cache_limit", "1G"), ("engine_cache_mode", "never_build"), ("engine_cache_mode", "read_only")]
    {
        assert!(state(&build(&model(0.5, true), &[cache, more]).0.unwrap()).contains(", cached;"), "{more:?}");
    }
}

#[test]
fn an_engine_that_tensorrt_does_not_take_is_replaced() {
    let Some(_) = library() else { return };
    let (folder, dump) = (folder("replaced"), folder("replaced-dump"));
    let pairs = [("engine_cache", folder.to_str().unwrap()), ("dump_folder", dump.to_str().unwrap())];
    let good = build(&model(0.5, true), &pairs).0.unwrap().engine(0).unwrap().to_vec();
    let key = Key::new(fs::read_to_string(dump.join("tvmgen_default_tensorrt_main_0.key.txt")).unwrap());
    // A file that is whole, of bytes that are no engine.
    Cache::open(&folder, None).build_anew(&key, &mut || Ok(b"no engine"[..].into())).unwrap();
    let (options, _) = options(&pairs);
    let built = build_with(&model(0.5, true), &options).unwrap();
    assert_eq!(built.engine(0).unwrap(), b"no engine");
    let plan = option_read::partition(&options).unwrap();
    let build = option_read::build(&options).unwrap();
    let mut target = TensorRt::plan(&plan.library, &plan.plan, &build.log).unwrap();
    target.build = build.emit(None);
    target.set_engines(&build.engines).unwrap();
    let region = &built.partition.parts.regions[0];
    target.build.profiles = profiles(region, &built.partition.symbols, &[]).unwrap();
    let anew = target.compile_anew(region).unwrap();
    assert!(anew.note().starts_with("built in") && anew.bytes().len() == good.len());
    let again = build_with(&model(0.5, true), &options).unwrap();
    assert!(state(&again).contains(", cached") && again.engine(0).unwrap() == anew.bytes());
}

#[test]
fn what_may_not_be_built_has_own_kernels_or_is_an_error() {
    let Some(_) = library() else { return };
    let folder = folder("never");
    let never = [("engine_cache", folder.to_str().unwrap()), ("engine_cache_mode", "never_build")];
    let refused = build(&model(0.5, true), &never).0.unwrap_err();
    assert!(refused.code == Code::TensorRtBuild && refused.message.contains("not in the cache"), "{refused}");
    let (own, _) = build(&model(0.5, true), &[&never[..], &[("offload", "default")]].concat());
    assert!(state(&own.unwrap()).starts_with("own kernels: "));
    assert!(!folder.exists());
}

#[test]
fn a_build_that_is_stopped_is_an_error_whatever_else_is_asked() {
    let Some(_) = library() else { return };
    let folder = folder("stop");
    let (mut options, _) = options(&[("engine_cache", folder.to_str().unwrap()), ("offload", "default")]);
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    options.watch = Some(Arc::new(move |region, phase, _, _| {
        assert!(region.starts_with("tvmgen_") && !phase.is_empty());
        count.fetch_add(1, Ordering::Relaxed) < 2
    }));
    assert_eq!(build_with(&model(0.5, true), &options).unwrap_err().code, Code::Cancelled);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(fs::read_dir(&folder).unwrap().filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "engine")).count(), 0);
    options.watch = None;
    assert!(state(&build_with(&model(0.5, true), &options).unwrap()).contains("built in"));
}

#[test]
fn a_folder_that_cannot_be_used_costs_a_warning() {
    let Some(_) = library() else { return };
    let file = folder("file");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "no folder").unwrap();
    let (built, said) = build(&model(0.5, true), &[("engine_cache", file.to_str().unwrap()), ("log_level", "warning")]);
    assert!(state(&built.unwrap()).contains("built in"));
    assert_eq!(said.iter().filter(|l| l.contains("nothing can be kept")).count(), 1, "{said:?}");
    fs::remove_file(file).unwrap();
}
