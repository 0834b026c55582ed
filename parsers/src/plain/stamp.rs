//! The times at which lines in no known format begin.

use crate::syslog::{self, zone_names};
use crate::{Context, Zone, app, level_names, timestamp};

/// Reads the time at the front of `line`: microseconds since 1970 (UTC), and what follows it.
///
/// ```text
/// 2023-11-14 22:13:20             ISO 8601 in all its spellings
/// [2023-11-14 22:13:20] text      in brackets, as all of these may be
/// <W>2023-11-14 22:13:20.123      behind a mark of up to three letters (Mumble, qBittorrent)
/// <co ts="2023-11-14T22:13:20"    Oracle's mail server
/// [7:1-2] 14-11-2023 22:13:20     behind the ids of processes (Domino)
/// 14.11.2023 22:13:20             where dates are written with dots, the day first
/// 14-Nov-2023 22:13:20.123        BIND
/// 14/Nov/2023 22:13:20            Kerio
/// 11/14/2023-22:13:20.123456      Suricata
/// 11/14/23-22:13:20.123456        Snort, whose clock may leave out the year: 11/14-22:13:20.123456
/// 2023:11:14-22:13:20             DirectAdmin
/// 20231114-22:13:20               xrdp
/// 20231114 22:13:20.123           the same with a blank
/// Nov-14-23 22:13:20              ASSP
/// Nov-14 22:13:20.123             Nextflow
/// Tue Nov 14 22:13:20 2023        C's asctime
/// 2023 Nov 14 22:13:20            OSSEC
/// CET Nov 14 22:13:20             Monit
/// 2023.11.14 22:13:20             stunnel
/// 11/14/2023 22:13:20 [LOGIN]     SquirrelMail
/// L 11/14/2023 - 22:13:20: text   Valve's game servers
/// 1700000000: text                Mosquitto
/// @400000006553f10a075bca00 text  multilog and s6-log (TAI64N)
/// 1a2b3 4c5d6 -- bob -- - 2023-…  Tine 2.0, behind its ids of request and session
/// 1700000000 - 11/14/2023 …       PortSentry, whose number is the time
/// ERROR 2023-11-14 22:13:20       behind a level in capitals
/// ```
pub(super) fn read<'a>(line: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let text = line.trim_ascii_start();
    let inside = match text {
        [] => return None,
        [b'[', inside @ ..] => inside,
        [b'<' | b'(', ..] => return behind_mark(text, cx),
        [b'@', ..] => return tai64n(text),
        [b'L', b' ', b'0' | b'1', ..] => return app::time_of_shape(text, b"L m/d/Y - H:M:S", cx),
        _ => text,
    };
    if let Some(rest) = behind_session(text) {
        return timestamp::iso_prefix(rest, cx.zone);
    }
    let behind = || match inside.first()? {
        b'A'..=b'Z' => behind_level(inside),
        _ => behind_ids(text),
    };
    at_front(inside, cx).or_else(|| at_front(behind()?, cx))
}

/// The label of daemontools: a count of seconds of atomic time from 2^62 on, and the nanoseconds, in hexadecimal digits. Atomic time was
/// ten seconds ahead in 1970; leap seconds since then are counted by none of these programs.
fn tai64n(text: &[u8]) -> Option<(i64, &[u8])> {
    const EPOCH: u64 = (1 << 62) + 10;
    let (label, rest) = text.strip_prefix(b"@")?.split_at_checked(24)?;
    let (seconds, nanos) = std::str::from_utf8(label).ok()?.split_at_checked(16)?;
    let is_label = label.iter().all(u8::is_ascii_hexdigit) && ends(rest);
    let seconds = u64::from_str_radix(seconds, 16).ok().filter(|_| is_label)?.checked_sub(EPOCH)?;
    let nanos = i64::from_str_radix(nanos, 16).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some((i64::try_from(seconds).ok()?.checked_mul(1_000_000)? + nanos / 1000, rest))
}

/// What stands behind `ERROR `, and is a number.
fn behind_level(text: &[u8]) -> Option<&[u8]> {
    let (word, rest) = text.split_at_checked(text.iter().take(10).take_while(|b| b.is_ascii_uppercase()).count())?;
    let rest = rest.strip_prefix(b" ")?.trim_ascii_start();
    let is_number = rest.first().is_some_and(u8::is_ascii_digit);
    (is_number && level_names::from_word(std::str::from_utf8(word).ok()?).is_some()).then_some(rest)
}

fn at_front<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let (at, rest) = match text.first()? {
        b'0'..=b'9' => timestamp::iso_prefix(text, cx.zone).or_else(|| shaped(text, cx))?,
        b'A'..=b'Z' => named(text, cx)?,
        _ => return None,
    };
    ends(rest).then_some((at, rest))
}

/// Whether a time ends where `rest` begins: no letter or digit follows it.
pub(super) fn ends(rest: &[u8]) -> bool {
    rest.first().is_none_or(|b| !b.is_ascii_alphanumeric())
}

/// Times that begin with a number and are no ISO 8601: their dividers tell them apart.
fn shaped<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let shape: &[u8] = match text {
        [_, _, b'-', b'0'..=b'9', _, b'-', _, _, _, _, b' ', ..] => b"d-m-Y H:M:S",
        [_, _, b'.', _, _, b'.', _, _, _, _, b' ', ..] => b"d.m.Y H:M:S",
        [_, _, b'-', _, _, _, b'-', ..] => b"d-b-Y H:M:S",
        [_, _, b'/', b'0'..=b'9', _, b'/', _, _, _, _, b'-', ..] => b"m/d/Y-H:M:S",
        [_, _, b'/', b'0'..=b'9', _, b'/', _, _, b'-', ..] => b"m/d/y-H:M:S",
        [_, _, b'/', b'0'..=b'9', _, b'-', _, _, b':', ..] => b"m/d-H:M:S",
        [_, _, b'/', b'0'..=b'9', _, b'/', _, _, _, _, b' ', ..]
            if text.get(19..).is_some_and(|rest| rest.starts_with(b" [LOG")) =>
        {
            b"m/d/Y H:M:S"
        }
        [_, _, b'/', _, _, _, b'/', _, _, _, _, b' ', ..] => b"d/b/Y H:M:S",
        [_, _, _, _, b' ', b'A'..=b'Z', _, _, b' ', ..] => b"Y b d H:M:S",
        [_, _, _, _, b'.', _, _, b'.', _, _, b' ', ..] => b"Y.m.d H:M:S",
        [_, _, _, _, b':', _, _, b':', _, _, b'-', ..] => b"Y:m:d-H:M:S",
        [_, _, _, _, _, _, _, _, b'-', _, _, b':', ..] => b"Ymd-H:M:S",
        [_, _, _, _, _, _, _, _, b' ', _, _, b':', ..] => b"Ymd H:M:S",
        [_, _, _, _, _, _, _, _, _, _, b' ', b'-', b' ', ..] => return portsentry(text),
        [b'1'..=b'9', _, _, _, _, _, _, _, _, _, b':', b' ', ..] => return seconds(text),
        _ => return None,
    };
    app::time_of_shape(text, shape, cx)
}

/// `1700000000 - 11/14/2023 22:13:20 `: the number says the same as the date, and its zone as well.
fn portsentry(text: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = text.split_at_checked(10)?;
    let at = timestamp::epoch(std::str::from_utf8(number).ok()?)?;
    let date = rest.get(3..22)?;
    let is_date = date.iter().all(|b| b.is_ascii_digit() || matches!(b, b'/' | b':' | b' '));
    Some((at, rest.get(22..).filter(|_| is_date)?))
}

/// `1700000000: `, a number of seconds with nothing before it.
fn seconds(text: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = text.split_at_checked(10)?;
    let is_number = number.iter().all(u8::is_ascii_digit);
    Some((timestamp::epoch(std::str::from_utf8(number).ok().filter(|_| is_number)?)?, rest))
}

/// The date behind Tine's ids, `1a2b3 4c5d6 -- bob -- - `.
fn behind_session(text: &[u8]) -> Option<&[u8]> {
    let is_id = matches!(text.first()?, b'0'..=b'9' | b'a'..=b'f') && text.get(5) == Some(&b' ');
    let user = text.get(15..).filter(|_| is_id && app::may_be_session(text))?;
    let near = user.get(..96).unwrap_or(user);
    let end = memchr::memmem::find(near, b" -- - ")?;
    user.get(end + 6..)
}

/// Times that begin with the name of a month, a day or a zone.
fn named<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    if text.get(3) == Some(&b'-') && text.get(6) == Some(&b' ') {
        return app::time_of_shape(text, b"b-d H:M:S", cx);
    }
    if text.get(3) == Some(&b'-') {
        return app::time_of_shape(text, b"b-d-y H:M:S", cx);
    }
    let letters = text.iter().take(5).take_while(|b| b.is_ascii_uppercase()).count();
    let Some(offset) = text.get(..letters).filter(|name| name.len() > 2).and_then(zone_names::offset_seconds) else {
        // Up to a bracket first: a year before it is part of the time (`dmesg -T`).
        return in_brackets(text, cx).or_else(|| syslog::stamp::read(text, cx));
    };
    let zone = Zone::Fixed(i32::try_from(offset).ok()?);
    in_brackets(text.get(letters + 1..)?, &Context { zone, ..*cx })
}

/// A time that a bracket ends, up to and without which it is read.
fn in_brackets<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let end = text.iter().take(40).position(|b| *b == b']')?;
    let (inside, behind) = text.split_at_checked(end)?;
    if let Some(at) = timestamp::asctime(inside, cx.zone) {
        return Some((at, behind));
    }
    let (at, rest) = syslog::stamp::read(inside, cx)?;
    rest.is_empty().then_some((at, behind))
}

/// What stands behind `[7:1-2] `.
fn behind_ids(text: &[u8]) -> Option<&[u8]> {
    let ids = text.strip_prefix(b"[")?;
    let end = ids.iter().take(40).position(|b| !b.is_ascii_hexdigit() && !matches!(b, b':' | b'-'))?;
    ids.get(end..)?.strip_prefix(b"] ")
}

/// The time behind `<W>`, `(W) ` or `<co ts="`.
fn behind_mark<'a>(text: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let end = text.iter().take(8).position(|b| matches!(b, b'>' | b')' | b'"'))?;
    let rest = text.get(end + 1..)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    timestamp::iso_prefix(rest, cx.zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2023-11-15T10:00:00Z
    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn times_are_read_in_the_spellings_of_many_programs() {
        for (line, rest) in [
            ("2023-11-14 22:13:20.5 x", " x"),
            ("11/14-22:13:20.123456  [**] x", "  [**] x"),
            ("11/14/23-22:13:20.123456 ,1,2", " ,1,2"),
            ("[2023-11-14 22:13:20] x", "] x"),
            ("<W>2023-11-14 22:13:20.123 1 => x", " 1 => x"),
            ("(W) 2023-11-14T22:13:20 - x", " - x"),
            ("<co ts=\"2023-11-14T22:13:20.99\" pi=\"1\"", "\" pi=\"1\""),
            ("[28325:00010-3735542592] 14-11-2023 22:13:20   smtp: x", "   smtp: x"),
            ("14-11-2023 22:13:20   smtp: x", "   smtp: x"),
            ("14-Nov-2023 22:13:20.123 error: x", " error: x"),
            ("[14.11.2023 22:13:20,123] WARN x", "] WARN x"),
            ("[14/Nov/2023 22:13:20] x", "] x"),
            ("11/14/2023-22:13:20.123456  [**] x", "  [**] x"),
            ("2023:11:14-22:13:20: 'x'", ": 'x'"),
            ("[20231114-22:13:20] [INFO ] x", "] [INFO ] x"),
            ("Nov-14-23 22:13:20 [SSL-out] x", " [SSL-out] x"),
            ("Tue Nov 14 22:13:20 2023 - [7] x", " - [7] x"),
            ("[Tue Nov 14 22:13:20 2023] usb 1-1: x", "] usb 1-1: x"),
            ("20231114 22:13:20.123 - INFO - x", " - INFO - x"),
            ("Nov-14 22:13:20.123 [main] DEBUG x", " [main] DEBUG x"),
            ("[CET Nov 14 23:13:20] error    : x", "] error    : x"),
            ("[Nov 14 22:13:20] NOTICE[7] x", "] NOTICE[7] x"),
            ("1700000000 - 11/14/2023 23:13:20 Host: x", " Host: x"),
            ("1700000000: New connection", ": New connection"),
            ("2023.11.14 22:13:20 LOG5[7:8]: x", " LOG5[7:8]: x"),
            ("11/14/2023 22:13:20 [LOGIN_ERROR] x", " [LOGIN_ERROR] x"),
            ("L 11/14/2023 - 22:13:20: x", ": x"),
            ("1a2b3 4c5d6 -- bob lee -- - 2023-11-14T22:13:20+00:00 WARN (4): x", " WARN (4): x"),
            ("ERROR 2023-11-14 22:13:20,123 x", " x"),
            ("INFO  14-Nov-2023 22:13:20 x", " x"),
            ("@400000006553f10a00000000 x", " x"),
            ("@400000006553f10a1dcd6500", ""),
        ] {
            let (micros, found) = read(line.as_bytes(), &CX).unwrap_or_else(|| panic!("{line} is not read"));
            assert_eq!(micros / 1_000_000, 1_700_000_000, "{line}");
            assert_eq!(found, rest.as_bytes(), "{line}");
        }
    }

    #[test]
    fn other_lines_begin_with_no_time() {
        for line in [
            "",
            "[",
            "<b>bold</b>",
            "(x) y",
            "1700000000 - x",
            "1700000000x: y",
            "17000000001: x",
            "@4000000065",
            "@400000006553f10a075bca00x",
            "@ffffffffffffffffffffffff x",
            "11/14/2023 22:13:20 text",
            "L 2023",
            "1a2b3 4c5d6 -- x -- - y",
            "12-34-5678 x",
            "May be",
            "CET is a zone",
            "[a] 1",
            "ERROR 7 x",
            "CITY 2023-11-14 22:13:20",
            "@bob x",
            "@400000006553f10a00000000f x",
            "@000000006553f10a00000000 x",
            "@400000006553f10a7fffffff x",
        ] {
            assert_eq!(read(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line: Vec<u8>, likely in "[\\[<(]?(CET |Nov |14|11|2023|[-/: ]|22:13:20|>|\\)|\\]|\"){0,12}") {
            let _ = (read(&line, &CX), read(likely.as_bytes(), &CX));
        }
    }
}
