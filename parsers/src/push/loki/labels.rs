//! The labels of a stream as protobuf carries them, in LogQL's notation: `{app="shop", level="info"}`.

use std::borrow::Cow;

use super::Labels;

/// Reads labels; `None` where `text` is not of that form.
pub(super) fn parse(text: &str) -> Option<Labels<'_>> {
    let mut rest = text.trim().strip_prefix('{')?.trim_start();
    let mut labels = Labels::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return after.trim().is_empty().then_some(labels);
        }
        let (name, after) = rest.split_once('=')?;
        let name = name.trim();
        if name.is_empty() || name.contains(['"', '{', '}', ',']) {
            return None;
        }
        let (value, after) = quoted(after.trim_start())?;
        labels.push((Cow::Borrowed(name), value));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.starts_with('}') => after,
            None => return None,
        };
    }
}

/// A text in quotes, with Go's escapes, or in backquotes, and what follows it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        return raw.split_once('`').map(|(value, rest)| (Cow::Borrowed(value), rest));
    }
    let inner = text.strip_prefix('"')?;
    let plain_end = inner.find(['"', '\\'])?;
    let (plain, rest) = inner.split_at_checked(plain_end)?;
    if let Some(after) = rest.strip_prefix('"') {
        return Some((Cow::Borrowed(plain), after));
    }
    let mut value = plain.to_owned();
    let mut rest = rest;
    loop {
        let mut chars = rest.chars();
        match chars.next()? {
            '"' => return Some((Cow::Owned(value), chars.as_str())),
            '\\' => rest = escape(chars.as_str(), &mut value)?,
            other => {
                value.push(other);
                rest = chars.as_str();
            }
        }
    }
}

/// Resolves what follows a backslash (strconv.Unquote); what is left.
fn escape<'t>(text: &'t str, out: &mut String) -> Option<&'t str> {
    let mut chars = text.chars();
    let plain = match chars.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        kind @ ('x' | 'u' | 'U') => {
            let digits = match kind {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let (code, rest) = chars.as_str().split_at_checked(digits)?;
            if !code.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Some(rest);
        }
        other @ ('"' | '\\' | '\'') => other,
        _ => return None,
    };
    out.push(plain);
    Some(chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, String)>> {
        Some(parse(text)?.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    #[test]
    fn labels_are_read_with_their_escapes() {
        let expected = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
        };
        for (text, labels) in [
            ("{}", &[][..]),
            (r#"{app="shop"}"#, &[("app", "shop")]),
            (r#" { app = "a,b}" , level="" , } "#, &[("app", "a,b}"), ("level", "")]),
            (r#"{a="q\"b\\n\n\u00fc\x41"}"#, &[("a", "q\"b\\n\nüA")]),
            (r#"{a=`raw\n`}"#, &[("a", "raw\\n")]),
        ] {
            assert_eq!(pairs(text), expected(labels), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_that_form_is_refused() {
        for text in [
            "",
            "app",
            "{app}",
            "{app=}",
            "{app=\"a}",
            "{app=\"a\"",
            "{=\"a\"}",
            "{a=\"a\" b=\"b\"}",
            "{a=\"\\q\"}",
            "{} x",
        ] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[{}=,\"`\\\\a-zü0-9 ]{0,40}") {
            parse(&text);
        }
    }
}
