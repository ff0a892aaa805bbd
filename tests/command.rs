//! The command `tvmtrt` as a person or a program calls it.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use tvmtrt::tensorrt::cache::{Cache, Key};

fn tvmtrt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tvmtrt")).args(arguments).env_remove("TVM_TENSORRT_CACHE_DIR").output().unwrap()
}

#[track_caller]
fn text(arguments: &[&str], code: i32) -> String {
    let output = tvmtrt(arguments);
    let text = String::from_utf8(if code == 2 { output.stderr.clone() } else { output.stdout.clone() }).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_cache_is_listed_checked_and_cleared() {
    let folder = folder("cache");
    let path = folder.to_str().unwrap();
    assert!(text(&["cache", "list", "--folder", path], 0).starts_with("0 files"));
    let cache = Cache::open(&folder, None);
    for name in ["a", "b"] {
        let key = Key::new(format!("engine of {name}\nlibrary: TensorRT 10.6.0\ndevice: A GPU, sm 8.6\n"));
        cache.get_or_build(&key, &mut || Ok(vec![7; 1000].into())).unwrap();
    }
    let listed = text(&["cache", "list", &format!("--folder={path}")], 0);
    assert!(listed.contains("TensorRT 10.6.0; A GPU, sm 8.6") && listed.contains("\n2 files, "), "{listed}");
    let json: Value = serde_json::from_str(&text(&["--json", "cache", "verify", "--folder", path], 0)).unwrap();
    assert_eq!((json["schema_version"].as_i64(), json["files"].as_array().unwrap().len()), (Some(1), 2));
    assert!(json["files"][0]["fault"].is_null() && json["files"][0]["device"] == "A GPU, sm 8.6", "{json}");
    // A byte of an engine changes.
    let damaged = PathBuf::from(json["files"][0]["path"].as_str().unwrap());
    let mut bytes = std::fs::read(&damaged).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    assert!(!text(&["cache", "list", "--folder", path], 0).contains("damaged"));
    assert!(text(&["cache", "verify", "--folder", path], 1).contains("damaged: its content"));
    // What is not the cache's stays.
    std::fs::write(folder.join("notes.engine"), "mine").unwrap();
    assert!(text(&["cache", "clear", "--folder", path], 0).starts_with("2 files, "));
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.engine"]);
    let json: Value = serde_json::from_str(&text(&["cache", "clear", "--json", "--folder", path], 0)).unwrap();
    assert_eq!(json["removed"], 0);
}

#[test]
fn the_variable_names_the_folder() {
    let folder = folder("variable");
    let output =
        Command::new(env!("CARGO_BIN_EXE_tvmtrt")).args(["cache", "list"]).env("TVM_TENSORRT_CACHE_DIR", &folder).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("command-variable"));
}

#[test]
fn the_library_is_described() {
    assert!(text(&["info", "--library", "/nowhere"], 0).contains("/nowhere: no such file or folder"));
    let json: Value = serde_json::from_str(&text(&["info", "--json", "--library", "/nowhere"], 0)).unwrap();
    assert!(json["library"].is_null() && json["schema_version"] == 1);
}

#[test]
fn wrong_calls_are_told_and_help_names_every_command() {
    for wrong in [&[][..], &["cahce"], &["cache"], &["cache", "list"], &["cache", "list", "--fodler", "/x"], &["info", "more"]] {
        assert!(text(wrong, 2).contains("tvmtrt --help"), "{wrong:?}");
    }
    let help = text(&["--help"], 0);
    for part in ["tvmtrt info", "cache list", "cache verify", "cache clear", "--folder", "--json", "--library"] {
        assert!(help.contains(part), "{part}");
    }
    assert_eq!(text(&["--version"], 0), format!("tvmtrt {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(tvmtrt(&["cache", "list", "--folder", file!()]).status.code(), Some(1));
}
