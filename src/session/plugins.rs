//! Nodes that only plugins of TensorRT's can compute: whether the library knows them, and that each is in an engine. No other code is
//! there for them, so that what else is a slower way is an error here.

use crate::ir::Graph;
use crate::network::capabilities::Flavour;
use crate::ops::plugin::{Plugin, is_plugin, label, nodes};
use crate::partition::Partition as Parts;
use crate::tensor::error::Result;
use crate::tensorrt::library::Library;
use crate::tensorrt::plugins;
use crate::{ensure, fail};
use std::path::PathBuf;

/// An error that names every plugin of a graph that the library does not have.
pub fn check_known(graph: &Graph, library: &'static Library, files: &[PathBuf]) -> Result<()> {
    let all = nodes(graph);
    // What has no plugin layers knows none; that is a rule of the target's.
    if all.is_empty() || library.release().flavour == Flavour::Rtx {
        return Ok(());
    }
    plugins::open_all(files, library)?;
    let mut unknown = Vec::new();
    for node in all {
        let Plugin { plugin, version, namespace, .. } = node.attrs.get();
        if !plugins::knows(library, plugin, version, namespace)? {
            unknown.push(label(node));
        }
    }
    ensure!(
        unknown.is_empty(),
        UnsupportedOperator,
        "{} nodes are neither known here nor plugins of {}: {}; name the file that has them in plugin_libraries",
        unknown.len(),
        library.release(),
        unknown.join(", ")
    );
    Ok(())
}

/// An error that names a plugin that is in no region, and why.
pub fn check_offloaded(parts: &Parts) -> Result<()> {
    for id in parts.graph.node_ids() {
        let (at, node) = (id.0 as usize, parts.graph.node(id));
        if parts.region_of[at].is_some() || !is_plugin(node) {
            continue;
        }
        let why: Vec<String> = parts.verdicts[at].refusals.iter().map(|(_, r)| r.to_string()).collect();
        let why = if why.is_empty() { "it is in no region".to_string() } else { why.join("; ") };
        fail!(UnsupportedOperator, "{} computes in a TensorRT engine only, and is in none: {why}", label(node));
    }
    Ok(())
}

/// Why a graph has no code of ours, if it holds a plugin.
pub fn without_code(graph: &Graph) -> Option<String> {
    nodes(graph).first().map(|node| format!("{} computes in a TensorRT engine only", label(node)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::build::Builder;
    use crate::ir::fact::Fact;
    use crate::ops::plugin::PLUGIN;
    use crate::tensor::dim::Dim;
    use crate::tensor::dtype::DType;
    use crate::transform::prepare;

    #[test]
    fn results_follow_the_symbols_and_constants_are_not_folded() {
        let fact = |n: Dim| Fact::new(DType::F32, vec![n]);
        let n = Dim::symbol("N", 1, 8);
        let mut b = Builder::new("g");
        let x = b.input("x", fact(n.clone())).unwrap();
        let c = b.constant("c", crate::tensor::host::Tensor::zeros(DType::F32, &[1]));
        let plugin = |of: Fact| Plugin { plugin: "P".into(), ..Plugin::default() }.with_results(&[of]);
        let y = b.op("y", &PLUGIN, plugin(fact(n)), &[x]).unwrap();
        let z = b.op("z", &PLUGIN, plugin(fact(Dim::from(2i64))), &[c]).unwrap();
        b.output("y", y).unwrap();
        b.output("z", z).unwrap();
        let bound = prepare(&b.finish(), &[("N".into(), Dim::from(5i64))].into()).unwrap();
        assert_eq!(bound.fact(bound.outputs[0].value).to_string(), "float32[5]");
        assert_eq!(nodes(&bound).len(), 2);
        assert_eq!(without_code(&bound).unwrap(), "node 'y' (plugin 'P' version '1') computes in a TensorRT engine only");
    }
}
