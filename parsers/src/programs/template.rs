//! Patterns of messages: text with places, `Failed {method} for {user} from {ip} port`.
//!
//! | place | reaches to |
//! |---|---|
//! | `{user}` | the last occurrence of the text behind it with which the rest fits: a stranger typed the name, and it may hold the text itself |
//! | `{*}` | the same, and is not kept |
//! | `{login}` | the first occurrence of the text behind it: a user in a list of words |
//! | `{ip}` | the first occurrence of the text behind it |
//! | `{_}` | the same, and is not kept; before an `{ip}`, to the first occurrence behind which an address stands |
//! | `{name}` | the same; the text is the attribute `name` |
//!
//! A place at the pattern's end takes one word (`{ip}`, `{name}`) or all that is left (`{user}`); a text at its end need not end the message.

use std::net::IpAddr;

use super::Found;
use crate::address;
use crate::find::find_all_by;

/// A pattern, and the outcome that a message of its form states.
pub(super) type Pattern = (&'static str, &'static str);

/// A message is searched for at most this many bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// What the first pattern that fits says.
pub(super) fn first<'a>(patterns: &'static [Pattern], text: &'a str) -> Option<Found<'a>> {
    all(patterns, text).next()
}

/// What the first pattern that fits and finds an address says.
pub(super) fn first_with_address<'a>(patterns: &'static [Pattern], text: &'a str) -> Option<Found<'a>> {
    all(patterns, text).find(|found| address_of(found.ip).is_some())
}

/// What each pattern that fits says.
fn all<'a>(patterns: &'static [Pattern], text: &'a str) -> impl Iterator<Item = Found<'a>> {
    let text = near(text);
    patterns.iter().filter_map(move |(pattern, outcome)| {
        let mut found = fit(pattern, text)?;
        found.outcome = outcome;
        Some(found)
    })
}

/// The beginning of `text`, as far as it is searched.
fn near(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// A place is tried at no more than this many of the occurrences of the text behind it.
const TRIES_MAX: usize = 8;

/// Blanks and brackets that may stand before an address are passed over up to this many times.
const ADDRESS_TRIES_MAX: usize = 32;

/// Reads `text` by one pattern.
fn fit<'a>(pattern: &'static str, text: &'a str) -> Option<Found<'a>> {
    // Most patterns of a program are told apart by their first byte.
    if !pattern.starts_with('{') && pattern.as_bytes().first() != text.as_bytes().first() {
        return None;
    }
    let (literal, places) = cut(pattern, b'{')?;
    let mut found = Found::default();
    fit_places(places, text.strip_prefix(literal)?, &mut found).then_some(found)
}

/// Reads `rest` by a pattern from within a place on.
fn fit_places<'a>(pattern: &'static str, rest: &'a str, found: &mut Found<'a>) -> bool {
    let Some((name, after)) = cut(pattern, b'}') else { return false };
    let (literal, next) = cut(after, b'{').map_or((after, None), |(literal, next)| (literal, Some(next)));
    if literal.is_empty() {
        take(name, rest, true, found);
        return next.is_none();
    }
    match (name, next) {
        ("user" | "*", _) => fit_to_last(name, literal, next, rest, found),
        ("_", Some(next)) if next.starts_with("ip}") => {
            let at = before_address(literal, rest).or_else(|| all_in(rest, literal).next());
            at.and_then(|at| rest.get(at + literal.len()..)).is_some_and(|tail| fit_places(next, tail, found))
        }
        _ => {
            let at = all_in(rest, literal).next();
            let Some((value, tail)) = at.and_then(|at| Some((rest.get(..at)?, rest.get(at + literal.len()..)?))) else {
                return false;
            };
            // A port is one word.
            if name == "port" && value.contains(' ') {
                return false;
            }
            take(name, value, false, found);
            next.is_none_or(|next| fit_places(next, tail, found))
        }
    }
}

/// The place `name` up to the last of `literal` behind which the rest of the pattern fits.
fn fit_to_last<'a>(
    name: &'static str,
    literal: &str,
    next: Option<&'static str>,
    rest: &'a str,
    found: &mut Found<'a>,
) -> bool {
    for at in all_in(rest, literal).rev().take(TRIES_MAX) {
        let (Some(value), Some(tail)) = (rest.get(..at), rest.get(at + literal.len()..)) else { return false };
        let kept = found.fields.len();
        if next.is_none_or(|next| fit_places(next, tail, found)) {
            take(name, value, false, found);
            return true;
        }
        found.fields.truncate(kept);
    }
    false
}

/// Where the first `literal` stands that an address follows.
fn before_address(literal: &str, text: &str) -> Option<usize> {
    let mut places = all_in(text, literal).take(ADDRESS_TRIES_MAX);
    places.find(|at| text.get(at + literal.len()..).is_some_and(|tail| address_of(ip_word(tail)).is_some()))
}

/// What stands before and behind `byte`, which is mostly near: a search for it would take longer to set up.
fn cut(pattern: &'static str, byte: u8) -> Option<(&'static str, &'static str)> {
    let at = pattern.bytes().position(|other| other == byte)?;
    Some((pattern.get(..at)?, pattern.get(at + 1..)?))
}

/// Where `literal` stands in `text`. Places may overlap.
fn all_in<'t>(text: &'t str, literal: &'t str) -> impl DoubleEndedIterator<Item = usize> + 't {
    find_all_by(telling_byte(literal), text.as_bytes(), literal.as_bytes())
}

/// The place of a byte in `literal` that is rarer in messages than blanks are, and than the vowels of words.
fn telling_byte(literal: &str) -> usize {
    literal
        .bytes()
        .position(|byte| !matches!(byte, b' ' | b'a' | b'e' | b'i' | b'o' | b'r' | b's' | b't' | b'n'))
        .unwrap_or(0)
}

/// The word at the front of `value` without what surrounds an address: `[192.0.2.7]:25`, `'192.0.2.7'`, `192.0.2.7#53`.
fn ip_word(value: &str) -> &str {
    let value = value.trim_start_matches([' ', '[', '(', '<', '"', '\'', '`']);
    let end = value.find([' ', ',', ';', '[', ']', '(', ')', '>', '<', '"', '\'', '`', '#', '/', '|', '@']);
    let word = value.get(..end.unwrap_or(value.len())).unwrap_or(value).trim_end_matches('.');
    // An address in IPv6 may end with two colons.
    if word.ends_with("::") { word } else { word.trim_end_matches([':', '.']) }
}

/// The address that `text` is: as [`address::parse`], and in the spellings of mail servers (`IPv6:2001:db8::7`) and of Dante, which
/// has the port as a fifth number (`192.0.2.7.1080`).
pub(super) fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix("IPv6:").unwrap_or(text);
    let with_port = || text.rsplit_once('.').filter(|(host, _)| host.matches('.').count() == 3);
    let found = address::parse(text).or_else(|| with_port().and_then(|(host, _)| address::parse(host)));
    found.map(|found| found.ip)
}

fn take<'a>(name: &'static str, value: &'a str, is_last: bool, found: &mut Found<'a>) {
    match name {
        "user" => found.user = value.trim_matches(|c| matches!(c, '"' | '\'' | ' ')),
        "login" => found.user = value.trim(),
        "ip" => found.ip = ip_word(value),
        "_" | "*" => {}
        // One word, unless the pattern goes on: "port 4000 ssh2".
        _ if is_last => found.fields.push((name, value.split([' ', ',', ';', ':']).next().unwrap_or(value))),
        _ => found.fields.push((name, value.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_place_reaches_to_the_last_occurrence() {
        let found = fit("for {user} from {ip} port {port}", "for a from b from 192.0.2.7 port 4 ssh2").unwrap();
        assert_eq!((found.user, found.ip, &*found.fields), ("a from b", "192.0.2.7", &[("port", "4")][..]));
        assert_eq!(fit("for {user} from {ip}", "to x from y"), None);
    }

    #[test]
    fn what_precedes_an_address_is_passed_over() {
        let found = fit("call from {_} [{ip}]", "call from a (b [c]) [192.0.2.7]:25 x").unwrap();
        assert_eq!(found.ip, "192.0.2.7");
        assert_eq!(fit("call from {_}[{ip}]", "call from h[unknown] x").unwrap().ip, "unknown");
    }

    #[test]
    fn an_address_is_found_in_the_dress_of_a_mail_server() {
        for (text, ip) in [
            ("[192.0.2.7]:25 x", "192.0.2.7"),
            ("[IPv6:2001:db8::7] x", "2001:db8::7"),
            ("192.0.2.7#53 (a)", "192.0.2.7"),
            ("192.0.2.7.1080 x", "192.0.2.7"),
            ("'192.0.2.7:5060' x", "192.0.2.7"),
        ] {
            assert_eq!(address_of(ip_word(text)), ip.parse().ok(), "{text}");
        }
        for text in ["host.example", "192.030.0.6", "1.2.3"] {
            assert_eq!(address_of(ip_word(text)), None, "{text}");
        }
    }
}
