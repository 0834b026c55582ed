//! What `docker compose logs` and `docker service logs` write: the container's name, a bar, and the line that the container wrote.
//!
//! ```text
//! web-1  | 192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 5
//! web-1  | 2023-11-14T22:13:20.123456789Z * Running on port 5000              with `--timestamps`
//! shop_web.1.x7f3@node1    | ready
//! ```

use std::borrow::Cow;

use crate::{Context, Level, LogEvent, contained, cursor, json, plain, timestamp};

/// The name of this format in [`LogEvent::format`].
pub(crate) const FORMAT: &str = "compose";

/// No name of a container is longer, with the blanks that fill the column.
const NAME_BYTES_MAX: usize = 128;

/// Reads such a line; `None` where it is none.
///
/// The name is the record's `app`, the container's own line the message, which is read as [`cri`](crate::cri) reads one. The time is the one that
/// Docker states, else the line's own.
pub(crate) fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (name, output) = name_and_output(line)?;
    let (stamp, message) = docker_stamp(output, cx).unwrap_or((None, output));
    let mut event = LogEvent {
        timestamp: stamp,
        level: plain::stated_level(message),
        app: cursor::text(name),
        message: Cow::Borrowed(message),
        format: FORMAT,
        ..LogEvent::default()
    };
    json::complete_from_message(&mut event, cx);
    contained::complete_from_output(&mut event, cx);
    if event.timestamp.is_none() {
        let own = plain::parse(message, cx);
        event.timestamp = own.timestamp;
        if event.level == Level::Unknown {
            event.level = own.level;
        }
    }
    Some(event)
}

/// Whether behind the first name in a text, where `behind` stands, a bar follows as here.
#[inline]
pub(crate) fn may_follow_name(behind: &[u8]) -> bool {
    behind.strip_prefix(b" ").is_some_and(may_follow_blank)
}

/// As [`may_follow_name`], where `behind` stands behind a name and a blank.
#[inline]
pub(crate) fn may_follow_blank(behind: &[u8]) -> bool {
    matches!(behind.first(), Some(b' ' | b'|')) && behind.iter().find(|b| **b != b' ') == Some(&b'|')
}

fn name_and_output(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let near = line.get(..NAME_BYTES_MAX).unwrap_or(line);
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@');
    let (name, behind) = line.split_at_checked(near.iter().take_while(|b| is_part(b)).count())?;
    let bar = behind.iter().take(NAME_BYTES_MAX).take_while(|b| **b == b' ').count();
    let output = behind.get(bar..)?.strip_prefix(b"|").filter(|_| bar > 0)?;
    // Where the container wrote an empty line nothing follows.
    let output = if output.is_empty() { output } else { output.strip_prefix(b" ")? };
    // The column of names is one blank wider than the longest; a table has more bars.
    let is_column = bar > 1 && name.len() > 1 && memchr::memmem::find(output, b" | ").is_none();
    let is_name = name.first()?.is_ascii_alphabetic() && (is_column || is_numbered(name));
    is_name.then_some((name, output))
}

/// Whether the name ends with the number of a replica: `web-1`, `web_1`.
fn is_numbered(name: &[u8]) -> bool {
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    digits > 0
        && name.len().checked_sub(digits + 1).is_some_and(|at| at > 0 && matches!(name.get(at), Some(b'-' | b'_')))
}

/// The time that Docker states in nanoseconds before the line, and what follows.
fn docker_stamp<'a>(output: &'a [u8], cx: &Context) -> Option<(Option<i64>, &'a [u8])> {
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _, b'.', ..] = output else {
        return None;
    };
    let (at, rest) = timestamp::iso_prefix(output, cx.zone)?;
    let stamp = output.len() - rest.len();
    (stamp > 23 && output.get(stamp - 1) == Some(&b'Z')).then(|| (Some(at), rest.strip_prefix(b" ").unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse as read;
    use crate::{Format, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
    const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

    #[test]
    fn the_name_the_time_and_the_line_are_told_apart() {
        for (line, app, at, level, message) in [
            ("web-1  | 2023-11-14T22:13:20.000000001Z * Running", "web-1", Some(T), Level::Unknown, "* Running"),
            ("web-1 | WARNING: no", "web-1", None, Level::Warn, "WARNING: no"),
            (
                "redis  | 7:M 14 Nov 2023 22:13:20.000 # no",
                "redis",
                Some(T),
                Level::Warn,
                "7:M 14 Nov 2023 22:13:20.000 # no",
            ),
            ("web-1  | 2023-11-14 22:13:20 ERROR no", "web-1", Some(T), Level::Error, "2023-11-14 22:13:20 ERROR no"),
            ("shop_web.1.x7f3@node1    | ready", "shop_web.1.x7f3@node1", None, Level::Unknown, "ready"),
            ("web-1  |", "web-1", None, Level::Unknown, ""),
            ("web-1  | a | b | c", "web-1", None, Level::Unknown, "a | b | c"),
        ] {
            let event = read(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, &*event.app), ("compose", app), "{line}");
            assert_eq!((event.timestamp, event.level), (at, level), "{line}");
            assert_eq!(String::from_utf8_lossy(&event.message), message, "{line}");
        }
    }

    #[test]
    fn what_the_container_wrote_gives_its_fields() {
        let line = br#"web-1  | 192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] "GET /x HTTP/1.1" 404 5 "-" "curl""#;
        let event = read(Format::Auto, line, &CX);
        assert_eq!((event.format, event.timestamp, event.level), ("compose", Some(T), Level::Warn));
        assert_eq!(
            (event.ip, &*event.user_name, event.attributes.get("path")),
            ("192.0.2.7".parse().ok(), "bob", Some("/x"))
        );
        let line = br#"web-1  | {"level":"error","msg":"no","user":"bob","time":"2023-11-14T22:13:20Z"}"#;
        let event = read(Format::Auto, line, &CX);
        assert_eq!((event.timestamp, event.level, &*event.user_name), (Some(T), Level::Error, "bob"));
    }

    #[test]
    fn tables_and_other_lines_are_none() {
        for line in [
            "name | size | age",
            "name  | size | age",
            "name | size",
            "a | b",
            "| a",
            "-web | x",
            "two words | x",
            "2023-11-14 | x",
            "7  | x",
            "web-1 |x",
            "web-1",
            "",
        ] {
            assert_eq!(read(Format::Auto, line.as_bytes(), &CX).format, "plain", "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line in "(web-1|a| |\\||2023-11-14T22:13:20\\.123456789Z|\\{|é|@){0,12}") {
            drop(parse(line.as_bytes(), &CX));
        }
    }
}
