//! Where the next object begins behind one that cannot be read.

use memchr::memchr_iter;

use crate::json::extent::{Found, Scan};

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
    /// `is_written`: no line ends within a string, and no object within another begins at the front of a line.
    pub(super) fn end(&mut self, text: &[u8], is_written: bool) -> (usize, bool) {
        let is_open = matches!(text.first(), Some(b'{' | b'['));
        if is_open && text.len() <= self.lost_above {
            let mut scan = Scan::default();
            if let Found::End(end) = scan.advance(text, is_written) {
                return (end, true);
            }
            self.lost_above = text.len() - scan.seen(text);
        }
        (next_object(text, is_open), false)
    }
}

/// Where the next object begins behind the first byte: at the front of a line, or where a name follows the brace; behind an object that is
/// `open` only where another one ends before it, for those within it are none of its own.
fn next_object(text: &[u8], is_open: bool) -> usize {
    let begins = |at: &usize| {
        let (before, from) = text.split_at_checked(*at).unwrap_or_default();
        let has_name = || from.get(1..).is_some_and(|inner| inner.trim_ascii_start().starts_with(b"\""));
        let is_behind = || {
            let last = before.iter().rev().find(|byte| !byte.is_ascii_whitespace() && **byte != b',');
            !is_open || last == Some(&b'}')
        };
        *at > 0 && (before.ends_with(b"\n") || has_name() && is_behind())
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
        check(r#"rubbish {"d":1}"#, 8, false);
        check(r#"rubbish {d} ["#, 13, false);
        check("rubbish\n{d}", 8, false);
    }
}
