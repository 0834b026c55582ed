//! Reading the operation log, newest first, with an exact total.
//!
//! The total of a million entries is not counted: `operation_log_counts` has the numbers of whole days, and only the days in which the
//! asked span begins or ends are counted by index. A page far from the newest entry is reached from the nearer end.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use super::column::Time;
use super::operation::{day, day_begins};
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
        let total = total(&mut tx, &span).await?;
        let list = match place {
            OperationPlace::Page(page) => at_offset(&mut tx, &span, total, page, size).await?,
            OperationPlace::After(cursor) => after(&mut tx, &span, cursor, size).await?,
        };
        tx.commit().await?;
        let more = match place {
            OperationPlace::Page(page) => i64::from(page) * i64::from(size) < total,
            OperationPlace::After(_) => list.len() == size as usize,
        };
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

async fn total(tx: &mut Tx, span: &Span) -> Result<i64, MetaError> {
    // The first and the last day may be asked in part.
    let first_whole = day(span.start) + i64::from(day_begins(day(span.start)) < span.start);
    let end_of_whole = day(span.end);
    if first_whole > end_of_whole {
        return counted(tx, span).await;
    }
    let whole = of_whole_days(tx, span, first_whole, end_of_whole).await?;
    let before = counted(tx, &span.within(span.start, day_begins(first_whole))).await?;
    let behind = counted(tx, &span.within(day_begins(end_of_whole), span.end)).await?;
    Ok(before + whole + behind)
}

async fn of_whole_days(tx: &mut Tx, span: &Span, first: i64, end: i64) -> Result<i64, MetaError> {
    if first >= end {
        return Ok(0);
    }
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(entries), 0) AS BIGINT) FROM operation_log_counts WHERE day >= $1 AND day < $2{}",
        span.conditions()
    );
    both!(in tx, db => sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(first)
        .bind(end)
        .bind(span.user_id)
        .bind(span.action)
        .fetch_one(db)
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

async fn at_offset(tx: &mut Tx, span: &Span, total: i64, page: u32, size: u32) -> Result<Vec<Operation>, MetaError> {
    let skipped = i64::from(page.max(1) - 1) * i64::from(size);
    let rows = i64::from(size).min(total - skipped);
    if rows <= 0 {
        return Ok(Vec::new());
    }
    let behind = total - skipped - rows;
    let (order, offset) = if behind < skipped { ("ASC", behind) } else { ("DESC", skipped) };
    // What is skipped is read from the index alone.
    let sql = format!(
        "SELECT {COLUMNS} WHERE id IN (
             SELECT id FROM operation_logs WHERE created_at >= $1 AND created_at < $2{}
             ORDER BY created_at {order}, id {order} LIMIT $5 OFFSET $6)
         ORDER BY created_at DESC, id DESC",
        span.conditions()
    );
    both!(in tx, db => sqlx::query_as(AssertSqlSafe(sql))
        .bind(Time(span.start))
        .bind(Time(span.end))
        .bind(span.user_id)
        .bind(span.action)
        .bind(rows)
        .bind(offset)
        .fetch_all(db)
        .await?)
}

async fn after(tx: &mut Tx, span: &Span, cursor: OperationCursor, size: u32) -> Result<Vec<Operation>, MetaError> {
    let sql = format!(
        "SELECT {COLUMNS} WHERE created_at >= $1 AND created_at < $2{} AND (created_at, id) < ($5, $6)
         ORDER BY created_at DESC, id DESC LIMIT $7",
        span.conditions()
    );
    let at = DateTime::from_timestamp_micros(cursor.created_at_micros).unwrap_or(span.end);
    both!(in tx, db => sqlx::query_as(AssertSqlSafe(sql))
        .bind(Time(span.start))
        .bind(Time(span.end))
        .bind(span.user_id)
        .bind(span.action)
        .bind(Time(at))
        .bind(cursor.id)
        .bind(i64::from(size))
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
