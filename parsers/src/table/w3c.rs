//! The W3C extended log file format, as IIS, CloudFront and other servers write it.
//!
//! ```text
//! #Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status cs(User-Agent)
//! 2023-11-14 22:13:20 192.0.2.7 - GET /a.html 200 Mozilla/5.0+(X11)
//! ```
//!
//! A `#Fields` directive holds until the next one. `c-ip` is `ip`, `cs-username` `user_name`, `s-computername` `host`; `date`
//! and `time`, or IIS' `date-local` and `time-local`, are the time, in the zone of the source (the format's rule is UTC); the level follows from `sc-status`: 5xx ERROR,
//! 4xx WARN, else INFO. Texts in quotes may hold blanks. In `cs(…)` and `sc(…)`, the headers of a request and its answer, a `+` is
//! read as a blank where there are no quotes, for so IIS writes it.

use std::borrow::Cow;

use super::{Column, Kind, Role, Table, delimited};
use crate::cursor::text;
use crate::fields::{self, Slot};
use crate::{Context, LogEvent, Zone, app};

/// The name of this format in [`LogEvent::format`].
pub(crate) const FORMAT: &str = "w3c";

/// The directives of the format's draft, and those that servers add.
#[rustfmt::skip]
const DIRECTIVES: [&str; 10] =
    ["Version", "Fields", "Software", "Start-Date", "End-Date", "Date", "Remark", "GMT-Offset", "Time Format", "Log-type"];

/// Reads a directive, and makes it take effect on `table`; `None` where `line` is none.
pub(crate) fn directive<'a>(line: &'a [u8], table: &mut Option<Table>) -> Option<LogEvent<'a>> {
    let after = line.strip_prefix(b"#")?;
    let colon = after.iter().take(16).position(|b| *b == b':')?;
    let name =
        DIRECTIVES.iter().find(|name| name.as_bytes().eq_ignore_ascii_case(after.get(..colon).unwrap_or(b"")))?;
    let value = after.get(colon + 1..)?.trim_ascii();
    match *name {
        // Exchange's logs of messages and protocols: a header, and rows, of CSV.
        "Fields" if memchr::memchr(b',', value).is_some() && memchr::memchr(b' ', value).is_none() => {
            *table = Some(delimited::header_with(value, b','));
        }
        "Fields" => *table = Some(Table { kind: Kind::W3c { date: date_in_force(table) }, columns: columns(value) }),
        "Date" => {
            let stated = stated_date(value);
            match table {
                Some(Table { kind: Kind::W3c { date }, .. }) => *date = stated,
                _ => *table = Some(Table { kind: Kind::W3c { date: stated }, columns: Vec::new() }),
            }
        }
        _ => {}
    }
    Some(super::directive(FORMAT, name, line))
}

/// The date that a `#Date` directive states, in ISO 8601: some servers write the month by its name.
fn stated_date(value: &[u8]) -> Option<String> {
    const DAY_BYTES: usize = 11;
    let named = value.get(..DAY_BYTES).map(|day| [day, b" 00:00:00"].concat());
    let cx = Context { received_at: 0, zone: Zone::UTC };
    let named = named.and_then(|day| {
        [&b"d-b-Y H:M:S"[..], b"d/b/Y H:M:S", b"d b Y H:M:S"]
            .iter()
            .find_map(|shape| app::time_of_shape(&day, shape, &cx).map(|(at, _)| at))
    });
    match named.and_then(chrono::DateTime::from_timestamp_micros) {
        Some(day) => Some(day.format("%Y-%m-%d").to_string()),
        None => value.get(..10).map(|date| text(date).into_owned()),
    }
}

fn date_in_force(table: &Option<Table>) -> Option<String> {
    match table {
        Some(Table { kind: Kind::W3c { date }, .. }) => date.clone(),
        _ => None,
    }
}

pub(super) fn columns(value: &[u8]) -> Vec<Column> {
    let names = value.split(|b| matches!(b, b' ' | b'\t')).filter(|name| !name.is_empty()).take(super::COLUMNS_MAX);
    let mut columns: Vec<_> = names.map(|name| column(&text(name))).collect();
    // A row that has its time in both clocks is dated by the one whose zone is known.
    if columns.iter().any(|column| column.name.eq_ignore_ascii_case("date-UTC")) {
        for local in columns
            .iter_mut()
            .filter(|column| matches!(column.name.to_ascii_lowercase().as_str(), "date-local" | "time-local"))
        {
            local.role = Role::Value(None);
        }
    }
    columns
}

fn column(name: &str) -> Column {
    let role = match name.to_ascii_lowercase().as_str() {
        // The latter two are those of IIS' advanced logging.
        "date" | "date-utc" | "date-local" => Role::Date,
        "time" | "time-utc" | "time-local" => Role::Time,
        "sc-status" => Role::Status,
        // Windows' firewall.
        "src-ip" => Role::Value(fields::find("c-ip")),
        field @ ("c-ip" | "cs-username" | "s-computername") => Role::Value(fields::find(field)),
        // The draft's names have a prefix, or say of whose header they are; OpenAM and others have names of their own.
        field if !field.contains(['-', '(']) => {
            Role::Value(fields::find(field).filter(|found| matches!(found.slot, Slot::Level | Slot::Ip)))
        }
        _ => Role::Value(None),
    };
    Column { name: name.to_owned(), role }
}

/// The cells of a row: between tabs where there are any, else between blanks.
pub(super) fn cells<'a>(line: &'a [u8], columns: &[Column]) -> impl Iterator<Item = Option<Cow<'a, str>>> {
    let is_tabbed = memchr::memchr(b'\t', line).is_some();
    let mut left = Some(line.trim_ascii_end());
    let mut columns = columns.iter();
    std::iter::from_fn(move || {
        let (bytes, quoted) = if is_tabbed { tabbed(&mut left)? } else { spaced(&mut left)? };
        let is_header = columns.next().is_some_and(|column| column.name.ends_with(')'));
        Some(cell(bytes, quoted, is_header))
    })
}

fn tabbed<'a>(left: &mut Option<&'a [u8]>) -> Option<(&'a [u8], bool)> {
    let rest = (*left)?;
    let end = memchr::memchr(b'\t', rest).unwrap_or(rest.len());
    *left = rest.get(end + 1..);
    Some(unquoted(rest.get(..end)?.trim_ascii()))
}

fn spaced<'a>(left: &mut Option<&'a [u8]>) -> Option<(&'a [u8], bool)> {
    let rest = (*left)?.trim_ascii_start();
    if let Some(inside) = rest.strip_prefix(b"\"")
        && let Some((end, _)) = delimited::closing_quote(inside)
        && matches!(inside.get(end + 1), None | Some(b' '))
    {
        *left = inside.get(end + 1..);
        return Some((inside.get(..end)?, true));
    }
    if rest.is_empty() {
        return None;
    }
    let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    *left = rest.get(end..);
    Some((rest.get(..end)?, false))
}

fn unquoted(cell: &[u8]) -> (&[u8], bool) {
    match cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")) {
        Some(inside) => (inside, true),
        None => (cell, false),
    }
}

fn cell(bytes: &[u8], quoted: bool, is_header: bool) -> Option<Cow<'_, str>> {
    if matches!(bytes, b"" | b"-") {
        return None;
    }
    // A quote in a quoted text is doubled.
    if quoted && memchr::memmem::find(bytes, b"\"\"").is_some() {
        return Some(Cow::Owned(text(bytes).replace("\"\"", "\"")));
    }
    if is_header && !quoted && memchr::memchr(b'+', bytes).is_some() {
        return Some(Cow::Owned(text(bytes).replace('+', " ")));
    }
    Some(text(bytes))
}
