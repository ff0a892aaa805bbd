//! What the tests of the C interface share: places, programs, skips.
#![allow(dead_code, reason = "each test program uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The shared library that was built with this test.
pub fn library() -> PathBuf {
    let program = std::env::current_exe().expect("path of this test");
    let path = program.parent().expect("a folder").join("libtvmtrt.so");
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

/// An empty folder of this test's own.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a scratch folder");
    path
}

/// Prints why a test is skipped; fails instead where `TVMTRT_REQUIRE` lists `tier`.
pub fn skip(tier: &str, reason: &str) {
    let required = std::env::var("TVMTRT_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|t| t.trim() == tier), "{tier} is required, but {reason}");
    println!("SKIP {tier}: {reason}");
}

/// Runs a program and returns what it printed; fails where the program does.
pub fn run(command: &mut Command) -> String {
    let output = try_run(command).unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ends with {}\n{out}{err}", output.status);
    out.into_owned()
}

/// Runs a program, or says why it cannot be started.
pub fn try_run(command: &mut Command) -> std::io::Result<Output> {
    command.output()
}

/// Names of the functions that the header declares, with the comment above each and the text of the prototype.
pub fn prototypes(header: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    // Statements outside of comments, each with the comment that stands directly above it.
    let (mut rest, mut comment) = (header, String::new());
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        rest = &rest[start..];
        if let Some(after) = rest.strip_prefix("/*") {
            let end = after.find("*/").expect("a comment ends");
            comment = after[..end].to_string();
            rest = &after[end + 2..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("extern \"C\" {") {
            rest = after;
            continue;
        }
        let end = if rest.starts_with('#') { rest.find('\n') } else { rest.find(';') }.unwrap_or(rest.len() - 1);
        let statement = &rest[..=end];
        rest = &rest[end + 1..];
        let name = statement.split('(').next().unwrap_or("").rsplit([' ', '*', '\n']).next().unwrap_or("");
        if statement.ends_with(");") && name.starts_with("tvmtrt_") && !statement.starts_with("typedef") {
            found.push((name.to_string(), std::mem::take(&mut comment), statement.to_string()));
        }
    }
    found
}
