//! What a query says, once it is understood: no names to look up and no relative times are left.

use super::field::{NumberField, TextField, TimeField};
use super::ip_range::IpRange;
use super::level_set::LevelSet;
use super::pattern::Wildcard;
use super::regex_text::RegexText;

/// A condition on one record.
///
/// Build conjunctions and disjunctions with [`Expr::and`] and [`Expr::or`]: they keep the shape that
/// the parser makes, so that what [`Display`](std::fmt::Display) writes is parsed as an equal expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Every record.
    All,
    /// Records that the inner condition does not select. There is no third truth value.
    Not(Box<Expr>),
    /// Records that all parts select.
    And(Vec<Expr>),
    /// Records that at least one part selects.
    Or(Vec<Expr>),
    /// A test of one field.
    Term(Term),
}

/// A test of one field. An absent value passes no test but [`TextTest::Equals`] with the empty text
/// and patterns that match the empty text.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A text field.
    Text {
        /// Which one.
        field: TextField,
        /// What is asked of it.
        test: TextTest,
    },
    /// A text field read as a decimal number; text that is no finite number does not pass.
    Decimal {
        /// Which field.
        field: TextField,
        /// How its number must stand to `value`.
        op: Cmp,
        /// A finite number.
        value: f64,
    },
    /// A number field.
    Number {
        /// Which one.
        field: NumberField,
        /// How it must stand to `value`.
        op: Cmp,
        /// The number to compare with.
        value: u64,
    },
    /// A number field is there at all.
    NumberExists(NumberField),
    /// A time field.
    Time {
        /// Which one.
        field: TimeField,
        /// How it must stand to `micros`.
        op: Cmp,
        /// Microseconds since 1970 (UTC), between the years 1 and 9999.
        micros: i64,
    },
    /// The address lies in a range.
    Ip(IpRange),
    /// The level is one of a set.
    Level(LevelSet),
}

/// What is asked of a text field.
///
/// "Case" means the case of ASCII letters everywhere: other letters must be equal.
#[derive(Clone, Debug, PartialEq)]
pub enum TextTest {
    /// Equal; see [`TextField::ignores_case`]. Absent text equals the empty text.
    Equals(String),
    /// Contains the text, whatever the case, but not so that it begins or ends inside of a word.
    /// Only for [`TextField::is_prose`]. Never empty.
    Words(String),
    /// Contains the text anywhere, whatever the case. Never empty.
    Contains(String),
    /// Has the shape of a pattern: the whole value, or for [`TextField::is_prose`] a part of it that does
    /// not begin or end inside of a word, except where the pattern begins or ends with a run.
    Wildcard(Wildcard),
    /// A part of it matches a regular expression.
    Regex(RegexText),
    /// Is there and not empty.
    Exists,
}

/// How a value stands to the one in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Equal.
    Eq,
    /// Greater or equal.
    Ge,
    /// Greater.
    Gt,
}

impl Cmp {
    /// The sign, which is the same in SQL and in the query language.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Eq => "=",
            Self::Ge => ">=",
            Self::Gt => ">",
        }
    }

    /// Whether `left` stands so to `right`.
    #[must_use]
    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Lt => left < right,
            Self::Le => left <= right,
            Self::Eq => left == right,
            Self::Ge => left >= right,
            Self::Gt => left > right,
        }
    }
}

impl Expr {
    /// All of `parts`: a conjunction within is opened up, [`Expr::All`] falls away, one part stands alone.
    #[must_use]
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All => {}
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Self::And(flat) } else { flat.pop().unwrap_or(Self::All) }
    }

    /// Any of `parts`: a disjunction within is opened up, one part stands alone; of no parts, nothing.
    #[must_use]
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Self::Or(flat) } else { flat.pop().unwrap_or_else(|| Self::All.negate()) }
    }

    /// The records that this does not select.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub(super) fn text(field: TextField, test: TextTest) -> Self {
        Self::Term(Term::Text { field, test })
    }
}
