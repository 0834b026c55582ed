//! What the spool asks of the filesystem: private files, durable names, free room, one owner.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How often one segment can be damaged anew before its originals have no name left.
const NAMES_TRIED_MAX: u32 = 1000;

/// The paths of a spool directory.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The spool's own directory.
    pub dir: PathBuf,
    /// Open and sealed segments.
    pub segments: PathBuf,
    /// One file a follower.
    pub cursors: PathBuf,
    /// What was refused, damaged or cut.
    pub rejected: PathBuf,
}

impl Layout {
    /// Creates what does not exist, with mode 0700, and makes the names durable.
    pub fn create(dir: &Path) -> io::Result<Self> {
        let layout = Self {
            dir: dir.to_path_buf(),
            segments: dir.join("segments"),
            cursors: dir.join("cursors"),
            rejected: dir.join("rejected"),
        };
        let existed = dir.exists();
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        for path in [&layout.segments, &layout.cursors, &layout.rejected] {
            builder.create(path)?;
        }
        sync_dir(dir)?;
        if !existed && let Some(parent) = fs::canonicalize(dir)?.parent() {
            sync_dir(parent)?;
        }
        Ok(layout)
    }
}

/// Why the directory is not ours.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it; its pid if the file says so.
    Held(Option<u32>),
    /// The lock file could not be opened, locked or written.
    Io(io::Error),
}

/// Takes the lock of a spool directory for as long as the file is open. The kernel lets go of it
/// when the process dies, so a stale lock cannot exist.
pub fn lock(dir: &Path) -> Result<File, LockError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.mode(0o600).open(dir.join("lock")).map_err(LockError::Io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let read = (&file).take(32).read_to_string(&mut pid);
            return Err(LockError::Held(read.ok().and_then(|_| pid.trim().parse().ok())));
        }
        Err(TryLockError::Error(e)) => return Err(LockError::Io(e)),
    }
    // Always the same length, in place: a full disk must not keep the daemon from starting.
    let pid = format!("{:<10}\n", std::process::id());
    file.write_all_at(pid.as_bytes(), 0).map_err(LockError::Io)?;
    Ok(file)
}

/// Creates a file that only we may read, and refuses one that exists.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    options.mode(0o600).open(path)
}

/// Writes a whole private file so that after a crash it is there as given, or not at all.
pub fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = temporary(path);
    remove_if_there(&temporary)?;
    let mut file = create_private(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// The name under which a file is prepared; leftovers of this name are removed at start.
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

/// Removes a file; that it does not exist is fine.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Makes created, renamed and removed names in a directory durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes the name of this file durable.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// Gives a file a second name that outlives the first: a hard link, or a copy where the
/// filesystem has no links. Another file that has the name already is left alone, and a number
/// added to the name; returns the name it got.
pub fn keep_as(path: &Path, wanted: &Path) -> io::Result<PathBuf> {
    let ours = fs::metadata(path)?;
    for number in 0..NAMES_TRIED_MAX {
        let mut kept = wanted.as_os_str().to_owned();
        if number > 0 {
            kept.push(format!(".{number}"));
        }
        let kept = PathBuf::from(kept);
        match fs::metadata(&kept) {
            // From an earlier try that did not come to its end.
            Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => {}
            Ok(_) => continue,
            Err(e) if e.kind() == io::ErrorKind::NotFound => link_or_copy(path, &kept)?,
            Err(e) => return Err(e),
        }
        sync_parent(&kept)?;
        return Ok(kept);
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn link_or_copy(path: &Path, kept: &Path) -> io::Result<()> {
    if fs::hard_link(path, kept).is_ok() {
        return Ok(());
    }
    let mut from = File::open(path)?;
    let temporary = temporary(kept);
    remove_if_there(&temporary)?;
    let mut to = create_private(&temporary)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    fs::rename(&temporary, kept)
}

/// Whether an error means that there is no room, so that the same write may work later.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// How the writer reaches the disk: the seam at which tests make an fsync or an undo fail, or
/// let the space run out behind the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// As the kernel answers.
    Real,
    /// The given number of operations work, every later one fails; and it does not see free space
    /// coming to its end, as when another process takes it between the question and the write.
    #[cfg(test)]
    FailAfter(u32),
}

impl Sync {
    /// `fdatasync`.
    pub fn data(&mut self, file: &File) -> io::Result<()> {
        self.allow()?;
        file.sync_data()
    }

    /// `fsync` of a directory.
    pub fn dir(&mut self, dir: &Path) -> io::Result<()> {
        self.allow()?;
        sync_dir(dir)
    }

    /// `ftruncate`.
    pub fn truncate(&mut self, file: &File, len: u64) -> io::Result<()> {
        self.allow()?;
        file.set_len(len)
    }

    /// Bytes an unprivileged process can still write on the filesystem of `dir`.
    pub fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        match self {
            Self::Real => {
                let stat = rustix::fs::statvfs(dir)?;
                Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
            }
            #[cfg(test)]
            Self::FailAfter(_) => Ok(u64::MAX),
        }
    }

    fn allow(&mut self) -> io::Result<()> {
        match self {
            Self::Real => Ok(()),
            #[cfg(test)]
            Self::FailAfter(0) => Err(io::Error::other("injected disk failure")),
            #[cfg(test)]
            Self::FailAfter(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}
