//! What the store selects is what the matcher selects.

use std::fmt::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use logseal::query::ast::Expr;
use logseal::query::matcher::Matcher;
use logseal::query::parse::parse;
use logseal::query::sql::{Param, Where};
use logseal::record::LogRow;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::engine::Engine;
use crate::generate;

const ROWS: u64 = 300;
const EXPRESSIONS: u32 = 3000;
/// Fixed, so that a failure repeats; change it to look further.
const SEED: u8 = 1;

const TABLE: &str = "CREATE TABLE logs (
    id UInt64, timestamp DateTime64(6, 'UTC'), received_at DateTime64(6, 'UTC'), level LowCardinality(String),
    severity UInt8, facility UInt8, source LowCardinality(String), host LowCardinality(String), app LowCardinality(String),
    msg_id LowCardinality(String), format LowCardinality(String), parse_error LowCardinality(String), origin LowCardinality(String),
    proc_id String, user_name String, ip IPv6, message String, raw_head String, raw_tail String,
    raw String ALIAS concat(raw_head, message, raw_tail), attributes Map(LowCardinality(String), String),
    INDEX message_words lower(message) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX ip_bloom ip TYPE bloom_filter GRANULARITY 1, INDEX user_bloom user_name TYPE bloom_filter GRANULARITY 1,
    INDEX id_range id TYPE minmax GRANULARITY 1, INDEX time_range timestamp TYPE minmax GRANULARITY 1
) ENGINE = MergeTree ORDER BY (source, timestamp) PARTITION BY toYYYYMMDD(received_at) SETTINGS index_granularity = 16";

/// The only place that knows how the engine is reached.
fn run_sql(engine: &Engine, sql: &str, params: &[(String, Param)]) -> Vec<u64> {
    engine.run(sql, params).lines().map(|line| line.parse().unwrap()).collect()
}

fn in_store(engine: &Engine, expr: &Expr) -> Vec<u64> {
    let condition = Where::new(expr);
    assert!(!condition.sql.contains('?'), "the client would take it for a placeholder: {}", condition.sql);
    run_sql(engine, &format!("SELECT id FROM logs WHERE {} ORDER BY id", condition.sql), &condition.params)
}

fn in_memory(rows: &[LogRow<'_>], expr: &Expr) -> Vec<u64> {
    let matcher = Matcher::new(expr);
    rows.iter().filter(|row| matcher.matches(row)).map(|row| row.id).collect()
}

/// One engine for the whole test: the library starts only once in a process.
#[test]
fn the_store_and_the_matcher_select_the_same_records() {
    let folder = TempFolder::new();
    let engine = Engine::start(&folder.0);
    engine.run(TABLE, &[]);
    let mut selected = 0;
    for round in 0..4_u8 {
        let mut runner = runner(round);
        let rows = random_rows(&mut runner);
        engine.run("TRUNCATE TABLE logs", &[]);
        engine.run(&insert(&rows), &[]);
        selected += compare_at_random(&mut runner, &engine, &rows);
    }
    // A test in which nothing is ever selected would say little.
    assert!(selected > EXPRESSIONS / 4, "only {selected} expressions selected some but not all records");
    queries_in_words_agree(&engine);
    the_indexes_are_used(&engine);
}

fn runner(round: u8) -> TestRunner {
    let seed = [SEED.wrapping_add(round); 32];
    let config = Config { cases: EXPRESSIONS / 4, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

fn random_rows(runner: &mut TestRunner) -> Vec<LogRow<'static>> {
    let mut row = |id| LogRow { id, ..generate::row().new_tree(runner).unwrap().current() };
    (1..=ROWS).map(&mut row).collect()
}

/// Returns how many expressions selected some but not all of the records.
fn compare_at_random(runner: &mut TestRunner, engine: &Engine, rows: &[LogRow<'_>]) -> u32 {
    let telling = std::cell::Cell::new(0);
    let outcome = runner.run(&generate::expr(), |expr| {
        let (stored, matched) = (in_store(engine, &expr), in_memory(rows, &expr));
        if !matched.is_empty() && matched.len() < rows.len() {
            telling.set(telling.get() + 1);
        }
        if stored == matched {
            return Ok(());
        }
        let differing = rows.iter().find(|row| stored.contains(&row.id) != matched.contains(&row.id));
        Err(TestCaseError::fail(format!(
            "{expr}\n{:?}\nstored {stored:?}\nmatched {matched:?}\n{differing:?}",
            Where::new(&expr)
        )))
    });
    outcome.unwrap();
    telling.get()
}

/// Queries as people write them, on records of a known kind.
fn queries_in_words_agree(engine: &Engine) {
    let row = |id, host: &'static str, message: &'static str, ip: [u8; 4]| LogRow {
        id,
        timestamp: generate::DAY_START,
        received_at: generate::DAY_START,
        source: "WEB_APP".into(),
        host: host.into(),
        ip: Some(IpAddr::from(ip)),
        message: message.as_bytes().into(),
        raw: [message.as_bytes(), b"\n"].concat().into(),
        attributes: vec![("status".into(), "503".into())],
        ..LogRow::default()
    };
    let rows = [
        row(1, "web-1", "Login failed for alice", [10, 0, 0, 1]),
        row(2, "WEB-2", "login ok for bob", [10, 1, 0, 1]),
        row(3, "db-1", "100% of C:\\disk used", [192, 168, 0, 1]),
        row(4, "db-2", "Errors from 10.1.2.30, user_id=7 => größer", [192, 168, 0, 2]),
        row(5, "db-2", "error from 10.1.2.3:80 (logins)", [192, 168, 0, 2]),
        // Of two hits that overlap only the second stands whole.
        row(6, "db-2", "0a a a x", [192, 168, 0, 2]),
    ];
    engine.run("TRUNCATE TABLE logs", &[]);
    engine.run(&insert(&rows), &[]);
    let check = |query: &str, expected: &[u64]| {
        let expr = parse(query, generate::DAY_START).unwrap();
        assert_eq!(in_store(engine, &expr), expected, "{query}");
        assert_eq!(in_memory(&rows, &expr), expected, "{query}");
    };
    check("", &[1, 2, 3, 4, 5, 6]);
    check("login", &[1, 2]);
    check("\"LOGIN FAILED\"", &[1]);
    check("log*bob", &[2]);
    check("error", &[5]);
    check("error* -error", &[4]);
    check("*ogin", &[1, 2]);
    check("*ogin*", &[1, 2, 5]);
    check("message:~ogin", &[1, 2, 5]);
    check("log?n", &[1, 2]);
    check("log?n?", &[5]);
    check("10.1.2.3", &[5]);
    check("\"10.1.2.30, user\"", &[4]);
    check("id id=7 user_id", &[4]);
    check("\"=>\" OR \"(login\" OR \"(logins\"", &[4, 5]);
    check("gr gr* größer", &[]);
    check("gr* größer -gr", &[4]);
    check("\"a a\" -\"a a a\"", &[6]);
    check("raw:error message:error", &[5]);
    check("message:from,alice", &[1, 4, 5]);
    check("host:web*", &[1, 2]);
    check("host:web-? -failed", &[2]);
    check("ip:10.0.0.0/8", &[1, 2]);
    check("ip:10.0.0.0/16,192.168.0.1", &[1, 3]);
    check("source:WEB_APP attributes.status:>=500 (alice OR 100%)", &[1, 3]);
    check("source:web_app", &[]);
    check("source:~web", &[1, 2, 3, 4, 5, 6]);
    check("message:/^[Ll]ogin \\w+/", &[1, 2]);
    check("/login failed/i", &[1]);
    check("C\\:\\\\disk OR \"c:\\disk\"", &[3]);
    check("time:2026-11-20 time:<now", &[]);
    check("time:[now-1h TO now]", &[1, 2, 3, 4, 5, 6]);
    check("NOT user:*", &[1, 2, 3, 4, 5, 6]);
    long_texts_agree(&check);
}

/// Texts as long as a query may be, and with more words than the index is asked for.
fn long_texts_agree(check: &impl Fn(&str, &[u64])) {
    check(&"x".repeat(4000), &[]);
    check(&format!("-\"{}\"", "é".repeat(2000)), &[1, 2, 3, 4, 5, 6]);
    let words: Vec<String> = (0..800).map(|n| n.to_string()).collect();
    check(&format!("\"{}\"", words.join(" ")), &[]);
    check(&format!("NOT \"{}\"", words.join(".+")), &[1, 2, 3, 4, 5, 6]);
}

fn the_indexes_are_used(engine: &Engine) {
    let rows: Vec<LogRow<'_>> = (1..=2000_u64)
        .map(|id| LogRow {
            id,
            timestamp: generate::DAY_START + id as i64,
            received_at: generate::DAY_START,
            source: format!("S{}", id / 500).into(),
            user_name: format!("user{id}").into(),
            ip: Some(IpAddr::from([10, 0, (id / 256) as u8, (id % 256) as u8])),
            message: format!("number word{id} happened").into_bytes().into(),
            raw: format!("number word{id} happened\n").into_bytes().into(),
            ..LogRow::default()
        })
        .collect();
    engine.run("TRUNCATE TABLE logs", &[]);
    engine.run(&insert(&rows), &[]);
    let check = |query: &str, index: &str| {
        let condition = Where::new(&parse(query, 0).unwrap());
        let plan =
            engine.run(&format!("EXPLAIN indexes = 1 SELECT id FROM logs WHERE {}", condition.sql), &condition.params);
        let (_, section) = plan.split_once(index).unwrap_or_else(|| panic!("{query} does not use {index}:\n{plan}"));
        let granules = section.lines().find_map(|line| line.trim().strip_prefix("Granules: ")).unwrap();
        let (read, total) = granules.split_once('/').unwrap();
        let (read, total): (u32, u32) = (read.parse().unwrap(), total.parse().unwrap());
        assert!(read < total, "{query} reads all granules in spite of {index}:\n{plan}");
    };
    check("word77", "Name: message_words");
    the_index_alone_finds_a_word(engine);
    check("\"number word1234 happened\"", "Name: message_words");
    check("number\\ word1234\\ happ*", "Name: message_words");
    check("/umber word1234 happ[a-z]+/", "Name: message_words");
    check("message:~\"umber word1234 happ\"", "Name: message_words");
    check("user:user1234", "Name: user_bloom");
    check("ip:10.0.1.7", "Name: ip_bloom");
    check("id:1500", "Name: id_range");
    check("source:S2", "PrimaryKey");
    check("source:S2*", "PrimaryKey");
    check("time:>=2026-11-20T00:00:00.001900Z", "Name: time_range");
}

/// Messages are not read, and neither is the dictionary searched, as a LIKE would have it.
fn the_index_alone_finds_a_word(engine: &Engine) {
    let condition = Where::new(&parse("word77", 0).unwrap());
    let sql = format!("EXPLAIN actions = 1 SELECT count() FROM logs WHERE {}", condition.sql);
    let plan = engine.run(&sql, &condition.params);
    assert!(plan.contains("__text_index_message_words_hasAllTokens"), "{plan}");
    assert!(!plan.contains("lower(message)"), "{plan}");
}

/// The records as one INSERT. Every text is written in hexadecimal escapes, so that any bytes get through.
fn insert(rows: &[LogRow<'_>]) -> String {
    let mut sql = "INSERT INTO logs (id, timestamp, received_at, level, severity, facility, source, host, app, msg_id, format, parse_error, origin, \
                   proc_id, user_name, ip, message, raw_head, raw_tail, attributes) VALUES "
        .to_owned();
    for row in rows {
        let (head, tail) = split_raw(row);
        let address = row.ip.map_or("::".to_owned(), |ip| match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_string(),
            IpAddr::V6(v6) => v6.to_string(),
        });
        let names = [
            &row.source,
            &row.host,
            &row.app,
            &row.msg_id,
            &row.format,
            &row.parse_error,
            &row.origin,
            &row.proc_id,
            &row.user_name,
        ];
        let times = [row.timestamp, row.received_at].map(|micros| format!("fromUnixTimestamp64Micro({micros}, 'UTC')"));
        write!(sql, "({},{},'{}',", row.id, times.join(","), row.level).unwrap();
        write!(sql, "{},{},", row.severity.unwrap_or(255), row.facility.unwrap_or(255)).unwrap();
        names.iter().for_each(|name| sql.push_str(&format!("{},", literal(name.as_bytes()))));
        write!(sql, "'{address}',{},{},{},", literal(&row.message), literal(head), literal(tail)).unwrap();
        let pairs: Vec<String> = row
            .attributes
            .iter()
            .map(|(name, value)| format!("{},{}", literal(name.as_bytes()), literal(value.as_bytes())))
            .collect();
        let map = if pairs.is_empty() { "map()".to_owned() } else { format!("map({})", pairs.join(",")) };
        write!(sql, "{map}),").unwrap();
    }
    sql.pop();
    sql
}

fn split_raw<'r>(row: &'r LogRow<'_>) -> (&'r [u8], &'r [u8]) {
    let tail_len = 1;
    let head_len = row.raw.len() - row.message.len() - tail_len;
    (&row.raw[..head_len], &row.raw[row.raw.len() - tail_len..])
}

fn literal(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("'{escaped}'")
}

struct TempFolder(PathBuf);

impl TempFolder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("logseal-query-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}
