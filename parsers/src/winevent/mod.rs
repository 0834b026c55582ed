//! Windows events: as XML, as the text that Snare, OSSEC and agents like them send over syslog, and as Windows' own tools print them.
//!
//! | the event's | is the record's |
//! |---|---|
//! | `TimeCreated` | time |
//! | `Level` | level; where it is 0, as in the security log, a failed audit is WARN and all else INFO |
//! | `Computer` | host |
//! | `Provider` | app |
//! | `EventID` | message id |
//! | `Execution`'s `ProcessID` | process id |
//! | the best of the names in `subject.rs`; the first value of SQL Server's logins | user |
//! | the same; SQL Server's `[CLIENT: …]` | address |
//! | `RenderingInfo`'s `Message` | message; the whole event where it has none |
//!
//! All else is attributes under Windows' own names; the fields of `EventData` are attributes in any case. A value `-` is
//! absent.

mod ossec;
mod relayed;
mod rendered;
mod snare;
mod subject;
pub(crate) mod text;
mod xml;

pub(crate) use self::relayed::{complete_escaped, complete_from_structured, complete_numbered};
pub(crate) use self::subject::{Subject, is_about_group};
pub(crate) use self::xml::resolved;
use crate::{Context, Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "winevent";

/// The program that Snare's text names over syslog.
pub(crate) const SNARE_MARKER: &str = snare::MARKER;

/// The program that OSSEC's and Wazuh's agents name.
pub(crate) const OSSEC_MARKER: &str = ossec::MARKER;

/// Whether `message`, behind a priority alone, begins with a host and Snare's marker.
pub(crate) fn is_snares(event: &LogEvent<'_>, message: &[u8]) -> bool {
    event.app.is_empty() && event.host.is_empty() && snare::begins_with_host(message)
}

/// Reads one event, as XML, as Windows' tools print it, or as Snare's text; `None` where it is none.
///
/// An event in XML may stand on one line or on several, with or without an XML declaration before it. Entities other than
/// XML's own five are kept as they are written: nothing is expanded. An event that is cut off or not UTF-8 is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    if text.first() == Some(&b'<') {
        return xml::parse(line, text);
    }
    // Behind blanks no tool of Windows' prints an event.
    text::parse(line, cx).or_else(|| snare::parse(text, cx))
}

/// Reads the event that is the message of a syslog record. The message stays as it is; what the header stated of host,
/// program and process stands, and the event's level and time replace the header's.
pub(crate) fn complete_from_message(event: &mut LogEvent<'_>, cx: &Context) {
    let message = std::mem::take(&mut event.message);
    let is_snare = event.app == snare::MARKER;
    let is_ossecs = event.app == ossec::MARKER;
    let inner = match message.first() {
        Some(b'<') => xml::parse(&message, &message),
        Some(_) if is_ossecs => ossec::fields(&message),
        Some(_) if is_snare => snare::fields(&message, cx),
        Some(b'M') => snare::parse(&message, cx),
        Some(_) if is_snares(event, &message) => snare::parse(&message, cx),
        _ => None,
    };
    if let Some(inner) = inner {
        event.level = inner.level;
        event.timestamp = inner.timestamp.or(event.timestamp);
        event.ip = event.ip.or(inner.ip);
        if is_snare || is_ossecs || event.app.is_empty() {
            event.app = inner.app.into_owned().into();
        }
        for (field, value) in [
            (&mut event.host, inner.host),
            (&mut event.proc_id, inner.proc_id),
            (&mut event.msg_id, inner.msg_id),
            (&mut event.user_name, inner.user_name),
        ] {
            if field.is_empty() {
                *field = value.into_owned().into();
            }
        }
        event.attributes.append(inner.attributes);
    }
    event.message = message;
}

/// Fills the user and the address of `event` from its message, the text that Windows makes of an event for people.
pub(crate) fn complete_from_text(event: &mut LogEvent<'_>) {
    let message = std::mem::take(&mut event.message);
    if let Ok(text) = std::str::from_utf8(&message) {
        rendered::complete(event, text);
    }
    event.message = message;
}

/// The bit of `Keywords` that marks a failed audit.
const AUDIT_FAILURE: u64 = 1 << 52;

/// The level of an event by its `Level`, a number, and its `Keywords`: a failed audit has no level of its own and is WARN.
pub(crate) fn level_of(number: &str, keywords: &str) -> Level {
    match number {
        "1" => Level::Fatal,
        "2" => Level::Error,
        "3" => Level::Warn,
        "0" | "4" if is_failed_audit(keywords) => Level::Warn,
        "0" | "4" => Level::Info,
        "5" => Level::Debug,
        _ => Level::Unknown,
    }
}

/// Whether `Keywords`, as a number or in words, say that an audit failed.
pub(crate) fn is_failed_audit(keywords: &str) -> bool {
    let bits = match keywords.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        // Some write the number with a sign.
        None => keywords.parse().ok().or_else(|| keywords.parse().ok().map(i64::cast_unsigned)),
    };
    bits.is_some_and(|bits| bits & AUDIT_FAILURE != 0) || keywords.contains("Audit Failure")
}

/// Whether the provider is PowerShell, whose events hold whole scripts.
pub(crate) fn is_of_powershell(provider: &str) -> bool {
    matches!(provider, "Microsoft-Windows-PowerShell" | "PowerShellCore" | "PowerShell")
}

/// The level of an audit or of a word that Windows has for one.
pub(crate) fn level_of_type(word: &str) -> Option<Level> {
    Some(match word {
        "Success Audit" | "SuccessAudit" | "Audit Success" | "AUDIT_SUCCESS" | "Information" | "INFORMATION"
        | "INFO" => Level::Info,
        "Failure Audit" | "FailureAudit" | "Audit Failure" | "AUDIT_FAILURE" | "Warning" | "WARNING" => Level::Warn,
        "Error" | "ERROR" => Level::Error,
        "Critical" | "CRITICAL" => Level::Fatal,
        "Verbose" | "VERBOSE" => Level::Debug,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Zone, format};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn an_event_in_a_syslog_message_gives_its_fields() {
        let xml = "<Event><System><Provider Name='P'/><EventID>7</EventID><Level>2</Level>\
                   <TimeCreated SystemTime='2023-11-14T22:13:20Z'/><Computer>pc1</Computer></System></Event>";
        let line = format!("<13>Nov 14 22:13:21 web1 agent: {xml}");
        let event = format::parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.host, &*event.app, &*event.msg_id), ("web1", "agent", "7"));
        assert_eq!((event.level, event.timestamp), (Level::Error, Some(1_700_000_000_000_000)));
        assert_eq!(&*event.message, xml.as_bytes());
    }

    #[test]
    fn snare_over_syslog_gives_its_fields() {
        let line = "<13>Nov 14 22:13:21 pc1 MSWinEventLog\t1\tSecurity\t9\tTue Nov 14 22:13:20 2023\t4625\tAuditing\tN/A\tN/A\t\
                    Failure Audit\tpc1.example\tLogon\t\tAn account failed to log on.   Account Name:  bob  Source Network Address: 192.0.2.7\t9";
        let event = format::parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.host, &*event.app, &*event.msg_id, &*event.user_name), ("pc1", "Auditing", "4625", "bob"));
        assert_eq!((event.level, event.ip), (Level::Warn, "192.0.2.7".parse().ok()));
        assert_eq!(event.attributes.get("Channel"), Some("Security"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            line: Vec<u8>,
            likely in "(<Event>|<System>|</System>|</Event>|<EventID>|</EventID>|7|&amp;|&x;|&|<Data Name=\"a\">|</Data>|<!DOCTYPE a>|<!--|<a/>|é){0,16}",
            fields in "MSWinEventLog(\t|1|Security|Tue Nov 14 22:13:20 2023| ){0,40}",
        ) {
            for line in [&line, likely.as_bytes(), fields.as_bytes()] {
                let event = parse(line, &CX);
                proptest::prop_assert!(event.is_none_or(|event| event.parse_error.is_none()));
            }
        }
    }
}
