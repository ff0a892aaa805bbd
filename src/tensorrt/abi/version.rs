//! Versions of TensorRT, and which tables drive which version. Must not guess: where two tables disagree, there is no answer.

use crate::network::capabilities::{Flavour, Version};
use crate::tensor::error::Result;
use crate::tensorrt::abi::versions::VERSIONS;
use crate::{ensure, fail};
use std::fmt;

/// The option that lets a version without tables be driven by the nearest older one.
pub const FORCE: &str = "tensorrt_force_version";

/// A product and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The product: TensorRT for RTX is another library with other tables, though a close relative.
    pub flavour: Flavour,
    /// Its version, in its own count.
    pub version: Version,
}

impl Release {
    /// A release.
    pub const fn new(flavour: Flavour, major: u32, minor: u32, patch: u32) -> Release {
        Release { flavour, version: Version::new(major, minor, patch) }
    }

    /// The release behind the one number that a library gives. TensorRT counts majors in thousands up to 9 and in ten thousands
    /// from 10 on; TensorRT for RTX, which began at 1, counts them in ten thousands: the ranges do not meet.
    pub fn decode(number: i32) -> Release {
        let number = number.unsigned_abs();
        let (flavour, unit) = match number {
            0..10_000 => (Flavour::Full, 1_000),
            10_000..100_000 => (Flavour::Rtx, 10_000),
            _ => (Flavour::Full, 10_000),
        };
        Release::new(flavour, number / unit, number % unit / 100, number % 100)
    }

    fn line(self) -> (u32, u32) {
        (self.version.major, self.version.minor)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.flavour, self.version)
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
    /// The release as the library gives it.
    pub release: Release,
    below: u8,
    above: u8,
}

impl Abi {
    /// The tables for a version. `force` takes the nearest older table where there is no other.
    pub fn of(release: Release, force: bool) -> Result<Abi> {
        let tables: Vec<(u8, Release)> = (0u8..).zip(VERSIONS.iter().copied()).filter(|(_, v)| v.flavour == release.flavour).collect();
        let (first, last) = (tables[0].1, tables[tables.len() - 1].1);
        ensure!(release.line() >= first.line(), TensorRtTooOld, "{release} is too old: the oldest that can be driven is {first}");
        let own = tables.iter().filter(|(_, v)| v.line() == release.line());
        if let Some((i, _)) = own.clone().rfind(|(_, v)| v.version.patch <= release.version.patch).or(own.clone().next()) {
            return Ok(Abi { release, below: *i, above: *i });
        }
        // Some older table exists: the version is not before the first one's line, nor in any line.
        let Some((below, older)) = tables.iter().rfind(|(_, v)| v.line() < release.line()) else {
            fail!(Internal, "no table before {release}");
        };
        match tables.iter().find(|(_, v)| v.line() > release.line()) {
            Some((above, newer)) if older.version.major == newer.version.major => Ok(Abi { release, below: *below, above: *above }),
            _ if force => Ok(Abi { release, below: *below, above: *below }),
            _ => fail!(
                TensorRtTooNew,
                "{release} is not known here: the nearest older that is known is {older}, the newest {last}; \
                 the option {FORCE} drives it as {older}, at the caller's risk"
            ),
        }
    }

    /// True where the version's own headers, or those of another patch of it, made the table.
    pub fn is_exact(&self) -> bool {
        self.below == self.above && self.table().line() == self.release.line()
    }

    /// True for a version without tables between two that have them.
    pub fn is_between(&self) -> bool {
        self.below != self.above
    }

    /// True from a major version of TensorRT on; TensorRT for RTX counts as newer than all that differ in this way.
    pub fn at_least_major(&self, major: u32) -> bool {
        self.release.flavour == Flavour::Rtx || self.release.version.major >= major
    }

    /// The version whose table is used; where there are two, the older.
    pub fn table(&self) -> Release {
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
        let own: Vec<(u8, Release)> = (0u8..).zip(VERSIONS.iter().copied()).filter(|(_, v)| v.flavour == self.release.flavour).collect();
        let with: Vec<Release> = own.iter().filter(|(i, _)| has(*i)).map(|(_, v)| *v).collect();
        match (with.first(), with.last()) {
            (Some(first), _) if first.version > self.release.version => format!("it came with {first}"),
            (_, Some(last)) if last.version < self.release.version => format!("it went after {last}"),
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
