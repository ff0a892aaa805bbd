//! A library that can only run engines, on a cache that another one has filled.

use crate::{build, folder, library, model, state};
use std::path::PathBuf;
use tvmtrt::tensorrt::library::Library;

/// A library of the same version and build as the real one, without a builder.
#[allow(unsafe_code)]
fn runtime(real: &Library) -> Option<PathBuf> {
    // SAFETY: the file is open already; both functions have this type in every version.
    let [version, build] = unsafe {
        let handle = std::mem::ManuallyDrop::new(libloading::Library::new(real.path()).unwrap());
        [&b"getInferLibVersion"[..], b"getInferLibBuildVersion"].map(|name| handle.get::<extern "C" fn() -> i32>(name).unwrap()())
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, library) = (folder.join("runtime_only.c"), folder.join("libruntime_only.so"));
    let text = format!(
        "int getInferLibVersion(void) {{ return {version}; }}\nint getInferLibBuildVersion(void) {{ return {build}; }}\n\
         void *createInferRuntime_INTERNAL(void *l, int v) {{ return 0; }}\n"
    );
    std::fs::write(&source, text).unwrap();
    let done = std::process::Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    if !done.is_ok_and(|s| s.success()) {
        println!("SKIP runtime only: no C compiler");
        return None;
    }
    Some(library)
}

#[test]
fn engines_of_the_cache_are_found_and_no_others() {
    let Some(real) = library() else { return };
    let Some(runtime) = runtime(real) else { return };
    let folder = folder("runtime-only");
    let cache = ("engine_cache", folder.to_str().unwrap());
    let built = build(&model(0.5, true), &[cache]).0.unwrap();
    let here = [cache, ("tensorrt_library", runtime.to_str().unwrap()), ("offload", "default")];
    let (found, said) = build(&model(0.5, true), &here);
    let found = found.unwrap();
    assert!(state(&found).contains(", cached;") && found.engine(0).unwrap() == built.engine(0).unwrap(), "{}", state(&found));
    assert!(said.iter().any(|l| l.starts_with("Info") && l.contains("can only run engines")), "{said:?}");
    // Another weight or option is another engine, which is not there: one warning.
    for (weight, more) in [(0.25, ("log_level", "info")), (0.5, ("tf32", "true"))] {
        let (other, said) = build(&model(weight, true), &[&here[..], &[more]].concat());
        let other = other.unwrap();
        assert!(!other.has_engine(0) && state(&other).contains("own kernels: "), "{}", state(&other));
        let warnings: Vec<_> = said.iter().filter(|l| l.starts_with("Warning")).collect();
        assert!(warnings.len() == 1 && warnings[0].contains("not in engine_cache"), "{warnings:?}");
    }
    // Without a cache there is nothing to run.
    assert!(build(&model(0.5, true), &here[1..]).0.unwrap().region_state(0).unwrap().contains("not in engine_cache"));
}
