//! The binary interface only grows: what `tests/abi/abi.lock` holds is in today's header, unchanged, and what the header has beyond it must be
//! put there (`TVMTRT_BLESS=1`). Nothing here may take a line out of the lock.

mod capi_support;

use capi_support::{library, prototypes, read, root, run, scratch};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

const LOCK: &str = "tests/abi/abi.lock";

/// All that a compiled program depends on in a header: one line each for functions, callbacks, constants, structures and their fields.
fn interface(folder: &str, file: &str) -> BTreeSet<String> {
    let header = read(&format!("{folder}/{file}"));
    let mut lines: BTreeSet<String> = prototypes(&header).iter().map(|(_, _, p)| format!("function {}", signature(p))).collect();
    let plain = without_comments(&header);
    for line in plain.lines() {
        let mut words = line.split_whitespace();
        if let (Some("#define"), Some(name), Some(value)) = (words.next(), words.next(), words.next()) {
            // The version of the package is no interface: it is compared with Cargo.toml elsewhere.
            if value.parse::<u64>().is_ok() && !name.starts_with("TVMTRT_VERSION_") {
                lines.insert(format!("constant {name} {value}"));
            }
        }
    }
    for line in plain.lines().filter(|l| l.trim_start().starts_with("kDL")) {
        let (name, value) = line.trim().trim_end_matches(',').split_once(" = ").expect("an enumerator's number");
        lines.insert(format!("constant {name} {}", value.trim_end_matches('U')));
    }
    for statement in plain.split(';').filter(|s| s.contains("typedef") && s.contains("(*tvmtrt_")) {
        let callback = &statement[statement.find("typedef").unwrap() + 7..];
        let name = callback.split("(*").nth(1).unwrap().split(')').next().unwrap();
        lines.insert(format!("callback {}", signature(&callback.replacen(&format!("(*{name})"), name, 1))));
    }
    lines.extend(layouts(folder, file, &plain));
    lines
}

/// `int f(const char *name, size_t n)` as `int f(const char *, size_t)`: names of parameters are no interface.
fn signature(prototype: &str) -> String {
    let flat = prototype.replace("TVMTRT_MUST_USE", " ").replace(';', " ");
    let (head, inside) = flat.split_once('(').expect("a list of parameters");
    let words = |s: &str| s.replace('*', " * ").split_whitespace().collect::<Vec<_>>().join(" ");
    let kind = |parameter: &str| {
        let all = words(parameter);
        match all.rsplit_once(' ') {
            Some((kind, name)) if name != "*" => kind.to_string(),
            _ => all,
        }
    };
    let parameters: Vec<String> = inside[..inside.rfind(')').unwrap()].split(',').map(kind).collect();
    format!("{}({})", words(head), parameters.join(", "))
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out += before;
        rest = after.split_once("*/").expect("a comment ends").1;
    }
    out + rest
}

/// Sizes, and each field's place, size and type, as a C compiler sees them.
fn layouts(folder: &str, file: &str, plain: &str) -> Vec<String> {
    let mut prints = String::new();
    for part in plain.split("typedef struct").skip(1).filter(|p| p.split(';').next().unwrap().contains('{')) {
        let (body, after) = part.split_once('{').unwrap().1.split_once("\n}").expect("a structure ends");
        let name = after.split(';').next().unwrap().trim();
        prints += &format!("  printf(\"structure {name} size %u\\n\", (unsigned)sizeof({name}));\n");
        for field in body.split(';').map(str::trim).filter(|f| !f.is_empty()) {
            let member = match field.split_once("(*") {
                Some((_, rest)) => rest.split(')').next().unwrap(),
                None => field.rsplit([' ', '*', '\n']).next().unwrap(),
            };
            let kind: String = field.split_whitespace().collect::<Vec<_>>().join(" ");
            prints += &format!(
                "  printf(\"field {name}.{member} offset %u size %u: {kind}\\n\", (unsigned)offsetof({name}, {member}), (unsigned)sizeof((({name} *)0)->{member}));\n"
            );
        }
    }
    // Tests of this file run at the same time.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder_of_program = scratch(&format!("abi_{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let (source, program) = (folder_of_program.join("layouts.c"), folder_of_program.join("layouts"));
    std::fs::write(&source, format!("#include <stdio.h>\n#include \"{file}\"\nint main(void) {{\n{prints}  return 0;\n}}\n")).unwrap();
    run(Command::new("gcc").args(["-std=c11", "-Wall", "-Werror", "-I"]).arg(root().join(folder)).arg(&source).arg("-o").arg(&program));
    run(&mut Command::new(&program)).lines().map(str::to_string).collect()
}

/// What stands against `now` when `locked` is a promise; lines that may be added to it.
fn compare(locked: &BTreeSet<String>, now: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    (locked.difference(now).cloned().collect(), now.difference(locked).cloned().collect())
}

fn lock() -> BTreeSet<String> {
    read(LOCK).lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(str::to_string).collect()
}

#[test]
fn the_interface_only_grows() {
    let now = interface("include", "tvmtrt.h");
    assert!(now.len() > 140, "{} lines", now.len());
    let (broken, new) = compare(&lock(), &now);
    assert!(broken.is_empty(), "compiled programs depend on what has changed or is gone:\n{}", broken.join("\n"));
    if std::env::var_os("TVMTRT_BLESS").is_some() {
        let all: Vec<String> = now.into_iter().collect();
        let head = "# The binary interface, made by tests/abi.rs. Lines are added (TVMTRT_BLESS=1), never changed or taken out.";
        return std::fs::write(root().join(LOCK), format!("{head}\n{}\n", all.join("\n"))).unwrap();
    }
    assert!(new.is_empty(), "new in the header; run this test with TVMTRT_BLESS=1:\n{}", new.join("\n"));
}

#[test]
fn the_lock_holds_all_frozen_headers() {
    let locked = lock();
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("tests/abi/headers")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let (gone, _) = compare(&interface("tests/abi/headers", &file), &locked);
        assert!(gone.is_empty(), "{file}: not in the lock:\n{}", gone.join("\n"));
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn changes_and_removals_are_seen() {
    let now = interface("include", "tvmtrt.h");
    let pick = |part: &str| now.iter().find(|l| l.contains(part)).unwrap_or_else(|| panic!("no line with {part}")).clone();
    for (line, changed) in [
        ("function const char * tvmtrt_version(void)", "function char * tvmtrt_version(void)"),
        (
            "function tvmtrt_error_t * tvmtrt_options_keys(uint32_t, tvmtrt_text_t * *)",
            "function tvmtrt_error_t * tvmtrt_options_keys(uint32_t)",
        ),
        ("constant TVMTRT_ERROR_IO 100", "constant TVMTRT_ERROR_IO 101"),
        ("field tvmtrt_shape_t.rank offset 16 size 8: size_t rank", "field tvmtrt_shape_t.rank offset 16 size 4: int rank"),
        ("structure tvmtrt_argument_t size 24", "structure tvmtrt_argument_t size 32"),
        ("callback void tvmtrt_finalizer_t(void *)", "callback void tvmtrt_finalizer_t(void)"),
    ] {
        assert_eq!(pick(line), line);
        let mut other = now.clone();
        other.remove(line);
        assert_eq!(compare(&now, &other), (vec![line.to_string()], vec![]), "removal");
        other.insert(changed.to_string());
        assert_eq!(compare(&now, &other), (vec![line.to_string()], vec![changed.to_string()]), "change");
    }
}

/// Compiles a client of an old header and links it with the library of today.
fn client(name: &str) -> std::path::PathBuf {
    let folder = scratch(&format!("client_{name}"));
    std::os::unix::fs::symlink(library(), folder.join("libtvmtrt.so.0")).unwrap();
    let program = folder.join(name);
    run(Command::new("gcc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(root().join("tests/abi/headers"))
        .arg(root().join(format!("tests/abi/clients/{name}.c")))
        .arg("-o")
        .arg(&program)
        .arg(folder.join("libtvmtrt.so.0"))
        .arg(format!("-Wl,-rpath,{}", folder.display())));
    program
}

#[test]
fn old_clients_run() {
    let program = client("v0_1");
    assert!(Path::new(&program).is_file());
    let said = run(Command::new(program).env_remove("TVMTRT_TENSORRT_LIBRARY"));
    assert!(said.starts_with("compiled for 0.1.0, runs with "), "{said}");
}

#[test]
fn the_old_client_calls_all_that_its_header_has() {
    let text = read("tests/abi/clients/v0_1.c");
    for (name, ..) in prototypes(&read("tests/abi/headers/tvmtrt-0.1.h")) {
        assert!(text.contains(&format!("{name}(")), "{name} is not called");
    }
}
