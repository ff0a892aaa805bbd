//! What TensorRT's headers say, as tables: method slots and signatures, interfaces, enum values and struct layouts by version.
//!
//! A library's version picks an [`version::Abi`]; every other question is answered through it. Nothing here opens a library
//! or decides what to call. The tables are written by tools/abi; the functions that call through them take their types from
//! the tables, so that no signature is written by hand.

mod call;
mod enums;
mod interfaces;
mod layout;
mod methods;
mod values;
pub mod version;
mod versions;

pub use call::{Interface, Method, Row};
pub use enums::*;
pub use interfaces::INTERFACES;
pub use layout::{Dims, InterfaceInfo, Layout, MAX_DIMS, Permutation, Weights};
pub use methods::METHODS;
pub use values::Values;
pub use versions::{LAYOUTS, VERSIONS};

pub(in crate::tensorrt) use call::{P, Table};
pub(in crate::tensorrt) use interfaces::*;
pub(in crate::tensorrt) use layout::{Dims32, PluginField, PluginFieldCollection};
pub(in crate::tensorrt) use methods::*;
