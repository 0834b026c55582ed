//! Plain text: a line is its own message, with the time and level that it plainly states.

mod stamp;

use std::borrow::Cow;

use crate::{Context, Level, LogEvent, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "plain";

/// A level is looked for in this many bytes after the stamp.
const LEVEL_WITHIN_BYTES: usize = 100;

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
        Sought::From(start) => level_from(start, rest),
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
fn leading_stamp<'a>(line: &'a [u8], cx: &Context) -> (Option<i64>, &'a [u8]) {
    match stamp::read(line, cx) {
        Some((micros, rest)) => (Some(micros), rest),
        None => (None, line),
    }
}

/// The level that a text plainly states near its beginning; [`Level::Unknown`] where it states none.
pub(crate) fn stated_level(text: &[u8]) -> Level {
    level_from(0, text)
}

/// The level that a text states in its first word, where that is in capitals, in brackets, before a colon or behind `level=`.
pub(crate) fn leading_level(text: &[u8]) -> Level {
    const WORD_BYTES_MAX: usize = 24;
    let text = text.trim_ascii_start();
    let end = text.iter().take(WORD_BYTES_MAX).position(|b| matches!(b, b' ' | b'|' | b'{'));
    let word = text.get(..end.unwrap_or(text.len().min(WORD_BYTES_MAX))).unwrap_or_default();
    // Most first words have none of this.
    let is_in_capitals = matches!(word, [b'A'..=b'Z', second, ..] if !second.is_ascii_lowercase());
    let is_marked = || word.iter().any(|b| matches!(b, b':' | b'=' | b'[' | b'<' | b'(' | b'"'));
    if is_in_capitals || is_marked() { stated_level(word) } else { Level::Unknown }
}

/// As [`stated_level`], where the words that end before the byte at `start` state none.
fn level_from(start: usize, text: &[u8]) -> Level {
    let near = text.get(..LEVEL_WITHIN_BYTES).unwrap_or(text);
    let mut is_first_word = start == 0;
    if is_first_word && let Some(level) = klog_level(near) {
        return level;
    }
    // The last byte before a word that is no white space.
    let mut mark = b' ';
    let mut at = start;
    while let Some(&byte) = near.get(at) {
        if !is_word(byte) {
            if !byte.is_ascii_whitespace() {
                mark = byte;
            }
            at += 1;
            continue;
        }
        let length = near.get(at..).map_or(1, |rest| rest.iter().take_while(|b| is_word(**b)).count());
        // Most words are nowhere near to state a level, and are passed over after a look at what stands around them.
        let is_marked = mark != b' ' && matches!(mark, b'[' | b'<' | b'(' | b'|' | b'=' | b':' | b'"');
        let may_be_in_capitals = byte.is_ascii_uppercase() && !near.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let may_lead = is_first_word && near.get(at + length).is_none_or(|b| *b == b':');
        if (may_lead || is_marked || may_be_in_capitals)
            && let Some(level) = level_at(at, near, text, is_first_word)
        {
            return level;
        }
        at += length;
        is_first_word = false;
        mark = b' ';
    }
    Level::Unknown
}

fn is_word(byte: u8) -> bool {
    #[expect(clippy::indexing_slicing, reason = "runs when the crate is compiled")]
    const IS_WORD: [bool; 256] = {
        let mut is_word = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            is_word[byte] = (byte as u8).is_ascii_alphanumeric() || byte == b'_' as usize || byte >= 0x80;
            byte += 1;
        }
        is_word
    };
    IS_WORD.get(usize::from(byte)).is_some_and(|is_word| *is_word)
}

/// The level that the word at `start` states.
fn level_at(start: usize, near: &[u8], text: &[u8], is_first: bool) -> Option<Level> {
    let (before, rest) = near.split_at_checked(start)?;
    let length = rest.iter().take_while(|b| is_word(**b)).count();
    // A word that the search window cuts off is seen whole.
    let after = text.get(start + length..)?;
    level_of_word(std::str::from_utf8(rest.get(..length)?).ok()?, before, after, is_first)
}

/// The level that one word states where it stands.
fn level_of_word(word: &str, before: &[u8], after: &[u8], is_first: bool) -> Option<Level> {
    let level = level_names::from_word(word)?;
    if after.first().is_some_and(|b| is_word(*b)) {
        return None;
    }
    let bracketed = matches!(
        (before.trim_ascii_end().last(), after.trim_ascii_start().first()),
        (Some(b'['), Some(b']')) | (Some(b'<'), Some(b'>')) | (Some(b'('), Some(b')')) | (Some(b'|'), Some(b'|'))
    );
    let leads = is_first && after.first() == Some(&b':');
    let in_capitals = level_in_capitals(word.as_bytes()) == Some(level);
    (bracketed || is_assigned(before) || leads || in_capitals).then_some(level)
}

/// Whether what stands before a word is `level=` or the like.
fn is_assigned(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let Some(name) = before.strip_suffix(b"=").or_else(|| before.trim_ascii_end().strip_suffix(b":")) else {
        return false;
    };
    let name = name.strip_suffix(b"\"").unwrap_or(name).to_ascii_lowercase();
    [&b"level"[..], b"lvl", b"severity", b"loglevel"].iter().any(|known| name.ends_with(known))
}

/// The level that `word` is where it is a word that in capitals is one even without brackets; `LOG`, `NOTE` or `FAIL` are often something else.
pub(crate) fn level_in_capitals(word: &[u8]) -> Option<Level> {
    Some(match word {
        b"INFO" | b"NOTICE" => Level::Info,
        b"WARN" | b"WARNING" => Level::Warn,
        b"ERROR" | b"ERR" | b"SEVERE" => Level::Error,
        b"DEBUG" => Level::Debug,
        b"TRACE" | b"VERBOSE" => Level::Trace,
        b"FATAL" | b"CRITICAL" | b"CRIT" | b"ALERT" | b"EMERG" | b"EMERGENCY" | b"PANIC" => Level::Fatal,
        _ => return None,
    })
}

/// The level of a klog or glog header, `E1120 18:12:37.000001 …`.
fn klog_level(text: &[u8]) -> Option<Level> {
    let [letter @ (b'I' | b'W' | b'E' | b'F'), a, b, c, d, b' ', h, i, b':', m, n, b':', ..] = text else {
        return None;
    };
    let all_digits = [a, b, c, d, h, i, m, n].iter().all(|b| b.is_ascii_digit());
    let letter = [*letter];
    all_digits.then(|| std::str::from_utf8(&letter).ok().and_then(level_names::from_letter))?
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
    fn the_first_word_of_a_message_may_be_its_level() {
        for (text, level) in [
            ("[error] text", Level::Error),
            ("<Warning>: text", Level::Warn),
            ("NOTICE[7]: text", Level::Info),
            ("level=debug msg=text", Level::Debug),
            (" error: text", Level::Error),
            ("ERROR", Level::Error),
            ("text ERROR", Level::Unknown),
            ("error in text", Level::Unknown),
            ("a|ERROR|b", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(leading_level(text.as_bytes()), level, "{text}");
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
