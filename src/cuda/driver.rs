//! The driver's functions as cudarc declares them. Each one that is called stands in one table, so that a driver which lacks one is an
//! error when CUDA is opened and not a panic in the middle of a run.

#![allow(unsafe_code)]

use crate::fail;
use crate::tensor::error::{Code, Error, Result};
use cudarc::driver::sys;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

macro_rules! functions {
    ($($rust:ident = $name:ident($($a:ident: $t:ty),*);)*) => {
        const NEEDED: &[&str] = &["cuGetErrorName", "cuGetErrorString", $(stringify!($name)),*];
        $(
            /// # Safety
            /// As the driver's documentation of the function of this name demands; `open` has succeeded.
            pub(super) unsafe fn $rust($($a: $t),*) -> Result<()> {
                // SAFETY: by this function's contract.
                done(stringify!($name), unsafe { sys::$name($($a),*) })
            }
        )*
    };
}

functions! {
    init = cuInit(flags: c_uint);
    driver_version = cuDriverGetVersion(version: *mut c_int);
    device_count = cuDeviceGetCount(count: *mut c_int);
    device_get = cuDeviceGet(device: *mut sys::CUdevice, ordinal: c_int);
    device_name = cuDeviceGetName(name: *mut c_char, len: c_int, device: sys::CUdevice);
    device_attribute = cuDeviceGetAttribute(value: *mut c_int, attribute: sys::CUdevice_attribute, device: sys::CUdevice);
    device_memory = cuDeviceTotalMem_v2(bytes: *mut usize, device: sys::CUdevice);
    context_retain = cuDevicePrimaryCtxRetain(context: *mut sys::CUcontext, device: sys::CUdevice);
    context_push = cuCtxPushCurrent_v2(context: sys::CUcontext);
    context_pop = cuCtxPopCurrent_v2(context: *mut sys::CUcontext);
    memory_info = cuMemGetInfo_v2(free: *mut usize, total: *mut usize);
    memory_alloc = cuMemAllocAsync(pointer: *mut sys::CUdeviceptr, bytes: usize, stream: sys::CUstream);
    memory_free = cuMemFreeAsync(pointer: sys::CUdeviceptr, stream: sys::CUstream);
    host_alloc = cuMemHostAlloc(pointer: *mut *mut c_void, bytes: usize, flags: c_uint);
    host_free = cuMemFreeHost(pointer: *mut c_void);
    copy_in = cuMemcpyHtoDAsync_v2(to: sys::CUdeviceptr, from: *const c_void, bytes: usize, stream: sys::CUstream);
    copy_out = cuMemcpyDtoHAsync_v2(to: *mut c_void, from: sys::CUdeviceptr, bytes: usize, stream: sys::CUstream);
    copy_within = cuMemcpyDtoDAsync_v2(to: sys::CUdeviceptr, from: sys::CUdeviceptr, bytes: usize, stream: sys::CUstream);
    stream_create = cuStreamCreate(stream: *mut sys::CUstream, flags: c_uint);
    stream_destroy = cuStreamDestroy_v2(stream: sys::CUstream);
    stream_synchronize = cuStreamSynchronize(stream: sys::CUstream);
    stream_wait = cuStreamWaitEvent(stream: sys::CUstream, event: sys::CUevent, flags: c_uint);
    capture_begin = cuStreamBeginCapture_v2(stream: sys::CUstream, mode: sys::CUstreamCaptureMode);
    capture_end = cuStreamEndCapture(stream: sys::CUstream, graph: *mut sys::CUgraph);
    event_create = cuEventCreate(event: *mut sys::CUevent, flags: c_uint);
    event_destroy = cuEventDestroy_v2(event: sys::CUevent);
    event_record = cuEventRecord(event: sys::CUevent, stream: sys::CUstream);
    event_synchronize = cuEventSynchronize(event: sys::CUevent);
    graph_instantiate = cuGraphInstantiateWithFlags(made: *mut sys::CUgraphExec, graph: sys::CUgraph, flags: u64);
    graph_launch = cuGraphLaunch(graph: sys::CUgraphExec, stream: sys::CUstream);
    graph_exec_destroy = cuGraphExecDestroy(graph: sys::CUgraphExec);
    graph_destroy = cuGraphDestroy(graph: sys::CUgraph);
}

/// Opens the driver's library, once per process.
pub(super) fn open() -> Result<()> {
    static OPENED: OnceLock<Result<()>> = OnceLock::new();
    OPENED.get_or_init(open_once).clone()
}

fn open_once() -> Result<()> {
    // SAFETY: runs the constructors of the driver's library.
    if !unsafe { sys::is_culib_present() } {
        fail!(Cuda, "libcuda.so.1 is not found: there is no NVIDIA driver here, or the loader does not look where it is");
    }
    // SAFETY: the library is there.
    let library = unsafe { sys::culib() };
    let missing = NEEDED.iter().filter(|name| {
        // SAFETY: the symbol is not used with this type.
        unsafe { library.get::<*const c_void>(name.as_bytes()) }.is_err()
    });
    let missing: Vec<&str> = missing.copied().collect();
    if !missing.is_empty() {
        fail!(Cuda, "the NVIDIA driver here lacks {}: it is too old (11.4 or newer is needed), or a stub", missing.join(", "));
    }
    // SAFETY: the flags must be 0.
    unsafe { init(0) }
}

fn done(function: &str, code: sys::CUresult) -> Result<()> {
    if code == sys::CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    let kind = if code == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY { Code::OutOfMemory } else { Code::Cuda };
    Err(Error::new(kind, format!("{function}: {}", describe(code))))
}

/// The driver's own words for a code.
fn describe(code: sys::CUresult) -> String {
    let (mut name, mut text): (*const c_char, *const c_char) = (std::ptr::null(), std::ptr::null());
    // SAFETY: both functions set a pointer to a constant string, or to null for a code that they do not know.
    unsafe {
        if sys::cuGetErrorName(code, &mut name) != sys::CUresult::CUDA_SUCCESS || name.is_null() {
            return format!("error {}", code as u32);
        }
        let _ = sys::cuGetErrorString(code, &mut text);
        let text = if text.is_null() { "".into() } else { CStr::from_ptr(text).to_string_lossy() };
        format!("{} ({text})", CStr::from_ptr(name).to_string_lossy())
    }
}
