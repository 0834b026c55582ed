//! Messages of Fluent Forward that are JSON: Fluentd takes a connection whose first byte is `[` or `{` as such, and
//! `fluent-logger-golang` (`MarshalAsJSON`) and loggers for languages without MessagePack send them.
//!
//! ```text
//! ["tag", time, {record}, {options}]
//! ["tag", [[time, {record}], …], {options}]
//! ```
//!
//! Nothing need stand between two messages. A record's original bytes are the text of its time and its record.

use std::borrow::Cow;

use super::Entry;
use crate::json::Records;
use crate::json::extent::{Found, Scan};
use crate::json::members::{Members, Part, scalar};
use crate::{Zone, msgpack, timestamp};

/// Finds the end of the object or array at the front of a stream of JSON, however it arrives.
#[derive(Clone, Debug, Default)]
pub struct Extent(Scan);

impl Extent {
    /// The length of what `buf` begins with; `None` while its end is not there. What was seen before is not looked at again.
    pub fn measure(&mut self, buf: &[u8]) -> Option<usize> {
        match self.0.advance(buf, false) {
            Found::End(length) => Some(length),
            Found::Open | Found::Broken => None,
        }
    }

    /// The first `count` bytes, which were seen, are dropped from the front of the buffer.
    pub fn drop_front(&mut self, count: usize) {
        self.0.drop_front(count);
    }
}

/// The length of what `buf` begins with, which is neither an array nor an object: a string to its end, else what comes before a blank or
/// the begin of a message. `None` while its end is not there.
#[must_use]
pub fn stray(buf: &[u8]) -> Option<usize> {
    let Some(text) = buf.strip_prefix(b"\"") else {
        return buf.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'[' | b'{' | b'"'));
    };
    let mut is_escaped = false;
    let is_end = |byte: &u8| {
        *byte == b'\n' || *byte == b'"' && !is_escaped || {
            is_escaped = *byte == b'\\' && !is_escaped;
            false
        }
    };
    text.iter().position(is_end).map(|at| at + 2)
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'b> {
    /// What the sender calls its records.
    pub tag: Cow<'b, str>,
    /// Its records.
    pub entries: Entries<'b>,
    /// Where in the message several of them begin.
    pub entries_at: usize,
    /// What is to be acknowledged.
    pub chunk: Option<Cow<'b, str>>,
}

/// The records of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries<'b> {
    /// One: its time and its record, which are not in an array.
    Bare(&'b str),
    /// Entries with commas between them.
    Several(&'b str),
}

/// Reads a message that is whole; `None` where it is none.
#[must_use]
pub fn message(text: &str) -> Option<Message<'_>> {
    let array = inside(text)?;
    let mut values = Records::of_values(array);
    let tag = scalar(values.next()?)?.into_text()?;
    let behind_tag = trimmed_front(values.rest());
    let second = values.next()?;
    let (entries, entries_at) = match inside(second) {
        Some(entries) => {
            let outer = text.find('[')? + 1;
            (Entries::Several(entries), outer + array.len() - behind_tag.len() + 1)
        }
        None => {
            values.next()?;
            let length = behind_tag.len() - values.rest().len();
            (Entries::Bare(behind_tag.get(..length)?.trim_ascii_end()), 0)
        }
    };
    let chunk = values.next().and_then(chunk_of);
    Some(Message { tag, entries, entries_at, chunk })
}

/// The first of several entries, and what follows it; `None` where there is none.
#[must_use]
pub fn next_entry(entries: &str) -> Option<(Entry<'_>, &str)> {
    let mut values = Records::of_values(entries);
    let whole = values.next()?;
    let pair = inside(whole).map(str::trim_ascii);
    let is_pair = |pair: &&str| Records::of_values(pair).take(3).count() == 2;
    let entry = match pair.filter(is_pair) {
        Some(pair) => bare_entry(pair),
        None => Entry { time: None, metadata: b"", record: whole.as_bytes(), is_json: true, raw: whole.as_bytes() },
    };
    Some((entry, values.rest()))
}

/// The entry whose time and record are `raw`.
#[must_use]
pub fn bare_entry(raw: &str) -> Entry<'_> {
    let mut values = Records::of_values(raw);
    let time = values.next().and_then(scalar);
    let record = values.next().unwrap_or_default();
    Entry {
        time: time.and_then(microseconds),
        metadata: b"",
        record: record.as_bytes(),
        is_json: true,
        raw: raw.as_bytes(),
    }
}

/// The answer to a message with `chunk`, once its records are durable.
#[must_use]
pub fn acknowledgement(chunk: &str) -> Vec<u8> {
    let mut answer = b"{\"ack\":".to_vec();
    msgpack::write_text(chunk.as_bytes(), &mut answer);
    answer.push(b'}');
    answer
}

fn microseconds(time: Part<'_>) -> Option<i64> {
    match time {
        // Zero, and what else is too small for a date, is what loggers write that know no time.
        Part::Number(digits) => timestamp::epoch(digits),
        Part::Text(text) => timestamp::parse(&text, Zone::UTC),
        _ => None,
    }
}

fn chunk_of(options: &str) -> Option<Cow<'_, str>> {
    let mut members = Members::of(options).ok()?;
    while let Some((name, value)) = members.next().ok()? {
        if let ("chunk", Part::Text(chunk)) = (&*name, value) {
            return Some(chunk);
        }
    }
    None
}

/// What stands between an array's brackets.
fn inside(array: &str) -> Option<&str> {
    array.trim_ascii().strip_prefix('[')?.strip_suffix(']')
}

/// `values` without the comma before the first.
fn trimmed_front(values: &str) -> &str {
    let values = values.trim_ascii_start();
    values.strip_prefix(',').unwrap_or(values).trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluent::{FORMAT, parse};
    use crate::{Context, Level};

    const CX: Context = Context { received_at: 1_700_000_009_000_000, zone: Zone::UTC };

    #[test]
    fn both_modes_give_their_records_with_time_and_chunk() {
        let record = r#"{"log":"hel]lo","level":"warn","user":"alice"}"#;
        for (text, raws, chunk) in [
            (format!(r#"["app",1700000000,{record}]"#), vec![format!("1700000000,{record}")], None),
            (
                format!(r#"[ "app" , "2023-11-14T22:13:20Z", {record} ,{{"chunk":"a\"b"}}]"#),
                vec![format!(r#""2023-11-14T22:13:20Z", {record}"#)],
                Some("a\"b"),
            ),
            (
                format!(r#"["app",[[1700000000.0,{record}], [ 1700000000000 ,{record} ]],{{"size":2,"chunk":"x"}}]"#),
                vec![format!("1700000000.0,{record}"), format!("1700000000000 ,{record}")],
                Some("x"),
            ),
        ] {
            let message = message(&text).unwrap();
            assert_eq!((&*message.tag, message.chunk.as_deref()), ("app", chunk), "{text}");
            let found: Vec<_> = match message.entries {
                Entries::Bare(raw) => vec![bare_entry(raw)],
                Entries::Several(mut rest) => {
                    assert!(text.get(message.entries_at..).is_some_and(|text| text.starts_with(rest)));
                    std::iter::from_fn(|| next_entry(rest).map(|(entry, behind)| (rest = behind, entry).1)).collect()
                }
            };
            for (entry, raw) in found.iter().zip(&raws) {
                assert_eq!(std::str::from_utf8(entry.raw).unwrap(), raw);
                let mut scratch = Vec::new();
                let event = parse(entry, "app", &mut scratch, &CX);
                assert_eq!((&*event.message, event.level, &*event.user_name), (&b"hel]lo"[..], Level::Warn, "alice"));
                assert_eq!((event.timestamp, event.format), (Some(1_700_000_000_000_000), FORMAT));
                assert_eq!(event.attributes.get("tag"), Some("app"));
            }
            assert_eq!(found.len(), raws.len(), "{text}");
        }
    }

    #[test]
    fn an_entry_that_is_no_pair_is_kept_whole_and_its_neighbours_are_read() {
        let message = message(r#"["app",[7,[1,{"log":"a"},2],[1700000000,"x"],[0,{"log":"b"}]]]"#).unwrap();
        let Entries::Several(mut rest) = message.entries else { panic!() };
        let mut found = Vec::new();
        while let Some((entry, behind)) = next_entry(rest) {
            let mut scratch = Vec::new();
            let event = parse(&entry, "app", &mut scratch, &CX);
            found.push((
                String::from_utf8_lossy(&event.message).into_owned(),
                event.parse_error.is_some(),
                event.timestamp,
            ));
            rest = behind;
        }
        let kept = |text: &str| (text.to_owned(), true, None);
        assert_eq!(found[..2], [kept("7"), kept(r#"[1,{"log":"a"},2]"#)]);
        assert!(found[2].1);
        assert_eq!(found[3], ("b".to_owned(), false, None));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for text in ["", "{}", "[]", "[7]", r#"["app"]"#, r#"["app",1]"#, r#"[{},1,{}]"#, "[\"app\",[1,2"] {
            assert_eq!(message(text), None, "{text}");
        }
    }

    #[test]
    fn what_stands_between_messages_ends_before_the_next() {
        for (text, length) in
            [("5[", 1), ("null\n[", 4), (r#""a\"[b\\"["#, 9), ("\"a\n[", 3), (r#"true"a""#, 4), ("]{", 1)]
        {
            assert_eq!(stray(text.as_bytes()), Some(length), "{text}");
            assert!(stray(&text.as_bytes()[..length - 1]).is_none_or(|found| found < length), "{text}");
        }
        assert_eq!(stray(b"5"), None);
        assert_eq!(stray(b"\"a\\\""), None);
    }

    #[test]
    fn an_answer_is_json_as_well() {
        assert_eq!(acknowledgement("a\"b\n"), br#"{"ack":"a\"b\u000a"}"#);
    }

    proptest::proptest! {
        #[test]
        fn the_extent_is_the_same_however_a_message_arrives(texts: Vec<String>, piece in 1..7_usize) {
            let message = serde_json::json!([texts, { "a]": texts }]).to_string();
            let stream = format!("{message}[]");
            let (mut extent, mut end) = (Extent::default(), 0);
            let found = loop {
                end = stream.len().min(end + piece);
                if let Some(found) = extent.measure(&stream.as_bytes()[..end]) {
                    break found;
                }
            };
            proptest::prop_assert_eq!(found, message.len());
        }

        #[test]
        fn any_text_is_survived(text: String, likely in "\\[\"a\",[\\[\\]{}\",:1a ]{0,30}\\]") {
            for text in [&*text, &*likely] {
                Extent::default().measure(text.as_bytes());
                let Some(message) = message(text) else { continue };
                let (Entries::Bare(raw) | Entries::Several(raw)) = message.entries;
                let _event = parse(&bare_entry(raw), &message.tag, &mut Vec::new(), &CX);
                let mut rest = raw;
                while let Some((entry, behind)) = next_entry(rest) {
                    proptest::prop_assert!(behind.len() < rest.len());
                    let _event = parse(&entry, &message.tag, &mut Vec::new(), &CX);
                    rest = behind;
                }
            }
        }
    }
}
