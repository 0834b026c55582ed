//! WatchGuard's Firebox. Its serial number and its time in UTC may stand before the program.
//!
//! ```text
//! msg_id="3000-0148" Deny 1-Trusted 0-External 52 tcp 20 127 192.0.2.7 192.0.2.1 4000 443 offset 8 S 1 win 32 (Outgoing-00)
//! msg_id="1AFF-0024" Allow 1-Trusted 0-External tcp 192.0.2.7 192.0.2.1 4000 80 msg="HTTP request" op="GET" src_user="bob"
//! ```

use std::borrow::Cow;

use super::words::{Part, Parts};
use crate::find::find_by;
use crate::{Attributes, Context, LogEvent, address, logins, programs};

/// Reads a message that has Firebox' number of messages near its front.
pub(super) fn read<'a>(message: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(message).ok()?;
    let near = message.get(..96).unwrap_or(message);
    let said = text.get(find_by(3, near, b"msg_id=\"")?..)?;
    let mut event = super::event(message);
    let mut words = Vec::new();
    for part in Parts(said) {
        match part {
            Part::Pair(name, value) if !value.is_empty() => event.attributes.push(name, value),
            Part::Word(word) if words.len() < WORDS_MAX => words.push(word),
            _ => {}
        }
    }
    if let Some(user) = event.attributes.get("src_user").map(str::to_owned) {
        event.user_name = Cow::Owned(user);
    }
    if !packet(&words, &mut event) {
        let sentence = said.split_once("\" ").map_or(said, |(_, sentence)| sentence);
        match programs::read("watchguard", sentence.as_bytes(), cx) {
            Some(found) => event.complete_from(found),
            None => logins::complete(&mut event),
        }
    }
    Some(event)
}

/// More words than a packet has.
const WORDS_MAX: usize = 16;

/// Reads the words of a packet: its fate and the interfaces, then among numbers the protocol, two addresses and two ports.
fn packet(words: &[&str], event: &mut LogEvent<'_>) -> bool {
    let [action @ ("Allow" | "Deny" | "Drop" | "Block"), from, to, rest @ ..] = words else { return false };
    let Some(at) = rest.iter().position(|word| address::parse(word).is_some_and(|found| found.whole)) else {
        return false;
    };
    let protocol = rest.iter().take(at).find(|word| word.starts_with(|first: char| first.is_ascii_lowercase()));
    let mut behind = rest.iter().skip(at).copied();
    let (source, target) = (behind.next().unwrap_or_default(), behind.next().unwrap_or_default());
    let mut port = || behind.next().filter(|word| word.bytes().all(|b| b.is_ascii_digit())).unwrap_or_default();
    let ports = [port(), port()];
    event.ip = address::parse(source).map(|found| found.ip);
    let fields = [
        ("action", *action),
        ("src_interface", from),
        ("dst_interface", to),
        ("protocol", protocol.copied().unwrap_or_default()),
        ("dst_ip", target),
        ("src_port", ports[0]),
        ("dst_port", ports[1]),
    ];
    push_all(&mut event.attributes, &fields);
    true
}

fn push_all(attributes: &mut Attributes, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        if !value.is_empty() && attributes.get(name).is_none() {
            attributes.push(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn a_packets_words_are_told_by_their_places() {
        for message in [
            "msg_id=\"3000-0148\" Deny 1-Trusted 0-External 52 tcp 20 127 192.0.2.7 192.0.2.1 4000 443 offset 8 S 1 win 32 (O-00)",
            "(2023-11-14T22:13:20) firewall[7]: msg_id=\"1AFF-0024\" Deny 1-Trusted 0-External tcp 192.0.2.7 192.0.2.1 4000 443 msg=\"a b\"",
        ] {
            let event = read(message.as_bytes(), &CX).unwrap();
            assert_eq!(event.ip, "192.0.2.7".parse().ok(), "{message}");
            for (name, value) in [("action", "Deny"), ("protocol", "tcp"), ("dst_ip", "192.0.2.1"), ("dst_port", "443")]
            {
                assert_eq!(event.attributes.get(name), Some(value), "{message}");
            }
        }
        let event = read(b"msg_id=\"3E00-0002\" Management user bob@Firebox-DB from 192.0.2.7 logged in", &CX).unwrap();
        assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"));
        let event =
            read(b"msg_id=\"1AFF-0026\" Deny a b tcp 192.0.2.7 192.0.2.1 1 2 src_user=\"bob\" (H-00)", &CX).unwrap();
        assert_eq!(&*event.user_name, "bob");
    }
}
