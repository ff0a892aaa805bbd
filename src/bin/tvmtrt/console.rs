//! What long work tells on standard error: one line that is rewritten on a terminal, a plain line now and then elsewhere. Ctrl-C while
//! an engine is built lets TensorRT stop and clean up; at any other time, or the second time, it ends the program at once.

use crate::request::{Request, io};
use signal_hook::consts::SIGINT;
use signal_hook::flag::{register, register_conditional_shutdown};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tvmtrt::session::engines::Watch;
use tvmtrt::session::log::Sink;
use tvmtrt::tensor::error::{Code, Error, Result};

/// Work that takes less is not told on a terminal.
const SOON: Duration = Duration::from_millis(300);
/// Time between plain lines, and before the first.
const SELDOM: Duration = Duration::from_secs(5);
/// Columns of the line on a terminal.
const COLUMNS: usize = 79;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    /// One line that is rewritten.
    Line,
    /// Plain lines, the first after this time.
    Plain(Duration),
}

/// What is going on.
struct Work {
    name: String,
    since: Instant,
    detail: String,
    /// When it was told last in a plain line.
    told: Option<Instant>,
}

#[derive(Default)]
struct State {
    work: Option<Work>,
    /// The line is on the terminal.
    drawn: bool,
    over: bool,
}

struct Shared {
    kind: Kind,
    /// Ctrl-C was pressed in a build.
    asked: Arc<AtomicBool>,
    state: Mutex<State>,
    wake: Condvar,
}

/// Tells of long work. Silent again once dropped.
pub struct Console {
    shared: Arc<Shared>,
    ticker: Option<JoinHandle<()>>,
}

impl Console {
    /// As `--progress` says.
    pub fn new(request: &Request) -> Console {
        let kind = match request.last("progress").map(|w| w.to_string_lossy()).as_deref() {
            Some("none") => Kind::None,
            Some("line") => Kind::Line,
            Some("plain") => Kind::Plain(Duration::ZERO),
            _ if std::io::stderr().is_terminal() => Kind::Line,
            _ => Kind::Plain(SELDOM),
        };
        let shared = Arc::new(Shared { kind, asked: Arc::default(), state: Mutex::default(), wake: Condvar::new() });
        let copy = shared.clone();
        let ticker = (kind != Kind::None).then(|| std::thread::spawn(move || copy.tick()));
        Console { shared, ticker }
    }

    /// Does work that has a name.
    pub fn work<T>(&self, name: impl Into<String>, work: impl FnOnce() -> T) -> T {
        self.shared.lock().work = Some(Work { name: name.into(), since: Instant::now(), detail: String::new(), told: None });
        if self.shared.kind == Kind::Plain(Duration::ZERO) {
            self.shared.tell();
        }
        let result = work();
        let mut state = self.shared.lock();
        state.work = None;
        clear(&mut state);
        result
    }

    /// Where log lines go: around the line on the terminal.
    pub fn sink(&self) -> Sink {
        let shared = self.shared.clone();
        Arc::new(move |level, line| {
            clear(&mut shared.lock());
            let _ = writeln!(std::io::stderr(), "tvmtrt {}: {line}", level.name());
        })
    }

    /// Work during which Ctrl-C asks the build to stop. `build` gets who watches it: how it comes along is told, and Ctrl-C answers no.
    pub fn build<T>(&self, name: impl Into<String>, build: impl FnOnce(Watch) -> Result<T>) -> Result<T> {
        let at_once = hear(&self.shared.asked)?;
        let shared = self.shared.clone();
        let watch: Watch = Arc::new(move |region, phase, done, total| {
            let count = if total == 0 { String::new() } else { format!(" {done} of {total}") };
            shared.detail(format!("{region}: {phase}{count}"));
            !shared.asked.load(Ordering::Acquire)
        });
        let result = self.work(name, || build(watch));
        at_once.store(true, Ordering::Release);
        // What does not ask, such as our own compiler, is done by now.
        match self.shared.asked.load(Ordering::Acquire) {
            true => Err(Error::new(Code::Cancelled, "stopped by Ctrl-C")),
            false => result,
        }
    }
}

/// From now on Ctrl-C sets `asked`; once the result is set, too, it ends the program.
fn hear(asked: &Arc<AtomicBool>) -> Result<Arc<AtomicBool>> {
    let at_once: Arc<AtomicBool> = Arc::default();
    // In this order: the first signal finds `at_once` unset and sets it, the second finds it set.
    register_conditional_shutdown(SIGINT, 130, at_once.clone())
        .and_then(|_| register(SIGINT, asked.clone()))
        .and_then(|_| register(SIGINT, at_once.clone()))
        .map_err(|e| io("Ctrl-C".as_ref(), e))?;
    Ok(at_once)
}

impl Drop for Console {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.wake.notify_all();
        if let Some(ticker) = self.ticker.take() {
            let _ = ticker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn detail(&self, detail: String) {
        if let Some(work) = &mut self.lock().work {
            work.detail = detail;
        }
    }

    /// Tells again and again, until all is over.
    fn tick(&self) {
        let pause = if self.kind == Kind::Line { SOON / 3 } else { SELDOM / 20 };
        loop {
            let state = self.lock();
            let (state, _) = self.wake.wait_timeout_while(state, pause, |s| !s.over).unwrap_or_else(PoisonError::into_inner);
            if state.over {
                return;
            }
            drop(state);
            self.tell();
        }
    }

    fn tell(&self) {
        let mut state = self.lock();
        let Some(work) = &mut state.work else { return };
        let lasts = work.since.elapsed();
        let detail = match self.asked.load(Ordering::Acquire) {
            true => ": is to stop; Ctrl-C again ends it at once".to_string(),
            false if work.detail.is_empty() => String::new(),
            false => format!(": {}", work.detail),
        };
        match self.kind {
            Kind::Line if lasts >= SOON => {
                let text: String = format!("{} {:.1} s{detail}", work.name, lasts.as_secs_f64()).chars().take(COLUMNS).collect();
                let _ = write!(std::io::stderr(), "\r\x1b[K{text}");
                state.drawn = true;
            }
            Kind::Plain(first) if work.told.map_or(lasts >= first, |t| t.elapsed() >= SELDOM) => {
                let _ = writeln!(std::io::stderr(), "tvmtrt: {}, {:.0} s{detail}", work.name, lasts.as_secs_f64());
                work.told = Some(Instant::now());
            }
            _ => {}
        }
    }
}

/// Takes the line off the terminal.
fn clear(state: &mut State) {
    if std::mem::take(&mut state.drawn) {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}
