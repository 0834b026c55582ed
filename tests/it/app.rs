//! Starts the real binary on free ports with a temporary folder, and talks to it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::no_tls::trusting_nobody;

/// How long anything may take that is waited for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A running daemon.
pub(crate) struct App {
    child: Option<Child>,
    pub(crate) dir: Arc<tempfile::TempDir>,
    pub(crate) data_dir: PathBuf,
    config: String,
    variables: Vec<(&'static str, String)>,
    /// What it wrote to standard output, up to the line that ends the banner's facts.
    banner: String,
    pub(crate) api: SocketAddr,
    listeners: HashMap<String, SocketAddr>,
    log: Arc<Mutex<String>>,
    /// What the daemon gives to the commands of the terminal.
    token: String,
    http: reqwest::blocking::Client,
}

/// Two syslog listeners on free ports of loopback.
pub(crate) const SYSLOG: &str = r#"
[[syslog]]
transport = "tcp"
listen = "127.0.0.1:0"
[[syslog]]
transport = "udp"
listen = "127.0.0.1:0"
"#;

impl App {
    pub(crate) fn start() -> Self {
        Self::start_with("", SYSLOG)
    }

    /// `top` stands before all tables of the configuration, `tables` behind.
    pub(crate) fn start_with(top: &str, tables: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let data_dir = dir.path().join("data");
        Self::start_in(dir, data_dir, top, tables)
    }

    /// As [`App::start`], with variables of the environment.
    pub(crate) fn start_with_variables(variables: &[(&'static str, &str)]) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let data_dir = dir.path().join("data");
        let mut app = Self::prepared(dir, data_dir, "", SYSLOG);
        app.variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        app.run();
        app
    }

    pub(crate) fn start_in(dir: Arc<tempfile::TempDir>, data_dir: PathBuf, top: &str, tables: &str) -> Self {
        let mut app = Self::prepared(dir, data_dir, top, tables);
        app.run();
        app
    }

    fn prepared(dir: Arc<tempfile::TempDir>, data_dir: PathBuf, top: &str, tables: &str) -> Self {
        // Records are counted and their ids compared: the daemon's own are for the tests that are about them.
        let own = if tables.contains("[operation_log]") { "" } else { "[operation_log]\npublish = false\n" };
        let config = format!("data_dir = {data_dir:?}\n{top}\n[api]\nlisten = \"127.0.0.1:0\"\n{tables}\n{own}");
        Self {
            child: None,
            dir,
            data_dir,
            config,
            variables: Vec::new(),
            banner: String::new(),
            api: SocketAddr::from(([127, 0, 0, 1], 0)),
            listeners: HashMap::new(),
            log: Arc::default(),
            token: String::new(),
            http: client(""),
        }
    }

    /// Starts the process and waits for its banner.
    pub(crate) fn run(&mut self) {
        let stdout = self.spawn();
        self.read_banner(stdout);
    }

    /// Starts a process that will wait for its store, on a port for the API that is free now.
    pub(crate) fn start_waiting(tables: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let data_dir = dir.path().join("data");
        let mut app = Self::prepared(dir, data_dir, "", tables);
        app.api = free_address();
        app.config = app.config.replacen("127.0.0.1:0", &app.api.to_string(), 1);
        // It ends with the process, which prints nothing before it is up.
        let mut stdout = app.spawn();
        std::thread::spawn(move || drop(stdout.read_to_string(&mut String::new())));
        app
    }

    /// Starts the process and kills it `after` that time, whatever it has come to.
    pub(crate) fn run_and_kill(&mut self, after: Duration) {
        // Open until the end, so that the banner finds a reader.
        let _stdout = self.spawn();
        std::thread::sleep(after);
        self.kill();
    }

    fn spawn(&mut self) -> BufReader<ChildStdout> {
        let path = self.dir.path().join("logseal.toml");
        std::fs::write(&path, &self.config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_logseal"))
            .arg("--config")
            .arg(&path)
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = stderr.read(&mut chunk) {
                log.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..n]));
            }
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        self.child = Some(child);
        stdout
    }

    fn read_banner(&mut self, mut stdout: BufReader<ChildStdout>) {
        self.listeners.clear();
        self.banner.clear();
        let mut line = String::new();
        loop {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                panic!("the daemon ended before it was up:\n{}", self.log());
            }
            self.banner.push_str(&line);
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["api", url] => self.api = url.split_once("://").unwrap().1.parse().unwrap(),
                [protocol, transport @ ("tcp" | "udp" | "tls"), address, .., source] => {
                    let address = address.parse().unwrap();
                    // Of syslog, what most tests are about, by its transport; of the others by protocol and transport.
                    let name =
                        if protocol == "syslog" { transport.to_owned() } else { format!("{protocol}-{transport}") };
                    self.listeners.insert(name, address);
                    self.listeners.insert(source.trim_matches(['"', ')']).to_owned(), address);
                }
                ["otlp", "grpc", address] => {
                    self.listeners.insert("otlp".to_owned(), address.parse().unwrap());
                }
                ["data", ..] => break,
                _ => {}
            }
        }
        self.token = std::fs::read_to_string(self.data_dir.join("cli.token")).unwrap();
        self.http = client(&self.token);
        // The pipe is kept open, so that the banner's last lines find a reader.
        std::thread::spawn(move || drop(stdout.read_to_string(&mut String::new())));
    }

    pub(crate) fn banner(&self) -> &str {
        &self.banner
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the daemon's log, which comes through a pipe of its own, holds the text.
    pub(crate) fn wait_for_log(&self, text: &str) {
        wait_until(&format!("the log says {text:?}"), || self.log().contains(text));
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The engine's process, found as the daemon's child.
    pub(crate) fn engine_pid(&self) -> Option<u32> {
        let daemon = self.pid();
        let children = std::fs::read_to_string(format!("/proc/{daemon}/task/{daemon}/children")).unwrap_or_default();
        let mut pids: Vec<u32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        if pids.is_empty() {
            // The child may have been started by another thread.
            for task in std::fs::read_dir(format!("/proc/{daemon}/task")).ok()?.flatten() {
                let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
                pids.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
            }
        }
        pids.first().copied()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn stop(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().unwrap();
        signal(child.id(), "TERM");
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the daemon does not stop:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.listeners["tcp"]).unwrap()
    }

    /// A listener's address, by its source or, the last one of its kind, by its transport (`tcp`) or protocol and transport (`relp-tcp`).
    pub(crate) fn listener(&self, name: &str) -> SocketAddr {
        self.listeners[name]
    }

    pub(crate) fn udp(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(self.listeners["udp"]).unwrap();
        socket
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.api)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Sends the token with every request.
    pub(crate) fn http(&self) -> &reqwest::blocking::Client {
        &self.http
    }

    /// The JSON of a route that must answer 200.
    pub(crate) fn get(&self, path: &str) -> Value {
        let response = self.http.get(self.url(path)).send().unwrap();
        let status = response.status();
        let text = response.text().unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends JSON; status and answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.http.post(self.url(path)).json(body).send().unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().unwrap()).unwrap_or(Value::Null))
    }

    /// Posts one record and waits until search finds it; what came before it is then searchable too.
    pub(crate) fn flush(&self) {
        let record = serde_json::json!({"source": "flush", "level": "DEBUG", "timestamp": "2000-01-01T00:00:00Z", "message": "flush"});
        wait_until("a record can be posted", || self.post("/api/v1/logs?wait=searchable", &record).0 == 201);
    }

    /// How many records match the query string.
    pub(crate) fn count(&self, filters: &str) -> u64 {
        self.get(&format!("/api/v1/logs?size=1&{filters}"))["total"].as_u64().unwrap()
    }

    /// All records that match the query string, in the order of their ids.
    pub(crate) fn records(&self, filters: &str) -> Vec<Value> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut page = self.get(&format!("/api/v1/logs?size=1000&{filters}{cursor}"));
            records.append(page["list"].as_array_mut().unwrap());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        records.sort_by_key(|record| record["id"].as_u64());
        records
    }

    /// The sum of a metric over those of its series whose labels hold `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> u64 {
        let text = self.http.get(self.url("/metrics")).send().unwrap().text().unwrap();
        let series = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])) && line.contains(label)
        });
        series.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    pub(crate) fn wait_for_count(&self, filters: &str, expected: u64) {
        let mut last = 0;
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            last = self.count(filters);
            if last == expected {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{filters}: {last} records, not {expected}\n{}", self.log());
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Nothing can be done about a process that does not die.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A client whose requests carry `token`.
pub(crate) fn client(token: &str) -> reqwest::blocking::Client {
    let mut headers = reqwest::header::HeaderMap::new();
    if !token.is_empty() {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let client = reqwest::blocking::Client::builder().timeout(DEADLINE).pool_max_idle_per_host(0);
    client.default_headers(headers).tls_backend_preconfigured(trusting_nobody()).build().unwrap()
}

pub(crate) fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap().success());
}

/// Waits until `condition` holds, at most [`DEADLINE`].
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs the binary to its end.
/// Nobody listens there, now.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(crate) fn run(arguments: &[&str], dir: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_logseal")).args(arguments).current_dir(dir).output().unwrap()
}
