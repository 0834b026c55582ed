//! The lines of web servers as messages of other records: behind a syslog header, in a container runtime's log.

use std::borrow::Cow;

use crate::{Context, Level, LogEvent, access, haproxy, nginx_error};

/// A bracket stands this near to the front of each of these lines.
const BRACKET_WITHIN_BYTES: usize = 1024;

/// What BIG-IP puts before the lines of its web server's access log.
const BIG_IPS_ACCESS: &[u8] = b"[ssl_acc] ";

/// Whether one search in `message` leaves it possible that it is one of these lines (those in which HAProxy speaks of itself excepted).
pub(crate) fn may_hold(message: &[u8]) -> bool {
    memchr::memchr(b'[', message.get(..BRACKET_WITHIN_BYTES).unwrap_or(message)).is_some()
}

/// Fills `event` from its message, where that is a line of an access log, of HAProxy or of nginx's error log.
///
/// The message stays as it is. What it states becomes attributes, and fills the fields that the header left empty; the level
/// that follows from it replaces that of the header, since senders give all their lines the same.
///
/// The result is the time that HAProxy states, if it is its line: a header may lack the year that stands there.
pub(crate) fn complete(event: &mut LogEvent<'_>, cx: &Context) -> Option<i64> {
    let Cow::Borrowed(message) = event.message else { return None };
    // A JSON object has been read as one.
    if message.first() == Some(&b'{') {
        return None;
    }
    let message = message.strip_prefix(BIG_IPS_ACCESS).unwrap_or(message);
    let is_haproxy = event.app.starts_with("haproxy");
    let inner = haproxy::parse(message, cx)
        .or_else(|| if is_haproxy { haproxy::parse_notice(message) } else { None })
        .or_else(|| access::parse(message, cx))
        .or_else(|| nginx_error::parse(message, cx));
    let inner = inner?;
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
    inner.timestamp.filter(|_| inner.format == haproxy::FORMAT)
}

#[cfg(test)]
mod tests {
    use crate::{Context, Format, Level, Zone, format};

    #[test]
    fn the_access_log_of_big_ips_own_server_gives_address_and_user() {
        let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
        let line = br#"<134>Nov 14 22:13:20 bigip1 info logger[5]: [ssl_acc] 192.0.2.7 - admin [14/Nov/2023:22:13:20 +0000] "/mgmt/tm" 200 55"#;
        let event = format::parse(Format::Auto, line, &cx);
        assert_eq!((&*event.app, &*event.user_name, event.ip), ("logger", "admin", "192.0.2.7".parse().ok()));
        assert_eq!((event.attributes.get("request"), event.attributes.get("status")), (Some("/mgmt/tm"), Some("200")));
        assert!(event.message.starts_with(b"[ssl_acc] "));
    }

    #[test]
    fn a_header_without_a_year_has_that_of_the_date_in_haproxys_line_if_it_is_the_same_day() {
        // 2023-11-14
        let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
        for (header, accepted, expected) in [
            ("Feb  6 12:14:14", "06/Feb/2009:12:14:14.655", "2009-02-06T12:14:14Z"),
            ("Jan  1 00:00:03", "31/Dec/2008:23:59:58.000", "2009-01-01T00:00:03Z"),
            ("Feb  6 12:14:14", "09/Feb/2009:12:14:14.655", "2023-02-06T12:14:14Z"),
            ("Nov 14 12:14:14", "14/Nov/2023:12:14:10.655", "2023-11-14T12:14:14Z"),
            ("2022-02-06T12:14:14Z", "06/Feb/2009:12:14:14.655", "2022-02-06T12:14:14Z"),
        ] {
            let line = format!(
                "<134>{header} lb1 haproxy[14]: 192.0.2.7:5059 [{accepted}] in app/s1 1/0/5007 212 SC 1/2/3/4/5 6/7"
            );
            let event = format::parse(Format::Auto, line.as_bytes(), &cx);
            let stamp = chrono::DateTime::from_timestamp_micros(event.timestamp.unwrap()).unwrap();
            assert_eq!(stamp.to_rfc3339().replace("+00:00", "Z"), expected, "{line}");
        }
    }

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
