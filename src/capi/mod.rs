//! The C interface: one file per handle, everything else is `session`'s. `include/tvmtrt.h` is generated from these files.
//!
//! Every exported function runs its body in [`guard`]; Rust types say who owns what (`Option<&T>` is lent, `Option<Box<T>>` is
//! given away); out-pointers are written last, so that a failure leaves them as they were. Doc comments here are the C manual.
#![allow(unsafe_code, non_camel_case_types)]
// What a C caller must keep to is said in the manual that opens the header and at each function.
#![allow(clippy::missing_safety_doc)]

// The boundary, and what exports stand on.
pub mod callback;
pub mod dlpack;
pub mod dlpack_copy;
pub mod guard;

// Options: the table and what follows from it.
pub mod environment;
pub mod given;
pub mod nearest;
pub mod option_engines;
pub mod option_read;
pub mod option_table;
pub mod option_text;
pub mod option_value;

// The exports, in the order in which the header has them.
pub mod version;

pub mod error;

pub mod text;

pub mod options;

pub mod log;

pub mod progress;

pub mod value;

pub mod model;

pub mod partition;

pub mod build;

pub mod artifact;

pub mod session;

pub mod call;
pub mod run;

pub mod profile;

pub mod calibration;

pub mod tensorrt_info;
