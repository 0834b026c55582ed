//! The packet filter's log of pfSense and OPNsense (`filterlog`), a list with commas:
//!
//! ```text
//! 53,,,1000000301,em0,match,block,in,4,0x0,,64,420,0,none,6,tcp,460,192.0.2.7,192.0.2.1,53742,22,420,PA,…
//! ```

use std::borrow::Cow;

use crate::{Attributes, Context, LogEvent, address};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "filterlog";

/// The fields that all lines have, by pfSense's names for them (in its grammar of raw filter logs).
const COMMON: [&str; 9] =
    ["rule", "sub_rule", "anchor", "tracker", "interface", "reason", "action", "direction", "ip_version"];
const IPV4: [&str; 11] =
    ["tos", "ecn", "ttl", "id", "offset", "flags", "protocol_id", "protocol", "length", "src", "dst"];
const IPV6: [&str; 8] = ["class", "flow_label", "hop_limit", "protocol", "protocol_id", "length", "src", "dst"];
const PORTS: [&str; 3] = ["src_port", "dst_port", "data_length"];
const TCP: [&str; 6] = ["tcp_flags", "seq", "ack", "window", "urg", "options"];

/// Reads a line of `filterlog`; `None` where it is none.
///
/// The attributes are pfSense's fields; the address is the packet's source. The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], _cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let mut values = text.split(',');
    let mut attributes = Attributes::with_capacity(line.len() * 2, 28);
    take(&COMMON, &mut values, &mut attributes)?;
    match attributes.get("ip_version")? {
        "4" => take(&IPV4, &mut values, &mut attributes)?,
        "6" => take(&IPV6, &mut values, &mut attributes)?,
        _ => return None,
    }
    let protocol = attributes.get("protocol").unwrap_or_default().to_ascii_lowercase();
    if matches!(&*protocol, "tcp" | "udp") {
        take(&PORTS, &mut values, &mut attributes)?;
    }
    if protocol == "tcp" {
        // The kernel leaves out what the end of a cut packet would say.
        let _ = take(&TCP, &mut values, &mut attributes);
    }
    let ip = attributes.get("src").and_then(address::parse)?.ip;
    Some(LogEvent { ip: Some(ip), attributes, message: Cow::Borrowed(line), format: FORMAT, ..LogEvent::default() })
}

fn take<'a>(names: &[&str], values: &mut impl Iterator<Item = &'a str>, attributes: &mut Attributes) -> Option<()> {
    for name in names {
        let value = values.next()?;
        if !value.is_empty() {
            attributes.push(name, value);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn both_versions_of_ip_are_read() {
        let event = parse(
            b"5,,,100,em0,match,block,in,4,0x0,,64,1,0,DF,6,tcp,60,192.0.2.7,192.0.2.1,537,22,0,S,1,,65535,,mss",
            &CX,
        )
        .unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!(
            (event.ip, get("dst"), get("dst_port")),
            (Some("192.0.2.7".parse().unwrap()), Some("192.0.2.1"), Some("22"))
        );
        assert_eq!((get("action"), get("interface"), get("tcp_flags")), (Some("block"), Some("em0"), Some("S")));
        let event =
            parse(b"5,,,100,em0,match,pass,out,6,0x00,0x0,64,UDP,17,60,2001:db8::7,2001:db8::1,5,53,40", &CX).unwrap();
        assert_eq!((event.ip, event.attributes.get("dst_port")), (Some("2001:db8::7".parse().unwrap()), Some("53")));
    }

    #[test]
    fn other_lists_are_refused() {
        for line in
            ["", "a,b,c", "1,,,2,em0,match,block,in,5,x", "1,,,2,em0,match,block,in,4,0,,1,2,3,4,5,tcp,9,x,y,1,2,3"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, text in "(,|4|6|tcp|udp|192\\.0\\.2\\.1){0,60}") {
            let _ = (parse(&line, &CX), parse(text.as_bytes(), &CX));
        }
    }
}
