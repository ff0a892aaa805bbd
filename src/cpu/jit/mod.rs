//! Machine code for the elementwise and reducing stages of kernels, made by Cranelift when a program is loaded.
//! It renders what it is given: nothing here fuses, schedules or starts threads, and contractions are none of its work but for their
//! epilogues.
//!
//! Read in this order: what is rendered (`nest`), values while code is made (`rep`, `convert`, `ops`), bodies in loops (`body`,
//! `render`), the function around them (`gen_fn`, `host`), and the module that holds the code (`module`).

mod body;
mod convert;
mod gen_fn;
mod host;
pub mod module;
pub mod nest;
mod ops;
mod render;
mod rep;
#[cfg(test)]
mod tests;
