//! The files of a cache's folder as a whole: listing, checking, removing. Files that are not the cache's are left alone.

use crate::tensorrt::cache::Key;
use crate::tensorrt::cache::entry::{self, Fault};
use crate::tensorrt::cache::lock::Lock;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An engine.
    Engine,
    /// What builds have measured.
    Timing,
}

impl Kind {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Engine => "engine",
            Kind::Timing => "timing",
        }
    }
}

/// A file of the cache.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub kind: Kind,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written or used.
    pub used: SystemTime,
    /// What it is for; empty where that cannot be read.
    pub key: String,
    /// Why it does not serve; none where nothing was found.
    pub fault: Option<String>,
}

/// Names of the cache's files begin with the hash of a key: this many digits.
const STEM: usize = 64;

struct Found {
    path: PathBuf,
    stem: String,
    ending: String,
    bytes: u64,
    used: SystemTime,
}

/// The cache's files, whatever they are. A folder that is not there holds none.
fn files(folder: &Path) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let found = |path: PathBuf| -> Option<Found> {
        let name = path.file_name()?.to_str()?;
        let (stem, rest) = name.split_once('.')?;
        let ending = rest.rsplit('.').next()?;
        let ours = stem.len() == STEM && stem.bytes().all(|b| b.is_ascii_hexdigit());
        let known = ["engine", "timing", "lock", "tmp"].contains(&ending);
        // A file that another process has removed meanwhile is no file.
        let meta = fs::symlink_metadata(&path).ok().filter(|m| ours && known && m.is_file())?;
        let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Some(Found { stem: stem.into(), ending: ending.into(), bytes: meta.len(), used, path })
    };
    Ok(entries.filter_map(|e| found(e.ok()?.path())).collect())
}

/// Engines and measurements, those that were used last first. `full`: contents are compared with their digests.
pub fn items(folder: &Path, full: bool) -> io::Result<Vec<Item>> {
    let mut all = files(folder)?;
    all.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
    let item = |f: Found| {
        let kind = match f.ending.as_str() {
            "engine" => Kind::Engine,
            "timing" => Kind::Timing,
            _ => return None,
        };
        let (key, fault) = match entry::read(&f.path, full) {
            Ok((key, _)) if Key::new(key.clone()).stem() == f.stem => (key, None),
            Ok((key, _)) => (key, Some("it is damaged: its name is not the hash of its key".to_string())),
            Err(Fault::Absent) => return None,
            Err(fault) => (String::new(), Some(fault.to_string())),
        };
        Some(Item { path: f.path, kind, bytes: f.bytes, used: f.used, key, fault })
    };
    Ok(all.into_iter().filter_map(item).collect())
}

/// Removes what dead processes left behind and, as long as all together have more bytes than `limit`, what was not used for longest.
/// What someone has the lock of stays.
pub fn shrink(folder: &Path, limit: Option<u64>) {
    // What cannot be listed or removed now is tried again after the next build.
    let Ok(mut all) = files(folder) else { return };
    let is_data = |f: &Found| f.ending == "engine" || f.ending == "timing";
    for left in all.iter().filter(|f| !is_data(f)) {
        remove(folder, left);
    }
    let Some(limit) = limit else { return };
    all.retain(is_data);
    all.sort_by_key(|f| f.used);
    let mut sum: u64 = all.iter().map(|f| f.bytes).sum();
    for file in &all {
        if sum <= limit {
            return;
        }
        if remove(folder, file) {
            sum -= file.bytes;
        }
    }
}

/// Removes all; number and bytes of the engines and measurements that went.
pub fn clear(folder: &Path) -> io::Result<(usize, u64)> {
    let (mut count, mut bytes) = (0, 0);
    for file in files(folder)? {
        if remove(folder, &file) && matches!(file.ending.as_str(), "engine" | "timing") {
            count += 1;
            bytes += file.bytes;
        }
    }
    Ok((count, bytes))
}

/// Removes a file unless someone works on its key; whether it went.
fn remove(folder: &Path, file: &Found) -> bool {
    match Lock::try_take(&folder.join(format!("{}.lock", file.stem))) {
        // The lock's own file goes with the lock.
        Ok(Some(_lock)) => file.ending == "lock" || fs::remove_file(&file.path).is_ok(),
        _ => false,
    }
}
