//! The severities of CEF, which LEEF has too: 0 to 10, or words.

use crate::{Level, level_names};

/// The level of `severity`: 0 to 3 and `Low` is INFO, to 6 and `Medium` WARN, to 8 and `High` ERROR, above and `Very-High` FATAL.
pub(crate) fn level(severity: &str) -> Level {
    let severity = severity.trim();
    match severity.parse::<u8>() {
        Ok(0..=3) => return Level::Info,
        Ok(4..=6) => return Level::Warn,
        Ok(7..=8) => return Level::Error,
        Ok(9..=10) => return Level::Fatal,
        _ => {}
    }
    let words = [
        ("low", Level::Info),
        ("medium", Level::Warn),
        ("high", Level::Error),
        ("very-high", Level::Fatal),
        ("very high", Level::Fatal),
    ];
    words
        .into_iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(severity))
        .map_or_else(|| level_names::from_word(severity).unwrap_or(Level::Unknown), |(_, level)| level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_levels() {
        for (severity, expected) in [
            ("0", Level::Info),
            (" 6 ", Level::Warn),
            ("8", Level::Error),
            ("10", Level::Fatal),
            ("11", Level::Unknown),
            ("Medium", Level::Warn),
            ("VERY-HIGH", Level::Fatal),
            ("error", Level::Error),
            ("none", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(level(severity), expected, "{severity}");
        }
    }
}
