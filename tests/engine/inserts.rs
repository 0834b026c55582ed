//! Data on its way in.

use std::time::Instant;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use crate::harness::{Running, native_block, start, start_with};

/// Settings with which one insert becomes one part, however many blocks it has.
const ONE_PART: [(&str, &str); 2] =
    [("min_insert_block_size_rows", "100000000"), ("min_insert_block_size_bytes", "10000000000")];

async fn table(engine: &Running) {
    engine
        .execute("CREATE TABLE t (n UInt64, host LowCardinality(String), msg String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000")
        .await;
}

async fn insert(
    engine: &Running,
    blocks: &[Vec<u8>],
    settings: &[(&str, &str)],
) -> Result<(), clickhouse::error::Error> {
    let mut insert = engine.client.insert_formatted_with("INSERT INTO t FORMAT Native");
    for (name, value) in settings {
        insert = insert.with_setting(*name, *value);
    }
    for block in blocks {
        insert.send(block.clone().into()).await?;
    }
    insert.end().await
}

#[tokio::test]
async fn the_same_insert_with_the_same_token_is_stored_once() {
    let engine = start().await;
    table(&engine).await;
    let blocks: Vec<_> = (0..20).map(|b| native_block(b * 1000, 1000, 100)).collect();
    let mut settings = ONE_PART.to_vec();
    settings.push(("insert_deduplication_token", "segment'1"));
    for _ in 0..3 {
        insert(&engine, &blocks, &settings).await.unwrap();
    }
    assert_eq!(engine.number("SELECT count() FROM t").await, 20_000);
    settings.pop();
    settings.push(("insert_deduplication_token", "segment'2"));
    insert(&engine, &blocks, &settings).await.unwrap();
    assert_eq!(engine.number("SELECT count() FROM t").await, 40_000);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn many_blocks_become_one_part_and_memory_stays_bounded() {
    let engine = start().await;
    table(&engine).await;
    engine.execute("SYSTEM STOP MERGES t").await;
    let blocks: Vec<_> = (0..400).map(|b| native_block(b * 1000, 1000, 250)).collect();
    let bytes: usize = blocks.iter().map(Vec::len).sum();
    let whole = [native_block(0, 400_000, 250)];
    for (name, blocks) in [("400 blocks", &blocks[..]), ("one block", &whole[..]), ("400 blocks", &blocks[..])] {
        engine.execute("TRUNCATE TABLE t").await;
        let started = Instant::now();
        insert(&engine, blocks, &ONE_PART).await.unwrap();
        let took = started.elapsed();
        let (_, peak) = engine.memory();
        println!(
            "{name}, {} MB: {took:?}, {:.0} rows/s, child's peak memory {} MB",
            bytes >> 20,
            400_000.0 / took.as_secs_f64(),
            peak >> 20
        );
        assert_eq!(engine.number("SELECT count() FROM t").await, 400_000);
        assert_eq!(engine.number("SELECT count() FROM system.parts WHERE table = 't' AND active").await, 1);
        assert!(peak < 1_500 << 20, "{} MB", peak >> 20);
    }
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn text_formats_and_inline_values_are_taken() {
    let engine = start().await;
    engine.execute("CREATE TABLE v (a UInt8, s String) ENGINE = MergeTree ORDER BY a").await;
    let check = async |target: &str, body: &str| {
        let answer = engine.post(target, body.as_bytes()).await;
        assert_eq!(answer.status(), 200, "{target} {body}: {}", answer.text());
        assert!(answer.header("x-clickhouse-summary").unwrap().contains("\"written_rows\":\"1\""), "{}", answer.head);
    };
    check("/", "INSERT INTO v VALUES (1, 'a; FORMAT')").await;
    check("/?query=INSERT+INTO+v+FORMAT+CSV", "2,b\n").await;
    check("/?query=INSERT+INTO+v+(s,+a)+FORMAT+JSONEachRow", "{\"a\":3,\"s\":\"c\"}").await;
    check("/", "INSERT INTO v FORMAT TSV\n4\td\n").await;
    check("/?query=INSERT+INTO+v+VALUES", "(5,'e')").await;
    check("/", "INSERT INTO v SELECT 6, 'f'").await;
    let all = engine.post("/", b"SELECT groupArray(s) FROM (SELECT s FROM v ORDER BY a)").await;
    assert_eq!(all.text(), "['a; FORMAT','b','c','d','e','f']\n");
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn an_insert_that_breaks_off_stores_nothing() {
    let engine = start().await;
    table(&engine).await;
    let body = native_block(0, 50_000, 100);
    for sent in [body.len() / 2, body.len() - 1, body.len()] {
        let mut stream = UnixStream::connect(&engine.socket).await.unwrap();
        let head = format!(
            "POST /?query=INSERT+INTO+t+FORMAT+Native HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
            body.len() + 1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..sent]).await.unwrap();
        engine.running("INTO t").await;
        drop(stream);
        assert!(engine.gone("INTO t").await);
        assert_eq!(engine.number("SELECT count() FROM t").await, 0, "{sent}");
    }
    assert_eq!(engine.supervisor.restarts(), 0);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn the_error_of_a_large_insert_reaches_the_client() {
    let engine = start().await;
    table(&engine).await;
    let wrong: Vec<_> = (0..50).map(|_| vec![0xff; 1 << 20]).collect();
    let error = insert(&engine, &wrong, &[]).await.unwrap_err();
    assert!(error.to_string().contains("DB::Exception"), "{error}");
    let blocks: Vec<_> = (0..50).map(|b| native_block(b * 1000, 1000, 1000)).collect();
    let mut missing = engine.client.insert_formatted_with("INSERT INTO nope FORMAT Native");
    let mut outcome = Ok(());
    for block in &blocks {
        outcome = missing.send(block.clone().into()).await;
        if outcome.is_err() {
            break;
        }
    }
    let error = match outcome {
        Ok(()) => missing.end().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("Code: 60"), "{error}");
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn typed_rows_go_in_and_come_out() {
    #[derive(clickhouse::Row, serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    struct Item {
        n: u64,
        host: String,
        msg: String,
    }
    let engine = start().await;
    table(&engine).await;
    let item = |n| Item { n, host: format!("h{}", n % 3), msg: "a\nb".repeat(n as usize % 5) };
    let items: Vec<Item> = (0..1000).map(item).collect();
    let mut insert = engine.client.insert::<Item>("t").await.unwrap();
    for item in &items {
        insert.write(item).await.unwrap();
    }
    insert.end().await.unwrap();
    let sql = "SELECT ?fields FROM t ORDER BY n";
    let stored: Vec<Item> = engine.client.query(sql).fetch_all().await.unwrap();
    assert_eq!(stored, items);
    let mut native = engine.client.query("SELECT n FROM t").fetch_native().unwrap();
    let mut rows = 0;
    while let Some(block) = native.next().await.unwrap() {
        rows += block.num_rows();
    }
    assert_eq!(rows, 1000);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_backup_goes_to_the_allowed_folder_and_comes_back() {
    let backups = tempfile::tempdir().unwrap();
    let engine = start_with(|c| c.backups_dir = Some(backups.path().to_owned())).await;
    table(&engine).await;
    insert(&engine, &[native_block(0, 5000, 50)], &[]).await.unwrap();
    let file = backups.path().join("one.tar.zst");
    let file = file.display();
    engine.execute(&format!("BACKUP TABLE t TO File('{file}')")).await;
    engine.execute("DROP TABLE t SYNC").await;
    engine.execute(&format!("RESTORE TABLE t FROM File('{file}')")).await;
    assert_eq!(engine.number("SELECT count() FROM t").await, 5000);
    let outside = engine.post("/", b"BACKUP TABLE t TO File('/tmp/elsewhere.tar')").await;
    assert_ne!(outside.status(), 200);
    engine.supervisor.stop().await;
}
