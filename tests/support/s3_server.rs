//! The S3-compatible server of the tests: `tests/clients/s3_server.py`, one for all tests of this program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use logseal::config::storage::Storage;

/// It ends with its input, and that with this process.
pub(crate) struct S3Server {
    endpoint: String,
    access_key_id: String,
    secret_access_key: String,
    asked: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _child: Child,
}

pub(crate) fn shared() -> &'static S3Server {
    static SHARED: OnceLock<S3Server> = OnceLock::new();
    SHARED.get_or_init(S3Server::start)
}

impl S3Server {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = root.join("target/test-clients/python");
        assert!(packages.join("moto").exists(), "the server is not installed: run tests/setup.sh");
        let mut child = Command::new("python3")
            .env("PYTHONPATH", packages)
            .arg(root.join("tests/clients/s3_server.py"))
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
            endpoint: format!("http://127.0.0.1:{port}"),
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            asked: Mutex::new((child.stdin.take().unwrap(), output)),
            _child: child,
        }
    }

    /// For objects below `prefix`.
    pub(crate) fn config(&self, prefix: &str) -> Storage {
        Storage {
            url: format!("s3://logs/{prefix}"),
            endpoint: self.endpoint.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.as_str().into(),
            ..Storage::default()
        }
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
