//! The address that a message holds without saying whose it is.

use std::net::IpAddr;

use crate::address;

/// What stands before the address of a server.
const SERVERS: [&str; 11] =
    ["to ", "to [", "server ", "lip=", "listening on ", "([", "dst=", "dest=", "dst_ip=", "dstaddr=", "destaddr="];

/// Whether an address may be in `text`: two dots with digits around them close together, two colons, or three with up to four
/// hexadecimal digits between (a time of day has two). Most messages have none, and are done with after one look.
pub(super) fn may_hold_one(text: &[u8]) -> bool {
    let digit_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let is_between = |at: usize| at > 0 && digit_at(at - 1) && digit_at(at + 1);
    let mut last_dot = None;
    let (mut last_colon, mut groups) = (0, 0);
    for at in memchr::memchr2_iter(b'.', b':', text) {
        if text.get(at) == Some(&b':') {
            if text.get(at + 1) == Some(&b':') {
                return true;
            }
            let group = text.get(last_colon + 1..at).unwrap_or_default();
            let is_group = (1..=4).contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit);
            groups = if is_group { groups + 1 } else { 0 };
            if groups == 3 {
                return true;
            }
            last_colon = at;
        } else if is_between(at) {
            if last_dot.is_some_and(|last| at - last <= 4) {
                return true;
            }
            last_dot = Some(at);
        }
    }
    false
}

/// The first address that is not said to be the server's.
pub(super) fn first(text: &str) -> Option<IpAddr> {
    let mut from = 0;
    for token in text.split(|c: char| !c.is_ascii_hexdigit() && !matches!(c, '.' | ':')) {
        let start = from;
        from += token.len()
            + text.get(start + token.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let bare = token.trim_matches(['.', ':']);
        let bare = if token.starts_with("::") { token.trim_end_matches(['.', ':']) } else { bare };
        if bare.len() < 3 || bare.bytes().filter(|b| matches!(b, b'.' | b':')).count() < 2 {
            continue;
        }
        let before = text.get(..start).unwrap_or_default();
        let joined = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
        // A server that could not open its own end.
        let is_bound = before.ends_with("on ") && (before.contains("bind ") || before.contains("Bind "));
        // What a mail client calls itself (its HELO) stands in parentheses before its address.
        let is_servers = SERVERS.iter().any(|lead| before.ends_with(lead));
        // An IPv6 address with a port, not in brackets.
        let with_port = || bare.rsplit_once(':').and_then(|(address, _)| address::parse(address));
        if let Some(found) = address::parse(bare).or_else(with_port).filter(|_| !joined && !is_servers && !is_bound)
            && !found.ip.is_unspecified()
        {
            return Some(found.ip);
        }
    }
    None
}
