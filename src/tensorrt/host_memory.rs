//! Memory that TensorRT made and owns (`IHostMemory`): serialised engines and caches, as bytes.

#![allow(unsafe_code)]

use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::host_memory;
use crate::tensorrt::object::Object;

/// Bytes that TensorRT made and owns.
pub struct HostMemory {
    // Held so that the bytes live.
    _object: Object,
    data: *const u8,
    len: usize,
}

// SAFETY: the bytes are never written after they were made, and are freed with the object.
unsafe impl Send for HostMemory {}
// SAFETY: as above.
unsafe impl Sync for HostMemory {}

impl HostMemory {
    pub(super) fn new(object: Object) -> Result<HostMemory> {
        // SAFETY: the object is live host memory.
        let (data, len) = unsafe { (host_memory::data(object.abi(), object.pointer)?, host_memory::size(object.abi(), object.pointer)?) };
        let len = usize::try_from(len).map_err(|_| Error::new(Code::Internal, format!("{len} bytes of memory")))?;
        Ok(HostMemory { _object: object, data: data.cast(), len })
    }
}

impl AsRef<[u8]> for HostMemory {
    fn as_ref(&self) -> &[u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: TensorRT's own account of its memory, which lives as long as the object.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

impl From<HostMemory> for bytes::Bytes {
    /// The bytes, without a copy.
    fn from(memory: HostMemory) -> bytes::Bytes {
        bytes::Bytes::from_owner(memory)
    }
}
