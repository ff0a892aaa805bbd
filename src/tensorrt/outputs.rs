//! Outputs whose extents TensorRT finds while it runs: its output allocator, which asks for memory when it knows how much, and tells the
//! extents. Both are over when the run has been queued.

#![allow(unsafe_code)]

use crate::cuda::memory::Span;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{Dims, Dims32, InterfaceInfo, P, Table, output_allocator};
use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Gives device memory of at least this many bytes. What it gave before is not used any more.
pub type Source = Box<dyn FnMut(usize) -> Result<Span> + Send>;

/// The object that TensorRT calls for one output. It has the address that it was given to TensorRT with for as long as the context.
#[repr(C)]
pub(super) struct OutputAllocator {
    table: *const *const c_void,
    // Freed with the allocator; the first word points into it.
    _functions: Box<[*const c_void]>,
    state: Mutex<State>,
}

// SAFETY: the table is owned and never changed; the rest is behind a lock.
unsafe impl Send for OutputAllocator {}

#[derive(Default)]
struct State {
    /// Where memory comes from; absent while nobody uses the context.
    source: Option<Source>,
    // Of the present run: the caller's memory, the memory that TensorRT was given, and the extents that it found.
    given: Span,
    handed: Option<Span>,
    shape: Option<Vec<usize>>,
    failure: Option<Error>,
}

impl OutputAllocator {
    pub(super) fn new(abi: &Abi) -> Box<OutputAllocator> {
        let mut table = Table::new(&output_allocator::INTERFACE, abi);
        output_allocator::get_interface_version(&mut table, abi, on_version);
        output_allocator::get_interface_info(&mut table, abi, on_interface_info);
        output_allocator::reallocate_output(&mut table, abi, on_memory);
        output_allocator::reallocate_output_async(&mut table, abi, on_memory_of_stream);
        output_allocator::notify_shape(&mut table, abi, on_narrow_shape);
        output_allocator::notify_shape_of_2(&mut table, abi, on_shape);
        let functions = table.into_functions();
        Box::new(OutputAllocator { table: functions.as_ptr(), _functions: functions, state: Mutex::default() })
    }

    /// As TensorRT wants it.
    pub(super) fn as_object(&self) -> P {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where memory comes from henceforth. What the source before holds goes with it.
    pub(super) fn set_source(&self, source: Option<Source>) {
        *self.state() = State { source, ..State::default() };
    }

    /// A run begins. `given` is used where it is exactly as large as TensorRT asks for.
    pub(super) fn begin(&self, given: Span) {
        let mut state = self.state();
        (state.given, state.handed, state.shape, state.failure) = (given, None, None, None);
    }

    /// Where the last run's output is and which extents it has.
    pub(super) fn made(&self) -> Option<(Vec<usize>, Span)> {
        let state = self.state();
        state.shape.clone().zip(state.handed)
    }

    /// Why the present run got no memory.
    pub(super) fn failure(&self) -> Option<Error> {
        self.state().failure.take()
    }

    /// The address for TensorRT; null where there is no memory.
    fn memory(&self, bytes: u64, alignment: u64) -> P {
        let mut state = self.state();
        match state.find(bytes, alignment.max(1)) {
            Ok(span) => {
                state.handed = Some(span);
                span.address() as usize as P
            }
            Err(error) => {
                state.failure = Some(error);
                std::ptr::null_mut()
            }
        }
    }

    fn tell(&self, dims: &Dims) {
        let extents = dims.get().and_then(|d| d.iter().map(|e| usize::try_from(*e).ok()).collect());
        self.state().shape = extents;
    }
}

impl State {
    fn find(&mut self, bytes: u64, alignment: u64) -> Result<Span> {
        let bytes = usize::try_from(bytes).map_err(|_| Error::new(Code::TensorRtUnsupported, format!("an output of {bytes} bytes")))?;
        let aligned = |s: &Span| s.address().is_multiple_of(alignment);
        if self.given.bytes() == bytes && aligned(&self.given) {
            return Ok(self.given);
        }
        let source = self.source.as_mut().ok_or_else(|| Error::new(Code::Internal, "an output of a context that nobody uses"))?;
        let span = source(bytes)?;
        let fits = span.bytes() >= bytes && aligned(&span);
        if fits { Ok(span) } else { Err(Error::new(Code::Internal, format!("{span:?} for {bytes} bytes at a multiple of {alignment}"))) }
    }
}

unsafe extern "C" fn on_version(_: P) -> i32 {
    1
}

unsafe extern "C" fn on_interface_info(_: P) -> InterfaceInfo {
    output_allocator::INFO
}

unsafe extern "C" fn on_memory(this: P, _name: *const c_char, _now: P, bytes: u64, alignment: u64) -> P {
    // SAFETY: TensorRT passes the allocator that it was given, which outlives the context; it is only ever shared.
    let allocator = unsafe { &*this.cast::<OutputAllocator>() };
    catch_unwind(AssertUnwindSafe(|| allocator.memory(bytes, alignment))).unwrap_or(std::ptr::null_mut())
}

unsafe extern "C" fn on_memory_of_stream(this: P, name: *const c_char, now: P, bytes: u64, alignment: u64, _stream: P) -> P {
    // SAFETY: as the caller promised.
    unsafe { on_memory(this, name, now, bytes, alignment) }
}

unsafe extern "C" fn on_shape(this: P, _name: *const c_char, dims: *const Dims) {
    // SAFETY: as in `on_memory`; the extents are there during the call.
    let (allocator, dims) = unsafe { (&*this.cast::<OutputAllocator>(), &*dims) };
    let _ = catch_unwind(AssertUnwindSafe(|| allocator.tell(dims)));
}

unsafe extern "C" fn on_narrow_shape(this: P, _name: *const c_char, dims: *const Dims32) {
    // SAFETY: as in `on_shape`.
    let (allocator, dims) = unsafe { (&*this.cast::<OutputAllocator>(), &*dims) };
    let _ = catch_unwind(AssertUnwindSafe(|| allocator.tell(&dims.widen())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensorrt::abi::VERSIONS;

    type Memory = unsafe extern "C" fn(P, *const c_char, P, u64, u64) -> P;
    type MemoryOfStream = unsafe extern "C" fn(P, *const c_char, P, u64, u64, P) -> P;

    /// The function that a library of this version finds under a method's name, if it has the method.
    fn function(allocator: &OutputAllocator, abi: &Abi, name: &str, signature: &str) -> Option<*const c_void> {
        let rows = output_allocator::INTERFACE.methods.iter().filter(|m| m.name == name).flat_map(|m| m.rows);
        let slot = rows.filter(|r| r.signature.contains(signature)).find_map(|r| abi.at(r.slots))?;
        // SAFETY: the first word of the object points to a table with all methods of the version.
        Some(unsafe { *(*allocator.as_object().cast::<*const *const c_void>()).add(usize::from(slot)) })
    }

    /// Asks for memory and tells the extents, as TensorRT of this version does.
    fn call(allocator: &OutputAllocator, abi: &Abi, bytes: u64, extents: &[i64]) -> u64 {
        let (this, name, null) = (allocator.as_object(), c"y".as_ptr(), std::ptr::null_mut());
        let dims = Dims::new(extents).unwrap();
        // SAFETY: functions of the types that the tables give, called with what TensorRT passes.
        unsafe {
            let address = match function(allocator, abi, "reallocateOutputAsync", "") {
                Some(f) => std::mem::transmute::<*const c_void, MemoryOfStream>(f)(this, name, null, bytes, 256, null),
                None => {
                    let f = function(allocator, abi, "reallocateOutput", "").unwrap();
                    std::mem::transmute::<*const c_void, Memory>(f)(this, name, null, bytes, 256)
                }
            };
            if let Some(f) = function(allocator, abi, "notifyShape", "Dims64") {
                std::mem::transmute::<*const c_void, unsafe extern "C" fn(P, *const c_char, *const Dims)>(f)(this, name, &dims);
            } else {
                let (f, narrow) = (function(allocator, abi, "notifyShape", "Dims32").unwrap(), dims.narrow().unwrap());
                std::mem::transmute::<*const c_void, unsafe extern "C" fn(P, *const c_char, *const Dims32)>(f)(this, name, &narrow);
            }
            address as u64
        }
    }

    #[allow(clippy::unnecessary_wraps)]
    fn lent(address: u64, bytes: usize) -> Result<Span> {
        // SAFETY: nobody works with it.
        Ok(unsafe { Span::lent(address, bytes) })
    }

    #[test]
    fn every_version_gets_memory_and_tells_extents() {
        for release in VERSIONS {
            let abi = Abi::of(*release, false).unwrap();
            let allocator = OutputAllocator::new(&abi);
            allocator.set_source(Some(Box::new(|bytes| lent(0x2000, bytes))));
            allocator.begin(Span::default());
            assert!(allocator.made().is_none());
            assert_eq!(call(&allocator, &abi, 24, &[2, 3]), 0x2000, "{release}");
            assert_eq!(allocator.made(), Some((vec![2, 3], lent(0x2000, 24).unwrap())));
            // The caller's memory counts where it fits to the byte and lies as TensorRT wants it.
            for (given, bytes, expected) in [(0x9000, 24, 0x9000), (0x9000, 48, 0x2000), (0x9001, 24, 0x2000)] {
                allocator.begin(lent(given, bytes).unwrap());
                assert_eq!(call(&allocator, &abi, 24, &[0, 3]), expected, "{release}");
                assert_eq!(allocator.made().unwrap().0, [0, 3]);
            }
            if let Some(f) = function(&allocator, &abi, "getInterfaceInfo", "") {
                // SAFETY: a function of this type.
                let info =
                    unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn(P) -> InterfaceInfo>(f)(allocator.as_object()) };
                assert_eq!((info.major, info.minor), (1, 0));
            }
        }
    }

    #[test]
    fn without_memory_the_run_learns_why() {
        let abi = Abi::of(VERSIONS[0], false).unwrap();
        let allocator = OutputAllocator::new(&abi);
        let calls: [(Option<Source>, &str); 3] = [
            (None, "nobody"),
            (Some(Box::new(|_| Err(Error::new(Code::Cuda, "no memory is left")))), "no memory is left"),
            (Some(Box::new(|bytes| lent(0x2001, bytes))), "multiple of 256"),
        ];
        for (source, part) in calls {
            allocator.set_source(source);
            allocator.begin(Span::default());
            assert_eq!(call(&allocator, &abi, 8, &[2]), 0);
            assert!(allocator.made().is_none());
            assert!(allocator.failure().unwrap().message.contains(part));
        }
    }
}
