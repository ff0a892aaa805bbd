//! Stands for [`cuda`](super::cuda) where the library is built without that part: the same names, and no GPU is ever found. Nobody can make
//! one of the types that stand for things on a GPU, so that what is done with them is left out too.
#![allow(missing_docs, unsafe_code)]

/// Methods of a type that has no value.
macro_rules! methods {
    ($type:ident: $($name:ident($($a:ty),*) $(-> $r:ty)?;)*) => {
        impl $type {
            $(pub fn $name(&self, $(_: $a),*) $(-> $r)? { match *self {} })*
        }
    };
}

pub mod device {
    use crate::tensor::error::{Result, left_out};
    use std::fmt;

    #[derive(Debug)]
    pub enum Device {}
    #[derive(Debug)]
    pub enum Current {}

    impl Device {
        pub fn all() -> Result<&'static [Device]> {
            Err(left_out("cuda"))
        }
        pub fn get(_: usize) -> Result<&'static Device> {
            Err(left_out("cuda"))
        }
        pub fn name(&self) -> &str {
            match *self {}
        }
    }
    methods! { Device: ordinal() -> usize; compute_capability() -> (u32, u32); memory() -> u64; free_memory() -> Result<u64>; enter() -> Result<Current>; }

    impl fmt::Display for Device {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }

    pub fn driver_version() -> Result<u32> {
        Err(left_out("cuda"))
    }
}

pub mod memory {
    use crate::cuda::device::Device;
    use crate::tensor::error::Result;
    use crate::tensor::overlap::Range;

    /// Memory of a GPU, which a caller may name all the same.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Span {
        address: u64,
        bytes: usize,
    }

    impl Span {
        /// # Safety
        /// None is needed here: nobody works on it.
        pub unsafe fn lent(address: u64, bytes: usize) -> Span {
            Span { address, bytes }
        }
        pub fn address(self) -> u64 {
            self.address
        }
        pub fn bytes(self) -> usize {
            self.bytes
        }
        pub fn first(self, bytes: usize) -> Span {
            Span { bytes: bytes.min(self.bytes), ..self }
        }
        pub fn range(self) -> Range {
            (0, 0)
        }
    }

    #[derive(Debug)]
    pub enum DeviceMemory {}

    impl DeviceMemory {
        pub fn new(device: &'static Device, _: usize) -> Result<DeviceMemory> {
            match *device {}
        }
    }
    methods! { DeviceMemory: address() -> u64; bytes() -> usize; span(usize) -> Span; }

    pub fn allocations() -> u64 {
        0
    }
}

pub mod stream {
    use crate::tensor::error::{Result, left_out};
    use std::ffi::c_void;

    /// A stream of a caller's.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct StreamRef(pub *mut c_void);

    // SAFETY: an address that nobody here uses.
    unsafe impl Send for StreamRef {}
    // SAFETY: as above.
    unsafe impl Sync for StreamRef {}

    impl StreamRef {
        /// # Safety
        /// None is needed here: it is refused.
        pub unsafe fn synchronize(self) -> Result<()> {
            Err(left_out("cuda"))
        }
    }

    #[derive(Debug)]
    pub enum Stream {}
    methods! { Stream: get() -> StreamRef; }
    #[derive(Debug)]
    pub enum Event {}
    methods! { Event: synchronize() -> Result<()>; }
}

pub mod graph {
    use crate::cuda::device::Device;
    use crate::cuda::stream::{Stream, StreamRef};
    use crate::tensor::error::Result;

    pub enum Graph {}

    impl Graph {
        pub fn record(device: &'static Device, _: &Stream, _: impl FnOnce(StreamRef) -> Result<()>) -> Result<Graph> {
            match *device {}
        }
        /// # Safety
        /// There is no value to call it with.
        pub unsafe fn launch(&self, _: StreamRef) -> Result<()> {
            match *self {}
        }
    }
}

pub mod lane {
    use crate::cuda::device::Device;
    use crate::cuda::memory::Span;
    use crate::cuda::stream::{Event, Stream, StreamRef};
    use crate::tensor::error::Result;
    use crate::tensor::lists::Lists;
    use std::sync::Arc;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct BufferId(pub usize);

    #[derive(Debug)]
    pub enum Lane {}

    impl Lane {
        pub fn new(device: &'static Device, _: usize) -> Result<Lane> {
            match *device {}
        }
        pub fn own(&self) -> &Stream {
            match *self {}
        }
        pub fn done(&self) -> &Arc<Event> {
            match *self {}
        }
        pub fn host(&mut self, _: BufferId, _: usize) -> Result<&[u8]> {
            match *self {}
        }
        pub fn host_mut(&mut self, _: BufferId, _: usize) -> Result<&mut [u8]> {
            match *self {}
        }
        pub fn hosts<'a>(
            &'a mut self,
            _: &[(BufferId, usize)],
            _: &[(BufferId, usize)],
            _: &'a Lists,
        ) -> Result<(&'a [&'a [u8]], &'a mut [&'a mut [u8]])> {
            match *self {}
        }
    }
    methods! { Lane:
        device() -> &'static Device; stream() -> StreamRef; begin(Option<StreamRef>) -> Result<()>; end() -> Result<()>; wait() -> Result<()>;
        span(BufferId, usize) -> Result<Span>; upload(BufferId, &[u8]) -> Result<Span>; send(BufferId, usize) -> Result<Span>;
        receive(BufferId, Span) -> Result<()>; copy(Span, Span) -> Result<()>;
    }
}
