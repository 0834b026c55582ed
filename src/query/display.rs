//! Writing an expression so that it is parsed as an equal one.

use std::fmt::{self, Write};

use super::ast::{Cmp, Expr, Term, TextTest};
use super::field::{Field, TextField};
use super::ip_range::IpRange;
use super::level_set::LevelSet;
use super::pattern::{Piece, Wildcard};
use super::time::show_instant;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_char('*'),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                operand(f, inner)
            }
            Self::And(parts) => joined(f, parts, " "),
            Self::Or(parts) => joined(f, parts, " OR "),
            Self::Term(term) => write!(f, "{term}"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        operand(f, part)?;
    }
    Ok(())
}

fn operand(f: &mut fmt::Formatter<'_>, expr: &Expr) -> fmt::Result {
    match expr {
        Expr::And(_) | Expr::Or(_) => write!(f, "({expr})"),
        Expr::All | Expr::Not(_) | Expr::Term(_) => write!(f, "{expr}"),
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { field, test } => text_term(f, field, test),
            Self::Decimal { field, op, value } => {
                field_name(f, field)?;
                write!(f, ":{}", op_sign(*op))?;
                // Without an exponent the largest numbers would have hundreds of digits.
                let short = *value == 0.0 || (1e-6..1e15).contains(&value.abs());
                if short { write!(f, "{value}") } else { write!(f, "{value:e}") }
            }
            Self::Number { field, op, value } => {
                write!(f, "{}:{}{value}", Field::Number(*field).name(), op.sign())
            }
            Self::NumberExists(field) => write!(f, "{}:*", Field::Number(*field).name()),
            Self::Time { field, op, micros } => {
                write!(f, "{}:{}{}", Field::Time(*field).name(), op.sign(), show_instant(*micros))
            }
            Self::Ip(range) => ip_term(f, *range),
            Self::Level(set) => level_term(f, *set),
        }
    }
}

/// For numbers in text, equality is `==`: a single sign means equal text.
const fn op_sign(op: Cmp) -> &'static str {
    match op {
        Cmp::Eq => "==",
        other => other.sign(),
    }
}

fn text_term(f: &mut fmt::Formatter<'_>, field: &TextField, test: &TextTest) -> fmt::Result {
    if let (TextField::Message, TextTest::Words(text)) = (field, test) {
        return quoted(f, text);
    }
    field_name(f, field)?;
    match test {
        TextTest::Equals(text) => {
            f.write_str(if field.is_prose() { ":=" } else { ":" })?;
            quoted(f, text)
        }
        TextTest::Words(text) => {
            f.write_char(':')?;
            quoted(f, text)
        }
        TextTest::Contains(text) => {
            f.write_str(":~")?;
            quoted(f, text)
        }
        TextTest::Wildcard(pattern) => {
            f.write_char(':')?;
            wildcard(f, pattern)
        }
        TextTest::Regex(regex) => {
            let flag = if regex.ignores_case() { "i" } else { "" };
            write!(f, ":/{}/{flag}", regex.source())
        }
        TextTest::Exists => f.write_str(":*"),
    }
}

fn field_name(f: &mut fmt::Formatter<'_>, field: &TextField) -> fmt::Result {
    f.write_str(field.name())?;
    let TextField::Attribute(name) = field else {
        return Ok(());
    };
    f.write_char('.')?;
    let plain = !name.is_empty() && name.chars().all(super::lexer::is_name_char);
    if plain { f.write_str(name) } else { quoted(f, name) }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if c == '"' || c == '\\' {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

fn wildcard(f: &mut fmt::Formatter<'_>, pattern: &Wildcard) -> fmt::Result {
    for piece in pattern.pieces() {
        match piece {
            Piece::AnyChar => f.write_char('?')?,
            Piece::AnyRun => f.write_char('*')?,
            Piece::Literal(text) => {
                for c in text.chars() {
                    if super::lexer::is_escapable(c) {
                        f.write_char('\\')?;
                    }
                    f.write_char(c)?;
                }
            }
        }
    }
    Ok(())
}

fn ip_term(f: &mut fmt::Formatter<'_>, range: IpRange) -> fmt::Result {
    write!(f, "ip:{range}")
}

fn level_term(f: &mut fmt::Formatter<'_>, set: LevelSet) -> fmt::Result {
    if set.is_empty() {
        // No level stands above UNKNOWN: a test that nothing passes.
        return f.write_str("level:>UNKNOWN");
    }
    f.write_str("level:")?;
    for (at, level) in set.iter().enumerate() {
        write!(f, "{}{level}", if at > 0 { "," } else { "" })?;
    }
    Ok(())
}
