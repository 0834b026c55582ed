//! Finding a text whatever the case of its ASCII letters, without copying the searched bytes.

use memchr::{memchr, memchr2, memmem};

/// A text to look for.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    /// In lower case.
    text: Vec<u8>,
    /// Where in `text` its rarest byte stands, and the two cases of that byte.
    rare_at: usize,
    rare: (u8, u8),
    finder: memmem::Finder<'static>,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_ascii_lowercase().into_bytes();
        let rarest = text.iter().enumerate().min_by_key(|(_, byte)| commonness(**byte));
        let (rare_at, byte) = rarest.map_or((0, 0), |(at, byte)| (at, *byte));
        let finder = memmem::Finder::new(&text).into_owned();
        Self { rare_at, rare: (byte, byte.to_ascii_uppercase()), finder, text }
    }

    /// Whether `haystack` contains the text. Allocates only for input made to be slow.
    pub(super) fn is_in(&self, haystack: &[u8]) -> bool {
        if self.text.is_empty() {
            return true;
        }
        // Every candidate costs up to the needle's length. Beyond a few times the length of the
        // haystack a search that is linear in the worst case takes over, at the price of a copy.
        let mut budget = haystack.len().saturating_mul(4).saturating_add(64);
        let mut from = self.rare_at;
        while let Some(found) = haystack.get(from..).and_then(|rest| self.next_rare(rest)) {
            let at = from + found;
            let start = at.saturating_sub(self.rare_at);
            let Some(candidate) = haystack.get(start..start.saturating_add(self.text.len())) else {
                return false;
            };
            if candidate.eq_ignore_ascii_case(&self.text) {
                return true;
            }
            budget = budget.saturating_sub(self.text.len());
            if budget == 0 {
                return self.finder.find(&haystack.to_ascii_lowercase()).is_some();
            }
            from = at + 1;
        }
        false
    }

    fn next_rare(&self, rest: &[u8]) -> Option<usize> {
        let (lower, upper) = self.rare;
        if lower == upper { memchr(lower, rest) } else { memchr2(lower, upper, rest) }
    }
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
        assert!(Needle::new("Login FAILED").is_in(b"xx lOgIn failed"));
        assert!(!Needle::new("login failed").is_in(b"login faile"));
        assert!(!Needle::new("é").is_in("É".as_bytes()));
        assert!(Needle::new("a").is_in(b"\xffA"));
        assert!(!Needle::new("@").is_in(b"`"));
    }

    #[test]
    fn input_made_to_be_slow_is_still_searched_rightly() {
        let mut needle = "a".repeat(500);
        needle.push('b');
        let mut haystack = "a".repeat(20_000);
        assert!(!Needle::new(&"a".repeat(20_001)).is_in(haystack.as_bytes()));
        assert!(!Needle::new(&format!("b{needle}")).is_in("bA".repeat(9000).as_bytes()));
        haystack.push('B');
        assert!(Needle::new(&needle).is_in(haystack.as_bytes()));
    }
}
