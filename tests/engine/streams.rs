//! Results of many rows.

use crate::harness::start;

const ROWS: u64 = 5_000_000;

async fn length(engine: &crate::harness::Running, sql: &str, format: &str) -> u64 {
    let mut cursor = engine.client.query(sql).fetch_bytes(format).unwrap();
    let mut length = 0;
    while let Some(bytes) = cursor.next().await.unwrap() {
        length += bytes.len() as u64;
    }
    length
}

#[tokio::test]
async fn millions_of_rows_come_whole_with_one_header_and_in_constant_memory() {
    let engine = start().await;
    let sql = format!("SELECT number AS n, 'constant text of some length' AS s FROM numbers({ROWS})");
    // Warm up, so that what the engine holds anyway is there before the count begins.
    length(&engine, &sql, "CSV").await;
    let (before, _) = engine.memory();
    let digits: u64 = (0..ROWS).map(|n| n.to_string().len() as u64).sum();
    let csv = ROWS * (",\"constant text of some length\"\n".len() as u64) + digits;
    assert_eq!(length(&engine, &sql, "CSV").await, csv);
    assert_eq!(length(&engine, &sql, "CSVWithNames").await, csv + 8);
    assert_eq!(length(&engine, &sql, "CSVWithNamesAndTypes").await, csv + 8 + 18);
    let binary = ROWS * (8 + 1 + 28);
    assert_eq!(length(&engine, &sql, "RowBinary").await, binary);
    let header = 1 + 2 + 2 + 7 + 7;
    assert_eq!(length(&engine, &sql, "RowBinaryWithNamesAndTypes").await, binary + header);
    let (_, peak) = engine.memory();
    let grown = peak.saturating_sub(before) >> 20;
    println!("results of {} MB: memory grew by {grown} MB", csv >> 20);
    assert!(grown < 150, "{grown} MB");
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn every_streamed_row_is_the_right_one() {
    let engine = start().await;
    let mut cursor = engine.client.query("SELECT number FROM numbers(1000000)").fetch::<u64>().unwrap();
    let mut expected = 0;
    while let Some(number) = cursor.next().await.unwrap() {
        assert_eq!(number, expected);
        expected += 1;
    }
    assert_eq!(expected, 1_000_000);
    let none: Vec<u64> =
        engine.client.query("SELECT number FROM numbers(10) WHERE number > 10").fetch_all().await.unwrap();
    assert!(none.is_empty());
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_result_is_seen_as_an_error() {
    let engine = start().await;
    let sql = "SELECT number, throwIf(number = 700000, 'boom') FROM numbers(1000000)";
    let mut cursor = engine.client.query(sql).fetch::<(u64, u8)>().unwrap();
    let mut rows = 0;
    let error = loop {
        match cursor.next().await {
            Ok(Some(_)) => rows += 1,
            Ok(None) => panic!("a short result without an error after {rows} rows"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("Code: 395"), "{error}");
    assert!(rows > 0 && rows < 700_000, "{rows}");
    for format in ["CSV", "Native", "JSONEachRow"] {
        let mut cursor = engine.client.query(sql).fetch_bytes(format).unwrap();
        assert!(cursor.collect().await.unwrap_err().to_string().contains("boom"), "{format}");
    }
    let raw = engine.post("/?default_format=CSV", sql.as_bytes()).await;
    assert_eq!(raw.status(), 200);
    let waited = engine.post("/?wait_end_of_query=1&default_format=CSV", sql.as_bytes()).await;
    assert_eq!(waited.status(), 500, "the status tells of an error when the client waits for the end");
    let tag = raw.header("x-clickhouse-exception-tag").unwrap();
    assert!(raw.text().ends_with(&format!("{tag}\r\n__exception__\r\n")));
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_result_without_rows_has_its_header_and_costs_no_second_run() {
    let engine = start().await;
    let check = async |sql: &str, expected: &str| {
        assert_eq!(engine.post("/", sql.as_bytes()).await.text(), expected, "{sql}");
    };
    check(
        "SELECT number AS a, 'x' AS `b c` FROM numbers(9) WHERE number > 9 FORMAT CSVWithNamesAndTypes",
        "\"a\",\"b c\"\n\"UInt64\",\"String\"\n",
    )
    .await;
    check("SELECT number FROM numbers(9) WHERE number > 9 FORMAT TSVWithNames SETTINGS max_threads = 1", "number\n")
        .await;
    check("SELECT number FROM numbers(9) WHERE number > 9 -- end\nFORMAT TSVWithNames -- end", "number\n").await;
    check("SELECT number FROM numbers(9) WHERE number > 9 FORMAT CSV", "").await;
    check("SELECT 1 AS a, 1 AS a WHERE 0 FORMAT CSVWithNames", "\"a\",\"a\"\n").await;
    engine.supervisor.stop().await;
}
