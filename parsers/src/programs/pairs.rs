//! Programs that write their messages as names with values: PAM's modules, sudo.

use super::{Found, template};
use crate::find::find_all_by;

/// What a PAM module says, whatever the program it runs in: `pam_unix(sshd:auth): authentication failure; … rhost=… user=…`.
pub(super) fn pam(text: &str) -> Option<Found<'_>> {
    let begins = text.starts_with("pam_") || text.starts_with("(pam_") || text.starts_with("PAM ");
    let said = if begins {
        let (_, said) = text.split_once([':', ')', ';'])?;
        // "pam_unix(sshd:auth): …": the colon within the parentheses is not the end.
        said.split_once("): ").map_or(said, |(_, said)| said).trim()
    } else {
        text
    };
    if let Some(found) = said.strip_prefix("authentication success;").and_then(|pairs| pam_pairs(pairs, "success")) {
        return Some(found);
    }
    const FAILURE: &str = "authentication failure";
    // Its fourth letter is rarer than those before it.
    let failed = find_all_by(3, said.as_bytes(), FAILURE.as_bytes()).any(|at| {
        let behind = said.get(at + FAILURE.len()..);
        behind.is_some_and(|behind| behind.starts_with(';'))
            || said.get(..at).is_some_and(|before| before.ends_with("more "))
    });
    if failed {
        return pam_pairs(said, "failure");
    }
    if !begins && !said.starts_with("session ") {
        return None;
    }
    if let Some(found) = pam_of_module(said) {
        return Some(found);
    }
    if let Some((_, rest)) = said.split_once("onsecutive login failures for user ") {
        return Some(Found { user: user_in(rest), outcome: "failure", ..Found::default() });
    }
    // pam_tally's "user bob (1001) tally 6, deny 5".
    if let Some(rest) = said.strip_prefix("user ").filter(|rest| rest.contains(" tally ") && rest.contains(", deny ")) {
        return Some(Found { user: user_in(rest), outcome: "failure", ..Found::default() });
    }
    refused(said).or_else(|| session(said))
}

/// Other ways to refuse a user.
fn refused(said: &str) -> Option<Found<'_>> {
    let user = if let Some(rest) = said.strip_prefix("received for user ").filter(|rest| !rest.contains(": 0 (")) {
        // pam_sss' "received for user bob: 7 (Authentication failure)".
        rest.split(':').next()?
    } else if let Some((_, rest)) = said.split_once(" not met by user \"") {
        // pam_succeed_if's "requirement "uid >= 1000" not met by user "bob"".
        rest.split('"').next()?
    } else if let Some((user, _)) = said.strip_prefix("user '").and_then(|rest| rest.split_once("' denied access")) {
        // pam_userdb.
        user
    } else {
        return None;
    };
    Some(Found { user, outcome: "failure", ..Found::default() })
}

fn session(said: &str) -> Option<Found<'_>> {
    if let Some((_, rest)) = said.split_once("session opened for user ") {
        return Some(Found { user: user_in(rest), outcome: "success", ..Found::default() });
    }
    if let Some((_, rest)) =
        said.split_once("session closed for user ").or_else(|| said.split_once("password changed for "))
    {
        return Some(Found { user: user_in(rest), ..Found::default() });
    }
    None
}

/// The pairs behind what a module says of an authentication. Kerberos' names the user as `logname` alone.
fn pam_pairs<'a>(said: &'a str, outcome: &'static str) -> Option<Found<'a>> {
    let value = |name: &str| {
        let (_, rest) = said.split_once(name)?;
        let value = rest.split([' ', ';', ',']).next()?;
        Some(value).filter(|value| !value.is_empty())
    };
    let user = value(" user=").or_else(|| value(" ruser=")).or_else(|| value(" logname=")).unwrap_or_default();
    Some(Found { user, ip: value(" rhost=").unwrap_or_default(), outcome, ..Found::default() })
}

/// What single modules say in sentences of their own: of directories, of access lists, of conditions.
fn pam_of_module(said: &str) -> Option<Found<'_>> {
    template::first(super::patterns::PAM, said).or_else(|| {
        // pam_ldap names the entry by which it could not bind.
        let (_, entry) = said.split_once("trying to bind as user \"")?;
        let (_, user) = entry.split(',').next()?.split_once('=')?;
        Some(Found { user, outcome: "failure", ..Found::default() })
    })
}

fn user_in(text: &str) -> &str {
    text.split([' ', '(', ',']).next().unwrap_or(text)
}

/// `bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls`. What is refused is said before the first pair.
pub(super) fn sudo(text: &str) -> Option<Found<'_>> {
    let (user, rest) = text.split_once(" : ")?;
    let mut found = Found { user: user.trim(), outcome: "success", ..Found::default() };
    // A long command goes on in a message of its own.
    if let Some(command) = rest.strip_prefix("(command continued) ") {
        found.outcome = "";
        found.fields.push(("COMMAND", command));
        return Some(found).filter(|found| !found.user.contains(' '));
    }
    let mut rest = rest;
    while !rest.is_empty() {
        // The command is the last, and may hold anything.
        let (part, after) =
            if rest.starts_with("COMMAND=") { (rest, "") } else { rest.split_once(" ; ").unwrap_or((rest, "")) };
        match part.split_once('=') {
            Some(("TTY", value)) => found.fields.push(("TTY", value)),
            Some(("PWD", value)) => found.fields.push(("PWD", value)),
            Some(("USER", value)) => found.fields.push(("USER", value)),
            Some(("GROUP", value)) => found.fields.push(("GROUP", value)),
            Some(("HOST", value)) => found.fields.push(("HOST", value)),
            Some(("CHROOT", value)) => found.fields.push(("CHROOT", value)),
            Some(("EXIT", value)) => found.fields.push(("EXIT", value)),
            Some(("SIGNAL", value)) => found.fields.push(("SIGNAL", value)),
            Some(("ENV", value)) => found.fields.push(("ENV", value)),
            Some(("TSID", value)) => found.fields.push(("TSID", value)),
            Some(("COMMAND", value)) => found.fields.push(("COMMAND", value)),
            _ => {
                found.outcome = "failure";
                found.fields.push(("reason", part));
            }
        }
        rest = after;
    }
    let is_user = !found.user.is_empty() && !found.user.contains(' ');
    (is_user && !found.fields.is_empty()).then_some(found)
}
