//! The file that a command writes: it appears under its name only when the last byte is on disk.
//!
//! Until then, and after a failure, what came is in `FILE.partial`. A symbolic link stays one: its target is what is written. What is no
//! regular file (a pipe, a device) cannot be replaced by one, and is written directly.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

const BUFFER_BYTES: usize = 256 << 10;
/// Links that are followed from one to the next, as the kernel does.
const LINKS_MAX: usize = 40;
/// A new file's, before the umask.
const MODE_NEW: u32 = 0o666;
/// What the writer itself needs while it writes.
const MODE_WRITER: u32 = 0o600;

/// A file under way.
pub(super) struct OutputFile {
    out: BufWriter<File>,
    /// `None` for what is written directly.
    rename: Option<Rename>,
}

struct Rename {
    partial: PathBuf,
    name: PathBuf,
    /// Of the file that was there before.
    permissions: Option<Permissions>,
}

impl OutputFile {
    /// # Errors
    /// Where `path` is a folder, or nothing can be written there.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let before = match std::fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("look at {}", path.display())),
        };
        if before.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            bail!("{} is a folder", path.display());
        }
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            let file = OpenOptions::new().write(true).open(path).with_context(|| format!("open {}", path.display()))?;
            return Ok(Self { out: BufWriter::with_capacity(BUFFER_BYTES, file), rename: None });
        }
        let name = target(path).with_context(|| format!("follow the link {}", path.display()))?;
        let partial = partial_name(&name);
        let permissions = before.map(|before| before.permissions());
        let file =
            create_partial(&partial, permissions.as_ref()).with_context(|| format!("create {}", partial.display()))?;
        let rename = Rename { partial, name, permissions };
        Ok(Self { out: BufWriter::with_capacity(BUFFER_BYTES, file), rename: Some(rename) })
    }

    /// Where what came lies after a failure; `None` for what is written directly.
    pub(super) fn partial(&self) -> Option<&Path> {
        self.rename.as_ref().map(|rename| rename.partial.as_path())
    }

    /// Makes the file durable, then gives it its name.
    ///
    /// # Errors
    /// Where that fails; then the partial file stays.
    pub(super) fn publish(self) -> anyhow::Result<()> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error).context("write the last bytes")?;
        let Some(Rename { partial, name, permissions }) = self.rename else { return Ok(()) };
        if let Some(permissions) = permissions {
            file.set_permissions(permissions).context("keep the file's mode")?;
        }
        file.sync_all().context("bring the file to disk")?;
        std::fs::rename(&partial, &name).with_context(|| format!("name it {}", name.display()))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Where the links at `path` lead, though nothing may be there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if !path.is_symlink() {
            return Ok(path);
        }
        let link = std::fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    Err(io::Error::other("it leads through too many links"))
}

/// Never readable by more people than the file that it will replace.
fn create_partial(partial: &Path, permissions: Option<&Permissions>) -> io::Result<File> {
    let mode = permissions.map_or(MODE_NEW, |permissions| permissions.mode() & 0o777 | MODE_WRITER);
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(partial)?;
    if permissions.is_some() {
        // It may lie there from an earlier run, with another mode.
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

fn partial_name(name: &Path) -> PathBuf {
    let mut partial = OsString::from(name);
    partial.push(".partial");
    PathBuf::from(partial)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    use super::*;

    fn write(path: &Path, text: &str) {
        let mut out = OutputFile::create(path).unwrap();
        out.write_all(text.as_bytes()).unwrap();
        out.publish().unwrap();
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_name_appears_only_with_the_whole_file() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("out.csv");
        let mut out = OutputFile::create(&name).unwrap();
        let partial = out.partial().unwrap().to_owned();
        assert_eq!(partial.file_name().unwrap(), "out.csv.partial");
        out.write_all(b"whole").unwrap();
        assert!(!name.exists());
        out.publish().unwrap();
        assert_eq!((read(&name).as_str(), partial.exists()), ("whole", false));
    }

    #[test]
    fn a_link_stays_and_its_target_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let (link, middle, target) = (dir.path().join("link"), dir.path().join("middle"), dir.path().join("real.csv"));
        symlink("middle", &link).unwrap();
        symlink(&target, &middle).unwrap();
        // There is nothing behind the links at first.
        for text in ["one", "two"] {
            write(&link, text);
            assert!(link.is_symlink() && middle.is_symlink() && !target.is_symlink());
            assert_eq!(read(&target), text);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "no partial file is left");
        let circle = dir.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(OutputFile::create(&circle).is_err());
    }

    #[test]
    fn the_mode_of_a_file_that_was_there_is_kept_and_its_partial_is_no_more_open() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("out.csv");
        std::fs::write(&name, "before").unwrap();
        // A partial file of an earlier run is readable by all.
        std::fs::write(partial_name(&name), "earlier").unwrap();
        std::fs::set_permissions(partial_name(&name), Permissions::from_mode(0o666)).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        for kept in [0o600, 0o640, 0o400] {
            std::fs::set_permissions(&name, Permissions::from_mode(kept)).unwrap();
            let out = OutputFile::create(&name).unwrap();
            assert_eq!(mode(out.partial().unwrap()), kept | 0o600);
            out.publish().unwrap();
            assert_eq!(mode(&name), kept);
        }
    }

    #[test]
    fn what_is_no_regular_file_is_written_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || read(&pipe)
        });
        write(&pipe, "through the pipe");
        assert_eq!(reader.join().unwrap(), "through the pipe");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

        let link = dir.path().join("full");
        symlink("/dev/full", &link).unwrap();
        let mut out = OutputFile::create(&link).unwrap();
        assert_eq!(out.partial(), None);
        out.write_all(b"no room").unwrap();
        assert_eq!(out.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(link.is_symlink());
        assert!(OutputFile::create(dir.path()).is_err(), "a folder");
    }
}
