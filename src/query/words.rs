//! Words in running text: what one is made of, and how a search for whole words is put to an index
//! and to a regular expression.
//!
//! A word is a run of ASCII letters and digits and of bytes from 0x80 on, which is what the store's
//! text index (`splitByNonAlpha`) takes for one. So `_`, `.`, `-` and `:` separate words. A text
//! *stands whole* where it does not begin or end inside of a word; where it begins or ends with
//! another character than a word's, nothing is asked of what stands beside it.

/// Before a text that begins with a word: the begin of the value or another character than a word's.
/// All bytes are named, so that both pattern dialects read it alike on bytes that are not UTF-8.
pub(super) const WORD_BEGIN: &str = r"(?:^|[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])";
/// After a text that ends with a word.
pub(super) const WORD_END: &str = r"(?:$|[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])";

/// The most words that the index is asked for; each costs it a reading, and further ones tell little.
const INDEX_WORDS_MAX: usize = 16;

/// Whether words are made of this byte.
pub(super) const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Whether `text` begins with a word.
pub(super) fn begins_with_word(text: &str) -> bool {
    text.bytes().next().is_some_and(is_word_byte)
}

/// Whether `text` ends with a word.
pub(super) fn ends_with_word(text: &str) -> bool {
    text.bytes().last().is_some_and(is_word_byte)
}

/// Whether `text` is one word and nothing else.
pub(super) fn is_one_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_word_byte)
}

/// The words that stand whole wherever `text` does, in lower case and the longest first. `closed` tells
/// of either end whether a word that reaches it ends there; else it may be a part of a longer one.
pub(super) fn whole_words(text: &str, closed: (bool, bool)) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let pieces = text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
    let mut pieces = pieces.enumerate().peekable();
    while let Some((at, piece)) = pieces.next() {
        let whole = (at > 0 || closed.0) && (pieces.peek().is_some() || closed.1);
        if whole && !piece.is_empty() {
            words.push(piece.to_ascii_lowercase());
        }
    }
    most_telling(words)
}

/// The words, each once, that an index is asked for: long ones are rare.
pub(super) fn most_telling(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    words.dedup();
    words.truncate(INDEX_WORDS_MAX);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_at_an_open_end_may_be_a_part_of_another() {
        let check = |text: &str, closed, words: &[&str]| assert_eq!(whole_words(text, closed), words, "{text}");
        check("Login FAILED", (true, true), &["failed", "login"]);
        check("Login FAILED", (false, true), &["failed"]);
        check("Login FAILED", (true, false), &["login"]);
        check("login", (false, true), &[]);
        check(" login", (false, true), &["login"]);
        check("a_é-a", (true, true), &["é", "a"]);
        check("=>", (true, true), &[]);
        check("", (true, true), &[]);
    }

    #[test]
    fn an_index_is_asked_for_a_bounded_number_of_words() {
        let text: Vec<String> = (0..100).map(|n| format!("{:0>1$}", n, n + 2)).collect();
        let words = whole_words(&text.join(" "), (true, true));
        assert_eq!(words.len(), INDEX_WORDS_MAX);
        assert_eq!(words.first().map(String::len), Some(101));
    }
}
