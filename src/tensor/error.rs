//! The one error type. A code says what to do, the message says what happened, where, and what would help.
//! Codes are part of the C ABI: their numbers never change and are never reused.

use std::fmt;

/// Result of every fallible function of the crate.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// Stable error numbers: 1 to 99 argument, 100 model, 200 partition, 300 TensorRT, 400 CUDA, 500 CPU code, 900 internal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum Code { $($(#[$doc])* $name = $number,)* }

        impl Code {
            /// All codes, in ascending order.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// The name as written in Rust, for example `WrongShape`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name)),* }
            }
        }
    };
}

codes! {
    /// An argument is outside what the function accepts.
    InvalidArgument = 1,
    /// A pointer that must not be NULL is NULL.
    NullPointer = 2,
    /// No input, output, symbol or node has this name.
    UnknownName = 3,
    /// A name is given twice.
    DuplicateName = 4,
    /// An input or output that is needed is not given.
    MissingName = 5,
    /// The element type differs from what the network expects.
    WrongDType = 6,
    /// The shape differs from what the network expects, or contradicts another one.
    WrongShape = 7,
    /// The number of inputs or outputs differs.
    WrongCount = 8,
    /// The tensor lies on a device that cannot be used here.
    WrongDevice = 9,
    /// No option has this key.
    UnknownOption = 10,
    /// The option's value is not of its type or range, or contradicts another option.
    BadOption = 11,
    /// A file cannot be opened, read or written.
    Io = 100,
    /// The model file is cut, damaged or contradicts itself.
    MalformedModel = 101,
    /// The model uses operators that are not known here; the message names all of them.
    UnsupportedOperator = 102,
    /// The model uses a feature of its format that is not known here.
    UnsupportedModel = 103,
    /// Operands of a node do not fit each other.
    BadGraph = 104,
    /// Offload was demanded and is not possible.
    OffloadImpossible = 200,
    /// No TensorRT library was found; the message lists each place tried.
    TensorRtNotFound = 300,
    /// The TensorRT library is older than the oldest that can be driven.
    TensorRtTooOld = 301,
    /// The TensorRT library is newer than every known interface table.
    TensorRtTooNew = 302,
    /// TensorRT refused to build an engine; the message holds its own words.
    TensorRtBuild = 303,
    /// This version of TensorRT has no such function or layer.
    TensorRtUnsupported = 304,
    /// A CUDA call failed or there is no CUDA here.
    Cuda = 400,
    /// A GPU has not the memory that is needed, or the host has not what a GPU is to reach.
    OutOfMemory = 401,
    /// Machine code for the CPU could not be made.
    CpuCode = 500,
    /// What is asked for is not there yet; SUPPORT.md says what is.
    NotImplemented = 800,
    /// This library was built without the part that does it; the message names the part.
    Unsupported = 801,
    /// A defect in this library.
    Internal = 900,
    /// A caller's callback asked to stop.
    Cancelled = 901,
}

/// A code and a message that a person can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure it is.
    pub code: Code,
    /// What happened, where, and what would help.
    pub message: String,
}

impl Error {
    /// An error with `code` and `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error { code, message: message.into() }
    }

    /// The same error with `place` in front of its message.
    pub fn context(mut self, place: impl fmt::Display) -> Error {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

/// The error of a call to a part that this library was built without: one of cargo's features.
pub fn left_out(feature: &str) -> Error {
    let option = feature.to_uppercase().replace('-', "_");
    let cure = format!("use one that was built with it (cargo's feature '{feature}', or cmake -D{option}=ON)");
    Error::new(Code::Unsupported, format!("this libtvmtrt was built without its part '{feature}': {cure}"))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code.name())
    }
}

impl std::error::Error for Error {}

/// Adds the place to an error on its way up.
pub trait Context<T> {
    /// Puts `place()` in front of the message of an error.
    fn context<D: fmt::Display>(self, place: impl FnOnce() -> D) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context<D: fmt::Display>(self, place: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|e| e.context(place()))
    }
}

/// Returns early with an [`Error`]: `fail!(WrongShape, "input '{name}' has rank {rank}")`.
#[macro_export]
macro_rules! fail {
    ($code:ident, $($message:tt)*) => {
        return Err($crate::tensor::error::Error::new($crate::tensor::error::Code::$code, format!($($message)*)))
    };
}

/// Returns early with an [`Error`] unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $code:ident, $($message:tt)*) => {
        if !$condition { $crate::fail!($code, $($message)*) }
    };
}
