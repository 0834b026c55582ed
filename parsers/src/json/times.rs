//! Spellings of a time that only stand as a value of their own, where a name says that it is one.

use std::borrow::Cow;

use crate::{Context, Zone, app, timestamp};

/// Reads a value that is called a time.
pub(super) fn read(text: &str, cx: &Context) -> Option<i64> {
    let known = || american(text, cx).or_else(|| dotted(text, cx)).or_else(|| of_script(text));
    timestamp::parse(undated(text), cx.zone).or_else(known)
}

/// The beginning of a day, which is all that some documents of Elasticsearch state.
pub(super) fn midnight(day: &str, zone: Zone) -> Option<i64> {
    let is_day = matches!(day.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    is_day.then(|| timestamp::parse(&format!("{day}T00:00:00"), zone))?
}

/// .NET writes a time as `/Date(1700000000123)/`.
fn undated(text: &str) -> &str {
    text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")).unwrap_or(text)
}

/// `11/14/2023 10:13:20 PM` and `11/14/2023, 10:13:20.123 PM`, as .NET, Windows and browsers write a time in America; who says which half of
/// the day it is names the month first. Who does not is read where a number above 12 shows which one is the day.
fn american(text: &str, cx: &Context) -> Option<i64> {
    let (first, rest) = text.split_once('/').filter(|(first, _)| matches!(first.len(), 1 | 2))?;
    let (second, _) = rest.split_once('/').filter(|(second, _)| matches!(second.len(), 1 | 2))?;
    let text = if text.contains(", ") { Cow::Owned(text.replacen(", ", " ", 1)) } else { Cow::Borrowed(text) };
    let is_half_day = text.ends_with("AM") || text.ends_with("PM");
    let is_above_12 = |part: &str| part.parse().is_ok_and(|number: u8| number > 12);
    let shape: &[u8] = match (is_half_day, is_above_12(first), is_above_12(second)) {
        (true, false, _) | (false, false, true) => b"m/d/Y H:M:S",
        (_, true, false) => b"d/m/Y H:M:S",
        _ => return None,
    };
    // The half of the day stands behind the fraction.
    let fraction = text.split_once('.').and_then(|(whole, rest)| Some((whole, rest.split_once(' ')?)));
    let (text, micros) = match fraction.filter(|_| is_half_day) {
        Some((whole, (digits, half))) => (format!("{whole} {half}"), micros(digits)?),
        None => (text.into_owned(), 0),
    };
    let (at, rest) = app::time_of_shape(text.as_bytes(), shape, cx)?;
    rest.is_empty().then_some(at + micros)
}

/// The digits of a fraction of a second.
fn micros(digits: &str) -> Option<i64> {
    let is_fraction = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_fraction.then(|| format!("{digits:0<6}").get(..6)?.parse().ok())?
}

/// `14.11.2023 22:13:20`, as Windows writes a time in German and other languages, all of which put the day first.
fn dotted(text: &str, cx: &Context) -> Option<i64> {
    let (at, rest) =
        text.get(..6)?.contains('.').then(|| app::time_of_shape(text.as_bytes(), b"d.m.Y H:M:S", cx))??;
    rest.is_empty().then_some(at)
}

/// `Tue Nov 14 2023 22:13:20 GMT+0100 (Central European Standard Time)`, as JavaScript prints a time.
fn of_script(text: &str) -> Option<i64> {
    let stamp = text.split(" (").next().filter(|stamp| stamp.contains(" GMT"))?;
    let time = chrono::DateTime::parse_from_str(stamp, "%a %b %d %Y %H:%M:%S GMT%z").ok()?;
    Some(time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_stand_alone_are_read() {
        let cx = Context { received_at: 0, zone: Zone::UTC };
        let at = |hour: i64| Some(1_700_000_000_000_000 + (hour - 22) * 3_600_000_000);
        for (text, expected) in [
            ("11/14/2023 10:13:20 PM", at(22)),
            ("11/14/2023, 10:13:20 PM", at(22)),
            ("11/14/2023, 10:13:20.123 PM", at(22).map(|at| at + 123_000)),
            ("11/14/2023, 22:13:20", at(22)),
            ("14/11/2023, 22:13:20", at(22)),
            ("14/11/2023 10:13:20 PM", at(22)),
            ("14.11.2023 22:13:20", at(22)),
            ("2023-11-14 22:13:20 CET", at(21)),
            ("2023-11-14 22:13:20 EST", at(27)),
            ("Tue Nov 14 2023 22:13:20 GMT+0100 (Central European Standard Time)", at(21)),
            ("/Date(1700000000000)/", at(22)),
            // Nobody knows which of the two is the month.
            ("11/10/2023, 22:13:20", None),
            ("2023-11-14 22:13:20 XYZ", None),
            ("2023-11-14 22:13:20+01:00 CET", None),
            ("11/14/2023, soon", None),
            ("a/b/c", None),
        ] {
            assert_eq!(read(text, &cx), expected, "{text}");
        }
    }
}
