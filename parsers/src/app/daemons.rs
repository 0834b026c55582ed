//! Lines of a few daemons' own logs:
//!
//! ```text
//! [2023/11/14 22:13:20.123456,  1] ../../source3/smbd/server.c:7(main)⏎  low        Samba: level, file, line, function
//! Tue Nov 14 22:13:20 2023 : Auth: (7) Login OK: [bob] (from client nas1 port 3)    FreeRADIUS
//! 2023.11.14 22:13:20 LOG4[7]: low                                                   stunnel: a severity of syslog's, the thread
//! 2023-11-14 22:13:20: (mod_auth.c.850) low                                          lighttpd's errors
//! ```
//!
//! Whom the message names is read as in the same program's syslog.

use super::scan::{attribute, blanks, bracketed, digits, event, until};
use super::{Stamped, stamp};
use crate::{Context, Level, LogEvent, level_names, plain, programs, timestamp};

/// Samba, in [`LogEvent::format`].
const SAMBA: &str = "samba";
/// FreeRADIUS, in [`LogEvent::format`].
const FREERADIUS: &str = "freeradius";
/// stunnel, in [`LogEvent::format`].
const STUNNEL: &str = "stunnel";
/// lighttpd's log of errors, in [`LogEvent::format`].
const LIGHTTPD: &str = "lighttpd";

/// How long C's `asctime` is.
const TIME_BYTES: usize = 24;

/// What follows the bracket and the time of Samba's `[2023/11/14 22:13:20.123456,  1, pid=7, class=auth] server.c:7(main)`; the text stands on
/// the next lines.
pub(super) fn samba<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b",").filter(|_| stamped.line.get(4) == Some(&b'/'))?;
    let (number, rest) = digits(blanks(rest)).filter(|(number, _)| number.len() <= 2)?;
    let (more, rest) = until(rest, b"] ")?;
    if !more.is_empty() && !more.starts_with(", ") {
        return None;
    }
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (head, text) = rest.split_at_checked(end)?;
    let (file, place) = std::str::from_utf8(head).ok()?.trim_end().rsplit_once(':')?;
    let (line, function) = place.strip_suffix(')')?.split_once('(')?;
    if file.contains(' ') || line.is_empty() || !line.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // As Samba tells syslog.
    let level = match number {
        "0" => Level::Error,
        "1" => Level::Warn,
        "2" | "3" => Level::Info,
        _ => Level::Debug,
    };
    let text = text.trim_ascii_start();
    let mut record = event(SAMBA, Some(stamped.at), level, if text.is_empty() { rest } else { text });
    let pid = more.split(", ").find_map(|part| part.strip_prefix("pid="));
    record.proc_id = pid.unwrap_or_default().into();
    for (name, value) in [("file", file), ("line", line), ("function", function)] {
        attribute(&mut record, name, value);
    }
    programs::complete(&mut record, "smbd");
    Some(record)
}

/// FreeRADIUS' `Tue Nov 14 22:13:20 2023 : Info: text`.
pub(super) fn freeradius<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (time, rest) = text.split_at_checked(TIME_BYTES)?;
    let (kind, message) = until(rest.strip_prefix(b" : ")?, b": ")?;
    let level = match kind {
        "Auth" | "Acct" | "Proxy" => Level::Info,
        "Info" | "Error" | "Warning" | "WARNING" | "Debug" => level_names::from_word(kind)?,
        _ => return None,
    };
    let mut record = event(FREERADIUS, Some(timestamp::asctime(time, cx.zone)?), level, message);
    programs::complete(&mut record, "radiusd");
    Some(record)
}

/// stunnel's `2023.11.14 22:13:20 LOG5[7]: text`.
pub(super) fn stunnel<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [_, _, _, _, b'.', _, _, b'.', _, _, b' ', ..] = text else { return None };
    let (at, rest) = stamp::shaped(text, b"Y.m.d H:M:S", cx)?;
    let [severity @ b'0'..=b'7', rest @ ..] = rest.strip_prefix(b" LOG")? else { return None };
    let (thread, rest) = bracketed(rest)?;
    let message = rest.strip_prefix(b": ")?;
    let mut record = event(STUNNEL, Some(at), Level::from_severity(severity - b'0'), message);
    attribute(&mut record, "thread", thread);
    programs::complete(&mut record, STUNNEL);
    Some(record)
}

/// lighttpd's `2023-11-14 22:13:20: (mod_auth.c.850) text`.
pub(super) fn lighttpd<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (place, message) = until(stamped.rest.strip_prefix(b": (")?, b") ")?;
    let (file, line) = place.rsplit_once('.').filter(|(file, _)| file.ends_with(".c") && !file.contains(' '))?;
    if line.is_empty() || !line.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut record = event(LIGHTTPD, Some(stamped.at), plain::stated_level(message), message);
    for (name, value) in [("file", file), ("line", line)] {
        attribute(&mut record, name, value);
    }
    programs::complete(&mut record, LIGHTTPD);
    Some(record)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn what_each_says_of_itself_is_read() {
        for (line, expected) in [
            (
                "[2023/11/14 22:13:20.123456,  3] ../../source3/smbd/server.c:7(main)\n  ready\n  and more",
                "samba INFO 22:13:20.123456 file=../../source3/smbd/server.c line=7 function=main | ready\n  and more",
            ),
            (
                "[2023/11/14 22:13:20.123456,  0, pid=7, effective(0, 0), real(0, 0), class=auth] ../../a.c:7(f)\n  no",
                "samba ERROR 22:13:20.123456 pid=7 file=../../a.c line=7 function=f | no",
            ),
            (
                "[2023/11/14 22:13:20,  1] smbd/server.c:7(main)",
                "samba WARN 22:13:20 file=smbd/server.c line=7 function=main | smbd/server.c:7(main)",
            ),
            (
                "[2023/11/14 22:13:20.100,  3] ../../a.c:7(f)\n  Auth: [SMB2,(null)] user [DOM]\\[bob] at [Tue, 14 Nov 2023 22:13:20.1 UTC] \
                 with [NTLMv2] status [NT_STATUS_WRONG_PASSWORD] workstation [PC7] remote host [ipv4:192.0.2.7:5000] mapped to [DOM]\\[bob]. \
                 local host [ipv4:192.0.2.1:445]",
                "samba INFO 22:13:20.100 user=bob ip=192.0.2.7 file=../../a.c line=7 function=f outcome=failure service=SMB2,(null) \
                 domain=DOM status=NT_STATUS_WRONG_PASSWORD workstation=PC7 | Auth: [SMB2,(null)] user [DOM]\\[bob] at \
                 [Tue, 14 Nov 2023 22:13:20.1 UTC] with [NTLMv2] status [NT_STATUS_WRONG_PASSWORD] workstation [PC7] remote host \
                 [ipv4:192.0.2.7:5000] mapped to [DOM]\\[bob]. local host [ipv4:192.0.2.1:445]",
            ),
            (
                "[2023/11/14 22:13:20.123456,  3] ../../a.c:7(f)\n  f: |share| in dfs path a is none",
                "samba INFO 22:13:20.123456 file=../../a.c line=7 function=f | f: |share| in dfs path a is none",
            ),
            (
                "Tue Nov 14 22:13:20 2023 : Auth: (7) Login OK: [bob/secret] (from client nas1 port 3)",
                "freeradius INFO 22:13:20 user=bob outcome=success client=nas1 | (7) Login OK: [bob/secret] (from client nas1 port 3)",
            ),
            ("Tue Nov 14 22:13:20 2023 : Error: no socket", "freeradius ERROR 22:13:20 | no socket"),
            ("2023.11.14 22:13:20 LOG4[ui]: low", "stunnel WARN 22:13:20 thread=ui | low"),
            (
                "2023.11.14 22:13:20 LOG5[7]: Service [s] accepted connection from 192.0.2.7:5000",
                "stunnel INFO 22:13:20 ip=192.0.2.7 thread=7 | Service [s] accepted connection from 192.0.2.7:5000",
            ),
            (
                "2023-11-14 22:13:20: (server.c.1704) server started (lighttpd/1.4.69)",
                "lighttpd UNKNOWN 22:13:20 file=server.c line=1704 | server started (lighttpd/1.4.69)",
            ),
            (
                "2023-11-14 22:13:20: (mod_auth.c.850) password doesn't match for /a username: bob IP: 192.0.2.7",
                "lighttpd UNKNOWN 22:13:20 user=bob ip=192.0.2.7 file=mod_auth.c line=850 outcome=failure | \
                 password doesn't match for /a username: bob IP: 192.0.2.7",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn lines_of_other_forms_are_none_of_theirs() {
        for line in [
            "[2023/11/14 22:13:20,  1] a b.c:7(main)",
            "[2023/11/14 22:13:20,  1] text",
            "Tue Nov 14 22:13:20 2023 : Auth",
            "Tue Nov 14 22:13:20 2023 : Other: text",
            "2023.11.14 22:13:20 LOG9[7]: low",
            "2023-11-14 22:13:20: (server.c) text",
            "2023-11-14 22:13:20: (see a.c.7x) text",
        ] {
            let found = parse(line.as_bytes(), &CX).map(|event| event.format);
            assert!(!matches!(found, Some("samba" | "freeradius" | "stunnel" | "lighttpd")), "{line}");
        }
    }
}
