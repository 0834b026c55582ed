//! The filter that the log routes share: their parameters, put together to one expression.

use serde::Deserialize;

use super::ast::{Cmp, Expr, Term, TextTest};
use super::field::{TextField, TimeField};
use super::ip_range::IpRange;
use super::level_set::{LevelSet, level_named};
use super::parse::{LENGTH_MAX, TERMS_MAX, parse};
use super::time::parse_instant;

/// The parameters as they were sent. An empty one counts as not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterText {
    /// From when on; see [`parse_instant`] for the forms.
    pub start_time: Option<String>,
    /// Until before when.
    pub end_time: Option<String>,
    /// Levels, separated by commas.
    pub levels: Option<String>,
    /// Sources, separated by commas.
    pub source: Option<String>,
    /// Addresses or CIDR blocks, separated by commas.
    pub ip: Option<String>,
    /// A part of the message, whatever the case; taken literally, commas too.
    pub keyword: Option<String>,
    /// Users, separated by commas.
    pub user_name: Option<String>,
    /// Hosts, separated by commas.
    pub host: Option<String>,
    /// Programs, separated by commas.
    pub app: Option<String>,
    /// A query in the query language.
    pub q: Option<String>,
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct FieldError {
    /// The parameter's name.
    pub field: &'static str,
    /// What is wrong, as a sentence for a person.
    pub detail: String,
}

/// A filter. A record must meet every part that is set; of several values in one part any one will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Records with a timestamp not before this, in microseconds since 1970 (UTC).
    pub start_time: Option<i64>,
    /// Records with a timestamp before this (itself excluded), in microseconds since 1970 (UTC).
    pub end_time: Option<i64>,
    /// One of these levels; empty for any.
    pub levels: LevelSet,
    /// One of these sources; empty for any.
    pub source: Vec<String>,
    /// An address in one of these ranges; empty for any.
    pub ip: Vec<IpRange>,
    /// A part of the message.
    pub keyword: Option<String>,
    /// One of these users; empty for any.
    pub user_name: Vec<String>,
    /// One of these hosts; empty for any.
    pub host: Vec<String>,
    /// One of these programs; empty for any.
    pub app: Vec<String>,
    /// What the query selects.
    pub q: Expr,
}

impl Filter {
    /// Reads the parameters. Relative times are taken from `now`, in microseconds since 1970 (UTC).
    /// All parameters that are wrong are reported together.
    pub fn parse(text: &FilterText, now: i64) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader { now, errors: Vec::new() };
        let filter = Self {
            start_time: reader.time("start_time", &text.start_time),
            end_time: reader.time("end_time", &text.end_time),
            levels: reader.list("levels", &text.levels, read_level).into_iter().collect(),
            source: reader.list("source", &text.source, read_text),
            ip: reader.list("ip", &text.ip, read_ip),
            keyword: reader.keyword(&text.keyword),
            user_name: reader.list("user_name", &text.user_name, read_text),
            host: reader.list("host", &text.host, read_text),
            app: reader.list("app", &text.app, read_text),
            q: reader.query(&text.q),
        };
        if let (Some(start), Some(end)) = (filter.start_time, filter.end_time)
            && end < start
        {
            reader.fault("end_time", "end_time must not be before start_time");
        }
        if reader.errors.is_empty() { Ok(filter) } else { Err(reader.errors) }
    }

    /// The filter as one expression.
    #[must_use]
    pub fn to_expr(&self) -> Expr {
        let time = |op, micros| Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros });
        let ranges = self.ip.iter().map(|range| Expr::Term(Term::Ip(*range)));
        let mut parts = Vec::new();
        parts.extend(self.start_time.map(|micros| time(Cmp::Ge, micros)));
        parts.extend(self.end_time.map(|micros| time(Cmp::Lt, micros)));
        if !self.levels.is_empty() {
            parts.push(Expr::Term(Term::Level(self.levels)));
        }
        parts.extend(any_equal(&TextField::Source, &self.source));
        parts.extend((!self.ip.is_empty()).then(|| Expr::or(ranges)));
        parts.extend(any_equal(&TextField::UserName, &self.user_name));
        parts.extend(any_equal(&TextField::Host, &self.host));
        parts.extend(any_equal(&TextField::App, &self.app));
        let keyword = self.keyword.as_ref().filter(|text| !text.is_empty());
        parts.extend(keyword.map(|text| Expr::text(TextField::Message, TextTest::Contains(text.clone()))));
        parts.push(self.q.clone());
        Expr::and(parts)
    }
}

/// The records that are about this user and no other: what a person of the lowest role may see.
/// The name is told apart by case; the empty name has no records.
#[must_use]
pub fn only_user(name: &str) -> Expr {
    if name.is_empty() {
        return Expr::All.negate();
    }
    Expr::text(TextField::UserName, TextTest::Equals(name.to_owned()))
}

fn any_equal(field: &TextField, values: &[String]) -> Option<Expr> {
    let equal = |value: &String| Expr::text(field.clone(), TextTest::Equals(value.clone()));
    (!values.is_empty()).then(|| Expr::or(values.iter().map(equal)))
}

struct Reader {
    now: i64,
    errors: Vec<FieldError>,
}

impl Reader {
    fn fault(&mut self, field: &'static str, detail: impl Into<String>) {
        self.errors.push(FieldError { field, detail: detail.into() });
    }

    fn time(&mut self, field: &'static str, text: &Option<String>) -> Option<i64> {
        let text = sent(text)?;
        let time = parse_instant(text, self.now);
        if time.is_none() {
            self.fault(field, format!("{field} must be a time such as 2026-11-20T10:20:30Z, 2026-11-20 or now-1h"));
        }
        time
    }

    fn list<T>(
        &mut self,
        field: &'static str,
        text: &Option<String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(text) = sent(text) else {
            return Vec::new();
        };
        if text.len() > LENGTH_MAX || text.split(',').count() > TERMS_MAX {
            self.fault(field, format!("{field} has at most {TERMS_MAX} values and {LENGTH_MAX} bytes"));
            return Vec::new();
        }
        let mut values = Vec::new();
        for part in text.split(',').map(str::trim) {
            match read(part) {
                Ok(value) => values.push(value),
                Err(detail) => self.fault(field, format!("{field}: {detail}")),
            }
        }
        values
    }

    fn keyword(&mut self, text: &Option<String>) -> Option<String> {
        let text = text.as_deref().filter(|text| !text.is_empty())?;
        if text.len() > LENGTH_MAX {
            self.fault("keyword", format!("keyword has at most {LENGTH_MAX} bytes"));
        }
        Some(text.to_owned())
    }

    fn query(&mut self, text: &Option<String>) -> Expr {
        let Some(text) = text else { return Expr::All };
        parse(text, self.now).unwrap_or_else(|error| {
            self.fault("q", error.to_string());
            Expr::All
        })
    }
}

/// The value of a parameter. An empty one counts as not sent; blanks alone do not, for they would select everything.
fn sent(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty()).map(str::trim)
}

fn read_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("a value is empty".to_owned()) } else { Ok(text.to_owned()) }
}

fn read_level(text: &str) -> Result<logseal_parsers::Level, String> {
    level_named(text)
        .ok_or_else(|| format!("unknown level \"{text}\": use TRACE, DEBUG, INFO, WARN, ERROR, FATAL or UNKNOWN"))
}

fn read_ip(text: &str) -> Result<IpRange, String> {
    IpRange::parse(text).ok_or_else(|| format!("\"{text}\" is neither an address nor a block such as 10.0.0.0/8"))
}
