//! `tensorrt.plugin`: a node that only a plugin of TensorRT's can compute. It is kept as it is until a library is there that has the
//! plugin; no other stage knows what it means.

use crate::attributes;
use crate::ensure;
use crate::ir::attrs::{AttrsDef, Param};
use crate::ir::fact::Fact;
use crate::ir::opdef::{InferCtx, OpDef, Tolerance};
use crate::ir::view::NodeView;
use crate::ir::{Graph, Node};
use crate::network::layer::LayerKind;
use crate::network::plugin::{Fields, Plugin as Layer};
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};

attributes! {
    /// Attributes of `tensorrt.plugin`.
    pub struct Plugin {
        /// The plugin's name in TensorRT's registry.
        pub plugin: String = String::new(),
        /// Its version.
        pub version: String = "1".into(),
        /// Its namespace.
        pub namespace: String = String::new(),
        /// What it is made with.
        pub fields: Fields = Fields::default(),
        /// Element types of the results, with commas between them.
        pub dtypes: String = "float32".into(),
        /// How many axes each result has.
        pub ranks: Vec<i64> = vec![0],
        /// The extents of all results, one after the other.
        pub extents: Param = Param::Static(Vec::new()),
    }
}

impl Plugin {
    /// The same plugin with results of these facts.
    pub fn with_results(self, results: &[Fact]) -> Plugin {
        let dtypes: Vec<&str> = results.iter().map(|f| f.dtype.name()).collect();
        let extents = results.iter().flat_map(|f| f.shape.clone()).collect();
        let ranks = results.iter().map(|f| f.rank() as i64).collect();
        Plugin { dtypes: dtypes.join(","), ranks, extents: Param::Static(extents), ..self }
    }

    /// Types and extents of the results.
    fn results(&self) -> Result<Vec<(DType, Vec<Dim>)>> {
        let dtypes = self.dtypes.split(',').map(DType::from_name).collect::<Result<Vec<_>>>()?;
        let Param::Static(extents) = &self.extents else { crate::fail!(BadGraph, "the extents of a plugin's results are not known") };
        let fits = self.ranks.len() == dtypes.len() && self.ranks.iter().all(|r| *r >= 0);
        let total = self.ranks.iter().fold(0i64, |n, r| n.saturating_add(*r));
        ensure!(
            fits && total == extents.len() as i64,
            BadGraph,
            "{:?} are not the ranks of {} with {total} extents",
            self.ranks,
            self.dtypes
        );
        let mut rest = extents.as_slice();
        let shapes = self.ranks.iter().map(|r| {
            let (own, others) = rest.split_at(*r as usize);
            rest = others;
            own.to_vec()
        });
        Ok(dtypes.into_iter().zip(shapes).collect())
    }
}

/// The operator. It is not among [`crate::ops::OPS`], of which each can be computed here.
pub static PLUGIN: OpDef = OpDef {
    name: "tensorrt.plugin",
    doc: "What a plugin of TensorRT's computes: only in an engine.",
    arity: (0, usize::MAX),
    attrs: AttrsDef::of::<Plugin>(),
    infer: |c: &InferCtx, _| Ok(c.attrs.get::<Plugin>().results()?.into_iter().map(|(dtype, shape)| Fact::new(dtype, shape)).collect()),
    eval: |c, _| Err(elsewhere(&named(c.attrs.get()))),
    convert: |v, b, x| {
        let Plugin { plugin, version, namespace, fields, .. } = v.attrs::<Plugin>().clone();
        let results = (0..v.node().outputs.len()).map(|i| (v.output(i).dtype, v.output(i).shape.clone())).collect();
        b.add_all(LayerKind::Plugin(Box::new(Layer { name: plugin, version, namespace, fields, results })), x)
    },
    lower: |v: &NodeView| Err(elsewhere(&label(v.node()))),
    tolerance: Tolerance::EXACT,
};

fn elsewhere(what: &str) -> Error {
    Error::new(Code::UnsupportedOperator, format!("{what} computes in a TensorRT engine only"))
}

fn named(plugin: &Plugin) -> String {
    let Plugin { plugin, version, namespace, .. } = plugin;
    let of = if namespace.is_empty() { String::new() } else { format!(" of namespace '{namespace}'") };
    format!("plugin '{plugin}' version '{version}'{of}")
}

/// True for a node that is a plugin.
pub fn is_plugin(node: &Node) -> bool {
    node.op == &PLUGIN
}

/// How messages call a node that is a plugin.
pub fn label(node: &Node) -> String {
    format!("node '{}' ({})", node.name, named(node.attrs.get()))
}

/// The nodes of a graph, and of the graphs inside its nodes, that are plugins.
pub fn nodes(graph: &Graph) -> Vec<&Node> {
    let inside = graph.nodes.iter().flat_map(|n| &n.bodies).flat_map(|b| nodes(&b.graph));
    graph.nodes.iter().filter(|n| is_plugin(n)).chain(inside).collect()
}
