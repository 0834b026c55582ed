//! The smallest parts of a query text: words, quoted texts, expressions between slashes.

use super::error::QueryError;
use super::field::is_attribute_prefix;

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Between quotes: every character stands for itself.
    Quoted(String),
    /// Bare: may hold wildcards. Never empty.
    Word(Vec<WordPart>),
    /// Between slashes.
    Regex {
        /// What stands between them.
        source: String,
        /// Whether `i` follows.
        ignore_case: bool,
    },
}

/// A character of a bare word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordPart {
    Char(char),
    Star,
    Question,
}

/// Where a bare word ends, besides at white space, parentheses and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Nowhere else.
    Bare,
    /// At a comma, which separates the values of a list.
    List,
    /// At the closing bracket of a range.
    Range,
}

/// A place in the query text. Places are counted in characters.
#[derive(Debug)]
pub(super) struct Cursor {
    chars: Vec<char>,
    pub(super) at: usize,
}

/// The characters of a field's name, and of an attribute's that is written without quotes where a query is shown.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@')
}

/// The characters that a backslash in a bare word takes their meaning from. Before any other
/// character a backslash stands for itself, so that `C:\Windows` need not be escaped.
pub(super) fn is_escapable(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_whitespace()
}

impl Cursor {
    pub(super) fn new(text: &str) -> Self {
        Self { chars: text.chars().collect(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, by: usize) -> Option<char> {
        self.chars.get(self.at.checked_add(by)?).copied()
    }

    /// Steps over `c` if it is next.
    pub(super) fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += 1;
        }
        found
    }

    /// Steps over `text` if it is next.
    pub(super) fn take_text(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(by, c)| self.ahead(by) == Some(c));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Steps over `word` if it is next and is a whole word.
    pub(super) fn take_keyword(&mut self, word: &str) -> bool {
        let found = self.sees_keyword(word);
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn sees_keyword(&self, word: &str) -> bool {
        let same = word.chars().enumerate().all(|(by, c)| self.ahead(by) == Some(c));
        same && self.ahead(word.len()).is_none_or(|c| is_delimiter(c, Stop::Bare))
    }

    /// The name before a colon, if one is next: `host:`, `attributes.sd@1.x:`. Steps over the colon.
    /// An attribute's name may be quoted: `attributes."a b":`. Without quotes it ends where a word does, or at the colon.
    pub(super) fn take_field_name(&mut self) -> Result<Option<(String, Option<String>)>, QueryError> {
        let start = self.at;
        if !self.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
            return Ok(None);
        }
        let mut name = String::new();
        let mut is_attributes = false;
        while let Some(c) = self.peek() {
            if !is_name_char(c) && (!is_attributes || c == ':' || is_delimiter(c, Stop::Bare)) {
                break;
            }
            name.push(c);
            is_attributes |= c == '.' && name.strip_suffix('.').is_some_and(is_attribute_prefix);
            self.at += 1;
        }
        let mut quoted = None;
        if name.ends_with('.') && self.peek() == Some('"') {
            quoted = Some(self.quoted()?);
        }
        if self.take(':') {
            return Ok(Some((name, quoted)));
        }
        self.at = start;
        Ok(None)
    }

    /// The value that is next; `None` where there is none.
    pub(super) fn value(&mut self, stop: Stop) -> Result<Option<Value>, QueryError> {
        match self.peek() {
            Some('"') => self.quoted().map(|text| Some(Value::Quoted(text))),
            Some('/') => Ok(self.regex(stop).or_else(|| self.word(stop))),
            _ => Ok(self.word(stop)),
        }
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match (c, self.peek()) {
                ('"', _) => return Ok(text),
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        Err(QueryError::at(start, "this quote is not closed"))
    }

    fn word(&mut self, stop: Stop) -> Option<Value> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek().filter(|c| !is_delimiter(*c, stop)) {
            self.at += 1;
            parts.push(match (c, self.peek()) {
                ('\\', Some(escaped)) if is_escapable(escaped) => {
                    self.at += 1;
                    WordPart::Char(escaped)
                }
                ('*', _) => WordPart::Star,
                ('?', _) => WordPart::Question,
                _ => WordPart::Char(c),
            });
        }
        (!parts.is_empty()).then_some(Value::Word(parts))
    }

    /// An expression between slashes. A text such as `/var/log` is none: after the closing slash the
    /// value must end.
    fn regex(&mut self, stop: Stop) -> Option<Value> {
        let mut source = String::new();
        let mut by = 1;
        loop {
            match self.ahead(by)? {
                '/' => break,
                '\\' => {
                    source.push('\\');
                    source.push(self.ahead(by + 1)?);
                    by += 2;
                }
                c => {
                    source.push(c);
                    by += 1;
                }
            }
        }
        let ignore_case = self.ahead(by + 1) == Some('i');
        let after = by + 1 + usize::from(ignore_case);
        let ends = self.ahead(after).is_none_or(|c| is_delimiter(c, stop));
        if source.is_empty() || !ends {
            return None;
        }
        self.at += after;
        Some(Value::Regex { source, ignore_case })
    }
}

fn is_delimiter(c: char, stop: Stop) -> bool {
    let special = match stop {
        Stop::Bare => false,
        Stop::List => c == ',',
        Stop::Range => c == ']' || c == '}',
    };
    special || c.is_whitespace() || matches!(c, '(' | ')' | '"')
}
