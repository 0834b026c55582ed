//! What Cisco's systems put around the time, and the severity in their tags.
//!
//! ```text
//! 29: *Mar  1 18:48:50.483: %SYS-5-CONFIG_I: …      a sequence number; * or . says that the clock is not set
//! 29: 000123: router1: Mar  1 18:48:50.483 CET: %…   two sequence numbers, the origin's name
//! 3394: ios: RP/0/RSP0/CPU0:Nov 20 18:00:01.123 : …  IOS-XR: the name, the node
//! 47: 3d21h: %LINK-3-UPDOWN: …                       the time since the start instead of the time
//! ```

use super::{stamp, without_blanks};
use crate::Context;

/// What stands before a Cisco message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix<'a> {
    /// The first sequence number.
    pub(super) sequence: &'a [u8],
    /// The name that the device gives itself.
    pub(super) origin: &'a [u8],
    /// The time, where one is stated.
    pub(super) timestamp: Option<i64>,
}

/// Reads a Cisco prefix at the front of `text`; returns it and what follows it and its colon.
pub(super) fn prefix<'a>(text: &'a [u8], cx: &Context) -> Option<(Prefix<'a>, &'a [u8])> {
    let (sequence, mut rest) = sequence(text).unwrap_or((b"", text));
    if let Some((_, after)) = self::sequence(rest) {
        rest = after;
    }
    let mut origin: &[u8] = b"";
    // The name and, for IOS-XR, the node.
    for nth in 0..3 {
        if let Some((timestamp, rest)) = stamped(rest, cx) {
            let marked = !sequence.is_empty() || text.starts_with(b"*") || text.starts_with(b".");
            let colon = rest.starts_with(b":");
            let rest = without_blanks(rest.strip_prefix(b":").unwrap_or(rest));
            // Without a number or mark, "name: time: text" is Cisco's only if one of its tags follows.
            let known = marked || colon && rest.starts_with(b"%");
            return known.then_some((Prefix { sequence, origin, timestamp: Some(timestamp) }, rest));
        }
        // "29: router1: 000123: 2y10w: %SYS-5-…": the name before the time since the start.
        if !sequence.is_empty()
            && origin.iter().any(u8::is_ascii_alphabetic)
            && let Some(rest) = uptime(rest).filter(|rest| rest.starts_with(b"%"))
        {
            return Some((Prefix { sequence, origin, timestamp: None }, rest));
        }
        let Some((name, after)) = segment(rest) else {
            break;
        };
        if nth == 0 {
            origin = name;
        }
        rest = after;
    }
    let numbered = self::sequence(text).map(|(_, rest)| self::sequence(rest).map_or(rest, |(_, rest)| rest));
    let rest = match numbered {
        Some(rest) => uptime(rest).unwrap_or(rest),
        None => uptime(text)?,
    };
    if rest.starts_with(b"%") {
        return Some((Prefix { sequence, ..Prefix::default() }, rest));
    }
    // "29: router1: %SYS-5-CONFIG_I: text": without a time.
    let (origin, tagged) = numbered.and_then(segment)?;
    let (tag, _) = tag(tagged)?;
    severity(tag)?;
    Some((Prefix { sequence, origin, timestamp: None }, tagged))
}

/// The name and the time at the front of `text`, where a tag or the text of a debug message follows them.
pub(super) fn named_prefix<'a>(text: &'a [u8], cx: &Context) -> Prefix<'a> {
    let of_name = || {
        let (origin, rest) = segment(text)?;
        let rest = self::sequence(rest).map_or(rest, |(_, rest)| rest);
        let (timestamp, _) = stamped(rest, cx)?;
        Some(Prefix { origin, timestamp: Some(timestamp), ..Prefix::default() })
    };
    of_name().unwrap_or_default()
}

/// The tag that `text` begins with, which a colon or a blank ends, and what follows it.
pub(crate) fn tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const TAG_BYTES_MAX: usize = 64;
    let end = text.iter().take(TAG_BYTES_MAX).position(|b| matches!(b, b':' | b' '))?;
    text.split_at_checked(end)
}

/// The severity that a tag such as `%ASA-6-302013` states.
pub(crate) fn severity(tag: &[u8]) -> Option<u8> {
    let mut parts = tag.strip_prefix(b"%")?.split(|b| *b == b'-').skip(1);
    parts.find_map(|part| match part {
        [digit @ b'0'..=b'7'] => Some(digit - b'0'),
        _ => None,
    })
}

/// `29: `.
fn sequence(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let rest = rest.strip_prefix(b":").filter(|rest| rest.starts_with(b" "))?;
    (1..=10).contains(&digits).then(|| (number, without_blanks(rest)))
}

/// A time, which `*` or `.` may precede.
fn stamped<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let bare = text.strip_prefix(b"*").or_else(|| text.strip_prefix(b".")).unwrap_or(text);
    let (instant, rest) = stamp::read(bare, cx)?;
    let (instant, rest) = of_half_day(bare, rest, cx).unwrap_or((instant, rest));
    let rest = behind_unknown_zone(rest).unwrap_or(rest);
    let spaced = without_blanks(rest);
    Some((instant, if spaced.starts_with(b":") { spaced } else { rest }))
}

/// The time of a call manager, which counts twelve hours (`Nov 14 2023 10:13:20 PM.483 UTC`), and what follows it; `behind` follows its seconds.
fn of_half_day<'a>(text: &[u8], behind: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    /// A fraction and the name of a zone are no longer than this.
    const END_BYTES_MAX: usize = 40;
    let [b' ', half @ (b'A' | b'P'), b'M', end @ ..] = behind else { return None };
    if !matches!(end.first(), Some(b'.' | b' ' | b':')) {
        return None;
    }
    let seconds = text.len().checked_sub(behind.len())?;
    let (date, time) = text.get(..seconds)?.split_at_checked(seconds.checked_sub(8)?)?;
    let (hour, minutes) = time.split_at_checked(2)?;
    let hour = std::str::from_utf8(hour).ok()?.parse::<u8>().ok().filter(|hour| (1..=12).contains(hour))? % 12;
    let hour = if *half == b'P' { hour + 12 } else { hour };
    let near = end.get(..END_BYTES_MAX).unwrap_or(end);
    let whole_day = [date, format!("{hour:02}").as_bytes(), minutes, near].concat();
    let (instant, rest) = stamp::read(&whole_day, cx)?;
    let read = whole_day.len().checked_sub(rest.len())?;
    Some((instant, end.get(read.checked_sub(seconds)?..)?))
}

/// What follows the name of a zone that is none of those that are known, before a tag: ` DST: %SYS-5-CONFIG_I: …`.
fn behind_unknown_zone(rest: &[u8]) -> Option<&[u8]> {
    let name = rest.strip_prefix(b" ")?;
    let letters = name.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let behind = name.get(letters..).filter(|_| (2..=5).contains(&letters))?;
    let tag = without_blanks(without_blanks(behind).strip_prefix(b":")?);
    tag.starts_with(b"%").then_some(behind)
}

/// A word that ends in a colon, or the place of a line card: `CLC 6/0: `.
fn segment(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|b| matches!(b, b':' | b' ' | b'%' | b'['))?;
    let place = text.get(end..).and_then(|rest| rest.strip_prefix(b" ")).unwrap_or_default();
    let length = place.iter().take_while(|b| b.is_ascii_digit() || **b == b'/').count();
    let is_place = place.iter().take(length).any(|b| *b == b'/') && place.get(length) == Some(&b':');
    let end = if is_place { end + 1 + length } else { end };
    let (name, rest) = text.split_at_checked(end)?;
    let rest = rest.strip_prefix(b":")?;
    (!name.is_empty()).then(|| (name, without_blanks(rest)))
}

/// `3d21h: `, `00:00:46: ` or `101 21: `.
fn uptime(text: &[u8]) -> Option<&[u8]> {
    let days = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.get(days..).filter(|_| days > 0).and_then(|rest| rest.strip_prefix(b" ")).unwrap_or(text);
    let end = text.iter().position(|b| *b == b' ')?;
    let (word, rest) = text.split_at_checked(end)?;
    let word = word.strip_suffix(b":")?;
    let is_uptime =
        word.first()?.is_ascii_digit() && word.iter().all(|b| b.is_ascii_digit() || b"ywdhms:.".contains(b));
    is_uptime.then(|| without_blanks(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    // 2026-03-02T00:00:00Z
    const CX: Context = Context { received_at: 1_772_409_600_000_000, zone: Zone::UTC };
    // 2026-03-01T18:48:50.483Z
    const AT: i64 = 1_772_390_930_483_000;

    fn check(text: &str, sequence: &str, origin: &str, timestamp: Option<i64>, rest: &str) {
        let (prefix, left) = prefix(text.as_bytes(), &CX).unwrap();
        let found = [prefix.sequence, prefix.origin, left].map(String::from_utf8_lossy);
        assert_eq!(found, [sequence, origin, rest], "{text}");
        assert_eq!(prefix.timestamp, timestamp, "{text}");
    }

    #[test]
    fn numbers_marks_and_names_before_the_time_are_read() {
        check("29: *Mar  1 18:48:50.483: %SYS-5-A: x", "29", "", Some(AT), "%SYS-5-A: x");
        check("29: 000123: Mar  1 18:48:50.483 UTC: %SYS-5-A: x", "29", "", Some(AT), "%SYS-5-A: x");
        check("*Mar  1 18:48:50.483: %SYS-5-A: x", "", "", Some(AT), "%SYS-5-A: x");
        check("7: router1: .Mar  1 19:48:50.483 CET: %SYS-5-A: x", "7", "router1", Some(AT), "%SYS-5-A: x");
        check("8: ios: RP/0/RSP0/CPU0:Mar  1 18:48:50.483 : conf[6]: %A: x", "8", "ios", Some(AT), "conf[6]: %A: x");
        check("47: 3d21h: %LINK-3-UPDOWN: x", "47", "", None, "%LINK-3-UPDOWN: x");
        check("47: 00:00:46: %LINK-3-UPDOWN: x", "47", "", None, "%LINK-3-UPDOWN: x");
        check("47: %LINK-3-UPDOWN: x", "47", "", None, "%LINK-3-UPDOWN: x");
        check("00:00:46: %LINK-3-UPDOWN: x", "", "", None, "%LINK-3-UPDOWN: x");
        check("101 21: %LINK-3-UPDOWN: x", "", "", None, "%LINK-3-UPDOWN: x");
        check("47: router1: %LINK-3-UPDOWN: x", "47", "router1", None, "%LINK-3-UPDOWN: x");
        check("47: CLC 6/0: Mar  1 18:48:50.483 UTC: %SYS-5-A: x", "47", "CLC 6/0", Some(AT), "%SYS-5-A: x");
    }

    #[test]
    fn a_zone_that_is_not_known_may_stand_before_a_tag() {
        check("7: Mar  1 18:48:50.483 XDT: %SYS-5-A: x", "7", "", Some(AT), "%SYS-5-A: x");
        let (_, rest) = prefix(b"7: Mar  1 18:48:50.483 XDT: text", &CX).unwrap();
        assert_eq!(rest, b" XDT: text".trim_ascii_start());
    }

    #[test]
    fn call_managers_count_twelve_hours() {
        check("7: Mar 01 2026 06:48:50 PM.483 UTC :  %UC_A-5-B: x", "7", "", Some(AT), "%UC_A-5-B: x");
        check("7: cm1: Mar 01 2026 07:48:50 PM.483 CET : %UC_A-5-B: x", "7", "cm1", Some(AT), "%UC_A-5-B: x");
        let midnight = AT - (18 * 3600 + 48 * 60) * 1_000_000;
        check("7: Mar 01 2026 12:00:50 AM.483 UTC : %UC_A-5-B: x", "7", "", Some(midnight), "%UC_A-5-B: x");
    }

    #[test]
    fn other_text_is_no_prefix() {
        for text in [
            "app: Mar  1 18:48:50 something",
            "app: Mar  1 18:48:50: something",
            "12: text",
            "12: text: %d of 100",
            "app: text",
            "",
            "*",
            "29:",
            "29: ",
            "text",
        ] {
            assert_eq!(prefix(text.as_bytes(), &CX), None, "{text}");
        }
    }

    #[test]
    fn the_severity_stands_in_the_tag() {
        assert_eq!(severity(b"%ASA-6-302013"), Some(6));
        assert_eq!(severity(b"%DAEMON-3-SYSTEM_MSG"), Some(3));
        assert_eq!(severity(b"%MGBL-SYS-5-CONFIG_I"), Some(5));
        assert_eq!(severity(b"%ASA"), None);
        assert_eq!(severity(b"app-6-x"), None);
    }
}
