//! The access logs of Amazon's load balancers: classic (ELB), application (ALB) and network (NLB, see `elb/tls.rs`).
//!
//! ```text
//! [type] time name client:port target:port t t t status target_status received sent "request" "agent" cipher protocol …
//! ```
//!
//! The client is `ip`, the host of the event the balancer's name. Attributes have the names of Amazon's manual, except for what
//! all access logs have: `method`, `protocol`, `status`, `bytes` (sent), `user_agent`, and `path`, which is that of the `url`
//! that the balancer writes. The level follows from the status; the message is the whole line.

mod tls;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use crate::cursor::{Cursor, Value, push, push_unescaped, text};
use crate::request_line::{self, RequestLine};
use crate::{Attributes, Context, LogEvent, address, http_status, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "elb";

const TYPES: [&[u8]; 6] = [b"http", b"https", b"h2", b"grpcs", b"ws", b"wss"];

/// What follows TLS's cipher and protocol in the logs of an application load balancer.
const LATER: [&str; 15] = [
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_port_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
    "transformed_host",
];

/// Reads a line of a load balancer's access log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    // Either of the two beginnings: a type, or the time itself.
    let kind = match line.first()? {
        b'g' | b'h' | b'w' => {
            let end = line.iter().take(6).position(|b| *b == b' ')?;
            Some(line.get(..end)?).filter(|kind| TYPES.contains(kind))?
        }
        b'1'..=b'9' => b"",
        b't' => return tls::parse(line, cx),
        _ => return None,
    };
    let mut cursor = Cursor::new(line.get(kind.len()..)?);
    cursor.skip_blanks();
    let (stamp, rest) = timestamp::iso_prefix(cursor.rest(), cx.zone)?;
    after_stamp(line, kind, stamp, rest)
}

/// Whether a balancer's name and the address of a client may stand where `rest` begins, behind a time.
pub(crate) fn may_follow(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b" ").unwrap_or(rest);
    let client = memchr::memchr2(b' ', b'\t', name).and_then(|blank| name.get(blank + 1));
    // White space of any kind is left out before an address.
    client.is_some_and(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'[' | ..=b' ' | 0x7f..))
}

/// Reads what follows the time; `kind` stands before it.
pub(crate) fn after_stamp<'a>(line: &'a [u8], kind: &'a [u8], stamp: i64, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    // Most lines that begin with a time have no quotes.
    memchr::memchr(b'"', rest)?;
    let mut cursor = Cursor::new(rest.strip_prefix(b" ")?);
    let (name, client, target) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let ip = client_address(client)?;
    let times = [cursor.word()?, cursor.word()?, cursor.word()?];
    let (status, target_status, received, sent) = (cursor.word()?, cursor.word()?, cursor.word()?, cursor.word()?);
    if !(http_status::is_status(status) || status == b"-") {
        return None;
    }
    let request = cursor.quoted_or_cut()?;
    let mut event = LogEvent {
        timestamp: Some(stamp),
        level: http_status::level(status),
        host: text(name),
        ip: Some(ip),
        message: Cow::Borrowed(line),
        format: FORMAT,
        attributes: Attributes::with_capacity(line.len() + 256, 30),
        ..LogEvent::default()
    };
    let attributes = &mut event.attributes;
    push(attributes, "type", kind);
    push(attributes, "client", client);
    push(attributes, "client_port", port_of(client));
    push(attributes, "target", target);
    let names = ["request_processing_time", "target_processing_time", "response_processing_time"];
    for (name, time) in names.into_iter().zip(times) {
        push(attributes, name, time);
    }
    push(attributes, "status", status);
    push(attributes, "target_status_code", target_status);
    push(attributes, "received_bytes", received);
    push(attributes, "bytes", sent);
    push_request(attributes, request);
    push_unescaped(attributes, "user_agent", cursor.quoted_or_cut().unwrap_or_default());
    push(attributes, "ssl_cipher", cursor.word().unwrap_or_default());
    push(attributes, "ssl_protocol", cursor.word().unwrap_or_default());
    for name in LATER {
        push_unescaped(attributes, name, cursor.value().map(Value::bytes).unwrap_or_default());
    }
    push(attributes, "more", cursor.rest().trim_ascii());
    Some(event)
}

/// The address before a client's port; IPv6 has no brackets here. An address alone is none of a load balancer's.
fn client_address(client: &[u8]) -> Option<IpAddr> {
    if !client.iter().any(|b| matches!(b, b':' | b',' | b'%' | b'[')) {
        return None;
    }
    let client = std::str::from_utf8(client).ok()?;
    let before_port = client.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    if let Some(ip) = before_port.and_then(|(address, _)| address.parse::<Ipv6Addr>().ok()) {
        return Some(IpAddr::V6(ip).to_canonical());
    }
    address::parse(client).filter(|found| !found.whole).map(|found| found.ip)
}

fn push_request(attributes: &mut Attributes, request: &[u8]) {
    let Some(RequestLine { method, path: url, protocol }) = request_line::parse(request) else {
        push(attributes, "request", request);
        return;
    };
    push(attributes, "method", method);
    push(attributes, "url", url);
    push_unescaped(attributes, "path", path_of(url));
    push(attributes, "protocol", protocol);
}

/// The path and query of `scheme://host:port/path?query`.
fn path_of(url: &[u8]) -> &[u8] {
    let Some(at) = memchr::memmem::find(url, b"://") else { return url };
    let authority = url.get(at + 3..).unwrap_or_default();
    let slash = memchr::memchr(b'/', authority).unwrap_or(authority.len());
    authority.get(slash..).unwrap_or_default()
}

fn port_of(client: &[u8]) -> &[u8] {
    client.iter().rposition(|b| *b == b':').and_then(|at| client.get(at + 1..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    fn check(line: &str, level: Level, expected: &str) {
        let event = parse(line.as_bytes(), &CX).unwrap_or_else(|| panic!("not read: {line}"));
        assert_eq!(event.timestamp, Some(1_700_000_000_500_000));
        assert_eq!((event.ip, &*event.host, event.level), ("192.0.2.7".parse().ok(), "lb/1", level));
        let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(attributes.join("; "), expected, "{line}");
    }

    #[test]
    fn classic_lines_are_read() {
        check(
            "2023-11-14T22:13:20.500000Z lb/1 192.0.2.7:5512 - -1 -1 -1 503 - 12 0 \"PUT http://a.example:80/v?x HTTP/1.1\"",
            Level::Error,
            "client=192.0.2.7:5512; client_port=5512; request_processing_time=-1; target_processing_time=-1; \
             response_processing_time=-1; status=503; received_bytes=12; bytes=0; method=PUT; url=http://a.example:80/v?x; \
             path=/v?x; protocol=HTTP/1.1",
        );
    }

    #[test]
    fn lines_of_application_balancers_are_read() {
        check(
            "h2 2023-11-14T22:13:20.500000Z lb/1 192.0.2.7:5512 10.0.0.1:80 0.1 0.2 0.3 200 201 12 57 \
             \"GET https://a.example:443/ HTTP/2.0\" \"Agent 1\" AES TLSv1.2 arn:tg \"Root=1-5\" \"a.example\" \"-\" 0 \
             2023-11-14T22:13:20.400000Z \"waf,forward\" \"-\" \"-\" \"10.0.0.1:80\" \"201\" \"-\" \"-\" TID_1",
            Level::Info,
            "type=h2; client=192.0.2.7:5512; client_port=5512; target=10.0.0.1:80; request_processing_time=0.1; \
             target_processing_time=0.2; response_processing_time=0.3; status=200; target_status_code=201; received_bytes=12; \
             bytes=57; method=GET; url=https://a.example:443/; path=/; protocol=HTTP/2.0; user_agent=Agent 1; ssl_cipher=AES; \
             ssl_protocol=TLSv1.2; target_group_arn=arn:tg; trace_id=Root=1-5; domain_name=a.example; matched_rule_priority=0; \
             request_creation_time=2023-11-14T22:13:20.400000Z; actions_executed=waf,forward; target_port_list=10.0.0.1:80; \
             target_status_code_list=201; conn_trace_id=TID_1",
        );
    }

    #[test]
    fn an_address_of_ipv6_has_its_port_without_brackets() {
        for (client, ip, port) in [
            ("2001:db8:1:2:3:4:5:6:5512", "2001:db8:1:2:3:4:5:6", "5512"),
            ("2001:db8::7:80", "2001:db8::7", "80"),
            ("[2001:db8::7]:5512", "2001:db8::7", "5512"),
        ] {
            let line = format!(
                "h2 2023-11-14T22:13:20.500000Z lb/1 {client} 2001:db8::1:2:80 0.1 0.2 0.3 200 201 12 57 \"GET / HTTP/2.0\" \"a\" - -"
            );
            let event = parse(line.as_bytes(), &CX).unwrap();
            assert_eq!((event.ip, event.attributes.get("client_port")), (ip.parse().ok(), Some(port)), "{client}");
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "http",
            "hello 2023-11-14T22:13:20.500000Z lb/1 192.0.2.7:5512",
            "2023-11-14T22:13:20.500000Z INFO started 192.0.2.7:80 now",
            "2023-11-14T22:13:20.500000Z lb/1 192.0.2.7 - -1 -1 -1 503 - 12 0 \"PUT / HTTP/1.1\"",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, rest in r#"( |"|-|200|https://|GET |/|:|1){0,40}"#) {
            proptest::prop_assert!(parse(&line, &CX).is_none_or(|event| event.message.len() <= line.len()));
            let line = format!("h2 2023-11-14T22:13:20Z lb 192.0.2.7:1 - 1 1 1 200 1 1 1 {rest}");
            proptest::prop_assert!(parse(line.as_bytes(), &CX).is_none_or(|event| event.message.len() <= line.len()));
        }
    }
}
