//! The server of Symantec's Endpoint Protection: texts and labelled values, divided by commas.
//!
//! ```text
//! SymantecServer: Security risk found,Computer name: pc7,IP Address: 192.0.2.7,Risk name: EICAR,User: bob,"Event Description: a, b",Last
//! ```

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Names of the client's address, best first: a computer's that reports something, or an end of a connection that is its own.
const CLIENTS: [&str; 3] = ["IP Address", "Local Host IP", "Local Host"];

const USERS: [&str; 5] = ["User Name", "User", "User1", "Admin", "Administrator"];

/// A record has no more values than this.
const PARTS_MAX: usize = 256;

/// Reads a message; `None` where no value in it has a label.
pub(super) fn read(message: &[u8]) -> Option<LogEvent<'_>> {
    let text = std::str::from_utf8(message).ok()?;
    let mut event = super::event(message);
    let mut rest = text;
    for _ in 0..PARTS_MAX {
        let (part, after) = part(rest);
        if let Some((name, value)) = labelled(part).filter(|(name, _)| event.attributes.get(name).is_none()) {
            event.attributes.push(name, value);
        }
        let Some(after) = after else { break };
        rest = after;
    }
    let stated = |names: &[&str]| {
        let values = names.iter().filter_map(|name| event.attributes.get(name)).map(str::to_owned);
        values.filter(|value| !matches!(value.as_str(), "none" | "None" | "N/A")).collect::<Vec<_>>()
    };
    let (ips, users) = (stated(&CLIENTS), stated(&USERS));
    event.ip = ips.iter().find_map(|value| address::parse(value)).map(|found| found.ip);
    event.user_name = Cow::Owned(users.into_iter().next().unwrap_or_default());
    (!event.attributes.is_empty()).then_some(event)
}

/// The part that `text` begins with, which may stand in quotes, and what follows its comma.
fn part(text: &str) -> (&str, Option<&str>) {
    let quoted = text.strip_prefix('"').and_then(|inside| inside.split_once('"'));
    if let Some((inside, after)) = quoted.filter(|(_, after)| after.is_empty() || after.starts_with(',')) {
        return (inside, after.strip_prefix(','));
    }
    text.split_once(',').map_or((text, None), |(part, after)| (part, Some(after)))
}

/// The label and the value of a part: `Computer name: pc7`.
fn labelled(part: &str) -> Option<(&str, &str)> {
    const LABEL_BYTES_MAX: usize = 40;
    let (label, value) = part.split_once(": ")?;
    let is_label = label.len() <= LABEL_BYTES_MAX
        && label.starts_with(|first: char| first.is_ascii_uppercase())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'(' | b')' | b'-' | b'/'));
    let value = value.trim();
    (is_label && !value.is_empty()).then_some((label, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labelled_values_name_the_computer_and_the_user() {
        for (message, ip, user) in [
            (
                "Virus found,Computer name: pc7,IP Address: 192.0.2.7,Risk name: X,User: bob,Source IP: 0.0.0.0",
                "192.0.2.7",
                "bob",
            ),
            (
                "pc7,Local Host IP: 192.0.2.7,Remote Host IP: 192.0.2.1,Inbound,User Name: none,Action: Blocked",
                "192.0.2.7",
                "",
            ),
            ("Site: s,Server Name: a b,Admin: bob,\"Event Description: Changed: a, b\",Policy", "", "bob"),
            (
                "Scan ID: 7,Begin: 2023-11-14 22:13:20,Completed,User1: bob,User2: eve,Command: (),IP Address: 192.0.2.7",
                "192.0.2.7",
                "bob",
            ),
        ] {
            let event = read(message.as_bytes()).unwrap();
            assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{message}");
        }
        let event = read(b"Site: s,\"Event Description: Changed: a, b\",Policy").unwrap();
        assert_eq!(event.attributes.get("Event Description"), Some("Changed: a, b"));
        assert_eq!(read(b"text, and more: text"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "(,|: |\"|A|User: |a|\u{e9}){0,40}") {
            drop(read(text.as_bytes()));
        }
    }
}
