//! Dovecot, behind syslog's header and in its own file (`log_path`), where each process names itself and states a level:
//!
//! ```text
//! Nov 14 22:13:20 imap-login: Info: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1
//! Nov 14 22:13:20 auth-worker(7): Info: sql(bob,192.0.2.7): Password mismatch
//! 2023-11-14 22:13:20 imap-login: Info: Login aborted: Connection closed (auth failed, 1 attempts in 2 secs) (auth_failed): user=<bob>, …
//! ```

use super::Found;
use crate::{Level, level_names};

/// The levels as Dovecot writes them.
const LABELS: [&str; 6] = ["Info", "Error", "Warning", "Fatal", "Panic", "Debug"];

/// What it says of a login that succeeded, up to version 2.3 and since.
const SUCCESSES: [&str; 2] = ["Login: ", "Logged in: "];

const FAILURES: [&str; 3] = ["auth failed", "Aborted login", "Login aborted: "];

/// The level that begins `text`, and what follows it: `Info: Login: …`.
pub(super) fn labelled(text: &str) -> Option<(Level, &str)> {
    let (label, rest) =
        text.get(..text.len().min(9)).and_then(|near| near.find(": ")).and_then(|end| text.split_at_checked(end))?;
    let level = LABELS.contains(&label).then(|| level_names::from_word(label)).flatten()?;
    Some((level, rest.get(2..)?))
}

/// Whether `name` is one of its processes, without what stands in parentheses or angles behind it.
pub(super) fn is_process(name: &str) -> bool {
    let end = name.find(['(', '<']).unwrap_or(name.len());
    matches!(
        name.get(..end).unwrap_or(name),
        "auth"
            | "auth-worker"
            | "imap"
            | "imap-login"
            | "pop3"
            | "pop3-login"
            | "lmtp"
            | "lda"
            | "managesieve"
            | "managesieve-login"
            | "submission"
            | "submission-login"
            | "anvil"
            | "master"
            | "stats"
            | "log"
            | "config"
            | "doveadm"
            | "indexer-worker"
            | "replicator"
            | "ssl-params"
    )
}

/// Reads what stands behind the date of a line of its own file.
pub(super) fn line(body: &str) -> Option<Found<'_>> {
    let (_, rest) = body.split_once(": ").filter(|(name, _)| is_process(name))?;
    let (level, text) = labelled(rest)?;
    let found = read(text).or_else(|| session(body))?;
    Some(Found { level, ..found })
}

/// `imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, …` and `auth: passwd-file(bob,192.0.2.7): unknown user`.
pub(super) fn read(text: &str) -> Option<Found<'_>> {
    if let Some((_, rest)) = text.split_once("user=<") {
        let (user, rest) = rest.split_once('>')?;
        let ip = rest.split_once("rip=").and_then(|(_, rest)| rest.split([',', ' ']).next()).unwrap_or_default();
        let outcome = if SUCCESSES.iter().any(|said| begins_or_follows(text, said)) {
            "success"
        } else if FAILURES.iter().any(|said| text.contains(said)) {
            "failure"
        } else {
            ""
        };
        return Some(Found { user, ip, outcome, ..Found::default() });
    }
    if let Some((_, rest)) = text.split_once("rip=") {
        return Some(Found { ip: rest.split([',', ' ']).next()?, ..Found::default() });
    }
    if let Some(found) = session(text) {
        return Some(found);
    }
    // Which connection asked an auth-worker stands in parentheses before what it says.
    let text = match text.split_once("conn ") {
        Some((before, asked)) if before.is_empty() || before.ends_with(": ") => asked.split_once("): ")?.1,
        _ => text,
    };
    let (_, rest) = text.split_once('(')?;
    let (inside, after) = rest.split_once("): ")?;
    // auth-worker's own number stands in parentheses before the database's.
    let (inside, after) = match after.split_once('(').and_then(|(_, rest)| rest.split_once("): ")) {
        Some((inner, after)) if !inside.contains(',') => (inner, after),
        _ => (inside, after),
    };
    let (user, ip) = inside.split_once(',')?;
    let after = after.to_ascii_lowercase();
    let failed = ["unknown user", "mismatch", "authentication failure", "failed", "invalid"]
        .iter()
        .any(|word| after.contains(word));
    Some(Found { user, ip: ip.split(',').next()?, outcome: if failed { "failure" } else { "" }, ..Found::default() })
}

/// Whose session it is that a process speaks of: `imap(bob)<7><x>: Disconnected: Logged out`.
fn session(text: &str) -> Option<Found<'_>> {
    const PROCESSES: [&str; 6] = ["imap(", "pop3(", "lmtp(", "lda(", "managesieve(", "submission("];
    let inside = PROCESSES.iter().find_map(|process| text.strip_prefix(process))?;
    let (user, after) = inside.split_once(')')?;
    // A number is the process, and an address behind a comma the client.
    let is_user = !user.is_empty() && !user.contains([',', ' ']) && !user.bytes().all(|b| b.is_ascii_digit());
    (is_user && after.starts_with(['<', ':'])).then(|| Found { user, ..Found::default() })
}

fn begins_or_follows(text: &str, said: &str) -> bool {
    text.starts_with(said) || text.match_indices(said).any(|(at, _)| text.get(..at).is_some_and(|b| b.ends_with(": ")))
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn a_line_of_dovecots_own_file_gives_user_address_outcome_and_level() {
        for (line, level, user, ip, outcome) in [
            (
                "imap-login: Info: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=7, TLS, session=<x>",
                Level::Info,
                "bob",
                "192.0.2.7",
                Some("success"),
            ),
            (
                "imap-login: Info: Logged in: user=<bob@a.example>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, session=<x>",
                Level::Info,
                "bob@a.example",
                "192.0.2.7",
                Some("success"),
            ),
            (
                "pop3-login: Info: Disconnected: Connection closed (auth failed, 2 attempts in 30 secs): user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1",
                Level::Info,
                "bob",
                "192.0.2.7",
                Some("failure"),
            ),
            (
                "imap-login: Info: Login aborted: Connection closed (auth failed, 3 attempts in 15 secs) (auth_failed): user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS",
                Level::Info,
                "bob",
                "192.0.2.7",
                Some("failure"),
            ),
            (
                "imap-login: Info: Aborted login (no auth attempts in 2 secs): user=<>, rip=192.0.2.7, lip=192.0.2.1",
                Level::Info,
                "",
                "192.0.2.7",
                Some("failure"),
            ),
            ("auth: Info: passwd-file(bob,192.0.2.7): unknown user", Level::Info, "bob", "192.0.2.7", Some("failure")),
            (
                "auth-worker(7): Info: conn unix:auth-worker (pid=8,uid=9): auth-worker<1>: sql(bob,192.0.2.7,<x>): Password mismatch",
                Level::Info,
                "bob",
                "192.0.2.7",
                Some("failure"),
            ),
            ("auth: Error: sql(bob,192.0.2.7): no connection", Level::Error, "bob", "192.0.2.7", None),
        ] {
            for time in ["Nov 14 22:13:20", "2023-11-14 22:13:20"] {
                let line = format!("{time} {line}");
                let event = parse(Format::Auto, line.as_bytes(), &CX);
                assert_eq!((&*event.user_name, event.ip), (user, ip.parse().ok()), "{line}");
                assert_eq!((event.attributes.get("outcome"), event.level), (outcome, level), "{line}");
                assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
            }
        }
        let warning = parse(Format::Auto, b"Nov 14 22:13:20 imap(bob)<7><x>: Warning: text of it", &CX);
        assert_eq!((warning.level, &*warning.message), (Level::Warn, &b"Warning: text of it"[..]));
    }

    #[test]
    fn other_programs_of_the_same_names_are_left_alone() {
        for line in ["Nov 14 22:13:20 web1 auth: user (bob,1): x", "Nov 14 22:13:20 web1 config: Info is a word"] {
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.level, &*event.user_name), (Level::Unknown, ""), "{line}");
        }
    }
}
