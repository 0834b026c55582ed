//! The error log of IBM MQ, whose records are several lines, or one where a container's log has them.
//!
//! ```text
//! 11/14/2023 22:13:20 - Process(7.1) User(bob) Program(strmqm)
//!                       Host(web1) Installation(Installation1) VRMF(9.1.0.0)
//!                       Time(2023-11-14T22:13:20.123Z)
//!
//! AMQ7125I: There are 90 days left in the trial period for this copy of IBM MQ.
//! ```
//!
//! The date at the front is written as the machine's language has it, so the time is the one in UTC, which newer versions state; without that the
//! month counts as first where both orders give a date. The program is the app, the code of the message its id, whose last letter gives the level; what else stands with a value in parentheses is an attribute.

use super::scan::{attribute, blanks, enclosed, event, span, until};
use super::stamp;
use crate::{Context, Level, LogEvent, Zone, find::find, timestamp};

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "ibm_mq";

/// What stands behind the time, not far from the front.
const MARK: &[u8] = b" - Process(";
const MARK_BYTES_MAX: usize = 40;

/// Reads a record, or the first line of one.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    const VALUES_MAX: usize = 40;
    let near = text.get(..MARK_BYTES_MAX).unwrap_or(text);
    let mut rest = text.get(find(near, MARK)? + 3..)?;
    let mut event = event(FORMAT, None, Level::Unknown, text);
    for _ in 0..VALUES_MAX {
        let Some((name, behind)) = span(rest, |b| b.is_ascii_alphanumeric()) else { break };
        let behind = if name == "QMgr" { blanks(behind) } else { behind };
        let Some((value, behind)) = enclosed(behind, b'(', b')') else { break };
        match name {
            "Process" => event.proc_id = value.split('.').next().unwrap_or(value).into(),
            "User" => event.user_name = value.into(),
            "Program" => event.app = value.into(),
            "Host" => event.host = value.into(),
            "Time" => event.timestamp = timestamp::parse(value, Zone::UTC),
            _ => attribute(&mut event, name, value),
        }
        rest = behind.trim_ascii_start();
    }
    event.timestamp = event.timestamp.or_else(|| dated(text, cx));
    if let Some((code, message)) = until(rest, b": ").filter(|(code, _)| is_code(code)) {
        event.level = match code.as_bytes().last() {
            Some(b'I') => Level::Info,
            Some(b'W') => Level::Warn,
            Some(b'E' | b'S') => Level::Error,
            Some(b'T') => Level::Fatal,
            _ => Level::Unknown,
        };
        event.msg_id = code.into();
        event.message = message.into();
    }
    Some(event)
}

/// The time at the front, in whichever order its date is.
fn dated(text: &[u8], cx: &Context) -> Option<i64> {
    let year = text.get(6..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    let shapes: [&[u8]; 2] = match (text.get(2)?, year) {
        (b'.', _) => [b"d.m.Y H:M:S", b"d.m.y H:M:S"],
        (_, 4) => [b"m/d/Y H:M:S", b"d/m/Y H:M:S"],
        _ => [b"m/d/y H:M:S", b"d/m/y H:M:S"],
    };
    shapes.into_iter().find_map(|shape| stamp::shaped(text, shape, cx)).map(|(at, _)| at)
}

/// `AMQ7125I`, and without the letter before version 9.
fn is_code(text: &str) -> bool {
    text.len() <= 12 && text.strip_prefix("AMQ").is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn what_stands_in_parentheses_is_read() {
        for (line, expected) in [
            (
                "11/14/2023 22:13:20 - Process(7.1) User(bob) Program(strmqm)\n   Host(web1) VRMF(9.1.0.0)\n   Time(2023-11-14T22:13:20.123Z)\n   CommentInsert1(a (b))\n   \nAMQ7125W: There are days left\nin the trial.\n\nEXPLANATION:\nNone.",
                "ibm_mq WARN 22:13:20.123 host=web1 app=strmqm pid=7 msgid=AMQ7125W user=bob VRMF=9.1.0.0 CommentInsert1=a (b) | There are days left\nin the trial.\n\nEXPLANATION:\nNone.",
            ),
            (
                "11/14/23 10:13:20 PM - Process(7.1) User(bob) Program(crtmqm) Host(web1) Time(2023-11-14T22:13:20.123Z) AMQ8001I: Created. ACTION: None.",
                "ibm_mq INFO 22:13:20.123 host=web1 app=crtmqm pid=7 msgid=AMQ8001I user=bob | Created. ACTION: None.",
            ),
            (
                "14.11.2023 22:13:20 - Process(7.1) User(bob) Program(crtmqm)",
                "ibm_mq UNKNOWN 22:13:20 app=crtmqm pid=7 user=bob | 14.11.2023 22:13:20 - Process(7.1) User(bob) Program(crtmqm)",
            ),
            (
                "14/11/2023  22:13:20 - Process(7.1) User(bob) Program(a.exe) QMgr (A.B) AMQ9542: It ends.",
                "ibm_mq UNKNOWN 22:13:20 app=a.exe pid=7 msgid=AMQ9542 user=bob QMgr=A.B | It ends.",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["11/14/2023 22:13:20 - Processes", "11/14/2023 22:13:20 Process(7)"] {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("ibm_mq"), "{line}");
        }
    }
}
