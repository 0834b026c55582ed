//! Reading the operation log, newest first, with an exact total.
//!
//! A million entries are not counted: `operation_log_counts` has the numbers of whole days, and only the days in which the asked span
//! begins or ends are counted by index. The numbers give the total, and the day in which a page begins: nothing newer is skipped one by one.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use super::column::Time;
use super::operation::{EVERYBODY, day, day_begins};
use super::transaction::Tx;
use super::{Action, Meta, MetaError, Operation, both};

/// Postgres has no years beyond 294276, chrono has.
const END_OF_TIME_MICROS: i64 = 253_402_300_800_000_000;

/// Which entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperationFilter {
    /// From this moment on.
    pub start: Option<DateTime<Utc>>,
    /// Up to before this moment.
    pub end: Option<DateTime<Utc>>,
    pub user_id: Option<i64>,
    pub action: Option<Action>,
}

/// The last entry of a page; the next one begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationCursor {
    created_at_micros: i64,
    id: i64,
}

impl fmt::Display for OperationCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_at_micros, self.id)
    }
}

impl FromStr for OperationCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once('.').ok_or(())?;
        let cursor = Self { created_at_micros: micros.parse().map_err(drop)?, id: id.parse().map_err(drop)? };
        if (0..END_OF_TIME_MICROS).contains(&cursor.created_at_micros) { Ok(cursor) } else { Err(()) }
    }
}

/// Which part of the list.
#[derive(Clone, Copy, Debug)]
pub enum OperationPlace {
    /// Counted from 1.
    Page(u32),
    After(OperationCursor),
}

/// A part of the list.
#[derive(Clone, Debug)]
pub struct OperationPage {
    /// All that the filter lets through, at the same moment as the list.
    pub total: u64,
    pub list: Vec<Operation>,
    /// Where the next page begins, unless there is none.
    pub next: Option<OperationCursor>,
}

const COLUMNS: &str =
    "id, node, user_id, username, token_id, action, target, ip, user_agent, created_at, detail FROM operation_logs";

impl Meta {
    /// A page of at most `size` entries, newest first.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn operations(
        &self,
        filter: &OperationFilter,
        place: OperationPlace,
        size: u32,
    ) -> Result<OperationPage, MetaError> {
        let span = Span::of(filter);
        let mut tx = self.snapshot().await?;
        let parts = parts(&mut tx, &span).await?;
        let total = parts.iter().map(|part| part.entries).sum::<i64>();
        // One more than the page has says whether there is a next one.
        let rows = i64::from(size) + 1;
        let mut list = match place {
            OperationPlace::Page(page) => {
                let skipped = i64::from(page.max(1) - 1) * i64::from(size);
                at_offset(&mut tx, &span, &parts, skipped, rows).await?
            }
            OperationPlace::After(cursor) => after(&mut tx, &span, cursor, rows).await?,
        };
        tx.commit().await?;
        let more = list.len() > size as usize;
        list.truncate(size as usize);
        let next = list
            .last()
            .filter(|_| more)
            .map(|last| OperationCursor { created_at_micros: last.created_at.timestamp_micros(), id: last.id });
        Ok(OperationPage { total: u64::try_from(total).unwrap_or_default(), list, next })
    }
}

/// A filter whose span has both ends.
struct Span {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    user_id: Option<i64>,
    action: Option<Action>,
}

impl Span {
    fn of(filter: &OperationFilter) -> Self {
        let earliest = DateTime::<Utc>::UNIX_EPOCH;
        let latest = DateTime::from_timestamp_micros(END_OF_TIME_MICROS).unwrap_or(earliest);
        let start = filter.start.unwrap_or(earliest).clamp(earliest, latest);
        let end = filter.end.unwrap_or(latest).clamp(start, latest);
        Self { start, end, user_id: filter.user_id, action: filter.action }
    }

    fn within(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { start, end, ..*self }
    }

    /// The filter's conditions beside the span as SQL; `$3` is the user, `$4` the action. Only those that are asked stand there, so that each has its index.
    fn conditions(&self) -> &'static str {
        match (self.user_id, self.action) {
            (None, None) => "",
            (Some(_), None) => " AND user_id = $3",
            (None, Some(_)) => " AND action = $4",
            (Some(_), Some(_)) => " AND user_id = $3 AND action = $4",
        }
    }
}

/// What lies before `end` and in no later part.
struct Part {
    end: DateTime<Utc>,
    entries: i64,
}

/// How many entries there are in each day of the span, newest first. The first and the last day may be asked in part.
async fn parts(tx: &mut Tx, span: &Span) -> Result<Vec<Part>, MetaError> {
    let first_whole = day(span.start) + i64::from(day_begins(day(span.start)) < span.start);
    let end_of_whole = day(span.end);
    if first_whole > end_of_whole {
        return Ok(vec![Part { end: span.end, entries: counted(tx, span).await? }]);
    }
    let newest = counted(tx, &span.within(day_begins(end_of_whole), span.end)).await?;
    let oldest = counted(tx, &span.within(span.start, day_begins(first_whole))).await?;
    let mut parts = vec![Part { end: span.end, entries: newest }];
    for (day, entries) in of_whole_days(tx, span, first_whole, end_of_whole).await? {
        parts.push(Part { end: day_begins(day + 1), entries });
    }
    parts.push(Part { end: day_begins(first_whole), entries: oldest });
    Ok(parts)
}

async fn of_whole_days(tx: &mut Tx, span: &Span, first: i64, end: i64) -> Result<Vec<(i64, i64)>, MetaError> {
    let of_action = if span.action.is_some() { " AND action = $4" } else { "" };
    let sql = format!(
        "SELECT day, CAST(SUM(entries) AS BIGINT) FROM operation_log_counts
         WHERE day >= $1 AND day < $2 AND user_id = $3{of_action} GROUP BY day ORDER BY day DESC"
    );
    both!(in tx, db => sqlx::query_as(AssertSqlSafe(sql))
        .bind(first)
        .bind(end)
        .bind(span.user_id.unwrap_or(EVERYBODY))
        .bind(span.action)
        .fetch_all(db)
        .await?)
}

async fn counted(tx: &mut Tx, span: &Span) -> Result<i64, MetaError> {
    if span.start >= span.end {
        return Ok(0);
    }
    let sql =
        format!("SELECT COUNT(*) FROM operation_logs WHERE created_at >= $1 AND created_at < $2{}", span.conditions());
    both!(in tx, db => sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(Time(span.start))
        .bind(Time(span.end))
        .bind(span.user_id)
        .bind(span.action)
        .fetch_one(db)
        .await?)
}

async fn at_offset(
    tx: &mut Tx,
    span: &Span,
    parts: &[Part],
    mut skipped: i64,
    rows: i64,
) -> Result<Vec<Operation>, MetaError> {
    for part in parts {
        if skipped < part.entries {
            return before(tx, span, (part.end, 0), skipped, rows).await;
        }
        skipped -= part.entries;
    }
    Ok(Vec::new())
}

async fn after(tx: &mut Tx, span: &Span, cursor: OperationCursor, rows: i64) -> Result<Vec<Operation>, MetaError> {
    let at = DateTime::from_timestamp_micros(cursor.created_at_micros).unwrap_or(span.end);
    before(tx, span, (at, cursor.id).min((span.end, 0)), 0, rows).await
}

/// The newest entries of the span before `place`, of which the first ones are `skipped`. No entry has the id 0, so with it a moment
/// alone is a place.
async fn before(
    tx: &mut Tx,
    span: &Span,
    place: (DateTime<Utc>, i64),
    skipped: i64,
    rows: i64,
) -> Result<Vec<Operation>, MetaError> {
    // The place is the only upper bound: SQLite would take another one for the index and read all between them. What is skipped is
    // read from the index alone.
    let sql = format!(
        "SELECT {COLUMNS} WHERE id IN (
             SELECT id FROM operation_logs WHERE created_at >= $1 AND (created_at, id) < ($2, $5){}
             ORDER BY created_at DESC, id DESC LIMIT $6 OFFSET $7)
         ORDER BY created_at DESC, id DESC",
        span.conditions()
    );
    both!(in tx, db => sqlx::query_as(AssertSqlSafe(sql))
        .bind(Time(span.start))
        .bind(Time(place.0))
        .bind(span.user_id)
        .bind(span.action)
        .bind(place.1)
        .bind(rows)
        .bind(skipped)
        .fetch_all(db)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let cursor = OperationCursor { created_at_micros: 1_795_132_800_123_456, id: 42 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!("nonsense".parse::<OperationCursor>(), Err(()));
        assert_eq!("-5.1".parse::<OperationCursor>(), Err(()));
        assert_eq!(format!("{}.1", i64::MAX).parse::<OperationCursor>(), Err(()));
    }
}
