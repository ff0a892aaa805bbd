//! Engines with other weights: made from one of the cache, and right.

use crate::networks::run;
use crate::suite::compare_within;
use crate::support::{gpu, shared};
use std::path::Path;
use std::time::Instant;
use tvmtrt::ir::attrs::{Attr, Attrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::reference;
use tvmtrt::session::build::{Build, BuildOptions};
use tvmtrt::session::engines::{CacheOptions, EngineOptions};
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::Partition;
use tvmtrt::session::precision::Request;
use tvmtrt::session::run::{Session, SessionOptions};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::settings::{Refit, Settings};
use tvmtrt::transform::precision::Precision;

const CHANNELS: usize = 16;

/// Weights that depend on a seed, of about the size that keeps a signal's.
fn weights(seed: u64, shape: &[usize], size: f64) -> Tensor {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let values: Vec<f64> = (0..shape.iter().product())
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as f64 / f64::from(1u32 << 31) * 2.0 - 1.0) * size
        })
        .collect();
    Tensor::from_f64s(DType::F32, shape, &values)
}

/// Blocks as in a residual network, a mean, a dense layer and a constant factor.
fn network(seed: u64) -> Graph {
    let mut b = Builder::new("residual");
    let x = b.input("x", Fact::new(DType::F32, [2usize, 3, 32, 32].map(Into::into).to_vec())).unwrap();
    let op = |b: &mut Builder, name: &str, label: String, attrs: &[(&str, Attr)], inputs: &[ValueId]| {
        let def = tvmtrt::ops::find(name).unwrap();
        let attrs: Attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        b.node(&label, def, attrs, inputs).unwrap()[0]
    };
    let mut next = seed * 1000;
    let mut constant = |b: &mut Builder, label: String, shape: &[usize], size: f64| {
        next += 1;
        b.constant(&label, weights(next, shape, size))
    };
    let mut conv = |b: &mut Builder, label: String, x: ValueId, channels: usize| {
        let w = constant(b, format!("{label}.w"), &[CHANNELS, channels, 3, 3], 1.5 / (channels as f64 * 9.0).sqrt());
        let bias = constant(b, format!("{label}.b"), &[CHANNELS], 0.1);
        let padding = [("padding", Attr::Ints(vec![1, 1, 1, 1]))];
        let y = op(b, "nn.conv2d", label.clone(), &padding, &[x, w]);
        op(b, "nn.bias_add", format!("{label}.bias"), &[("axis", Attr::Int(1))], &[y, bias])
    };
    let mut y = conv(&mut b, "stem".into(), x, 3);
    for i in 0..4 {
        let a = conv(&mut b, format!("block{i}.a"), y, CHANNELS);
        let a = op(&mut b, "nn.relu", format!("block{i}.relu"), &[], &[a]);
        let a = conv(&mut b, format!("block{i}.b"), a, CHANNELS);
        y = op(&mut b, "add", format!("block{i}.add"), &[], &[y, a]);
    }
    let y = op(&mut b, "mean", "mean".into(), &[("axis", Attr::Param(Param::Static(vec![Dim::from(2i64), Dim::from(3i64)])))], &[y]);
    let w = b.constant("fc.w", weights(seed * 77 + 5, &[10, CHANNELS], 0.5));
    let y = op(&mut b, "nn.dense", "fc".into(), &[], &[y, w]);
    let factor = b.constant("factor", Tensor::from_vec(&[1], vec![1.0 + seed as f32 / 4.0]));
    let y = op(&mut b, "multiply", "scaled".into(), &[], &[y, factor]);
    b.output("y", y).unwrap();
    b.finish()
}

/// Builds and runs a network, and compares it with the oracle; what became of its region, and seconds.
fn built(graph: Graph, cache: &Path, refit: Refit, precision: Precision, tolerance: Tolerance) -> (String, f64) {
    let x = weights(9, &[2, 3, 32, 32], 1.0);
    let want = reference::run(&graph, std::slice::from_ref(&x)).unwrap();
    let partition = shared(Partition::new(&shared(Model::new(graph, Vec::new())), &[], &Default::default()).unwrap());
    assert_eq!(partition.region_count(), 1, "{}", partition.explain_text());
    let engines = EngineOptions {
        settings: Settings { refit, ..Settings::default() },
        cache: Some(CacheOptions { folder: cache.to_path_buf(), ..CacheOptions::default() }),
        ..EngineOptions::default()
    };
    let precision = Request { precision, ..Request::default() };
    let start = Instant::now();
    let build = Build::new(&partition, &BuildOptions { engines, precision, optimization_level: 3, ..BuildOptions::default() }).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let state = build.region_state(0).unwrap().to_string();
    assert!(build.loaded(0).is_some(), "{state}");
    let got = run(&mut Session::new(&shared(build), &SessionOptions::default()).unwrap(), &[x]);
    compare_within(&state, tolerance, &got, &want).unwrap_or_else(|e| panic!("{e}"));
    (state, seconds)
}

#[test]
fn other_weights_cost_a_refit_and_give_the_right_answer() {
    let Some(gpu) = gpu() else { return };
    for (precision, tolerance) in
        [(Precision::Float32, Tolerance { relative: 1e-4, scaled: 1e-4 }), (Precision::Float16, Tolerance { relative: 2e-2, scaled: 2e-2 })]
    {
        let cache = std::env::temp_dir().join(format!("tvmtrt-refit-{}-{}", precision.name(), std::process::id()));
        let (first, building) = built(network(1), &cache, Refit::Any, precision, tolerance);
        assert!(first.contains("built in"), "{first}");
        let mut refitting = 0f64;
        for seed in 2..5 {
            let (state, seconds) = built(network(seed), &cache, Refit::Any, precision, tolerance);
            assert!(state.contains("refitted in"), "seed {seed}: {state}");
            refitting = refitting.max(seconds);
        }
        // Each is kept under its own key.
        for seed in 1..5 {
            let (state, _) = built(network(seed), &cache, Refit::Any, precision, tolerance);
            assert!(state.contains("cached"), "seed {seed}: {state}");
        }
        let (plain, _) = built(network(2), &cache, Refit::Off, precision, tolerance);
        assert!(plain.contains("built in"), "{plain}");
        let _ = std::fs::remove_dir_all(&cache);
        println!(
            "refit on {}, {}: built in {building:.2} s, refitted in at most {refitting:.2} s",
            gpu.library.release(),
            precision.name()
        );
    }
}
