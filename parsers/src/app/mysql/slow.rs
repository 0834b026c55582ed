//! MySQL's and MariaDB's slow query log: comments that describe a query, and the query.
//!
//! ```text
//! # Time: 2023-11-14T22:13:20.123456Z
//! # User@Host: bob[bob] @ web1 [192.0.2.7]  Id:     8
//! # Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 99
//! SET timestamp=1700000000;
//! select * from orders;
//! ```
//!
//! The message is the query; a header without one is its own message. The numbers are attributes under their names.

use super::FORMAT;
use crate::app::scan::{attribute, blanks, event, span, until, word};
use crate::app::stamp;
use crate::{Context, Level, LogEvent, address, timestamp};

/// Headers are a few lines; what follows these is the query, however long.
const HEADER_LINES_MAX: usize = 32;

/// Reads an entry, or each part of one that begins with `#`.
pub(in crate::app) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut record = event(FORMAT, None, Level::Info, text);
    let mut rest = text;
    let mut is_known = false;
    for _ in 0..HEADER_LINES_MAX {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        let line = line.trim_ascii_end();
        if line.starts_with(b"# administrator command: ") {
            // It stands in the place of a query.
            break;
        } else if let Some(comment) = line.strip_prefix(b"# ") {
            if comment_line(&mut record, blanks(comment), cx) {
                is_known = true;
            } else if is_known && !comment.starts_with(b"explain:") {
                // What Percona adds: where one line is the log's, those behind it are.
                pairs(&mut record, blanks(comment));
            }
        } else if line == b"#" && is_known {
            // Stands around the plan of a query.
        } else if let Some(epoch) = line.strip_prefix(b"SET timestamp=") {
            let seconds = span(epoch, |b| b.is_ascii_digit()).and_then(|(digits, _)| timestamp::epoch(digits));
            record.timestamp = record.timestamp.or(seconds);
        } else if let Some(database) = line.strip_prefix(b"use ") {
            let name = span(database, |b| b != b';').map(|(name, _)| name).unwrap_or_default();
            attribute(&mut record, "db", name);
        } else {
            break;
        }
        rest = after.strip_prefix(b"\n").unwrap_or(after);
        if rest.is_empty() {
            break;
        }
    }
    if !rest.is_empty() {
        record.message = rest.into();
    }
    is_known.then_some(record)
}

/// Reads one comment; whether it is one of this log's.
fn comment_line(record: &mut LogEvent<'_>, text: &[u8], cx: &Context) -> bool {
    if let Some(time) = text.strip_prefix(b"Time: ") {
        let at = stamp::read(time, cx).map(|(at, _)| at);
        record.timestamp = record.timestamp.or(at);
        return at.is_some();
    }
    if let Some(account) = text.strip_prefix(b"User@Host: ") {
        return user_at_host(record, account).is_some();
    }
    let is_numbers = [&b"Query_time: "[..], b"Thread_id: ", b"Schema: ", b"Rows_affected: ", b"Bytes_sent: "]
        .iter()
        .any(|name| text.starts_with(name));
    if is_numbers {
        pairs(record, text);
    }
    is_numbers
}

/// `bob[bob] @ web1 [192.0.2.7]  Id:     8`.
fn user_at_host(record: &mut LogEvent<'_>, text: &[u8]) -> Option<()> {
    let (user, rest) = until(text, b"[")?;
    let (_, rest) = until(rest, b"] @ ")?;
    let (host, rest) = until(rest, b"[")?;
    let (ip, rest) = until(rest, b"]")?;
    record.user_name = user.trim().to_owned().into();
    record.ip = address::parse(ip).map(|found| found.ip);
    attribute(record, "client_host", host.trim());
    pairs(record, blanks(rest));
    Some(())
}

/// `Query_time: 2.5  Lock_time: 0.1`.
fn pairs(record: &mut LogEvent<'_>, text: &[u8]) {
    let mut rest = text;
    while let Some((name, after)) = word(rest) {
        let Some(name) = name.strip_suffix(':') else { return };
        let Some((value, after)) = word(blanks(after)) else { return };
        // "Schema:   Last_errno: 0": a name without a value.
        let is_value = !value.ends_with(':');
        if is_value {
            attribute(record, name, value);
        }
        rest = blanks(if is_value { after } else { rest.get(name.len() + 1..).unwrap_or_default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn an_entry_is_its_query_with_what_describes_it() {
        for (line, expected) in [
            (
                "# Time: 2023-11-14T22:13:20.5Z\n# User@Host: bob[bob] @ web1 [192.0.2.7]  Id:     8\n\
                 # Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1\nuse shop;\nSET timestamp=1700000000;\nselect *\nfrom orders;",
                "mysql INFO 22:13:20.500 user=bob ip=192.0.2.7 client_host=web1 Id=8 Query_time=2.5 Lock_time=0.1 Rows_sent=1 \
                 db=shop | select *\nfrom orders;",
            ),
            (
                "# User@Host: root[root] @ localhost []\n# Thread_id: 8  Schema: shop  QC_hit: No\nSET timestamp=1700000000;\nselect 1;",
                "mysql INFO 22:13:20 user=root client_host=localhost Thread_id=8 Schema=shop QC_hit=No | select 1;",
            ),
            (
                "# User@Host: bob[bob] @ web1 []\n# Full_scan: Yes  Full_join: No\n#   InnoDB_IO_r_ops: 5\n#\n# explain: id select_type\n#\nselect 1;",
                "mysql INFO user=bob client_host=web1 Full_scan=Yes Full_join=No InnoDB_IO_r_ops=5 | select 1;",
            ),
            ("# Schema:   Last_errno: 0", "mysql INFO Last_errno=0 | # Schema:   Last_errno: 0"),
            ("# Time: 231114 22:13:20", "mysql INFO 22:13:20 | # Time: 231114 22:13:20"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_comments_are_refused() {
        for line in ["# a comment", "#", "# Time: soon", "# User@Host: x", "#\n#\n"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
