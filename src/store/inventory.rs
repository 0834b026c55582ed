//! Who sends: each source and host of the stored records, how much of it there is, and since when it is silent.

use clickhouse::Row;
use serde::Deserialize;

use super::search::Count;
use super::{LogStore, StoreError, bind};
use crate::query::ast::Expr;
use crate::query::sql::Where;

const HOUR_MICROS: i64 = 3_600_000_000;

/// By what the inventory is sorted; what is equal by it is in the order of source and host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InventorySort {
    #[default]
    Source,
    Host,
    Records,
    Bytes,
    FirstSeen,
    LastSeen,
}

impl InventorySort {
    fn sql(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Host => "host",
            Self::Records => "records",
            Self::Bytes => "bytes",
            Self::FirstSeen => "first_seen",
            Self::LastSeen => "last_seen",
        }
    }
}

/// Which part of the inventory is wanted.
#[derive(Clone, Copy, Debug)]
pub struct InventoryPage {
    pub sort: InventorySort,
    pub descending: bool,
    pub size: u32,
    pub offset: u64,
    /// Whether bytes are counted, which reads every message.
    pub bytes: bool,
    /// Only what has not been heard of since then, in microseconds since 1970 (UTC).
    pub silent_since: Option<i64>,
}

/// A source and a host in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub source: String,
    /// Empty where the records name none.
    pub host: String,
    pub records: u64,
    /// Of them, those that arrived within the last hour.
    pub records_last_hour: u64,
    /// Of their original form, where they were asked for.
    pub bytes: Option<u64>,
    /// Records that were not understood.
    pub unparsed: u64,
    /// Arrival of the first and the last one, in microseconds since 1970 (UTC).
    pub first_seen: i64,
    pub last_seen: i64,
}

/// In the order of the columns.
#[derive(Row, Deserialize)]
struct SenderRow {
    source: String,
    host: String,
    records: u64,
    records_last_hour: u64,
    bytes: u64,
    unparsed: u64,
    first_seen: i64,
    last_seen: i64,
    total: u64,
}

impl LogStore {
    /// How many pairs of source and host the records that match `filter` have, and those of them that `page` asks for. Reads a
    /// few small columns of every matching record (some ten bytes of each, but for `bytes`); a filter of arrival bounds it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inventory(
        &self,
        filter: &Expr,
        page: InventoryPage,
        now: i64,
    ) -> Result<(u64, Vec<Sender>), StoreError> {
        let condition = Where::new(filter);
        let silent = if page.silent_since.is_some() {
            "HAVING last_seen <= fromUnixTimestamp64Micro({silent_since:Int64}, 'UTC')"
        } else {
            ""
        };
        let bytes = if page.bytes {
            "sum(length(raw_head) + if(raw_whole = 1, 0, length(message) + length(raw_tail)))"
        } else {
            "toUInt64(0)"
        };
        let seen = format!(
            "SELECT source, host, count() AS records,
                    countIf(received_at >= fromUnixTimestamp64Micro({{hour:Int64}}, 'UTC')) AS records_last_hour,
                    {bytes} AS bytes,
                    countIf(parse_error != '') AS unparsed, min(received_at) AS first_seen, max(received_at) AS last_seen
             FROM logs WHERE {} GROUP BY source, host {silent}",
            condition.sql,
        );
        let direction = if page.descending { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT toString(source), toString(host), records, records_last_hour, bytes, unparsed, first_seen, last_seen,
                    count() OVER () AS total
             FROM ({seen}) ORDER BY {} {direction}, source, host LIMIT {{size:UInt32}} OFFSET {{offset:UInt64}}",
            page.sort.sql(),
        );
        let asked = |sql: &str| {
            let query = bind(self.read(sql), &condition).param("hour", now.saturating_sub(HOUR_MICROS));
            match page.silent_since {
                Some(since) => query.param("silent_since", since),
                None => query,
            }
        };
        let query = asked(&sql).param("size", page.size).param("offset", page.offset);
        let rows = self.answer(query.fetch_all::<SenderRow>()).await?;
        let total = match rows.first() {
            Some(row) => row.total,
            None if page.offset == 0 => 0,
            // Behind the last page no row tells the total.
            None => self.answer(asked(&format!("SELECT count() AS n FROM ({seen})")).fetch_one::<Count>()).await?.n,
        };
        Ok((total, rows.into_iter().map(|row| row.sender(page.bytes)).collect()))
    }
}

impl SenderRow {
    fn sender(self, has_bytes: bool) -> Sender {
        Sender {
            source: self.source,
            host: self.host,
            records: self.records,
            records_last_hour: self.records_last_hour,
            bytes: has_bytes.then_some(self.bytes),
            unparsed: self.unparsed,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }
}
