//! Apache's `ssl_request_log`, as its distributions configure it:
//!
//! ```text
//! [time] 192.0.2.1 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 612
//! ```

use crate::cursor::{Cursor, push};
use crate::{Level, LogEvent, address, request_line};

/// Reads what follows the time. No status is stated, so the level is INFO.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let (client, protocol, cipher) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let is_protocol = protocol.starts_with(b"TLSv") || protocol.starts_with(b"SSLv") || protocol == b"-";
    let request = cursor.quoted().filter(|_| is_protocol)?;
    let bytes = cursor.word()?;
    match std::str::from_utf8(client).ok().and_then(address::parse) {
        Some(found) => event.ip = Some(found.ip),
        None => push(&mut event.attributes, "remote_host", client),
    }
    push(&mut event.attributes, "ssl_protocol", protocol);
    push(&mut event.attributes, "ssl_cipher", cipher);
    request_line::push_parts(&mut event.attributes, request);
    push(&mut event.attributes, "bytes", bytes);
    event.level = Level::Info;
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::{Context, Zone, access};

    #[test]
    fn the_client_and_what_was_agreed_are_read() {
        let cx = Context { received_at: 0, zone: Zone::UTC };
        let line = br#"[14/Nov/2023:22:13:20 +0000] 192.0.2.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /x HTTP/1.1" 612"#;
        let event = access::parse(line, &cx).unwrap();
        assert_eq!((event.ip, event.timestamp), ("192.0.2.7".parse().ok(), Some(1_700_000_000_000_000)));
        let get = |name| event.attributes.get(name);
        assert_eq!((get("ssl_protocol"), get("path"), get("bytes")), (Some("TLSv1.3"), Some("/x"), Some("612")));
        let other = br#"[14/Nov/2023:22:13:20 +0000] some words here "quoted" 612"#;
        assert_eq!(access::parse(other, &cx), None);
    }
}
