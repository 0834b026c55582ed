//! Programs that people have: util-linux's `logger`, and rsyslog's forwarding over every transport.

use serde_json::{Value, json};

use crate::app::App;
use crate::certificates::Authority;
use crate::rsyslog::{Rsyslog, assert_rsyslog_has, command, run};

const MESSAGE: &str = "Failed password for invalid user admin from 203.0.113.5 port 4242 ssh2";
const OTHER_MESSAGE: &str = "größe — 日本 \"quoted\" 100% <13>";

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

fn assert_is_recent(record: &Value) {
    let stamp = chrono::DateTime::parse_from_rfc3339(record["timestamp"].as_str().unwrap()).unwrap();
    let age = chrono::Utc::now().signed_duration_since(stamp);
    assert!((-2..120).contains(&age.num_seconds()), "{stamp} is {age} ago");
}

/// The only record of `app`, sent as auth.warning with process id 812.
fn assert_is_the_warning(app: &App, name: &str, format: &str, host: &str) -> Value {
    app.wait_for_count(&format!("app={name}"), 1);
    let record = app.records(&format!("app={name}")).remove(0);
    assert_eq!(record["message"].as_str().unwrap().trim_start(), MESSAGE, "{record}");
    assert_eq!((&record["facility"], &record["severity"], &record["level"]), (&json!(4), &json!(4), &json!("WARN")));
    assert_eq!((&record["host"], &record["proc_id"]), (&json!(host), &json!("812")), "{record}");
    assert_eq!((&record["format"], &record["parse_error"]), (&json!(format), &Value::Null), "{record}");
    assert_is_recent(&record);
    record
}

fn logger(app: &App, name: &str, transport: &str, options: &[&str]) {
    let address = app.listener(transport);
    let mut logger = command("logger");
    logger.args(["--server", &address.ip().to_string(), "--port", &address.port().to_string()]);
    logger.arg(format!("--{transport}")).args(options);
    run(logger.args(["--tag", name, "--priority", "auth.warning", "--id=812", MESSAGE]));
}

#[test]
fn logger_is_understood_over_udp_and_tcp_in_both_formats() {
    let app = App::start();
    for (name, transport, options, format) in [
        ("udp-default", "udp", &[][..], "rfc5424"),
        ("udp-3164", "udp", &["--rfc3164"], "rfc3164"),
        ("udp-5424", "udp", &["--rfc5424"], "rfc5424"),
        ("tcp-default", "tcp", &[], "rfc5424"),
        ("tcp-3164", "tcp", &["--rfc3164"], "rfc3164"),
        ("tcp-5424", "tcp", &["--rfc5424"], "rfc5424"),
        ("tcp-3164-counted", "tcp", &["--rfc3164", "--octet-count"], "rfc3164"),
        ("tcp-5424-counted", "tcp", &["--rfc5424", "--octet-count"], "rfc5424"),
    ] {
        logger(&app, name, transport, options);
        assert_is_the_warning(&app, name, format, &host_name());
    }
}

#[test]
fn loggers_structured_data_become_attributes() {
    let app = App::start();
    let options = ["--rfc5424", "--msgid", "LOGIN", "--sd-id", "ex@32473", "--sd-param", "user=\"al\\\"ice\""];
    logger(&app, "structured", "tcp", &options);
    let record = assert_is_the_warning(&app, "structured", "rfc5424", &host_name());
    assert_eq!(record["msg_id"], "LOGIN");
    assert_eq!(record["attributes"]["ex@32473.user"], "al\"ice", "{record}");
}

#[test]
fn every_line_that_logger_reads_is_a_record() {
    let app = App::start();
    let file = app.dir.path().join("lines");
    let lines: Vec<String> = (0..300).map(|n| format!("line {n}")).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    for (name, counted) in [("lines", false), ("counted", true)] {
        let address = app.listener("tcp");
        let mut logger = command("logger");
        logger.args(["--server", "127.0.0.1", "--port", &address.port().to_string(), "--tcp", "--tag", name]);
        run(logger.args(counted.then_some("--octet-count")).arg("--file").arg(&file));
        app.wait_for_count(&format!("app={name}"), 300);
        let records = app.records(&format!("app={name}"));
        let messages: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap()).collect();
        assert_eq!(messages, lines);
    }
}

/// Forwards a warning and a line in many scripts, and checks both as they are found.
fn check_forwarding(app: &App, name: &str, forward: &str, global: &str, format: &str) {
    let rsyslog = Rsyslog::forwarding(forward, global);
    rsyslog.log(name, MESSAGE);
    assert_is_the_warning(app, name, format, "edge7");
    let other = format!("{name}-other");
    rsyslog.log(&other, OTHER_MESSAGE);
    app.wait_for_count(&format!("app={other}"), 1);
    let record = &app.records(&format!("app={other}"))[0];
    assert_eq!(record["message"].as_str().unwrap().trim_start(), OTHER_MESSAGE);
}

#[test]
fn rsyslog_forwards_over_tcp_and_udp_in_its_formats_and_framings() {
    let app = App::start();
    let (tcp, udp) = (app.listener("tcp").port(), app.listener("udp").port());
    for (name, forward, format) in [
        (
            "lf-3164",
            format!("port=\"{tcp}\" protocol=\"tcp\" template=\"RSYSLOG_TraditionalForwardFormat\""),
            "rfc3164",
        ),
        ("lf-iso", format!("port=\"{tcp}\" protocol=\"tcp\" template=\"RSYSLOG_ForwardFormat\""), "rfc3164"),
        ("lf-5424", format!("port=\"{tcp}\" protocol=\"tcp\" template=\"RSYSLOG_SyslogProtocol23Format\""), "rfc5424"),
        (
            "counted-3164",
            format!(
                "port=\"{tcp}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" template=\"RSYSLOG_TraditionalForwardFormat\""
            ),
            "rfc3164",
        ),
        (
            "counted-5424",
            format!(
                "port=\"{tcp}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\""
            ),
            "rfc5424",
        ),
        (
            "udp-3164",
            format!("port=\"{udp}\" protocol=\"udp\" template=\"RSYSLOG_TraditionalForwardFormat\""),
            "rfc3164",
        ),
        ("udp-5424", format!("port=\"{udp}\" protocol=\"udp\" template=\"RSYSLOG_SyslogProtocol23Format\""), "rfc5424"),
    ] {
        check_forwarding(&app, name, &forward, "", format);
    }
}

#[test]
fn rsyslog_forwards_over_tls_with_both_of_its_drivers_and_a_client_certificate() {
    let authority = Authority::new("logseal test authority");
    let dir = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let ca = authority.write(&dir.path().join("ca.crt"));
    let (certificate, key) = authority.issue("logs.example").write(&dir.path().join("server"));
    let (client_certificate, client_key) = authority.issue("edge7.example").write(&dir.path().join("client"));
    let listener = |source: &str, client_ca: &str| {
        format!(
            "[[syslog]]\nsource = {source:?}\ntransport = \"tls\"\nlisten = \"127.0.0.1:0\"\n\
             tls = {{ certificate = {certificate:?}, key = {key:?}{client_ca} }}\n"
        )
    };
    let tables = listener("open", "") + &listener("known", &format!(", client_ca = {ca:?}"));
    let app = App::start_in(std::sync::Arc::clone(&dir), dir.path().join("data"), "", &tables);
    for driver in ["gtls", "ossl"] {
        assert_rsyslog_has(&format!("lmnsd_{driver}.so"));
        let trust = format!(
            "defaultNetstreamDriver=\"{driver}\" defaultNetstreamDriverCAFile=\"{}\" \
             defaultNetstreamDriverCertFile=\"{}\" defaultNetstreamDriverKeyFile=\"{}\"",
            ca.display(),
            client_certificate.display(),
            client_key.display()
        );
        for source in ["open", "known"] {
            let forward = format!(
                "port=\"{}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\" \
                 StreamDriver=\"{driver}\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" \
                 StreamDriverPermittedPeers=\"logs.example\"",
                app.listener(source).port()
            );
            let name = format!("{driver}-{source}");
            check_forwarding(&app, &name, &forward, &trust, "rfc5424");
            assert_eq!(app.records(&format!("app={name}"))[0]["source"], source);
        }
    }
}

#[test]
fn rsyslog_loses_nothing_of_a_burst() {
    let app = App::start();
    let forward = format!(
        "port=\"{}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"",
        app.listener("tcp").port()
    );
    let rsyslog = Rsyslog::forwarding(&forward, "");
    let file = app.dir.path().join("burst");
    let lines: Vec<String> = (0..5_000).map(|n| format!("burst line {n}")).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    run(command("logger").arg("--socket").arg(rsyslog.socket()).args(["--tag", "burst", "--file"]).arg(&file));
    app.wait_for_count("app=burst", 5_000);
    let records = app.records("app=burst");
    let messages: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap().trim_start()).collect();
    assert_eq!(messages, lines);
}

#[test]
fn rsyslog_sends_to_the_bulk_api() {
    assert_rsyslog_has("omelasticsearch.so");
    let app = App::start();
    let output = format!(
        "module(load=\"omelasticsearch\")\n\
         template(name=\"document\" type=\"list\" option.jsonf=\"on\") {{\n\
         property(outname=\"@timestamp\" name=\"timereported\" dateFormat=\"rfc3339\" format=\"jsonf\")\n\
         property(outname=\"host\" name=\"hostname\" format=\"jsonf\")\n\
         property(outname=\"severity\" name=\"syslogseverity-text\" format=\"jsonf\")\n\
         property(outname=\"facility\" name=\"syslogfacility-text\" format=\"jsonf\")\n\
         property(outname=\"app\" name=\"programname\" format=\"jsonf\")\n\
         property(outname=\"procid\" name=\"procid\" format=\"jsonf\")\n\
         property(outname=\"message\" name=\"msg\" format=\"jsonf\")\n}}\n\
         action(type=\"omelasticsearch\" server=\"127.0.0.1\" serverport=\"{}\" uid=\"edge7\" pwd=\"{}\" template=\"document\"\n\
         searchIndex=\"edge\" searchType=\"\" bulkmode=\"on\" errorfile=\"/dev/stderr\")",
        app.api.port(),
        app.token(),
    );
    let rsyslog = Rsyslog::start("", &output);
    for (name, message) in [("es", MESSAGE), ("es-other", OTHER_MESSAGE)] {
        rsyslog.log(name, message);
        app.wait_for_count(&format!("app={name}"), 1);
        let record = app.records(&format!("app={name}")).remove(0);
        assert_eq!(record["message"].as_str().unwrap().trim_start(), message, "{record}");
        assert_eq!((&record["source"], &record["host"]), (&json!("edge"), &json!("edge7")), "{record}");
        assert_eq!(
            (&record["level"], &record["facility"], &record["proc_id"]),
            (&json!("WARN"), &json!(4), &json!("812"))
        );
        assert_is_recent(&record);
    }
}
