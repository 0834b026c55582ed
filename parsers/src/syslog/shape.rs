//! How the lines begin that are plainly syslog, whatever else they hold.

use super::{busybox, cisco, stamp, zone_names};
use crate::{Context, cisco_asa, leading, level_names, timestamp};

/// Whether `text` begins with a number in angle brackets; one that was left out counts before a stamp.
pub(crate) fn has_priority(text: &[u8]) -> bool {
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    let has_end = digits <= 10 && text.get(digits + 1) == Some(&b'>');
    has_end && (digits > 0 || text.get(2..).is_some_and(has_bsd_stamp))
}

/// Whether `text` is a record of RFC 5424 without its priority: `1 2023-11-14T22:13:20Z web1 app 7 id - text`.
pub(crate) fn has_version(text: &[u8], cx: &Context) -> bool {
    let [b'1', b' ', stamped @ ..] = text else { return false };
    let Some((_, rest)) = timestamp::iso_prefix(stamped, cx.zone).filter(|_| stamped.get(10) == Some(&b'T')) else {
        return false;
    };
    // Host, program, process and id, then the structured data.
    let mut words = rest.split(|b| *b == b' ').skip(1);
    (0..4).all(|_| words.next().is_some_and(|word| !word.is_empty()))
        && words.next().is_some_and(|data| data == b"-" || data.starts_with(b"["))
}

/// Whether `line` is a record of RFC 5424 from its time on, behind which `rest` stands.
#[inline]
pub(crate) fn begins_as_5424(line: &[u8], rest: &[u8]) -> bool {
    line.get(10) == Some(&b'T') && follows_stamp_as_5424(rest)
}

/// Whether `rest`, behind an ISO 8601 stamp with a `T`, goes on as RFC 5424 has it, as daemons and appliances write it into files without
/// priority and version: host, program, the number of a process, an id, and structured data.
#[inline]
pub(crate) fn follows_stamp_as_5424(rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b" ") else { return false };
    // Most lines have neither a number nor a dash in the third place.
    let behind = |text: &'_ [u8]| leading::before(b' ', text) + 1;
    let second = rest.get(behind(rest)..).unwrap_or_default();
    if !matches!(second.get(behind(second)), Some(b'0'..=b'9' | b'-')) {
        return false;
    }
    let mut words = rest.splitn(5, |b| *b == b' ');
    let (Some(host), Some(app), Some(process)) = (words.next(), words.next(), words.next()) else { return false };
    // Most lines have no number there.
    let is_number = !process.is_empty() && process.iter().all(u8::is_ascii_digit);
    // Four dashes are as telling.
    let is_nil = app == b"-" && process == b"-";
    // A program with its process and a colon is that of a syslog daemon's file.
    if !(is_number || is_nil)
        || matches!(host, [] | [b'[' | b'-', ..] | [.., b':'])
        || matches!(app, [] | [b'[', ..] | [.., b':'])
        || host.starts_with(b"std")
    {
        return false;
    }
    let (id, data) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // In a sentence a dash stands behind a word in small letters.
    let has_no_data = (data == b"-" || data.starts_with(b"- ")) && !id.iter().any(u8::is_ascii_lowercase);
    let is_host = std::str::from_utf8(host).is_ok_and(|host| level_names::from_word(host).is_none());
    if is_nil {
        return id == b"-" && has_no_data && is_host;
    }
    !id.is_empty() && !id.starts_with(b"[") && is_host && (has_no_data || has_element(data))
}

/// Whether `data` begins with an element of structured data: `[name@7 a="b"]`. One without parameters has to have a number behind its name, for
/// programs put words into brackets, too.
fn has_element(data: &[u8]) -> bool {
    let Some(inside) = data.strip_prefix(b"[").filter(|inside| inside.first().is_some_and(u8::is_ascii_alphabetic))
    else {
        return false;
    };
    let end_of_name = |text: &[u8]| text.iter().take(64).position(|b| matches!(b, b' ' | b']' | b'=' | b'"'));
    let Some((name, behind)) = end_of_name(inside).and_then(|end| inside.split_at_checked(end)) else { return false };
    match behind {
        [b']', ..] => name.contains(&b'@'),
        [b' ', parameter @ ..] => {
            end_of_name(parameter).and_then(|end| parameter.get(end..)).is_some_and(|behind| behind.starts_with(b"=\""))
        }
        _ => false,
    }
}

/// Whether `text` begins with a stamp that has a year, behind which a device's tag or that of CEF or LEEF stands, or a host and a
/// program: `Nov 14 2023 22:13:20 fw1 : %ASA-4-106023: …`; or OpenWrt's, behind which facility and severity stand. Other programs begin their lines with such a time, too.
pub(crate) fn has_dated_stamp(text: &[u8], cx: &Context) -> bool {
    if text.get(3) == Some(&b' ') && busybox::is_openwrts(text) {
        return true;
    }
    let has_year = text.get(7..11).is_some_and(|year| year.iter().all(u8::is_ascii_digit));
    let Some((_, rest)) = (has_year && text.get(6) == Some(&b' ')).then(|| stamp::read(text, cx)).flatten() else {
        return false;
    };
    let mut words = rest.split(|b| *b == b' ').filter(|word| !matches!(word, [] | [b':']));
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_tag = |word: &[u8]| {
        // Some versions leave the colon behind the tag out.
        word.starts_with(b"%") && cisco::severity(word.strip_suffix(b":").unwrap_or(word)).is_some()
    };
    let is_label =
        |word: &[u8]| word.starts_with(b"CEF:") || word.starts_with(b"LEEF:") || word.starts_with(b"ASM:CEF:");
    is_tag(first) || is_tag(second) || is_label(second) || follows_iso_stamp(rest)
}

/// Whether `text` begins with a stamp whose year stands first, behind which a host and a program stand, or the marker of OSSEC's agents:
/// `2023 Nov 14 22:13:20 web1 shop[7]: text`.
pub(crate) fn has_year_first(text: &[u8], cx: &Context) -> bool {
    if !begins_with_year(text) {
        return false;
    }
    let Some((_, rest)) = stamp::read(text, cx) else { return false };
    follows_iso_stamp(rest) || rest.starts_with(b" WinEvtLog: ")
}

/// Whether `text` begins with a year and the stamp of RFC 3164.
pub(crate) fn begins_with_year(text: &[u8]) -> bool {
    matches!(text, [b'1' | b'2', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', rest @ ..] if has_bsd_stamp(rest))
}

/// Whether `text` is a message of a Cisco router or switch as these number and date them, or from the tag on: `29: Nov 14 22:13:20: %SYS-5-…: text`.
pub(crate) fn is_ciscos(text: &[u8], cx: &Context) -> bool {
    match text.first() {
        Some(b'%') => begins_with_router_tag(text),
        _ => may_be_ciscos(text) && cisco::prefix(text, cx).is_some_and(|(_, rest)| begins_with_router_tag(rest)),
    }
}

/// Whether `text` begins with a small number, a colon and a time, with a time behind a mark which says that the clock is not set, or with
/// the time since the start and a tag: `29: Nov 14 22:13:20`, `*Nov 14 22:13:20`, `00:00:46: %`.
pub(crate) fn may_be_ciscos(text: &[u8]) -> bool {
    let digits = text.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let (numbered, rest) = match text.get(digits..) {
        Some([b':', b' ', rest @ ..]) if digits > 0 => (true, rest),
        Some([b':', _, _, b':', _, _, b':', b' ', b'%', ..]) => return digits == 2,
        _ => (false, text),
    };
    let marked = rest.strip_prefix(b"*").or_else(|| rest.strip_prefix(b"."));
    (numbered || marked.is_some()) && begins_with_day(marked.unwrap_or(rest))
}

/// Whether `text` begins as `Nov 14 2` or `Nov  4 2` do, or as `Nov 4 22:` does.
fn begins_with_day(text: &[u8]) -> bool {
    let is_digit = u8::is_ascii_digit;
    match text {
        [m, a, b, b' ', rest @ ..] if m.is_ascii_uppercase() && a.is_ascii_lowercase() && b.is_ascii_lowercase() => {
            matches!(rest, [b' ', d, b' ', h, ..] | [d, b' ', h, ..] if is_digit(d) && is_digit(h))
                || matches!(rest, [d, e, b' ', h, ..] if is_digit(d) && is_digit(e) && is_digit(h))
        }
        _ => false,
    }
}

/// Whether `text` begins with a tag of Cisco's and a colon, and not with that of a firewall: `%SYS-5-CONFIG_I: text`.
fn begins_with_router_tag(text: &[u8]) -> bool {
    let Some((tag, behind)) = cisco::tag(text) else { return false };
    let is_tag = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    behind.starts_with(b": ")
        && cisco::severity(tag).is_some()
        && tag.get(1..).is_some_and(|name| name.first().is_some_and(u8::is_ascii_uppercase) && name.iter().all(is_tag))
        && !std::str::from_utf8(tag).is_ok_and(cisco_asa::is_tag)
}

/// Whether `text` begins with the stamp of RFC 3164, section 4.1.2: `Nov 14 22:13:20` or `Nov  4 22:13:20`.
pub(crate) fn has_bsd_stamp(text: &[u8]) -> bool {
    #[rustfmt::skip]
    let (
        [b'J', b'a', b'n', rest @ ..] | [b'F', b'e', b'b', rest @ ..] | [b'M', b'a', b'r' | b'y', rest @ ..]
        | [b'A', b'p', b'r', rest @ ..] | [b'J', b'u', b'n' | b'l', rest @ ..] | [b'A', b'u', b'g', rest @ ..]
        | [b'S', b'e', b'p', rest @ ..] | [b'O', b'c', b't', rest @ ..] | [b'N', b'o', b'v', rest @ ..]
        | [b'D', b'e', b'c', rest @ ..]
    ) = text else {
        return false;
    };
    let [b' ', tens, ones, b' ', h, i, b':', m, n, b':', s, t, ..] = rest else {
        return false;
    };
    let digits = [ones, h, i, m, n, s, t].iter().all(|b| b.is_ascii_digit());
    digits && (*tens == b' ' || tens.is_ascii_digit())
}

/// Whether `rest`, behind an ISO 8601 stamp without a `T`, goes on as macOS' `log show --style syslog` has it: two blanks, a host, a
/// program with its process and a colon.
pub(crate) fn follows_stamp_as_macos(rest: &[u8]) -> bool {
    let Some(host) = rest.strip_prefix(b"  ").filter(|host| host.first().is_some_and(u8::is_ascii_alphanumeric)) else {
        return false;
    };
    let end = host.iter().take(200).position(|b| *b == b':');
    let has_process = end.and_then(|end| host.get(..end)).is_some_and(|head| head.ends_with(b"]"));
    has_process && follows_iso_stamp(rest.get(1..).unwrap_or_default())
}

/// Whether `rest`, with which `line` goes on behind an ISO 8601 stamp, names a host whose line no program's parser is asked for.
pub(crate) fn names_host(line: &[u8], rest: &[u8]) -> bool {
    follows_stamp_as_macos(rest) || leads_to_event(line, rest)
}

/// As [`names_host`], for a line that begins with the date.
pub(crate) fn names_host_behind_stamp(line: &[u8]) -> bool {
    let clock = line.get(11..40).or_else(|| line.get(11..)).unwrap_or_default();
    let rest = memchr::memchr(b' ', clock).and_then(|at| line.get(11 + at..));
    rest.is_some_and(|rest| names_host(line, rest))
}

/// Whether behind the first word of `rest` something may stand that [follows a stamp](follows_iso_stamp): most lines are told by its first byte,
/// or by the last one of the second word.
#[inline]
pub(crate) fn may_follow_iso_stamp(rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b" ") else { return false };
    let Some(message) = rest.get(leading::before(b' ', rest) + 1..) else { return false };
    let second = message.get(..leading::before(b' ', message)).unwrap_or_default();
    match (message.first(), second.last()) {
        (None | Some(b'{' | b'%' | b':' | b'f' | b'1' | b'C' | b'L') | Some(..=b' '), _) => true,
        (_, last) => last == Some(&b':'),
    }
}

/// Whether `rest`, behind an ISO 8601 stamp, goes on as the line of a file that a syslog daemon wrote: with a host, and a
/// tag or a JSON object.
pub(crate) fn follows_iso_stamp(rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b" ") else { return false };
    let word =
        |text: &[u8]| text.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || b"._-/".contains(b)).count();
    let (host, rest) = rest.split_at_checked(word(rest)).unwrap_or_default();
    // Other programs begin a line with a stamp and a level.
    let is_host =
        !host.is_empty() && std::str::from_utf8(host).is_ok_and(|host| level_names::from_word(host).is_none());
    let Some(rest) = rest.strip_prefix(b" ").filter(|_| is_host) else { return false };
    let object = rest.trim_ascii_start();
    if object.starts_with(b"{") {
        return object.trim_ascii_end().ends_with(b"}");
    }
    // A relay writes what Cisco's systems send with their tag behind the host, and a colon before it.
    let tagged = object.strip_prefix(b":").unwrap_or(object).trim_ascii_start();
    if tagged.starts_with(b"%") {
        return cisco::tag(tagged).is_some_and(|(tag, _)| cisco::severity(tag).is_some());
    }
    // MikroTik's topics and Palo Alto's lists stand in the place of a tag, and so do the labels of CEF and LEEF.
    if object.starts_with(b"firewall,") || object.starts_with(b"1,20") || is_labelled_event(object) {
        return true;
    }
    let (tag, rest) = rest.split_at_checked(word(rest)).unwrap_or_default();
    let rest = match rest.strip_prefix(b"[") {
        Some(pid) => {
            pid.get(pid.iter().take_while(|b| b.is_ascii_digit()).count()..).and_then(|r| r.strip_prefix(b"]"))
        }
        None => Some(rest),
    };
    !tag.is_empty() && rest.is_some_and(|rest| rest.starts_with(b": "))
}

/// Whether `text` begins with the label of CEF or LEEF and a version: `CEF:0|`, `LEEF:1.0|`, F5's `ASM:CEF:0|`.
#[inline]
pub(crate) fn is_labelled_event(text: &[u8]) -> bool {
    let [b'A' | b'C' | b'L', ..] = text else { return false };
    let text = text.strip_prefix(b"ASM:").unwrap_or(text);
    let version = text.strip_prefix(b"CEF:").or_else(|| text.strip_prefix(b"LEEF:")).unwrap_or_default();
    let bytes = version.iter().take(8).take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    bytes > 0 && version.get(bytes) == Some(&b'|')
}

/// Whether `rest`, behind a date with dashes and a time, goes on with a host and an event in CEF or LEEF; the name of a zone may stand
/// before the host.
fn leads_to_event(line: &[u8], rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b" ").filter(|_| line.get(4) == Some(&b'-')) else { return false };
    // In most lines no such label stands there, which is told before the words are looked at.
    let behind_word = |text: &'_ [u8]| memchr::memchr(b' ', text).map(|at| at + 1);
    let Some(first) = behind_word(rest) else { return false };
    let behind_first = rest.get(first..).unwrap_or_default();
    if is_labelled_event(behind_first) {
        return host(rest).is_some();
    }
    let behind_second = behind_word(behind_first).and_then(|at| behind_first.get(at..)).unwrap_or_default();
    let is_zone = || host(rest).is_some_and(|(zone, _)| zone_names::offset_seconds(zone).is_some());
    is_labelled_event(behind_second) && is_zone() && host(behind_first).is_some()
}

/// The name or the address of a host at the front of `text`, which is no word for a level, and what follows behind a blank.
fn host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = text.iter().take(256).take_while(|b| b.is_ascii_alphanumeric() || b"._-:".contains(b)).count();
    let (name, behind) = text.split_at_checked(bytes)?;
    let is_host = !name.ends_with(b":") && level_names::from_word(std::str::from_utf8(name).ok()?).is_none();
    Some((name, behind.strip_prefix(b" ")?)).filter(|_| is_host && bytes > 0)
}
