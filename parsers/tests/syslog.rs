//! Syslog lines of many senders, and what holds for every line.

use std::borrow::Cow;

use logseal_parsers::syslog::{self, ParseError, rfc3164, rfc5424};
use logseal_parsers::{Context, Level, LogEvent, Zone};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

/// Severity, host, app, process id, message.
type Expected<'a> = (Option<u8>, &'a str, &'a str, &'a str, &'a str);

fn check(line: &str, expected: Expected<'_>) {
    let event = syslog::parse(line.as_bytes(), &CX);
    let message = String::from_utf8_lossy(&event.message).into_owned();
    let found = (event.severity, &*event.host, &*event.app, &*event.proc_id, &*message);
    assert_eq!(found, expected, "{line:?}");
    assert_eq!(event.parse_error, None, "{line:?}");
    assert!(is_slice_of(&event, line.as_bytes()), "{line:?}");
}

fn is_slice_of(event: &LogEvent<'_>, line: &[u8]) -> bool {
    let Cow::Borrowed(message) = event.message else {
        return false;
    };
    let (line, message) = (line.as_ptr_range(), message.as_ptr_range());
    line.start <= message.start && message.end <= line.end
}

#[test]
fn rfc5424_fields_are_read() {
    let line =
        br#"<165>1 2026-10-11T22:14:15.003456789+02:00 web1 shop 4711 ORDER [a@1 k="v" q="x\"y\]z\\"][flag] placed"#;
    let event = rfc5424::parse(line, &CX).unwrap();
    assert_eq!((event.facility, event.severity, event.level), (Some(20), Some(5), Level::Info));
    assert_eq!(event.timestamp, Some(1_791_749_655_003_456));
    assert_eq!([&*event.host, &event.app, &event.proc_id, &event.msg_id], ["web1", "shop", "4711", "ORDER"]);
    assert_eq!(event.message, Cow::Borrowed(b"placed"));
    let attributes: Vec<_> = event.attributes.iter().collect();
    assert_eq!(attributes, [("a@1.k", "v"), ("a@1.q", r#"x"y]z\"#), ("flag", "")]);
    assert_eq!(event.format, "rfc5424");
}

#[test]
fn rfc5424_nil_values_are_absent() {
    let event = rfc5424::parse(b"<13>1 - - - - - -", &CX).unwrap();
    assert_eq!(event.timestamp, None);
    assert_eq!([&*event.host, &event.app, &event.proc_id, &event.msg_id], ["", "", "", ""]);
    assert!(event.message.is_empty() && event.attributes.is_empty());
}

#[test]
fn rfc5424_messages_lose_their_mark_and_trailer_only() {
    for (line, message) in [
        (&b"<13>1 - - - - - - \xEF\xBB\xBFtext"[..], &b"text"[..]),
        (b"<13>1 - - - - - - text\r\n\0", b"text"),
        (b"<13>1 - - - - - -  two blanks", b" two blanks"),
        (b"<13>1 - - - - - - one\ntwo", b"one\ntwo"),
        (b"<13>1 - - - - - - \xE4\xFF", b"\xE4\xFF"),
    ] {
        let event = rfc5424::parse(line, &CX).unwrap();
        assert_eq!(event.message, Cow::Borrowed(message));
        assert!(is_slice_of(&event, line));
    }
}

#[test]
fn broken_rfc5424_is_refused_with_the_part_that_is_broken() {
    use ParseError::*;
    for (line, error) in [
        ("", Priority),
        ("1 - - - - - -", Priority),
        ("<>1 - - - - - -", Priority),
        ("<192>1 - - - - - -", Priority),
        ("<013>1 - - - - - -", Priority),
        ("<13> - - - - - -", Version),
        ("<13>1000 - - - - - -", Version),
        ("<13>0 - - - - - -", Version),
        ("<13>1", Timestamp),
        ("<13>1 2026-13-11T22:14:15Z h a - - -", Timestamp),
        ("<13>1 2026-10-11 22:14:15Z h a - - -", Timestamp),
        ("<13>1 2026-10-11T22:14:15Z+01:00 h a - - -", Timestamp),
        ("<13>1 -  a - - -", Host),
        ("<13>1 - h \x07 - - -", App),
        ("<13>1 - h a  - -", ProcId),
        ("<13>1 - h a p  -", MsgId),
        ("<13>1 - h a p m", MsgId),
        ("<13>1 - h a p m text", StructuredData),
        ("<13>1 - h a p m [a]text", StructuredData),
        ("<13>1 - h a p m -text", StructuredData),
    ] {
        assert_eq!(rfc5424::parse(line.as_bytes(), &CX).unwrap_err(), error, "{line:?}");
    }
    let long_app = format!("<13>1 - h {} - - -", "a".repeat(49));
    assert_eq!(rfc5424::parse(long_app.as_bytes(), &CX).unwrap_err(), App);
}

#[test]
fn text_in_the_place_of_structured_data_is_the_message() {
    for (line, message, severity) in [
        ("<158>1 2026-10-11T22:14:15.5+00:00 host app web.1 - Started shop", "Started shop", 6),
        ("<11>1 2026-10-11T22:14:15Z host app web.1 - {\"a\":1}", "{\"a\":1}", 3),
    ] {
        let event = syslog::parse(line.as_bytes(), &CX);
        assert_eq!((&*event.message, event.severity), (message.as_bytes(), Some(severity)), "{line}");
        assert_eq!(
            (&*event.host, &*event.app, &*event.proc_id, &*event.msg_id),
            ("host", "app", "web.1", ""),
            "{line}"
        );
        assert_eq!((event.format, event.parse_error), ("rfc5424", None), "{line}");
    }
    // What begins like structured data has to be some, and a time has to be stated.
    for line in [
        "<158>1 2026-10-11T22:14:15Z host app web.1 - [a x=\"1 text",
        "<158>1 2026-10-11T22:14:15Z host app web.1 - -text",
        "<158>1 2026-10-11T22:14:15Z host app web.1 - ",
        "<158>1 - host app web.1 - text",
    ] {
        assert_eq!(rfc5424::parse(line.as_bytes(), &CX).unwrap_err(), ParseError::StructuredData, "{line}");
    }
}

#[test]
fn what_is_not_understood_is_kept_whole() {
    for (line, error, severity) in [
        ("plain words", ParseError::Header, None),
        ("ERROR: disk full", ParseError::Header, None),
        ("", ParseError::Header, None),
        ("<999>plain words", ParseError::Priority, None),
        ("<11>1 2026-10-11T22:14:15Z web1 shop 1 - [a x=\"1 text\n", ParseError::StructuredData, Some(3)),
    ] {
        let event = syslog::parse(line.as_bytes(), &CX);
        assert_eq!(event.parse_error.as_deref(), Some(error.as_str()), "{line:?}");
        assert_eq!(event.message, Cow::Borrowed(line.as_bytes()), "{line:?}");
        assert_eq!((event.level, event.severity), (Level::Unknown, severity), "{line:?}");
    }
}

#[test]
fn bsd_lines_may_lack_any_part() {
    check("<86>Oct 11 22:14:15 web1 sshd[812]: text", (Some(6), "web1", "sshd", "812", "text"));
    check("Oct 11 22:14:15 web1 sshd[812]: text", (None, "web1", "sshd", "812", "text"));
    check("<86>Oct 11 22:14:15 sshd[812]: text", (Some(6), "", "sshd", "812", "text"));
    check("<86>Oct 11 22:14:15  sshd: text", (Some(6), "", "sshd", "", "text"));
    check("<86>Oct 11 22:14:15 web1 sshd text", (Some(6), "web1", "sshd", "", "text"));
    check("<86>Oct 11 22:14:15 web1 - text", (Some(6), "web1", "", "", "text"));
    check("<86>Oct 11 22:14:15 - sshd: text", (Some(6), "", "sshd", "", "text"));
    check("<86>Oct 11 22:14:15 web1 : text", (Some(6), "web1", "", "", "text"));
    check("<86>Oct 11 22:14:15 web1 {\"a\": 1}", (Some(6), "web1", "", "", "{\"a\": 1}"));
    check("<86>Oct 11 22:14:15 web1", (Some(6), "", "web1", "", ""));
    check("<86>Oct 11 22:14:15", (Some(6), "", "", "", ""));
    check("<86>sshd[812]: text", (Some(6), "", "sshd", "812", "text"));
    check("<86>user root logged in", (Some(6), "", "", "", "user root logged in"));
    check("<86>42 is the answer", (Some(6), "", "", "", "42 is the answer"));
    check("<86>", (Some(6), "", "", "", ""));
    check("<>Oct 11 22:14:15 web1 sshd: text", (None, "web1", "sshd", "", "text"));
    check("<14>text of two\nlines\0", (Some(6), "", "", "", "text of two\nlines"));
}

#[test]
fn hosts_are_told_from_tags() {
    check("<13>Oct 11 22:14:15 2001:db8::7 app: text", (Some(5), "2001:db8::7", "app", "", "text"));
    check("<13>Oct 11 22:14:15 192.0.2.7 app: text", (Some(5), "192.0.2.7", "app", "", "text"));
    check("<13>Oct 11 22:14:15 größe app: text", (Some(5), "größe", "app", "", "text"));
    check("<13>Oct 11 22:14:15 a,b,v1.0: app[1]: text", (Some(5), "", "a,b,v1.0", "", "app[1]: text"));
    check("<13>Oct 11 22:14:15: web1 app: text", (Some(5), "web1", "app", "", "text"));
}

#[test]
fn cisco_lines_are_understood() {
    check("<166>Oct 11 2025 22:14:15: %ASA-6-302013: Built", (Some(6), "", "%ASA-6-302013", "", "Built"));
    check("<166>Oct 11 2025 22:14:15 fw1: %ASA-6-302013: Built", (Some(6), "fw1", "%ASA-6-302013", "", "Built"));
    check("<189>29: *Oct 11 22:14:15.483: %SYS-5-CONFIG_I: By", (Some(5), "", "%SYS-5-CONFIG_I", "", "By"));
    check("<189>29: sw1: Oct 11 22:14:15 CEST: %SYS-5-CONFIG_I: By", (Some(5), "sw1", "%SYS-5-CONFIG_I", "", "By"));
    check("<187>47: 3d21h: %LINK-3-UPDOWN: Down", (Some(3), "", "%LINK-3-UPDOWN", "", "Down"));
    check("*Oct 11 22:14:15.483: %LINK-3-UPDOWN: Down", (Some(3), "", "%LINK-3-UPDOWN", "", "Down"));
    check("<134>1 1795197598.774247467 MX84 events type=dhcp", (Some(6), "MX84", "events", "", "type=dhcp"));
    let event = syslog::parse(b"<189>29: *Oct 11 22:14:15.483: %SYS-5-CONFIG_I: By", &CX);
    assert_eq!(event.attributes.get("sequence"), Some("29"));
    assert_eq!(event.timestamp, Some(1_791_756_855_483_000));
}

#[test]
fn behind_a_lone_colon_all_is_message_but_the_time_counts() {
    let event = syslog::parse(b"<166>:Oct 11 22:14:15 UTC: %ASA-6-302015: Built", &CX);
    assert_eq!(event.timestamp, Some(1_791_756_855_000_000));
    assert_eq!(event.message, Cow::Borrowed(b"Oct 11 22:14:15 UTC: %ASA-6-302015: Built"));
}

#[test]
fn lines_of_aix_freebsd_and_windows_are_understood() {
    check("<13>Oct 11 22:14:15 Message forwarded from aix1: su: text", (Some(5), "aix1", "su", "", "text"));
    check("Oct 11 22:14:15 aix1 auth|security:info sshd[12]: text", (Some(6), "aix1", "sshd", "12", "text"));
    check("Oct 11 22:14:15 <auth.info> bsd1 sshd[12]: text", (Some(6), "bsd1", "sshd", "12", "text"));
    check("Oct 11 22:14:15   <2.3> bsd1 postfix: text", (Some(3), "bsd1", "postfix", "", "text"));
    check("<13>Oct 11 22:14:15 <auth.info> bsd1 su: text", (Some(5), "bsd1", "su", "", "text"));
    check("Oct 11 22:14:15 web1 [job][12] text", (None, "web1", "job", "12", "text"));
    let repeated = "last message repeated 3 times";
    check("<13>Oct 11 22:14:15 web1 last message repeated 3 times", (Some(5), "web1", "", "", repeated));
    let of_macos = "--- last message repeated 1 time ---";
    check("Oct 11 22:14:15 web1 --- last message repeated 1 time ---", (None, "web1", "", "", of_macos));
    check("<13>Oct 11 22:14:15 last message repeated 3 times", (Some(5), "", "", "", repeated));
    check("<13>Oct 11 22:14:15 win1 MSWinEventLog\t1\tSecurity", (Some(5), "win1", "MSWinEventLog", "", "1\tSecurity"));
}

#[test]
fn a_severity_between_host_and_tag_is_no_program() {
    let said = "01070638:5: Pool /Common/web is down.";
    let line = format!("Oct 11 22:14:15 lb1 notice mcpd[7]: {said}");
    check(&line, (Some(5), "lb1", "mcpd", "7", said));
    check(&format!("<131>{line}"), (Some(3), "lb1", "mcpd", "7", said));
    check("<134>Oct 11 22:14:15 lb1 notice the door is open", (Some(6), "lb1", "notice", "", "the door is open"));
    assert_eq!(rfc3164::parse(line.as_bytes(), &CX).unwrap().msg_id, "01070638");
}

#[test]
fn an_only_word_is_the_host_in_a_file_and_a_program_on_the_wire() {
    check("Oct 11 22:14:15 web1", (None, "web1", "", "", ""));
    check("Oct 11 22:14:15 shop[7]", (None, "", "shop", "7", ""));
    check("Oct 11 22:14:15 shop:", (None, "", "shop", "", ""));
    check("<13>Oct 11 22:14:15 shop", (Some(5), "", "shop", "", ""));
}

#[test]
fn names_that_are_not_utf8_are_replaced_and_messages_kept() {
    let line = b"<13>Oct 11 22:14:15 h\xE4 a\xFF: gr\xFC\xDFe";
    let event = rfc3164::parse(line, &CX).unwrap();
    assert_eq!([&*event.host, &event.app], ["h\u{FFFD}", "a\u{FFFD}"]);
    assert_eq!(event.message, Cow::Borrowed(b"gr\xFC\xDFe"));
}

#[test]
fn the_level_comes_from_the_severity() {
    for (priority, level) in
        [(8, Level::Fatal), (11, Level::Error), (12, Level::Warn), (14, Level::Info), (15, Level::Debug)]
    {
        let line = format!("<{priority}>Oct 11 22:14:15 web1 app: text");
        assert_eq!(syslog::parse(line.as_bytes(), &CX).level, level, "{line}");
    }
    assert_eq!(syslog::parse(b"Oct 11 22:14:15 web1 app: text", &CX).level, Level::Unknown);
    assert_eq!(syslog::parse(b"Oct 11 22:14:15 web1 %A-3-B: text", &CX).level, Level::Error);
}

#[test]
fn a_line_that_says_of_itself_what_it_is_needs_no_header() {
    let read =
        |line: &'static str| logseal_parsers::format::parse(logseal_parsers::Format::Syslog, line.as_bytes(), &CX);
    for (line, format) in [
        ("CEF:0|Acme|Shield|1.0|100|worm stopped|8|src=192.0.2.7 suser=ada", "cef"),
        ("LEEF:1.0|Acme|Shield|1.0|e1|src=192.0.2.7\tusrName=ada", "leef"),
        (r#"{"level":"error","message":"no","ip":"192.0.2.7","user":"ada"}"#, "json"),
    ] {
        let event = read(line);
        assert_eq!((event.format, &event.parse_error), (format, &None), "{line}");
        assert_eq!((&*event.user_name, event.ip), ("ada", "192.0.2.7".parse().ok()), "{line}");
    }
    for line in ["{no object", "some text", "CEF:none"] {
        assert_eq!(read(line).parse_error.as_deref(), Some("no syslog header"), "{line}");
    }
}

#[test]
fn what_loggers_write_behind_such_a_time_into_their_own_files_names_no_host() {
    for (line, level, logger, message) in [
        ("Nov 14 22:13:20.123 INFO ready for bob, n: 7", Level::Info, None, "ready for bob, n: 7"),
        ("Nov 14 22:13:20.123 ERRO no", Level::Error, None, "no"),
        ("Nov 14 22:13:20 mod_tls\tdebug\tno certificate", Level::Debug, Some("mod_tls"), "no certificate"),
    ] {
        let event = rfc3164::parse(line.as_bytes(), &CX).unwrap();
        assert_eq!((&*event.host, &*event.app, event.level), ("", "", level), "{line}");
        assert_eq!((event.attributes.get("logger"), &*event.message), (logger, message.as_bytes()), "{line}");
    }
    check("<30>Nov 14 22:13:20 INFO shop[7]: text", (Some(6), "INFO", "shop", "7", "text"));
    check("Nov 14 22:13:20 info shop[7]: text", (None, "info", "shop", "7", "text"));
}

#[test]
fn socklogs_priority_is_in_words() {
    check("auth.err: Nov 14 22:13:20 shop[7]: text", (Some(3), "", "shop", "7", "text"));
}

#[test]
fn a_message_in_logfmt_is_no_tag() {
    check("<30>Nov 14 22:13:20 msg=\"a b\" n=7", (Some(6), "", "", "", "msg=\"a b\" n=7"));
}
