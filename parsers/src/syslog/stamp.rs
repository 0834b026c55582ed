//! The time at the front of a BSD syslog line, in the forms in which devices write it.
//!
//! | form | example |
//! |---|---|
//! | RFC 3164 | `Oct 11 22:14:15`, the day padded with a blank, a zero or nothing |
//! | with a year | `Oct 11 2025 22:14:15`, `Oct 11 22:14:15 2025`, `2025 Oct 11 22:14:15` |
//! | with a fraction | `Oct 11 22:14:15.123` |
//! | with a zone | `Oct 11 22:14:15.123 CEST`, `Oct 11 22:14:15 +0200` |
//! | with a week day | `Sat Oct 11 22:14:15 2025` |
//! | ISO 8601 | `2025-10-11T22:14:15.123456+02:00`, `2025-10-11 22:14:15` |
//! | with the month in another language | `Okt 11 22:14:15`, `déc. 11 22:14:15` |
//! | in figures | `11/14/2023:22:13:20 GMT`, `14/11/2023:22:13:20` (NetScaler) |
//! | a version and seconds since 1970 | `1 1760220855.774247467` (Cisco Meraki) |

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, one_of, space1};
use nom::combinator::{map, map_opt, opt, peek};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::day_time::DayTime;
use super::zone_names;
use crate::{Context, Zone, access, app, timestamp};

const SECOND_MICROS: i64 = 1_000_000;
const DAY_MICROS: u64 = 86_400_000_000;

type Read<'a, T> = IResult<&'a [u8], T, ()>;

/// Reads the time at the front of `text`: microseconds since 1970 (UTC), and what follows it.
///
/// A time without a year is that of the latest year in which it lies no more than a day after the record's arrival.
/// `None` unless a time stands there and a blank, a colon or nothing follows.
pub(crate) fn read<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let (micros, rest) = match text {
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..] => timestamp::iso_prefix(text, cx.zone)?,
        [b'1', b' ', b'0'..=b'9', ..] => meraki(text)?,
        // Sophos' UTM: "2023:11:14-22:13:20".
        [_, _, _, _, b':', _, _, b':', _, _, b'-', ..] => app::time_of_shape(text, b"Y:m:d-H:M:S", cx)?,
        [b'0'..=b'9', _, b'/', _, _, b'/', _, _, _, _, b':', ..] => netscaler(text, cx)?,
        [b'0'..=b'9', ..] => {
            let (rest, year) = terminated(number(4, 4), space1).parse(text).ok()?;
            monthly(rest, Some(year), cx)?
        }
        [b'a'..=b'z' | b'A'..=b'Z', ..] => monthly(text, None, cx).or_else(|| translated(text, cx))?,
        _ => return None,
    };
    matches!(rest.first(), None | Some(b' ' | b':' | b'\t')).then_some((micros, rest))
}

/// Whether `text` begins like `Oct 1 22:14:15`, with one blank and one digit for the day.
pub(crate) fn has_short_day(text: &[u8]) -> bool {
    let [_, _, _, b' ', day, b' ', h, i, b':', m, n, b':', s, t, ..] = text else {
        return false;
    };
    [day, h, i, m, n, s, t].iter().all(|b| b.is_ascii_digit()) && month(text).is_ok()
}

/// Reads `Oct 11 22:14:15` and what may surround it.
fn monthly<'a>(text: &'a [u8], year: Option<i64>, cx: &Context) -> Option<(i64, &'a [u8])> {
    let (stamp, year_before, rest) = fixed(text).or_else(|| free(text))?;
    let (rest, offset) = zone_if_any(rest)?;
    let (rest, year_after) = match rest {
        [b' ', b'0'..=b'9', ..] => opt(trailing_year).parse(rest).ok()?,
        _ => (rest, None),
    };
    let (rest, offset) = match offset {
        None if year_after.is_some() => zone_if_any(rest)?,
        _ => (rest, offset),
    };
    let to_utc = |wall: i64| match offset {
        Some(seconds) => wall - seconds * SECOND_MICROS,
        None => cx.zone.to_utc(wall),
    };
    let instant = match year.or(year_before).or(year_after) {
        Some(year) => to_utc(stamp.in_year(year)?),
        None => stamp.nearest(to_utc, cx.received_at)?,
    };
    Some((instant, rest))
}

/// Reads a stamp whose month is named in another language, as devices write it whose system speaks that.
fn translated<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    const NAME_BYTES_MAX: usize = 7;
    const STAMP_BYTES_MAX: usize = 64;
    let length = text.iter().take(NAME_BYTES_MAX).position(|b| *b == b' ')?;
    let (name, behind) = text.split_at_checked(length)?;
    let is_clock = |text: &[u8]| matches!(text, [b' ', _, _, b':', _, _, b':', ..] | [b' ', _, b':', _, _, b':', ..]);
    let is_year = |text: &[u8]| matches!(text, [b' ', b'1' | b'2', _, _, _, clock @ ..] if is_clock(clock));
    let day = behind.trim_ascii_start().iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    let rest = behind.trim_ascii_start().get(day..)?;
    if !(1..=2).contains(&day) || !(is_clock(rest) || is_year(rest)) {
        return None;
    }
    let english = access::months::english(std::str::from_utf8(name).ok()?)?;
    let near = behind.get(..STAMP_BYTES_MAX).unwrap_or(behind);
    let stamp = [english.as_bytes(), near].concat();
    let (at, left) = monthly(&stamp, None, cx)?;
    Some((at, text.get(length + near.len() - left.len()..)?))
}

/// Reads a stamp that has the length that RFC 3164 gives it, which nearly all have: `Oct  1 22:14:15`.
fn fixed(text: &[u8]) -> Option<(DayTime, Option<i64>, &[u8])> {
    let ([a, b, c, b' ', tens, ones, b' ', clock @ ..], rest) = text.split_first_chunk::<15>()? else {
        return None;
    };
    let [h, i, b':', m, n, b':', s, t] = clock else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let day = if *tens == b' ' { two(&b'0', ones)? } else { two(tens, ones)? };
    let (rest, micros) = match rest.first() {
        // A fraction without digits.
        Some(b'.') if rest.get(1) == Some(&b' ') => (rest.get(1..)?, 0),
        Some(b'.' | b',') => map(opt(fraction), Option::unwrap_or_default).parse(rest).ok()?,
        _ => (rest, 0),
    };
    let (hour, minute, second) = (two(h, i)?, two(m, n)?, two(s, t)?);
    Some((
        DayTime { month: timestamp::named_month::month([*a, *b, *c])?, day, hour, minute, second, micros },
        None,
        rest,
    ))
}

/// Reads a stamp whose parts have any length, with a week day before it and a year in it or without.
fn free(text: &[u8]) -> Option<(DayTime, Option<i64>, &[u8])> {
    let (rest, month) = month(text).or_else(|_| preceded(week_day, month).parse(text)).ok()?;
    let (rest, day) = preceded(space1, number(1, 2)).parse(rest).ok()?;
    let (rest, year) = opt(preceded(space1, terminated(number(4, 4), peek(char(' '))))).parse(rest).ok()?;
    let (rest, (hour, minute, second, micros)) = preceded(space1, clock).parse(rest).ok()?;
    Some((DayTime { month, day, hour, minute, second, micros }, year, rest))
}

/// The zone behind a time, if there is one.
fn zone_if_any(rest: &[u8]) -> Option<(&[u8], Option<i64>)> {
    match rest {
        [b' ', b'+' | b'-' | b'A'..=b'Z', ..] | [b'+' | b'-' | b'A'..=b'Z', ..] => opt(zone).parse(rest).ok(),
        // Most hosts are no zones: behind those that are, a colon stands near.
        [b' ', b'a'..=b'z', _, _, near @ ..] if near.iter().take(4).any(|b| *b == b':') => opt(zone).parse(rest).ok(),
        _ => Some((rest, None)),
    }
}

/// The number of `min` to `max` digits at the front of `text`.
fn number<'a>(min: usize, max: usize) -> impl Parser<&'a [u8], Output = i64, Error = ()> {
    map(take_while_m_n(min, max, |b: u8| b.is_ascii_digit()), value_of)
}

fn value_of(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |value, b| value * 10 + i64::from(b - b'0'))
}

fn month(text: &[u8]) -> Read<'_, i64> {
    map_opt(nom::bytes::complete::take(3_usize), |name: &[u8]| match name {
        [a, b, c] => timestamp::named_month::month([*a, *b, *c]),
        _ => None,
    })
    .parse(text)
}

fn week_day(text: &[u8]) -> Read<'_, ()> {
    let name = map_opt(nom::bytes::complete::take(3_usize), |name: &[u8]| {
        [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"]
            .iter()
            .any(|day| day.eq_ignore_ascii_case(name))
            .then_some(())
    });
    terminated(name, (opt(char(',')), space1)).parse(text)
}

/// `22:14:15.123456` as hour, minute, second and microseconds.
fn clock(text: &[u8]) -> Read<'_, (i64, i64, i64, i64)> {
    let two = |text| preceded(char(':'), number(2, 2)).parse(text);
    (number(1, 2), two, two, map(opt(fraction), Option::unwrap_or_default)).parse(text)
}

/// The microseconds of `.123456789`; finer digits are cut off.
fn fraction(text: &[u8]) -> Read<'_, i64> {
    let digits = preceded(one_of(".,"), take_while1(|b: u8| b.is_ascii_digit()));
    map(digits, |digits: &[u8]| {
        let kept = digits.get(..6).unwrap_or(digits);
        (kept.len()..6).fold(value_of(kept), |value, _| value * 10)
    })
    .parse(text)
}

/// ` 2025` behind a time, where that is a year of this age.
fn trailing_year(text: &[u8]) -> Read<'_, i64> {
    let year = map_opt(number(4, 4), |year| (1970..=2100).contains(&year).then_some(year));
    // "2001:" may begin an IPv6 address.
    preceded(char(' '), terminated(year, peek(alt((tag(&b" "[..]), tag(&b": "[..])))))).parse(text)
}

/// The zone behind a time, in seconds east of UTC: ` CEST`, ` +0200`, `+02:00`, `Z`.
fn zone(text: &[u8]) -> Read<'_, i64> {
    let (rest, _) = opt(char(' ')).parse(text)?;
    let (after, zone) = match rest.first() {
        Some(b'+' | b'-') => {
            let (rest, sign) = map(one_of("+-"), |sign| if sign == '-' { -1 } else { 1 }).parse(rest)?;
            let (rest, (hours, _, minutes)) = (number(2, 2), opt(char(':')), number(2, 2)).parse(rest)?;
            (rest, Some(sign * (hours * 3600 + minutes * 60)))
        }
        Some(b'a'..=b'z') => small_zone(rest).ok_or(nom::Err::Error(()))?,
        _ => {
            let (rest, name) = take_while(|b: u8| b.is_ascii_uppercase()).parse(rest)?;
            let offset = zone_names::offset_seconds(name);
            match rest {
                [b'+' | b'-', ..] if offset == Some(0) => map(hours_east, Some).parse(rest)?,
                _ => (rest, offset),
            }
        }
    };
    // A host may be called like a zone, but nothing else stands directly before a blank or colon and more text.
    let bounded = matches!(after, [b' ' | b':', _, ..]);
    zone.filter(|_| bounded).map(|zone| (after, zone)).ok_or(nom::Err::Error(()))
}

/// NetScaler's `11/14/2023:22:13:20 GMT`, which may have the day first.
///
/// The month is first, unless there is no such day, or that is after the record's arrival, or the other order gives the arrival's day.
#[cold]
fn netscaler<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    const STAMP_BYTES: usize = 19;
    let (rest, offset) = zone_if_any(text.get(STAMP_BYTES..)?)?;
    let zone = offset.and_then(|seconds| i32::try_from(seconds).ok()).map_or(cx.zone, Zone::Fixed);
    let cx = Context { zone, ..*cx };
    let of_order = |order: &[u8]| app::time_of_shape(text, order, &cx).map(|(at, _)| at);
    let (month_first, day_first) = (of_order(b"m/d/Y:H:M:S"), of_order(b"d/m/Y:H:M:S"));
    let is_near = |at: &i64| at.abs_diff(cx.received_at) <= DAY_MICROS;
    let is_past = |at: &i64| *at <= cx.received_at.saturating_add(DAY_MICROS as i64);
    let at = match (month_first, day_first) {
        (Some(month_first), Some(day_first)) if is_near(&month_first) || !is_near(&day_first) => {
            if is_past(&month_first) || !is_past(&day_first) { month_first } else { day_first }
        }
        (None, found) | (found, None) => found?,
        (_, day_first) => day_first?,
    };
    Some((at, rest))
}

/// What a clock that counts from UTC adds: `+1`, `-07:30`.
#[cold]
fn hours_east(text: &[u8]) -> Read<'_, i64> {
    let minutes = preceded(opt(char(':')), number(2, 2));
    let (rest, (sign, hours, minutes)) = (one_of("+-"), number(1, 2), opt(minutes)).parse(text)?;
    let seconds = hours * 3600 + minutes.unwrap_or_default() * 60;
    Ok((rest, if sign == '-' { -seconds } else { seconds }))
}

/// A zone in small letters, as IOS writes it where it was configured so. Else a program may have that name, so its tag must follow.
#[cold]
fn small_zone(text: &[u8]) -> Option<(&[u8], Option<i64>)> {
    let (name, rest) = text.split_at_checked(text.iter().take(7).take_while(|b| b.is_ascii_lowercase()).count())?;
    let offset = rest.starts_with(b": %").then(|| zone_names::offset_seconds(&name.to_ascii_uppercase()))?;
    Some((rest, offset))
}

/// Meraki's `1 1760220855.774247467`.
fn meraki(text: &[u8]) -> Option<(i64, &[u8])> {
    let seconds = map(take_while_m_n(9, 10, |b: u8| b.is_ascii_digit()), value_of);
    let stamp: Read<'_, _> = preceded((char('1'), char(' ')), (seconds, opt(fraction))).parse(text);
    let (rest, (seconds, micros)) = stamp.ok()?;
    // Fewer digits are a time before 2001, of a clock that was never set; a number alone is none.
    (seconds >= 1_000_000_000 || micros.is_some()).then_some(())?;
    Some((seconds * SECOND_MICROS + micros.unwrap_or_default(), rest))
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate, TimeZone, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::Zone;

    // 2026-11-20T18:00:00Z
    const NOW: i64 = 1_795_197_600_000_000;

    fn cx(received_at: i64, zone: Zone) -> Context {
        Context { received_at, zone }
    }

    fn check(text: &str, instant: &str, rest: &str) {
        let expected = instant.parse::<chrono::DateTime<Utc>>().unwrap().timestamp_micros();
        assert_eq!(read(text.as_bytes(), &cx(NOW, Zone::UTC)), Some((expected, rest.as_bytes())), "{text}");
    }

    #[test]
    fn every_form_of_a_time_is_read() {
        check("Oct 11 22:14:15 host", "2026-10-11T22:14:15Z", " host");
        check("Oct  1 22:14:15 host", "2026-10-01T22:14:15Z", " host");
        check("Oct 01 22:14:15 host", "2026-10-01T22:14:15Z", " host");
        check("OCT 1 2:14:15", "2026-10-01T02:14:15Z", "");
        check("Oct 11 22:14:15.1234567 host", "2026-10-11T22:14:15.123456Z", " host");
        check("Oct 11 2024 22:14:15: host", "2024-10-11T22:14:15Z", ": host");
        check("Oct 11 22:14:15 2024 host", "2024-10-11T22:14:15Z", " host");
        check("2024 Oct 11 22:14:15 host", "2024-10-11T22:14:15Z", " host");
        check("Fri Oct 11 22:14:15 2024 host", "2024-10-11T22:14:15Z", " host");
        check("Oct 11 22:14:15 CEST: x", "2026-10-11T20:14:15Z", ": x");
        check("Oct 11 22:14:15.5 EST 2024 host", "2024-10-12T03:14:15.5Z", " host");
        check("Oct 11 22:14:15 +0530 host", "2026-10-11T16:44:15Z", " host");
        check("Oct 11 22:14:15-02:00 host", "2026-10-12T00:14:15Z", " host");
        check("2024-10-11T22:14:15.25+02:00 host", "2024-10-11T20:14:15.25Z", " host");
        check("2024-10-11 22:14:15 host", "2024-10-11T22:14:15Z", " host");
        check("1 1728684855.774247467 MX84", "2024-10-11T22:14:15.774247Z", " MX84");
        check("1 948136486.721741837 MX60", "2000-01-17T19:14:46.721741Z", " MX60");
        check("Oct 11 22:14:15.123 UTC+1: x", "2026-10-11T21:14:15.123Z", ": x");
        check("Oct 11 22:14:15 UTC+07:30: x", "2026-10-11T14:44:15Z", ": x");
        check("Oct 11 22:14:15 METDST: x", "2026-10-11T20:14:15Z", ": x");
        check("Oct 11 2024 22:14:15.412 mdt: %A-6-B: x", "2024-10-12T04:14:15.412Z", ": %A-6-B: x");
        check("Oct 11 22:14:15 est: x", "2026-10-11T22:14:15Z", " est: x");
        check("10/11/2026:22:14:15 GMT ns1", "2026-10-11T22:14:15Z", " ns1");
        check("31/10/2024:22:14:15 CET ns1", "2024-10-31T21:14:15Z", " ns1");
        check("20/11/2026:17:14:15 ns1", "2026-11-20T17:14:15Z", " ns1");
        check("Okt 11 22:14:15 host", "2026-10-11T22:14:15Z", " host");
        check("mär. 1 2:14:15: x", "2026-03-01T02:14:15Z", ": x");
        check("août 11 2024 22:14:15 host", "2024-08-11T22:14:15Z", " host");
        check("12/10/2026:22:14:15 ns1", "2026-10-12T22:14:15Z", " ns1");
    }

    #[test]
    fn other_text_is_no_time() {
        for text in [
            "",
            "Oct",
            "Oct 11",
            "Oct 11 22:14",
            "Oct 11 22:14:15bar",
            "Foo 11 22:14:15",
            "Oct 32 22:14:15",
            "Feb 30 01:00:00 x",
            "Oct 11 24:14:15",
            "Oct 11 22:60:15",
            "October 11 22:14:15",
            "2024-10-11",
            "20 Oct",
            "1 17286848 x",
            "1 text",
        ] {
            assert_eq!(read(text.as_bytes(), &cx(NOW, Zone::UTC)), None, "{text}");
        }
    }

    #[test]
    fn a_name_that_is_no_zone_is_left_for_the_host() {
        check("Oct 11 22:14:15 EXT1 tag: x", "2026-10-11T22:14:15Z", " EXT1 tag: x");
        check("Oct 11 22:14:15 2101 tag: x", "2026-10-11T22:14:15Z", " 2101 tag: x");
        check("Oct 11 22:14:15 UTC", "2026-10-11T22:14:15Z", " UTC");
    }

    #[test]
    fn the_year_is_the_latest_that_is_not_more_than_a_day_ahead() {
        let year = |text: &str, received_at: &str| {
            let received_at = received_at.parse::<chrono::DateTime<Utc>>().unwrap().timestamp_micros();
            let (instant, _) = read(text.as_bytes(), &cx(received_at, Zone::UTC)).unwrap();
            Utc.timestamp_micros(instant).unwrap().year()
        };
        assert_eq!(year("Dec 31 23:59:59", "2026-01-01T00:00:05Z"), 2025);
        assert_eq!(year("Jan  1 00:00:05", "2025-12-31T23:59:59Z"), 2026);
        assert_eq!(year("Jan  2 00:00:05", "2025-12-31T23:59:59Z"), 2025);
        assert_eq!(year("Feb 29 12:00:00", "2027-03-01T00:00:00Z"), 2024);
        assert_eq!(year("Mar  2 00:00:01", "2026-03-01T00:00:00Z"), 2025);
    }

    #[test]
    fn a_time_without_a_zone_is_that_of_the_sender() {
        let berlin = Zone::Named(chrono_tz::Europe::Berlin);
        let (instant, _) = read(b"Jul 11 22:14:15", &cx(NOW, berlin)).unwrap();
        assert_eq!(Utc.timestamp_micros(instant).unwrap().to_rfc3339(), "2026-07-11T20:14:15+00:00");
    }

    proptest! {
        #[test]
        fn a_day_and_time_come_back_in_any_year(days in 0_i32..80_000, second in 0_u32..86_400, ahead in 0_i64..86_400) {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Duration::days(i64::from(days));
            let wall = day.and_hms_opt(second / 3600, second / 60 % 60, second % 60).unwrap();
            let instant = wall.and_utc().timestamp_micros();
            let text = wall.format("%b %e %H:%M:%S host").to_string();
            let (found, _) = read(text.as_bytes(), &cx(instant - ahead * SECOND_MICROS, Zone::UTC)).unwrap();
            prop_assert_eq!(found, instant);
        }
    }
}
