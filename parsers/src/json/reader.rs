//! A forward reader over one JSON text (RFC 8259) that builds no tree and copies nothing.
//!
//! It exists beside serde_json because a log record needs what a general reader does not give: the digits
//! of a number as they were written, strings borrowed up to their escapes, a bound on depth that is no
//! stack overflow, and the column of the first fault. It is strict about structure and lenient inside
//! strings (bare control characters, unknown escapes), and takes Python's `NaN` and `Infinity`.

use super::extent::{Found, Scan};
use super::unescape::Text;

/// How deep objects and arrays may lie in each other.
pub(super) const DEPTH_MAX: usize = 64;

/// What is wrong with more than [`DEPTH_MAX`] of them.
pub(crate) const TOO_DEEP: &str = "nested too deep";

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong, in a few words.
    pub(crate) what: &'static str,
    /// The offset at which it was noticed, in bytes.
    pub(crate) at: usize,
}

/// A value, or the beginning of one that holds others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Text(Text<'a>),
    /// A number in its own digits.
    Number(&'a str),
    /// `true`, `false`, `NaN` or `Infinity`.
    Literal(&'a str),
    Null,
    /// The opening brace has been read: go on with [`Reader::next_key`].
    Object,
    /// The opening bracket has been read: go on with [`Reader::rest_of_array`].
    Array,
}

/// A position in a JSON text.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The key of an object's next member, its colon read; `None` where the object ends.
    pub(super) fn next_key(&mut self, first: bool) -> Result<Option<Text<'a>>, Fault> {
        let mut next = self.peek_past_space();
        if next == Some(b'}') {
            self.at += 1;
            return Ok(None);
        }
        if !first {
            if next != Some(b',') {
                return Err(self.fault("expected ',' or '}'"));
            }
            self.at += 1;
            next = self.peek_past_space();
        }
        if next != Some(b'"') {
            return Err(self.fault("expected a key in quotes"));
        }
        let key = self.string()?;
        if self.peek_past_space() != Some(b':') {
            return Err(self.fault("expected ':'"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// The next value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Fault> {
        match self.peek_past_space() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'{') => {
                self.at += 1;
                Ok(Value::Object)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Value::Array)
            }
            Some(_) => self.literal(),
            None => Err(self.fault("cut off before its end")),
        }
    }

    /// Whether an array has another element, which [`Reader::value`] then reads; at its end the bracket is read.
    pub(super) fn next_element(&mut self, first: bool) -> Result<bool, Fault> {
        match self.peek_past_space() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            Some(_) => Err(self.fault("expected ',' or ']'")),
            None => Err(self.fault("cut off before its end")),
        }
    }

    /// Reads an array to its end (its opening bracket has been read) and returns its text, brackets included.
    pub(super) fn rest_of_array(&mut self, depth: usize) -> Result<&'a str, Fault> {
        let start = self.at.saturating_sub(1);
        self.skip_array(depth)?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads an object to its end (its opening brace has been read) and returns its text, braces included.
    pub(super) fn rest_of_object(&mut self, depth: usize) -> Result<&'a str, Fault> {
        let start = self.at.saturating_sub(1);
        self.skip_object(depth)?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Goes to the end of an object or array (its opening bracket has been read) and returns its text, brackets included. What
    /// lies in it is not looked at: not whether it is JSON, and not how deep it is.
    pub(super) fn rest_by_brackets(&mut self) -> Result<&'a str, Fault> {
        let start = self.at.saturating_sub(1);
        let text = self.text.get(start..).unwrap_or_default();
        let Found::End(bytes) = Scan::default().advance(text.as_bytes(), false) else {
            self.at = self.text.len();
            return Err(self.fault("cut off before its end"));
        };
        self.at = start + bytes;
        Ok(text.get(..bytes).unwrap_or_default())
    }

    /// Whether only white space (and NUL, with which some senders end a line) is left.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        while self.peek_past_space() == Some(0) {
            self.at += 1;
        }
        if self.at < self.text.len() {
            return Err(self.fault("text after the object"));
        }
        Ok(())
    }

    fn skip_array(&mut self, depth: usize) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(self.fault(TOO_DEEP));
        }
        let mut first = true;
        loop {
            match self.peek_past_space() {
                Some(b']') => {
                    // After a comma a value must follow: skip_value has refused the bracket then.
                    self.at += 1;
                    return Ok(());
                }
                Some(b',') if !first => self.at += 1,
                Some(_) if first => {}
                Some(_) => return Err(self.fault("expected ',' or ']'")),
                None => return Err(self.fault("cut off before its end")),
            }
            self.skip_value(depth)?;
            first = false;
        }
    }

    fn skip_value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.value()? {
            Value::Object => self.skip_object(depth + 1),
            Value::Array => self.skip_array(depth + 1),
            Value::Text(_) | Value::Number(_) | Value::Literal(_) | Value::Null => Ok(()),
        }
    }

    fn skip_object(&mut self, depth: usize) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(self.fault(TOO_DEEP));
        }
        let mut first = true;
        while self.next_key(first)?.is_some() {
            self.skip_value(depth)?;
            first = false;
        }
        Ok(())
    }

    /// Reads a string; the reader stands on its opening quote.
    fn string(&mut self) -> Result<Text<'a>, Fault> {
        let start = self.at + 1;
        let mut end = start;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(end..).unwrap_or_default();
            let Some((found, byte)) = quote_or_backslash(rest) else {
                return Err(self.fault("a string without its closing quote"));
            };
            if byte == b'"' {
                end += found;
                break;
            }
            escaped = true;
            end += found + 2;
        }
        self.at = end + 1;
        Ok(Text { raw: self.text.get(start..end).unwrap_or_default(), escaped })
    }

    fn number(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        if rest.starts_with(b"-Infinity") {
            self.at += 9;
            return Ok(self.text.get(start..self.at).unwrap_or_default());
        }
        let Some(length) = number_length(rest) else {
            return Err(self.fault("malformed number"));
        };
        self.at += length;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn literal(&mut self) -> Result<Value<'a>, Fault> {
        const LITERALS: [&str; 5] = ["true", "false", "null", "NaN", "Infinity"];
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(word) = LITERALS.into_iter().find(|word| rest.starts_with(word)) else {
            return Err(self.fault("expected a value"));
        };
        self.at += word.len();
        Ok(if word == "null" { Value::Null } else { Value::Literal(word) })
    }

    #[inline]
    fn peek_past_space(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn fault(&self, what: &'static str) -> Fault {
        let what =
            if self.at >= self.text.len() && what.starts_with("expected") { "cut off before its end" } else { what };
        Fault { what, at: self.at }
    }
}

/// Where the first quote or backslash of `bytes` is, and which it is.
#[inline]
fn quote_or_backslash(bytes: &[u8]) -> Option<(usize, u8)> {
    // Names and most values are so short that the call of a vector search costs more than it saves: the first
    // bytes are searched eight at a time.
    let mut at = 0;
    for chunk in bytes.as_chunks::<8>().0.iter().take(3) {
        let word = u64::from_le_bytes(*chunk);
        let hits = zero_bytes(word ^ repeated(b'"')) | zero_bytes(word ^ repeated(b'\\'));
        if hits != 0 {
            let found = at + hits.trailing_zeros() as usize / 8;
            return Some((found, *bytes.get(found)?));
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let found = memchr::memchr2(b'"', b'\\', rest)?;
    Some((at + found, *rest.get(found)?))
}

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte of `word` that is zero. Bits above the lowest one set may be set wrongly.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeated(1)) & !word & repeated(0x80)
}

/// The length of the number that `bytes` begin with (RFC 8259, section 6).
fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}
