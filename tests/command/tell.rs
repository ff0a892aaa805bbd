//! What the command says of itself: help, options as flags, wrong calls, variables, the library.

use crate::{command, fault, folder, json, models, path, text};
use serde_json::Value;
use std::process::Stdio;

const COMMANDS: &[&str] =
    &["info", "partition", "explain", "build", "run", "bench", "calibrate", "export", "cache", "options", "completion", "help"];

#[test]
fn help_names_every_command_and_every_option_is_a_flag_of_one() {
    let help = text(&["--help"], 0);
    let mut flags = String::new();
    for name in COMMANDS {
        assert!(help.contains(&format!("\n  tvmtrt {name}")), "{name}");
        let own = text(&[name, "--help"], 0);
        assert_eq!(own, text(&["help", name], 0));
        assert!(own.starts_with(&format!("tvmtrt {name}")) && own.contains("--json") && own.lines().all(|l| l.len() <= 160), "{own}");
        flags += &own;
    }
    let options = json(&["options"]);
    for row in options["options"].as_array().unwrap() {
        let (key, doc) = (row["key"].as_str().unwrap(), row["doc"].as_str().unwrap());
        assert!(flags.contains(&format!("  --{}", key.replace('_', "-"))), "{key}");
        let shown = text(&["options", key], 0);
        assert!(shown.starts_with(&format!("{key}: ")) && shown.contains(doc) && shown.lines().count() == 2, "{shown}");
    }
    assert_eq!(text(&["--version"], 0), format!("tvmtrt {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_calls_end_with_2_and_say_what_was_meant() {
    for (wrong, part) in [
        (&[][..], "no command is given"),
        (&["cahce"], "did you mean 'cache'?"),
        (&["cache"], "'cache' needs list|verify|clear"),
        (&["cache", "lits"], "did you mean 'list'?"),
        (&["cache", "list", "a", "b"], "does not take 'b'"),
        (&["run"], "'run' needs MODEL"),
        (&["run", "a.onnx", "--precison", "float16"], "did you mean --precision?"),
        (&["run", "a.onnx", "--max_workspace_sise", "1"], "did you mean --max-workspace-size?"),
        (&["run", "a.onnx", "--precision", "flaot16"], "did you mean 'float16'?"),
        (&["run", "a.onnx", "--threads"], "--threads needs a value: a whole number from 0 to 1024"),
        (&["run", "a.onnx", "--threads", "many"], "a whole number"),
        (&["run", "a.onnx", "-x"], "there is no flag -x"),
        (&["run", "a.onnx", "--json=yes"], "json"),
        (&["explain", "a.onnx", "--threads", "2"], "'explain' does not read --threads: run, bench, calibrate do"),
        (&["explain", "a.onnx", "--seed", "2"], "'explain' does not take --seed"),
        (&["explain", "a.onnx", "--format", "sgv"], "did you mean 'svg'?"),
        (&["options", "precison"], "did you mean 'precision'?"),
        (&["help", "rum"], "did you mean 'run'?"),
        (&["completion", "tcsh"], "one of bash, zsh, fish"),
        (&["export", "a.onnx"], "--engines FOLDER"),
    ] {
        let said = text(wrong, 2);
        assert!(said.starts_with("tvmtrt: ") && said.contains(part) && said.contains("--help"), "{wrong:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn failures_end_with_1_and_say_where() {
    let folder = folder("failures");
    let junk = folder.join("junk.onnx");
    std::fs::write(&junk, b"PNG, not a model").unwrap();
    for name in ["info", "partition", "explain", "build", "run", "bench"] {
        assert!(fault(&[name, "/nowhere/a.onnx"], 1).contains("cannot read '/nowhere/a.onnx'"));
        assert!(fault(&[name, &path(&junk)], 1).contains("junk.onnx"));
    }
    let model = path(&models::pair(&folder));
    assert!(fault(&["explain", &model, "-o", "/nowhere/why.svg"], 1).contains("cannot write '/nowhere/why.svg'"));
    assert!(fault(&["explain", &model, "--offload", "on", "--tensorrt-library", "/nowhere"], 1).contains("offload is on"));
}

#[test]
fn switches_need_no_value() {
    let folder = folder("switches");
    let model = path(&models::pair(&folder));
    for (flags, value) in [(&["--remove-no-mac-subgraphs"][..], "true"), (&["--remove-no-mac-subgraphs=off"], "false"), (&[], "false")] {
        let all: Vec<&str> = [&["explain", &model, "--no-env"], flags].concat();
        assert_eq!(json(&all)["options"]["remove_no_mac_subgraphs"], value, "{flags:?}");
    }
}

#[test]
fn variables_are_read_before_flags_unless_told_otherwise() {
    let folder = folder("variables");
    let model = path(&models::pair(&folder));
    let offload = |flags: &[&str]| {
        let output = command().args([&["explain", &model, "--json"], flags].concat()).env("USE_TENSORRT", "0").output().unwrap();
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        all["options"]["offload"].as_str().unwrap().to_string()
    };
    assert_eq!(offload(&[]), "off");
    assert_eq!(offload(&["--offload", "default"]), "default");
    assert_eq!(offload(&["--no-env"]), "default");
    let wrong = command().args(["explain", &model]).env("TVM_TENSORRT_USE_FP16", "perhaps").output().unwrap();
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.status.code() == Some(2) && said.contains("TVM_TENSORRT_USE_FP16=perhaps") && said.contains("--no-env"), "{said}");
}

#[test]
fn the_library_and_models_are_described() {
    assert!(text(&["info", "--tensorrt-library", "/nowhere"], 0).contains("/nowhere: no such file or folder"));
    assert!(json(&["info", "--tensorrt-library", "/nowhere"])["library"].is_null());
    let folder = folder("info");
    let model = path(&models::pair(&folder));
    let said = text(&["info", &model], 0);
    for part in ["'pair', 2 nodes", "input  a: float32[N, 3]", "output y: float32[N, 3]", "add 1", "metadata labels: cat,dog"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let all = json(&["info", &model]);
    assert_eq!((&all["inputs"][1]["name"], &all["inputs"][1]["shape"][1]), (&Value::from("b"), &Value::from(3)));
    assert_eq!((&all["operators"]["nn.relu"], &all["metadata"]["labels"]), (&Value::from(1), &Value::from("cat,dog")));
}

/// A reader that closes the pipe before it has all is no error.
#[test]
fn a_closed_pipe_is_harmless() {
    for arguments in [&["options"][..], &["help", "run"], &["nonsense"]] {
        let mut child = command().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let code = if arguments == ["nonsense"] { 2 } else { 0 };
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}

/// A full disk is one.
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command().arg("options").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output"));
}
