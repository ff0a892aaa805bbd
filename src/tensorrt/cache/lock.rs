//! One holder at a time among all processes, by a file that is locked. The system frees the lock of a process that dies.
//! The file goes with the lock: a folder holds no files of locks that nobody has.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock if nobody has it.
    pub fn try_take(path: &Path) -> io::Result<Option<Lock>> {
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match file.try_lock() {
                // Its last holder has removed the file that we had opened: the lock is another file by now.
                Ok(()) if !is_at(&file, path)? => {}
                Ok(()) => return Ok(Some(Lock { path: path.to_owned(), _file: file })),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(e),
            }
        }
    }

    /// Takes the lock, however long others have it: `wait` is called again and again, and gives up by false. Then there is none.
    pub fn take(path: &Path, wait: &mut dyn FnMut() -> bool) -> io::Result<Option<Lock>> {
        const LONGEST: Duration = Duration::from_millis(100);
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = Lock::try_take(path)? {
                return Ok(Some(lock));
            }
            if !wait() {
                return Ok(None);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still locked: who opened it meanwhile sees that it is gone and opens the next one.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the path still leads to this file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn threads_hold_it_one_after_the_other_and_the_file_goes() {
        let path = std::env::temp_dir().join(format!("tvmtrt-lock-{}", std::process::id()));
        let (inside, rounds) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    for _ in 0..50 {
                        let lock = Lock::take(&path, &mut || true).unwrap().unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        assert!(Lock::try_take(&path).unwrap().is_none());
                        rounds.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(rounds.into_inner(), 400);
        assert!(!path.exists());
        let held = Lock::try_take(&path).unwrap().unwrap();
        assert!(Lock::take(&path, &mut || false).unwrap().is_none(), "who gives up gets none");
        drop(held);
        assert!(Lock::try_take(&path.join("no folder")).is_err());
    }
}
