//! Precision as a rewrite: what is cast, what stays, how far results move, and that a real TensorRT builds it.

#[path = "../common/mod.rs"]
mod common;
#[path = "../data/mod.rs"]
mod data;
#[path = "../suite/mod.rs"]
mod suite;
#[path = "../tensorrt_library/mod.rs"]
mod tensorrt_library;

mod int8;
mod networks;
mod operators;
mod small;
mod widen;
