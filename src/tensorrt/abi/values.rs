//! Enums whose values differ between versions: Rust names that become TensorRT's number only together with a version.

use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::version::{Abi, Runs};

/// An enum's name and its enumerators with their value in each version.
#[derive(Debug)]
pub struct Values {
    /// The enum's name in the headers.
    pub name: &'static str,
    /// Its enumerators' names in the headers, and their values.
    pub values: &'static [(&'static str, Runs<i64>)],
}

impl Values {
    /// The number of the enumerator at `index`.
    pub(in crate::tensorrt) fn raw(&self, index: usize, abi: &Abi) -> Result<i32> {
        let (name, runs) = self.values[index];
        let number = abi.at(runs).and_then(|v| i32::try_from(v).ok());
        number.ok_or_else(|| {
            let why = abi.absence(&[runs]);
            Error::new(Code::TensorRtUnsupported, format!("{}::{name} is not in {}: {why}", self.name, abi.release))
        })
    }

    /// The first enumerator with this number.
    pub(in crate::tensorrt) fn find(&self, abi: &Abi, raw: i32) -> Option<usize> {
        self.values.iter().position(|(_, runs)| abi.at(runs) == Some(i64::from(raw)))
    }
}

macro_rules! enums {
    ($($enum:ident { $($variant:ident = $name:literal [$($runs:tt)*])* })*) => {
        $(
            #[doc = concat!("TensorRT's `", stringify!($enum), "`; which of them exist, and their numbers, depend on the version.")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[allow(missing_docs)]
            pub enum $enum { $($variant),* }

            impl $enum {
                /// All of them, in order of first appearance.
                pub const ALL: &[$enum] = &[$($enum::$variant),*];

                fn table() -> &'static $crate::tensorrt::abi::values::Values {
                    static TABLE: $crate::tensorrt::abi::values::Values = $crate::tensorrt::abi::values::Values {
                        name: stringify!($enum),
                        values: &[$(($name, $crate::tensorrt::abi::version::runs!($($runs)*))),*],
                    };
                    &TABLE
                }

                /// The name in the headers, for example `kFLOAT`.
                pub fn name(self) -> &'static str {
                    Self::table().values[self as usize].0
                }

                /// The one with this name in the headers, with or without the `k` in front.
                pub fn named(name: &str) -> Option<$enum> {
                    let plain = |n: &'static str| n.strip_prefix('k').unwrap_or(n);
                    $enum::ALL.iter().copied().find(|e| e.name() == name || plain(e.name()) == name)
                }

                /// TensorRT's number for it; an error names the versions that have it.
                pub fn raw(self, abi: &$crate::tensorrt::abi::version::Abi) -> $crate::tensor::error::Result<i32> {
                    Self::table().raw(self as usize, abi)
                }

                /// What the number means in this version.
                pub fn from_raw(abi: &$crate::tensorrt::abi::version::Abi, raw: i32) -> Option<$enum> {
                    Self::table().find(abi, raw).map(|i| $enum::ALL[i])
                }
            }
        )*

        /// All enums.
        pub static ENUMS: &[fn() -> &'static $crate::tensorrt::abi::values::Values] = &[$($enum::table),*];
    };
}
pub(in crate::tensorrt) use enums;
