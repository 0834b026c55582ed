//! The times that devices state in the fields of an event: counts since 1970, ISO 8601, and the spellings of Java's
//! `MMM dd yyyy HH:mm:ss` that CEF and LEEF prescribe.

use crate::syslog::stamp;
use crate::{Context, app, timestamp};

/// Longer texts are no time.
const TEXT_BYTES_MAX: usize = 64;

/// The instant that all of `text` states, in microseconds since 1970.
pub(crate) fn read(text: &str, cx: &Context) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    timestamp::parse(text, cx.zone).or_else(|| by_month_name(text, cx))
}

/// The instant that `text` states in the form of `format`, a pattern of Java's `SimpleDateFormat`, as LEEF's `devTimeFormat` gives it.
pub(crate) fn of_format(text: &str, format: &str, cx: &Context) -> Option<i64> {
    let mut shape = Vec::new();
    let mut letters = format.as_bytes();
    while let Some(&letter) = letters.first() {
        let count = letters.iter().take_while(|b| **b == letter).count();
        match (letter, count) {
            (b'y', 4) => shape.push(b'Y'),
            (b'y', 2) => shape.push(b'y'),
            (b'M', 3) => shape.push(b'b'),
            (b'M', 1 | 2) => shape.push(b'm'),
            (b'd', 1 | 2) => shape.push(b'd'),
            (b'H' | b'h', 1 | 2) => shape.push(b'H'),
            (b'm', 1 | 2) => shape.push(b'M'),
            (b's', 1 | 2) => shape.push(b'S'),
            // The fraction, the half of the day and the zone are told by their looks.
            (b'.' | b',' | b' ', 1) if matches!(letters.get(1), Some(b'S' | b'a' | b'z' | b'Z' | b'X')) => break,
            (b'a'..=b'z' | b'A'..=b'Z' | b'\'', _) => return None,
            (literal, count) => shape.extend(std::iter::repeat_n(literal, count)),
        }
        letters = letters.get(count..)?;
    }
    let (instant, rest) = app::time_of_shape(text.trim().as_bytes(), &shape, cx)?;
    rest.is_empty().then_some(instant)
}

/// `Sep 17 2025 11:48:37.123 GMT`, each part but month, day and time optional.
fn by_month_name(text: &str, cx: &Context) -> Option<i64> {
    // The reader of syslog's times takes a zone only where more text follows it.
    let followed = format!("{text} .");
    let (instant, rest) = stamp::read(followed.as_bytes(), cx)?;
    (rest == b" .").then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    #[test]
    fn all_forms_of_a_time_are_read() {
        let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
        for text in [
            "1700000000000",
            "1700000000",
            "2023-11-14T22:13:20Z",
            "Nov 14 2023 22:13:20",
            "Nov 14 2023 22:13:20.000 GMT",
            "Nov 14 2023 23:13:20 CET",
            "Nov 14 22:13:20 UTC",
            "Nov 14 22:13:20",
        ] {
            assert_eq!(read(text, &cx), Some(1_700_000_000_000_000), "{text}");
        }
        for text in ["", "5", "soon", "Nov 14", "Nov 14 2023 22:13:20 and more"] {
            assert_eq!(read(text, &cx), None, "{text}");
        }
    }
}
