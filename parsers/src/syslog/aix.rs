//! AIX's syslogd: the notes it puts before messages, and facility and severity in words.
//!
//! ```text
//! Oct 11 22:14:15 Message forwarded from aixhost: sshd[12]: text
//! Oct 11 22:14:15 aixhost auth|security:info sshd[12]: text
//! ```

use super::without_blanks;

/// The host and the rest of `Message forwarded from HOST: REST`.
pub(super) fn forwarded(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"Message forwarded from ")?;
    let end = text.iter().position(|b| matches!(b, b' ' | b'\n'))?;
    let (host, rest) = text.split_at_checked(end)?;
    Some((host.strip_suffix(b":")?, without_blanks(rest)))
}

/// Facility, severity and the rest of `auth|security:info REST`.
///
/// `None` unless a tag with a colon or an id follows, so that a program called `mail` is not taken for a facility.
pub(super) fn facility_and_severity(text: &[u8]) -> Option<(u8, u8, &[u8])> {
    if !text.first()?.is_ascii_lowercase() {
        return None;
    }
    let end = text.iter().position(|b| *b == b' ')?;
    let (word, rest) = text.split_at_checked(end)?;
    let colon = word.iter().position(|b| *b == b':')?;
    let (facility, severity) = word.split_at_checked(colon)?;
    // Behind the colon of a tag nothing follows, which most words are.
    let severity = severity.strip_prefix(b":").and_then(first_name).and_then(severity_number)?;
    let facility = first_name(facility).and_then(facility_number)?;
    let rest = without_blanks(rest);
    super::tag::read_unstamped(rest).map(|_| (facility, severity, rest))
}

/// AIX joins the names that mean the same with `|`.
fn first_name(names: &[u8]) -> Option<&[u8]> {
    names.split(|b| *b == b'|').next()
}

pub(super) fn facility_number(name: &[u8]) -> Option<u8> {
    const NAMES: [&[u8]; 24] = [
        b"kern",
        b"user",
        b"mail",
        b"daemon",
        b"auth",
        b"syslog",
        b"lpr",
        b"news",
        b"uucp",
        b"cron",
        b"authpriv",
        b"ftp",
        b"ntp",
        b"audit",
        b"alert",
        b"clock",
        b"local0",
        b"local1",
        b"local2",
        b"local3",
        b"local4",
        b"local5",
        b"local6",
        b"local7",
    ];
    NAMES.iter().position(|known| *known == name).map(|number| number as u8)
}

pub(super) fn severity_number(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"emerg" | b"panic" => 0,
        b"alert" => 1,
        b"crit" => 2,
        b"err" | b"error" => 3,
        b"warn" | b"warning" => 4,
        b"notice" => 5,
        b"info" => 6,
        b"debug" => 7,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_message_names_its_host() {
        assert_eq!(forwarded(b"Message forwarded from aixhost: su: x"), Some((&b"aixhost"[..], &b"su: x"[..])));
        for text in [&b"Message forwarded from "[..], b"Message forwarded from host x", b"aixhost su: x", b""] {
            assert_eq!(forwarded(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn words_for_facility_and_severity_are_read_before_a_tag() {
        assert_eq!(facility_and_severity(b"auth|security:info sshd[12]: x"), Some((4, 6, &b"sshd[12]: x"[..])));
        assert_eq!(facility_and_severity(b"kern:err|error unix: x"), Some((0, 3, &b"unix: x"[..])));
        for text in [&b"mail: info x"[..], b"mail:info x", b"foo:info a: x", b"mail:loud a: x", b"", b"mail"] {
            assert_eq!(facility_and_severity(text), None, "{}", String::from_utf8_lossy(text));
        }
    }
}
