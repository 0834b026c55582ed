//! Access logs of Atlassian's products: Jira's and Confluence's, whose server writes them without quotes, and Bitbucket's.
//!
//! ```text
//! [time] [forwarded for] user thread client GET /a HTTP/1.1 200 350ms 12345 referrer user agent
//! 192.0.2.7,198.51.100.1 | https | o@9K7x3x1x1 | bob | 2023-11-14 22:13:20,123 | "GET /a HTTP/1.1" | "referrer" "user agent" | 200 | 13 | 0 | cache:hit | 101 | session |
//! ```

use std::borrow::Cow;

use super::{FORMAT, ip_of};
use crate::cursor::{Cursor, push, push_unescaped};
use crate::{Attributes, Context, LogEvent, http_status, request_line, timestamp};

/// Reads what follows the time of a line of Jira or Confluence.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let mut words = [&b""[..]; 4];
    let mut count = 0;
    let method = loop {
        let word = cursor.word()?;
        if count >= 3 && cursor.rest().starts_with(b" /") && word.iter().all(u8::is_ascii_uppercase) {
            break word;
        }
        *words.get_mut(count)? = word;
        count += 1;
    };
    let (forwarded, user, thread, client) = match words {
        [user, thread, client, b""] => (&b""[..], user, thread, client),
        [forwarded, user, thread, client] => (forwarded, user, thread, client),
    };
    let (path, protocol, status) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let (duration, bytes) = (cursor.word()?.strip_suffix(b"ms")?, cursor.word()?);
    let is_thread = memchr::memmem::find(thread, b"-exec-").is_some();
    if !is_thread || !http_status::is_status(status) || !protocol.starts_with(b"HTTP/") {
        return None;
    }
    event.ip = ip_of(client);
    event.level = http_status::level(status);
    if user != b"-" {
        event.user_name = String::from_utf8_lossy(user);
    }
    let attributes = &mut event.attributes;
    for (name, value) in [
        ("x_forwarded_for", forwarded),
        ("thread", thread),
        ("remote_host", if event.ip.is_some() { &b""[..] } else { client }),
        ("method", method),
        ("path", path),
        ("protocol", protocol),
        ("status", status),
        ("duration_ms", duration),
        ("bytes", bytes),
        ("referrer", cursor.word().unwrap_or_default()),
    ] {
        push(attributes, name, value);
    }
    push(attributes, "user_agent", cursor.rest().trim_ascii());
    Some(())
}

/// Reads a line of Bitbucket's.
pub(crate) fn bitbucket<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    const FIELDS_MAX: usize = 16;
    let text = std::str::from_utf8(line).ok()?;
    let (clients, rest) = text.split_once(" | ")?;
    let (scheme, rest) = rest.split_once(" | ")?;
    if !matches!(scheme, "http" | "https" | "ssh" | "grpc") {
        return None;
    }
    let fields: Vec<&str> = rest.split(" | ").take(FIELDS_MAX).collect();
    // A node of its mesh has one more id before the user.
    let at = (2..=3).find(|at| fields.get(*at).is_some_and(|field| timestamp::parse(field, cx.zone).is_some()))?;
    let field = |at: usize| fields.get(at).copied().unwrap_or_default().trim().trim_end_matches(" |");
    let mut event = LogEvent {
        timestamp: timestamp::parse(field(at), cx.zone),
        message: Cow::Borrowed(line),
        format: FORMAT,
        attributes: Attributes::with_capacity(line.len() + 64, 12),
        ..LogEvent::default()
    };
    let user = field(at - 1);
    if user != "-" {
        event.user_name = Cow::Borrowed(user);
    }
    event.ip = ip_of(clients.split(',').next().unwrap_or_default().as_bytes());
    let status = field(at + 3);
    event.level = http_status::level(status.as_bytes());
    let attributes = &mut event.attributes;
    if clients.contains(',') {
        push(attributes, "x_forwarded_for", clients.as_bytes());
    }
    push(attributes, "scheme", scheme.as_bytes());
    push(attributes, "request_id", field(0).as_bytes());
    request_line::push_parts(attributes, field(at + 1).trim_matches('"').as_bytes());
    let mut agent = Cursor::new(field(at + 2).as_bytes());
    for name in ["referrer", "user_agent"] {
        push_unescaped(attributes, name, agent.quoted().unwrap_or_default());
    }
    for (name, place) in
        [("status", 3), ("received_bytes", 4), ("bytes", 5), ("labels", 6), ("duration_ms", 7), ("session", 8)]
    {
        push(attributes, name, field(at + place).as_bytes());
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
    const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

    #[test]
    fn requests_without_quotes_are_read() {
        for (line, ip, user, level, expected) in [
            (
                "[14/Nov/2023:22:13:20 +0000] bob http-nio-8080-exec-1 192.0.2.7 GET /a.jspa?b=c HTTP/1.1 404 350ms 12 http://a.example/ Agent/1.0 (x; y)",
                "192.0.2.7",
                "bob",
                Level::Warn,
                [
                    ("path", "/a.jspa?b=c"),
                    ("status", "404"),
                    ("duration_ms", "350"),
                    ("user_agent", "Agent/1.0 (x; y)"),
                ],
            ),
            (
                "[14/Nov/2023:22:13:20 +0000] 192.0.2.7 - http-nio-8090-exec-6 ::1 POST / HTTP/1.1 200 12ms - - curl/8",
                "::1",
                "",
                Level::Info,
                [
                    ("method", "POST"),
                    ("x_forwarded_for", "192.0.2.7"),
                    ("thread", "http-nio-8090-exec-6"),
                    ("user_agent", "curl/8"),
                ],
            ),
            (
                "192.0.2.7,198.51.100.1 | https | o@9K7x3x1x1 | bob | 2023-11-14 22:13:20,000 | \"GET /git/a.git HTTP/1.1\" | \"\" \"git/2.4\" | 500 | 13 | 7 | refs, cache:hit | 101 | abc |",
                "192.0.2.7",
                "bob",
                Level::Error,
                [("path", "/git/a.git"), ("user_agent", "git/2.4"), ("bytes", "7"), ("labels", "refs, cache:hit")],
            ),
            (
                "2001:db8::7 | ssh | o@9K7x3x1x1 | bob | 2023-11-14 22:13:20,000 | \"SSH - git-upload-pack '/a.git'\" | - | 0 | 13 | 7 | push | 101 | abc |",
                "2001:db8::7",
                "bob",
                Level::Info,
                [("scheme", "ssh"), ("request_id", "o@9K7x3x1x1"), ("duration_ms", "101"), ("session", "abc")],
            ),
        ] {
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp, event.level), ("access", Some(T), level), "{line}");
            assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{line}");
            for (name, value) in expected {
                assert_eq!(event.attributes.get(name), Some(value), "{line}");
            }
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "[14/Nov/2023:22:13:20 +0000] bob worker-1 192.0.2.7 GET /a HTTP/1.1 200 5ms 1 - x",
            "192.0.2.7 | https | a | b | c",
            "192.0.2.7 | ftp | o@1 | bob | 2023-11-14 22:13:20,000 | x",
        ] {
            assert_ne!(parse(Format::Auto, line.as_bytes(), &CX).format, "access", "{line}");
        }
    }
}
