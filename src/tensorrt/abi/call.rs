//! Calls through the tables: a method's slot is looked up in its row, the function there is called with the row's own types.
//!
//! Here, and only here, it shows that one method takes `Dims` by value in one version and by reference in another, or 32-bit
//! numbers and then 64-bit ones: callers pass `&Dims` and `i64`.

#![allow(unsafe_code)]

use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::abi::layout::{Dims, Dims32};
use crate::tensorrt::abi::version::{Abi, Runs};
use std::ffi::{c_char, c_void};

/// A pointer to an object, to bytes, or to anything else that only TensorRT looks into.
pub(in crate::tensorrt) type P = *mut c_void;
/// A C string.
pub(in crate::tensorrt) type S = *const c_char;

/// One signature of a method.
#[derive(Debug)]
pub struct Row {
    /// The parameters as C++ mangles them, after a `K` for a const method; several, parted by `|`, where namespaces changed.
    pub signature: &'static str,
    /// Its slot in each version.
    pub slots: Runs<u8>,
}

/// A method and its signatures; a version has at most one of them.
#[derive(Debug)]
pub struct Method {
    /// The class as users of the headers know it.
    pub class: &'static str,
    /// The method's name in the headers.
    pub name: &'static str,
    /// Offset in an object of the pointer to the implementation whose table holds the slot; absent where the object is its own.
    pub holder: Runs<u8>,
    /// The signatures.
    pub rows: &'static [Row],
}

impl Method {
    /// Row and slot in this version; an error names the versions that have the method.
    pub fn slot(&self, abi: &Abi) -> Result<(usize, u8)> {
        let found = self.rows.iter().enumerate().find_map(|(i, row)| Some((i, abi.at(row.slots)?)));
        found.ok_or_else(|| {
            let runs: Vec<_> = self.rows.iter().map(|r| r.slots).collect();
            let why = abi.absence(&runs);
            Error::new(Code::TensorRtUnsupported, format!("{}::{} is not in {}: {why}", self.class, self.name, abi.release))
        })
    }

    /// Row, implementation and function to call.
    ///
    /// # Safety
    /// `object` is a live object of this class, of a library of this version.
    pub(in crate::tensorrt) unsafe fn resolve(&self, abi: &Abi, object: P) -> Result<(usize, P, *const c_void)> {
        let (row, slot) = self.slot(abi)?;
        // SAFETY: by this function's contract; the tables give the offset of a pointer to an implementation, whose first word
        // points to a table with at least `slot` + 1 functions.
        unsafe {
            let this = match abi.at(self.holder) {
                Some(offset) => *object.byte_add(usize::from(offset)).cast::<P>(),
                None => object,
            };
            let table = *this.cast::<*const *const c_void>();
            Ok((row, this, *table.add(usize::from(slot))))
        }
    }
}

/// An argument as callers pass it, on its way to the form `C` that one signature takes.
pub(in crate::tensorrt) trait Pass<C> {
    /// Keeps what the passed form points to.
    type Held: Held<C>;
    /// Checks that the value fits.
    fn hold(self) -> Result<Self::Held>;
}

/// A converted argument.
pub(in crate::tensorrt) trait Held<C> {
    /// The argument, valid as long as `self`.
    fn pass(&self) -> C;
}

pub(in crate::tensorrt) struct Same<T>(T);

impl<T: Copy> Held<T> for Same<T> {
    fn pass(&self) -> T {
        self.0
    }
}

impl<T: Copy> Pass<T> for T {
    type Held = Same<T>;
    fn hold(self) -> Result<Same<T>> {
        Ok(Same(self))
    }
}

impl Pass<i32> for i64 {
    type Held = Same<i32>;
    fn hold(self) -> Result<Same<i32>> {
        let narrow = i32::try_from(self);
        narrow
            .map(Same)
            .map_err(|_| Error::new(Code::TensorRtUnsupported, format!("{self} does not fit the 32 bits that TensorRT 8 takes")))
    }
}

impl Pass<*const Dims> for &Dims {
    type Held = Same<*const Dims>;
    fn hold(self) -> Result<Same<*const Dims>> {
        Ok(Same(self))
    }
}

impl Pass<Dims32> for &Dims {
    type Held = Same<Dims32>;
    fn hold(self) -> Result<Same<Dims32>> {
        self.narrow().map(Same)
    }
}

pub(in crate::tensorrt) struct ByReference<T>(T);

impl<T> Held<*const T> for ByReference<T> {
    fn pass(&self) -> *const T {
        &self.0
    }
}

impl Pass<*const Dims32> for &Dims {
    type Held = ByReference<Dims32>;
    fn hold(self) -> Result<ByReference<Dims32>> {
        self.narrow().map(ByReference)
    }
}

/// A result of one signature on its way to the form `R` that callers get.
pub(in crate::tensorrt) trait Back<R> {
    fn back(self) -> R;
}

impl<T> Back<T> for T {
    fn back(self) -> T {
        self
    }
}

impl Back<i64> for i32 {
    fn back(self) -> i64 {
        i64::from(self)
    }
}

/// A method that came to report failure later: without a report it counts as done.
impl Back<bool> for () {
    fn back(self) -> bool {
        true
    }
}

impl Back<Dims> for Dims32 {
    fn back(self) -> Dims {
        self.widen()
    }
}

/// Makes one module per class and in it one unsafe function per method. All of them ask the same of the caller: `object` is a
/// live object of the class from a library of the version, and pointers point to what the method expects there.
macro_rules! classes {
    ($($class:ident $module:ident [$($holder:tt)*] {
        $($method:ident($($a:ident: $t:ty),*) -> $r:ty = $name:literal { $(($($v:ident: $vt:ty),*) -> $vr:ty; $mangled:literal [$($runs:tt)*])+ })*
    })*) => {
        $(
            #[allow(dead_code, clippy::missing_safety_doc)]
            pub(in crate::tensorrt) mod $module {
                #![allow(unsafe_code)]
                use $crate::tensor::error::{Code, Error, Result};
                #[allow(unused_imports)]
                use $crate::tensorrt::abi::call::{Back, Held, Method, P, Pass, Row, S};
                #[allow(unused_imports)]
                use $crate::tensorrt::abi::layout::{Dims, Dims32, Dims64, InterfaceInfo, Permutation, Weights};
                use $crate::tensorrt::abi::version::{Abi, Runs, runs};

                pub(in crate::tensorrt) mod rows {
                    #![allow(non_upper_case_globals)]
                    use super::*;
                    const HOLDER: Runs<u8> = runs!($($holder)*);
                    $(pub(in crate::tensorrt) static $method: Method = Method {
                        class: stringify!($class),
                        name: $name,
                        holder: HOLDER,
                        rows: &[$(Row { signature: $mangled, slots: runs!($($runs)*) }),+],
                    };)*
                }

                $(
                    pub(in crate::tensorrt) unsafe fn $method(abi: &Abi, object: P, $($a: $t),*) -> Result<$r> {
                        // SAFETY: the caller vouches for the object.
                        let (row, this, code) = unsafe { rows::$method.resolve(abi, object) }?;
                        let mut next = 0;
                        $(
                            if row == next {
                                type Signature = unsafe extern "C" fn(P, $($vt),*) -> $vr;
                                // SAFETY: the tables say that this version has a function of this type in the slot.
                                let function = unsafe { std::mem::transmute::<*const std::ffi::c_void, Signature>(code) };
                                $(let $v = Pass::<$vt>::hold($v)?;)*
                                // SAFETY: the caller vouches for the arguments; what they point to lives until the end of the block.
                                return Ok(Back::<$r>::back(unsafe { function(this, $(Held::<$vt>::pass(&$v)),*) }));
                            }
                            next += 1;
                        )+
                        Err(Error::new(Code::Internal, format!("row {row} of {next}")))
                    }
                )*
            }
        )*

        /// Every method that can be called.
        pub static METHODS: &[&$crate::tensorrt::abi::call::Method] = &[$($(&$module::rows::$method),*),*];
    };
}
pub(in crate::tensorrt) use classes;

/// An interface that TensorRT calls.
#[derive(Debug)]
pub struct Interface {
    /// Its name in the headers.
    pub name: &'static str,
    /// The first of its two destructors; absent where it has none.
    pub destructor: Runs<u8>,
    /// Its methods, in each version with at most one signature.
    pub methods: &'static [&'static Method],
}

/// The table of functions of an interface under construction. A place that stays empty holds a function that answers zero.
pub(in crate::tensorrt) struct Table {
    slots: Vec<*const c_void>,
}

extern "C" fn nothing() -> usize {
    0
}

impl Table {
    /// A table for all methods that the interface has in this version.
    pub(in crate::tensorrt) fn new(interface: &Interface, abi: &Abi) -> Table {
        let last = interface.methods.iter().filter_map(|m| Some(m.slot(abi).ok()?.1)).max().unwrap_or(0);
        let last = last.max(abi.at(interface.destructor).map_or(0, |d| d + 1));
        Table { slots: vec![nothing as *const c_void; usize::from(last) + 1] }
    }

    /// Puts a function into the place that row `row` of a method has in this version, where it has one.
    pub(in crate::tensorrt) fn set(&mut self, abi: &Abi, method: &Method, function: *const c_void) {
        if let Some(slot) = method.rows.iter().find_map(|row| abi.at(row.slots)) {
            self.slots[usize::from(slot)] = function;
        }
    }

    /// The table for the life of the process: objects with it may be kept by a library that is never unloaded.
    pub(in crate::tensorrt) fn leak(self) -> &'static [*const c_void] {
        self.slots.leak()
    }

    /// The table for the life of an object.
    pub(in crate::tensorrt) fn into_functions(self) -> Box<[*const c_void]> {
        self.slots.into_boxed_slice()
    }
}

/// Makes one module per interface and in it one function per method that puts an implementation of exactly its type into a table.
macro_rules! interfaces {
    ($($name:ident $module:ident $kind:literal $major:literal $minor:literal [$($destructor:tt)*] {
        $($method:ident($($t:ty),*) -> $r:ty = $method_name:literal $mangled:literal [$($runs:tt)*])*
    })*) => {
        $(
            #[allow(dead_code)]
            pub(in crate::tensorrt) mod $module {
                #[allow(unused_imports)]
                use $crate::tensorrt::abi::call::{Interface, Method, P, Row, S, Table};
                #[allow(unused_imports)]
                use $crate::tensorrt::abi::layout::{Dims32, Dims64, InterfaceInfo};
                use $crate::tensorrt::abi::version::{Abi, runs};

                mod rows {
                    #![allow(non_upper_case_globals)]
                    use super::*;
                    $(pub(in crate::tensorrt) static $method: Method = Method {
                        class: stringify!($name),
                        name: $method_name,
                        holder: &[],
                        rows: &[Row { signature: $mangled, slots: runs!($($runs)*) }],
                    };)*
                }

                pub(in crate::tensorrt) static INTERFACE: Interface =
                    Interface { name: stringify!($name), destructor: runs!($($destructor)*), methods: &[$(&rows::$method),*] };

                $(
                    pub(in crate::tensorrt) fn $method(table: &mut Table, abi: &Abi, function: unsafe extern "C" fn($($t),*) -> $r) {
                        table.set(abi, &rows::$method, function as *const std::ffi::c_void);
                    }
                )*

                /// What it answers to getInterfaceInfo.
                pub(in crate::tensorrt) const INFO: InterfaceInfo =
                    InterfaceInfo { kind: concat!($kind, "\0").as_ptr().cast(), major: $major, minor: $minor };
            }
        )*

        /// Every interface that can be implemented.
        pub static INTERFACES: &[&$crate::tensorrt::abi::call::Interface] = &[$(&$module::INTERFACE),*];
    };
}
pub(in crate::tensorrt) use interfaces;
