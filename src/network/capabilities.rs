//! What one TensorRT version can do, as data: versions, flavours, and the limits that `check` asks for.

use std::fmt;

/// A TensorRT version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Patch number.
    pub patch: u32,
}

impl Version {
    /// `major.minor.patch`.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Version {
        Version { major, minor, patch }
    }

    /// Reads `10`, `10.6` or `10.6.0` (missing parts are 0).
    pub fn parse(text: &str) -> Option<Version> {
        let parts = text.trim().split('.').map(|p| p.parse().ok()).collect::<Option<Vec<u32>>>()?;
        match parts.as_slice() {
            [a] => Some(Version::new(*a, 0, 0)),
            [a, b] => Some(Version::new(*a, *b, 0)),
            [a, b, c] | [a, b, c, _] => Some(Version::new(*a, *b, *c)),
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Which product a library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// TensorRT.
    Full,
    /// TensorRT for RTX; it counts its own versions from 1.0.
    Rtx,
}

impl Flavour {
    /// Both.
    const ALL: [Flavour; 2] = [Flavour::Full, Flavour::Rtx];

    /// Its word in files.
    pub fn name(self) -> &'static str {
        match self {
            Flavour::Full => "full",
            Flavour::Rtx => "rtx",
        }
    }

    /// The one with this word.
    pub fn named(name: &str) -> Option<Flavour> {
        Flavour::ALL.into_iter().find(|f| f.name() == name)
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flavour::Full => "TensorRT",
            Flavour::Rtx => "TensorRT for RTX",
        })
    }
}

/// What the partitioner plans for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// The product.
    pub flavour: Flavour,
    /// Its version, in its own count.
    pub version: Version,
    /// Networks without a batch dimension (8.x only): dimension 0 of every tensor is the batch and no layer may touch it.
    pub implicit_batch: bool,
}

impl Capabilities {
    /// The version to compare feature gates with: a TensorRT for RTX counts as the TensorRT that its interface follows.
    pub fn gate(&self) -> Version {
        match self.flavour {
            Flavour::Full => self.version,
            Flavour::Rtx => Version::new(10, 11, 0).max(Version::new(10, 11 + self.version.minor, 0)),
        }
    }

    /// True when the library is at least this TensorRT version.
    pub fn at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        self.gate() >= Version::new(major, minor, patch)
    }
}
