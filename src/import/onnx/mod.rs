//! ONNX models, operator sets 7 and newer, as [`crate::ir`] graphs.
//!
//! A file is decoded ([`proto`]) without copying weights ([`weights`]), its nodes are put in order ([`order`]), and each becomes what
//! the table of operators says ([`table`], a file per family). Types of inner values that the file states are not trusted: facts are
//! inferred anew. Nothing in a file makes this panic, hang or allocate more than a multiple of the file's size.

pub mod attributes;
pub mod graph;
pub mod node;
pub mod order;
pub mod proto;
mod symbols;
pub mod table;
pub mod weights;

mod activation;
mod arithmetic;
mod control;
mod generators;
mod indexing;
mod linear;
mod movement;
mod norm;
mod plugin;
mod pool;
mod quantised;
mod reduce;
mod sample;
mod shapes;
mod transposed;
mod window;

#[cfg(test)]
mod tests;

use crate::import::onnx::graph::{Importer, Ops};
use crate::import::onnx::proto::{ModelProto, TensorProto};
use crate::import::onnx::weights::Weights;
use crate::ir::Graph;
use crate::ops;
use crate::tensor::bytes::map_file;
use crate::tensor::error::{Code, Context, Error, Result};
use crate::tensor::host::Tensor;
use crate::{ensure, fail};
use bytes::Bytes;
use prost::Message;
use std::collections::BTreeMap;
use std::path::Path;

/// Oldest version of ONNX's own operator set that is read.
pub const OLDEST_OPSET: i64 = 7;
/// Newest version of it whose operators the table was written against.
pub const NEWEST_OPSET: i64 = 28;

/// An imported model.
#[derive(Debug, Clone)]
pub struct Model {
    /// The network.
    pub graph: Graph,
    /// What the file says of itself, by key.
    pub metadata: BTreeMap<String, String>,
    /// The program that wrote the file, and its version.
    pub producer: String,
    /// Version of ONNX's own operator set that the model uses.
    pub opset: i64,
}

/// What becomes of nodes whose operators are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// An error that names them all.
    #[default]
    Refuse,
    /// They are kept: a plugin may know them.
    Keep,
}

/// Imports the model in a file. Weights stay in the mapped file, and in data files of the same folder that it names.
pub fn load_file(path: &Path) -> Result<Model> {
    load_file_with(path, Unknown::Refuse)
}

/// As [`load_file`], with a say on unknown operators.
pub fn load_file_with(path: &Path, unknown: Unknown) -> Result<Model> {
    let bytes = map_file(path)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    load_bytes_with(bytes, Some(folder), unknown).context(|| format!("model '{}'", path.display()))
}

/// Imports a model from memory; `folder` is where its data files are, if it has any.
pub fn load_bytes(bytes: Bytes, folder: Option<&Path>) -> Result<Model> {
    load_bytes_with(bytes, folder, Unknown::Refuse)
}

/// Reads one tensor from a file as ONNX's test data have them, and the name that the file gives it, which may be empty.
pub fn read_tensor(path: &Path) -> Result<(String, Tensor)> {
    let place = || format!("'{}'", path.display());
    let message = TensorProto::decode(map_file(path)?);
    let message = message.map_err(|e| Error::new(Code::MalformedModel, format!("{} is no ONNX tensor: {e}", place())))?;
    let tensor = Weights::new(path.parent()).tensor(&message).context(place)?;
    Ok((message.name, tensor))
}

/// As [`load_bytes`], with a say on unknown operators.
pub fn load_bytes_with(bytes: Bytes, folder: Option<&Path>, unknown: Unknown) -> Result<Model> {
    load_with(table::FAMILIES, &ops::find, bytes, folder, unknown)
}

fn load_with(rows: &[&[table::Row]], ops: Ops, bytes: Bytes, folder: Option<&Path>, unknown: Unknown) -> Result<Model> {
    let fault = |e| Error::new(Code::MalformedModel, format!("this is no ONNX model, or it is cut or damaged: {e}"));
    let model = ModelProto::decode(bytes).map_err(fault)?;
    let Some(graph) = &model.graph else { fail!(MalformedModel, "this is no ONNX model: it has no graph") };
    let mut opsets = BTreeMap::new();
    for set in &model.opset_import {
        let domain = if set.domain == "ai.onnx" { "" } else { &set.domain };
        let twice = opsets.insert(domain.to_string(), set.version).is_some_and(|v| v != set.version);
        ensure!(!twice, MalformedModel, "two versions of operator set '{domain}' are given");
    }
    // A model of other domains' operators only needs none of ONNX's own.
    let own = opsets.get("").copied().or_else(|| graph.node.iter().all(|n| !table::domain(n).is_empty()).then_some(NEWEST_OPSET));
    let Some(opset) = own else { fail!(MalformedModel, "the version of the operator set is not given") };
    ensure!(
        opset >= OLDEST_OPSET,
        UnsupportedModel,
        "the model uses opset {opset}; convert it to {OLDEST_OPSET} or newer with onnx.version_converter"
    );
    ensure!(
        opset <= NEWEST_OPSET,
        UnsupportedModel,
        "the model uses opset {opset}; the newest known here is {NEWEST_OPSET}: export it with that one"
    );
    let graph = Importer::new(rows, ops, opsets, Weights::new(folder), unknown).network(graph)?;
    let metadata = model.metadata.iter().map(|e| (e.key.clone(), e.value.clone())).collect();
    let producer = format!("{} {}", model.producer_name, model.producer_version).trim().to_string();
    Ok(Model { graph, metadata, producer, opset })
}
