//! Which of a few bytes stand in a text, and whether an address may: found in one pass that looks at many bytes at once.
//!
//! Written so that the compiler makes vector instructions of it: for the few hundred bytes of a line that is quicker than searches which
//! have to say where a byte stands.

/// Longer texts are not looked at: the number of dots in one column of bytes has to fit into a byte.
pub(crate) const TEXT_BYTES_MAX: usize = 1024;

/// So many bytes are looked at together.
const WIDTH: usize = 32;

/// What was found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    /// The bits of the bytes that stand in it.
    pub seen: u8,
    /// Whether it has so few dots and colons that it cannot hold an address, be it of IPv4 or of IPv6.
    pub is_without_address: bool,
}

/// Looks for `sought`, bytes with a bit each, in `text`; `None` where it is [too long](TEXT_BYTES_MAX).
#[inline]
pub(crate) fn of<const N: usize>(text: &[u8], sought: [(u8, u8); N]) -> Option<Signs> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (mut seen, mut dividers) = ([0_u8; WIDTH], [0_u8; WIDTH]);
    let (whole, rest) = text.as_chunks::<WIDTH>();
    for chunk in whole {
        look_at(chunk, sought, &mut seen, &mut dividers);
    }
    if !rest.is_empty() {
        let mut last = [0; WIDTH];
        if let Some(last) = last.get_mut(..rest.len()) {
            last.copy_from_slice(rest);
        }
        look_at(&last, sought, &mut seen, &mut dividers);
    }
    let dividers: u32 = dividers.iter().map(|count| u32::from(*count)).sum();
    Some(Signs { seen: seen.iter().fold(0, |all, seen| all | seen), is_without_address: dividers < 2 })
}

// Within a call of its own the compiler would not see that all columns are treated alike.
#[inline(always)]
fn look_at<const N: usize>(
    chunk: &[u8; WIDTH],
    sought: [(u8, u8); N],
    seen: &mut [u8; WIDTH],
    dividers: &mut [u8; WIDTH],
) {
    for ((seen, dividers), byte) in seen.iter_mut().zip(dividers).zip(chunk) {
        *seen |= sought.iter().fold(0, |bits, (sign, bit)| bits | if byte == sign { *bit } else { 0 });
        *dividers += u8::from(matches!(byte, b'.' | b':'));
    }
}

/// Whether nothing is quoted or tabulated in `text` and each bracket in it is opened before a letter: no web server's line is so, for its time
/// begins with a digit, and its request is quoted.
#[inline(never)]
pub(crate) fn has_words_in_brackets(text: &[u8]) -> bool {
    let pairs = text.iter().zip(text.get(1..).unwrap_or_default());
    let is_other = pairs
        .fold(false, |found, (a, b)| found | matches!(a, b'"' | b'\t') | ((*a == b'[') & !b.is_ascii_alphabetic()));
    !is_other && !matches!(text.last(), Some(b'[' | b'"' | b'\t'))
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

/// How many letters eight bytes begin with, the first one lowest.
fn letters_of_eight(eight: u64) -> usize {
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const HIGH: u64 = all(0x80);
    // A lower case letter reaches the highest bit of its byte when what is missing from `a` to 0x80 is added, and does not when that from
    // behind `z` is; no sum is carried into the next byte.
    let lower = (eight | all(0x20)) & !HIGH;
    let (from_a, behind_z) = (lower + all(0x80 - b'a'), lower + all(0x80 - b'z' - 1));
    let others = !(from_a & !behind_z & !eight) & HIGH;
    others.trailing_zeros() as usize / 8
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
            }
        }
    }

    #[test]
    fn signs_are_found_wherever_they_stand() {
        let sought = [(b'[', 1), (b'\t', 2), (b'"', 4)];
        let seen = |text: &[u8]| of(text, sought).map(|signs| signs.seen);
        for length in 0..140 {
            let mut text = vec![b'a'; length];
            assert_eq!(seen(&text), Some(0));
            for at in 0..length {
                for (sign, bit) in sought {
                    text[at] = sign;
                    assert_eq!(seen(&text), Some(bit), "at {at} of {length}");
                }
                text[at] = b'a';
            }
        }
        assert_eq!(seen(b"a\tb [c] and so on and so on"), Some(3));
        assert_eq!(of(&[b'.'; TEXT_BYTES_MAX + 1], sought), None);
    }

    #[test]
    fn brackets_without_words_and_quotes_are_found_wherever_they_stand() {
        for length in 0..70 {
            let text = "word [a] ".repeat(9);
            let text = text.get(..length).unwrap();
            assert_eq!(has_words_in_brackets(text.as_bytes()), !text.ends_with('['), "{text}");
            for other in ["[7", "[-", "[ ", "[[", "\"", "[", "\t"] {
                assert!(!has_words_in_brackets(format!("{text}{other}").as_bytes()), "{text}{other}");
            }
            for other in ["[7]", "[\u{e9}", "\"a"] {
                assert!(!has_words_in_brackets(format!("{other}{text}").as_bytes()), "{other}{text}");
            }
        }
    }

    #[test]
    fn dots_and_colons_are_counted_wherever_they_stand() {
        let is_without_address = |text: &[u8]| of(text, []).map(|signs| signs.is_without_address);
        for length in 2..100 {
            for (first, second) in (0..length).zip(1..length) {
                let mut text = vec![b'a'; length];
                assert_eq!(is_without_address(&text), Some(true));
                text[second] = b':';
                assert_eq!(is_without_address(&text), Some(true), "{second} of {length}");
                text[first] = b'.';
                assert_eq!(is_without_address(&text), Some(false), "{first} of {length}");
            }
        }
        assert_eq!(is_without_address(&[b'.'; TEXT_BYTES_MAX]), Some(false));
    }
}
