//! Java's lines whose parts are divided by bars: those of ActiveMQ, and of Karaf and what runs in it.
//!
//! ```text
//! 2023-11-14 22:13:20,123 | INFO  | text | org.apache.activemq.broker.BrokerService | main
//! 2023-11-14 22:13:20,123 | INFO  | main | BlueprintContainerImpl | 21 - org.apache.aries.blueprint.core - 1.4.2 | text
//! 2023-11-14 22:13:20,123 | INFO  | bob requested /admin/queues.jsp from 192.0.2.7 | qtp7-41        ActiveMQ's audit log
//! INFO  | bob called a.B.purge[] at 14-11-2023 22:13:20,123 | qtp7-41                              the same, from version 5.16 on
//! 2023-11-14 22:13:20,123 [AUDIT](Thread-7) AMQ601501: User bob(amq)@192.0.2.7:5000 is consuming    Artemis' audit log
//! ```
//!
//! Attributes: `logger`, `thread`; Karaf's `bundle`. Of audit logs the user and the address are the record's.

use std::net::IpAddr;

use super::java::FORMAT;
use super::scan::{attribute, blanks, capital_level, event, until, word};
use super::{Stamped, stamp, trimmed};
use crate::{Context, Level, LogEvent, address, find::find_all_by};

const BAR: &[u8] = b" | ";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(blanks(blanks(stamped.rest).strip_prefix(b"|")?))?;
    let rest = blanks(rest).strip_prefix(b"| ")?;
    if let Some(event) = audit(Some(stamped.at), level, rest) {
        return Some(event);
    }
    if let Some((thread, logger, bundle, message)) = karaf(rest) {
        let mut event = event(FORMAT, Some(stamped.at), level, message);
        attribute(&mut event, "logger", logger);
        attribute(&mut event, "thread", thread);
        attribute(&mut event, "bundle", bundle);
        return Some(event);
    }
    // A stack trace may follow the first line; the message may hold bars.
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (first, trace) = rest.split_at_checked(end)?;
    let bars: Vec<usize> = find_all_by(1, first, BAR).collect();
    let [.., before_logger, before_thread] = *bars else { return None };
    let logger = std::str::from_utf8(first.get(before_logger + BAR.len()..before_thread)?).ok()?;
    let thread = std::str::from_utf8(trimmed(first.get(before_thread + BAR.len()..)?)).ok()?;
    // The web console's logger is the path at which it is served.
    let is_logger = (logger.contains('.') || logger.starts_with('/')) && !logger.contains(' ');
    let message = if trace.is_empty() { first.get(..before_logger)? } else { rest };
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "logger", logger);
    attribute(&mut event, "thread", thread.trim());
    is_logger.then_some(event)
}

/// A line of the audit log that its level begins: the time stands behind the text.
pub(super) fn level_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(text)?;
    let mut event = audit(None, level, blanks(rest).strip_prefix(b"| ")?)?;
    let at = find_all_by(1, &event.message, b" at ").next_back()?;
    let time = event.message.get(at + 4..).unwrap_or_default();
    event.timestamp = stamp::shaped(time, b"d-m-Y H:M:S", cx).map(|(at, _)| at);
    Some(event)
}

/// `bob requested /admin/queues.jsp from 192.0.2.7 | thread`, `bob called a.B.purge[] | thread`.
fn audit<'a>(at: Option<i64>, level: Level, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (user, rest) = word(text)?;
    let is_audit = rest.starts_with(b" requested /") || rest.starts_with(b" called ");
    if !is_audit || text.contains(&b'\n') {
        return None;
    }
    let bar = find_all_by(1, text, BAR).next_back()?;
    let (message, thread) = (text.get(..bar)?, std::str::from_utf8(text.get(bar + BAR.len()..)?).ok()?);
    let mut event = event(FORMAT, at, level, message);
    event.user_name = user.into();
    // Who calls by RMI stands in the name of the thread.
    event.ip = find_all_by(1, message, b" from ")
        .next_back()
        .and_then(|from| word(blanks(message.get(from + 6..)?)))
        .and_then(|(host, _)| ip_of(host))
        .or_else(|| thread.starts_with("RMI ").then(|| ip_of(thread.rsplit_once(")-")?.1.trim()))?);
    attribute(&mut event, "thread", thread.trim());
    Some(event)
}

/// Artemis' audit log; `stamped.rest` begins with the blank before `[AUDIT]`.
pub(super) fn artemis<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (thread, rest) = until(stamped.rest.strip_prefix(b" [AUDIT](")?, b") AMQ")?;
    let (code, message) = until(rest, b": ").filter(|(code, _)| code.bytes().all(|b| b.is_ascii_digit()))?;
    let mut event = event(FORMAT, Some(stamped.at), Level::Info, message);
    event.msg_id = format!("AMQ{code}").into();
    attribute(&mut event, "thread", thread);
    if let Some((account, _)) = message.strip_prefix(b"User ").and_then(word)
        && let Some((user, client)) = account.rsplit_once('@')
    {
        // Behind the name stand the user's roles.
        event.user_name = user.split_once('(').map_or(user, |(name, _)| name).into();
        event.ip = ip_of(client);
    }
    Some(event)
}

fn ip_of(text: &str) -> Option<IpAddr> {
    address::parse(text).map(|found| found.ip)
}

/// Thread, logger, bundle and message: the bundle begins with its number.
fn karaf(text: &[u8]) -> Option<(&str, &str, &str, &[u8])> {
    let (thread, rest) = until(text, b" | ")?;
    let (logger, rest) = until(rest, b" | ")?;
    let (bundle, message) = until(rest, b" | ")?;
    let number = bundle.trim_start().split(" - ").next()?;
    let is_bundle =
        !number.is_empty() && number.len() < bundle.trim_start().len() && number.bytes().all(|b| b.is_ascii_digit());
    is_bundle.then_some((thread.trim(), logger.trim(), bundle.trim(), message))
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn the_parts_between_bars_are_told_apart() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20,123 | INFO  | Connector tcp | a started | org.apache.activemq.broker.BrokerService | main",
                "java INFO 22:13:20.123 logger=org.apache.activemq.broker.BrokerService thread=main | Connector tcp | a started",
            ),
            (
                "2023-11-14 22:13:20,123 | ERROR | no | a.B | main\njava.lang.X\n\tat a.B",
                "java ERROR 22:13:20.123 logger=a.B thread=main | no | a.B | main\njava.lang.X\n\tat a.B",
            ),
            (
                "2023-11-14 22:13:20,123 | WARN  | pool-7  | Main  | 12 - org.apache.karaf.main - 4.4.1 | text | more",
                "java WARN 22:13:20.123 logger=Main thread=pool-7 bundle=12 - org.apache.karaf.main - 4.4.1 | text | more",
            ),
            (
                "2023-11-14 22:13:20,123 | INFO  | No initializer | /console | main",
                "java INFO 22:13:20.123 logger=/console thread=main | No initializer",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn who_does_what_in_an_audit_log_is_the_user() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20,123 | INFO  | bob requested /admin/send.action [text='a | b' ] from 192.0.2.7 | qtp7-41",
                "java INFO 22:13:20.123 user=bob ip=192.0.2.7 thread=qtp7-41 | bob requested /admin/send.action [text='a | b' ] from 192.0.2.7",
            ),
            (
                "2023-11-14 22:13:20,123 | WARN  | bob called a.b.Queue.purge[x] | RMI TCP Connection(6)-192.0.2.7",
                "java WARN 22:13:20.123 user=bob ip=192.0.2.7 thread=RMI TCP Connection(6)-192.0.2.7 | bob called a.b.Queue.purge[x]",
            ),
            (
                "INFO  | bob requested /admin/send.action [a='b' ] from  192.0.2.7 at 14-11-2023 22:13:20,123 | qtp7-41",
                "java INFO 22:13:20.123 user=bob ip=192.0.2.7 thread=qtp7-41 | bob requested /admin/send.action [a='b' ] from  192.0.2.7 at 14-11-2023 22:13:20,123",
            ),
            (
                "2023-11-14 22:13:20,123 [AUDIT](Thread-2 (ActiveMQ-server-a.B$6@59)) AMQ601501: User bob(amq)@192.0.2.7:5000 is consuming a message",
                "java INFO 22:13:20.123 msgid=AMQ601501 user=bob ip=192.0.2.7 thread=Thread-2 (ActiveMQ-server-a.B$6@59) | User bob(amq)@192.0.2.7:5000 is consuming a message",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
        for line in ["INFO  | bob asked | x", "INFO  | bob requested /a", "2023-11-14 22:13:20,123 [AUDIT](x) text"] {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("java"), "{line}");
        }
    }

    #[test]
    fn other_lines_with_bars_are_refused() {
        for rest in ["", "| INFO", "| INFO | a", "| INFO | a | b | c", "| text | a.b | c", "| CRITICAL | db | down"] {
            let line = format!("2023-11-14 22:13:20 {rest}");
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
