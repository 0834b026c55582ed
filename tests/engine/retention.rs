//! Records past their retention leave the real engine's table, and no others.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use logseal::config;
use logseal::query::parse::parse;
use logseal::store::{
    ExpiredDay, ExpiredSource, ExportLimits, LogStore, Order, Page, RetentionDone, RetentionPlan, RetentionPolicy,
};

use crate::harness::{Running, start};

/// Today, in these tests.
const TODAY: &str = "2026-03-31";
/// Records of each source on each day.
const ROWS: u64 = 10;
/// One needs every kind of escape.
const ODD: &str = "it's\\ \"odd\"\t.[x]";

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A store with [`ROWS`] records of each of these sources, which arrived on these days.
pub(crate) async fn store_with(engine: &Running, content: &[(&str, &[&str])]) -> LogStore {
    let store = LogStore::new(engine.client.clone(), "logseal", config::stages::Query::default());
    store.prepare().await.unwrap();
    for (i, (day, sources)) in content.iter().enumerate() {
        for (j, source) in sources.iter().enumerate() {
            add(engine, day, source, (i * 100 + j) as u64 * ROWS).await;
        }
    }
    store
}

async fn add(engine: &Running, day: &str, source: &str, first_id: u64) {
    // The events' own times are of one and the same year before: retention is by arrival.
    let sql = "INSERT INTO logs (id, timestamp, received_at, level, source, message)
        SELECT {first_id:UInt64} + number, toDateTime64('2025-01-01 00:00:00', 6, 'UTC') + number,
               toDateTime64(concat({day:String}, ' 00:00:00'), 6, 'UTC') + number * 9599, 'INFO', {source:String},
               concat('login word', toString(number))
        FROM numbers({rows:UInt64})";
    engine
        .client
        .query_raw(sql)
        .with_setting("database", "logseal")
        .param("first_id", first_id)
        .param("day", day)
        .param("source", source)
        .param("rows", ROWS)
        .execute()
        .await
        .unwrap();
}

fn policy(days: u32, by_source: &[(&str, u32)]) -> RetentionPolicy {
    let by_source: BTreeMap<_, _> = by_source.iter().map(|(source, days)| ((*source).to_owned(), *days)).collect();
    RetentionPolicy { days, by_source }
}

async fn plan(store: &LogStore, policy: &RetentionPolicy) -> RetentionPlan {
    store.plan_retention(policy, date(TODAY)).await.unwrap()
}

async fn apply(store: &LogStore, plan: &RetentionPlan) -> RetentionDone {
    let mut done = RetentionDone::default();
    store.apply_retention(plan, &mut done).await.unwrap();
    done
}

fn drops(days: &[&str], rows: u64) -> Vec<ExpiredDay> {
    days.iter().map(|day| ExpiredDay { day: date(day), rows }).collect()
}

fn deletes(pairs: &[(&str, &str)]) -> Vec<ExpiredSource> {
    let rows = ROWS;
    pairs.iter().map(|(day, source)| ExpiredSource { day: date(day), source: (*source).to_owned(), rows }).collect()
}

/// How many records count, search and export each find.
pub(crate) async fn found(store: &LogStore, q: &str) -> u64 {
    let filter = parse(q, 0).unwrap();
    let count = store.count(&filter).await.unwrap();
    let page = Page { order: Order::NewestFirst, size: 1000, offset: 0, after: None };
    let (_, searched) = store.page(&filter, page, 0).await.unwrap();
    let mut export = store.export(&filter, Order::OldestFirst, ExportLimits::default()).await.unwrap();
    assert_eq!(export.rows(), count, "{q}");
    let mut exported = 0;
    while export.next().await.unwrap().is_some() {
        exported += 1;
    }
    assert_eq!((searched.len() as u64, exported), (count, count), "{q}");
    count
}

async fn partitions(engine: &Running) -> u64 {
    engine
        .number(
            "SELECT uniqExact(partition_id) FROM system.parts WHERE database = 'logseal' AND table = 'logs' AND active",
        )
        .await
}

#[tokio::test]
async fn what_is_previewed_is_removed_and_nothing_else() {
    let engine = start().await;
    let content: [(&str, &[&str]); 6] = [
        ("2025-03-30", &["web", "audit"]),      // past the longest
        ("2026-01-01", &["web", "db", ODD]),    // past that of all that are there
        ("2026-02-28", &["web", "audit", ODD]), // the last day past that of others; audit is kept
        ("2026-03-01", &["web", "audit", ODD]), // the first day of others; web is shorter
        ("2026-03-24", &["web", ODD]),          // the first day of web
        ("2026-03-31", &["web", "db", "audit"]),
    ];
    let store = store_with(&engine, &content).await;
    let policy = policy(30, &[("web", 7), ("audit", 365), ("gone", 1)]);

    let planned = plan(&store, &policy).await;
    let mut expected_drops = drops(&["2025-03-30"], 2 * ROWS);
    expected_drops.extend(drops(&["2026-01-01"], 3 * ROWS));
    assert_eq!(planned.drops, expected_drops);
    assert_eq!(planned.deletes, deletes(&[("2026-02-28", ODD), ("2026-02-28", "web"), ("2026-03-01", "web")]));
    assert_eq!(planned.rows_total, 8 * ROWS);
    assert_eq!((found(&store, "").await, partitions(&engine).await), (16 * ROWS, 6), "a plan removes nothing");

    let done = apply(&store, &planned).await;
    assert_eq!((&done.drops, &done.deletes, done.rows_total), (&planned.drops, &planned.deletes, planned.rows_total));
    assert_eq!(partitions(&engine).await, 4);
    for (q, expected) in [
        ("", 8 * ROWS),
        ("login", 8 * ROWS),
        ("source:audit", 3 * ROWS),
        ("source:audit login", 3 * ROWS),
        ("source:web", 2 * ROWS),
        ("source:db", ROWS),
        ("word1", 8),
        ("source:web word1", 2),
    ] {
        assert_eq!(found(&store, q).await, expected, "{q}");
    }

    let again = plan(&store, &policy).await;
    assert_eq!((again.drops.len(), again.deletes.len(), again.rows_total), (0, 0, 0));
    assert_eq!(apply(&store, &planned).await, RetentionDone::default(), "an old plan finds nothing to do");
    assert_eq!(found(&store, "").await, 8 * ROWS);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_day_in_which_only_deleted_records_are_left_is_dropped() {
    let engine = start().await;
    let store = store_with(&engine, &[("2026-03-01", &["web", "audit"])]).await;
    apply(&store, &plan(&store, &policy(30, &[("web", 7)])).await).await;
    assert_eq!(found(&store, "").await, ROWS);
    let planned = plan(&store, &policy(29, &[("web", 7)])).await;
    assert_eq!((planned.drops.clone(), planned.deletes.len()), (drops(&["2026-03-01"], ROWS), 0));
    apply(&store, &planned).await;
    assert_eq!((found(&store, "").await, partitions(&engine).await), (0, 0));
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn late_records_of_a_source_that_is_kept_save_their_day() {
    let engine = start().await;
    let store = store_with(&engine, &[("2026-01-01", &["web"])]).await;
    let policy = policy(30, &[("audit", 365)]);
    let planned = plan(&store, &policy).await;
    assert_eq!(planned.drops, drops(&["2026-01-01"], ROWS));
    add(&engine, "2026-01-01", "audit", 5000).await;
    assert_eq!(apply(&store, &planned).await, RetentionDone::default());
    assert_eq!(found(&store, "").await, 2 * ROWS);
    // The next run knows better.
    let planned = plan(&store, &policy).await;
    assert_eq!((planned.drops.len(), planned.deletes.clone()), (0, deletes(&[("2026-01-01", "web")])));
    apply(&store, &planned).await;
    assert_eq!((found(&store, "").await, found(&store, "source:audit").await), (ROWS, ROWS));
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn an_empty_store_has_nothing_past_its_retention() {
    let engine = start().await;
    let store = store_with(&engine, &[]).await;
    let planned = plan(&store, &policy(1, &[("web", 1)])).await;
    assert_eq!((planned.drops.len(), planned.deletes.len(), planned.rows_total), (0, 0, 0));
    engine.supervisor.stop().await;
}
