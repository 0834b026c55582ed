//! Exim's main log:
//!
//! ```text
//! 2023-11-14 22:13:20 [7] 1Ov4tU-0000Nz-Rm <= bob@example.com H=mail.example.com [192.0.2.7]:5000 P=esmtps S=99
//! 2023-11-14 22:13:20 H=mail.example.com [192.0.2.7] F=<bob@example.com> rejected RCPT <x@y.z>: relay not permitted
//! 2023-11-14 22:13:20 login authenticator failed for (x) [192.0.2.7]:5000: 535 Incorrect authentication data (set_id=bob)
//! ```
//!
//! The id of the message is the message id, the flag (`<=` arrival, `=>` delivery …) the attribute `flag`; the fields have
//! Exim's letters (`H`, `P`, `S`, `id`, `T` …). The address of the other side is the record's address, and who was authenticated (`A=plain:bob`)
//! its user.

use std::net::IpAddr;

use super::scan::{attribute, blanks, digits, event, some_blanks, span, word};
use super::{Stamped, trimmed};
use crate::find::find;
use crate::syslog::shape;
use crate::{Context, Level, LogEvent, address, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "exim";

/// Fields that are read of one line.
const FIELDS_MAX: usize = 64;

/// Reads a line of Exim's main log about a message; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    after_stamp(&Stamped::read(trimmed(line), cx)?)
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // With a `T` in its time the line is another program's, or a syslog daemon's; without a date it is another's as well.
    if stamped.line.get(10) != Some(&b' ') || stamped.line.get(4) != Some(&b'-') {
        return None;
    }
    let rest = some_blanks(stamped.rest)?;
    let (pid, rest) = match rest.strip_prefix(b"[") {
        Some(inner) => {
            let (pid, rest) = digits(inner)?;
            (pid, some_blanks(rest.strip_prefix(b"]")?)?)
        }
        None => ("", rest),
    };
    if rest.starts_with(b"H=") {
        return Some(rejected(stamped.at, pid, rest));
    }
    if is_failed_authenticator(rest) {
        let mut event = event(FORMAT, Some(stamped.at), Level::Warn, rest);
        event.proc_id = pid.into();
        programs::complete(&mut event, "exim");
        return Some(event);
    }
    let (id, after) = word(rest).filter(|(id, _)| is_message_id(id))?;
    let message = some_blanks(after)?;
    // The event of a host whose name is as long as an id.
    if shape::is_labelled_event(message) {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), Level::Info, message);
    event.proc_id = pid.into();
    event.msg_id = id.into();
    let (flag, rest) = word(message)?;
    if matches!(flag, "<=" | "=>" | "->" | "**" | "==" | ">>" | "*>" | "(=") {
        attribute(&mut event, "flag", flag);
        if matches!(flag, "**" | "==") {
            event.level = if flag == "**" { Level::Error } else { Level::Warn };
        }
        let (address, rest) = word(blanks(rest)).unwrap_or_default();
        attribute(&mut event, "address", address);
        fields(&mut event, rest);
    } else if message.starts_with(b"F=") || message.starts_with(b"H=") {
        event.level = Level::Warn;
        fields(&mut event, message);
        state_refusal(&mut event, message);
    } else {
        event.ip = host(message);
    }
    Some(event)
}

/// Whether `text` is `dovecot_login authenticator failed for …`: the name of an authenticator is the configuration's.
fn is_failed_authenticator(text: &[u8]) -> bool {
    span(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        .filter(|(name, _)| name.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .is_some_and(|(_, rest)| rest.starts_with(b" authenticator failed for "))
}

/// The address of a host that a text names: `(host=mail.example.com [192.0.2.7])`.
fn host(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let mut hosts = text.split(" [").skip(1).take(FIELDS_MAX);
    hosts.find_map(|host| host.split_once(']').and_then(|(ip, _)| address::parse(ip))).map(|found| found.ip)
}

/// A line about a connection whose message was not taken, and so has no id.
fn rejected<'a>(at: i64, pid: &'a str, text: &'a [u8]) -> LogEvent<'a> {
    let mut event = event(FORMAT, Some(at), Level::Warn, text);
    event.proc_id = pid.into();
    fields(&mut event, text);
    if let Some(recipient) = recipient(text) {
        event.user_name = recipient.into();
    }
    state_refusal(&mut event, text);
    event
}

/// `rejected RCPT`, `rejected after DATA`, `temporarily rejected connection`.
fn state_refusal(event: &mut LogEvent<'_>, text: &[u8]) {
    if find(text, b" rejected ").is_some() {
        attribute(event, "outcome", "failure");
    }
}

/// To whom a message was not taken: `rejected RCPT <bob@example.com>: …`.
fn recipient(text: &[u8]) -> Option<&str> {
    let (_, after) = std::str::from_utf8(text).ok()?.split_once(" rejected RCPT ")?;
    let word = after.split([' ', '\t']).next()?.trim_end_matches(':');
    let recipient = word.strip_prefix('<').and_then(|word| word.strip_suffix('>')).unwrap_or(word);
    Some(recipient).filter(|recipient| !recipient.is_empty())
}

/// `1Ov4tU-0000Nz-Rm`, or from version 4.97 on `1r3Abc-000000012Vb-1ABC`.
fn is_message_id(text: &str) -> bool {
    let mut parts = text.split('-');
    let lengths = [parts.next(), parts.next(), parts.next()].map(|part| part.map_or(0, str::len));
    let is_id = matches!(lengths, [6, 6, 2] | [6, 11, 4]) && parts.next().is_none();
    is_id && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `H=mail.example.com [192.0.2.7]:5000 P=esmtps T="a subject"`.
fn fields(event: &mut LogEvent<'_>, text: &[u8]) {
    let mut rest = blanks(text);
    for _ in 0..FIELDS_MAX {
        let name = span(rest, |b| b.is_ascii_alphabetic());
        if let Some((name, after)) = name
            && let Some(inner) = after.strip_prefix(b"=\"")
        {
            let Some((value, after)) = quoted(inner) else { return };
            attribute(event, name, &String::from_utf8_lossy(value));
            rest = blanks(after);
            continue;
        }
        let Some((part, after)) = word(rest) else { return };
        rest = blanks(after);
        match part.split_once('=') {
            Some(("I", value)) => address_and_port(value, |ip, port| {
                attribute(event, "interface_address", ip);
                attribute(event, "interface_port", port);
            }),
            Some(("A", value)) => {
                attribute(event, "A", value);
                // The authenticator, and mostly behind it who was let in.
                if let Some((_, user)) = value.split_once(':').filter(|(_, user)| !user.is_empty()) {
                    event.user_name = user.to_owned().into();
                }
            }
            Some((name, value)) => attribute(event, name, value),
            None if event.ip.is_none() => address_and_port(part, |ip, port| {
                event.ip = address::parse(ip).map(|found| found.ip);
                attribute(event, "sender_host_port", port);
            }),
            None => {}
        }
    }
}

/// Takes what stands before the closing quote; a backslash keeps the byte behind it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut is_kept = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !is_kept;
        is_kept = *byte == b'\\' && !is_kept;
        ends
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Hands `[192.0.2.7]:5000` in its two parts to `found`.
fn address_and_port(text: &str, found: impl FnOnce(&str, &str)) {
    if let Some((ip, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        found(ip, port.strip_prefix(':').unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn arrivals_and_deliveries_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20 [7] 1Ov4tU-0000Nz-Rm <= bob@example.com H=mail.example.com [192.0.2.7]:5000 I=[192.0.2.1]:25 T=\"a \\\"b\\\" c\" S=99 for x@y.z",
                "exim INFO 22:13:20 pid=7 msgid=1Ov4tU-0000Nz-Rm ip=192.0.2.7 flag=<= address=bob@example.com H=mail.example.com \
                 sender_host_port=5000 interface_address=192.0.2.1 interface_port=25 T=a \\\"b\\\" c S=99 | <= bob@example.com H=mail.example.com \
                 [192.0.2.7]:5000 I=[192.0.2.1]:25 T=\"a \\\"b\\\" c\" S=99 for x@y.z",
            ),
            (
                "2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm <= a@b.c H=(x) [192.0.2.7] P=esmtpa A=plain:bob@b.c S=9",
                "exim INFO 22:13:20 msgid=1Ov4tU-0000Nz-Rm user=bob@b.c ip=192.0.2.7 flag=<= address=a@b.c H=(x) P=esmtpa A=plain:bob@b.c S=9 | \
                 <= a@b.c H=(x) [192.0.2.7] P=esmtpa A=plain:bob@b.c S=9",
            ),
            (
                "2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm ** x@y.z R=dns T=smtp: no host",
                "exim ERROR 22:13:20 msgid=1Ov4tU-0000Nz-Rm flag=** address=x@y.z R=dns T=smtp: | ** x@y.z R=dns T=smtp: no host",
            ),
            (
                "2023-11-14 22:13:20 [7] H=(x) [192.0.2.7]:5000 F=<a@b.c> rejected RCPT <x@y.z>: relay not permitted",
                "exim WARN 22:13:20 pid=7 user=x@y.z ip=192.0.2.7 H=(x) sender_host_port=5000 F=<a@b.c> outcome=failure | \
                 H=(x) [192.0.2.7]:5000 F=<a@b.c> rejected RCPT <x@y.z>: relay not permitted",
            ),
            (
                "2023-11-14 22:13:20 login authenticator failed for h7.example.net ([192.0.2.1]) [192.0.2.7]:5000: 535 Incorrect authentication data (set_id=bob)",
                "exim WARN 22:13:20 user=bob ip=192.0.2.7 outcome=failure | login authenticator failed for h7.example.net ([192.0.2.1]) [192.0.2.7]:5000: \
                 535 Incorrect authentication data (set_id=bob)",
            ),
            (
                "2023-11-14 22:13:20 PLAIN authenticator failed for h7.example.net ([192.0.2.1]) [192.0.2.7]:5000: 535 Incorrect authentication data (set_id=bob)",
                "exim WARN 22:13:20 user=bob ip=192.0.2.7 outcome=failure | PLAIN authenticator failed for h7.example.net ([192.0.2.1]) [192.0.2.7]:5000: \
                 535 Incorrect authentication data (set_id=bob)",
            ),
            (
                "2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm F=a@b.c H=(x) [192.0.2.7] P=smtp rejected by local_scan(): spam",
                "exim WARN 22:13:20 msgid=1Ov4tU-0000Nz-Rm ip=192.0.2.7 F=a@b.c H=(x) P=smtp outcome=failure | \
                 F=a@b.c H=(x) [192.0.2.7] P=smtp rejected by local_scan(): spam",
            ),
            ("2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm Completed", "exim INFO 22:13:20 msgid=1Ov4tU-0000Nz-Rm | Completed"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "2023-11-14 22:13:20 Start queue run: pid=7", "2023-11-14 22:13:20 [x] 1Ov4tU-0000Nz-Rm <= a"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
