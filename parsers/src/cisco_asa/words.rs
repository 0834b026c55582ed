//! Addresses, users and outcomes among the words of a message.

use std::borrow::Cow;
use std::net::IpAddr;

use super::names;
use crate::LogEvent;
use crate::find::find_by;

/// One end of a connection: `outside:192.0.2.7/443`, `outside/192.0.2.7(443)`, `192.0.2.7`.
struct Endpoint<'a> {
    interface: &'a str,
    ip: IpAddr,
    port: &'a str,
    user: &'a str,
    url: &'a str,
}

/// Fills `event` from the words of a message.
pub(super) fn read(text: &str, event: &mut LogEvent<'_>) {
    // What an ICMP error quotes is another packet.
    let end = find_by(1, text.as_bytes(), b" Original IP payload");
    let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
    if let Some(user) = names::marked(text) {
        event.user_name = Cow::Owned(user.to_owned());
    }
    let (mut destination, mut previous, mut before) = (false, "", "");
    let mut words = text.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        // "Deny IP spoof from (192.0.2.7) to": everywhere else a mapped address stands in parentheses.
        let bare = if previous == "from" { word.trim_start_matches('(') } else { word };
        if let Some(found) = endpoint(bare) {
            let role = if matches!(previous, "=" | ":") { before } else { previous.trim_end_matches([':', '=']) };
            let is_destination = match (role, found.interface) {
                ("gaddr" | "server" | "Group" | "Username" | "username", _) => {
                    previous = word;
                    continue;
                }
                // The address that a client was given in the tunnel.
                ("Address" | "address", _) if matches!(before, "IPv4" | "IPv6") => {
                    previous = word;
                    continue;
                }
                ("faddr" | "to" | "dst" | "->", _) | (_, "Local") => true,
                ("laddr" | "src" | "from", _) | (_, "Remote") => false,
                _ => event.ip.is_some(),
            };
            if is_destination && !destination {
                destination = true;
                push_end(event, &found, "dst_interface", "dst_port");
                event.attributes.push("dst_ip", &found.ip.to_string());
            } else if !is_destination && event.ip.is_none() {
                event.ip = Some(found.ip);
                push_end(event, &found, "src_interface", "src_port");
            }
            if event.user_name.is_empty() && !found.user.is_empty() {
                event.user_name = Cow::Owned(found.user.to_owned());
            }
        } else if let Some([interface, host, port]) = named_end(previous, word) {
            for (name, value) in [("interface", interface), ("host", host), ("port", port)] {
                event.attributes.push(&format!("{previous}_{name}"), value);
            }
        } else if event.user_name.is_empty()
            && let Some(user) = names::at(before, previous, word, words.peek().copied())
        {
            event.user_name = Cow::Owned(user.to_owned());
        } else {
            outcome(event, previous, word);
        }
        if previous == "interface" && event.attributes.get("dst_interface").is_none() {
            event.attributes.push("dst_interface", word.trim_end_matches(['.', ',']));
        }
        (before, previous) = (previous, word);
    }
    let reason = [b"reason: ", b"Reason: "].into_iter().find_map(|lead| find_by(6, text.as_bytes(), lead));
    if let Some(reason) = reason.and_then(|at| text.get(at + 8..)) {
        event.attributes.push("reason", reason.trim_end());
    }
}

/// Interface, name and port of an end that has a name in the place of its address: `dst inside:www.example.com/23`.
fn named_end<'a>(previous: &str, word: &'a str) -> Option<[&'a str; 3]> {
    if !matches!(previous, "src" | "dst") {
        return None;
    }
    let (interface, rest) = word.split_once(':')?;
    let (host, port) = rest.split_once('/')?;
    Some([interface, host, port.split('(').next().unwrap_or(port)])
}

fn push_end(event: &mut LogEvent<'_>, found: &Endpoint<'_>, interface: &str, port: &str) {
    for (name, value) in [(interface, found.interface), (port, found.port), ("url", found.url)] {
        if !matches!(value, "" | "Local" | "Remote") {
            event.attributes.push(name, value);
        }
    }
}

/// Takes what a word says of the outcome, the direction or the protocol.
fn outcome(event: &mut LogEvent<'_>, previous: &str, word: &str) {
    let bare = word.trim_end_matches([',', ';', ':', '.']);
    // All of these words are so short; in a buffer of this length they need no memory of their own.
    let mut lower = [0_u8; 10];
    let lower = lower.get_mut(..bare.len()).map(|lower| {
        lower.copy_from_slice(bare.as_bytes());
        lower.make_ascii_lowercase();
        &*lower
    });
    let name = match lower.unwrap_or_default() {
        b"inbound" | b"outbound" => "direction",
        b"tcp" | b"udp" | b"icmp" | b"icmp6" | b"esp" | b"gre" => "protocol",
        b"deny" | b"denied" | b"built" | b"teardown" | b"dropping" | b"dropped" | b"permitted" | b"discarded"
        | b"accessed" | b"succeeded" | b"failed" | b"rejected" | b"successful" | b"started" => "action",
        _ if previous == "protocol" => "protocol",
        _ => return,
    };
    if event.attributes.get(name).is_none() {
        event.attributes.push(name, bare);
    }
}

fn endpoint(word: &str) -> Option<Endpoint<'_>> {
    // A mapped address stands in parentheses behind the real one.
    if word.starts_with('(') || word.len() > 256 || !word.contains(['.', ':']) {
        return None;
    }
    let word = word.trim_matches(|c| matches!(c, '<' | '>' | ',' | '.' | ';' | '"' | '\'' | '[' | ']'));
    let (base, inside) = match word.split_once('(') {
        Some((base, inside)) => (base, inside.split(')').next().unwrap_or(inside)),
        None => (word.trim_end_matches([')', ':']), ""),
    };
    let port_inside = if inside.bytes().all(|b| b.is_ascii_digit()) { inside } else { "" };
    let (user, base) = match base.split_once('@') {
        Some((user, address)) if address.parse::<IpAddr>().is_ok() => (user, address),
        _ => ("", base),
    };
    let found = |interface, ip, port| Some(Endpoint { interface, ip, port, user, url: "" });
    if base.starts_with(['L', 'R'])
        && let Some((role @ ("Local" | "Remote"), rest)) = base.split_once(':')
        && let Some((address, port)) = rest.rsplit_once(':')
    {
        return found(role, address.parse().ok()?, port);
    }
    if let Some((interface, ip)) = interface_and_ip(base) {
        return found(interface, ip, port_inside);
    }
    let (left, right) = base.split_once('/')?;
    if let Ok(ip) = right.parse() {
        return found(left, ip, port_inside);
    }
    if let Some((interface, ip)) = interface_and_ip(left) {
        let is_port = !right.is_empty() && right.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        // In ARP's messages the hardware address stands there: "192.0.2.7/0016.a421.94ef".
        let is_hardware = right.len() == 14 && right.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.');
        let port = if is_port { right } else { "" };
        return if is_port || is_hardware { found(interface, ip, port) } else { None };
    }
    let (host, url) = base.split_once(':')?;
    Some(Endpoint { interface: "", ip: host.parse().ok()?, port: "", user, url })
}

fn interface_and_ip(text: &str) -> Option<(&str, IpAddr)> {
    if let Ok(ip) = text.parse() {
        return Some(("", ip));
    }
    let (interface, address) = text.split_once(':').filter(|(interface, _)| !interface.contains('='))?;
    Some((interface, address.parse().ok()?))
}
