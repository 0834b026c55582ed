//! Clients that send numbered records without a pause, and the account of what became of each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use reqwest::blocking::{Client as Http, Response};
use serde_json::{Value, json};

use crate::app::{App, wait_until};
use crate::no_tls::trusting_nobody;

/// Lines of one bulk request.
const BULK_LINES: u64 = 300;
/// Records of one write to a syslog connection.
const CHUNK_LINES: u64 = 40;
/// Between two chunks, so that a connection without acknowledgements does not outrun all others.
const CHUNK_PAUSE: Duration = Duration::from_millis(4);
/// After a failure, before the next try.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// How a client sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// `POST /logs`, one record a request.
    Single,
    /// `POST /logs/bulk`.
    Bulk,
    /// Syslog lines over TCP, without acknowledgements.
    Tcp,
}

/// Running clients. Each number is sent once, whatever becomes of it.
pub(crate) struct Traffic {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    target: Mutex<Target>,
    stop: AtomicBool,
    next: AtomicU64,
    account: Mutex<Account>,
    http: Http,
    /// Behind each record's number, to make records large.
    padding: String,
}

/// Where the daemon listens; its ports change with every start.
#[derive(Clone)]
struct Target {
    api: SocketAddr,
    tcp: SocketAddr,
    token: String,
}

impl Target {
    fn of(app: &App) -> Self {
        Self { api: app.api, tcp: app.listener("tcp"), token: app.token().to_owned() }
    }
}

/// What is known of the records that were sent.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Acknowledged numbers, each with the ids of its request.
    acked: BTreeMap<u64, RangeInclusive<u64>>,
    /// Numbers whose sender was told that they were not taken.
    refused: BTreeSet<u64>,
    /// Numbers that were written to a syslog connection without an error.
    written: BTreeSet<u64>,
}

impl Traffic {
    pub(crate) fn start(app: &App, ways: &[Way]) -> Self {
        Self::start_padded(app, ways, 0)
    }

    /// As [`Traffic::start`], each record longer by `padding` bytes.
    pub(crate) fn start_padded(app: &App, ways: &[Way], padding: usize) -> Self {
        let shared = Arc::new(Shared {
            target: Mutex::new(Target::of(app)),
            stop: AtomicBool::new(false),
            next: AtomicU64::new(0),
            account: Mutex::default(),
            http: Http::builder()
                .timeout(Duration::from_secs(20))
                .tls_backend_preconfigured(trusting_nobody())
                .build()
                .unwrap(),
            padding: "x".repeat(padding),
        });
        let client = |way: &Way| {
            let (way, shared) = (*way, Arc::clone(&shared));
            std::thread::spawn(move || shared.send(way))
        };
        Self { clients: ways.iter().map(client).collect(), shared }
    }

    /// Sends to this daemon from now on.
    pub(crate) fn point_to(&self, app: &App) {
        *self.shared.target.lock().unwrap() = Target::of(app);
    }

    /// How many records were acknowledged so far.
    pub(crate) fn acked(&self) -> usize {
        self.shared.account.lock().unwrap().acked.len()
    }

    /// How many records were refused so far.
    pub(crate) fn refused(&self) -> usize {
        self.shared.account.lock().unwrap().refused.len()
    }

    /// How many records were written to syslog connections so far.
    pub(crate) fn written(&self) -> usize {
        self.shared.account.lock().unwrap().written.len()
    }

    /// Waits until `n` more records are acknowledged.
    pub(crate) fn wait_for_acks(&self, n: usize) {
        let before = self.acked();
        wait_until("more records are acknowledged", || self.acked() >= before + n);
    }

    /// Ends the clients.
    pub(crate) fn finish(self) -> Account {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("a client met an answer that it must not get");
        }
        std::mem::take(&mut self.shared.account.lock().unwrap())
    }
}

impl Shared {
    fn send(&self, way: Way) {
        let mut connection = None;
        while !self.stop.load(Ordering::Relaxed) {
            let target = self.target.lock().unwrap().clone();
            let went_well = match way {
                Way::Single => self.send_one(&target),
                Way::Bulk => self.send_bulk(&target),
                Way::Tcp => self.send_lines(&target, &mut connection),
            };
            if !went_well {
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }

    fn numbers(&self, n: u64) -> RangeInclusive<u64> {
        let first = self.next.fetch_add(n, Ordering::Relaxed);
        first..=first + n - 1
    }

    fn record(&self, number: u64) -> Value {
        let message = format!("record {number} {}", self.padding);
        json!({"source": "numbered", "level": "INFO", "timestamp": "2026-11-20T00:00:00Z", "message": message})
    }

    fn send_one(&self, target: &Target) -> bool {
        let numbers = self.numbers(1);
        let number = *numbers.start();
        let url = format!("http://{}/api/v1/logs", target.api);
        let Ok(response) = self.http.post(url).bearer_auth(&target.token).json(&self.record(number)).send() else {
            return false;
        };
        match response.status().as_u16() {
            201 => {
                // The connection may break between the head and the body; the head says that it is durable.
                let id = response.json::<Value>().ok().map(|answer| answer["id"].as_u64().unwrap());
                let ids = id.map_or(1..=u64::MAX, |id| id..=id);
                self.account.lock().unwrap().acked.insert(number, ids);
                true
            }
            _ => {
                assert_unavailable(&response);
                self.account.lock().unwrap().refused.insert(number);
                false
            }
        }
    }

    fn send_bulk(&self, target: &Target) -> bool {
        let numbers = self.numbers(BULK_LINES);
        let body: String = numbers.clone().map(|number| format!("{}\n", self.record(number))).collect();
        let url = format!("http://{}/api/v1/logs/bulk", target.api);
        let Ok(response) = self.http.post(url).bearer_auth(&target.token).body(body).send() else { return false };
        let mut account = self.account.lock().unwrap();
        match response.status().as_u16() {
            201 => {
                let answer = response.json::<Value>().ok();
                if let Some(answer) = &answer {
                    assert_eq!((&answer["inserted"], &answer["unparsed"]), (&BULK_LINES.into(), &0.into()));
                }
                let ids = answer.map_or(1..=u64::MAX, |answer| {
                    answer["ids"]["first"].as_u64().unwrap()..=answer["ids"]["last"].as_u64().unwrap()
                });
                account.acked.extend(numbers.map(|number| (number, ids.clone())));
                true
            }
            _ => {
                assert_unavailable(&response);
                // Of the lines behind these nothing is said.
                let stored: u64 = response.headers()["x-logseal-stored"].to_str().unwrap().parse().unwrap();
                account.acked.extend(numbers.take(stored as usize).map(|number| (number, 1..=u64::MAX)));
                false
            }
        }
    }

    fn send_lines(&self, target: &Target, connection: &mut Option<(SocketAddr, TcpStream)>) -> bool {
        if connection.as_ref().is_none_or(|(address, _)| *address != target.tcp) {
            let Ok(stream) = TcpStream::connect(target.tcp) else { return false };
            *connection = Some((target.tcp, stream));
        }
        let Some((_, stream)) = connection else { return false };
        let numbers = self.numbers(CHUNK_LINES);
        let line = |number| format!("<13>1 - h numbered - - - record {number} {}\n", self.padding);
        let lines: String = numbers.clone().map(line).collect();
        if stream.write_all(lines.as_bytes()).is_err() {
            *connection = None;
            return false;
        }
        self.account.lock().unwrap().written.extend(numbers);
        std::thread::sleep(CHUNK_PAUSE);
        true
    }
}

/// Whatever is not taken is answered with 503, the envelope, and when to come again.
pub(crate) fn assert_unavailable(response: &Response) {
    assert_eq!(response.status(), 503, "{response:?}");
    let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0, "{response:?}");
}

impl Account {
    pub(crate) fn acked(&self) -> usize {
        self.acked.len()
    }

    pub(crate) fn written(&self) -> usize {
        self.written.len()
    }

    /// Waits until everything is stored, and holds the store against the account: each acknowledged record is there
    /// once, under the id that its sender was told; no refused one is there; none is there twice; and the ids of the
    /// whole store are consecutive from 1. Returns how many records are there.
    pub(crate) fn check(&self, app: &App) -> usize {
        self.check_from(app, 1)
    }

    /// As [`Account::check`], for a store in which the ids begin with `first_id`.
    pub(crate) fn check_from(&self, app: &App, first_id: u64) -> usize {
        app.flush();
        let rows = export(app);
        let ids: BTreeSet<u64> = rows.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), rows.len(), "an id is there twice");
        assert_eq!(ids.first(), Some(&first_id));
        assert_eq!(ids.last().unwrap() - first_id + 1, ids.len() as u64, "an id is missing");

        let mut found: BTreeMap<u64, u64> = BTreeMap::new();
        for (id, message) in &rows {
            let Some(number) = number(message) else { continue };
            if let Some(other) = found.insert(number, *id) {
                panic!("record {number} is there twice, as {other} and {id}\n{}", app.log());
            }
        }
        for (number, ids) in &self.acked {
            let id = found.get(number).unwrap_or_else(|| panic!("record {number} is lost\n{}", app.log()));
            assert!(ids.contains(id), "record {number} has the id {id}, and its sender was told {ids:?}");
        }
        for number in &self.refused {
            assert!(!found.contains_key(number), "record {number} was refused, and is there");
        }
        found.len()
    }

    /// Waits until every record that was written to a syslog connection is stored.
    pub(crate) fn wait_for_all_written(&self, app: &App) {
        app.wait_for_count("app=numbered", self.written.len() as u64);
    }
}

/// The number in `record 17 xxx`; none where it is another record.
pub(crate) fn number(message: &str) -> Option<u64> {
    message.strip_prefix("record ")?.split(' ').next()?.parse().ok()
}

/// Id and message of every record in the store.
pub(crate) fn export(app: &App) -> Vec<(u64, String)> {
    let response = app.http().get(app.url("/api/v1/logs/export?columns=id,message")).send().unwrap();
    assert_eq!(response.status(), 200);
    let promised: usize = response.headers()["x-logseal-rows"].to_str().unwrap().parse().unwrap();
    let text = response.text().unwrap();
    let rows: Vec<(u64, String)> =
        csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), promised, "an export is short");
    rows
}
