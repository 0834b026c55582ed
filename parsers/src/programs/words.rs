//! Programs that write who is on the other side at the front of their messages: OpenVPN, Unbound, and Postfix' queue ids.

use super::{Found, template};
use crate::{Level, level_names};

/// OpenVPN's messages of a peer: `[us=1 ][bob/]192.0.2.7:1194 text`.
pub(super) fn openvpn(text: &str) -> Option<Found<'_>> {
    // The microseconds of "--verb 4" and more.
    let text = match text.strip_prefix("us=") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?,
        None => text,
    };
    let (peer, said) = text.split_once(' ')?;
    let (user, address) = peer.rsplit_once('/').unwrap_or(("", peer));
    let address = address.trim_start_matches("[AF_INET]").trim_start_matches("[AF_INET6]");
    let has_port =
        address.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    template::address_of(address).filter(|_| has_port)?;
    let is_initiated = said.starts_with('[') && said.contains("] Peer Connection Initiated");
    let user = if is_initiated { said.get(1..)?.split(']').next()? } else { user };
    let outcome = match () {
        () if is_initiated => "success",
        () if FAILURES.iter().any(|failure| said.contains(failure)) => "failure",
        () => "",
    };
    Some(Found { user, ip: address, outcome, ..Found::default() })
}

/// As [`openvpn`], for a line that names no program: what the peer is said of must be the server's words.
pub(super) fn openvpn_line(text: &str) -> Option<Found<'_>> {
    let (_, said) = text
        .strip_prefix("us=")
        .and_then(|rest| rest.split_once(' '))
        .map_or(text, |(_, rest)| rest)
        .split_once(' ')?;
    OPENVPN_WORDS.iter().any(|word| said.starts_with(word)).then(|| openvpn(text))?
}

const FAILURES: [&str; 4] = ["TLS Error", "TLS Auth Error", "VERIFY ERROR", "AUTH_FAILED"];

/// How OpenVPN's messages of a peer begin.
const OPENVPN_WORDS: [&str; 18] = [
    "TLS",
    "VERIFY",
    "MULTI",
    "SENT CONTROL",
    "PUSH",
    "peer info: ",
    "[",
    "Peer Connection",
    "Connection reset",
    "Outgoing Data Channel",
    "Incoming Data Channel",
    "Control Channel",
    "Data Channel",
    "SIGTERM[",
    "SIGUSR1[",
    "PLUGIN_",
    "AUTH: ",
    "Authenticate/Decrypt",
];

/// Unbound's queries, `[7:0] info: 192.0.2.7 a.example. A IN`, and their answers, behind which the code stands.
pub(super) fn unbound(text: &str) -> Option<Found<'_>> {
    let text = match text.strip_prefix('[') {
        Some(inside) => inside.split_once("] ")?.1.split_once(": ")?.1,
        None => text,
    };
    let mut words = text.split(' ');
    let (ip, name, kind, class) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let is_query = matches!(class, "IN" | "CH" | "HS")
        && name.ends_with('.')
        && kind.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    template::address_of(ip).filter(|_| is_query)?;
    let rcode = words.next().unwrap_or_default();
    let fields = vec![("query", name.strip_suffix('.')?), ("query_type", kind), ("class", class), ("rcode", rcode)];
    Some(Found { ip, fields, ..Found::default() })
}

/// The fields of Postfix' messages about a mail in its queue, by Postfix' names.
const POSTFIX: [&str; 14] = [
    "to",
    "orig_to",
    "from",
    "relay",
    "delay",
    "dsn",
    "status",
    "size",
    "nrcpt",
    "message-id",
    "conn_use",
    "uid",
    "proto",
    "helo",
];

/// Postfix' `4F2C1D8E: to=<bob@example.com>, relay=mx.example.com[192.0.2.7]:25, dsn=2.0.0, status=sent (250 ok)`.
///
/// `known` is what the patterns made of the message: the queue's id is added to it.
pub(super) fn postfix<'a>(text: &'a str, known: Option<Found<'a>>) -> Option<Found<'a>> {
    let queued = text.split_once(": ").filter(|(id, _)| is_queue_id(id));
    let Some((id, rest)) = queued else { return known };
    let is_known = known.is_some();
    let mut found = known.unwrap_or_default();
    found.fields.push(("queue_id", id));
    if is_known {
        return Some(found);
    }
    // pickup has nothing but a blank between the two.
    if let Some((uid, from)) = rest.strip_prefix("uid=").and_then(|rest| rest.split_once(" from=<")) {
        found.fields.extend([("uid", uid), ("from", from.split('>').next().unwrap_or(from))]);
        return Some(found);
    }
    for part in rest.split(", ").take(POSTFIX.len()) {
        let Some((name, value)) = part.split_once('=') else { continue };
        let Some(name) = POSTFIX.iter().find(|known| **known == name) else { continue };
        let value = value.strip_prefix('<').and_then(|value| value.split('>').next()).unwrap_or(value);
        // What the other side said stands in parentheses behind the status, and a queue's state behind the number of recipients.
        let value = value.split(" (").next().unwrap_or(value);
        if *name == "relay" {
            found.ip = value
                .split_once('[')
                .and_then(|(_, rest)| rest.split(']').next())
                .filter(|ip| template::address_of(ip).is_some())
                .unwrap_or_default();
        }
        found.fields.push((name, value));
        if *name == "status" {
            break;
        }
    }
    Some(found)
}

/// A queue's id, short (hexadecimal) or long.
fn is_queue_id(text: &str) -> bool {
    (6..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// What BIND puts before its text about a client where it is told to, or where its file is sent on: a time, a category and a severity
/// (`queries: info: client 192.0.2.7#53 …`). The severity's level, and the text.
pub(super) fn bind_head(text: &str) -> Option<(Level, &str)> {
    const HEAD_BYTES_MAX: usize = 80;
    let near =
        text.bytes().take(HEAD_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric() || b" -:.".contains(b)).count();
    let head = text.get(..near)?.find(" client ").and_then(|at| text.get(..=at))?;
    let severity = head.trim_end().strip_suffix(':').and_then(|head| head.rsplit(": ").next()).unwrap_or_default();
    // Behind "debug" stands how much of it.
    let word = severity.split(' ').next().unwrap_or_default();
    let level = level_names::from_word(word).unwrap_or(Level::Unknown);
    Some((level, text.get(head.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: Option<Found<'_>>) -> String {
        let Some(found) = found else { return "-".to_owned() };
        let fields: String = found.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{} {} {}{fields}", found.user, found.ip, found.outcome)
    }

    #[test]
    fn openvpns_peers_are_read() {
        for (text, expected) in [
            ("192.0.2.7:1194 TLS: Initial packet from [AF_INET]192.0.2.7:1194, sid=1", " 192.0.2.7:1194 "),
            ("bob/192.0.2.7:1194 MULTI: primary virtual IP for bob/192.0.2.7:1194: 10.8.0.6", "bob 192.0.2.7:1194 "),
            ("us=12 192.0.2.7:1194 VERIFY ERROR: depth=0", " 192.0.2.7:1194 failure"),
            (
                "192.0.2.7:1194 [bob] Peer Connection Initiated with [AF_INET]192.0.2.7:1194",
                "bob 192.0.2.7:1194 success",
            ),
            ("192.0.2.7 TLS: x", "-"),
            ("192.0.2.7:80 is open", "-"),
            ("OpenVPN 2.6.8 x86_64", "-"),
        ] {
            assert_eq!(shown(openvpn_line(text)), expected, "{text}");
        }
        assert_eq!(shown(openvpn("bob/192.0.2.7:1194 any text")), "bob 192.0.2.7:1194 ");
    }

    #[test]
    fn unbounds_queries_are_read() {
        for (text, expected) in [
            ("[7:0] info: 192.0.2.7 a.example. A IN", " 192.0.2.7  query=a.example query_type=A class=IN rcode="),
            (
                "192.0.2.7 a.example. A IN NXDOMAIN 0.1 0 9",
                " 192.0.2.7  query=a.example query_type=A class=IN rcode=NXDOMAIN",
            ),
            ("[7:0] info: start of service (unbound 1.13).", "-"),
            ("[7:0] info", "-"),
        ] {
            assert_eq!(shown(unbound(text)), expected, "{text}");
        }
    }

    #[test]
    fn postfix_says_which_mail_it_speaks_of() {
        for (text, expected) in [
            (
                "4A5B6C7D8E: to=<bob@example.com>, relay=mx.example.com[192.0.2.7]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 ok, x)",
                " 192.0.2.7  queue_id=4A5B6C7D8E to=bob@example.com relay=mx.example.com[192.0.2.7]:25 delay=1.2 dsn=2.0.0 status=sent",
            ),
            (
                "4Q1x2y3z4AzB: from=<>, size=1234, nrcpt=1 (queue active)",
                "   queue_id=4Q1x2y3z4AzB from= size=1234 nrcpt=1",
            ),
            ("4A5B6C7D8E: uid=1000 from=<bob>", "   queue_id=4A5B6C7D8E uid=1000 from=bob"),
            ("4A5B6C7D8E: removed", "   queue_id=4A5B6C7D8E"),
            ("warning: to=<x>", "-"),
            ("statistics: max 7", "-"),
        ] {
            assert_eq!(shown(postfix(text, None)), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "(us=|1|192\\.0\\.2\\.7|:|/| |\\[|\\]|TLS|4A5B6C7D|to=|<|>|, |relay=|a\\.|IN|A|é){0,30}") {
            let _ = (openvpn_line(&text), unbound(&text), postfix(&text, None));
        }
    }
}
