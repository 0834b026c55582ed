//! Lines of log files as the messages of other records: what a container wrote, and what a shipper read from a file and sent in an
//! envelope of its own.
//!
//! The message stays as it is, and so does what the record itself states. What the line says of level, time, host, program, process,
//! user and address fills the fields that are empty (a level counts before the envelope's), the rest becomes attributes.

use crate::syslog::shape;
use crate::{
    Context, Level, LogEvent, access, apache_error, app, auditd, content, detect, haproxy, json, logins, nginx_error,
    plain,
};

/// Completes `event` from its message, where that begins as only lines of log files do: with a priority, a time or an address, or as
/// an audit record, CEF or LEEF.
pub(crate) fn complete_from_line(event: &mut LogEvent<'_>, cx: &Context) {
    if begins_like_line(&event.message, cx) {
        complete(event, |line| Some(detect::read(line, cx)));
    }
}

/// Completes `event` from its message, which is a line as it was written, in whatever format; of text that is in none, by what it says of a login.
pub(crate) fn complete_from_whole_line(event: &mut LogEvent<'_>, cx: &Context) {
    let is_object = event.message.first() == Some(&b'{');
    if !is_object && !complete(event, |line| Some(detect::read(line, cx))) {
        logins::complete_from_line(event, cx);
    }
}

/// Completes `event` from its message, which a program in a container wrote; of text that is in no format, by what it says of a login.
pub(crate) fn complete_from_output(event: &mut LogEvent<'_>, cx: &Context) {
    // A JSON object has been read as one, and another runtime's line is not looked for in this one's.
    if matches!(event.message.first(), None | Some(b'{')) {
        return;
    }
    if detect::coloured::is(&event.message)
        && let Some(plain) = detect::coloured::without_colours(&event.message)
    {
        let inner = detect::read(&plain, cx).into_owned();
        if is_in_format(&inner) {
            event.complete_from(inner);
        } else if event.level == Level::Unknown {
            event.level = inner.level;
        }
        return;
    }
    let is_known = complete(event, |line| {
        if is_cef_or_leef(line) || auditd::looks_like(line) {
            return Some(detect::read(line, cx));
        }
        let has_bracket = memchr::memchr(b'[', line).is_some();
        let web = || {
            haproxy::parse(line, cx)
                .or_else(|| access::parse(line, cx))
                .or_else(|| nginx_error::parse(line, cx))
                .or_else(|| apache_error::parse(line, cx))
        };
        let web = if has_bracket { web() } else { None };
        web.or_else(|| app::parse(line, cx)).or_else(|| content::parse_pairs(line, cx))
    });
    if !is_known {
        logins::complete_from_line(event, cx);
    }
}

/// Completes `event` by what `read` makes of its message; whether that is in a format.
fn complete(event: &mut LogEvent<'_>, read: impl for<'l> FnOnce(&'l [u8]) -> Option<LogEvent<'l>>) -> bool {
    let line = std::mem::take(&mut event.message);
    let inner = read(&line).filter(is_in_format);
    let is_known = inner.is_some();
    if let Some(inner) = inner {
        event.complete_from(inner);
    }
    event.message = line;
    is_known
}

fn is_in_format(inner: &LogEvent<'_>) -> bool {
    inner.parse_error.is_none() && !matches!(inner.format, plain::FORMAT | json::FORMAT)
}

/// Whether `text` begins like a line of a file. Messages that a program's logger writes begin with a word, which costs one look.
fn begins_like_line(text: &[u8], cx: &Context) -> bool {
    match text {
        [b'<', ..] => shape::has_priority(text),
        [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] => {
            shape::has_bsd_stamp(text) || shape::has_dated_stamp(text, cx)
        }
        [b'0'..=b'9', b'0'..=b'9' | b'.', b'0'..=b'9' | b'.', ..] => true,
        [b'[', b'0'..=b'9' | b'M' | b'T' | b'W' | b'F' | b'S', ..] => true,
        [b't', b'y', b'p', b'e', b'=', ..] => auditd::looks_like(text),
        _ => is_cef_or_leef(text),
    }
}

fn is_cef_or_leef(text: &[u8]) -> bool {
    text.starts_with(b"CEF:") || text.starts_with(b"LEEF:")
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, LogEvent, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn read(line: &str) -> LogEvent<'_> {
        parse(Format::Auto, line.as_bytes(), &CX)
    }

    #[test]
    fn a_line_that_a_shipper_read_gives_its_fields() {
        for (message, host, app, user, ip) in [
            (
                "Nov 14 22:13:20 web1 sshd[7]: Failed password for bob from 192.0.2.7 port 4 ssh2",
                "web1",
                "sshd",
                "bob",
                "192.0.2.7",
            ),
            ("<38>Nov 14 22:13:20 web1 su: FAILED su for root by bob", "web1", "su", "bob", ""),
            ("192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] 'GET' 200 1", "", "", "", ""),
            ("type=USER_LOGIN msg=audit(1700000000.1:2): acct='bob' addr=192.0.2.7", "", "", "", "192.0.2.7"),
            ("2023/11/14 22:13:20 [error] 1#1: *1 text, client: 192.0.2.7", "", "", "", "192.0.2.7"),
            ("CEF:0|a|b|c|d|e|3|src=192.0.2.7 suser=bob", "", "b", "bob", "192.0.2.7"),
            ("7 lines of prose", "", "", "", ""),
            ("Sun is shining", "", "", "", ""),
        ] {
            let line = format!(r#"{{"@timestamp":"2023-11-14T22:13:21Z","message":"{message}","input":"log"}}"#);
            let event = read(&line);
            assert_eq!((&*event.message, event.format), (message.as_bytes(), "json"));
            assert_eq!((&*event.host, &*event.app, &*event.user_name), (host, app, user), "{message}");
            assert_eq!((event.ip, event.timestamp), (ip.parse().ok(), Some(1_700_000_001_000_000)), "{message}");
        }
    }

    #[test]
    fn what_a_container_wrote_gives_its_fields() {
        let klog = "E1114 22:13:20.123456       1 reflector.go:140] no watch";
        let java = "2023-11-14 22:13:20,123 ERROR [main] com.example.App - no";
        let logfmt = "ts=2023-11-14T22:13:20Z level=error file=a.go line=1 msg=no";
        for message in [klog, java, logfmt] {
            let cri = format!("2023-11-14T22:13:21Z stderr F {message}");
            let docker =
                format!("{{\"log\":\"{message}\\n\",\"stream\":\"stderr\",\"time\":\"2023-11-14T22:13:21Z\"}}");
            for line in [cri, docker] {
                let event = read(&line);
                assert_eq!((&*event.message, event.level), (message.as_bytes(), Level::Error), "{line}");
                assert_eq!(event.timestamp, Some(1_700_000_001_000_000), "{line}");
                assert!(event.attributes.get("file").or(event.attributes.get("logger")).is_some(), "{line}");
            }
        }
        let cef = r#"{"log":"CEF:0|Acme|Guard|1|77|no|9|src=192.0.2.7 suser=bob\n","stream":"stdout","time":"2023-11-14T22:13:21Z"}"#;
        let event = read(cef);
        assert_eq!((event.level, event.ip, &*event.user_name), (Level::Fatal, "192.0.2.7".parse().ok(), "bob"));
        let web = r#"{"log":"192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] \"GET /x HTTP/1.1\" 404 5 \"-\" \"curl\"\n","stream":"stdout","time":"2023-11-14T22:13:21Z"}"#;
        let event = read(web);
        assert_eq!((event.level, event.ip, &*event.user_name), (Level::Warn, "192.0.2.7".parse().ok(), "bob"));
        assert_eq!(event.attributes.get("path"), Some("/x"));
    }

    #[test]
    fn a_login_that_a_container_tells_of_names_its_user() {
        let message = "[2023-11-14 22:13:20.219][vaultwarden::api::identity][ERROR] Password is incorrect. IP: 192.0.2.7. Username: bob.";
        let cri = format!("2023-11-14T22:13:21Z stderr F {message}");
        let docker = format!("{{\"log\":\"{message}\\n\",\"stream\":\"stderr\",\"time\":\"2023-11-14T22:13:21Z\"}}");
        for line in [cri, docker] {
            let event = read(&line);
            assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{line}");
            assert_eq!(event.attributes.get("outcome"), Some("failure"), "{line}");
        }
        let pairs =
            "2023-11-14T22:13:21Z stderr F level=error msg=\"denied login attempt by user 'bob'\" remote_ip=192.0.2.7";
        let event = read(pairs);
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    }

    #[test]
    fn the_message_of_a_program_that_is_known_by_its_name_gives_its_fields() {
        for envelope in [
            r#"{"SYSLOG_IDENTIFIER":"sshd","PRIORITY":"6","MESSAGE":"Failed password for bob from 192.0.2.7 port 4 ssh2"}"#,
            r#"{"process":{"name":"sshd"},"message":"Failed password for bob from 192.0.2.7 port 4 ssh2"}"#,
        ] {
            let event = read(envelope);
            assert_eq!((&*event.app, &*event.user_name, event.ip), ("sshd", "bob", "192.0.2.7".parse().ok()));
            assert_eq!(event.attributes.get("outcome"), Some("failure"));
        }
        let entry = b"SYSLOG_IDENTIFIER=sudo\nMESSAGE=bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls\n";
        let event = crate::push::journal::parse(entry, &CX).unwrap();
        assert_eq!((&*event.user_name, event.attributes.get("COMMAND")), ("bob", Some("/bin/ls")));
        let gelf = br#"{"version":"1.1","host":"web1","_app":"su","short_message":"FAILED su for root by bob"}"#;
        let event = crate::push::gelf::parse(gelf, &CX);
        assert_eq!((&*event.user_name, event.attributes.get("outcome")), ("bob", Some("failure")));
    }

    #[test]
    fn lines_within_lines_end() {
        let line = "2023-11-14T22:13:21Z stdout F ".repeat(10_000);
        assert_eq!(read(&line).format, "cri");
        let json = format!(r#"{{"stream":"stdout","log":"{line}"}}"#);
        assert_eq!(read(&json).format, "json");
    }
}
