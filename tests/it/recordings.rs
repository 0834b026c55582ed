//! Recorded clients, replayed byte for byte against the running daemon. Their folder is the one that the variable
//! `LOGSEAL_WIRE` names, else `../shared/wire` beside the checkout; without it a notice is printed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logseal_parsers::framing::{Framer, FramerConfig, Step, datagram};
use serde_json::Value;

use crate::app::{App, wait_until};

/// Prints a line that is seen even when the test passes: the harness captures what the print macros write.
pub(crate) fn notice(text: &str) {
    std::io::stderr().write_all(format!("\n{text}\n").as_bytes()).unwrap();
}

/// The folder with the recordings, if it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/wire");
    let folder = std::env::var_os("LOGSEAL_WIRE").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// All recordings: a client's name, its transport and its events.
fn recordings(folder: &Path) -> Vec<Value> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

fn events<'r>(recording: &'r Value, kind: &'r str) -> impl Iterator<Item = (String, Vec<u8>)> + 'r {
    let all = recording["events"].as_array().unwrap().iter();
    all.filter(move |event| event["kind"] == kind)
        .map(|event| (event["conn"].to_string(), STANDARD.decode(event["b64"].as_str().unwrap()).unwrap()))
}

/// The reads of each connection.
fn connections(recording: &Value) -> Vec<Vec<Vec<u8>>> {
    let mut connections = BTreeMap::<String, Vec<Vec<u8>>>::new();
    for (connection, bytes) in events(recording, "data") {
        connections.entry(connection).or_default().push(bytes);
    }
    connections.into_values().collect()
}

fn frames_of(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut framer = Framer::new(FramerConfig::default());
    let mut rest = stream;
    let mut frames = Vec::new();
    loop {
        match framer.finish(rest) {
            Step::Frame(frame) => {
                frames.push(frame.bytes.to_vec());
                rest = &rest[frame.consumed..];
            }
            Step::NeedMore { .. } => return frames,
        }
    }
}

/// The original bytes of a stored record.
fn raw(record: &Value) -> Vec<u8> {
    match record["raw_data_base64"].as_str() {
        Some(text) => STANDARD.decode(text).unwrap(),
        None => record["raw_data"].as_str().unwrap().as_bytes().to_vec(),
    }
}

/// Sends a connection's bytes at their boundaries and waits until the daemon has taken them.
fn replay(app: &App, reads: &[Vec<u8>]) {
    let mut stream = app.tcp();
    stream.set_nodelay(true).unwrap();
    for bytes in reads {
        stream.write_all(bytes).unwrap();
    }
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    // The daemon closes once everything is queued, so that connections follow each other in the order of their ids.
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn every_record_of_recorded_clients_arrives_with_its_bytes() {
    let Some(folder) = folder() else {
        notice("NOTICE: no recorded clients found, nothing is replayed; set LOGSEAL_WIRE to their folder");
        return;
    };
    let app = App::start();
    let mut expected: Vec<(String, Vec<u8>)> = Vec::new();
    let mut clients = 0;
    for recording in &recordings(&folder) {
        let name = recording["client"].as_str().unwrap();
        let before = expected.len();
        match recording["transport"].as_str().unwrap() {
            "udp" => {
                let socket = app.udp();
                for (_, bytes) in events(recording, "dgram") {
                    socket.send(&bytes).unwrap();
                    expected.extend(datagram(&bytes).map(|message| (name.to_owned(), message.to_vec())));
                }
            }
            "tcp" | "tls" => {
                for reads in connections(recording) {
                    replay(&app, &reads);
                    expected.extend(frames_of(&reads.concat()).into_iter().map(|frame| (name.to_owned(), frame)));
                }
            }
            _ => continue,
        }
        clients += 1;
        // Durable, so that the next client's records come behind these.
        let what = format!("the {} records of {name} are durable", expected.len() - before);
        wait_until(&what, || app.metric("logseal_records_acked_total", "") == expected.len() as u64);
        assert!(expected.len() > before || name == "audisp-remote-managed", "{name} sent nothing");
    }
    app.wait_for_count("source=syslog", expected.len() as u64);
    let records = app.records("source=syslog");
    assert_eq!(records.len(), expected.len());
    let unlike = records.iter().zip(&expected).find(|(record, (_, bytes))| raw(record) != *bytes);
    if let Some((record, (name, bytes))) = unlike {
        panic!("{name}: {record} is not {:?}", String::from_utf8_lossy(bytes));
    }
    notice(&format!("replayed {clients} recorded clients: {} records", records.len()));
}

#[test]
fn a_recorded_session_of_omrelp_is_answered_as_rsyslog_answers_it() {
    let Some(folder) = folder() else {
        notice("NOTICE: no recorded clients found, nothing is replayed; set LOGSEAL_WIRE to their folder");
        return;
    };
    let text = std::fs::read(folder.join("rsyslog-omrelp.json")).unwrap();
    let recording: Value = serde_json::from_slice(&text).unwrap();
    let app = App::start_with("syslog = []", "[[listener]]\nprotocol = \"relp\"\nlisten = \"127.0.0.1:0\"\n");
    let mut stream = std::net::TcpStream::connect(app.listener("relp-tcp")).unwrap();
    for (_, bytes) in events(&recording, "data") {
        stream.write_all(&bytes).unwrap();
    }
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let theirs: Vec<u8> = events(&recording, "server").flat_map(|(_, bytes)| bytes).collect();
    // The answer to `open` names the software.
    let behind_open = |text: &str| text.split_once("commands=syslog\n").unwrap().1.to_owned();
    assert_eq!(behind_open(&answers), behind_open(&String::from_utf8(theirs).unwrap()));
    app.wait_for_count("source=relp", 2);
}
