//! The levels that loggers write: words of many libraries, and the numbers of a few.

use crate::Level;

/// The level that `word` names in some logger's vocabulary, in any case; `None` where it names none.
///
/// Includes syslog's keywords (RFC 5424, section 6.2.1), the names of Java, Python, .NET, Go, PHP, Ruby and
/// JavaScript loggers and their abbreviations to three or four letters; not single letters.
#[must_use]
pub fn from_word(word: &str) -> Option<Level> {
    from_bytes(word.as_bytes())
}

/// As [`from_word`], for what may be no text.
pub(crate) fn from_bytes(word: &[u8]) -> Option<Level> {
    // All bytes of it are made lower case at once.
    let mut lower = [0_u8; 16];
    lower.get_mut(..word.len())?.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(match lower.get(..word.len())? {
        b"info" | b"information" | b"informational" | b"inf" | b"notice" | b"note" | b"log" | b"audit" | b"config" => {
            Level::Info
        }
        b"error" | b"err" | b"eror" | b"erro" | b"severe" | b"fail" | b"failure" => Level::Error,
        b"warn" | b"warning" | b"wrn" => Level::Warn,
        b"debug" | b"dbug" | b"debg" | b"dbg" | b"fine" | b"debug1" | b"debug2" | b"debug3" | b"debug4" | b"debug5" => {
            Level::Debug
        }
        b"trace" | b"trce" | b"trc" | b"trac" | b"blat" | b"verbose" | b"vrb" | b"finer" | b"finest" | b"silly" => {
            Level::Trace
        }
        b"fatal" | b"ftl" | b"critical" | b"crit" | b"alert" | b"emergency" | b"emerg" | b"panic" | b"dpanic" => {
            Level::Fatal
        }
        b"unknown" => Level::Unknown,
        // java.util.logging's in German, French, Spanish and Italian.
        b"schwerwiegend" | b"grave" => Level::Error,
        b"warnung" | b"avertissement" | b"advertencia" | b"avvertenza" => Level::Warn,
        b"infos" | b"informazioni" | b"konfig" => Level::Info,
        _ => return from_slog(word),
    })
}

/// Go's slog writes a level between two of its own by the distance to the lower one: `INFO+2`, and `DEBUG-4` below them all.
fn from_slog(word: &[u8]) -> Option<Level> {
    let (name, distance) = word.split_at_checked(word.iter().position(|b| matches!(b, b'+' | b'-'))?)?;
    let (sign, digits) = distance.split_first()?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(match (name, sign) {
        (b"DEBUG", b'-') => Level::Trace,
        (b"DEBUG", b'+') => Level::Debug,
        (b"INFO", b'+') => Level::Info,
        (b"WARN", b'+') => Level::Warn,
        (b"ERROR", b'+') => Level::Error,
        _ => return None,
    })
}

/// The level of a lone letter (`I`, `W`, `E` …), as klog, glog, MongoDB and Android write it.
#[must_use]
pub fn from_letter(letter: &str) -> Option<Level> {
    Some(match letter.as_bytes() {
        [b'T' | b't' | b'V' | b'v'] => Level::Trace,
        [b'D' | b'd'] => Level::Debug,
        [b'I' | b'i' | b'N'] => Level::Info,
        [b'W' | b'w'] => Level::Warn,
        [b'E' | b'e'] => Level::Error,
        [b'F' | b'f' | b'C' | b'c' | b'A'] => Level::Fatal,
        _ => return None,
    })
}

/// The level of a number in a field that loggers call `level`.
///
/// 0 to 7 are syslog severities (GELF, journald); 10 to 60 bunyan's and pino's; 100 to 600 Monolog's;
/// 5000 to 50000 those of Logback and log4js. Others name no level.
#[must_use]
pub fn from_number(number: u32) -> Option<Level> {
    Some(match number {
        0..=7 => Level::from_severity(number as u8),
        10..=19 => Level::Trace,
        20..=29 | 100 => Level::Debug,
        30..=39 | 200 | 250 => Level::Info,
        40..=49 | 300 => Level::Warn,
        50..=59 | 400 => Level::Error,
        60 | 500 | 550 | 600 => Level::Fatal,
        5_000 => Level::Trace,
        10_000 => Level::Debug,
        20_000 => Level::Info,
        30_000 => Level::Warn,
        40_000 => Level::Error,
        50_000 => Level::Fatal,
        _ => return None,
    })
}

/// The level of Python's `levelno` (10 DEBUG to 50 CRITICAL).
#[must_use]
pub fn from_python_number(number: u32) -> Option<Level> {
    Some(match number {
        1..=9 => Level::Trace,
        10..=19 => Level::Debug,
        20..=29 => Level::Info,
        30..=39 => Level::Warn,
        40..=49 => Level::Error,
        50..=59 => Level::Fatal,
        _ => return None,
    })
}

/// The level of an OpenTelemetry severity number, 1 to 24.
#[must_use]
pub fn from_otel_number(number: u32) -> Option<Level> {
    Some(match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=20 => Level::Error,
        21..=24 => Level::Fatal,
        _ => return None,
    })
}

/// The severity that one of syslog's keywords stands for.
#[must_use]
pub fn severity_keyword(word: &str) -> Option<u8> {
    const KEYWORDS: [&[&str]; 8] = [
        &["emerg", "emergency", "panic"],
        &["alert"],
        &["crit", "critical"],
        &["err", "error"],
        &["warning", "warn"],
        &["notice"],
        &["info", "informational"],
        &["debug"],
    ];
    let position = KEYWORDS.iter().position(|words| words.iter().any(|known| known.eq_ignore_ascii_case(word)))?;
    u8::try_from(position).ok()
}

/// The number of a facility keyword (`kern` to `local7`, RFC 5424, section 6.2.1).
#[must_use]
pub fn facility_keyword(word: &str) -> Option<u8> {
    const KEYWORDS: [&str; 24] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
        "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ];
    let position = KEYWORDS.iter().position(|known| known.eq_ignore_ascii_case(word))?;
    u8::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_levels_own_name_is_a_word_of_it() {
        for level in Level::ALL {
            assert_eq!(from_word(level.as_str()), Some(level));
        }
    }

    #[test]
    fn words_of_many_loggers_are_known_in_any_case() {
        for (word, level) in [
            ("Warning", Level::Warn),
            ("SEVERE", Level::Error),
            ("informational", Level::Info),
            ("CRITICAL", Level::Fatal),
            ("dbug", Level::Debug),
            ("Verbose", Level::Trace),
            // slog's, in four letters each.
            ("ERRO", Level::Error),
            ("DEBG", Level::Debug),
            ("TRCE", Level::Trace),
            ("INFO+2", Level::Info),
            ("DEBUG-4", Level::Trace),
            ("ERROR+4", Level::Error),
        ] {
            assert_eq!(from_word(word), Some(level), "{word}");
        }
        for word in ["", "high", "warningly and long", "é", "infö", "INFO-2", "INFO+", "WARN+x", "+2", "log-4"] {
            assert_eq!(from_word(word), None, "{word}");
        }
    }

    #[test]
    fn numbers_are_told_apart_by_magnitude() {
        for (number, level) in [(3, Level::Error), (30, Level::Info), (400, Level::Error), (40_000, Level::Error)] {
            assert_eq!(from_number(number), Some(level), "{number}");
        }
        assert_eq!(from_number(8), None);
        assert_eq!(from_python_number(40), Some(Level::Error));
        assert_eq!(from_otel_number(9), Some(Level::Info));
    }

    #[test]
    fn keywords_count_from_zero() {
        assert_eq!(severity_keyword("emerg"), Some(0));
        assert_eq!(severity_keyword("DEBUG"), Some(7));
        assert_eq!(facility_keyword("authpriv"), Some(10));
        assert_eq!(facility_keyword("local7"), Some(23));
        assert_eq!(facility_keyword("payments"), None);
    }
}
