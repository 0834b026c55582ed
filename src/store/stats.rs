//! Counts: over time, by level, by the values of a field, by the shape of the message.

use clickhouse::Row;
use serde::Deserialize;

use super::tally::{Key, MINUTE, SINCE_1900, Tally};
use super::{LogStore, StoreError, bind};
use crate::query::ast::Expr;
use crate::query::sql::Where;

/// The most templates that [`LogStore::patterns`] lists.
pub const PATTERNS_MAX: u32 = 1000;

/// The width of a column of the histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Minute,
    Hour,
    Day,
}

impl Bucket {
    /// Its width in microseconds; all of them begin at multiples of it since 1970 (UTC).
    #[must_use]
    pub fn micros(self) -> i64 {
        match self {
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }
}

/// A field whose values can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FacetField {
    Level,
    Source,
    Host,
    App,
    UserName,
    Ip,
    Format,
    ParseError,
    Origin,
    MsgId,
    Attribute(String),
}

impl FacetField {
    /// The field of this name; attributes are `attributes.NAME`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "level" => Self::Level,
            "source" => Self::Source,
            "host" => Self::Host,
            "app" => Self::App,
            "user_name" | "user" => Self::UserName,
            "ip" => Self::Ip,
            "format" => Self::Format,
            "parse_error" => Self::ParseError,
            "origin" => Self::Origin,
            "msg_id" => Self::MsgId,
            _ => Self::Attribute(name.strip_prefix("attributes.").filter(|rest| !rest.is_empty())?.to_owned()),
        })
    }

    /// Where its value is had from.
    fn value(&self) -> Value {
        Value::OfRecord(match self {
            Self::Level => return Value::Kept(Key::Level),
            Self::Source => return Value::Kept(Key::Source),
            Self::Host => "host",
            Self::App => "app",
            Self::UserName => "user_name",
            Self::Ip => "if(ip = toIPv6('::'), '', replaceOne(toString(ip), '::ffff:', ''))",
            Self::Format => "format",
            Self::ParseError => "parse_error",
            Self::Origin => "origin",
            Self::MsgId => "msg_id",
            // Of a name that occurs twice the first value counts, as everywhere; `attributes[…]` does not promise that.
            Self::Attribute(_) => "mapValues(attributes)[indexOf(mapKeys(attributes), {attribute:String})]",
        })
    }
}

/// Where the values of a field are counted.
enum Value {
    /// With the minutes: the store keeps their counts.
    Kept(Key),
    /// In the records, where this is the value as text, empty where absent.
    OfRecord(&'static str),
}

#[derive(Row, Deserialize)]
struct BucketRow {
    bucket: i64,
    level: String,
    n: u64,
}

#[derive(Row, Deserialize)]
struct ValueRow {
    #[serde(with = "serde_bytes")]
    value: Vec<u8>,
    n: u64,
}

#[derive(Row, Deserialize)]
struct Extent {
    first: i64,
    last: i64,
    n: u64,
}

impl LogStore {
    /// The begins of the minutes of the first and of the last record that match, in microseconds since 1970 (UTC); `None` where none does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extent(&self, filter: &Expr) -> Result<Option<(i64, i64)>, StoreError> {
        let tally = Tally::new(filter, &[Key::Minute]);
        let begin = |minute: &str| format!("{minute}(minute) * {MINUTE} - {SINCE_1900}");
        let sql = format!("SELECT {} AS first, {} AS last, sum(n) AS n FROM {}", begin("min"), begin("max"), tally.sql);
        let extent = self.answer(tally.bind(self.read(&sql)).fetch_one::<Extent>()).await?;
        Ok((extent.n > 0).then_some((extent.first, extent.last)))
    }

    /// Counts by time and, where asked, level; only buckets that are not empty, in order. Times are the buckets' begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_time(
        &self,
        filter: &Expr,
        bucket: Bucket,
        by_level: bool,
    ) -> Result<Vec<(i64, String, u64)>, StoreError> {
        let (keys, level) =
            if by_level { (&[Key::Minute, Key::Level][..], "toString(level)") } else { (&[Key::Minute][..], "''") };
        let tally = Tally::new(filter, keys);
        let sql = format!(
            "SELECT intDiv(minute, {{minutes:Int64}}) * {{minutes:Int64}} * {MINUTE} - {SINCE_1900} AS bucket, {level} AS level, sum(c.n) AS n
             FROM {} AS c GROUP BY bucket, level ORDER BY bucket, level",
            tally.sql,
        );
        let query = tally.bind(self.read(&sql)).param("minutes", bucket.micros() / MINUTE);
        let rows = self.answer(query.fetch_all::<BucketRow>()).await?;
        Ok(rows.into_iter().map(|row| (row.bucket, row.level, row.n)).collect())
    }

    /// The commonest values of `field` with their counts, commonest first; records without one are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn top(&self, filter: &Expr, field: &FacetField, limit: u32) -> Result<Vec<(String, u64)>, StoreError> {
        let value = match field.value() {
            Value::Kept(key) => return self.top_of(filter, key, limit).await,
            Value::OfRecord(value) => value,
        };
        let condition = Where::new(filter);
        let sql = format!(
            "SELECT toString({value}) AS value, count() AS n FROM logs WHERE ({}) AND {value} != ''
             GROUP BY value ORDER BY n DESC, value LIMIT {{limit:UInt32}}",
            condition.sql,
        );
        let mut query = bind(self.read(&sql), &condition).param("limit", limit);
        if let FacetField::Attribute(name) = field {
            query = query.param("attribute", name);
        }
        values(self, query).await
    }

    async fn top_of(&self, filter: &Expr, key: Key, limit: u32) -> Result<Vec<(String, u64)>, StoreError> {
        let tally = Tally::new(filter, &[key]);
        let name = key.name();
        let sql = format!(
            "SELECT toString({name}) AS value, n FROM {} WHERE {name} != '' ORDER BY n DESC, value LIMIT {{limit:UInt32}}",
            tally.sql,
        );
        values(self, tally.bind(self.read(&sql)).param("limit", limit)).await
    }

    /// Messages with their numbers, addresses and ids taken out, by count, commonest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn patterns(&self, filter: &Expr, limit: u32) -> Result<Vec<(String, u64)>, StoreError> {
        let condition = Where::new(filter);
        // Longest shapes first: an id must not be taken apart as numbers.
        let sql = format!(
            r"SELECT replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(substring(message, 1, 512),
                 '[0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}}', '<uuid>'),
                 '\\b[0-9]{{1,3}}\\.[0-9]{{1,3}}\\.[0-9]{{1,3}}\\.[0-9]{{1,3}}\\b', '<ip>'),
                 '\\b(0x[0-9a-fA-F]+|[0-9]+([.:,][0-9]+)*|[0-9a-fA-F]{{16,}})', '<n>') AS value, count() AS n
              FROM logs WHERE {} GROUP BY value ORDER BY n DESC, value LIMIT {{limit:UInt32}}",
            condition.sql,
        );
        values(self, bind(self.read(&sql), &condition).param("limit", limit)).await
    }
}

async fn values(store: &LogStore, query: clickhouse::query::Query) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = store.answer(query.fetch_all::<ValueRow>()).await?;
    Ok(rows.into_iter().map(|row| (String::from_utf8_lossy(&row.value).into_owned(), row.n)).collect())
}
