//! Traffic and threat logs of Palo Alto's firewalls, lists with commas:
//! `1,2023/07/06 08:11:40,0164,THREAT,vulnerability,2561,…,192.0.2.7,192.0.2.1,…`.

use std::borrow::Cow;

use crate::{Attributes, Context, LogEvent, address, device_time};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "pan_os";

/// The fields that traffic and threat logs have alike, by the names of their documentation; empty ones are reserved.
const NAMES: [&str; 31] = [
    "",
    "receive_time",
    "serial",
    "type",
    "subtype",
    "",
    "time_generated",
    "src",
    "dst",
    "natsrc",
    "natdst",
    "rule",
    "srcuser",
    "dstuser",
    "app",
    "vsys",
    "from",
    "to",
    "inbound_if",
    "outbound_if",
    "logset",
    "",
    "sessionid",
    "repeatcnt",
    "sport",
    "dport",
    "natsport",
    "natdport",
    "flags",
    "proto",
    "action",
];

/// Reads a traffic or threat log; `None` where the line is none.
///
/// The attributes are the first 31 fields under their documented names. The address is the source, the user the
/// source's. The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?;
    let mut values = text.split(',');
    let mut attributes = Attributes::with_capacity(512.min(line.len()), NAMES.len());
    for name in NAMES {
        let value = values.next()?;
        if !name.is_empty() && !value.is_empty() {
            attributes.push(name, value);
        }
    }
    if !matches!(attributes.get("type"), Some("TRAFFIC" | "THREAT")) {
        return None;
    }
    let stamp = attributes.get("time_generated").or_else(|| attributes.get("receive_time"));
    Some(LogEvent {
        timestamp: stamp.and_then(|text| device_time::read(text, cx)),
        ip: attributes.get("src").and_then(address::parse).map(|found| found.ip),
        user_name: Cow::Owned(attributes.get("srcuser").unwrap_or_default().to_owned()),
        attributes,
        message: Cow::Borrowed(line),
        format: FORMAT,
        ..LogEvent::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn the_fields_have_their_documented_names() {
        let line = b"1,2023/11/14 22:13:20,0164,TRAFFIC,end,2561,2023/11/14 22:13:20,192.0.2.7,192.0.2.1,0.0.0.0,0.0.0.0,r1,bob,,ssh,vsys1,a,b,e1,e2,l,x,77,1,4000,22,0,0,0x0,tcp,allow,9";
        let event = parse(line, &CX).unwrap();
        assert_eq!((event.timestamp, &*event.user_name), (Some(1_700_000_000_000_000), "bob"));
        assert_eq!((event.ip, event.attributes.get("dport")), (Some("192.0.2.7".parse().unwrap()), Some("22")));
        assert_eq!(parse(b"1,2,3", &CX), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>) {
            drop(parse(&line, &CX));
        }
    }
}
