//! HAProxy's logs, as they come behind a syslog header or without one: HTTP, HTTPS and TCP requests, and errors.
//!
//! ```text
//! 192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in~ app/s1 0/0/1/36/37 200 306 - - ---- 2/1/0/0/0 0/0 {agent} {} "GET / HTTP/1.1"
//! 192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in app/s1 1/0/5007 212 -- 0/0/0/0/3 0/0
//! 192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in/bind1: SSL handshake failure
//! ```
//!
//! - The client is `ip`, the time that of the request. Attributes have the names of HAProxy's manual (`frontend_name`, `TR`,
//!   `termination_state` …), except for what all access logs have: `method`, `path`, `protocol`, `status`, `bytes`.
//! - The level is ERROR for status 5xx, WARN for 4xx and for errors, else INFO. The termination state can raise it: a session that a
//!   client, a server or a rule ended is WARN, one that found no server, no resources or a fault in HAProxy ERROR.
//! - What ended a session is the attribute `ended_by`, in words. `<NOSRV>` says that no server was chosen: then there is no
//!   `server_name`.
//! - The message is the whole line, or what stands behind `haproxy[14]: ` where a line begins so.
//! - What HAProxy says of its proxies and servers (`Proxy a started.`) has `frontend_name`, or `backend_name` and
//!   `server_name`, and is read only by [`parse_notice`], for other programs may say the same.

mod ending;

use std::borrow::Cow;

use self::ending::Ending;
use crate::cursor::{self, Cursor, push};
use crate::syslog::tag;
use crate::{Attributes, Context, Level, LogEvent, address, http_status, request_line, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "haproxy";

/// A client's address or name ends this near to the front.
const CLIENT_BYTES_MAX: usize = 128;

/// Stands in the place of a server's name where none was chosen.
const NO_SERVER: &[u8] = b"<NOSRV>";

const HTTP_TIMERS: [&str; 5] = ["TR", "Tw", "Tc", "Tr", "Ta"];
const TCP_TIMERS: [&str; 3] = ["Tw", "Tc", "Tt"];
const CONNECTIONS: [&str; 5] = ["actconn", "feconn", "beconn", "srv_conn", "retries"];
const QUEUES: [&str; 2] = ["srv_queue", "backend_queue"];

/// Reads a line that HAProxy writes for a request, a session or an error of one; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let Some(tagged) = line.strip_prefix(b"haproxy[") else { return untagged(line, cx) };
    // Its manual shows lines with the tag of syslog and without the rest of the header.
    let tag = tag::read(line);
    let event = untagged(tag.message, cx).filter(|_| tag.colon && tagged.first().is_some_and(u8::is_ascii_digit))?;
    Some(LogEvent { app: Cow::Borrowed("haproxy"), proc_id: cursor::text(tag.proc_id), ..event })
}

/// Reads what stands behind the tag of syslog, or in a file without one.
fn untagged<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let blank = memchr::memchr(b' ', line.get(..CLIENT_BYTES_MAX).unwrap_or(line))?;
    let (client, after) = line.split_at_checked(blank)?;
    let (stamp, after) = timestamp::common_log_prefix(after.strip_prefix(b" [")?, cx.zone)?;
    // Other access logs have no port, and more before the time.
    let colon = client.iter().rposition(|b| *b == b':')?;
    let (host, port) = (client.get(..colon)?, client.get(colon + 1..)?);
    if port.is_empty() || !port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut event = LogEvent {
        timestamp: Some(stamp),
        message: Cow::Borrowed(line),
        format: FORMAT,
        attributes: Attributes::with_capacity(line.len() + 256, 24),
        ..LogEvent::default()
    };
    match std::str::from_utf8(host).ok().and_then(address::parse) {
        Some(found) => event.ip = Some(found.ip),
        None => push(&mut event.attributes, "client", host),
    }
    push(&mut event.attributes, "client_port", port);
    let mut cursor = Cursor::new(after.strip_prefix(b"]")?);
    let frontend = cursor.word()?;
    if let Some(name) = frontend.strip_suffix(b":") {
        return error(name, cursor.rest(), event);
    }
    push(&mut event.attributes, "frontend_name", frontend);
    let server = cursor.word()?;
    let is_served = !server.ends_with(NO_SERVER);
    pair(&mut event.attributes, ["backend_name", "server_name"], server.strip_suffix(NO_SERVER).unwrap_or(server));
    let mut timers = cursor.word()?;
    // Some formats add the name that the client asked for.
    if !timers.contains(&b'/') {
        push(&mut event.attributes, "ssl_fc_sni", timers);
        timers = cursor.word()?;
    }
    match timers.iter().filter(|b| **b == b'/').count() {
        4 => http(timers, cursor, &mut event)?,
        2 => tcp(timers, cursor, &mut event)?,
        _ => return None,
    }
    if let Some(ending) = event.attributes.get("termination_state").and_then(|state| Ending::of(state.as_bytes())) {
        event.level = event.level.max(ending.level(is_served));
        push(&mut event.attributes, "ended_by", ending.name().as_bytes());
    }
    Some(event)
}

/// Reads what HAProxy says of itself: `Proxy a started.`, `Server b/s1 is DOWN, …`, `backend b has no server available!`.
///
/// `None` where it is something else. For messages that are known to be HAProxy's.
#[must_use]
pub fn parse_notice(message: &[u8]) -> Option<LogEvent<'_>> {
    let mut event = LogEvent { message: Cow::Borrowed(message), format: FORMAT, ..LogEvent::default() };
    let mut cursor = Cursor::new(message);
    let kind = cursor.word()?;
    let name = cursor.word()?;
    let verb = cursor.word()?;
    match (kind, verb) {
        (b"Proxy" | b"Stopping", _) => push(&mut event.attributes, "frontend_name", name),
        (b"Server" | b"Health", b"is" | b"check") => pair(&mut event.attributes, ["backend_name", "server_name"], name),
        (b"backend", b"has") => push(&mut event.attributes, "backend_name", name),
        _ => return None,
    }
    Some(event)
}

/// `frontend/bind: text`.
fn error<'a>(name: &[u8], text: &[u8], mut event: LogEvent<'a>) -> Option<LogEvent<'a>> {
    if text.trim_ascii().is_empty() {
        return None;
    }
    pair(&mut event.attributes, ["frontend_name", "bind_name"], name);
    event.level = Level::Warn;
    Some(event)
}

fn http<'a>(timers: &[u8], mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let (status, bytes) = (cursor.word()?, cursor.word()?);
    let (request_cookie, response_cookie, state) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let (connections, queues) = (cursor.word()?, cursor.word()?);
    // Status -1: nothing was answered.
    if !http_status::is_status(status) && status != b"-1" {
        return None;
    }
    event.level = http_status::level(status);
    let attributes = &mut event.attributes;
    each(attributes, &HTTP_TIMERS, timers);
    push(attributes, "status", status);
    push(attributes, "bytes", bytes.strip_prefix(b"+").unwrap_or(bytes));
    push(attributes, "captured_request_cookie", request_cookie);
    push(attributes, "captured_response_cookie", response_cookie);
    push(attributes, "termination_state", state);
    each(attributes, &CONNECTIONS, connections);
    each(attributes, &QUEUES, queues);
    for name in ["captured_request_headers", "captured_response_headers"] {
        push(attributes, name, braced(&mut cursor).unwrap_or_default());
    }
    cursor.skip_blanks();
    if let Some(request) = cursor.quoted_or_cut() {
        request_line::push_parts(attributes, request);
    }
    // HTTPS formats add errors, and the name, version and cipher of TLS.
    push(attributes, "tls_errors", cursor.word().unwrap_or_default());
    each(attributes, &["ssl_fc_sni", "sslv", "sslc"], cursor.word().unwrap_or_default());
    Some(())
}

fn tcp<'a>(timers: &[u8], mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let (bytes, state, connections, queues) = (cursor.word()?, cursor.word()?, cursor.word()?, cursor.word()?);
    let number = bytes.strip_prefix(b"+").unwrap_or(bytes);
    if !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Letters that are not known leave it open whether the session ended well.
    event.level = if state == b"--" || Ending::of(state).is_some() { Level::Info } else { Level::Warn };
    let attributes = &mut event.attributes;
    each(attributes, &TCP_TIMERS, timers);
    push(attributes, "bytes", number);
    push(attributes, "termination_state", state);
    each(attributes, &CONNECTIONS, connections);
    each(attributes, &QUEUES, queues);
    Some(())
}

/// Captured headers, `{a|b}`; a brace ends them where a blank or nothing follows it.
fn braced<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    cursor.skip_blanks();
    let inside = cursor.rest().strip_prefix(b"{")?;
    let end = memchr::memchr_iter(b'}', inside).find(|at| matches!(inside.get(at + 1), None | Some(b' ')))?;
    cursor.set_rest(inside.get(end + 1..)?);
    inside.get(..end)
}

/// Two names with a slash between them.
fn pair(attributes: &mut Attributes, names: [&str; 2], value: &[u8]) {
    let slash = value.iter().position(|b| *b == b'/').unwrap_or(value.len());
    let [first, second] = names;
    push(attributes, first, value.get(..slash).unwrap_or_default());
    push(attributes, second, value.get(slash + 1..).unwrap_or_default());
}

/// Values with slashes between them, each under its name. A `+` says that more was to come when the line was written.
fn each(attributes: &mut Attributes, names: &[&str], values: &[u8]) {
    for (name, value) in names.iter().zip(values.split(|b| *b == b'/')) {
        push(attributes, name, value.strip_prefix(b"+").unwrap_or(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    fn check(rest: &str, level: Level, expected: &str) {
        let line = format!("192.0.2.7:5059 [14/Nov/2023:22:13:20.001] {rest}");
        let event = parse(line.as_bytes(), &CX).unwrap_or_else(|| panic!("not read: {line}"));
        assert_eq!(event.timestamp, Some(1_700_000_000_001_000));
        assert_eq!((event.ip, event.level), ("192.0.2.7".parse().ok(), level), "{rest}");
        assert_eq!(&*event.message, line.as_bytes());
        let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(attributes.join("; "), format!("client_port=5059; {expected}"), "{rest}");
    }

    #[test]
    fn http_requests_are_read() {
        check(
            r#"in~ app/s1 0/0/1/36/+37 404 +306 - SID=1 --VN 2/1/0/0/+3 4/5 {Agent (x; y)|a.example} {} "GET /a HTTP/1.1""#,
            Level::Warn,
            "frontend_name=in~; backend_name=app; server_name=s1; TR=0; Tw=0; Tc=1; Tr=36; Ta=37; status=404; bytes=306; \
             captured_response_cookie=SID=1; termination_state=--VN; actconn=2; feconn=1; beconn=0; srv_conn=0; retries=3; \
             srv_queue=4; backend_queue=5; captured_request_headers=Agent (x; y)|a.example; method=GET; path=/a; protocol=HTTP/1.1",
        );
        check(
            r#"in~ app/s1 shop.example 0/0/1/36/37 200 306 - - ---- 2/1/0/0/0 0/0 "GET / HTTP/1.1""#,
            Level::Info,
            "frontend_name=in~; backend_name=app; server_name=s1; ssl_fc_sni=shop.example; TR=0; Tw=0; Tc=1; Tr=36; Ta=37; status=200; \
             bytes=306; termination_state=----; actconn=2; feconn=1; beconn=0; srv_conn=0; retries=0; srv_queue=0; backend_queue=0; \
             method=GET; path=/; protocol=HTTP/1.1",
        );
        check(
            r#"in app/<NOSRV> -1/-1/-1/-1/0 -1 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>""#,
            Level::Warn,
            "frontend_name=in; backend_name=app; TR=-1; Tw=-1; Tc=-1; Tr=-1; Ta=0; status=-1; bytes=0; \
             termination_state=PR--; actconn=1; feconn=1; beconn=0; srv_conn=0; retries=0; srv_queue=0; backend_queue=0; \
             request=<BADREQ>; ended_by=proxy_refused",
        );
        check(
            r#"in app/s1 0/0/0/0/0 200 1 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/2.0" 0/0/0/0/0 a.example/TLSv1.3/AES"#,
            Level::Info,
            "frontend_name=in; backend_name=app; server_name=s1; TR=0; Tw=0; Tc=0; Tr=0; Ta=0; status=200; bytes=1; \
             termination_state=----; actconn=1; feconn=1; beconn=0; srv_conn=0; retries=0; srv_queue=0; backend_queue=0; \
             method=GET; path=/; protocol=HTTP/2.0; tls_errors=0/0/0/0/0; ssl_fc_sni=a.example; sslv=TLSv1.3; sslc=AES",
        );
    }

    #[test]
    fn a_request_that_was_cut_off_is_read() {
        let line =
            b"[2001:db8::7]:5059 [14/Nov/2023:22:13:20.001] in app/s1 0/0/0/0/0 503 1 - - SC-- 1/1/0/0/0 0/0 \"GET /long";
        let event = parse(line, &CX).unwrap();
        assert_eq!((event.ip, event.level), ("2001:db8::7".parse().ok(), Level::Error));
        assert_eq!(event.attributes.get("path"), Some("/long"));
    }

    #[test]
    fn sessions_and_errors_are_read() {
        check(
            "in app/s1 1/0/5007 212 SC 1/2/3/4/5 6/7",
            Level::Warn,
            "frontend_name=in; backend_name=app; server_name=s1; Tw=1; Tc=0; Tt=5007; bytes=212; termination_state=SC; \
             actconn=1; feconn=2; beconn=3; srv_conn=4; retries=5; srv_queue=6; backend_queue=7; ended_by=server_aborted",
        );
        check("in/bind1: SSL handshake failure", Level::Warn, "frontend_name=in; bind_name=bind1");
    }

    #[test]
    fn behind_the_tag_of_syslog_alone_a_line_is_the_same_and_has_its_program() {
        let line = "192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in/bind1: SSL handshake failure";
        let tagged = format!("haproxy[14]: {line}");
        let (event, alone) = (parse(tagged.as_bytes(), &CX).unwrap(), parse(line.as_bytes(), &CX).unwrap());
        assert_eq!((&*event.app, &*event.proc_id), ("haproxy", "14"));
        assert_eq!(event, LogEvent { app: "haproxy".into(), proc_id: "14".into(), ..alone });
        for other in
            [format!("haproxy[x]: {line}"), format!("haproxy[7] {line}"), "haproxy[7]: Proxy in started.".to_owned()]
        {
            assert_eq!(parse(other.as_bytes(), &CX), None, "{other}");
        }
    }

    #[test]
    fn the_termination_state_says_what_ended_a_session_and_how_grave_that_is() {
        for (server, status, state, level, ended_by) in [
            ("s1", "200", "----", Level::Info, None),
            ("<NOSRV>", "200", "LR--", Level::Info, Some("proxy")),
            ("<NOSRV>", "403", "PR--", Level::Warn, Some("proxy_refused")),
            ("s1", "200", "CD--", Level::Warn, Some("client_aborted")),
            ("s1", "200", "cDNN", Level::Warn, Some("client_timeout")),
            ("s1", "502", "SH--", Level::Error, Some("server_aborted")),
            ("s1", "200", "sD--", Level::Warn, Some("server_timeout")),
            ("<NOSRV>", "503", "SC--", Level::Error, Some("server_aborted")),
            ("s1", "200", "RD--", Level::Error, Some("resource_exhausted")),
            ("s1", "200", "ID--", Level::Error, Some("internal_error")),
            ("s1", "200", "D---", Level::Warn, Some("server_down")),
            ("s1", "200", "U---", Level::Warn, Some("backup_replaced")),
            ("s1", "200", "K---", Level::Warn, Some("killed")),
            ("s1", "200", "ZD--", Level::Info, None),
        ] {
            let lines = [
                format!(r#"in app/{server} 0/0/0/0/0 {status} 1 - - {state} 1/1/0/0/0 0/0 "GET / HTTP/1.1""#),
                format!("in app/{server} 1/0/5 212 {} 1/1/0/0/0 0/0", state.get(..2).unwrap()),
            ];
            for (line, is_http) in lines.iter().zip([true, false]) {
                let line = format!("192.0.2.7:5059 [14/Nov/2023:22:13:20.001] {line}");
                let event = parse(line.as_bytes(), &CX).unwrap();
                assert_eq!(event.attributes.get("ended_by"), ended_by, "{line}");
                assert_eq!(
                    event.attributes.get("server_name"),
                    Some(server).filter(|name| *name != "<NOSRV>"),
                    "{line}"
                );
                // A TCP session has no status; where that alone says more than WARN, it has less to say.
                let expected = match (is_http, state) {
                    (false, "SH--" | "ZD--") => Level::Warn,
                    _ => level,
                };
                assert_eq!(event.level, expected, "{line}");
            }
        }
    }

    #[test]
    fn notices_name_what_they_are_about() {
        for (message, expected) in [
            ("Proxy in started.", "frontend_name=in"),
            ("Server app/s1 is DOWN, reason: Layer4 timeout", "backend_name=app; server_name=s1"),
            ("backend app has no server available!", "backend_name=app"),
        ] {
            let event = parse_notice(message.as_bytes()).unwrap();
            let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(attributes.join("; "), expected, "{message}");
        }
        assert_eq!(parse_notice(b"I am missing a header."), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#,
            r#"a.example:443 192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#,
            "192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in",
            "192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in app/s1 1/0/5007/1 212 SC 1/2/3/4/5 6/7",
            "192.0.2.7:5059 [yesterday] in/bind1: text",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, rest in r#"(in|app/s1|/| |0/0/0/0/0|1/2/3|200|-|\{|\}|"|:){0,30}"#) {
            proptest::prop_assert!(parse(&line, &CX).is_none_or(|event| *event.message == *line));
            proptest::prop_assert!(parse_notice(&line).is_none_or(|event| *event.message == *line));
            let line = format!("192.0.2.7:5059 [14/Nov/2023:22:13:20.001] {rest}");
            proptest::prop_assert!(parse(line.as_bytes(), &CX).is_none_or(|event| event.message.len() <= line.len()));
        }
    }
}
