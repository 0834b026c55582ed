//! The level of an HTTP exchange by the status of its answer.

use crate::Level;

/// 5xx is ERROR, 4xx WARN, all else (also where there is none) INFO.
pub(crate) fn level(status: &[u8]) -> Level {
    match status {
        [b'5', _, _] => Level::Error,
        [b'4', _, _] => Level::Warn,
        _ => Level::Info,
    }
}

/// Whether `word` is a status of three digits.
pub(crate) fn is_status(word: &[u8]) -> bool {
    matches!(word, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'])
}
