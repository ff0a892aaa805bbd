//! What builds have measured, kept for the next ones: one file per library and device in a cache's folder, or a file of the caller's
//! in TensorRT's own form. Processes that build at the same time add to it one after the other.

use crate::tensor::error::{Code, Error, Result};
use crate::tensor::file::write_parts;
use crate::tensorrt::cache::Key;
use crate::tensorrt::cache::entry::{self, Fault};
use crate::tensorrt::cache::lock::Lock;
use crate::tensorrt::logger::{Severity, Sink};
use bytes::Bytes;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of measurements.
#[derive(Clone)]
pub struct Timing {
    path: PathBuf,
    /// What the measurements hold for. None: the file is the caller's, and TensorRT itself says whether it fits.
    key: Option<Key>,
    log: Option<Sink>,
}

impl Timing {
    /// The file of a cache's folder for this key.
    pub fn in_folder(folder: &Path, key: Key, log: Option<Sink>) -> Timing {
        Timing { path: folder.join(format!("{}.timing", key.stem())), key: Some(key), log }
    }

    /// A file in TensorRT's own form.
    pub fn at(path: &Path, log: Option<Sink>) -> Timing {
        Timing { path: path.to_owned(), key: None, log }
    }

    /// What is there; empty where there is nothing that fits.
    pub fn read(&self) -> Bytes {
        let found = match &self.key {
            Some(key) => entry::read_for(&self.path, key.text()),
            None if !self.path.exists() => Err(Fault::Absent),
            // Read, not mapped: another program may write into a file that is the caller's.
            None => fs::read(&self.path).map(Bytes::from).map_err(|e| Fault::Unreadable(e.to_string())),
        };
        found.unwrap_or_else(|fault| {
            if fault != Fault::Absent {
                self.warn(&format!("{} is passed over: {fault}", self.path.display()));
            }
            Bytes::new()
        })
    }

    /// Puts new measurements into the file. `merge` gets what is in it by now and gives what is to be in it. Where nothing can be
    /// written, a warning.
    pub fn add(&self, merge: &mut dyn FnMut(&Bytes) -> Result<Bytes>) {
        if let Err(e) = self.try_add(merge) {
            self.warn(&format!("measurements are not kept: {}", e.message));
        }
    }

    fn try_add(&self, merge: &mut dyn FnMut(&Bytes) -> Result<Bytes>) -> Result<()> {
        let fault = |e: std::io::Error| Error::new(Code::Io, format!("{}: {e}", self.path.display()));
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(fault)?;
        }
        let _lock = Lock::take(&self.path.with_extension("lock"), &mut || true).map_err(fault)?;
        let there = self.read();
        let all = merge(&there)?;
        if all.is_empty() || all == there {
            return Ok(());
        }
        match &self.key {
            Some(key) => entry::write(&self.path, key.text(), &all),
            None => write_parts(&self.path, &[&all]),
        }
        .map_err(fault)
    }

    fn warn(&self, line: &str) {
        if let Some(log) = &self.log {
            log(Severity::Warning, line);
        }
    }
}
