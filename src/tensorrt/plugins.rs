//! Libraries with plugins, and the layers that are made of them. A library is opened before a network is made or an engine loaded, so
//! that TensorRT finds what is in it by name; it stays open.

use crate::network::plugin::Plugin;
use crate::tensor::digest::Digest;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::library::Library;
use crate::tensorrt::network_def::{Layer, NetworkDefinition, TensorRef};
use crate::tensorrt::registry::Registry;
use std::path::{Path, PathBuf};

/// Opens each library for TensorRT to use, and gives the files that they are: a name without folder is also looked for beside TensorRT.
pub fn open_all(paths: &[PathBuf], library: &'static Library) -> Result<Vec<PathBuf>> {
    let open = |path: &PathBuf| {
        let file = file(path, library);
        Registry::of(library).and_then(|r| r.open(&file)).map_err(|e| fault(path, &e.message))?;
        Ok(file)
    };
    paths.iter().map(open).collect()
}

fn file(path: &Path, library: &Library) -> PathBuf {
    let beside = library.path().parent().filter(|_| path.components().count() == 1 && !path.exists()).map(|folder| folder.join(path));
    beside.filter(|p| p.exists()).unwrap_or_else(|| path.to_path_buf())
}

/// What an engine's key has of these libraries: their contents, not where they are.
pub fn digests(paths: &[PathBuf]) -> Result<Vec<Digest>> {
    let digest = |path: &PathBuf| std::fs::read(path).map(|bytes| Digest::of(&bytes)).map_err(|e| fault(path, &e.to_string()));
    paths.iter().map(digest).collect()
}

fn fault(path: &Path, why: &str) -> Error {
    Error::new(Code::BadOption, format!("plugin_libraries: '{}': {why}", path.display()))
}

/// Whether a library knows a plugin of this name, version and namespace.
pub fn knows(library: &'static Library, name: &str, version: &str, namespace: &str) -> Result<bool> {
    Ok(Registry::of(library)?.creator(name, version, namespace)?.is_some())
}

/// Adds a plugin layer.
pub(super) fn add<'n>(to: &'n NetworkDefinition, name: &str, plugin: &Plugin, x: &[TensorRef<'n>]) -> Result<Layer<'n>> {
    let creator = Registry::of(to.library())?.creator(&plugin.name, &plugin.version, &plugin.namespace)?;
    let Some(creator) = creator else {
        let release = to.library().release();
        crate::fail!(UnsupportedOperator, "{release} has no {plugin}: name the file that has it in plugin_libraries");
    };
    to.add_plugin(x, &creator.create(name, plugin)?)
}
