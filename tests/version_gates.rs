//! Operators that old versions of TensorRT do not take: each is asked for one version below its gate and at it.

mod suite;

use suite::{Case, In, c, case, x};
use tvmtrt::ir::attrs::Attr;
use tvmtrt::ir::view::NodeView;
use tvmtrt::network::capabilities::Version;
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::tensorrt_rules::TensorRtRules;
use tvmtrt::partition::tensorrt_since::SINCE;

const BELOW_5_1_5: Version = Version::new(5, 1, 4);
const BELOW_6_0_1: Version = Version::new(6, 0, 0);
const BELOW_7: Version = Version::new(6, 9, 9);

/// Per operator a node that nothing else speaks against, the version below its gate and the gate.
fn gates() -> Vec<(Case, Version, Version)> {
    let ints = |v: &[i64]| Attr::Ints(v.to_vec());
    let picture = || x(&[1, 3, 4, 4]);
    let volume = || x(&[1, 3, 4, 4, 4]);
    let one = |op: &str, attrs: &[(&str, Attr)], operands: &[In]| case(op, op, attrs, operands);
    let early = (BELOW_5_1_5, Version::new(5, 1, 5));
    let mut all: Vec<(Case, (Version, Version))> =
        ["sin", "cos", "atan", "ceil", "floor"].map(|op| (one(op, &[], &[picture()]), early)).into_iter().collect();
    all.push((one("clip", &[("a_min", Attr::Float(-1.0)), ("a_max", Attr::Float(1.0))], &[picture()]), early));
    all.push((one("nn.leaky_relu", &[], &[picture()]), early));
    all.push((one("split", &[("indices", ints(&[1])), ("axis", Attr::Int(1))], &[picture()]), early));
    let slice = [("begin", suite::cases::dims(&[0, 1])), ("end", suite::cases::dims(&[1, 3]))];
    all.push((one("strided_slice", &slice, &[picture()]), early));
    let volumes = (BELOW_6_0_1, Version::new(6, 0, 1));
    all.push((one("nn.conv3d", &[], &[volume(), c(&[2, 3, 2, 2, 2])]), volumes));
    all.push((one("nn.conv3d_transpose", &[], &[volume(), c(&[3, 2, 2, 2, 2])]), volumes));
    all.extend(["nn.max_pool3d", "nn.avg_pool3d"].map(|op| (one(op, &[("pool_size", ints(&[2, 2, 2]))], &[volume()]), volumes)));
    all.push((one("erf", &[], &[picture()]), (BELOW_7, Version::new(7, 0, 0))));
    all.into_iter().map(|(case, (below, at))| (case, below, at)).collect()
}

/// The rule that refuses the case's only node in this version, or "".
fn rule(case: &Case, version: Version) -> &'static str {
    let options = PartitionOptions { version: Some(version), ..PartitionOptions::default() };
    let rules = TensorRtRules { planned: options.plan(None, version).unwrap() };
    let view = NodeView::new(&case.graph, case.graph.node_ids().next().unwrap());
    rules.accepts(&view).err().map_or("", |r| r.rule)
}

#[test]
fn each_gate_is_closed_below_its_version_and_open_at_it() {
    for (case, below, at) in gates() {
        assert_eq!(rule(&case, below), "operator.version", "{} in {below}", case.name);
        assert_eq!(rule(&case, at), "", "{} in {at}", case.name);
        // TensorRT for RTX counts its own versions.
        assert_eq!(rule(&case, Version::new(1, 3, 0)), "", "{} in TensorRT for RTX", case.name);
    }
}

#[test]
fn each_gate_is_asked() {
    assert!(SINCE.windows(2).all(|w| w[0].0 < w[1].0));
    let mut asked: Vec<(String, Version)> = gates().into_iter().map(|(case, _, at)| (case.name, at)).collect();
    asked.sort();
    assert_eq!(asked, SINCE.iter().map(|(op, since)| (op.to_string(), *since)).collect::<Vec<_>>());
}

#[test]
fn other_operators_have_no_gate() {
    for op in ["nn.relu", "exp", "abs", "negative"] {
        assert_eq!(rule(&case(op, op, &[], &[x(&[1, 3, 4, 4])]), Version::new(5, 0, 0)), "", "{op}");
    }
}
