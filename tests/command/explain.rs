//! `tvmtrt explain`, `tvmtrt partition`.

use crate::{folder, json, models, path, text};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

#[test]
fn an_explanation_has_four_forms() {
    let folder = folder("explain");
    let model = path(&models::pair(&folder));
    let begins = [("text", "pair for tensorrt"), ("json", "{"), ("dot", "digraph \"pair\""), ("svg", "<svg ")];
    for (format, begin) in begins {
        let shown = text(&["explain", &model, "--format", format], 0);
        assert!(shown.starts_with(begin), "{format}: {shown}");
        let file = path(&folder.join(format!("why.{}", if format == "text" { "txt" } else { format })));
        assert_eq!(text(&["explain", &model, "-o", &file], 0), "");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), shown);
    }
    assert!(text(&["explain", &model, "-o", "why.pdf"], 2).contains("give --format"));
    assert_eq!(json(&["explain", &model])["totals"]["nodes"], 2);
    // The summary and the regions, and no reasons.
    let partition = text(&["partition", &model, "--keep-off-operators", "nn.relu"], 0);
    assert!(
        partition.contains("1 of 2 nodes") && partition.contains("regions, in the order") && !partition.contains("by rule"),
        "{partition}"
    );
}

#[test]
fn regions_are_written_as_tvm_has_them() {
    let folder = folder("partition");
    let (model, out) = (path(&models::pair(&folder)), folder.join("regions"));
    let all = json(&["partition", &model, "-o", &path(&out), "--shape", "a=2,3"]);
    let file = all["files"][0].as_str().unwrap();
    let region: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(region["nodes"].as_array().unwrap().len() >= 4 && region["heads"].is_array());
    assert_eq!((&all["totals"]["regions"], &all["regions"][0]["inputs"][0]["shape"][0]), (&Value::from(1), &Value::from(2)));
}

#[test]
fn shapes_are_numbers_or_the_models_symbols() {
    let folder = folder("shapes");
    let model = path(&models::pair(&folder));
    let extent = |shape: &str| json(&["partition", &model, "--shape", shape])["regions"][0]["inputs"][0]["shape"][0].clone();
    assert_eq!(extent("a=5,3"), 5);
    for free in ["a=N,3", "a=?,3", "a=-1,?"] {
        assert_eq!(extent(free), "N", "{free}");
    }
    for (wrong, code, part) in [
        ("a=M,3", 2, "extent 0 is N in the model"),
        ("2,3", 2, "of which input?"),
        ("a=2,x", 2, "extent 1 is 3 in the model"),
        ("c=2,3", 1, "its inputs are 'a', 'b'"),
        ("a=2,4", 1, "input 'a'"),
        ("a=2", 1, "rank 2"),
    ] {
        let said = crate::fault(&["partition", &model, "--shape", wrong], code);
        assert!(said.contains(part), "{wrong}: {said}");
    }
}

/// Another program's parser reads the picture, and finds each node in it once.
#[test]
fn a_picture_is_xml_for_others_too() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/venv/bin/python");
    if !python.exists() {
        println!("SKIP python: no .cache/venv; scripts/setup makes it");
        return;
    }
    let folder = folder("xml");
    let (model, picture) = (path(&models::convolutions(&folder, "deep.onnx", 150)), path(&folder.join("why.svg")));
    text(&["explain", &model, "-o", &picture, "--keep-off-operators", "nn.relu"], 0);
    let program = "import sys, xml.etree.ElementTree as x; t = x.parse(sys.argv[1]).getroot(); \
                   print(t.tag, t.get('width'), sum(g.get('class') == 'n' for g in t.iter()))";
    let output = Command::new(python).args(["-c", program, &picture]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told, "{http://www.w3.org/2000/svg}svg 1280 302\n", "{}", String::from_utf8_lossy(&output.stderr));
}
