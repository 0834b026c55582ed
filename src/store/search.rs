//! Pages of records, one record, and its neighbours.

use std::pin::pin;
use std::str::FromStr;

use chrono::NaiveTime;
use clickhouse::Row;
use clickhouse::query::Query;
use serde::Deserialize;

use super::columns::{COLUMNS, StoredRow};
use super::retention_policy::day_of;
use super::slice;
use super::span::{self, Span};
use super::tally::Tally;
use super::{LogStore, StoreError, bind};
use crate::query::ast::Expr;
use crate::query::sql::Where;
use crate::record::LogRow;

/// Which end of time comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

impl Order {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => "timestamp DESC, id DESC",
            Self::OldestFirst => "timestamp, id",
        }
    }
}

/// A place in the order of records: the last one that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub timestamp: i64,
    pub id: u64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}.{:x}", self.timestamp, self.id)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (timestamp, id) = text.split_once('.').ok_or(())?;
        // Negative times are written as the two's complement that `{:x}` shows.
        let timestamp = u64::from_str_radix(timestamp, 16).map_err(drop)? as i64;
        Ok(Self { timestamp, id: u64::from_str_radix(id, 16).map_err(drop)? })
    }
}

/// Which part of the matching records is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub order: Order,
    pub size: u32,
    /// Records to leave out at the front; for people who turn pages.
    pub offset: u64,
    /// Only what comes behind this place; for programs.
    pub after: Option<Cursor>,
}

#[derive(Row, Deserialize)]
pub(super) struct Count {
    pub(super) n: u64,
}

#[derive(Row, Deserialize)]
struct Parts {
    partition: u64,
    rows: u64,
}

/// What there is, as a whole.
#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    /// The begin of the first day on which records arrived that are still there, in microseconds since 1970 (UTC).
    first: Option<i64>,
    rows: u64,
}

/// What came of the first guess.
struct Guess {
    /// The page, if all of it was there.
    rows: Option<Vec<LogRow<'static>>>,
    /// Where else it may be.
    wider: Option<Expr>,
    /// Since when there are records, in microseconds since 1970 (UTC).
    first: i64,
}

impl LogStore {
    /// How many records match `filter`, and those of them that `page` asks for. What `filter` says of time, and `now`, in microseconds
    /// since 1970 (UTC), tell where the page is looked for first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(&self, filter: &Expr, page: Page, now: i64) -> Result<(u64, Vec<LogRow<'static>>), StoreError> {
        let (mut count, mut guess) = (pin!(self.count(filter)), pin!(self.first_guess(filter, page, now)));
        let (total, guess) = tokio::select! {
            guess = &mut guess => {
                let guess = guess?;
                (count.await?, guess)
            }
            total = &mut count => match total? {
                few if slice::are_few(&page, few) => return Ok((few, self.rows(self.records(filter, page)).await?)),
                total => (total, guess.await?),
            },
        };
        if let Some(rows) = guess.rows {
            return Ok((total, rows));
        }
        // A second guess would take the processors from the count, which tells better.
        let slices = slice::conditions(&page, Span::of(filter), total, guess.first, now);
        Ok((total, self.page_from(&slices, filter, page).await?))
    }

    /// The page alone: found as by [`LogStore::page`], but not waiting for the count where a guess tells it sooner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_alone(&self, filter: &Expr, page: Page, now: i64) -> Result<Vec<LogRow<'static>>, StoreError> {
        let (mut count, mut guess) = (pin!(self.count(filter)), pin!(self.first_guess(filter, page, now)));
        let conditions = |total, first| slice::conditions(&page, Span::of(filter), total, first, now);
        let is_counted_first = !span::is_only_time(filter) && Where::new(filter).is_counted_soon();
        let (total, guess) = tokio::select! {
            guess = &mut guess => (None, guess?),
            // Of those in a span the first guess mostly shows a page; it would share the processors with a count of them all, as with one that
            // unpacks the texts of all records.
            total = &mut count, if is_counted_first => match total? {
                few if slice::are_few(&page, few) => return self.rows(self.records(filter, page)).await,
                total => (Some(total), guess.await?),
            },
        };
        let Guess { rows, wider, first } = guess;
        if let Some(rows) = rows {
            return Ok(rows);
        }
        let slices = match (total, wider) {
            (Some(total), _) => conditions(total, first),
            (None, Some(wider)) => tokio::select! {
                guessed = self.full_page(&wider, filter, page) => match guessed? {
                    Some(rows) => return Ok(rows),
                    None => Vec::new(),
                },
                total = count => conditions(total?, first),
            },
            (None, None) => Vec::new(),
        };
        self.page_from(&slices, filter, page).await
    }

    /// Looks for the page where it is while nobody knows how many records match.
    async fn first_guess(&self, filter: &Expr, page: Page, now: i64) -> Result<Guess, StoreError> {
        let arrivals = self.arrivals().await?;
        let first = arrivals.first.unwrap_or(now);
        let mut guesses = slice::guesses(&page, Span::of(filter), arrivals.rows, first, now).into_iter();
        let rows = match guesses.next() {
            Some(slice) => self.full_page(&slice, filter, page).await?,
            None => None,
        };
        Ok(Guess { rows, wider: guesses.next(), first })
    }

    /// The page from the first of `slices` that holds all of it, or else from everything.
    async fn page_from(&self, slices: &[Expr], filter: &Expr, page: Page) -> Result<Vec<LogRow<'static>>, StoreError> {
        for slice in slices {
            if let Some(rows) = self.full_page(slice, filter, page).await? {
                return Ok(rows);
            }
        }
        self.rows(self.records(filter, page)).await
    }

    /// The page, if all of it lies within `slice`.
    async fn full_page(
        &self,
        slice: &Expr,
        filter: &Expr,
        page: Page,
    ) -> Result<Option<Vec<LogRow<'static>>>, StoreError> {
        let filter = Expr::And(vec![slice.clone(), filter.clone()]);
        // For a part of a word the engine would look through all words of the text index, however narrow the slice is.
        let query = self.records(&filter, page).with_setting("use_text_index_like_evaluation_by_dictionary_scan", "0");
        let rows = self.rows(query).await?;
        Ok((rows.len() as u64 == u64::from(page.size)).then_some(rows))
    }

    fn records(&self, filter: &Expr, page: Page) -> Query {
        let condition = Where::new(filter);
        let after = match (page.after, page.order) {
            (None, _) => "",
            (Some(_), Order::NewestFirst) => {
                " AND timestamp <= fromUnixTimestamp64Micro({after_time:Int64}, 'UTC')
                  AND (timestamp, id) < (fromUnixTimestamp64Micro({after_time:Int64}, 'UTC'), {after_id:UInt64})"
            }
            (Some(_), Order::OldestFirst) => {
                " AND timestamp >= fromUnixTimestamp64Micro({after_time:Int64}, 'UTC')
                  AND (timestamp, id) > (fromUnixTimestamp64Micro({after_time:Int64}, 'UTC'), {after_id:UInt64})"
            }
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM logs WHERE {}{after} ORDER BY {} LIMIT {{size:UInt32}} OFFSET {{offset:UInt64}}",
            condition.sql,
            page.order.sql(),
        );
        let mut query = bind(self.read(&sql), &condition).param("size", page.size).param("offset", page.offset);
        if let Some(after) = page.after {
            query = query.param("after_time", after.timestamp).param("after_id", after.id);
        }
        query
    }

    /// What the store knows of all its records without reading one.
    async fn arrivals(&self) -> Result<Arrivals, StoreError> {
        let sql = "SELECT toUInt64OrZero(min(partition_id)) AS partition, sum(rows) AS rows FROM system.parts
                   WHERE database = currentDatabase() AND table = 'logs' AND active";
        let parts = self.answer(self.read(sql).fetch_one::<Parts>()).await?;
        let day = u32::try_from(parts.partition).ok().and_then(day_of);
        let first = day.map(|day| day.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
        Ok(Arrivals { first, rows: parts.rows })
    }

    /// How many records match `filter`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, filter: &Expr) -> Result<u64, StoreError> {
        let tally = Tally::new(filter, &[]);
        let sql = format!("SELECT n FROM {}", tally.sql);
        Ok(self.answer(tally.bind(self.read(&sql)).fetch_one::<Count>()).await?.n)
    }

    /// The record with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_id(&self, id: u64) -> Result<Option<LogRow<'static>>, StoreError> {
        // In an order, so that the engine finds the record before it opens its other columns.
        let sql = format!("SELECT {COLUMNS} FROM logs WHERE id = {{id:UInt64}} ORDER BY id LIMIT 1");
        Ok(self.rows(self.read(&sql).param("id", id)).await?.pop())
    }

    /// The records of the same host and app that stand before and after `record`, oldest first, without itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn context(
        &self,
        record: &LogRow<'_>,
        before: u32,
        after: u32,
    ) -> Result<(Vec<LogRow<'static>>, Vec<LogRow<'static>>), StoreError> {
        let neighbours = |comparison: &str, order: Order, size: u32| {
            let sql = format!(
                "SELECT {COLUMNS} FROM logs
                 WHERE source = {{source:String}} AND host = {{host:String}} AND app = {{app:String}}
                   AND timestamp {comparison}= fromUnixTimestamp64Micro({{time:Int64}}, 'UTC')
                   AND (timestamp, id) {comparison} (fromUnixTimestamp64Micro({{time:Int64}}, 'UTC'), {{id:UInt64}})
                 ORDER BY {} LIMIT {{size:UInt32}}",
                order.sql(),
            );
            self.rows(
                self.read(&sql)
                    .param("source", &record.source)
                    .param("host", &record.host)
                    .param("app", &record.app)
                    .param("time", record.timestamp)
                    .param("id", record.id)
                    .param("size", size),
            )
        };
        let (mut earlier, later) =
            tokio::try_join!(neighbours("<", Order::NewestFirst, before), neighbours(">", Order::OldestFirst, after))?;
        earlier.reverse();
        Ok((earlier, later))
    }

    /// The records that match `filter` and have an id behind `after`, up to `through`, in order of id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_id_after(
        &self,
        filter: &Expr,
        after: u64,
        through: u64,
        size: u32,
    ) -> Result<Vec<LogRow<'static>>, StoreError> {
        let condition = Where::new(filter);
        let sql = format!(
            "SELECT {COLUMNS} FROM logs WHERE ({}) AND id > {{after:UInt64}} AND id <= {{through:UInt64}} ORDER BY id LIMIT {{size:UInt32}}",
            condition.sql,
        );
        self.rows(bind(self.read(&sql), &condition).param("after", after).param("through", through).param("size", size))
            .await
    }

    /// The greatest id that the daemon with this number has stored; 0 where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn max_id(&self, first: u64, last: u64) -> Result<u64, StoreError> {
        let query = self
            .read("SELECT max(id) AS n FROM logs WHERE id BETWEEN {first:UInt64} AND {last:UInt64}")
            .param("first", first)
            .param("last", last);
        Ok(self.answer(query.fetch_one::<Count>()).await?.n)
    }

    pub(super) async fn rows(&self, query: clickhouse::query::Query) -> Result<Vec<LogRow<'static>>, StoreError> {
        Ok(self.answer(query.fetch_all::<StoredRow>()).await?.into_iter().map(LogRow::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_written() {
        for cursor in [
            Cursor { timestamp: 0, id: 0 },
            Cursor { timestamp: -5, id: 1 },
            Cursor { timestamp: i64::MAX, id: u64::MAX },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        assert_eq!("nonsense".parse::<Cursor>(), Err(()));
    }
}
