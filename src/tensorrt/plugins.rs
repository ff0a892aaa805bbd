//! Libraries with plugins: opened before a network is made, so that TensorRT finds their layers by name. They stay open.

use crate::tensor::digest::Digest;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::builder::Builder;
use std::path::{Path, PathBuf};

/// Opens each library, and tells TensorRT of those that it must ask itself.
pub fn open_all(paths: &[PathBuf], builder: &Builder) -> Result<()> {
    paths.iter().try_for_each(|path| builder.open_plugins(path).map_err(|e| fault(path, &e.message)))
}

/// What an engine's key has of these libraries: their contents, not where they are.
pub fn digests(paths: &[PathBuf]) -> Result<Vec<Digest>> {
    let digest = |path: &PathBuf| std::fs::read(path).map(|bytes| Digest::of(&bytes)).map_err(|e| fault(path, &e.to_string()));
    paths.iter().map(digest).collect()
}

fn fault(path: &Path, why: &str) -> Error {
    Error::new(Code::BadOption, format!("plugin_libraries: '{}': {why}", path.display()))
}
