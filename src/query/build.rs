//! From a field, an operator and a value as written to a condition.

use super::ast::{Cmp, Expr, Term, TextTest};
use super::error::QueryError;
use super::field::{Field, NumberField, TextField, TimeField};
use super::ip_range::IpRange;
use super::level_set::{LevelSet, level_named};
use super::lexer::{Value, WordPart};
use super::number::parse_decimal;
use super::pattern::{Piece, Shape, Wildcard};
use super::regex_text::RegexText;
use super::time::{When, parse_when};

/// What stands between the colon and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// Nothing: the field's usual test.
    Usual,
    /// `=`
    Equal,
    /// `~`
    Contains,
    /// `==`, `<`, `<=`, `>`, `>=`
    Compare(Cmp),
}

/// A value with where it stands in the query text, for errors.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) value: Value,
    pub(super) at: usize,
}

impl Placed {
    fn fault(&self, message: impl Into<String>) -> QueryError {
        QueryError::at(self.at, message)
    }

    /// The text of a word or a quoted value, in which wildcards mean nothing.
    fn plain(&self) -> Result<String, QueryError> {
        match &self.value {
            Value::Quoted(text) => Ok(text.clone()),
            Value::Word(parts) => parts
                .iter()
                .map(|part| match part {
                    WordPart::Char(c) => Ok(*c),
                    WordPart::Star | WordPart::Question => {
                        Err(self.fault("no wildcard can stand here; put the text in quotes to mean * and ? themselves"))
                    }
                })
                .collect(),
            Value::Regex { .. } => {
                Err(self.fault("no regular expression can stand here; put a text that begins with / in quotes"))
            }
        }
    }

    fn is_star(&self) -> bool {
        matches!(&self.value, Value::Word(parts) if parts.iter().all(|part| *part == WordPart::Star))
    }
}

/// The condition that `field` stands so to `value`.
pub(super) fn condition(field: &Field, op: Op, value: &Placed, now: i64) -> Result<Expr, QueryError> {
    match field {
        Field::Text(field) => text(field, op, value),
        Field::Number(field) => number(*field, op, value),
        Field::Time(field) => time(*field, op, value, now),
        Field::Ip => ip(op, value),
        Field::Level => level(op, value),
    }
}

/// A word, phrase or expression without a field: whole words are looked for in the message.
pub(super) fn bare(value: &Placed) -> Result<Expr, QueryError> {
    if value.is_star() {
        return Ok(Expr::All);
    }
    if value.value == Value::Quoted(String::new()) {
        return Err(value.fault("an empty text is in every message; leave it out"));
    }
    text(&TextField::Message, Op::Usual, value)
}

fn text(field: &TextField, op: Op, value: &Placed) -> Result<Expr, QueryError> {
    let test = match op {
        Op::Usual => usual_test(field, value)?,
        Op::Equal => TextTest::Equals(value.plain()?),
        Op::Contains => contains(value.plain()?, value)?,
        Op::Compare(op) => return decimal(field, op, value),
    };
    Ok(Expr::text(field.clone(), test))
}

fn usual_test(field: &TextField, value: &Placed) -> Result<TextTest, QueryError> {
    match &value.value {
        _ if value.is_star() => Ok(TextTest::Exists),
        Value::Regex { source, ignore_case } => {
            RegexText::new(source, *ignore_case).map(TextTest::Regex).map_err(|fault| value.fault(fault))
        }
        Value::Word(parts) if parts.iter().any(|part| !matches!(part, WordPart::Char(_))) => {
            wildcard(field, parts, value)
        }
        Value::Quoted(text) if text.is_empty() => Ok(TextTest::Equals(String::new())),
        Value::Word(_) | Value::Quoted(_) if field.is_prose() => Ok(TextTest::Words(value.plain()?)),
        Value::Word(_) | Value::Quoted(_) => Ok(TextTest::Equals(value.plain()?)),
    }
}

fn contains(text: String, value: &Placed) -> Result<TextTest, QueryError> {
    if text.is_empty() {
        return Err(value.fault("an empty text is in every value; write field:* for \"is there\""));
    }
    Ok(TextTest::Contains(text))
}

fn wildcard(field: &TextField, parts: &[WordPart], value: &Placed) -> Result<TextTest, QueryError> {
    let pieces = parts.iter().map(|part| match part {
        WordPart::Char(c) => Piece::Literal(c.to_string()),
        WordPart::Star => Piece::AnyRun,
        WordPart::Question => Piece::AnyChar,
    });
    let too_long = || value.fault(format!("a pattern has at most {} characters", Wildcard::LENGTH_MAX));
    let pattern = Wildcard::new(pieces).ok_or_else(too_long)?;
    match pattern.shape() {
        Shape::Infix(text) if field.is_prose() => Ok(TextTest::Contains(text.to_owned())),
        _ => Ok(TextTest::Wildcard(pattern)),
    }
}

fn decimal(field: &TextField, op: Cmp, placed: &Placed) -> Result<Expr, QueryError> {
    if !field.may_hold_number() {
        return Err(placed.fault(format!("{} holds text and cannot be compared as a number", field.name())));
    }
    let text = placed.plain()?;
    let value = parse_decimal(&text).ok_or_else(|| placed.fault(format!("\"{text}\" is no number")))?;
    Ok(Expr::Term(Term::Decimal { field: field.clone(), op, value }))
}

fn number(field: NumberField, op: Op, placed: &Placed) -> Result<Expr, QueryError> {
    let name = Field::Number(field).name();
    let op = ordered(op, name, placed)?;
    if placed.is_star() {
        return match (op, field) {
            (Cmp::Eq, NumberField::Id) => Ok(Expr::All),
            (Cmp::Eq, _) => Ok(Expr::Term(Term::NumberExists(field))),
            _ => Err(placed.fault("a number is needed here")),
        };
    }
    let max = match field {
        NumberField::Id => i64::MAX.unsigned_abs(),
        // 255 marks an absent number in the store.
        NumberField::Severity | NumberField::Facility => 254,
    };
    let text = placed.plain()?;
    let all_digits = text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse().ok().filter(|value| all_digits && *value <= max);
    let value = value.ok_or_else(|| placed.fault(format!("{name} is a whole number from 0 to {max}")))?;
    Ok(Expr::Term(Term::Number { field, op, value }))
}

fn time(field: TimeField, op: Op, placed: &Placed, now: i64) -> Result<Expr, QueryError> {
    let op = ordered(op, Field::Time(field).name(), placed)?;
    if placed.is_star() && op == Cmp::Eq {
        return Ok(Expr::All);
    }
    let text = placed.plain()?;
    let when = parse_when(&text, now).ok_or_else(|| {
        placed.fault(format!("\"{text}\" is no time; write 2026-11-20T10:20:30Z, 2026-11-20 or now-1h"))
    })?;
    let term = |op, micros| Expr::Term(Term::Time { field, op, micros });
    Ok(match (when, op) {
        (When::Instant(micros), op) => term(op, micros),
        (When::Day(start, next), Cmp::Eq) => Expr::and([term(Cmp::Ge, start), term(Cmp::Lt, next)]),
        (When::Day(start, _), Cmp::Ge | Cmp::Lt) => term(op, start),
        (When::Day(_, next), Cmp::Gt) => term(Cmp::Ge, next),
        (When::Day(_, next), Cmp::Le) => term(Cmp::Lt, next),
    })
}

fn ip(op: Op, placed: &Placed) -> Result<Expr, QueryError> {
    if placed.is_star() {
        return Ok(Expr::Term(Term::Ip(IpRange::ANY)));
    }
    if !matches!(op, Op::Usual | Op::Equal) {
        return Err(placed.fault("ip takes an address, a block such as 10.0.0.0/8, or a range [a TO b]"));
    }
    if placed.value == Value::Quoted(String::new()) {
        return Ok(Expr::Term(Term::Ip(IpRange::ANY)).negate());
    }
    ip_range(placed).map(|range| Expr::Term(Term::Ip(range)))
}

fn ip_range(placed: &Placed) -> Result<IpRange, QueryError> {
    let message = "ip takes an address or a block such as 10.0.0.0/8";
    let text = placed.plain().map_err(|_| placed.fault(message))?;
    IpRange::parse(&text)
        .ok_or_else(|| placed.fault(format!("\"{text}\" is neither an address nor a block such as 10.0.0.0/8")))
}

/// The addresses between two bounds; an absent bound is open.
pub(super) fn ip_between(low: Option<&Placed>, high: Option<&Placed>, open: (bool, bool)) -> Result<Expr, QueryError> {
    let single = |placed: &Placed| {
        let range = ip_range(placed)?;
        if range.first == range.last {
            Ok(range.first)
        } else {
            Err(placed.fault("a range goes from one address to another"))
        }
    };
    let mut range = IpRange::ANY;
    if let Some(placed) = low {
        range.first = single(placed)?.saturating_add(u128::from(open.0));
    }
    if let Some(placed) = high {
        range.last = single(placed)?.saturating_sub(u128::from(open.1));
        if range.last < range.first {
            return Err(placed.fault("the range is empty"));
        }
    }
    Ok(Expr::Term(Term::Ip(range)))
}

fn level(op: Op, placed: &Placed) -> Result<Expr, QueryError> {
    let op = ordered(op, "level", placed)?;
    if placed.is_star() && op == Cmp::Eq {
        return Ok(Expr::Term(Term::Level(LevelSet::known())));
    }
    let text = placed.plain()?;
    let level = level_named(&text).ok_or_else(|| {
        placed.fault(format!("unknown level \"{text}\": use TRACE, DEBUG, INFO, WARN, ERROR, FATAL or UNKNOWN"))
    })?;
    Ok(Expr::Term(Term::Level(LevelSet::compared(op, level))))
}

/// The comparison that an operator means for a field that has an order.
fn ordered(op: Op, name: &str, placed: &Placed) -> Result<Cmp, QueryError> {
    match op {
        Op::Usual | Op::Equal => Ok(Cmp::Eq),
        Op::Compare(op) => Ok(op),
        Op::Contains => Err(placed.fault(format!("~ asks for a part of a text, which {name} is not"))),
    }
}
