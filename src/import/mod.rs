//! Trained networks of other formats as [`crate::ir`] graphs. One folder per format; nothing here knows of targets or devices.

#[cfg_attr(not(feature = "import"), path = "without.rs")]
pub mod onnx;
