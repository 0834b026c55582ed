//! What single requests are answered.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio_util::task::TaskTracker;

use crate::harness::{exchange, start, start_with};

#[tokio::test]
async fn parameters_arrive_as_they_were_sent() {
    let engine = start().await;
    for text in
        ["", "'", "\\", "x'; DROP TABLE t; --", "\0a\0", "\t\r\n", "é\u{1F980}", "\\N", "{a:String}", "/*q1-1*/"]
    {
        let got: String = engine.client.query("SELECT {a:String}").param("a", text).fetch_one().await.unwrap();
        assert_eq!(got, text);
    }
    let many: Vec<u64> = engine
        .client
        .query("SELECT number FROM numbers(10) WHERE number IN {ids:Array(UInt64)} AND number < {max:UInt8} ORDER BY number")
        .param("ids", vec![3, 5, 99])
        .param("max", 5)
        .fetch_all()
        .await
        .unwrap();
    assert_eq!(many, [3]);
    let url = engine.post("/?param_a=%00%27x", b"SELECT {a:String} FORMAT RowBinary").await;
    assert_eq!(url.body, b"\x03\0'x");
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn the_format_comes_from_the_statement_then_the_request_then_the_default() {
    let engine = start().await;
    let check = async |target: &str, sql: &str, expected: &str| {
        let answer = engine.post(target, sql.as_bytes()).await;
        assert_eq!(answer.text(), expected, "{target} {sql}");
        assert_eq!(answer.status(), 200);
    };
    check("/", "SELECT 1, 'a\tb'", "1\ta\\tb\n").await;
    check("/", "SELECT 1 AS x FORMAT CSVWithNames;\n", "\"x\"\n1\n").await;
    check("/?default_format=JSONEachRow", "SELECT 1 AS x", "{\"x\":1}\n").await;
    check("/?default_format=JSONEachRow", "SELECT 1 AS x FORMAT CSV SETTINGS max_threads = 1", "1\n").await;
    check("/?query=SELECT", "1", "1\n").await;
    check("/?max_threads=1", "SELECT getSetting('max_threads') -- FORMAT JSON", "1\n").await;
    check("/", "SELECT 1 AS a, count() GROUP BY a WITH TOTALS FORMAT TSVWithNames", "a\tcount()\n1\t1\n\n1\t1\n").await;
    check("/", "SELECT 'a' AS `x\n\"y` WHERE 0 FORMAT CSVWithNames", "\"x\n\"\"y\"\n").await;
    check("/?database=system", "SELECT currentDatabase()", "system\n").await;
    check("/", "EXISTS TABLE system.one", "1\n").await;
    check("/", "SELECT 1 FORMAT Null", "").await;
    check("/", "SELECT tuple() FROM numbers(3) FORMAT RowBinary", "").await;
    let json = engine.post("/", b"SELECT 1 AS x FORMAT JSON").await;
    assert!(json.text().contains("\"rows\": 1"));
    assert_eq!(json.header("content-type").unwrap(), "application/json; charset=UTF-8");
    let ping = engine.post("/ping", b"").await;
    assert_eq!(ping.text(), "Ok.\n");
    assert_eq!(engine.post("/nowhere", b"").await.status(), 404);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn errors_have_clickhouses_code_and_status() {
    let engine = start().await;
    let check = async |target: &str, sql: &str, status: u16, code: &str| {
        let answer = engine.post(target, sql.as_bytes()).await;
        assert_eq!(answer.status(), status, "{sql}: {}", answer.text());
        assert_eq!(answer.header("x-clickhouse-exception-code").as_deref(), Some(code), "{sql}");
        assert!(answer.text().starts_with(&format!("Code: {code}. DB::Exception: ")), "{}", answer.text());
    };
    check("/", "SELEKT 1", 400, "62").await;
    check("/", "", 400, "62").await;
    check("/", "SELECT 1; SELECT 2", 400, "62").await;
    check("/", "SELECT * FROM nope", 404, "60").await;
    check("/?database=nope", "SELECT 1", 404, "81").await;
    check("/?no_such_setting=1", "SELECT 1", 404, "115").await;
    check("/?max_threads=many", "SELECT 1", 400, "27").await;
    check("/", "SELECT throwIf(1, 'boom')", 500, "395").await;
    check("/", "SELECT 1 INTO OUTFILE '/tmp/x'", 501, "48").await;
    check("/", "INSERT INTO nope FORMAT CSV\n1", 404, "60").await;
    check("/?max_execution_time=0.2", "SELECT count() FROM numbers(1000000000000)", 408, "159").await;
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_failed_query_leaves_nothing_in_the_next_answer() {
    let engine = start().await;
    let secret = "SELECT 'secret', number, throwIf(number = 200000, 'boom') FROM numbers(1000000) SETTINGS max_block_size = 1000";
    for limit in ["", "max_result_rows=150000&", "max_memory_usage=1000000&"] {
        for _ in 0..3 {
            let failed = engine.post(&format!("/?{limit}default_format=CSV"), secret.as_bytes()).await;
            assert!(failed.text().contains("DB::Exception"));
            assert_eq!(engine.post("/", b"SELECT 'mine'").await.text(), "mine\n");
            assert_eq!(
                engine.post("/?default_format=JSON", b"SELECT 1 AS x").await.text().matches("secret").count(),
                0
            );
        }
    }
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_hang_up_ends_the_query() {
    let engine = start().await;
    // Blocked before its first row, in the middle of its rows, and in a statement that is not streamed.
    for (mark, sql) in [
        ("hangup1", "SELECT 'hangup1', count() FROM numbers(1000000000000)"),
        ("hangup2", "SELECT 'hangup2', number FROM numbers(1000000000000)"),
        ("hangup3", "SELECT 'hangup3', count() FROM numbers(1000000000000) FORMAT JSON"),
    ] {
        let mut stream = UnixStream::connect(&engine.socket).await.unwrap();
        let request = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{sql}", sql.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        engine.running(mark).await;
        let started = Instant::now();
        drop(stream);
        assert!(engine.gone(mark).await, "{mark} still runs");
        assert!(started.elapsed() < Duration::from_secs(2), "{mark} took {:?}", started.elapsed());
    }
    assert_eq!(engine.supervisor.restarts(), 0);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_query_uses_all_cores_though_memory_is_scarce() {
    let engine = start().await;
    let answer = engine.post("/", b"EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(100000000)").await;
    let has_many = std::thread::available_parallelism().unwrap().get() > 1;
    assert_eq!(answer.text().contains("NumbersRange × "), has_many, "{}", answer.text());
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn too_many_queries_are_told_so() {
    let engine = start_with(|c| {
        c.concurrent_queries_max = 1;
        c.queue_wait = Duration::from_millis(300);
    })
    .await;
    let busy = UnixStream::connect(&engine.socket).await.unwrap();
    let busy = TaskTracker::new().spawn(exchange(
        busy,
        "POST /?max_execution_time=3 HTTP/1.1",
        "",
        b"SELECT count() FROM numbers(1000000000000)",
    ));
    let started = Instant::now();
    let refused = loop {
        let answer = engine.post("/", b"SELECT 1").await;
        if answer.status() != 200 {
            break answer;
        }
        assert!(started.elapsed() < Duration::from_secs(2));
    };
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("x-clickhouse-exception-code").as_deref(), Some("202"));
    assert_eq!(busy.await.unwrap().status(), 408);
    assert_eq!(engine.post("/", b"SELECT 1").await.text(), "1\n");
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_query() {
    let engine = start_with(|c| c.client_stall = Duration::from_millis(300)).await;
    let sql = "SELECT 'stalled', number FROM numbers(1000000000000)";
    let mut stream = UnixStream::connect(&engine.socket).await.unwrap();
    let request = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{sql}", sql.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    engine.running("stalled").await;
    assert!(engine.gone("stalled").await, "it still runs");
    drop(stream);
    engine.supervisor.stop().await;
}
