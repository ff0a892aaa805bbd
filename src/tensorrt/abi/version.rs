//! Versions of TensorRT, and which tables drive which version. Must not guess: where two tables disagree, there is no answer.

use crate::tensor::error::Result;
use crate::tensorrt::abi::versions::VERSIONS;
use crate::{ensure, fail};
use std::fmt;

/// The option that lets a version without tables be driven by the nearest older one.
pub const FORCE: &str = "tensorrt_any_version";

/// Which product a library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavour {
    /// TensorRT.
    Full,
    /// TensorRT for RTX: another library with other tables, though a close relative.
    Rtx,
}

/// A flavour and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The product.
    pub flavour: Flavour,
    /// Changes break callers.
    pub major: u16,
    /// Changes add.
    pub minor: u16,
    /// Changes neither.
    pub patch: u16,
}

impl Version {
    /// A version.
    pub const fn new(flavour: Flavour, major: u16, minor: u16, patch: u16) -> Version {
        Version { flavour, major, minor, patch }
    }

    /// The version behind the one number that a library gives: thousands count the majors to 8, ten thousands from 10 on.
    pub fn decode(flavour: Flavour, number: i32) -> Version {
        let unit = if flavour == Flavour::Full && number < 10_000 { 1_000 } else { 10_000 };
        let part = |v: i32| u16::try_from(v).unwrap_or(0);
        Version::new(flavour, part(number / unit), part(number % unit / 100), part(number % 100))
    }

    fn line(self) -> (u16, u16) {
        (self.major, self.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.flavour == Flavour::Rtx { "TensorRT for RTX" } else { "TensorRT" };
        write!(f, "{name} {}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A value in each version: from each index into [`VERSIONS`] on, until the next.
pub type Runs<T> = &'static [(u8, Option<T>)];

/// The interface of one version: its own table, or two that it lies between.
///
/// A minor version between two tables has what both agree on: methods are added at the end, and where one was not, the two
/// tables differ and the method counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abi {
    /// The version as the library gives it.
    pub version: Version,
    below: u8,
    above: u8,
}

impl Abi {
    /// The tables for a version. `force` takes the nearest older table where there is no other.
    pub fn of(version: Version, force: bool) -> Result<Abi> {
        let tables: Vec<(u8, Version)> = (0u8..).zip(VERSIONS.iter().copied()).filter(|(_, v)| v.flavour == version.flavour).collect();
        let (first, last) = (tables[0].1, tables[tables.len() - 1].1);
        ensure!(version.line() >= first.line(), TensorRtTooOld, "{version} is too old: the oldest that can be driven is {first}");
        let own = tables.iter().filter(|(_, v)| v.line() == version.line());
        if let Some((i, _)) = own.clone().rfind(|(_, v)| v.patch <= version.patch).or(own.clone().next()) {
            return Ok(Abi { version, below: *i, above: *i });
        }
        // Some older table exists: the version is not before the first one's line, nor in any line.
        let Some((below, older)) = tables.iter().rfind(|(_, v)| v.line() < version.line()) else {
            fail!(Internal, "no table before {version}");
        };
        match tables.iter().find(|(_, v)| v.line() > version.line()) {
            Some((above, newer)) if older.major == newer.major => Ok(Abi { version, below: *below, above: *above }),
            _ if force => Ok(Abi { version, below: *below, above: *below }),
            _ => fail!(
                TensorRtTooNew,
                "{version} is not known here: the nearest older that is known is {older}, the newest {last}; \
                 the option {FORCE} drives it as {older}, at the caller's risk"
            ),
        }
    }

    /// True where the version's own headers, or those of another patch of it, made the table.
    pub fn is_exact(&self) -> bool {
        self.below == self.above && self.table().line() == self.version.line()
    }

    /// The version whose table is used; where there are two, the older.
    pub fn table(&self) -> Version {
        VERSIONS[usize::from(self.below)]
    }

    /// The value in this version; `None` where there is none or where the two nearest tables differ.
    pub fn at<T: Copy + PartialEq>(&self, runs: Runs<T>) -> Option<T> {
        let below = at(runs, self.below);
        if below == at(runs, self.above) { below } else { None }
    }

    /// Why this version lacks what these runs describe: "it came with ..." or the like.
    pub fn absence<T: Copy>(&self, all: &[Runs<T>]) -> String {
        let has = |i: u8| all.iter().any(|runs| at(runs, i).is_some());
        let own: Vec<(u8, Version)> = (0u8..).zip(VERSIONS.iter().copied()).filter(|(_, v)| v.flavour == self.version.flavour).collect();
        let with: Vec<Version> = own.iter().filter(|(i, _)| has(*i)).map(|(_, v)| *v).collect();
        match (with.first(), with.last()) {
            (Some(first), _) if first.line() > self.version.line() => format!("it came with {first}"),
            (_, Some(last)) if last.line() < self.version.line() => format!("it went after {last}"),
            (Some(_), _) => "the nearest known versions differ in it".into(),
            _ => "no known version of this flavour has it".into(),
        }
    }
}

fn at<T: Copy>(runs: Runs<T>, index: u8) -> Option<T> {
    runs.iter().rev().find(|(from, _)| *from <= index).and_then(|(_, value)| *value)
}

/// Runs as the tables write them: `0 7, 3 !` is 7 from version 0 on and nothing from version 3 on.
macro_rules! runs {
    ($($index:literal $value:tt),*) => { &[$(($index, $crate::tensorrt::abi::version::value!($value))),*] };
}
macro_rules! value {
    (!) => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}
pub(in crate::tensorrt) use {runs, value};
