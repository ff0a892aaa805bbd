//! NVIDIA TensorRT without its headers: opens whatever version is installed and builds engines with it.
//! Knows nothing of ONNX or of how a model was split. The only module that calls into TensorRT.
//!
//! Rooms, each using those above it: `abi` (tables), `search` and `library` (finding and opening), `logger`, then the safe
//! wrappers. A caller of them cannot free a thing too early, pass a tensor of another network, or call what the version lacks.

#[cfg(not(feature = "tensorrt"))]
mod without;
#[cfg(not(feature = "tensorrt"))]
pub use without::{engine, library, refit, runner};

pub mod abi;

pub mod logger;
pub mod search;

#[cfg(feature = "tensorrt")]
pub mod library;

mod object;

pub mod host_memory;
pub mod weights;

mod plugin_fields;
mod registry;

pub mod layers;
pub mod network_def;

pub mod profiler;
pub mod progress;

pub mod config;

pub mod builder;
#[cfg(feature = "tensorrt")]
pub mod engine;
#[cfg(feature = "tensorrt")]
pub mod refit;

#[cfg(feature = "tensorrt")]
pub mod outputs;

#[cfg(feature = "tensorrt")]
pub mod context;
#[cfg(feature = "tensorrt")]
pub mod runner;

pub mod cache;
pub mod plugins;
pub mod settings;

mod emit_index;
mod emit_sample;
mod emit_types;

pub mod emit;
pub mod info;
pub mod key;
