//! What TensorRT computes against what `network::eval` says that it computes, told per kind of layer.

use crate::suite::Case;
use std::collections::BTreeMap;
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::network::Network;
use tvmtrt::network::capabilities::Capabilities;
use tvmtrt::network::eval::eval;
use tvmtrt::network::layer::LayerKind;
use tvmtrt::tensor::host::Tensor;

/// Kinds of layers of which no case of the suite has one in an engine, and why.
const ABSENT: &[(&str, &str)] = &[("KernelConvolution", "int8 makes it: tests/precision"), ("Plugin", "tests/gpu/plugins.rs has them")];

/// The same, of versions that lack the layer.
const LATER: &[(&str, [u32; 2])] = &[("Cumulative", [10, 8]), ("Nms", [10, 0])];

/// Networks in which kinds of layers occurred, and the largest difference in units of the tolerance.
#[derive(Default)]
pub struct Kinds(BTreeMap<String, (usize, f64)>);

impl Kinds {
    /// Compares an engine's results with the network's own; an error where they are not the same.
    pub fn note(&mut self, case: &Case, tolerance: Tolerance, got: &[Tensor]) -> Result<(), String> {
        let network = to_network(&case.graph).map_err(|r| r.to_string())?;
        let given = network.inputs.iter().map(|id| given(case, &network.tensor(*id).name)).collect::<Vec<Tensor>>();
        let want = eval(&network, &given).map_err(|e| format!("{}: {e}", case.name))?;
        let apart = got.iter().zip(&want).map(|(g, w)| units(tolerance, g, w)).fold(0.0, f64::max);
        for name in labels(&network) {
            let entry = self.0.entry(name).or_default();
            *entry = (entry.0 + 1, entry.1.max(apart));
        }
        // The engine is within one of the oracle, and so is the network.
        if apart <= 2.0 { Ok(()) } else { Err(format!("{}: {apart:.2} tolerances from network::eval", case.name)) }
    }

    /// One line per kind; fails where a kind that the version has did not occur.
    pub fn tell(&self, capabilities: &Capabilities) {
        for (name, (count, apart)) in &self.0 {
            println!("layer {name}: {count} networks, {apart:.3} tolerances at most");
        }
        let seen = |kind: &str| self.0.keys().any(|k| k.split(' ').next() == Some(kind));
        let expected = |kind: &&str| {
            let later = LATER.iter().find(|(k, _)| k == kind).is_some_and(|(_, [a, b])| !capabilities.at_least(*a, *b, 0));
            !later && !ABSENT.iter().any(|(k, _)| k == kind)
        };
        let missing: Vec<&str> = kinds().filter(|k| expected(k) && !seen(k)).collect();
        let stale: Vec<&str> = ABSENT.iter().map(|(k, _)| *k).filter(|k| seen(k)).collect();
        assert!(missing.is_empty() && stale.is_empty(), "in no engine: {missing:?}; listed as absent and there: {stale:?}");
    }
}

/// Every name of a kind of layer, as the code gives them.
fn kinds() -> impl Iterator<Item = &'static str> {
    let source = include_str!("../../src/network/layer.rs");
    let names = source.split("pub fn name(&self)").nth(1).expect("the names of the kinds");
    names.lines().filter(|l| l.trim_start().starts_with("LayerKind::")).filter_map(|l| l.split('"').nth(1))
}

fn given(case: &Case, name: &str) -> Tensor {
    let at = case.graph.inputs.iter().position(|v| case.graph.value(*v).name == name);
    case.inputs[at.unwrap_or_else(|| panic!("{}: no input {name}", case.name))].clone()
}

/// The kinds in a network, each once, with their operations.
fn labels(network: &Network) -> std::collections::BTreeSet<String> {
    let operation = |kind: &LayerKind| match kind {
        LayerKind::Activation(a, ..) => a.name(),
        LayerKind::ElementWise(op) => op.name(),
        LayerKind::Unary(op) => op.name(),
        LayerKind::Reduce { kind, .. } => kind.name(),
        LayerKind::Pooling { kind, .. } => kind.name(),
        LayerKind::TopK { kind, .. } => kind.name(),
        LayerKind::SliceOutside { mode, .. } => mode.name(),
        LayerKind::Resize(r) => r.mode.name(),
        LayerKind::GridSample { mode, .. } => mode.name(),
        _ => "",
    };
    network.layers.iter().map(|l| format!("{} {}", l.kind.name(), operation(&l.kind)).trim().to_string()).collect()
}

/// How far two tensors are apart, where 1 is what is allowed.
fn units(t: Tolerance, got: &Tensor, want: &Tensor) -> f64 {
    if got.dtype() != want.dtype() || got.shape() != want.shape() {
        return f64::INFINITY;
    }
    let (got, want) = (got.to_f64s(), want.to_f64s());
    let scale = want.iter().filter(|v| v.is_finite()).fold(0.0, |m: f64, v| m.max(v.abs()));
    let one = |(a, b): (&f64, &f64)| match a == b || (a.is_nan() && b.is_nan()) {
        true => 0.0,
        false => (a - b).abs() / (t.relative * b.abs() + t.scaled * scale),
    };
    got.iter().zip(&want).map(one).fold(0.0, |m, u| if u.is_nan() || u > m { u } else { m })
}
