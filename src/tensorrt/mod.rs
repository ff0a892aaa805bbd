//! NVIDIA TensorRT without its headers: opens whatever version is installed and builds engines with it.
//! Knows nothing of ONNX or of how a model was split. The only module that calls into TensorRT.

pub mod abi;
