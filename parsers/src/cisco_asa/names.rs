//! The user among the words of a message.

use crate::find::{find_all_by, find_by};

/// The user whom marks set apart, so that the name may hold blanks: `User <bob smith>`, `for user "bob"`, `(LOCAL\bob smith)`.
pub(super) fn marked(text: &str) -> Option<&str> {
    in_marks(text).or_else(|| of_domain(text))
}

fn in_marks(text: &str) -> Option<&str> {
    [("ser <", '>'), ("ser \"", '"'), ("ser '", '\'')].into_iter().find_map(|(lead, end)| {
        let at = find_by(4, text.as_bytes(), lead.as_bytes())?;
        // A name in single quotes may hold one ("first.o'last"), behind which a letter stands.
        text.get(at + lead.len()..)?.split(end).next().filter(|name| is_name(name))
    })
}

/// The first name with its domain in parentheses, behind which Cisco may put the number of a security group.
fn of_domain(text: &str) -> Option<&str> {
    memchr::memchr(b'\\', text.as_bytes())?;
    find_all_by(0, text.as_bytes(), b"(").find_map(|at| {
        let inside = text.get(at + 1..)?.split([')', ',', '(']).next()?;
        inside.contains('\\').then_some(inside)
    })
}

/// `word`, if it is a user's name by what stands around it: `user = bob`, `Username: bob`, `for user bob`, `Group g User bob IP`.
pub(super) fn at<'a>(before: &str, previous: &str, word: &'a str, next: Option<&str>) -> Option<&'a str> {
    if word.starts_with("User")
        && let Some(name) = word.strip_prefix("Username:").or_else(|| word.strip_prefix("User:"))
    {
        return Some(bare(name)).filter(|name| is_name(name));
    }
    let is_key = |text: &str| {
        let text = text.trim_start_matches(['(', '<', ',']);
        ["user", "username", "uname"].iter().any(|key| key.eq_ignore_ascii_case(text))
    };
    let is_assigned = matches!(previous, "=" | ":") && is_key(before);
    let key = previous.trim_end_matches(['=', ':']);
    let is_named = !is_assigned && is_key(key);
    if !is_assigned && !is_named {
        return None;
    }
    let is_marked = word.starts_with(['"', '\'', '<']);
    let is_announced =
        matches!(before, "for" | "client") || before.ends_with([',', '.']) || matches!(next, Some("IP" | "locked"));
    let is_said = is_assigned || is_marked || key.len() < previous.len() || is_announced;
    Some(bare(word)).filter(|name| is_said && is_name(name) && *name != "IP")
}

/// Whether a name stands there, and none that is hidden or missing.
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "=" | ":" | "unknown") && !name.bytes().all(|b| b == b'*')
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>' | ',' | ')' | '.' | ';')).trim_end_matches(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_marks_may_hold_blanks() {
        for (text, name) in [
            ("Group <g> User <bob smith> IP <192.0.2.7> x", Some("bob smith")),
            ("for user \"bob\"", Some("bob")),
            ("User 'bob' executed", Some("bob")),
            ("for out:192.0.2.7/5(LOCAL\\bob smith) to in:192.0.2.1/6", Some("LOCAL\\bob smith")),
            ("for out:192.0.2.7/5 (192.0.2.9/5)(LOCAL\\bob, 12) to in:192.0.2.1/6", Some("LOCAL\\bob")),
            ("User <*****> IP <192.0.2.7>", None),
            ("for user \"\"", None),
            ("user bob", None),
        ] {
            assert_eq!(marked(text), name, "{text}");
        }
    }

    #[test]
    fn a_bare_name_is_told_by_the_words_around_it() {
        for (before, previous, word, next, name) in [
            ("user", "=", "bob:", None, Some("bob")),
            ("x", "Username:", "bob,", None, Some("bob")),
            ("x", "x", "Username:bob", None, Some("bob")),
            ("for", "user", "bob", None, Some("bob")),
            ("192.0.2.1/21,", "user", "bob", Some("Stored"), Some("bob")),
            ("g", "User", "bob", Some("IP"), Some("bob")),
            ("<g>", "User", "IP", Some("<192.0.2.7>"), None),
            ("AAA", "user", "authentication", Some("Rejected"), None),
            ("user", "=", "*****", None, None),
            (":", "user", "IP", Some("="), None),
        ] {
            assert_eq!(at(before, previous, word, next), name, "{before} {previous} {word}");
        }
    }
}
