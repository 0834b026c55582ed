//! The user's name that a message of a login holds.

use memchr::memmem;

use crate::address;

/// Words behind which a user's name stands, in lower case; the first that a message has counts.
const BEFORE_USER: [&str; 29] = [
    "invalid user ",
    "illegal user ",
    "unknown user ",
    "nonexistent user ",
    "for user ",
    "by user ",
    "for username ",
    "login for ",
    "login:",
    "login using ",
    "failed for ",
    "password for ",
    "attempt for ",
    "request for ",
    "login as ",
    "username: ",
    "username=",
    "user=",
    "set_id=",
    "\"username\":",
    "\"email\":",
    "\"user\":",
    " user ",
    "error for ",
    "failure for ",
    "authentication for ",
    "user: ",
    "username:",
    "user:",
];

/// Words that stand there and are no name.
const NO_USER: [&str; 30] = [
    "from",
    "with",
    "name",
    "has",
    "is",
    "unknown",
    "not",
    "by",
    "and",
    "in",
    "authentication",
    "the",
    "on",
    "or",
    "for",
    "a",
    "login",
    "null",
    "user",
    "to",
    "agent",
    "via",
    "peer",
    "found",
    "was",
    "did",
    "does",
    "password",
    "account",
    "session",
];

/// The name behind the first words that announce one. `lower` is `text` in lower case.
pub(super) fn user<'t>(text: &'t str, lower: &str) -> Option<&'t str> {
    BEFORE_USER.iter().find_map(|lead| {
        let at_start = lead.strip_prefix(' ').filter(|lead| lower.starts_with(lead)).map(str::len);
        let start = match at_start {
            Some(length) => length,
            None => memmem::find(lower.as_bytes(), lead.as_bytes())? + lead.len(),
        };
        // A parameter of a page's address, which anybody may have typed.
        let before = || start.checked_sub(lead.len() + 1).and_then(|at| lower.as_bytes().get(at));
        if lead.ends_with('=') && matches!(before(), Some(b'?' | b'&')) {
            return None;
        }
        let name = name_at(text.get(start..)?)?;
        // The name of a pair's value: "user agent=".
        let is_pairs = name.ends_with('=');
        // "failed for '192.0.2.7'" is about no user.
        let is_address = !lead.contains("user") && address::parse(name).is_some();
        let is_name = (1..=128).contains(&name.len()) && !NO_USER.iter().any(|word| word.eq_ignore_ascii_case(name));
        (is_name && !is_address && !is_pairs).then_some(name)
    })
}

/// The name at the front of `text`, in quotes or brackets or not.
fn name_at(text: &str) -> Option<&str> {
    let inside = text.get(1..);
    let (ends, rest): (&[char], _) = match text.chars().next()? {
        quote @ ('"' | '\'') => (if quote == '"' { &['"'] } else { &['\''] }, inside?),
        // TeX's quotes end in another.
        '`' => (&['`', '\''], inside?),
        '<' => (&['>'], inside?),
        '[' => (&[']'], inside?),
        _ => {
            let end = text.find(|c: char| c.is_whitespace() || ",;()[]<>'\"`".contains(c)).unwrap_or(text.len());
            return Some(text.get(..end)?.trim_end_matches(['.', ':', '!']));
        }
    };
    rest.get(..rest.find(ends)?)
}
