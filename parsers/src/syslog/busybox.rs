//! BusyBox' syslogd, the default of Alpine Linux, and OpenWrt's logd: facility and severity in words.
//!
//! ```text
//! Nov 14 22:13:20 web1 auth.info sshd[12]: text
//! Tue Nov 14 22:13:20 2023 authpriv.warn dropbear[12]: text
//! ```

use super::{aix, tag, without_blanks};

/// Facility, severity and the rest of `auth.info REST`.
///
/// `None` unless a tag with a colon or an id follows.
pub(super) fn facility_and_severity(text: &[u8]) -> Option<(u8, u8, &[u8])> {
    const BYTES_MAX: usize = 16;
    if !text.first()?.is_ascii_lowercase() {
        return None;
    }
    let end = text.iter().take(BYTES_MAX).position(|b| *b == b' ')?;
    let (words, rest) = text.split_at_checked(end)?;
    let dot = words.iter().position(|b| *b == b'.')?;
    let facility = aix::facility_number(words.get(..dot)?)?;
    let severity = aix::severity_number(words.get(dot + 1..)?)?;
    let rest = without_blanks(rest);
    tag::read_unstamped(rest).map(|_| (facility, severity, rest))
}

/// What follows the time that `text` begins with, if that has a day of the week before it and the year behind it, as OpenWrt writes it.
pub(super) fn behind_weekday(text: &[u8]) -> Option<&[u8]> {
    const SHAPE: &[u8] = b"Aaa Aaa .. ..:..:.. 0000 ";
    let (stamp, rest) = text.split_at_checked(SHAPE.len())?;
    let is_of_shape = |(byte, shape): (&u8, &u8)| match shape {
        b'A' => byte.is_ascii_uppercase(),
        b'a' => byte.is_ascii_lowercase(),
        b'0' => byte.is_ascii_digit(),
        b'.' => true,
        mark => byte == mark,
    };
    stamp.iter().zip(SHAPE).all(is_of_shape).then_some(rest)
}

/// Whether `text` begins a record of OpenWrt's, which states no host.
pub(super) fn is_openwrts(text: &[u8]) -> bool {
    behind_weekday(text).and_then(facility_and_severity).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse;
    use crate::{Context, Format, Level, StreamFormat, Zone};

    #[test]
    fn words_for_facility_and_severity_are_read_before_a_tag() {
        assert_eq!(facility_and_severity(b"auth.info sshd[12]: x"), Some((4, 6, &b"sshd[12]: x"[..])));
        assert_eq!(facility_and_severity(b"local7.warn kernel: x"), Some((23, 4, &b"kernel: x"[..])));
        for text in ["auth.info sshd x", "auth.infos a: x", "shop.info a: x", "auth.info", ".info a: x", "a"] {
            assert_eq!(facility_and_severity(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_file_of_alpines_or_openwrts_names_program_and_level() {
        let cx = Context { received_at: 1_700_000_001_000_000, zone: Zone::UTC };
        for (line, host, app, facility, level) in [
            ("Nov 14 22:13:20 web1 auth.info sshd[12]: x", "web1", "sshd", Some(4), Level::Info),
            ("Nov 14 22:13:20 web1 daemon.err chronyd[12]: x", "web1", "chronyd", Some(3), Level::Error),
            ("Tue Nov 14 22:13:20 2023 authpriv.warn dropbear[12]: x", "", "dropbear", Some(10), Level::Warn),
            ("<13>Tue Nov 14 22:13:20 2023 daemon.err uhttpd[12]: x", "", "uhttpd", Some(1), Level::Info),
            // A host may be called so.
            ("Nov 14 22:13:20 mail.info postfix[12]: x", "mail.info", "postfix", None, Level::Unknown),
        ] {
            let event = parse(Format::Auto, line.as_bytes(), &cx);
            assert_eq!((&*event.host, &*event.app, &*event.proc_id), (host, app, "12"), "{line}");
            assert_eq!((event.facility, event.level, &*event.message), (facility, level, &b"x"[..]), "{line}");
            assert_eq!(event.timestamp, Some(1_700_000_000_000_000), "{line}");
            let mut stream = StreamFormat::default();
            for _ in 0..40 {
                assert_eq!(stream.read(line.as_bytes(), &cx), event, "{line}");
            }
        }
    }
}
