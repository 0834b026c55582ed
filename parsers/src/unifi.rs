//! The heads of Ubiquiti's UniFi access points and switches, which put the device where syslog has the program:
//!
//! ```text
//! <27>Nov 14 22:13:20 U7PG2,788a2056b182,v4.0.66.10832: logread[5495]: text
//! <14>Nov 14 22:13:20 attic 9041b21628d1,U7-Pro-8.6.11+18870: hostapd[13361]: text
//! <30>Nov 14 22:13:20 attic b4fbe473c6f5,UAP-AC-Lite-6.8.2+15592: stahtd: stahtd[1758]: text
//! <14>Nov 14 22:13:20 rack 74fa294b1192,USW-Pro-Max-24-PoE-7.5.10+17129: : ubnt-fanctrl[943]: text
//! ```
//!
//! Attributes: `device_model`, `device_mac`, `device_version`. Behind the newer form the program, its id and the message are those that
//! follow. Of the older one, which has no host either, receivers have always taken the device as the program, and the rest as the
//! message: it stays so, and what the program in the message says is read.

use std::borrow::Cow;

use crate::LogEvent;
use crate::syslog::tag;

/// Twelve hexadecimal digits.
const MAC_BYTES: usize = 12;

/// Whether `app`, which a header names as the program, may be a device: two looks at most names.
pub(crate) fn may_be_device(app: &str) -> bool {
    app.len() > MAC_BYTES + 3 && app.contains(',')
}

/// Tells the device in `event`'s program, and takes program and message from behind it. What the older form's message holds is given as
/// an event of its own, to be read and [absorbed](LogEvent::complete_from).
pub(crate) fn complete<'a>(event: &mut LogEvent<'a>) -> Option<LogEvent<'a>> {
    let (form, [model, mac, version]) = device(&event.app)?;
    for (name, value) in [("device_model", model), ("device_mac", mac), ("device_version", version)] {
        event.attributes.push(name, value);
    }
    let Cow::Borrowed(message) = event.message else { return None };
    let (app, proc_id, text) = program(message)?;
    let inner =
        LogEvent { app: app.into(), proc_id: proc_id.into(), message: Cow::Borrowed(text), ..LogEvent::default() };
    match form {
        Form::ModelFirst => Some(inner),
        Form::MacFirst => {
            event.app = inner.app;
            event.proc_id = inner.proc_id;
            event.message = inner.message;
            None
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `U7PG2,788a2056b182,v4.0.66.10832`.
    ModelFirst,
    /// `9041b21628d1,U7-Pro-8.6.11+18870`.
    MacFirst,
}

/// Model, address and version of the device that `app` is.
fn device(app: &str) -> Option<(Form, [&str; 3])> {
    let (first, rest) = app.split_once(',')?;
    if is_mac(first) {
        let (model, version) = rest.rsplit_once('-')?;
        return is_version(version).then_some((Form::MacFirst, [model, first, version]));
    }
    let (mac, version) = rest.split_once(',')?;
    let version = version.strip_prefix('v')?;
    (is_mac(mac) && is_version(version)).then_some((Form::ModelFirst, [first, mac, version]))
}

fn is_mac(word: &str) -> bool {
    word.len() == MAC_BYTES && word.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_version(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.')
}

/// The program that `message` begins with, its id, and what follows. A name that is said twice is passed over once, and so is a slot
/// before it that switches leave empty.
fn program(message: &[u8]) -> Option<(&str, &str, &[u8])> {
    let message = message.strip_prefix(b": ").unwrap_or(message);
    let outer = named(message)?;
    match named(outer.2) {
        Some(inner) if inner.0 == outer.0 => Some(inner),
        _ => Some(outer),
    }
}

fn named(text: &[u8]) -> Option<(&str, &str, &[u8])> {
    let tag = tag::read(text);
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    let is_named = tag.colon && !tag.app.is_empty() && tag.app.iter().all(is_name);
    let (app, proc_id) = (std::str::from_utf8(tag.app).ok()?, std::str::from_utf8(tag.proc_id).ok()?);
    is_named.then_some((app, proc_id, tag.message))
}

#[cfg(test)]
mod tests {
    use crate::{Context, Format, LogEvent, Zone, format};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn device(event: &LogEvent<'_>) -> String {
        let of = |name| event.attributes.get(name).unwrap_or_default();
        format!("{} {} {}", of("device_model"), of("device_mac"), of("device_version"))
    }

    #[test]
    fn the_program_behind_a_newer_head_is_the_records() {
        for (rest, app, pid, message, expected) in [
            (
                "9041b21628d1,U7-Pro-Outdoor-8.6.11+18870: hostapd[13361]: wifi1ap4: AP-STA-CONNECTED 22:94:04:5f:25:58",
                "hostapd",
                "13361",
                "wifi1ap4: AP-STA-CONNECTED 22:94:04:5f:25:58",
                "U7-Pro-Outdoor 9041b21628d1 8.6.11+18870",
            ),
            (
                "b4fbe473c6f5,UAP-AC-Lite-6.8.2+15592: stahtd: stahtd[1758]: [STA-TRACKER].x(): {\"a\":1}",
                "stahtd",
                "1758",
                "[STA-TRACKER].x(): {\"a\":1}",
                "UAP-AC-Lite b4fbe473c6f5 6.8.2+15592",
            ),
            (
                "58d61f76e868,USW-Pro-Aggregation-7.4.1+16850: switch: TRAPMGR: Link Down: 0/5",
                "switch",
                "",
                "TRAPMGR: Link Down: 0/5",
                "USW-Pro-Aggregation 58d61f76e868 7.4.1+16850",
            ),
            (
                "74fa294b1192,USW-Pro-Max-24-PoE-7.5.10+17129: : ubnt-fanctrl[943]: Fan speed 25%",
                "ubnt-fanctrl",
                "943",
                "Fan speed 25%",
                "USW-Pro-Max-24-PoE 74fa294b1192 7.5.10+17129",
            ),
            (
                "1c6a1b3f7059,U7-Pro-8.3.2+18064: no program is here",
                "1c6a1b3f7059,U7-Pro-8.3.2+18064",
                "",
                "no program is here",
                "U7-Pro 1c6a1b3f7059 8.3.2+18064",
            ),
        ] {
            let line = format!("<14>Nov 14 22:13:20 attic {rest}");
            let event = format::parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("attic", app, pid), "{line}");
            assert_eq!((&*event.message, device(&event)), (message.as_bytes(), expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn logins_on_devices_are_read_behind_either_head() {
        let login = "dropbear[812]: Bad password attempt for 'ubnt' from 192.0.2.7:4000";
        for head in ["U7PG2,f09fc2aabbcc,v4.3.20.11298", "attic f09fc2aabbcc,U7PG2-4.3.20+11298"] {
            let line = format!("<30>Nov 14 22:13:20 {head}: {login}");
            let event = format::parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((&*event.user_name, event.ip), ("ubnt", "192.0.2.7".parse().ok()), "{line}");
            assert_eq!(event.attributes.get("outcome"), Some("failure"), "{line}");
            assert_eq!(device(&event).split(' ').nth(1), Some("f09fc2aabbcc"));
            assert!(line.as_bytes().ends_with(&event.message));
        }
    }

    #[test]
    fn the_older_head_stays_the_program() {
        let line = b"<30>Nov 14 22:13:20 U7PG2,f09fc2aabbcc,v4.3.20.11298: hostapd: ath0: STA 01:02:03:04:05:06 text";
        let event = format::parse(Format::Auto, line, &CX);
        assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("", "U7PG2,f09fc2aabbcc,v4.3.20.11298", ""));
        assert_eq!(&*event.message, b"hostapd: ath0: STA 01:02:03:04:05:06 text");
        assert_eq!(device(&event), "U7PG2 f09fc2aabbcc 4.3.20.11298");
    }

    #[test]
    fn a_console_that_says_its_name_twice_has_one_program() {
        let line = b"<30>Nov 14 22:13:20 UDM-Pro UDM-Pro sshd[7]: Failed password for bob from 192.0.2.7 port 4 ssh2";
        let event = format::parse(Format::Auto, line, &CX);
        assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("UDM-Pro", "sshd", "7"));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        let firewall = b"<13>Nov 14 22:13:20 UDM UDM [WAN_LAN-A-10001] DESCR=\"x\" IN=eth9 OUT=br0 SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP";
        let event = format::parse(Format::Auto, firewall, &CX);
        assert_eq!((event.ip, event.attributes.get("DST")), ("192.0.2.7".parse().ok(), Some("192.0.2.1")));
    }

    #[test]
    fn other_programs_with_commas_are_left_alone() {
        for app in ["a,b,c-d.e-f.g-h.i", "0123456789ab,cdefghij", "x,0123456789ab,4.3.20", "0123456789xx,U7-Pro-8.3.2"]
        {
            assert_eq!(super::device(app), None, "{app}");
        }
    }
}
