//! Addresses, users and outcomes among the words of a message.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::LogEvent;

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
    let text = text.split(" Original IP payload").next().unwrap_or(text);
    let (mut destination, mut previous, mut before) = (false, "", "");
    for word in text.split_ascii_whitespace() {
        if let Some(found) = endpoint(word) {
            let role = if matches!(previous, "=" | ":") { before } else { previous.trim_end_matches([':', '=']) };
            let is_destination = match role {
                "faddr" | "to" | "dst" => true,
                "gaddr" | "server" => {
                    previous = word;
                    continue;
                }
                "laddr" | "src" | "from" => false,
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
        } else if event.user_name.is_empty() && says_user(before, previous, word) {
            event.user_name = Cow::Owned(name_in(word).to_owned());
        } else {
            outcome(event, previous, word);
        }
        if previous == "interface" && event.attributes.get("dst_interface").is_none() {
            event.attributes.push("dst_interface", word.trim_end_matches(['.', ',']));
        }
        (before, previous) = (previous, word);
    }
    if let Some((_, reason)) = text.split_once("reason: ").or_else(|| text.split_once("Reason: ")) {
        event.attributes.push("reason", reason.trim_end());
    }
}

fn push_end(event: &mut LogEvent<'_>, found: &Endpoint<'_>, interface: &str, port: &str) {
    for (name, value) in [(interface, found.interface), (port, found.port), ("url", found.url)] {
        if !value.is_empty() {
            event.attributes.push(name, value);
        }
    }
}

/// Takes what a word says of the outcome, the direction or the protocol.
fn outcome(event: &mut LogEvent<'_>, previous: &str, word: &str) {
    const ACTIONS: [&str; 14] = [
        "deny",
        "denied",
        "built",
        "teardown",
        "dropping",
        "dropped",
        "permitted",
        "discarded",
        "accessed",
        "succeeded",
        "failed",
        "rejected",
        "successful",
        "started",
    ];
    let lower = word.trim_end_matches([',', ';', ':', '.']).to_ascii_lowercase();
    let name = match &*lower {
        "inbound" | "outbound" => "direction",
        "tcp" | "udp" | "icmp" | "icmp6" | "esp" | "gre" => "protocol",
        other if ACTIONS.contains(&other) => "action",
        _ if previous == "protocol" => "protocol",
        _ => return,
    };
    if event.attributes.get(name).is_none() {
        event.attributes.push(name, word.trim_end_matches([',', ';', ':', '.']));
    }
}

fn endpoint(word: &str) -> Option<Endpoint<'_>> {
    // A mapped address stands in parentheses behind the real one.
    if word.starts_with('(') || word.len() > 256 || !word.contains(['.', ':']) {
        return None;
    }
    let word = word.trim_matches(|c| matches!(c, '<' | '>' | ',' | '.' | ';' | '"' | '\''));
    let (base, inside) = match word.split_once('(') {
        Some((base, inside)) => (base, inside.split(')').next().unwrap_or(inside)),
        None => (word.trim_end_matches([')', ':']), ""),
    };
    let user = if inside.contains('\\') { inside } else { "" };
    let port_inside = if inside.bytes().all(|b| b.is_ascii_digit()) { inside } else { "" };
    let found = |interface, ip, port| Some(Endpoint { interface, ip, port, user, url: "" });
    if let Some((interface, ip)) = interface_and_ip(base) {
        return found(interface, ip, port_inside);
    }
    let (left, right) = base.split_once('/')?;
    if let Ok(ip) = right.parse() {
        return found(left, ip, port_inside);
    }
    if let Some((interface, ip)) = interface_and_ip(left) {
        let is_port = !right.is_empty() && right.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        return if is_port { found(interface, ip, right) } else { None };
    }
    let (host, url) = base.split_once(':')?;
    Some(Endpoint { interface: "", ip: host.parse().ok()?, port: "", user, url })
}

fn interface_and_ip(text: &str) -> Option<(&str, IpAddr)> {
    if let Ok(ip) = text.parse() {
        return Some(("", ip));
    }
    let (interface, address) = text.split_once(':')?;
    Some((interface, address.parse().ok()?))
}

/// Whether `word` is a user's name by what stands before it: `user = bob`, `Username: bob`, `User <bob>`, `for user bob`.
fn says_user(before: &str, previous: &str, word: &str) -> bool {
    let is_key = |text: &str| {
        let text = text.trim_start_matches(['(', '<', ',']);
        ["user", "username", "uname"].iter().any(|key| key.eq_ignore_ascii_case(text))
    };
    let name = name_in(word);
    if name.is_empty() || matches!(name, "=" | ":" | "unknown" | "*****") {
        return false;
    }
    let marked = word.starts_with(['"', '\'', '<']);
    let key = previous.trim_end_matches(['=', ':']);
    (matches!(previous, "=" | ":") && is_key(before))
        || (is_key(key) && (marked || key.len() < previous.len() || before == "for"))
}

fn name_in(word: &str) -> &str {
    word.trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>' | ',' | ')' | '.' | ';'))
}
