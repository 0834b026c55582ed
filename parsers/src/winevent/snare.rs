//! Snare's text, which NXLog and others send too: fields divided by tabs.
//!
//! ```text
//! MSWinEventLog 1 Security 9 Tue Nov 14 22:13:20 2023 4625 Provider user sid-type Failure Audit pc1 category data text 9
//! ```

use super::{FORMAT, level_of_type, rendered};
use crate::syslog::stamp;
use crate::{Context, Level, LogEvent, timestamp};

/// What every such text begins with, in syslog the program's name.
pub(super) const MARKER: &str = "MSWinEventLog";

/// A host before the marker ends this near to the front.
const HOST_BYTES_MAX: usize = 256;

/// Reads a text that begins with the marker, or with a host and the marker.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if let Some(rest) = text.strip_prefix(MARKER.as_bytes()) {
        return fields(rest.strip_prefix(b"\t")?, cx);
    }
    fields(behind_host(text)?, cx)
}

/// Whether `text` begins with a host and the marker.
pub(super) fn begins_with_host(text: &[u8]) -> bool {
    behind_host(text).is_some()
}

/// The fields behind a host and the marker.
fn behind_host(text: &[u8]) -> Option<&[u8]> {
    // The name of a host has no blanks; other lines have one before their first tab.
    let end = memchr::memchr2(b'\t', b' ', text.get(..HOST_BYTES_MAX).unwrap_or(text))?;
    if text.get(end) != Some(&b'\t') {
        return None;
    }
    text.get(end + 1..)?.strip_prefix(MARKER.as_bytes())?.strip_prefix(b"\t")
}

/// Reads the fields behind the marker.
pub(super) fn fields<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut rest = text;
    let mut next = || {
        let end = memchr::memchr(b'\t', rest)?;
        let field = std::str::from_utf8(rest.get(..end)?).ok()?.trim();
        rest = rest.get(end + 1..)?;
        Some(field)
    };
    let (criticality, channel, counter, time) = (next()?, next()?, next()?, next()?);
    let (id, provider, user, _sid_type) = (next()?, next()?, next()?, next()?);
    let (kind, computer, category) = (next()?, next()?, next()?);
    let is_event = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let message = message(rest);
    let mut event = LogEvent {
        timestamp: asctime(time, cx),
        level: level_of_type(kind).unwrap_or(Level::Unknown),
        host: computer.into(),
        app: provider.into(),
        msg_id: id.into(),
        message: message.into(),
        format: FORMAT,
        ..LogEvent::default()
    };
    for (name, value) in [
        ("Channel", channel),
        ("EventType", kind),
        ("Category", category),
        ("UserName", user),
        ("Criticality", criticality),
        ("SnareCounter", counter),
    ] {
        if !matches!(value, "" | "-" | "N/A") {
            event.attributes.push(name, value);
        }
    }
    rendered::complete(&mut event, std::str::from_utf8(message).unwrap_or_default());
    if event.user_name.is_empty() && !matches!(user, "-" | "N/A") {
        event.user_name = user.into();
    }
    is_event.then_some(event)
}

/// The text of the event: behind the data, which is mostly empty, and before the counter or the checksum at the end.
fn message(rest: &[u8]) -> &[u8] {
    let rest = rest.strip_prefix(b"\t").unwrap_or(rest);
    let end = memchr::memrchr(b'\t', rest).filter(|end| {
        let tail = rest.get(end + 1..).unwrap_or_default().trim_ascii();
        tail.iter().all(u8::is_ascii_hexdigit)
    });
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// `Tue Nov 14 22:13:20 2023`; some agents leave out the year.
fn asctime(text: &str, cx: &Context) -> Option<i64> {
    let stamp = chrono::NaiveDateTime::parse_from_str(text, "%a %b %e %H:%M:%S %Y").ok();
    match stamp {
        Some(stamp) => Some(cx.zone.to_utc(stamp.and_utc().timestamp_micros())),
        None => timestamp::parse(text, cx.zone).or_else(|| without_year(text, cx)),
    }
}

/// `Tue Nov 14 22:13:20.123`.
fn without_year(text: &str, cx: &Context) -> Option<i64> {
    let (_, stamp) = text.split_once(' ')?;
    stamp::read(stamp.as_bytes(), cx).filter(|(_, rest)| rest.is_empty()).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn the_fields_are_read_by_their_places() {
        let line = b"pc1\tMSWinEventLog\t1\tSystem\t9\tTue Nov 14 22:13:20 2023\t7036\tService Control Manager\tDOM\\bob\tN/A\t\
                     Information\tpc1\tNone\t\tThe service\tentered the stopped state.\t42";
        let event = parse(line, &CX).unwrap();
        assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
        assert_eq!((&*event.host, &*event.app, &*event.msg_id), ("pc1", "Service Control Manager", "7036"));
        assert_eq!((event.level, &*event.user_name), (Level::Info, "DOM\\bob"));
        assert_eq!(&*event.message, b"The service\tentered the stopped state.");
        assert_eq!(event.attributes.get("SnareCounter"), Some("9"));
    }

    #[test]
    fn a_time_may_lack_its_year() {
        let cx = Context { received_at: 1_700_000_100_000_000, ..CX };
        assert_eq!(asctime("Tue Nov 14 22:13:20.250", &cx), Some(1_700_000_000_250_000));
        assert_eq!(asctime("Nov", &cx), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "MSWinEventLog",
            "MSWinEventLog\t1\tSystem",
            "a\tb",
            "MSWinEventLog 1 System",
            "not a host\tMSWinEventLog\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
