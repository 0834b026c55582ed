//! A ClickHouse server that goes away: records are taken in all the same, and stored once when it is back.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, SYSLOG, client, signal, wait_until};
use crate::crash::{a_while, seeded};
use crate::numbered::{Traffic, Way, assert_unavailable, export};

/// A ClickHouse server of its own, always at the same address.
struct Server {
    child: Option<Child>,
    address: SocketAddr,
    dir: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        // The port is free again when this listener is dropped; the server must find the same one at each start.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut server = Self { child: None, address, dir: tempfile::tempdir().unwrap() };
        server.run();
        server
    }

    fn run(&mut self) {
        let config = self.dir.path().join("server.toml");
        std::fs::write(&config, format!("data_dir = {:?}\n", self.dir.path().join("data"))).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_logseal"))
            .arg("--config")
            .arg(&config)
            .args(["engine", "serve", "--listen", &self.address.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let ping = format!("http://{}/ping", self.address);
        wait_until("the server answers", || client("").get(&ping).send().is_ok_and(|answer| answer.status() == 200));
    }

    fn signal(&self, name: &str) {
        signal(self.child.as_ref().unwrap().id(), name);
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The tables of a daemon that uses this server.
    fn tables(&self) -> String {
        format!("[clickhouse]\nurl = \"http://{}\"\n{SYSLOG}", self.address)
    }

    fn daemon(&self) -> App {
        App::start_with("shutdown_seconds = 2", &self.tables())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Nothing can be done about a process that does not die.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn post(app: &App, message: &str) -> u64 {
    let record = json!({"source": "s", "level": "INFO", "timestamp": "2026-11-20T00:00:00Z", "message": message});
    let (status, answer) = app.post("/api/v1/logs", &record);
    assert_eq!(status, 201, "{answer}");
    answer["id"].as_u64().unwrap()
}

fn assert_no_search(app: &App) {
    let started = Instant::now();
    assert_unavailable(&app.http().get(app.url("/api/v1/logs")).send().unwrap());
    assert!(started.elapsed() < Duration::from_secs(5), "a search without a store took {:?}", started.elapsed());
}

#[test]
fn while_the_store_is_away_records_are_acknowledged_and_later_stored_once() {
    let mut server = Server::start();
    let app = server.daemon();
    let traffic = Traffic::start(&app, &[Way::Single, Way::Bulk, Way::Tcp]);
    for _ in 0..3 {
        traffic.wait_for_acks(500);
        server.kill();
        assert_no_search(&app);
        traffic.wait_for_acks(3000);
        assert_eq!(app.get("/health")["status"], "degraded");
        server.run();
        wait_until("search is served", || app.get("/health")["status"] == "ok");
    }
    let account = traffic.finish();
    account.wait_for_all_written(&app);
    account.check(&app);
}

#[test]
fn a_daemon_that_starts_without_its_store_takes_records_and_goes_on_numbering() {
    let mut server = Server::start();
    let mut app = server.daemon();
    assert_eq!(post(&app, "stored"), 1);
    app.flush();
    let last = post(&app, "in the spool");
    server.kill();
    assert_eq!(post(&app, "while the store is away"), last + 1);
    assert!(app.stop().success(), "{}", app.log());
    app.run();
    assert_eq!(post(&app, "after an orderly stop"), last + 2);
    assert_no_search(&app);
    app.kill();
    app.run();
    assert_eq!(post(&app, "after a kill"), last + 3);
    server.run();
    app.flush();
    let messages: Vec<String> = export(&app).into_iter().map(|(_, message)| message).filter(|m| m != "flush").collect();
    let expected = ["stored", "in the spool", "while the store is away", "after an orderly stop", "after a kill"];
    assert_eq!(messages.len(), expected.len());
    assert!(expected.iter().all(|message| messages.iter().any(|m| m == message)), "{messages:?}");
}

#[test]
fn a_store_that_hangs_delays_nothing_but_search() {
    let server = Server::start();
    let tables = format!("[query]\nseconds_max = 1\n{}", server.tables());
    let mut app = App::start_with("shutdown_seconds = 2", &tables);
    let traffic = Traffic::start(&app, &[Way::Single, Way::Bulk, Way::Tcp]);
    traffic.wait_for_acks(500);
    // From now on it takes connections, and answers none.
    server.signal("STOP");
    traffic.wait_for_acks(3000);
    assert_unavailable(&app.http().get(app.url("/api/v1/logs")).send().unwrap());
    app.kill();
    app.run();
    traffic.point_to(&app);
    traffic.wait_for_acks(3000);
    let started = Instant::now();
    assert!(app.stop().success(), "{}", app.log());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}\n{}", started.elapsed(), app.log());
    app.run();
    traffic.point_to(&app);
    traffic.wait_for_acks(500);
    server.signal("CONT");
    traffic.wait_for_acks(500);
    traffic.finish().check(&app);
}

#[test]
fn a_daemon_killed_while_it_stores_leaves_one_copy_in_a_server_that_lives_on() {
    let mut rng = seeded();
    let server = Server::start();
    // Segments follow each other so closely that an insert is under way nearly always.
    let mut app = App::start_with("", &format!("[ingest]\nseal_after_ms = 10\n{}", server.tables()));
    let traffic = Traffic::start_padded(&app, &[Way::Bulk, Way::Bulk, Way::Tcp], 200);
    for _ in 0..15 {
        traffic.wait_for_acks(500);
        a_while(&mut rng, 200);
        app.kill();
        app.run();
        traffic.point_to(&app);
    }
    traffic.finish().check(&app);
}

#[test]
fn a_store_that_comes_back_empty_is_prepared_and_takes_what_waits() {
    let mut server = Server::start();
    let mut app = server.daemon();
    app.flush();
    server.kill();
    assert!(app.stop().success(), "{}", app.log());
    std::fs::remove_dir_all(server.dir.path().join("data")).unwrap();
    app.run();
    let id = post(&app, "while the store is away");
    server.run();
    app.flush();
    assert!(export(&app).contains(&(id, "while the store is away".to_owned())));
}

#[test]
fn a_lost_data_folder_hands_no_number_out_twice() {
    let mut server = Server::start();
    let mut app = server.daemon();
    for expected in 1..=20 {
        assert_eq!(post(&app, "before"), expected);
    }
    app.flush();
    assert!(app.stop().success(), "{}", app.log());
    std::fs::remove_dir_all(&app.data_dir).unwrap();
    // Only the store knows now what was numbered, so the start waits for it.
    server.kill();
    let returns = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(7));
        server.run();
        server
    });
    let started = Instant::now();
    app.run();
    let server = returns.join().unwrap();
    assert!(started.elapsed() >= Duration::from_secs(7), "it started without knowing the last number");
    let id = post(&app, "after");
    assert!(id > 20, "{id}");
    app.flush();
    let rows = export(&app);
    let mut ids: Vec<u64> = rows.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=rows.len() as u64).collect::<Vec<_>>());
    drop(server);
}
