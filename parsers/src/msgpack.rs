//! MessagePack, as far as log records need it: tokens, the extent of a value that is still arriving, and values as JSON.

mod passage;

use chrono::{DateTime, SecondsFormat};
use thiserror::Error;

pub use passage::Passage;

/// Values nest no deeper in a record.
const DEPTH_MAX: usize = 60;

/// One token: a scalar with its octets, or the head of an array or a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'b> {
    /// Nothing.
    Nil,
    /// A truth value.
    Bool(bool),
    /// An integer that is not negative, or was written as such.
    Unsigned(u64),
    /// An integer that was written as one with a sign.
    Signed(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text, which is UTF-8 if its sender keeps to the format.
    Text(&'b [u8]),
    /// Octets.
    Binary(&'b [u8]),
    /// An array of so many values, which follow.
    Array(u32),
    /// A map of so many pairs, which follow.
    Map(u32),
    /// A value of an application's own type.
    Extension(i8, &'b [u8]),
}

/// What is no MessagePack, or more of it than a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The octet that no value begins with.
    #[error("the octet c1 begins no MessagePack value")]
    Reserved,
    /// The octets end within a value.
    #[error("a MessagePack value is cut off")]
    CutOff,
    /// Arrays and maps within each other.
    #[error("MessagePack values are nested too deeply")]
    Depth,
    /// Something else was expected here.
    #[error("not the expected MessagePack value")]
    Unexpected,
}

/// Reads tokens from a slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    /// A reader at the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    #[must_use]
    pub fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// The next token.
    ///
    /// # Errors
    /// [`Fault::CutOff`], with nothing read, where it is not whole; [`Fault::Reserved`].
    pub fn token(&mut self) -> Result<Token<'b>, Fault> {
        let mut ahead = *self;
        let token = ahead.read()?;
        *self = ahead;
        Ok(token)
    }

    /// Passes over the next value with all that is in it, and returns its octets.
    ///
    /// # Errors
    /// [`Fault::CutOff`] or [`Fault::Reserved`].
    pub fn value(&mut self) -> Result<&'b [u8], Fault> {
        let start = self.rest;
        let length = Extent::default().measure(start)?.ok_or(Fault::CutOff)?;
        let (value, rest) = start.split_at_checked(length).ok_or(Fault::CutOff)?;
        self.rest = rest;
        Ok(value)
    }

    /// Passes over the head of text or octets: how many octets follow. `None`, with nothing read, for any other value.
    ///
    /// # Errors
    /// [`Fault::CutOff`]: the head is not whole.
    pub fn octet_count(&mut self) -> Result<Option<u32>, Fault> {
        let mut ahead = *self;
        let first = u8::from_be_bytes(ahead.octets()?);
        let count = match first {
            0xa0..=0xbf => u32::from(first & 0x1f),
            0xc4..=0xc6 => ahead.count(first - 0xc4)?,
            0xd9..=0xdb => ahead.count(first - 0xd9)?,
            _ => return Ok(None),
        };
        *self = ahead;
        Ok(Some(count))
    }

    fn read(&mut self) -> Result<Token<'b>, Fault> {
        let first = u8::from_be_bytes(self.octets()?);
        Ok(match first {
            0x00..=0x7f => Token::Unsigned(first.into()),
            0x80..=0x8f => Token::Map((first & 0x0f).into()),
            0x90..=0x9f => Token::Array((first & 0x0f).into()),
            0xa0..=0xbf => Token::Text(self.take(u32::from(first & 0x1f))?),
            0xc0 => Token::Nil,
            0xc1 => return Err(Fault::Reserved),
            0xc2 | 0xc3 => Token::Bool(first == 0xc3),
            0xc4..=0xc6 => Token::Binary(self.counted(first - 0xc4)?),
            0xc7..=0xc9 => {
                let count = self.count(first - 0xc7)?;
                self.extension(count)?
            }
            0xca => Token::Float(f32::from_be_bytes(self.octets()?).into()),
            0xcb => Token::Float(f64::from_be_bytes(self.octets()?)),
            0xcc => Token::Unsigned(u8::from_be_bytes(self.octets()?).into()),
            0xcd => Token::Unsigned(u16::from_be_bytes(self.octets()?).into()),
            0xce => Token::Unsigned(u32::from_be_bytes(self.octets()?).into()),
            0xcf => Token::Unsigned(u64::from_be_bytes(self.octets()?)),
            0xd0 => Token::Signed(i8::from_be_bytes(self.octets()?).into()),
            0xd1 => Token::Signed(i16::from_be_bytes(self.octets()?).into()),
            0xd2 => Token::Signed(i32::from_be_bytes(self.octets()?).into()),
            0xd3 => Token::Signed(i64::from_be_bytes(self.octets()?)),
            0xd4..=0xd8 => self.extension(1 << (first - 0xd4))?,
            0xd9..=0xdb => Token::Text(self.counted(first - 0xd9)?),
            0xdc | 0xdd => Token::Array(self.count(first - 0xdb)?),
            0xde | 0xdf => Token::Map(self.count(first - 0xdd)?),
            0xe0..=0xff => Token::Signed(i8::from_be_bytes([first]).into()),
        })
    }

    fn octets<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (octets, rest) = self.rest.split_first_chunk::<N>().ok_or(Fault::CutOff)?;
        self.rest = rest;
        Ok(*octets)
    }

    /// A count of one, two or four octets (`width` 0, 1, 2).
    fn count(&mut self, width: u8) -> Result<u32, Fault> {
        Ok(match width {
            0 => u8::from_be_bytes(self.octets()?).into(),
            1 => u16::from_be_bytes(self.octets()?).into(),
            _ => u32::from_be_bytes(self.octets()?),
        })
    }

    fn take(&mut self, count: u32) -> Result<&'b [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(count as usize).ok_or(Fault::CutOff)?;
        self.rest = rest;
        Ok(taken)
    }

    fn counted(&mut self, width: u8) -> Result<&'b [u8], Fault> {
        let count = self.count(width)?;
        self.take(count)
    }

    fn extension(&mut self, count: u32) -> Result<Token<'b>, Fault> {
        let kind = i8::from_be_bytes(self.octets()?);
        Ok(Token::Extension(kind, self.take(count)?))
    }
}

/// How far the value at the front of a buffer reaches, found while it arrives: each octet is looked at once.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    at: usize,
    /// Values that are still to come.
    left: u64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { at: 0, left: 1 }
    }
}

impl Extent {
    /// The value's length; `None` if it is not whole. `buf` must begin as it did in the call before.
    ///
    /// # Errors
    /// [`Fault::Reserved`].
    pub fn measure(&mut self, buf: &[u8]) -> Result<Option<usize>, Fault> {
        let mut reader = Reader::new(buf.get(self.at..).unwrap_or_default());
        while self.left > 0 {
            let inside = match reader.token() {
                Ok(Token::Array(values)) => u64::from(values),
                Ok(Token::Map(pairs)) => 2 * u64::from(pairs),
                Ok(_) => 0,
                Err(Fault::CutOff) => return Ok(None),
                Err(fault) => return Err(fault),
            };
            self.left = self.left - 1 + inside;
            self.at = buf.len() - reader.rest().len();
        }
        Ok(Some(self.at))
    }
}

/// Writes the next value as JSON. Text that is not UTF-8 stays so; octets are written as text; Fluentd's event time (extension 0)
/// as a time, other extensions in hexadecimal.
///
/// # Errors
/// [`Fault`]; `json` then has a part of it.
pub fn write_json(reader: &mut Reader<'_>, json: &mut Vec<u8>) -> Result<(), Fault> {
    write_value(reader, json, 0)
}

fn write_value(reader: &mut Reader<'_>, json: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH_MAX {
        return Err(Fault::Depth);
    }
    match reader.token()? {
        Token::Array(values) => {
            json.push(b'[');
            for at in 0..values {
                if at > 0 {
                    json.push(b',');
                }
                write_value(reader, json, depth + 1)?;
            }
            json.push(b']');
        }
        Token::Map(pairs) => {
            json.push(b'{');
            for at in 0..pairs {
                if at > 0 {
                    json.push(b',');
                }
                write_key(reader, json)?;
                json.push(b':');
                write_value(reader, json, depth + 1)?;
            }
            json.push(b'}');
        }
        scalar => write_scalar(&scalar, json),
    }
    Ok(())
}

fn write_key(reader: &mut Reader<'_>, json: &mut Vec<u8>) -> Result<(), Fault> {
    match reader.token()? {
        Token::Text(text) | Token::Binary(text) => write_text(text, json),
        Token::Array(_) | Token::Map(_) => return Err(Fault::Unexpected),
        scalar => {
            let mut text = Vec::new();
            write_scalar(&scalar, &mut text);
            let bare = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(&text);
            write_text(bare, json);
        }
    }
    Ok(())
}

fn write_scalar(token: &Token<'_>, json: &mut Vec<u8>) {
    let text = match token {
        Token::Text(text) | Token::Binary(text) => return write_text(text, json),
        Token::Bool(value) => value.to_string(),
        Token::Unsigned(number) => number.to_string(),
        Token::Signed(number) => number.to_string(),
        Token::Float(number) if number.is_finite() => number.to_string(),
        Token::Float(number) => format!("\"{number}\""),
        Token::Extension(kind, octets) => match event_time(*kind, octets).and_then(DateTime::from_timestamp_micros) {
            Some(time) => format!("\"{}\"", time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => {
                octets.iter().fold("\"".to_owned(), |mut text, octet| {
                    text.extend([octet >> 4, octet & 15].map(|digit| char::from(hex_digit(digit))));
                    text
                }) + "\""
            }
        },
        Token::Nil | Token::Array(_) | Token::Map(_) => "null".to_owned(),
    };
    json.extend_from_slice(text.as_bytes());
}

/// Fluentd's `EventTime`, extension 0: seconds and nanoseconds since 1970, as microseconds.
#[must_use]
pub fn event_time(kind: i8, octets: &[u8]) -> Option<i64> {
    let (seconds, rest) = octets.split_first_chunk::<4>()?;
    let nanoseconds = <[u8; 4]>::try_from(rest).ok()?;
    let (seconds, nanoseconds) = (u32::from_be_bytes(*seconds), u32::from_be_bytes(nanoseconds));
    (kind == 0).then(|| i64::from(seconds) * 1_000_000 + i64::from(nanoseconds / 1000))
}

fn hex_digit(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

/// Appends a text as JSON has it; octets that are no UTF-8 stay as they are.
pub(crate) fn write_text(text: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', *byte]),
            0x00..=0x1f => {
                json.extend_from_slice(b"\\u00");
                json.extend([byte >> 4, byte & 15].map(hex_digit));
            }
            _ => json.push(*byte),
        }
    }
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> Result<String, Fault> {
        let mut json = Vec::new();
        write_json(&mut Reader::new(bytes), &mut json).map(|()| String::from_utf8_lossy(&json).into_owned())
    }

    #[test]
    fn values_become_json() {
        for (bytes, expected) in [
            (
                &b"\x83\xa1a\x01\xa1b\x92\xc0\xc3\xc4\x02hi\xcb\x3f\xf8\0\0\0\0\0\0"[..],
                r#"{"a":1,"b":[null,true],"hi":1.5}"#,
            ),
            (b"\xff", "-1"),
            (b"\xd1\xff\x00", "-256"),
            (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
            (b"\xd9\x04\"\\\n\x01", r#""\"\\\u000a\u0001""#),
            (b"\xc7\x02\x05\xab\x01", "\"ab01\""),
            (b"\x81\x07\xa1x", r#"{"7":"x"}"#),
            (b"\xcb\x7f\xf8\0\0\0\0\0\0", "\"NaN\""),
        ] {
            assert_eq!(json(bytes).as_deref(), Ok(expected), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(json(b"\xc1"), Err(Fault::Reserved));
        assert_eq!(json(b"\x92\x01"), Err(Fault::CutOff));
        assert_eq!(json(b"\xdb\xff\xff\xff\xffx"), Err(Fault::CutOff));
        assert_eq!(json(&[0x91; 100]), Err(Fault::Depth));
        assert_eq!(json(b"\x81\x90\x01"), Err(Fault::Unexpected));
    }

    proptest::proptest! {
        #[test]
        fn the_extent_is_the_same_however_a_value_arrives(bytes: Vec<u8>, piece in 1..7_usize) {
            let whole = Extent::default().measure(&bytes);
            let (mut extent, mut got) = (Extent::default(), Ok(None));
            for end in (0..bytes.len()).step_by(piece).chain([bytes.len()]) {
                got = extent.measure(&bytes[..end]);
                if got != Ok(None) {
                    break;
                }
            }
            proptest::prop_assert_eq!(got, whole);
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let outcome = json(&bytes);
            if let Ok(Some(length)) = Extent::default().measure(&bytes) {
                proptest::prop_assert!(length <= bytes.len());
                proptest::prop_assert!(outcome != Err(Fault::CutOff));
            }
        }
    }
}
