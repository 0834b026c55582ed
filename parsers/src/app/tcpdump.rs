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
    let (source, rest) = until(packet, b" > ")?;
    let (target, rest) = until(rest, b": ")?;
    let (source, source_port) = end(source)?;
    let (target, target_port) = end(target)?;
    let mut event = event(FORMAT, Some(stamped.at), Level::Unknown, message);
    event.ip = Some(source);
    attribute(&mut event, "src_port", source_port);
    attribute(&mut event, "dst_ip", &target.to_string());
    attribute(&mut event, "dst_port", target_port);
    if let Some((flags, _)) = rest.strip_prefix(b"Flags [").and_then(|rest| until(rest, b"]")) {
        attribute(&mut event, "flags", flags);
    }
    Some(event)
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
    fn other_lines_are_refused() {
        for line in ["22:13:20 IP of host > other: x", "22:13:20 IP 192.0.2.7 was seen", "22:13:20 ARP, Request"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
