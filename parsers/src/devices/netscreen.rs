//! Juniper's NetScreen: pairs, of which some names are two words.
//!
//! ```text
//! NetScreen device_id=fw1 [Root]system-notification-00257(traffic): start_time="2023-11-14 22:13:20" duration=1 proto=17
//!   src zone=Trust dst zone=Untrust action=Permit src=192.0.2.7 dst=192.0.2.1 src_port=4000 dst_port=53
//! ```

use super::words::{Part, Parts};
use crate::{LogEvent, address, logins};

/// Words that are the first part of a name.
const FIRST: [&str; 4] = ["src", "dst", "src-xlated", "dst-xlated"];

/// Whose values may be of several words.
const OF_WORDS: [&str; 2] = ["service", "reason"];

/// Reads a message, which says of whom it is.
pub(super) fn read(message: &[u8]) -> Option<LogEvent<'_>> {
    let text = std::str::from_utf8(message).ok()?;
    let rest = text.strip_prefix("NetScreen ")?;
    let mut event = super::event(message);
    let mut first = "";
    let mut pair = (String::new(), String::new());
    for part in Parts(rest) {
        match part {
            Part::Word(word) if FIRST.contains(&word) => first = word,
            Part::Word(word) => {
                first = "";
                if OF_WORDS.contains(&&*pair.0) {
                    pair.1.push(' ');
                    pair.1.push_str(word);
                }
            }
            Part::Pair(name, value) => {
                let name = if first.is_empty() { name.to_owned() } else { format!("{first}_{name}") };
                // The port of a translated address has no words before it.
                let name = if name == "port" { "port_xlated".to_owned() } else { name };
                push(&mut event, &std::mem::replace(&mut pair, (name, value.to_owned())));
                first = "";
            }
        }
    }
    push(&mut event, &pair);
    event.ip = event.attributes.get("src").and_then(address::parse).map(|found| found.ip);
    if event.ip.is_none() {
        logins::complete(&mut event);
    }
    Some(event)
}

/// Adds a pair, the first of those with one name.
fn push(event: &mut LogEvent<'_>, (name, value): &(String, String)) {
    if !value.is_empty() && event.attributes.get(name).is_none() {
        event.attributes.push(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_two_words_are_told_apart() {
        let message = "NetScreen device_id=fw1  [Root]system-notification-00257(traffic): start_time=\"2023-11-14 22:13:20\" \
                       service=msrpc Endpoint Mapper(tcp) proto=17 src zone=Trust dst zone=Untrust action=Permit src=192.0.2.7 \
                       dst=192.0.2.1 src_port=4000 reason=Traffic Denied";
        let event = read(message.as_bytes()).unwrap();
        assert_eq!(event.ip, "192.0.2.7".parse().ok());
        for (name, value) in [
            ("start_time", "2023-11-14 22:13:20"),
            ("src_zone", "Trust"),
            ("dst_zone", "Untrust"),
            ("dst", "192.0.2.1"),
            ("action", "Permit"),
            ("service", "msrpc Endpoint Mapper(tcp)"),
            ("reason", "Traffic Denied"),
        ] {
            assert_eq!(event.attributes.get(name), Some(value), "{name}");
        }
        assert_eq!(read(b"Network is down"), None);
    }
}
