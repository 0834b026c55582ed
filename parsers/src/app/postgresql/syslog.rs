//! PostgreSQL's messages in syslog and the journal: the number of the message there, `log_line_prefix`, and the text.
//!
//! ```text
//! [7-1] 2023-11-14 22:13:20.123 UTC [7] bob@shop ERROR:  no
//! [7-2] bob@shop STATEMENT:  select 1
//! [7-3] #011from orders                           what goes on is no text of its own
//! [7] LOG:  ready                                 with `syslog_split_messages` off
//! ```

use super::{Stamped, event, prefix, severity};
use crate::app::scan::{attribute, blanks, digits};
use crate::{Context, Level, LogEvent, programs};

/// Reads a message of PostgreSQL's in the record of a syslog or a journal, which has a time of its own.
pub(crate) fn in_syslog<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let (part, text) = numbered(message).unwrap_or(("1", message));
    let text = text.strip_prefix(b"<").map_or(text, blanks);
    let rest = Stamped::read(text, cx).map_or(text, |stamped| stamped.rest);
    let (before, word, said) = super::severity(rest)?;
    let word = word.trim_start_matches('>');
    let level = severity::level(word)?;
    // The further parts of a long message may be anything, such as a word of SQL before a colon.
    if part != "1" && level != Level::Unknown {
        return None;
    }
    let mut event = event(super::FORMAT, None, level, blanks(said));
    prefix::read(&mut event, before);
    attribute(&mut event, "error_severity", word);
    programs::complete(&mut event, "postgres");
    Some(event)
}

/// The number of the part in `[7-1] `, or 1 in `[7] `, and what follows.
fn numbered(message: &[u8]) -> Option<(&str, &[u8])> {
    let (_, rest) = digits(message.strip_prefix(b"[")?)?;
    let (part, rest) = match rest.strip_prefix(b"-") {
        Some(rest) => digits(rest)?,
        None => ("1", rest),
    };
    Some((part, rest.strip_prefix(b"] ")?))
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Zone};

    /// `LEVEL user ip` and the attributes of a message in syslog.
    fn check(message: &str, expected: &str) {
        let line = format!("<133>Nov 14 22:13:20 db7 postgres[7]: {message}");
        let event =
            parse(Format::Auto, line.as_bytes(), &Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC });
        let mut read =
            format!("{} {} {}", event.level, event.user_name, event.ip.map(|ip| ip.to_string()).unwrap_or_default());
        for (name, value) in event.attributes.iter() {
            read.push_str(&format!(" {name}={value}"));
        }
        assert_eq!(read, expected, "{message}");
        assert_eq!((&*event.message, &*event.proc_id), (message.as_bytes(), "7"));
    }

    #[test]
    fn the_prefix_and_the_word_are_read_behind_syslogs_number() {
        check(
            "[8-1] 2023-11-14 22:13:20.123 UTC [7] bob@shop WARNING:  x",
            "WARN bob  database=shop error_severity=WARNING",
        );
        check("[8-1] WARNING:  x", "WARN   error_severity=WARNING");
        check("[8] PANIC:  x", "FATAL   error_severity=PANIC");
        check("[8-2] bob@shop STATEMENT:  select 1", "INFO bob  database=shop error_severity=STATEMENT");
        check(
            "[8-1] user=bob,db=shop,app=My App 2 - Main,client=192.0.2.7 FATAL:  password authentication failed for user \"bob\"",
            "FATAL bob 192.0.2.7 application_name=My App 2 - Main database=shop error_severity=FATAL outcome=failure",
        );
        check(
            "[8-1] 2023-11-14 22:13:20 UTC:192.0.2.7(51234):bob@shop:[7]:ERROR:  no",
            "ERROR bob 192.0.2.7 database=shop error_severity=ERROR",
        );
        check("[8-1] < 2023-11-14 22:13:20.123 UTC >ERROR:  no", "ERROR   error_severity=ERROR");
    }

    #[test]
    fn what_goes_on_with_a_message_states_no_level() {
        check("[8-3] #011from orders", "INFO  ");
        check("[8-3] where note = ERROR:  x", "INFO  ");
        check("a message without a word", "INFO  ");
    }
}
