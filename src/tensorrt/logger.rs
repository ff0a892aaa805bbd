//! TensorRT's words: the one logger of a library, and listeners that collect what is said while something is built.
//!
//! A library keeps the first logger that it is given, so there is one per library, for the life of the process. Who wants to hear
//! it listens; a line said on a listener's own thread is for that listener, any other line is for all of them.

#![allow(unsafe_code)]

use crate::tensorrt::abi::version::Abi;
use crate::tensorrt::abi::{ILoggerSeverity, InterfaceInfo, P, Table, logger};
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

/// How grave a line is; the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A defect in TensorRT.
    Internal,
    /// What was asked for failed.
    Error,
    /// What was asked for may not be what was meant.
    Warning,
    /// Progress.
    Info,
    /// Details, very many.
    Verbose,
}

/// Receives lines as they are said, on any thread.
pub type Sink = Arc<dyn Fn(Severity, &str) + Send + Sync>;

/// Different lines that a listener keeps for an error message: the last of them say why something failed.
const KEPT: usize = 40;

struct Ear {
    thread: ThreadId,
    errors: AtomicUsize,
    lines: Mutex<Vec<(Severity, String)>>,
    sink: Option<Sink>,
}

/// The logger of one library. The library holds a pointer to it: it never moves and is never freed.
#[repr(C)]
pub struct Logger {
    table: *const *const c_void,
    abi: Abi,
    ears: Mutex<Vec<Arc<Ear>>>,
}

// SAFETY: the table is immutable and lives as long as the process; the rest is Send and Sync by itself.
unsafe impl Send for Logger {}
// SAFETY: as above.
unsafe impl Sync for Logger {}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Logger {
    /// A logger for a library of this version, for the life of the process.
    pub(in crate::tensorrt) fn leaked(abi: Abi) -> &'static Logger {
        let mut table = Table::new(&logger::INTERFACE, &abi);
        logger::log(&mut table, &abi, on_log);
        logger::get_interface_info(&mut table, &abi, on_interface_info);
        Box::leak(Box::new(Logger { table: table.leak().as_ptr(), abi, ears: Mutex::default() }))
    }

    /// As TensorRT wants it.
    pub(in crate::tensorrt) fn as_object(&'static self) -> P {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Listens until the listener is dropped; what is heard also goes to `sink`.
    pub fn listen(&'static self, sink: Option<Sink>) -> Listener {
        let ear = Arc::new(Ear { thread: std::thread::current().id(), errors: AtomicUsize::new(0), lines: Mutex::default(), sink });
        lock(&self.ears).push(ear.clone());
        Listener { logger: self, ear }
    }

    fn say(&self, severity: Severity, text: &str) {
        let all = lock(&self.ears).clone();
        let thread = std::thread::current().id();
        let direct = all.iter().any(|e| e.thread == thread);
        for ear in all.iter().filter(|e| !direct || e.thread == thread) {
            if severity <= Severity::Error {
                ear.errors.fetch_add(1, Ordering::Relaxed);
            }
            if severity <= Severity::Warning {
                let mut lines = lock(&ear.lines);
                if !lines.iter().any(|(_, said)| said == text) {
                    if lines.len() == KEPT {
                        lines.remove(0);
                    }
                    lines.push((severity, text.to_owned()));
                }
            }
            if let Some(sink) = &ear.sink {
                sink(severity, text);
            }
        }
    }
}

/// Hears a library's logger while it lives.
pub struct Listener {
    logger: &'static Logger,
    ear: Arc<Ear>,
}

impl Listener {
    /// Errors heard so far.
    pub fn errors(&self) -> usize {
        self.ear.errors.load(Ordering::Relaxed)
    }

    /// The errors heard since the last call, or the warnings where there was none; empty where nothing was said.
    pub fn take(&self) -> String {
        let lines = std::mem::take(&mut *lock(&self.ear.lines));
        let of = |grave: bool| -> Vec<&str> {
            lines.iter().filter(|(s, _)| (*s <= Severity::Error) == grave).map(|(_, text)| text.as_str()).collect()
        };
        let errors = of(true);
        if errors.is_empty() { of(false) } else { errors }.join("\n")
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.logger.ears).retain(|e| !Arc::ptr_eq(e, &self.ear));
    }
}

unsafe extern "C" fn on_log(this: P, severity: i32, text: *const c_char) {
    let done = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: TensorRT passes the object that it was given, a `Logger` that is never freed, and a string that ends with zero.
        let (logger, text) = unsafe { (&*this.cast::<Logger>(), CStr::from_ptr(text)) };
        let severity = match ILoggerSeverity::from_raw(&logger.abi, severity) {
            Some(ILoggerSeverity::InternalError) => Severity::Internal,
            Some(ILoggerSeverity::Error) => Severity::Error,
            Some(ILoggerSeverity::Warning) => Severity::Warning,
            Some(ILoggerSeverity::Info) => Severity::Info,
            Some(ILoggerSeverity::Verbose) | None => Severity::Verbose,
        };
        logger.say(severity, &text.to_string_lossy());
    }));
    // A sink that panics loses its line; nothing may unwind into TensorRT.
    drop(done);
}

unsafe extern "C" fn on_interface_info(_: P) -> InterfaceInfo {
    logger::INFO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensorrt::abi::VERSIONS;

    /// Says a line the way a library of the logger's version would.
    fn call(logger: &'static Logger, slot: usize, severity: i32, text: &CStr) {
        type Log = unsafe extern "C" fn(P, i32, *const c_char);
        // SAFETY: the slot is that of `log` in this version's table, as the tests give it.
        unsafe {
            let log = std::mem::transmute::<*const c_void, Log>(*logger.table.add(slot));
            log(logger.as_object(), severity, text.as_ptr());
        }
    }

    #[test]
    fn every_version_finds_log_in_its_place_and_listeners_hear_it() {
        for version in VERSIONS {
            let new = version.version.major == 11
                || version.to_string().contains("RTX 1.5")
                || version.version.minor > 5 && version.version.major == 1;
            let logger = Logger::leaked(Abi::of(*version, false).unwrap());
            let heard = logger.listen(None);
            call(logger, if new { 4 } else { 0 }, 2, c"a warning");
            call(logger, if new { 4 } else { 0 }, 3, c"a detail");
            assert_eq!(heard.take(), "a warning", "{version}");
            call(logger, if new { 4 } else { 0 }, 2, c"a warning");
            call(logger, if new { 4 } else { 0 }, 1, c"an error");
            assert_eq!(heard.take(), "an error", "{version}");
            assert_eq!(heard.take(), "");
        }
    }

    #[test]
    fn a_line_is_for_its_own_thread_and_a_panicking_sink_harms_nobody() {
        let logger = Logger::leaked(Abi::of(VERSIONS[0], false).unwrap());
        let mine = logger.listen(Some(Arc::new(|_, _| panic!("sink"))));
        std::thread::spawn(move || {
            let other = logger.listen(None);
            call(logger, 0, 1, c"theirs");
            assert_eq!(other.take(), "theirs");
        })
        .join()
        .unwrap();
        assert_eq!(mine.take(), "");
        std::thread::spawn(move || call(logger, 0, 1, c"a worker's")).join().unwrap();
        assert_eq!(mine.take(), "a worker's");
    }
}
