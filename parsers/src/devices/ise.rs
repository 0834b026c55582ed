//! Cisco's ISE and ACS, which authenticate for networks: counters and a time, the message's number and text, then pairs.
//!
//! ```text
//! CISE_Failed_Attempts 0000075134 1 0 2023-11-14 22:13:20.123 +00:00 0000075201 5400 NOTICE Failed-Attempt: Authentication failed,
//!   ConfigVersionId=93, Device IP Address=192.0.2.1, UserName=bob, Framed-IP-Address=192.0.2.7, Step=11001, Step=11017,
//! ```
//!
//! Of pairs with one name the first counts. A long record comes in several messages, of which only the first has the text.

use std::borrow::Cow;

use crate::{LogEvent, address};

/// How the names begin that stand in the place of the program.
pub(super) const BEGINNINGS: [&str; 2] = ["CISE_", "CSCOacs_"];

/// Names of the client's address, best first. "Device IP Address" is that of the switch which asks.
const CLIENTS: [&str; 5] = ["Remote-Address", "Framed-IP-Address", "IpAddress", "AdminIPAddress", "Calling-Station-ID"];

const USERS: [&str; 4] = ["UserName", "User-Name", "User", "AdminName"];

/// A record has no more pairs than this.
const PAIRS_MAX: usize = 512;

/// Reads a message; `None` where it has no pairs.
pub(super) fn read(message: &[u8]) -> Option<LogEvent<'_>> {
    let text = std::str::from_utf8(message).ok()?;
    let mut event = super::event(message);
    for (at, part) in text.split(", ").take(PAIRS_MAX).enumerate() {
        match part.split_once('=') {
            Some((name, value)) if at > 0 || !name.contains(": ") => {
                // The counters stand before the first pair of a message that has no text.
                let name = if at == 0 { name.rsplit("  ").next().unwrap_or(name) } else { name };
                let value = value.trim().trim_end_matches([',', ' ']);
                if !value.is_empty() && event.attributes.get(name.trim()).is_none() {
                    event.attributes.push(name.trim(), value);
                }
            }
            _ if at == 0 => said(part, &mut event),
            _ => {}
        }
    }
    let attribute = |name: &&str| event.attributes.get(name);
    event.ip = CLIENTS.iter().filter_map(attribute).find_map(address::parse).map(|found| found.ip);
    let user = USERS.iter().find_map(attribute).unwrap_or_default().to_owned();
    event.user_name = Cow::Owned(user);
    (!event.attributes.is_empty()).then_some(event)
}

/// Reads number, class and text behind the counters and the time: `… 5400 NOTICE Failed-Attempt: Authentication failed`.
fn said(head: &str, event: &mut LogEvent<'_>) {
    let Some((before, text)) = head.split_once(": ") else { return };
    let mut words = before.rsplit(' ');
    let (Some(class), Some(_severity), Some(code)) = (words.next(), words.next(), words.next()) else { return };
    if !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()) {
        event.attributes.push("message_code", code);
        event.attributes.push("message_class", class);
        event.attributes.push("message_text", text.trim_end_matches(','));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_name_the_client_and_the_user() {
        let message = "0000000169 1 0 2023-11-14 22:13:20.260 +00:00 0000003928 5400 NOTICE Failed-Attempt: Authentication failed, \
                       ConfigVersionId=93, Device IP Address=192.0.2.1, User-Name=bob, Framed-IP-Address=192.0.2.7, Step=1, Step=2, \
                       Response={RadiusPacketType=AccessReject; },";
        let event = read(message.as_bytes()).unwrap();
        assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"));
        for (name, value) in [
            ("message_code", "5400"),
            ("message_class", "Failed-Attempt"),
            ("message_text", "Authentication failed"),
            ("Device IP Address", "192.0.2.1"),
            ("Step", "1"),
        ] {
            assert_eq!(event.attributes.get(name), Some(value), "{name}");
        }
        let event = read(b"0000000002 2 1  Step=13015 , Remote-Address=192.0.2.7, Action=Login").unwrap();
        assert_eq!((event.ip, event.attributes.get("Step")), ("192.0.2.7".parse().ok(), Some("13015")));
        assert_eq!(read(b"text without pairs"), None);
    }
}
