//! `logseal engine install`: fetches the engine's library, or takes it from a file, and puts it in the cache.
//!
//! Whatever the source, only bytes with the pinned SHA-256 get in: of the package before it is unpacked, and of the
//! library before it gets its name. A broken or interrupted installation leaves no library behind.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use super::library::{FILE_NAME, VERSION};

/// A package of the library and what it must hash to.
struct Package {
    os: &'static str,
    arch: &'static str,
    /// Its name in the npm registry.
    name: &'static str,
    /// SHA-256 of the package file.
    package_sha256: &'static str,
    /// SHA-256 of the library in it.
    library_sha256: &'static str,
}

/// The platforms whose package was fetched and tested. Add a row only with hashes of a package you have run.
const PACKAGES: [Package; 1] = [Package {
    os: "linux",
    arch: "x86_64",
    name: "@chdb/lib-linux-x64-gnu",
    package_sha256: "c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad",
    library_sha256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
}];

/// Where the library lies in the package.
const PATH_IN_PACKAGE: &str = "package/libchdb.so";
/// The most that is read of a package or a library, in bytes.
const SIZE_MAX: u64 = 2 << 30;
/// How long the download may take.
const DOWNLOAD_MAX: Duration = Duration::from_secs(3600);

/// Why the library could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is no tested package for this platform.
    #[error(
        "there is no tested engine package for {os} on {arch}: name a ClickHouse server in `clickhouse.url` instead"
    )]
    Platform {
        /// This system.
        os: &'static str,
        /// This processor.
        arch: &'static str,
    },
    /// npm is missing or could not fetch the package.
    #[error(
        "fetch {package} with npm ({reason}): fetch it elsewhere with `npm pack {package}` and run `logseal engine install --from FILE`"
    )]
    Npm {
        /// The package with its version.
        package: String,
        /// What went wrong.
        reason: String,
    },
    /// The bytes are not the pinned ones.
    #[error("{what} is not the tested one: SHA-256 is {found}, expected {expected}")]
    Hash {
        /// The file.
        what: String,
        /// Its hash.
        found: String,
        /// The pinned hash.
        expected: &'static str,
    },
    /// The system refused something.
    #[error("{doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

fn failed(doing: impl Into<String>) -> impl FnOnce(io::Error) -> InstallError {
    let doing = doing.into();
    move |source| InstallError::Io { doing, source }
}

/// Installs the library into `folder` (see [`super::library::cache_folder`]) and returns its path. `from` is a package
/// file (`.tgz`) or a `libchdb.so`; without it npm fetches the package. `progress` gets a line for each step.
///
/// # Errors
/// [`InstallError`]; `folder` then holds what it held before.
pub fn install(from: Option<&Path>, folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, InstallError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let package = PACKAGES.iter().find(|p| p.os == os && p.arch == arch).ok_or(InstallError::Platform { os, arch })?;
    std::fs::create_dir_all(folder).map_err(failed(format!("make folder {}", folder.display())))?;
    let target = folder.join(FILE_NAME);
    let work = Scratch::new(folder)?;
    let fetched;
    let source = match from {
        Some(path) => path,
        None => {
            let spec = format!("{}@{VERSION}", package.name);
            progress(&format!("fetching {spec} with npm (about 180 MB)"));
            fetched = fetch(&spec, &work.0)?;
            &fetched
        }
    };
    let unpacked = work.0.join(FILE_NAME);
    if source.extension().is_some_and(|e| e == "tgz" || e == "gz") {
        progress(&format!("checking {}", source.display()));
        let file = open(source)?;
        let found =
            copy_hashed(file.take(SIZE_MAX), &mut io::sink()).map_err(failed(format!("read {}", source.display())))?;
        check_hash(&source.display().to_string(), found, package.package_sha256)?;
        progress("unpacking the library (566 MB)");
        unpack(source, &unpacked, package.library_sha256)?;
    } else {
        progress(&format!("copying {}", source.display()));
        store(open(source)?, &unpacked, package.library_sha256)?;
    }
    std::fs::rename(&unpacked, &target)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(failed(format!("put the library at {}", target.display())))?;
    progress(&format!("installed {}", target.display()));
    Ok(target)
}

fn open(path: &Path) -> Result<File, InstallError> {
    File::open(path).map_err(failed(format!("open {}", path.display())))
}

/// Has npm fetch the package into `folder`.
fn fetch(spec: &str, folder: &Path) -> Result<PathBuf, InstallError> {
    let npm = |reason: String| InstallError::Npm { package: spec.to_owned(), reason };
    let mut child = Command::new("npm")
        .args(["pack", spec, "--ignore-scripts", "--silent", "--pack-destination"])
        .arg(folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|e| npm(e.to_string()))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|e| npm(e.to_string()))? {
            Some(status) => break status,
            None if started.elapsed() > DOWNLOAD_MAX => {
                let ended = child.kill().and_then(|()| child.wait());
                return Err(npm(format!("it took too long; {ended:?}")));
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    if !status.success() {
        return Err(npm(status.to_string()));
    }
    let entries = std::fs::read_dir(folder).map_err(failed("list what npm fetched"))?;
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "tgz"))
        .ok_or_else(|| npm("it wrote no package".to_owned()))
}

/// Unpacks the library, and nothing else, from the package.
fn unpack(package: &Path, to: &Path, expected: &'static str) -> Result<(), InstallError> {
    let doing = format!("unpack {}", package.display());
    let unzipped = GzDecoder::new(open(package)?).take(SIZE_MAX);
    let mut archive = tar::Archive::new(unzipped);
    for entry in archive.entries().map_err(failed(doing.clone()))? {
        let entry = entry.map_err(failed(doing.clone()))?;
        let is_library = entry.path().is_ok_and(|p| p == Path::new(PATH_IN_PACKAGE));
        if is_library && entry.header().entry_type().is_file() {
            return store(entry, to, expected);
        }
    }
    let missing = io::Error::new(io::ErrorKind::NotFound, format!("no {PATH_IN_PACKAGE} in it"));
    Err(failed(doing)(missing))
}

/// Writes the library durably, and only if it is the pinned one.
fn store(from: impl Read, to: &Path, expected: &'static str) -> Result<(), InstallError> {
    let doing = format!("write {}", to.display());
    let mut file = File::create_new(to).map_err(failed(doing.clone()))?;
    let found = copy_hashed(from.take(SIZE_MAX), &mut file).map_err(failed(doing.clone()))?;
    check_hash(FILE_NAME, found, expected)?;
    file.sync_all().map_err(failed(doing))
}

fn check_hash(what: &str, found: String, expected: &'static str) -> Result<(), InstallError> {
    if found == expected {
        return Ok(());
    }
    Err(InstallError::Hash { what: what.to_owned(), found, expected })
}

/// Copies everything and returns its SHA-256 in hexadecimal.
fn copy_hashed(mut from: impl Read, to: &mut impl io::Write) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|b| !b.is_empty()) else {
            return Ok(hex::encode(hash.finalize()));
        };
        hash.update(bytes);
        to.write_all(bytes)?;
    }
}

/// A folder for the work in hand, on the same file system as the target; removed at the end, however that comes.
struct Scratch(PathBuf);

impl Scratch {
    fn new(folder: &Path) -> Result<Self, InstallError> {
        let path = folder.join(format!(".install-{:x}", rand::random::<u64>()));
        std::fs::create_dir(&path).map_err(failed(format!("make folder {}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("remove {}: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_the_pinned_one_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("cache");
        for name in ["libchdb.so", "engine.tgz"] {
            let file = dir.path().join(name);
            std::fs::write(&file, "something else").unwrap();
            let error = install(Some(&file), &folder, &mut |_| {}).unwrap_err();
            assert!(matches!(error, InstallError::Hash { .. }), "{error}");
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        }
    }

    #[test]
    fn only_the_library_is_taken_from_a_package() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("p.tgz");
        let gz = flate2::write::GzEncoder::new(File::create(&package).unwrap(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gz);
        for (path, text) in [("package/evil", "no"), (PATH_IN_PACKAGE, "abc")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_cksum();
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        let out = dir.path().join("out.so");
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        unpack(&package, &out, abc).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "abc");
        assert!(!dir.path().join("evil").exists());
    }
}
