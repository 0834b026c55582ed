//! FreeSWITCH's log:
//!
//! ```text
//! 2023-11-14 22:13:20.123456 [WARNING] sofia_reg.c:1533 SIP auth failure (REGISTER) on sofia profile 'internal' for [bob] from ip 192.0.2.7
//! 2023-11-14 22:13:20.123456 95.20% [NOTICE] sofia.c:99 text                                      with how idle the processor is
//! 7f47ac10-58cc-4372-a567-0e02b2c3d479 2023-11-14 22:13:20.123456 95.20% [INFO] sofia.c:99 text   with the id of the call
//! ```
//!
//! Attributes: `file` and `line` of the source, the call's `uuid`, `idle_cpu`.

use super::Stamped;
use super::scan::{attribute, blanks, bracketed, event, span, word};
use crate::{Context, LogEvent, level_names, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "freeswitch";

/// Bytes of a call's id.
const UUID_BYTES: usize = 36;

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b" ")?;
    let (idle, rest) = match rest.first()? {
        b'0'..=b'9' => {
            let (idle, rest) = span(rest, |b| b.is_ascii_digit() || b == b'.')?;
            (idle, rest.strip_prefix(b"% ")?)
        }
        _ => ("", rest),
    };
    let (word_of_level, rest) = bracketed(rest)?;
    let level = match word_of_level {
        "CONSOLE" => crate::Level::Info,
        word if word.bytes().all(|b| b.is_ascii_uppercase()) => level_names::from_word(word)?,
        _ => return None,
    };
    let (place, message) = word(rest.strip_prefix(b" ")?)?;
    let (file, line) = place.rsplit_once(':')?;
    let is_source = [".c", ".cpp", ".h"].iter().any(|ending| file.ends_with(ending));
    if !is_source || line.is_empty() || !line.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), level, blanks(message));
    attribute(&mut event, "idle_cpu", idle);
    attribute(&mut event, "file", file);
    attribute(&mut event, "line", line);
    programs::complete(&mut event, "freeswitch");
    Some(event)
}

/// A line that begins with the id of a call.
pub(super) fn with_call<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if !begins_with_call(text) {
        return None;
    }
    let (uuid, rest) = text.split_at_checked(UUID_BYTES)?;
    let uuid = std::str::from_utf8(uuid).ok()?;
    let mut event = after_stamp(&Stamped::read(rest.strip_prefix(b" ")?, cx)?)?;
    attribute(&mut event, "uuid", uuid);
    Some(event)
}

/// Whether `text` begins with an id and the year of a time behind it.
pub(crate) fn begins_with_call(text: &[u8]) -> bool {
    let Some((uuid, [b' ', b'2', b'0', _, _, b'-', ..])) = text.split_at_checked(UUID_BYTES) else { return false };
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    uuid.iter().enumerate().all(|(at, byte)| if is_dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    fn parse(line: &str) -> Option<LogEvent<'_>> {
        with_call(line.as_bytes(), &CX).or_else(|| after_stamp(&Stamped::read(line.as_bytes(), &CX)?))
    }

    #[test]
    fn a_failed_registration_names_its_user_and_its_address() {
        let text = "SIP auth failure (REGISTER) on sofia profile 'internal' for [bob] from ip 192.0.2.7";
        for (head, attributes) in [
            ("2023-11-14 22:13:20.123 [WARNING] sofia_reg.c:1533", ""),
            ("2023-11-14 22:13:20.123 95.20% [WARNING] sofia_reg.c:1533", " idle_cpu=95.20"),
        ] {
            let line = format!("{head} {text}");
            let expected = format!(
                "freeswitch WARN 22:13:20.123 user=bob ip=192.0.2.7{attributes} file=sofia_reg.c line=1533 outcome=failure method=REGISTER profile=internal | {text}"
            );
            check(parse(&line), &line, &expected);
        }
    }

    #[test]
    fn a_line_of_a_call_has_its_id() {
        let line = "1f47ac10-58cc-4372-a567-0e02b2c3d479 2023-11-14 22:13:20.123 95.20% [NOTICE] sofia.c:99 IP 192.0.2.7 Rejected by acl \"lan\"";
        let expected = "freeswitch INFO 22:13:20.123 ip=192.0.2.7 idle_cpu=95.20 file=sofia.c line=99 outcome=failure uuid=1f47ac10-58cc-4372-a567-0e02b2c3d479 | \
                        IP 192.0.2.7 Rejected by acl \"lan\"";
        check(parse(line), line, expected);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "2023-11-14 22:13:20 [WARNING] text",
            "2023-11-14 22:13:20 [WARNING] a.rs:7 text",
            "2023-11-14 22:13:20 [warning] a.c:7 text",
            "2023-11-14 22:13:20 95 [WARNING] a.c:7 text",
            "1f47ac10-58cc-4372-a567-0e02b2c3d479 text",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
