//! An expression compiled for records in memory.

use std::net::IpAddr;

use regex::bytes::{Regex, RegexBuilder};

use super::ast::{Cmp, Expr, Term, TextTest};
use super::field::{NumberField, TextField, TimeField};
use super::ip_range::{IpRange, ip_bits};
use super::level_set::LevelSet;
use super::needle::Needle;
use super::number::parse_decimal;
use super::pattern::{Dialect, Shape, Wildcard};
use crate::record::LogRow;

/// A compiled expression. Selects the same records as [`Where`](super::sql::Where) does in the store.
///
/// The one known exception is regular expressions and `?` on bytes that are not UTF-8 and encode
/// surrogates or overlong forms, which RE2 takes for characters.
#[derive(Clone, Debug)]
pub struct Matcher(Node);

#[derive(Clone, Debug)]
enum Node {
    Always(bool),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Text(TextField, Box<Test>),
    Decimal(TextField, Cmp, f64),
    Number(NumberField, Cmp, u64),
    NumberExists(NumberField),
    Time(TimeField, Cmp, i64),
    Ip(IpRange),
    Level(LevelSet),
}

#[derive(Clone, Debug)]
enum Test {
    Never,
    Exists,
    Equals(Vec<u8>),
    EqualsAnyCase(Vec<u8>),
    ContainsAnyCase(Needle),
    Contains(Box<memchr::memmem::Finder<'static>>),
    StartsWith { text: Vec<u8>, fold: bool },
    EndsWith { text: Vec<u8>, fold: bool },
    Regex(Regex),
}

impl Matcher {
    /// Compiles `expr`.
    #[must_use]
    pub fn new(expr: &Expr) -> Self {
        Self(compile(expr))
    }

    /// Whether `row` is selected. Does not allocate, but for searches in messages made to be slow.
    #[must_use]
    pub fn matches(&self, row: &LogRow<'_>) -> bool {
        self.0.matches(row)
    }
}

impl Node {
    fn matches(&self, row: &LogRow<'_>) -> bool {
        match self {
            Self::Always(truth) => *truth,
            Self::Not(inner) => !inner.matches(row),
            Self::All(parts) => parts.iter().all(|part| part.matches(row)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(row)),
            Self::Text(field, test) => test.passes(text_of(row, field)),
            Self::Decimal(field, op, value) => {
                let text = std::str::from_utf8(text_of(row, field)).ok();
                text.and_then(parse_decimal).is_some_and(|number| op.holds(number, *value))
            }
            Self::Number(field, op, value) => number_of(row, *field).is_some_and(|number| op.holds(number, *value)),
            Self::NumberExists(field) => number_of(row, *field).is_some(),
            Self::Time(field, op, micros) => op.holds(time_of(row, *field), *micros),
            Self::Ip(range) => row.ip.is_some_and(|ip: IpAddr| range.contains(ip_bits(ip))),
            Self::Level(set) => set.contains(row.level),
        }
    }
}

impl Test {
    fn passes(&self, text: &[u8]) -> bool {
        match self {
            Self::Never => false,
            Self::Exists => !text.is_empty(),
            Self::Equals(wanted) => text == wanted.as_slice(),
            Self::EqualsAnyCase(wanted) => text.eq_ignore_ascii_case(wanted),
            Self::ContainsAnyCase(needle) => needle.is_in(text),
            Self::Contains(finder) => finder.find(text).is_some(),
            Self::StartsWith { text: wanted, fold } => {
                text.get(..wanted.len()).is_some_and(|start| same(start, wanted, *fold))
            }
            Self::EndsWith { text: wanted, fold } => {
                let start = text.len().checked_sub(wanted.len());
                start.and_then(|start| text.get(start..)).is_some_and(|end| same(end, wanted, *fold))
            }
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

fn same(left: &[u8], right: &[u8], fold: bool) -> bool {
    if fold { left.eq_ignore_ascii_case(right) } else { left == right }
}

fn compile(expr: &Expr) -> Node {
    match expr {
        Expr::All => Node::Always(true),
        Expr::Not(inner) => Node::Not(Box::new(compile(inner))),
        Expr::And(parts) => Node::All(cheapest_first(parts)),
        Expr::Or(parts) => Node::Any(cheapest_first(parts)),
        Expr::Term(term) => compile_term(term),
    }
}

/// The parts in the order in which a decision costs least.
fn cheapest_first(parts: &[Expr]) -> Vec<Node> {
    let mut nodes: Vec<Node> = parts.iter().map(compile).collect();
    nodes.sort_by_key(cost);
    nodes
}

/// The rank of a test by what it costs.
fn cost(node: &Node) -> u8 {
    match node {
        Node::Always(_) | Node::Number(..) | Node::NumberExists(_) | Node::Time(..) | Node::Ip(_) | Node::Level(_) => 0,
        Node::Decimal(..) => 2,
        Node::Not(inner) => cost(inner),
        Node::All(_) | Node::Any(_) => 4,
        Node::Text(_, test) => match **test {
            Test::Never | Test::Exists | Test::Equals(_) | Test::EqualsAnyCase(_) => 1,
            Test::StartsWith { .. } | Test::EndsWith { .. } => 1,
            Test::Contains(_) | Test::ContainsAnyCase(_) => 3,
            Test::Regex(_) => 5,
        },
    }
}

fn compile_term(term: &Term) -> Node {
    match term {
        Term::Text { field, test } => Node::Text(field.clone(), Box::new(compile_test(field, test))),
        Term::Decimal { field, op, value } => Node::Decimal(field.clone(), *op, *value),
        Term::Number { field, op, value } => Node::Number(*field, *op, *value),
        Term::NumberExists(field) => Node::NumberExists(*field),
        Term::Time { field, op, micros } => Node::Time(*field, *op, *micros),
        Term::Ip(range) => Node::Ip(*range),
        Term::Level(set) => Node::Level(*set),
    }
}

fn compile_test(field: &TextField, test: &TextTest) -> Test {
    match test {
        TextTest::Equals(text) if field.ignores_case() => Test::EqualsAnyCase(text.clone().into_bytes()),
        TextTest::Equals(text) => Test::Equals(text.clone().into_bytes()),
        TextTest::Words(text) => Test::ContainsAnyCase(Needle::whole(text)),
        TextTest::Contains(text) => Test::ContainsAnyCase(Needle::part(text)),
        TextTest::Wildcard(pattern) => compile_wildcard(field, pattern),
        TextTest::Regex(regex) => regex.compile().map_or(Test::Never, Test::Regex),
        TextTest::Exists => Test::Exists,
    }
}

fn compile_wildcard(field: &TextField, pattern: &Wildcard) -> Test {
    if field.is_prose() {
        return regex_test(&pattern.to_words_regex(Dialect::Rust));
    }
    let fold = field.ignores_case();
    match pattern.shape() {
        Shape::Prefix(text) => Test::StartsWith { text: text.as_bytes().to_vec(), fold },
        Shape::Suffix(text) => Test::EndsWith { text: text.as_bytes().to_vec(), fold },
        Shape::Infix(text) if fold => Test::ContainsAnyCase(Needle::part(text)),
        Shape::Infix(text) => Test::Contains(Box::new(memchr::memmem::Finder::new(text.as_bytes()).into_owned())),
        Shape::General => regex_test(&pattern.to_whole_regex(Dialect::Rust, fold)),
    }
}

/// The pattern was made here or was compiled once before, from a text of bounded length, so it compiles.
fn regex_test(pattern: &str) -> Test {
    RegexBuilder::new(pattern).dot_matches_new_line(true).build().map_or(Test::Never, Test::Regex)
}

/// The bytes of a field; absent is empty.
pub(crate) fn text_of<'r>(row: &'r LogRow<'_>, field: &TextField) -> &'r [u8] {
    match field {
        TextField::Message => &row.message,
        TextField::Raw => &row.raw,
        TextField::Source => row.source.as_bytes(),
        TextField::Host => row.host.as_bytes(),
        TextField::App => row.app.as_bytes(),
        TextField::ProcId => row.proc_id.as_bytes(),
        TextField::MsgId => row.msg_id.as_bytes(),
        TextField::UserName => row.user_name.as_bytes(),
        TextField::Format => row.format.as_bytes(),
        TextField::ParseError => row.parse_error.as_bytes(),
        TextField::Origin => row.origin.as_bytes(),
        TextField::Attribute(name) => {
            let found = row.attributes.iter().find(|(known, _)| known == name);
            found.map_or(&[], |(_, value)| value.as_bytes())
        }
    }
}

/// The number of a field.
pub(crate) fn number_of(row: &LogRow<'_>, field: NumberField) -> Option<u64> {
    match field {
        NumberField::Id => Some(row.id),
        NumberField::Severity => row.severity.filter(|n| *n != u8::MAX).map(u64::from),
        NumberField::Facility => row.facility.filter(|n| *n != u8::MAX).map(u64::from),
    }
}

/// The time of a field, in microseconds since 1970 (UTC).
pub(crate) const fn time_of(row: &LogRow<'_>, field: TimeField) -> i64 {
    match field {
        TimeField::Timestamp => row.timestamp,
        TimeField::ReceivedAt => row.received_at,
    }
}
