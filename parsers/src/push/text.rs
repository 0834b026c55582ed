//! A JSON body as text, although not all of its bytes may be UTF-8: one of them must not cost all records of the body.

use std::borrow::Cow;

/// What a byte that is not UTF-8 is where only the structure around records is read. It is as long, so that offsets stay.
const IN_PLACE: char = '?';

/// A body.
#[derive(Debug)]
pub(super) struct Text<'b> {
    bytes: &'b [u8],
    text: Cow<'b, str>,
}

impl<'b> Text<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(in_place(bytes)),
        };
        Self { bytes, text }
    }

    /// The body, to be divided.
    pub(super) fn whole(&self) -> &str {
        &self.text
    }

    /// The bytes of `part`, which is a slice of the whole.
    pub(super) fn original(&self, part: &str) -> &'b [u8] {
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.bytes.get(start..start.saturating_add(part.len())).unwrap_or_default()
    }

    /// What `part`, which is a slice of the whole, says: bytes that are not UTF-8 are U+FFFD.
    pub(super) fn read<'p>(&self, part: &'p str) -> Cow<'p, str>
    where
        'b: 'p,
    {
        match self.text {
            Cow::Borrowed(_) => Cow::Borrowed(part),
            Cow::Owned(_) => String::from_utf8_lossy(self.original(part)),
        }
    }
}

fn in_place(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n(IN_PLACE, chunk.invalid().len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_its_own_bytes_and_is_read_with_replacements() {
        let body = b"[\"gr\xfc\xdfe\",\"gr\xc3\xbc\xc3\x9fe\"]";
        let text = Text::of(body);
        assert_eq!(text.whole(), "[\"gr??e\",\"grüße\"]");
        let (first, second) = text.whole().split_once(',').unwrap();
        assert_eq!(text.original(first), b"[\"gr\xfc\xdfe\"");
        assert_eq!((&*text.read(first), &*text.read(second)), ("[\"gr\u{fffd}\u{fffd}e\"", "\"grüße\"]"));
    }

    proptest::proptest! {
        #[test]
        fn offsets_stay(body: Vec<u8>, at: proptest::sample::Index) {
            let text = Text::of(&body);
            proptest::prop_assert_eq!(text.original(text.whole()), &*body);
            let at = at.index(body.len() + 1);
            if let Some(part) = text.whole().get(at..) {
                proptest::prop_assert_eq!(text.original(part), &body[at..]);
            }
        }
    }
}
