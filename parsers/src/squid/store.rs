//! Squid's `store.log`: what became of each object of its cache.
//!
//! ```text
//! 1700000000.123 SWAPOUT 00 000002FD B1DCC6A82FEAE0DAFACF1DE3D37F415D  200 1700000000        -1        -1 text/html 25651/2591 GET http://a.example/
//! 1700000000.123 RELEASE -1 FFFFFFFF D6A9EAFAD972F9389675C5B8AB2AD5BF   ?         ?         ?         ? ?/? ?/? ? ?
//! ```
//!
//! Attributes: `action`, `cache_dir`, `file_number`, `key`, `status`, and the headers `date`, `last_modified` and `expires` in seconds
//! since 1970, `content_type`, `content_length` (what the header says), `bytes` (what came), `method` and `path` (the URL). What Squid
//! marks as absent (`?`, `-1`, `unknown`) is absent; so is the number of a file that was only in memory (`FFFFFFFF`).
//!
//! The status is that of the stored answer and says nothing of the cache: only a swap that failed (`SO_FAIL`) is WARN.

use super::FORMAT;
use crate::cursor::{Cursor, push};
use crate::{Attributes, Level, LogEvent};

/// Whether `word` is one of the actions that begin what follows the time.
pub(super) fn is_action(word: &[u8]) -> bool {
    matches!(word, b"CREATE" | b"SWAPIN" | b"SWAPOUT" | b"RELEASE" | b"SO_FAIL")
}

/// Reads what follows the time and `action`; `line` is all of it.
pub(super) fn read<'a>(line: &'a [u8], stamp: i64, action: &[u8], mut cursor: Cursor<'a>) -> Option<LogEvent<'a>> {
    let (dir, file, key) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let is_file = file.len() == 8 && file.iter().all(u8::is_ascii_hexdigit);
    if !is_file || key.len() < 16 || !key.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut attributes = Attributes::with_capacity(line.len() + 96, 12);
    push(&mut attributes, "action", action);
    push(&mut attributes, "cache_dir", known(dir));
    push(&mut attributes, "file_number", if file == b"FFFFFFFF" { b"" } else { file });
    push(&mut attributes, "key", key);
    for name in ["status", "date", "last_modified", "expires", "content_type"] {
        let value = cursor.word()?;
        // An answer that has not come has the status 0.
        let is_absent = matches!((name, value), ("status", b"0") | ("content_type", b"unknown" | b"?/?"));
        push(&mut attributes, name, if is_absent { b"" } else { known(value) });
    }
    let sizes = cursor.word()?;
    let slash = sizes.iter().position(|b| *b == b'/')?;
    push(&mut attributes, "content_length", known(sizes.get(..slash)?));
    push(&mut attributes, "bytes", known(sizes.get(slash + 1..)?));
    push(&mut attributes, "method", known(cursor.word()?));
    // A URL that was cut off may be missing.
    push(&mut attributes, "path", known(cursor.rest().trim_ascii()));
    Some(LogEvent {
        timestamp: Some(stamp),
        level: if action == b"SO_FAIL" { Level::Warn } else { Level::Info },
        message: line.into(),
        format: FORMAT,
        attributes,
        ..LogEvent::default()
    })
}

/// `value`, or nothing where it says that there is none.
fn known(value: &[u8]) -> &[u8] {
    if matches!(value, b"?" | b"-1") { b"" } else { value }
}

#[cfg(test)]
mod tests {
    use crate::{Context, Format, Level, Zone, format};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn what_became_of_an_object_is_read() {
        for (rest, level, expected) in [
            (
                "SWAPOUT 00 000002FD B1DCC6A82FEAE0DAFACF1DE3D37F415D  200 1156318623 1137855990        -1 text/html 25651/2591 GET http://a.example/b c",
                Level::Info,
                "action=SWAPOUT; cache_dir=00; file_number=000002FD; key=B1DCC6A82FEAE0DAFACF1DE3D37F415D; status=200; date=1156318623; \
                 last_modified=1137855990; content_type=text/html; content_length=25651; bytes=2591; method=GET; path=http://a.example/b c",
            ),
            (
                "RELEASE -1 FFFFFFFF 02000000000000000B00000001000000  403 1624503519         0        -1 text/html;charset=utf-8 3582/3582 HEAD http://a.example/",
                Level::Info,
                "action=RELEASE; key=02000000000000000B00000001000000; status=403; date=1624503519; last_modified=0; \
                 content_type=text/html;charset=utf-8; content_length=3582; bytes=3582; method=HEAD; path=http://a.example/",
            ),
            (
                "SO_FAIL -1 FFFFFFFF D6A9EAFAD972F9389675C5B8AB2AD5BF   ?         ?         ?         ? ?/? ?/? ? ?",
                Level::Warn,
                "action=SO_FAIL; key=D6A9EAFAD972F9389675C5B8AB2AD5BF",
            ),
            (
                "RELEASE -1 FFFFFFFF 9EFDB6CA9746629F361EEF19AAF9E97A    0        -1        -1        -1 unknown -1/-1 GET http://a.example/",
                Level::Info,
                "action=RELEASE; key=9EFDB6CA9746629F361EEF19AAF9E97A; method=GET; path=http://a.example/",
            ),
        ] {
            let line = format!("1700000000.123 {rest}");
            let event = format::parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp), ("squid", Some(1_700_000_000_123_000)), "{line}");
            assert_eq!((event.level, &*event.message), (level, line.as_bytes()));
            let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(attributes.join("; "), expected);
        }
        for rest in ["RELEASE", "RELEASE -1 FFFFFFFF", "RELEASE -1 x y 1 2 3 4 5 6/7 8 9", "RELEASED -1 FFFFFFFF 0 0"] {
            let line = format!("1700000000.123 {rest}");
            assert_eq!(format::parse(Format::Auto, line.as_bytes(), &CX).format, "plain", "{line}");
        }
    }
}
