//! Lines that begin with the letter of a level, with a bracket before or behind it:
//!
//! ```text
//! E [14/Nov/2023:22:13:20 +0000] [Job 7] no such printer                      CUPS
//! [W 2023-11-14 22:13:20.123 ServerApp] text                                  Jupyter
//! [I 231114 22:13:20 web:9] 200 GET / (192.0.2.7) 1.00ms                      Tornado
//! ```
//!
//! Jupyter's and Tornado's are Python's: `logger`, or `file` and `line` are attributes; of a request the client is the address.

use super::scan::{attribute, blanks, bracketed, event, until};
use super::{python, stamp};
use crate::{Context, Level, LogEvent, address, http_status, level_names, timestamp};

/// CUPS' error log, in [`LogEvent::format`].
const CUPS: &str = "cups";

/// CUPS' `E [14/Nov/2023:22:13:20 +0000] text`.
pub(super) fn cups<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [letter, b' ', rest @ ..] = text else { return None };
    let level = match letter {
        b'X' => Level::Fatal,
        _ => letters_level(*letter)?,
    };
    let (at, rest) = timestamp::common_log_prefix(rest.strip_prefix(b"[")?, cx.zone)?;
    let message = blanks(rest.strip_prefix(b"]")?);
    let mut record = event(CUPS, Some(at), level, message);
    if let Some((job, _)) = bracketed(message).and_then(|(inner, rest)| Some((inner.strip_prefix("Job ")?, rest))) {
        attribute(&mut record, "job", job);
    }
    Some(record)
}

/// `[W 2023-11-14 22:13:20.123 ServerApp] text`, as Tornado's formatter writes it.
pub(super) fn tornado<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [b'[', letter @ (b'D' | b'I' | b'W' | b'E' | b'C'), b' ', b'0'..=b'9', ..] = text else { return None };
    let level = letters_level(*letter)?;
    let (at, rest) = stamp::read(text.get(3..)?, cx)?;
    let (place, message) = until(rest.strip_prefix(b" ")?, b"]")?;
    let mut record = event(python::FORMAT, Some(at), level, blanks(message));
    match place.rsplit_once(':') {
        Some((file, line)) => {
            attribute(&mut record, "file", file);
            attribute(&mut record, "line", line);
        }
        None => attribute(&mut record, "logger", place),
    }
    request(&mut record, blanks(message));
    (place.len() < 128).then_some(record)
}

fn letters_level(letter: u8) -> Option<Level> {
    level_names::from_letter(std::str::from_utf8(&[letter]).ok()?)
}

/// Tornado's `200 GET /x (192.0.2.7) 1.00ms`.
fn request(record: &mut LogEvent<'_>, message: &[u8]) {
    let Some(text) = std::str::from_utf8(message).ok() else { return };
    let mut words = text.split(' ');
    let (Some(status), Some(method), Some(path)) = (words.next(), words.next(), words.next()) else { return };
    let client = words.next().and_then(|word| word.strip_prefix('(')?.strip_suffix(')'));
    // Jupyter names the user before the address: `(bob@192.0.2.7)`.
    let (user, client) = client.map_or(("", ""), |client| client.split_once('@').unwrap_or(("", client)));
    let is_request = http_status::is_status(status.as_bytes()) && method.bytes().all(|b| b.is_ascii_uppercase());
    let Some(found) = address::parse(client).filter(|_| is_request) else { return };
    record.ip = Some(found.ip);
    record.user_name = user.to_owned().into();
    for (name, value) in [("method", method), ("path", path), ("status", status)] {
        attribute(record, name, value);
    }
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn letter_time_and_place_are_read() {
        for (line, expected) in [
            ("E [14/Nov/2023:23:13:20 +0100] [Job 7] no", "cups ERROR 22:13:20 job=7 | [Job 7] no"),
            ("d [14/Nov/2023:22:13:20 +0000] cupsdRead", "cups DEBUG 22:13:20 | cupsdRead"),
            ("[W 2023-11-14 22:13:20.123 ServerApp] low", "python WARN 22:13:20.123 logger=ServerApp | low"),
            (
                "[I 231114 22:13:20 web:9] 200 GET /x (192.0.2.7) 1.00ms",
                "python INFO 22:13:20 ip=192.0.2.7 file=web line=9 method=GET path=/x status=200 | 200 GET /x (192.0.2.7) 1.00ms",
            ),
            (
                "[W 2023-11-14 22:13:20.123 JupyterHub log:9] 404 GET /x (bob@192.0.2.7) 1.00ms",
                "python WARN 22:13:20.123 user=bob ip=192.0.2.7 file=JupyterHub log line=9 method=GET path=/x status=404 | \
                 404 GET /x (bob@192.0.2.7) 1.00ms",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_letters_are_left_alone() {
        for line in
            ["Z [14/Nov/2023:22:13:20 +0000] x", "E [7] x", "[I am here] x", "[I 7 x] y", "[Q 231114 22:13:20 a] x"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
