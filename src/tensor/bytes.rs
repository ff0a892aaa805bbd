//! Shared, immutable bytes: a mapped file, a part of one, or an owned buffer; and typed views of them.
//! The only place of this module tree with `unsafe`: mapping files and reading bytes as elements.
#![allow(unsafe_code)]

use crate::tensor::dtype::Element;
use crate::tensor::error::{Code, Error, Result};
use ::bytes::Bytes;
use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

/// Maps a file for reading. The bytes stay valid for as long as any part of them is held.
///
/// The file must not be shortened while it is mapped: as with every mapping, that would end the process.
pub fn map_file(path: &Path) -> Result<Bytes> {
    let fault = |e: std::io::Error| Error::new(Code::Io, format!("cannot read '{}': {e}", path.display()));
    let file = File::open(path).map_err(fault)?;
    let meta = file.metadata().map_err(fault)?;
    if !meta.is_file() {
        return Err(Error::new(Code::Io, format!("cannot read '{}': not a regular file", path.display())));
    }
    if meta.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: the mapping is read-only and private; shortening the file under it is excluded by this function's contract.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(fault)?;
    Ok(Bytes::from_owner(map))
}

struct Owned<T>(Vec<T>);

impl<T: Element> AsRef<[u8]> for Owned<T> {
    fn as_ref(&self) -> &[u8] {
        as_bytes(&self.0)
    }
}

/// The elements of `v` as shared bytes, aligned for `T`, without a copy.
pub fn from_vec<T: Element>(v: Vec<T>) -> Bytes {
    Bytes::from_owner(Owned(v))
}

/// The bytes of a slice of elements.
pub fn as_bytes<T: Element>(v: &[T]) -> &[u8] {
    // SAFETY: an Element has no padding, so each of its bytes is initialised; u8 has no alignment.
    unsafe { std::slice::from_raw_parts(v.as_ptr().cast(), std::mem::size_of_val(v)) }
}

/// The bytes of a mutable slice of elements.
pub fn as_bytes_mut<T: Element>(v: &mut [T]) -> &mut [u8] {
    // SAFETY: as in `as_bytes`, and any bytes written are a valid Element.
    unsafe { std::slice::from_raw_parts_mut(v.as_mut_ptr().cast(), std::mem::size_of_val(v)) }
}

/// The bytes as elements: borrowed where they are aligned for `T`, else copied. Trailing bytes that fill no element are left out.
pub fn view<T: Element>(bytes: &[u8]) -> Cow<'_, [T]> {
    let n = bytes.len() / size_of::<T>();
    if bytes.as_ptr().align_offset(align_of::<T>()) == 0 {
        // SAFETY: aligned by the test above, `n` elements long, and every bit pattern is a valid Element.
        Cow::Borrowed(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), n) })
    } else {
        let mut out = vec![T::default(); n];
        as_bytes_mut(&mut out).copy_from_slice(&bytes[..n * size_of::<T>()]);
        Cow::Owned(out)
    }
}
