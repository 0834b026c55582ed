//! Erlang's and Elixir's loggers, as RabbitMQ, ejabberd, EMQX and CouchDB write them:
//!
//! ```text
//! 2023-11-14 22:13:20.123456+00:00 [info] <0.123.0> ready
//! 2023-11-14 22:13:20.123456+00:00 [info] <0.123.0>@shop:start:99 ready
//! 22:13:20.123 [error] ready                                    Elixir
//! 22:13:20.123 user=bob peer_ip=192.0.2.7 [error] no            Elixir with metadata, as Supavisor has it
//! =INFO REPORT==== 14-Nov-2023::22:13:20 ===                    the text follows on the next lines
//! ```
//!
//! The Erlang process is the process id. Attribute: `mfa`, where a module, a function and a line are stated.

use super::scan::{attribute, blanks, bracketed, capital_level, event, some_blanks, span, until, word};
use super::{Stamped, couchdb, trimmed};
use crate::{Context, Level, LogEvent, address, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "erlang";

/// Reads a line or a report of Erlang; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match text.first()? {
        b'=' => report(text, cx),
        b'[' => couchdb::parse(text, cx),
        _ => {
            let stamped = Stamped::read(text, cx)?;
            after_stamp(&stamped).or_else(|| after_pairs(&stamped))
        }
    }
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (word, rest) = bracketed(stamped.rest.strip_prefix(b" ")?)?;
    let level = level_names::from_word(word).filter(|_| word.bytes().all(|b| b.is_ascii_lowercase()))?;
    let rest = some_blanks(rest)?;
    let mut event = event(FORMAT, Some(stamped.at), level, rest);
    let Some((process, after)) = process(rest) else {
        // Elixir writes a time of day only; with a date and without a process the line can be anybody's.
        let is_elixir = stamped.line.get(2) == Some(&b':');
        return is_elixir.then_some(event);
    };
    event.proc_id = process.into();
    let rest = match after.strip_prefix(b"@") {
        Some(after) => {
            let (place, rest) = span(after, |b| b != b' ')?;
            attribute(&mut event, "mfa", place);
            rest
        }
        None => after,
    };
    event.message = blanks(rest).into();
    Some(event)
}

/// Elixir's metadata before the level, as Supavisor has it: `22:13:20.123 user=bob peer_ip=192.0.2.7 [error] no`.
pub(super) fn after_pairs<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    /// Pairs that are read of one line.
    const PAIRS_MAX: usize = 64;
    let mut rest = stamped.rest.strip_prefix(b" ")?;
    if stamped.line.get(2) != Some(&b':') {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), Level::Unknown, rest);
    for _ in 0..PAIRS_MAX {
        if rest.first() == Some(&b'[') {
            let (word, message) = bracketed(rest)?;
            event.level = level_names::from_word(word).filter(|_| word.bytes().all(|b| b.is_ascii_lowercase()))?;
            event.message = some_blanks(message)?.into();
            return Some(event);
        }
        let (pair, after) = word(rest)?;
        let (name, value) = pair.split_once('=')?;
        match name {
            "peer_ip" => event.ip = address::parse(value).map(|found| found.ip),
            "user" => event.user_name = value.into(),
            _ => attribute(&mut event, name, value),
        }
        rest = some_blanks(after)?;
    }
    None
}

/// Takes a process, `<0.123.0>`.
fn process(text: &[u8]) -> Option<(&str, &[u8])> {
    let (process, rest) = span(text, |b| b.is_ascii_digit() || matches!(b, b'<' | b'.' | b'>'))?;
    (process.starts_with('<') && process.ends_with('>')).then_some((process, rest))
}

/// `=INFO REPORT==== 14-Nov-2023::22:13:20 ===` and the lines after it.
pub(super) fn report<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(text.strip_prefix(b"=")?)?;
    let (date, rest) = until(rest.strip_prefix(b" REPORT==== ")?, b"::")?;
    let (time, rest) = until(rest, b" ===")?;
    let stamp = format!("{date} {time}");
    let (at, _) = super::stamp::read(stamp.as_bytes(), cx)?;
    let message = rest.trim_ascii_start();
    Some(event(FORMAT, Some(at), level, if message.is_empty() { text } else { message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn lines_and_reports_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.123456+00:00 [info] <0.123.0> ready",
                "erlang INFO 22:13:20.123456 pid=<0.123.0> | ready",
            ),
            (
                "2023-11-14 22:13:20.123 [warning] <0.1.0>@shop:start:99 low",
                "erlang WARN 22:13:20.123 pid=<0.1.0> mfa=shop:start:99 | low",
            ),
            ("22:13:20.123 [error] no", "erlang ERROR 22:13:20.123 | no"),
            (
                "22:13:20.123 project=shop user=bob mode=session peer_ip=192.0.2.7 [error] ClientHandler: no",
                "erlang ERROR 22:13:20.123 user=bob ip=192.0.2.7 project=shop mode=session | ClientHandler: no",
            ),
            (
                "=ERROR REPORT==== 14-Nov-2023::22:13:20 ===\nclosing <0.1.0>\nx",
                "erlang ERROR 22:13:20 | closing <0.1.0>\nx",
            ),
            (
                "=INFO REPORT==== 4-Nov-2023::22:13:20 ===",
                "erlang INFO 2023-11-04T22:13:20 | =INFO REPORT==== 4-Nov-2023::22:13:20 ===",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "==",
            "=INFO",
            "2023-11-14 22:13:20.123 [info] ready",
            "22:13:20 [INFO] x",
            "22:13:20 [x] y",
            "22:13:20 a=b [x] y",
            "22:13:20 a=b c",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
