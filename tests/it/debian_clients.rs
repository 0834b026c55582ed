//! syslog-ng and systemd-journal-upload, as Debian ships them, over each way they have to send.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::app::{App, wait_until};
use crate::packaged_clients::folder;
use crate::relp::Relay;

const OTHER: &str = "größe — 日本 \"quoted\" 100% <13>";

/// A program that was unpacked, with the libraries that came with it.
fn unpacked(program: &str) -> Command {
    let folder = folder("debian", program);
    let libraries =
        ["usr/lib/syslog-ng", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/systemd"]
            .map(|library| folder.join(library).display().to_string());
    let mut command = Command::new(folder.join(program));
    command.env("LD_LIBRARY_PATH", libraries.join(":")).env("TZ", "UTC");
    command
}

/// A running syslog-ng, that sends what comes to its socket to all of the destinations.
struct SyslogNg {
    child: Child,
    dir: tempfile::TempDir,
}

impl SyslogNg {
    fn start(destinations: &[(&str, String)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().display();
        let root = folder("debian", "usr/sbin/syslog-ng");
        let library = root.join("usr/share/syslog-ng/include/scl");
        let mut config = format!(
            "@version: 3.38\n@include \"{0}/elasticsearch/elastic-http.conf\"\n@include \"{0}/graylog2/plugin.conf\"\n\
             options {{ keep-hostname(yes); stats-freq(0); }};\n\
             source s {{ unix-stream(\"{path}/log\" flags(syslog-protocol)); }};\n\
             source own {{ internal(); }};\nlog {{ source(own); destination {{ file(\"{path}/own\"); }}; }};\n",
            library.display(),
        );
        for (name, destination) in destinations {
            config += &format!(
                "destination d_{name} {{ {destination}; }};\nlog {{ source(s); destination(d_{name}); flags(flow-control); }};\n"
            );
        }
        let file = dir.path().join("syslog-ng.conf");
        std::fs::write(&file, config).unwrap();
        let child = unpacked("usr/sbin/syslog-ng")
            .args(["--foreground", "--no-caps", "--cfgfile"])
            .arg(&file)
            .arg(format!("--module-path={}", root.join("usr/lib/syslog-ng/3.38").display()))
            .arg(format!("--control={path}/control"))
            .arg(format!("--persist-file={path}/persist"))
            .arg(format!("--pidfile={path}/pid"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path().join("errors")).unwrap())
            .spawn()
            .unwrap();
        let mut syslog_ng = Self { child, dir };
        wait_until("syslog-ng listens", || {
            let ended = syslog_ng.child.try_wait().unwrap();
            assert!(ended.is_none(), "syslog-ng ended: {}", syslog_ng.says());
            // The socket's file is there a little before anyone listens to it.
            UnixStream::connect(syslog_ng.dir.path().join("log")).is_ok()
        });
        syslog_ng
    }

    /// What it wrote of itself.
    fn says(&self) -> String {
        ["errors", "own"].map(|name| std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()).concat()
    }

    fn log(&self, app: &str, messages: impl IntoIterator<Item = String>) {
        let mut socket = UnixStream::connect(self.dir.path().join("log")).unwrap();
        for message in messages {
            let line = format!("<36>1 2026-01-02T03:04:05.678Z edge7 {app} 812 - - {message}\n");
            socket.write_all(line.as_bytes()).unwrap();
        }
    }
}

impl Drop for SyslogNg {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn network(address: SocketAddr, more: &str) -> String {
    format!("network(\"127.0.0.1\" port({}) {more})", address.port())
}

fn http(app: &App, path: &str, more: &str) -> String {
    format!("http(url(\"{}\") method(\"POST\") batch-lines(100) batch-timeout(100) {more})", app.url(path))
}

#[test]
fn syslog_ng_sends_each_message_once_over_each_of_its_ways() {
    let listener = |protocol: &str, transport: &str, source: &str| {
        let table = if protocol == "syslog" {
            "[[syslog]]\n".to_owned()
        } else {
            format!("[[listener]]\nprotocol = {protocol:?}\n")
        };
        format!("{table}transport = {transport:?}\nlisten = \"127.0.0.1:0\"\nsource = {source:?}\n")
    };
    let app = App::start_with(
        "",
        &[
            listener("syslog", "tcp", "bsd"),
            listener("syslog", "tcp", "counted"),
            listener("syslog", "udp", "datagrams"),
            listener("gelf", "tcp", "graylog"),
            listener("gelf", "udp", "graylog-udp"),
            listener("json", "tcp", "json"),
        ]
        .concat(),
    );
    let token = app.token();
    let bearer = format!("headers(\"Content-Type: application/json\", \"Authorization: Bearer {token}\")");
    let splunk = format!("headers(\"Authorization: Splunk {token}\")");
    let document = "$(format-json --scope rfc5424 --exclude DATE --key ISODATE)";
    let destinations = [
        ("bsd", network(app.listener("bsd"), "transport(tcp)")),
        ("counted", format!("syslog(\"127.0.0.1\" port({}) transport(tcp))", app.listener("counted").port())),
        ("datagrams", format!("syslog(\"127.0.0.1\" port({}) transport(udp))", app.listener("datagrams").port())),
        ("graylog", format!("graylog2(port({}))", app.listener("graylog").port())),
        ("json", network(app.listener("json"), &format!("transport(tcp) template(\"{document}\\n\")"))),
        (
            "elastic",
            format!(
                "elasticsearch-http(url(\"{}\") index(\"elastic\") type(\"\") user(\"any\") password(\"{token}\"))",
                app.url("/_bulk")
            ),
        ),
        (
            "splunk",
            http(
                &app,
                "/services/collector/event",
                &format!(
                    "{splunk} body('$(format-json --scope none time=$S_UNIXTIME host=$HOST source=splunk sourcetype=syslog event=$MSG)')"
                ),
            ),
        ),
        (
            "bulk",
            http(
                &app,
                "/api/v1/logs/bulk?source=bulk",
                &format!("{bearer} delimiter(\",\") body-prefix(\"[\") body-suffix(\"]\") body('{document}')"),
            ),
        ),
    ];
    let syslog_ng = SyslogNg::start(&destinations);
    syslog_ng.log("sshd", [OTHER.to_owned()].into_iter().chain((1..50).map(|n| format!("line {n}"))));
    for (source, _) in destinations {
        app.wait_for_count(&format!("source={source}"), 50);
        let records = app.records(&format!("source={source}"));
        let record = records.iter().find(|record| record["message"] == OTHER);
        let record = record.unwrap_or_else(|| panic!("{source}: {:#?}\n{}", records[0], syslog_ng.says()));
        assert_eq!(record["parse_error"], Value::Null, "{source}: {record}");
    }
}

/// An entry in the Journal Export Format.
fn entry(n: u32, message: &str) -> String {
    let micros = 1_767_323_045_678_000 + u64::from(n);
    format!(
        "__CURSOR=s=00000000000000000000000000000001;i={n:x};b=00000000000000000000000000000002;m={n:x};t={micros:x};x={n:x}\n\
         __REALTIME_TIMESTAMP={micros}\n__MONOTONIC_TIMESTAMP={n}\n_BOOT_ID=00000000000000000000000000000002\n\
         MESSAGE={message}\nPRIORITY=4\nSYSLOG_IDENTIFIER=sshd\n_PID=812\n_HOSTNAME=edge7\n_SYSTEMD_UNIT=ssh.service\n\n"
    )
}

/// A journal with these messages, as journald would have written it.
fn journal(dir: &Path, messages: &[String]) -> std::path::PathBuf {
    let path = dir.join("out.journal");
    let mut remote = unpacked("lib/systemd/systemd-journal-remote")
        .arg("--output")
        .arg(&path)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let entries: String = (1..).zip(messages).map(|(n, message)| entry(n, message)).collect();
    remote.stdin.take().unwrap().write_all(entries.as_bytes()).unwrap();
    assert!(remote.wait().unwrap().success());
    path
}

#[test]
fn systemd_journal_upload_sends_a_journal_and_ends_with_an_error_where_its_token_is_wrong() {
    let app = App::start_with("syslog = []", "");
    let messages: Vec<String> =
        std::iter::once(OTHER.to_owned()).chain((1..200).map(|n| format!("entry {n}"))).collect();
    let journal = journal(app.dir.path(), &messages);
    let upload = |token: &str| {
        let errors = app.dir.path().join("errors");
        let mut upload = unpacked("lib/systemd/systemd-journal-upload")
            .arg(format!("--url=http://any:{token}@{}", app.api))
            .arg(format!("--save-state={}", app.dir.path().join("state").display()))
            .arg(format!("--file={}", journal.display()))
            .arg("--follow=no")
            .stderr(std::fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let mut status = None;
        wait_until("systemd-journal-upload ends", || {
            status = upload.try_wait().unwrap();
            status.is_some()
        });
        (status.unwrap().success(), std::fs::read_to_string(errors).unwrap())
    };
    let (is_taken, says) = upload("wrong");
    assert!(!is_taken && says.contains("401"), "{says}");
    let (is_taken, says) = upload(app.token());
    assert!(is_taken, "{says}");
    app.wait_for_count("source=journal", 200);
    // It goes on at what it was told is taken: where nothing came behind it, systemd 252 sends the last entry once more.
    let (is_taken, says) = upload(app.token());
    assert!(is_taken, "{says}");
    app.wait_for_count("source=journal", app.metric("logseal_records_acked_total", ""));
    let records = app.records("source=journal");
    let found: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap()).collect();
    let (once, again) = found.split_at(messages.len());
    assert_eq!(once, messages);
    assert!(again.is_empty() || again == ["entry 199"], "{again:?}");
    let record = &records[0];
    assert_eq!((&record["host"], &record["app"], &record["proc_id"]), (&json!("edge7"), &json!("sshd"), &json!("812")));
    assert_eq!((&record["level"], &record["parse_error"]), (&json!("WARN"), &Value::Null), "{record}");
    assert_eq!(record["attributes"]["_SYSTEMD_UNIT"], "ssh.service", "{record}");
}

#[test]
fn syslog_ng_sends_again_over_http_what_was_not_answered_when_the_daemon_was_killed() {
    const LINES: usize = 5_000;
    /// What may be under way unanswered: the batches of its workers.
    const TWICE_MAX: u64 = 400;
    let mut app = App::start_with("syslog = []", "");
    let relay = Relay::to(app.api);
    let (address, token) = (format!("http://127.0.0.1:{}", relay.port), app.token().to_owned());
    let destinations = [
        (
            "elastic",
            format!(
                "elasticsearch-http(url(\"{address}/_bulk\") index(\"elastic\") type(\"\") user(\"any\") \
                 password(\"{token}\") time-reopen(1))"
            ),
        ),
        (
            "splunk",
            format!(
                "http(url(\"{address}/services/collector/event\") method(\"POST\") batch-lines(100) time-reopen(1) \
                 headers(\"Authorization: Splunk {token}\") \
                 body('$(format-json --scope none time=$S_UNIXTIME host=$HOST source=splunk event=$MSG)'))"
            ),
        ),
    ];
    let syslog_ng = SyslogNg::start(&destinations);
    std::thread::scope(|scope| {
        scope.spawn(|| syslog_ng.log("burst", (0..LINES).map(|n| format!("line {n}"))));
        wait_until("some are acknowledged", || app.metric("logseal_records_acked_total", "") > 1000);
        relay.set(None);
        app.kill();
        app.run();
        relay.set(Some(app.api));
    });
    for (source, _) in destinations {
        let filter = format!("source={source}");
        let mut found = std::collections::HashSet::new();
        wait_until("every line is there", || {
            if app.count(&filter) >= LINES as u64 {
                found = app.records(&filter).iter().map(|record| record["message"].to_string()).collect();
            }
            found.len() == LINES
        });
        let total = app.count(&filter);
        assert!(total <= LINES as u64 + TWICE_MAX, "{total} records of {LINES}\n{}", syslog_ng.says());
    }
}
