//! The JSON form: protobuf's mapping with three changes (OTLP specification, "JSON Protobuf Encoding"): ids are hexadecimal digits, enums are numbers,
//! names are in lower camel case. Whole numbers of 64 bits may be texts; null is as good as nothing.

use std::borrow::Cow;

use super::Item;
use super::record::{Around, Fields, Shared};
use super::value::{Any, write_joined, write_text};
use crate::Context;
use crate::json::members::{Elements, Members, Part};
use crate::json::reader::Fault;
use crate::push::fault::BodyFault;
use crate::push::growth::Growth;

/// Why a part is not what the protocol says; the text names it.
type Wrong = Cow<'static, str>;

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Cow::Borrowed(fault.what)
    }
}

fn malformed(what: Wrong) -> BodyFault {
    BodyFault::Malformed(what.into_owned())
}

pub(super) fn request(body: &[u8], cx: &Context, each: &mut dyn FnMut(Item<'_>)) -> Result<(), BodyFault> {
    let text =
        std::str::from_utf8(body).map_err(|error| BodyFault::Malformed(format!("the body is not UTF-8: {error}")))?;
    let mut growth = Growth::new();
    let mut members = Members::of(text)?;
    let mut resources = Vec::new();
    while let Some((name, part)) = members.next()? {
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
    while let Some((name, part)) = members.next()? {
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
    while let Some((name, part)) = members.next()? {
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
    while let Some((name, part)) = members.next()? {
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
    while let Some((name, part)) = members.next()? {
        match &*name {
            "timeUnixNano" => fields.time_unix_nano = number(part, "timeUnixNano")?,
            "observedTimeUnixNano" => fields.observed_time_unix_nano = number(part, "observedTimeUnixNano")?,
            "severityNumber" => fields.severity_number = number(part, "severityNumber")?,
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

/// Hands `each` the objects of a list.
fn objects<'a>(
    part: Part<'a>,
    what: &'static str,
    each: &mut dyn FnMut(&'a str) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    let list = match part {
        Part::Array(list) => list,
        Part::Null => return Ok(()),
        _ => return Err(format!("{what} is not a list").into()),
    };
    let mut elements = Elements::of(list)?;
    while let Some(element) = elements.next()? {
        match element {
            Part::Object(object) => each(object)?,
            _ => return Err(format!("an element of {what} is not an object").into()),
        }
    }
    Ok(())
}

fn object_of<'a>(part: Part<'a>, what: &'static str) -> Result<Option<&'a str>, Wrong> {
    match part {
        Part::Object(object) => Ok(Some(object)),
        Part::Null => Ok(None),
        _ => Err(format!("{what} is not an object").into()),
    }
}

/// `[{"key": …, "value": AnyValue}, …]`
fn key_values<'a>(part: Part<'a>, each: &mut dyn FnMut(Cow<'a, str>, Any<'a>)) -> Result<(), Wrong> {
    objects(part, "attributes", &mut |object| {
        let (name, value) = key_value(object)?;
        each(name, value);
        Ok(())
    })
}

fn key_value(object: &str) -> Result<(Cow<'_, str>, Any<'_>), Wrong> {
    let (mut key, mut value) = (Cow::Borrowed(""), Any::Empty);
    let mut members = Members::of(object)?;
    while let Some((name, part)) = members.next()? {
        match &*name {
            "key" => key = text(part, "key")?,
            "value" => value = any(part, "value")?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// An `AnyValue`. How deep they lie in each other is bounded by the reader, which has been over the whole body.
fn any<'a>(part: Part<'a>, what: &'static str) -> Result<Any<'a>, Wrong> {
    let Some(object) = object_of(part, what)? else { return Ok(Any::Empty) };
    let mut value = Any::Empty;
    let mut members = Members::of(object)?;
    while let Some((name, part)) = members.next()? {
        value = match (&*name, part) {
            (_, Part::Null) => value,
            ("stringValue" | "bytesValue", Part::Text(Cow::Borrowed(text))) => {
                Any::Text(Cow::Borrowed(text.as_bytes()))
            }
            ("stringValue" | "bytesValue", Part::Text(Cow::Owned(text))) => Any::Text(Cow::Owned(text.into_bytes())),
            ("boolValue", Part::Literal(word @ ("true" | "false"))) => Any::Json(Cow::Borrowed(word)),
            ("intValue" | "doubleValue", Part::Number(digits)) => Any::Json(Cow::Borrowed(digits)),
            ("intValue", Part::Text(digits)) if digits.parse::<i64>().is_ok() => Any::Json(digits),
            ("doubleValue", Part::Literal(word @ ("NaN" | "Infinity"))) => Any::Text(Cow::Borrowed(word.as_bytes())),
            ("doubleValue", Part::Text(number)) if number.parse::<f64>().is_ok() => {
                Any::Text(Cow::Owned(number.into_owned().into_bytes()))
            }
            ("arrayValue", Part::Object(values)) => list(values)?,
            ("kvlistValue", Part::Object(values)) => map(values)?,
            (
                "stringValue" | "bytesValue" | "boolValue" | "intValue" | "doubleValue" | "arrayValue" | "kvlistValue",
                _,
            ) => return Err(format!("a {name} in {what} is of another type").into()),
            _ => value,
        };
    }
    Ok(value)
}

/// The elements of the member `values`.
fn values(object: &str) -> Result<Option<Elements<'_>>, Wrong> {
    let mut members = Members::of(object)?;
    let mut found = None;
    while let Some((name, part)) = members.next()? {
        match (&*name, part) {
            ("values", Part::Array(list)) => found = Some(Elements::of(list)?),
            ("values", Part::Null) => {}
            ("values", _) => return Err("values is not a list".into()),
            _ => {}
        }
    }
    Ok(found)
}

fn list(object: &str) -> Result<Any<'static>, Wrong> {
    let Some(mut elements) = values(object)? else { return Ok(Any::Json(Cow::Borrowed("[]"))) };
    let mut json = String::new();
    write_joined(
        ['[', ']'],
        &mut json,
        || elements.next().map_err(Wrong::from),
        |part, out| {
            any(part, "a list")?.write_json(out);
            Ok(())
        },
    )?;
    Ok(Any::Json(Cow::Owned(json)))
}

fn map(object: &str) -> Result<Any<'static>, Wrong> {
    let Some(mut elements) = values(object)? else { return Ok(Any::Json(Cow::Borrowed("{}"))) };
    let mut json = String::new();
    write_joined(
        ['{', '}'],
        &mut json,
        || elements.next().map_err(Wrong::from),
        |part, out| {
            let Some(object) = object_of(part, "an element of a map")? else {
                return Err("an element of a map is null".into());
            };
            let (name, value) = key_value(object)?;
            write_text(&name, out);
            out.push(':');
            value.write_json(out);
            Ok(())
        },
    )?;
    Ok(Any::Json(Cow::Owned(json)))
}

fn number(part: Part<'_>, what: &'static str) -> Result<u64, Wrong> {
    let parsed = match &part {
        Part::Null => return Ok(0),
        Part::Text(digits) => digits.parse().ok(),
        Part::Number(digits) => digits.parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| format!("{what} is not a whole number").into())
}

fn text<'a>(part: Part<'a>, what: &'static str) -> Result<Cow<'a, str>, Wrong> {
    match part {
        Part::Text(text) => Ok(text),
        Part::Null => Ok(Cow::Borrowed("")),
        _ => Err(format!("{what} is not a text").into()),
    }
}

/// An id of so many hexadecimal digits, or none. One of zeros only is none (W3C Trace Context).
fn id<'a>(part: Part<'a>, what: &'static str, digits: usize) -> Result<Cow<'a, str>, Wrong> {
    let id = text(part, what)?;
    if !id.bytes().all(|b| b.is_ascii_hexdigit()) || !(id.is_empty() || id.len() == digits) {
        return Err(format!("{what} is not {digits} hexadecimal digits").into());
    }
    Ok(if id.bytes().all(|b| b == b'0') { Cow::Borrowed("") } else { id })
}
