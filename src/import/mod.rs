//! Trained networks of other formats as [`crate::ir`] graphs. One folder per format; nothing here knows of targets or devices.

pub mod onnx;
