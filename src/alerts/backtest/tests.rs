//! Backtests of a store that does not come to an end.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::rules::spec::{RuleSpec, Values};

const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// A query for records, which is never answered.
    Asked,
    /// The client has hung up while it waited for them.
    HungUp,
}

/// A store of a thousand records within a second, none of which it ever gives.
async fn endless() -> (SocketAddr, mpsc::Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, seen) = mpsc::channel(16);
    // It ends with the test's runtime.
    tokio_util::task::TaskTracker::new().spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio_util::task::TaskTracker::new().spawn(serve(connection, told.clone()));
        }
    });
    (address, seen)
}

async fn serve(mut connection: TcpStream, told: mpsc::Sender<Seen>) {
    let (mut request, mut chunk, mut is_asked) = (String::new(), [0; 4096], false);
    loop {
        let count = connection.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            if is_asked {
                drop(told.send(Seen::HungUp).await);
            }
            return;
        }
        request.push_str(&String::from_utf8_lossy(&chunk[..count]));
        let is_whole = request.split_once("\r\n\r\n").is_some_and(|(_, body)| body.contains("FROM logs"));
        if is_whole && request.contains("AS max_id") {
            request.clear();
            let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 32\r\n\r\n".to_vec();
            for number in [0_i64, 1_000_000, 1000, 1000] {
                answer.extend(number.to_le_bytes());
            }
            connection.write_all(&answer).await.unwrap();
        } else if is_whole && !is_asked {
            is_asked = true;
            told.send(Seen::Asked).await.unwrap();
        }
    }
}

fn backtest(seconds_max: Duration) -> Backtest {
    let rule = json!({ "code": "a", "name": "A", "kind": "match", "filter": "level:error" });
    let values = Values { alert_threshold_login_fail: 10, alert_window_login_fail: 300 };
    let rule = Rule::new(&RuleSpec::from_json(&rule).unwrap(), &values).unwrap();
    let limits = crate::alerts::limits(&crate::config::alerts::Alerts::default());
    Backtest { rule, span: Span { start: None, end: None }, limits, seconds_max }
}

fn store(address: SocketAddr) -> LogStore {
    let client = clickhouse::Client::default().with_url(format!("http://{address}"));
    LogStore::new(
        client.with_compression(clickhouse::Compression::None),
        "logseal",
        crate::config::stages::Query::default(),
    )
}

async fn next(seen: &mut mpsc::Receiver<Seen>) -> Seen {
    tokio::time::timeout(DEADLINE, seen.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_backtest_that_takes_too_long_ends_with_its_queries() {
    let (address, mut seen) = endless().await;
    let (store, at_most) = (store(address), Duration::from_secs(1));
    let run = tokio::time::timeout(DEADLINE, backtest(at_most).run(&store)).await.unwrap();
    assert!(matches!(run, Err(BacktestError::Deadline(limit)) if limit == at_most), "{run:?}");
    assert_eq!(next(&mut seen).await, Seen::Asked);
    assert_eq!(next(&mut seen).await, Seen::HungUp);
}

#[tokio::test]
async fn a_backtest_that_nobody_waits_for_ends_its_queries() {
    let (address, mut seen) = endless().await;
    let store = store(address);
    tokio::select! {
        run = backtest(Duration::from_secs(3600)).run(&store) => panic!("it ended: {run:?}"),
        asked = next(&mut seen) => assert_eq!(asked, Seen::Asked),
    }
    // The future is dropped, as it is when the client of the API hangs up.
    assert_eq!(next(&mut seen).await, Seen::HungUp);
}
