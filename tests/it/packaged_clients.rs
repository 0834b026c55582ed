//! Clients that package indexes have, each run as its users run it. What they say of the answers they hold themselves, in
//! `tests/clients`; here is what is found of their records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::app::App;
use crate::certificates::Authority;
use crate::rsyslog::{command, run};

const HELLO: &str = "user alice logged in";
const OTHER: &str = "größe — 日本 \"quoted\"\nsecond line";
const OTLP: &str = "[otlp]\ngrpc = \"127.0.0.1:0\"\n";

/// Where `tests/setup.sh` puts the clients of this index.
pub(crate) fn folder(index: &str, marker: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-clients").join(index);
    assert!(folder.join(marker).exists(), "the {index} clients are not installed: run tests/setup.sh");
    folder
}

fn script(name: &str) -> String {
    format!("{}/tests/clients/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Both records of a source, the one with [`HELLO`] and the one with [`OTHER`] in their messages.
fn both(app: &App, source: &str, count: u64) -> [Value; 2] {
    app.wait_for_count(&format!("source={source}"), count);
    let records = app.records(&format!("source={source}"));
    [HELLO, OTHER].map(|text| {
        let found = records.iter().find(|record| record["message"].as_str().unwrap().contains(text));
        let record = found.unwrap_or_else(|| panic!("{source} has no {text:?}: {records:#?}"));
        assert_eq!(record["parse_error"], Value::Null, "{record}");
        record.clone()
    })
}

/// What both records say in some fields.
fn check(app: &App, source: &str, count: u64, fields: &[&str], expected: [Value; 2]) {
    let found = both(app, source, count);
    let said = found.clone().map(|record| fields.iter().map(|field| record[*field].clone()).collect::<Value>());
    assert_eq!(said, expected, "{source}: {found:#?}");
}

#[test]
fn python_clients_over_http_hear_what_they_expect() {
    let app = App::start_with("syslog = []", OTLP);
    let ports = [app.api, app.listener("otlp")].map(|address| address.port().to_string());
    let packages = folder("python", "elasticsearch");
    run(command("python3").env("PYTHONPATH", packages).arg(script("http_shippers.py")).args(&ports).arg(app.token()));
    for name in ["es-key", "es-user", "es-bearer", "es-gzip", "opensearch", "opensearch-gzip"] {
        let time = "2026-01-02T03:04:05.678000Z";
        check(
            &app,
            name,
            2,
            &["level", "host", "timestamp"],
            [json!(["INFO", "edge7", time]), json!(["ERROR", "edge7", time])],
        );
        app.wait_for_count(&format!("source={name}-mixed"), 2);
    }
    check(&app, "hec", 2, &["level"], [json!(["INFO"]), json!(["ERROR"])]);
    check(&app, "splunk", 2, &["source"], [json!(["splunk"]), json!(["splunk"])]);
    check(&app, "loki", 2, &["level", "app"], [json!(["INFO", "loki"]), json!(["ERROR", "loki"])]);
    check(&app, "gelf", 2, &["level"], [json!(["INFO"]), json!(["ERROR"])]);
    check(&app, "http", 2, &["level"], [json!(["INFO"]), json!(["ERROR"])]);
    for name in ["otlp-none", "otlp-deflate", "otlp-gzip", "grpc-nocompression", "grpc-deflate", "grpc-gzip"] {
        check(
            &app,
            name,
            2,
            &["level", "host", "app"],
            [json!(["INFO", "edge7", name]), json!(["ERROR", "edge7", name])],
        );
    }
}

#[test]
fn javascript_clients_hear_what_they_expect() {
    let listeners = "[[listener]]\nprotocol = \"fluent\"\nlisten = \"127.0.0.1:0\"\nshared_key = \"the key\"\n\
                     users = { ada = \"the word\" }\ntokens = { ada = \"cli\" }\n\
                     [[listener]]\nprotocol = \"gelf\"\nlisten = \"127.0.0.1:0\"\n\
                     [[listener]]\nprotocol = \"gelf\"\ntransport = \"udp\"\nlisten = \"127.0.0.1:0\"\n\
                     [[listener]]\nprotocol = \"json\"\nlisten = \"127.0.0.1:0\"\n\
                     [[listener]]\nprotocol = \"beats\"\nlisten = \"127.0.0.1:0\"\n";
    let app = App::start_with("syslog = []", &format!("{OTLP}{listeners}"));
    let names = ["otlp", "fluent-tcp", "gelf-tcp", "gelf-udp", "json-tcp", "beats-tcp"];
    run(command("node")
        .current_dir(folder("node", "node_modules/winston"))
        .arg(script("node/shippers.js"))
        .arg(app.api.port().to_string())
        .args(names.map(|name| app.listener(name).port().to_string()))
        .arg(app.token()));
    let levels = || [json!(["INFO"]), json!(["ERROR"])];
    for (source, count) in [
        ("elastic", 4),
        ("pino-es", 2),
        ("winston-es", 2),
        ("node-splunk", 2),
        ("winston-loki-json", 2),
        ("winston-loki-protobuf", 2),
        ("pino-loki", 2),
        ("winston-http", 2),
        ("node-otlp-json", 2),
        ("node-otlp-gzip", 2),
        ("node-otlp-proto", 2),
        ("node-otlp-grpc", 2),
        ("node.Message", 2),
        ("node.PackedForward", 2),
        ("node.CompressedPackedForward", 2),
        ("gelf", 4),
        ("json", 2),
        ("beats", 2),
    ] {
        check(&app, source, count, &["level"], levels());
    }
    // The daemon has a token of this name from its first start.
    assert_eq!(app.records("source=node.Message")[0]["origin"], "token:cli");
    check(
        &app,
        "node-otlp-grpc",
        2,
        &["host", "app"],
        [json!(["edge7", "node-otlp-grpc"]), json!(["edge7", "node-otlp-grpc"])],
    );
}

#[test]
fn the_first_version_of_lumberjack_is_spoken_over_tls_with_its_javascript_client() {
    let authority = Authority::new("logseal test authority");
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let (certificate, key) = authority.issue("edge7").write(&dir.path().join("server"));
    let listener = format!(
        "[[listener]]\nprotocol = \"beats\"\ntransport = \"tls\"\nlisten = \"127.0.0.1:0\"\n\
         tls = {{ certificate = {certificate:?}, key = {key:?} }}\n"
    );
    let trusted = authority.write(&dir.path().join("authority.crt"));
    let data_dir = dir.path().join("data");
    let app = App::start_in(dir, data_dir, "syslog = []", &listener);
    run(command("node")
        .current_dir(folder("node", "node_modules/lumberjack-protocol"))
        .arg(script("node/first_lumberjack.js"))
        .arg(app.listener("beats-tls").port().to_string())
        .arg(trusted));
    app.wait_for_count("source=beats", 35);
    let record = &app.records("source=beats&keyword=line%2035")[0];
    let said = ["message", "host", "format", "parse_error"].map(|field| &record[field]);
    assert_eq!(said, [&json!("line 35"), &json!("edge7"), &json!("lumberjack"), &Value::Null]);
    assert_eq!(record["attributes"], json!({ "file": "/var/log/shop.log", "offset": "35" }));
}
