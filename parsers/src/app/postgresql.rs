//! PostgreSQL's server log on stderr, with the usual values of `log_line_prefix`, and its `csvlog`.
//!
//! ```text
//! 2023-11-14 22:13:20.123 UTC [7] LOG:  ready                                '%m [%p] ', the default
//! 2023-11-14 22:13:20.123 UTC [7] bob@shop ERROR:  no                        '%m [%p] %q%u@%d ', Debian
//! 2023-11-14 22:13:20 UTC:192.0.2.7(5432):bob@shop:[7]:FATAL:  no            '%t:%r:%u@%d:[%p]:', Amazon RDS
//! 2023-11-14 22:13:20 UTC [7]: [3-1] user=bob,db=shop,app=psql,client=192.0.2.7 LOG:  x   pgBadger's
//! ```
//!
//! The user is the record's user, the client its address, the process its process id; `database`, `application_name`
//! and `session_line_num` are attributes. `DETAIL`, `HINT`, `CONTEXT` and the like are lines of their own that belong to
//! the one before; the attribute `error_severity` has the word of each line.

mod csvlog;

use super::scan::{attribute, blanks, event};
use super::{Stamped, trimmed};
use crate::find::find;
use crate::syslog::zone_names;
use crate::{Context, Level, LogEvent, Zone, address, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "postgresql";

/// The words before `:  `. Those that continue the message of the line before have no level of their own.
const SEVERITIES: [(&str, Level); 18] = [
    ("LOG", Level::Info),
    ("ERROR", Level::Error),
    ("STATEMENT", Level::Unknown),
    ("DETAIL", Level::Unknown),
    ("HINT", Level::Unknown),
    ("CONTEXT", Level::Unknown),
    ("FATAL", Level::Fatal),
    ("PANIC", Level::Fatal),
    ("WARNING", Level::Warn),
    ("NOTICE", Level::Info),
    ("INFO", Level::Info),
    ("QUERY", Level::Unknown),
    ("LOCATION", Level::Unknown),
    ("DEBUG", Level::Debug),
    ("DEBUG1", Level::Debug),
    ("DEBUG2", Level::Debug),
    ("DEBUG3", Level::Debug),
    ("DEBUG4", Level::Debug),
];

/// The prefix is looked at this far.
const PREFIX_BYTES_MAX: usize = 300;

/// Reads a line of PostgreSQL's log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    after_stamp(&Stamped::read(trimmed(line), cx)?)
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (at, rest) = zoned(stamped);
    if rest.first() == Some(&b',') {
        return csvlog::after_stamp(at, rest);
    }
    let (prefix, severity, message) = severity(rest)?;
    let level = SEVERITIES.iter().find(|(word, _)| *word == severity).map(|(_, level)| *level)?;
    let mut event = event(FORMAT, Some(at), level, blanks(message));
    read_prefix(&mut event, prefix)?;
    event.attributes.push("error_severity", severity);
    Some(event)
}

/// The time with the zone that stands behind it by name, which ISO 8601 does not have.
fn zoned<'a>(stamped: &Stamped<'a>) -> (i64, &'a [u8]) {
    let as_read = (stamped.at, stamped.rest);
    let Some(rest) = stamped.rest.strip_prefix(b" ") else { return as_read };
    let length = rest.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count();
    let (Some(name), Some(after)) = (rest.get(..length), rest.get(length..)) else { return as_read };
    let is_zone = length >= 3 && matches!(after.first(), Some(b' ' | b':' | b','));
    match zone_names::offset_seconds(name).filter(|_| is_zone) {
        Some(seconds) => {
            let wall = timestamp::iso_prefix(stamped.line, Zone::UTC).map_or(stamped.at, |(wall, _)| wall);
            (wall - seconds * 1_000_000, after)
        }
        None => as_read,
    }
}

/// Divides what follows the time into prefix, severity and message.
fn severity(text: &[u8]) -> Option<(&str, &str, &[u8])> {
    let near = text.get(..PREFIX_BYTES_MAX).unwrap_or(text);
    let end = find(near, b":  ")?;
    let before = text.get(..end)?;
    let start = before.iter().rposition(|b| !b.is_ascii_uppercase() && !b.is_ascii_digit()).map_or(0, |at| at + 1);
    let prefix = std::str::from_utf8(before.get(..start)?).ok()?;
    let word = std::str::from_utf8(before.get(start..)?).ok()?;
    Some((prefix, word, text.get(end + 1..)?))
}

/// Reads the parts of a prefix: there must be a process id in brackets, or names with values.
fn read_prefix(event: &mut LogEvent<'_>, prefix: &str) -> Option<()> {
    let mut is_known = false;
    for part in prefix.split([' ', ',']).flat_map(rds_parts).filter(|part| !part.is_empty()) {
        if let Some(inner) = part.trim_end_matches(':').strip_prefix('[').and_then(|part| part.strip_suffix(']')) {
            let (pid, line) = inner.split_once('-').unwrap_or((inner, ""));
            if !is_known && pid.bytes().all(|b| b.is_ascii_digit()) {
                event.proc_id = pid.to_owned().into();
                attribute(event, "session_line_num", line);
                is_known = true;
            } else if pid.bytes().all(|b| b.is_ascii_digit()) {
                attribute(event, "session_line_num", pid);
            }
        } else if let Some((name, value)) = part.split_once('=') {
            is_known = true;
            named(event, name, value);
        } else if let Some((user, database)) = part.split_once('@') {
            set_user(event, user);
            attribute(event, "database", known(database));
        } else if event.ip.is_none() {
            event.ip = host_of(part);
        }
    }
    is_known.then_some(())
}

/// Amazon's prefix has colons between its parts; an address has them inside.
fn rds_parts(part: &str) -> impl Iterator<Item = &str> {
    let by_colon = part.starts_with(':') && part.contains(":[");
    let divider = if by_colon { ':' } else { ' ' };
    part.split(divider)
}

fn named(event: &mut LogEvent<'_>, name: &str, value: &str) {
    let value = known(value);
    match name {
        "user" => set_user(event, value),
        "db" | "database" => attribute(event, "database", value),
        "app" | "application" => attribute(event, "application_name", value),
        "client" | "host" | "remote" if event.ip.is_none() => {
            event.ip = host_of(value);
            if event.ip.is_none() {
                attribute(event, name, value);
            }
        }
        _ => attribute(event, name, value),
    }
}

fn set_user(event: &mut LogEvent<'_>, user: &str) {
    event.user_name = known(user).to_owned().into();
}

/// `[unknown]` is what PostgreSQL writes before a session has a user or a database.
fn known(value: &str) -> &str {
    if value == "[unknown]" { "" } else { value }
}

/// The address of `192.0.2.7(5432)` or `192.0.2.7`.
fn host_of(text: &str) -> Option<std::net::IpAddr> {
    let host = text.split_once('(').map_or(text, |(host, _)| host);
    address::parse(host).map(|found| found.ip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_prefixes_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.123 UTC [7] LOG:  ready: yes",
                "postgresql INFO 22:13:20.123 pid=7 error_severity=LOG | ready: yes",
            ),
            (
                "2023-11-14 23:13:20.123 CET [7-1] bob@shop ERROR:  relation \"x\"",
                "postgresql ERROR 22:13:20.123 pid=7 user=bob session_line_num=1 database=shop error_severity=ERROR | relation \"x\"",
            ),
            (
                "2023-11-14 22:13:20 UTC:192.0.2.7(5432):bob@shop:[7]:FATAL:  no",
                "postgresql FATAL 22:13:20 pid=7 user=bob ip=192.0.2.7 database=shop error_severity=FATAL | no",
            ),
            (
                "2023-11-14 22:13:20 UTC [7]: [3-1] user=bob,db=shop,app=[unknown],client=192.0.2.7 LOG:  x",
                "postgresql INFO 22:13:20 pid=7 user=bob ip=192.0.2.7 session_line_num=3 database=shop error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] [unknown]@[unknown] LOG:  x",
                "postgresql INFO 22:13:20.123 pid=7 error_severity=LOG | x",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] STATEMENT:  select 1",
                "postgresql UNKNOWN 22:13:20.123 pid=7 error_severity=STATEMENT | select 1",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14 22:13:20.123 UTC",
            "2023-11-14 22:13:20.123 UTC [7] LOGS:  x",
            "2023-11-14 22:13:20.123 UTC some text ERROR:  x",
            "2023-11-14 22:13:20.123 UTC [7] LOG: x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
