//! Lines whose level stands before their time.

use super::super::scan::{blanks, bracketed, capital_level, some_blanks, taken, word};
use super::super::{stamp, whole_time};
use super::FORMAT;
use super::head::{Head, is_name};
use crate::{Context, Level, LogEvent};

/// log4j's `INFO  2023-11-14 22:13:20,123 [main] c.e.App - ready`.
fn stamp_second<'a>(level: Level, text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = stamp::read(text, cx)?;
    let (thread, rest) = bracketed(some_blanks(rest)?)?;
    let mut head = Head { level: Some(level), thread, ..Head::default() };
    let message = head.logger_and_message(some_blanks(rest)?).filter(|_| !head.logger.is_empty())?;
    Some(head.event(FORMAT, Some(at), level, message))
}

/// What follows the time of Dropwizard's `INFO  [2023-11-14 22:13:20,123] c.e.App: ready`; a trace has a mark before each line.
fn dropwizard(at: i64, level: Level, text: &[u8]) -> Option<LogEvent<'_>> {
    let rest = some_blanks(text)?;
    let (thread, rest) = match bracketed(rest) {
        Some((thread, rest)) => (thread, some_blanks(rest)?),
        None => ("", rest),
    };
    let (name, rest) = word(rest)?;
    let logger = name.strip_suffix(':').filter(|name| is_name(name))?;
    Some(Head { logger, thread, ..Head::default() }.event(FORMAT, Some(at), level, blanks(rest)))
}

/// Cassandra's `INFO  [main] 2023-11-14 22:13:20,123 App.java:99 - ready`.
pub(in crate::app) fn level_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(text)?;
    let rest = some_blanks(rest)?;
    if rest.first().is_some_and(u8::is_ascii_digit) {
        return stamp_second(level, rest, cx);
    }
    let (thread, rest) = bracketed(rest)?;
    if let Some(at) = whole_time(thread.as_bytes(), cx) {
        return dropwizard(at, level, rest);
    }
    let (at, rest) = stamp::read(some_blanks(rest)?, cx)?;
    let (place, rest) = word(some_blanks(rest)?)?;
    let message = rest.strip_prefix(b" - ")?;
    let mut event = Head { thread, ..Head::default() }.event(FORMAT, Some(at), level, message);
    match place.rsplit_once(':') {
        Some((file, line))
            if taken(line.as_bytes(), line.len()).is_some_and(|(l, _)| l.bytes().all(|b| b.is_ascii_digit())) =>
        {
            event.attributes.push("file", file);
            event.attributes.push("line", line);
        }
        _ => event.attributes.push("logger", place),
    }
    Some(event)
}
