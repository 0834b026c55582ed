//! Rows of CSV and TSV whose quoted cells hold line ends (RFC 4180).

use super::opening::Opening;
use crate::multiline::Limits;
use crate::table::delimited::{cells, closing_quote};

/// The fewest columns of PostgreSQL's `csvlog`, in any version.
const CSVLOG_COLUMNS_MIN: usize = 22;

/// Whether a row of several lines stands at the front of `text`, and how long it is. `is_row` says of one that is
/// found by its number of cells whether it is what it should be.
pub(super) fn quoted(
    text: &[u8],
    is_end: bool,
    delimiter: u8,
    limits: Limits,
    is_row: impl FnOnce(usize) -> bool,
) -> Opening {
    // What is decided must not depend on how much has arrived beyond the limit.
    let near = text.get(..=limits.bytes_max).unwrap_or(text);
    let Some(line_end) = memchr::memchr(b'\n', near) else { return Opening::Line };
    let line = near.get(..line_end).unwrap_or(near);
    if memchr::memchr(b'"', line).is_none() {
        return Opening::Line;
    }
    match length(near, delimiter) {
        Some(length) if length <= line_end => Opening::Line,
        Some(length) if length > limits.bytes_max => Opening::Line,
        // What follows its last quote is not there yet.
        Some(length) if matches!(text.get(length..), Some(b"" | b"\r")) && !is_end => Opening::More,
        Some(length) => {
            let row = near.get(..length).unwrap_or(near);
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            let line_end = memchr::memchr(b'\n', text.get(length..).unwrap_or_default());
            let consumed = line_end.map_or(text.len(), |end| length + end + 1);
            let is_row = is_row(cells(row, delimiter).count());
            if is_row { Opening::Record { length: row.len(), consumed } } else { Opening::Line }
        }
        None if near.len() <= limits.bytes_max && !is_end => Opening::More,
        None => Opening::Lines(near.len()),
    }
}

/// The length of the row at the front of `text`, without its line end; `None` where a quoted cell has no end.
fn length(text: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        let cell = text.get(at..).unwrap_or_default();
        let quoted = match cell.strip_prefix(b"\"") {
            Some(inside) => Some(closing_quote(inside)?.0 + 2),
            None => None,
        };
        let after = quoted.and_then(|end| cell.get(end..)).unwrap_or_default();
        // Text behind the closing quote is malformed: the cell is read as it stands.
        let end = match quoted {
            Some(end) if is_behind_cell(after, delimiter) => end,
            _ => memchr::memchr2(delimiter, b'\n', cell).unwrap_or(cell.len()),
        };
        at += end;
        if text.get(at) != Some(&delimiter) {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether `after` begins with what may stand behind a quoted cell.
fn is_behind_cell(after: &[u8], delimiter: u8) -> bool {
    after.first().is_none_or(|b| *b == delimiter || *b == b'\n') || after == b"\r" || after.starts_with(b"\r\n")
}

/// Whether a line begins as those of PostgreSQL's `csvlog` do: `2023-11-14 22:13:20.123 UTC,`.
pub(super) fn is_csvlog(line: &[u8]) -> bool {
    let marks = |at: usize, mark: u8| line.get(at) == Some(&mark);
    marks(4, b'-')
        && marks(10, b' ')
        && marks(19, b'.')
        && marks(23, b' ')
        && line.get(24..).is_some_and(|rest| {
            let zone =
                rest.iter().take(12).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-')).count();
            rest.get(zone) == Some(&b',')
        })
}

/// Whether a row of `cells` may be one of it.
pub(super) fn is_csvlog_row(cells: usize) -> bool {
    cells >= CSVLOG_COLUMNS_MIN
}
