//! The access logs of Nginx Proxy Manager and of NPMplus, which begin with the time.
//!
//! ```text
//! [time] status - method scheme vhost "uri" [Client ip] [Length bytes] [Gzip ratio] "user agent" "referrer"
//! [time] cache upstream_status status - method scheme vhost "uri" [Client ip] [Length bytes] [Gzip ratio] [Sent-to server] "…" "…"
//! [time] vhost ip request_time "request" status bytes request_length referrer user agent
//! ```

use super::ip_of;
use crate::cursor::{Cursor, push, push_unescaped};
use crate::{LogEvent, address, http_status, request_line};

/// Reads what follows the time.
pub(super) fn read<'a>(cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    manager(cursor, event).or_else(|| plus(cursor, event))
}

fn manager<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let mut words = [&b""[..]; 6];
    let mut count = 0;
    while !cursor.rest().trim_ascii_start().starts_with(b"\"") {
        *words.get_mut(count)? = cursor.word()?;
        count += 1;
        // One word more where the proxy asked a server: its own status.
        if count == 6 && !cursor.rest().trim_ascii_start().starts_with(b"\"") {
            return with_cache(words, cursor, event);
        }
    }
    match words {
        [status, b"-", method, scheme, vhost, b""] if http_status::is_status(status) => {
            rest(status, method, scheme, vhost, cursor, event)
        }
        _ => None,
    }
}

fn with_cache<'a>(words: [&'a [u8]; 6], mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let [cache, upstream, status, b"-", method, scheme] = words else {
        return None;
    };
    let vhost = cursor.word()?;
    if !http_status::is_status(status) {
        return None;
    }
    rest(status, method, scheme, vhost, cursor, event)?;
    push(&mut event.attributes, "upstream_cache_status", cache);
    push(&mut event.attributes, "upstream_status", upstream);
    Some(())
}

/// Reads from the address of the page on.
fn rest<'a>(
    status: &'a [u8],
    method: &'a [u8],
    scheme: &'a [u8],
    vhost: &'a [u8],
    mut cursor: Cursor<'a>,
    event: &mut LogEvent<'a>,
) -> Option<()> {
    let uri = cursor.quoted()?;
    let client = cursor.bracketed()?.strip_prefix(b"Client ")?;
    event.ip = ip_of(client);
    event.level = http_status::level(status);
    let attributes = &mut event.attributes;
    push(attributes, "method", method);
    push(attributes, "scheme", scheme);
    push(attributes, "vhost", vhost);
    push_unescaped(attributes, "path", uri);
    push(attributes, "status", status);
    while cursor.rest().trim_ascii_start().starts_with(b"[") {
        let field = cursor.bracketed()?;
        for (label, name) in [(&b"Length "[..], "bytes"), (b"Gzip ", "gzip_ratio"), (b"Sent-to ", "server")] {
            if let Some(value) = field.strip_prefix(label) {
                push(attributes, name, value);
            }
        }
    }
    push_unescaped(attributes, "user_agent", cursor.quoted_or_cut().unwrap_or_default());
    push_unescaped(attributes, "referrer", cursor.quoted_or_cut().unwrap_or_default());
    Some(())
}

fn plus<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let (vhost, client, time) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let found = std::str::from_utf8(client).ok().and_then(address::parse)?;
    let (request, status) = (cursor.quoted()?, cursor.word()?);
    if !http_status::is_status(status) {
        return None;
    }
    event.ip = Some(found.ip);
    event.level = http_status::level(status);
    let attributes = &mut event.attributes;
    push(attributes, "vhost", vhost);
    push(attributes, "request_time", time);
    request_line::push_parts(attributes, request);
    push(attributes, "status", status);
    for name in ["bytes", "request_length", "referrer"] {
        push(attributes, name, cursor.word().unwrap_or_default());
    }
    // The user agent stands there without quotes, to the end.
    push(attributes, "user_agent", cursor.rest().trim_ascii_start());
    Some(())
}
