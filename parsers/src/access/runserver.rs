//! Lines that begin with the time and have no client: those of Django's development server.
//!
//! ```text
//! [14/Nov/2023 22:13:20] "GET / HTTP/1.1" 200 612
//! ```

use crate::cursor::{Cursor, push};
use crate::{LogEvent, http_status, request_line};

/// Reads what follows the time: the request, the status and the bytes, and nothing else.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let request = cursor.quoted()?;
    let (status, bytes) = (cursor.word()?, cursor.word()?);
    let is_number = bytes == b"-" || bytes.iter().all(u8::is_ascii_digit);
    if !http_status::is_status(status) || !is_number || cursor.word().is_some() {
        return None;
    }
    request_line::push_parts(&mut event.attributes, request);
    event.level = http_status::level(status);
    push(&mut event.attributes, "status", status);
    push(&mut event.attributes, "bytes", bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::{Context, Level, Zone, access};

    #[test]
    fn a_request_without_its_client_is_read() {
        let cx = Context { received_at: 0, zone: Zone::UTC };
        for time in ["14/Nov/2023 22:13:20", "14/Nov/2023:22:13:20 +0000"] {
            let line = format!("[{time}] \"GET /x HTTP/1.1\" 404 612");
            let event = access::parse(line.as_bytes(), &cx).unwrap();
            assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn));
            let get = |name| event.attributes.get(name);
            assert_eq!((get("path"), get("status"), get("bytes")), (Some("/x"), Some("404"), Some("612")));
        }
        for rest in ["text", "\"quoted\" text", "\"GET / HTTP/1.1\" 200 many", "\"GET / HTTP/1.1\" 200 6 and more"] {
            let line = format!("[14/Nov/2023 22:13:20] {rest}");
            assert_eq!(access::parse(line.as_bytes(), &cx), None, "{line}");
        }
    }
}
