//! The files of VMware's ESXi and vCenter:
//!
//! ```text
//! 2023-11-14T22:13:20.123Z info hostd[7] [Originator@6876 sub=Vimsvc opID=1] text
//! 2023-11-14T22:13:20.123Z In(166) Hostd[7]: [Originator@6876 sub=Vimsvc] text
//! ```
//!
//! Attributes: `sub` and `opID`. The message begins behind the bracket.

use super::Stamped;
use super::scan::{attribute, bracketed, digits, event, some_blanks, span};
use crate::{Level, LogEvent, level_names, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "vmware";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (word, rest) = span(stamped.rest.strip_prefix(b" ")?, |b| b.is_ascii_alphabetic())?;
    // Since version 8: the severity's first letters, and syslog's priority.
    let (level, rest) = match rest.strip_prefix(b"(") {
        Some(priority) => (short_level(word)?, digits(priority)?.1.strip_prefix(b")")?),
        None => (level_names::from_word(word)?, rest),
    };
    let (app, rest) = span(some_blanks(rest)?, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))?;
    let (pid, rest) = bracketed(rest).filter(|(pid, _)| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()))?;
    let rest = some_blanks(rest.strip_prefix(b":").unwrap_or(rest))?;
    let (origin, message) = bracketed(rest).filter(|(origin, _)| origin.starts_with("Originator@"))?;
    let mut event = event(FORMAT, Some(stamped.at), level, message.trim_ascii_start());
    event.app = app.into();
    event.proc_id = pid.into();
    for (name, value) in origin.split(' ').filter_map(|pair| pair.split_once('=')) {
        if matches!(name, "sub" | "opID") {
            attribute(&mut event, name, value);
        }
    }
    programs::complete(&mut event, "hostd");
    Some(event)
}

fn short_level(word: &str) -> Option<Level> {
    Some(match word {
        "Em" | "Al" | "Cr" => Level::Fatal,
        "Er" => Level::Error,
        "Wa" => Level::Warn,
        "No" | "In" => Level::Info,
        "Db" => Level::Debug,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn both_versions_lines_are_read() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20.123Z info hostd[7] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=1f] Event 9 : User bob@192.0.2.7 logged in as x",
                "vmware INFO 22:13:20.123 app=hostd pid=7 user=bob ip=192.0.2.7 sub=Vimsvc.ha-eventmgr opID=1f outcome=success | \
                 Event 9 : User bob@192.0.2.7 logged in as x",
            ),
            (
                "2023-11-14T22:13:20.123Z Wa(180) Hostd[7]: [Originator@6876 sub=Default] no",
                "vmware WARN 22:13:20.123 app=Hostd pid=7 sub=Default | no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
        for rest in [
            "info hostd[7] text",
            "In(166) Hostd: text",
            "Xx(1) a[7]: [Originator@6876] text",
            "info [Originator@6876] x",
        ] {
            let line = format!("2023-11-14T22:13:20.123Z {rest}");
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
