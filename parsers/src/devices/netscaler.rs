//! Citrix' NetScaler (ADC): a feature, an event and two numbers, behind a colon items with hyphens between them.
//!
//! ```text
//! default SSLVPN LOGIN 12 0 : Context bob@192.0.2.7 - SessionId: 7 - User bob - Client_ip 192.0.2.7 - Vserver 192.0.2.1:443
//! ```

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Items that name the client, best first.
const CLIENTS: [&str; 4] = ["Client_ip", "ClientIP", "Remote_ip", "Source"];

/// Reads a message; `None` where none of its items is known.
pub(super) fn read(message: &[u8]) -> Option<LogEvent<'_>> {
    let text = std::str::from_utf8(message).ok()?;
    let (head, items) = text.trim_start_matches([':', ' ']).split_once(" : ")?;
    let mut kind = head.split_ascii_whitespace().filter(|word| *word != "default");
    let (feature, name) = (kind.next()?, kind.next()?);
    if !is_name(feature) || !is_name(name) {
        return None;
    }
    let mut event = super::event(message);
    event.attributes.push("feature", feature);
    if name.starts_with(|first: char| first.is_ascii_uppercase()) {
        event.attributes.push("event", name);
    }
    for item in items.split(" - ") {
        let item = item.trim();
        let (name, value) = item.split_once(": ").or_else(|| item.split_once(' ')).unwrap_or_default();
        let value = value.trim().trim_matches('"');
        if is_item(name) && !value.is_empty() && event.attributes.get(name).is_none() {
            event.attributes.push(name, value);
        }
    }
    let attribute = |name: &str| event.attributes.get(name);
    let context = attribute("Context").and_then(|context| context.rsplit_once('@'));
    let first_word = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
    let user = attribute("User").map(first_word).or_else(|| context.map(|(user, _)| user.to_owned()));
    let client = CLIENTS.iter().find_map(|name| attribute(name)).map(first_word);
    let client = client.or_else(|| context.map(|(_, client)| first_word(client)));
    let ip = client.and_then(|client| address::parse(&client)).map(|found| found.ip);
    let outcome = match name {
        "LOGIN_FAILED" => "failure",
        "LOGIN" => "success",
        _ => "",
    };
    if !outcome.is_empty() {
        event.attributes.push("outcome", outcome);
    }
    event.ip = ip;
    event.user_name = Cow::Owned(user.unwrap_or_default());
    (event.ip.is_some() || !event.user_name.is_empty()).then_some(event)
}

fn is_name(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn is_item(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'(' | b')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_name_the_client_and_the_user() {
        for (message, ip, user) in [
            (
                "SSLVPN LOGIN 12 0 : Context bob@192.0.2.7 - SessionId: 7 - User bob - Client_ip 192.0.2.7",
                "192.0.2.7",
                "bob",
            ),
            ("default TCP CONN_TERMINATE 18 0 :  Source 192.0.2.7:4000 - Destination 192.0.2.1:80", "192.0.2.7", ""),
            (
                "GUI CMD_EXECUTED 1 0 :  User bob - Remote_ip 192.0.2.7 - Command \"login\" - Status \"Done\"",
                "192.0.2.7",
                "bob",
            ),
            (
                "SSLVPN HTTPREQUEST 1 : Context bob@192.0.2.7 - SessionId: 1- a.example User bob : Group(s) g",
                "192.0.2.7",
                "bob",
            ),
        ] {
            let event = read(message.as_bytes()).unwrap();
            assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{message}");
        }
        let event =
            read(b"AAA LOGIN_FAILED 3 0 :  User bob - Client_ip 192.0.2.7 - Failure_reason \"denied\"").unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!(
            (get("feature"), get("outcome"), get("Failure_reason")),
            (Some("AAA"), Some("failure"), Some("denied"))
        );
        for text in ["", "the a : b", "TCP CONN 1 : nothing known", "a : Source 192.0.2.7"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
