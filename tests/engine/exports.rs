//! Exports from the real engine's table.

use logseal::config::stages::Query;
use logseal::query::parse::parse;
use logseal::store::{ExportLimits, LogStore, Order};

use crate::harness::{Running, start};

/// Records of two daemons that have one and the same time.
const OF_ONE_TIME: u64 = 60_000;
/// Their ids begin far apart.
const SECOND_NODE: u64 = 1 << 40;

/// A store with [`OF_ONE_TIME`] records of one microsecond, and one before and behind it. They do not fit into the memory of a query.
async fn store(engine: &Running) -> LogStore {
    let limits = Query { memory_bytes_max: 48 << 20, ..Query::default() };
    let store = LogStore::new(engine.client.clone(), "logseal", limits);
    store.prepare().await.unwrap();
    let half = OF_ONE_TIME / 2;
    for (first_id, rows, second) in
        [(SECOND_NODE, half, 30), (1, half, 30), (half + 1, 1, 31), (SECOND_NODE + half, 1, 29)]
    {
        let sql = "INSERT INTO logs (id, timestamp, received_at, level, source, message)
            SELECT {first_id:UInt64} + number, toDateTime64('2026-03-30 00:00:00', 6, 'UTC') + {second:UInt32},
                   toDateTime64('2026-03-31 00:00:00', 6, 'UTC'), 'INFO', 'flood', randomPrintableASCII(2000)
            FROM numbers({rows:UInt64})";
        let insert = engine.client.query_raw(sql).with_setting("database", "logseal");
        insert.param("first_id", first_id).param("rows", rows).param("second", second).execute().await.unwrap();
    }
    store
}

/// The time and id of each record of an export.
async fn exported(store: &LogStore, order: Order) -> Vec<(i64, u64)> {
    let limits = ExportLimits { slice_rows_max: 2_000 };
    let mut export = store.export(&parse("source:flood", 0).unwrap(), order, limits).await.unwrap();
    assert_eq!(export.rows(), OF_ONE_TIME + 2);
    let mut found = Vec::new();
    while let Some(row) = export.next().await.unwrap() {
        found.push((row.timestamp, row.id));
    }
    found
}

#[tokio::test]
async fn however_many_records_have_one_time_an_export_gives_them_in_order() {
    let engine = start().await;
    let store = store(&engine).await;
    let half = OF_ONE_TIME / 2;
    let ids = (1..=half).chain(SECOND_NODE..SECOND_NODE + half);
    let mut expected: Vec<u64> = std::iter::once(SECOND_NODE + half).chain(ids).chain([half + 1]).collect();
    let found = exported(&store, Order::OldestFirst).await;
    assert!(found.is_sorted());
    assert!(found.iter().map(|(_, id)| *id).eq(expected.iter().copied()), "{} records", found.len());
    expected.reverse();
    let found = exported(&store, Order::NewestFirst).await;
    assert!(found.iter().map(|(_, id)| *id).eq(expected.iter().copied()), "{} records", found.len());
    engine.supervisor.stop().await;
}
