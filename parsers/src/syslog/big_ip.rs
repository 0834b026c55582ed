//! F5's BIG-IP, which writes the severity as a word between host and tag, and the code of the message at its begin. Whoever has the
//! severity in a template of rsyslog writes the first of them, too.
//!
//! ```text
//! Oct 11 22:14:15 lb1 notice mcpd[5281]: 01070638:5: Pool /Common/web member /Common/192.0.2.7:80 monitor status down.
//! ```

use super::{aix, tag, without_blanks};

/// Severity and the rest of `notice REST`; `None` unless a tag with a colon or an id follows, so that a program called `alert` is no severity.
pub(super) fn severity(text: &[u8]) -> Option<(u8, &[u8])> {
    const WORD_BYTES_MAX: usize = 8;
    if !matches!(text.first()?, b'a' | b'c'..=b'e' | b'i' | b'n' | b'w') {
        return None;
    }
    let end = text.iter().take(WORD_BYTES_MAX).position(|b| *b == b' ')?;
    let (word, rest) = text.split_at_checked(end)?;
    let severity = aix::severity_number(word)?;
    let rest = without_blanks(rest);
    tag::read_unstamped(rest).map(|_| (severity, rest))
}

/// The code of `01070638:5: text`, whose figure is the severity.
pub(crate) fn code(message: &[u8]) -> Option<&[u8]> {
    let (code, rest) = message.split_at_checked(8)?;
    let is_code = code.iter().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    (is_code && matches!(rest, [b':', b'0'..=b'7', b':', b' ', ..])).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_stands_before_a_tag_only() {
        assert_eq!(severity(b"notice mcpd[5281]: x"), Some((5, &b"mcpd[5281]: x"[..])));
        assert_eq!(severity(b"err tmm: x"), Some((3, &b"tmm: x"[..])));
        assert_eq!(severity(b"info sshd(pam_audit)[7]: x"), Some((6, &b"sshd(pam_audit)[7]: x"[..])));
        for text in
            [&b"notice the door"[..], b"alert: x", b"warning", b"Notice a: x", b"nothing a: x", b"info ERROR: x", b""]
        {
            assert_eq!(severity(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_code_is_eight_digits_and_a_severity() {
        assert_eq!(code(b"01070638:5: Pool"), Some(&b"01070638"[..]));
        assert_eq!(code(b"012a0019:4: x"), Some(&b"012a0019"[..]));
        for text in [&b"01070638:9: x"[..], b"01070638: x", b"1070638:5: x", b"0107063g:5: x", b""] {
            assert_eq!(code(text), None, "{}", String::from_utf8_lossy(text));
        }
    }
}
