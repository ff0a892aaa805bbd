//! The GPU that engines are built on: what it is, and how it becomes the one that TensorRT uses. Asks the driver's library, which is
//! opened at run time; without one there is no GPU, and that is an answer.

#![allow(unsafe_code)]

use crate::tensor::error::{Code, Error, Result};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// What a GPU is, as far as an engine depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its number, from 0.
    pub index: u32,
    /// The driver's name for it.
    pub name: String,
    /// Compute capability.
    pub sm: (u32, u32),
    /// Multiprocessors: parts of one GPU may differ in nothing else.
    pub multiprocessors: u32,
    /// The newest CUDA that the driver knows, such as (12, 8).
    pub driver: (u32, u32),
}

impl fmt::Display for Device {
    /// All but the number: engines do not depend on it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Device { index: _, name, sm, multiprocessors, driver } = self;
        write!(f, "{name}, sm {}.{}, {multiprocessors} multiprocessors, driver {}.{}", sm.0, sm.1, driver.0, driver.1)
    }
}

type Status = c_int;

/// The functions of the driver that are used here.
struct Driver {
    version: unsafe extern "C" fn(*mut c_int) -> Status,
    count: unsafe extern "C" fn(*mut c_int) -> Status,
    get: unsafe extern "C" fn(*mut c_int, c_int) -> Status,
    name: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> Status,
    attribute: unsafe extern "C" fn(*mut c_int, c_int, c_int) -> Status,
    retain: unsafe extern "C" fn(*mut *mut c_void, c_int) -> Status,
    release: unsafe extern "C" fn(c_int) -> Status,
    push: unsafe extern "C" fn(*mut c_void) -> Status,
    pop: unsafe extern "C" fn(*mut *mut c_void) -> Status,
}

/// The driver, or why there is none.
fn driver() -> Result<&'static Driver> {
    static DRIVER: OnceLock<std::result::Result<Driver, String>> = OnceLock::new();
    DRIVER.get_or_init(open).as_ref().map_err(|why| cuda(why.clone()))
}

fn cuda(why: impl Into<String>) -> Error {
    Error::new(Code::Cuda, why)
}

fn open() -> std::result::Result<Driver, String> {
    // SAFETY: the driver's library may be opened by anyone at any time; it is never closed.
    let library = unsafe { Library::open(Some("libcuda.so.1"), RTLD_NOW | RTLD_LOCAL) };
    let library = std::mem::ManuallyDrop::new(library.map_err(|_| "there is no libcuda.so.1, so no GPU can be used")?);
    let missing = |name: &CStr| format!("libcuda.so.1 has no {}: it is too old, or a stub", name.to_string_lossy());
    macro_rules! symbol {
        ($name:literal) => {
            // SAFETY: the function has the type that its field has, in every version of the driver.
            *unsafe { library.get($name.to_bytes_with_nul()) }.map_err(|_| missing($name))?
        };
    }
    let init: unsafe extern "C" fn(u32) -> Status = symbol!(c"cuInit");
    // SAFETY: takes no pointer; 0 is the only flag there is.
    match unsafe { init(0) } {
        0 => {}
        100 => return Err("the driver finds no GPU".into()),
        status => return Err(format!("the driver cannot start (CUDA error {status})")),
    }
    Ok(Driver {
        version: symbol!(c"cuDriverGetVersion"),
        count: symbol!(c"cuDeviceGetCount"),
        get: symbol!(c"cuDeviceGet"),
        name: symbol!(c"cuDeviceGetName"),
        attribute: symbol!(c"cuDeviceGetAttribute"),
        retain: symbol!(c"cuDevicePrimaryCtxRetain"),
        release: symbol!(c"cuDevicePrimaryCtxRelease_v2"),
        push: symbol!(c"cuCtxPushCurrent_v2"),
        pop: symbol!(c"cuCtxPopCurrent_v2"),
    })
}

fn done(status: Status, call: &str) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(cuda(format!("{call}: CUDA error {status}"))) }
}

fn number(value: c_int) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

impl Driver {
    fn handle(&self, index: u32) -> Result<c_int> {
        let (mut count, mut handle) = (0, 0);
        // SAFETY: the driver is started, and the pointers are to numbers of ours.
        unsafe {
            done((self.count)(&mut count), "counting GPUs")?;
            let index = c_int::try_from(index).unwrap_or(c_int::MAX);
            if index >= count {
                return Err(cuda(format!("device: there is no GPU {index}; the driver counts {count}, from 0")));
            }
            done((self.get)(&mut handle, index), "opening a GPU")?;
        }
        Ok(handle)
    }

    fn attribute(&self, handle: c_int, which: c_int) -> Result<u32> {
        let mut value = 0;
        // SAFETY: the handle is the driver's own, the pointer is to a number of ours.
        done(unsafe { (self.attribute)(&mut value, which, handle) }, "asking a GPU")?;
        Ok(number(value))
    }
}

impl Device {
    /// The GPU of this number, or why there is none.
    pub fn find(index: u32) -> Result<Device> {
        const MULTIPROCESSORS: c_int = 16;
        const MAJOR: c_int = 75;
        const MINOR: c_int = 76;
        let driver = driver()?;
        let handle = driver.handle(index)?;
        let (mut version, mut name) = (0, [0 as c_char; 256]);
        // SAFETY: the pointers are to a number and to as many bytes as is said; the name ends with zero.
        let name = unsafe {
            done((driver.version)(&mut version), "asking for the driver's version")?;
            done((driver.name)(name.as_mut_ptr(), name.len() as c_int - 1, handle), "asking for a GPU's name")?;
            CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned()
        };
        let version = number(version);
        Ok(Device {
            index,
            name,
            sm: (driver.attribute(handle, MAJOR)?, driver.attribute(handle, MINOR)?),
            multiprocessors: driver.attribute(handle, MULTIPROCESSORS)?,
            driver: (version / 1000, version % 1000 / 10),
        })
    }

    /// Makes it the GPU that CUDA uses on this thread, until what is returned is dropped.
    pub fn enter(&self) -> Result<Entered> {
        let driver = driver()?;
        let handle = driver.handle(self.index)?;
        let mut context = std::ptr::null_mut();
        // SAFETY: the handle is the driver's own; the context is released after it was taken off the thread.
        unsafe {
            done((driver.retain)(&mut context, handle), "opening a GPU's context")?;
            if let Err(e) = done((driver.push)(context), "entering a GPU's context") {
                (driver.release)(handle);
                return Err(e);
            }
        }
        Ok(Entered { driver, handle, _thread: PhantomData })
    }
}

/// A GPU is in use on this thread.
pub struct Entered {
    driver: &'static Driver,
    handle: c_int,
    _thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut context = std::ptr::null_mut();
        // SAFETY: it was pushed and retained on this thread, and whoever pushed another one has popped it.
        unsafe {
            (self.driver.pop)(&mut context);
            (self.driver.release)(self.handle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_found_and_entered_or_its_absence_is_told() {
        match Device::find(0) {
            Ok(device) => {
                println!("{device}");
                assert!(device.sm.0 >= 3 && device.driver.0 >= 10 && !device.name.is_empty());
                drop(device.enter().unwrap());
                let error = Device::find(1000).unwrap_err();
                assert!(error.message.contains("no GPU 1000"), "{error}");
            }
            Err(e) => {
                println!("SKIP gpu: {e}");
                assert_eq!(e.code, Code::Cuda);
            }
        }
    }

    #[test]
    fn its_number_does_not_show() {
        let device = |index| Device { index, name: "A".into(), sm: (9, 0), multiprocessors: 132, driver: (12, 8) };
        assert_eq!(device(0).to_string(), device(1).to_string());
        assert_eq!(device(0).to_string(), "A, sm 9.0, 132 multiprocessors, driver 12.8");
    }
}
