//! The command `tvmtrt` as a person or a program calls it: each test runs the binary.

mod artifact;
mod cache;
mod explain;
mod models;
mod readme;
mod run;
mod shells;
mod tell;
#[path = "../tensorrt_library/mod.rs"]
mod tensorrt_library;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The binary without the variables that it reads.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tvmtrt"));
    for (variable, _) in tvmtrt::capi::environment::VARIABLES {
        command.env_remove(variable);
    }
    command.env_remove("TVMTRT_LOG");
    command
}

/// Runs the binary.
pub fn tvmtrt(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

/// What it says, where it ends with `code`: on standard output, for wrong calls on standard error.
#[track_caller]
pub fn text(arguments: &[&str], code: i32) -> String {
    let output = tvmtrt(arguments);
    let text = String::from_utf8(if code == 2 { output.stderr.clone() } else { output.stdout.clone() }).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// What it says on standard error, where it ends with `code`.
#[track_caller]
pub fn fault(arguments: &[&str], code: i32) -> String {
    let output = tvmtrt(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

/// Its answer to a program.
#[track_caller]
pub fn json(arguments: &[&str]) -> Value {
    let all: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let answer: Value = serde_json::from_str(&text(&all, 0)).unwrap();
    assert_eq!(answer["schema_version"], 1, "{arguments:?}");
    answer
}

/// An empty folder.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A path as an argument.
pub fn path(path: &Path) -> String {
    path.to_str().unwrap().to_string()
}
