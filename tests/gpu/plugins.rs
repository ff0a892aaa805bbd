//! Layers of TensorRT's own plugins, from a model's file to numbers: one of the old generation, and one of the new where there is one.

use crate::networks::run;
use crate::suite::compare_within;
use crate::support::{Gpu, gpu, shared};
use bytes::Bytes;
use prost::Message;
use std::path::{Path, PathBuf};
use tvmtrt::import::onnx::Unknown;
use tvmtrt::import::onnx::proto::*;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engines::{CacheOptions, EngineOptions};
use tvmtrt::session::model::{LoadOptions, Model};
use tvmtrt::session::partition::{Partition, PartitionOptions};
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::plugins::open_all;

/// TensorRT's own library of plugins; `None` with a printed SKIP where what it needs is not here.
fn standard(gpu: &Gpu) -> Option<Vec<PathBuf>> {
    let files = vec![PathBuf::from(format!("libnvinfer_plugin.so.{}", gpu.library.release().version.major))];
    match open_all(&files, gpu.library) {
        Ok(_) => Some(files),
        Err(e) => {
            println!("SKIP plugins: {e}");
            None
        }
    }
}

fn value(name: &str, elem_type: i32, extents: &[&str]) -> ValueInfoProto {
    let dim = extents.iter().map(|e| match e.parse() {
        Ok(v) => DimProto { dim_value: Some(v), dim_param: None },
        Err(_) => DimProto { dim_value: None, dim_param: Some(e.to_string()) },
    });
    let tensor = TensorTypeProto { elem_type, shape: Some(ShapeProto { dim: dim.collect() }) };
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor: Some(tensor) }) }
}

fn int(name: &str, v: i64) -> AttributeProto {
    AttributeProto { name: name.into(), kind: 2, i: Some(v), ..AttributeProto::default() }
}

fn text(name: &str, v: &'static str) -> AttributeProto {
    AttributeProto { name: name.into(), kind: 3, s: Some(Bytes::from_static(v.as_bytes())), ..AttributeProto::default() }
}

/// A model whose plugin stands between two nodes of ONNX.
fn model(op: &str, attribute: Vec<AttributeProto>, inputs: Vec<ValueInfoProto>, middle: ValueInfoProto, unknown: Unknown) -> Model {
    let words = |s: &[&str]| s.iter().map(|w| w.to_string()).collect::<Vec<_>>();
    let node = |op: &str, input: Vec<String>, output: &str, attribute| NodeProto {
        op_type: op.into(),
        input,
        output: words(&[output]),
        attribute,
        ..NodeProto::default()
    };
    let mut operands: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
    operands[0] = "r".into();
    let nodes = vec![
        node("Neg", words(&[&inputs[0].name]), "r", vec![]),
        node(op, operands, &middle.name, attribute),
        node("Neg", words(&[&middle.name]), "y", vec![]),
    ];
    let output = vec![ValueInfoProto { name: "y".into(), r#type: None }];
    let graph = GraphProto { name: "g".into(), input: inputs, node: nodes, output, value_info: vec![middle], ..GraphProto::default() };
    let own = OperatorSetProto { domain: String::new(), version: 13 };
    let file = ModelProto { ir_version: 8, opset_import: vec![own], graph: Some(graph), ..ModelProto::default() };
    Model::load_bytes(file.encode_to_vec().into(), None, &LoadOptions { unknown, ..LoadOptions::default() }).unwrap()
}

fn gelu() -> Model {
    let (x, middle) = (value("x", 1, &["N", "4", "1", "1"]), value("p", 1, &["N", "4", "1", "1"]));
    model("CustomGeluPluginDynamic", vec![int("type_id", 0)], vec![x], middle, Unknown::Keep)
}

/// Whole build of a model with these libraries; engines are kept in `cache`.
fn build(model: Model, plugins: &[PathBuf], cache: &Path) -> Build {
    let symbols = model.inputs.iter().flat_map(|i| &i.shape).filter_map(|d| d.as_symbol());
    let symbols = symbols.map(|s| tvmtrt::session::shapes::SymbolRange { name: s.name.to_string(), min: 1, opt: None, max: 8 }).collect();
    let options = PartitionOptions { plugins: plugins.to_vec(), symbols, ..PartitionOptions::default() };
    let partition = shared(Partition::new(&shared(model), &[], &options).unwrap_or_else(|e| panic!("{e}")));
    assert_eq!(partition.region_count(), 1, "{}", partition.explain_text());
    let engines = EngineOptions {
        plugins: plugins.to_vec(),
        cache: Some(CacheOptions { folder: cache.to_path_buf(), ..CacheOptions::default() }),
        ..EngineOptions::default()
    };
    Build::new(&partition, &BuildOptions { engines, optimization_level: 0, ..BuildOptions::default() }).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_plugin_of_the_old_generation_runs() {
    let Some((gpu, plugins)) = gpu().and_then(|g| Some((g, standard(&g)?))) else { return };
    let cache = std::env::temp_dir().join(format!("tvmtrt-plugins-{}", std::process::id()));
    let x: Vec<f32> = (0..8).map(|i| i as f32 * 0.75 - 3.0).collect();
    let gelu_of = |x: f64| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh());
    let want: Vec<f32> = x.iter().map(|x| -gelu_of(f64::from(-x)) as f32).collect();
    // The second build takes the engine from the cache, where TensorRT has to find the plugin too.
    for made in ["built in", "cached"] {
        let build = build(gelu(), &plugins, &cache);
        assert!(build.region_state(0).unwrap().contains(made), "{:?}", build.region_state(0));
        let mut session = Session::new(&shared(build), &SessionOptions::default()).unwrap();
        let got = run(&mut session, &[Tensor::from_vec(&[2, 4, 1, 1], x.clone())]);
        let want = [Tensor::from_vec(&[2, 4, 1, 1], want.clone())];
        compare_within("gelu", Tolerance { relative: 1e-5, scaled: 1e-5 }, &got, &want).unwrap();
    }
    let _ = std::fs::remove_dir_all(&cache);
    println!("plugin CustomGeluPluginDynamic of {} computes what it should, built and cached", gpu.library.release());
}

#[test]
fn a_plugin_of_the_new_generation_runs() {
    let Some((gpu, plugins)) = gpu().and_then(|g| Some((g, standard(&g)?))) else { return };
    if gpu.library.release().version.major < 10 {
        println!("SKIP plugins: {} has none of the new generation", gpu.library.release());
        return;
    }
    let inputs = vec![value("x", 1, &["1", "1", "8", "8"]), value("rois", 1, &["1", "4"]), value("batch", 6, &["1"])];
    // Means (1) over bins of two places by two, coordinates as they are (0).
    let attributes = vec![
        int("mode", 1),
        int("coordinate_transformation_mode", 0),
        int("output_height", 2),
        int("output_width", 2),
        int("sampling_ratio", 2),
        AttributeProto { name: "spatial_scale".into(), kind: 1, f: Some(1.0), ..AttributeProto::default() },
        text("plugin_version", "2"),
    ];
    let model = model("ROIAlign_TRT", attributes, inputs, value("p", 1, &["1", "1", "2", "2"]), Unknown::Keep);
    let cache = std::env::temp_dir().join(format!("tvmtrt-plugins-v3-{}", std::process::id()));
    let mut session = Session::new(&shared(build(model, &plugins, &cache)), &SessionOptions::default()).unwrap();
    // On a slope a mean over a bin is the value in its middle.
    let slope = Tensor::from_vec(&[1, 1, 8, 8], (0..64).map(|i| (10 * (i / 8) + i % 8) as f32).collect());
    let rois = Tensor::from_vec(&[1, 4], vec![1f32, 1.0, 5.0, 5.0]);
    let got = run(&mut session, &[slope, rois, Tensor::from_vec(&[1], vec![0i32])]);
    let want = [Tensor::from_vec(&[1, 1, 2, 2], vec![22f32, 24.0, 42.0, 44.0])];
    compare_within("roi align", Tolerance { relative: 1e-5, scaled: 1e-5 }, &got, &want).unwrap();
    let _ = std::fs::remove_dir_all(&cache);
    println!("plugin ROIAlign_TRT of {} computes what it should", gpu.library.release());
}

#[test]
fn an_operator_that_no_plugin_knows_is_named() {
    let Some((gpu, plugins)) = gpu().and_then(|g| Some((g, standard(&g)?))) else { return };
    let model = model("NoSuchPlugin", vec![], vec![value("x", 1, &["4"])], value("p", 1, &["4"]), Unknown::Keep);
    let e = Partition::new(&shared(model), &[], &PartitionOptions { plugins, ..PartitionOptions::default() }).unwrap_err();
    assert_eq!(e.code, Code::UnsupportedOperator, "{e}");
    assert!(e.message.contains("plugin 'NoSuchPlugin' version '1'") && e.message.contains("plugin_libraries"), "{e}");
    println!("{} does not know: {}", gpu.library.release(), e.message);
}
