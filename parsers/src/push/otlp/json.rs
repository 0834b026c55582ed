//! The JSON form: protobuf's mapping with three changes (OTLP specification, "JSON Protobuf Encoding"): ids are hexadecimal digits, enums are numbers,
//! names are in lower camel case ([`names`](super::names) says what else is taken). Whole numbers of 64 bits may be texts; null is as good as nothing.
//!
//! Resources, scopes and records are told apart by their brackets, so that what is wrong in one of them costs the others nothing.

use std::str::FromStr;

use super::Sink;
use super::json_values::{Wrong, any, key_values, list_of, text};
use super::names::{member, severity_number};
use super::record::{Around, Fields, Id, Shared};
use crate::json::members::{Elements, Members, Part};
use crate::push::fault::BodyFault;
use crate::push::text::Text;

/// Longer ones are not in the form of floating-point numbers.
const NUMBER_BYTES_MAX: usize = 32;

/// What is wrong with the part of a request that records are in.
fn malformed(what: Wrong) -> BodyFault {
    BodyFault::Malformed(what.into_owned())
}

pub(super) fn request(body: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let body = Text::of(body);
    let mut members = Members::balanced(body.whole())?;
    let mut lists = Vec::new();
    while let Some((name, part)) = member(&mut members)? {
        if name == "resourceLogs" {
            lists.extend(list_of(part, "resourceLogs").map_err(malformed)?);
        }
    }
    members.end()?;
    for list in lists {
        let mut resources = Elements::balanced(list)?;
        while let Some(part) = resources.next()? {
            let outcome = match part {
                Part::Object(object) => resource_logs(object, &body, sink),
                _ => Err(malformed("an element of resourceLogs is not an object".into())),
            };
            sink.part(outcome)?;
        }
    }
    Ok(())
}

fn resource_logs(object: &str, body: &Text<'_>, sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut resource = Shared::default();
    let mut lists = Vec::new();
    let mut members = Members::balanced(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "resource" => shared(part, "resource", body, &mut resource),
            "schemaUrl" => resource.push_text("resource.schema_url", &part.into_text().unwrap_or_default()),
            "scopeLogs" => lists.extend(list_of(part, "scopeLogs").map_err(malformed)?),
            _ => {}
        }
    }
    for list in lists {
        let mut scopes = Elements::balanced(list)?;
        while let Some(part) = scopes.next()? {
            let outcome = match part {
                Part::Object(object) => scope_logs(object, &resource, body, sink),
                _ => Err(malformed("an element of scopeLogs is not an object".into())),
            };
            sink.part(outcome)?;
        }
    }
    Ok(())
}

fn scope_logs(object: &str, resource: &Shared, body: &Text<'_>, sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut scope = Shared::default();
    let mut lists = Vec::new();
    let mut members = Members::balanced(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "scope" => shared(part, "scope", body, &mut scope),
            "schemaUrl" => scope.push_text("scope.schema_url", &part.into_text().unwrap_or_default()),
            "logRecords" => lists.extend(list_of(part, "logRecords").map_err(malformed)?),
            _ => {}
        }
    }
    let around = Around { resource, scope: &scope };
    for list in lists {
        let mut records = Elements::balanced(list)?;
        while let Some(part) = records.next()? {
            let Part::Object(object) = part else {
                sink.record(Err("a log record is not an object"), b"", around)?;
                continue;
            };
            sink.record(log_record(&body.read(object)), body.original(object), around)?;
        }
    }
    Ok(())
}

/// Reads a `resource` or a `scope`. One that is none is kept as it was written: its records are good without it.
fn shared(part: Part<'_>, what: &'static str, body: &Text<'_>, into: &mut Shared) {
    let object = match part {
        Part::Object(object) => body.read(object),
        Part::Null => return,
        other => return into.push_text(what, &other.into_text().unwrap_or_default()),
    };
    let mut read = Shared::default();
    match attributes_of(&object, what, &mut read) {
        Ok(()) => into.extend(read),
        Err(_) => into.push_text(what, &object),
    }
}

/// The name, version and attributes of a `resource` or a `scope`.
fn attributes_of(object: &str, what: &'static str, shared: &mut Shared) -> Result<(), Wrong> {
    let prefix = if what == "scope" { "scope.attributes" } else { what };
    let mut members = Members::balanced(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "attributes" => key_values(part, &mut |name, value| {
                shared.push(prefix, &name, &value);
            })?,
            "name" | "version" if what == "scope" => {
                shared.push_text(&format!("scope.{name}"), &part.into_text().unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok(())
}

fn log_record(object: &str) -> Result<Fields<'_>, Wrong> {
    let mut fields = Fields::default();
    let mut members = Members::balanced(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "timeUnixNano" => fields.time_unix_nano = number(part, "timeUnixNano")?,
            "observedTimeUnixNano" => fields.observed_time_unix_nano = number(part, "observedTimeUnixNano")?,
            "severityNumber" => fields.severity_number = severity(part)?,
            "severityText" => fields.severity_text = text(part, "severityText")?,
            "body" => fields.body = any(part, "body", 0)?,
            "attributes" => key_values(part, &mut |name, value| fields.attributes.push((name, value)))?,
            "droppedAttributesCount" => fields.dropped_attributes_count = number(part, "droppedAttributesCount")?,
            "flags" => fields.flags = number(part, "flags")?,
            "traceId" => fields.trace_id = id(part, 32),
            "spanId" => fields.span_id = id(part, 16),
            "eventName" => fields.event_name = text(part, "eventName")?,
            _ => {}
        }
    }
    Ok(fields)
}

/// A value of the enum `SeverityNumber`. One that has no meaning costs the record nothing.
fn severity(part: Part<'_>) -> Result<i32, Wrong> {
    let parsed = match &part {
        Part::Null => return Ok(0),
        Part::Text(text) => whole(text).or_else(|| severity_number(text)),
        Part::Number(digits) => whole(digits),
        _ => None,
    };
    parsed.ok_or_else(|| "severityNumber is not a whole number".into())
}

fn number(part: Part<'_>, what: &'static str) -> Result<u64, Wrong> {
    let parsed = match &part {
        Part::Null => return Ok(0),
        Part::Text(digits) => whole(digits),
        Part::Number(digits) => whole(digits),
        _ => None,
    };
    parsed.ok_or_else(|| format!("{what} is not a whole number").into())
}

/// A whole number in digits, or, as protobuf's mapping allows, with a fraction of nothing or an exponent.
fn whole<T: FromStr + TryFrom<i128>>(text: &str) -> Option<T> {
    let exactly = text.parse().ok();
    let is_likely = || text.len() <= NUMBER_BYTES_MAX && text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    exactly.or_else(|| {
        let value: f64 = is_likely().then(|| text.parse().ok()).flatten()?;
        // From infinity and what is no number no whole number comes.
        (value.fract() == 0.0).then(|| T::try_from(value as i128).ok()).flatten()
    })
}

/// An id of so many hexadecimal digits. None, and one of zeros only, is no id (W3C Trace Context).
fn id(part: Part<'_>, digits: usize) -> Id<'_> {
    let id = part.into_text().unwrap_or_default();
    if id.bytes().all(|b| b == b'0') {
        return Id::None;
    }
    let is_valid = id.len() == digits && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_valid { Id::Valid(id) } else { Id::Invalid(id) }
}
