//! ZoneMinder's files, whose date is written as in America:
//!
//! ```text
//! 11/14/23 22:13:20.123456 web_php[258].ERR [192.0.2.7] [Login denied for user "bob"] at /usr/share/auth.php line 313
//! 11/14/23, 10:13:20 PM UTC.123456 zmc_m1[7].INF-zm_monitor.cpp/99 [text]
//! ```
//!
//! The program and its process id stand before the level. PHP's date is that of the system's language.

use super::scan::{event, some_blanks, span, until};
use super::stamp;
use crate::find::find;
use crate::syslog::zone_names;
use crate::{Context, Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "zoneminder";

/// The level stands this near to the front.
const HEAD_BYTES_MAX: usize = 96;

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [_, _, b'/', _, _, b'/', _, _, comma, ..] = text else { return None };
    // Of what else begins with such a date nothing has this.
    find(text.get(..HEAD_BYTES_MAX).unwrap_or(text), b"].")?;
    let shape: &[u8] = if *comma == b',' { b"m/d/y, H:M:S" } else { b"m/d/y H:M:S" };
    let (at, rest) = stamp::shaped(text, shape, cx)?;
    let (at, rest) = zoned(at, rest).unwrap_or((at, rest));
    let (app, rest) = until(some_blanks(rest)?, b"[")?;
    let (pid, rest) = until(rest, b"].")?;
    let (word, rest) = span(rest, |b| b.is_ascii_uppercase() || b.is_ascii_digit())?;
    let level = match word {
        "PNC" | "FAT" => Level::Fatal,
        "ERR" => Level::Error,
        "WAR" => Level::Warn,
        "INF" => Level::Info,
        _ if word.starts_with("DB") => Level::Debug,
        _ => return None,
    };
    // C++ states the place in the source as well.
    let message = rest.get(rest.iter().take(HEAD_BYTES_MAX).position(|b| *b == b' ')?..)?;
    if app.contains(' ') || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut event = event(FORMAT, Some(at), level, some_blanks(message)?);
    event.app = app.into();
    event.proc_id = pid.into();
    Some(event)
}

/// The zone, by name, and behind it the fraction of the second.
fn zoned(at: i64, rest: &[u8]) -> Option<(i64, &[u8])> {
    let (name, rest) = span(rest.strip_prefix(b" ")?, |b| b.is_ascii_uppercase())?;
    let seconds = zone_names::offset_seconds(name.as_bytes())?;
    let (digits, rest) =
        span(rest.strip_prefix(b".")?, |b| b.is_ascii_digit()).filter(|(digits, _)| digits.len() == 6)?;
    Some((at - seconds * 1_000_000 + digits.parse::<i64>().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn both_dates_are_read() {
        for (line, expected) in [
            (
                "11/14/23 22:13:20.123456 web_php[258].ERR [192.0.2.7] [Login denied for user \"bob\"] at /a.php line 3",
                "zoneminder ERROR 22:13:20.123456 app=web_php pid=258 | [192.0.2.7] [Login denied for user \"bob\"] at /a.php line 3",
            ),
            (
                "11/14/23, 3:13:20 PM MST.123456 web_php[258].WAR [192.0.2.7] [text]",
                "zoneminder WARN 22:13:20.123456 app=web_php pid=258 | [192.0.2.7] [text]",
            ),
            (
                "11/14/23 22:13:20.123456 zmc_m1[7].INF-zm_monitor.cpp/99 [text]",
                "zoneminder INFO 22:13:20.123456 app=zmc_m1 pid=7 | [text]",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in
            ["11/14/23 22:13:20 text", "11/14/23 22:13:20 a[7].X b", "23/11/14 22:13:20 INFO a: b[7].", "11/14/23"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
