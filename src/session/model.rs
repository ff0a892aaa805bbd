//! A loaded model: its graph, its inputs and outputs, its metadata.

use crate::ir::Graph;
use crate::session::log::Log;
use crate::session::value::{ValueInfo, inputs_of, outputs_of};
use crate::tensor::error::{Code, Error, Result};
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

/// A loaded model.
#[derive(Debug)]
pub struct Model {
    /// The graph, as imported.
    pub graph: Arc<Graph>,
    /// The file's own key-value pairs, in its order.
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

    /// Reads a file.
    pub fn load_file(path: &Path, log: &Log) -> Result<Model> {
        let _ = log;
        Err(Error::new(Code::NotImplemented, format!("'{}': no model format is connected", path.display())))
    }

    /// Reads a file's bytes. Tensors that lie outside of them are looked up in `folder`.
    pub fn load_bytes(bytes: Bytes, folder: Option<&Path>, log: &Log) -> Result<Model> {
        let _ = (folder, log);
        Err(Error::new(Code::NotImplemented, format!("{} bytes: no model format is connected", bytes.len())))
    }
}
