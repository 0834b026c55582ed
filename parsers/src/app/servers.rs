//! Lines of a few servers whose time is in a form of its own:
//!
//! ```text
//!   7:20231114:221320.123 server #0 started                                                     Zabbix: process, date, time
//! 2023.11.14 22:13:20.123456 [ 7 ] {query-1} <Warning> Application: low                          ClickHouse
//! [11/14/23 22:13:20:123 UTC] 0000001a AppServer     W   WSVR0001W: low                          WebSphere, Liberty
//! 2023/11/14 22:13:20 kid1| WARNING: low                                                        Squid's cache.log
//! 2023/11/14 22:13:20 [7] rsync on docs/a from bob@web1 (192.0.2.7)                               rsync's server
//! ```
//!
//! ClickHouse: `thread`, `query_id` and `logger` are attributes. WebSphere: `thread` and `logger`; the code of a message is its id.

use super::scan::{attribute, blanks, bracketed, digits, enclosed, event, level, span, until};
use super::{Stamped, stamp};
use crate::timestamp::wall_clock;
use crate::{Context, Level, LogEvent, plain, programs, squid, timestamp};

/// Zabbix, in [`LogEvent::format`].
const ZABBIX: &str = "zabbix";
/// ClickHouse, in [`LogEvent::format`].
const CLICKHOUSE: &str = "clickhouse";
/// IBM's WebSphere and Liberty, in [`LogEvent::format`].
const WEBSPHERE: &str = "websphere";
/// The server of rsync, in [`LogEvent::format`], and its name in syslog.
const RSYNCD: &str = "rsyncd";

/// Zabbix' `7:20231114:221320.123 text`, before which blanks may stand.
pub(super) fn zabbix<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (pid, rest) = digits(text)?;
    let (date, rest) = digits(rest.strip_prefix(b":")?).filter(|(date, _)| date.len() == 8)?;
    let (time, rest) = digits(rest.strip_prefix(b":")?).filter(|(time, _)| time.len() == 6)?;
    let (millis, rest) = digits(rest.strip_prefix(b".")?).filter(|(millis, _)| millis.len() == 3)?;
    let (date, time, millis) = (date.parse::<i64>().ok()?, time.parse::<i64>().ok()?, millis.parse::<i64>().ok()?);
    let wall = wall_clock(date / 10_000, date / 100 % 100, date % 100, time / 10_000, time / 100 % 100, time % 100)?;
    let mut record =
        event(ZABBIX, Some(cx.zone.to_utc(wall + millis * 1000)), Level::Unknown, rest.strip_prefix(b" ")?);
    record.proc_id = pid.into();
    Some(record)
}

/// Whether `line` begins as Zabbix' do, be it with blanks.
pub(crate) fn begins_as_zabbix(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let pid = text.iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    let is_digits =
        |at: usize, count: usize| text.get(at..at + count).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    pid > 0
        && text.get(pid) == Some(&b':')
        && is_digits(pid + 1, 8)
        && text.get(pid + 9) == Some(&b':')
        && is_digits(pid + 10, 6)
        && text.get(pid + 16) == Some(&b'.')
}

/// ClickHouse's `2023.11.14 22:13:20.123456 [ 7 ] {query-1} <Warning> Application: text`.
pub(super) fn clickhouse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [_, _, _, _, b'.', _, _, b'.', _, _, b' ', ..] = text else { return None };
    let (at, rest) = stamp::shaped(text, b"Y.m.d H:M:S", cx)?;
    let (thread, rest) = bracketed(rest.strip_prefix(b" ")?)?;
    let (query, rest) = enclosed(rest.strip_prefix(b" ")?, b'{', b'}')?;
    let (word, rest) = enclosed(rest.strip_prefix(b" ")?, b'<', b'>')?;
    let (level, _) = level(word.as_bytes())?;
    let (logger, message) = until(rest.strip_prefix(b" ")?, b": ")?;
    let mut record = event(CLICKHOUSE, Some(at), level, message);
    for (name, value) in [("logger", logger), ("thread", thread), ("query_id", query)] {
        attribute(&mut record, name, value);
    }
    Some(record)
}

/// Squid's `2023/11/14 22:13:20 kid1| text`, with the process that says it or without.
pub(super) fn squid_cache<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (kid, rest) = until(stamped.rest, b"| ").filter(|_| stamped.line.get(4) == Some(&b'/'))?;
    let is_kid =
        kid.is_empty() || kid.strip_prefix(" kid").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    let mut record = event(squid::FORMAT, Some(stamped.at), plain::stated_level(rest), rest);
    attribute(&mut record, "kid", kid.trim_start());
    is_kid.then_some(record)
}

/// The file of rsync's server: `2023/11/14 22:13:20 [7] connect from web1 (192.0.2.7)`.
pub(super) fn rsyncd<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    const BEGINNINGS: [&[u8]; 12] = [
        b"connect from ",
        b"rsync on ",
        b"rsync to ",
        b"rsync allowed access ",
        b"rsync denied ",
        b"rsync: ",
        b"rsync error: ",
        b"rsyncd version ",
        b"auth failed on module ",
        b"unknown module '",
        b"building file list",
        b"sent ",
    ];
    let (pid, rest) = digits(stamped.rest.strip_prefix(b" [")?).filter(|_| stamped.line.get(4) == Some(&b'/'))?;
    let message = rest.strip_prefix(b"] ")?;
    if !BEGINNINGS.iter().any(|beginning| message.starts_with(beginning)) {
        return None;
    }
    let level = if message.starts_with(b"rsync error: ") { Level::Error } else { Level::Unknown };
    let mut record = event(RSYNCD, Some(stamped.at), level, message);
    record.proc_id = pid.into();
    programs::complete(&mut record, RSYNCD);
    Some(record)
}

/// WebSphere's `[11/14/23 22:13:20:123 UTC] 0000001a AppServer     W   WSVR0001W: text`; Liberty has a comma behind the date.
pub(super) fn websphere<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (time, rest) = until(text.strip_prefix(b"[")?, b"] ")?;
    let (date, clock) = time.split_once(' ')?;
    let (clock, zone) = clock.split_once(' ')?;
    let mut parts = date.trim_end_matches(',').split('/').map(|part| part.parse::<i64>().ok());
    let mut part = || parts.next().flatten();
    let (month, day, year) = (part()?, part()?, part()?);
    // The milliseconds stand behind a colon.
    let (clock, millis) = clock.rsplit_once(':').filter(|(_, millis)| millis.len() == 3)?;
    // The name of a zone that nobody knows stays behind.
    let stated = format!("{:04}-{month:02}-{day:02} {clock:0>8}.{millis} {zone}", 2000 + year);
    let (at, _) = timestamp::iso_prefix(stated.as_bytes(), cx.zone)?;
    let (thread, rest) = span(rest, |b| b.is_ascii_hexdigit()).filter(|(thread, _)| thread.len() == 8)?;
    let (logger, rest) = span(blanks(rest), |b| !b.is_ascii_whitespace())?;
    let (letter, rest) = span(blanks(rest), |b| b.is_ascii_alphanumeric()).filter(|(letter, _)| letter.len() == 1)?;
    let level = match letter {
        "F" => Level::Fatal,
        "E" => Level::Error,
        "W" => Level::Warn,
        "A" | "I" | "C" | "D" | "O" | "R" => Level::Info,
        _ => Level::Debug,
    };
    let message = blanks(rest);
    let mut record = event(WEBSPHERE, Some(at), level, message);
    if let Some((code, _)) = until(message, b": ").filter(|(code, _)| is_code(code)) {
        record.msg_id = code.into();
    }
    attribute(&mut record, "logger", logger);
    attribute(&mut record, "thread", thread);
    Some(record)
}

/// `WSVR0001W`, `CWWKE0002I`.
fn is_code(text: &str) -> bool {
    (8..=11).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().filter(u8::is_ascii_digit).count() == 4
}

#[cfg(test)]
mod tests {
    use super::begins_as_zabbix;
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn each_head_is_read() {
        for (line, expected) in [
            (
                "  1234:20231114:221320.123 server #0 started",
                "zabbix UNKNOWN 22:13:20.123 pid=1234 | server #0 started",
            ),
            (
                "2023.11.14 22:13:20.123456 [ 7 ] {q-1} <Warning> Application: low: x",
                "clickhouse WARN 22:13:20.123456 logger=Application thread=7 query_id=q-1 | low: x",
            ),
            (
                "2023.11.14 22:13:20.123456 [ 7 ] {} <Information> Application: up",
                "clickhouse INFO 22:13:20.123456 logger=Application thread=7 | up",
            ),
            ("2023/11/14 22:13:20 kid1| WARNING: low", "squid WARN 22:13:20 kid=kid1 | WARNING: low"),
            (
                "2023/11/14 22:13:20 [7] rsync on docs/a from bob@web1 (192.0.2.7)",
                "rsyncd UNKNOWN 22:13:20 pid=7 user=bob ip=192.0.2.7 outcome=success | rsync on docs/a from bob@web1 (192.0.2.7)",
            ),
            (
                "2023/11/14 22:13:20 [7] rsync error: timeout in data send/receive (code 30) at io.c(195)",
                "rsyncd ERROR 22:13:20 pid=7 | rsync error: timeout in data send/receive (code 30) at io.c(195)",
            ),
            ("2023/11/14 22:13:20| pinger: up", "squid UNKNOWN 22:13:20 | pinger: up"),
            (
                "[11/14/23 22:13:20:123 UTC] 0000001a AppServer     W   WSVR0001W: low",
                "websphere WARN 22:13:20.123 msgid=WSVR0001W logger=AppServer thread=0000001a | WSVR0001W: low",
            ),
            (
                "[11/14/23 23:13:20:123 CET] 0000001a SystemOut     O up",
                "websphere INFO 22:13:20.123 logger=SystemOut thread=0000001a | up",
            ),
            (
                "[11/14/23, 22:13:20:123 GMT] 0000001a com.ibm.ws.kernel                     I text",
                "websphere INFO 22:13:20.123 logger=com.ibm.ws.kernel thread=0000001a | text",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
        assert!(begins_as_zabbix(b"  1234:20231114:221320.123 x") && !begins_as_zabbix(b"  12:30:00 x"));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "7:20231114:2213 x",
            "7:20231314:221320.123 x",
            "2023.11.14 22:13:20 x",
            "2023.11.14 22:13:20.1 [7] {} <high> a: x",
            "[11/14/23 22:13] 0000001a A W x",
            "[11/14/23 22:13:20:123 UTC] here",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
        assert_ne!(parse(b"2023/11/14 22:13:20 [7] ready", &CX).map(|event| event.format), Some("rsyncd"));
        for line in ["2023/11/14 22:13:20 | text", "2023/11/14 22:13:20 kids| text", "2023-11-14 22:13:20| text"] {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("squid"), "{line}");
        }
    }
}
