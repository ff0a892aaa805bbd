//! numpy's file format for several arrays by name: a zip of `.npy` files.

use crate::npy;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use tvmtrt::tensor::error::{Code, Context, Error, Result};
use tvmtrt::tensor::host::Tensor;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

fn fault(path: &Path, e: impl std::fmt::Display) -> Error {
    Error::new(Code::Io, format!("'{}': {e}", path.display()))
}

/// The arrays, in the order of the file.
pub fn read(path: &Path) -> Result<Vec<(String, Tensor)>> {
    let file = File::open(path).map_err(|e| fault(path, e))?;
    let mut archive = ZipArchive::new(std::io::BufReader::new(file)).map_err(|e| fault(path, e))?;
    let mut arrays = Vec::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).map_err(|e| fault(path, e))?;
        let name = entry.name().map_err(|e| fault(path, e))?;
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|e| fault(path, e))?;
        arrays.push((name.clone(), npy::read(&bytes).context(|| format!("'{}', array '{name}'", path.display()))?));
    }
    Ok(arrays)
}

/// Writes arrays by name.
pub fn write(path: &Path, arrays: &[(&str, &Tensor)]) -> Result<()> {
    let file = File::create(path).map_err(|e| fault(path, e))?;
    let mut archive = ZipWriter::new(std::io::BufWriter::new(file));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, tensor) in arrays {
        let large = options.large_file(tensor.bytes().len() > 1 << 30);
        archive.start_file(format!("{name}.npy"), large).map_err(|e| fault(path, e))?;
        archive.write_all(&npy::write(tensor)).map_err(|e| fault(path, e))?;
    }
    let mut inner = archive.finish().map_err(|e| fault(path, e))?;
    inner.flush().map_err(|e| fault(path, e))
}
