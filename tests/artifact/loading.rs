//! What loading costs: weights stay in the file, and nothing that grows with them is done.

use crate::support::*;
use std::sync::Arc;
use std::time::Instant;
use tvmtrt::artifact::file::Artifact;
use tvmtrt::ir::Graph;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::session::artifact::{LoadOptions, load};
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

/// As many layers as a vision transformer, with as many weights: 88 million in `wide` steps.
fn large(layers: usize, width: usize) -> Graph {
    let mut b = Builder::new("large");
    let mut x = b.input("x", Fact::new(DType::F32, vec![Dim::symbol("N", 1, 8), Dim::from(width)])).unwrap();
    for i in 0..layers {
        let w = b.constant(&format!("layer{i}.weight"), Tensor::from_vec(&[width, width], vec![i as f32 * 1e-6; width * width]));
        let bias = b.constant(&format!("layer{i}.bias"), Tensor::from_vec(&[width], vec![i as f32; width]));
        x = node(&mut b, "nn.dense", &[], &[x, w]);
        x = node(&mut b, "add", &[], &[x, bias]);
        x = node(&mut b, "nn.relu", &[], &[x]);
    }
    b.output("y", x).unwrap();
    b.finish()
}

/// Anonymous memory of this process in bytes.
fn anonymous() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:")).expect("Linux says so");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn weights_stay_where_they_are() {
    let path = place("large.tvmtrt");
    let graph = large(48, 1376);
    let parts = partition(graph);
    // Saved without own code, which has weights of its own.
    let build = tvmtrt::session::build::Build::with(&parts, &build_options(), Vec::new()).unwrap();
    saved(&build, &path);
    drop((build, parts));
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size > 340 << 20, "{size}");
    let options = LoadOptions { build: build_options(), ..LoadOptions::default() };
    let before = anonymous();
    let mut times = Vec::new();
    let mut kept = None;
    for _ in 0..5 {
        let start = Instant::now();
        let build = load(&Artifact::open(&path).unwrap(), &options).unwrap();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        kept = Some(Arc::new(build));
    }
    let grown = anonymous().saturating_sub(before);
    println!("{} MB: loaded in {times:.1?} ms, {} kB of anonymous memory", size >> 20, grown >> 10);
    assert!(grown < 24 << 20, "loading takes {grown} bytes");
    times.sort_by(f64::total_cmp);
    // Ten times what is wanted of a release build on a machine without other work.
    assert!(times[2] < 500.0, "{times:?} ms");
    let parts = &kept.as_ref().unwrap().partition.parts;
    let aligned = |t: &Tensor| (t.bytes().as_ptr() as usize).is_multiple_of(64) || t.len() != 1376 * 1376;
    assert!(parts.graph.values.iter().all(|v| !matches!(&v.def, tvmtrt::ir::Def::Const(t) if !aligned(t))));
    std::fs::remove_file(path).unwrap();
}
