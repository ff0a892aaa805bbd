//! `tvmtrt completion`: the script of bash completes in bash; those of other shells are read by them where they are installed.

use crate::{folder, text};
use std::process::{Command, Stdio};

/// What bash offers for the last word.
fn offered(words: &[&str]) -> Vec<String> {
    let script = format!(
        "{}\nCOMP_WORDS=({}); COMP_CWORD={}; _tvmtrt; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        text(&["completion", "bash"], 0),
        words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1
    );
    let output = Command::new("bash").args(["--norc", "-c", &script]).current_dir(folder_of_files()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().filter(|l| !l.is_empty()).map(str::to_string).collect()
}

fn folder_of_files() -> std::path::PathBuf {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("command-files");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("net.onnx"), "").unwrap();
    folder
}

#[test]
fn bash_completes() {
    assert_eq!(offered(&["tvmtrt", "exp"]), ["explain", "export"]);
    assert_eq!(offered(&["tvmtrt", "run", "--prec"]), ["--precision"]);
    assert_eq!(offered(&["tvmtrt", "run", "--precision", "int"]), ["int8", "int8_float16"]);
    assert_eq!(offered(&["tvmtrt", "run", "--precision", "=", "bf"]), ["bfloat16"]);
    assert_eq!(offered(&["tvmtrt", "run", "--precision", "="]), ["float32", "float16", "bfloat16", "int8", "int8_float16"]);
    assert_eq!(offered(&["tvmtrt", "cache", ""]), ["list", "verify", "clear"]);
    assert_eq!(offered(&["tvmtrt", "completion", "z"]), ["zsh"]);
    assert_eq!(offered(&["tvmtrt", "options", "max_w"]), ["max_workspace_size"]);
    assert_eq!(offered(&["tvmtrt", "explain", "ne"]), ["net.onnx"]);
    assert_eq!(offered(&["tvmtrt", "run", "net.onnx", "--input", "n"]), ["net.onnx"]);
    assert!(offered(&["tvmtrt", "explain", "--thr"]).is_empty(), "explain does not read --threads");
    assert!(offered(&["tvmtrt", "run", "net.onnx", "--threads", ""]).is_empty());
}

#[test]
fn other_shells_read_their_scripts() {
    let folder = folder("shells");
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = text(&["completion", shell], 0);
        for word in ["explain", "precision", "float16", "max-workspace-size"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        let file = folder.join(shell);
        std::fs::write(&file, script).unwrap();
        let Ok(output) = Command::new(shell).arg(check).arg(&file).stdin(Stdio::null()).output() else {
            println!("SKIP {shell}: not installed, so nothing reads its script");
            continue;
        };
        assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
