//! The times at which programs' lines begin.

use crate::syslog::day_time::DayTime;
use crate::timestamp::{self, wall_clock};
use crate::{Context, Zone};

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// Reads the time at the front of `text`: microseconds since 1970 (UTC), and what follows it.
///
/// ```text
/// 2023-11-14 22:13:20,123     ISO 8601 in all its spellings
/// 2023-11-14, 22:13:20 UTC    Airflow
/// 23/11/14 22:13:20           Hadoop, Spark
/// 231114 221320               HDFS
/// 231114 22:13:20             MySQL
/// 14-Nov-2023 22:13:20.123    Tomcat, PHP
/// 14 Nov 2023 22:13:20.123    log4j, Redis; the year may be missing
/// 14/Nov/2023 22:13:20        Django
/// 14Nov2023 22:13:20.123      Minecraft with Forge
/// Nov 14, 2023 10:13:20 PM    java.util.logging
/// 11-14 22:13:20.123          Android
/// 22:13:20.123                the time of the last day that fits the arrival
/// ```
pub(super) fn read<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let mut kinds = [0; 7];
    for (kind, byte) in kinds.iter_mut().zip(text) {
        *kind = kind_of(*byte);
    }
    let shape: &[u8] = match &kinds {
        [b'0', b'0', b'0', b'0', b'-' | b'/', ..] if text.get(10) == Some(&b',') => b"Y-m-d, H:M:S",
        [b'0', b'0', b'0', b'0', b'-' | b'/', ..] => return timestamp::iso_prefix(text, cx.zone),
        [b'0', b'0', b'/', b'0', b'0', b'/', b'0'] => b"y/m/d H:M:S",
        [b'0', b'0', b'/', b'a', ..] => b"d/b/Y H:M:S",
        [b'0', b'0', b'-', b'a', ..] | [b'0', b'-', b'a', ..] => b"d-b-Y H:M:S",
        [b'0', b'0', b'-', b'0', b'0', b' ', b'0'] => b"m-d H:M:S",
        [b'0', b'0', b':', b'0', b'0', b':', b'0'] => b"H:M:S",
        [b'0', b'0', b'a', b'a', b'a', b'0', b'0'] => b"dbY H:M:S",
        [b'0', b'0', b'0', b'0', b'0', b'0', b' '] if text.get(9) == Some(&b':') => b"ymd H:M:S",
        [b'0', b'0', b'0', b'0', b'0', b'0', b' '] => b"ymd HMS",
        [b'0', b'0', b' ', b'a', ..] | [b'0', b' ', b'a', ..] => {
            return shaped(text, b"d b Y H:M:S", cx).or_else(|| shaped(text, b"d b H:M:S", cx));
        }
        [b'a', b'a', b'a', b' ', b'0', ..] => b"b d, Y H:M:S",
        _ => return None,
    };
    shaped(text, shape, cx)
}

/// Reads klog's `1114 22:13:20.123456`, or glog's with the year before it.
pub(super) fn compact<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let has_year = text.get(4).is_some_and(u8::is_ascii_digit);
    shaped(text, if has_year { b"Ymd H:M:S" } else { b"md H:M:S" }, cx)
}

/// One byte that stands for all digits, and one for all letters.
fn kind_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        other => other,
    }
}

/// What a line says of its time.
#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

/// Reads a time of the given shape: the letters of C's `strftime` stand for its parts, all else for itself.
pub(super) fn shaped<'a>(text: &'a [u8], shape: &[u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let mut parts = Parts::default();
    let mut rest = text;
    for letter in shape {
        rest = match letter {
            b'Y' => part(rest, 4, parts.year.get_or_insert(0))?,
            b'y' => {
                let mut short = 0;
                let rest = part(rest, 2, &mut short)?;
                parts.year = Some(2000 + short);
                rest
            }
            b'm' => part(rest, 2, &mut parts.month)?,
            b'b' => month(rest, &mut parts.month)?,
            b'd' => part(rest, 2, &mut parts.day)?,
            b'H' => part(rest, 2, &mut parts.hour)?,
            b'M' => part(rest, 2, &mut parts.minute)?,
            b'S' => part(rest, 2, &mut parts.second)?,
            literal => rest.strip_prefix(&[*literal])?,
        };
    }
    let rest = half_of_day(rest, &mut parts.hour);
    parts.instant(rest, cx, shape == b"H:M:S")
}

/// Reads a number of up to `digits` digits, before which one blank may fill the place of a digit.
fn part<'a>(text: &'a [u8], digits: usize, value: &mut i64) -> Option<&'a [u8]> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let count = text.iter().take(digits).take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(count).filter(|_| count > 0)?;
    *value = number.iter().fold(0, |value, b| value * 10 + i64::from(b - b'0'));
    Some(rest)
}

fn month<'a>(text: &'a [u8], value: &mut i64) -> Option<&'a [u8]> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let (name, rest) = text.split_at_checked(3)?;
    *value = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))? as i64 + 1;
    Some(rest)
}

/// Takes ` AM` or ` PM` into account; newer Java writes a narrow no-break space before it.
fn half_of_day<'a>(text: &'a [u8], hour: &mut i64) -> &'a [u8] {
    let Some(rest) = text.strip_prefix(b" ").or_else(|| text.strip_prefix(b"\xe2\x80\xaf")) else {
        return text;
    };
    match rest {
        [b'A', b'M', rest @ ..] if (1..=12).contains(hour) => {
            *hour %= 12;
            rest
        }
        [b'P', b'M', rest @ ..] if (1..=12).contains(hour) => {
            *hour = *hour % 12 + 12;
            rest
        }
        _ => text,
    }
}

impl Parts {
    fn instant<'a>(&self, rest: &'a [u8], cx: &Context, is_time_only: bool) -> Option<(i64, &'a [u8])> {
        let Self { year, month, day, hour, minute, second } = *self;
        if let Some(year) = year {
            return timestamp::finish(wall_clock(year, month, day, hour, minute, second)?, rest, cx.zone);
        }
        // Without a year there is no zone either: what follows is a fraction at the most.
        let (micros, rest) = timestamp::finish(0, rest, Zone::UTC)?;
        let instant = if is_time_only {
            let time_of_day = wall_clock(1970, 1, 1, hour, minute, second)? + micros;
            last_at(time_of_day, cx)?
        } else {
            DayTime { month, day, hour, minute, second, micros }.nearest(|wall| cx.zone.to_utc(wall), cx.received_at)?
        };
        Some((instant, rest))
    }
}

/// The last instant at which a clock showed `time_of_day`, at most an hour after the arrival.
fn last_at(time_of_day: i64, cx: &Context) -> Option<i64> {
    let today = cx.received_at.div_euclid(DAY_MICROS);
    let days = (today - 2..=today + 1).rev();
    let instants = days.map(|day| cx.zone.to_utc(day.saturating_mul(DAY_MICROS).saturating_add(time_of_day)));
    instants.into_iter().find(|instant| *instant <= cx.received_at.saturating_add(HOUR_MICROS))
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2023-11-15T10:00:00Z
    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn every_spelling_of_a_time_is_read() {
        for (text, rest) in [
            ("2023-11-14 22:13:20,123 INFO", " INFO"),
            ("2023-11-14, 22:13:20 UTC]", "]"),
            ("23/11/14 22:13:20 INFO", " INFO"),
            ("231114 221320 7 INFO", " 7 INFO"),
            ("231114 22:13:20 [Note]", " [Note]"),
            ("14-Nov-2023 22:13:20.123 INFO", " INFO"),
            ("14-Nov-2023 22:13:20 UTC] PHP", "] PHP"),
            ("14 Nov 2023 22:13:20.123 * x", " * x"),
            ("14 Nov 22:13:20.123 * x", " * x"),
            ("14/Nov/2023 22:13:20] x", "] x"),
            ("14Nov2023 22:13:20.123] x", "] x"),
            ("Nov 14, 2023 10:13:20 PM a.b c", " a.b c"),
            ("Nov 14, 2023 10:13:20\u{202f}PM a.b c", " a.b c"),
            ("11-14 22:13:20.123  1 2 D", "  1 2 D"),
            ("22:13:20.123 [main]", " [main]"),
        ] {
            let (micros, found) = read(text.as_bytes(), &CX).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!(micros / 1_000_000, 1_700_000_000, "{text}");
            assert_eq!(found, rest.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_time_of_day_is_the_last_that_fits_the_arrival() {
        let (micros, _) = read(b"10:59:00 x", &CX).unwrap();
        assert_eq!(micros - CX.received_at, 59 * 60 * 1_000_000);
        let (micros, _) = read(b"11:01:00 x", &CX).unwrap();
        assert_eq!(CX.received_at - micros, DAY_MICROS - 61 * 60 * 1_000_000);
    }

    #[test]
    fn other_text_is_no_time() {
        for text in ["", "12", "99:99:99 x", "31-Feb-2023 22:13:20", "231399 221320", "May be", "12-34 x", "1700000000"]
        {
            assert_eq!(read(text.as_bytes(), &CX), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text: Vec<u8>, likely in "[0-9 :,./a-zA-Z-]{0,30}", received_at: i64) {
            let cx = Context { received_at, zone: Zone::Named(chrono_tz::Europe::Berlin) };
            let _ = (read(&text, &cx), read(likely.as_bytes(), &cx));
        }
    }
}
