//! Messages of Cisco's firewalls (ASA, FTD, PIX, FWSM): `%ASA-4-106023: Deny tcp src outside:192.0.2.7/50240 dst …`.
//!
//! There are some two thousand messages, with few ways to write an address and a user among them; these are looked for.

mod connection_events;
mod names;
mod words;

use std::borrow::Cow;

use crate::{Context, Level, LogEvent, cursor};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "cisco_asa";

/// The families of messages with this form of tag.
const FAMILIES: [&str; 4] = ["ASA-", "FTD-", "PIX-", "FWSM-"];

/// Reads a message of a Cisco firewall, with its tag or from the message number on; `None` where it is none.
///
/// The attributes are `message_id`, and where the message says so `action`, `direction`, `protocol`, `src_interface`,
/// `src_port`, `dst_interface`, `dst_ip`, `dst_port`, `url` and `reason`. The address is the source's.
/// The level is that of the tag's severity. The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], _cx: &Context) -> Option<LogEvent<'a>> {
    let text = cursor::text(line);
    let (severity, id, rest) = tag(&text).unwrap_or((None, "", &text));
    let mut event = read(id, rest);
    let names = |name: &str| event.attributes.get(name).is_some();
    let known = !id.is_empty() || (event.ip.is_some() && (names("action") || names("dst_ip")));
    if let Some(severity) = severity {
        event.severity = Some(severity);
        event.level = Level::from_severity(severity);
    }
    event.message = Cow::Borrowed(line);
    known.then_some(event)
}

/// Reads a message whose tag syslog took for the program's name.
pub(crate) fn after_tag(app: &str, message: &[u8]) -> Option<LogEvent<'static>> {
    let head = format!("{app}: ");
    let (_, id, _) = tag(&head)?;
    Some(read(id, &cursor::text(message)))
}

/// Whether `word` is a tag of these firewalls.
pub(crate) fn is_tag(word: &str) -> bool {
    word.strip_prefix('%').is_some_and(|rest| FAMILIES.iter().any(|family| rest.starts_with(family)))
}

fn read(id: &str, text: &str) -> LogEvent<'static> {
    let mut event = LogEvent { format: FORMAT, ..LogEvent::default() };
    if !id.is_empty() {
        event.attributes.push("message_id", id);
    }
    if connection_events::is_one(id) {
        connection_events::read(text, &mut event);
    } else {
        words::read(text, &mut event);
    }
    event
}

/// Severity and number of the tag near the front of `text`, and the message behind it.
fn tag(text: &str) -> Option<(Option<u8>, &str, &str)> {
    const NEAR_BYTES: usize = 120;
    let mut from = 0;
    while let Some(colon) = text.get(from..)?.find(':').map(|at| from + at).filter(|colon| *colon < NEAR_BYTES) {
        let head = text.get(..colon)?;
        // Some versions leave the colon behind the tag out.
        if from == 0
            && let Some((tag, rest)) = text.strip_prefix('%').and_then(|text| text.split_once(' '))
            && tag.len() + 1 < colon
            && let Some((head, id)) = tag.rsplit_once('-')
            && is_tag(text)
            && is_number(id)
        {
            return Some((severity_in(head), id, rest.trim_start()));
        }
        let word = head.rsplit([' ', '|', '%', ':']).next()?;
        let (severity, id) = match FAMILIES.iter().find_map(|family| word.strip_prefix(family)) {
            // "%FTD-session-6-302013": the last two parts count.
            Some(rest) => rest.rsplit_once('-').map_or((None, rest), |(head, id)| (severity_in(head), id)),
            None => (None, word),
        };
        if is_number(id) {
            return Some((severity, id, text.get(colon + 1..)?.trim_start()));
        }
        from = colon + 1;
    }
    None
}

fn is_number(id: &str) -> bool {
    id.len() == 6 && id.bytes().all(|b| b.is_ascii_digit())
}

/// The severity that is the last part of a tag without its number.
fn severity_in(head: &str) -> Option<u8> {
    head.rsplit('-').next().and_then(|digit| digit.parse().ok()).filter(|severity| *severity < 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    fn check(line: &str, expected: &str) {
        let event = parse(line.as_bytes(), &CX).unwrap();
        let get = |name| event.attributes.get(name).unwrap_or("-");
        let ip = event.ip.map_or("-".to_owned(), |ip| ip.to_string());
        let found = format!(
            "{ip} {} {}:{} {}:{} {}",
            get("src_port"),
            get("src_interface"),
            get("dst_ip"),
            get("dst_interface"),
            get("dst_port"),
            event.user_name
        );
        assert_eq!(found.trim_end(), expected, "{line}");
    }

    #[test]
    fn endpoints_are_told_by_the_words_before_them() {
        check(
            "%ASA-4-106023: Deny tcp src out:192.0.2.7/5 dst in:192.0.2.1/23 by access-group \"x\"",
            "192.0.2.7 5 out:192.0.2.1 in:23",
        );
        check(
            "%ASA-6-302013: Built outbound TCP connection 1 for out:192.0.2.7/80 (192.0.2.7/80) to in:192.0.2.1/17 (192.0.2.8/17)",
            "192.0.2.7 80 out:192.0.2.1 in:17",
        );
        check(
            "%ASA-6-106100: access-list a permitted tcp in/192.0.2.7(1024) -> out/192.0.2.1(80) hit-cnt 1",
            "192.0.2.7 1024 in:192.0.2.1 out:80",
        );
        check(
            "302020: Built inbound ICMP connection for faddr 192.0.2.1/1 gaddr 192.0.2.9/0 laddr 192.0.2.7/0",
            "192.0.2.7 0 -:192.0.2.1 -:1",
        );
        check(
            "%ASA-3-710003: TCP access denied by ACL from 2001:db8::7/5 to out:2001:db8::1/80",
            "2001:db8::7 5 -:2001:db8::1 out:80",
        );
    }

    #[test]
    fn users_are_told_by_their_marks() {
        check(
            "%ASA-6-605005: Login permitted from 192.0.2.7/5 to in:192.0.2.1/ssh for user \"bob\"",
            "192.0.2.7 5 -:192.0.2.1 in:ssh bob",
        );
        check(
            "%ASA-4-113019: Group = g, Username = bob, IP = 192.0.2.7, Session disconnected.",
            "192.0.2.7 - -:- -:- bob",
        );
        check(
            "%ASA-6-113039: Group <g> User <bob> IP <192.0.2.7> AnyConnect parent session started.",
            "192.0.2.7 - -:- -:- bob",
        );
        check(
            "%ASA-6-113004: AAA user authentication Successful : server =  192.0.2.9 : user = bob",
            "- - -:- -:- bob",
        );
        check(
            "%ASA-6-611101: User authentication succeeded: IP address: 192.0.2.7, Uname: bob",
            "192.0.2.7 - -:- -:- bob",
        );
        check("%ASA-5-111008: User 'bob' executed the 'show' command.", "- - -:- -:- bob");
    }

    #[test]
    fn groups_and_given_addresses_are_no_clients() {
        check(
            "%ASA-5-713049: Group = 198.51.100.9, Username = bob, IP = 192.0.2.7, Security negotiation complete",
            "192.0.2.7 - -:- -:- bob",
        );
        check(
            "%ASA-5-751025: Local:192.0.2.1:4500 Remote:192.0.2.7:500 Username:bob IKEv2 Group:g IPv4 Address=198.51.100.9",
            "192.0.2.7 500 -:192.0.2.1 -:4500 bob",
        );
        check(
            "%ASA-4-722051: Group <g> User <bob> IP <192.0.2.7> IPv4 Address <198.51.100.9> IPv6 address <::> assigned",
            "192.0.2.7 - -:- -:- bob",
        );
        check(
            "%ASA-5-304001: bob@192.0.2.7 Accessed URL 192.0.2.1:http://a.example/",
            "192.0.2.7 - -:192.0.2.1 -:- bob",
        );
        check("%ASA-4-733100: [  192.0.2.7] drop rate-1 exceeded.", "192.0.2.7 - -:- -:-");
        check(
            "%ASA-4-113019: Group = g, Username = 198.51.100.9, IP = 192.0.2.7, Session disconnected.",
            "192.0.2.7 - -:- -:-",
        );
        check("%ASA-6-113006: User bob locked out on exceeding 3 successive failed attempts", "- - -:- -:- bob");
        check(
            "%ASA-2-106016: Deny IP spoof from (192.0.2.7) to 192.0.2.1 on interface a",
            "192.0.2.7 - -:192.0.2.1 a:-",
        );
    }

    #[test]
    fn a_name_may_stand_in_the_place_of_an_address() {
        let line = b"%ASA-4-106023: Deny tcp src out:192.0.2.7/5 dst in:web1.example.com/23 by access-group \"x\"";
        let event = parse(line, &CX).unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!((event.ip, get("dst_ip")), ("192.0.2.7".parse().ok(), None));
        assert_eq!(
            (get("dst_host"), get("dst_interface"), get("dst_port")),
            (Some("web1.example.com"), Some("in"), Some("23"))
        );
    }

    #[test]
    fn the_colon_behind_a_tag_may_be_missing() {
        let event = parse(b"%ASA-6-302016 Teardown UDP connection 4 for a:192.0.2.7/5 to b:192.0.2.1/6", &CX).unwrap();
        assert_eq!((event.severity, event.attributes.get("message_id")), (Some(6), Some("302016")));
        assert_eq!(event.ip, "192.0.2.7".parse().ok());
    }

    #[test]
    fn the_tag_gives_severity_and_number() {
        let event =
            parse(b"%FTD-session-3-106014: Deny inbound icmp src a:192.0.2.7 dst b:192.0.2.1 (type 8, code 0)", &CX)
                .unwrap();
        assert_eq!((event.severity, event.level), (Some(3), Level::Error));
        let get = |name| event.attributes.get(name);
        assert_eq!(
            (get("message_id"), get("action"), get("direction"), get("protocol")),
            (Some("106014"), Some("Deny"), Some("inbound"), Some("icmp"))
        );
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "a: b", "12345: x", "hello from 192.0.2.1", "%LINK-3-UPDOWN: Interface up"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, text in "(%ASA-1-106023: |from |to |user |= |1\\.2\\.3\\.4|/|\\(|\\)|:|é|\"|<| ){0,40}") {
            let _ = (parse(&line, &CX), parse(text.as_bytes(), &CX));
        }
    }
}
