//! The console logger of .NET, Serilog's text output, and NLog's default layout:
//!
//! ```text
//! info: Microsoft.Hosting.Lifetime[14]           the text follows on the next line, or (single line) behind a blank
//!       Now listening on: http://localhost:5000
//! [22:13:20 INF] ready
//! 2023-11-14 22:13:20.123 +00:00 [INF] ready
//! [2023-11-14 22:13:20.123 +00:00] [INF] [79] Jellyfin.Server.Main: ready
//! 2023-11-14 22:13:20.1234|INFO|Shop.Cart|ready
//! ```
//!
//! Attributes: `logger`, `thread`; the event's id is the message id.

use super::scan::{attribute, blanks, bracketed, capital_level, event, span, until};
use super::{Stamped, trimmed};
use crate::{Context, Level, LogEvent, level_names, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "dotnet";

/// Reads a line of a .NET logger; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match text.first()? {
        b'[' => {
            let stamped = Stamped::in_bracket(text, cx)?;
            serilog_console(&stamped).or_else(|| serilog_file(&stamped))
        }
        b'a'..=b'z' => console(text, None),
        _ => {
            let stamped = Stamped::read(text, cx)?;
            after_stamp(&stamped)
        }
    }
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let at = Some(stamped.at);
    if let Some(rest) = stamped.rest.strip_prefix(b"|") {
        return nlog(at, rest);
    }
    let rest = blanks(stamped.rest);
    match rest.first()? {
        b'[' => {
            let (word, message) = bracketed(rest)?;
            let level = serilog_level(word)?;
            Some(event(FORMAT, at, level, blanks(message)))
        }
        b'a'..=b'z' => console(rest, at),
        _ => None,
    }
}

/// `info: Microsoft.Hosting.Lifetime[14]` and the text.
pub(super) fn console<'a>(text: &'a [u8], at: Option<i64>) -> Option<LogEvent<'a>> {
    let (word, rest) = text.split_first_chunk::<4>()?;
    let rest = rest.strip_prefix(b": ")?;
    let level = match word {
        b"trce" => Level::Trace,
        b"dbug" => Level::Debug,
        b"info" => Level::Info,
        b"warn" => Level::Warn,
        b"fail" => Level::Error,
        b"crit" => Level::Fatal,
        _ => return None,
    };
    let (category, rest) = until(rest, b"[").filter(|(name, _)| !name.is_empty() && !name.contains(' '))?;
    let (id, rest) = until(rest, b"]")?;
    let is_id = !id.is_empty() && id.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
    let message = rest.trim_ascii_start();
    let mut event = event(FORMAT, at, level, if message.is_empty() { text } else { message });
    event.msg_id = id.into();
    attribute(&mut event, "logger", category);
    is_id.then_some(event)
}

/// `[22:13:20 INF] ready`.
pub(super) fn serilog_console<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (word, message) = until(stamped.rest.strip_prefix(b" ")?, b"]")?;
    Some(event(FORMAT, Some(stamped.at), serilog_level(word)?, blanks(message)))
}

/// `[2023-11-14 22:13:20.123 +00:00] [INF] [79] Jellyfin.Server.Main: ready`, with the thread or without.
pub(super) fn serilog_file<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (word, rest) = bracketed(stamped.rest.strip_prefix(b"] ")?)?;
    let level = serilog_level(word)?;
    let rest = rest.strip_prefix(b" ")?;
    let thread = bracketed(rest).filter(|(thread, _)| thread.bytes().all(|b| b.is_ascii_digit()));
    let (thread, rest) = thread.map_or(("", rest), |(thread, rest)| (thread, blanks(rest)));
    let named = until(rest, b": ").filter(|(name, _)| name.contains('.') && !name.contains([' ', '[', '"']));
    let (logger, message) = named.unwrap_or(("", rest));
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "logger", logger);
    attribute(&mut event, "thread", thread);
    if logger.starts_with("Jellyfin.") {
        programs::complete(&mut event, "jellyfin");
    }
    Some(event)
}

/// Serilog abbreviates to three letters.
fn serilog_level(word: &str) -> Option<Level> {
    matches!(word, "VRB" | "DBG" | "INF" | "WRN" | "ERR" | "FTL").then(|| level_names::from_word(word))?
}

/// `INFO|Shop.Cart|ready`.
fn nlog<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(text)?;
    let rest = rest.strip_prefix(b"|")?;
    let (logger, _) = span(rest, |b| b != b'|' && b != b' ')?;
    let message = rest.get(logger.len()..)?.strip_prefix(b"|")?;
    let mut event = event(FORMAT, at, level, message);
    attribute(&mut event, "logger", logger);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_lines_are_read() {
        for (line, expected) in [
            (
                "info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: x",
                "dotnet INFO msgid=14 logger=Microsoft.Hosting.Lifetime | Now listening on: x",
            ),
            ("fail: Shop.Cart[0] no", "dotnet ERROR msgid=0 logger=Shop.Cart | no"),
            ("crit: Shop.Cart[0]", "dotnet FATAL msgid=0 logger=Shop.Cart | crit: Shop.Cart[0]"),
            ("2023-11-14 22:13:20 warn: Shop.Cart[7] low", "dotnet WARN 22:13:20 msgid=7 logger=Shop.Cart | low"),
            ("[22:13:20 INF] ready", "dotnet INFO 22:13:20 | ready"),
            ("2023-11-15 00:13:20.123 +02:00 [WRN] low", "dotnet WARN 22:13:20.123 | low"),
            (
                "[2023-11-15 00:13:20.123 +02:00] [INF] [79] Jellyfin.Server.Implementations.Users.UserManager: Authentication request for \"bob\" has been denied (IP: \"192.0.2.7\").",
                "dotnet INFO 22:13:20.123 user=bob ip=192.0.2.7 logger=Jellyfin.Server.Implementations.Users.UserManager thread=79 outcome=failure | \
                 Authentication request for \"bob\" has been denied (IP: \"192.0.2.7\").",
            ),
            (
                "[2023-11-15 00:13:20.123 +02:00] [WRN] [7] Jellyfin.Users: Authentication request for bob has succeeded.",
                "dotnet WARN 22:13:20.123 user=bob logger=Jellyfin.Users thread=7 outcome=success | Authentication request for bob has succeeded.",
            ),
            ("[2023-11-14 22:13:20.123] [ERR] no: x", "dotnet ERROR 22:13:20.123 | no: x"),
            ("2023-11-14 22:13:20.1234|ERROR|Shop.Cart|no|x", "dotnet ERROR 22:13:20.123400 logger=Shop.Cart | no|x"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "info: ready", "info: a b[1]", "info: a[b] c", "[22:13:20 INFO] x", "2023-11-14 22:13:20|x|y"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
