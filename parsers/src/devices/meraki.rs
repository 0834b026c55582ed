//! Cisco Meraki, which has a kind of events in the place of a program.
//!
//! ```text
//! flows allow src=192.0.2.7 dst=192.0.2.1 mac=00:00:5E:00:53:01 protocol=tcp sport=4000 dport=22
//! urls src=192.0.2.7:4000 dst=192.0.2.1:80 mac=00:00:5E:00:53:01 request: GET http://a.example/
//! events type=8021x_eap_success radio='1' client_ip='192.0.2.7' identity='bob'
//! events client_vpn_connect user id 'bob' local ip 10.0.0.7 connected from 192.0.2.7
//! ```

use std::borrow::Cow;
use std::net::IpAddr;

use super::words::{Part, Parts};
use crate::{Context, LogEvent, address, programs};

/// Whether `app` is what stands in the place of the program.
pub(super) fn is_kind(app: &str) -> bool {
    matches!(
        app,
        "events"
            | "flows"
            | "urls"
            | "firewall"
            | "vpn_firewall"
            | "cellular_firewall"
            | "bridge_anyconnect_client_vpn_firewall"
            | "l7_firewall"
            | "ids-alerts"
            | "security_event"
            | "ip_flow_start"
            | "ip_flow_end"
    )
}

/// Names of the client's address, best first.
const CLIENTS: [&str; 6] = ["src", "client_ip", "Client", "ip_src", "last_known_client_ip", "peer_contact"];

/// Words behind which the rest of a message is one value.
const LAST: [&str; 3] = ["pattern:", "request:", "message:"];

/// Reads the pairs of a message, or the words of one that has none.
pub(super) fn read<'a>(message: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(message).ok()?;
    let mut event = super::event(message);
    let mut parts = Parts(text);
    let mut words = 0;
    while let Some(part) = parts.next() {
        match part {
            Part::Pair(name, value) if !value.is_empty() => event.attributes.push(name, value),
            Part::Pair(..) => {}
            Part::Word(word) if LAST.contains(&word) => {
                event.attributes.push(word.trim_end_matches(':'), parts.0.trim());
                break;
            }
            Part::Word(word) => {
                words += 1;
                let name = if matches!(word, "allow" | "deny" | "block") { "action" } else { "type" };
                if words == 1 && event.attributes.get(name).is_none() {
                    event.attributes.push(name, word);
                }
            }
        }
    }
    // More words than one are a sentence.
    if words > 1 {
        return programs::read("meraki", message, cx);
    }
    fill(&mut event, cx);
    (!event.attributes.is_empty()).then_some(event)
}

/// Fills the client and the user from the attributes.
fn fill(event: &mut LogEvent<'_>, cx: &Context) {
    let is_known = |ip: &IpAddr| !ip.is_unspecified();
    let of = |name: &&str| event.attributes.get(name).and_then(address::parse).map(|found| found.ip).filter(is_known);
    event.ip = CLIENTS.iter().find_map(of);
    let user = event.attributes.get("identity").unwrap_or_default();
    event.user_name = Cow::Owned(user.to_owned());
    let said = event.attributes.get("msg").map(str::to_owned);
    if let Some(said) = said.and_then(|said| programs::read("meraki", said.as_bytes(), cx).map(LogEvent::into_owned)) {
        event.complete_from(said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn client_and_user_are_told_by_their_names_and_by_words() {
        for (message, ip, user) in [
            ("allow src=192.0.2.7 dst=192.0.2.1 protocol=tcp sport=4000 dport=22", "192.0.2.7", ""),
            ("src=192.0.2.7:4000 dst=192.0.2.1:80 mac=0 request: GET http://a.example/?src=192.0.2.9", "192.0.2.7", ""),
            ("type=8021x_auth radio='1' last_known_client_ip='0.0.0.0' identity='bob'", "", "bob"),
            ("client_vpn_connect user id 'bob' local ip 10.0.0.7 connected from 192.0.2.7", "192.0.2.7", "bob"),
            ("dhcp lease of ip 192.0.2.7 from mx mac 0 for client mac 1 from router 192.0.2.1", "192.0.2.7", ""),
            (
                "type=anyconnect_vpn_session_manager msg= 'Sess-ID[3] Peer IP=192.0.2.7 User[bob]: Session disconnected.'",
                "192.0.2.7",
                "bob",
            ),
        ] {
            let event = read(message.as_bytes(), &CX).unwrap();
            assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{message}");
        }
        let event = read(b"deny src=192.0.2.7 pattern: deny all", &CX).unwrap();
        assert_eq!((event.attributes.get("action"), event.attributes.get("pattern")), (Some("deny"), Some("deny all")));
        assert_eq!(read(b"port 4 status changed from 100fdx to down", &CX), None);
    }
}
