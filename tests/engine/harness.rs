//! Starts the engine's child in a folder of its own and speaks raw HTTP to it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use logseal::engine::client;
use logseal::engine::config::{EngineConfig, Listen};
use logseal::engine::library::{self, Places};
use logseal::engine::supervisor::{Supervisor, SupervisorConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio_util::task::TaskTracker;

/// The program, and what makes it the engine's child process.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_logseal");
pub(crate) const CHILD: [&str; 2] = ["engine", "run"];

/// How long anything may take that is expected to happen soon.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A running engine. Dropping it ends the child.
pub(crate) struct Running {
    pub(crate) supervisor: Supervisor,
    pub(crate) client: clickhouse::Client,
    pub(crate) socket: PathBuf,
    pub(crate) dir: tempfile::TempDir,
}

/// The library under test. There is no test without it.
pub(crate) fn engine_library() -> PathBuf {
    let var = |name| std::env::var_os(name);
    let (configured, cache, home) = (var("LOGSEAL_ENGINE_LIBRARY"), var("XDG_CACHE_HOME"), var("HOME"));
    let places = Places {
        configured: configured.as_deref().map(std::path::Path::new),
        program: None,
        xdg_cache_home: cache.as_deref(),
        home: home.as_deref(),
    };
    library::find(places).unwrap_or_else(|e| panic!("{e} (or set LOGSEAL_ENGINE_LIBRARY)"))
}

/// An engine with the default configuration.
pub(crate) async fn start() -> Running {
    start_with(|_| {}).await
}

/// An engine with a changed configuration.
pub(crate) async fn start_with(change: impl FnOnce(&mut EngineConfig)) -> Running {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("run/engine.sock");
    let listen = Listen::Socket { path: socket.clone() };
    let mut engine = EngineConfig::new(engine_library(), dir.path().join("data"), listen);
    change(&mut engine);
    let config = SupervisorConfig {
        program: PROGRAM.into(),
        arguments: CHILD.map(Into::into).into(),
        engine,
        socket: socket.clone(),
        ready_within: Duration::from_secs(30),
        stop_within: Duration::from_secs(10),
    };
    let supervisor = Supervisor::start(config, &TaskTracker::new());
    assert!(supervisor.up_within(Duration::from_secs(30)).await, "{:?}", *supervisor.state().borrow());
    Running { supervisor, client: client::over_socket(&socket), socket, dir }
}

impl Running {
    pub(crate) async fn execute(&self, sql: &str) {
        self.client.query(sql).execute().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    pub(crate) async fn number(&self, sql: &str) -> u64 {
        self.client.query(sql).fetch_one().await.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// The child's resident memory now and at its highest, in bytes.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let pid = self.supervisor.pid().expect("a child");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let field = |name: &str| -> u64 {
            let line = status.lines().find(|l| l.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    /// Sends a POST with this body and reads the answer.
    pub(crate) async fn post(&self, target: &str, body: &[u8]) -> Answer {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        exchange(stream, &format!("POST {target} HTTP/1.1"), "", body).await
    }

    /// Waits until no query of the engine contains this text.
    pub(crate) async fn gone(&self, text: &str) -> bool {
        let count = format!(
            "SELECT count() FROM system.processes WHERE query LIKE '%{text}%' AND query NOT LIKE '%system.processes%'"
        );
        let started = Instant::now();
        while started.elapsed() < SOON {
            if self.number(&count).await == 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// Waits until a query of the engine contains this text.
    pub(crate) async fn running(&self, text: &str) {
        let count = format!(
            "SELECT count() FROM system.processes WHERE query LIKE '%{text}%' AND query NOT LIKE '%system.processes%'"
        );
        let started = Instant::now();
        while self.number(&count).await == 0 {
            assert!(started.elapsed() < SOON, "{text} does not run");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A raw HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let line = self.head.lines().find(|l| l.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
        Some(line[name.len() + 2..].to_owned())
    }
}

/// One request with `Connection: close`, and all of its answer; chunks are put together.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    first_line: &str,
    headers: &str,
    body: &[u8],
) -> Answer {
    let head =
        format!("{first_line}\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let split = all.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8(all[..split].to_vec()).unwrap();
    let mut answer = Answer { head, body: all[split..].to_vec() };
    if answer.header("transfer-encoding").is_some() {
        answer.body = unchunk(&answer.body);
    }
    answer
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

/// One block of ClickHouse's Native format: `n UInt64`, `host LowCardinality(String)`, `msg String`.
pub(crate) fn native_block(first: u64, rows: usize, message: usize) -> Vec<u8> {
    let mut block = Vec::new();
    varuint(&mut block, 3);
    varuint(&mut block, rows);
    column(&mut block, "n", "UInt64");
    for n in first..first + rows as u64 {
        block.extend(n.to_le_bytes());
    }
    column(&mut block, "host", "LowCardinality(String)");
    block.extend(1u64.to_le_bytes());
    block.extend(0x600u64.to_le_bytes());
    block.extend(2u64.to_le_bytes());
    string(&mut block, b"");
    string(&mut block, b"web-1");
    block.extend((rows as u64).to_le_bytes());
    block.extend(std::iter::repeat_n(1u8, rows));
    column(&mut block, "msg", "String");
    for n in first..first + rows as u64 {
        let mut text = format!("GET /item/{} from {} ", n % 977, n.wrapping_mul(2_654_435_761)).into_bytes();
        text.resize(message, b'.');
        string(&mut block, &text);
    }
    block
}

fn column(block: &mut Vec<u8>, name: &str, kind: &str) {
    string(block, name.as_bytes());
    string(block, kind.as_bytes());
}

fn string(block: &mut Vec<u8>, bytes: &[u8]) {
    varuint(block, bytes.len());
    block.extend_from_slice(bytes);
}

fn varuint(block: &mut Vec<u8>, mut value: usize) {
    while value > 127 {
        block.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    block.push(value as u8);
}
