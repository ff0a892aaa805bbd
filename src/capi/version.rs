//! Versions: of the header, as constants, and of the library, as functions.

use crate::capi::guard::quiet;
use std::ffi::c_char;

/// Major version of this header.
pub const TVMTRT_VERSION_MAJOR: u32 = 0;
/// Minor version of this header.
pub const TVMTRT_VERSION_MINOR: u32 = 1;
/// Patch version of this header.
pub const TVMTRT_VERSION_PATCH: u32 = 0;
/// Number of the binary interface; the library's file name ends in it (`libtvmtrt.so.0`).
pub const TVMTRT_ABI: u32 = 0;

/// The version of the library that is loaded, which may be newer than the header's.
///
/// \return For example "0.1.0"; lives for ever.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_version() -> *const c_char {
    quiet(c"".as_ptr(), || concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast())
}

/// Major version of the library that is loaded.
///
/// \return For example 0 of 0.1.2.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_version_major() -> u32 {
    quiet(0, || TVMTRT_VERSION_MAJOR)
}

/// Minor version of the library that is loaded.
///
/// \return For example 1 of 0.1.2.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_version_minor() -> u32 {
    quiet(0, || TVMTRT_VERSION_MINOR)
}

/// Patch version of the library that is loaded.
///
/// \return For example 2 of 0.1.2.
///
/// Thread safety: any thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn tvmtrt_version_patch() -> u32 {
    quiet(0, || TVMTRT_VERSION_PATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_package() {
        let all = format!("{TVMTRT_VERSION_MAJOR}.{TVMTRT_VERSION_MINOR}.{TVMTRT_VERSION_PATCH}");
        assert_eq!(all, env!("CARGO_PKG_VERSION"));
    }
}
