//! uWSGI's log of requests:
//!
//! ```text
//! [pid: 7|app: 0|req: 1/2] 192.0.2.7 (bob) {38 vars in 696 bytes} [Tue Nov 14 22:13:20 2023] GET /x => generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)
//! ```
//!
//! Attributes: `method`, `path`, `protocol`, `status`, `bytes`, `duration` (with its unit), `uwsgi_app`, `core`.

use std::borrow::Cow;

use crate::cursor::{Cursor, push, text};
use crate::{Attributes, Context, LogEvent, address, http_status, timestamp};

/// Whether `line` may be one of them.
pub(crate) fn begins(line: &[u8]) -> bool {
    line.starts_with(b"[pid: ")
}

/// Reads such a line; `None` where it is none.
pub(super) fn read<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut cursor = Cursor::new(line);
    let ids = cursor.bracketed()?;
    let of = |name: &[u8]| ids.split(|b| *b == b'|').find_map(|id| id.strip_prefix(name));
    let client = cursor.word()?;
    let user = enclosed(&mut cursor, b'(', b')')?;
    enclosed(&mut cursor, b'{', b'}')?;
    let at = timestamp::asctime(cursor.bracketed()?, cx.zone)?;
    // A path may hold blanks, but no such arrow.
    let request = cursor.rest().trim_ascii_start();
    let arrow = memchr::memmem::find(request, b" => generated ")?;
    let (method, path) = request.get(..arrow)?.split_at_checked(memchr::memchr(b' ', request)?)?;
    cursor.set_rest(request.get(arrow + b" => generated ".len()..)?);
    let bytes = cursor.word()?;
    cursor.skip(b" bytes in ");
    let (duration, unit) = (cursor.word()?, cursor.word()?);
    let answer = enclosed(&mut cursor, b'(', b')')?;
    let (protocol, status) = answer.split_at_checked(memchr::memchr(b' ', answer)?)?;
    let status = status.trim_ascii();
    let mut event = LogEvent {
        timestamp: Some(at),
        level: Some(http_status::level(status)).filter(|_| http_status::is_status(status))?,
        proc_id: text(of(b"pid: ")?),
        user_name: if user == b"-" { Cow::Borrowed("") } else { text(user) },
        message: Cow::Borrowed(line),
        format: super::FORMAT,
        attributes: Attributes::with_capacity(line.len(), 8),
        ..LogEvent::default()
    };
    match std::str::from_utf8(client).ok().and_then(address::parse) {
        Some(found) => event.ip = Some(found.ip),
        None => push(&mut event.attributes, "remote_host", client),
    }
    let duration = [duration, b" ", unit].concat();
    let core = memchr::memmem::rfind(line, b" on core ").and_then(|at| line.get(at + b" on core ".len()..));
    for (name, value) in [
        ("method", method),
        ("path", path.trim_ascii()),
        ("protocol", protocol),
        ("status", status),
        ("bytes", bytes),
        ("duration", duration.as_slice()),
        ("uwsgi_app", of(b"app: ").unwrap_or_default()),
        ("core", core.and_then(|core| core.trim_ascii_end().strip_suffix(b")")).unwrap_or_default()),
    ] {
        push(&mut event.attributes, name, value);
    }
    Some(event)
}

/// What stands between two brackets, behind blanks.
fn enclosed<'a>(cursor: &mut Cursor<'a>, open: u8, close: u8) -> Option<&'a [u8]> {
    let rest = cursor.rest().trim_ascii_start().strip_prefix(&[open])?;
    let end = memchr::memchr(close, rest)?;
    cursor.set_rest(rest.get(end + 1..)?);
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn who_asked_and_what_was_answered_are_read() {
        let line = "[pid: 7|app: 0|req: 1/2] 192.0.2.7 (bob) {38 vars in 696 bytes} [Tue Nov 14 22:13:20 2023] GET /x?q=a b => generated 47 bytes in 129 msecs (HTTP/1.1 404) 9 headers in 378 bytes (1 switches on core 3)";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.format, event.timestamp), ("access", Some(1_700_000_000_000_000)));
        assert_eq!((event.level, &*event.proc_id, &*event.user_name), (Level::Warn, "7", "bob"));
        assert_eq!(event.ip, "192.0.2.7".parse().ok());
        let get = |name| event.attributes.get(name).unwrap_or_default();
        assert_eq!((get("method"), get("path"), get("protocol")), ("GET", "/x?q=a b", "HTTP/1.1"));
        assert_eq!((get("status"), get("bytes"), get("duration")), ("404", "47", "129 msecs"));
        assert_eq!((get("uwsgi_app"), get("core")), ("0", "3"));
        let nobody = line.replace("(bob)", "()").replace("129 msecs", "68 micros");
        let event = parse(Format::Auto, nobody.as_bytes(), &CX);
        assert_eq!((&*event.user_name, event.attributes.get("duration")), ("", Some("68 micros")));
    }

    #[test]
    fn what_it_says_else_is_none() {
        for line in ["[pid: 7] gone", "[pid: 7|app: 0] 192.0.2.7 () {x} [y] GET / => generated 1 bytes", "[pid: "] {
            assert_ne!(parse(Format::Auto, line.as_bytes(), &CX).format, "access", "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(rest in "(\\||192\\.0\\.2\\.7|\\(|\\)|\\{|\\}|\\]|\\[Tue Nov 14 22:13:20 2023\\]| => generated |1| ){0,30}") {
            drop(parse(Format::Auto, format!("[pid: {rest}").as_bytes(), &CX));
        }
    }
}
