//! QRadar's Log Event Extended Format, versions 1.0 and 2.0:
//!
//! ```text
//! LEEF:1.0|Vendor|Product|Version|EventID|src=192.0.2.1<TAB>usrName=bob
//! LEEF:2.0|Vendor|Product|Version|EventID|^|src=192.0.2.1^usrName=bob
//! ```
//!
//! The delimiter of 2.0 is one character or its number (`x09`, `0x09`). Where a sender of 1.0 divides by bars, or a
//! receiver made `#011` of the tabs, that divides.

use std::borrow::Cow;

use memchr::memmem;

use crate::{Attributes, Context, LogEvent, address, cef, cursor, device_time};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "leef";

/// Reads a line in LEEF; `None` where it is none.
///
/// The attributes are the header's fields (`leef_version`, `vendor`, `product`, `product_version`, `event_id`,
/// `delimiter` where one is stated) and each pair. Severity (`sev`) 1 to 3 is INFO, to 6 WARN, to 8 ERROR, above FATAL.
/// The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = line.trim_ascii_end();
    // The last attribute may be empty, so a tab at the end counts; it is no part of a value.
    let decoded = cursor::text(text);
    let rest = decoded.strip_prefix("LEEF:")?.trim_start_matches(' ');
    let mut event = LogEvent { message: Cow::Borrowed(line), format: FORMAT, ..LogEvent::default() };
    event.attributes = Attributes::with_capacity(decoded.len(), 24);
    let (version, mut rest) = field(rest)?;
    if !version.starts_with(['1', '2']) {
        return None;
    }
    event.attributes.push("leef_version", &version);
    for name in ["vendor", "product", "product_version", "event_id"] {
        let (value, after) = match field(rest) {
            Some(found) => found,
            None if name == "event_id" => (Cow::Borrowed(rest), ""),
            None => return None,
        };
        if name == "product" {
            event.app = Cow::Owned(value.trim().to_owned());
        }
        if !value.is_empty() {
            event.attributes.push(name, &value);
        }
        rest = after;
    }
    let mut delimiter = Cow::Borrowed("\t");
    if version.starts_with('2')
        && let Some((stated, after)) = rest.split_once('|').filter(|(stated, _)| !stated.contains('='))
    {
        if let Some(character) = delimiter_of(stated) {
            event.attributes.push("delimiter", character.encode_utf8(&mut [0; 4]));
            delimiter = Cow::Owned(character.to_string());
        }
        rest = after;
    } else if version.starts_with('1') && !rest.contains('\t') {
        delimiter = Cow::Borrowed(if memmem::find(rest.as_bytes(), b"#011").is_some() { "#011" } else { "|" });
    }
    pairs(rest, &delimiter, &mut event.attributes);
    fill(&mut event, cx);
    Some(event)
}

/// The header's field that `text` begins with, and what follows its bar.
fn field(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (value, after) = cef::header_field(text);
    Some((value, after?))
}

/// The character that a delimiter field of 2.0 names.
fn delimiter_of(stated: &str) -> Option<char> {
    let mut chars = stated.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return Some(only);
    }
    let lower = stated.to_ascii_lowercase();
    let digits = lower.strip_prefix("0x").or_else(|| lower.strip_prefix('x')).or_else(|| lower.strip_prefix("\\x"))?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|c| *c != '=')
}

fn pairs(text: &str, delimiter: &str, attributes: &mut Attributes) {
    let mut chars = delimiter.chars();
    match (chars.next(), chars.next()) {
        // Nearly always; a search for one character is a quick one.
        (Some(only), None) => text.split(only).for_each(|text| pair(text, attributes)),
        _ => text.split(delimiter).for_each(|text| pair(text, attributes)),
    }
}

fn pair(text: &str, attributes: &mut Attributes) {
    let Some((key, value)) = text.split_once('=') else { return };
    // Bars are no part of a key; a header that says too much ends with some.
    let key = key.trim_matches(|c: char| c == '|' || c.is_whitespace());
    if key.is_empty() || value.is_empty() {
        return;
    }
    // A sign of equality may be escaped; all other backslashes are of paths.
    if memmem::find(value.as_bytes(), b"\\=").is_some() {
        attributes.push(key, &value.replace("\\=", "="));
    } else {
        attributes.push(key, value);
    }
}

fn fill(event: &mut LogEvent<'_>, cx: &Context) {
    let (mut time, mut user, mut host) = (None, None, None);
    let format = event.attributes.get("devTimeFormat").map(str::to_owned);
    for (name, value) in event.attributes.iter() {
        match name {
            "devTime" => {
                let stated = || device_time::of_format(value, format.as_deref()?, cx);
                time = time.or_else(|| stated().or_else(|| device_time::read(value, cx)));
            }
            "src" => event.ip = event.ip.or_else(|| address::parse(value).map(|found| found.ip)),
            "usrName" if value != "-" => user = user.or_else(|| Some(value.to_owned())),
            "identHostName" => host = host.or_else(|| Some(value.to_owned())),
            "sev" => event.level = cef::severity::level(value),
            _ => {}
        }
    }
    event.timestamp = time;
    event.user_name = Cow::Owned(user.unwrap_or_default());
    event.host = Cow::Owned(host.unwrap_or_default());
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
    fn a_time_is_read_in_the_form_that_the_event_states() {
        for (format, time) in [
            ("dd/MM/yyyy HH:mm:ss", "14/11/2023 22:13:20"),
            ("MM/dd/yyyy HH:mm:ss", "11/14/2023 22:13:20"),
            ("dd.MM.yyyy HH:mm:ss.SSS", "14.11.2023 22:13:20.000"),
            ("M/d/yy hh:mm:ss a z", "11/14/23 11:13:20 PM CET"),
            ("MMM dd yyyy HH:mm:ss z", "Nov 14 2023 22:13:20 GMT"),
            // One that cannot be used is one of those that are told by their looks.
            ("'on' QQQ", "2023-11-14T22:13:20Z"),
        ] {
            let line = format!("LEEF:2.0|Acme|Guard|2.1|77|^|devTime={time}^devTimeFormat={format}^sev=7");
            assert_eq!(read(&line).timestamp, Some(1_700_000_000_000_000), "{line}");
        }
    }

    #[test]
    fn tabs_divide_and_known_keys_fill_fields() {
        let event = read(
            "LEEF:1.0|Acme|Guard|2.1|77|src=192.0.2.7\tusrName=bob\tsev=7\tdevTime=Nov 14 2023 22:13:20 UTC\turl=a=b",
        );
        assert_eq!((event.level, event.timestamp), (Level::Error, Some(1_700_000_000_000_000)));
        assert_eq!((&*event.app, &*event.user_name), ("Guard", "bob"));
        assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
        assert_eq!(event.attributes.get("url"), Some("a=b"));
        assert_eq!(event.attributes.get("event_id"), Some("77"));
    }

    #[test]
    fn the_delimiter_of_version_2_is_a_character_or_its_number() {
        for (delimiter, character) in
            [("^", "^"), ("x5E", "^"), ("0x5e", "^"), ("", "\t"), ("\t", "\t"), ("wrong", "\t")]
        {
            let line = format!("LEEF:2.0|a|b|c|d|{delimiter}|k=v{character}l=w");
            let event = read(&line);
            assert_eq!((event.attributes.get("k"), event.attributes.get("l")), (Some("v"), Some("w")), "{line}");
        }
    }

    #[test]
    fn a_sign_of_equality_in_a_value_may_be_escaped() {
        let event = read("LEEF:2.0|Acme|Guard|1|2|^|url=/a?b\\=c^path=C:\\dir^src=192.0.2.7");
        let get = |name| event.attributes.get(name);
        assert_eq!((get("url"), get("path")), (Some("/a?b=c"), Some("C:\\dir")));
    }

    #[test]
    fn bars_and_octal_tabs_divide_where_no_tab_does() {
        for line in ["LEEF:1.0|a|b|c|d|k=v|l=w", "LEEF:1.0|a|b|c|d|k=v#011l=w"] {
            assert_eq!(read(line).attributes.get("l"), Some("w"), "{line}");
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "LEEF:", "LEEF:1.0|a|b", "LEEF:3.0|a|b|c|d|", "CEF:0|a|b|c|d|e|f|"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(tail: Vec<u8>, text in "(\\||\\\\|=| |a|src|\t|é|x|#011){0,60}") {
            for head in ["LEEF:1.0|a|b|c|d|", "LEEF:2.0|a|", "LEEF:2.0|a|b|c|d|"] {
                let mut line = head.as_bytes().to_vec();
                line.extend(&tail);
                drop(parse(&line, &CX));
                drop(parse(format!("{head}{text}").as_bytes(), &CX));
            }
        }
    }
}
