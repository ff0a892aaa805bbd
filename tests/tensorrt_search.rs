//! Opening what is no TensorRT gives a reason that a person can act on.

use std::path::PathBuf;
use tvmtrt::tensor::error::{Code, Error};
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::search::Search;

fn refused(path: PathBuf) -> Error {
    let (found, probes) = Library::probe(&Search { path: Some(path.clone()), any_version: false });
    assert!(found.is_none() && !probes.is_empty());
    let error = Library::find(&Search { path: Some(path), any_version: false }).unwrap_err();
    assert!(probes.iter().all(|p| error.message.contains(&p.to_string())), "{error}");
    error
}

/// Compiles a library that answers a version, with the functions that TensorRT has where `whole`.
fn pretended(name: &str, version: i32, whole: bool) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, library) = (folder.join(format!("{name}.c")), folder.join(format!("lib{name}.so")));
    let rest = if whole { "void *createInferRuntime_INTERNAL(void *l, int v) { return 0; }" } else { "" };
    std::fs::write(&source, format!("int getInferLibVersion(void) {{ return {version}; }}\n{rest}\n")).unwrap();
    let done = std::process::Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    if !done.is_ok_and(|s| s.success()) {
        println!("SKIP search: no C compiler");
        return None;
    }
    Some(library)
}

#[test]
fn a_file_that_is_no_library() {
    let error = refused(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")));
    assert_eq!(error.code, Code::TensorRtNotFound);
    assert!(error.message.contains("cannot be opened"), "{error}");
    let error = refused(PathBuf::from("/nowhere/at/all"));
    assert!(error.message.contains("no such file or folder"), "{error}");
    let error = refused(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert!(error.message.contains("libnvinfer.so.10"), "{error}");
}

#[test]
fn libraries_that_are_not_this_library() {
    let Some(old) = pretended("old", 7203, true) else { return };
    let error = refused(old);
    assert_eq!(error.code, Code::TensorRtTooOld);
    assert!(error.message.contains("7.2.3") && error.message.contains("8.5.1"), "{error}");
    let new = pretended("new", 130_001, true).unwrap();
    let error = refused(new.clone());
    assert_eq!(error.code, Code::TensorRtTooNew);
    assert!(error.message.contains("tensorrt_force_version"), "{error}");
    let forced = Library::find(&Search { path: Some(new), any_version: true }).unwrap();
    assert!(!forced.can_build() && !forced.abi().is_exact());
    assert!(refused(pretended("stub", 0, true).unwrap()).message.contains("a stub"));
    assert!(refused(pretended("half", 100_600, false).unwrap()).message.contains("createInferRuntime_INTERNAL"));
}

#[test]
fn what_cannot_be_opened_is_too_old_by_its_name() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("by_name");
    std::fs::create_dir_all(&folder).unwrap();
    let named = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, "no library").unwrap();
        path
    };
    let error = refused(named("libnvinfer.so.7.2.3"));
    assert_eq!(error.code, Code::TensorRtTooOld);
    assert!(error.message.contains("7.2.3") && error.message.contains("8.5.1"), "{error}");
    assert_eq!(refused(named("libnvinfer.so.8.0.1")).code, Code::TensorRtTooOld);
    assert_eq!(refused(named("libnvinfer.so.8")).code, Code::TensorRtNotFound);
    assert_eq!(refused(named("libnvinfer.so.10.6.0")).code, Code::TensorRtNotFound);
}

#[test]
fn one_file_is_opened_once() {
    let Some(path) = pretended("twice", 100_600, true) else { return };
    let link = path.with_file_name("link.so");
    let _ = std::os::unix::fs::symlink(&path, &link);
    let open = |path: &PathBuf| Library::find(&Search { path: Some(path.clone()), any_version: false }).unwrap();
    assert!(std::ptr::eq(open(&path), open(&link)));
    assert_eq!(open(&path).release().to_string(), "TensorRT 10.6.0");
}
