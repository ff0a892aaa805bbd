//! Lays a zip out as a list of parts, which are written one after the other; the bytes of entries are not copied.

use crate::artifact::zip::{
    ALIGNMENT, CENTRAL, END, END_LEN, END64, END64_LEN, EXTRA_FILL, EXTRA64, FLAGS, LOCAL, LOCAL_LEN, LOCATOR64, NEEDS, NEEDS64, WIDE,
    is_safe,
};
use crate::ensure;
use crate::tensor::error::Result;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// 1980-01-01, the first day that the format has: equal content makes equal files.
const DATE: u16 = 0x21;
/// Made by Unix, so that the permissions below count.
const MADE_BY: u16 = 3 << 8 | NEEDS64;
const PERMISSIONS: u32 = 0o100_644 << 16;

struct Entry {
    name: String,
    crc: u32,
    size: u64,
    offset: u64,
}

/// A zip in the making.
pub struct Writer<'a> {
    parts: Vec<Cow<'a, [u8]>>,
    position: u64,
    entries: Vec<Entry>,
    names: BTreeSet<String>,
    always_wide: bool,
}

/// Little-endian numbers behind each other.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, v: u16) -> &mut Bytes {
        self.0.extend(v.to_le_bytes());
        self
    }
    fn u32(&mut self, v: u32) -> &mut Bytes {
        self.0.extend(v.to_le_bytes());
        self
    }
    fn u64(&mut self, v: u64) -> &mut Bytes {
        self.0.extend(v.to_le_bytes());
        self
    }
}

impl<'a> Writer<'a> {
    /// An empty zip. With `always_wide` every number is written in 64 bits, needed or not.
    pub fn new(always_wide: bool) -> Writer<'a> {
        Writer { parts: Vec::new(), position: 0, entries: Vec::new(), names: BTreeSet::new(), always_wide }
    }

    /// Adds an entry that holds these pieces one after the other.
    pub fn add(&mut self, name: &str, pieces: Vec<Cow<'a, [u8]>>) -> Result<()> {
        ensure!(is_safe(name), InvalidArgument, "'{name}' cannot be the name of an entry");
        ensure!(self.names.insert(name.to_string()), DuplicateName, "two entries are named '{name}'");
        let mut crc = crc32fast::Hasher::new();
        pieces.iter().for_each(|p| crc.update(p));
        let size = pieces.iter().map(|p| p.len() as u64).sum();
        let entry = Entry { name: name.to_string(), crc: crc.finalize(), size, offset: self.position };
        let header = self.local(&entry);
        self.push(header.into());
        pieces.into_iter().filter(|p| !p.is_empty()).for_each(|p| self.push(p));
        self.entries.push(entry);
        Ok(())
    }

    /// The whole, as parts that follow each other.
    pub fn finish(mut self) -> Vec<Cow<'a, [u8]>> {
        let start = self.position;
        let mut directory = Bytes::default();
        for entry in &self.entries {
            self.central(entry, &mut directory);
        }
        let (size, count) = (directory.0.len() as u64, self.entries.len() as u64);
        let wide = self.always_wide || count >= u64::from(u16::MAX) || is_wide(start) || is_wide(size);
        if wide {
            let end = start + size;
            directory.u32(END64).u64(END64_LEN as u64 - 12).u16(MADE_BY).u16(NEEDS64).u32(0).u32(0);
            directory.u64(count).u64(count).u64(size).u64(start);
            directory.u32(LOCATOR64).u32(0).u64(end).u32(1);
        }
        let short = |v: u64| if wide { u16::MAX } else { v as u16 };
        let word = |v: u64| if wide { WIDE } else { v as u32 };
        directory.u32(END).u16(0).u16(0).u16(short(count)).u16(short(count)).u32(word(size)).u32(word(start)).u16(0);
        debug_assert!(directory.0.len() >= END_LEN);
        self.push(directory.0.into());
        self.parts
    }

    fn push(&mut self, part: Cow<'a, [u8]>) {
        self.position += part.len() as u64;
        self.parts.push(part);
    }

    fn local(&self, entry: &Entry) -> Vec<u8> {
        let wide = self.always_wide || is_wide(entry.size);
        let mut extra = Bytes::default();
        if wide {
            extra.u16(EXTRA64).u16(16).u64(entry.size).u64(entry.size);
        }
        let before = entry.offset as usize + LOCAL_LEN + entry.name.len() + extra.0.len();
        let mut fill = before.next_multiple_of(ALIGNMENT) - before;
        // A field has a head of 4 bytes.
        if (1..4).contains(&fill) {
            fill += ALIGNMENT;
        }
        if fill > 0 {
            extra.u16(EXTRA_FILL).u16(fill as u16 - 4).0.extend(std::iter::repeat_n(0, fill - 4));
        }
        let size = if wide { WIDE } else { entry.size as u32 };
        let mut out = Bytes::default();
        out.u32(LOCAL).u16(if wide { NEEDS64 } else { NEEDS }).u16(FLAGS).u16(0).u16(0).u16(DATE).u32(entry.crc).u32(size).u32(size);
        out.u16(entry.name.len() as u16).u16(extra.0.len() as u16);
        out.0.extend(entry.name.as_bytes());
        out.0.extend(extra.0);
        out.0
    }

    fn central(&self, entry: &Entry, out: &mut Bytes) {
        let (wide_size, wide_offset) = (self.always_wide || is_wide(entry.size), self.always_wide || is_wide(entry.offset));
        let mut extra = Bytes::default();
        if wide_size || wide_offset {
            extra.u16(EXTRA64).u16(u16::from(wide_size) * 16 + u16::from(wide_offset) * 8);
        }
        if wide_size {
            extra.u64(entry.size).u64(entry.size);
        }
        if wide_offset {
            extra.u64(entry.offset);
        }
        let size = if wide_size { WIDE } else { entry.size as u32 };
        let needs = if extra.0.is_empty() { NEEDS } else { NEEDS64 };
        out.u32(CENTRAL).u16(MADE_BY).u16(needs).u16(FLAGS).u16(0).u16(0).u16(DATE).u32(entry.crc).u32(size).u32(size);
        out.u16(entry.name.len() as u16).u16(extra.0.len() as u16).u16(0).u16(0).u16(0).u32(PERMISSIONS);
        out.u32(if wide_offset { WIDE } else { entry.offset as u32 });
        out.0.extend(entry.name.as_bytes());
        out.0.extend(extra.0);
    }
}

fn is_wide(number: u64) -> bool {
    number >= u64::from(WIDE)
}
