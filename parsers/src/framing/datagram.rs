//! Datagrams: one message each (RFC 5426, section 3.1; RFC 3164, section 4).

use super::delimiter::trimmed;

/// The message of a datagram: all of it, line feeds inside included, without line ends and NULs behind it.
///
/// None for a datagram that is empty or holds nothing else (Perl's `Sys::Syslog` begins with an empty one).
pub fn datagram(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    Some(trimmed(bytes)).into_iter().filter(|message| !message.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_one_message_without_its_trailer() {
        for (bytes, expected) in [
            (&b""[..], None),
            (b"\n", None),
            (b"\r\n\0", None),
            (b"<14>text", Some(&b"<14>text"[..])),
            (b"<14>text\n\0", Some(b"<14>text")),
            (b"<14>one\ntwo\r\n", Some(b"<14>one\ntwo")),
        ] {
            assert_eq!(datagram(bytes).collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
