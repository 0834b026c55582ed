//! All matching records, in the order of time, in constant memory.
//!
//! Sorting millions of whole records at once would need memory for all of them. So the span of
//! time is cut into slices of a bounded number of records, by counting, and the slices are read
//! one after the other, each sorted by itself.

use std::time::Duration;

use clickhouse::Row;
use clickhouse::query::RowCursor;
use serde::Deserialize;

use super::columns::{COLUMNS, StoredRow};
use super::{LogStore, Order, StoreError, bind};
use crate::query::ast::Expr;
use crate::query::sql::Where;
use crate::record::LogRow;

/// Into how many parts a slice that holds too much is cut.
const PARTS: i64 = 256;

/// How an export is cut.
#[derive(Clone, Copy, Debug)]
pub struct ExportLimits {
    /// Records that are sorted at once.
    pub slice_rows_max: u64,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self { slice_rows_max: 150_000 }
    }
}

/// A span of event time, both ends inclusive, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    first: i64,
    last: i64,
    rows: u64,
}

#[derive(Row, Deserialize)]
struct Whole {
    first: i64,
    last: i64,
    rows: u64,
    max_id: u64,
}

#[derive(Row, Deserialize)]
struct Part {
    number: i64,
    rows: u64,
}

/// A running export.
pub struct Export {
    store: LogStore,
    condition: Where,
    order: Order,
    limits: ExportLimits,
    /// Records that came later than the export's start are left out.
    max_id: u64,
    rows: u64,
    /// What is left to read, next one last.
    slices: Vec<Slice>,
    cursor: Option<RowCursor<StoredRow>>,
}

impl LogStore {
    /// Begins an export of all records that match `filter`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export(&self, filter: &Expr, order: Order, limits: ExportLimits) -> Result<Export, StoreError> {
        let condition = Where::new(filter);
        let sql = format!(
            "SELECT min(timestamp) AS first, max(timestamp) AS last, count() AS rows, max(id) AS max_id FROM logs WHERE {}",
            condition.sql,
        );
        let whole = bind(self.read(&sql), &condition).fetch_one::<Whole>().await?;
        let slice = Slice { first: whole.first, last: whole.last, rows: whole.rows };
        Ok(Export {
            store: self.clone(),
            condition,
            order,
            limits,
            max_id: whole.max_id,
            rows: whole.rows,
            slices: if whole.rows > 0 { vec![slice] } else { Vec::new() },
            cursor: None,
        })
    }
}

impl Export {
    /// How many records it will give.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next record; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError`]: the export is incomplete and must be shown to be.
    pub async fn next(&mut self) -> Result<Option<LogRow<'static>>, StoreError> {
        loop {
            if let Some(cursor) = &mut self.cursor {
                match cursor.next().await? {
                    Some(row) => return Ok(Some(row.into())),
                    None => self.cursor = None,
                }
            }
            let Some(slice) = self.slices.pop() else { return Ok(None) };
            if slice.rows > self.limits.slice_rows_max && slice.first < slice.last {
                self.cut(slice).await?;
            } else {
                self.cursor = Some(self.read(slice)?);
            }
        }
    }

    fn read(&self, slice: Slice) -> Result<RowCursor<StoredRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM logs WHERE {} AND {IN_SLICE} ORDER BY {}",
            self.condition.sql,
            self.order.sql()
        );
        Ok(self.bind(&sql, slice).fetch::<StoredRow>()?)
    }

    /// Replaces `slice` by smaller ones, next one last.
    async fn cut(&mut self, slice: Slice) -> Result<(), StoreError> {
        let width = (slice.last.saturating_sub(slice.first) / PARTS).saturating_add(1);
        let sql = format!(
            "SELECT intDiv(toUnixTimestamp64Micro(timestamp) - {{first:Int64}}, {{width:Int64}}) AS number, count() AS rows
             FROM logs WHERE {} AND {IN_SLICE} GROUP BY number ORDER BY number",
            self.condition.sql,
        );
        let parts = self.bind(&sql, slice).param("width", width).fetch_all::<Part>().await?;
        let mut slices = join(&parts, slice, width, self.limits.slice_rows_max);
        if self.order == Order::OldestFirst {
            slices.reverse();
        }
        self.slices.extend(slices);
        Ok(())
    }

    fn bind(&self, sql: &str, slice: Slice) -> clickhouse::query::Query {
        // A slice is read at the client's pace, so the time of the whole export is its limit.
        let at_most = Duration::from_secs(self.store.limits.export_seconds_max.into());
        bind(self.store.read_for(sql, at_most), &self.condition)
            .param("first", slice.first)
            .param("last", slice.last)
            .param("max_id", self.max_id)
    }
}

const IN_SLICE: &str =
    "timestamp BETWEEN fromUnixTimestamp64Micro({first:Int64}, 'UTC') AND fromUnixTimestamp64Micro({last:Int64}, 'UTC')
     AND id <= {max_id:UInt64}";

/// Joins neighbouring parts as long as they stay below `rows_max`; oldest first.
fn join(parts: &[Part], whole: Slice, width: i64, rows_max: u64) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    for part in parts {
        let first = whole.first.saturating_add(part.number.saturating_mul(width));
        let last = first.saturating_add(width - 1).min(whole.last);
        match slices.last_mut() {
            Some(open) if open.rows + part.rows <= rows_max => {
                open.last = last;
                open.rows += part.rows;
            }
            _ => slices.push(Slice { first, last, rows: part.rows }),
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_up_to_the_limit_and_cover_the_span() {
        let parts: Vec<Part> = [(0, 5), (1, 5), (3, 9), (4, 2)].map(|(number, rows)| Part { number, rows }).into();
        let whole = Slice { first: 100, last: 149, rows: 21 };
        assert_eq!(
            join(&parts, whole, 10, 10),
            [
                Slice { first: 100, last: 119, rows: 10 },
                Slice { first: 130, last: 139, rows: 9 },
                Slice { first: 140, last: 149, rows: 2 },
            ]
        );
    }
}
