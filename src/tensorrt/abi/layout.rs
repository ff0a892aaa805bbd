//! TensorRT's plain structs as Rust sees them, and the tables of their layouts that a test holds them against.

use crate::tensor::error::Result;
use crate::tensorrt::abi::version::Runs;
use crate::{ensure, fail};
use std::ffi::{c_char, c_void};

/// Most extents that a shape can have.
pub const MAX_DIMS: usize = 8;

/// Extents with 64 bits each: what every caller here uses, and what TensorRT takes from version 10 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Dims {
    count: i32,
    d: [i64; MAX_DIMS],
}

/// The same under the name that the tables use.
pub(in crate::tensorrt) type Dims64 = Dims;

/// Extents with 32 bits each, as TensorRT 8 takes them, mostly by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(in crate::tensorrt) struct Dims32 {
    count: i32,
    d: [i32; MAX_DIMS],
}

impl Dims {
    /// The extents `of`; -1 stands for one that is not known yet.
    pub fn new(of: &[i64]) -> Result<Dims> {
        ensure!(of.len() <= MAX_DIMS, TensorRtUnsupported, "{of:?} has {} dimensions; TensorRT takes at most {MAX_DIMS}", of.len());
        let mut d = [0; MAX_DIMS];
        d[..of.len()].copy_from_slice(of);
        Ok(Dims { count: of.len() as i32, d })
    }

    /// The extents; `None` where TensorRT does not know the rank.
    pub fn get(&self) -> Option<&[i64]> {
        self.d.get(..usize::try_from(self.count).ok()?)
    }

    pub(in crate::tensorrt) fn narrow(&self) -> Result<Dims32> {
        let mut d = [0; MAX_DIMS];
        for (to, from) in d.iter_mut().zip(self.d) {
            let Ok(v) = i32::try_from(from) else {
                fail!(TensorRtUnsupported, "the extent {from} does not fit the 32 bits that TensorRT 8 takes");
            };
            *to = v;
        }
        Ok(Dims32 { count: self.count, d })
    }
}

impl Dims32 {
    pub(in crate::tensorrt) fn widen(&self) -> Dims {
        Dims { count: self.count, d: self.d.map(i64::from) }
    }
}

/// An order of axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Permutation {
    order: [i32; MAX_DIMS],
}

impl Permutation {
    /// Result axis `i` is operand axis `order[i]`; the axes that are not given stay.
    pub fn new(order: &[usize]) -> Result<Permutation> {
        let mut seen = [false; MAX_DIMS];
        let fits = order.len() <= MAX_DIMS && order.iter().all(|&a| a < order.len() && !std::mem::replace(&mut seen[a], true));
        ensure!(fits, InvalidArgument, "{order:?} is no order of at most {MAX_DIMS} axes");
        let mut out = std::array::from_fn(|i| i as i32);
        for (to, from) in out.iter_mut().zip(order) {
            *to = *from as i32;
        }
        Ok(Permutation { order: out })
    }
}

/// Constant data as TensorRT sees it: it keeps the pointer until the build returns.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Weights {
    pub(in crate::tensorrt) dtype: i32,
    pub(in crate::tensorrt) values: *const c_void,
    pub(in crate::tensorrt) count: i64,
}

/// What an interface answers when asked which one it is.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct InterfaceInfo {
    pub(in crate::tensorrt) kind: *const c_char,
    pub(in crate::tensorrt) major: i32,
    pub(in crate::tensorrt) minor: i32,
}

/// A field of a plugin, on its way to the plugin's creator.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(in crate::tensorrt) struct PluginField {
    pub(in crate::tensorrt) name: *const c_char,
    pub(in crate::tensorrt) data: *const c_void,
    pub(in crate::tensorrt) dtype: i32,
    pub(in crate::tensorrt) length: i32,
}

/// Fields of a plugin.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(in crate::tensorrt) struct PluginFieldCollection {
    pub(in crate::tensorrt) count: i32,
    pub(in crate::tensorrt) fields: *const PluginField,
}

/// Size and member offsets of one of TensorRT's structs, in bytes.
#[derive(Debug)]
pub struct Layout {
    /// Its name in the headers.
    pub name: &'static str,
    /// Its size.
    pub size: Runs<u16>,
    /// Its members and where they begin.
    pub members: &'static [(&'static str, Runs<u16>)],
}

macro_rules! layouts {
    ($($name:literal [$($size:tt)*] { $($member:literal [$($offset:tt)*])* })*) => {
        /// Layouts of TensorRT's structs.
        pub static LAYOUTS: &[$crate::tensorrt::abi::layout::Layout] = &[$($crate::tensorrt::abi::layout::Layout {
            name: $name,
            size: $crate::tensorrt::abi::version::runs!($($size)*),
            members: &[$(($member, $crate::tensorrt::abi::version::runs!($($offset)*))),*],
        }),*];
    };
}
pub(in crate::tensorrt) use layouts;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensorrt::abi::version::Abi;
    use crate::tensorrt::abi::{LAYOUTS, VERSIONS};
    use std::mem::offset_of;

    type Expected = (&'static str, usize, &'static [usize]);

    fn ours(version: &Abi) -> Vec<Expected> {
        let dims: Expected = if version.release.version.major == 8 {
            ("Dims", size_of::<Dims32>(), &[offset_of!(Dims32, count), offset_of!(Dims32, d)])
        } else {
            ("Dims", size_of::<Dims>(), &[offset_of!(Dims, count), offset_of!(Dims, d)])
        };
        let info: Expected = (
            "InterfaceInfo",
            size_of::<InterfaceInfo>(),
            &[offset_of!(InterfaceInfo, kind), offset_of!(InterfaceInfo, major), offset_of!(InterfaceInfo, minor)],
        );
        let weights: Expected =
            ("Weights", size_of::<Weights>(), &[offset_of!(Weights, dtype), offset_of!(Weights, values), offset_of!(Weights, count)]);
        let field: Expected = (
            "PluginField",
            size_of::<PluginField>(),
            &[
                offset_of!(PluginField, name),
                offset_of!(PluginField, data),
                offset_of!(PluginField, dtype),
                offset_of!(PluginField, length),
            ],
        );
        let fields: Expected = (
            "PluginFieldCollection",
            size_of::<PluginFieldCollection>(),
            &[offset_of!(PluginFieldCollection, count), offset_of!(PluginFieldCollection, fields)],
        );
        vec![dims, info, ("Permutation", size_of::<Permutation>(), &[0]), weights, field, fields]
    }

    #[test]
    fn structs_have_the_layout_that_the_headers_give_them_in_every_version() {
        for version in VERSIONS {
            let abi = Abi::of(*version, false).unwrap();
            for (name, size, offsets) in ours(&abi) {
                let layout = LAYOUTS.iter().find(|l| l.name == name).unwrap();
                let Some(known) = abi.at(layout.size) else { continue };
                assert_eq!(usize::from(known), size, "{name} in {version}");
                let members: Vec<usize> = layout.members.iter().filter_map(|(_, o)| abi.at(o)).map(usize::from).collect();
                assert_eq!(members, offsets, "members of {name} in {version}");
            }
        }
    }
}
