//! The engines of one region: how many there are to be, which there are, and the making of those that runs ask for. Knows neither
//! TensorRT nor a GPU.
//!
//! What a run finds in order costs it one atomic load. Whoever needs an engine that is not there makes it, while others that need one of
//! the same region wait.

use crate::session::log::{Level, Log};
use crate::tensor::dim::Bindings;
use crate::tensor::error::{Code, Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How an engine and the batch go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batches {
    /// One engine for all that the symbols can be.
    #[default]
    Dynamic,
    /// One engine for batches from 1 to the largest so far; a larger one gets a new engine, which takes its place.
    Grow,
    /// One engine for each batch.
    Each,
}

/// When engines are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// By the build: a run never builds.
    #[default]
    Ahead,
    /// By the first run that needs one.
    FirstUse,
    /// By nobody: there are those that were built earlier.
    Never,
}

/// What an engine is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All that the symbols can be.
    All,
    /// Batches from 1 to this.
    UpTo(i64),
    /// Batches of this only.
    Just(i64),
}

impl Wanted {
    /// Whether what is made for `self` is also there for `other`.
    fn covers(self, other: Wanted) -> bool {
        match (self, other) {
            (Wanted::UpTo(have), Wanted::UpTo(need)) => have >= need,
            _ => self == other,
        }
    }
}

/// Makes an engine; the text says what it is, in one line.
pub type Make<E> = Box<dyn Fn(Wanted) -> Result<(E, String)> + Send + Sync>;

/// The engines of a region.
pub struct Slot<E> {
    /// The region's name.
    pub region: String,
    /// How many engines.
    pub batches: Batches,
    /// The batch, where `batches` distinguishes it.
    pub symbol: Option<Arc<str>>,
    /// Who builds.
    pub when: When,
    /// An engine that cannot be made is an error, not a reason to run our own code.
    pub demanded: bool,
    /// Makes an engine.
    pub make: Make<E>,
    /// Where log lines go.
    pub log: Log,
    /// Raised by one whenever the engines change.
    generation: AtomicU64,
    warned: AtomicBool,
    kept: Mutex<Kept<E>>,
    /// Held while an engine is made.
    making: Mutex<()>,
}

struct Kept<E> {
    engines: Vec<(Arc<E>, String)>,
    /// What was made, or cannot be.
    settled: Vec<(Wanted, Option<Error>)>,
}

impl<E> Slot<E> {
    /// No engine yet. A slot without a batch has one engine for everything.
    pub fn new(region: &str, batches: Batches, symbol: Option<Arc<str>>, when: When, make: Make<E>, log: &Log) -> Slot<E> {
        let batches = if symbol.is_some() { batches } else { Batches::Dynamic };
        let kept = Mutex::new(Kept { engines: Vec::new(), settled: Vec::new() });
        let (region, generation, warned, making) = (region.to_string(), AtomicU64::new(0), AtomicBool::new(false), Mutex::new(()));
        Slot { region, batches, symbol, when, demanded: false, make, log: log.clone(), generation, warned, kept, making }
    }

    /// Changes whenever the engines do.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The engines now, the first made first, and their generation.
    pub fn engines(&self) -> (Vec<Arc<E>>, u64) {
        let kept = self.lock();
        (kept.engines.iter().map(|(e, _)| e.clone()).collect(), self.generation())
    }

    /// The engine that was made last.
    pub fn newest(&self) -> Option<Arc<E>> {
        self.lock().engines.last().map(|(e, _)| e.clone())
    }

    /// What there is, in one line.
    pub fn state(&self) -> String {
        let kept = self.lock();
        let failed = kept.settled.iter().filter_map(|(_, e)| e.as_ref()).map(|e| format!("own kernels: {}", e.message));
        let lines: Vec<String> = kept.engines.iter().map(|(_, text)| text.clone()).chain(failed).collect();
        match lines.is_empty() {
            true => "an engine is built when a run first needs one".to_string(),
            false => lines.join("; "),
        }
    }

    /// Makes an engine for `wanted`, unless one is there; for whoever builds ahead.
    pub fn settle(&self, wanted: Wanted) -> Result<()> {
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever was waited for may have made it.
        if let Some(known) = self.known(wanted) {
            return known;
        }
        let made = (self.make)(wanted);
        match made {
            Ok((engine, text)) => {
                self.put(wanted, engine, text);
                Ok(())
            }
            // Whoever stopped it may want it later.
            Err(e) if e.code == Code::Cancelled => Err(e),
            Err(e) => {
                self.lock().settled.push((wanted, Some(e.clone())));
                self.generation.fetch_add(1, Ordering::Release);
                Err(e)
            }
        }
    }

    /// Takes an engine for `wanted` that was made elsewhere.
    pub fn put(&self, wanted: Wanted, engine: E, text: String) {
        self.log.say(Level::Info, format_args!("region '{}': {text}", self.region));
        let mut kept = self.lock();
        if self.batches != Batches::Each {
            kept.engines.clear();
        }
        kept.engines.push((Arc::new(engine), text));
        kept.settled.push((wanted, None));
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// For a run that none of the present engines serves: makes one, where runs may. Without one the run is our own code's, after one
    /// warning; an error is for the run to return.
    pub fn ask(&self, bindings: &Bindings) -> Result<()> {
        let Some(wanted) = self.wanted(bindings) else { return Ok(()) };
        let known = match (self.known(wanted), self.when) {
            (Some(known), _) => known,
            (None, When::FirstUse) => self.settle(wanted),
            (None, _) if wanted == Wanted::All => Ok(()),
            (None, _) => {
                let text = format!("no engine was built for {}; engine_build=first_use lets runs build", self.text(wanted));
                self.warn(&text);
                Ok(())
            }
        };
        match known {
            Err(e) if self.demanded || e.code == Code::Cancelled => Err(e.context(format!("region '{}'", self.region))),
            Err(e) => {
                self.warn(&e.message);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn wanted(&self, bindings: &Bindings) -> Option<Wanted> {
        let batch = || bindings.get(self.symbol.as_ref()?).copied();
        match self.batches {
            Batches::Dynamic => Some(Wanted::All),
            Batches::Grow => batch().map(Wanted::UpTo),
            Batches::Each => batch().map(Wanted::Just),
        }
    }

    /// What came of it, where it is settled.
    fn known(&self, wanted: Wanted) -> Option<Result<()>> {
        let kept = self.lock();
        let found = kept.settled.iter().filter(|(w, _)| w.covers(wanted));
        // One that was made counts before one that failed.
        let best = found.min_by_key(|(_, failed)| failed.is_some())?;
        Some(best.1.clone().map_or(Ok(()), Err))
    }

    fn text(&self, wanted: Wanted) -> String {
        match (wanted, &self.symbol) {
            (Wanted::UpTo(n) | Wanted::Just(n), Some(symbol)) => format!("{symbol}={n}"),
            _ => "these shapes".to_string(),
        }
    }

    fn warn(&self, why: &str) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            self.log.say(Level::Warning, format_args!("region '{}' runs on own kernels: {why}", self.region));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<E>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    type Lines = Arc<Mutex<Vec<String>>>;

    /// A slot whose engines are what they were wanted for; those from 9 on cannot be made.
    fn slot(batches: Batches, when: When) -> (Slot<Wanted>, Arc<AtomicUsize>, Lines) {
        let (made, lines) = (Arc::new(AtomicUsize::new(0)), Lines::default());
        let (count, sink) = (made.clone(), lines.clone());
        let make: Make<Wanted> = Box::new(move |wanted| {
            std::thread::sleep(Duration::from_millis(5));
            count.fetch_add(1, Ordering::Relaxed);
            match wanted {
                Wanted::UpTo(n) | Wanted::Just(n) if n > 8 => Err(Error::new(Code::TensorRtBuild, "too large")),
                _ => Ok((wanted, format!("{wanted:?}"))),
            }
        });
        let log = Log::new(Some(Level::Warning), Some(Arc::new(move |_, line: &str| sink.lock().unwrap().push(line.to_string()))));
        (Slot::new("r", batches, Some("N".into()), when, make, &log), made, lines)
    }

    fn at(n: i64) -> Bindings {
        Bindings::from([(Arc::from("N"), n)])
    }

    fn has(slot: &Slot<Wanted>) -> Vec<Wanted> {
        slot.engines().0.iter().map(|e| **e).collect()
    }

    #[test]
    fn many_that_ask_at_once_wait_for_one_engine() {
        let (slot, made, lines) = slot(Batches::Dynamic, When::FirstUse);
        assert_eq!((slot.generation(), slot.state().contains("first needs")), (0, true));
        std::thread::scope(|scope| {
            for n in 0..64 {
                let slot = &slot;
                scope.spawn(move || {
                    slot.ask(&at(n)).unwrap();
                    assert_eq!(has(slot), [Wanted::All]);
                });
            }
        });
        assert_eq!((made.load(Ordering::Relaxed), slot.generation(), lines.lock().unwrap().len()), (1, 1, 0));
    }

    #[test]
    fn one_engine_grows_with_the_batch_and_does_not_shrink() {
        let (slot, made, lines) = slot(Batches::Grow, When::FirstUse);
        for (n, most) in [(1, 1), (5, 5), (2, 5), (8, 8), (12, 8), (9, 8), (1, 8), (12, 8)] {
            slot.ask(&at(n)).unwrap();
            assert_eq!(has(&slot), [Wanted::UpTo(most)]);
        }
        // 12 fails once and with it 9.
        assert_eq!((made.load(Ordering::Relaxed), slot.generation()), (4, 4));
        assert_eq!(*lines.lock().unwrap(), ["region 'r' runs on own kernels: too large"]);
        assert_eq!(slot.state(), "UpTo(8); own kernels: too large");
    }

    #[test]
    fn each_batch_has_its_engine() {
        let (slot, made, _) = slot(Batches::Each, When::FirstUse);
        [2, 1, 2, 1, 3].iter().for_each(|n| slot.ask(&at(*n)).unwrap());
        assert_eq!(has(&slot), [Wanted::Just(2), Wanted::Just(1), Wanted::Just(3)]);
        assert_eq!(made.load(Ordering::Relaxed), 3);
        let (mut slot, ..) = self::slot(Batches::Each, When::FirstUse);
        slot.demanded = true;
        assert!([9, 9].iter().all(|n| slot.ask(&at(*n)).unwrap_err().message.contains("too large")));
        slot.ask(&at(3)).unwrap();
    }

    #[test]
    fn runs_build_nothing_unless_they_may() {
        let (slot, made, lines) = slot(Batches::Grow, When::Ahead);
        slot.settle(Wanted::UpTo(4)).unwrap();
        [1, 4, 5, 6].iter().for_each(|n| slot.ask(&at(*n)).unwrap());
        assert_eq!((made.load(Ordering::Relaxed), has(&slot)), (1, vec![Wanted::UpTo(4)]));
        let lines = lines.lock().unwrap();
        assert!(lines.len() == 1 && lines[0].contains("N=5") && lines[0].contains("engine_build=first_use"), "{lines:?}");
    }

    #[test]
    fn what_was_stopped_is_made_by_the_next() {
        let stop = Arc::new(AtomicBool::new(true));
        let asked = stop.clone();
        let make: Make<Wanted> = Box::new(move |wanted| match asked.swap(false, Ordering::Relaxed) {
            true => Err(Error::new(Code::Cancelled, "stopped")),
            false => Ok((wanted, String::new())),
        });
        let slot = Slot::new("r", Batches::Grow, None, When::FirstUse, make, &Log::default());
        assert_eq!(slot.ask(&at(1)).unwrap_err().code, Code::Cancelled);
        slot.ask(&at(1)).unwrap();
        assert_eq!(has(&slot), [Wanted::All]);
    }
}
