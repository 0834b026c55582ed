//! The S3-compatible server of the tests: `tests/clients/s3_server.py`, one for all tests of this program, and others that speak HTTPS.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use logseal::config::storage::Storage;

use crate::certificates::Authority;

/// It ends with its input, and that with this process.
pub(crate) struct S3Server {
    endpoint: String,
    access_key_id: String,
    secret_access_key: String,
    /// Who signed its certificate, where it has one.
    ca: Option<PathBuf>,
    asked: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    #[allow(dead_code, reason = "as `pid`")]
    child: Child,
}

pub(crate) fn shared() -> &'static S3Server {
    static SHARED: OnceLock<S3Server> = OnceLock::new();
    SHARED.get_or_init(|| S3Server::start("http", None, &[]))
}

impl S3Server {
    /// One that speaks HTTPS, for the address 127.0.0.1; the authority's certificate is a file in `folder`.
    pub(crate) fn with_tls(folder: &Path) -> Self {
        let authority = Authority::new("storage authority");
        let ca = authority.write(&folder.join("ca.crt"));
        let (certificate, key) = authority.issue("127.0.0.1").write(&folder.join("storage"));
        Self::start("https", Some(ca.clone()), &[certificate, key, ca])
    }

    fn start(scheme: &str, ca: Option<PathBuf>, arguments: &[PathBuf]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = root.join("target/test-clients/python");
        assert!(packages.join("moto").exists(), "the server is not installed: run tests/setup.sh");
        let mut child = Command::new("python3")
            .env("PYTHONPATH", packages)
            .arg(root.join("tests/clients/s3_server.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [port, access_key_id, secret_access_key] = words[..] else { panic!("the server said {line:?}") };
        Self {
            endpoint: format!("{scheme}://127.0.0.1:{port}"),
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            ca,
            asked: Mutex::new((child.stdin.take().unwrap(), output)),
            child,
        }
    }

    /// For objects below `prefix`.
    pub(crate) fn config(&self, prefix: &str) -> Storage {
        Storage {
            url: format!("s3://logs/{prefix}"),
            endpoint: self.endpoint.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.as_str().into(),
            ca: self.ca.clone(),
            ..Storage::default()
        }
    }

    #[allow(dead_code, reason = "not all tests stop it")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many uploads in parts are under way below `prefix`.
    pub(crate) fn uploads(&self, prefix: &str) -> u32 {
        let mut asked = self.asked.lock().unwrap();
        let (input, output) = &mut *asked;
        writeln!(input, "{prefix}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}
