//! Runs a trained network with NVIDIA TensorRT where there is one and with generated kernels where there is not.
//!
//! Modules stand in order: each uses only those above it (`tests/layering.rs` holds the line). Read from top to bottom.

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

pub mod cuda;

pub mod tensorrt;

pub mod session;

pub mod capi;
