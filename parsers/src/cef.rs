//! ArcSight's Common Event Format:
//!
//! ```text
//! CEF:0|Vendor|Product|1.0|100|Name|Severity|src=192.0.2.1 suser=bob msg=text with blanks
//! ```
//!
//! A syslog header, or a count of milliseconds with a host, may precede it, and so may the name of F5's module (`ASM:`). Where the format is
//! stated, whatever stands before it is passed over. In the header `\|` and `\\` are escapes, in the
//! extension `\=`, `\\`, `\n` and `\r`; a value ends before the blank that the next key follows. Quotes around all of a value are left out.

mod extension;
pub(crate) mod severity;

use std::borrow::Cow;

use memchr::memchr2;

use crate::find::find;
use crate::{Context, LogEvent, address, cursor, device_time, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "cef";

/// The header's fields, as attributes.
const HEADER: [&str; 7] =
    ["cef_version", "device_vendor", "device_product", "device_version", "device_event_class_id", "name", "severity"];

/// What may stand before `CEF:` without a syslog header is no longer than this.
const PREFIX_BYTES_MAX: usize = 300;

/// Reads a line in CEF; `None` where it is none.
///
/// The attributes are the header's fields (`cef_version`, `device_vendor`, `device_product`, `device_version`,
/// `device_event_class_id`, `name`, `severity`), each key of the extension, and each value that has a label (`cs1` with
/// `cs1Label`) once more under its label. Severity 0 to 3 and `Low` is INFO, to 6 and `Medium` WARN, to 8 and `High`
/// ERROR, above and `Very-High` FATAL. The message is the text from `CEF:` on.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let line = line.trim_ascii_end();
    // F5 has the module's name before, as a tag: "ASM:CEF:0|…".
    let unnamed = line.strip_prefix(b"ASM:").unwrap_or(line);
    if unnamed.starts_with(b"CEF:") {
        return body(unnamed, cx);
    }
    if !begins_with_count(line) {
        return None;
    }
    let start = find(line.get(..PREFIX_BYTES_MAX).unwrap_or(line), b"CEF:")?;
    let (prefix, rest) = line.split_at_checked(start)?;
    let mut words = prefix.split(|b| *b == b' ').filter(|word| !word.is_empty());
    let (stamp, host) = (words.next()?, words.next());
    let stamp = timestamp::epoch(std::str::from_utf8(stamp).ok()?)?;
    if words.next().is_some_and(|word| !word.ends_with(b":")) || words.next().is_some() {
        return None;
    }
    let mut event = body(rest, cx)?;
    event.timestamp = Some(stamp);
    if let Some(host) = host {
        event.host = cursor::text(host);
    }
    Some(event)
}

/// As [`parse`], for a line that is said to be in CEF: what stands before the first `CEF:` behind a blank, no header that is known, is none
/// of its fields.
pub(crate) fn behind_any_header<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let line = line.trim_ascii_end();
    let start = find(line.get(..PREFIX_BYTES_MAX).unwrap_or(line), b" CEF:")?;
    body(line.get(start + 1..)?, cx)
}

/// Whether `line` begins with a number and a blank, or with one and `CEF:`: most lines do not, and need not be searched.
fn begins_with_count(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+');
    let digits = text.iter().take(PREFIX_BYTES_MAX).take_while(|b| is_part(b)).count();
    digits > 0 && text.get(digits).is_some_and(|b| matches!(b, b' ' | b'C'))
}

/// Reads what begins with `CEF:`.
fn body<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut event = LogEvent { message: Cow::Borrowed(text), format: FORMAT, ..LogEvent::default() };
    let decoded = cursor::text(text);
    event.attributes = crate::Attributes::with_capacity(decoded.len() + 64, 24);
    let mut rest = decoded.strip_prefix("CEF:")?.trim_start_matches(' ');
    for (at, name) in HEADER.into_iter().enumerate() {
        let (value, after) = header_field(rest);
        // Only the last field may end with the line, if it is there.
        if after.is_none() && (at + 1 < HEADER.len() || value.is_empty()) {
            return None;
        }
        if at == 0 && (value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
            return None;
        }
        match name {
            "severity" => event.level = severity::level(unquoted(&value)),
            "device_product" => event.app = Cow::Owned(unquoted(value.trim()).to_owned()),
            _ => {}
        }
        if !value.is_empty() {
            event.attributes.push(name, unquoted(&value));
        }
        rest = after.unwrap_or_default();
    }
    let header_fields = event.attributes.len();
    extension::read(rest, &mut event.attributes);
    fill(&mut event, header_fields, cx);
    Some(event)
}

/// `value` without the quotes in which some devices put all of it.
fn unquoted(value: &str) -> &str {
    let inside = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inside.filter(|inside| !inside.is_empty() && !inside.contains('"')).unwrap_or(value)
}

/// The field that `text` begins with, without its escapes, and what follows its `|`.
pub(crate) fn header_field(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut escaped = false;
    let mut at = 0;
    while let Some(found) = text.as_bytes().get(at..).and_then(|rest| memchr2(b'|', b'\\', rest)) {
        at += found;
        if text.as_bytes().get(at) == Some(&b'|') {
            let field = text.get(..at).unwrap_or_default();
            let field = if escaped { Cow::Owned(unescape(field)) } else { Cow::Borrowed(field) };
            return (field, text.get(at + 1..));
        }
        escaped = true;
        at += 2;
    }
    (if escaped { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) }, None)
}

/// A header's field without its escapes; a backslash before anything else stands for itself.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = (c == '\\').then(|| chars.next_if(|next| matches!(next, '|' | '\\'))).flatten();
        plain.push(next.unwrap_or(c));
    }
    plain
}

/// Fills the event's fields from the keys of the extension, which stand behind `header_fields` attributes; of several for one field the first of these lists.
fn fill(event: &mut LogEvent<'_>, header_fields: usize, cx: &Context) {
    let mut times = [None; 4];
    let (mut user, mut host) = ([None; 4], [None; 2]);
    let (mut pid, mut ip, mut zone) = (None, [None; 3], None);
    for (name, value) in event.attributes.iter().skip(header_fields) {
        let slot = match name {
            "rt" => times.first_mut(),
            "start" => times.get_mut(1),
            "end" => times.get_mut(2),
            // Fortinet's have no other.
            "FTNTFGTeventtime" => times.get_mut(3),
            // The latter is SonicWall's.
            "suser" | "susr" => user.first_mut(),
            "duser" => user.get_mut(1),
            // Some senders write the fields' full names in the place of the keys.
            "sourceUserName" => user.get_mut(2),
            "destinationUserName" => user.get_mut(3),
            "sourceAddress" => ip.get_mut(2),
            "dvchost" => host.first_mut(),
            "dvc" => host.get_mut(1),
            "dvcpid" => Some(&mut pid),
            "dtz" => Some(&mut zone),
            "src" => ip.first_mut(),
            "c6a2" => ip.get_mut(1),
            _ => None,
        };
        if let Some(slot) = slot
            && !matches!(value, "" | "-" | "n/a" | "N/A")
        {
            slot.get_or_insert(value);
        }
    }
    // The zone of the device's clock, for times that do not state one.
    let cx = &Context { zone: zone.and_then(|name| name.parse().ok()).unwrap_or(cx.zone), ..*cx };
    event.timestamp = times.into_iter().flatten().find_map(|text| device_time::read(text, cx));
    event.ip = ip.into_iter().flatten().find_map(address::parse).map(|found| found.ip);
    let owned = |text: Option<&str>| Cow::Owned(text.unwrap_or_default().to_owned());
    let (user, host, pid) =
        (owned(user.into_iter().flatten().next()), owned(host.into_iter().flatten().next()), owned(pid));
    event.user_name = user;
    event.host = host;
    event.proc_id = pid;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn read(line: &str) -> LogEvent<'_> {
        parse(line.as_bytes(), &CX).unwrap()
    }

    #[test]
    fn header_and_extension_are_told_apart() {
        let line =
            "CEF:0|Acme|Guard|2.1|77|blocked it|7|src=192.0.2.7 suser=bob rt=1700000000000 dvchost=fw1 msg=a b c";
        let event = read(line);
        assert_eq!((event.level, event.timestamp), (Level::Error, Some(1_700_000_000_000_000)));
        assert_eq!((&*event.host, &*event.app, &*event.user_name), ("fw1", "Guard", "bob"));
        assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
        assert_eq!(event.attributes.get("msg"), Some("a b c"));
        assert_eq!(event.attributes.get("device_vendor"), Some("Acme"));
        assert_eq!(&*event.message, line.as_bytes());
    }

    #[test]
    fn quotes_around_a_value_are_left_out() {
        let event = read(r#"CEF:0|"Acme"|Guard|1|2|"it is"|"3"|src="192.0.2.7" suser="bob" msg="a" or "b""#);
        assert_eq!((event.level, event.ip, &*event.user_name), (Level::Info, "192.0.2.7".parse().ok(), "bob"));
        let get = |name| event.attributes.get(name);
        assert_eq!(
            (get("device_vendor"), get("src"), get("msg")),
            (Some("Acme"), Some("192.0.2.7"), Some("\"a\" or \"b\""))
        );
    }

    #[test]
    fn fortinets_time_is_read_where_there_is_no_other() {
        let event =
            read("CEF:0|Fortinet|Fortigate|1|2|c|3|FTNTFGTeventtime=1700000000000000123 FTNTFGTtz=+0200 src=192.0.2.7");
        assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
        let event = read("CEF:0|Fortinet|Fortigate|1|2|c|3|FTNTFGTeventtime=7 start=1700000000000");
        assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
    }

    #[test]
    fn a_time_without_a_zone_is_that_of_the_devices_clock() {
        for (dtz, hours) in [("Asia/Kolkata", "16:43:20"), ("+02:00", "20:13:20"), ("nowhere", "22:13:20")] {
            let line = format!("CEF:0|a|b|1|2|c|3|rt=Nov 14 2023 22:13:20 dtz={dtz} src=192.0.2.7");
            let at = chrono::DateTime::from_timestamp_micros(read(&line).timestamp.unwrap()).unwrap();
            assert_eq!(at.format("%H:%M:%S").to_string(), hours, "{dtz}");
        }
        // A zone that the time states is its own.
        let event = read("CEF:0|a|b|1|2|c|3|rt=Nov 14 2023 22:13:20 GMT dtz=Asia/Kolkata");
        assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
    }

    #[test]
    fn a_module_of_f5_may_precede_it() {
        let event = read("ASM:CEF:0|F5|ASM|17|2|c|3|dvchost=bigip1 src=192.0.2.7");
        assert_eq!((&*event.host, event.ip), ("bigip1", "192.0.2.7".parse().ok()));
        assert!(event.message.starts_with(b"CEF:0|F5|"));
    }

    #[test]
    fn where_it_is_stated_any_header_may_precede_it() {
        let event = behind_any_header(b"soon relay1 CEF:0|a|b|1|2|c|3|src=192.0.2.7", &CX).unwrap();
        assert_eq!((&*event.host, event.ip), ("", "192.0.2.7".parse().ok()));
        assert_eq!(behind_any_header(b"of CEF: a word", &CX), None);
    }

    #[test]
    fn a_dash_is_nobody() {
        let event = read(r#"CEF:0|Acme|Guard|1|2|e|4|duser="-" suser="-" dvchost=- src=192.0.2.7"#);
        assert_eq!((&*event.user_name, &*event.host, event.ip), ("", "", "192.0.2.7".parse().ok()));
    }

    #[test]
    fn fields_are_filled_where_no_severity_is_stated() {
        let event = read("CEF:0|Acme|Guard|1||e||suser=bob src=192.0.2.7");
        assert_eq!((&*event.user_name, event.ip, event.level), ("bob", "192.0.2.7".parse().ok(), Level::Unknown));
    }

    #[test]
    fn a_quoted_pipe_does_not_end_the_header() {
        let event = read(r"CEF:0|a\|b|c\\|1|2|x \ y|Low|");
        let got: Vec<_> = event.attributes.iter().map(|(_, value)| value).collect();
        assert_eq!(got, ["0", "a|b", r"c\", "1", "2", r"x \ y", "Low"]);
        assert_eq!(event.level, Level::Info);
    }

    #[test]
    fn a_count_and_a_host_may_precede_it() {
        let event = read("1700000000000 fw1.example.com CEF:0|a|b|c|d|e|1|");
        assert_eq!((event.timestamp, &*event.host), (Some(1_700_000_000_000_000), "fw1.example.com"));
        assert!(event.message.starts_with(b"CEF:0|a"));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "CEF:",
            "CEF:0|a|b|c|d|e",
            "CEF:0|a|b|c|d|e|",
            "CEF:x|a|b|c|d|e|f|",
            "see CEF:0|a|b|c|d|e|f|",
            "LEEF:1.0|a|b|c|d|",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(tail: Vec<u8>, text in "(CEF:0|\\||\\\\|=| |a|src|é|Label|cs1){0,60}") {
            let mut line = b"CEF:0|a|b|c|d|e|1|".to_vec();
            line.extend(tail);
            drop(parse(&line, &CX));
            drop(parse(text.as_bytes(), &CX));
        }
    }
}
