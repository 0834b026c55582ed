//! How the lines begin that are plainly syslog, whatever else they hold.

use crate::level_names;

/// Whether `text` begins with a number in angle brackets.
pub(crate) fn has_priority(text: &[u8]) -> bool {
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    (1..=10).contains(&digits) && text.get(digits + 1) == Some(&b'>')
}

/// Whether `text` begins with the stamp of RFC 3164, section 4.1.2: `Nov 14 22:13:20` or `Nov  4 22:13:20`.
pub(crate) fn has_bsd_stamp(text: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let Some((month, rest)) = text.split_at_checked(3) else {
        return false;
    };
    let [b' ', tens, ones, b' ', h, i, b':', m, n, b':', s, t, ..] = rest else {
        return false;
    };
    let digits = [ones, h, i, m, n, s, t].iter().all(|b| b.is_ascii_digit());
    digits && (*tens == b' ' || tens.is_ascii_digit()) && MONTHS.contains(&month)
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
    // MikroTik's topics and Palo Alto's lists stand in the place of a tag.
    if object.starts_with(b"firewall,") || object.starts_with(b"1,20") {
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
