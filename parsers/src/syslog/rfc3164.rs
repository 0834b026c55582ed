//! RFC 3164, `<PRI>TIME HOST TAG: MESSAGE`, as real devices write it: any part may be missing or spelt differently.
//!
//! What the RFC leaves open is read as rsyslog and syslog-ng read it: behind a time, the first word is the host unless
//! its form makes it a tag; the next word is the tag, with or without a colon. An only word is a program's tag on the wire, where local
//! programs leave the host out, and the host in a file, where the daemon that wrote it does not.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::priority::{self, Priority};
use super::tag::{self, Tag};
use super::{ParseError, aix, big_ip, busybox, cisco, field_text, freebsd, stamp, without_blanks, without_trailer};
use crate::{Context, Level, LogEvent, cursor, level_names};

/// Reads one message of the RFC 3164 family. The message is borrowed from `line`, without line ends and NULs behind it.
///
/// Without a priority, severity and level are those that the line states in words or in a Cisco tag, if it does.
///
/// # Errors
///
/// [`ParseError::Header`] (or [`ParseError::Priority`], where the number is out of range) for a line that has neither
/// a priority nor a time nor a tag.
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Result<LogEvent<'a>, ParseError> {
    let (priority, rest) = priority::read(without_trailer(line));
    after_priority(priority, rest, cx)
}

/// Reads what follows the priority.
pub(super) fn after_priority<'a>(priority: Priority, rest: &'a [u8], cx: &Context) -> Result<LogEvent<'a>, ParseError> {
    let mut event = LogEvent { format: "rfc3164", ..LogEvent::default() };
    priority.apply(&mut event);
    let rest = without_blanks(rest);
    if let Some((instant, behind)) = stamp::read(rest, cx) {
        event.timestamp = Some(instant);
        let behind = without_blanks(behind.strip_prefix(b":").unwrap_or(behind));
        let stated = busybox::behind_weekday(rest).and_then(busybox::facility_and_severity);
        after_stamp(&mut event, stated.map_or(behind, |(_, _, rest)| rest));
        if let Some((facility, severity, _)) = stated {
            state(&mut event, facility, severity);
        }
    } else if let (Priority::Valid { .. }, Some(rest)) = (priority, rest.strip_prefix(b":")) {
        after_lone_colon(&mut event, without_blanks(rest), cx);
    } else if let Some((prefix, rest)) = cisco::prefix(rest, cx) {
        event.timestamp = prefix.timestamp;
        event.host = field_text(prefix.origin);
        if !prefix.sequence.is_empty() {
            event.attributes.push("sequence", &cursor::text(prefix.sequence));
        }
        // The name may stand behind the time: "29: *Nov 14 22:13:20: router1 %SYS-5-CONFIG_I: text".
        let named = if event.host.is_empty() { host(rest) } else { None };
        let named =
            named.filter(|(_, behind)| behind.starts_with(b"%") && cisco::severity(tag::read(behind).app).is_some());
        if let Some((name, _)) = named {
            event.host = field_text(name);
        }
        set_tag(&mut event, tag::read(named.map_or(rest, |(_, behind)| behind)));
    } else if let Some(tag) = tag::read_unstamped(rest) {
        set_tag(&mut event, tag);
    } else {
        match priority {
            Priority::Valid { .. } => event.message = Cow::Borrowed(rest),
            Priority::Invalid => return Err(ParseError::Priority),
            Priority::Absent => return Err(ParseError::Header),
        }
    }
    Ok(event)
}

/// Reads host, tag and message, of which any may be missing.
fn after_stamp<'a>(event: &mut LogEvent<'a>, rest: &'a [u8]) {
    let rest = match freebsd::facility_and_severity(rest) {
        Some((facility, severity, behind)) => {
            state(event, facility, severity);
            behind
        }
        None => rest,
    };
    if let Some((host, rest)) = aix::forwarded(rest) {
        event.host = field_text(host);
        set_tag(event, tag::read(rest));
        return;
    }
    if event.severity.is_none() && loggers_own(event, rest) {
        return;
    }
    if is_repeated(rest) {
        event.message = Cow::Borrowed(rest);
        return;
    }
    let is_on_wire = event.severity.is_some();
    let is_tag = |word: &[u8], after: &[u8]| {
        let is_lone = after.is_empty() && is_on_wire && !word.contains(&b':');
        // "sogod [7]: text" names no host but the program.
        is_lone || tag::id_before_colon(after).is_some()
    };
    let Some((host, mut rest)) = host(rest).filter(|(word, after)| !is_tag(word, after)) else {
        return set_tag(event, tag::read(rest));
    };
    event.host = field_text(host);
    if is_repeated(rest) {
        event.message = Cow::Borrowed(rest);
        return;
    }
    let stated = aix::facility_and_severity(rest).or_else(|| busybox::facility_and_severity(rest));
    if let Some((facility, severity, after)) = stated {
        state(event, facility, severity);
        rest = after;
    }
    if let Some((severity, after)) = big_ip::severity(rest) {
        if event.severity.is_none() {
            set_severity(event, severity);
        }
        let tag = tag::read(after);
        event.msg_id = big_ip::code(tag.message).map(field_text).unwrap_or_default();
        return set_tag(event, tag);
    }
    let tag = tag::read(rest);
    // UniFi's consoles say their name twice: "gw1 gw1 sshd[7]: text".
    let is_named_twice = !tag.colon && tag.proc_id.is_empty() && tag.app == event.host.as_bytes();
    let behind = is_named_twice.then(|| tag::read(tag.message)).filter(|behind| behind.colon && !behind.app.is_empty());
    set_tag(event, behind.unwrap_or(tag));
}

/// Whether `text` is what a syslog daemon says of a message that came again, instead of a program.
fn is_repeated(text: &[u8]) -> bool {
    text.starts_with(b"last message repeated ") || text.starts_with(b"--- last message repeated ")
}

/// Reads what loggers write behind such a time into files of their own, without a host: slog's `INFO text`, and Prosody's part of the
/// program, level and text with tabs between them. Whether it is.
fn loggers_own<'a>(event: &mut LogEvent<'a>, rest: &'a [u8]) -> bool {
    let end = rest.iter().take(64).position(|b| matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
    let Some((word, behind)) = rest.split_at_checked(end) else { return false };
    if let Some(leveled) = behind.strip_prefix(b"\t") {
        let Some(end) = memchr::memchr(b'\t', leveled.get(..16).unwrap_or(leveled)) else { return false };
        let level = level_names::from_bytes(leveled.get(..end).unwrap_or_default());
        let (Some(level), Ok(part)) = (level, std::str::from_utf8(word)) else { return false };
        event.level = level;
        event.attributes.push("logger", part);
        event.message = Cow::Borrowed(leveled.get(end + 1..).unwrap_or_default());
        return true;
    }
    let level = match word {
        b"TRCE" | b"TRACE" => Level::Trace,
        b"DEBG" | b"DEBUG" => Level::Debug,
        b"INFO" => Level::Info,
        b"WARN" | b"WARNING" => Level::Warn,
        b"ERRO" | b"ERROR" => Level::Error,
        b"CRIT" | b"CRITICAL" | b"FATAL" => Level::Fatal,
        _ => return false,
    };
    event.level = level;
    event.message = Cow::Borrowed(without_blanks(behind));
    true
}

/// The host name that `text` begins with, and what follows it; `None` where the first word is no host.
fn host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|b| matches!(b, b' ' | b'\t' | b'\n')).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).filter(|(word, _)| !word.is_empty())?;
    let rest = without_blanks(rest);
    if word.iter().all(|b| is_host_byte(*b)) || is_ipv6(word) {
        return Some((word, rest));
    }
    // "abc-asa1: %ASA-6-302013: …": Cisco's tags begin with a percent sign, so the word before is the host.
    let name = word.strip_suffix(b":").filter(|name| name.iter().all(|b| is_host_byte(*b)))?;
    cisco::severity(tag::read(rest).app).map(|_| (name, rest))
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b'@' | b'+' | b'~' | 0x80..)
}

fn is_ipv6(word: &[u8]) -> bool {
    word.contains(&b':') && str::from_utf8(word).is_ok_and(|word| word.parse::<Ipv6Addr>().is_ok())
}

/// Reads what stands behind `<PRI>:`, as Cisco's EMBLEM format and Nexus switches send it.
///
/// Receivers agree that all of it is the message; the time in front of it counts nevertheless.
#[cold]
fn after_lone_colon<'a>(event: &mut LogEvent<'a>, rest: &'a [u8], cx: &Context) {
    event.message = Cow::Borrowed(rest);
    match stamp::read(rest, cx) {
        Some((instant, _)) => event.timestamp = Some(instant),
        // IOS without the sequence numbers in front: "<189>: router1: Nov 14 22:13:20: %SYS-5-CONFIG_I: text".
        None => {
            let prefix = cisco::named_prefix(rest, cx);
            event.timestamp = prefix.timestamp;
            event.host = field_text(prefix.origin);
        }
    }
}

/// Takes facility and severity that stand in words behind the time, where no priority states them.
fn state(event: &mut LogEvent<'_>, facility: u8, severity: u8) {
    if event.severity.is_none() {
        event.facility = Some(facility);
        set_severity(event, severity);
    }
}

fn set_tag<'a>(event: &mut LogEvent<'a>, tag: Tag<'a>) {
    event.app = field_text(tag.app);
    event.proc_id = field_text(tag.proc_id);
    event.message = Cow::Borrowed(tag.message);
    if event.severity.is_none()
        && let Some(severity) = cisco::severity(tag.app)
    {
        set_severity(event, severity);
    }
}

fn set_severity(event: &mut LogEvent<'_>, severity: u8) {
    event.severity = Some(severity);
    event.level = Level::from_severity(severity);
}
