//! The log of the mail server Stalwart:
//!
//! ```text
//! 2023-11-14T22:13:20Z INFO Blocked IP address (security.ip-blocked) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 5000
//! ```
//!
//! The name of the event is the message id, `remoteIp` the address, `accountName` the user; all pairs are attributes.

use super::Stamped;
use super::scan::{attribute, capital_level, event, some_blanks};
use crate::find::find;
use crate::{LogEvent, address};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "stalwart";

/// Pairs that are read of one line.
const PAIRS_MAX: usize = 64;

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    if stamped.line.get(10) != Some(&b'T') {
        return None;
    }
    let (level, rest) = capital_level(stamped.rest.strip_prefix(b" ")?)?;
    let message = some_blanks(rest)?;
    let end = find(message, b") ")?;
    let head = std::str::from_utf8(message.get(..end)?).ok()?;
    let (_, name) = head.rsplit_once(" (").filter(|(_, name)| is_event(name))?;
    let pairs = std::str::from_utf8(message.get(end + 2..)?).ok()?;
    // A pair has blanks around its sign, as nobody else writes one.
    pairs.split_once(" = ").filter(|(name, _)| is_name(name))?;
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    event.msg_id = name.into();
    let mut rest = pairs;
    for _ in 0..PAIRS_MAX {
        let Some((name, after)) = rest.split_once(" = ").filter(|(name, _)| is_name(name)) else { break };
        let (value, after) = value(after);
        match name {
            "remoteIp" if event.ip.is_none() => event.ip = address::parse(value).map(|found| found.ip),
            "accountName" if event.user_name.is_empty() => event.user_name = value.into(),
            _ => {}
        }
        if event.attributes.get(name).is_none() {
            attribute(&mut event, name, value);
        }
        rest = after;
    }
    Some(event)
}

/// Takes a value, in quotes or not, and the comma behind it.
fn value(text: &str) -> (&str, &str) {
    let quoted = text.strip_prefix('"').and_then(|inside| inside.split_once('"'));
    let (value, rest) = match quoted {
        Some(found) => found,
        None => text.split_at(text.find(", ").unwrap_or(text.len())),
    };
    (value, rest.strip_prefix(", ").unwrap_or(rest))
}

/// `security.ip-blocked`: a group of events, a dot, and one of it.
fn is_event(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    name.split_once('.').is_some_and(|(group, event)| is_part(group) && is_part(event))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    fn parse(line: &str) -> Option<LogEvent<'_>> {
        after_stamp(&Stamped::read(line.as_bytes(), &CX)?)
    }

    #[test]
    fn an_event_names_its_address_and_its_account() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20Z INFO Authentication successful (auth.success) listenerId = \"imaptls\", localPort = 993, remoteIp = 2001:db8::7, accountName = \"bob, b\", accountId = 35",
                "stalwart INFO 22:13:20 msgid=auth.success user=bob, b ip=2001:db8::7 listenerId=imaptls localPort=993 remoteIp=2001:db8::7 accountName=bob, b \
                 accountId=35 | Authentication successful (auth.success) listenerId = \"imaptls\", localPort = 993, remoteIp = 2001:db8::7, accountName = \"bob, b\", accountId = 35",
            ),
            (
                "2023-11-14T22:13:20Z WARN Low (store.low-space) percent = 7",
                "stalwart WARN 22:13:20 msgid=store.low-space percent=7 | Low (store.low-space) percent = 7",
            ),
        ] {
            check(parse(line), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "2023-11-14T22:13:20Z INFO text (a.b)",
            "2023-11-14T22:13:20Z INFO text (a.b) more",
            "2023-11-14T22:13:20Z INFO text (7 of them) a = b",
            "2023-11-14T22:13:20Z text (a.b) a = b",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "(INFO | \\(a\\.b\\) |a = |\"|, |192\\.0\\.2\\.7|remoteIp = |é){0,20}") {
            let _ = parse(&format!("2023-11-14T22:13:20Z {text}"));
        }
    }
}
