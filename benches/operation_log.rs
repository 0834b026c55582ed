//! Pages of an operation log of a million entries, with their totals, on both databases.
#![expect(clippy::unwrap_used, reason = "a bench that fails may panic")]

#[path = "../tests/support/postgres.rs"]
mod postgres;

use std::path::Path;

use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use logseal::meta::{Action, Location, Meta, OperationFilter, OperationPlace};
use sqlx::Connection as _;

const PAGE: u32 = 20;
/// One entry every 31.536 seconds, so that they cover a year: 2026.
const FIRST_MICROS: i64 = 1_767_225_600_000_000;
const STEP_MICROS: i64 = 31_536_000;

/// Half of the entries are searches, the rest are of four other actions; 50 users.
const SQLITE: &str = "
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
    INSERT INTO operation_logs (node, user_id, username, action, target, ip, user_agent, created_at, detail)
    SELECT 0, 1 + i % 50, 'user' || i % 50,
        CASE i % 8 WHEN 0 THEN 'login' WHEN 1 THEN 'logout' WHEN 2 THEN 'logs_exported' WHEN 3 THEN 'login_failed' ELSE 'logs_searched' END,
        'logs', '10.0.0.7', 'Mozilla/5.0 (X11; Linux x86_64)', 1767225600000000 + i * 31536000,
        '{\"q\":\"level:error host:web-1 payment failed\",\"rows\":' || i || '}' FROM n";
const POSTGRES: &str = "
    INSERT INTO operation_logs (node, user_id, username, action, target, ip, user_agent, created_at, detail)
    SELECT 0, 1 + i % 50, 'user' || i % 50,
        CASE i % 8 WHEN 0 THEN 'login' WHEN 1 THEN 'logout' WHEN 2 THEN 'logs_exported' WHEN 3 THEN 'login_failed' ELSE 'logs_searched' END,
        'logs', '10.0.0.7', 'Mozilla/5.0 (X11; Linux x86_64)', TIMESTAMPTZ 'epoch' + (1767225600000000 + i * 31536000) * INTERVAL '1 microsecond',
        jsonb_build_object('q', 'level:error host:web-1 payment failed', 'rows', i) FROM generate_series(0::BIGINT, 999999) i";
const COUNT_SQLITE: &str = "INSERT INTO operation_log_counts (user_id, action, day, entries)
    SELECT user_id, action, created_at / 86400000000, COUNT(*) FROM operation_logs GROUP BY 1, 2, 3";
const COUNT_POSTGRES: &str = "INSERT INTO operation_log_counts (user_id, action, day, entries)
    SELECT user_id, action, FLOOR(EXTRACT(EPOCH FROM created_at) / 86400), COUNT(*) FROM operation_logs GROUP BY 1, 2, 3";
const SUM: &str = "INSERT INTO operation_log_counts (user_id, action, day, entries)
    SELECT -1, action, day, SUM(entries) FROM operation_log_counts GROUP BY action, day";

fn at(entry: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(FIRST_MICROS + entry * STEP_MICROS)
}

async fn filled_sqlite(dir: &Path) -> Meta {
    let meta = Meta::open(&Location::parse("", dir).unwrap(), 0).await.unwrap();
    let url = format!("sqlite:{}", dir.join("meta.sqlite").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for sql in [SQLITE, COUNT_SQLITE, SUM] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    meta
}

async fn filled_postgres(url: &str) -> Meta {
    let meta = Meta::open(&Location::parse(url, Path::new("/")).unwrap(), 0).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    // What autovacuum does within a minute.
    for sql in [POSTGRES, COUNT_POSTGRES, SUM, "VACUUM ANALYZE operation_logs", "VACUUM ANALYZE operation_log_counts"] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    meta
}

fn pages(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = postgres::Postgres::start();
    let databases = [
        ("sqlite", runtime.block_on(filled_sqlite(dir.path()))),
        ("postgres", runtime.block_on(filled_postgres(&server.database()))),
    ];
    let all = OperationFilter::default();
    let searched = OperationFilter { action: Some(Action::LogsSearched), ..all };
    let of_user = OperationFilter { user_id: Some(8), ..all };
    let span = OperationFilter { start: at(250_100), end: at(750_900), ..all };
    let one_day =
        OperationFilter { start: at(500_000), end: at(502_000), user_id: Some(8), action: Some(Action::Login) };
    for (name, meta) in &databases {
        let middle = runtime.block_on(meta.operations(&all, OperationPlace::Page(20_000), PAGE)).unwrap().next.unwrap();
        let cases = [
            ("first page", all, OperationPlace::Page(1)),
            ("page 25000 of 50000", all, OperationPlace::Page(25_000)),
            ("last page", all, OperationPlace::Page(50_000)),
            ("after a cursor in the middle", all, OperationPlace::After(middle)),
            ("of an action", searched, OperationPlace::Page(1)),
            ("of an action, its middle", searched, OperationPlace::Page(12_500)),
            ("of a user", of_user, OperationPlace::Page(1)),
            ("of half a year", span, OperationPlace::Page(1)),
            ("of a user and action on a day", one_day, OperationPlace::Page(1)),
        ];
        let mut group = c.benchmark_group(format!("operation log, 1 million, {name}"));
        group.sample_size(30);
        for (case, filter, place) in cases {
            group.bench_function(case, |b| {
                b.iter(|| runtime.block_on(meta.operations(&filter, place, PAGE)).unwrap());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, pages);
criterion_main!(benches);
