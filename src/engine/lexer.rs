//! Splits SQL into words and symbols as ClickHouse's lexer does, as far as it takes to find the words that stand
//! outside strings, comments, quoted names and brackets. It never fails: what it cannot read it takes as a symbol,
//! and the engine's own parser has the last word on every statement.

/// A word, number or symbol; quoted things are one symbol each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Its bytes.
    pub(super) text: &'a [u8],
    /// Where it begins.
    pub(super) start: usize,
    /// How many brackets are open around it.
    pub(super) depth: usize,
    /// Whether it is a bare word (keyword, name or number).
    pub(super) word: bool,
}

impl Token<'_> {
    /// Where it ends.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this keyword, outside every bracket.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.word && self.depth == 0 && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether it is this symbol, outside every bracket.
    pub(super) fn is_symbol(&self, symbol: u8) -> bool {
        !self.word && self.depth == 0 && self.text == [symbol]
    }
}

/// Iterates over the tokens of a text.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Moves behind blanks and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let skip = match rest {
                [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0, ..] => 1,
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1),
                [b'/', b'*', ..] => {
                    rest.get(2..).and_then(|body| memchr::memmem::find(body, b"*/")).map_or(rest.len(), |n| n + 4)
                }
                _ => return,
            };
            self.at += skip;
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let rest = self.rest();
        let first = *rest.first()?;
        let (length, word) = match first {
            b'\'' | b'"' | b'`' => (quoted(rest, first), false),
            b'$' => heredoc(rest).map_or_else(|| (word_length(rest), true), |n| (n, false)),
            _ if is_word(first) => (word_length(rest), true),
            _ => (1, false),
        };
        if !word && matches!(first, b')' | b']' | b'}') {
            self.depth = self.depth.saturating_sub(1);
        }
        let token = Token { text: rest.get(..length)?, start: self.at, depth: self.depth, word };
        if !word && length == 1 && matches!(first, b'(' | b'[' | b'{') {
            self.depth += 1;
        }
        self.at += length;
        Some(token)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn word_length(rest: &[u8]) -> usize {
    rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len()).max(1)
}

/// The length of a quoted thing with its quotes: backslash escapes, and a doubled quote stands for one.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match *byte {
            b'\\' => at += 2,
            b if b == quote && rest.get(at + 1) == Some(&quote) => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `$tag$ … $tag$`, if this is one.
fn heredoc(rest: &[u8]) -> Option<usize> {
    let tag_end = rest.get(1..)?.iter().position(|b| *b == b'$')? + 2;
    let tag = rest.get(..tag_end)?;
    let name = tag.get(1..tag_end - 1)?;
    if !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return None;
    }
    let close = memchr::memmem::find(rest.get(tag_end..)?, tag)?;
    Some(tag_end + close + tag_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(sql: &str) -> Vec<String> {
        Lexer::new(sql.as_bytes())
            .filter(|t| t.word && t.depth == 0)
            .map(|t| String::from_utf8_lossy(t.text).into_owned())
            .collect()
    }

    #[test]
    fn words_in_strings_comments_names_and_brackets_are_not_seen() {
        let check = |sql: &str, expected: &[&str]| assert_eq!(words(sql), expected, "{sql}");
        check("SELECT 'a FORMAT b' FORMAT CSV", &["SELECT", "FORMAT", "CSV"]);
        check(r"SELECT 'it''s \' FORMAT x' x", &["SELECT", "x"]);
        check("SELECT (a FORMAT b) x -- FORMAT y\nz", &["SELECT", "x", "z"]);
        check("/* FORMAT */ a # FORMAT\nb #! c\nd", &["a", "b", "d"]);
        check("`a FORMAT` \"b FORMAT\" c", &["c"]);
        check("SELECT $tag$ FORMAT ' $tag$ x", &["SELECT", "x"]);
        check("a /* never closed FORMAT", &["a"]);
        check("a 'never closed FORMAT", &["a"]);
        check("))) a", &["a"]);
    }

    proptest! {
        #[test]
        fn tokens_are_in_order_and_within_the_text(text: Vec<u8>) {
            let mut at = 0;
            for token in Lexer::new(&text) {
                prop_assert!(token.start >= at && !token.text.is_empty());
                at = token.end();
                prop_assert!(at <= text.len());
            }
        }
    }
}
