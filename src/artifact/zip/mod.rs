//! The one kind of zip that artifacts are: every entry stored, at an offset that is a multiple of 64, without gaps, with zip64 where
//! numbers are large. Any unzip reads it; what [`read`] takes is no more than what [`write`] makes. Nothing here knows what entries hold.

pub mod read;
pub mod write;

/// What the bytes of an entry are aligned to in the file.
pub const ALIGNMENT: usize = 64;

/// A name of an entry: relative, with `/` between its parts, none of which is empty, `.` or `..`.
pub fn is_safe(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !"\\:".contains(c);
    !name.is_empty() && name.len() <= 1024 && name.chars().all(plain) && name.split('/').all(|p| !matches!(p, "" | "." | ".."))
}

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR64: u32 = 0x0706_4b50;

/// Bytes of a header without names and extra fields.
const LOCAL_LEN: usize = 30;
const CENTRAL_LEN: usize = 46;
const END_LEN: usize = 22;
const END64_LEN: usize = 56;
const LOCATOR64_LEN: usize = 20;

/// Extra fields: 64-bit numbers, and filling.
const EXTRA64: u16 = 1;
const EXTRA_FILL: u16 = 0xd935;

/// Stands in a field of 32 bits whose number is in the 64-bit extra field.
const WIDE: u32 = u32::MAX;

/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

/// Versions of the format that readers need to have.
const NEEDS: u16 = 20;
const NEEDS64: u16 = 45;
