//! All matching records, in the order of time, in constant memory.
//!
//! Sorting millions of whole records at once would need memory for all of them. So the span of
//! time is cut into slices of a bounded number of records, by counting, and the slices are read
//! one after the other, each sorted by itself; while one is taken, the engine sorts the next.
//! Records of one and the same time are cut by their ids, which are the order among them.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::columns::{COLUMNS, StoredRow};
use super::export_slice::{Part, Slice};
use super::{LogStore, Order, StoreError, bind};
use crate::query::ast::Expr;
use crate::query::sql::Where;
use crate::record::LogRow;

/// Records that are handed on at once.
const CHUNK_ROWS: usize = 512;
/// Chunks of one slice that are read ahead.
const CHUNKS_AHEAD: usize = 8;
/// Slices that wait for their turn behind the one that is taken.
const SLICES_AHEAD: usize = 1;

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

/// What is selected of each record.
#[derive(Clone)]
struct Selected {
    /// The columns that are read.
    read: String,
    /// All columns, empty where they are not read.
    shown: String,
}

impl Selected {
    fn new(is_read: impl Fn(&str) -> bool) -> Self {
        let (read, others): (Vec<&str>, Vec<&str>) = COLUMNS.split(", ").partition(|column| is_read(column));
        let shown = |column| {
            if others.contains(&column) { format!("{} AS {column}", empty(column)) } else { column.to_owned() }
        };
        Self { read: read.join(", "), shown: COLUMNS.split(", ").map(shown).collect::<Vec<_>>().join(", ") }
    }

    fn sql(&self, condition: &str, order: &str) -> String {
        let Self { read, shown } = self;
        // In a query of its own: within one, an alias would hide the column of its name from the condition.
        format!("SELECT {shown} FROM (SELECT {read} FROM logs WHERE {condition}) ORDER BY {order}")
    }
}

/// What a record without a value holds in this column.
fn empty(column: &str) -> &'static str {
    match column {
        "severity" | "facility" => "toUInt8(255)",
        "ip" => "toIPv6('::')",
        "attributes" => "CAST(map(), 'Map(String, String)')",
        _ => "''",
    }
}

#[derive(Row, Deserialize)]
struct Whole {
    first: i64,
    last: i64,
    rows: u64,
    max_id: u64,
}

/// Some records in their order, or why there are no more.
type Chunk = Result<Vec<LogRow<'static>>, StoreError>;

/// A running export. Dropping it ends its queries.
pub struct Export {
    rows: u64,
    /// The slices in their order, each as its chunks.
    slices: mpsc::Receiver<mpsc::Receiver<Chunk>>,
    open: Option<mpsc::Receiver<Chunk>>,
    chunk: std::vec::IntoIter<LogRow<'static>>,
    _walk: JoinSet<()>,
}

impl LogStore {
    /// Begins an export of all records that match `filter`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export(&self, filter: &Expr, order: Order, limits: ExportLimits) -> Result<Export, StoreError> {
        self.export_columns(|_| true, filter, order, limits).await
    }

    /// The same, with nothing in the columns that are not read. The id and the times must be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export_columns(
        &self,
        is_read: impl Fn(&str) -> bool,
        filter: &Expr,
        order: Order,
        limits: ExportLimits,
    ) -> Result<Export, StoreError> {
        let condition = Where::new(filter);
        let sql = format!(
            "SELECT min(timestamp) AS first, max(timestamp) AS last, count() AS rows, max(id) AS max_id FROM logs WHERE {}",
            condition.sql,
        );
        let whole = self.answer(bind(self.read(&sql), &condition).fetch_one::<Whole>()).await?;
        // Records that came later than the start are left out.
        let slice =
            Slice { first: whole.first, last: whole.last, first_id: 0, last_id: whole.max_id, rows: whole.rows };
        let (store, selected) = (self.clone(), Selected::new(is_read));
        let reader = SliceReader { store, condition, selected, order, limits };
        let (sender, slices) = mpsc::channel(SLICES_AHEAD);
        let mut walk = JoinSet::new();
        if whole.rows > 0 {
            walk.spawn(reader.walk(slice, sender));
        }
        Ok(Export { rows: whole.rows, slices, open: None, chunk: Vec::new().into_iter(), _walk: walk })
    }
}

impl Export {
    /// How many records it will give; fewer are a fault that the caller has to show.
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
            if let Some(row) = self.chunk.next() {
                return Ok(Some(row));
            }
            let Some(open) = &mut self.open else {
                self.open = self.slices.recv().await;
                if self.open.is_none() {
                    return Ok(None);
                }
                continue;
            };
            match open.recv().await {
                Some(chunk) => self.chunk = chunk?.into_iter(),
                None => self.open = None,
            }
        }
    }
}

/// What all slices of an export have in common.
#[derive(Clone)]
struct SliceReader {
    store: LogStore,
    condition: Where,
    selected: Selected,
    order: Order,
    limits: ExportLimits,
}

impl SliceReader {
    /// Reads `whole`, cut into slices, until it is done or nobody takes more.
    async fn walk(self, whole: Slice, out: mpsc::Sender<mpsc::Receiver<Chunk>>) {
        // Next one last.
        let mut slices = vec![whole];
        let mut readers = JoinSet::new();
        while let Some(slice) = slices.pop() {
            let too_large = slice.rows > self.limits.slice_rows_max && slice.is_divisible();
            let smaller = if too_large { Some(self.cut(slice).await) } else { None };
            let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
            match smaller {
                Some(Ok(smaller)) => {
                    slices.extend(smaller);
                    continue;
                }
                Some(Err(error)) => {
                    slices.clear();
                    // The channel is new: there is room for it.
                    sender.send(Err(error)).await.ok();
                }
                None => {
                    readers.spawn(self.clone().read(slice, sender));
                }
            }
            if out.send(chunks).await.is_err() {
                return;
            }
        }
        readers.join_all().await;
    }

    async fn read(self, slice: Slice, out: mpsc::Sender<Chunk>) {
        if let Err(error) = self.read_into(slice, &out).await {
            // Nobody may be there to hear it.
            out.send(Err(error)).await.ok();
        }
    }

    async fn read_into(&self, slice: Slice, out: &mpsc::Sender<Chunk>) -> Result<(), StoreError> {
        let condition = format!("({}) AND {IN_SLICE}", self.condition.sql);
        let sql = self.selected.sql(&condition, self.order.sql());
        // The engine gives a sorted result in pieces of one block: small ones, or long records would fill the memory.
        let mut cursor = self.bind(&sql, slice).with_setting("max_block_size", "8192").fetch::<StoredRow>()?;
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while let Some(row) = cursor.next().await? {
            chunk.push(row.into());
            if chunk.len() == CHUNK_ROWS {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_ROWS));
                if out.send(Ok(full)).await.is_err() {
                    return Ok(());
                }
            }
        }
        out.send(Ok(chunk)).await.ok();
        Ok(())
    }

    /// The smaller slices of `slice`, the one to read first last.
    async fn cut(&self, slice: Slice) -> Result<Vec<Slice>, StoreError> {
        let number = if slice.is_one_time() { BY_ID } else { BY_TIME };
        let sql = format!(
            "SELECT {number} AS number, count() AS rows FROM logs WHERE ({}) AND {IN_SLICE} GROUP BY number ORDER BY number",
            self.condition.sql,
        );
        let parts = self.bind(&sql, slice).param("width", slice.part_width()).fetch_all::<Part>().await?;
        let mut slices = slice.cut(&parts, self.limits.slice_rows_max);
        if self.order == Order::OldestFirst {
            slices.reverse();
        }
        Ok(slices)
    }

    fn bind(&self, sql: &str, slice: Slice) -> clickhouse::query::Query {
        // A slice is read at the client's pace, so the time of the whole export is its limit.
        let at_most = Duration::from_secs(self.store.limits.export_seconds_max.into());
        bind(self.store.read_for(sql, at_most), &self.condition)
            .param("first", slice.first)
            .param("last", slice.last)
            .param("first_id", slice.first_id)
            .param("last_id", slice.last_id)
    }
}

const IN_SLICE: &str =
    "timestamp BETWEEN fromUnixTimestamp64Micro({first:Int64}, 'UTC') AND fromUnixTimestamp64Micro({last:Int64}, 'UTC')
     AND id BETWEEN {first_id:UInt64} AND {last_id:UInt64}";
/// The number of the part in which a record is.
const BY_TIME: &str = "toUInt64(intDiv(toUnixTimestamp64Micro(timestamp) - {first:Int64}, {width:Int64}))";
const BY_ID: &str = "intDiv(id - {first_id:UInt64}, {width:UInt64})";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_not_read_are_shown_empty() {
        let Selected { read, shown } =
            Selected::new(|column| !["severity", "ip", "message", "attributes"].contains(&column));
        assert_eq!(
            shown,
            "id, timestamp, received_at, level, toUInt8(255) AS severity, facility, source, host, app, proc_id, msg_id, \
             toIPv6('::') AS ip, user_name, '' AS message, raw, CAST(map(), 'Map(String, String)') AS attributes, format, \
             parse_error, origin"
        );
        assert_eq!(
            read,
            "id, timestamp, received_at, level, facility, source, host, app, proc_id, msg_id, user_name, raw, format, \
             parse_error, origin"
        );
        assert_eq!(
            (Selected::new(|_| true).read, Selected::new(|_| true).shown),
            (COLUMNS.to_owned(), COLUMNS.to_owned())
        );
    }
}
