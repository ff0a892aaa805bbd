//! How a build comes along, and the way to stop it: TensorRT's progress monitor as a Rust function.

#![allow(unsafe_code)]

use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{InterfaceInfo, P, Table, progress_monitor};
use crate::tensorrt::object::text;
use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Told of each step (phase, steps done, steps in all); answers whether to go on. Called on TensorRT's threads.
pub type Progress = Arc<dyn Fn(&str, usize, usize) -> bool + Send + Sync>;

/// The object that TensorRT calls. It has the address that it was given to TensorRT with for as long as the build configuration.
#[repr(C)]
pub(super) struct Monitor {
    table: *const *const c_void,
    // Freed with the monitor; the first word points into it.
    _functions: Box<[*const c_void]>,
    tell: Progress,
    steps: Mutex<HashMap<String, usize>>,
    stopped: AtomicBool,
}

impl Monitor {
    pub(super) fn new(abi: &Abi, tell: Progress) -> Box<Monitor> {
        let mut table = Table::new(&progress_monitor::INTERFACE, abi);
        progress_monitor::get_interface_info(&mut table, abi, on_interface_info);
        progress_monitor::phase_start(&mut table, abi, on_start);
        progress_monitor::step_complete(&mut table, abi, on_step);
        progress_monitor::phase_finish(&mut table, abi, on_finish);
        let functions = table.into_functions();
        let (table, steps, stopped) = (functions.as_ptr(), Mutex::default(), AtomicBool::new(false));
        Box::new(Monitor { table, _functions: functions, tell, steps, stopped })
    }

    /// As TensorRT wants it.
    pub(super) fn as_object(&self) -> P {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Whether the caller asked to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn tell(&self, phase: &str, done: usize, all: usize) -> bool {
        let go_on = !self.stopped() && (self.tell)(phase, done, all);
        if !go_on {
            self.stopped.store(true, Ordering::Release);
        }
        go_on
    }
}

unsafe extern "C" fn on_interface_info(_: P) -> InterfaceInfo {
    progress_monitor::INFO
}

/// Runs a callback on the monitor and the phase; a panic in it asks to stop.
///
/// # Safety
/// `this` is a monitor that lives, `phase` a string that ends with zero.
unsafe fn with(this: P, phase: *const c_char, run: impl FnOnce(&Monitor, String) -> bool) -> bool {
    // SAFETY: by this function's contract; the monitor is only ever shared.
    let (monitor, phase) = unsafe { (&*this.cast::<Monitor>(), text(phase)) };
    catch_unwind(AssertUnwindSafe(|| run(monitor, phase))).unwrap_or_else(|_| {
        monitor.stopped.store(true, Ordering::Release);
        false
    })
}

unsafe extern "C" fn on_start(this: P, phase: *const c_char, _parent: *const c_char, steps: i32) {
    let steps = usize::try_from(steps).unwrap_or(0);
    // SAFETY: TensorRT passes the monitor that it was given, which outlives the build, and a name.
    unsafe {
        with(this, phase, |monitor, phase| {
            let go_on = monitor.tell(&phase, 0, steps);
            monitor.steps.lock().unwrap_or_else(PoisonError::into_inner).insert(phase, steps);
            go_on
        })
    };
}

unsafe extern "C" fn on_step(this: P, phase: *const c_char, step: i32) -> bool {
    // SAFETY: as in `on_start`.
    unsafe {
        with(this, phase, |monitor, phase| {
            let all = monitor.steps.lock().unwrap_or_else(PoisonError::into_inner).get(&phase).copied().unwrap_or(0);
            monitor.tell(&phase, usize::try_from(step).map_or(0, |s| s + 1), all)
        })
    }
}

unsafe extern "C" fn on_finish(this: P, phase: *const c_char) {
    // SAFETY: as in `on_start`.
    unsafe {
        with(this, phase, |monitor, phase| {
            monitor.steps.lock().unwrap_or_else(PoisonError::into_inner).remove(&phase);
            true
        })
    };
}
