mod lines;

use proptest::prelude::*;

use self::lines::{HEADS, LINES, likely_line, text_line};
use super::{Parser, chosen};
use crate::format::parse;
use crate::syslog::shape;
use crate::table::headless;
use crate::{Context, Format, Level, LogEvent, Zone};
use crate::{
    access, apache_error, app, compose, content, cri, elb, haproxy, json, ltsv, nginx_error, squid, syslog, timestamp,
};
use crate::{winevent, wrapped};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

#[test]
fn auto_decides_by_how_the_line_begins() {
    for (line, format) in [
        (r#"{"msg":"m"}"#, "json"),
        (r#" {"msg""#, "json"),
        ("<13>Nov 14 22:13:20 web1 app: text", "rfc3164"),
        ("<13>1 2023-11-14T22:13:20Z web1 app - - - text", "rfc5424"),
        ("Nov  4 22:13:20 web1 app: text", "rfc3164"),
        ("<>Nov 14 22:13:20 web1 app: text", "rfc3164"),
        ("<>text", "plain"),
        ("Nov 14 2023 22:13:20: %ASA-4-106023: Deny tcp src a:192.0.2.7/1 dst b:192.0.2.1/2", "rfc3164"),
        ("Nov 14 2023 22:13:20 fw1 : %ASA-4-106023: Deny tcp src a:192.0.2.7/1 dst b:192.0.2.1/2", "rfc3164"),
        ("Nov 14 2023 22:13:20.123 UTC fw1 CEF:0|a|b|c|d|e|3|src=192.0.2.7", "rfc3164"),
        ("Nov 14 2023 22:13:20 web1 app[7]: text", "rfc3164"),
        ("Nov 14 2023 22:13:20 some text of a program", "plain"),
        ("Nov 14 2023 22:13:20 100% done", "plain"),
        ("1 2023-11-14T22:13:20Z web1 app 7 - - text", "rfc5424"),
        ("1 2023-11-14T22:13:20Z web1 - - ID47 [a b=\"c\"]", "rfc5424"),
        ("1 2023-11-14T22:13:20Z is when it began", "plain"),
        ("192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1", "access"),
        ("[Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] text", "apache_error"),
        ("2023-11-14T22:13:20Z stderr F text", "cri"),
        ("time:2023-11-14T22:13:20Z\tlevel:info", "ltsv"),
        ("2023/11/14 22:13:20 [error] 1#1: text", "nginx_error"),
        ("2023-11-14T22:13:20.5+01:00 web1 sshd[7]: text", "rfc3164"),
        ("2023-11-14T22:13:20.5+01:00 192.0.2.7 {\"a\":1}", "rfc3164"),
        ("2023-11-14T22:13:20.123Z web1 NSX 7 - [a@6876 level=\"INFO\"] text", "rfc5424"),
        ("2023-11-14T22:13:20.123+01:00 web1 CRON 7 - -  (root) CMD (x)", "rfc5424"),
        ("2023-11-14T22:13:20Z web1 app 7 ID47 - no", "rfc5424"),
        ("2023-11-14T22:13:20Z we sold 7 times - no", "plain"),
        ("2023-11-14T22:13:20Z ERROR text", "plain"),
        ("2023-11-14T22:13:20Z ERROR app: text", "rust"),
        ("2023-11-14T22:13:20Z web1 some text", "plain"),
        ("192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in/bind1: SSL handshake failure", "haproxy"),
        ("1700000000.123     16 192.0.2.7 TCP_MISS/200 1 GET http://a.example/ - HIER_DIRECT/- -", "squid"),
        ("2023-11-14 22:13:20,123 INFO  [main] c.e.App - text", "java"),
        ("<Event><System><EventID>7</EventID></System></Event>", "winevent"),
        ("web-1  | 192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1", "compose"),
        ("2023-11-14 22:13:20 192.0.2.1 GET /a - 443 bob 192.0.2.7 curl/8 - 404 0 2 15", "w3c"),
        ("1700000000.000000\tCwFs1P2UcUdlSxD2La\t192.0.2.7\t52026\t198.51.100.2\t53\tudp\tx", "zeek"),
        ("14-Nov 22:13 web1-dir JobId 7: Start Backup", "bacula"),
        ("<b>bold</b>", "plain"),
        ("November rain", "plain"),
        ("", "plain"),
    ] {
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, format, "{line}");
    }
}

#[test]
fn json_after_a_syslog_header_gives_its_fields_and_stays_the_message() {
    for message in [
        r#"{"level":"error","user":"bob","n":3,"message":"inner"}"#,
        r#"@cee: {"level":"error","user":"bob","n":3}"#,
        r#"@cim: {"level":"error","user":"bob","n":3}"#,
    ] {
        let line = format!("<14>Nov 14 22:13:20 web1 shop[7]: {message}");
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!(&*event.message, message.as_bytes());
        assert_eq!((&*event.host, &*event.app, &*event.proc_id, &*event.user_name), ("web1", "shop", "7", "bob"));
        assert_eq!((event.level, event.severity), (Level::Error, Some(6)));
        assert_eq!(event.attributes.get("n"), Some("3"));
    }
}

#[test]
fn a_record_that_says_its_format_may_quote_a_line_in_another() {
    let quoted = "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1";
    for (line, format) in
        [(format!("CEF:0|a|b|c|d|e|3|msg={quoted}"), "cef"), (format!("LEEF:1.0|a|b|c|d|msg={quoted}"), "leef")]
    {
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, format, "{line}");
    }
}

#[test]
fn a_line_whose_head_says_what_it_is_in_may_quote_a_web_servers() {
    let quoted = "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1";
    for (head, format) in [
        ("I1114 22:13:20.123456 7 a.go:9] ", "klog"),
        ("7:M 14 Nov 2023 22:13:20.123 * ", "redis"),
        ("I, [2023-11-14T22:13:20.123456 #7]  INFO -- : ", "ruby"),
        ("11-14 22:13:20.123  1  2 D Tag: ", "android"),
        ("[1700000000] SERVICE ALERT: ", "nagios"),
        ("[2023-11-14T22:13:20,123][INFO ][o.e.n.Node] [n] ", "elasticsearch"),
        ("2023/11/14 22:13:20 INFO ready ", "go"),
    ] {
        let line = format!("{head}{quoted}");
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, format, "{line}");
    }
}

/// All parsers that know their lines by their shape.
#[rustfmt::skip]
const ALL: &[Parser] = &[
    compose::parse,
    headless_dated,
    nginx_error::parse,
    cri::parse,
    haproxy::parse,
    access::parse,
    apache_error::parse,
    elb::parse,
    headless::tabbed,
    ltsv::parse_plain,
    squid::parse,
    app::parse,
    winevent::parse,
];

/// A web server's row without its header, whose date and time begin the line.
fn headless_dated<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (_, rest) = timestamp::iso_prefix(line, Zone::UTC)?;
    headless::may_follow(rest).then(|| headless::after_stamp(line, cx))?
}

/// What a line is if every parser is asked.
fn asking_all<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
    if text.starts_with(b"{") {
        return json::parse(line, cx);
    }
    let has_stamp = shape::has_bsd_stamp(text) || shape::has_dated_stamp(text, cx) || shape::has_version(text, cx);
    let has_stamp = has_stamp && text.first().is_some_and(|b| matches!(b, b'A'..=b'Z' | b'1'));
    let has_stamp =
        has_stamp || shape::has_year_first(text, cx) || shape::is_ciscos(text, cx) || text.starts_with(b"WinEvtLog: ");
    if (text.starts_with(b"<") && shape::has_priority(text)) || has_stamp {
        return syslog_asking_all(line, cx);
    }
    if super::coloured::is(line)
        && let Some(plain) = super::coloured::without_colours(line)
    {
        return asking_all(&plain, cx).into_owned();
    }
    // A line that says what it is in is not asked of those that know theirs by shape.
    if let Some(event) = content::parse_labelled(line, cx) {
        return event;
    }
    if let Some(event) = app::parse_headed(line, cx) {
        return event;
    }
    if let Some((_, rest)) = timestamp::iso_prefix(line, Zone::UTC)
        && shape::begins_as_5424(line, rest)
        && let Ok(mut event) = syslog::rfc5424::parse_from_time(line, cx)
    {
        content::complete(&mut event, line, cx);
        return event;
    }
    if timestamp::iso_prefix(line, Zone::UTC).is_some_and(|(_, rest)| shape::names_host(line, rest)) {
        return syslog_asking_all(line, cx);
    }
    // A date is no client, of which HAProxy's lines have nothing else before their time.
    let is_dated = timestamp::iso_prefix(line, Zone::UTC).is_some();
    let asked = |parse: &&Parser| !(is_dated && std::ptr::fn_addr_eq(**parse, haproxy::parse as Parser));
    if let Some(event) = ALL.iter().filter(asked).find_map(|parse| parse(line, cx)) {
        return event;
    }
    let rest = timestamp::iso_prefix(line, Zone::UTC).map(|(_, rest)| rest);
    if line.get(10) == Some(&b'T') && rest.is_some_and(shape::follows_iso_stamp) {
        return syslog_asking_all(line, cx);
    }
    match timestamp::iso_prefix(line, Zone::UTC) {
        Some((at, rest)) => content::parse_dated(line, at, rest, cx),
        None => content::parse(line, cx),
    }
}

fn syslog_asking_all<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let mut event = syslog::parse(line, cx);
    if event.parse_error.is_none() {
        let was_asked = event.app.starts_with("haproxy") || wrapped::may_hold(&event.message);
        let was_snare = event.app == winevent::SNARE_MARKER || matches!(event.message.first(), Some(b'<' | b'M'));
        content::complete(&mut event, line, cx);
        if !was_asked {
            wrapped::complete(&mut event, cx);
        }
        if !was_snare {
            winevent::complete_from_message(&mut event, cx);
        }
    }
    event
}

/// A web server's line that quotes another's may be either's; what the stream is in decides then.
const WEB_SERVERS: &[Format] =
    &[Format::Access, Format::ApacheError, Format::Elb, Format::Haproxy, Format::NginxError, Format::Squid];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_line_is_what_asking_every_parser_makes_of_it(line in likely_line(), noise: Vec<u8>) {
        prop_assert_eq!(super::read(&line, &CX), asking_all(&line, &CX));
        prop_assert_eq!(super::read(&noise, &CX), asking_all(&noise, &CX));
    }

    #[test]
    fn a_line_of_words_is_what_asking_every_parser_makes_of_it(line in text_line(), width in 1_usize..300, far in text_line(), likely in likely_line()) {
        prop_assert_eq!(super::read(line.as_bytes(), &CX), asking_all(line.as_bytes(), &CX));
        // Texts are longer, and the level or the address may stand far behind.
        let words = "word ".repeat(width);
        let line = format!("{line}{words} ERROR user 'bob' from 192.0.2.7");
        prop_assert_eq!(super::read(line.as_bytes(), &CX), asking_all(line.as_bytes(), &CX));
        // Behind them may stand what other lines are known by.
        let longer = [line.as_bytes(), far.as_bytes(), words.as_bytes(), &likely].concat();
        prop_assert_eq!(super::read(&longer, &CX), asking_all(&longer, &CX));
    }

    #[test]
    fn what_is_told_to_be_prose_is_what_asking_every_parser_makes_of_it(line in text_line(), likely in likely_line(), noise: Vec<u8>) {
        for line in [line.as_bytes(), &likely, &noise] {
            if let Some(prose) = super::prose::of(line, &CX) {
                prop_assert_eq!(super::read_prose(prose, line, &CX), asking_all(line, &CX));
            }
        }
    }

    #[test]
    fn plain_text_is_the_same_record_whether_that_is_stated_or_found(line in text_line(), likely in likely_line(), noise: Vec<u8>) {
        for line in [line.as_bytes(), &likely, &noise] {
            let found = super::read(line, &CX);
            if found.format == "plain" && found.parse_error.is_none() {
                prop_assert_eq!(parse(Format::Plain, line, &CX), found);
            }
        }
    }

    #[test]
    fn what_the_last_line_was_gives_the_same_or_nothing(line in likely_line(), text in text_line(), noise: Vec<u8>) {
        for line in [&line, &text.into_bytes(), &noise] {
            for &format in Format::ALL.iter().filter(|format| !WEB_SERVERS.contains(format)) {
                if let Some(event) = super::read_as(format, line, &CX) {
                    prop_assert_eq!(&event, &super::read(line, &CX), "as {}", format);
                }
            }
        }
    }
}

/// Formats that are no program's own, or whose first bytes nobody else's lines have: no other stream takes their lines.
const NOBODY_ELSES: &[&str] = &[
    "access",
    "apache_error",
    "auditd",
    "cef",
    "compose",
    "cri",
    "elasticsearch",
    "elb",
    "haproxy",
    "json",
    "klog",
    "leef",
    "nagios",
    "nginx_error",
    "pan_os",
    "redis",
    "rfc3164",
    "rfc5424",
    "squid",
    "winevent",
];

/// That a line in the format of its stream is what it is by itself, and that no stream takes one that is plainly in another.
fn check_chosen(line: &[u8]) -> Result<(), TestCaseError> {
    let found = super::read(line, &CX);
    // Labelled values may be a web server's line in part.
    let quoting = |format: &&Format| WEB_SERVERS.contains(format) || **format == Format::Ltsv;
    for &format in Format::ALL.iter().filter(|format| !quoting(format)) {
        let header = chosen::may_be_syslogs(format, line).then(|| chosen::read_syslogs_header(format, line, &CX));
        let header = header.and_then(Result::ok).filter(|header| chosen::is_syslogs(format, line, header));
        let syslogs = header.map(|mut event| {
            content::complete(&mut event, line, &CX);
            event
        });
        let Some(event) = syslogs.or_else(|| chosen::read_chosen(format, line, &CX)) else { continue };
        // Those of all programs are one format to a stream.
        let is_streams = (event.format == format.as_str() || format == Format::App) && found.format != event.format;
        let is_alike = is_streams && !NOBODY_ELSES.contains(&found.format);
        prop_assert!(
            event == found || is_alike,
            "{} in a stream of {}: {:?}, alone {:?}",
            found.format,
            format,
            event,
            found
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_line_in_the_format_of_its_stream_is_what_it_is_by_itself_and_others_are_left_alone(line in likely_line(), text in text_line(), noise: Vec<u8>) {
        check_chosen(&line)?;
        check_chosen(text.as_bytes())?;
        check_chosen(&noise)?;
    }
}

#[test]
fn what_the_last_line_was_is_enough_for_the_next() {
    for line in LINES {
        let event = super::read(line.as_bytes(), &CX);
        let format: Format = event.format.parse().unwrap_or_default();
        if let Some(again) = super::read_as(format, line.as_bytes(), &CX) {
            assert_eq!(again, event, "{line}");
        }
    }
    for (format, line) in [
        (Format::Logfmt, "level=info msg=\"x y\" user=bob"),
        (Format::Auditd, "type=CWD msg=audit(1.0:2): cwd=\"/\""),
        (Format::Java, "2023-11-14 22:13:20,123 INFO  [main] c.e.App - text"),
        (Format::Rust, "2023-11-14T22:13:20.123Z  INFO shop::cart: text"),
        (Format::Postgresql, "2023-11-14 22:13:20.123 UTC [7] bob@shop ERROR:  text"),
        (Format::Mysql, "2023-11-14T22:13:20.123456Z 0 [Note] text"),
        (Format::Mongodb, "2023-11-14T22:13:20.123+0000 I NETWORK  [conn8] text"),
        (Format::Erlang, "2023-11-14 22:13:20.123 [info] <0.1.0> text"),
        (Format::Exim, "2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm Completed"),
        (Format::Dotnet, "2023-11-14 22:13:20.1234|INFO|Shop.Cart|text"),
        (Format::Node, "2023-11-14T22:13:20.123Z info: text"),
        (Format::Klog, "I1114 22:13:20.123456 7 a.go:9] text"),
        (Format::Redis, "7:M 14 Nov 2023 22:13:20.123 * text"),
        (Format::Elasticsearch, "[2023-11-14T22:13:20,123][INFO ][o.e.n.Node] [n] text"),
        (Format::Nagios, "[1700000000] LOG ROTATION: text"),
        (Format::Php, "[14-Nov-2023 22:13:20 UTC] PHP Notice:  text"),
        (Format::Ruby, "I, [2023-11-14T22:13:20.123456 #7]  INFO -- : text"),
        (Format::Android, "11-14 22:13:20.123  1  2 D Tag: text"),
        (Format::Go, "2023/11/14 22:13:20 the cart was opened"),
        (Format::Python, "2023-11-14 22:13:20,123 - shop - INFO - text"),
        (
            Format::CiscoAsa,
            "%ASA-6-302013: Built outbound TCP connection 7 for outside:192.0.2.7/443 to inside:192.0.2.8/40",
        ),
        (Format::Iptables, "IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP"),
        (Format::Java, "2023-11-14T22:13:20.123Z  INFO 7 --- [main] c.e.App : text"),
        (Format::Java, "[2023-11-14 22:13:20,123] INFO text (kafka.server.KafkaServer)"),
        (Format::Python, "INFO:shop.cart:text"),
        (Format::Python, "[2023-11-14 22:13:20 +0000] [7] [INFO] text"),
        (Format::Rust, "[2023-11-14T22:13:20Z INFO  shop::cart] text"),
        (Format::Go, "2023/11/14 22:13:20 main.go:99: listening on :8080"),
        (Format::Go, "2023-11-14T22:13:20Z\tINFO\tsetup\ttext\t{\"port\": 8080}"),
        (Format::Ltsv, "host:192.0.2.7\ttime:[14/Nov/2023:22:13:20 +0000]\tstatus:200"),
        (Format::Rfc3164, "Nov 14 22:13:20 web1 shop[7]: text"),
        (Format::Rfc3164, "2023-11-14T22:13:20.123456+01:00 web1 shop[7]: text"),
        (
            Format::PanOs,
            "1,2023/11/14 22:13:20,0123,TRAFFIC,end,2304,2023/11/14 22:13:20,192.0.2.7,192.0.2.1,0.0.0.0,0.0.0.0,rule1,,,web-browsing,vsys1,trust,untrust,eth1,eth2,fwd,2023/11/14 22:13:20,1,1,4000,80,0,0,0x0,tcp,allow,100,50,50,2",
        ),
        (Format::Access, "192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\""),
    ] {
        assert!(super::read_as(format, line.as_bytes(), &CX).is_some(), "{line}");
    }
}

#[test]
fn text_is_known_as_such_at_a_glance() {
    for (line, rest) in [
        ("order 7741 of customer 1193 placed in 38 ms", None),
        ("Warning: the cart was opened by alice", None),
        ("ERROR something broke", None),
        ("[worker 3] the cart was opened", None),
        ("2023-11-14T22:13:20.123Z the cart was opened", Some(" the cart was opened")),
        ("2023-11-14 22:13:20 ERROR something broke", Some(" ERROR something broke")),
        ("2023-11-14 22:13:20 [worker 3] the cart was opened", Some(" [worker 3] the cart was opened")),
        ("2023-11-14 22:13:20 could not connect: timeout", Some(" could not connect: timeout")),
        ("2023-11-14 22:13:20 ERROR could not connect: timeout", Some(" ERROR could not connect: timeout")),
        ("2023-11-14 22:13:20 the cart [7] was \"opened\"", Some(" the cart [7] was \"opened\"")),
        ("2023-11-14 22:13:20 cart-service was opened", Some(" cart-service was opened")),
        ("2023-11-14 22:13:20 - the cart was opened", Some(" - the cart was opened")),
        ("2023-11-14 22:13:20: the cart was opened", Some(": the cart was opened")),
        ("2023-11-14 22:13:20 ERROR: no cart", Some(" ERROR: no cart")),
        ("2023-11-14 22:13:20 shop: the cart was opened", Some(" shop: the cart was opened")),
        ("2023-11-14 22:13:20 7 carts were opened", Some(" 7 carts were opened")),
        ("2023-11-14 22:13:20 done", Some(" done")),
        ("22:13:20.5 INFO the cart was opened", None),
        ("[22:13:20] the cart was opened", None),
        ("[7] the cart was opened", None),
        ("I have opened the cart", None),
        ("der \u{c4}pfel drei", None),
        ("java.lang.Error: no cart", None),
        ("Shop::Cart was opened", None),
        ("panic: index [7] of 3", None),
        ("HTTP 200 was given", None),
        ("GET /cart was asked for", None),
        ("99.5% of all carts", None),
        ("<b>cart</b>", None),
        ("(7 carts)", None),
        ("- cart", None),
        ("7", None),
        ("x = 7", None),
        ("#!/bin/sh", None),
        ("1st of the carts", None),
        ("3, 4 and 7 carts", None),
        ("1.2.3 is the version", None),
        ("-- 7 carts", None),
        ("-----BEGIN CERTIFICATE-----", None),
        ("MIIDdzCCAl+gAwIBAgIEbGx2zTANBgkqhkiG9w0BAQsFADBsMRAwDg==", None),
        ("9w0BAQsFADBsMRAwDgYDVQQGEwdVbmtub3duMRAwDgYDVQQIEwdVbmtu", None),
        ("00000010  7f 45 4c 46 02 01 01 00  |.ELF[...|", None),
        ("0010: 7f45 4c46 0201", None),
        ("HTTP/1.1 is spoken", None),
        ("2023-11-14 22:13:20 order 4711 was placed", Some(" order 4711 was placed")),
        ("2023-11-14T22:13:20Z order 4711 was placed", Some(" order 4711 was placed")),
        ("2023-11-14 22:13:20 ERROR 500 was returned", Some(" ERROR 500 was returned")),
        ("2023-11-14 22:13:20 /srv/cart.py: no cart", Some(" /srv/cart.py: no cart")),
        ("2023-11-14 22:13:20 \"cart\" was opened", Some(" \"cart\" was opened")),
        ("2023-11-14 22:13:20 ... and so on", Some(" ... and so on")),
        ("2023-11-14 22:13:20 1st of the carts", Some(" 1st of the carts")),
    ] {
        let is_known = rest.map_or_else(
            || super::prose::undated(line.as_bytes()).is_some(),
            |rest| super::prose::dated(line.as_bytes(), 0, rest.as_bytes()).is_some(),
        );
        assert!(is_known, "{line}");
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, "plain", "{line}");
    }
}

#[test]
fn plain_text_is_searched_for_an_address_and_a_user_whether_it_is_stated_or_found() {
    for line in [
        "login failed for user 'bob' from 192.0.2.7",
        "2023-11-14 22:13:20 login failed for user 'bob' from 192.0.2.7",
        "[14/Nov/2023 22:13:20] login failed for user 'bob' from 192.0.2.7",
    ] {
        for format in [Format::Plain, Format::Auto] {
            let event = parse(format, line.as_bytes(), &CX);
            assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"), "{line} as {format}");
            assert_eq!(
                (event.format, event.attributes.get("outcome")),
                ("plain", Some("failure")),
                "{line} as {format}"
            );
        }
    }
}

#[test]
fn every_format_and_header_is_what_asking_every_parser_makes_of_it() {
    for line in LINES {
        for head in HEADS {
            let line = format!("{head}{line}");
            assert_eq!(super::read(line.as_bytes(), &CX), asking_all(line.as_bytes(), &CX), "{line}");
        }
    }
}
