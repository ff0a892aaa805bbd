//! Explanations as golden texts in `tests/golden`; `TVMTRT_BLESS=1` writes them anew.

use crate::toy::{DENSE, MIX, Mix, RELU, RESHAPE, Reshape, Toy, f32s};
use std::path::Path;
use std::sync::Arc;
use tvmtrt::ir::attrs::{Attrs, NoAttrs, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Body, Graph};
use tvmtrt::partition::options::{Filter, FilterAnswer, FilterQuery, PartitionOptions};
use tvmtrt::partition::partition;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("TVMTRT_BLESS").is_some() {
        std::fs::write(&path, text).expect("writes the golden text");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name} differs; if that is right, run with TVMTRT_BLESS=1");
}

/// A small classifier with everything that can go wrong: a branch, training mode, a computed weight, a small region, a filter.
fn classifier() -> Graph {
    let batch = Dim::symbol("N", 1, 64);
    let mut b = Builder::new("classifier");
    let x = b.input("image", Fact::new(DType::F32, vec![batch.clone(), Dim::from(8i64)])).unwrap();
    let mut h = x;
    for i in 0..3 {
        let w = b.constant(&format!("fc{i}.weight"), Tensor::from_f64s(DType::F32, &[8, 8], &[0.25; 64]));
        h = b.op(&format!("fc{i}"), &DENSE, NoAttrs {}, &[h, w]).unwrap();
        h = b.op(&format!("relu{i}"), &RELU, NoAttrs {}, &[h]).unwrap();
    }
    let drop = b.op("dropout", &MIX, Mix { training: true, ..Mix::default() }, &[h]).unwrap();
    let flat = Reshape { newshape: Param::Static(vec![&batch * &Dim::from(8i64)]) };
    let flat = b.op("flatten", &RESHAPE, flat, &[drop]).unwrap();
    let back = Reshape { newshape: Param::Static(vec![batch, Dim::from(8i64)]) };
    let back = b.op("unflatten", &RESHAPE, back, &[flat]).unwrap();
    let body = Body { graph: Graph::default(), captures: vec![x] };
    let chosen = b.node_with_bodies("choose", &MIX, Attrs::new(Mix::default()), &[back], vec![body]).unwrap()[0];
    let tail = b.op("tail", &RELU, NoAttrs {}, &[chosen]).unwrap();
    let odd = b.op("odd", &MIX, Mix { accept: false, ..Mix::default() }, &[tail]).unwrap();
    let last = b.op("last", &RELU, NoAttrs {}, &[odd]).unwrap();
    b.output("scores", last).unwrap();
    b.output("hidden", h).unwrap();
    b.finish()
}

fn filter() -> Filter {
    Arc::new(|q| match q {
        FilterQuery::Node(v) if v.name() == "last" => FilterAnswer::no("the caller keeps the last layer"),
        FilterQuery::Node(_) => FilterAnswer::yes(),
        FilterQuery::Region { region, .. } => FilterAnswer { offload: true, reason: format!("{} nodes are fine", region.nodes.len()) },
    })
}

#[test]
fn explain_classifier() {
    let options = PartitionOptions { filter: Some(filter()), keep_off_nodes: ["typo".to_string()].into(), ..PartitionOptions::default() };
    let p = partition(Arc::new(classifier()), &Toy::default(), &options).unwrap();
    golden("partition_classifier.txt", &p.explain_text());
    golden("partition_classifier.json", &(serde_json::to_string_pretty(&p.explain_json()).unwrap() + "\n"));
}

#[test]
fn explain_without_library() {
    let options = PartitionOptions { remove_no_mac_subgraphs: true, ..PartitionOptions::default() };
    let target = Toy { broken: Some("no libtoy.so was found".into()), most: None };
    golden("partition_without_library.txt", &partition(Arc::new(classifier()), &target, &options).unwrap().explain_text());
}

/// Long lists are cut.
#[test]
fn explain_five_hundred_nodes() {
    let mut b = Builder::new("long");
    let mut x = b.input("x", f32s(&[1, 4])).unwrap();
    for i in 0..500 {
        x = b.op(&format!("n{i}"), &MIX, Mix { accept: i % 8 != 7, ..Mix::default() }, &[x]).unwrap();
    }
    b.output("y", x).unwrap();
    let text = partition(Arc::new(b.finish()), &Toy::default(), &PartitionOptions::default()).unwrap().explain_text();
    assert!(text.lines().count() < 70, "{} lines", text.lines().count());
    golden("partition_five_hundred_nodes.txt", &text);
}
