//! What stands behind the first word of a text, or behind the name of a thread.

use crate::plain::{self, Sought};
use crate::{app, compose, leading, level_names};

/// What stands behind the first word of a text.
pub(super) struct Behind<'a> {
    letters: usize,
    pub(super) has_colon: bool,
    /// What follows the blank.
    pub(super) rest: &'a [u8],
}

impl<'a> Behind<'a> {
    /// Looks behind the word of at least two letters that `text` begins with: there has to be a blank, or a colon and one.
    #[inline]
    pub(super) fn word(text: &'a [u8]) -> Option<Self> {
        Self::any_word(text).filter(|word| word.letters > 1)
    }

    /// As [`word`](Self::word), but one letter is a word as well where one in small letters follows, or a sign of equality behind a small letter:
    /// `I have`, `x = 7`. Behind a letter that stands for a level there is a time or a name.
    #[inline]
    pub(super) fn first_word(text: &'a [u8]) -> Option<Self> {
        Self::any_word(text).filter(|word| {
            word.letters > 1
                || (word.letters == 1
                    && !word.has_colon
                    && match word.rest.first() {
                        Some(b'=') => text.first().is_some_and(u8::is_ascii_lowercase),
                        first => first.is_some_and(u8::is_ascii_lowercase),
                    })
        })
    }

    #[inline]
    fn any_word(text: &'a [u8]) -> Option<Self> {
        let letters = leading::letters(text);
        let (has_colon, rest) = match text.get(letters..)? {
            [b' ', rest @ ..] => (false, rest),
            [b':', b' ', rest @ ..] => (true, rest),
            _ => return None,
        };
        Some(Self { letters, has_colon, rest })
    }

    /// Whether the word, with which `text` begins, has a capital behind its first letter, as a level has.
    #[inline]
    pub(super) fn is_in_capitals(text: &[u8]) -> bool {
        text.get(1).is_some_and(u8::is_ascii_uppercase)
    }

    /// What the word says of the level that `whole` states; `text`, with which that ends, begins with the word.
    #[inline]
    pub(super) fn level(&self, text: &[u8], whole: &[u8]) -> Sought {
        let found =
            Self::is_in_capitals(text).then(|| text.get(..self.letters).and_then(plain::level_in_capitals)).flatten();
        match found {
            Some(level) => Sought::Found(level),
            // With a colon behind it the first word is a level in any case, and may be what one is assigned to.
            None if self.has_colon => match text.get(..self.letters).unwrap_or_default() {
                word if plain::is_label(word) => Sought::From(0),
                word => level_names::from_bytes(word).map_or_else(|| self.no_level(whole), Sought::Found),
            },
            None => self.no_level(whole),
        }
    }

    /// Whether a level may be assigned to the word, with which `text` begins.
    #[inline]
    pub(super) fn is_labels(&self, text: &[u8]) -> bool {
        text.get(..self.letters).is_none_or(plain::is_label)
    }

    /// That no word up to the next ones in small letters states the level of `whole`, which ends with what follows this word.
    #[inline]
    pub(super) fn no_level(&self, whole: &[u8]) -> Sought {
        Sought::From(self.end(whole) + stateless_words(self.rest))
    }

    /// Where in `whole`, which ends with what follows the word, that begins.
    #[inline]
    pub(super) fn end(&self, whole: &[u8]) -> usize {
        whole.len().saturating_sub(self.rest.len())
    }

    /// Whether the word may be the label of .NET's console: `info: Shop.Cart[0]`.
    #[inline]
    pub(super) fn is_label(&self) -> bool {
        self.has_colon && self.letters == 4
    }

    /// Whether a number, or a sign that may stand before one, follows.
    #[inline]
    fn is_number(&self) -> bool {
        !self
            .rest
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || !b.is_ascii() || matches!(b, b'/' | b'*' | b'\'' | b'`'))
    }

    /// Whether a small number and a word follow: `HTTP 200 was given`.
    #[inline]
    fn is_count(&self) -> bool {
        let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        matches!(digits, 1..=3) && matches!(self.rest.get(digits..), Some([b' ', b'a'..=b'z', ..]))
    }

    /// Whether the word may be the name of a container, with a bar behind it.
    #[inline]
    pub(super) fn may_be_containers(&self) -> bool {
        !self.has_colon && compose::may_follow_blank(self.rest)
    }

    /// Whether the word may be the name of a protocol before a time.
    #[inline]
    pub(super) fn is_protocol(&self) -> bool {
        const LETTERS_MAX: usize = b"https".len();
        self.letters <= LETTERS_MAX && self.is_number()
    }

    /// Whether a date may stand behind the word: behind the name of a month or a day (`Nov 14`), or behind a level or an alert's name in
    /// capitals; uvicorn pads these (`INFO:     text`).
    #[inline]
    pub(super) fn may_be_dated(&self, text: &[u8]) -> bool {
        if text.first().is_some_and(u8::is_ascii_lowercase) {
            return false;
        }
        let is_in_capitals = Self::is_in_capitals(text);
        // C's `asctime` begins with the names of a day and a month, behind which the day of that stands.
        let is_day = self.letters == 3 && matches!(text.get(7..), Some([b' ', b' ' | b'0'..=b'9', ..]));
        if is_day || (self.has_colon && self.letters == 8 && is_in_capitals) {
            return true;
        }
        self.is_number() && (self.letters == 3 || is_in_capitals) && !self.is_count()
    }

    /// Whether plain text that begins with this word, behind which no date [may be](Self::may_be_dated), begins with no time in any spelling:
    /// these begin with the name of a month, a day or a zone, or have a number behind a level, which is no small one with a word behind.
    #[inline]
    pub(super) fn has_no_time(&self, text: &[u8]) -> bool {
        match (text, self.rest) {
            ([b'a'..=b'z', ..], _) => !app::may_be_session(text),
            // Behind the name of a day that of a month and a number stand, behind one of a month a number.
            ([_, b'a'..=b'z', ..], [_, _, _, b' ', b' ' | b'0'..=b'9', ..]) => self.letters != 3,
            ([_, b'a'..=b'z', ..], _) => self.letters != 3 || !self.is_number(),
            // Behind a zone the name of a month or a day would stand.
            (_, rest) => {
                let is_word = rest.first().is_some_and(u8::is_ascii_lowercase)
                    && !matches!(rest, [_, _, _, b' ' | b',', b' ' | b'0'..=b'9', ..])
                    && !matches!(rest, [_, _, _, b' ' | b',', _, _, _, b' ', b' ' | b'0'..=b'9', ..]);
                let is_longer = self.letters > 2 && !matches!(rest.get(3), Some(b' ' | b','));
                self.is_number() || is_word || is_longer
            }
        }
    }
}

/// What stands behind the first words of `text`, if it begins with three in small letters, or is fewer.
#[inline]
pub(super) fn behind_three(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    for _ in 0..3 {
        let letters = leading::letters(rest);
        if !rest.first()?.is_ascii_lowercase() {
            return None;
        }
        rest = match rest.get(letters..)? {
            [] => return Some(&[]),
            [b' ', rest @ ..] => rest,
            _ => return None,
        };
    }
    rest.get(small_words(rest)..)
}

/// How many bytes the first words in small letters take that `text` begins with, each with the blank behind it or the end of the text.
#[inline]
pub(super) fn small_words(text: &[u8]) -> usize {
    const WORDS_MAX: usize = 8;
    let mut end = 0;
    for _ in 0..WORDS_MAX {
        let rest = text.get(end..).unwrap_or_default();
        let letters = leading::letters(rest);
        if !rest.first().is_some_and(u8::is_ascii_lowercase) {
            break;
        }
        match rest.get(letters) {
            Some(b' ') => end += letters + 1,
            Some(_) => break,
            None => return text.len(),
        }
    }
    end
}

/// How many bytes the first words in small letters, numbers and signs take that `text` begins with, up to a blank or the end: none of them states
/// a level, nor makes one of the word behind them.
#[inline]
pub(super) fn stateless_words(text: &[u8]) -> usize {
    /// No level is looked for further on.
    const BYTES_MAX: usize = 104;
    let near = text.get(..BYTES_MAX).unwrap_or(text);
    let end = leading::unmarked(near);
    if end == text.len() {
        return end;
    }
    near.get(..end).and_then(|words| words.iter().rposition(|b| *b == b' ')).map_or(0, |blank| blank + 1)
}

/// A text that begins with the name of a thread in brackets: `[worker 3] text`.
pub(super) struct Thread<'a> {
    pub(super) name: &'a [u8],
    /// What follows the bracket and the blank.
    pub(super) rest: &'a [u8],
}

impl<'a> Thread<'a> {
    /// Looks behind the bracket that `text` begins with, if what is in it is no level and no name that tells a format.
    #[inline]
    pub(super) fn of(text: &'a [u8]) -> Option<Self> {
        let inside = text.get(1..)?;
        let letters = leading::letters(inside);
        let more = inside.get(letters..)?.iter().take(64);
        let length =
            letters + more.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_')).count();
        let (name, behind) = inside.split_at_checked(length).filter(|_| letters > 0)?;
        let rest = behind.strip_prefix(b"] ")?;
        // Names that tell a format, and levels: one word, which has a digit at the most and may be filled with blanks.
        let may_be_known = length < letters + 2 || name.ends_with(b" ");
        let is_level = || level_names::from_bytes(name.trim_ascii_end()).is_some();
        let is_known = may_be_known && (name == b"System" || is_level());
        (!is_known && !app::mongodb::begins_with_context(name)).then_some(Self { name, rest })
    }

    /// Whether no word of its name is in capitals, as a level may be.
    #[inline]
    pub(super) fn is_without_capitals(&self) -> bool {
        let nexts = self.name.iter().skip(1).chain([&b' ']);
        !self.name.iter().zip(nexts).any(|(byte, next)| byte.is_ascii_uppercase() && !next.is_ascii_lowercase())
    }
}
