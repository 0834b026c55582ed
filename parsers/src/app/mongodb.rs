//! MongoDB before version 4.4, which made its log JSON:
//!
//! ```text
//! 2023-11-14T22:13:20.123+0000 I NETWORK  [listener] connection accepted
//! 2023-11-14T22:13:20.123+0000 [conn8] end connection              before 3.0
//! ```
//!
//! Attributes under the names of the JSON log: `component` and `context`.

use super::scan::{attribute, blanks, bracketed, event, some_blanks, span, word};
use super::{Stamped, trimmed};
use crate::{Context, Level, LogEvent, level_names, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "mongodb";

/// The parts of the server, as it names them.
#[rustfmt::skip]
const COMPONENTS: [&str; 24] = [
    "ACCESS", "ASIO", "BRIDGE", "COMMAND", "CONNPOOL", "CONTROL", "ELECTION", "EXECUTOR", "FTDC", "GEO", "HEARTBEATS", "INDEX",
    "INITSYNC", "JOURNAL", "NETWORK", "QUERY", "RECOVERY", "REPL", "REPL_HB", "ROLLBACK", "SHARDING", "STORAGE", "TXN", "WRITE",
];

/// Reads a line of MongoDB's log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    after_stamp(&Stamped::read(trimmed(line), cx)?)
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b" ")?;
    let [letter @ (b'D' | b'I' | b'W' | b'E' | b'F'), rest @ ..] = rest else {
        return old(stamped.at, rest);
    };
    // Debug levels may be numbered: D1 to D5.
    let rest = span(rest, |b| b.is_ascii_digit()).map_or(rest, |(_, rest)| rest);
    let (component, rest) = word(some_blanks(rest)?)?;
    let is_component = component.bytes().all(|b| b.is_ascii_uppercase() || b"_-".contains(&b));
    let rest = some_blanks(rest)?;
    // A few messages have no context: their component has to be a known one.
    let (context, message) =
        bracketed(rest).filter(|_| is_component).or_else(|| COMPONENTS.contains(&component).then_some(("", rest)))?;
    let level = level_names::from_letter(std::str::from_utf8(&[*letter]).ok()?)?;
    let mut event = event(FORMAT, Some(stamped.at), level, blanks(message));
    attribute(&mut event, "component", component);
    attribute(&mut event, "context", context);
    programs::complete(&mut event, "mongod");
    Some(event)
}

/// `[conn8] end connection`, without a level: the names of contexts tell it.
fn old(at: i64, text: &[u8]) -> Option<LogEvent<'_>> {
    let (context, message) = bracketed(text)?;
    let mut event = event(FORMAT, Some(at), Level::Unknown, blanks(message));
    attribute(&mut event, "context", context);
    if !begins_with_context(context.as_bytes()) || context.contains(' ') {
        return None;
    }
    programs::complete(&mut event, "mongod");
    Some(event)
}

/// Whether `text` begins like the name of one of the server's tasks.
#[inline]
pub(crate) fn begins_with_context(text: &[u8]) -> bool {
    const CONTEXTS: [&[u8]; 5] =
        [b"conn", b"initandlisten", b"signalProcessingThread", b"rsHealthPoll", b"clientcursormon"];
    matches!(text.first(), Some(b'c' | b'i' | b's' | b'r')) && CONTEXTS.iter().any(|name| text.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn both_heads_are_read() {
        for (line, expected) in [
            (
                "2023-11-14T17:13:20.123-0500 I NETWORK  [listener] connection accepted from 192.0.2.7:4242 #8",
                "mongodb INFO 22:13:20.123 ip=192.0.2.7 component=NETWORK context=listener | connection accepted from 192.0.2.7:4242 #8",
            ),
            (
                "2023-11-14T22:13:20.123+0000 F -        [conn8] Got signal: 11",
                "mongodb FATAL 22:13:20.123 context=conn8 | Got signal: 11",
            ),
            (
                "2023-11-14T22:13:20.123+0000 D2 QUERY    [conn8] x",
                "mongodb DEBUG 22:13:20.123 component=QUERY context=conn8 | x",
            ),
            (
                "2023-11-14T22:13:20.123+0000 I CONTROL  Ctrl-C signal",
                "mongodb INFO 22:13:20.123 component=CONTROL | Ctrl-C signal",
            ),
            (
                "2023-11-14T22:13:20.123+0000 [conn8] end connection",
                "mongodb UNKNOWN 22:13:20.123 context=conn8 | end connection",
            ),
            (
                "2023-11-14T22:13:20.123+0000 [conn8] Failed to authenticate bob@shop with mechanism MONGODB-CR: AuthenticationFailed x",
                "mongodb UNKNOWN 22:13:20.123 user=bob context=conn8 outcome=failure database=shop method=MONGODB-CR | Failed to authenticate bob@shop with mechanism MONGODB-CR: AuthenticationFailed x",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14T22:13:20Z I am [here] now",
            "2023-11-14T22:13:20Z I SAID no",
            "2023-11-14T22:13:20Z [main] x",
            "2023-11-14T22:13:20Z INFO x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
