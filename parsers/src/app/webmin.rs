//! The log of actions of Webmin and Usermin, `miniserv`'s logins among them:
//!
//! ```text
//! 1700000000.7.0 [14/Nov/2023 22:13:20] bob 5a4f192.0 192.0.2.7 useradmin save_user.cgi "create" "user" "alice" uid='1001'
//! 1700000000.7.0 [14/Nov/2023 22:13:20] bob - 192.0.2.7 global miniserv.pl "failed" "-" "wrongpass"
//! ```
//!
//! The user and the client; attributes `id`, `module`, `script`, `action`, `type`, `object`, and the `outcome` of a login.

use super::scan::{attribute, event, span, until, word};
use super::stamp;
use crate::{Context, Level, LogEvent, address};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "webmin";

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (id, rest) = span(text, |b| b.is_ascii_digit() || b == b'.')?;
    let rest = rest.strip_prefix(b" [").filter(|_| id.matches('.').count() == 2)?;
    let (at, rest) = stamp::shaped(rest, b"d/b/Y H:M:S", cx)?;
    let message = rest.strip_prefix(b"] ")?;
    let mut rest = message;
    let mut next = || {
        let (part, after) = word(rest)?;
        rest = after.strip_prefix(b" ")?;
        Some(part)
    };
    let (user, _session, client, module, script) = (next()?, next()?, next()?, next()?, next()?);
    let ip = address::parse(client)?.ip;
    let mut event = event(FORMAT, Some(at), Level::Unknown, message);
    event.ip = Some(ip);
    event.user_name = user.into();
    for (name, value) in [("id", id), ("module", module), ("script", script)] {
        attribute(&mut event, name, value);
    }
    for name in ["action", "type", "object"] {
        let Some((value, after)) = rest.strip_prefix(b"\"").and_then(|rest| until(rest, b"\"")) else { break };
        attribute(&mut event, name, value);
        rest = after.strip_prefix(b" ").unwrap_or(after);
    }
    let outcome = match (script, event.attributes.get("action")) {
        ("miniserv.pl", Some("failed")) => "failure",
        ("miniserv.pl", Some("login")) => "success",
        _ => "",
    };
    attribute(&mut event, "outcome", outcome);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn logins_and_actions_are_read() {
        for (line, expected) in [
            (
                "1700000000.7.0 [14/Nov/2023 22:13:20] bob - 192.0.2.7 global miniserv.pl \"failed\" \"-\" \"wrongpass\"",
                "webmin UNKNOWN 22:13:20 user=bob ip=192.0.2.7 id=1700000000.7.0 module=global script=miniserv.pl action=failed object=wrongpass outcome=failure | \
                 bob - 192.0.2.7 global miniserv.pl \"failed\" \"-\" \"wrongpass\"",
            ),
            (
                "1700000000.7.1 [4/Nov/2023 22:13:20] bob 5a4f.0 192.0.2.7 useradmin save_user.cgi \"create\" \"user\" \"alice\" uid='7'",
                "webmin UNKNOWN 2023-11-04T22:13:20 user=bob ip=192.0.2.7 id=1700000000.7.1 module=useradmin script=save_user.cgi action=create type=user object=alice | \
                 bob 5a4f.0 192.0.2.7 useradmin save_user.cgi \"create\" \"user\" \"alice\" uid='7'",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "1700000000.7 [14/Nov/2023 22:13:20] a b 192.0.2.7 c d e",
            "1700000000.7.0 [14/Nov/2023 22:13:20] a b",
            "1700000000.7.0 text",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
