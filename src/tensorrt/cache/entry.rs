//! One file of the cache: a head, the whole key, and bytes that can be used where they lie in the mapped file. A file is written in
//! full under another name and then renamed, so that no reader ever sees a part of it. What is in the bytes is not known here.

use crate::tensor::bytes::map_file;
use crate::tensor::digest::Digest;
use crate::tensor::file::write_parts;
use bytes::Bytes;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Version of the format below. Files of another one are passed over.
pub const FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"\x89tvmtrt\n";
/// Magic, format, where the payload begins, length of the key, length of the payload, digest of the payload; then the key.
const HEAD: usize = 8 + 4 + 4 + 8 + 8 + 32;
/// The payload begins at a multiple of this.
const ALIGN: usize = 64;

/// Why a file does not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is none.
    Absent,
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// It is not what was written, or was written for another key.
    Damaged(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Absent => write!(f, "there is no such file"),
            Fault::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            Fault::Damaged(why) => write!(f, "it is damaged: {why}"),
        }
    }
}

/// The key and the payload of a file that is whole. `digest` false leaves the payload unchecked.
pub fn read(path: &Path, digest: bool) -> Result<(String, Bytes), Fault> {
    match fs::symlink_metadata(path) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Err(Fault::Absent),
        Err(e) => return Err(Fault::Unreadable(e.to_string())),
        Ok(_) => {}
    }
    let all = map_file(path).map_err(|e| Fault::Unreadable(e.message))?;
    parse(&all, digest).map_err(|why| Fault::Damaged(why.into()))
}

/// As [`read`], of the file that was written for `key`.
pub fn read_for(path: &Path, key: &str) -> Result<Bytes, Fault> {
    let (found, payload) = read(path, true)?;
    if found != key {
        return Err(Fault::Damaged("it was written for another key".into()));
    }
    Ok(payload)
}

fn parse(all: &Bytes, digest: bool) -> Result<(String, Bytes), &'static str> {
    let head = all.get(..HEAD).ok_or("it is too short")?;
    let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap_or_default());
    let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap_or_default());
    if head[..8] != MAGIC {
        return Err("it is no file of this cache");
    }
    if word(8) != FORMAT {
        return Err("it has another format");
    }
    let size = |n: u64| usize::try_from(n).map_err(|_| "its lengths are impossible");
    let (start, key, payload) = (size(u64::from(word(12)))?, size(long(16))?, size(long(24))?);
    if HEAD.checked_add(key).is_none_or(|end| end > start) || start.checked_add(payload) != Some(all.len()) {
        return Err("its length is not what its head says");
    }
    let text = std::str::from_utf8(&all[HEAD..HEAD + key]).map_err(|_| "its key is no text")?;
    let bytes = all.slice(start..);
    if digest && Digest::of(&bytes).bytes()[..] != head[32..64] {
        return Err("its content is not what its digest says");
    }
    Ok((text.to_string(), bytes))
}

fn head(key: &str, payload: &[u8]) -> io::Result<Vec<u8>> {
    let start = (HEAD + key.len()).next_multiple_of(ALIGN);
    let place = u32::try_from(start).map_err(|_| io::Error::other("the key is too long"))?;
    let mut out = Vec::with_capacity(start);
    out.extend(MAGIC);
    out.extend(FORMAT.to_le_bytes());
    out.extend(place.to_le_bytes());
    out.extend((key.len() as u64).to_le_bytes());
    out.extend((payload.len() as u64).to_le_bytes());
    out.extend(Digest::of(payload).bytes());
    out.extend(key.as_bytes());
    out.resize(start, 0);
    Ok(out)
}

/// Writes a file of this key. It appears as a whole and on the disk, or not at all.
pub fn write(path: &Path, key: &str, payload: &[u8]) -> io::Result<()> {
    write_parts(path, &[&head(key, payload)?, payload])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("tvmtrt-entry-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_is_written_is_read_aligned_and_leaves_no_other_file() {
        let folder = folder("read");
        let path = folder.join("a.engine");
        for (key, payload) in [("k", &b"engine"[..]), (&"key ".repeat(100), &[7u8; 1000]), ("", b"")] {
            write(&path, key, payload).unwrap();
            let found = read_for(&path, key).unwrap();
            assert_eq!(found, payload);
            assert!(payload.is_empty() || (found.as_ptr() as usize).is_multiple_of(ALIGN));
            assert!(matches!(read_for(&path, "other"), Err(Fault::Damaged(why)) if why.contains("another key")));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(read_for(&folder.join("none"), ""), Err(Fault::Absent));
        assert_eq!(read_for(&path.join("none"), ""), Err(Fault::Absent));
        assert!(matches!(read_for(&folder, ""), Err(Fault::Unreadable(_))));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_change_of_any_byte_and_any_other_length_shows() {
        let folder = folder("damage");
        let path = folder.join("a.engine");
        write(&path, "the key", &[1, 2, 3, 4, 5]).unwrap();
        let good = fs::read(&path).unwrap();
        // Between key and payload stand zeros that mean nothing.
        let padding = HEAD + "the key".len()..good.len() - 5;
        for at in (0..good.len()).filter(|at| !padding.contains(at)) {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            fs::write(&path, &bad).unwrap();
            assert!(matches!(read_for(&path, "the key"), Err(Fault::Damaged(_))), "byte {at}");
        }
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert!(matches!(read_for(&path, "the key"), Err(Fault::Damaged(_))), "length {length}");
        }
        fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        assert!(matches!(read_for(&path, "the key"), Err(Fault::Damaged(_))));
        fs::remove_dir_all(folder).unwrap();
    }
}
