//! Spellings of a time that only stand as a value of their own, where a name says that it is one.

use std::borrow::Cow;

use crate::syslog::zone_names;
use crate::{Context, Zone, app, timestamp};

/// Reads a value that is called a time.
pub(super) fn read(text: &str, cx: &Context) -> Option<i64> {
    let known =
        || american(text, cx).or_else(|| dotted(text, cx)).or_else(|| of_script(text)).or_else(|| worded(text, cx));
    timestamp::parse(undated(text), cx.zone).or_else(known)
}

/// The beginning of a day, which is all that some documents of Elasticsearch state.
pub(super) fn midnight(day: &str, zone: Zone) -> Option<i64> {
    let is_day = matches!(day.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    is_day.then(|| timestamp::parse(&format!("{day}T00:00:00"), zone))?
}

/// The zone that PHP states beside a date: an offset, a name of the IANA database, or an abbreviation.
pub(super) fn zone(text: &str) -> Option<Zone> {
    let of_letters = || i32::try_from(zone_names::offset_seconds(text.as_bytes())?).ok().map(Zone::Fixed);
    text.parse().ok().or_else(of_letters)
}

/// A day and a time of day that stand apart.
pub(super) fn of_parts(day: &str, time: &str, cx: &Context) -> Option<i64> {
    let is_short = |text: &str| (1..=32).contains(&text.len());
    // What is no clock is a duration or a count.
    (is_short(day) && is_short(time) && time.contains(':')).then(|| read(&format!("{day} {time}"), cx))?
}

/// Jackson's `[2023,11,14,22,13,20,123000000]`, where seconds and nanoseconds of zero are left out, as a text.
pub(super) fn of_array(json: &str) -> Option<String> {
    const NUMBERS_MAX: usize = 7;
    let inner = json.strip_prefix('[')?.strip_suffix(']')?;
    let mut numbers = [0_u32; NUMBERS_MAX];
    let mut count = 0;
    for text in inner.split(',') {
        *numbers.get_mut(count)? = text.trim().parse().ok()?;
        count += 1;
    }
    let [year, month, day, hour, minute, second, nanos] = numbers;
    let is_time = count >= 5 && (1900..=2299).contains(&year) && nanos < 1_000_000_000;
    is_time.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}"))
}

/// Times that begin with a word: `Nov 14, 2023 @ 22:13:20.123` (Kibana), `Nov 14, 2023, 10:13:20 PM` (Java's localised form, as Gson has it)
/// and `Tue Nov 14 23:13:20 CET 2023` (Java's `Date`).
fn worded(text: &str, cx: &Context) -> Option<i64> {
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) || text.len() > 48 {
        return None;
    }
    for shape in [&b"b d, Y @ H:M:S"[..], b"b d, Y, H:M:S", b"b d, Y H:M:S"] {
        if let Some((at, [])) = app::time_of_shape(text.as_bytes(), shape, cx) {
            return Some(at);
        }
    }
    // The zone stands before the year.
    let (rest, year) = text.rsplit_once(' ')?;
    let (stamp, name) = rest.rsplit_once(' ')?;
    let zone = zone(name)?;
    timestamp::parse(&format!("{stamp} {year}"), zone)
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
            ("Nov 14, 2023 @ 22:13:20.123", at(22).map(|at| at + 123_000)),
            ("Nov 14, 2023, 10:13:20 PM", at(22)),
            ("Nov 14, 2023, 10:13:20\u{202f}PM", at(22)),
            ("Nov 14, 2023 10:13:20 PM", at(22)),
            ("Tue Nov 14 23:13:20 CET 2023", at(22)),
            ("Tue Nov 14 22:13:20 UTC 2023", at(22)),
            ("2023-11-14T23:13:20+01:00[Europe/Berlin]", at(22)),
            ("2023-11-14T22:13:20.000Z[UTC]", at(22)),
            ("2023-11-14T23:13:20+01:00[x y]", None),
            ("Nov 14, 2023 @ noon", None),
            ("Tue Nov 14 22:13:20 XYZ 2023", None),
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

    #[test]
    fn times_in_several_leaves_are_put_together() {
        let cx = Context { received_at: 7, zone: Zone::UTC };
        let at = Some(1_700_000_000_000_000);
        for (line, expected) in [
            (
                r#"{"message":"x","datetime":{"date":"2023-11-14 23:13:20.000000","timezone_type":3,"timezone":"Europe/Berlin"}}"#,
                at,
            ),
            (
                r#"{"message":"x","datetime":{"date":"2023-11-14 23:13:20.000000","timezone_type":1,"timezone":"+01:00"}}"#,
                at,
            ),
            (
                r#"{"message":"x","datetime":{"date":"2023-11-14 23:13:20.000000","timezone_type":2,"timezone":"CET"}}"#,
                at,
            ),
            (
                r#"{"message":"x","datetime":{"date":"2023-11-14 22:13:20.000000","timezone_type":3,"timezone":"Mars"}}"#,
                at,
            ),
            (r#"{"message":"x","date":"2023-11-14","time":"22:13:20"}"#, at),
            (r#"{"message":"x","date":"2023-11-14","time":"0.12"}"#, None),
            (r#"{"message":"x","timestamp":[2023,11,14,22,13,20]}"#, at),
            (r#"{"message":"x","timestamp":[2023,11,14,22,13,20,123000000]}"#, at.map(|at| at + 123_000)),
            (r#"{"message":"x","timestamp":[2023,11,14]}"#, None),
            (r#"{"message":"x","timestamp":[2023,13,14,22,13]}"#, None),
            (r#"{"message":"x","time":[1,2,3,4,5,6,7,8]}"#, None),
        ] {
            assert_eq!(crate::json::parse(line.as_bytes(), &cx).timestamp, expected, "{line}");
        }
    }
}
