//! The protobuf form (opentelemetry/proto/logs/v1/logs.proto, common/v1/common.proto).

use std::borrow::Cow;

use super::Sink;
use super::record::{Around, Fields, Id, Shared};
use super::value::{Any, write_joined, write_text};
use crate::push::fault::BodyFault;
use crate::push::protobuf::{Fields as Walk, Malformed};

/// How deep values may lie in each other and are still taken apart. What lies deeper is kept as the bytes that it is.
const DEPTH_MAX: usize = 64;

/// `ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }`
pub(super) fn request(body: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut walk = Walk::of(body);
    while let Some((number, value)) = walk.next()? {
        if number == 1 {
            let outcome = resource_logs(value.bytes()?, sink);
            sink.part(outcome)?;
        }
    }
    Ok(())
}

/// `ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }`, in any order.
fn resource_logs(message: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut resource = Shared::default();
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        match number {
            1 => shared(value.bytes()?, "resource", resource_of, &mut resource),
            3 => resource.push_text("resource.schema_url", &text(value.bytes()?)),
            _ => {}
        }
    }
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        if number == 2 {
            let outcome = scope_logs(value.bytes()?, &resource, sink);
            sink.part(outcome)?;
        }
    }
    Ok(())
}

/// `ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }`, in any order.
fn scope_logs(message: &[u8], resource: &Shared, sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut scope = Shared::default();
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        match number {
            1 => shared(value.bytes()?, "scope", instrumentation_scope, &mut scope),
            3 => scope.push_text("scope.schema_url", &text(value.bytes()?)),
            _ => {}
        }
    }
    let around = Around { resource, scope: &scope };
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        if number == 2 {
            let raw = value.bytes()?;
            sink.record(log_record(raw), raw, around)?;
        }
    }
    Ok(())
}

/// Reads a resource or a scope. One that is none is kept as the bytes that it is: its records are good without it.
fn shared(
    message: &[u8],
    what: &'static str,
    read: impl Fn(&[u8], &mut Shared) -> Result<(), Malformed>,
    into: &mut Shared,
) {
    let mut found = Shared::default();
    match read(message, &mut found) {
        Ok(()) => into.extend(found),
        Err(_) => into.push_text(what, &base64(message)),
    }
}

/// `Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }`
fn resource_of(message: &[u8], resource: &mut Shared) -> Result<(), Malformed> {
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        if number == 1 {
            let (name, value) = key_value(value.bytes()?, 0)?;
            resource.push("resource", &name, &value);
        }
    }
    Ok(())
}

/// `InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; … }`
fn instrumentation_scope(message: &[u8], scope: &mut Shared) -> Result<(), Malformed> {
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        match number {
            1 => scope.push_text("scope.name", &text(value.bytes()?)),
            2 => scope.push_text("scope.version", &text(value.bytes()?)),
            3 => {
                let (name, value) = key_value(value.bytes()?, 0)?;
                scope.push("scope.attributes", &name, &value);
            }
            _ => {}
        }
    }
    Ok(())
}

fn log_record(message: &[u8]) -> Result<Fields<'_>, Malformed> {
    let mut fields = Fields::default();
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        match number {
            1 => fields.time_unix_nano = value.number()?,
            // An int32 of protobuf is the low half of its 64 bits.
            2 => fields.severity_number = value.number()? as i32,
            3 => fields.severity_text = text(value.bytes()?),
            5 => fields.body = any(value.bytes()?, 0)?,
            6 => fields.attributes.push(key_value(value.bytes()?, 0)?),
            7 => fields.dropped_attributes_count = value.number()?,
            8 => fields.flags = value.number()?,
            9 => fields.trace_id = id(value.bytes()?, 16),
            10 => fields.span_id = id(value.bytes()?, 8),
            11 => fields.observed_time_unix_nano = value.number()?,
            12 => fields.event_name = text(value.bytes()?),
            _ => {}
        }
    }
    Ok(fields)
}

/// `KeyValue { string key = 1; AnyValue value = 2; }`
fn key_value(message: &[u8], depth: usize) -> Result<(Cow<'_, str>, Any<'_>), Malformed> {
    let (mut name, mut found) = (Cow::Borrowed(""), Any::Empty);
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        match number {
            1 => name = text(value.bytes()?),
            2 => found = any(value.bytes()?, depth)?,
            _ => {}
        }
    }
    Ok((name, found))
}

/// `AnyValue`: one of text 1, bool 2, int 3, double 4, list 5, map 6, bytes 7. The last one counts.
fn any(message: &[u8], depth: usize) -> Result<Any<'_>, Malformed> {
    if depth >= DEPTH_MAX {
        return Ok(Any::Text(Cow::Owned(base64(message).into_bytes())));
    }
    let mut last = None;
    let mut walk = Walk::of(message);
    while let Some((number, value)) = walk.next()? {
        if (1..=7).contains(&number) {
            last = Some((number, value));
        }
    }
    let Some((number, value)) = last else { return Ok(Any::Empty) };
    Ok(match number {
        1 => Any::Text(Cow::Borrowed(value.bytes()?)),
        2 => Any::Json(Cow::Borrowed(if value.number()? == 0 { "false" } else { "true" })),
        3 => Any::Json(Cow::Owned(value.number()?.cast_signed().to_string())),
        4 => double(f64::from_bits(value.number()?)),
        5 => list(value.bytes()?, depth)?,
        6 => map(value.bytes()?, depth)?,
        _ => Any::Text(Cow::Owned(base64(value.bytes()?).into_bytes())),
    })
}

/// JSON has no words for what is no finite number; OTLP's JSON form writes texts.
fn double(number: f64) -> Any<'static> {
    if number.is_finite() {
        return Any::Json(Cow::Owned(format!("{number:?}")));
    }
    let word: &[u8] = match number {
        _ if number.is_nan() => b"NaN",
        _ if number > 0.0 => b"Infinity",
        _ => b"-Infinity",
    };
    Any::Text(Cow::Borrowed(word))
}

/// The values of the fields with number 1.
fn first_fields<'a>(message: &'a [u8]) -> impl FnMut() -> Result<Option<&'a [u8]>, Malformed> {
    let mut walk = Walk::of(message);
    move || {
        while let Some((number, value)) = walk.next()? {
            if number == 1 {
                return value.bytes().map(Some);
            }
        }
        Ok(None)
    }
}

/// `ArrayValue { repeated AnyValue values = 1; }`
fn list(message: &[u8], depth: usize) -> Result<Any<'static>, Malformed> {
    let mut json = String::new();
    write_joined(['[', ']'], &mut json, first_fields(message), |item, out| {
        any(item, depth + 1)?.write_json(out);
        Ok(())
    })?;
    Ok(Any::Json(Cow::Owned(json)))
}

/// `KeyValueList { repeated KeyValue values = 1; }`
fn map(message: &[u8], depth: usize) -> Result<Any<'static>, Malformed> {
    let mut json = String::new();
    write_joined(['{', '}'], &mut json, first_fields(message), |item, out| {
        let (name, value) = key_value(item, depth + 1)?;
        write_text(&name, out);
        out.push(':');
        value.write_json(out);
        Ok(())
    })?;
    Ok(Any::Json(Cow::Owned(json)))
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// An id in hexadecimal digits. None, and one of zeros only, is no id (W3C Trace Context).
fn id(bytes: &[u8], length: usize) -> Id<'static> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    if bytes.iter().all(|byte| *byte == 0) {
        return Id::None;
    }
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    let digits = Cow::Owned(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect());
    if bytes.len() == length { Id::Valid(digits) } else { Id::Invalid(digits) }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default()));
        for at in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
