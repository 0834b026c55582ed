//! Names of entries: decoded, made harmless, told apart.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A name as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) shown: String,
    /// What it was, where more was changed than the separator and a redundant `./`: characters that no screen should be sent are
    /// written as escapes, and what is too long is cut, with `…` behind it.
    pub(super) renamed_from: Option<String>,
}

/// Makes a name harmless: nothing is written under it here, but others may do so, and it is shown on screens.
pub(super) fn harmless(raw: &str, bytes_max: usize) -> Name {
    // Windows programs write `\`, which APPNOTE.TXT 4.4.17.1 forbids; elsewhere it would hide a `..`.
    let separated = raw.replace('\\', "/");
    let mut is_renamed = separated.starts_with('/');
    let mut shown = String::new();
    for (index, part) in separated.split('/').enumerate() {
        let is_drive = index == 0 && part.len() == 2 && part.ends_with(':');
        if part == ".." || is_drive {
            is_renamed = true;
        } else if !part.is_empty() && part != "." {
            if !shown.is_empty() {
                shown.push('/');
            }
            shown.extend(part.chars().map(|c| if is_treacherous(c) { '\u{fffd}' } else { c }));
            is_renamed |= part.contains(is_treacherous);
        }
    }
    if shown.len() > bytes_max {
        shown.truncate(shown.floor_char_boundary(bytes_max));
        is_renamed = true;
    }
    if shown.is_empty() {
        shown.push_str("(without a name)");
        is_renamed = true;
    }
    Name { shown, renamed_from: is_renamed.then(|| escaped(raw, bytes_max)) }
}

/// `raw` as a screen may show it.
fn escaped(raw: &str, bytes_max: usize) -> String {
    let mut text = String::new();
    for c in raw.chars() {
        if text.len() >= bytes_max {
            text.push('…');
            break;
        }
        if is_treacherous(c) { text.extend(c.escape_unicode()) } else { text.push(c) }
    }
    text
}

/// Control characters, and those that turn the direction of the text behind them.
fn is_treacherous(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether macOS put it into the archive beside the files.
pub(super) fn is_mac_metadata(shown: &str) -> bool {
    let last = shown.rsplit('/').next().unwrap_or_default();
    shown == "__MACOSX" || shown.starts_with("__MACOSX/") || last == ".DS_Store" || last.starts_with("._")
}

/// A name in IBM's code page 437, which zips use where they do not say that it is UTF-8.
pub(super) fn cp437(bytes: &[u8]) -> String {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    let character = |&byte: &u8| match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(upper) => UPPER.chars().nth(upper.into()).unwrap_or('\u{fffd}'),
    };
    bytes.iter().map(character).collect()
}

/// The names that were given out. Only their hashes are kept, 16 bytes each: two that share one by chance are told apart
/// without need, which harms nobody.
#[derive(Default)]
pub(super) struct UniqueNames {
    given: HashMap<u64, u32>,
}

impl UniqueNames {
    /// `path`, or `path#2` and so on.
    pub(super) fn unique(&mut self, path: &str) -> String {
        let Some(mut times) = self.given.get(&hash(path)).copied() else {
            self.given.insert(hash(path), 1);
            return path.to_owned();
        };
        let unique = loop {
            times = times.saturating_add(1);
            let candidate = format!("{path}#{times}");
            if !self.given.contains_key(&hash(&candidate)) {
                break candidate;
            }
        };
        self.given.insert(hash(path), times);
        self.given.insert(hash(&unique), 1);
        unique
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_half_of_code_page_437_has_a_character_for_each_byte() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = cp437(&bytes);
        assert_eq!((text.chars().count(), text.chars().last()), (256, Some('\u{a0}')));
        assert!(!text.contains('\u{fffd}'));
        assert_eq!(cp437(&[0x84, 0x94, 0x81, 0xe1, 0x9b]), "äöüß¢");
    }

    #[test]
    fn harmless_names_stay_as_they_are() {
        for name in ["a", "dir/a.log", "a b", "..a", "a..", "日本/ログ", "a:b", "dir/C:"] {
            assert_eq!(harmless(name, 1024), Name { shown: name.into(), renamed_from: None });
        }
        assert_eq!(harmless("./a//b/.", 1024), Name { shown: "a/b".into(), renamed_from: None });
        assert_eq!(harmless("a\\b", 1024), Name { shown: "a/b".into(), renamed_from: None });
    }

    #[test]
    fn a_name_that_was_changed_says_what_it_was_in_text_that_is_safe_to_show() {
        let check = |raw: &str, shown: &str, from: &str| {
            assert_eq!(harmless(raw, 16), Name { shown: shown.into(), renamed_from: Some(from.into()) }, "{raw:?}");
        };
        check("../../etc/passwd", "etc/passwd", "../../etc/passwd");
        check("a\\..\\b", "a/b", "a\\..\\b");
        check("C:\\x", "x", "C:\\x");
        check("", "(without a name)", "");
        check("x\u{1b}[2J", "x\u{fffd}[2J", "x\\u{1b}[2J");
        check("a\u{202e}b", "a\u{fffd}b", "a\\u{202e}b");
        check("0123456789abcdefgh", "0123456789abcdef", "0123456789abcdef…");
    }
}
