//! Reads a zip of the one kind that [`crate::artifact::zip::write`] makes, in place. Whatever else a zip may be is refused: what is
//! compressed, encrypted, misaligned, named twice, named with a way out of a folder, or hidden between entries.

use crate::artifact::zip::{
    ALIGNMENT, CENTRAL, CENTRAL_LEN, END, END_LEN, END64, END64_LEN, EXTRA_FILL, EXTRA64, FLAGS, LOCAL, LOCAL_LEN, LOCATOR64,
    LOCATOR64_LEN, WIDE, is_safe,
};
use crate::tensor::error::{Context, Result};
use crate::{ensure, fail};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;

/// An entry: where its bytes are, and their CRC-32 as the directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    place: Range<usize>,
    crc: u32,
}

/// A zip in memory.
#[derive(Debug)]
pub struct Archive {
    bytes: Bytes,
    entries: BTreeMap<String, Entry>,
}

/// What the end of the file says of the directory.
struct Directory {
    start: u64,
    size: u64,
    count: u64,
}

impl Archive {
    /// Looks at all headers, and at nothing else.
    pub fn open(bytes: Bytes) -> Result<Archive> {
        let directory = directory(&bytes)?;
        let mut rest = &bytes[directory.start as usize..(directory.start + directory.size) as usize];
        let (mut entries, mut next) = (BTreeMap::new(), 0);
        for number in 0..directory.count {
            let (name, entry) = entry(&bytes, &mut rest, directory.start, &mut next).context(|| format!("entry {number}"))?;
            ensure!(!entries.contains_key(&name), MalformedModel, "two entries are named '{name}'");
            entries.insert(name, entry);
        }
        ensure!(rest.is_empty(), MalformedModel, "the directory holds more than its {} entries", directory.count);
        ensure!(next == directory.start, MalformedModel, "there are bytes between the last entry and the directory");
        Ok(Archive { bytes, entries })
    }

    /// Names of all entries, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of an entry, in place; `None` where there is none of this name.
    pub fn get(&self, name: &str) -> Option<Bytes> {
        self.entries.get(name).map(|e| self.bytes.slice(e.place.clone()))
    }

    /// [`Archive::get`] for an entry whose bytes are to be those that were written.
    pub fn checked(&self, name: &str) -> Result<Option<Bytes>> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let bytes = self.bytes.slice(entry.place.clone());
        let found = crc32fast::hash(&bytes);
        ensure!(found == entry.crc, MalformedModel, "entry '{name}' is damaged: its CRC-32 is {found:08x}, not {:08x}", entry.crc);
        Ok(Some(bytes))
    }
}

/// The little-endian number of `N` bytes at `at`; 0 where there is none, which every caller has excluded.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    let mut wide = [0; 8];
    if let Some(found) = at.checked_add(N).and_then(|end| bytes.get(at..end)) {
        wide[..N].copy_from_slice(found);
    }
    u64::from_le_bytes(wide)
}

/// The head of `len` bytes at `at` that begins with `sign`.
fn head<'a>(bytes: &'a [u8], at: u64, len: usize, sign: u32, what: &str) -> Result<&'a [u8]> {
    let found = usize::try_from(at).ok().and_then(|at| bytes.get(at..at.checked_add(len)?));
    match found.filter(|h| number::<4>(h, 0) == u64::from(sign)) {
        Some(head) => Ok(head),
        None => fail!(MalformedModel, "{what} is not where it should be: the file is cut or altered"),
    }
}

fn directory(bytes: &[u8]) -> Result<Directory> {
    let Some(at) = bytes.len().checked_sub(END_LEN) else { fail!(MalformedModel, "{} bytes are too few for an artifact", bytes.len()) };
    let end = head(bytes, at as u64, END_LEN, END, "the end of the directory")?;
    ensure!(number::<2>(end, 20) == 0, MalformedModel, "the file has a comment");
    let wide = number::<4>(end, 16) == u64::from(WIDE);
    let (directory, limit, disks) = match wide {
        false => {
            let directory = Directory { start: number::<4>(end, 16), size: number::<4>(end, 12), count: number::<2>(end, 10) };
            ensure!(number::<2>(end, 8) == directory.count, MalformedModel, "the directory is in several files");
            (directory, at as u64, number::<4>(end, 4))
        }
        true => {
            ensure!(end[8..20].iter().all(|b| *b == 0xff), MalformedModel, "the end of the directory has numbers of two kinds");
            let locator = (at as u64).checked_sub(LOCATOR64_LEN as u64).unwrap_or(u64::MAX);
            let found = head(bytes, locator, LOCATOR64_LEN, LOCATOR64, "the 64-bit end of the directory")?;
            let disks = number::<4>(end, 4) | number::<4>(found, 4) | (number::<4>(found, 16) ^ 1);
            let place = number::<8>(found, 8);
            let end = head(bytes, place, END64_LEN, END64, "the 64-bit end of the directory")?;
            ensure!(place.checked_add(END64_LEN as u64) == Some(locator), MalformedModel, "there are bytes behind the directory");
            let directory = Directory { start: number::<8>(end, 48), size: number::<8>(end, 40), count: number::<8>(end, 32) };
            ensure!(number::<8>(end, 24) == directory.count, MalformedModel, "the directory is in several files");
            (directory, place, disks | number::<8>(end, 16))
        }
    };
    ensure!(disks == 0, MalformedModel, "the directory is in several files");
    let fits = directory.start.checked_add(directory.size) == Some(limit);
    ensure!(fits, MalformedModel, "the directory is not where the end of the file says: the file is cut or altered");
    Ok(directory)
}

/// The next entry of the directory, whose own header begins at `next`.
fn entry(bytes: &[u8], rest: &mut &[u8], limit: u64, next: &mut u64) -> Result<(String, Entry)> {
    let central = head(rest, 0, CENTRAL_LEN, CENTRAL, "its head in the directory")?;
    let (name_len, extra_len, comment) = (number::<2>(central, 28) as usize, number::<2>(central, 30) as usize, number::<2>(central, 32));
    let all = CENTRAL_LEN + name_len + extra_len;
    ensure!(all <= rest.len(), MalformedModel, "the directory is cut");
    let (name, extra) = (&rest[CENTRAL_LEN..CENTRAL_LEN + name_len], &rest[CENTRAL_LEN + name_len..all]);
    let Ok(name) = std::str::from_utf8(name) else { fail!(MalformedModel, "its name is not UTF-8") };
    ensure!(is_safe(name), MalformedModel, "the name {name:?} is refused: names are relative and have no '..', '\\' or ':'");
    plain(central, 8, comment, name)?;
    let mut wide = Wide::of(extra, name)?;
    let size = wide.next(number::<4>(central, 24), name)?;
    let stored = wide.next(number::<4>(central, 20), name)?;
    let offset = wide.next(number::<4>(central, 42), name)?;
    ensure!(wide.0.is_empty(), MalformedModel, "'{name}': its 64-bit sizes have a wrong length");
    ensure!(size == stored, MalformedModel, "'{name}' is {size} bytes, stored in {stored}");
    ensure!(offset == *next, MalformedModel, "'{name}' does not begin where the entry before it ends");
    let start = local(bytes, offset, central, name, size)?;
    let end = start.checked_add(size).filter(|end| *end <= limit);
    let Some(end) = end else { fail!(MalformedModel, "'{name}' reaches beyond the place of entries: the file is cut or altered") };
    *next = end;
    *rest = &rest[all..];
    Ok((name.to_string(), Entry { place: start as usize..end as usize, crc: number::<4>(central, 16) as u32 }))
}

/// An entry that is stored as it is; `at` is where the flags stand in its head.
fn plain(head: &[u8], at: usize, comment: u64, name: &str) -> Result<()> {
    let (flags, method) = (number::<2>(head, at), number::<2>(head, at + 2));
    ensure!(method == 0, MalformedModel, "'{name}' is compressed (method {method}); entries of an artifact are stored");
    ensure!(flags == u64::from(FLAGS) && comment == 0, MalformedModel, "'{name}' has flags {flags:#x} or a comment: no artifact has them");
    Ok(())
}

/// The header in front of an entry's bytes agrees with the directory. Gives where the bytes begin.
fn local(bytes: &[u8], offset: u64, central: &[u8], name: &str, size: u64) -> Result<u64> {
    let local = head(bytes, offset, LOCAL_LEN, LOCAL, &format!("the header of '{name}'"))?;
    plain(local, 6, 0, name)?;
    let (name_len, extra_len) = (number::<2>(local, 26) as usize, number::<2>(local, 28) as usize);
    let at = offset as usize + LOCAL_LEN;
    let own = bytes.get(at..at + name_len + extra_len);
    let Some((own, extra)) = own.map(|o| o.split_at(name_len)) else { fail!(MalformedModel, "'{name}' is cut") };
    ensure!(own == name.as_bytes(), MalformedModel, "'{name}' has another name in front of its bytes");
    let mut wide = Wide::of(extra, name)?;
    let sizes = (wide.next(number::<4>(local, 22), name)?, wide.next(number::<4>(local, 18), name)?);
    let same = sizes == (size, size) && number::<4>(local, 14) == number::<4>(central, 16) && wide.0.is_empty();
    ensure!(same, MalformedModel, "'{name}': size or CRC-32 in front of its bytes are not those of the directory");
    let start = at + name_len + extra_len;
    ensure!(start.is_multiple_of(ALIGNMENT), MalformedModel, "'{name}' is misaligned: it begins at {start}, no multiple of {ALIGNMENT}");
    Ok(start as u64)
}

/// Numbers of the 64-bit extra field, in order.
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn of(mut extra: &'a [u8], name: &str) -> Result<Wide<'a>> {
        let (mut found, mut filled) = (None, false);
        while !extra.is_empty() {
            let (id, len) = (number::<2>(extra, 0) as u16, number::<2>(extra, 2) as usize);
            let Some(field) = extra.get(4..4 + len) else { fail!(MalformedModel, "'{name}' has a cut extra field") };
            match id {
                EXTRA64 if found.is_none() => found = Some(field),
                EXTRA_FILL if !filled && field.iter().all(|b| *b == 0) => filled = true,
                _ => fail!(MalformedModel, "'{name}' has an extra field {id:#06x} that no artifact has"),
            }
            extra = &extra[4 + len..];
        }
        Ok(Wide(found.unwrap_or_default()))
    }

    /// `short`, or the next number where it is there instead.
    fn next(&mut self, short: u64, name: &str) -> Result<u64> {
        if short != u64::from(WIDE) {
            return Ok(short);
        }
        ensure!(self.0.len() >= 8, MalformedModel, "'{name}' has no 64-bit sizes");
        let (number, rest) = (number::<8>(self.0, 0), &self.0[8..]);
        self.0 = rest;
        Ok(number)
    }
}
