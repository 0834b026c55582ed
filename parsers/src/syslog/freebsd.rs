//! FreeBSD's syslogd with `-v`: facility and severity behind the time, as numbers, or with a second `-v` as names.
//!
//! ```text
//! Oct 11 22:14:15 <4.6> web1 sshd[12]: text
//! Oct 11 22:14:15 <auth.info> web1 sshd[12]: text
//! ```

use super::{aix, without_blanks};

/// Facility, severity and the rest of `<auth.info> REST`.
pub(super) fn facility_and_severity(text: &[u8]) -> Option<(u8, u8, &[u8])> {
    const BYTES_MAX: usize = 24;
    let inside = text.strip_prefix(b"<")?;
    let end = inside.iter().take(BYTES_MAX).position(|b| *b == b'>')?;
    let (words, rest) = inside.split_at_checked(end)?;
    let dot = words.iter().position(|b| *b == b'.')?;
    let (facility, severity) = (words.get(..dot)?, words.get(dot + 1..)?);
    let facility = number(facility, 24).or_else(|| facility_number(facility))?;
    let severity = number(severity, 8).or_else(|| aix::severity_number(severity))?;
    let rest = rest.strip_prefix(b">")?;
    rest.starts_with(b" ").then(|| (facility, severity, without_blanks(rest)))
}

/// The number in figures, if it is below `end`.
fn number(text: &[u8], end: u8) -> Option<u8> {
    let is_figures = (1..=2).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let number = str::from_utf8(text).ok().filter(|_| is_figures)?.parse().ok()?;
    (number < end).then_some(number)
}

/// Two of FreeBSD's facilities have names of their own.
fn facility_number(name: &[u8]) -> Option<u8> {
    match name {
        b"security" => Some(13),
        b"console" => Some(14),
        _ => aix::facility_number(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_in_angle_brackets_are_read() {
        for (text, expected) in [
            ("<auth.info> web1 su: x", Some((4, 6))),
            ("<4.6> web1 su: x", Some((4, 6))),
            ("<security.crit>  web1 su: x", Some((13, 2))),
            ("<local7.notice> web1 su: x", Some((23, 5))),
            ("<auth.loud> web1 su: x", None),
            ("<24.6> web1 su: x", None),
            ("<4.8> web1 su: x", None),
            ("<auth> web1 su: x", None),
            ("<auth.info>web1 su: x", None),
            ("<auth.info", None),
            ("<+4.6> x", None),
            ("auth.info web1", None),
        ] {
            let found = facility_and_severity(text.as_bytes());
            assert_eq!(found.map(|(facility, severity, _)| (facility, severity)), expected, "{text}");
            assert!(found.is_none_or(|(_, _, rest)| rest == b"web1 su: x"), "{text}");
        }
    }
}
