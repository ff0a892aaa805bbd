//! The whole way in plain Rust: load a model, partition it, build the parts, run them. `capi` is a thin skin over this module.
//!
//! [`model::Model`], [`partition::Partition`] and [`build::Build`] never change once made and are shared by `Arc`;
//! [`run::Session`] belongs to one thread at a time. Nothing here knows of C.

pub mod arguments;
pub mod artifact;
pub mod build;
pub mod calibration;
pub mod dump;
pub mod engine;
pub mod engines;
pub mod library;
pub mod log;
pub mod make;
mod measure;
mod mixed;
pub mod model;
pub mod partition;
mod places;
pub mod plugins;
pub mod precision;
pub mod profile;
pub mod profiles;
pub mod run;
mod seated;
pub mod shapes;
pub mod slot;
pub mod stages;
pub mod stored;
pub mod target;
pub mod value;
