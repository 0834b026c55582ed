//! A start that waits for its store: it says that it lives and takes nothing yet, and tells each cause of the wait.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};

use crate::app::{App, free_address, wait_until};
use crate::numbered::assert_unavailable;

/// A store that refuses whatever it is asked, until the test ends.
fn refuse_everything(address: SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = BufReader::new(client.unwrap());
            let mut line = String::new();
            while client.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                line.clear();
            }
            let body = "Code: 516. DB::Exception: default: Authentication failed";
            let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close", body.len());
            // The daemon may have given up.
            drop(client.get_mut().write_all(format!("{head}\r\n\r\n{body}").as_bytes()));
        }
    });
}

#[test]
fn a_start_that_waits_for_its_store_answers_and_tells_each_cause() {
    let store = free_address();
    let mut app = App::start_waiting(&format!("[clickhouse]\nurl = \"http://{store}\"\n"));
    let status = |path: &str| app.http().get(app.url(path)).send().map(|answer| answer.status().as_u16());
    wait_until("the process says that it lives", || status("/health?live").is_ok_and(|status| status == 200));
    for path in ["/health", "/health?ready", "/api/v1/health?ready", "/", "/api/v1/logs"] {
        assert_unavailable(&app.http().get(app.url(path)).send().unwrap());
    }
    let refused = app.http().post(app.url("/api/v1/logs")).body("{}").send().unwrap();
    assert_unavailable(&refused);
    assert!(refused.text().unwrap().contains("the daemon is starting"));

    app.wait_for_log("waiting for the store");
    refuse_everything(store);
    app.wait_for_log("Authentication failed");
    assert_eq!(app.log().matches("waiting for the store").count(), 2, "{}", app.log());
    assert!(app.stop().success(), "{}", app.log());
}
