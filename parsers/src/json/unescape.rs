//! A JSON string's text as it stands between its quotes, and its escapes (RFC 8259, section 7).

use std::borrow::Cow;

/// A string of a JSON text, its escapes not yet resolved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    /// What stands between the quotes.
    pub raw: &'a str,
    /// Whether a backslash is among it.
    pub escaped: bool,
}

impl<'a> Text<'a> {
    /// The text that is meant; borrowed where nothing is escaped.
    pub(super) fn resolve(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        unescape_into(self.raw, &mut text);
        Cow::Owned(text)
    }

    /// Without the one line ending that wrappers of a line (Docker's json-file) keep at its end.
    pub(super) fn without_line_ending(self) -> Self {
        let Some(rest) = self.raw.strip_suffix("\\n") else {
            return self;
        };
        if rest.ends_with('\\') {
            return self; // An escaped backslash and an n.
        }
        let rest = rest.strip_suffix("\\r").unwrap_or(rest);
        Text { raw: rest, escaped: rest.contains('\\') }
    }
}

/// Appends what `raw` means to `out`. An escape that JSON does not know stands for itself (nginx
/// writes `\x22`); half of a surrogate pair becomes U+FFFD.
pub(super) fn unescape_into(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        match chars.next() {
            Some('"') => out.push('"'),
            Some('\\') => out.push('\\'),
            Some('/') => out.push('/'),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                rest = unescape_unit(chars.as_str(), out);
                continue;
            }
            Some(_) | None => {
                out.push('\\');
                rest = escape;
                continue;
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// Resolves what follows a `\u`; returns what is left.
fn unescape_unit<'r>(text: &'r str, out: &mut String) -> &'r str {
    let Some((unit, rest)) = hex_unit(text) else {
        out.push_str("\\u");
        return text;
    };
    if (0xd800..0xdc00).contains(&unit) {
        let low = rest.strip_prefix("\\u").and_then(hex_unit).filter(|(low, _)| (0xdc00..0xe000).contains(low));
        if let Some((low, rest)) = low {
            let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            return rest;
        }
    }
    out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

/// The value of the four hexadecimal digits that `text` begins with.
fn hex_unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(raw: &str) -> String {
        Text { raw, escaped: raw.contains('\\') }.resolve().into_owned()
    }

    #[test]
    fn escapes_are_resolved_and_unknown_ones_stand_for_themselves() {
        for (raw, text) in [
            ("plain", "plain"),
            (r#"a\"b\\c\/d"#, "a\"b\\c/d"),
            (r"\n\t\r\b\f", "\n\t\r\u{8}\u{c}"),
            (r"\u00fc\u65e5", "ü日"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83d!", "\u{fffd}!"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\x22", r"\x22"),
            (r"\u12", r"\u12"),
            (r"\u+123", r"\u+123"),
            (r"\é", r"\é"),
        ] {
            assert_eq!(resolved(raw), text, "{raw}");
        }
    }

    #[test]
    fn a_line_ending_is_taken_off_but_an_escaped_backslash_is_not() {
        let trimmed = |raw| Text { raw, escaped: true }.without_line_ending();
        assert_eq!(trimmed(r"text\n").raw, "text");
        assert!(!trimmed(r"text\n").escaped);
        assert_eq!(trimmed(r"text\r\n").raw, "text");
        assert_eq!(trimmed(r"text\\n").raw, r"text\\n");
        assert!(trimmed(r#"a \"b\"\n"#).escaped);
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_serde_json_on_any_text(text: String) {
            let quoted = serde_json::to_string(&text).unwrap();
            proptest::prop_assert_eq!(resolved(quoted.get(1..quoted.len() - 1).unwrap()), text);
        }

        #[test]
        fn any_raw_text_is_resolved_without_panic(raw in "(\\\\|u|d|8|\\PC)*") {
            let _ = resolved(&raw);
        }
    }
}
