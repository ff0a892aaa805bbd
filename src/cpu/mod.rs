//! Code that runs on the CPU: hand-written kernels for products, convolution and pooling over plain `f32` memory, which take sizes at
//! run time and know no graphs; and machine code made for all other stages of kernels (`jit`). `compiled` and `exec` run whole programs with both.
//!
//! Read in this order: instruction sets, threads and memory, then packing, products, and what is built from them.

pub mod isa;
mod simd_portable;
#[cfg(target_arch = "x86_64")]
mod simd_x86;
#[cfg(target_arch = "aarch64")]
mod simd_neon;
pub mod pool;
pub mod scratch;
pub mod pack;
mod tile;
pub mod gemm;
mod block;
mod vector;
pub mod conv;
mod im2col;
pub mod winograd;
mod strip;
pub mod depthwise;
pub mod pool2d;
pub mod blocks;
pub mod channelwise;
mod functions;
pub mod attention;
#[cfg_attr(not(feature = "cpu-jit"), path = "without_jit.rs")]
pub mod jit;
mod finish;
mod factor;
mod rows;
mod attend;
mod prepare;
pub mod compiled;
mod contract;
mod routine;
mod order;
mod scatter;
mod select;
pub mod state;
pub mod exec;
pub mod staged;
