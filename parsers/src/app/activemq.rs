//! Java's lines whose parts are divided by bars: those of ActiveMQ, and of Karaf and what runs in it.
//!
//! ```text
//! 2023-11-14 22:13:20,123 | INFO  | text | org.apache.activemq.broker.BrokerService | main
//! 2023-11-14 22:13:20,123 | INFO  | main | BlueprintContainerImpl | 21 - org.apache.aries.blueprint.core - 1.4.2 | text
//! ```
//!
//! Attributes: `logger`, `thread`; Karaf's `bundle`.

use super::java::FORMAT;
use super::scan::{attribute, blanks, capital_level, event, until};
use super::{Stamped, trimmed};
use crate::{LogEvent, find::find_all_by};

const BAR: &[u8] = b" | ";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(blanks(blanks(stamped.rest).strip_prefix(b"|")?))?;
    let rest = blanks(rest).strip_prefix(b"| ")?;
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
    let is_logger = logger.contains('.') && !logger.contains(' ');
    let message = if trace.is_empty() { first.get(..before_logger)? } else { rest };
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "logger", logger);
    attribute(&mut event, "thread", thread.trim());
    is_logger.then_some(event)
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
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
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
