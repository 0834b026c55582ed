//! Santa's log on macOS, and Syncthing's: each has something in brackets at the front.
//!
//! ```text
//! [2023-11-14T22:13:20.123Z] I santad: action=EXEC|decision=DENY|path=/tmp/a|pid=7|user=bob
//! [A1B2C] 2023/11/14 22:13:20.123456 INFO: the folder is up to date
//! ```

use std::borrow::Cow;

use super::scan::{attribute, bracketed, event, until};
use super::{FORMAT, Stamped, go};
use crate::{Context, Level, LogEvent, level_names};

/// Reads what follows the time of a line of Santa's.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (letter, rest) = until(stamped.rest.strip_prefix(b"] ")?, b" santad: ")?;
    let level = (letter.len() == 1).then(|| level_names::from_letter(letter)).flatten()?;
    let pairs = std::str::from_utf8(rest).ok().filter(|pairs| pairs.starts_with("action="))?;
    let mut record = event(FORMAT, Some(stamped.at), level, rest);
    record.app = "santad".into();
    for (name, value) in pairs.trim_end().split('|').filter_map(|pair| pair.split_once('=')) {
        match name {
            "user" => record.user_name = Cow::Borrowed(value),
            "pid" => record.proc_id = Cow::Borrowed(value),
            "machineid" => record.host = Cow::Borrowed(value),
            // Whoever denies does so on somebody's behalf, and the letter is the same.
            "decision" if value == "DENY" => {
                record.level = Level::Warn;
                attribute(&mut record, name, value);
            }
            _ => attribute(&mut record, name, value),
        }
    }
    Some(record)
}

/// Reads a line of Syncthing's before version 2, which begins with the first letters of its device, or with `start`.
pub(super) fn syncthing<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (device, rest) = bracketed(text).filter(|(device, _)| text.get(device.len() + 1) == Some(&b']'))?;
    let is_device = device.len() == 5 && device.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let stamped = Stamped::read(rest.strip_prefix(b" ")?, cx).filter(|stamped| stamped.line.get(4) == Some(&b'/'))?;
    let (level, message) = until(stamped.rest.strip_prefix(b" ")?, b": ")?;
    if !(is_device || device == "start") || !level.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut record = event(go::FORMAT, Some(stamped.at), level_names::from_word(level)?, message);
    attribute(&mut record, "device", device);
    Some(record)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};

    #[test]
    fn what_stands_in_brackets_at_the_front_tells_them() {
        for (line, expected) in [
            (
                "[2023-11-14T22:13:20.123Z] I santad: action=EXEC|decision=DENY|path=/tmp/a b|pid=7|uid=501|user=bob",
                "app WARN 22:13:20.123 app=santad pid=7 user=bob action=EXEC decision=DENY path=/tmp/a b uid=501 | \
                 action=EXEC|decision=DENY|path=/tmp/a b|pid=7|uid=501|user=bob",
            ),
            (
                "[A1B2C] 2023/11/14 22:13:20.123456 INFO: up to date",
                "go INFO 22:13:20.123456 device=A1B2C | up to date",
            ),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
        for line in ["[A1B2C] 2023/11/14 22:13:20 text: x", "[2023-11-14T22:13:20.123Z] I santad: text"] {
            assert_eq!(crate::app::parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
