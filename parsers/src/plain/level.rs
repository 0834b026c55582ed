//! The level that a text plainly states near its beginning.

use crate::signs::{self, Signs};
use crate::{Level, leading, level_names};

/// A level is looked for in this many bytes.
const LEVEL_WITHIN_BYTES: usize = 100;

/// The level that a text plainly states near its beginning; [`Level::Unknown`] where it states none.
pub(crate) fn stated_level(text: &[u8]) -> Level {
    from(0, text)
}

/// Bits of the bytes behind which levels stand, as [`may_be_stated`] asks for them.
pub(crate) struct Marks {
    /// Those of the signs that assign.
    pub signs: u8,
    /// Those of round and angle brackets.
    pub brackets: u8,
}

/// Whether `text`, in which no bar and no square bracket stands, may state a level; `false` where [`stated_level`] surely finds none. `found` is
/// what stands in it.
pub(crate) fn may_be_stated(text: &[u8], found: Signs, marks: &Marks) -> bool {
    // The second letter of a word in capitals may be behind the window.
    let near = text.get(..=LEVEL_WITHIN_BYTES).unwrap_or(text);
    (found.seen & signs::CAPITAL != 0 && signs::has_two_capitals(near))
        || (found.seen & marks.signs != 0 && (leads(text) || (signs::may_assign_level(near) && assigns_level(near))))
        || (found.seen & marks.brackets != 0 && signs::brackets_word(near) && brackets_level(text, near))
}

/// Whether a sign in `text` assigns what follows it to a level's name.
fn assigns_level(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'=', b':', text).any(|at| text.get(..=at).is_some_and(is_assigned))
}

/// Whether the first word of `text` is a level with a colon behind it.
fn leads(text: &[u8]) -> bool {
    let Some(word) = text.iter().position(|b| is_word(*b)).and_then(|start| text.get(start..)) else { return false };
    let (letters, behind) = word.split_at_checked(leading::letters(word)).unwrap_or_default();
    // Some levels end with a digit.
    matches!(behind, [b':', ..] | [b'0'..=b'9', b':', ..]) && level_names::from_bytes(letters).is_some()
}

/// Whether a level stands behind a bracket in `near`, with which `text` begins.
fn brackets_level(text: &[u8], near: &[u8]) -> bool {
    memchr::memchr2_iter(b'(', b'<', near).any(|at| {
        let behind = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
        let length = behind.iter().take_while(|b| is_word(**b)).count();
        behind.get(..length).and_then(level_names::from_bytes).is_some()
    })
}

/// The level that a text states in its first word, where that is in capitals, in brackets, before a colon or behind `level=`.
pub(crate) fn leading_level(text: &[u8]) -> Level {
    const WORD_BYTES_MAX: usize = 24;
    let text = text.trim_ascii_start();
    let end = text.iter().take(WORD_BYTES_MAX).position(|b| matches!(b, b' ' | b'|' | b'{'));
    let word = text.get(..end.unwrap_or(text.len().min(WORD_BYTES_MAX))).unwrap_or_default();
    // Most first words have none of this.
    let is_in_capitals = matches!(word, [b'A'..=b'Z', second, ..] if !second.is_ascii_lowercase());
    let is_marked = || word.iter().any(|b| matches!(b, b':' | b'=' | b'[' | b'<' | b'(' | b'"'));
    if is_in_capitals || is_marked() { stated_level(word) } else { Level::Unknown }
}

/// As [`stated_level`], where the words that end before the byte at `start` state none.
pub(super) fn from(start: usize, text: &[u8]) -> Level {
    let near = text.get(..LEVEL_WITHIN_BYTES).unwrap_or(text);
    let mut is_first_word = start == 0;
    if is_first_word && let Some(level) = klog_level(near) {
        return level;
    }
    // The last byte before a word that is no white space.
    let mut mark = b' ';
    let mut at = start;
    while let Some(&byte) = near.get(at) {
        if !is_word(byte) {
            if !byte.is_ascii_whitespace() {
                mark = byte;
            }
            at += 1;
            continue;
        }
        let length = near.get(at..).map_or(1, |rest| rest.iter().take_while(|b| is_word(**b)).count());
        // Most words are nowhere near to state a level, and are passed over after a look at what stands around them.
        let is_marked = mark != b' ' && matches!(mark, b'[' | b'<' | b'(' | b'|' | b'=' | b':' | b'"');
        let may_be_in_capitals = byte.is_ascii_uppercase() && !near.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let may_lead = is_first_word && near.get(at + length).is_none_or(|b| *b == b':');
        if (may_lead || is_marked || may_be_in_capitals)
            && let Some(level) = level_at(at, near, text, is_first_word)
        {
            return level;
        }
        at += length;
        is_first_word = false;
        mark = b' ';
    }
    Level::Unknown
}

fn is_word(byte: u8) -> bool {
    #[expect(clippy::indexing_slicing, reason = "runs when the crate is compiled")]
    const IS_WORD: [bool; 256] = {
        let mut is_word = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            is_word[byte] = (byte as u8).is_ascii_alphanumeric() || byte == b'_' as usize || byte >= 0x80;
            byte += 1;
        }
        is_word
    };
    IS_WORD.get(usize::from(byte)).is_some_and(|is_word| *is_word)
}

/// The level that the word at `start` states.
fn level_at(start: usize, near: &[u8], text: &[u8], is_first: bool) -> Option<Level> {
    let (before, rest) = near.split_at_checked(start)?;
    let length = rest.iter().take_while(|b| is_word(**b)).count();
    // A word that the search window cuts off is seen whole.
    let after = text.get(start + length..)?;
    level_of_word(std::str::from_utf8(rest.get(..length)?).ok()?, before, after, is_first)
}

/// The level that one word states where it stands.
fn level_of_word(word: &str, before: &[u8], after: &[u8], is_first: bool) -> Option<Level> {
    let level = level_names::from_word(word)?;
    if after.first().is_some_and(|b| is_word(*b)) {
        return None;
    }
    let bracketed = matches!(
        (before.trim_ascii_end().last(), after.trim_ascii_start().first()),
        (Some(b'['), Some(b']')) | (Some(b'<'), Some(b'>')) | (Some(b'('), Some(b')')) | (Some(b'|'), Some(b'|'))
    );
    let leads = is_first && after.first() == Some(&b':');
    let in_capitals = level_in_capitals(word.as_bytes()) == Some(level);
    (bracketed || is_assigned(before) || leads || in_capitals).then_some(level)
}

/// Whether what stands before a word is `level=` or the like.
fn is_assigned(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let Some(name) = before.strip_suffix(b"=").or_else(|| before.trim_ascii_end().strip_suffix(b":")) else {
        return false;
    };
    is_label(name.strip_suffix(b"\"").unwrap_or(name))
}

/// Whether the level may be assigned to `name`: `log.level: error`, `severity: error`.
pub(crate) fn is_label(name: &[u8]) -> bool {
    const LABELS: [&[u8]; 3] = [b"level", b"lvl", b"severity"];
    let ends_with = |label: &[u8]| {
        name.len()
            .checked_sub(label.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(label))
    };
    matches!(name.last(), Some(b'l' | b'y' | b'L' | b'Y')) && LABELS.iter().any(|label| ends_with(label))
}

/// The level that `word` is where it is a word that in capitals is one even without brackets; `LOG`, `NOTE` or `FAIL` are often something else.
pub(crate) fn level_in_capitals(word: &[u8]) -> Option<Level> {
    Some(match word {
        b"INFO" | b"NOTICE" | b"INF" => Level::Info,
        b"WARN" | b"WARNING" | b"WRN" => Level::Warn,
        b"ERROR" | b"ERR" | b"SEVERE" => Level::Error,
        b"DEBUG" | b"DBG" => Level::Debug,
        b"TRACE" | b"VERBOSE" | b"TRC" => Level::Trace,
        b"FATAL" | b"FTL" | b"CRITICAL" | b"CRIT" | b"ALERT" | b"EMERG" | b"EMERGENCY" | b"PANIC" => Level::Fatal,
        _ => return None,
    })
}

/// The level of a klog or glog header, `E1120 18:12:37.000001 …`.
fn klog_level(text: &[u8]) -> Option<Level> {
    let [letter @ (b'I' | b'W' | b'E' | b'F'), a, b, c, d, b' ', h, i, b':', m, n, b':', ..] = text else {
        return None;
    };
    let all_digits = [a, b, c, d, h, i, m, n].iter().all(|b| b.is_ascii_digit());
    let letter = [*letter];
    all_digits.then(|| std::str::from_utf8(&letter).ok().and_then(level_names::from_letter))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_message_may_be_its_level() {
        for (text, level) in [
            ("[error] text", Level::Error),
            ("INF text", Level::Info),
            ("WRN text", Level::Warn),
            ("DBG text", Level::Debug),
            ("<Warning>: text", Level::Warn),
            ("NOTICE[7]: text", Level::Info),
            ("level=debug msg=text", Level::Debug),
            (" error: text", Level::Error),
            ("ERROR", Level::Error),
            ("text ERROR", Level::Unknown),
            ("error in text", Level::Unknown),
            ("a|ERROR|b", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(leading_level(text.as_bytes()), level, "{text}");
        }
    }

    const MARKS: Marks = Marks { signs: 1, brackets: 2 };

    fn may_be(text: &str) -> bool {
        let sought = [(b'=', MARKS.signs), (b':', MARKS.signs), (b'(', MARKS.brackets), (b'<', MARKS.brackets)];
        let found = signs::behind_with_capitals(text.as_bytes(), 0, sought).expect("it is short enough");
        may_be_stated(text.as_bytes(), found, &MARKS)
    }

    #[test]
    fn a_text_without_marks_of_levels_is_known_to_state_none() {
        for text in [
            " an error was found",
            " opened (by alice)",
            " total = 7",
            " /srv/cart.py: no such file",
            " My.Class() is",
            "",
        ] {
            assert!(!may_be(text), "{text}");
        }
        for text in
            [" ERROR", " error: x", " (error)", "  <  info >", " level=info", " \"lvl\": \"info\"", " Severity: warn"]
        {
            assert!(may_be(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn where_no_level_may_be_stated_none_is_found(
            parts in proptest::collection::vec(
                proptest::sample::select(&[
                    "level", "LEVEL", "Lvl", "severity", "my_level", "error", "ERROR", "Error", "ERR", "err", "debug1", "info", "INFO", "a", "the", "x",
                    "E", "\u{e9}", " ", " ", " ", ":", "=", "\"", "(", ")", "<", ">", "-", "_", ".", "\t", "7",
                ][..]),
                0..40,
            ),
            width in 0..110_usize,
        ) {
            let text = format!(" {}{}", "b".repeat(width), parts.concat());
            if !may_be(&text) {
                proptest::prop_assert_eq!(stated_level(text.as_bytes()), Level::Unknown, "{}", text);
            }
        }
    }
}
