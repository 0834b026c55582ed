//! Text that others wrote, made fit for a column.

use serde_json::Value;

/// Longer text is cut: nobody fills the database with a header.
const CHARS_MAX: usize = 512;

/// Without the one character that Postgres cannot keep, and not longer than [`CHARS_MAX`].
pub(super) fn clean(text: &str) -> String {
    text.chars().take(CHARS_MAX).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// As [`clean`], at its full length: where somebody else bounds it.
pub(super) fn whole(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Each of them as [`whole`].
pub(super) fn clean_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| whole(text)).collect()
}

/// What names and addresses are compared by: two that differ in case alone are the same.
pub(super) fn key(text: &str) -> String {
    clean(text.trim()).to_lowercase()
}

/// The pattern of `LIKE … ESCAPE '!'` for texts that have `part` anywhere, whatever its case.
pub(super) fn containing(part: &str) -> String {
    let mut pattern = "%".to_owned();
    for c in key(part).chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// JSON whose texts Postgres can keep; they are not cut, filters and queries stand there whole.
pub(super) fn clean_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('\0', "\u{fffd}")),
        Value::Array(values) => values.into_iter().map(clean_json).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name.replace('\0', "\u{fffd}"), clean_json(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_for_every_case() {
        assert_eq!(key(" Ünal@Example.ORG "), "ünal@example.org");
    }

    #[test]
    fn what_a_pattern_means_is_taken_from_it() {
        assert_eq!(containing("50%_A!"), "%50!%!_a!!%");
    }

    #[test]
    fn no_zero_reaches_the_database() {
        assert_eq!(clean("a\0b"), "a\u{fffd}b");
        let json = clean_json(serde_json::json!({"q\0": ["\0", 1]}));
        assert_eq!(json, serde_json::json!({"q\u{fffd}": ["\u{fffd}", 1]}));
    }
}
