//! How long each layer of an engine takes: TensorRT's profiler, which adds up what it is told.

#![allow(unsafe_code)]

use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{InterfaceInfo, P, Table, profiler};
use crate::tensorrt::object::text;
use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// A layer as TensorRT names it after fusion, with the time of all runs.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerTime {
    /// The name.
    pub name: String,
    /// Microseconds of all runs together.
    pub microseconds: f64,
}

/// The object that TensorRT calls. It has the address that it was given to TensorRT with for as long as its context.
#[repr(C)]
pub(super) struct Profiler {
    table: *const *const c_void,
    // Freed with the profiler; the first word points into it.
    _functions: Box<[*const c_void]>,
    times: Mutex<Vec<LayerTime>>,
}

// SAFETY: the table is immutable and lives as long as the profiler; the times are behind a lock.
unsafe impl Send for Profiler {}
// SAFETY: as above.
unsafe impl Sync for Profiler {}

impl Profiler {
    pub(super) fn new(abi: &Abi) -> Box<Profiler> {
        let mut table = Table::new(&profiler::INTERFACE, abi);
        profiler::get_interface_info(&mut table, abi, on_interface_info);
        profiler::report_layer_time(&mut table, abi, on_layer_time);
        let functions = table.into_functions();
        Box::new(Profiler { table: functions.as_ptr(), _functions: functions, times: Mutex::default() })
    }

    /// As TensorRT wants it.
    pub(super) fn as_object(&self) -> P {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// What was told since the last call, in the order in which layers were first named.
    pub(super) fn take(&self) -> Vec<LayerTime> {
        std::mem::take(&mut *self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, name: String, milliseconds: f32) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let microseconds = f64::from(milliseconds) * 1e3;
        match times.iter_mut().find(|t| t.name == name) {
            Some(known) => known.microseconds += microseconds,
            None => times.push(LayerTime { name, microseconds }),
        }
    }
}

unsafe extern "C" fn on_interface_info(_: P) -> InterfaceInfo {
    profiler::INFO
}

unsafe extern "C" fn on_layer_time(this: P, name: *const c_char, milliseconds: f32) {
    // SAFETY: TensorRT passes the profiler that it was given, which outlives the context, and a name that ends with zero.
    let (profiler, name) = unsafe { (&*this.cast::<Profiler>(), text(name)) };
    // Nothing may unwind into TensorRT.
    let _ = catch_unwind(AssertUnwindSafe(|| profiler.add(name, milliseconds)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::capabilities::Flavour;
    use crate::tensorrt::abi::VERSIONS;
    use std::ffi::CStr;

    #[test]
    fn every_version_finds_the_method_and_times_add_up() {
        type Report = unsafe extern "C" fn(P, *const c_char, f32);
        for release in VERSIONS {
            let late = match release.flavour {
                Flavour::Full => release.version.major >= 11,
                Flavour::Rtx => release.version.minor >= 5,
            };
            let profiler = Profiler::new(&Abi::of(*release, false).unwrap());
            let say = |name: &CStr, ms: f32| {
                // SAFETY: the slot is that of the method in this version's table, by the headers: `reportLayerTime` comes first, or behind
                // two methods of versioned interfaces and both destructors.
                unsafe {
                    let slot = *profiler.table.add(if late { 4 } else { 0 });
                    std::mem::transmute::<*const c_void, Report>(slot)(profiler.as_object(), name.as_ptr(), ms);
                }
            };
            [(c"b", 1.0), (c"a", 0.5), (c"b", 2.0)].iter().for_each(|(name, ms)| say(name, *ms));
            let found: Vec<(String, f64)> = profiler.take().into_iter().map(|t| (t.name, t.microseconds)).collect();
            assert_eq!(found, [("b".to_string(), 3000.0), ("a".to_string(), 500.0)], "{release}");
            assert!(profiler.take().is_empty());
        }
    }
}
