//! Files whose lines are rows under a header: W3C extended, Zeek's, CSV and TSV, and the flow logs of Amazon's networks.
//!
//! The names of the columns are in the header, so a line alone does not say what it holds. [`Table`] is the header that is
//! in force, and reads the rows under it. Cells fill the record's fields by the names of their columns; all others become
//! attributes under these names. The message is the column that is one, else the whole line.
//!
//! Rows of servers whose columns are known are read without it ([`headless`]).
//!
//! A line of the header (a directive) is a record too, with the attribute `directive`: nothing of a file is lost.

pub(crate) mod delimited;
pub(crate) mod flow;
pub(crate) mod headless;
mod row;
pub(crate) mod w3c;
pub(crate) mod zeek;

use std::borrow::Cow;

use crate::fields::{self, Found};
use crate::{Context, LogEvent};

/// The most columns of a table; what stands behind them in a row is one more cell.
const COLUMNS_MAX: usize = 1024;

/// A header, and how the rows under it are written.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    columns: Vec<Column>,
}

/// How rows are written.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Cells between blanks or tabs; the date that a `#Date` directive states, for rows without one.
    W3c { date: Option<String> },
    /// Cells between separators.
    Zeek(zeek::Marks),
    /// Cells between delimiters, in quotes where they hold one.
    Delimited { delimiter: u8, header: Vec<u8> },
    /// Cells between blanks, as [`flow`] says.
    Flow,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    role: Role,
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// An attribute, or a field where the name is a known one.
    Value(Option<Found>),
    /// A date without a time.
    Date,
    /// A time without a date.
    Time,
    /// The status of an HTTP answer, from which the level follows.
    Status,
}

impl Table {
    /// The lines of a header that make this table again.
    pub(crate) fn header(&self) -> Vec<u8> {
        let names = self.columns.iter().map(|column| column.name.as_bytes());
        match &self.kind {
            Kind::W3c { date } => {
                let date = date.as_ref().map(|date| format!("#Date: {date}\n")).unwrap_or_default();
                [date.as_bytes(), b"#Fields: ", &names.collect::<Vec<_>>().join(&b' ')].concat()
            }
            Kind::Zeek(marks) => marks.header(&names.collect::<Vec<_>>()),
            Kind::Delimited { header, .. } => header.clone(),
            Kind::Flow => names.collect::<Vec<_>>().join(&b' '),
        }
    }

    /// Whether the columns are known: a header may come in several lines.
    pub(crate) fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// What divides the cells, where those that hold it or a line end are quoted.
    pub(crate) fn delimiter(&self) -> Option<u8> {
        match self.kind {
            Kind::Delimited { delimiter, .. } => Some(delimiter),
            Kind::W3c { .. } | Kind::Zeek(_) | Kind::Flow => None,
        }
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// The row that `line` is; `None` where its cells are not those of the header.
    ///
    /// With `any_length` a row may have fewer or more cells; those without a column are `column.N`.
    pub(crate) fn row<'a>(&self, line: &'a [u8], any_length: bool, cx: &Context) -> Option<LogEvent<'a>> {
        match &self.kind {
            Kind::W3c { date } => {
                self.event(w3c::FORMAT, w3c::cells(line, &self.columns), date.as_deref(), any_length, line, cx)
            }
            Kind::Zeek(marks) => self.event(zeek::FORMAT, marks.cells(line), None, any_length, line, cx),
            Kind::Delimited { delimiter, header } => {
                if line.trim_ascii_end() == header.trim_ascii_end() {
                    return Some(directive(delimited::format_of(*delimiter), "header", line));
                }
                let cells = delimited::cells(line, *delimiter);
                self.event(delimited::format_of(*delimiter), cells, None, any_length, line, cx)
            }
            Kind::Flow => flow::row(line, self.columns.iter().map(|column| column.name.as_str())),
        }
    }
}

/// The record that a line of a header is.
pub(crate) fn directive<'a>(format: &'static str, name: &str, line: &'a [u8]) -> LogEvent<'a> {
    let mut event = LogEvent { message: Cow::Borrowed(line), format, ..LogEvent::default() };
    event.attributes.push("directive", name);
    event
}

/// The record field that a column's name stands for; blanks in it count as underscores.
fn known(name: &str) -> Option<Found> {
    if name.contains(' ') { fields::find(&name.replace(' ', "_")) } else { fields::find(name) }
}
