//! `include/tvmtrt.hpp`: compiles by each standard from C++17 on with each compiler, behaves, and reaches every function of `tvmtrt.h`.

mod capi_support;

use capi_support::{library, prototypes, read, root, run, scratch, skip, try_run};
use std::path::PathBuf;
use std::process::Command;

fn compile(compiler: &str, standard: &str) -> PathBuf {
    let folder = scratch(&format!("wrapper_{compiler}_{standard}"));
    std::os::unix::fs::symlink(library(), folder.join("libtvmtrt.so.0")).unwrap();
    let program = folder.join("wrapper");
    run(Command::new(compiler)
        .arg(format!("-std={standard}"))
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-I"])
        .arg(root().join("include"))
        .arg(root().join("tests/cpp/wrapper.cpp"))
        .arg("-o")
        .arg(&program)
        .arg(folder.join("libtvmtrt.so.0"))
        .arg(format!("-Wl,-rpath,{}", folder.display())));
    program
}

fn works(compiler: &str, standard: &str) {
    let program = compile(compiler, standard);
    let said = run(Command::new(&program).env_remove("TVMTRT_TENSORRT_LIBRARY"));
    assert_eq!(said, "all is well\n", "{compiler} {standard}");
}

#[test]
fn works_with_gcc() {
    works("g++", "c++20");
    works("g++", "c++17");
}

#[test]
fn works_with_clang() {
    if try_run(Command::new("clang++").arg("--version")).is_err() {
        return skip("clang", "there is no clang++");
    }
    works("clang++", "c++17");
    works("clang++", "c++20");
}

#[test]
fn reaches_every_function() {
    let wrapper = read("include/tvmtrt.hpp");
    let used = |name: &str| {
        wrapper.match_indices(name).any(|(at, _)| !wrapper[at + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let header = read("include/tvmtrt.h");
    let constants =
        header.lines().filter_map(|l| l.strip_prefix("#define TVMTRT_")).filter(|l| l.starts_with("FORMAT_") || l.starts_with("LOG_"));
    constants.for_each(|l| assert!(used(&format!("TVMTRT_{}", l.split(' ').next().unwrap())), "tvmtrt.hpp does not have {l}"));
    let missing: Vec<String> = prototypes(&header).into_iter().map(|(name, ..)| name).filter(|n| !used(n)).collect();
    assert!(missing.is_empty(), "tvmtrt.hpp does not reach {missing:?}");
}
