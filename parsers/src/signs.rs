//! Which of a few bytes stand in a text, and whether an address may: found in one pass that looks at many bytes at once.
//!
//! Written so that the compiler makes vector instructions of it: for the few hundred bytes of a line that is quicker than searches which
//! have to say where a byte stands.

use crate::leading;

/// Longer texts are not looked at: searches that use all of a processor's instructions are quicker there. The number of dots in one column of
/// bytes has to fit into a byte.
pub(crate) const TEXT_BYTES_MAX: usize = 384;

/// So many bytes are looked at together.
const WIDTH: usize = 32;

/// The bit of capital letters, where they are looked for.
pub(crate) const CAPITAL: u8 = 1 << 7;

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
    behind(text, 0, sought)
}

/// As [`of`], for what stands in `line` from the byte at `start` on.
#[inline(always)]
pub(crate) fn behind<const N: usize>(line: &[u8], start: usize, sought: [(u8, u8); N]) -> Option<Signs> {
    behind_with::<N, 0>(line, start, sought)
}

/// As [`behind`], with the bit of [`CAPITAL`] for any capital letter.
#[inline(always)]
pub(crate) fn behind_with_capitals<const N: usize>(line: &[u8], start: usize, sought: [(u8, u8); N]) -> Option<Signs> {
    behind_with::<N, CAPITAL>(line, start, sought)
}

// In a function of its own the sought bytes would have to be spread over the vectors each time.
#[inline(always)]
fn behind_with<const N: usize, const OF_CAPITALS: u8>(
    line: &[u8],
    start: usize,
    sought: [(u8, u8); N],
) -> Option<Signs> {
    let text = line.get(start..).filter(|text| text.len() <= TEXT_BYTES_MAX)?;
    let (mut seen, mut dividers) = ([0_u8; WIDTH], [0_u8; WIDTH]);
    let (whole, rest) = text.as_chunks::<WIDTH>();
    // First, so that what the loop needs is at hand already.
    look_at::<N, OF_CAPITALS>(&last_chunk(line, rest), sought, &mut seen, &mut dividers);
    for chunk in whole {
        look_at::<N, OF_CAPITALS>(chunk, sought, &mut seen, &mut dividers);
    }
    Some(Signs { seen: all_bits(&seen), is_without_address: is_one_at_most(&dividers) })
}

/// A chunk that holds nothing but `rest`, with which `line` ends.
#[inline(always)]
fn last_chunk(line: &[u8], rest: &[u8]) -> [u8; WIDTH] {
    const MASKS: [u8; 2 * WIDTH] = {
        let mut masks = [0; 2 * WIDTH];
        masks.split_at_mut(WIDTH).1.copy_from_slice(&[0xff; WIDTH]);
        masks
    };
    // To copy the few bytes would take longer than to hide those before them.
    let masks = MASKS.get(rest.len()..).and_then(|masks| masks.first_chunk::<WIDTH>());
    let (Some(last), Some(mask)) = (line.last_chunk::<WIDTH>(), masks) else { return padded(rest) };
    let mut chunk = *last;
    for (byte, mask) in chunk.iter_mut().zip(mask) {
        *byte &= mask;
    }
    chunk
}

/// The few bytes of `text` with zeros behind them.
#[inline(never)]
fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut chunk = [0; N];
    if let Some(front) = chunk.get_mut(..text.len()) {
        front.copy_from_slice(text);
    }
    chunk
}

/// The bits that are set in any of `bytes`.
#[inline]
fn all_bits(bytes: &[u8; WIDTH]) -> u8 {
    let (eights, _) = bytes.as_chunks::<8>();
    let bits = eights.iter().fold(0, |bits, eight| bits | u64::from_le_bytes(*eight));
    let bits = bits | bits >> 32;
    let bits = bits | bits >> 16;
    (bits | bits >> 8) as u8
}

/// Whether the `counts`, of which none is higher than 32, are one in all or none.
#[inline]
fn is_one_at_most(counts: &[u8; WIDTH]) -> bool {
    const ONE_EACH: u64 = u64::from_le_bytes([1; 8]);
    // No sum of four is carried into the next byte.
    let (eights, _) = counts.as_chunks::<8>();
    let sums = eights.iter().fold(0, |sums: u64, eight| sums.wrapping_add(u64::from_le_bytes(*eight)));
    sums & !ONE_EACH == 0 && sums & sums.wrapping_sub(1) == 0
}

// Within a call of its own the compiler would not see that all columns are treated alike.
#[inline(always)]
fn look_at<const N: usize, const OF_CAPITALS: u8>(
    chunk: &[u8; WIDTH],
    sought: [(u8, u8); N],
    seen: &mut [u8; WIDTH],
    dividers: &mut [u8; WIDTH],
) {
    for ((seen, dividers), byte) in seen.iter_mut().zip(dividers).zip(chunk) {
        *seen |= sought.iter().fold(0, |bits, (sign, bit)| bits | if byte == sign { *bit } else { 0 });
        *seen |= if byte.is_ascii_uppercase() { OF_CAPITALS } else { 0 };
        *dividers += u8::from(matches!(byte, b'.' | b':'));
    }
}

/// Whether nothing is quoted or tabulated in `text` and each bracket in it is opened before a letter: no web server's line is so, for its time
/// begins with a digit, and its request is quoted.
#[inline(never)]
pub(crate) fn has_words_in_brackets(text: &[u8]) -> bool {
    !matches!(text.last(), Some(b'[' | b'"' | b'\t')) && !has_pair(text, is_otherwise)
}

/// As [`has_words_in_brackets`], for a text in whose brackets numbers may stand as well: those of times have dividers.
#[inline(never)]
pub(crate) fn has_ids_in_brackets(text: &[u8]) -> bool {
    const OTHER: u8 = 1;
    let has_others = of(text, [(b'"', OTHER), (b'\t', OTHER)])
        .map_or_else(|| memchr::memchr2(b'"', b'\t', text).is_some(), |signs| signs.seen != 0);
    if has_others {
        return false;
    }
    let mut rest = text;
    while let Some(inside) = rest.get(leading::before(b'[', rest) + 1..) {
        let digits = inside.iter().take_while(|b| b.is_ascii_digit()).count();
        let is_id = digits > 0 && inside.get(digits) == Some(&b']');
        if !is_id && !inside.first().is_some_and(u8::is_ascii_alphabetic) {
            return false;
        }
        rest = inside;
    }
    true
}

/// Whether somewhere in `text` a sign of equality follows a capital N, as in a packet filter's `IN=`.
#[inline(never)]
pub(crate) fn may_be_packet_filters(text: &[u8]) -> bool {
    has_pair(text, |a, b| (a == b'N') & (b == b'='))
}

/// Whether somewhere in `text` a blank follows another.
#[inline(never)]
pub(crate) fn has_two_blanks(text: &[u8]) -> bool {
    has_pair(text, |a, b| (a == b' ') & (b == b' '))
}

/// Whether somewhere in `text` a dash follows a blank, as between the parts of a program's line.
#[inline(never)]
pub(crate) fn has_dash_behind_blank(text: &[u8]) -> bool {
    has_pair(text, |a, b| (a == b' ') & (b == b'-'))
}

/// Whether somewhere in `text` a capital follows another.
#[inline(never)]
pub(crate) fn has_two_capitals(text: &[u8]) -> bool {
    has_pair(text, |a, b| a.is_ascii_uppercase() & b.is_ascii_uppercase())
}

/// Whether somewhere in `text` a colon or a sign of equality follows a quote or the last letter of `level`, `lvl` or `severity`.
#[inline(never)]
pub(crate) fn may_assign_level(text: &[u8]) -> bool {
    has_pair(text, |a, b| {
        let lower = a | 0x20;
        ((lower == b'l') | (lower == b'y') | (a == b'"')) & ((b == b':') | (b == b'='))
    })
}

/// Whether somewhere in `text` a letter or white space follows a round or an angle bracket, or such a bracket ends it.
#[inline(never)]
pub(crate) fn brackets_word(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'(' | b'<'))
        || has_pair(text, |a, b| {
            ((a == b'(') | (a == b'<')) & (b.is_ascii_alphabetic() | (b == b' ') | matches!(b, b'\t'..=b'\r'))
        })
}

/// Whether two bytes that follow each other in `text` are as `is_sought` says, which has to do without branches.
#[inline(always)]
fn has_pair(text: &[u8], is_sought: impl Fn(u8, u8) -> bool) -> bool {
    const PAIRS: usize = WIDTH + 1;
    let mut found = [0; WIDTH];
    let Some(last) = text.last_chunk::<PAIRS>() else {
        // The last byte and a zero are no pair that is sought; its brackets are looked at before.
        look_at_pairs(&padded(text), &is_sought, &mut found);
        return all_bits(&found) != 0;
    };
    let mut rest = text;
    while let Some(chunk) = rest.first_chunk::<PAIRS>() {
        look_at_pairs(chunk, &is_sought, &mut found);
        rest = rest.get(WIDTH..).unwrap_or_default();
    }
    // Some of them are looked at once more.
    look_at_pairs(last, &is_sought, &mut found);
    all_bits(&found) != 0
}

#[inline(always)]
fn look_at_pairs(chunk: &[u8; WIDTH + 1], is_sought: impl Fn(u8, u8) -> bool, found: &mut [u8; WIDTH]) {
    let pairs = chunk.iter().zip(chunk.iter().skip(1));
    for (found, (a, b)) in found.iter_mut().zip(pairs) {
        *found |= u8::from(is_sought(*a, *b));
    }
}

/// Whether `a` is a quote, a tab, or a bracket before `b`, which is no letter.
#[inline(always)]
fn is_otherwise(a: u8, b: u8) -> bool {
    (a == b'"') | (a == b'\t') | ((a == b'[') & !b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_text_is_not_looked_at() {
        let line = "[14:13:20.5]\t[".repeat(9);
        for start in 0..100 {
            for length in 0..100 {
                let line = [&line.as_bytes()[..start], &vec![b'a'; length]].concat();
                let expected = Some(Signs { seen: 0, is_without_address: true });
                assert_eq!(behind(&line, start, [(b'[', 1), (b'\t', 2)]), expected, "{length} behind {start}");
            }
        }
        assert_eq!(behind(b"[", 2, [(b'[', 1)]), None);
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
    fn a_packet_filters_first_name_is_found_wherever_it_stands() {
        for length in 0..70 {
            let text = "N =IN NI=".repeat(8);
            let text = text.get(..length).unwrap();
            assert!(!may_be_packet_filters(text.as_bytes()), "{text}");
            for name in ["IN=", "IN=eth0", "N=", "IN=eth0 OUT= SRC=192.0.2.7"] {
                assert!(may_be_packet_filters(format!("{text}{name}").as_bytes()), "{text}{name}");
                assert!(may_be_packet_filters(format!("{name}{text}").as_bytes()), "{name}{text}");
            }
        }
    }

    #[test]
    fn pairs_with_a_blank_are_found_wherever_they_stand() {
        for length in 0..70 {
            let text = "a b-c- d".repeat(9);
            let text = text.get(..length).unwrap();
            assert!(!has_two_blanks(text.as_bytes()) && !has_dash_behind_blank(text.as_bytes()), "{text}");
            assert!(has_two_blanks(format!("{text}  a").as_bytes()) && has_two_blanks(format!("  {text}").as_bytes()));
            assert!(has_dash_behind_blank(format!("{text} -").as_bytes()), "{text}");
            assert!(has_dash_behind_blank(format!(" -{text}").as_bytes()), "{text}");
        }
    }

    #[test]
    fn numbers_in_brackets_are_no_times() {
        for text in ["", "index [7] of [many]", "a[1234567890]", "[a"] {
            assert!(has_ids_in_brackets(text.as_bytes()), "{text}");
            for other in ["[14/Nov/2023", "[7", "[", "[]", "[7.5]", "[-", "\"", "\t"] {
                assert!(!has_ids_in_brackets(format!("{text}{other}").as_bytes()), "{text}{other}");
                assert!(!has_ids_in_brackets(format!("{other} {text}").as_bytes()), "{other} {text}");
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
