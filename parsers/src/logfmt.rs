//! logfmt and other lines of `key=value` pairs: go-kit's and Heroku's, Grafana's, and the firewalls' (`key="value"`).
//!
//! A value is bare up to the next blank, in double quotes with escapes as in Go and JSON, or in single quotes without; a blank may stand
//! between a date and a time. A key without a value is
//! kept with an empty one. A comma or semicolon behind a value divides like a blank, and blanks may surround the sign
//! (`key = value`). Where bars or semicolons alone divide the pairs (Check Point), values may hold blanks.

use std::borrow::Cow;

use crate::json::pairs::Pairs;
use crate::{Context, Level, LogEvent, Zone, address, device_time, divided, level_names, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "logfmt";

/// A record has no more pairs than this; the rest of the line is in its message only.
const PAIRS_MAX: usize = 1024;

/// A record that ends within a value in quotes is one only behind so many pairs.
const PAIRS_OF_CUT_MIN: usize = 8;

/// Reads a line of pairs; `None` where it is none: without any pair, with a sign that no key precedes, or with a quote
/// within a bare value.
///
/// All pairs become attributes under their keys, and those that [`json`](crate::json) knows by their names fill the
/// fields of the event. The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    divided::by_tabs(line, line, cx)
        .or_else(|| divided::parse(line, cx))
        .or_else(|| divided::by_commas(line, cx))
        .or_else(|| read(line, cx, |_| true))
}

/// Reads a line that is not said to be of pairs: only if it begins with one, and bare words are few among its pairs.
pub(crate) fn detect<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if !begins_with_pair(line) {
        return None;
    }
    divided::by_tabs(line, line, cx)
        .or_else(|| divided::parse(line, cx))
        .or_else(|| divided::by_commas(line, cx))
        .or_else(|| read(line, cx, |found| found.pairs >= 2 && found.words * 4 <= found.pairs))
}

/// Whether `line` begins like `key=v`.
pub(crate) fn begins_with_pair(line: &[u8]) -> bool {
    const KEY_BYTES_MAX: usize = 40;
    let key = line.iter().take(KEY_BYTES_MAX).take_while(|b| is_plain_key(**b)).count();
    let starts_with_letter = line.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    starts_with_letter && line.get(key) == Some(&b'=') && line.get(key + 1).is_some_and(|b| !matches!(b, b'=' | b'>'))
}

pub(crate) fn is_plain_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'@')
}

/// How many pairs, and words without a value, a line has.
#[derive(Default)]
struct Found {
    pairs: usize,
    words: usize,
}

fn read<'a>(line: &'a [u8], cx: &Context, accept: impl Fn(&Found) -> bool) -> Option<LogEvent<'a>> {
    let Ok(text) = std::str::from_utf8(line) else {
        let event = read(String::from_utf8_lossy(line).as_bytes(), cx, accept)?.into_owned();
        return Some(LogEvent { message: Cow::Borrowed(line), ..event });
    };
    let mut pairs = Pairs::new(cx, text.len());
    let mut found = Found::default();
    let mut rest = skip_dividers(text);
    while !rest.is_empty() && found.pairs + found.words < PAIRS_MAX {
        let (key, after) = match quoted_key(rest) {
            Some(found) => found,
            None => rest.split_at_checked(rest.bytes().take_while(|b| !is_end_of_key(*b)).count())?,
        };
        if key.is_empty() {
            return None;
        }
        let Some(value) = value_after(after) else {
            found.words += 1;
            pairs.quoted(key.trim_end_matches([',', ';']), "");
            rest = skip_dividers(after);
            continue;
        };
        found.pairs += 1;
        rest = match value.strip_prefix('"') {
            Some(quoted) => match closing_quote(quoted) {
                Some(end) => {
                    pairs.quoted(key, quoted.get(..end)?);
                    quoted.get(end + 1..)?
                }
                // So many pairs before it show that the record was cut at its end.
                None if found.pairs >= PAIRS_OF_CUT_MIN => {
                    pairs.quoted(key, quoted.trim_end_matches('\\'));
                    ""
                }
                None => return None,
            },
            None => match single_quoted(value) {
                Some((inside, after)) => {
                    pairs.bare(key, inside);
                    after
                }
                None => bare(&mut pairs, key, value)?,
            },
        };
        rest = skip_dividers(rest);
    }
    if found.pairs == 0 || !accept(&found) {
        return None;
    }
    let mut event = pairs.finish(line, FORMAT);
    complete(&mut event, cx);
    Some(event)
}

/// Adds the bare value that `text` begins with, and gives what follows it; `None` where a quote stands within it.
fn bare<'a>(pairs: &mut Pairs<'a, '_>, key: &'a str, text: &'a str) -> Option<&'a str> {
    let (bare, after) = text.split_at_checked(bare_length(text))?;
    if memchr::memchr(b'"', bare.as_bytes()).is_some_and(|at| !bare.get(..at).is_some_and(has_opening)) {
        return None;
    }
    let is_divided = !after.is_empty();
    let bare = if is_divided { bare.strip_suffix([',', ';']).unwrap_or(bare) } else { bare };
    pairs.bare(key, bare);
    Some(after)
}

/// A key that stands in quotes, and the sign behind it with what follows: `"a key"=value`.
fn quoted_key(text: &str) -> Option<(&str, &str)> {
    let (key, after) = text.strip_prefix('"')?.split_once('"')?;
    after.starts_with('=').then_some((key, after))
}

/// A quote within JSON or a list that stands bare (`labels={"a":"b"}`) is a part of the value.
fn has_opening(before: &str) -> bool {
    before.starts_with(['{', '[', '('])
}

fn is_end_of_key(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'=' | b'"')
}

fn skip_dividers(text: &str) -> &str {
    text.trim_start_matches(|c: char| c <= ' ' || matches!(c, ',' | ';'))
}

/// What stands behind the sign that follows a key; `None` where none does.
fn value_after(after_key: &str) -> Option<&str> {
    if let Some(value) = after_key.strip_prefix('=') {
        return Some(value);
    }
    let spaced = after_key.trim_start_matches(' ').strip_prefix('=')?;
    // "a =b" says that as well; in "a == b" nothing is assigned.
    (!spaced.starts_with('=')).then(|| spaced.trim_start_matches(' '))
}

/// The value in single quotes that `text` begins with, which knows no escapes, and what follows it. An apostrophe within a word ends none.
fn single_quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('\'')?;
    for at in memchr::memchr_iter(b'\'', inside.as_bytes()) {
        let (value, after) = (inside.get(..at)?, inside.get(at + 1..)?);
        if after.is_empty() || after.starts_with(|c: char| c <= ' ' || matches!(c, ',' | ';')) {
            return Some((value, after));
        }
        // The value of the next pair begins here: the first quote was a part of its own.
        if value.trim_end_matches(' ').ends_with('=') {
            return None;
        }
    }
    None
}

/// How long the bare value is that `text` begins with: up to a blank, but for the one between a date and a time.
fn bare_length(text: &str) -> usize {
    let word = |from: usize| text.bytes().skip(from).take_while(|b| !b.is_ascii_whitespace()).count();
    let end = word(0);
    let bytes = text.as_bytes();
    let is_date = end == 10 && matches!(bytes, [b'0'..=b'9', _, _, _, b'-' | b'/', _, _, b'-' | b'/', ..]);
    let is_time = || matches!(bytes.get(end..), Some([b' ', b'0'..=b'2', b'0'..=b'9', b':', _, _, b':', _, _, ..]));
    if is_date && is_time() { end + 1 + word(end + 1) } else { end }
}

/// Where the quote stands that ends a quoted value.
fn closing_quote(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.as_bytes().get(at..)?)?;
        if text.as_bytes().get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Names of the user that only firewalls have, best first: Check Point's and Fortinet's.
const USERS: [&str; 5] = ["src_user_name", "administrator", "endpointuser", "xauthuser", "unauthuser"];

/// `18ms`, `1.5s`.
fn is_duration(text: &str) -> bool {
    let number = text.strip_suffix("ms").or_else(|| text.strip_suffix("us")).or_else(|| text.strip_suffix('s'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// Fills what only firewalls and proxies name so.
pub(crate) fn complete(event: &mut LogEvent<'_>, cx: &Context) {
    // Fortinet and SonicWall write this where there is no user.
    if event.user_name.eq_ignore_ascii_case("n/a") || event.user_name.starts_with("Unknown (") {
        event.user_name = std::borrow::Cow::Borrowed("");
    }
    if event.user_name.is_empty() {
        let named = USERS.into_iter().filter_map(|name| event.attributes.get(name)).map(str::trim);
        let user = named.filter(|value| !matches!(*value, "" | "N/A")).map(str::to_owned).next();
        event.user_name = std::borrow::Cow::Owned(user.unwrap_or_default());
    }
    // Of Websense's severities 1 is the lowest.
    let is_number = |value: &str| value.bytes().all(|b| b.is_ascii_digit());
    if event.attributes.get("product_version").is_some() && event.attributes.get("severity").is_some_and(is_number) {
        event.level = Level::Unknown;
    }
    // Sophos' firewalls have a word for it.
    if event.level == Level::Unknown
        && let Some(level) = event.attributes.get("priority").and_then(level_names::from_word)
    {
        event.level = level;
    }
    // Heroku's router writes how long the service took.
    if is_duration(&event.app) {
        event.app = std::borrow::Cow::Borrowed("");
    }
    // SonicWall's and Stormshield's priority, beside the serial number or the name of the firewall.
    if event.level == Level::Unknown
        && let Some(priority) = event.attributes.get("pri")
        && ["sn", "fw"].into_iter().any(|name| event.attributes.get(name).is_some())
    {
        event.level =
            priority.parse().ok().filter(|severity| *severity < 8).map_or(Level::Unknown, Level::from_severity);
    }
    // Fortinet names the address that a name stands for as well (`ipaddr`), and puts it behind the client's.
    let client = event.attributes.get("srcip").and_then(address::parse).map(|found| found.ip);
    event.ip = client.or(event.ip);
    if event.ip.is_none() {
        // SonicWall writes the port and the interface behind the address.
        let with_interface = |value: &str| value.split_once(':').and_then(|(address, _)| address::parse(address));
        event.ip = ["remip", "who_ip", "src", "srcV6", "fwd", "cip", "RemoteAddress", "SRC"]
            .into_iter()
            .filter_map(|name| event.attributes.get(name))
            .find_map(|value| address::parse(value).or_else(|| with_interface(value)))
            .map(|found| found.ip)
            // Fortinet's administrators: "GUI(192.0.2.7)".
            .or_else(|| {
                let inside = event.attributes.get("ui")?.split_once('(')?.1.strip_suffix(')')?;
                address::parse(inside).map(|found| found.ip)
            });
    }
    // SonicWall's gateways write their own time, without its zone, and that of Greenwich.
    let greenwichs = event.attributes.get("vp_time").and_then(|text| text.strip_suffix(" UTC"));
    if let Some(instant) = greenwichs.and_then(|text| timestamp::parse(text, Zone::UTC)) {
        event.timestamp = Some(instant);
    }
    if event.timestamp.is_none()
        && let (Some(date), Some(time)) = (event.attributes.get("date"), event.attributes.get("time"))
    {
        let stated = event.attributes.get("tz").or_else(|| event.attributes.get("timezone"));
        let with_zone = stated.and_then(|zone| device_time::read(&format!("{date} {time} {zone}"), cx));
        event.timestamp = with_zone.or_else(|| device_time::read(&format!("{date} {time}"), cx));
    }
}

#[cfg(test)]
mod tests;
