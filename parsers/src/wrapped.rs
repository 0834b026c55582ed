//! The lines of web servers as messages of other records: behind a syslog header, in a container runtime's log.

use std::borrow::Cow;

use crate::{Context, Level, LogEvent, access, haproxy, nginx_error};

/// A bracket stands this near to the front of each of these lines.
const BRACKET_WITHIN_BYTES: usize = 1024;

/// Whether one search in `message` leaves it possible that it is one of these lines (those in which HAProxy speaks of itself excepted).
pub(crate) fn may_hold(message: &[u8]) -> bool {
    memchr::memchr(b'[', message.get(..BRACKET_WITHIN_BYTES).unwrap_or(message)).is_some()
}

/// Fills `event` from its message, where that is a line of an access log, of HAProxy or of nginx's error log.
///
/// The message stays as it is. What it states becomes attributes, and fills the fields that the header left empty; the level
/// that follows from it replaces that of the header, since senders give all their lines the same.
pub(crate) fn complete(event: &mut LogEvent<'_>, cx: &Context) {
    let Cow::Borrowed(message) = event.message else { return };
    // A JSON object has been read as one.
    if message.first() == Some(&b'{') {
        return;
    }
    let is_haproxy = event.app.starts_with("haproxy");
    let inner = haproxy::parse(message, cx)
        .or_else(|| if is_haproxy { haproxy::parse_notice(message) } else { None })
        .or_else(|| access::parse(message, cx))
        .or_else(|| nginx_error::parse(message, cx));
    let Some(inner) = inner else { return };
    if inner.level != Level::Unknown {
        event.level = inner.level;
    }
    event.timestamp = event.timestamp.or(inner.timestamp);
    event.ip = event.ip.or(inner.ip);
    if event.user_name.is_empty() && !inner.user_name.is_empty() {
        event.user_name = Cow::Owned(inner.user_name.into_owned());
    }
    if !inner.proc_id.is_empty() {
        // The header's process may be another (a forwarder's), or none.
        event.attributes.push("pid", &inner.proc_id);
    }
    event.attributes.append(inner.attributes);
}

#[cfg(test)]
mod tests {
    use crate::{Context, Format, Level, Zone, format};

    #[test]
    fn a_web_servers_line_in_another_record_gives_its_fields() {
        let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
        let access = r#"192.0.2.7 - jane [14/Nov/2023:22:13:21 +0000] "GET / HTTP/1.1" 404 1"#;
        let haproxy = "192.0.2.7:5059 [14/Nov/2023:22:13:21.001] in app/s1 1/0/5007 212 SC 1/2/3/4/5 6/7";
        let nginx = "2023/11/14 22:13:21 [warn] 1#1: *1 text, client: 192.0.2.7";
        for message in [access, haproxy, nginx] {
            for header in ["<190>Nov 14 22:13:20 web1 any: ", "2023-11-14T22:13:20Z stdout F "] {
                let line = format!("{header}{message}");
                let event = format::parse(Format::Auto, line.as_bytes(), &cx);
                assert_eq!(&*event.message, message.as_bytes());
                assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn), "{line}");
                assert_eq!(event.ip, "192.0.2.7".parse().ok(), "{line}");
                assert!(event.attributes.len() > 1);
            }
        }
        let event = format::parse(Format::Auto, b"<14>Nov 14 22:13:20 web1 haproxy[7]: Proxy in started.", &cx);
        assert_eq!((event.level, event.attributes.get("frontend_name")), (Level::Info, Some("in")));
    }
}
