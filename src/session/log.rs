//! Log lines: a level, a threshold and a sink. Standard error is the sink where the caller gives none.

use std::fmt::{self, Display};
use std::sync::Arc;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Level {
    /// Something failed.
    Error = 1,
    /// Something works, but not as asked for or not as fast.
    Warning = 2,
    /// What was chosen.
    Info = 3,
    /// For finding faults.
    Debug = 4,
}

impl Level {
    /// Every level, most important first.
    pub const ALL: &[Level] = &[Level::Error, Level::Warning, Level::Info, Level::Debug];

    /// The level's name, for example `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Takes log lines; called by any thread that works for the object that holds it.
pub type Sink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// Where log lines go and which of them. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    threshold: Option<Level>,
    sink: Sink,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log({:?})", self.threshold)
    }
}

impl Default for Log {
    fn default() -> Log {
        Log::new(Some(Level::Warning), None)
    }
}

impl Log {
    /// Lines up to `threshold` (`None`: no line) go to `sink` (`None`: standard error).
    pub fn new(threshold: Option<Level>, sink: Option<Sink>) -> Log {
        let stderr = || -> Sink { Arc::new(|level, line| eprintln!("tvmtrt {}: {line}", level.name())) };
        Log { threshold, sink: sink.unwrap_or_else(stderr) }
    }

    /// True when lines of this level are wanted.
    pub fn wants(&self, level: Level) -> bool {
        self.threshold.is_some_and(|t| level <= t)
    }

    /// Writes one line, where its level is wanted.
    pub fn say(&self, level: Level, line: impl Display) {
        if self.wants(level) {
            (self.sink)(level, &line.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn threshold_holds_back_lesser_lines() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let copy = lines.clone();
        let log = Log::new(Some(Level::Warning), Some(Arc::new(move |_, line| copy.lock().unwrap().push(line.to_string()))));
        log.say(Level::Error, "a");
        log.say(Level::Warning, "b");
        log.say(Level::Info, "c");
        assert_eq!(*lines.lock().unwrap(), ["a", "b"]);
    }
}
