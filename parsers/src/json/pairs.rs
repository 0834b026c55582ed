//! Pairs of names and texts that are no JSON, read by the same list of names.

use std::borrow::Cow;

use super::reader::Value;
use super::record::{Keep, Place, Record};
use super::unescape::Text;
use crate::{Context, LogEvent};

/// An event in the making from `name=value` pairs: all become attributes, and known names fill fields as well.
pub(crate) struct Pairs<'a, 'c> {
    record: Record<'a, 'c>,
}

impl<'a, 'c> Pairs<'a, 'c> {
    /// None yet, of a line of `text_bytes`.
    pub(crate) fn new(cx: &'c Context, text_bytes: usize) -> Self {
        Self { record: Record::new(cx, Keep::FieldAndAttribute, text_bytes) }
    }

    /// Adds a pair whose value stood in quotes, with escapes in it or not.
    pub(crate) fn quoted(&mut self, name: &'a str, raw: &'a str) {
        let escaped = memchr::memchr(b'\\', raw.as_bytes()).is_some();
        self.add(name, Value::Text(Text { raw, escaped }));
    }

    /// Adds a pair whose value stood bare.
    pub(crate) fn bare(&mut self, name: &'a str, value: &'a str) {
        let is_number = value.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !value.is_empty();
        self.add(name, if is_number { Value::Number(value) } else { Value::Text(Text { raw: value, escaped: false }) });
    }

    fn add(&mut self, name: &'a str, value: Value<'a>) {
        let key = Cow::Borrowed(name);
        self.record.leaf(&Place { scope: "", key: &key, path: None, known: "" }, value);
    }

    /// The event, with `line` as its message.
    pub(crate) fn finish(mut self, line: &'a [u8], format: &'static str) -> LogEvent<'a> {
        let event = self.record.finish(line);
        LogEvent { message: Cow::Borrowed(line), format, ..event }
    }
}
