//! The logs of Ceph's daemons: the time, a thread, a number that says how important the text is, and the text.
//!
//! ```text
//! 2023-11-14T22:13:20.123+0000 7f2a4c0b1700 -1 osd.3 12 no reply
//! ```

use super::Stamped;
use super::scan::{attribute, blanks, event, some_blanks, span};
use crate::{Level, LogEvent, plain};

/// Reads what follows a time that begins the line. The text of -1 is an error's; all else says its level itself, or none.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (thread, rest) = span(some_blanks(stamped.rest)?, |b| b.is_ascii_hexdigit())?;
    let is_thread = (10..=16).contains(&thread.len()) && (thread.starts_with("7f") || thread.starts_with("ff"));
    let rest = some_blanks(rest).filter(|_| is_thread)?;
    let (number, rest) = span(rest, |b| b.is_ascii_digit() || b == b'-').filter(|(number, _)| number.len() <= 2)?;
    let text = some_blanks(rest)?;
    let level = match number.parse::<i8>().ok()? {
        -1 => Level::Error,
        0.. => plain::stated_level(text),
        _ => return None,
    };
    let mut record = event(super::FORMAT, Some(stamped.at), level, blanks(text));
    attribute(&mut record, "thread", thread);
    attribute(&mut record, "priority", number);
    Some(record)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};

    #[test]
    fn the_number_before_a_text_is_its_weight() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20.123+0000 7f2a4c0b1700 -1 osd.3 12 no reply",
                "app ERROR 22:13:20.123 thread=7f2a4c0b1700 priority=-1 | osd.3 12 no reply",
            ),
            (
                "2023-11-14 22:13:20.123456 7f2a4c0b1700  0 log_channel(cluster) log [WRN] : slow",
                "app WARN 22:13:20.123456 thread=7f2a4c0b1700 priority=0 | log_channel(cluster) log [WRN] : slow",
            ),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
        for line in ["2023-11-14T22:13:20.123+0000 7f2a4c0b1700 x text", "2023-11-14T22:13:20.123+0000 7f -1 text"] {
            assert_eq!(crate::app::parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
