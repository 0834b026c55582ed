//! Events as Windows' own tools print them, a name and a value a line.
//!
//! ```text
//! 11/14/2023 10:13:20 PM          Splunk's; the time may stand in the event's envelope alone
//! LogName=Security
//! EventCode=4625
//! Message=An account failed to log on.
//!
//! Event[0]:                       wevtutil qe … /f:text
//!   Log Name: Security
//!   Description:
//! An account failed to log on.
//!
//! TimeCreated  : 11/14/2023 10:13:20 PM        Get-WinEvent … | Format-List, Get-EventLog … | Format-List
//! Id           : 4625
//! Message      : An account failed to log on.
//! ```

use std::borrow::Cow;

use super::{FORMAT, is_failed_audit, level_of, level_of_type, rendered};
use crate::{Context, Level, LogEvent, json};

/// Names stand within so many bytes.
const NAME_BYTES_MAX: usize = 40;

/// Whether `line` begins an event of this kind: an event has several lines.
#[inline]
pub(crate) fn may_be(line: &[u8]) -> bool {
    let begins_with = |text: &[u8]| line.starts_with(text);
    // Nearly all other lines are told apart by their first bytes.
    let may_begin = match line.first() {
        Some(b'0'..=b'9') => line.get(1) == Some(&b'/') || line.get(2) == Some(&b'/'),
        Some(b'E') => begins_with(b"Event"),
        Some(b'I') => begins_with(b"Id ") || begins_with(b"Inde"),
        Some(b'L') => begins_with(b"LogN"),
        Some(b'M') => begins_with(b"Mess") || begins_with(b"Mach"),
        Some(b'P') => begins_with(b"Prov"),
        Some(b'T') => begins_with(b"Time"),
        _ => false,
    };
    may_begin && shape(line).is_some()
}

/// How an event is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The names begin so many bytes behind the front.
    Splunk(usize),
    Wevtutil,
    /// All colons stand in this column.
    List(usize),
}

fn shape(line: &[u8]) -> Option<Shape> {
    let (first, rest) = line.split_at_checked(memchr::memchr(b'\n', line.get(..256).unwrap_or(line))? + 1)?;
    let first = first.trim_ascii_end();
    if first.starts_with(b"LogName=") {
        return Some(Shape::Splunk(0)).filter(|_| rest.contains(&b'='));
    }
    if is_stamp(first) {
        return rest.starts_with(b"LogName=").then_some(Shape::Splunk(line.len() - rest.len()));
    }
    if is_numbered(first) {
        return rest.starts_with(b"  Log Name: ").then_some(Shape::Wevtutil);
    }
    let column = list_column(first)?;
    is_of_list(rest.split(|b| *b == b'\n').next()?, column).then_some(Shape::List(column))
}

/// `11/14/2023 10:13:20 PM`, alone.
pub(crate) fn is_stamp(line: &[u8]) -> bool {
    let near = line.get(..32).unwrap_or(line);
    near.len() == line.len()
        && matches!(near, [b'0'..=b'9', b'/', ..] | [b'0'..=b'9', b'0'..=b'9', b'/', ..])
        && near.iter().all(|b| b.is_ascii_digit() || b"/:., APM".contains(b))
        && near.contains(&b':')
}

/// `Event[0]:`, the head of what wevtutil prints.
pub(crate) fn is_numbered(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"Event[") else { return false };
    let digits = rest.iter().take(12).take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && matches!(rest.get(digits..), Some(b"]" | b"]:"))
}

/// The column of the colon in the first line of what PowerShell prints of an event.
pub(crate) fn list_column(line: &[u8]) -> Option<usize> {
    let names = [
        &b"TimeCreated "[..],
        b"Message ",
        b"ProviderName ",
        b"Index ",
        b"EventID ",
        b"MachineName ",
        b"LogName ",
        b"Id ",
    ];
    names.iter().any(|name| line.starts_with(name)).then(|| colon(line))?
}

fn colon(line: &[u8]) -> Option<usize> {
    let near = line.get(..NAME_BYTES_MAX).unwrap_or(line);
    let name = near.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let blanks = near.get(name..)?.iter().take_while(|b| **b == b' ').count();
    let is_colon =
        near.get(name + blanks) == Some(&b':') && matches!(line.get(name + blanks + 1), None | Some(b' ' | b'\r'));
    (name > 0 && blanks > 0 && is_colon).then_some(name + blanks)
}

/// Whether a line is one of a list whose colons stand in `column`: a name and a value, or a further line of a value.
pub(crate) fn is_of_list(line: &[u8], column: usize) -> bool {
    let is_further = || line.get(..column + 2).is_some_and(|blanks| blanks.iter().all(|b| *b == b' '));
    colon(line) == Some(column) || is_further()
}

/// Reads an event; `None` where it is none.
pub(crate) fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let shape = may_be(line).then(|| shape(line)).flatten()?;
    let text = std::str::from_utf8(line).ok()?;
    let mut read = Read { event: LogEvent { format: FORMAT, ..LogEvent::default() }, cx, user: "", is_failed: false };
    match shape {
        Shape::Splunk(start) => {
            read.value("TimeGenerated", text.get(..start)?.trim());
            read.splunk(text.get(start..)?);
        }
        Shape::Wevtutil => read.wevtutil(text.split_once('\n')?.1),
        Shape::List(column) => read.list(text, column),
    }
    read.finish(line)
}

/// An event in the making.
struct Read<'a, 'c> {
    event: LogEvent<'a>,
    cx: &'c Context,
    /// The account that the log names beside the event.
    user: &'a str,
    is_failed: bool,
}

impl<'a> Read<'a, '_> {
    fn splunk(&mut self, text: &'a str) {
        let mut rest = text;
        while let Some((name, after)) = rest.split_once('=') {
            if name == "Message" {
                self.event.message = Cow::Borrowed(after.trim().as_bytes());
                return;
            }
            let (value, after) = after.split_once('\n').unwrap_or((after, ""));
            self.value(name, value.trim());
            rest = after;
        }
    }

    fn wevtutil(&mut self, text: &'a str) {
        let mut rest = text;
        while let Some((name, after)) = rest.split_once(':') {
            let name = name.trim();
            if name == "Description" {
                self.event.message = Cow::Borrowed(after.trim().as_bytes());
                return;
            }
            let (value, after) = after.split_once('\n').unwrap_or((after, ""));
            self.value(name, value.trim());
            rest = after;
        }
    }

    fn list(&mut self, text: &'a str, column: usize) {
        let mut message: Option<String> = None;
        let mut is_message = false;
        for line in text.lines() {
            let value = line.get(column + 2..).unwrap_or_default();
            if colon(line.as_bytes()) == Some(column) {
                let name = line.get(..column).unwrap_or_default().trim_end();
                is_message = name == "Message";
                if is_message {
                    message = Some(value.to_owned());
                } else {
                    self.value(name, value.trim());
                }
            } else if let Some(message) = message.as_mut().filter(|_| is_message) {
                message.push('\n');
                message.push_str(value);
            }
        }
        if let Some(message) = message {
            self.event.message = Cow::Owned(message.trim_end().to_owned().into_bytes());
        }
    }

    fn value(&mut self, name: &'a str, value: &'a str) {
        if matches!(value, "" | "-" | "N/A") {
            return;
        }
        let event = &mut self.event;
        match name {
            "Date" | "TimeCreated" | "TimeGenerated" => {
                event.timestamp = json::time_of_value(value, self.cx);
                if event.timestamp.is_some() {
                    return;
                }
            }
            "Source" | "SourceName" | "ProviderName" => {
                event.app = value.into();
                return;
            }
            "Event ID" | "EventCode" | "Id" | "EventID" if value.bytes().all(|b| b.is_ascii_digit()) => {
                event.msg_id = value.into();
                return;
            }
            // The lower half of it is the event's id, the upper one its severity and facility.
            "InstanceId" if event.msg_id.is_empty() => {
                event.msg_id = value.parse::<u32>().map(|id| (id & 0xffff).to_string()).unwrap_or_default().into();
            }
            "Computer" | "ComputerName" | "MachineName" => {
                event.host = value.into();
                return;
            }
            "ProcessId" => {
                event.proc_id = value.into();
                return;
            }
            "Level" | "Type" | "EntryType" | "LevelDisplayName" => {
                let level = level_of_type(value).unwrap_or_else(|| level_of(value, ""));
                self.is_failed |= value == "FailureAudit";
                event.level = if level == Level::Unknown { event.level } else { level };
            }
            "Keyword" | "Keywords" => self.is_failed |= is_failed_audit(value),
            "User" | "User Name" | "UserName" if value != "NOT_TRANSLATED" && !value.starts_with("S-1-") => {
                self.user = value;
            }
            _ => {}
        }
        event.attributes.push(name, value);
    }

    fn finish(mut self, line: &'a [u8]) -> Option<LogEvent<'a>> {
        let event = &mut self.event;
        if event.msg_id.is_empty() && event.app.is_empty() {
            return None;
        }
        if self.is_failed && matches!(event.level, Level::Unknown | Level::Info) {
            event.level = Level::Warn;
        }
        let message = std::mem::take(&mut event.message);
        rendered::complete(event, std::str::from_utf8(&message).unwrap_or_default());
        event.message = if message.is_empty() { Cow::Borrowed(line) } else { message };
        if event.user_name.is_empty() {
            event.user_name = self.user.into();
        }
        Some(self.event)
    }
}

/// Whether a line of a file begins the names and values that Splunk's agents print of an event.
pub(crate) fn begins_splunks(line: &[u8]) -> bool {
    line.starts_with(b"LogName=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse as parse_as;
    use crate::{FileOptions, FileParser, Format, Zone};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    const SAID: &str = "An account failed to log on.\n\nSubject:\n\tAccount Name:\t\t-\n\nFor Which:\n\tAccount Name:\t\tbob\n\n\
        Network Information:\n\tSource Network Address:\t192.0.2.7";

    /// An event as each tool prints it.
    fn printed() -> [String; 4] {
        let indented = SAID.replace('\n', "\n               ");
        [
            format!(
                "11/14/2023 10:13:20 PM\nLogName=Security\nEventCode=4625\nEventType=0\nComputerName=pc7\nSourceName=Auditing\nType=Information\n\
                 Keywords=Audit Failure\nUser=NOT_TRANSLATED\nMessage={SAID}"
            ),
            format!(
                "Event[0]:\n  Log Name: Security\n  Source: Auditing\n  Date: 2023-11-14T22:13:20.000Z\n  Event ID: 4625\n  Level: Information\n  \
                 Keyword: Audit Failure\n  User: N/A\n  Computer: pc7\n  Description: \n{SAID}"
            ),
            format!(
                "TimeCreated  : 11/14/2023 10:13:20 PM\nProviderName : Auditing\nId           : 4625\nMachineName  : pc7\n\
                 Keywords     : -9218868437227405312\nMessage      : {indented}"
            ),
            format!(
                "Index        : 7\nEntryType    : FailureAudit\nInstanceId   : 4625\nMessage      : {indented}\nSource       : Auditing\n\
                 MachineName  : pc7\nTimeGenerated : 11/14/2023 10:13:20 PM"
            )
            .replace("TimeGenerated :", "TimeCreated  :"),
        ]
    }

    #[test]
    fn an_event_is_the_same_however_it_is_printed() {
        for text in printed() {
            let event = parse_as(Format::Auto, text.as_bytes(), &CX);
            assert_eq!(event.format, FORMAT, "{text}");
            assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn), "{text}");
            assert_eq!((&*event.host, &*event.app, &*event.msg_id), ("pc7", "Auditing", "4625"), "{text}");
            assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{text}");
            assert_eq!(std::str::from_utf8(&event.message).unwrap(), SAID, "{text}");
        }
    }

    #[test]
    fn an_event_in_a_shippers_envelope_gives_its_fields() {
        let [splunks, ..] = printed();
        let line = format!(r#"{{"host":"agent7","message":"{}"}}"#, splunks.replace('\n', "\\n").replace('\t', "\\t"));
        let event = parse_as(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.host, &*event.msg_id, &*event.user_name), ("agent7", "4625", "bob"));
        assert_eq!((event.level, event.timestamp), (Level::Warn, Some(1_700_000_000_000_000)));
    }

    #[test]
    fn the_account_beside_an_event_is_its_user_where_its_text_names_none() {
        let text = "Event[3]\n  Log Name: System\n  Source: Service Control\n  Date: 2023-11-14T22:13:20.000Z\n  Event ID: 7\n  Level: Error\n  \
             User: S-1-5-18\n  User Name: EXAMPLE\\bob\n  Computer: pc7\n  Description: \nIt stopped.";
        let event = parse(text.as_bytes(), &CX).unwrap();
        assert_eq!((&*event.user_name, event.level), ("EXAMPLE\\bob", Level::Error));
        assert_eq!((&*event.message, event.attributes.get("User")), (&b"It stopped."[..], Some("S-1-5-18")));
    }

    #[test]
    fn the_events_of_a_file_are_divided() {
        for text in printed() {
            let file = format!("{text}\n\n{text}\n\n");
            let mut parser = FileParser::new(FileOptions::default());
            let mut records = Vec::new();
            parser.feed(file.as_bytes(), true, &CX, &mut |record| {
                records.push((record.event.msg_id.to_string(), record.line))
            });
            let ids: Vec<_> = records.iter().map(|(id, _)| &**id).collect();
            assert_eq!(ids, ["4625", "4625"], "{text}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "LogName=Security",
            "LogName=Security\ntext",
            "11/14/2023 10:13:20 PM\ntext",
            "Event[0]:\ntext",
            "Event[x]:\n  Log Name: a\n",
            "Message : text\nId : 7",
            "Message : text\ntext",
            "Index   : 7\nOther   : 9",
        ] {
            assert_eq!(parse(text.as_bytes(), &CX), None, "{text}");
        }
    }
}
