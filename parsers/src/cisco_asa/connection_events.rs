//! What Firepower (FTD) says of connections, intrusions and files: names and values with commas between them.
//!
//! ```text
//! %FTD-1-430002: EventPriority: Low, AccessControlRuleAction: Block, SrcIP: 192.0.2.7, DstIP: 192.0.2.1, SrcPort: 5, User: bob
//! ```

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Whether the message with this number is one of them: intrusions, connections' beginnings and ends, files, malware.
pub(super) fn is_one(id: &str) -> bool {
    matches!(id, "430001" | "430002" | "430003" | "430004" | "430005")
}

/// What stands for a user where none is known.
const NOBODY: [&str; 5] = ["No Authentication Required", "Unknown", "Not Found", "Special Identities/Unknown", "Guest"];

/// The fields that all messages of these firewalls have, by the names that the other messages' have here.
const SHARED: [(&str, &str); 6] = [
    ("AccessControlRuleAction", "action"),
    ("Protocol", "protocol"),
    ("SrcPort", "src_port"),
    ("DstIP", "dst_ip"),
    ("DstPort", "dst_port"),
    ("URL", "url"),
];

/// Fills `event`: all values become attributes under their names, and those that other messages have as well, under theirs.
pub(super) fn read(text: &str, event: &mut LogEvent<'_>) {
    let mut rest = text;
    while let Some((name, after)) = rest.split_once(": ") {
        let (value, next) = value(after);
        let value = value.trim();
        if !value.is_empty() {
            match name {
                "SrcIP" => event.ip = address::parse(value).map(|found| found.ip),
                "User" if !NOBODY.contains(&value) => event.user_name = Cow::Owned(value.to_owned()),
                _ => {}
            }
            if let Some((_, shared)) = SHARED.iter().find(|(known, _)| *known == name) {
                event.attributes.push(shared, value);
            }
            event.attributes.push(name, value);
        }
        rest = next;
    }
}

/// The value at the front of `text`, and what stands behind the comma after which another name begins.
fn value(text: &str) -> (&str, &str) {
    let ends = text.match_indices(", ").map(|(at, _)| at);
    let mut named = ends.filter(|at| {
        text.get(at + 2..).and_then(|rest| rest.split_once(": ")).is_some_and(|(name, _)| !name.contains([',', '/']))
    });
    match named.next() {
        Some(at) => (text.get(..at).unwrap_or(text), text.get(at + 2..).unwrap_or_default()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_are_attributes_and_name_source_and_user() {
        let mut event = LogEvent::default();
        let text = "DeviceUUID: 1-2, AccessControlRuleAction: Block, SrcIP: 192.0.2.7, DstIP: 192.0.2.1, DstPort: 443, \
                    AccessControlRuleName: Deny a, b, User: LDAP\\bob, URL: https://a.example/x";
        read(text, &mut event);
        assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "LDAP\\bob"));
        for (name, value) in [
            ("action", "Block"),
            ("dst_ip", "192.0.2.1"),
            ("DstPort", "443"),
            ("AccessControlRuleName", "Deny a, b"),
            ("url", "https://a.example/x"),
        ] {
            assert_eq!(event.attributes.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn nobody_is_no_user() {
        let mut event = LogEvent::default();
        read("SrcIP: 192.0.2.7, User: No Authentication Required, Client: x", &mut event);
        assert_eq!((&*event.user_name, event.attributes.get("Client")), ("", Some("x")));
    }
}
