//! `tvmtrt cache`.

use crate::{command, folder, text, tvmtrt};
use serde_json::Value;
use std::path::PathBuf;
use tvmtrt::tensorrt::cache::{Cache, Key};

#[test]
fn a_cache_is_listed_checked_and_cleared() {
    let folder = folder("cache");
    let path = folder.to_str().unwrap();
    assert!(text(&["cache", "list", path], 0).starts_with("0 files"));
    let cache = Cache::open(&folder, None);
    for name in ["a", "b"] {
        let key = Key::new(format!("engine of {name}\nlibrary: TensorRT 10.6.0\ndevice: A GPU, sm 8.6\n"));
        cache.get_or_build(&key, &mut || Ok(vec![7; 1000].into())).unwrap();
    }
    let listed = text(&["cache", "list", &format!("--engine-cache={path}")], 0);
    assert!(listed.contains("TensorRT 10.6.0; A GPU, sm 8.6") && listed.contains("\n2 files, "), "{listed}");
    let json: Value = serde_json::from_str(&text(&["--json", "cache", "verify", path], 0)).unwrap();
    assert_eq!((json["schema_version"].as_i64(), json["files"].as_array().unwrap().len()), (Some(1), 2));
    assert!(json["files"][0]["fault"].is_null() && json["files"][0]["device"] == "A GPU, sm 8.6", "{json}");
    // A byte of an engine changes.
    let damaged = PathBuf::from(json["files"][0]["path"].as_str().unwrap());
    let mut bytes = std::fs::read(&damaged).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    assert!(!text(&["cache", "list", path], 0).contains("damaged"));
    assert!(text(&["cache", "verify", path], 1).contains("damaged: its content"));
    // What is not the cache's stays.
    std::fs::write(folder.join("notes.engine"), "mine").unwrap();
    assert!(text(&["cache", "clear", path], 0).starts_with("2 files, "));
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.engine"]);
    let json: Value = serde_json::from_str(&text(&["cache", "clear", "--json", path], 0)).unwrap();
    assert_eq!(json["removed"], 0);
}

#[test]
fn the_variable_names_the_folder() {
    let folder = folder("variable");
    let output = command().args(["cache", "list"]).env("TVM_TENSORRT_CACHE_DIR", &folder).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("command-variable"));
    let output = command().args(["cache", "list", "--no-env"]).env("TVM_TENSORRT_CACHE_DIR", &folder).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(tvmtrt(&["cache", "list", file!()]).status.code(), Some(1));
}
