//! Wildcard patterns: `*` stands for any bytes, `?` for one character.

use super::words::{WORD_BEGIN, WORD_END, begins_with_word, ends_with_word, most_telling, whole_words};

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This text. Never empty.
    Literal(String),
    /// One character (a Unicode scalar value in valid UTF-8).
    AnyChar,
    /// Any bytes, or none.
    AnyRun,
}

/// A wildcard pattern in its shortest form: no two texts and no two runs stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard(Vec<Piece>);

/// The simple forms that need no pattern engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// `text*`
    Prefix(&'a str),
    /// `*text`
    Suffix(&'a str),
    /// `*text*`
    Infix(&'a str),
    /// Anything else.
    General,
}

/// Whose pattern syntax to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RE2, as ClickHouse's `match` runs it.
    Re2,
    /// The regex crate's `bytes::Regex` with Unicode on.
    Rust,
}

impl Wildcard {
    /// The most characters that a pattern may have.
    pub const LENGTH_MAX: usize = 256;

    /// Brings `pieces` into the shortest form. `None` if the pattern is too long.
    #[must_use]
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Option<Self> {
        let mut short: Vec<Piece> = Vec::new();
        let mut length = 0_usize;
        for piece in pieces {
            length += if let Piece::Literal(text) = &piece { text.chars().count() } else { 1 };
            match (short.last_mut(), piece) {
                (Some(Piece::Literal(before)), Piece::Literal(text)) => before.push_str(&text),
                (Some(Piece::AnyRun), Piece::AnyRun) => {}
                (_, Piece::Literal(text)) if text.is_empty() => {}
                (_, piece) => short.push(piece),
            }
        }
        (length <= Self::LENGTH_MAX).then_some(Self(short))
    }

    /// The parts.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub(super) fn shape(&self) -> Shape<'_> {
        match self.0.as_slice() {
            [Piece::Literal(text), Piece::AnyRun] => Shape::Prefix(text),
            [Piece::AnyRun, Piece::Literal(text)] => Shape::Suffix(text),
            [Piece::AnyRun, Piece::Literal(text), Piece::AnyRun] => Shape::Infix(text),
            _ => Shape::General,
        }
    }

    /// The text that the pattern begins with.
    pub(super) fn prefix(&self) -> Option<&str> {
        match self.0.first() {
            Some(Piece::Literal(text)) => Some(text),
            _ => None,
        }
    }

    /// The words that every part of running text with this shape holds whole; see [`whole_words`].
    pub(super) fn words(&self) -> Vec<String> {
        let last = self.0.len().saturating_sub(1);
        let mut words = Vec::new();
        for (at, piece) in self.0.iter().enumerate() {
            if let Piece::Literal(text) = piece {
                words.extend(whole_words(text, (at == 0, at == last)));
            }
        }
        most_telling(words)
    }

    /// As a regular expression for the whole value. `fold` ignores case: in RE2 by lower-casing the
    /// pattern (the value is to be lower-cased too), else by letter pairs.
    pub(super) fn to_whole_regex(&self, dialect: Dialect, fold: bool) -> String {
        format!("^{}$", regex_of(&self.0, dialect, fold))
    }

    /// As a regular expression for a part of running text, whatever the case; RE2 needs the value in
    /// lower case. The part does not begin or end inside of a word, except at a run. A `?` at an end of
    /// the pattern counts as a word's character.
    pub(super) fn to_words_regex(&self, dialect: Dialect) -> String {
        let begin = match self.0.first() {
            Some(Piece::Literal(text)) => begins_with_word(text),
            Some(Piece::AnyChar) => true,
            Some(Piece::AnyRun) | None => false,
        };
        let end = match self.0.last() {
            Some(Piece::Literal(text)) => ends_with_word(text),
            Some(Piece::AnyChar) => true,
            Some(Piece::AnyRun) | None => false,
        };
        let (begin, end) = (if begin { WORD_BEGIN } else { "" }, if end { WORD_END } else { "" });
        // Runs at the ends say nothing where only a part need match.
        let pieces = self.0.strip_prefix(&[Piece::AnyRun]).unwrap_or(&self.0);
        let pieces = pieces.strip_suffix(&[Piece::AnyRun]).unwrap_or(pieces);
        format!("{begin}{}{end}", regex_of(pieces, dialect, true))
    }
}

fn regex_of(pieces: &[Piece], dialect: Dialect, fold: bool) -> String {
    let mut out = String::new();
    for piece in pieces {
        match (piece, dialect) {
            (Piece::Literal(text), _) => push_literal(&mut out, text, dialect, fold),
            (Piece::AnyChar, _) => out.push('.'),
            (Piece::AnyRun, Dialect::Re2) => out.push_str(r"\C*"),
            (Piece::AnyRun, Dialect::Rust) => out.push_str("(?s-u:.)*"),
        }
    }
    out
}

fn push_literal(out: &mut String, text: &str, dialect: Dialect, fold: bool) {
    for c in text.chars() {
        if fold && dialect == Dialect::Rust && c.is_ascii_alphabetic() {
            out.push('[');
            out.push(c.to_ascii_lowercase());
            out.push(c.to_ascii_uppercase());
            out.push(']');
        } else {
            push_escaped(out, if fold { c.to_ascii_lowercase() } else { c });
        }
    }
}

/// Writes `c` so that both dialects take it for itself.
pub(super) fn push_escaped(out: &mut String, c: char) {
    if r"\.+*?()|[]{}^$".contains(c) {
        out.push('\\');
    }
    out.push(c);
}
