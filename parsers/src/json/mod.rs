//! JSON: one object a line, as most programs that log JSON write it.
//!
//! The names that loggers use for a time, a level, a message, a host and so on fill the event's fields
//! (see `../fields.rs` for the list); all other leaves become attributes under their names, the names of nested
//! objects joined by dots. So `{"log":{"level":"warn"}}` and `{"log.level":"warn"}` say the same.
//!
//! - A leaf fills its field or becomes an attribute, never neither: a value that its field cannot hold
//!   (`"level":"high"`), and the second best of two names for one field, become attributes. An address with a port or a
//!   list of them is both. Only `null` leaves nothing.
//! - Numbers keep the digits they were written in; arrays their JSON text; `true` and `false` are text.
//! - A key that occurs twice is kept twice; the first fills the field.
//! - Members of a top-level object named `attributes` become attributes under their own names and never fill fields.
//! - A record that states its source, or its raw form, has them as the attributes `source` and `raw_data`.
//! - A record without a message has the whole line as its message.
//! - A message that is a JSON object itself gives its fields too ([`complete_from_message`]), and so does one that is a line of a
//!   file, or that a program wrote whose messages are known by its name. A line of Docker's json-file is read as such a line, and
//!   has the level that [`plain`] text states.
//! - A CloudTrail file is one document with many records: [`records`] divides it.
//! - What Elasticsearch, Splunk and Loki wrote out is read as what they had stored.
//! - Windows' events are known in the names of Winlogbeat and NXLog.
//! - A record of Serilog's compact format without a level is INFO, as its description says.
//! - A record that states no level, but is a request's in a web server's log, an audit event or an event of Kubernetes, has the level
//!   that follows from its status or type. Kubernetes' watches wrap an event in an object, whose names count as if they were outside.
//! - Where a record names no address or user, a plain statement in its message is taken: an address after `from`,
//!   `client` or the like, a name in quotes after `user`.

mod cloud;
pub(crate) mod exported;
pub(crate) mod extent;
mod kinds;
mod kubernetes;
pub(crate) mod members;
pub(crate) mod nesting;
pub(crate) mod pairs;
mod pubsub;
pub(crate) mod reader;
pub(crate) mod record;
mod records;
pub(crate) mod relayed;
mod times;
mod unescape;
mod windows;

pub use records::{Records, records};

use std::borrow::Cow;

use self::reader::{DEPTH_MAX, Fault, Reader, TOO_DEEP, Value};
use self::record::{Keep, Place, Record};
use crate::{Context, Level, LogEvent, contained, content, mentions, plain, winevent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "json";

/// Why a record that is JSON is not taken for a whole one.
pub(crate) const NOT_UTF8: &str = "JSON is not UTF-8";

/// What a record is refused for although it may be JSON.
const BOUNDS: [&str; 3] = [TOO_DEEP, TOO_MANY, TOO_LONG];
const TOO_MANY: &str = "more than 4096 leaves";
const TOO_LONG: &str = "names too long for their nesting";

/// The most leaves of one record.
const LEAVES_MAX: usize = 4096;

/// The attributes of a record may be this much larger than the line they come from, because the names of nested
/// objects are repeated with each of their members.
const GROWTH_BYTES_MAX: usize = 1 << 20;

/// Reads a line that holds one JSON object.
///
/// Never fails: a line that is no JSON object, nests deeper than 64 levels or has more than 4,096 leaves becomes
/// an event with the whole line as its message, level [`Level::Unknown`] and a
/// [`parse_error`](LogEvent::parse_error) that names the fault and its column (in bytes, from 1). A line that is JSON
/// but not UTF-8 is read with U+FFFD in the place of undecodable bytes, and its `parse_error` says so.
///
/// The message is borrowed where it stands in the line without escapes.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    parse_object(line, cx).unwrap_or_else(|fault| unparsed(line, fault))
}

/// As [`parse`], for those who refuse what is no JSON object. One that goes beyond a bound is kept unparsed.
pub(crate) fn parse_object<'a>(line: &'a [u8], cx: &Context) -> Result<LogEvent<'a>, Fault> {
    let outcome = match std::str::from_utf8(line) {
        Ok(text) => record(text, cx, Keep::Field),
        Err(_) => lossy(line, cx),
    };
    let (mut event, holds_line) = match outcome {
        Err(fault) if BOUNDS.contains(&fault.what) => (unparsed(line, fault), false),
        outcome => outcome.map(|object| (object.event, object.holds_line))?,
    };
    if event.parse_error.is_none() {
        unwrap_message(&mut event, holds_line, line, cx);
        // What a script says is not said of the event.
        if !winevent::is_of_powershell(&event.app) {
            mentions::complete(&mut event);
        }
    }
    relayed::complete(&mut event);
    Ok(event)
}

/// Reads what the message says for itself, where the record only wraps a line that a program wrote.
fn unwrap_message(event: &mut LogEvent<'_>, holds_line: bool, line: &[u8], cx: &Context) {
    pubsub::unwrap(event, cx);
    // A record without a message is its own message; it has been read.
    let is_wrapped_object = event.message.first() == Some(&b'{') && event.message.len() < line.len();
    if is_wrapped_object {
        complete_from_message(event, cx);
    }
    if holds_line {
        contained::complete_from_whole_line(event, cx);
    } else if matches!(event.attributes.get("stream"), Some("stdout" | "stderr")) {
        if event.level == Level::Unknown {
            event.level = plain::stated_level(&event.message);
        }
        contained::complete_from_output(event, cx);
    } else {
        content::complete_enveloped(event, cx);
    }
}

/// Reads the JSON object that is the message of `event` (after syslog's or a container runtime's header).
///
/// The message stays as it is. All leaves of the object become attributes; a stated level replaces the one
/// that the header's severity gave, since many senders give all records the same; the other fields are filled only where
/// the header left them empty. `@cee:` or Splunk's `@cim:` may precede the object. Does nothing where the message is no JSON object.
pub fn complete_from_message(event: &mut LogEvent<'_>, cx: &Context) {
    let message = std::mem::take(&mut event.message);
    let inner = object_in(&message);
    let inner = inner.as_ref().and_then(|text| record(text, cx, Keep::FieldAndAttribute).ok());
    if let Some(inner) = inner {
        event.complete_from(inner.event);
    }
    event.message = message;
}

/// Reads an object all leaves of which become attributes, whether or not they fill a field.
pub(crate) fn parse_keeping_all<'a>(text: &'a str, cx: &Context) -> Result<LogEvent<'a>, Fault> {
    record(text, cx, Keep::FieldAndAttribute).map(|object| object.event)
}

/// Reads the time that a value is which stands alone, in more spellings than lines begin with.
pub(crate) fn time_of_value(text: &str, cx: &Context) -> Option<i64> {
    times::read(text, cx)
}

/// The part of a message that may be a JSON object.
fn object_in(message: &[u8]) -> Option<Cow<'_, str>> {
    let trimmed = message.trim_ascii();
    let labelled = trimmed.strip_prefix(b"@cee:").or_else(|| trimmed.strip_prefix(b"@cim:"));
    let object = labelled.unwrap_or(trimmed).trim_ascii_start();
    if object.first() != Some(&b'{') {
        return None;
    }
    Some(String::from_utf8_lossy(object))
}

fn record<'a>(text: &'a str, cx: &Context, keep: Keep) -> Result<Object<'a>, Fault> {
    let object = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut walk = Walk {
        reader: Reader::new(object),
        record: Record::new(cx, keep, object.len()),
        path: String::new(),
        wrapper_bytes: 0,
        leaves_left: LEAVES_MAX,
        bytes_left: object.len().saturating_add(GROWTH_BYTES_MAX),
    };
    if !matches!(walk.reader.value()?, Value::Object) {
        return Err(Fault { what: "not a JSON object", at: 0 });
    }
    walk.object(0, Names::Known)?;
    walk.reader.end()?;
    let holds_line = walk.record.holds_line();
    Ok(Object { event: walk.record.finish(text.as_bytes()), holds_line })
}

/// What an object says.
struct Object<'a> {
    event: LogEvent<'a>,
    /// Whether its message is a line as a program or a device wrote it, whatever else the object says.
    holds_line: bool,
}

/// Whether the members of an object may fill fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Known,
    AttributesOnly,
}

/// The way through one record.
struct Walk<'a, 'c> {
    reader: Reader<'a>,
    record: Record<'a, 'c>,
    /// The names of the objects around the reader, joined by dots.
    path: String,
    /// So many bytes of it are the name of an object that only wraps the record, and the dot behind it.
    wrapper_bytes: usize,
    leaves_left: usize,
    bytes_left: usize,
}

impl<'a> Walk<'a, '_> {
    /// Reads an object whose opening brace has been read, at `depth` objects below the top.
    fn object(&mut self, depth: usize, names: Names) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(self.fault(TOO_DEEP));
        }
        let mut first = true;
        while let Some(key) = self.reader.next_key(first)? {
            first = false;
            let key = key.resolve();
            let value = self.reader.value()?;
            if matches!(value, Value::Object) {
                self.nested(&key, depth, names)?;
            } else {
                self.member(key, value, depth, names)?;
            }
        }
        Ok(())
    }

    /// Reads the object that is the value of `key`.
    fn nested(&mut self, key: &str, depth: usize, names: Names) -> Result<(), Fault> {
        if depth == 0 && key == "attributes" {
            return self.object(depth + 1, Names::AttributesOnly);
        }
        if depth == 0 && self.record.is_stored_in(key) {
            return self.object(depth + 1, names);
        }
        let outer = self.path.len();
        let leaves_before = self.leaves_left;
        if self.path.is_empty() {
            // One allocation serves the usual lengths of paths.
            self.path.reserve(64.max(key.len()));
        } else {
            self.path.push('.');
        }
        self.path.push_str(key);
        let is_wrapper = depth == 0 && self.record.is_wrapped_in(key);
        self.wrapper_bytes = if is_wrapper { key.len() + 1 } else { self.wrapper_bytes };
        self.object(depth + 1, names)?;
        if is_wrapper {
            self.wrapper_bytes = 0;
        }
        if self.leaves_left == leaves_before {
            // An empty object would leave no trace.
            self.spend(self.path.len())?;
            self.record.attribute("", &self.path, Value::Literal("{}"));
        }
        self.path.truncate(outer);
        Ok(())
    }

    /// Reads a member that is no object.
    fn member(&mut self, key: Cow<'a, str>, value: Value<'a>, depth: usize, names: Names) -> Result<(), Fault> {
        let start = self.reader.position();
        let array = match value {
            Value::Array => Some(self.reader.rest_of_array(depth + 1)?),
            _ => None,
        };
        self.spend(self.path.len() + key.len() + (self.reader.position() - start))?;
        if let Some(json) = array
            && names == Names::AttributesOnly
        {
            self.record.attribute(&self.path, &key, Value::Literal(json));
            return Ok(());
        }
        if names == Names::AttributesOnly {
            self.record.attribute(&self.path, &key, value);
            return Ok(());
        }
        let scope_end = self.path.len();
        let nested = scope_end > 0;
        if nested {
            self.path.push('.');
            self.path.push_str(&key);
        }
        let place = Place {
            scope: self.path.get(..scope_end).unwrap_or_default(),
            key: &key,
            path: nested.then_some(self.path.as_str()),
            known: self.path.get(self.wrapper_bytes..).unwrap_or_default(),
        };
        match array {
            Some(json) => self.record.array(&place, json),
            None => self.record.leaf(&place, value),
        }
        self.path.truncate(scope_end);
        Ok(())
    }

    /// Counts one leaf and the bytes it adds beyond its own text.
    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        match (self.leaves_left.checked_sub(1), self.bytes_left.checked_sub(bytes)) {
            (Some(leaves), Some(bytes)) => {
                self.leaves_left = leaves;
                self.bytes_left = bytes;
                Ok(())
            }
            (None, _) => Err(self.fault(TOO_MANY)),
            (_, None) => Err(self.fault(TOO_LONG)),
        }
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault { what, at: self.reader.position() }
    }
}

/// Reads a line that is not UTF-8.
fn lossy<'a>(line: &[u8], cx: &Context) -> Result<Object<'a>, Fault> {
    let text = String::from_utf8_lossy(line);
    let Object { event, holds_line } = record(&text, cx, Keep::Field)?;
    Ok(Object { event: LogEvent { parse_error: Some(Cow::Borrowed(NOT_UTF8)), ..event.into_owned() }, holds_line })
}

fn unparsed(line: &[u8], fault: Fault) -> LogEvent<'_> {
    LogEvent {
        message: Cow::Borrowed(line),
        format: FORMAT,
        parse_error: Some(Cow::Owned(format!("{} at column {}", fault.what, fault.at + 1))),
        ..LogEvent::default()
    }
}
