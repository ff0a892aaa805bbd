//! A build as one file: a zip whose entries are stored as they are, so that a mapped file is used in place. `docs/artifact.md` is its
//! description for others. Knows no devices and no libraries: engines are bytes with a description.
//!
//! [`zip`] and [`weights`] are containers, [`graph`] and [`plan`] say what is in them, [`file`] is the whole, [`elf`] wraps it as a
//! shared object. Any bytes are answered with an artifact or an error that names file and entry, never a panic.

pub mod elf;
mod elf_read;
pub mod file;
mod graph;
mod graph_read;
mod json;
mod plan;
mod weights;
pub mod zip;
