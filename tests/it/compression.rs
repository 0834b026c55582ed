//! rsyslog's forwarding, compressed message by message and as a whole.

use serde_json::Value;

use crate::app::App;
use crate::rsyslog::{Rsyslog, command, run};

/// Long enough that rsyslog compresses it, and no two alike.
fn lines() -> Vec<String> {
    (0..3000)
        .map(|n| format!("Failed password for invalid user {n} from 203.0.113.5, größe — 日本 {}", "x".repeat(n % 90)))
        .collect()
}

/// Sends the lines through rsyslog and compares what is found.
fn check(app: &App, name: &str, forward: &str) {
    let rsyslog = Rsyslog::forwarding(forward, "");
    let (file, lines) = (app.dir.path().join(name), lines());
    std::fs::write(&file, lines.join("\n")).unwrap();
    run(command("logger").arg("--socket").arg(rsyslog.socket()).args(["--tag", name, "--file"]).arg(&file));
    app.wait_for_count(&format!("app={name}"), lines.len() as u64);
    let mut records = app.records(&format!("app={name}"));
    // Datagrams may overtake each other.
    let number =
        |record: &Value| record["message"].as_str().unwrap().split_whitespace().nth(5).unwrap().parse::<u32>().unwrap();
    records.sort_by_key(number);
    for (record, line) in records.iter().zip(&lines) {
        assert_eq!(record["message"].as_str().unwrap().trim_start(), line);
        assert!(record["raw_data"].as_str().unwrap().starts_with("<13>"), "{record}");
        assert_eq!((&record["host"], &record["parse_error"]), (&"edge7".into(), &Value::Null), "{record}");
    }
}

#[test]
fn messages_that_rsyslog_compresses_one_by_one_are_decompressed() {
    let app = App::start();
    for (name, options) in [
        ("single-lf", "protocol=\"tcp\" template=\"RSYSLOG_TraditionalForwardFormat\""),
        (
            "single-counted",
            "protocol=\"tcp\" TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"",
        ),
        ("single-udp", "protocol=\"udp\" template=\"RSYSLOG_SyslogProtocol23Format\""),
    ] {
        let port = app.listener(if options.contains("udp") { "udp" } else { "tcp" }).port();
        check(&app, name, &format!("port=\"{port}\" {options} ziplevel=\"9\" compression.mode=\"single\""));
    }
}

#[test]
fn a_connection_that_rsyslog_compresses_is_decompressed_where_the_listener_says_so() {
    let listener = "[[syslog]]\nlisten = \"127.0.0.1:0\"\ncompression = \"zlib\"\n";
    let app = App::start_with("", listener);
    let port = app.listener("tcp").port();
    for (name, options) in [
        (
            "stream-lf",
            "template=\"RSYSLOG_TraditionalForwardFormat\" ziplevel=\"1\" compression.mode=\"stream:always\"",
        ),
        (
            "stream-counted",
            "template=\"RSYSLOG_SyslogProtocol23Format\" TCP_Framing=\"octet-counted\" ziplevel=\"9\" compression.mode=\"stream:always\"",
        ),
        ("plain", "template=\"RSYSLOG_SyslogProtocol23Format\""),
    ] {
        check(&app, name, &format!("port=\"{port}\" protocol=\"tcp\" {options}"));
    }
}
