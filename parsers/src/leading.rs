//! How many bytes of a kind a text begins with, counted eight at a time.

/// How many bytes `text` begins with that are `byte`.
#[inline]
pub(crate) fn of_one(byte: u8, text: &[u8]) -> usize {
    let (eights, rest) = text.as_chunks::<8>();
    for (count, eight) in eights.iter().enumerate() {
        let others = u64::from_le_bytes(*eight) ^ u64::from_le_bytes([byte; 8]);
        if others != 0 {
            return count * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    text.len() - rest.len() + rest.iter().take_while(|other| **other == byte).count()
}

/// How many bytes stand in `text` before the first that is `byte`; all of them where none is.
#[inline]
pub(crate) fn before(byte: u8, text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let (eights, rest) = text.as_chunks::<8>();
    for (count, eight) in eights.iter().enumerate() {
        let others = u64::from_le_bytes(*eight) ^ u64::from_le_bytes([byte; 8]);
        // The lowest bit that is set is that of the first byte which is zero.
        let zeros = others.wrapping_sub(ONES) & !others & (ONES << 7);
        if zeros != 0 {
            return count * 8 + zeros.trailing_zeros() as usize / 8;
        }
    }
    text.len() - rest.len() + rest.iter().take_while(|other| **other != byte).count()
}

/// How many letters `text` begins with.
#[inline]
pub(crate) fn letters(text: &[u8]) -> usize {
    let scalar = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let Some((eight, rest)) = text.split_first_chunk() else { return scalar(text) };
    match letters_of_eight(u64::from_le_bytes(*eight)) {
        8 => 8 + scalar(rest),
        fewer => fewer,
    }
}

/// How many letters and digits `text` begins with.
#[inline]
pub(crate) fn alphanumerics(text: &[u8]) -> usize {
    let (eights, rest) = text.as_chunks::<8>();
    for (count, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        let others = !(letters_in(eight) | between(b'0', b'9', eight)) & all(0x80);
        if others != 0 {
            return count * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    text.len() - rest.len() + rest.iter().take_while(|b| b.is_ascii_alphanumeric()).count()
}

/// How many bytes `text` begins with that are small letters, digits, blanks, and signs up to `9` in ASCII but for opening brackets.
#[inline]
pub(crate) fn unmarked(text: &[u8]) -> usize {
    let (eights, rest) = text.as_chunks::<8>();
    for (count, eight) in eights.iter().enumerate() {
        let others = marks_of_eight(u64::from_le_bytes(*eight));
        if others != 0 {
            return count * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    let known = text.len() - rest.len();
    // Of the last eight bytes those that are looked at already are shifted out; the zeros behind the others are not counted.
    match text.last_chunk::<8>().filter(|_| !rest.is_empty()) {
        Some(last) => {
            let others = marks_of_eight(u64::from_le_bytes(*last) >> (64 - 8 * rest.len()));
            known + others.trailing_zeros() as usize / 8
        }
        None => known + rest.iter().take_while(|b| matches!(**b, b'a'..=b'z' | b' '..=b'9') && **b != b'(').count(),
    }
}

/// The highest bit of each of eight bytes that [`unmarked`] does not count.
fn marks_of_eight(eight: u64) -> u64 {
    const HIGH: u64 = all(0x80);
    let low = eight & !HIGH;
    let is_bracket = !((low ^ all(b'(')) + all(0x7f));
    let is_unmarked = (between(b'a', b'z', eight) | between(b' ', b'9', eight)) & !is_bracket;
    !is_unmarked & HIGH
}

/// How many letters eight bytes begin with, the first one lowest.
fn letters_of_eight(eight: u64) -> usize {
    let others = !letters_in(eight) & all(0x80);
    others.trailing_zeros() as usize / 8
}

/// The highest bit of each of eight bytes that is a letter; the other bits mean nothing.
fn letters_in(eight: u64) -> u64 {
    between(b'a', b'z', eight | all(0x20))
}

/// The highest bit of each of eight bytes that is `first`, `last` or between them, which are ASCII; the other bits mean nothing.
fn between(first: u8, last: u8, eight: u64) -> u64 {
    // A byte reaches its highest bit when what is missing from `first` to 0x80 is added, and does not when that from behind `last` is; no sum is
    // carried into the next byte.
    let low = eight & !all(0x80);
    (low + all(0x80 - first)) & !(low + all(0x80 - last - 1)) & !eight
}

const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_letter_or_none_wherever_it_stands() {
        for byte in 0..=255_u8 {
            for before in 0..12 {
                let text = [&b"abcXYZabcdef"[..before], &[byte], b"a7 bcdefghijk"].concat();
                let expected = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                assert_eq!(letters(&text), expected, "{byte} behind {before}");
                let cut = text.get(..before + 1).unwrap();
                assert_eq!(letters(cut), if byte.is_ascii_alphabetic() { before + 1 } else { before });
                let alphanumeric = text.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                assert_eq!(alphanumerics(&text), alphanumeric, "{byte} behind {before}");
                assert_eq!(alphanumerics(cut), alphanumeric.min(before + 1));
            }
        }
    }

    #[test]
    fn every_byte_is_a_mark_or_none_wherever_it_stands() {
        for byte in 0..=255_u8 {
            let is_mark = !(byte.is_ascii_lowercase() || (b' '..=b'9').contains(&byte)) || byte == b'(';
            for before in 0..20 {
                let text = [&b"a7 b-c'z09, %\"./ xy "[..before], &[byte], b"Word"].concat();
                assert_eq!(unmarked(&text), if is_mark { before } else { before + 1 }, "{byte} behind {before}");
            }
        }
    }

    #[test]
    fn bytes_before_one_of_a_kind_are_counted() {
        for byte in 0..=255_u8 {
            for before in 0..40 {
                let text = [&vec![byte.wrapping_add(1); before][..], &[byte, byte], b"--- text"].concat();
                assert_eq!(super::before(byte, &text), before, "{byte}");
                assert_eq!(super::before(byte, text.get(..before).unwrap()), before, "{byte}");
            }
        }
    }

    #[test]
    fn bytes_of_one_kind_are_counted_up_to_the_first_other() {
        for byte in 0..=255_u8 {
            for before in 0..40 {
                let text = [&vec![b'-'; before][..], &[byte], b"--- text"].concat();
                let expected = text.iter().take_while(|b| **b == b'-').count();
                assert_eq!(of_one(b'-', &text), expected, "{byte} behind {before}");
            }
        }
    }
}
