//! The fields that servers are configured to write behind those of the combined format.
//!
//! A line does not say what they are. Named are those of widely used configurations, told by how many there are and what they
//! look like; `name=value` names itself; the others are `extra.1`, `extra.2` … by their place.

use crate::Attributes;
use crate::address;
use crate::cursor::{Cursor, Value, push_unescaped, text, unescaped};

/// The most that are read; what follows them is one more.
const EXTRAS_MAX: usize = 32;

/// Kubernetes' ingress-nginx (`upstreaminfo`).
const INGRESS: [&str; 9] = [
    "request_length",
    "request_time",
    "proxy_upstream_name",
    "proxy_alternative_upstream_name",
    "upstream_addr",
    "upstream_response_length",
    "upstream_response_time",
    "upstream_status",
    "req_id",
];

/// Traefik's common log format.
const TRAEFIK: [&str; 4] = ["request_count", "router_name", "service_url", "duration"];

/// Apache's `%I %O` (`combinedio`).
const COMBINED_IO: [&str; 2] = ["bytes_received", "bytes_sent"];

/// Adds the `words` that stand before the referrer to `attributes`; how many they are.
pub(super) fn push_words(attributes: &mut Attributes, words: &[u8]) -> usize {
    let mut count = 0;
    for word in words.split(|b| *b == b' ').filter(|word| !word.is_empty()) {
        count += 1;
        if word != b"-" {
            attributes.push(&format!("extra.{count}"), &text(word));
        }
    }
    count
}

/// Adds what `cursor` holds to `attributes`, behind `first` others.
pub(super) fn push_all<'a>(attributes: &mut Attributes, mut cursor: Cursor<'a>, first: usize) {
    cursor.skip_blanks();
    if cursor.rest().is_empty() {
        return;
    }
    let mut values = Vec::with_capacity(9);
    while values.len() < EXTRAS_MAX
        && let Some(extra) = next(&mut cursor)
    {
        values.push(extra);
    }
    if !cursor.rest().is_empty() {
        values.push(Extra { name: None, value: Value::Word(cursor.rest()) });
    }
    let names = names(&values);
    let mut times = ["request_time", "upstream_response_time"].into_iter();
    for (at, extra) in values.iter().enumerate() {
        if let Some(name) = extra.name {
            push_unescaped(attributes, &text(name), extra.value.bytes());
            continue;
        }
        if extra.value.is_absent() {
            continue;
        }
        let by_look = || name_by_look(extra.value, &mut times);
        match names.get(at).copied().or_else(by_look) {
            Some(name) => push_unescaped(attributes, name, extra.value.bytes()),
            None => attributes.push(&format!("extra.{}", first + at + 1), &unescaped(extra.value.bytes())),
        }
    }
}

struct Extra<'a> {
    name: Option<&'a [u8]>,
    value: Value<'a>,
}

/// The next value; `name=value` and `name="a value"` are taken apart.
fn next<'a>(cursor: &mut Cursor<'a>) -> Option<Extra<'a>> {
    cursor.skip_blanks();
    let start = cursor.rest();
    let value = cursor.value()?;
    let value = if is_listed(start, cursor.rest()) { list(start, cursor) } else { value };
    let plain = Extra { name: None, value };
    let Value::Word(word) = value else { return Some(plain) };
    let Some(at) = memchr::memchr(b'=', word) else { return Some(plain) };
    let (name, inside) = (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default());
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !is_name {
        return Some(plain);
    }
    if inside.first() == Some(&b'"') {
        // The quotes may hold blanks: read again from the opening one on.
        let mut again = *cursor;
        again.set_rest(start.get(at + 1..).unwrap_or_default());
        if let Some(text) = again.quoted() {
            *cursor = again;
            return Some(Extra { name: Some(name), value: Value::Quoted(text) });
        }
    }
    Some(Extra { name: Some(name), value: Value::Word(inside) })
}

/// Whether the word that ends where `rest` begins has a comma in its end: nginx writes one value for each server that it asked
/// (`192.0.2.1:80, 192.0.2.2:80`). An address of IPv6 begins with a bracket, but is no text in brackets.
fn is_listed(start: &[u8], rest: &[u8]) -> bool {
    let word = start.get(..start.len() - rest.len()).unwrap_or_default();
    let is_port = start.first() == Some(&b'[') && rest.first() == Some(&b':');
    is_port || (word.ends_with(b",") && !word.starts_with(b"\""))
}

/// Takes a list from `start` on, whose values have a comma and a blank between them.
fn list<'a>(start: &'a [u8], cursor: &mut Cursor<'a>) -> Value<'a> {
    const VALUES_MAX: usize = 32;
    cursor.set_rest(start);
    for _ in 0..VALUES_MAX {
        // Of servers that were asked in turn, a colon stands between the groups.
        let is_last = cursor.word().is_none_or(|word| !word.ends_with(b",")) && !cursor.rest().starts_with(b" : ");
        if is_last {
            break;
        }
        cursor.skip(b" : ");
    }
    Value::Word(start.get(..start.len() - cursor.rest().len()).unwrap_or(start))
}

/// The names of all extras, where they are those of a known configuration.
fn names(extras: &[Extra<'_>]) -> &'static [&'static str] {
    let values: Vec<Value<'_>> = extras.iter().map(|extra| extra.value).collect();
    match values.as_slice() {
        [Value::Word(_), Value::Word(_), Value::Bracketed(_), Value::Bracketed(_), ..] if values.len() <= 9 => &INGRESS,
        [Value::Word(count), Value::Quoted(_), Value::Quoted(_), Value::Word(duration)]
            if is_number(count) && duration.ends_with(b"ms") =>
        {
            &TRAEFIK
        }
        [Value::Word(received), Value::Word(sent)] if is_number(received) && is_number(sent) => &COMBINED_IO,
        _ => &[],
    }
}

/// The name of a value by what it looks like.
fn name_by_look(value: Value<'_>, times: &mut impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let text = std::str::from_utf8(value.bytes()).ok()?;
    match (value, address::parse(text)) {
        (Value::Quoted(_), Some(_)) => return Some("x_forwarded_for"),
        (Value::Word(_), Some(found)) if !found.whole => return Some("upstream_addr"),
        _ => {}
    }
    let (whole, fraction) = text.split_once('.')?;
    let is_decimal = is_number(whole.as_bytes()) && is_number(fraction.as_bytes());
    match value {
        // "2.75" in quotes is nginx's $gzip_ratio, where its example configuration has it.
        Value::Quoted(_) if is_decimal && fraction.len() == 2 => Some("gzip_ratio"),
        Value::Word(_) | Value::Quoted(_) if is_decimal => times.next(),
        _ => None,
    }
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}
