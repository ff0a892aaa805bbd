//! Extents that are known only when the network runs: what may find them, read them and need them, for TensorRT.

use crate::tensorrt::split;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::network::capabilities::Version;
use tvmtrt::partition::Partition;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn over(axis: i64) -> Attr {
    Attr::Param(Param::Static(vec![Dim::from(axis)]))
}

fn node(b: &mut Builder, name: &str, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
    let def = tvmtrt::ops::find(op).unwrap();
    let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
    b.node(name, def, attrs, operands).unwrap()[0]
}

/// The rows of `y` that an input `mask` chooses, and what is made of them.
fn chosen(rows: Dim, then: impl FnOnce(&mut Builder, ValueId) -> Vec<(&'static str, ValueId)>) -> Graph {
    let mut b = Builder::new("chosen");
    let mask = b.input("mask", Fact::new(DType::Bool, vec![rows.clone()])).unwrap();
    let y = b.input("y", Fact::new(DType::F32, vec![rows, Dim::from(6i64)])).unwrap();
    let found = node(&mut b, "found", "argwhere", &[], &[mask]);
    let flat = node(&mut b, "flat", "squeeze", &[("axis", Attr::Ints(vec![1]))], &[found]);
    let kept = node(&mut b, "kept", "take", &[("axis", Attr::Int(0))], &[y, flat]);
    for (name, value) in then(&mut b, kept) {
        b.output(name, value).unwrap();
    }
    b.finish()
}

/// For each node of the default side, the first rule against it.
fn refused(p: &Partition) -> Vec<(String, &'static str)> {
    let named = p.graph.nodes.iter().zip(&p.verdicts);
    named.filter_map(|(n, v)| Some((n.name.clone(), v.refusals.first()?.1.rule))).collect()
}

const VERSIONS: [Version; 3] = [Version::new(8, 5, 1), Version::new(8, 6, 1), Version::new(10, 6, 0)];

#[test]
fn what_is_found_is_read_in_the_same_region() {
    let graph = || {
        chosen(Dim::from(9usize), |b, kept| {
            let half = node(b, "half", "exp", &[], &[kept]);
            let sum = node(b, "sum", "sum", &[("axis", over(0))], &[half]);
            let mean = node(b, "mean", "mean", &[("axis", over(1))], &[half]);
            let w = b.constant("w", Tensor::from_f64s(DType::F32, &[3, 6], &[0.5; 18]));
            let last = node(b, "last", "nn.dense", &[], &[half, w]);
            vec![("half", half), ("sum", sum), ("mean", mean), ("last", last)]
        })
    };
    for version in VERSIONS {
        let p = split(graph(), version, false);
        assert_eq!((refused(&p), p.regions.len()), (vec![], 1), "{version}: {}", p.explain_text());
    }
}

#[test]
fn what_may_be_empty_is_read_by_layers_that_take_that() {
    let p = split(
        chosen(Dim::from(9usize), |b, kept| {
            // The mean of no row is nothing, and which is the largest of none?
            let mean = node(b, "mean", "mean", &[("axis", over(0))], &[kept]);
            let best = node(b, "best", "argmax", &[("axis", Attr::Int(0))], &[kept]);
            let twice = node(b, "twice", "concatenate", &[("axis", Attr::Int(0))], &[kept, kept]);
            vec![("mean", mean), ("best", best), ("twice", twice)]
        }),
        VERSIONS[2],
        false,
    );
    let refused = refused(&p);
    let expected = [("mean", "extent.data-dependent"), ("best", "topk.extent"), ("twice", "extent.data-dependent")];
    assert!(refused.iter().map(|(n, r)| (n.as_str(), *r)).eq(expected), "{refused:?}");
}

#[test]
fn an_extent_without_bounds_is_found_but_not_read() {
    let p = split(chosen(Dim::symbol("N", 1, i64::MAX), |_, kept| vec![("kept", kept)]), VERSIONS[2], false);
    assert!(refused(&p).iter().all(|(_, rule)| *rule == "extent.data-dependent"), "{:?}", refused(&p));
    assert_eq!(p.regions.len(), 0);
}

#[test]
fn what_is_needed_outside_is_shown() {
    let p = split(
        chosen(Dim::from(9usize), |b, kept| {
            let sum = node(b, "sum", "sum", &[("axis", over(0))], &[kept]);
            let count = b.fact(kept).shape[0].clone();
            let many = Param::Static(vec![count, Dim::from(6i64)]);
            let many = node(b, "many", "broadcast_to", &[("shape", Attr::Param(many))], &[sum]);
            vec![("many", many)]
        }),
        VERSIONS[2],
        false,
    );
    assert!(refused(&p).iter().any(|(_, rule)| *rule == "region.hidden-extent"), "{:?}", refused(&p));
}
