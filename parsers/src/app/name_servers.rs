//! The logs of name servers:
//!
//! ```text
//! 14-Nov-2023 22:13:20.123 queries: info: client @0x7f 192.0.2.7#5000 (a.example): query: a.example IN A +E(0)K   BIND
//! [1700000000] unbound[7:0] info: 192.0.2.7 a.example. A IN                                                       Unbound
//! [2023-11-14 22:13:20.123] nsd[7]: info: axfr for a.example. from 192.0.2.7 refused, no acl matches              NSD
//! [INFO] 192.0.2.7:5000 - 7 "A IN a.example. udp 40 false 512" NOERROR qr,rd,ra 106 0.012s                        CoreDNS
//! 11/14/2023 10:13:20 PM 0D58 PACKET  000001B2 UDP Rcv 192.0.2.7  0002   Q [0001   D   NOERROR] A  (1)a(7)example(0)   Windows
//! ```
//!
//! A query is `query` (the name, without the root's dot), `class` and `query_type`; what the servers say else is read as over syslog.

use super::scan::{attribute, blanks, bracketed, capital_level, digits, event, level, some_blanks, span, until, word};
use super::{Stamped, stamp};
use crate::{Context, Level, LogEvent, address, programs, timestamp};

/// BIND's own files, in [`LogEvent::format`].
pub const BIND: &str = "bind";
/// Unbound's own file, in [`LogEvent::format`].
pub const UNBOUND: &str = "unbound";
/// NSD's own file, in [`LogEvent::format`].
pub const NSD: &str = "nsd";
/// CoreDNS' queries, in [`LogEvent::format`].
pub const COREDNS: &str = "coredns";
/// The debug log of Windows' DNS server, in [`LogEvent::format`].
pub const WINDOWS_DNS: &str = "windows_dns";

/// Behind BIND's time: a category and a severity, either of which may be missing, and the text.
pub(super) fn bind<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    if stamped.line.get(2) != Some(&b'-') || !stamped.line.get(3)?.is_ascii_alphabetic() {
        return None;
    }
    let rest = some_blanks(stamped.rest)?;
    let (category, rest) = until(rest, b": ").filter(|(name, _)| is_category(name)).unwrap_or(("", rest));
    let (category, found, message) = match (severity(category), severity_first(rest)) {
        (Some(level), _) => ("", Some(level), rest),
        (None, Some((level, message))) => (category, Some(level), message),
        (None, None) => ("", None, rest),
    };
    let is_client = message.starts_with(b"client ");
    if found.is_none() && !(is_client && category.is_empty()) {
        return None;
    }
    let mut event = event(BIND, Some(stamped.at), found.unwrap_or_default(), message);
    attribute(&mut event, "category", category);
    programs::complete(&mut event, "named");
    Some(event)
}

fn is_category(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b' '))
}

/// BIND's severities; those of debugging have a number behind them.
fn severity(word: &str) -> Option<Level> {
    Some(match word {
        "critical" => Level::Fatal,
        "error" => Level::Error,
        "warning" => Level::Warn,
        "notice" | "info" => Level::Info,
        "debug" => Level::Debug,
        _ if word.strip_prefix("debug ").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit())) => {
            Level::Debug
        }
        _ => return None,
    })
}

fn severity_first(text: &[u8]) -> Option<(Level, &[u8])> {
    let (word, rest) = until(text, b": ").filter(|(word, _)| word.len() <= 12)?;
    Some((severity(word)?, rest))
}

/// `[1700000000] unbound[7:0] info: text`.
pub(super) fn unbound(text: &[u8]) -> Option<LogEvent<'_>> {
    let (seconds, rest) = digits(text.strip_prefix(b"[")?)?;
    let (ids, rest) = bracketed(rest.strip_prefix(b"] unbound")?)?;
    let (pid, thread) = ids.split_once(':')?;
    let (level, rest) = level(rest.strip_prefix(b" ")?)?;
    let mut event = event(UNBOUND, Some(timestamp::epoch(seconds)?), level, rest.strip_prefix(b": ")?);
    event.app = "unbound".into();
    event.proc_id = pid.into();
    attribute(&mut event, "thread", thread);
    programs::complete(&mut event, "unbound");
    Some(event)
}

/// `[1700000000] nsd[7]: info: text`, as NSD wrote it before version 4.
pub(super) fn nsd(text: &[u8]) -> Option<LogEvent<'_>> {
    let (seconds, rest) = digits(text.strip_prefix(b"[")?)?;
    nsd_after_time(timestamp::epoch(seconds)?, rest)
}

/// What stands behind the time: `] nsd[7]: info: text`.
pub(super) fn nsd_after_time(at: i64, rest: &[u8]) -> Option<LogEvent<'_>> {
    let (pid, rest) = digits(rest.strip_prefix(b"] nsd[")?)?;
    let (level, message) = level(rest.strip_prefix(b"]: ")?)?;
    let mut event = event(NSD, Some(at), level, message.strip_prefix(b": ")?);
    event.app = "nsd".into();
    event.proc_id = pid.into();
    programs::complete(&mut event, "nsd");
    Some(event)
}

/// The same behind a time, as older versions of CoreDNS write it.
pub(super) fn coredns_behind<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let event = coredns(blanks(stamped.rest))?;
    Some(LogEvent { timestamp: Some(stamped.at), ..event })
}

/// `[INFO] 192.0.2.7:5000 - 7 "A IN a.example. udp 40 false 512" NOERROR qr,rd,ra 106 0.012s`, without a time.
pub(super) fn coredns(text: &[u8]) -> Option<LogEvent<'_>> {
    let (level, rest) = capital_level(text.strip_prefix(b"[")?)?;
    let message = rest.strip_prefix(b"] ")?;
    let (remote, rest) = word(message)?;
    let (client, port) = remote.rsplit_once(':')?;
    let client = address::parse(client)?;
    let (_id, rest) = digits(rest.strip_prefix(b" - ")?)?;
    let (asked, rest) = until(rest.strip_prefix(b" \"")?, b"\" ")?;
    let mut words = asked.split(' ');
    let (query_type, class, name, protocol) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (rcode, rest) = word(rest)?;
    let (flags, rest) = word(rest.strip_prefix(b" ")?)?;
    let (size, rest) = digits(rest.strip_prefix(b" ")?)?;
    let (duration, _) = word(rest.strip_prefix(b" ")?)?;
    let mut event = event(COREDNS, None, level, message);
    event.ip = Some(client.ip);
    for (label, value) in [
        ("port", port),
        ("query", if name == "." { name } else { name.strip_suffix('.').unwrap_or(name) }),
        ("class", class),
        ("query_type", query_type),
        ("protocol", protocol),
        ("rcode", rcode),
        ("flags", flags),
        ("bytes", size),
        ("duration", duration),
    ] {
        attribute(&mut event, label, value);
    }
    Some(event)
}

/// A packet that Windows' DNS server has received or sent.
pub(super) fn windows<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = windows_time(text, cx)?;
    let (thread, rest) = span(some_blanks(rest)?, |b| b.is_ascii_hexdigit())?;
    let (context, rest) = word(some_blanks(rest)?).filter(|(context, _)| *context == "PACKET")?;
    let (_id, rest) = span(some_blanks(rest)?, |b| b.is_ascii_hexdigit())?;
    let (protocol, rest) = word(some_blanks(rest)?).filter(|(protocol, _)| matches!(*protocol, "UDP" | "TCP"))?;
    let (direction, rest) = word(some_blanks(rest)?).filter(|(direction, _)| matches!(*direction, "Rcv" | "Snd"))?;
    let (remote, rest) = word(some_blanks(rest)?)?;
    let (xid, rest) = span(some_blanks(rest)?, |b| b.is_ascii_hexdigit())?;
    let (kind, rest) = until(blanks(rest), b"[")?;
    let (flags, rest) = until(rest, b"]")?;
    let (query_type, rest) = word(some_blanks(rest)?)?;
    let name = labels(word(blanks(rest)).map(|(name, _)| name).unwrap_or_default());
    let mut event = event(WINDOWS_DNS, Some(at), Level::Unknown, text);
    event.ip = address::parse(remote).map(|found| found.ip);
    for (name, value) in [
        ("thread", thread),
        ("context", context),
        ("protocol", protocol),
        ("direction", direction),
        ("xid", xid),
        ("kind", if kind.trim_start().starts_with('R') { "response" } else { "query" }),
        ("rcode", flags.rsplit(' ').next().unwrap_or_default()),
        ("query_type", query_type),
        ("query", &name),
    ] {
        attribute(&mut event, name, value);
    }
    Some(event)
}

/// The time as the system's language has it: `11/14/2023 10:13:20 PM`, `14.11.2023 22:13:20`, `14/11/2023 22:13:20`.
fn windows_time<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let near = text.get(..24)?;
    let shape: &[u8] = match near.get(..6)?.iter().find(|b| !b.is_ascii_digit())? {
        b'.' => b"d.m.Y H:M:S",
        b'/' if near.ends_with(b"M") || near.windows(3).any(|part| matches!(part, b" AM" | b" PM")) => b"m/d/Y H:M:S",
        b'/' => b"d/m/Y H:M:S",
        _ => return None,
    };
    stamp::shaped(text, shape, cx)
}

/// `(1)a(7)example(0)`: each label behind its length.
fn labels(text: &str) -> String {
    let labels = text.split(['(', ')']).enumerate().filter(|(at, label)| at % 2 == 0 && !label.is_empty());
    labels.map(|(_, label)| label).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn the_servers_own_files_are_read() {
        for (line, expected) in [
            (
                "14-Nov-2023 22:13:20.123 queries: info: client @0x7f 192.0.2.7#5000 (a.example): query: a.example IN A +E(0)K (198.51.100.9)",
                "bind INFO 22:13:20.123 ip=192.0.2.7 category=queries port=5000 query=a.example class=IN query_type=A flags=+E(0)K | \
                 client @0x7f 192.0.2.7#5000 (a.example): query: a.example IN A +E(0)K (198.51.100.9)",
            ),
            (
                "14-Nov-2023 22:13:20.123 client 192.0.2.7#5000: query: a.example IN A +",
                "bind UNKNOWN 22:13:20.123 ip=192.0.2.7 port=5000 query=a.example class=IN query_type=A flags=+ | client 192.0.2.7#5000: query: a.example IN A +",
            ),
            (
                "14-Nov-2023 22:13:20.123 security: debug 3: client 192.0.2.7#5 (a.example): query (cache) 'a.example/A/IN' denied",
                "bind DEBUG 22:13:20.123 ip=192.0.2.7 category=security outcome=failure port=5 | \
                 client 192.0.2.7#5 (a.example): query (cache) 'a.example/A/IN' denied",
            ),
            ("14-Nov-2023 22:13:20.123 error: no", "bind ERROR 22:13:20.123 | no"),
            (
                "[1700000000] unbound[7:0] info: 192.0.2.7 a.example. A IN NOERROR 0.000000 1 56",
                "unbound INFO 22:13:20 app=unbound pid=7 ip=192.0.2.7 thread=0 query=a.example query_type=A class=IN rcode=NOERROR | \
                 192.0.2.7 a.example. A IN NOERROR 0.000000 1 56",
            ),
            (
                "[1700000000] unbound[7:0] notice: init module 0: validator",
                "unbound INFO 22:13:20 app=unbound pid=7 thread=0 | init module 0: validator",
            ),
            (
                "[INFO] 192.0.2.7:5000 - 7 \"A IN a.example. udp 40 false 512\" NOERROR qr,rd,ra 106 0.012s",
                "coredns INFO ip=192.0.2.7 port=5000 query=a.example class=IN query_type=A protocol=udp rcode=NOERROR flags=qr,rd,ra bytes=106 \
                 duration=0.012s | 192.0.2.7:5000 - 7 \"A IN a.example. udp 40 false 512\" NOERROR qr,rd,ra 106 0.012s",
            ),
            (
                "2023-11-14T22:13:20.123Z [INFO] 192.0.2.7:5000 - 7 \"A IN a.example. udp 40 false 512\" NOERROR qr 106 0.012s",
                "coredns INFO 22:13:20.123 ip=192.0.2.7 port=5000 query=a.example class=IN query_type=A protocol=udp rcode=NOERROR \
                 flags=qr bytes=106 duration=0.012s | 192.0.2.7:5000 - 7 \"A IN a.example. udp 40 false 512\" NOERROR qr 106 0.012s",
            ),
            (
                "[INFO] [2001:db8::7]:5000 - 7 \"NS IN . tcp 40 true 1232\" SERVFAIL - 0 2.1s",
                "coredns INFO ip=2001:db8::7 port=5000 query=. class=IN query_type=NS protocol=tcp rcode=SERVFAIL bytes=0 duration=2.1s | \
                 [2001:db8::7]:5000 - 7 \"NS IN . tcp 40 true 1232\" SERVFAIL - 0 2.1s",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn windows_packets_are_read_with_the_time_of_any_language() {
        for time in ["11/14/2023 10:13:20 PM", "14.11.2023 22:13:20", "14/11/2023 22:13:20"] {
            let line = format!(
                "{time} 0D58 PACKET  000001B2 UDP Rcv 192.0.2.7       0002 R Q [8081   DR  NXDOMAIN] A      (1)a(7)example(0)"
            );
            let expected = "windows_dns UNKNOWN 22:13:20 ip=192.0.2.7 thread=0D58 context=PACKET protocol=UDP direction=Rcv xid=0002 kind=response \
                            rcode=NXDOMAIN query_type=A query=a.example";
            check(parse(line.as_bytes(), &CX), &line, &format!("{expected} | {line}"));
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "14-Nov-2023 22:13:20.123 text",
            "14-Nov-2023 22:13:20.123 starting: text",
            "11/14/2023 10:13:20 PM text",
            "14.11.2023 22:13:20 0D58 EVENT   text",
            "[INFO] 192.0.2.7:5000 - text",
            "[INFO] 192.0.2.7 - 7 \"A IN a.example. udp 40 false 512\" NOERROR qr 106 0.012s",
            "[INFO] plugin/reload: Running configuration",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_rest_is_survived(
            head in "(\\[INFO\\] 192.0.2.7:5 - 7 \"|14-Nov-2023 22:13:20.1|\\[1700000000\\] unbound|14\\.11\\.2023 22:13:20 0D58 PACKET  1 UDP Rcv 192\\.0\\.2\\.7 2 )",
            rest in "( |\"|0s|:|\\[|\\]|\\(|\\)|queries|info|client |192\\.0\\.2\\.7#5|query: |a\\.example\\.|IN|A|7:0|Q|é){0,30}",
        ) {
            drop(parse(format!("{head}{rest}").as_bytes(), &CX));
        }
    }
}
