//! The TCP listener.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tokio::net::TcpStream;

use crate::harness::{Answer, PROGRAM, engine_library, exchange};

struct Listening {
    child: Child,
    address: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn serve(address: &str, password: Option<&str>) -> (Child, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let child = Command::new(PROGRAM)
        .args(["engine", "serve", "--listen", address])
        .env("LOGSEAL__ENGINE__LIBRARY", engine_library())
        .env("LOGSEAL__DATA_DIR", dir.path())
        .env("LOGSEAL__CLICKHOUSE__PASSWORD", password.unwrap_or_default())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    (child, dir)
}

fn listening(password: Option<&str>) -> Listening {
    let (mut child, dir) = serve("127.0.0.1:0", password);
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended without listening");
        if let Some((_, address)) = line.split_once("listening on ") {
            break address.trim().parse().unwrap();
        }
    };
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    Listening { child, address, _dir: dir }
}

impl Listening {
    async fn ask(&self, first_line: &str, headers: &str, body: &[u8]) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        exchange(stream, &format!("{first_line} HTTP/1.1"), headers, body).await
    }
}

#[tokio::test]
async fn a_get_reads_and_a_post_writes() {
    let server = listening(None);
    let get = server.ask("GET /?query=SELECT%201%2B1", "", b"").await;
    assert_eq!((get.status(), get.text().as_str()), (200, "2\n"));
    assert_eq!(server.ask("GET /", "", b"").await.text(), "Ok.\n");
    let create = "CREATE%20TABLE%20t%20(a%20UInt8)%20ENGINE%20=%20MergeTree%20ORDER%20BY%20a";
    let refused = server.ask(&format!("GET /?query={create}"), "", b"").await;
    assert_eq!((refused.status(), refused.header("x-clickhouse-exception-code").as_deref()), (403, Some("164")));
    let lifted = server.ask(&format!("GET /?readonly=0&query={create}"), "", b"").await;
    assert_eq!(lifted.status(), 403, "{}", lifted.text());
    assert_eq!(server.ask(&format!("POST /?query={create}"), "", b"").await.status(), 200);
    let format = server.ask("POST /", "X-ClickHouse-Format: JSONEachRow\r\n", b"SELECT 1 AS x").await;
    assert_eq!(format.text(), "{\"x\":1}\n");
    let chunked = server.ask("POST /", "X-ClickHouse-Database: system\r\n", b"SELECT currentDatabase()").await;
    assert_eq!(chunked.text(), "system\n");
    assert_eq!(server.ask("PUT /", "", b"").await.status(), 405);
}

#[tokio::test]
async fn only_the_right_password_is_let_in() {
    let server = listening(Some("s3cret"));
    let check = async |target: &str, headers: &str| server.ask(target, headers, b"SELECT 1").await.status();
    assert_eq!(check("POST /", "").await, 403);
    assert_eq!(check("POST /", "X-ClickHouse-Key: wrong\r\n").await, 403);
    assert_eq!(check("POST /?password=wrong", "").await, 403);
    assert_eq!(check("POST /?user=root&password=s3cret", "").await, 403);
    assert_eq!(check("POST /", "X-ClickHouse-User: default\r\nX-ClickHouse-Key: s3cret\r\n").await, 200);
    assert_eq!(check("POST /", "Authorization: Basic ZGVmYXVsdDpzM2NyZXQ=\r\n").await, 200);
    assert_eq!(check("POST /?user=default&password=s3cret", "").await, 200);
    assert_eq!(check("GET /ping", "").await, 200);
}

#[tokio::test]
async fn an_open_address_without_a_password_is_refused() {
    for password in [None, Some("")] {
        let (child, _dir) = serve("0.0.0.0:0", password);
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("without a password"), "{text}");
    }
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = crate::harness::start_with(|c| c.data_dir = dir.path().join("engine/store")).await;
    let second = Command::new(PROGRAM)
        .args(["engine", "serve", "--listen", "127.0.0.1:0"])
        .env("LOGSEAL__ENGINE__LIBRARY", engine_library())
        .env("LOGSEAL__DATA_DIR", dir.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(text.contains("in use by another process"), "{text}");
    assert_eq!(first.number("SELECT toUInt64(7)").await, 7);
    first.supervisor.stop().await;
}
