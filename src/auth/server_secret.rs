//! The secret that signs access tokens and keys the hashes of verification codes.
//!
//! It comes from the configuration, or is made at the first start and kept in a file: 32 random bytes as 43 characters of
//! base64url and a line feed, mode 0600.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::secret::random_text;
use crate::config::auth::JWT_SECRET_BYTES_MIN;

/// More is not read of the file.
const FILE_BYTES_MAX: u64 = 4096;

/// At least 32 bytes that only this daemon, and those it shares users with, know.
#[derive(Clone)]
pub struct ServerSecret(Vec<u8>);

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum ServerSecretError {
    #[error("{what} the server's secret {path}")]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error(
        "the server's secret {path} can be read by others (mode {mode:04o}); chmod 600, or delete it to have another made"
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the server's secret has {0} bytes, it needs {JWT_SECRET_BYTES_MIN}")]
    Short(usize),
}

impl ServerSecret {
    /// A secret that was given.
    ///
    /// # Errors
    /// [`ServerSecretError::Short`] below 32 bytes.
    pub fn given(secret: &str) -> Result<Self, ServerSecretError> {
        if secret.len() < JWT_SECRET_BYTES_MIN {
            return Err(ServerSecretError::Short(secret.len()));
        }
        Ok(Self(secret.as_bytes().to_vec()))
    }

    /// The secret in the file `path`, which is made if there is none. Of several processes that find none, one makes it and
    /// all use that one. Blocking.
    ///
    /// # Errors
    /// The file cannot be read or made, is readable by others, or is too short.
    pub fn load_or_create(path: &Path) -> Result<Self, ServerSecretError> {
        match read(path) {
            Err(ServerSecretError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                create(path)?;
                read(path)
            }
            outcome => outcome,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSecret")
    }
}

fn read(path: &Path) -> Result<ServerSecret, ServerSecretError> {
    let failed = |source| ServerSecretError::File { what: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(ServerSecretError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    ServerSecret::given(text.trim())
}

/// Makes the file whole or not at all, and leaves one that another process has made in the meantime.
fn create(path: &Path) -> Result<(), ServerSecretError> {
    let failed = |source| ServerSecretError::File { what: "make", path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = folder.join(format!(".secret-{}", uuid::Uuid::new_v4().simple()));
    let made = write(&new).and_then(|()| {
        // Unlike a rename, a link never replaces what is there.
        match std::fs::hard_link(&new, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome,
        }
    });
    let cleared = std::fs::remove_file(&new);
    made.and(cleared).map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn write(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(random_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_secret_is_made_once_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt.secret");
        let first = ServerSecret::load_or_create(&path).unwrap();
        assert_eq!(first.bytes().len(), 43);
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(ServerSecret::load_or_create(&path).unwrap().bytes(), first.bytes());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn all_who_start_at_once_agree() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt.secret");
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| ServerSecret::load_or_create(&path).unwrap().bytes().to_vec())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt.secret");
        ServerSecret::load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = ServerSecret::load_or_create(&path).unwrap_err();
        assert!(matches!(error, ServerSecretError::Exposed { mode: 0o640, .. }), "{error}");
        assert!(error.to_string().contains("mode 0640"), "{error}");
    }

    #[test]
    fn short_secrets_are_refused() {
        assert!(ServerSecret::given(&"x".repeat(32)).is_ok());
        assert!(matches!(ServerSecret::given(&"x".repeat(31)), Err(ServerSecretError::Short(31))));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt.secret");
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
        assert!(matches!(ServerSecret::load_or_create(&path), Err(ServerSecretError::Short(0))));
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", ServerSecret::given(&"x".repeat(32)).unwrap()), "ServerSecret");
    }
}
