//! From a graph to kernels ready to render: lowers nodes, fuses their kernels, plans memory. Knows no machine code and no device.
//!
//! Stages: [`lower`] asks each operator, [`fuse`] joins kernels (with [`splice`]), [`program`] is the result, [`plan`] lays out its
//! memory for given extents.

pub mod fuse;
pub mod lower;
mod plain;
pub mod plan;
pub mod program;
pub mod splice;

use crate::ir::Graph;
use crate::tensor::error::Result;
use program::Program;

/// The program that computes `graph`.
pub fn compile(graph: &Graph) -> Result<Program> {
    let mut program = lower::lower(graph)?;
    fuse::fuse(&mut program);
    Ok(program)
}
