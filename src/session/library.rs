//! Which TensorRT library serves here, in words.

use crate::session::log::Log;
use crate::session::partition::LibraryOptions;
use crate::tensor::error::{Code, Error, Result};

/// The library found, and each place tried.
#[derive(Debug, Clone)]
pub struct Info {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: String,
}

/// Looks for a TensorRT library.
pub fn info(options: &LibraryOptions, log: &Log) -> Result<Info> {
    let _ = (options, log);
    Err(Error::new(Code::NotImplemented, "the search for TensorRT is not connected"))
}
