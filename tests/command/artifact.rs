//! Artifacts through the command: what `build -o` and `export --so` write, the other subcommands take.

use crate::{fault, folder, json, models, path, tensorrt_library, text};
use serde_json::Value;

/// The part of what `run` says that depends on no clock.
fn results(arguments: &[&str]) -> String {
    text(arguments, 0).split("load ").next().unwrap().to_string()
}

#[test]
fn an_artifact_does_what_its_model_does() {
    let folder = folder("artifact");
    let (model, saved) = (path(&models::pair(&folder)), path(&folder.join("pair.tvmtrt")));
    let shared = path(&folder.join("pair.so"));
    let nowhere = ["--tensorrt-library", "/nowhere"];
    let all = json(&[&["build", &model, "-o", &saved, "--keep-off-operators", "nn.relu", "--symbols", "N=1..8"], &nowhere[..]].concat());
    assert_eq!(all["artifact"]["bytes"], std::fs::metadata(&saved).unwrap().len());
    let said = text(&[&["export", &saved, "--so", &shared], &nowhere[..]].concat(), 0);
    assert!(said.starts_with(&format!("{shared}: ")), "{said}");
    for file in [&saved, &shared] {
        assert_eq!(results(&["run", file, "--seed", "3", "--batch", "2"]), results(&["run", &model, "--seed", "3", "--batch", "2"]));
        let explained = text(&["explain", file], 0);
        assert!(explained.contains("1 of 2 nodes") && explained.contains("keep_off_operators = nn.relu"), "{explained}");
        assert!(text(&["explain", file, "--format", "svg"], 0).contains("option.keep-off-operator"));
        assert_eq!(json(&["partition", file])["totals"]["regions"], 1);
        assert_eq!(json(&["bench", file, "--runs", "3"])["batch"], 8, "the largest that symbols allow");
        let info = json(&["info", file, "--artifact-verify"]);
        assert_eq!(info["artifact"]["options"]["symbols"], "N=1..8");
        assert_eq!((&info["inputs"][0]["name"], &info["metadata"]["labels"]), (&Value::from("a"), &Value::from("cat,dog")));
    }
    assert!(text(&["info", &saved], 0).contains("artifact by tvmtrt "));
}

#[test]
fn what_an_artifact_cannot_be_told_is_said() {
    let folder = folder("artifact-wrong");
    let (model, saved) = (path(&models::pair(&folder)), folder.join("pair.tvmtrt"));
    text(&["build", &model, "-o", &path(&saved)], 0);
    let said = fault(&["run", &path(&saved), "--keep-off-nodes", "sum"], 2);
    assert!(said.contains("--keep-off-nodes says how a model is split, and the artifact 'pair.tvmtrt' is split already"), "{said}");
    assert!(fault(&["explain", &path(&saved), "--shape", "a=2,3"], 2).contains("--shape"));
    assert!(fault(&["export", &path(&saved), "--so", "pair.bin"], 2).contains("does not end in .so"));
    assert!(fault(&["build", &model, "-o", "/nowhere/a.tvmtrt"], 1).contains("cannot write '/nowhere/a.tvmtrt'"));
    let mut bytes = std::fs::read(&saved).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&saved, bytes).unwrap();
    for name in ["info", "run", "explain"] {
        assert!(fault(&[name, &path(&saved)], 1).contains("pair.tvmtrt"), "{name}");
    }
}

#[test]
fn engines_travel() {
    let Some(_) = tensorrt_library::rtx() else { return };
    let folder = folder("artifact-engines");
    let (model, saved) = (path(&models::convolutions(&folder, "net.onnx", 2)), path(&folder.join("net.tvmtrt")));
    text(&["build", &model, "-o", &saved, "--target-sm", "8.9", "--precision", "float16"], 0);
    let info = json(&["info", &saved]);
    assert_eq!(info["artifact"]["options"]["precision"], "float16");
    assert_eq!(info["artifact"]["engines"].as_array().unwrap().len(), 1);
    // Another machine's engine beside it: what is missing is built, what is there stays.
    let both = path(&folder.join("both.tvmtrt"));
    text(&["build", &saved, "-o", &both, "--target-sm", "12.0"], 0);
    assert_eq!(json(&["info", &both])["artifact"]["engines"].as_array().unwrap().len(), 2);
    let said = text(&["info", &both], 0);
    assert!(said.contains("with 2 engines") && said.contains("option precision: float16"), "{said}");
}
