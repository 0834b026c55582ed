//! The access log of Amazon's network load balancers: a line for each connection over TLS.
//!
//! ```text
//! tls 2.0 2023-11-14T22:13:20 net/lb/1 listener 192.0.2.7:5000 10.0.0.1:443 5 2 98 246 - arn:cert - AES TLSv12 - a.example - - - 2023-11-14T22:13:15
//! ```
//!
//! `bytes` are those that were sent, as in all access logs; the other attributes have the manual's names. The level is WARN where the client
//! sent an alert of TLS other than 0, which only closes the connection, else INFO.

use std::borrow::Cow;

use super::{FORMAT, port_of};
use crate::cursor::{Cursor, push, text};
use crate::{Attributes, Context, Level, LogEvent, address, timestamp};

/// What stands between the bytes and the end. Older versions of the format end earlier.
const LATER: [&str; 11] = [
    "incoming_tls_alert",
    "chosen_cert_arn",
    "chosen_cert_serial",
    "ssl_cipher",
    "ssl_protocol",
    "tls_named_group",
    "domain_name",
    "alpn_fe_protocol",
    "alpn_be_protocol",
    "alpn_client_preference_list",
    "tls_connection_creation_time",
];

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut cursor = Cursor::new(line.strip_prefix(b"tls ")?);
    let (version, time) = (cursor.word()?, cursor.word()?);
    let (stamp, _) = timestamp::iso_prefix(time, cx.zone).filter(|(_, rest)| rest.is_empty())?;
    let (name, listener, client, target) = (cursor.word()?, cursor.word()?, cursor.word()?, cursor.word()?);
    let found = std::str::from_utf8(client).ok().and_then(address::parse).filter(|found| !found.whole)?;
    let times = [cursor.word()?, cursor.word()?];
    let (received, sent) = (cursor.word()?, cursor.word()?);
    let mut event = LogEvent {
        timestamp: Some(stamp),
        level: Level::Info,
        host: text(name),
        ip: Some(found.ip),
        message: Cow::Borrowed(line),
        format: FORMAT,
        attributes: Attributes::with_capacity(line.len() + 256, 24),
        ..LogEvent::default()
    };
    let attributes = &mut event.attributes;
    for (name, value) in [
        ("type", &b"tls"[..]),
        ("version", version),
        ("listener", listener),
        ("client", client),
        ("client_port", port_of(client)),
        ("target", target),
    ] {
        push(attributes, name, value);
    }
    for (name, value) in ["connection_time", "tls_handshake_time"].into_iter().zip(times) {
        push(attributes, name, value);
    }
    push(attributes, "received_bytes", received);
    push(attributes, "bytes", sent);
    for name in LATER {
        push(attributes, name, cursor.word().unwrap_or_default());
    }
    push(attributes, "more", cursor.rest().trim_ascii());
    if !matches!(event.attributes.get("incoming_tls_alert"), None | Some("0")) {
        event.level = Level::Warn;
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::{Context, Format, Level, Zone, format};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    fn check(rest: &str, level: Level, expected: &str) {
        let line = format!("tls 2.0 2023-11-14T22:13:20 net/lb/1 l1 192.0.2.7:5512 10.0.0.1:443 5 2 98 246 {rest}");
        let event = format::parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.format, event.timestamp), ("elb", Some(1_700_000_000_000_000)));
        assert_eq!((event.ip, &*event.host, event.level), ("192.0.2.7".parse().ok(), "net/lb/1", level), "{rest}");
        let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let common = "type=tls; version=2.0; listener=l1; client=192.0.2.7:5512; client_port=5512; target=10.0.0.1:443; \
                      connection_time=5; tls_handshake_time=2; received_bytes=98; bytes=246";
        assert_eq!(attributes.join("; "), format!("{common}{expected}"), "{rest}");
    }

    #[test]
    fn connections_over_tls_are_read() {
        check(
            "- arn:cert - AES TLSv12 - a.example h2 h2 \"h2\",\"http/1.1\" 2023-11-14T22:13:15",
            Level::Info,
            "; chosen_cert_arn=arn:cert; ssl_cipher=AES; ssl_protocol=TLSv12; domain_name=a.example; alpn_fe_protocol=h2; \
             alpn_be_protocol=h2; alpn_client_preference_list=\"h2\",\"http/1.1\"; \
             tls_connection_creation_time=2023-11-14T22:13:15",
        );
        check("0 -", Level::Info, "; incoming_tls_alert=0");
        check("42 - - - - - -", Level::Warn, "; incoming_tls_alert=42");
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["tls", "tls 1.3 is new", "tls 2.0 2023-11-14T22:13:20 lb l1 192.0.2.7 10.0.0.1:443 5 2 98 246"] {
            assert_eq!(format::parse(Format::Auto, line.as_bytes(), &CX).format, "plain", "{line}");
        }
    }
}
