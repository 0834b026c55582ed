//! Finds the engine's library on this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The version of the library this program is built and tested against.
pub const VERSION: &str = "26.7.3-stable.1";
/// The file's name, the same in every package.
pub const FILE_NAME: &str = "libchdb.so";

/// Folders where a system package would put the library.
const SYSTEM_FOLDERS: [&str; 6] = [
    "/usr/local/lib/logseal",
    "/usr/lib/logseal",
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
];

/// Where to look, taken from the configuration and the environment by the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    /// The configured path of the library; if it is given, nothing else is tried.
    pub configured: Option<&'a Path>,
    /// The running program; the library may lie beside it.
    pub program: Option<&'a Path>,
    /// `$XDG_CACHE_HOME`
    pub xdg_cache_home: Option<&'a OsStr>,
    /// `$HOME`
    pub home: Option<&'a OsStr>,
}

/// There is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The configured path is wrong.
    #[error(
        "the configured engine library {0} does not exist: correct the path, or remove it and run `logseal engine install`"
    )]
    NotWhereConfigured(PathBuf),
    /// It is in none of the usual places.
    #[error(
        "the embedded engine is not installed: run `logseal engine install`, or name a ClickHouse server in `clickhouse.url`"
    )]
    Missing,
}

/// The library: the configured file, else beside the program, else in the cache, else in the system's folders.
///
/// # Errors
/// [`LibraryError`], whose text says what to do.
pub fn find(places: Places<'_>) -> Result<PathBuf, LibraryError> {
    if let Some(path) = places.configured {
        return if path.is_file() {
            Ok(path.to_owned())
        } else {
            Err(LibraryError::NotWhereConfigured(path.to_owned()))
        };
    }
    let beside = places.program.and_then(Path::parent).map(Path::to_owned);
    let system = SYSTEM_FOLDERS.iter().map(PathBuf::from);
    beside
        .into_iter()
        .chain(cache_folder(places))
        .chain(system)
        .map(|folder| folder.join(FILE_NAME))
        .find(|path| path.is_file())
        .ok_or(LibraryError::Missing)
}

/// The folder `logseal engine install` puts the library in: `$XDG_CACHE_HOME/logseal/engine/<version>`, by default
/// under `~/.cache`. `None` without a home. Relative values are ignored, as the XDG Base Directory specification wants.
#[must_use]
pub fn cache_folder(places: Places<'_>) -> Option<PathBuf> {
    let absolute = |p: &Path| p.is_absolute();
    let cache = places.xdg_cache_home.map(PathBuf::from).filter(|p| absolute(p));
    let home = || places.home.map(PathBuf::from).filter(|p| absolute(p));
    let base = cache.or_else(|| home().map(|h| h.join(".cache")))?;
    Some(base.join("logseal/engine").join(VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_has_the_library_wins() {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: PathBuf| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "x").unwrap();
            path
        };
        let program = dir.path().join("bin/logseal");
        let home = dir.path().join("home");
        let places = Places {
            program: Some(&program),
            home: Some(home.as_os_str()),
            xdg_cache_home: Some(OsStr::new("not/absolute")),
            ..Places::default()
        };
        let cached = put(home.join(".cache/logseal/engine").join(VERSION).join(FILE_NAME));
        assert_eq!(find(places).unwrap(), cached);
        let beside = put(dir.path().join("bin").join(FILE_NAME));
        assert_eq!(find(places).unwrap(), beside);
        let configured = put(dir.path().join("other.so"));
        let places = Places { configured: Some(&configured), ..places };
        assert_eq!(find(places).unwrap(), configured);
        let places = Places { configured: Some(Path::new("/nowhere/x.so")), ..places };
        assert!(matches!(find(places), Err(LibraryError::NotWhereConfigured(_))));
    }

    #[test]
    fn the_message_says_how_to_get_the_engine() {
        let text = LibraryError::Missing.to_string();
        assert!(text.contains("`logseal engine install`") && text.contains("`clickhouse.url`"));
    }
}
