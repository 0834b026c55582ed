//! Values of the JSON form, and the lists and objects that they lie in.

use std::borrow::Cow;

use super::names::member;
use super::value::{Any, write_joined, write_text};
use crate::json::members::{Elements, Members, Part};
use crate::json::reader::Fault;

/// How deep values may lie in each other and are still taken apart. What lies deeper is kept as its own text: each level is read again for each that it lies in.
const DEPTH_MAX: usize = 32;

/// What an `AnyValue` may be.
const TYPES: [&str; 7] =
    ["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"];

/// Why a part is not what the protocol says; the text names it.
pub(super) type Wrong = Cow<'static, str>;

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Cow::Borrowed(fault.what)
    }
}

/// The text of a list; `None` for null.
pub(super) fn list_of<'a>(part: Part<'a>, what: &'static str) -> Result<Option<&'a str>, Wrong> {
    match part {
        Part::Array(list) => Ok(Some(list)),
        Part::Null => Ok(None),
        _ => Err(format!("{what} is not a list").into()),
    }
}

fn object_of<'a>(part: Part<'a>, what: &'static str) -> Result<Option<&'a str>, Wrong> {
    match part {
        Part::Object(object) => Ok(Some(object)),
        Part::Null => Ok(None),
        _ => Err(format!("{what} is not an object").into()),
    }
}

/// `[{"key": …, "value": AnyValue}, …]`
pub(super) fn key_values<'a>(part: Part<'a>, each: &mut dyn FnMut(Cow<'a, str>, Any<'a>)) -> Result<(), Wrong> {
    let Some(list) = list_of(part, "attributes")? else { return Ok(()) };
    let mut elements = Elements::balanced(list)?;
    while let Some(element) = elements.next()? {
        let Part::Object(object) = element else { return Err("an element of attributes is not an object".into()) };
        let (name, value) = key_value(object, 0)?;
        each(name, value);
    }
    Ok(())
}

fn key_value(object: &str, depth: usize) -> Result<(Cow<'_, str>, Any<'_>), Wrong> {
    let (mut key, mut value) = (Cow::Borrowed(""), Any::Empty);
    let mut members = Members::balanced(object)?;
    while let Some((name, part)) = member(&mut members)? {
        match &*name {
            "key" => key = text(part, "key")?,
            "value" => value = any(part, "value", depth)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// An `AnyValue` that lies in `depth` others.
pub(super) fn any<'a>(part: Part<'a>, what: &'static str, depth: usize) -> Result<Any<'a>, Wrong> {
    let Some(object) = object_of(part, what)? else { return Ok(Any::Empty) };
    if depth >= DEPTH_MAX {
        return Ok(Any::Text(Cow::Borrowed(object.as_bytes())));
    }
    let (mut value, mut is_typed, mut has_members) = (Any::Empty, false, false);
    let mut members = Members::balanced(object)?;
    while let Some((name, part)) = member(&mut members)? {
        if !TYPES.contains(&&*name) {
            has_members |= matches!(part, Part::Object(_));
            continue;
        }
        is_typed = true;
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
            ("arrayValue", Part::Object(values)) => list(values, depth)?,
            ("kvlistValue", Part::Object(values)) => map(values, depth)?,
            _ => return Err(format!("{name} in {what} is of another type").into()),
        };
    }
    if has_members && !is_typed { plain_map(object, depth) } else { Ok(value) }
}

/// An object whose members are values, where a `kvlistValue` was to be: Fluent Bit takes such a map, too.
fn plain_map(object: &str, depth: usize) -> Result<Any<'static>, Wrong> {
    let mut json = String::new();
    let mut members = Members::balanced(object)?;
    write_joined(
        ['{', '}'],
        &mut json,
        || members.next().map_err(Wrong::from),
        |(name, part), out| {
            let value = if matches!(part, Part::Object(_)) { any(part, "a map", depth + 1)? } else { Any::Empty };
            write_text(&name, out);
            out.push(':');
            value.write_json(out);
            Ok(())
        },
    )?;
    Ok(Any::Json(Cow::Owned(json)))
}

/// The elements of the member `values`.
fn values(object: &str) -> Result<Option<Elements<'_>>, Wrong> {
    let mut members = Members::balanced(object)?;
    let mut found = None;
    while let Some((name, part)) = member(&mut members)? {
        match (&*name, part) {
            ("values", Part::Array(list)) => found = Some(Elements::balanced(list)?),
            ("values", Part::Null) => {}
            ("values", _) => return Err("values is not a list".into()),
            _ => {}
        }
    }
    Ok(found)
}

fn list(object: &str, depth: usize) -> Result<Any<'static>, Wrong> {
    let Some(mut elements) = values(object)? else { return Ok(Any::Json(Cow::Borrowed("[]"))) };
    let mut json = String::new();
    write_joined(
        ['[', ']'],
        &mut json,
        || elements.next().map_err(Wrong::from),
        |part, out| {
            any(part, "a list", depth + 1)?.write_json(out);
            Ok(())
        },
    )?;
    Ok(Any::Json(Cow::Owned(json)))
}

fn map(object: &str, depth: usize) -> Result<Any<'static>, Wrong> {
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
            let (name, value) = key_value(object, depth + 1)?;
            write_text(&name, out);
            out.push(':');
            value.write_json(out);
            Ok(())
        },
    )?;
    Ok(Any::Json(Cow::Owned(json)))
}

pub(super) fn text<'a>(part: Part<'a>, what: &'static str) -> Result<Cow<'a, str>, Wrong> {
    match part {
        Part::Text(text) => Ok(text),
        Part::Null => Ok(Cow::Borrowed("")),
        _ => Err(format!("{what} is not a text").into()),
    }
}
