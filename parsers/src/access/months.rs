//! Names of months in the languages of the servers that write them so: Jetty and Tomcat take those of their host.
//!
//! ```text
//! 02/sept./2023:00:11:31 +0200
//! ```

use crate::{Zone, timestamp};

/// English names, and the short ones of French, German, Italian, Spanish, Portuguese and Dutch that differ, in small letters.
#[rustfmt::skip]
const MONTHS: [(&str, &[&str]); 12] = [
    ("Jan", &["janv", "jan", "jän", "gen", "ene"]),
    ("Feb", &["févr", "fév", "feb", "fev"]),
    ("Mar", &["mars", "märz", "mär", "mrz", "mrt", "mar"]),
    ("Apr", &["avr", "abr", "apr"]),
    ("May", &["mai", "mag", "mei", "may"]),
    ("Jun", &["juin", "giu", "juni", "jun"]),
    ("Jul", &["juil", "lug", "juli", "jul"]),
    ("Aug", &["août", "ago", "aug"]),
    ("Sep", &["sept", "set", "sep"]),
    ("Oct", &["oct", "okt", "ott", "out"]),
    ("Nov", &["nov"]),
    ("Dec", &["déc", "dez", "dic", "dec"]),
];

/// The English name of the month that `name` is the short one of, in any of these languages; with a full stop behind it or without.
pub(crate) fn english(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix('.').unwrap_or(name).to_lowercase();
    MONTHS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(english, _)| *english)
}

/// A time is no longer than this.
const BYTES_MAX: usize = 40;

/// Reads a time of the common log format whose month is in another language, and the bracket that closes it; returns what follows.
pub(super) fn read(inside: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    let end = inside.iter().take(BYTES_MAX).position(|b| *b == b']')?;
    let text = std::str::from_utf8(inside.get(..end)?).ok()?;
    let (day, rest) = text.split_once('/')?;
    let (name, rest) = rest.split_once('/')?;
    let english = format!("{day}/{}/{rest}", english(name)?);
    let (stamp, left) = timestamp::common_log_prefix(english.as_bytes(), zone)?;
    Some((stamp, inside.get(end + 1..).filter(|_| left.is_empty())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_other_languages_are_read() {
        for text in
            ["14/nov./2023:22:13:20 +0000] \"x", "14/Nov./2023:23:13:20 +0100] \"x", "14/nov/2023:22:13:20 +0000] \"x"]
        {
            let (micros, rest) = read(text.as_bytes(), Zone::UTC).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!((micros / 1_000_000, rest), (1_700_000_000, &b" \"x"[..]), "{text}");
        }
        let month =
            |name: &str| read(format!("01/{name}/2023:00:00:00 +0000]").as_bytes(), Zone::UTC).map(|(at, _)| at);
        for names in [["févr.", "feb"], ["août", "Ago."], ["sept.", "set"], ["déc.", "Dez"], ["juil.", "Juli"]] {
            assert_eq!(month(names[0]), month(names[1]), "{names:?}");
            assert!(month(names[0]).is_some(), "{names:?}");
        }
    }

    #[test]
    fn other_texts_are_no_time() {
        for text in ["", "14/x/2023:22:13:20 +0000]", "14/nov./2023:22:13:20 +0000", "14/nov./2023]", "/nov./]"] {
            assert_eq!(read(text.as_bytes(), Zone::UTC), None, "{text}");
        }
    }
}
