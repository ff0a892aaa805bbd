//! CUDA's driver: devices, memory, streams, graphs. Opens the driver's library at run time; a machine without one gets an error from
//! [`device::Device::all`] and nothing else. Knows no TensorRT, no graph of operators.

pub mod device;
mod driver;
pub mod graph;
pub mod lane;
pub mod memory;
pub mod stream;
