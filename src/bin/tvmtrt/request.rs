//! What was asked for, after parsing: a subcommand, its operands, flags, and options of the library. Reads the environment where options
//! are asked for, opens nothing.

use crate::table::{Command, Flag, Reads};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::str::FromStr;
use tvmtrt::capi::environment;
use tvmtrt::capi::option_table::Row;
use tvmtrt::capi::options::tvmtrt_options_t;
use tvmtrt::tensor::error::{Code, Error};

/// Why nothing was done.
pub enum Failure {
    /// The arguments make no sense.
    Usage(String),
    /// What was asked for failed.
    Failed(Error),
}

impl From<lexopt::Error> for Failure {
    fn from(e: lexopt::Error) -> Failure {
        Failure::Usage(e.to_string())
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Failure {
        Failure::Failed(e)
    }
}

/// A text to print, and whether all is well.
pub type Answer = Result<(String, bool), Failure>;

/// What was asked for.
#[derive(Default)]
pub struct Request {
    /// The subcommand; none with `--help` or `--version` alone.
    pub command: Option<&'static Command>,
    /// What stands behind the subcommand.
    pub operands: Vec<OsString>,
    /// Flags of the command line, in order, with their values.
    pub flags: Vec<(&'static Flag, OsString)>,
    /// Options of the library, in order.
    pub options: Vec<(&'static Row, String)>,
}

impl Request {
    /// The operand at a place.
    pub fn operand(&self, place: usize) -> Option<&OsStr> {
        self.operands.get(place).map(OsString::as_os_str)
    }

    /// The operand at a place, which the table says is needed, as a path.
    pub fn path(&self, place: usize) -> &Path {
        self.operand(place).unwrap_or_default().as_ref()
    }

    /// Whether a flag is given.
    pub fn has(&self, flag: &str) -> bool {
        self.last(flag).is_some()
    }

    /// All values of a flag.
    pub fn all(&self, flag: &str) -> impl Iterator<Item = &OsStr> {
        self.flags.iter().filter(move |(f, _)| f.name == flag).map(|(_, value)| value.as_os_str())
    }

    /// The last value of a flag.
    pub fn last(&self, flag: &str) -> Option<&OsStr> {
        self.all(flag).last()
    }

    /// The last value of a flag as a path.
    pub fn file(&self, flag: &str) -> Option<&Path> {
        self.last(flag).map(Path::new)
    }

    /// The last value of a flag as a number that is not below `least`.
    pub fn number<T: FromStr + PartialOrd>(&self, flag: &str, least: T) -> Result<Option<T>, Failure> {
        let Some(text) = self.last(flag).map(OsStr::to_string_lossy) else { return Ok(None) };
        match text.parse::<T>() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => Err(Failure::Usage(format!("--{flag}: {text} is not a number that makes sense there"))),
        }
    }

    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        self.has("json")
    }

    /// The library's options: those given, before what TVM's variables say.
    pub fn options(&self) -> Result<tvmtrt_options_t, Failure> {
        let mut options = tvmtrt_options_t::default();
        if !self.has("no-env") {
            let lookup = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
            let hint = |e: Error| Failure::Usage(format!("{} (--no-env passes over TVM's variables)", e.message));
            environment::apply(&mut options, &lookup).map_err(hint)?;
        }
        for (row, value) in &self.options {
            options.set(row.key, value)?;
        }
        Ok(options)
    }
}

impl Command {
    /// Whether it reads an option of the library.
    pub fn reads(&self, row: &Row) -> bool {
        match self.reads {
            Reads::Stages(stages) => row.stages.iter().any(|s| stages.contains(s)),
            Reads::Keys(keys) => keys.contains(&row.key),
        }
    }
}

/// A failure to read or write a file.
pub fn io(place: &Path, e: std::io::Error) -> Error {
    Error::new(Code::Io, format!("'{}': {e}", place.display()))
}

/// Writes a file. Folders above it are not made: a typo should show.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|e| Error::new(Code::Io, format!("cannot write '{}': {e}", path.display())))
}
