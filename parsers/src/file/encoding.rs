//! How the text of a file is written: in UTF-8 (or anything that has ASCII in it), or in UTF-16, as Windows exports it.

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8 and all that is read like it.
    Utf8,
    /// Two bytes a character, the lower one first.
    Utf16Le,
    /// Two bytes a character, the higher one first.
    Utf16Be,
}

/// How many bytes tell the encoding.
const TELLING: usize = 4;

/// The encoding of a file that begins with `bytes`, and the length of its byte order mark; `None` where more bytes are needed.
pub(super) fn detect(bytes: &[u8], is_end: bool) -> Option<(Encoding, usize)> {
    if bytes.len() < TELLING && !is_end {
        return None;
    }
    Some(match bytes {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        // Without a mark: two characters of ASCII, as the first of nearly any text.
        [1..0x80, 0, 1..0x80, 0, ..] => (Encoding::Utf16Le, 0),
        [0, 1..0x80, 0, 1..0x80, ..] => (Encoding::Utf16Be, 0),
        _ => (Encoding::Utf8, 0),
    })
}

/// The front of a file in UTF-16, as UTF-8.
///
/// Half of a pair of surrogates, and a last byte without its other, are U+FFFD. Each character stands for the same number of
/// bytes of the file whatever is around it, so that places in the text can be found again in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Utf16Text {
    /// The text.
    pub(super) text: Vec<u8>,
    /// How many bytes of the file it was made of.
    pub(super) source_bytes: usize,
}

impl Utf16Text {
    /// Appends what `source`, which begins where the text does, holds beyond what is there already.
    pub(super) fn extend(&mut self, source: &[u8], is_big_endian: bool, is_end: bool) {
        let new = source.get(self.source_bytes..).unwrap_or_default();
        let unit = |pair: &[u8]| match pair {
            [first, second] if is_big_endian => u16::from_be_bytes([*first, *second]),
            [first, second] => u16::from_le_bytes([*first, *second]),
            _ => 0xfffd,
        };
        let whole = new.len() - new.len() % 2;
        let mut units = new.get(..whole).unwrap_or_default().chunks_exact(2).map(unit).collect::<Vec<_>>();
        let waits = units.last().is_some_and(|last| matches!(last, 0xd800..0xdc00)) && !is_end;
        if waits {
            units.pop();
        }
        self.source_bytes += units.len() * 2;
        let mut bytes = [0; 4];
        for character in char::decode_utf16(units).map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER)) {
            self.text.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        }
        if is_end && self.source_bytes < source.len() {
            self.source_bytes = source.len();
            self.text.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// How many bytes of UTF-16 the text of whole characters has.
pub(super) fn utf16_bytes(text: &[u8]) -> usize {
    // A character of four bytes is a pair of surrogates.
    text.iter().map(|b| 2 * usize::from(!matches!(b, 0x80..0xc0)) + 2 * usize::from(*b >= 0xf0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_encoding() {
        for (bytes, expected) in [
            (&b"\xef\xbb\xbfa"[..], (Encoding::Utf8, 3)),
            (b"\xff\xfea\0", (Encoding::Utf16Le, 2)),
            (b"\xfe\xff\0a", (Encoding::Utf16Be, 2)),
            (b"<\0E\0", (Encoding::Utf16Le, 0)),
            (b"\0<\0E", (Encoding::Utf16Be, 0)),
            (b"\0\0\0\0", (Encoding::Utf8, 0)),
            (b"text", (Encoding::Utf8, 0)),
        ] {
            assert_eq!(detect(bytes, false), Some(expected), "{bytes:?}");
        }
        assert_eq!(detect(b"\xff\xfe", false), None);
        assert_eq!(detect(b"\xff\xfe", true), Some((Encoding::Utf16Le, 2)));
    }

    proptest::proptest! {
        #[test]
        fn the_text_is_the_same_however_its_bytes_arrive(source: Vec<u8>, units: Vec<u16>, step in 1_usize..9) {
            let source = [source, units.into_iter().flat_map(u16::to_le_bytes).collect()].concat();
            let mut whole = Utf16Text::default();
            whole.extend(&source, false, true);
            let mut parts = Utf16Text::default();
            for end in (0..source.len()).step_by(step) {
                parts.extend(&source[..end], false, false);
                proptest::prop_assert_eq!(utf16_bytes(&parts.text), parts.source_bytes);
            }
            parts.extend(&source, false, true);
            proptest::prop_assert_eq!(&parts.text, &whole.text);
            proptest::prop_assert_eq!(whole.source_bytes, source.len());
        }
    }
}
