//! Reads values from the front of a line: words between blanks, texts in quotes, texts in square brackets.

use std::borrow::Cow;

use crate::Attributes;

/// The rest of a line that is being read.
///
/// A quote or bracket that is not closed costs a search to the end of the line, so callers bound the number of values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

/// A value and how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Between blanks.
    Word(&'a [u8]),
    /// In double quotes, which are not part of it; its escapes are not resolved.
    Quoted(&'a [u8]),
    /// In square brackets, which are not part of it.
    Bracketed(&'a [u8]),
}

impl<'a> Value<'a> {
    /// What stands there, without quotes and brackets.
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Word(bytes) | Self::Quoted(bytes) | Self::Bracketed(bytes) => bytes,
        }
    }

    /// Whether it says that there is no value.
    pub(crate) fn is_absent(self) -> bool {
        matches!(self.bytes(), b"" | b"-")
    }
}

impl<'a> Cursor<'a> {
    /// At the front of `line`, whose line ending is left out.
    pub(crate) fn new(line: &'a [u8]) -> Self {
        Self { rest: line.trim_ascii_end() }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on at `rest`, which must be an end of the line.
    pub(crate) fn set_rest(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// Passes over `prefix`; whether it stood there.
    pub(crate) fn skip(&mut self, prefix: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Passes over blanks.
    pub(crate) fn skip_blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// The bytes up to the next blank, behind blanks; `None` at the end of the line.
    #[inline]
    pub(crate) fn word(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        // Words are short: a search that is made for long texts costs more than it saves.
        let end = self.rest.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The text in double quotes that stands here, behind blanks.
    ///
    /// A backslash takes its meaning from the next byte. Some servers write quotes in a text as they are; so a quote ends
    /// a text only where a blank or nothing follows it.
    pub(crate) fn quoted(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        let inside = self.rest.strip_prefix(b"\"")?;
        let mut at = 0;
        loop {
            let found = at + memchr::memchr2(b'"', b'\\', inside.get(at..)?)?;
            let after = inside.get(found + 1..).unwrap_or_default();
            if inside.get(found) == Some(&b'\\') {
                at = found + 2;
            } else if matches!(after.first(), None | Some(b' ' | b'\t')) {
                self.rest = after;
                return inside.get(..found);
            } else {
                at = found + 1;
            }
        }
    }

    /// As [`Cursor::quoted`], but a text that was cut off before its closing quote is all that is left of the line.
    pub(crate) fn quoted_or_cut(&mut self) -> Option<&'a [u8]> {
        self.quoted().or_else(|| {
            let cut = self.rest.strip_prefix(b"\"")?;
            self.rest = &[];
            Some(cut)
        })
    }

    /// The text in square brackets that stands here, behind blanks.
    pub(crate) fn bracketed(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        let inside = self.rest.strip_prefix(b"[")?;
        let end = memchr::memchr(b']', inside)?;
        self.rest = inside.get(end + 1..).unwrap_or_default();
        inside.get(..end)
    }

    /// The next value, however it is written; `None` at the end of the line.
    pub(crate) fn value(&mut self) -> Option<Value<'a>> {
        self.skip_blanks();
        let quoted_or_bracketed = match self.rest.first()? {
            b'"' => self.quoted().map(Value::Quoted),
            b'[' => self.bracketed().map(Value::Bracketed),
            _ => None,
        };
        quoted_or_bracketed.or_else(|| self.word().map(Value::Word))
    }
}

/// Where `mark`, which begins with a comma, stands in `text`: cheaper for marks that few commas begin than a search for all of it.
pub(crate) fn find_all<'t>(text: &'t [u8], mark: &'static [u8]) -> impl Iterator<Item = usize> + 't {
    memchr::memchr_iter(b',', text).filter(move |at| text.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
}

/// `bytes` as text, with U+FFFD for what is not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// The text that `bytes` of a quoted value mean.
///
/// Resolved are the escapes of quotes and backslashes: Apache's `\"` and `\\`, and nginx's `\x22` and `\x5C`. All
/// others stand for control characters or for single bytes, and are left as they are written.
pub(crate) fn unescaped(bytes: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', bytes).is_none() {
        return text(bytes);
    }
    let mut resolved = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let (byte, after) = match rest {
            [b'\\', byte @ (b'"' | b'\\'), after @ ..] => (byte, after),
            [b'\\', b'x', b'2', b'2', after @ ..] => (&b'"', after),
            [b'\\', b'x', b'5', b'C' | b'c', after @ ..] => (&b'\\', after),
            _ => (first, after),
        };
        resolved.push(*byte);
        rest = after;
    }
    Cow::Owned(text(&resolved).into_owned())
}

/// Adds `name` with the text of `value`, unless the value is absent (empty or `-`).
pub(crate) fn push(attributes: &mut Attributes, name: &str, value: &[u8]) {
    if !matches!(value, b"" | b"-") {
        attributes.push(name, &text(value));
    }
}

/// As [`push`], for a value that was in quotes.
pub(crate) fn push_unescaped(attributes: &mut Attributes, name: &str, value: &[u8]) {
    if !matches!(value, b"" | b"-") {
        attributes.push(name, &unescaped(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &str) -> Vec<Value<'_>> {
        let mut cursor = Cursor::new(line.as_bytes());
        std::iter::from_fn(|| cursor.value()).collect()
    }

    #[test]
    fn values_are_words_quoted_texts_and_bracketed_texts() {
        assert_eq!(
            values("a  \"b c\" [d e]\t- \"\"\r\n"),
            [Value::Word(b"a"), Value::Quoted(b"b c"), Value::Bracketed(b"d e"), Value::Word(b"-"), Value::Quoted(b"")]
        );
    }

    #[test]
    fn a_quote_ends_a_text_only_where_a_blank_follows() {
        assert_eq!(values(r#""a"b" "c \" d""#), [Value::Quoted(br#"a"b"#), Value::Quoted(br#"c \" d"#)]);
        assert_eq!(values(r#""a b"#), [Value::Word(b"\"a"), Value::Word(b"b")]);
        assert_eq!(values("[a b"), [Value::Word(b"[a"), Value::Word(b"b")]);
    }

    #[test]
    fn escapes_of_quotes_and_backslashes_are_resolved() {
        for (raw, meant) in [
            ("plain", "plain"),
            (r#"a \" \\ b"#, r#"a " \ b"#),
            (r"\x22\x5C\x5c", r#""\\"#),
            (r"\xE2\x00\t", r"\xE2\x00\t"),
            (r"end\", r"end\"),
        ] {
            assert_eq!(unescaped(raw.as_bytes()), meant, "{raw}");
        }
        assert_eq!(unescaped(b"\\\"\xff"), "\"\u{fffd}");
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_to_its_end(line: Vec<u8>, likely in "[ \"\\\\\\[\\]a-]{0,40}") {
            for line in [&line[..], likely.as_bytes()] {
                let mut cursor = Cursor::new(line);
                while cursor.value().is_some() {}
                proptest::prop_assert!(cursor.rest().is_empty());
            }
        }
    }
}
