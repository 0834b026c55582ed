//! Nagios, Icinga and Naemon: `[1700000000] SERVICE ALERT: web1;http;CRITICAL;HARD;3;no answer`.
//!
//! The fields of the known entries are attributes: `type`, `service`, `state`, `state_type`, `attempt`, `command`; the
//! host is the record's host, the contact of a notification its user, and the plugin's output its message. The state is its level.

use super::scan::{attribute, blanks, digits, event, until};
use super::trimmed;
use crate::{Context, Level, LogEvent, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "nagios";

/// The fields of an entry, in order; the output is the message.
const ENTRIES: [(&str, &[Field]); 16] = {
    use Field::{Attempt, Command, Contact, Host, Output, Service, State, StateType};
    [
        ("CURRENT HOST STATE", &[Host, State, StateType, Attempt, Output]),
        ("CURRENT SERVICE STATE", &[Host, Service, State, StateType, Attempt, Output]),
        ("INITIAL HOST STATE", &[Host, State, StateType, Attempt, Output]),
        ("INITIAL SERVICE STATE", &[Host, Service, State, StateType, Attempt, Output]),
        ("HOST ALERT", &[Host, State, StateType, Attempt, Output]),
        ("SERVICE ALERT", &[Host, Service, State, StateType, Attempt, Output]),
        ("HOST NOTIFICATION", &[Contact, Host, State, Command, Output]),
        ("SERVICE NOTIFICATION", &[Contact, Host, Service, State, Command, Output]),
        ("PASSIVE HOST CHECK", &[Host, State, Output]),
        ("PASSIVE SERVICE CHECK", &[Host, Service, State, Output]),
        ("HOST EVENT HANDLER", &[Host, State, StateType, Attempt, Output]),
        ("SERVICE EVENT HANDLER", &[Host, Service, State, StateType, Attempt, Output]),
        ("HOST FLAPPING ALERT", &[Host, State, Output]),
        ("SERVICE FLAPPING ALERT", &[Host, Service, State, Output]),
        ("HOST DOWNTIME ALERT", &[Host, State, Output]),
        ("SERVICE DOWNTIME ALERT", &[Host, Service, State, Output]),
    ]
};

#[derive(Clone, Copy)]
enum Field {
    Attempt,
    Command,
    Contact,
    Host,
    Output,
    Service,
    State,
    StateType,
}

/// Reads an entry of Nagios' log; `None` where the line is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], _cx: &Context) -> Option<LogEvent<'a>> {
    let (seconds, rest) = digits(trimmed(line).strip_prefix(b"[")?)?;
    let at = timestamp::epoch(seconds).filter(|_| seconds.len() == 10)?;
    let text = rest.strip_prefix(b"] ")?;
    // Name servers' lines begin with the same time.
    if text.starts_with(b"nsd[") || text.starts_with(b"unbound[") {
        return None;
    }
    let Some((kind, rest)) = until(text, b":").filter(|(kind, _)| is_kind(kind)) else {
        return Some(event(FORMAT, Some(at), Level::Unknown, text));
    };
    let mut record = event(FORMAT, Some(at), Level::Info, text);
    attribute(&mut record, "type", kind);
    if let Some((_, fields)) = ENTRIES.iter().find(|(name, _)| *name == kind) {
        read(&mut record, blanks(rest), fields);
    } else {
        record.message = blanks(rest).into();
    }
    Some(record)
}

/// An entry's kind is written in capitals.
fn is_kind(text: &str) -> bool {
    text.len() > 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b' ')
}

fn read<'a>(record: &mut LogEvent<'a>, text: &'a [u8], fields: &[Field]) {
    let mut rest = text;
    for field in fields {
        if matches!(field, Field::Output) {
            record.message = rest.into();
            return;
        }
        let Some((value, after)) = until(rest, b";") else { return };
        rest = after;
        match field {
            Field::Host => record.host = value.into(),
            Field::Contact => record.user_name = value.into(),
            Field::Service => attribute(record, "service", value),
            Field::State => {
                record.level = level_of(value);
                attribute(record, "state", value);
            }
            Field::StateType => attribute(record, "state_type", value),
            Field::Attempt => attribute(record, "attempt", value),
            Field::Command => attribute(record, "command", value),
            Field::Output => {}
        }
    }
}

/// Plugins' exit codes may stand for the words.
fn level_of(state: &str) -> Level {
    match state {
        "WARNING" | "1" => Level::Warn,
        "CRITICAL" | "DOWN" | "UNREACHABLE" | "2" => Level::Error,
        "UNKNOWN" | "3" => Level::Unknown,
        _ => Level::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_known_entries_are_read() {
        for (line, expected) in [
            (
                "[1700000000] SERVICE ALERT: web1;http;CRITICAL;HARD;3;no answer; really",
                "nagios ERROR 22:13:20 host=web1 type=SERVICE ALERT service=http state=CRITICAL state_type=HARD attempt=3 | no answer; really",
            ),
            (
                "[1700000000] HOST NOTIFICATION: bob;web1;DOWN;by-mail;no answer",
                "nagios ERROR 22:13:20 host=web1 user=bob type=HOST NOTIFICATION state=DOWN command=by-mail | no answer",
            ),
            (
                "[1700000000] HOST FLAPPING ALERT: web1;STARTED; it flaps",
                "nagios INFO 22:13:20 host=web1 type=HOST FLAPPING ALERT state=STARTED |  it flaps",
            ),
            ("[1700000000] LOG ROTATION: DAILY", "nagios INFO 22:13:20 type=LOG ROTATION | DAILY"),
            ("[1700000000] Auto-save of retention data", "nagios UNKNOWN 22:13:20 | Auto-save of retention data"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "[17] x", "[1700000000]x", "[x] y", "[99999999999] x"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
