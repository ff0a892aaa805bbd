//! Engines by a real TensorRT for RTX through the options that a caller sets: kept, found again, built in every way that can be asked.

mod cache;
mod options;
mod plugins;
mod runtime_only;
#[path = "../tensorrt_library/mod.rs"]
mod tensorrt_library;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tensorrt_library::rtx as library;
use tvmtrt::capi::option_read;
use tvmtrt::capi::options::tvmtrt_options_t;
use tvmtrt::ir::attrs::NoAttrs;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::OpDef;
use tvmtrt::ops;
use tvmtrt::session::build::Build;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::Partition;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// An empty folder's path of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("engines-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn op(name: &str) -> &'static OpDef {
    ops::find(name).unwrap()
}

/// Two layers with weights on x[N, 4].
fn model(weight: f32, relu: bool) -> Arc<Model> {
    let mut b = Builder::new("small");
    let x = b.input("x", Fact::new(DType::F32, vec![Dim::symbol("N", 1, 1 << 20), Dim::from(4i64)])).unwrap();
    let w = b.constant("w", Tensor::from_vec(&[3, 4], vec![weight; 12]));
    let product = b.op("product", op("nn.dense"), NoAttrs {}, &[x, w]).unwrap();
    let y = b.op("activation", op(if relu { "nn.relu" } else { "exp" }), NoAttrs {}, &[product]).unwrap();
    b.output("y", y).unwrap();
    Arc::new(Model::new(b.finish(), Vec::new()))
}

type Lines = Arc<Mutex<Vec<String>>>;

/// Options with an SM to build for and these values, and what is logged.
fn options(pairs: &[(&str, &str)]) -> (tvmtrt_options_t, Lines) {
    let mut options = tvmtrt_options_t::default();
    let fixed =
        [("target_sm", "8.6"), ("builder_optimization_level", "0"), ("symbols", "N=1..8"), ("log_level", "info"), ("offload", "on")];
    for (key, value) in fixed.iter().chain(pairs) {
        options.set(key, value).unwrap();
    }
    let lines = Lines::default();
    let copy = lines.clone();
    options.log = Some(Arc::new(move |level, line| copy.lock().unwrap().push(format!("{level:?}: {line}"))));
    (options, lines)
}

fn build_with(model: &Arc<Model>, options: &tvmtrt_options_t) -> Result<Build> {
    let partition = Arc::new(Partition::new(model, &[], &option_read::partition(options)?)?);
    assert_eq!(partition.region_count(), 1);
    Build::new(&partition, &option_read::build(options)?)
}

/// A build of the model with these options, and what is logged.
fn build(model: &Arc<Model>, pairs: &[(&str, &str)]) -> (Result<Build>, Vec<String>) {
    let (options, lines) = options(pairs);
    let built = build_with(model, &options);
    let said = lines.lock().unwrap().clone();
    (built, said)
}

/// What became of the only region.
fn state(build: &Build) -> String {
    build.region_state(0).unwrap().to_string()
}
