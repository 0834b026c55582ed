//! Pairs with bars, semicolons or commas between them, as Check Point's Log Exporter writes them in three of its formats:
//!
//! ```text
//! time=1700000000|hostname=fw1|product=VPN-1 & FireWall-1|action=Drop|src=192.0.2.7
//! time=14Nov2023 22:13:20;action=drop;orig=fw1;src=192.0.2.7
//! 1 2023-11-14T22:13:20Z fw1 CheckPoint 7 - [action:"Drop"; ifdir:"inbound"; src:"192.0.2.7"]
//! date=2023-11-14,time=22:13:20,devname="fw1",level="notice",srcip=192.0.2.7
//! reason=Allowed<tab>useragent=Mozilla/5.0 (X11)<tab>ClientIP=192.0.2.7<tab>user=bob
//! ```
//!
//! The last but one is how FortiGate writes its CSV: commas alone divide the pairs, and the values are bare or in quotes. The last is Zscaler's. Elsewhere a value may hold blanks. All pairs become attributes, and known names fill the fields of the event.

use std::borrow::Cow;

use crate::json::pairs::Pairs;
use crate::{Context, LogEvent, app, logfmt};

/// A record has no more pairs than this.
const PAIRS_MAX: usize = 1024;

/// So many pairs show that it is a bar or a semicolon that divides them, and no part of a value.
const PAIRS_MIN: usize = 3;

/// Reads `line`, which begins with a pair; `None` where blanks divide its pairs, or nothing does.
pub(crate) fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let at = memchr::memchr2(b'|', b';', line)?;
    let divider = line.get(at)?;
    // In front of the first a comma would divide; in quotes it would be part of a value.
    if memchr::memchr(b',', line.get(..at)?).is_some() || memchr::memchr(b'"', line).is_some() {
        return None;
    }
    let text = std::str::from_utf8(line).ok()?.trim_ascii_end();
    let parts = || text.split(char::from(*divider)).map(str::trim).filter(|part| !part.is_empty());
    // A value may have a bar in it ("origin=192.0.2.1|192.0.2.2"), but not before three pairs have shown what divides them.
    let is_known = |(at, part): (usize, &str)| is_pair(part) || at >= PAIRS_MIN && !part.contains('=');
    if parts().take(PAIRS_MIN).count() < PAIRS_MIN || !parts().take(PAIRS_MAX).enumerate().all(is_known) {
        return None;
    }
    let mut pairs = Pairs::new(cx, text.len());
    for part in parts().take(PAIRS_MAX) {
        if let Some((name, value)) = part.split_once('=') {
            pairs.bare(name, value);
        }
    }
    let mut event = pairs.finish(line, logfmt::FORMAT);
    complete(&mut event, cx);
    Some(event)
}

/// Reads `line`, which begins with a pair, where tabs divide its pairs, as in Zscaler's feeds; `None` where they do not. `text` is the part of the
/// line that is read.
pub(crate) fn by_tabs<'a>(line: &'a [u8], text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    const FIRST_PAIR_BYTES_MAX: usize = 256;
    memchr::memchr(b'\t', text.get(..FIRST_PAIR_BYTES_MAX).unwrap_or(text))?;
    let text = std::str::from_utf8(text).ok()?.trim_ascii_end();
    let parts = || text.split('\t').take(PAIRS_MAX).filter(|part| !part.is_empty());
    if parts().count() < PAIRS_MIN || !parts().all(|part| key_and_rest(part).is_some()) {
        return None;
    }
    let mut pairs = Pairs::new(cx, text.len());
    for (name, value) in parts().filter_map(key_and_rest) {
        match value.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')) {
            Some(inside) => pairs.quoted(name, inside),
            None => pairs.bare(name, value),
        }
    }
    let mut event = finished(pairs, line, cx);
    // Zscaler means the host that was asked for.
    if event.attributes.get("vendor") == Some("Zscaler") {
        event.host = Cow::Borrowed("");
    }
    Some(event)
}

/// Reads `line`, which begins with a pair, where commas without blanks divide its pairs; `None` where they do not.
pub(crate) fn by_commas<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    // Most lines of pairs have a blank behind the first one, which here stands in a time only.
    let first = memchr::memchr3(b',', b' ', b'"', line)?;
    if line.get(first) == Some(&b' ') && !line.get(first + 1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(line).ok()?.trim_ascii_end();
    let mut pairs = Pairs::new(cx, text.len());
    let mut rest = text;
    for count in 1..=PAIRS_MAX {
        let (name, after) = key_and_rest(rest)?;
        let (value, is_quoted, after) = value_before_comma(after)?;
        if is_quoted {
            pairs.quoted(name, value);
        } else {
            pairs.bare(name, value);
        }
        let Some(next) = after.strip_prefix(',') else {
            return (after.is_empty() && count > 1).then(|| finished(pairs, line, cx));
        };
        rest = next;
    }
    None
}

/// The value that `text` begins with, whether it stood in quotes, and what follows, which begins with a comma if it is not empty.
fn value_before_comma(text: &str) -> Option<(&str, bool, &str)> {
    if let Some(inside) = text.strip_prefix('"') {
        let end = closing_quote(inside)?;
        let after = inside.get(end + 1..).filter(|after| after.is_empty() || after.starts_with(','))?;
        return Some((inside.get(..end)?, true, after));
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let (value, after) = inside.split_once('\'').filter(|(_, after)| after.is_empty() || after.starts_with(','))?;
        return Some((value, false, after));
    }
    // A comma that no pair follows is part of the value.
    let ends = |at: &usize| text.get(at + 1..).and_then(key_and_rest).is_some();
    let end = memchr::memchr_iter(b',', text.as_bytes()).find(ends).unwrap_or(text.len());
    let (value, after) = text.split_at_checked(end)?;
    let is_whole = !value.bytes().any(|b| b.is_ascii_whitespace() || b == b'"');
    (is_whole || is_time(value)).then_some((value, false, after))
}

/// `2023-11-14 22:13:20`, whose parts a blank divides.
fn is_time(value: &str) -> bool {
    value.len() >= 19 && value.bytes().all(|b| b.is_ascii_digit() || b" -/:.+".contains(&b))
}

/// The key that `text` begins with, and what stands behind its sign.
fn key_and_rest(text: &str) -> Option<(&str, &str)> {
    const KEY_BYTES_MAX: usize = 64;
    let near = text.as_bytes().get(..=KEY_BYTES_MAX).unwrap_or(text.as_bytes());
    let at = memchr::memchr(b'=', near)?;
    let (name, rest) = (text.get(..at)?, text.get(at + 1..)?);
    (!name.is_empty() && name.bytes().all(logfmt::is_plain_key)).then_some((name, rest))
}

/// One pair: behind a blank in its value no other begins.
fn is_pair(part: &str) -> bool {
    part.split_once('=').is_some_and(|(name, value)| {
        !name.is_empty()
            && name.bytes().all(logfmt::is_plain_key)
            && !value.split(' ').skip(1).any(|word| word.find('=').is_some_and(|at| at > 0))
    })
}

/// Reads the pairs that stand in a bracket in Check Point's syslog messages, which look like structured data and are none.
pub(crate) fn bracketed<'a>(message: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(message).ok()?;
    let mut rest = text.get(text.find('[')? + 1..)?;
    let mut pairs = Pairs::new(cx, text.len());
    for count in 0..PAIRS_MAX {
        let Some((name, after)) = rest.split_once(":\"").filter(|(name, _)| is_name(name)) else {
            return (count > 0 && rest.starts_with(']')).then(|| finished(pairs, message, cx));
        };
        let end = closing_quote(after)?;
        pairs.quoted(name, after.get(..end)?);
        rest = after.get(end + 1..)?.trim_start_matches([';', ' ']);
    }
    Some(finished(pairs, message, cx))
}

/// Whether `text` begins with such a bracket.
pub(crate) fn begins_bracketed(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"[").unwrap_or_default();
    let name = inside.iter().take(64).take_while(|b| is_name_byte(**b)).count();
    name > 0 && inside.get(name..).is_some_and(|rest| rest.starts_with(b":\""))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/')
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut quotes = memchr::memchr_iter(b'"', text.as_bytes());
    quotes.find(|at| !text.get(..*at).is_some_and(|before| before.ends_with('\\')))
}

fn finished<'a>(pairs: Pairs<'a, '_>, message: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let mut event = pairs.finish(message, logfmt::FORMAT);
    complete(&mut event, cx);
    event
}

/// Fills what only these devices name or write so.
fn complete(event: &mut LogEvent<'_>, cx: &Context) {
    logfmt::complete(event, cx);
    if event.timestamp.is_none()
        && let Some(time) = event.attributes.get("time")
    {
        event.timestamp = app::time_of_shape(time.as_bytes(), b"dbY H:M:S", cx).map(|(at, _)| at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Zone, format};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn check_points_pairs_are_read_in_each_of_its_formats() {
        for line in [
            "time=1700000000|hostname=fw1|product=VPN-1 & FireWall-1|action=Drop|src=192.0.2.7|dst=198.51.100.2|user=bob",
            "time=14Nov2023 22:13:20;action=Drop;i/f_dir=inbound;src=192.0.2.7;dst=198.51.100.2;user=bob;",
            "time=1700000000|hostname=fw1|action=Drop|origin=192.0.2.1|192.0.2.3|dst=198.51.100.2|administrator=bob|client_ip=192.0.2.7|",
            "time=1700000000|hostname=fw1|action=Drop|src=192.0.2.7|dst=198.51.100.2|src_user_name=bob|user_name= |",
            "<134>Nov 14 22:13:20 fw1 time=1700000000|hostname=fw1|action=Drop|src=192.0.2.7|dst=198.51.100.2|user=bob",
            r#"<134>1 2023-11-14T22:13:20Z fw1 CheckPoint 7 - [action:"Drop"; src:"192.0.2.7"; dst:"198.51.100.2"; user:"bob"]"#,
            r#"<134>1 2023-11-14T22:13:20Z fw1 CheckPoint 7 - [action:"Drop"; src:"192.0.2.7"; dst:"198.51.100.2"; user:"bob"; ]"#,
            r#"<134>Nov 14 22:13:20 fw1 CheckPoint 7 - [action:"Drop"; src:"192.0.2.7"; dst:"198.51.100.2"; user:"bob"]"#,
        ] {
            let event = format::parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.timestamp, &event.parse_error), (Some(1_700_000_000_000_000), &None), "{line}");
            assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"), "{line}");
            let get = |name| event.attributes.get(name);
            assert_eq!((get("action"), get("dst")), (Some("Drop"), Some("198.51.100.2")), "{line}");
        }
    }

    #[test]
    fn other_lines_of_pairs_are_left_to_the_blanks_between_them() {
        for line in
            ["a=1 b=2; c=3; d=4", "a=1|b=2", "a=1;b;c=3", "a=\"x;b=2;c=3\"", "a=1, b=2;c=3;d=4", "a=1 b=2;c=3 d=4;e=5"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
        assert_eq!(bracketed(b"[a:b]", &CX), None);
        assert_eq!(bracketed(b"[a:\"b\"; c]", &CX), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "(a|=|\\||;|:\"|\"|\\[|\\]| |\\\\|time|14Nov2023 22:13:20|é){0,40}") {
            let _ = (parse(text.as_bytes(), &CX), bracketed(text.as_bytes(), &CX));
        }
    }
}
