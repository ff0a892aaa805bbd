//! What a region was built from, what TensorRT said meanwhile, and what came out, as files in a folder: for finding out why an engine
//! is what it is. That a file cannot be written is a warning.

use crate::session::log::{Level, Log};
use crate::tensor::error::Result;
use crate::tensorrt::engine::Runtime;
use crate::tensorrt::library::Library;
use crate::tensorrt::logger::{Severity, Sink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The files of one region.
pub struct Dump {
    folder: PathBuf,
    region: String,
    said: Arc<Mutex<String>>,
    log: Log,
}

impl Dump {
    /// Files named after `region` in `folder`, which is made.
    pub fn new(folder: &Path, region: &str, log: &Log) -> Dump {
        let dump = Dump { folder: folder.to_owned(), region: region.to_string(), said: Arc::default(), log: log.clone() };
        if let Err(e) = std::fs::create_dir_all(folder) {
            dump.warn(folder, &e.to_string());
        }
        dump
    }

    /// Hears all that TensorRT says, and passes it on.
    pub fn listen(&self, on: Option<Sink>) -> Sink {
        let said = self.said.clone();
        Arc::new(move |severity: Severity, line: &str| {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            said.push_str(&format!("{severity:?}: {line}\n"));
            drop(said);
            if let Some(on) = &on {
                on(severity, line);
            }
        })
    }

    /// Writes `<region>.<ending>`.
    pub fn write(&self, ending: &str, content: &[u8]) {
        let path = self.folder.join(format!("{}.{ending}", self.region));
        if let Err(e) = std::fs::write(&path, content) {
            self.warn(&path, &e.to_string());
        }
    }

    /// Writes what came out, or why nothing did, and what was said.
    pub fn finish(&self, library: &'static Library, built: Result<&[u8]>) {
        match built {
            Ok(engine) => {
                self.write("engine", engine);
                // An engine can be looked into only where it can be loaded.
                match Runtime::new(library, None).and_then(|r| r.deserialize(engine)).and_then(|e| e.inspect()) {
                    Ok(layers) => self.write("layers.json", layers.as_bytes()),
                    Err(e) => self.log.say(Level::Info, format_args!("region '{}': no account of its layers: {}", self.region, e.message)),
                }
            }
            Err(e) => self.write("error.txt", e.message.as_bytes()),
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.write("log.txt", said.as_bytes());
    }

    fn warn(&self, path: &Path, why: &str) {
        self.log.say(Level::Warning, format_args!("dump_folder: cannot write {}: {why}", path.display()));
    }
}
