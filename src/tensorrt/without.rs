//! Stands for what opens a TensorRT library and works with it, where our library is built without its part `tensorrt`: the same names, and no
//! library is ever found. Nobody can make one of the types that stand for TensorRT's things, so that what is done with them is left out too.
#![allow(missing_docs)]

pub mod library {
    use crate::network::capabilities::Capabilities;
    use crate::tensor::error::{Error, Result, left_out};
    use crate::tensorrt::abi::P;
    use crate::tensorrt::abi::version::{Abi, Release};
    use crate::tensorrt::logger::Logger;
    use crate::tensorrt::search::Search;
    use std::ffi::c_char;
    use std::fmt;
    use std::path::Path;

    /// A place where a library was looked for, and what came of it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Probe {
        pub place: String,
        pub outcome: std::result::Result<String, Error>,
    }

    impl fmt::Display for Probe {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let outcome = self.outcome.as_ref().map_or_else(|e| e.message.as_str(), String::as_str);
            write!(f, "{}: {outcome}", self.place)
        }
    }

    /// How TensorRT gets to know of plugins.
    pub(in crate::tensorrt) struct Announcement {
        pub(in crate::tensorrt) asked: bool,
        pub(in crate::tensorrt) init: Option<unsafe extern "C" fn(P, *const c_char) -> bool>,
    }

    #[derive(Debug)]
    pub enum Library {}

    impl Library {
        pub fn find(_: &Search) -> Result<&'static Library> {
            Err(left_out("tensorrt"))
        }
        pub fn probe(_: &Search) -> (Option<&'static Library>, Vec<Probe>) {
            (None, vec![Probe { place: "nowhere".into(), outcome: Err(left_out("tensorrt")) }])
        }
        pub fn path(&self) -> &Path {
            match *self {}
        }
        pub fn release(&self) -> Release {
            match *self {}
        }
        pub fn full_version(&self) -> String {
            match *self {}
        }
        pub fn abi(&self) -> &Abi {
            match *self {}
        }
        pub fn capabilities(&self) -> Capabilities {
            match *self {}
        }
        pub fn can_build(&self) -> bool {
            match *self {}
        }
        pub fn logger(&self) -> &'static Logger {
            match *self {}
        }
        pub(in crate::tensorrt) fn plugin_registry(&self) -> P {
            match *self {}
        }
        pub(in crate::tensorrt) fn open_plugins(&self, _: &Path) -> Result<Announcement> {
            match *self {}
        }
        pub(in crate::tensorrt) fn create_builder(&self) -> Result<P> {
            match *self {}
        }
    }
}

pub mod refit {
    use crate::cuda::device::Device;
    use crate::network::Network;
    use crate::tensor::error::Result;
    use crate::tensorrt::library::Library;
    use crate::tensorrt::logger::Sink;
    use bytes::Bytes;

    pub fn refit(library: &'static Library, _: &'static Device, _: &[u8], _: &Network, _: &[bool], _: Option<Sink>) -> Result<Bytes> {
        match *library {}
    }
}

pub mod engine {
    use crate::tensor::error::Result;
    use crate::tensorrt::library::Library;
    use crate::tensorrt::logger::Sink;
    use bytes::Bytes;

    pub enum Runtime {}
    pub enum Engine {}

    /// An input or output as the engine has it.
    pub struct Binding {
        pub name: String,
        pub on_host: bool,
    }

    impl Runtime {
        pub fn new(library: &'static Library, _: Option<Sink>) -> Result<Runtime> {
            match *library {}
        }
        pub fn allow_host_code(&self) -> Result<()> {
            match *self {}
        }
        pub fn deserialize(&self, _: &[u8]) -> Result<Engine> {
            match *self {}
        }
    }

    impl Engine {
        pub fn device_memory(&self) -> Result<u64> {
            match *self {}
        }
        pub fn serialize(&self) -> Result<Bytes> {
            match *self {}
        }
        pub fn max_batch(&self) -> Result<Option<i32>> {
            match *self {}
        }
        pub fn bindings(&self) -> Result<Vec<Binding>> {
            match *self {}
        }
        pub fn inspect(&self) -> Result<String> {
            match *self {}
        }
    }
}

pub mod runner {
    use crate::cuda::lane::Lane;
    use crate::cuda::memory::{DeviceMemory, Span};
    use crate::tensor::error::Result;
    use crate::tensorrt::engine::Engine;
    use crate::tensorrt::profiler::LayerTime;
    use std::ffi::{CStr, CString};
    use std::sync::Arc;

    #[derive(Debug, Clone, Copy)]
    pub struct Argument<'a> {
        pub name: &'a CString,
        pub shape: Option<&'a [usize]>,
        pub span: Span,
    }

    #[derive(Default)]
    pub struct Contexts;
    pub enum Runner {}

    impl Runner {
        pub fn new(engine: &Engine, _: &Arc<Contexts>, _: &Lane, _: &Arc<DeviceMemory>) -> Result<Runner> {
            match *engine {}
        }
        pub fn open_output(&mut self, _: &CStr) -> Result<()> {
            match *self {}
        }
        pub fn made(&self, _: &CStr) -> Result<(Vec<usize>, Span)> {
            match *self {}
        }
        pub fn scratch(&self) -> usize {
            match *self {}
        }
        pub fn addresses(&self) -> Result<Vec<u64>> {
            match *self {}
        }
        pub fn time_layers(&mut self) -> Result<()> {
            match *self {}
        }
        pub fn layer_times(&self) -> Vec<LayerTime> {
            match *self {}
        }
        pub fn profile(&self) -> usize {
            match *self {}
        }
        pub fn run<'a>(&mut self, _: &Lane, _: usize, _: impl Iterator<Item = Argument<'a>> + Clone, _: bool) -> Result<()> {
            match *self {}
        }
        pub fn again(&mut self, _: &Lane, _: bool) -> Result<bool> {
            match *self {}
        }
    }
}
