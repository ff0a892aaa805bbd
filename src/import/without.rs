//! Stands for [`onnx`](super) where the library is built without its part `import`: the same names, and no model is read.
#![allow(missing_docs)]

use crate::ir::Graph;
use crate::tensor::error::{Result, left_out};
use crate::tensor::host::Tensor;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;

/// Nobody makes one.
pub struct Model {
    pub graph: Graph,
    pub metadata: BTreeMap<String, String>,
    pub producer: String,
    pub opset: i64,
}

/// What becomes of operators that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    #[default]
    Refuse,
    Keep,
}

pub fn load_file_with(_: &Path, _: Unknown) -> Result<Model> {
    Err(left_out("import"))
}

pub fn load_bytes_with(_: Bytes, _: Option<&Path>, _: Unknown) -> Result<Model> {
    Err(left_out("import"))
}

pub fn read_tensor(_: &Path) -> Result<(String, Tensor)> {
    Err(left_out("import"))
}
