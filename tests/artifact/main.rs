//! Artifacts: what is saved and loaded computes the same, whatever is wrong with a file is said, and files of old formats are read.

mod damage;
mod engines;
mod format;
mod fuzz;
mod loading;
mod round_trip;
mod samples;
mod shared_object;
#[path = "../capi_support/mod.rs"]
mod capi_support;
#[path = "../suite/mod.rs"]
mod suite;
mod support;
#[path = "../tensorrt_library/mod.rs"]
mod tensorrt_library;
