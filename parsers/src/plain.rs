//! Plain text: a line is its own message, with the time and level that it plainly states.

mod level;
mod stamp;

use std::borrow::Cow;

pub(crate) use self::level::{Marks, is_label, leading_level, level_in_capitals, may_be_stated, stated_level};
use crate::{Context, Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "plain";

/// Reads a line of text. The message is the whole line, borrowed.
///
/// A stamp counts if the line begins with it (ISO 8601 with date and time or one of a few other spellings, in square brackets or not). A level counts
/// if it stands near the beginning as a word in capitals (`ERROR`), in brackets (`[error]`), after `level=`,
/// or as the first word with a colon (`error: …`). Never sets [`LogEvent::parse_error`]; a line may be empty.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let (stamp, rest) = leading_stamp(line, cx);
    let mut event = event(line, stamp, rest, Sought::From(0));
    // It may stand before the time.
    if event.level == Level::Unknown
        && stamp.is_some()
        && line.trim_ascii_start().first().is_some_and(u8::is_ascii_uppercase)
    {
        event.level = stated_level(line);
    }
    event
}

/// What is known of the level that a text states before it is looked for.
#[derive(Clone, Copy)]
pub(crate) enum Sought {
    /// It is the first that the text states.
    Found(Level),
    /// The words that end before this byte state none; behind the last of them stands a blank.
    From(usize),
}

/// As [`parse`], for a line that is known to begin with no time.
pub(crate) fn parse_untimed(line: &[u8], level: Sought) -> LogEvent<'_> {
    event(line, None, line, level)
}

/// As [`parse`], for a line whose time in ISO 8601 has been read; `rest` follows it, and `level` is what is known of that.
pub(crate) fn parse_dated<'a>(line: &'a [u8], at: i64, rest: &'a [u8], level: Sought) -> LogEvent<'a> {
    if stamp::ends(rest) { event(line, Some(at), rest, level) } else { event(line, None, line, Sought::From(0)) }
}

fn event<'a>(line: &'a [u8], timestamp: Option<i64>, rest: &[u8], level: Sought) -> LogEvent<'a> {
    let level = match level {
        Sought::Found(level) => level,
        Sought::From(start) => level::from(start, rest),
    };
    LogEvent { timestamp, level, message: Cow::Borrowed(line), format: FORMAT, ..LogEvent::default() }
}

/// What stands behind the time that `line` begins with, without the bracket and the process id around it.
pub(crate) fn body<'a>(line: &'a [u8], cx: &Context) -> &'a [u8] {
    let (_, rest) = leading_stamp(line, cx);
    let rest = rest.strip_prefix(b"]").unwrap_or(rest);
    let rest = rest.strip_prefix(b": ").unwrap_or(rest).trim_ascii_start();
    // The kernel's uptime, a process id.
    let inside = rest.strip_prefix(b"[").unwrap_or_default();
    let id = inside.iter().take(24).take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b' ')).count();
    match inside.get(id..) {
        Some([b']', b' ', behind @ ..]) if id > 0 && inside.get(..id).is_some_and(is_id) => behind.trim_ascii_start(),
        _ => rest,
    }
}

/// A number, with one dot at the most: more are an address.
fn is_id(text: &[u8]) -> bool {
    text.iter().filter(|b| **b == b'.').count() <= 1
}

/// The stamp that `line` begins with, and what follows it.
pub(crate) fn leading_stamp<'a>(line: &'a [u8], cx: &Context) -> (Option<i64>, &'a [u8]) {
    match stamp::read(line, cx) {
        Some((micros, rest)) => (Some(micros), rest),
        None => (None, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn a_level_counts_where_the_line_plainly_states_it() {
        for (line, level) in [
            ("ERROR something broke", Level::Error),
            ("2023-11-14 22:13:20,123 - shop.cart - WARNING - low stock", Level::Warn),
            ("2023-11-14T22:13:20Z [error] 12#0: open() failed", Level::Error),
            ("[2023-11-14 22:13:20.123] [info] ready", Level::Info),
            ("time=\"2023-11-14T22:13:20Z\" level=warning msg=\"slow\"", Level::Warn),
            ("ts=1 lvl=debug caller=x", Level::Debug),
            ("level: \"fatal\", text", Level::Fatal),
            ("error: no such file", Level::Error),
            ("WARNING 2023-11-14 22:13:20,123 low stock", Level::Warn),
            ("<notice> started", Level::Info),
            ("2023-11-14 22:13:20 | CRITICAL | db | down", Level::Fatal),
            ("E1120 18:12:37.000001   12 server.go:99] refused", Level::Error),
            ("no error here", Level::Unknown),
            ("an error: no such file", Level::Unknown),
            ("the LOG of our FAIL", Level::Unknown),
            ("ERRORS were found", Level::Unknown),
            ("INFÖ", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(parse(line.as_bytes(), &CX).level, level, "{line}");
        }
    }

    #[test]
    fn a_level_far_from_the_beginning_is_part_of_the_text() {
        let line = format!("{} ERROR", "word ".repeat(30));
        assert_eq!(parse(line.as_bytes(), &CX).level, Level::Unknown);
    }

    #[test]
    fn the_message_is_the_whole_line_and_a_leading_stamp_is_its_time() {
        let line = b"[2023-11-14 22:13:20.5] hello";
        let event = parse(line, &CX);
        assert_eq!(event.timestamp, Some(1_700_000_000_500_000));
        assert_eq!(event.message, Cow::Borrowed(&line[..]));
        assert_eq!((event.format, event.parse_error), ("plain", None));
        assert_eq!(parse(b"2023-11-14 22:13:20GMTX", &CX).timestamp, None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_kept_whole(line: Vec<u8>) {
            let event = parse(&line, &CX);
            proptest::prop_assert_eq!(&*event.message, &line[..]);
            proptest::prop_assert_eq!(event.parse_error, None);
        }
    }
}
