//! Searches for a few bytes in the short texts of lines, where it would take longer to set up a searcher for substrings.

/// Where `sought` first stands in `text`; quick where few bytes of the text are its first.
pub(crate) fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    find_by(0, text, sought)
}

/// As [`find`], by the byte at `place` in `sought`, which should be a rare one.
pub(crate) fn find_by(place: usize, text: &[u8], sought: &[u8]) -> Option<usize> {
    find_all_by(place, text, sought).next()
}

/// All places where `sought` stands, by the byte at `place` in it.
pub(crate) fn find_all_by<'t>(
    place: usize,
    text: &'t [u8],
    sought: &'t [u8],
) -> impl DoubleEndedIterator<Item = usize> + 't {
    let byte = sought.get(place).copied().unwrap_or_default();
    memchr::memchr_iter(byte, text)
        .filter_map(move |at| at.checked_sub(place))
        .filter(move |at| text.get(*at..).is_some_and(|rest| rest.starts_with(sought)))
}

/// Up to 16 words of three bytes or more that are searched for together.
pub(crate) struct AnyOf {
    words: &'static [&'static [u8]],
    /// For each byte the words, as bits, of which it is the first, the second, the third.
    places: [[u16; 256]; 3],
}

impl AnyOf {
    #[expect(clippy::indexing_slicing, reason = "runs when the crate is compiled")]
    pub(crate) const fn new(words: &'static [&'static [u8]]) -> Self {
        assert!(words.len() <= 16);
        let mut places = [[0; 256]; 3];
        let mut word = 0;
        while word < words.len() {
            let mut place = 0;
            while place < 3 {
                places[place][words[word][place] as usize] |= 1 << word;
                place += 1;
            }
            word += 1;
        }
        Self { words, places }
    }

    /// Whether one of the words stands in `text`.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let [first, second, third] = &self.places;
        let of = |places: &[u16; 256], byte: u8| places.get(usize::from(byte)).copied().unwrap_or(0);
        text.array_windows().enumerate().any(|(at, &[a, b, c])| {
            let bits = of(first, a) & of(second, b) & of(third, c);
            bits != 0 && text.get(at..).is_some_and(|rest| self.begins(bits, rest))
        })
    }

    /// Whether one of the words that have a bit in `bits` begins `rest`.
    #[inline(never)]
    fn begins(&self, bits: u16, rest: &[u8]) -> bool {
        self.words.iter().enumerate().any(|(word, bytes)| bits >> word & 1 == 1 && rest.starts_with(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_some_words_is_found_wherever_it_stands() {
        const WORDS: AnyOf = AnyOf::new(&[b"ogin", b"uth", b"OGIN", b"ailure", b"ailed"]);
        for text in ["login", "the author", "ogin", "xuth", "LOGIN", "a failure", "it failed"] {
            assert!(WORDS.is_in(text.as_bytes()), "{text}");
        }
        for text in ["", "ut", "ogi", "logi", "ailur", "ails", "oGIN", "aILED", "utx ogxn"] {
            assert!(!WORDS.is_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn any_byte_of_what_is_sought_leads_to_it() {
        for place in 0..3 {
            assert_eq!(find_by(place, b"IN OUT IIN=x IN=", b"IN="), Some(8));
            assert_eq!(find_all_by(place, b"IN=IN=", b"IN=").collect::<Vec<_>>(), [0, 3]);
            assert_eq!(find_by(place, b"=N=I", b"IN="), None);
        }
        assert_eq!(find(b"", b"x"), None);
    }
}
