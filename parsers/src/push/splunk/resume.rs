//! Where the next object begins behind one that cannot be read.

use memchr::{memchr, memchr_iter};

use crate::json::extent::{Found, Scan};

/// What Splunk knows the members of an object by.
const NAMES: [&[u8]; 7] = [b"event", b"time", b"host", b"source", b"sourcetype", b"index", b"fields"];

const NAME_BYTES_MAX: usize = 16;

/// Finds the ends of objects that are broken. No byte is looked at for each of the objects before it: the time grows as the text does.
#[derive(Debug)]
pub(super) struct Resume {
    /// In a text that has more left than so many bytes, no end of an object is to be found: it was looked for.
    lost_above: usize,
}

impl Default for Resume {
    fn default() -> Self {
        Self { lost_above: usize::MAX }
    }
}

impl Resume {
    /// How far the object or the rubbish reaches that `text` begins with, which is not empty; whether that is the end of an object.
    ///
    /// `is_written`: no line ends within a string, and an object within another has its place there and not at the front of a line.
    pub(super) fn end(&mut self, text: &[u8], is_written: bool) -> (usize, bool) {
        let is_open = matches!(text.first(), Some(b'{' | b'['));
        if is_open && text.len() <= self.lost_above {
            let mut scan = Scan::default();
            let found = scan.advance(text, is_written);
            if let Found::End(end) = found {
                return (end, true);
            }
            let (seen, left) = text.split_at_checked(scan.seen(text)).unwrap_or_default();
            self.lost_above = left.len();
            if found == Found::Broken && left.starts_with(b"{") {
                return (next_object(seen, Before::Torn), false);
            }
        }
        (next_object(text, if is_open { Before::Open } else { Before::Rubbish }), false)
    }
}

/// What stands before an object that is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// No object.
    Rubbish,
    /// One without an end.
    Open,
    /// One that, at the latest, the object behind the text tears.
    Torn,
}

/// Where the next object begins behind the first byte: at the front of a line, or where a name follows the brace; behind an object only
/// where Splunk knows the name or, should it be open, another one ends before it, for others within it are none of its own.
fn next_object(text: &[u8], before: Before) -> usize {
    let begins = |at: &usize| {
        let (ahead, from) = text.split_at_checked(*at).unwrap_or_default();
        let name = || from.get(1..).and_then(|inner| inner.trim_ascii_start().strip_prefix(b"\""));
        let is_known = |name: &[u8]| {
            let end = memchr(b'"', name.get(..NAME_BYTES_MAX).unwrap_or(name));
            end.and_then(|end| name.get(..end)).is_some_and(|name| NAMES.contains(&name))
        };
        let is_behind_another = || {
            let last = ahead.iter().rev().find(|byte| !byte.is_ascii_whitespace() && **byte != b',');
            last == Some(&b'}')
        };
        let is_own = |name| match before {
            Before::Rubbish => true,
            Before::Open => is_known(name) || is_behind_another(),
            Before::Torn => is_known(name),
        };
        *at > 0 && (ahead.ends_with(b"\n") || name().is_some_and(is_own))
    };
    memchr_iter(b'{', text).find(begins).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_ends_where_its_braces_do_and_else_before_the_next_one() {
        let check = |text: &str, end: usize, is_end: bool| {
            assert_eq!(Resume::default().end(text.as_bytes(), true), (end, is_end), "{text}");
        };
        check(r#"{"a":bad,"b":{"c":"}"}}{"d":1}"#, 23, true);
        check(r#"{"a":"x}{"d":1}"#, 8, false);
        check("{\"a\":\"x\n{\"d\":1}", 8, false);
        check(r#"{"a":{"b":1"#, 11, false);
        check(r#"{"event":{"a":[{"b":1},{"c":2}]{"event":3}"#, 31, false);
        check(r#"{"event":{"a":{"b":1},{"event":3}"#, 22, false);
        check(r#"{"event":[1,2{"event":3}"#, 13, false);
        check(r#"{"event":[1,2,{"event":3}]"#, 14, false);
        check(r#"{"event":{"time":3}"#, 9, false);
        check(r#"rubbish {"d":1}"#, 8, false);
        check(r#"rubbish {d} ["#, 13, false);
        check("rubbish\n{d}", 8, false);
    }
}
