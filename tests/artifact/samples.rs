//! Artifacts of every format there was, with the numbers that they gave: they load for ever. `TVMTRT_BLESS=1` writes those of the present
//! format, where there are none yet.

use crate::support::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tvmtrt::artifact::file::FORMAT;
use tvmtrt::ir::attrs::NoAttrs;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Body, Graph};
use tvmtrt::network::capabilities::Flavour;
use tvmtrt::session::artifact::{SaveOptions, save};
use tvmtrt::session::build::Build;
use tvmtrt::session::slot::Wanted;
use tvmtrt::session::stored::{Stored, Tag};
use tvmtrt::tensor::dim::{Bindings, Dim};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::abi::HardwareCompatibilityLevel;
use tvmtrt::tensorrt::abi::version::Release;
use tvmtrt::tensorrt::config::Range;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/artifacts")
}

/// x + 1 or x * x, as a condition says; the branch reads x from outside.
fn branches() -> Graph {
    let mut b = Builder::new("branches");
    let fact = Fact::new(DType::F32, vec![Dim::from(3i64)]);
    let (x, condition) = (b.input("x", fact.clone()).unwrap(), b.input("condition", Fact::new(DType::Bool, vec![])).unwrap());
    let body = |name: &str, op: &str| {
        let mut b = Builder::new(name);
        let x = b.input("x", fact.clone()).unwrap();
        let one = b.constant("one", Tensor::from_vec(&[1], vec![1f32]));
        let y = node(&mut b, op, &[], &if op == "add" { [x, one] } else { [x, x] });
        b.output("y", y).unwrap();
        Body { graph: b.finish(), captures: vec![] }
    };
    let bodies = vec![Body { captures: vec![x], ..body("then", "add") }, Body { captures: vec![x], ..body("else", "multiply") }];
    let def = tvmtrt::ops::find("if").unwrap();
    let y = b.node_with_bodies("if", def, tvmtrt::ir::attrs::Attrs::new(NoAttrs {}), &[condition], bodies).unwrap()[0];
    b.output("y", y).unwrap();
    b.finish()
}

/// An engine that nothing can run, for what is said of engines.
fn engine() -> Stored {
    let at = |n| Bindings::from([(Arc::from("N"), n)]);
    let tag = Tag {
        wanted: Wanted::UpTo(8),
        profiles: vec![Range { min: at(1), opt: at(4), max: at(8) }],
        release: Release::new(Flavour::Full, 10, 6, 0),
        library: "TensorRT 10.6.0, build 26".into(),
        device: "some GPU, sm 7.5".into(),
        capabilities: vec![(7, 5)],
        version_compatible: false,
        hardware: HardwareCompatibilityLevel::None,
        hindrance: Some("it is no engine".into()),
    };
    Stored { tag, bytes: b"no engine"[..].into() }
}

fn samples() -> Vec<(&'static str, Arc<Build>, Vec<Tensor>)> {
    let flat = |n: usize, k: usize| Tensor::from_vec(&[n, k], (0..n * k).map(|v| (v as f32 * 0.37).sin()).collect());
    let pictures = |n: usize| flat(n, 192).reshaped(&[n, 3, 8, 8]).unwrap();
    let classifier = partition(classifier());
    let stored = (0..classifier.region_count()).map(|i| if i == 0 { vec![engine()] } else { vec![] }).collect();
    let classifier = Arc::new(Build::with(&classifier, &build_options(), stored).unwrap());
    vec![
        ("classifier", classifier, vec![pictures(2)]),
        ("rows", built(positive_rows()), vec![flat(5, 4)]),
        ("branches", built(branches()), vec![flat(1, 3).reshaped(&[3]).unwrap(), Tensor::zeros(DType::Bool, &[])]),
    ]
}

fn numbers(tensors: &[Tensor]) -> Value {
    tensors.iter().map(|t| json!({ "type": t.dtype().name(), "shape": t.shape(), "values": t.to_f64s() })).collect()
}

fn tensors(json: &Value) -> Vec<Tensor> {
    let list = |v: &Value| v.as_array().unwrap().clone();
    let one = |t: &Value| {
        let shape: Vec<usize> = list(&t["shape"]).iter().map(|d| d.as_u64().unwrap() as usize).collect();
        let values: Vec<f64> = list(&t["values"]).iter().map(|d| d.as_f64().unwrap()).collect();
        Tensor::from_f64s(DType::from_name(t["type"].as_str().unwrap()).unwrap(), &shape, &values)
    };
    list(json).iter().map(one).collect()
}

#[test]
fn every_format_of_this_major_is_read() {
    let own = root().join(format!("v{}.{}", FORMAT.0, FORMAT.1));
    if std::env::var_os("TVMTRT_BLESS").is_some_and(|v| v == "1") && !own.exists() {
        std::fs::create_dir_all(&own).unwrap();
        for (name, build, inputs) in samples() {
            let options = vec![("precision".to_string(), "float16".to_string())];
            save(&build, &own.join(format!("{name}.tvmtrt")), &SaveOptions { options, ..SaveOptions::default() }).unwrap();
            let text = json!({ "inputs": numbers(&inputs), "outputs": numbers(&run(&build, &inputs).unwrap()) });
            std::fs::write(own.join(format!("{name}.json")), format!("{text:#}\n")).unwrap();
        }
    }
    assert!(own.exists(), "{} is missing: TVMTRT_BLESS=1 writes it", own.display());
    let mut count = 0;
    let folders = std::fs::read_dir(root()).unwrap().map(|f| f.unwrap().path());
    for folder in folders.filter(|f| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&format!("v{}.", FORMAT.0)))) {
        for path in std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "tvmtrt"))
        {
            let (build, said) = loaded_with(&path, &[("artifact_verify", "on")]).unwrap_or_else(|e| panic!("{e}"));
            let json: Value = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
            let (got, want) = (run(&build, &tensors(&json["inputs"])).unwrap(), tensors(&json["outputs"]));
            crate::suite::compare_within(&path.display().to_string(), tvmtrt::ir::opdef::Tolerance::SUM, &got, &want).unwrap();
            if path.file_stem().is_some_and(|n| n == "classifier") {
                assert_eq!(build.engines(0).unwrap()[0].tag, engine().tag);
                assert!(said.iter().any(|l| l.starts_with("Warning: region")), "{said:?}");
            }
            count += 1;
        }
    }
    assert!(count >= 3, "{count} samples");
}

/// What is written today is what is committed, so that a change of the format is one on purpose.
#[test]
fn the_present_format_is_that_of_its_samples() {
    for (name, build, _) in samples() {
        let (path, committed) = (place(&format!("sample_{name}.tvmtrt")), root().join(format!("v{}.{}/{name}.tvmtrt", FORMAT.0, FORMAT.1)));
        let options = vec![("precision".to_string(), "float16".to_string())];
        save(&build, &path, &SaveOptions { options, ..SaveOptions::default() }).unwrap();
        let members = |path: &Path| {
            let artifact = tvmtrt::artifact::file::Artifact::open(path).unwrap_or_else(|e| panic!("{e}"));
            let json = |name: &str| serde_json::from_str::<Value>(&artifact.text(name).unwrap().unwrap()).unwrap();
            let mut keys = std::collections::BTreeSet::new();
            ["manifest.json", "graph.json", "partition.json"].iter().for_each(|n| collect(&json(n), n, &mut keys));
            keys
        };
        assert_eq!(members(&path), members(&committed), "{name}: new members need a new format");
    }
}

/// Paths of all members, places in lists aside.
fn collect(json: &Value, at: &str, keys: &mut std::collections::BTreeSet<String>) {
    match json {
        Value::Object(members) => members.iter().for_each(|(k, v)| collect(v, &format!("{at}.{k}"), keys)),
        Value::Array(items) => items.iter().for_each(|v| collect(v, at, keys)),
        _ => drop(keys.insert(at.to_string())),
    }
}
