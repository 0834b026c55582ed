//! What Linux' packet filters log (iptables, nftables, UFW, Shorewall, Proxmox):
//!
//! ```text
//! [50028.5] [UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.7 DST=192.0.2.1 LEN=40 … DF PROTO=TCP SPT=8080 DPT=22 SYN
//! ```

use std::borrow::Cow;

use crate::find::{find, find_all_by, find_by};
use crate::{Attributes, Context, LogEvent, address, cursor, plain};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "iptables";

/// What a rule puts before the packet is at most 29 bytes; Proxmox puts a time there as well.
const PREFIX_BYTES_MAX: usize = 200;

/// Reads a packet filter's line; `None` where it is none.
///
/// The attributes are the packet's fields under the kernel's names (`IN`, `SRC`, `PROTO`, `DPT` …), `flags` (`DF SYN`),
/// `prefix` (what the rule says), and `action` where the last word of that is one. The address is `SRC`.
/// The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let start = fields_start(line)?;
    let (prefix, fields) = line.split_at_checked(start)?;
    let (timestamp, prefix) = behind_time(prefix, cx);
    let fields = cursor::text(fields);
    let mut attributes = Attributes::with_capacity(line.len(), 24);
    let prefix = cursor::text(prefix);
    let prefix = without_uptime(prefix.trim());
    if !prefix.is_empty() {
        attributes.push("prefix", prefix);
        if let Some(action) = action(prefix) {
            attributes.push("action", action);
        }
    }
    let (mut flags, mut source, mut addresses) = (String::new(), None, 0);
    for word in fields.split_ascii_whitespace() {
        match word.split_once('=') {
            Some((name, value)) if is_name(name) => {
                if name == "SRC" || name == "DST" {
                    addresses += 1;
                }
                // A second SRC is that of the packet that an ICMP error quotes.
                if name == "SRC" && source.is_none() {
                    source = address::parse(value);
                }
                if !value.is_empty() {
                    attributes.push(name, value);
                }
            }
            None if word.bytes().all(|b| b.is_ascii_uppercase()) => {
                if !flags.is_empty() {
                    flags.push(' ');
                }
                flags.push_str(word);
            }
            _ => {}
        }
    }
    if !flags.is_empty() {
        attributes.push("flags", &flags);
    }
    let ip = source.map(|found| found.ip);
    (addresses > 0 || attributes.get("PROTO").is_some()).then(|| LogEvent {
        timestamp,
        ip,
        attributes,
        message: Cow::Borrowed(line),
        format: FORMAT,
        ..LogEvent::default()
    })
}

/// Where `IN=` stands, near the front and with an `OUT=`, `MAC=` or `SRC=` behind it.
fn fields_start(line: &[u8]) -> Option<usize> {
    let near = line.get(..PREFIX_BYTES_MAX).unwrap_or(line);
    let start = find_all_by(2, near, b"IN=")
        .find(|at| at.checked_sub(1).and_then(|before| near.get(before)).is_none_or(|b| !b.is_ascii_alphanumeric()))?;
    let rest = line.get(start..)?;
    let after = rest.get(..64).unwrap_or(rest);
    [&b" OUT="[..], b" SRC=", b" MAC="].iter().any(|name| find_by(4, after, name).is_some()).then_some(start)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The time in the bracket that `prefix` begins with, as `dmesg -T` writes it (`[Tue Nov 14 22:13:20 2023]`), and what follows it.
fn behind_time<'a>(prefix: &'a [u8], cx: &Context) -> (Option<i64>, &'a [u8]) {
    let [b'[', b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] = prefix else { return (None, prefix) };
    match plain::leading_stamp(prefix, cx) {
        (Some(at), rest) => (Some(at), rest.strip_prefix(b"]").unwrap_or(rest)),
        (None, _) => (None, prefix),
    }
}

/// `text` without the kernel's `[50028.5]` before it.
fn without_uptime(text: &str) -> &str {
    let inside = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match inside {
        Some((stamp, rest)) if stamp.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b' ')) => {
            rest.trim_start()
        }
        _ => text,
    }
}

/// The last word of a prefix, where it says what became of the packet.
fn action(prefix: &str) -> Option<&str> {
    let prefix = prefix.trim_end_matches([':', ']', ' ', '>']);
    let word = prefix.rsplit([' ', '[', '<', ':']).next()?;
    const WORDS: [&str; 8] = ["accept", "allow", "audit", "block", "den", "drop", "limit", "reject"];
    let lower = word.to_ascii_lowercase();
    WORDS.iter().any(|known| find(lower.as_bytes(), known.as_bytes()).is_some()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn the_last_part_of_a_prefix_may_be_what_became_of_the_packet() {
        for (prefix, expected) in [
            ("net2fw:DROP:", Some("DROP")),
            ("Shorewall:FORWARD:REJECT:", Some("REJECT")),
            ("nft-drop: ", Some("nft-drop")),
            ("web: ", None),
        ] {
            assert_eq!(action(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn the_time_that_dmesg_writes_is_the_packets() {
        let line =
            b"[Tue Nov 14 22:13:20 2023] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP SPT=1 DPT=22";
        for event in [parse(line, &CX).unwrap(), crate::format::parse(crate::Format::Auto, line, &CX)] {
            assert_eq!((event.format, event.timestamp), (FORMAT, Some(1_700_000_000_000_000)));
            assert_eq!(event.attributes.get("prefix"), Some("[UFW BLOCK]"));
        }
    }

    #[test]
    fn a_packets_fields_are_attributes() {
        let line = b"[50028.5] [UFW BLOCK] IN=eth0 OUT= MAC=00:01 SRC=192.0.2.7 DST=192.0.2.1 LEN=40 DF PROTO=TCP SPT=8080 DPT=22 SYN";
        let event = parse(line, &CX).unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
        assert_eq!((get("prefix"), get("action"), get("IN")), (Some("[UFW BLOCK]"), Some("BLOCK"), Some("eth0")));
        assert_eq!((get("OUT"), get("DPT"), get("flags")), (None, Some("22"), Some("DF SYN")));
        assert_eq!(&*event.message, &line[..]);
    }

    #[test]
    fn the_sender_of_a_quoted_packet_is_not_the_address() {
        let event =
            parse(b"IN=a OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=ICMP [SRC=192.0.2.9 DST=192.0.2.8 ]", &CX).unwrap();
        assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "IN=", "IN=a OUT=b", "MAIN=a OUT=b SRC=192.0.2.1", "usb 1-1: new device", "IN= is no packet"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, text in "(IN=|OUT=|SRC=|\\[|\\]| |1|é|DROP|:){0,60}") {
            let _ = (parse(&line, &CX), parse(text.as_bytes(), &CX));
        }
    }
}
