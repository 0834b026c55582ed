//! Finding a text whatever the case of its ASCII letters, without copying the searched bytes.

use memchr::{memchr, memchr2};

use super::words::{begins_with_word, ends_with_word, is_word_byte};

/// A text to look for.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    /// In lower case.
    text: Vec<u8>,
    /// Where in `text` its rarest byte stands, and the two cases of that byte.
    rare_at: usize,
    rare: (u8, u8),
    /// Whether it must not begin, or end, inside of a word.
    closed: (bool, bool),
}

impl Needle {
    /// Looks for `text` anywhere.
    pub(super) fn part(text: &str) -> Self {
        let text = text.to_ascii_lowercase().into_bytes();
        let rarest = text.iter().enumerate().min_by_key(|(_, byte)| commonness(**byte));
        let (rare_at, byte) = rarest.map_or((0, 0), |(at, byte)| (at, *byte));
        Self { rare_at, rare: (byte, byte.to_ascii_uppercase()), text, closed: (false, false) }
    }

    /// Looks for `text` where it stands whole; see [`super::words`].
    pub(super) fn whole(text: &str) -> Self {
        Self { closed: (begins_with_word(text), ends_with_word(text)), ..Self::part(text) }
    }

    /// Whether `haystack` contains the text. Allocates only for input made to be slow.
    pub(super) fn is_in(&self, haystack: &[u8]) -> bool {
        if self.text.is_empty() {
            return true;
        }
        // Every comparison costs up to the needle's length. Beyond a few times the length of the
        // haystack a search that is linear in the worst case takes over.
        let mut budget = haystack.len().saturating_mul(4).saturating_add(64);
        let mut from = self.rare_at;
        while let Some(found) = haystack.get(from..).and_then(|rest| self.next_rare(rest)) {
            let at = from + found;
            let start = at.saturating_sub(self.rare_at);
            let Some(candidate) = haystack.get(start..start.saturating_add(self.text.len())) else {
                return false;
            };
            if self.may_stand_at(haystack, start) {
                if candidate.eq_ignore_ascii_case(&self.text) {
                    return true;
                }
                budget = budget.saturating_sub(self.text.len());
                if budget == 0 {
                    return self.is_in_slow(haystack);
                }
            }
            from = at + 1;
        }
        false
    }

    /// Whether the bytes beside a text that begins at `start` allow it to stand there.
    fn may_stand_at(&self, haystack: &[u8], start: usize) -> bool {
        let word_at = |at: usize| haystack.get(at).copied().is_some_and(is_word_byte);
        let inside_before = self.closed.0 && start.checked_sub(1).is_some_and(word_at);
        let inside_after = self.closed.1 && word_at(start.saturating_add(self.text.len()));
        !inside_before && !inside_after
    }

    /// The search of Knuth, Morris and Pratt: it finds occurrences that overlap, each byte once.
    fn is_in_slow(&self, haystack: &[u8]) -> bool {
        let borders = borders(&self.text);
        let mut matched = 0;
        for (at, byte) in haystack.iter().enumerate() {
            matched = extended(&self.text, &borders, matched, byte.to_ascii_lowercase());
            let complete = matched == self.text.len();
            if complete && self.may_stand_at(haystack, (at + 1).saturating_sub(matched)) {
                return true;
            }
        }
        false
    }

    fn next_rare(&self, rest: &[u8]) -> Option<usize> {
        let (lower, upper) = self.rare;
        if lower == upper { memchr(lower, rest) } else { memchr2(lower, upper, rest) }
    }
}

/// For each prefix of `text`, the length of the longest shorter prefix that it also ends with.
fn borders(text: &[u8]) -> Vec<usize> {
    let mut borders = Vec::with_capacity(text.len());
    let mut length = 0;
    for (at, byte) in text.iter().enumerate() {
        if at > 0 {
            length = extended(text, &borders, length, *byte);
        }
        borders.push(length);
    }
    borders
}

/// How long a prefix of `text` ends with `byte`, if one of length `matched` ended before it.
fn extended(text: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    while text.get(matched) != Some(&byte) {
        let Some(longest) = matched.checked_sub(1) else { return 0 };
        matched = borders.get(longest).copied().unwrap_or(0);
    }
    matched + 1
}

/// A rough order of how often bytes stand in log messages; the rarer, the fewer false candidates.
fn commonness(byte: u8) -> u8 {
    match byte {
        b' ' | b'e' => 9,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' | b't' => 8,
        b'c' | b'd' | b'l' | b'u' | b'0' | b'1' | b'2' => 7,
        b'f' | b'g' | b'h' | b'm' | b'p' | b'.' | b':' | b'=' | b'-' | b'/' => 6,
        b'3'..=b'9' | b'b' | b'v' | b'w' | b'y' | b'"' | b'_' => 5,
        b'k' | b'x' | b',' | b'[' | b']' | b'(' | b')' => 4,
        b'j' | b'q' | b'z' => 3,
        0x80.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_for_ascii_only() {
        assert!(Needle::part("Login FAILED").is_in(b"xx lOgIn failed"));
        assert!(!Needle::part("login failed").is_in(b"login faile"));
        assert!(!Needle::part("é").is_in("É".as_bytes()));
        assert!(Needle::part("a").is_in(b"\xffA"));
        assert!(!Needle::part("@").is_in(b"`"));
    }

    #[test]
    fn a_whole_text_does_not_begin_or_end_inside_of_a_word() {
        let check = |text: &str, haystack: &[u8], found: bool| {
            let needle = Needle::whole(text);
            assert_eq!(needle.is_in(haystack), found, "{text} in {}", haystack.escape_ascii());
            assert_eq!(needle.is_in_slow(haystack), found, "{text} slowly in {}", haystack.escape_ascii());
        };
        check("error", b"an ERROR_code", true);
        check("error", b"errors, terror, error", true);
        check("error", b"errors, terror", false);
        check("error", b"\xfferror", false);
        check("10.1.2.3", b"from 10.1.2.3:80", true);
        check("10.1.2.3", b"from 10.1.2.30, 110.1.2.3", false);
        check("(x", b"a(x)", true);
        check("(x", b"a(xy", false);
        check("=>", b"a=>b", true);
        check("a a", b"xa a a", true);
        check("a a", b"xa aa a", false);
    }

    #[test]
    fn input_made_to_be_slow_is_still_searched_rightly() {
        let mut needle = "a".repeat(500);
        needle.push('b');
        let mut haystack = "a".repeat(20_000);
        assert!(!Needle::part(&"a".repeat(20_001)).is_in(haystack.as_bytes()));
        assert!(!Needle::part(&format!("b{needle}")).is_in("bA".repeat(9000).as_bytes()));
        haystack.push('B');
        assert!(Needle::part(&needle).is_in(haystack.as_bytes()));
        assert!(!Needle::whole(&needle).is_in(haystack.as_bytes()));
        haystack.insert(19_500, '-');
        assert!(Needle::whole(&needle).is_in(haystack.as_bytes()));
    }
}
