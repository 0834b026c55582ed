//! klog and glog, the loggers of Kubernetes and of Google's C++ programs:
//!
//! ```text
//! I1114 22:13:20.123456       7 server.go:99] ready
//! I20231114 22:13:20.123456 7 main.cc:99] ready
//! ```
//!
//! A letter for the level, month and day (glog 0.6 writes the year too), the time, the thread's number (klog writes the
//! process id there), the place in the source. Attributes: `id` (that number), `file`, `line`, and the pairs behind a message in quotes.
//! A value of several lines is the text of these.

use std::borrow::Cow;

use memchr::memmem;

use super::scan::{digits, event, some_blanks, until};
use super::{stamp, trimmed};
use crate::{Context, Level, LogEvent, logfmt};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "klog";

/// Reads a line of klog or glog; `None` where it is none. White space around the line is no part of it.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut event = head(line, cx)?;
    if let Cow::Borrowed(message) = event.message
        && let Some(mut pairs) = behind_quoted(message)
    {
        while let Some(found) = Block::first(pairs) {
            add_pairs(&mut event, found.before, cx);
            event.attributes.push(&found.key, &found.text());
            pairs = found.behind;
        }
        add_pairs(&mut event, pairs, cx);
    }
    Some(event)
}

/// Adds what `pairs` say.
fn add_pairs<'a>(event: &mut LogEvent<'a>, pairs: &'a [u8], cx: &Context) {
    if let Some(pairs) = logfmt::parse(pairs, cx) {
        event.ip = event.ip.or(pairs.ip);
        if event.user_name.is_empty() {
            event.user_name = pairs.user_name;
        }
        event.attributes.append(pairs.attributes);
    }
}

/// A value of several lines: `err=<`, its lines, each behind a tab, and a line with a blank and `>`.
struct Block<'a> {
    /// The pairs before it.
    before: &'a [u8],
    key: Cow<'a, str>,
    lines: &'a [u8],
    /// The pairs behind it.
    behind: &'a [u8],
}

impl<'a> Block<'a> {
    /// The first one in `pairs`; one that was cut goes to the end.
    fn first(pairs: &'a [u8]) -> Option<Self> {
        const OPENING: &[u8] = b"=<\n";
        const CLOSING: &[u8] = b"\n >";
        let at = memmem::find(pairs, OPENING)?;
        let inside = pairs.get(at + OPENING.len()..)?;
        let (lines, behind) = match memmem::find(inside, CLOSING) {
            Some(end) => (inside.get(..end)?, inside.get(end + CLOSING.len()..)?),
            None => (inside, &b""[..]),
        };
        let before = pairs.get(..at)?;
        let (before, key) = before.split_at_checked(memchr::memrchr(b' ', before).map_or(0, |blank| blank + 1))?;
        let is_key = !key.is_empty() && key.iter().all(|b| logfmt::is_plain_key(*b));
        is_key.then_some(Self { before, key: String::from_utf8_lossy(key), lines, behind })
    }

    /// Its lines without the tabs before them.
    fn text(&self) -> String {
        let lines = self.lines.split(|b| *b == b'\n').map(|line| line.strip_prefix(b"\t").unwrap_or(line));
        String::from_utf8_lossy(&lines.collect::<Vec<_>>().join(&b'\n')).into_owned()
    }
}

/// Reads what stands before the message, which is not looked into.
pub(crate) fn head<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line).trim_ascii();
    let (letter, rest) = text.split_first()?;
    let level = match letter {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    };
    let (at, rest) = stamp::compact(rest, cx)?;
    let (id, rest) = digits(some_blanks(rest)?)?;
    let (place, message) = until(some_blanks(rest)?, b"]")?;
    let (file, line) = place.rsplit_once(':')?;
    let is_place = !file.is_empty() && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    let mut event = event(FORMAT, Some(at), level, message.strip_prefix(b" ").unwrap_or(message));
    for (name, value) in [("id", id), ("file", file), ("line", line)] {
        event.attributes.push(name, value);
    }
    is_place.then_some(event)
}

/// The pairs of a structured message, which stand behind its text in quotes: `"Created" pod="shop/cart-7"`.
fn behind_quoted(message: &[u8]) -> Option<&[u8]> {
    let text = message.strip_prefix(b"\"")?;
    let end = memmem::find(text, b"\" ")?;
    text.get(end + 2..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn both_headers_are_read() {
        for (line, expected) in [
            (
                "I1114 22:13:20.123456       7 server.go:99] ready",
                "klog INFO 22:13:20.123456 id=7 file=server.go line=99 | ready",
            ),
            ("W20231114 22:13:20.123456 7 main.c++:9] x]", "klog WARN 22:13:20.123456 id=7 file=main.c++ line=9 | x]"),
            (
                "E1114 22:13:20.123456 7 a.go:1] \"Failed\" err=\"no\"",
                "klog ERROR 22:13:20.123456 id=7 file=a.go line=1 err=no | \"Failed\" err=\"no\"",
            ),
            (
                "I1114 22:13:20.123456 7 a.go:1] \"HTTP\" verb=\"GET\" srcIP=\"192.0.2.7:5000\" resp=200",
                "klog INFO 22:13:20.123456 ip=192.0.2.7 id=7 file=a.go line=1 verb=GET srcIP=192.0.2.7:5000 resp=200 | \
                 \"HTTP\" verb=\"GET\" srcIP=\"192.0.2.7:5000\" resp=200",
            ),
            (
                "E1114 22:13:20.123456 7 a.go:1] \"Failed\" pod=\"shop/a\" err=<\n\tno such user=bob\n\t\tin \"a\n >\n logger=\"x\"",
                "klog ERROR 22:13:20.123456 id=7 file=a.go line=1 pod=shop/a err=no such user=bob\n\tin \"a logger=x | \
                 \"Failed\" pod=\"shop/a\" err=<\n\tno such user=bob\n\t\tin \"a\n >\n logger=\"x\"",
            ),
            (
                "E1114 22:13:20.123456 7 a.go:1] \"Failed\" err=<\n\tcut",
                "klog ERROR 22:13:20.123456 id=7 file=a.go line=1 err=cut | \"Failed\" err=<\n\tcut",
            ),
            ("\n F1114 22:13:20.000000 7 a.go:1] \n", "klog FATAL 22:13:20 id=7 file=a.go line=1 | "),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "I",
            "X1114 22:13:20.123456 7 a.go:1] x",
            "I1114 22:13:20.123456 99999999999999999999999999999 a.go:1] x",
            "I1314 22:13:20.123456 7 a.go:1] x",
            "I1114 22:13:20.123456 7 a.go] x",
            "I1114 22:13:20.123456 7 a.go:1 x",
            "IMAGE 7",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
