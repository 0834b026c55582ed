//! Zeek's (formerly Bro's) logs in their own format, here with blanks for tabs.
//!
//! ```text
//! #separator \x09
//! #set_separator    ,
//! #empty_field    (empty)
//! #unset_field    -
//! #path    conn
//! #fields    ts    uid    id.orig_h    id.orig_p    …
//! #types    time    string    addr    port    …
//! 1700000000.000000    CwFs1P2UcUdlSxD2La    192.0.2.7    52026    …
//! ```
//!
//! `ts` is the time, `id.orig_h` `ip`, `user` or `username` `user_name`, `msg` or `message` the message, `level` the level. `host` is
//! the host that was talked about, and an attribute like the others; so is `path`, the name of the log. Unset and empty fields are
//! absent; sets and vectors are as they were written.

use std::borrow::Cow;

use super::{Column, Kind, Role, Table};
use crate::LogEvent;
use crate::cursor::text;
use crate::fields::{self, Found, Slot};

/// The name of this format in [`LogEvent::format`].
pub(crate) const FORMAT: &str = "zeek";

const DIRECTIVES: [&str; 9] =
    ["separator", "set_separator", "empty_field", "unset_field", "path", "open", "close", "fields", "types"];

/// What a header says of how its rows are written.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { separator: b'\t', empty: b"(empty)".to_vec(), unset: b"-".to_vec() }
    }
}

/// Reads a directive, and makes it take effect on `table`; `None` where `line` is none.
pub(crate) fn directive<'a>(line: &'a [u8], table: &mut Option<Table>) -> Option<LogEvent<'a>> {
    let after = line.strip_prefix(b"#")?;
    let end = after.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    let name = DIRECTIVES.iter().find(|name| Some(name.as_bytes()) == after.get(..end))?;
    let value = after.get(end + 1..)?;
    if *name == "separator" {
        let marks = Marks { separator: separator(value)?, ..Marks::default() };
        *table = Some(Table { kind: Kind::Zeek(marks), columns: Vec::new() });
        return Some(super::directive(FORMAT, name, line));
    }
    let mut marks = match table {
        Some(Table { kind: Kind::Zeek(marks), .. }) => marks.clone(),
        // A file that was cut begins with any of them.
        _ => Marks::default(),
    };
    if after.get(end) != Some(&marks.separator) {
        return None;
    }
    match *name {
        "empty_field" => marks.empty = value.trim_ascii_end().to_vec(),
        "unset_field" => marks.unset = value.trim_ascii_end().to_vec(),
        _ => {}
    }
    let columns = match (*name, table.take()) {
        ("fields", _) => columns(value, marks.separator),
        (_, Some(Table { kind: Kind::Zeek(_), columns })) => columns,
        _ => Vec::new(),
    };
    *table = Some(Table { kind: Kind::Zeek(marks), columns });
    Some(super::directive(FORMAT, name, line))
}

/// The byte that `\x09` or a byte itself stands for.
fn separator(value: &[u8]) -> Option<u8> {
    match value.trim_ascii_end() {
        [b'\\', b'x', digits @ ..] => u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok(),
        [byte] => Some(*byte),
        _ => None,
    }
}

pub(super) fn columns(value: &[u8], separator: u8) -> Vec<Column> {
    let names = value.trim_ascii_end().split(|b| *b == separator).take(super::COLUMNS_MAX);
    names.map(|name| column(&text(name))).collect()
}

fn column(name: &str) -> Column {
    Column { name: name.to_owned(), role: Role::Value(fields::find(name).filter(|found| is_taken(name, *found))) }
}

/// Whether a column that has the name of a field fills it.
fn is_taken(name: &str, found: Found) -> bool {
    match found.slot {
        Slot::Timestamp => name == "ts",
        Slot::Ip => name == "id.orig_h",
        Slot::UserName => matches!(name, "user" | "username"),
        Slot::Message => matches!(name, "msg" | "message"),
        Slot::Level => matches!(name, "level" | "severity"),
        _ => false,
    }
}

impl Marks {
    /// The directives that say the same, with the names of the columns.
    pub(super) fn header(&self, names: &[&[u8]]) -> Vec<u8> {
        let mut lines = format!("#separator \\x{:02x}", self.separator).into_bytes();
        let fields = names.join(&self.separator);
        for (name, value) in [("empty_field", &self.empty), ("unset_field", &self.unset), ("fields", &fields)] {
            lines.extend_from_slice(b"\n#");
            lines.extend_from_slice(name.as_bytes());
            lines.push(self.separator);
            lines.extend_from_slice(value);
        }
        lines
    }

    /// The cells of a row.
    pub(super) fn cells<'a>(&self, line: &'a [u8]) -> impl Iterator<Item = Option<Cow<'a, str>>> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_absent = |cell: &[u8]| cell.is_empty() || cell == self.empty || cell == self.unset;
        line.split(|b| *b == self.separator).map(move |cell| (!is_absent(cell)).then(|| text(cell)))
    }
}
