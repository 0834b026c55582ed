//! The way through a JSON object of a document, which may be torn.
//!
//! A writer that ends within an object leaves it at a line's end, and the next one begins on a line of its own. So what is told of a
//! tear is told at the front of a line: an object where JSON has no place for one, or no further to the right than the element's own
//! begin, and what is no JSON at all. Within a string no line ends; but some writers put raw ones there, and then only what follows the
//! string shows which it was.

use crate::json::nesting::Nesting;

/// What is known of the object at the front of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::file) enum Found {
    /// It ends behind this many bytes.
    End(usize),
    /// It goes on behind the text; where a line ends in a string of it, it may be torn behind so many bytes.
    Open(Option<usize>),
    /// It has no end, and its last line has ended behind so many bytes.
    Torn(usize),
}

/// The way through one object whose bytes arrive in parts.
#[derive(Clone, Debug)]
pub(in crate::file) struct Walk {
    at: usize,
    nesting: Nesting,
    in_text: bool,
    is_escaped: bool,
    /// Where the line begins, if it is not the object's first.
    line: Option<usize>,
    /// Only blanks stand before here on the line.
    is_front: bool,
    column: usize,
    /// White space follows the last byte that is none.
    is_apart: bool,
    /// The line begins with no mark of JSON's.
    is_bare: bool,
    /// Behind the first line that ends within a string.
    tear: Option<usize>,
    /// The column of the object itself; `None` where it holds all others, as a document does.
    own_column: Option<usize>,
    /// Its first line holds more than its brace: its writer does not spread objects over lines.
    is_compact: bool,
}

impl Default for Walk {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Walk {
    /// For an object in `own_column`; a document, where that is `None`.
    pub(in crate::file) fn new(own_column: Option<usize>) -> Self {
        Self {
            at: 0,
            nesting: Nesting::default(),
            in_text: false,
            is_escaped: false,
            line: None,
            is_front: false,
            column: 0,
            is_apart: false,
            is_bare: false,
            tear: None,
            own_column,
            is_compact: true,
        }
    }

    /// How many bytes of `text` have been seen.
    pub(in crate::file) fn seen(&self, text: &[u8]) -> usize {
        self.at.min(text.len())
    }

    /// Goes on behind the first `count` bytes, which the caller has dropped: no part of the object ends there.
    pub(in crate::file) fn drop_front(&mut self, count: usize) {
        self.at = self.at.saturating_sub(count);
        self.line = self.line.and_then(|line| line.checked_sub(count)).filter(|line| *line > 0);
        self.tear = None;
    }

    /// Goes on to the end of the object or of `text`, which begins with the object's first byte that was not dropped.
    pub(in crate::file) fn advance(&mut self, text: &[u8]) -> Found {
        if self.at > 0 && self.nesting.depth() == 0 {
            return Found::End(self.at);
        }
        while let Some(&byte) = text.get(self.at) {
            if self.in_text {
                self.string(text);
                continue;
            }
            if let Some(end) = self.torn_before(byte) {
                return Found::Torn(end);
            }
            self.step(byte);
            if self.nesting.depth() == 0 {
                return Found::End(self.at);
            }
        }
        Found::Open(self.tear)
    }

    /// Goes on within a string, to its end or the next byte that has a meaning there.
    fn string(&mut self, text: &[u8]) {
        let rest = text.get(self.at..).unwrap_or_default();
        if std::mem::take(&mut self.is_escaped) && rest.first() != Some(&b'\n') {
            self.at += 1;
            return;
        }
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
            self.at = text.len();
            return;
        };
        self.at += found + 1;
        match rest.get(found) {
            Some(b'"') => self.in_text = false,
            Some(b'\\') => self.is_escaped = true,
            _ => self.tear = self.tear.or(Some(self.at)),
        }
    }

    /// Goes on by a byte outside of strings.
    fn step(&mut self, byte: u8) {
        self.at += 1;
        self.nesting.step(byte);
        self.in_text = byte == b'"';
        match byte {
            b'\n' => {
                self.is_compact &= !(self.nesting.last() == b'{' && self.nesting.depth() == 1 && self.line.is_none());
                (self.line, self.is_front, self.column) = (Some(self.at), true, 0);
                (self.is_apart, self.is_bare) = (true, false);
            }
            b' ' | b'\t' | b'\r' => {
                self.column += usize::from(self.is_front);
                self.is_apart = true;
            }
            _ => {
                self.is_bare |= self.is_front && byte.is_ascii_alphanumeric();
                (self.is_front, self.is_apart) = (false, false);
            }
        }
    }

    /// Where the object ended, if `byte` cannot be a part of it.
    fn torn_before(&self, byte: u8) -> Option<usize> {
        if byte.is_ascii_whitespace() {
            return None;
        }
        let last = self.nesting.last();
        let goes_on = match byte {
            b',' | b':' | b'}' | b']' => true,
            b'{' | b'[' if self.is_front && self.is_others(byte) => false,
            // A value or a name ends before the next one begins.
            _ if last == b'"' && (self.tear.is_some() || self.is_front && byte != b'"') => false,
            b'{' | b'[' | b'"' => true,
            _ if self.is_front => byte.is_ascii_alphanumeric() || b"+-./#".contains(&byte),
            _ => !(self.is_bare && self.is_apart && last.is_ascii_alphanumeric()),
        };
        // Within one line a mistake is the object's own.
        if goes_on { None } else { self.tear.or(self.line) }
    }

    /// Whether an object or array at the front of a line, which begins with `byte`, is none of this object's.
    fn is_others(&self, byte: u8) -> bool {
        let is_outer = self.own_column.is_some_and(|own| self.column <= own);
        let is_behind_colon = byte == b'{' && self.nesting.is_behind_colon();
        !self.nesting.takes_object() || is_outer && (self.is_compact || is_behind_colon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, column: Option<usize>, expected: Found) {
        for first in 0..text.len() {
            let mut walk = Walk::new(column);
            walk.advance(&text.as_bytes()[..first]);
            assert_eq!(walk.advance(text.as_bytes()), expected, "{text} after {first}");
        }
    }

    #[test]
    fn an_object_has_an_end_however_it_is_written() {
        for text in [
            "{}",
            "{\"a\": [1, 2.5e-3, true, null], \"b\": \"]}\\\"\"}",
            "{\n\"a\":\n[\n{\n\"b\": 1\n},\n{\n\"c\": -2\n}\n]\n}",
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\":\n    {\n    }\n}",
            "{\"a\": \"b\nc\",\n \"d\": \"e\\\nf\"}",
            "{\"a\": \"say \"no\" {x}\"}",
        ] {
            check(&format!("{text}, {{"), Some(0), Found::End(text.len()));
        }
        check("{\"a\": [\n{\"b\": 1},\n{}]}", None, Found::End(22));
    }

    #[test]
    fn a_tear_is_seen_behind_it() {
        for torn in [
            "{\"a\":\"b\n",
            "{\"a\":\"b\\\n",
            "{\"a\n",
            "{\"a\":1,\n",
            "{\"a\":\n",
            "{\"a\":[1,\n",
            "{\"a\":{\"b\":1}\n",
            "{\n",
        ] {
            check(&format!("{torn}{{\"c\":1}}"), Some(0), Found::Torn(torn.len()));
        }
        for torn in ["{\"a\":1,\n", "{\"a\":{\"b\":1}\n"] {
            for next in ["Nov 14 22:13:20 web1 a: b", "<13>a", "2023-11-14 22:13:20 a", "192.0.2.7 - - [14/"] {
                check(&format!("{torn}{next}"), Some(0), Found::Torn(torn.len()));
            }
        }
        check("{\"a\":\"b\nc d\n", Some(0), Found::Open(Some(8)));
    }
}
