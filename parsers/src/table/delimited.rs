//! CSV and TSV with a header: cells between commas, semicolons, tabs or bars (RFC 4180).
//!
//! The first line names the columns. Names that loggers use for the fields of a record (`timestamp`, `level`, `host`, `message` …)
//! fill them; blanks in a name count as underscores. A cell in quotes may hold the delimiter, and quotes that are doubled.

use std::borrow::Cow;

use super::{COLUMNS_MAX, Column, Kind, Role, Table, known};
use crate::cursor::text;
use crate::fields::Slot;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The longest name that is taken for one of a column.
const NAME_BYTES_MAX: usize = 64;

/// The name of the format of rows with this delimiter.
pub(crate) fn format_of(delimiter: u8) -> &'static str {
    if delimiter == b'\t' { "tsv" } else { "csv" }
}

/// The table whose header `line` is, whatever its names; the delimiter is the one that is there most often.
pub(crate) fn header(line: &[u8]) -> Table {
    let delimiter = DELIMITERS
        .into_iter()
        .max_by_key(|delimiter| (memchr::memchr_iter(*delimiter, line).count(), *delimiter == b','))
        .unwrap_or(b',');
    header_with(line, delimiter)
}

/// The table whose header `line` is, with a given delimiter.
pub(crate) fn header_with(line: &[u8], delimiter: u8) -> Table {
    let names: Vec<String> = cells(line, delimiter)
        .take(COLUMNS_MAX)
        .enumerate()
        .map(|(at, name)| match name.as_deref().map(str::trim) {
            None | Some("") => format!("column.{}", at + 1),
            Some(name) => name.to_owned(),
        })
        .collect();
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let is_split = has("date") && has("time");
    let is_of_viewer = is_of_event_viewer(&names);
    // It leaves out the name of the last column.
    let last = (is_of_viewer && names.len() == VIEWERS.len()).then(|| "Message".to_owned());
    let columns = names.into_iter().chain(last).map(|name| {
        let role = match name.to_ascii_lowercase().as_str() {
            "date" if is_split => Role::Date,
            "time" if is_split => Role::Time,
            "source" if is_of_viewer => Role::Value(known("SourceName")),
            "event id" if is_of_viewer => Role::Value(known("EventID")),
            "date and time" if is_of_viewer => Role::Value(known("TimeCreated")),
            "keywords" if is_of_viewer => Role::Value(known("Level")),
            _ => Role::Value(known(&name)),
        };
        Column { name, role }
    });
    Table { columns: columns.collect(), kind: Kind::Delimited { delimiter, header: line.to_vec() } }
}

/// The columns of a log that Windows' Event Viewer saved as CSV; a security log has keywords in the place of levels.
const VIEWERS: [&str; 5] = ["Level", "Date and Time", "Source", "Event ID", "Task Category"];

fn is_of_event_viewer(names: &[String]) -> bool {
    let first = names.first().is_some_and(|name| name == "Level" || name == "Keywords");
    first && names.len() >= VIEWERS.len() && names.iter().zip(VIEWERS).skip(1).all(|(name, known)| name == known)
}

/// Whether `line` is what PowerShell's `Export-Csv` writes above the header.
pub(crate) fn is_type(line: &[u8]) -> bool {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).starts_with(b"#TYPE ")
}

/// The table whose header `line` plainly is: names, each once, and among them one of a time or a message, or two of other fields.
pub(crate) fn plain_header(line: &[u8]) -> Option<Table> {
    // Cheap, and true of nearly every line that is none.
    if line.len() > 1 << 14 || !line.iter().any(|b| DELIMITERS.contains(b)) {
        return None;
    }
    let table = header(line);
    let (mut stated, mut others) = (0, 0);
    for (at, column) in table.columns.iter().enumerate() {
        let is_repeated = table.columns.iter().take(at).any(|earlier| earlier.name == column.name);
        if !is_name(&column.name) || is_repeated || at >= 256 {
            return None;
        }
        match column.role {
            Role::Value(Some(found)) if matches!(found.slot, Slot::Timestamp | Slot::Message) => stated += 1,
            Role::Value(Some(_)) | Role::Status => others += 1,
            Role::Date | Role::Time => stated += 1,
            Role::Value(None) => {}
        }
    }
    let is_prose = memchr::memmem::find(line, b", ").is_some() || memchr::memmem::find(line, b"| ").is_some();
    let needed = if is_prose { 3 } else { 2 };
    (table.columns.len() >= 2 && 2 * stated + others >= needed).then_some(table)
}

fn is_name(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b" _-.@/()[]#%".contains(&b);
    name.len() <= NAME_BYTES_MAX
        && !name.starts_with("column.")
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'@' || b >= 0x80)
        && name.bytes().all(is_part)
}

/// The cells of a row; one that is empty is absent.
pub(crate) fn cells(line: &[u8], delimiter: u8) -> impl Iterator<Item = Option<Cow<'_, str>>> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let mut left = Some(line.strip_suffix(b"\r").unwrap_or(line));
    std::iter::from_fn(move || {
        let (cell, rest) = split(left?, delimiter);
        left = rest;
        Some((!cell.is_empty()).then_some(cell))
    })
}

/// The first cell of `row`, and what follows its delimiter.
fn split(row: &[u8], delimiter: u8) -> (Cow<'_, str>, Option<&[u8]>) {
    if let Some(inside) = row.strip_prefix(b"\"")
        && let Some((end, is_doubled)) = closing_quote(inside)
    {
        let after = inside.get(end + 1..).unwrap_or_default();
        // Text behind the closing quote is malformed; read the cell as it stands.
        if after.first().is_none_or(|b| *b == delimiter) {
            let cell = text(inside.get(..end).unwrap_or_default());
            let cell = if is_doubled { Cow::Owned(cell.replace("\"\"", "\"")) } else { cell };
            return (cell, after.get(1..));
        }
    }
    let end = memchr::memchr(delimiter, row).unwrap_or(row.len());
    (text(row.get(..end).unwrap_or_default()), row.get(end + 1..))
}

/// The quote that closes a cell, and whether others in it are doubled.
pub(crate) fn closing_quote(inside: &[u8]) -> Option<(usize, bool)> {
    let mut quotes = memchr::memchr_iter(b'"', inside);
    let mut is_doubled = false;
    while let Some(at) = quotes.next() {
        if inside.get(at + 1) != Some(&b'"') {
            return Some((at, is_doubled));
        }
        is_doubled = true;
        quotes.next();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn rows_are_read_as_the_csv_crate_wrote_them(row in proptest::collection::vec("[a-z,;\"| \t]{1,8}", 1..6)) {
            for delimiter in DELIMITERS {
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
                writer.write_record(&row).unwrap();
                let line = writer.into_inner().unwrap();
                let read: Vec<_> = cells(&line, delimiter).map(|cell| cell.unwrap_or_default().into_owned()).collect();
                proptest::prop_assert_eq!(&read, &row);
            }
        }

        #[test]
        fn any_row_is_read_to_its_end(row: Vec<u8>, likely in "[a\",]{0,20}") {
            for row in [&row[..], likely.as_bytes()] {
                let delimiters = memchr::memchr_iter(b',', row).count();
                proptest::prop_assert!((1..=delimiters + 1).contains(&cells(row, b',').count()));
            }
        }
    }
}
