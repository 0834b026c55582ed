//! How the tests of programs' formats state what a line became.

use std::fmt::Write as _;

use crate::{Context, LogEvent, Zone};

/// Lines arrive on 2023-11-15 at 10:00 in UTC; the tests' lines are of the day before, if they state one.
pub(super) const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

/// Compares `event`, which came from `line`, with its description (see [`shown`]).
pub(super) fn check(event: Option<LogEvent<'_>>, line: &str, expected: &str) {
    let event = event.unwrap_or_else(|| panic!("{line} is not read"));
    assert_eq!(shown(&event), expected, "{line}");
    if let std::borrow::Cow::Borrowed(message) = event.message {
        let (line, message) = (line.as_bytes().as_ptr_range(), message.as_ptr_range());
        assert!(message.is_empty() || line.contains(&message.start), "the message is borrowed from elsewhere");
    }
}

/// `format LEVEL time field=value … attribute=value … | message`; the time is that of 2023-11-14.
fn shown(event: &LogEvent<'_>) -> String {
    let mut text = format!("{} {}", event.format, event.level);
    if let Some(at) = event.timestamp {
        let stamp = chrono::DateTime::from_timestamp_micros(at).unwrap();
        let stamp = stamp.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
        write!(text, " {}", stamp.strip_prefix("2023-11-14T").unwrap_or(&stamp)).unwrap();
    }
    let ip = event.ip.map(|ip| ip.to_string()).unwrap_or_default();
    let fields = [
        ("host", &*event.host),
        ("app", &*event.app),
        ("pid", &*event.proc_id),
        ("msgid", &*event.msg_id),
        ("user", &*event.user_name),
        ("ip", ip.as_str()),
    ];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()).chain(event.attributes.iter()) {
        write!(text, " {name}={value}").unwrap();
    }
    write!(text, " | {}", String::from_utf8_lossy(&event.message)).unwrap();
    text
}
