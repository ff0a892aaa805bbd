//! Runs a trained network with NVIDIA TensorRT where there is one and with generated kernels where there is not.
//!
//! Cargo's features leave parts out. Where a part is missing, a file `without*.rs` stands for it: the same names, and errors that say so.
//!
//! Modules stand in order: each uses only those above it (`tests/layering.rs` holds the line). Read from top to bottom.
// What only a missing part would use is not used then; the whole library is held to be without such things.
#![cfg_attr(
    not(all(feature = "tensorrt", feature = "cuda", feature = "cpu-jit", feature = "import", feature = "compiler")),
    allow(dead_code, unused_imports, unused_variables, unused_mut, unreachable_code)
)]

pub mod tensor;

pub mod loops;

pub mod network;

pub mod ir;

pub mod ops;

pub mod reference;

pub mod import;

pub mod transform;

pub mod partition;

pub mod artifact;

pub mod kernels;

pub mod cpu;

#[cfg_attr(not(feature = "cuda"), path = "cuda/without.rs")]
pub mod cuda;

pub mod tensorrt;

pub mod session;

pub mod capi;
