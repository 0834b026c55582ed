//! The formats of single records, and which of them a line is in.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::{Context, LogEvent, cri, json, plain, syslog};

/// How a source's lines are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Each line for itself, by how it begins; see [`parse`].
    #[default]
    Auto,
    /// Syslog, RFC 5424 or RFC 3164, by the version after the priority.
    Syslog,
    /// The syslog protocol, RFC 5424.
    Rfc5424,
    /// BSD syslog, RFC 3164.
    Rfc3164,
    /// One JSON object a line.
    Json,
    /// Text without further structure.
    Plain,
}

/// A word that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format \"{0}\": use auto, syslog, rfc5424, rfc3164, json or plain")]
pub struct UnknownFormat(pub String);

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Auto, Self::Syslog, Self::Rfc5424, Self::Rfc3164, Self::Json, Self::Plain];

    /// The name in lower case, as it is configured.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Syslog => "syslog",
            Self::Rfc5424 => "rfc5424",
            Self::Rfc3164 => "rfc3164",
            Self::Json => "json",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Accepts the names of [`Format::as_str`] in any case.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}

/// Reads one record in `format`. Never fails; see the parser of each format for what it makes of lines in another.
///
/// [`Format::Auto`] decides by how the line begins: `{` is JSON; `<` with a number and `>`, or the stamp of RFC 3164
/// (`Nov 14 22:13:20`), is syslog; a stamp with `stdout` or `stderr` is a container runtime's line ([`cri`]); all
/// else is plain text. A JSON object as the message of a syslog record gives its fields too, as
/// [`json::complete_from_message`] says.
#[must_use]
pub fn parse<'a>(format: Format, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    match format {
        Format::Auto => auto(line, cx),
        Format::Syslog => with_json(syslog::parse(line, cx), cx),
        Format::Rfc5424 => only(syslog::rfc5424::parse(line, cx), line, cx),
        Format::Rfc3164 => only(syslog::rfc3164::parse(line, cx), line, cx),
        Format::Json => json::parse(line, cx),
        Format::Plain => plain::parse(line, cx),
    }
}

fn auto<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
    match text.first() {
        Some(b'{') => json::parse(line, cx),
        Some(b'<') if has_priority(text) => with_json(syslog::parse(line, cx), cx),
        Some(b'A'..=b'Z') if has_bsd_stamp(text) => with_json(syslog::parse(line, cx), cx),
        Some(b'0'..=b'9') => cri::parse(line, cx).unwrap_or_else(|| plain::parse(line, cx)),
        _ => plain::parse(line, cx),
    }
}

/// Reads a record of one kind of syslog; in another it is kept whole, with the priority if it states one.
fn only<'a>(outcome: Result<LogEvent<'a>, syslog::ParseError>, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let error = match outcome {
        Ok(event) => return with_json(event, cx),
        Err(error) => error,
    };
    let LogEvent { facility, severity, .. } = syslog::parse(line, cx);
    LogEvent {
        facility,
        severity,
        message: Cow::Borrowed(line),
        format: plain::FORMAT,
        parse_error: Some(Cow::Borrowed(error.as_str())),
        ..LogEvent::default()
    }
}

/// `event` with the fields of the JSON object that is its message, if it is one.
fn with_json<'a>(mut event: LogEvent<'a>, cx: &Context) -> LogEvent<'a> {
    if event.parse_error.is_none() {
        json::complete_from_message(&mut event, cx);
    }
    event
}

/// Whether `text` begins with a number in angle brackets.
fn has_priority(text: &[u8]) -> bool {
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    (1..=10).contains(&digits) && text.get(digits + 1) == Some(&b'>')
}

/// Whether `text` begins with the stamp of RFC 3164, section 4.1.2: `Nov 14 22:13:20` or `Nov  4 22:13:20`.
fn has_bsd_stamp(text: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let Some((month, rest)) = text.split_at_checked(3) else {
        return false;
    };
    let [b' ', tens, ones, b' ', h, i, b':', m, n, b':', s, t, ..] = rest else {
        return false;
    };
    let digits = [ones, h, i, m, n, s, t].iter().all(|b| b.is_ascii_digit());
    MONTHS.contains(&month) && digits && (*tens == b' ' || tens.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    #[test]
    fn names_are_read_in_any_case_and_written_in_lower_case() {
        for format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "unknown format \"xml\": use auto, syslog, rfc5424, rfc3164, json or plain");
    }

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn auto_decides_by_how_the_line_begins() {
        for (line, format) in [
            (r#"{"msg":"m"}"#, "json"),
            (r#" {"msg""#, "json"),
            ("<13>Nov 14 22:13:20 web1 app: text", "rfc3164"),
            ("<13>1 2023-11-14T22:13:20Z web1 app - - - text", "rfc5424"),
            ("Nov  4 22:13:20 web1 app: text", "rfc3164"),
            ("2023-11-14T22:13:20Z stderr F text", "cri"),
            ("2023-11-14T22:13:20Z ERROR text", "plain"),
            ("<b>bold</b>", "plain"),
            ("November rain", "plain"),
            ("", "plain"),
        ] {
            assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, format, "{line}");
        }
    }

    #[test]
    fn json_after_a_syslog_header_gives_its_fields_and_stays_the_message() {
        for message in [
            r#"{"level":"error","user":"bob","n":3,"message":"inner"}"#,
            r#"@cee: {"level":"error","user":"bob","n":3}"#,
        ] {
            let line = format!("<14>Nov 14 22:13:20 web1 shop[7]: {message}");
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!(&*event.message, message.as_bytes());
            assert_eq!((&*event.host, &*event.app, &*event.proc_id, &*event.user_name), ("web1", "shop", "7", "bob"));
            assert_eq!((event.level, event.severity), (Level::Error, Some(6)));
            assert_eq!(event.attributes.get("n"), Some("3"));
        }
    }

    #[test]
    fn a_stated_format_is_kept_to() {
        let line = b"<13>Nov 14 22:13:20 web1 app: text";
        let other = parse(Format::Rfc5424, line, &CX);
        assert!(other.parse_error.is_some());
        assert_eq!((other.facility, other.severity), (Some(1), Some(5)));
        assert!(parse(Format::Json, line, &CX).parse_error.is_some());
        let plain = parse(Format::Plain, line, &CX);
        assert_eq!((&*plain.message, plain.parse_error), (&line[..], None));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_kept_whole_in_any_format(line: Vec<u8>) {
            for format in Format::ALL {
                let event = parse(format, &line, &CX);
                proptest::prop_assert!(event.parse_error.is_none() || *event.message == *line);
            }
        }
    }
}
