//! The user's name that a message of a login holds.

use memchr::memmem;

use crate::address;

/// Words behind which a user's name stands, in lower case; the first that a message has counts.
const BEFORE_USER: [&str; 32] = [
    "invalid user ",
    "illegal user ",
    "unknown user ",
    "nonexistent user ",
    "for user ",
    "by user ",
    "for username ",
    "with username ",
    "name that has been provided was ",
    "login for ",
    "login:",
    "login using ",
    "set_id=",
    "failed for ",
    "password for ",
    "attempt for ",
    "request for ",
    "login as ",
    "username: ",
    "user name: ",
    "username=",
    "user=",
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
const NO_USER: [&str; 60] = [
    "no",
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
    "-",
    "user",
    "to",
    "agent",
    "via",
    "peer",
    "denied",
    "invalid",
    "nonexistent",
    "wrong",
    "password",
    "authorization",
    "found",
    "was",
    "did",
    "does",
    "account",
    "session",
    "logged",
    "connection",
    "request",
    "interaction",
    "action",
    "input",
    "credentials",
    "failed",
    "failure",
    "logon",
    "at",
    "of",
    "can",
    "cannot",
    "could",
    "must",
    "exists",
    "already",
    "tried",
    "attempted",
    "disconnected",
    "tcp",
    "udp",
];

const NAME_LEFT_OUT: &str = "(name stripped-out)";

/// The name behind the first words that announce one. `lower` is `text` in lower case.
pub(super) fn user<'t>(text: &'t str, lower: &str) -> Option<&'t str> {
    for lead in BEFORE_USER {
        let at_start = lead.strip_prefix(' ').filter(|lead| lower.starts_with(lead)).map(str::len);
        let start = at_start.or_else(|| Some(memmem::find(lower.as_bytes(), lead.as_bytes())? + lead.len()));
        let Some((start, behind)) = start.and_then(|start| Some((start, text.get(start..)?))) else { continue };
        // A parameter of a page's address, which anybody may have typed.
        let before = || start.checked_sub(lead.len() + 1).and_then(|at| lower.as_bytes().get(at));
        if lead.ends_with('=') && matches!(before(), Some(b'?' | b'&')) {
            continue;
        }
        // "for user ''" names nobody, and no word further on does.
        if lead == "for user " && (behind.starts_with("''") || behind.starts_with("\"\"")) {
            return None;
        }
        // Baikal writes so in the place of a name that holds what it will not log.
        if lead == " user " && behind.starts_with(NAME_LEFT_OUT) {
            return Some(NAME_LEFT_OUT);
        }
        // lighttpd puts a second blank before the name.
        let behind = behind.strip_prefix(' ').filter(|_| lead == "failed for ").unwrap_or(behind);
        let Some(name) = name_at(behind) else { continue };
        // Hadoop's "Auth failed for 192.0.2.7:44444:bob".
        let name = if lead == "failed for " { behind_address(name) } else { name };
        // "failed for '192.0.2.7'" is about no user.
        let is_address = !lead.contains("user") && address::parse(name).is_some();
        if is_name(name) && !is_address {
            return Some(name);
        }
    }
    None
}

/// The name behind the address and the port that it is said to come from.
fn behind_address(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((place, name)) if address::parse(place).is_some() && address::parse(text).is_none() => name,
        _ => text,
    }
}

fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        // What follows "login:" in the path of a function.
        && !text.starts_with(':')
        // The name of a pair's value: "user agent=".
        && !text.ends_with('=')
        // Exim's name of the client's host.
        && !text.starts_with("H=")
        // Devices that hide names which nobody has write stars.
        && !text.bytes().all(|b| b == b'*')
        && !NO_USER.iter().any(|word| word.eq_ignore_ascii_case(text))
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
