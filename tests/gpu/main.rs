//! What needs a GPU and a TensorRT that builds for it: engines run and are right. Without them each test prints SKIP;
//! `TVMTRT_REQUIRE=gpu` makes that a failure.

#[path = "../data/mod.rs"]
mod data;
#[path = "../suite/mod.rs"]
mod suite;

mod artifact;
mod builders;
mod devices;
mod engines;
mod implicit;
mod kinds;
mod modes;
mod networks;
mod outputs;
mod plugins;
mod precision;
mod profile;
mod refit;
mod runs;
mod runtime_only;
mod support;
mod trouble;
#[path = "../witness/mod.rs"]
mod witness;
mod witnesses;
