//! Zoraxy's HTTP log.
//!
//! ```text
//! 2025/05/01 07:57:03 [2025-05-01 07:57:03.150624] [router:host-http] [origin:a.example] [client: 192.0.2.1] [useragent: …] GET / 404
//! ```

use super::ip_of;
use crate::cursor::{Cursor, push, unescaped};
use crate::{LogEvent, http_status};

/// Whether `head`, which stands before the time in brackets, is a date and a time itself.
pub(super) fn is_head(head: &[u8]) -> bool {
    matches!(head, [_, _, _, _, b'/', _, _, b'/', _, _, b' ', _, _, b':', _, _, b':', _, _])
}

/// Reads what follows the time.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let router = cursor.bracketed()?.strip_prefix(b"router:")?;
    let origin = cursor.bracketed()?.strip_prefix(b"origin:")?;
    let client = cursor.bracketed()?.strip_prefix(b"client:")?.trim_ascii();
    let agent = cursor.bracketed()?.strip_prefix(b"useragent:")?.trim_ascii();
    event.ip = ip_of(client);
    let rest = cursor.rest().trim_ascii();
    let status_at = rest.iter().rposition(|b| *b == b' ')?;
    let (request, status) = (rest.get(..status_at)?, rest.get(status_at + 1..)?);
    let path_at = memchr::memchr(b' ', request)?;
    if !http_status::is_status(status) {
        return None;
    }
    event.level = http_status::level(status);
    let attributes = &mut event.attributes;
    push(attributes, "router", router);
    push(attributes, "vhost", origin);
    push(attributes, "method", request.get(..path_at)?);
    push(attributes, "path", request.get(path_at + 1..)?);
    push(attributes, "status", status);
    if !matches!(agent, b"" | b"-") {
        attributes.push("user_agent", &unescaped(agent));
    }
    Some(())
}
