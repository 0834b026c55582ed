//! The JSON form: protobuf's mapping with three changes (OTLP specification, "JSON Protobuf Encoding"): ids are hexadecimal digits, enums are numbers,
//! names are in lower camel case ([`names`](super::names) says what else is taken). Whole numbers of 64 bits may be texts; null is as good as nothing.

use std::borrow::Cow;
use std::str::FromStr;

use super::Item;
use super::json_values::{Wrong, any, key_values, object_of, objects, text};
use super::names::{member, severity_number};
use super::record::{Around, Fields, Shared};
use crate::Context;
use crate::json::members::{Elements, Members, Part};
use crate::push::fault::BodyFault;
use crate::push::growth::Growth;

/// Longer ones are not in the form of floating-point numbers.
const NUMBER_BYTES_MAX: usize = 32;

fn malformed(what: Wrong) -> BodyFault {
    BodyFault::Malformed(what.into_owned())
}

pub(super) fn request(body: &[u8], cx: &Context, each: &mut dyn FnMut(Item<'_>)) -> Result<(), BodyFault> {
    let text =
        std::str::from_utf8(body).map_err(|error| BodyFault::Malformed(format!("the body is not UTF-8: {error}")))?;
    let mut growth = Growth::new();
    let mut members = Members::of(text)?;
    let mut resources = Vec::new();
    while let Some((name, part)) = member(&mut members)? {
        if name == "resourceLogs" {
            objects(part, "resourceLogs", &mut |object| {
                resources.push(object);
                Ok(())
            })
            .map_err(malformed)?;
        }
    }
    members.end()?;
    for resource in resources {
        resource_logs(resource, cx, &mut growth, each)?;
    }
    Ok(())
}

fn resource_logs(
    object: &str,
    cx: &Context,
    growth: &mut Growth,
    each: &mut dyn FnMut(Item<'_>),
) -> Result<(), BodyFault> {
    let mut resource = Shared::default();
    let mut scopes = Vec::new();
    let mut members = Members::of(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "resource" => attributes_of(part, "resource", &mut resource).map_err(malformed)?,
            "schemaUrl" => resource.push_text("resource.schema_url", &part.into_text().unwrap_or_default()),
            "scopeLogs" => objects(part, "scopeLogs", &mut |object| {
                scopes.push(object);
                Ok(())
            })
            .map_err(malformed)?,
            _ => {}
        }
    }
    for scope in scopes {
        scope_logs(scope, &resource, cx, growth, each)?;
    }
    Ok(())
}

fn scope_logs(
    object: &str,
    resource: &Shared,
    cx: &Context,
    growth: &mut Growth,
    each: &mut dyn FnMut(Item<'_>),
) -> Result<(), BodyFault> {
    let mut scope = Shared::default();
    let mut lists = Vec::new();
    let mut members = Members::of(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match (&*name, part) {
            ("scope", part) => attributes_of(part, "scope", &mut scope).map_err(malformed)?,
            ("schemaUrl", part) => scope.push_text("scope.schema_url", &part.into_text().unwrap_or_default()),
            ("logRecords", Part::Array(list)) => lists.push(list),
            ("logRecords", Part::Null) => {}
            ("logRecords", _) => return Err(BodyFault::Malformed("logRecords is not a list".to_owned())),
            _ => {}
        }
    }
    let around = Around { resource, scope: &scope };
    for list in lists {
        let mut elements = Elements::of(list)?;
        while let Some(part) = elements.next()? {
            growth.spend(around.bytes())?;
            each(item(part, around, cx));
        }
    }
    Ok(())
}

fn item<'r>(part: Part<'r>, around: Around<'r>, cx: &Context) -> Item<'r> {
    let Part::Object(object) = part else {
        return Item::Rejected("a log record is not an object".to_owned());
    };
    match log_record(object) {
        Ok(fields) => Item::Record {
            event: Box::new(fields.into_event(around, cx)),
            raw: object.as_bytes(),
            service: around.service(),
        },
        Err(wrong) => Item::Rejected(wrong.into_owned()),
    }
}

/// The name, version and attributes of a `resource` or a `scope`.
fn attributes_of(part: Part<'_>, what: &'static str, shared: &mut Shared) -> Result<(), Wrong> {
    let Some(object) = object_of(part, what)? else { return Ok(()) };
    let prefix = if what == "scope" { "scope.attributes" } else { what };
    let mut members = Members::of(object)?;
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
    let mut members = Members::of(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "timeUnixNano" => fields.time_unix_nano = number(part, "timeUnixNano")?,
            "observedTimeUnixNano" => fields.observed_time_unix_nano = number(part, "observedTimeUnixNano")?,
            "severityNumber" => fields.severity_number = severity(part)?,
            "severityText" => fields.severity_text = text(part, "severityText")?,
            "body" => fields.body = any(part, "body")?,
            "attributes" => key_values(part, &mut |name, value| fields.attributes.push((name, value)))?,
            "droppedAttributesCount" => fields.dropped_attributes_count = number(part, "droppedAttributesCount")?,
            "flags" => fields.flags = number(part, "flags")?,
            "traceId" => fields.trace_id = id(part, "traceId", 32)?,
            "spanId" => fields.span_id = id(part, "spanId", 16)?,
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

/// An id of so many hexadecimal digits, or none. One of zeros only is none (W3C Trace Context).
fn id<'a>(part: Part<'a>, what: &'static str, digits: usize) -> Result<Cow<'a, str>, Wrong> {
    let id = text(part, what)?;
    if !id.bytes().all(|b| b.is_ascii_hexdigit()) || !(id.is_empty() || id.len() == digits) {
        return Err(format!("{what} is not {digits} hexadecimal digits").into());
    }
    Ok(if id.bytes().all(|b| b == b'0') { Cow::Borrowed("") } else { id })
}
