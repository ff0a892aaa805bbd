//! What every other module stands on: errors, element types, dimension expressions, host tensors and their bytes.
//! Nothing here knows of graphs, models or devices.

pub mod bind;
pub mod bytes;
pub mod digest;
pub mod dim;
pub mod dim_text;
pub mod dtype;
pub mod error;
pub mod file;
pub mod host;
pub mod lists;
pub mod overlap;
pub mod shape;
