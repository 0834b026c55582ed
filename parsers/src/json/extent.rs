//! Where a JSON object or array ends, found without reading what it says.

use super::nesting::Nesting;

/// The way through one object or array whose bytes arrive in parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scan {
    /// How much of it has been seen; one more than there is where it ends in a backslash.
    at: usize,
    nesting: Nesting,
    in_text: bool,
    begins_line: bool,
}

/// What is known of the object at the front of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It ends behind this many bytes.
    End(usize),
    /// It goes on behind the text.
    Open,
    /// It is none as programs write them: a line ends within a string, or an object begins at the front of a line or where there is
    /// no place for one.
    Broken,
}

impl Scan {
    /// How many bytes of `text` have been seen.
    pub(crate) fn seen(&self, text: &[u8]) -> usize {
        self.at.min(text.len())
    }

    /// Goes on behind the first `count` bytes, which the caller has dropped.
    pub(crate) fn drop_front(&mut self, count: usize) {
        self.at = self.at.saturating_sub(count);
    }

    /// Goes on to the end of the object or of `text`, which begins with the object's first byte that was not dropped.
    ///
    /// With `is_written` it must look as programs write objects in several lines; else line ends may be anywhere.
    pub(crate) fn advance(&mut self, text: &[u8], is_written: bool) -> Found {
        if self.at > 0 && self.nesting.depth() == 0 {
            return Found::End(self.at);
        }
        while let Some(byte) = text.get(self.at) {
            if self.in_text {
                let rest = text.get(self.at..).unwrap_or_default();
                let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
                    self.at = text.len();
                    break;
                };
                self.at += found + 1;
                match rest.get(found) {
                    Some(b'"') => self.in_text = false,
                    Some(b'\\') => self.at += 1,
                    _ if is_written => return Found::Broken,
                    _ => {}
                }
                continue;
            }
            if is_written && self.nesting.depth() > 0 {
                match byte {
                    b'{' if !self.nesting.takes_object() => return Found::Broken,
                    b'{' | b'[' if self.begins_line => return Found::Broken,
                    _ => {}
                }
            }
            self.in_text = *byte == b'"';
            self.nesting.step(*byte);
            self.begins_line = *byte == b'\n';
            self.at += 1;
            if self.nesting.depth() == 0 {
                return Found::End(self.at);
            }
        }
        Found::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_text_arrives() {
        let object = b"{\n \"a\": \"}\\\"{\\\\\",\n \"b\": [{}, \"]\"]\n}";
        let text = [object, &b", {"[..]].concat();
        for first in 0..text.len() {
            let mut scan = Scan::default();
            let early = scan.advance(&text[..first], true);
            assert!(matches!(early, Found::Open | Found::End(_)), "{first}");
            assert_eq!(scan.advance(&text, true), Found::End(object.len()), "{first}");
        }
    }

    #[test]
    fn an_object_that_was_torn_does_not_take_in_the_next() {
        for text in [
            "{\"a\": \"b\n\"}",
            "{\"a\":\n{\"b\": 1}}",
            r#"{"a":{"b":1}{"c":2}}"#,
            r#"{"a":{"b":1},{"c":2}}"#,
            r#"{"a":[1,2{"c":2}]}"#,
        ] {
            assert_eq!(Scan::default().advance(text.as_bytes(), true), Found::Broken);
            assert!(matches!(Scan::default().advance(text.as_bytes(), false), Found::End(_)));
        }
    }
}
