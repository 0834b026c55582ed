//! Apache httpd's error log, as versions 2.2 and 2.4 write it unless told otherwise.
//!
//! ```text
//! [Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] text
//! [Tue Nov 14 22:13:20.000001 2023] [core:error] [pid 3:tid 14] (2)No such file: [client 192.0.2.7:5555] AH00001: text, referer: http://a
//! [Tue Nov 14 22:13:20.000001 2023] [core:debug] [pid 3:tid 14] core.c(99): [client 192.0.2.7:5555] AH00002: text
//! ```
//!
//! - The message is the text behind the header and the number of the message (`AH00001`), a referrer included.
//! - The client is `ip`, the process `proc_id`. Attributes: `vhost` (where the line begins with a virtual host's name), `module`, `tid`, `client_port`,
//!   `apr_status` and `apr_status_text` (the error of the system or of the portable runtime), `aplogno` (`AH00001`), `referer`; with the level
//!   DEBUG and below `file` and `line`, where in the source it was written.
//! - The level is a syslog severity by its name; `trace1` to `trace8` are TRACE.

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memmem;

use crate::cursor::{Cursor, push, text};
use crate::{Context, Level, LogEvent, address, level_names, logins, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "apache_error";

/// Reads a line of Apache's error log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (vhost, inside) = match line.strip_prefix(b"[") {
        Some(inside) => (&b""[..], inside),
        None => virtual_host(line)?,
    };
    let end = inside.iter().take(48).position(|b| *b == b']')?;
    let stamp = stamp(inside.get(..end)?, cx)?;
    let mut cursor = Cursor::new(inside.get(end + 1..)?.strip_prefix(b" ")?);
    let level = cursor.bracketed()?;
    // A stamp in ISO 8601 is ErrorLogFormat's "%{cu}t"; without a module, many other programs begin a line so.
    if !level.contains(&b':') && inside.first()?.is_ascii_digit() {
        return None;
    }
    let mut event = after_level(level, vhost, cursor)?;
    event.timestamp = Some(stamp);
    Some(event)
}

/// Reads a message that Apache wrote to syslog, with the level at its front instead of the time; `None` where it is none.
///
/// Without a module the process or the client has to follow: other programs put a level in brackets, too.
pub(crate) fn from_syslog(message: &[u8]) -> Option<LogEvent<'_>> {
    let mut cursor = Cursor::new(message);
    let level = message.starts_with(b"[").then(|| cursor.bracketed())??;
    let is_apaches =
        level.contains(&b':') || [&b" [pid "[..], b" [client "].iter().any(|s| cursor.rest().starts_with(s));
    is_apaches.then(|| after_level(level, b"", cursor))?
}

/// Reads what `cursor` stands before: the process, the place in the source, the client and the text.
fn after_level<'a>(level: &'a [u8], vhost: &'a [u8], mut cursor: Cursor<'a>) -> Option<LogEvent<'a>> {
    let colon = level.iter().rposition(|b| *b == b':');
    let module = colon.and_then(|at| level.get(..at)).unwrap_or_default();
    let word = colon.map_or(Some(level), |at| level.get(at + 1..))?;
    let (level, severity) = level_of(std::str::from_utf8(word).ok()?)?;
    let mut event = LogEvent { level, severity, format: FORMAT, ..LogEvent::default() };
    push(&mut event.attributes, "vhost", vhost);
    push(&mut event.attributes, "module", module);
    process(&mut cursor, &mut event);
    source(&mut cursor, &mut event);
    // Since 2.4, which names the module, a port always follows the client's address.
    client(&mut cursor, colon.is_some(), &mut event);
    if event.ip.is_none() {
        apr_status(&mut cursor, colon.is_some(), &mut event);
    }
    cursor.skip_blanks();
    if let Some((number, rest)) = log_number(cursor.rest()) {
        push(&mut event.attributes, "aplogno", number);
        cursor.set_rest(rest);
    }
    let message = cursor.rest();
    if let Some(at) = memmem::rfind(message, b", referer: ") {
        push(&mut event.attributes, "referer", message.get(at + 11..).unwrap_or_default());
    }
    event.message = Cow::Borrowed(message);
    logins::complete_user(&mut event);
    Some(event)
}

/// The name of a virtual host before the time (ErrorLogFormat's "%v [%t]"), which has to be C's `asctime` then; and what follows the bracket.
fn virtual_host(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const NAME_BYTES_MAX: usize = 255;
    let end = line.iter().take(NAME_BYTES_MAX).position(|b| *b == b' ')?;
    let (name, rest) = line.split_at_checked(end)?;
    let inside = rest.strip_prefix(b" [")?;
    let is_name = name.first()?.is_ascii_alphabetic()
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'));
    (is_name && begins_with_asctime(inside)).then_some((name, inside))
}

/// Whether `text` begins like `Tue Nov 14 22:`.
pub(crate) fn begins_with_asctime(text: &[u8]) -> bool {
    matches!(
        text,
        [b'A'..=b'Z', _, b'a'..=b'z', b' ', b'A'..=b'Z', _, b'a'..=b'z', b' ', _, b'0'..=b'9', b' ', _, _, b':', ..]
    )
}

fn stamp(text: &[u8], cx: &Context) -> Option<i64> {
    if text.first()?.is_ascii_alphabetic() {
        return timestamp::asctime(text, cx.zone);
    }
    let (stamp, rest) = timestamp::common_log_prefix(text, cx.zone).or_else(|| timestamp::iso_prefix(text, cx.zone))?;
    rest.is_empty().then_some(stamp)
}

fn level_of(word: &str) -> Option<(Level, Option<u8>)> {
    if let Some(number) = word.strip_prefix("trace") {
        return matches!(number.as_bytes(), [b'1'..=b'8']).then_some((Level::Trace, None));
    }
    let severity = level_names::severity_keyword(word)?;
    Some((Level::from_severity(severity), Some(severity)))
}

/// `[pid 3]` or `[pid 3:tid 14]`.
fn process<'a>(cursor: &mut Cursor<'a>, event: &mut LogEvent<'a>) {
    let mut ahead = *cursor;
    let Some(ids) = ahead.bracketed().and_then(|inside| inside.strip_prefix(b"pid ")) else {
        return;
    };
    let colon = ids.iter().position(|b| *b == b':').unwrap_or(ids.len());
    event.proc_id = text(ids.get(..colon).unwrap_or_default());
    let tid = ids.get(colon..).and_then(|rest| rest.strip_prefix(b":tid ")).unwrap_or_default();
    push(&mut event.attributes, "tid", tid);
    *cursor = ahead;
}

/// `mod_rewrite.c(470): `, which stands before the client.
fn source<'a>(cursor: &mut Cursor<'a>, event: &mut LogEvent<'a>) {
    const FILE_BYTES_MAX: usize = 64;
    cursor.skip_blanks();
    let start = cursor.rest();
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let (file, after) = start
        .split_at_checked(start.iter().take(FILE_BYTES_MAX).take_while(|b| is_part(b)).count())
        .unwrap_or_default();
    let Some(inside) = after.strip_prefix(b"(").filter(|_| file.ends_with(b".c") || file.ends_with(b".cpp")) else {
        return;
    };
    let digits = inside.iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    if let Some((line, [b')', b':', b' ', rest @ ..])) = inside.split_at_checked(digits).filter(|_| digits > 0) {
        push(&mut event.attributes, "file", file);
        push(&mut event.attributes, "line", line);
        cursor.set_rest(rest);
    }
}

/// `[client 192.0.2.7:5555]`. What is no address stays a part of the message.
fn client<'a>(cursor: &mut Cursor<'a>, has_port: bool, event: &mut LogEvent<'a>) -> bool {
    let mut ahead = *cursor;
    // ModSecurity of version 2 writes its own name for the client before it.
    let named = |inside: &'a [u8]| inside.strip_prefix(b"client ").or_else(|| inside.strip_prefix(b"remote "));
    let inside = ahead.bracketed().and_then(named);
    let found = match inside {
        // "[client [2001:db8::7]:5555]": the bracket that was taken for the end is the address'.
        Some([b'[', address @ ..]) => bracketed_address(address, &mut ahead),
        Some(inside) => std::str::from_utf8(inside).ok().and_then(|text| address_and_port(text, has_port)),
        None => None,
    };
    let Some((ip, port)) = found else {
        return false;
    };
    event.ip = Some(ip);
    push(&mut event.attributes, "client_port", port.as_bytes());
    *cursor = ahead;
    true
}

/// The address, and the port that stands before the next bracket, which `cursor` is behind then.
fn bracketed_address<'a>(address: &'a [u8], cursor: &mut Cursor<'a>) -> Option<(IpAddr, &'a str)> {
    let ip = address::parse(std::str::from_utf8(address).ok()?)?.ip;
    let behind = cursor.rest();
    let port = behind.strip_prefix(b":").unwrap_or_default();
    let digits = port.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let behind_port = if digits > 0 { port.get(digits..)? } else { behind };
    cursor.set_rest(behind_port.strip_prefix(b"]")?);
    Some((ip, std::str::from_utf8(port.get(..digits)?).ok()?))
}

fn address_and_port(text: &str, has_port: bool) -> Option<(IpAddr, &str)> {
    let split = || {
        let (host, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        Some((address::parse(host)?.ip, port))
    };
    let whole = || Some((address::parse(text)?.ip, ""));
    if has_port { split().or_else(whole) } else { whole().or_else(split) }
}

/// `(2)No such file or directory: ` before the client, or before the text where there is none.
fn apr_status<'a>(cursor: &mut Cursor<'a>, has_port: bool, event: &mut LogEvent<'a>) {
    let mut ahead = *cursor;
    ahead.skip_blanks();
    let start = ahead.rest();
    let Some(inside) = start.strip_prefix(b"(") else { return };
    let count = inside.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, after) = inside.split_at_checked(count).unwrap_or_default();
    let Some(after) = after.strip_prefix(b")").filter(|_| count > 0) else {
        return;
    };
    let Some(end) = memmem::find(after, b": ") else { return };
    ahead.set_rest(after.get(end + 2..).unwrap_or_default());
    // 2.2 writes "(2)No such file: text" within the message, where it belongs to the text.
    if client(&mut ahead, has_port, event) || log_number(ahead.rest()).is_some() {
        push(&mut event.attributes, "apr_status", number);
        push(&mut event.attributes, "apr_status_text", after.get(..end).unwrap_or_default());
        *cursor = ahead;
    }
}

/// The number of a message, `AH01075: `, and what follows.
fn log_number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = text.strip_prefix(b"AH")?.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits + 2)?;
    (digits >= 4).then_some((number, rest.strip_prefix(b": ")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };
    const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

    fn check(line: &str, severity: u8, message: &str, ip: &str, expected: &str) {
        let event = parse(line.as_bytes(), &CX).unwrap_or_else(|| panic!("not read: {line}"));
        assert_eq!(event.timestamp, Some(T), "{line}");
        assert_eq!(event.severity, Some(severity), "{line}");
        assert!(matches!(event.message, Cow::Borrowed(_)));
        assert_eq!(String::from_utf8_lossy(&event.message), message, "{line}");
        assert_eq!(event.ip.map(|ip| ip.to_string()).unwrap_or_default(), ip, "{line}");
        let mut attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        attributes.insert(0, event.proc_id.to_string());
        assert_eq!(attributes.join("; "), expected, "{line}");
    }

    #[test]
    fn lines_of_2_2_are_read() {
        check("[Tue Nov 14 22:13:20 2023] [notice] Apache/2.2.15 configured", 5, "Apache/2.2.15 configured", "", "");
        check("[Tue Nov 14 22:13:20 2023] [error] [client 2001:db8::7] denied: /x", 3, "denied: /x", "2001:db8::7", "");
        check(
            "[Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] (13)Permission denied: /x, referer: http://a.example/",
            3,
            "(13)Permission denied: /x, referer: http://a.example/",
            "192.0.2.7",
            "; referer=http://a.example/",
        );
        check("[Tue Nov 14 22:13:20 2023] [warn] [client nobody] x", 4, "[client nobody] x", "", "");
        check(
            "www.a.example [Tue Nov 14 22:13:20 2023] [notice] [pid 7] [client 192.0.2.7:5000] x",
            5,
            "x",
            "192.0.2.7",
            "7; vhost=www.a.example",
        );
    }

    #[test]
    fn lines_of_2_4_are_read() {
        check(
            "[Tue Nov 14 22:13:20.000000 2023] [mpm_event:notice] [pid 24:tid 1401] AH00489: Apache/2.4.16 configured",
            5,
            "Apache/2.4.16 configured",
            "",
            "24; module=mpm_event; tid=1401; aplogno=AH00489",
        );
        check(
            "[Tue Nov 14 22:13:20 2023] [proxy:error] [pid 24] (70008)Partial results: [client ::1:5931] AH01075: text",
            3,
            "text",
            "::1",
            "24; module=proxy; client_port=5931; apr_status=70008; apr_status_text=Partial results; aplogno=AH01075",
        );
        check(
            "[Tue Nov 14 22:13:20 2023] [ssl:emerg] [pid 24] (22)Invalid argument: AH02312: Fatal error",
            0,
            "Fatal error",
            "",
            "24; module=ssl; apr_status=22; apr_status_text=Invalid argument; aplogno=AH02312",
        );
        check(
            "[14/Nov/2023:22:13:20 +0000] [:alert] [pid 4:tid 3] [client 192.0.2.7:80] AHA: text",
            1,
            "AHA: text",
            "192.0.2.7",
            "4; tid=3; client_port=80",
        );
    }

    #[test]
    fn an_address_in_brackets_has_its_port_behind_them() {
        check(
            "[Tue Nov 14 22:13:20 2023] [authz_owner:error] [pid 7:tid 9] [client [2001:db8::7]:5931] AH01637: text",
            3,
            "text",
            "2001:db8::7",
            "7; module=authz_owner; tid=9; client_port=5931; aplogno=AH01637",
        );
        check("[Tue Nov 14 22:13:20 2023] [a:warn] [client [2001:db8::7]] x", 4, "x", "2001:db8::7", "; module=a");
        check("[Tue Nov 14 22:13:20 2023] [a:warn] [client [::7]:x] x", 4, "[client [::7]:x] x", "", "; module=a");
    }

    #[test]
    fn what_is_written_to_syslog_begins_with_the_level() {
        for (message, severity, text, expected) in [
            (
                "[authz_core:error] [pid 7] [client 192.0.2.7:5931] AH01630: denied: /x",
                3,
                "denied: /x",
                "7; module=authz_core; client_port=5931; aplogno=AH01630",
            ),
            ("[:warn] [pid 7:tid 9] [client 192.0.2.7] x", 4, "x", "7; tid=9"),
            ("[error] [client 192.0.2.7] x", 3, "x", ""),
        ] {
            let event = from_syslog(message.as_bytes()).unwrap();
            assert_eq!((event.severity, &*event.message), (Some(severity), text.as_bytes()), "{message}");
            let mut attributes: Vec<_> =
                event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
            attributes.insert(0, event.proc_id.to_string());
            assert_eq!(attributes.join("; "), expected, "{message}");
        }
        for message in ["", "[error] text", "[a] [client 192.0.2.7] x", "error: [client 192.0.2.7] x", "[", "[a:b"] {
            assert_eq!(from_syslog(message.as_bytes()), None, "{message}");
        }
    }

    #[test]
    fn the_trace_levels_are_no_severities() {
        let event = parse(b"[Tue Nov 14 22:13:20 2023] [core:trace5] [pid 1] x", &CX).unwrap();
        assert_eq!((event.level, event.severity), (Level::Trace, None));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "[",
            "[Tue Nov 14 22:13:20 2023] text",
            "[Tue Nov 14 22:13:20 2023] [loud] text",
            "[Tue Nov 14 22:13:20 2023] [core:trace9] text",
            "[2023-11-14 22:13:20.123 +00:00 and more] [error] x",
            "[2023-11-14 22:13:20] [error] x",
            "[error] [error] x",
            "Tue Nov 14 22:13:20 2023 [error] x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, rest in r"(\[|\]|client |pid |:|\(1\)|AH0000|: |1|\.|, referer: ){0,30}") {
            proptest::prop_assert!(parse(&line, &CX).is_none_or(|event| event.message.len() <= line.len()));
            let line = format!("[Tue Nov 14 22:13:20 2023] [info] {rest}");
            proptest::prop_assert!(parse(line.as_bytes(), &CX).is_some());
        }
    }
}
