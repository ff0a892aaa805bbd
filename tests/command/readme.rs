//! The command lines that README and the help show do what they are shown for.

use crate::{folder, models, text};
use std::path::Path;
use std::process::Command;

/// Runs shell lines, with the binary under test as `tvmtrt`, in a folder that has what they name.
fn run(name: &str, lines: &[String]) {
    let folder = folder(name);
    models::convolutions(&folder, "resnet18.onnx", 3);
    std::fs::create_dir(folder.join("engines")).unwrap();
    for line in lines {
        // Data for lines that read what a user has.
        let image = folder.join("image.npy");
        if !image.exists() {
            let mut header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 32, 32), }".to_string();
            header += &" ".repeat(117 - header.len());
            std::fs::write(&image, [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), b"\n", &vec![0; 4 * 3 * 32 * 32]].concat()).unwrap();
        }
        let line = line.replace("input=1,3,224,224", "input=1,3,32,32");
        let binary = Path::new(env!("CARGO_BIN_EXE_tvmtrt")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("bash");
        for (variable, _) in tvmtrt::capi::environment::VARIABLES {
            shell.env_remove(variable);
        }
        let output = shell.args(["-o", "pipefail", "-c", &line]).env("PATH", path).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn lines_of_readme_work() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let lines: Vec<String> = readme.lines().filter(|l| l.starts_with("tvmtrt ")).map(str::to_string).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    run("readme", &lines);
}

#[test]
fn lines_of_help_work() {
    let mut lines = Vec::new();
    for name in text(&["--help"], 0).lines().filter_map(|l| l.strip_prefix("  tvmtrt ")).map(|l| l.split(' ').next().unwrap().to_string()) {
        let help = text(&[&name, "--help"], 0);
        lines.extend(help.lines().filter_map(|l| l.strip_prefix("  tvmtrt ")).map(|l| format!("tvmtrt {l}")));
    }
    assert!(lines.len() >= 12, "{lines:?}");
    // What builds for a GPU that is not here needs TensorRT.
    lines.retain(|l| !l.contains("--target-sm"));
    run("help", &lines);
}
