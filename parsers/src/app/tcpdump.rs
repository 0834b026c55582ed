//! What tcpdump prints of a packet:
//!
//! ```text
//! 22:13:20.123456 IP 192.0.2.7.5000 > 198.51.100.2.22: Flags [S], seq 1, win 1024, length 0
//! 2023-11-14 22:13:20.123456 IP6 2001:db8::7.5000 > 2001:db8::1.53: UDP, length 9
//! ```
//!
//! The source's address is `ip`. Attributes: `src_port`, `dst_ip`, `dst_port`, and of TCP `flags`.

use std::net::IpAddr;

use super::Stamped;
use super::scan::{attribute, event, until};
use crate::{Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "tcpdump";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let message = stamped.rest.strip_prefix(b" ")?;
    let packet = message.strip_prefix(b"IP ").or_else(|| message.strip_prefix(b"IP6 "))?;
    let mut event = event(FORMAT, Some(stamped.at), Level::Unknown, message);
    ends(packet, &mut event)?;
    Some(event)
}

/// Reads what is sent to syslog of the packets that the BSDs' packet filter logs:
/// `rule 4/0(match): block in on em0: 192.0.2.7.5000 > 198.51.100.2.22: Flags [S], seq 1`.
pub(crate) fn of_packet_filter(message: &[u8]) -> Option<LogEvent<'_>> {
    let (_, rest) = until(message, b"rule ")?;
    let (decision, rest) = until(rest, b" on ")?;
    let (interface, packet) = until(rest, b": ")?;
    let mut words = decision.rsplit(' ');
    let (direction, action) = (words.next()?, words.next()?);
    let mut event = event(FORMAT, None, Level::Unknown, message);
    attribute(&mut event, "action", action);
    attribute(&mut event, "direction", direction);
    attribute(&mut event, "interface", interface);
    ends(packet, &mut event).filter(|()| matches!(direction, "in" | "out"))?;
    Some(event)
}

/// Reads the two ends of a packet.
fn ends(packet: &[u8], event: &mut LogEvent<'_>) -> Option<()> {
    let (source, rest) = until(packet, b" > ")?;
    let (target, rest) = until(rest, b": ")?;
    let (source, source_port) = end(source)?;
    let (target, target_port) = end(target)?;
    event.ip = Some(source);
    attribute(event, "src_port", source_port);
    attribute(event, "dst_ip", &target.to_string());
    attribute(event, "dst_port", target_port);
    if let Some((flags, _)) = rest.strip_prefix(b"Flags [").and_then(|rest| until(rest, b"]")) {
        attribute(event, "flags", flags);
    }
    Some(())
}

/// An address, and behind a dot the number or the name of a port.
fn end(text: &str) -> Option<(IpAddr, &str)> {
    if let Ok(ip) = text.parse() {
        return Some((ip, ""));
    }
    let (ip, port) = text.rsplit_once('.')?;
    Some((ip.parse().ok()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    fn parse(line: &str) -> Option<LogEvent<'_>> {
        after_stamp(&Stamped::read(line.as_bytes(), &CX)?)
    }

    #[test]
    fn the_ends_of_a_packet_are_read() {
        for (line, expected) in [
            (
                "22:13:20.123456 IP 192.0.2.7.5000 > 198.51.100.2.ssh: Flags [S.], seq 1, length 0",
                "tcpdump UNKNOWN 22:13:20.123456 ip=192.0.2.7 src_port=5000 dst_ip=198.51.100.2 dst_port=ssh flags=S. | \
                 IP 192.0.2.7.5000 > 198.51.100.2.ssh: Flags [S.], seq 1, length 0",
            ),
            (
                "2023-11-14 22:13:20.123456 IP6 2001:db8::7.5000 > 2001:db8::1.53: UDP, length 9",
                "tcpdump UNKNOWN 22:13:20.123456 ip=2001:db8::7 src_port=5000 dst_ip=2001:db8::1 dst_port=53 | \
                 IP6 2001:db8::7.5000 > 2001:db8::1.53: UDP, length 9",
            ),
            (
                "22:13:20.123456 IP 192.0.2.7 > 198.51.100.2: ICMP echo request, id 7, seq 1, length 64",
                "tcpdump UNKNOWN 22:13:20.123456 ip=192.0.2.7 dst_ip=198.51.100.2 | IP 192.0.2.7 > 198.51.100.2: ICMP echo request, id 7, seq 1, length 64",
            ),
        ] {
            check(parse(line), line, expected);
        }
    }

    #[test]
    fn a_packet_filters_decision_is_read() {
        for line in [
            "rule 4/0(match): block in on em0: 192.0.2.7.5000 > 198.51.100.2.22: S 1:1(0) win 65535",
            "Nov 14 22:13:20.123456 rule 4/(match) block in on em0: 192.0.2.7.5000 > 198.51.100.2.22: udp 9",
        ] {
            let event = of_packet_filter(line.as_bytes()).unwrap();
            let get = |name| event.attributes.get(name);
            assert_eq!(
                (event.ip, get("dst_port"), get("action")),
                ("192.0.2.7".parse().ok(), Some("22"), Some("block"))
            );
        }
        assert_eq!(of_packet_filter(b"rule 4 was read on start: 192.0.2.7 > 192.0.2.1: x"), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["22:13:20 IP of host > other: x", "22:13:20 IP 192.0.2.7 was seen", "22:13:20 ARP, Request"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
