//! Nagios, Icinga and Naemon: `[1700000000] SERVICE ALERT: web1;http;CRITICAL;HARD;3;no answer`; Icinga 2's own log:
//! `[2023-11-14 22:13:20 +0000] warning/ApiListener: no answer`.
//!
//! The fields of the known entries are attributes: `type`, `service`, `state`, `state_type`, `attempt`, `command`, `period`; the
//! host is the record's host, the contact of a notification its user, and the plugin's output its message. The state is its level. Of an
//! external command the host, the service and the author (the user) are taken, and its message are all of its arguments. What Icinga 2 calls
//! the facility is the attribute `facility`.

use super::scan::{attribute, blanks, digits, event, level, span, until};
use super::{Stamped, trimmed};
use crate::{Context, Level, LogEvent, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "nagios";

/// The fields of an entry, in order; the output is the message.
const ENTRIES: [(&str, &[Field]); 17] = {
    use Field::{Attempt, Command, Contact, Host, Output, Period, Service, State, StateType};
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
        ("TIMEPERIOD TRANSITION", &[Period]),
    ]
};

#[derive(Clone, Copy)]
enum Field {
    Attempt,
    Command,
    Contact,
    Host,
    Output,
    Period,
    Service,
    State,
    StateType,
}

/// Reads an entry of Nagios' log; `None` where the line is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    if text.get(5) == Some(&b'-') {
        return icinga(&Stamped::in_bracket(text, cx)?);
    }
    let (seconds, rest) = digits(text.strip_prefix(b"[")?)?;
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
        if kind == "EXTERNAL COMMAND" {
            command(&mut record, blanks(rest));
        }
    }
    Some(record)
}

/// Icinga 2's `warning/ApiListener: no answer`, behind the time in a bracket.
pub(super) fn icinga<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = level(stamped.rest.strip_prefix(b"] ")?)?;
    let (facility, rest) = span(rest.strip_prefix(b"/")?, |b| b.is_ascii_alphanumeric())?;
    let message = rest.strip_prefix(b": ").filter(|_| facility.starts_with(|c: char| c.is_ascii_uppercase()))?;
    let mut record = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut record, "facility", facility);
    Some(record)
}

/// `SCHEDULE_SVC_DOWNTIME;web1;http;1700000000;1700003600;1;0;3600;bob;text`: whose names say of what it is, and who is behind it.
fn command<'a>(record: &mut LogEvent<'a>, text: &'a [u8]) {
    let Some(text) = std::str::from_utf8(text).ok() else { return };
    let mut arguments = text.split(';');
    let name = arguments.next().unwrap_or_default();
    attribute(record, "command", name);
    let of_service = name.contains("_SVC_") || name.ends_with("_SVC") || name.contains("_SERVICE_");
    let of_host = of_service || name.contains("_HOST_") || name.ends_with("_HOST");
    // Those of groups have the group's name there.
    if !of_host || name.contains("GROUP") || name.contains("_PROGRAM_") {
        return;
    }
    record.host = arguments.next().unwrap_or_default().into();
    if of_service {
        attribute(record, "service", arguments.next().unwrap_or_default());
    }
    // How many arguments stand between the object and the author.
    let before_author = match name {
        _ if name.contains("DOWNTIME") && name.starts_with("SCHEDULE_") => 5,
        _ if name.starts_with("ACKNOWLEDGE_") && name.ends_with("_EXPIRE") => 4,
        _ if name.starts_with("ACKNOWLEDGE_") => 3,
        _ if name.starts_with("ADD_") => 1,
        _ if name.starts_with("SEND_CUSTOM_") => 1,
        _ => return,
    };
    record.user_name = arguments.nth(before_author).unwrap_or_default().into();
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
            Field::Period => {
                attribute(record, "period", value);
                record.message = text.into();
            }
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
            (
                "[1700000000] EXTERNAL COMMAND: SCHEDULE_HOST_DOWNTIME;web1;1700000000;1700003600;1;0;60;bob;no",
                "nagios INFO 22:13:20 host=web1 user=bob type=EXTERNAL COMMAND command=SCHEDULE_HOST_DOWNTIME | \
                 SCHEDULE_HOST_DOWNTIME;web1;1700000000;1700003600;1;0;60;bob;no",
            ),
            (
                "[1700000000] EXTERNAL COMMAND: ACKNOWLEDGE_SVC_PROBLEM;web1;http;2;1;0;bob;no",
                "nagios INFO 22:13:20 host=web1 user=bob type=EXTERNAL COMMAND command=ACKNOWLEDGE_SVC_PROBLEM service=http | \
                 ACKNOWLEDGE_SVC_PROBLEM;web1;http;2;1;0;bob;no",
            ),
            (
                "[1700000000] EXTERNAL COMMAND: PROCESS_SERVICE_CHECK_RESULT;web1;http;0;yes",
                "nagios INFO 22:13:20 host=web1 type=EXTERNAL COMMAND command=PROCESS_SERVICE_CHECK_RESULT service=http | \
                 PROCESS_SERVICE_CHECK_RESULT;web1;http;0;yes",
            ),
            (
                "[1700000000] EXTERNAL COMMAND: DISABLE_NOTIFICATIONS",
                "nagios INFO 22:13:20 type=EXTERNAL COMMAND command=DISABLE_NOTIFICATIONS | DISABLE_NOTIFICATIONS",
            ),
            (
                "[1700000000] TIMEPERIOD TRANSITION: 24x7;-1;1",
                "nagios INFO 22:13:20 type=TIMEPERIOD TRANSITION period=24x7 | 24x7;-1;1",
            ),
            ("[1700000000] LOG ROTATION: DAILY", "nagios INFO 22:13:20 type=LOG ROTATION | DAILY"),
            ("[1700000000] Auto-save of retention data", "nagios UNKNOWN 22:13:20 | Auto-save of retention data"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn icingas_own_log_is_read() {
        let line = "[2023-11-14 23:13:20 +0100] warning/ApiListener: no answer";
        check(crate::app::parse(line.as_bytes(), &CX), line, "nagios WARN 22:13:20 facility=ApiListener | no answer");
        for line in ["[2023-11-14 22:13:20 +0000] warning/x: no", "[2023-11-14 22:13:20 +0000] high/Api: no"] {
            assert_ne!(crate::app::parse(line.as_bytes(), &CX).map(|event| event.format), Some(FORMAT), "{line}");
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "[17] x", "[1700000000]x", "[x] y", "[99999999999] x"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
