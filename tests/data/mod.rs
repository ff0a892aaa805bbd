//! Reads the cases that `scripts/test` makes under `.cache`: models with inputs and another runtime's outputs (see
//! tests/models/common.py for the layout).
#![allow(dead_code)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use tvmtrt::session::shapes::SymbolRange;
use tvmtrt::session::value::ValueInfo;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// A folder with a model and cases.
pub struct Folder {
    pub name: String,
    pub model: PathBuf,
    pub operators: Vec<String>,
    pub cases: Vec<Stored>,
}

/// Inputs with the outputs that another runtime gives for them.
pub struct Stored {
    pub name: String,
    pub inputs: Vec<(String, Tensor)>,
    pub outputs: Vec<(String, Tensor)>,
    pub texts: Vec<String>,
}

/// The folder `kind` of the test data, or `None` with a printed SKIP; missing data is a failure under `TVMTRT_REQUIRE=data`.
pub fn root(kind: &str) -> Option<PathBuf> {
    // A program that was built elsewhere is told where they are.
    let cache = std::env::var_os("TVMTRT_TEST_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache"), PathBuf::from);
    let path = cache.join(kind);
    if path.is_dir() {
        return Some(path);
    }
    let required = std::env::var("TVMTRT_REQUIRE").is_ok_and(|r| r.split(',').any(|t| t == "data"));
    assert!(!required, "test data are required but {} is not there: run scripts/test", path.display());
    println!("SKIP {kind}: no test data; scripts/test makes them");
    None
}

/// Bounds of the symbols of a network's inputs: batches to 4, and widths to `widest`; the recogniser's height is that of its pictures.
pub fn bounds(folder: &Folder, inputs: &[ValueInfo], widest: i64) -> Vec<SymbolRange> {
    let range = |dim: &Dim| {
        let height = folder.name == "recogniser" && *dim == inputs[0].shape[2];
        let batch = *dim == inputs[0].shape[0];
        let (min, max) = if height {
            (48, 48)
        } else if batch {
            (1, 4)
        } else {
            (8, widest)
        };
        Some(SymbolRange { name: dim.as_symbol()?.name.to_string(), min, opt: None, max })
    };
    inputs.iter().flat_map(|i| &i.shape).filter_map(range).collect()
}

/// Every case folder below `root`, in order of name.
pub fn folders(root: &Path) -> Vec<Folder> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("index.json").exists()).collect();
    paths.sort();
    paths.iter().map(|p| folder(p)).collect()
}

/// One case folder.
pub fn folder(path: &Path) -> Folder {
    let index: Value = serde_json::from_slice(&std::fs::read(path.join("index.json")).unwrap()).unwrap();
    let strings = |v: &Value| v.as_array().map_or(vec![], |a| a.iter().map(|s| s.as_str().unwrap().to_string()).collect());
    let tensors = |v: &Value| v.as_array().unwrap().iter().map(|t| tensor(path, t)).collect();
    let cases = index["cases"].as_array().unwrap().iter().map(|c| Stored {
        name: c["name"].as_str().unwrap().into(),
        inputs: tensors(&c["inputs"]),
        outputs: tensors(&c["outputs"]),
        texts: strings(&c["texts"]),
    });
    Folder {
        name: path.file_name().unwrap().to_string_lossy().into(),
        model: path.join(index["model"].as_str().unwrap()),
        operators: strings(&index["operators"]),
        cases: cases.collect(),
    }
}

fn tensor(folder: &Path, t: &Value) -> (String, Tensor) {
    let dtype = DType::from_name(t["dtype"].as_str().unwrap()).unwrap();
    let shape = t["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect();
    let bytes = std::fs::read(folder.join(t["file"].as_str().unwrap())).unwrap();
    (t["name"].as_str().unwrap().into(), Tensor::new(dtype, shape, bytes.into()).unwrap())
}
