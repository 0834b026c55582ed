//! An expression as a ClickHouse condition on the table `logs`.
//!
//! Whatever a person wrote goes into bound parameters; the text of the condition is made of fixed
//! pieces only. It holds no question mark, which the ClickHouse client would take for a placeholder.
//!
//! Whole words are found in the text index on `lower(message)` by `hasAllTokens`, without reading messages.
//! Where a test needs the messages, the words that follow from it are set beside it, so that only
//! records that hold them are read. A LIKE is not set beside it: the engine answers that from the index,
//! too, by a search of its whole dictionary, which costs more than it spares unless the text is rare.

use std::fmt::Write;
use std::net::Ipv6Addr;

use serde::{Serialize, Serializer};

use super::ast::{Expr, Term, TextTest};
use super::field::{NumberField, TextField, TimeField};
use super::ip_range::IpRange;
use super::level_set::LevelSet;
use super::number::DECIMAL_PATTERN;
use super::pattern::{Dialect, Shape, Wildcard, push_escaped};
use super::regex_text::RegexText;
use super::words::{WORD_BEGIN, WORD_END, begins_with_word, ends_with_word, is_one_word, is_word_byte, whole_words};

/// A condition with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Where {
    /// A condition that can stand behind `WHERE` or as one operand of `AND`.
    pub sql: String,
    /// Names (`q0`, `q1`, …) with the values to bind to them, in order.
    pub params: Vec<(String, Param)>,
    /// Whether it reads what is long in a record: messages, originals, attributes.
    reads_texts: bool,
    /// Whether the index of words tells which records it needs to look at.
    asks_words: bool,
}

/// A value to bind. Serializes as its inner value, as the ClickHouse client's `param` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param {
    /// For `String` and `IPv6`.
    Text(String),
    /// For `UInt64`.
    Unsigned(u64),
    /// For `Int64`.
    Signed(i64),
}

impl Param {
    /// The value in the escaped form in which ClickHouse reads `param_<name>`.
    #[must_use]
    pub fn to_wire(&self) -> String {
        match self {
            Self::Text(text) => text
                .replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r")
                .replace('\0', "\\0"),
            Self::Unsigned(number) => number.to_string(),
            Self::Signed(number) => number.to_string(),
        }
    }
}

impl Serialize for Param {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Signed(number) => serializer.serialize_i64(*number),
        }
    }
}

impl Where {
    /// The condition that selects what `expr` selects.
    #[must_use]
    pub fn new(expr: &Expr) -> Self {
        let mut writer = Self { sql: String::new(), params: Vec::new(), reads_texts: false, asks_words: false };
        writer.expr(expr);
        writer
    }

    /// Whether the store knows soon how many records it selects: not if it must unpack the texts of all of them.
    #[must_use]
    pub const fn is_counted_soon(&self) -> bool {
        self.asks_words || !self.reads_texts
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::All => self.push("1"),
            Expr::Not(inner) => {
                self.push("(NOT ");
                self.expr(inner);
                self.push(")");
            }
            Expr::And(parts) => self.joined(parts, " AND ", "1"),
            Expr::Or(parts) => self.joined(parts, " OR ", "0"),
            Expr::Term(term) => {
                let condition = self.term(term);
                self.push(&condition);
            }
        }
    }

    fn joined(&mut self, parts: &[Expr], between: &str, of_none: &str) {
        if parts.is_empty() {
            return self.push(of_none);
        }
        self.push("(");
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            self.expr(part);
        }
        self.push(")");
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Binds a value and returns its placeholder.
    fn bind(&mut self, value: Param, sql_type: &str) -> String {
        let name = format!("q{}", self.params.len());
        let placeholder = format!("{{{name}:{sql_type}}}");
        self.params.push((name, value));
        placeholder
    }

    fn bind_text(&mut self, text: impl Into<String>) -> String {
        self.bind(Param::Text(text.into()), "String")
    }

    fn bind_number(&mut self, number: u64) -> String {
        self.bind(Param::Unsigned(number), "UInt64")
    }

    fn term(&mut self, term: &Term) -> String {
        match term {
            Term::Text { field, test } => {
                let column = self.column(field);
                self.text(field, &column, test)
            }
            Term::Decimal { field, op, value } => {
                let column = self.column(field);
                // Bound by its bits: how decimal digits are rounded must not matter.
                let value = self.bind_number(value.to_bits());
                let number = format!("toFloat64OrNull({column})");
                format!(
                    "ifNull(match({column}, '{DECIMAL_PATTERN}') AND isFinite({number}) AND {number} {} reinterpretAsFloat64({value}), 0)",
                    op.sign()
                )
            }
            Term::Number { field, op, value } => {
                let column = number_column(*field);
                let value = self.bind_number(*value);
                let condition = format!("{column} {} {value}", op.sign());
                if *field == NumberField::Id { condition } else { format!("({condition} AND {column} != 255)") }
            }
            Term::NumberExists(NumberField::Id) => "1".to_owned(),
            Term::NumberExists(field) => format!("{} != 255", number_column(*field)),
            Term::Time { field, op, micros } => {
                let value = self.bind(Param::Signed(*micros), "Int64");
                format!("{} {} fromUnixTimestamp64Micro({value}, 'UTC')", time_column(*field), op.sign())
            }
            Term::Ip(range) => self.ip(*range),
            Term::Level(set) => levels(*set),
        }
    }

    fn column(&mut self, field: &TextField) -> String {
        self.reads_texts |= matches!(field, TextField::Message | TextField::Raw | TextField::Attribute(_));
        let name = match field {
            TextField::Message => "message",
            TextField::Raw => "raw",
            TextField::Source => "source",
            TextField::Host => "host",
            TextField::App => "app",
            TextField::ProcId => "proc_id",
            TextField::MsgId => "msg_id",
            TextField::UserName => "user_name",
            TextField::Format => "format",
            TextField::ParseError => "parse_error",
            TextField::Origin => "origin",
            TextField::Attribute(name) => {
                let name = self.bind_text(name);
                // Not attributes[name]: of a name that occurs twice the engine finds now the one, now the
                // other, and in some plans it does not find the empty name. Found nowhere gives ''.
                return format!("mapValues(attributes)[indexOf(mapKeys(attributes), {name})]");
            }
        };
        name.to_owned()
    }

    fn text(&mut self, field: &TextField, column: &str, test: &TextTest) -> String {
        match test {
            TextTest::Equals(text) if field.ignores_case() => {
                format!("lower({column}) = {}", self.bind_text(text.to_ascii_lowercase()))
            }
            TextTest::Equals(text) => format!("{column} = {}", self.bind_text(text)),
            TextTest::Words(text) => self.words(field, column, text),
            TextTest::Contains(text) => self.contains(column, text),
            TextTest::Wildcard(pattern) if field.is_prose() => self.part_like(field, column, pattern),
            TextTest::Wildcard(pattern) => self.whole_like(column, pattern, field.ignores_case()),
            TextTest::Regex(regex) => self.regex(field, column, regex),
            TextTest::Exists => format!("{column} != ''"),
        }
    }

    fn contains(&mut self, column: &str, text: &str) -> String {
        let pattern = self.bind_text(like_around(&text.to_ascii_lowercase()));
        format!("lower({column}) LIKE {pattern}")
    }

    /// The value contains `text`, which does not begin or end inside of a word.
    fn words(&mut self, field: &TextField, column: &str, text: &str) -> String {
        if !text.bytes().any(is_word_byte) {
            return self.contains(column, text);
        }
        let weaker = self.index_words(field, column, &whole_words(text, (true, true)));
        if let (Some(exact), true) = (&weaker, is_one_word(text)) {
            return exact.clone();
        }
        let begin = if begins_with_word(text) { WORD_BEGIN } else { "" };
        let end = if ends_with_word(text) { WORD_END } else { "" };
        let mut regex = begin.to_owned();
        text.to_ascii_lowercase().chars().for_each(|c| push_escaped(&mut regex, c));
        regex.push_str(end);
        both(weaker, format!("match(lower({column}), {})", self.bind_text(regex)))
    }

    /// Has the index find the records that hold all of `words`. Only messages have one.
    fn index_words(&mut self, field: &TextField, column: &str, words: &[String]) -> Option<String> {
        if *field != TextField::Message || words.is_empty() {
            return None;
        }
        self.asks_words = true;
        Some(format!("hasAllTokens(lower({column}), {})", self.bind_text(words.join(" "))))
    }

    /// A part of the value has the shape of `pattern`, whatever the case.
    fn part_like(&mut self, field: &TextField, column: &str, pattern: &Wildcard) -> String {
        let weaker = self.index_words(field, column, &pattern.words());
        let regex = self.bind_text(pattern.to_words_regex(Dialect::Re2));
        both(weaker, format!("match(lower({column}), {regex})"))
    }

    /// The whole value has the shape of `pattern`.
    fn whole_like(&mut self, column: &str, pattern: &Wildcard, fold: bool) -> String {
        let column = if fold { format!("lower({column})") } else { column.to_owned() };
        let folded = |text: &str| {
            if fold { text.to_ascii_lowercase() } else { text.to_owned() }
        };
        match pattern.shape() {
            Shape::Prefix(text) => {
                format!("startsWith({column}, {})", self.bind_text(folded(text)))
            }
            Shape::Suffix(text) => format!("endsWith({column}, {})", self.bind_text(folded(text))),
            Shape::Infix(text) => format!("{column} LIKE {}", self.bind_text(like_around(&folded(text)))),
            Shape::General => {
                let regex = self.bind_text(pattern.to_whole_regex(Dialect::Re2, fold));
                let exact = format!("match({column}, {regex})");
                match pattern.prefix() {
                    Some(text) => format!("(startsWith({column}, {}) AND {exact})", self.bind_text(folded(text))),
                    None => exact,
                }
            }
        }
    }

    fn regex(&mut self, field: &TextField, column: &str, regex: &RegexText) -> String {
        let words = regex.required().map(|text| whole_words(text, (false, false))).unwrap_or_default();
        let weaker = self.index_words(field, column, &words);
        both(weaker, format!("match({column}, {})", self.bind_text(regex.for_store())))
    }

    fn ip(&mut self, range: IpRange) -> String {
        // `::` marks an absent address.
        let first = range.first.max(1);
        if range.last < first {
            return "0".to_owned();
        }
        let low = self.bind(Param::Text(Ipv6Addr::from_bits(first).to_string()), "IPv6");
        if range.last == first {
            return format!("ip = {low}");
        }
        let high = self.bind(Param::Text(Ipv6Addr::from_bits(range.last).to_string()), "IPv6");
        format!("(ip >= {low} AND ip <= {high})")
    }
}

const fn number_column(field: NumberField) -> &'static str {
    match field {
        NumberField::Id => "id",
        NumberField::Severity => "severity",
        NumberField::Facility => "facility",
    }
}

const fn time_column(field: TimeField) -> &'static str {
    match field {
        TimeField::Timestamp => "timestamp",
        TimeField::ReceivedAt => "received_at",
    }
}

fn levels(set: LevelSet) -> String {
    if set.is_empty() {
        return "0".to_owned();
    }
    let mut sql = "level IN (".to_owned();
    for (at, level) in set.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(sql, "{comma}'{}'", level.as_str()).expect("writing to a String cannot fail");
    }
    sql.push(')');
    sql
}

/// `exact`, behind a weaker condition that follows from it, where there is one.
fn both(weaker: Option<String>, exact: String) -> String {
    match weaker {
        Some(weaker) => format!("({weaker} AND {exact})"),
        None => exact,
    }
}

/// The LIKE pattern for "contains `text`".
fn like_around(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse;

    #[test]
    fn what_must_unpack_the_texts_of_all_records_is_not_counted_soon() {
        for (query, is_soon) in [
            ("timeout", true),
            ("level:ERROR host:web1", true),
            ("ip:192.0.2.7", true),
            ("user_name:bob", true),
            ("timeout attributes.path:/a", true),
            ("message:*imeou*", false),
            ("attributes.path:/a", false),
            ("raw:*x*", false),
            ("level:ERROR message:*imeou*", false),
        ] {
            assert_eq!(Where::new(&parse(query, 0).unwrap()).is_counted_soon(), is_soon, "{query}");
        }
    }
}
