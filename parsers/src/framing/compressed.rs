//! How bytes that are compressed begin, and rsyslog's messages that are compressed one by one.
//!
//! ```text
//! 1f 8b …          gzip (RFC 1952, section 2.3.1)
//! x8 …             zlib (RFC 1950, section 2.2): deflate with a window of up to 32 KiB, and a check of the first two octets
//! 'z' 78 …         a message that rsyslog compressed (omfwd, compression.mode="single"): a mark, and zlib
//! ```

/// zlib's first octet where the window is the usual one of 32 KiB.
const USUAL_WINDOW: u8 = 0x78;
/// In zlib's second octet: what follows needs a dictionary that both sides know.
const NEEDS_DICTIONARY: u8 = 0x20;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all, as far as their beginning tells.
    None,
    /// With gzip.
    Gzip,
    /// With zlib.
    Zlib,
}

impl Compression {
    /// So many octets tell.
    pub const HEAD_BYTES: usize = 2;

    /// What `head`, the first two octets or more, begins.
    ///
    /// Neither JSON nor a syslog message begins as any of them. Text of other kinds may begin as zlib does: `x^`, `hC`.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [first, second, ..] if first & 0x8f == 0x08 && u16::from_be_bytes([*first, *second]) % 31 == 0 => {
                Self::Zlib
            }
            _ => Self::None,
        }
    }
}

/// The zlib stream behind the mark of a message that rsyslog compressed.
///
/// Text may begin so (`zx^`): it is compressed only if it can be decompressed, to its last octet.
#[must_use]
pub fn zipped(message: &[u8]) -> Option<&[u8]> {
    let content = message.strip_prefix(b"z")?;
    begins_zipped(message)?.then_some(content)
}

/// Whether what begins with `front` is [`zipped`]; `None` if more must be seen.
pub(super) fn begins_zipped(front: &[u8]) -> Option<bool> {
    match front {
        [] | [b'z'] | [b'z', USUAL_WINDOW] => None,
        [b'z', USUAL_WINDOW, flags, ..] => {
            let is_zlib = Compression::of(&[USUAL_WINDOW, *flags]) == Compression::Zlib;
            Some(is_zlib && flags & NEEDS_DICTIONARY == 0)
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_octets_tell_how_bytes_are_compressed() {
        for (head, expected) in [
            (&b"\x1f\x8b\x08"[..], Compression::Gzip),
            (b"\x78\x01", Compression::Zlib),
            (b"\x78\x5e", Compression::Zlib),
            (b"\x78\x9c", Compression::Zlib),
            (b"\x78\xda\x03", Compression::Zlib),
            (b"\x48\x89", Compression::Zlib),
            (b"\x88\x1c", Compression::None),
            (b"xyz", Compression::None),
            (b"\x1f", Compression::None),
            (b"x", Compression::None),
            (b"{}", Compression::None),
            (b"<13>", Compression::None),
            (b"", Compression::None),
        ] {
            assert_eq!(Compression::of(head), expected, "{head:x?}");
        }
    }

    #[test]
    fn a_mark_and_zlib_are_a_compressed_message() {
        assert_eq!(zipped(b"z\x78\xda\x03\x00"), Some(&b"\x78\xda\x03\x00"[..]));
        for other in [&b"z"[..], b"zx", b"zebra", b"zxy", b"z\x48\x89", b"\x78\xda", b"z\x78\xbb", b"<13>z"] {
            assert_eq!(zipped(other), None, "{other:x?}");
        }
    }

    #[test]
    fn what_is_too_short_to_tell_needs_more() {
        assert_eq!([&b""[..], b"z", b"zx"].map(begins_zipped), [None; 3]);
        assert_eq!([&b"<"[..], b"zy", b"zxy", b"zx^"].map(begins_zipped), [false, false, false, true].map(Some));
    }
}
