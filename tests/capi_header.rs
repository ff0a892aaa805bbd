//! The header is what the source says, compiles everywhere, documents every function, and declares exactly what is exported.

mod capi_support;

use capi_support::{library, prototypes, read, root, run, scratch, skip};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// cbindgen's output differs between releases: only this one may write the header.
const CBINDGEN: &str = "cbindgen 0.29.4";

/// cbindgen of the pinned version: in the repository's own tools, else in PATH.
fn cbindgen() -> Option<PathBuf> {
    let candidates = [root().join(".cache/tools/bin/cbindgen"), PathBuf::from("cbindgen")];
    candidates.into_iter().find(|path| {
        let version = Command::new(path).arg("--version").output();
        version.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).trim() == CBINDGEN)
    })
}

#[test]
fn header_is_what_the_source_says() {
    let Some(cbindgen) = cbindgen() else {
        return skip("cbindgen", &format!("there is no {CBINDGEN} in .cache/tools/bin or PATH"));
    };
    let made = scratch("header").join("tvmtrt.h");
    let arguments = ["--quiet", "--config", "cbindgen.toml", "src/capi/mod.rs", "--output"];
    run(Command::new(cbindgen).current_dir(root()).args(arguments).arg(&made));
    let made = std::fs::read_to_string(made).unwrap();
    if std::env::var_os("TVMTRT_BLESS").is_some() {
        std::fs::write(root().join("include/tvmtrt.h"), &made).unwrap();
    }
    assert!(made == read("include/tvmtrt.h"), "include/tvmtrt.h is out of date: run this test with TVMTRT_BLESS=1");
}

#[test]
fn header_compiles_as_c_and_cpp() {
    let source = root().join("tests/c/header_twice.c");
    for standard in ["c99", "c11", "c17", "c++11", "c++14", "c++17"] {
        let (compiler, language) = if standard.starts_with("c++") { ("g++", "c++") } else { ("gcc", "c") };
        run(Command::new(compiler)
            .args(["-x", language, &format!("-std={standard}"), "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"])
            .arg("-I")
            .arg(root().join("include"))
            .arg(&source));
    }
}

#[test]
fn every_prototype_is_documented() {
    let header = read("include/tvmtrt.h");
    let all = prototypes(&header);
    assert!(all.len() > 50, "{} prototypes", all.len());
    for (name, doc, prototype) in &all {
        assert!(doc.starts_with('*'), "{name} has no comment");
        for part in ["Thread safety: ", "Since: 0."] {
            assert!(doc.contains(part), "{name} lacks '{part}'");
        }
        assert_eq!(doc.contains("\\return "), !prototype.contains("void tvmtrt_"), "{name}: \\return");
        let inside = &prototype[prototype.find('(').unwrap() + 1..prototype.rfind(')').unwrap()];
        let parameters = inside.split(',').filter(|p| p.trim() != "void").map(|p| p.rsplit([' ', '*']).next().unwrap_or(""));
        for parameter in parameters {
            assert!(doc.contains(&format!("\\param {parameter} ")), "{name} does not document {parameter}");
        }
        let must_use = prototype.starts_with("TVMTRT_MUST_USE");
        assert_eq!(must_use, prototype.contains("tvmtrt_error_t *tvmtrt_"), "{name}: TVMTRT_MUST_USE");
    }
}

#[test]
fn exported_symbols_are_those_of_the_header() {
    let symbols = run(Command::new("nm").args(["-D", "--defined-only"]).arg(library()));
    let exported: BTreeSet<_> = symbols.lines().filter_map(|l| l.split_whitespace().nth(2)).map(str::to_string).collect();
    let declared: BTreeSet<_> = prototypes(&read("include/tvmtrt.h")).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(exported, declared);
}

#[test]
fn library_needs_only_the_c_runtime() {
    let needed = run(Command::new("ldd").arg(library()));
    for line in needed.lines() {
        let name = line.split_whitespace().next().unwrap_or("").rsplit('/').next().unwrap_or("");
        let known = ["linux-vdso.so", "libc.so", "libm.so", "libgcc_s.so", "ld-linux"].iter().any(|k| name.starts_with(k));
        assert!(known, "unexpected dependency: {line}");
    }
}

#[test]
fn soname_is_the_abi() {
    let dynamic = run(Command::new("readelf").arg("-d").arg(library()));
    let soname = format!("[libtvmtrt.so.{}]", tvmtrt::capi::version::TVMTRT_ABI);
    assert!(dynamic.lines().any(|l| l.contains("SONAME") && l.contains(&soname)), "{dynamic}");
}

#[test]
fn header_has_the_package_version() {
    let header = read("include/tvmtrt.h");
    for (part, value) in
        [("MAJOR", env!("CARGO_PKG_VERSION_MAJOR")), ("MINOR", env!("CARGO_PKG_VERSION_MINOR")), ("PATCH", env!("CARGO_PKG_VERSION_PATCH"))]
    {
        assert!(header.contains(&format!("#define TVMTRT_VERSION_{part} {value}\n")), "{part}");
    }
}
