//! A throw-away Postgres from the installed binaries. It ends with the handle, and with the test process however that ends.
#![allow(dead_code, reason = "each test program uses a part")]

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server of its own. The one of [`shared`] is for all that do not stop it.
pub(crate) struct Postgres {
    dir: PathBuf,
    port: u16,
    /// Waits for the end of its input, which is the end of this process, and removes the server.
    keeper: Child,
    databases: AtomicU32,
}

/// How a server is stopped.
#[derive(Clone, Copy)]
pub(crate) enum Stop {
    /// Connections are told and closed.
    Fast,
    /// As if it was killed: recovery at the next start.
    Immediate,
}

/// The one server that the tests of this program share, started at the first use.
pub(crate) fn shared() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(Postgres::start)
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("logseal-pg-").tempdir().unwrap().keep();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
        if let Some((user, group)) = server_user() {
            chown(&dir, Some(user), Some(group)).unwrap();
        }
        let postgres = Self { keeper: keeper(&dir), port: free_port(), dir, databases: AtomicU32::new(0) };
        let data = postgres.data();
        run(as_server(&binary("initdb")).arg("-D").arg(&data).args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]));
        postgres.start_again();
        postgres
    }

    pub(crate) fn start_again(&self) {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300 -c shared_buffers=64MB",
            self.port,
            self.dir.display()
        );
        let log = self.dir.join("log");
        let status = quietly(
            as_server(&binary("pg_ctl"))
                .arg("-D")
                .arg(self.data())
                .args(["start", "-w", "-t", "60", "-o", &options, "-l"])
                .arg(&log),
        );
        assert!(status.success(), "{status}: {}", std::fs::read_to_string(log).unwrap_or_default());
    }

    pub(crate) fn stop(&self, how: Stop) {
        let mode = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        run(as_server(&binary("pg_ctl")).arg("-D").arg(self.data()).args(["stop", "-w", "-m", mode]));
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(as_server(&binary("createdb"))
            .args(["-h", "127.0.0.1", "-U", "postgres", "-T", "template0", "-p"])
            .arg(self.port.to_string())
            .arg(&name));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }
}

/// Debian keeps them beside each other by version, out of the path; the newest is taken.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.path().join("bin").join(name);
            Some((entry.file_name().to_str()?.parse().ok()?, path))
        })
        .filter(|(_, path)| path.exists())
        .collect();
    found.sort();
    found.pop().map(|(_, path)| path).expect("Postgres is installed by tests/setup.sh")
}

/// Postgres refuses to run as root: whom it runs as then.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("the package makes the user postgres");
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    Some((fields.next().unwrap(), fields.next().unwrap()))
}

fn as_server(program: &Path) -> Command {
    let Some((user, group)) = server_user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups", "--"]).arg(program);
    // The folder of the test may be closed to that user.
    command.current_dir("/");
    command
}

fn run(command: &mut Command) {
    let status = quietly(command);
    assert!(status.success(), "{command:?}: {status}");
}

fn quietly(command: &mut Command) -> ExitStatus {
    // The server would hold pipes open.
    command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap()
}

fn keeper(dir: &Path) -> Child {
    let stop = as_server(&binary("pg_ctl"));
    let words: Vec<String> = std::iter::once(stop.get_program())
        .chain(stop.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let script = format!(
        "cat >/dev/null; {} -D '{dir}/data' stop -w -m immediate >/dev/null 2>&1; rm -rf '{dir}'",
        words.join(" "),
        dir = dir.display()
    );
    Command::new("sh")
        .args(["-c", &script])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is not for it.
        .process_group(0)
        .spawn()
        .unwrap()
}

/// Below the ports that the system gives away by itself: nothing takes it before the server's start, nor while the server is stopped.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let offset = std::process::id().wrapping_mul(64).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(20_000 + offset % 12_000).expect("below 32,000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
