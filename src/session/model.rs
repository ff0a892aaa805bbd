//! A loaded model: its graph, its inputs and outputs, its metadata.

use crate::import::onnx::{self, Unknown};
use crate::ir::Graph;
use crate::session::log::{Level, Log};
use crate::session::value::{ValueInfo, inputs_of, outputs_of};
use crate::tensor::error::Result;
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

/// How a model is loaded.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// What becomes of operators that are not known.
    pub unknown: Unknown,
    /// Where log lines go.
    pub log: Log,
}

/// A loaded model.
#[derive(Debug)]
pub struct Model {
    /// The graph, as imported.
    pub graph: Arc<Graph>,
    /// What the file says of itself, by key.
    pub metadata: Vec<(String, String)>,
    /// The inputs, in order.
    pub inputs: Vec<ValueInfo>,
    /// The outputs, in order.
    pub outputs: Vec<ValueInfo>,
}

impl Model {
    /// A model from an imported graph.
    pub fn new(graph: Graph, metadata: Vec<(String, String)>) -> Model {
        let (inputs, outputs) = (inputs_of(&graph), outputs_of(&graph));
        Model { graph: Arc::new(graph), metadata, inputs, outputs }
    }

    /// Reads an ONNX file.
    pub fn load_file(path: &Path, options: &LoadOptions) -> Result<Model> {
        onnx::load_file_with(path, options.unknown).map(|m| Model::of_onnx(m, &options.log))
    }

    /// Reads the bytes of an ONNX file. Tensors that lie outside of them are looked up in `folder`.
    pub fn load_bytes(bytes: Bytes, folder: Option<&Path>, options: &LoadOptions) -> Result<Model> {
        onnx::load_bytes_with(bytes, folder, options.unknown).map(|m| Model::of_onnx(m, &options.log))
    }

    fn of_onnx(model: onnx::Model, log: &Log) -> Model {
        let onnx::Model { graph, metadata, producer, opset } = model;
        let nodes = graph.nodes.len();
        log.say(Level::Info, format_args!("loaded '{}': {nodes} nodes, opset {opset}, written by '{producer}'", graph.name));
        Model::new(graph, metadata.into_iter().collect())
    }
}
