//! A folder of engines that were built before. What is in an engine, and what its key says, are not known here.
//!
//! Whatever is wrong with the folder costs time, never an answer: a file that is not exactly what was written for exactly this key is
//! as good as none, and where nothing can be written the engine is used all the same. Processes may share a folder: of two that want
//! the same engine one builds and the other waits.

pub mod entry;
pub mod lock;
pub mod shelf;
pub mod timing;

use crate::fail;
use crate::tensor::digest::Digest;
use crate::tensor::error::{Code, Context, Result};
use crate::tensorrt::cache::entry::Fault;
use crate::tensorrt::cache::lock::Lock;
use crate::tensorrt::logger::{Severity, Sink};
use bytes::Bytes;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// All that decides what an engine is, as text, and the hash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    text: String,
    digest: Digest,
}

impl Key {
    /// The key of this text.
    pub fn new(text: String) -> Key {
        Key { digest: Digest::of(text.as_bytes()), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Name of a file for it, without what says of which kind it is.
    pub fn stem(&self) -> String {
        self.digest.to_string()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.12}", self.stem())
    }
}

/// What may be done with the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Engines are taken from it; those that are built are put into it.
    #[default]
    ReadWrite,
    /// Engines are taken from it; nothing in it is changed.
    ReadOnly,
    /// As [`Mode::ReadOnly`], and what is not in it is an error.
    NeverBuild,
}

/// Where an engine came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was built now.
    Built,
    /// It was in the folder.
    Cached,
}

/// Asked while another process builds; false stops waiting.
pub type GoOn = Arc<dyn Fn() -> bool + Send + Sync>;

/// A folder of engines.
#[derive(Clone)]
pub struct Cache {
    folder: PathBuf,
    limit: Option<u64>,
    mode: Mode,
    log: Option<Sink>,
    go_on: Option<GoOn>,
    warned: Arc<AtomicBool>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({}, {:?})", self.folder.display(), self.mode)
    }
}

impl Cache {
    /// The cache in this folder, which is made when there is something to put into it. Where a limit is given, files that were not
    /// used for longest go when all together have more bytes.
    pub fn open(folder: &Path, limit: Option<u64>) -> Cache {
        Cache { folder: folder.to_owned(), limit, mode: Mode::default(), log: None, go_on: None, warned: Arc::default() }
    }

    /// The same with another mode.
    pub fn with_mode(self, mode: Mode) -> Cache {
        Cache { mode, ..self }
    }

    /// The same; what happens is told to `log`.
    pub fn with_log(self, log: Sink) -> Cache {
        Cache { log: Some(log), ..self }
    }

    /// The same; `go_on` can stop waiting for another process.
    pub fn with_go_on(self, go_on: GoOn) -> Cache {
        Cache { go_on: Some(go_on), ..self }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The engine of this key: from the folder, else from `build`, whose error is the only one besides a stop by the caller and, where
    /// nothing may be built, a miss.
    pub fn get_or_build(&self, key: &Key, build: &mut dyn FnMut() -> Result<Bytes>) -> Result<(Bytes, Origin)> {
        let path = self.path(key, "engine");
        let fault = match self.read(&path, key) {
            Ok(engine) => return Ok((engine, Origin::Cached)),
            Err(fault) => fault,
        };
        if self.mode != Mode::ReadWrite {
            self.tell_fault(&path, &fault);
            if self.mode == Mode::NeverBuild {
                fail!(TensorRtBuild, "engine {key} is not in the cache {}, and nothing may be built", self.folder.display());
            }
            return Ok((build()?, Origin::Built));
        }
        let lock = self.lock(key)?;
        // Whoever had the lock may have built it.
        match self.read(&path, key) {
            Ok(engine) => return Ok((engine, Origin::Cached)),
            Err(fault) => self.tell_fault(&path, &fault),
        }
        let engine = build()?;
        if lock.is_some() {
            self.store(&path, key, &engine);
        }
        Ok((engine, Origin::Built))
    }

    /// As [`Cache::get_or_build`] where the folder holds nothing for this key: for an engine of the folder that TensorRT does not
    /// take, for whatever reason it has.
    pub fn build_anew(&self, key: &Key, build: &mut dyn FnMut() -> Result<Bytes>) -> Result<(Bytes, Origin)> {
        if self.mode != Mode::ReadWrite {
            return Ok((build()?, Origin::Built));
        }
        let lock = self.lock(key)?;
        let engine = build()?;
        if lock.is_some() {
            self.store(&self.path(key, "engine"), key, &engine);
        }
        Ok((engine, Origin::Built))
    }

    /// The engine that was used last of those whose keys `fits` takes, with its key's text.
    pub fn find(&self, fits: &dyn Fn(&str) -> bool) -> Option<(String, Bytes)> {
        let items = shelf::items(&self.folder, false).unwrap_or_default();
        let found = items.into_iter().filter(|i| i.kind == shelf::Kind::Engine && i.fault.is_none() && fits(&i.key));
        // A file may have gone or changed since it was listed.
        found.filter_map(|i| entry::read(&i.path, true).ok()).find(|(key, _)| fits(key))
    }

    fn path(&self, key: &Key, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", key.stem()))
    }

    fn read(&self, path: &Path, key: &Key) -> std::result::Result<Bytes, Fault> {
        let found = entry::read_for(path, key.text())?;
        if self.mode == Mode::ReadWrite {
            touch(path);
        }
        Ok(found)
    }

    /// The lock of a key; `None` where locking does not work: then others may build the same, which does no harm.
    fn lock(&self, key: &Key) -> Result<Option<Lock>> {
        let path = self.path(key, "lock");
        let mut told = false;
        let mut wait = || {
            if !std::mem::replace(&mut told, true) {
                self.say(Severity::Info, &format!("engine {key} is being built by someone else: waiting"));
            }
            self.go_on.as_ref().is_none_or(|go_on| go_on())
        };
        match fs::create_dir_all(&self.folder).and_then(|()| Lock::take(&path, &mut wait)) {
            Ok(Some(lock)) => Ok(Some(lock)),
            Ok(None) => fail!(Cancelled, "stopped while waiting for engine {key}, which someone else builds"),
            Err(e) => {
                self.warn(&e);
                Ok(None)
            }
        }
    }

    fn store(&self, path: &Path, key: &Key, engine: &[u8]) {
        let size = engine.len() as u64;
        if self.limit.is_some_and(|limit| size > limit) {
            let text = format!("engine {key} has {size} bytes, more than the whole cache may have: it is not kept");
            return self.say(Severity::Warning, &text);
        }
        match entry::write(path, key.text(), engine) {
            Ok(()) => shelf::shrink(&self.folder, self.limit),
            Err(e) => self.warn(&e),
        }
    }

    fn say(&self, severity: Severity, line: &str) {
        if let Some(log) = &self.log {
            log(severity, line);
        }
    }

    /// Says once that nothing can be kept.
    fn warn(&self, error: &io::Error) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            self.say(
                Severity::Warning,
                &format!("nothing can be kept in {}: {error}; engines are used all the same", self.folder.display()),
            );
        }
    }

    fn tell_fault(&self, path: &Path, fault: &Fault) {
        if *fault != Fault::Absent {
            self.say(Severity::Warning, &format!("{} is passed over: {fault}", path.display()));
        }
    }

    /// All files of the cache, those that were used last first. Contents are not looked at.
    pub fn list(&self) -> Result<Vec<shelf::Item>> {
        self.items(false)
    }

    /// The same, each checked from the first byte to the last.
    pub fn verify(&self) -> Result<Vec<shelf::Item>> {
        self.items(true)
    }

    fn items(&self, full: bool) -> Result<Vec<shelf::Item>> {
        shelf::items(&self.folder, full).map_err(io_error).context(|| format!("engine cache {}", self.folder.display()))
    }

    /// Removes all files of the cache but those that someone is working on; number and bytes of the removed.
    pub fn clear(&self) -> Result<(usize, u64)> {
        shelf::clear(&self.folder).map_err(io_error).context(|| format!("engine cache {}", self.folder.display()))
    }
}

fn io_error(e: io::Error) -> crate::tensor::error::Error {
    crate::tensor::error::Error::new(Code::Io, e.to_string())
}

/// Marks a file as used now.
fn touch(path: &Path) {
    // Where it cannot be marked, it is only removed earlier than others.
    let _ = File::open(path).and_then(|f| f.set_modified(SystemTime::now()));
}
