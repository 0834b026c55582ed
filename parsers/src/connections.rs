//! Firewalls that write a connection as `192.0.2.7:4000->192.0.2.1:53` (MikroTik) or `192.0.2.7/4000->192.0.2.1/53` (Junos).

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memmem;

use crate::{Attributes, Context, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "connection";

/// Reads a message with a connection in it; `None` where there is none.
///
/// The attributes are `src_port`, `dst_ip`, `dst_port`, and those that MikroTik's firewall names: `in`, `out`, `proto`,
/// `len`. The address is the connection's first. The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], _cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?;
    let arrow = memmem::find(line, b"->")?;
    let (before, after) = (text.get(..arrow)?, text.get(arrow + 2..)?);
    let source = before.rsplit([' ', ',']).next()?;
    let destination = after.split([' ', ',']).next()?;
    let ((ip, src_port), (dst_ip, dst_port)) = (end(source)?, end(destination)?);
    let mut attributes = Attributes::default();
    for (name, value) in [("src_port", src_port), ("dst_ip", &dst_ip.to_string()), ("dst_port", dst_port)] {
        if !value.is_empty() {
            attributes.push(name, value);
        }
    }
    for (name, mark) in [("in", " in:"), ("out", " out:"), ("proto", " proto "), ("len", ", len ")] {
        let value = text.split_once(mark).and_then(|(_, rest)| rest.split([' ', ',']).next());
        if let Some(value) = value.filter(|value| !value.is_empty() && !value.starts_with('(')) {
            attributes.push(name, value);
        }
    }
    Some(LogEvent { ip: Some(ip), attributes, message: Cow::Borrowed(line), format: FORMAT, ..LogEvent::default() })
}

/// An address with its port, if any.
fn end(text: &str) -> Option<(IpAddr, &str)> {
    // Junos' attacks stand in angle brackets, and the ports of its filters of the web in parentheses.
    let text = text.trim_matches(['<', '>']);
    if let Some((ip, port)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        return Some((ip.parse().ok()?, port));
    }
    if let Some((ip, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some((ip.parse().ok()?, port.strip_prefix(':').unwrap_or_default()));
    }
    if let Ok(ip) = text.parse() {
        return Some((ip, ""));
    }
    let (ip, port) = text.rsplit_once(['/', ':'])?;
    Some((ip.parse().ok()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn both_spellings_are_read() {
        for line in [
            "drop input: in:ether1 out:(unknown 0), proto UDP, 192.0.2.7:4000->192.0.2.1:53, len 65",
            "RT_FLOW_SESSION_CLOSE: session closed: 192.0.2.7/4000->192.0.2.1/53 junos-ssh",
            "IDP_ATTACK_LOG_EVENT: IDP: at 1, SIG Attack log <192.0.2.7/4000->192.0.2.1/53> for TCP protocol",
            "WEBFILTER_URL_BLOCKED: WebFilter: ACTION=\"URL Blocked\" 192.0.2.7(4000)->192.0.2.1(53) CATEGORY=\"x\"",
        ] {
            let event = parse(line.as_bytes(), &CX).unwrap();
            let get = |name| event.attributes.get(name);
            assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
            assert_eq!(
                (get("src_port"), get("dst_ip"), get("dst_port")),
                (Some("4000"), Some("192.0.2.1"), Some("53"))
            );
        }
        let event = parse(b"forward: in:a out:b, proto TCP, [2001:db8::7]:1->[2001:db8::1]:2, len 1", &CX).unwrap();
        assert_eq!((event.ip, event.attributes.get("in")), (Some("2001:db8::7".parse().unwrap()), Some("a")));
    }

    #[test]
    fn other_arrows_are_refused() {
        for line in ["", "a->b", "->", "192.0.2.1:1->", "x->192.0.2.1", "no arrow"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, text in "(->|\\[|\\]|:|/|192\\.0\\.2\\.1| in:|,| |é){0,40}") {
            let _ = (parse(&line, &CX), parse(text.as_bytes(), &CX));
        }
    }
}
