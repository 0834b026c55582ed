//! The logs of Palo Alto's firewalls, lists with commas:
//! `1,2023/07/06 08:11:40,0164,THREAT,vulnerability,2561,…,192.0.2.7,192.0.2.1,…`.
//!
//! The first seven fields are the same in all; the type says what the others are. Texts may be in quotes.

use std::borrow::Cow;

use crate::{Attributes, Context, Level, LogEvent, address, device_time, logins};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "pan_os";

/// The fields that all logs have alike, by the names of their documentation; empty ones are reserved.
const COMMON: [&str; 7] = ["", "receive_time", "serial", "type", "subtype", "", "time_generated"];

/// Those that traffic and threat logs have alike behind them.
const SESSION: [&str; 24] = [
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
const TRAFFIC: [&str; 8] = ["bytes", "bytes_sent", "bytes_received", "packets", "start", "elapsed", "category", ""];
const THREAT: [&str; 5] = ["misc", "threatid", "category", "severity", "direction"];
const SYSTEM: [&str; 8] = ["vsys", "eventid", "object", "", "", "module", "severity", "opaque"];
const CONFIG: [&str; 7] = ["host", "vsys", "cmd", "admin", "client", "result", "path"];
const USERID: [&str; 11] = [
    "vsys",
    "ip",
    "user",
    "datasourcename",
    "eventid",
    "repeatcnt",
    "timeout",
    "beginport",
    "endport",
    "datasource",
    "datasourcetype",
];
const GLOBALPROTECT: [&str; 27] = [
    "vsys",
    "eventid",
    "stage",
    "auth_method",
    "tunnel_type",
    "srcuser",
    "srcregion",
    "machinename",
    "public_ip",
    "public_ipv6",
    "private_ip",
    "private_ipv6",
    "hostid",
    "serialnumber",
    "client_ver",
    "client_os",
    "client_os_ver",
    "repeatcnt",
    "reason",
    "error",
    "opaque",
    "status",
    "location",
    "login_duration",
    "connect_method",
    "error_code",
    "portal",
];

/// The fields that logs of sessions other than traffic and threats have; some end earlier.
const INSPECTION: [&str; 24] = SESSION;
const AUTHENTICATION: [&str; 14] = [
    "vsys",
    "ip",
    "user",
    "normalize_user",
    "object",
    "authpolicy",
    "repeatcnt",
    "authid",
    "vendor",
    "logset",
    "serverprofile",
    "desc",
    "clienttype",
    "event",
];
const HIPMATCH: [&str; 8] = ["srcuser", "vsys", "machinename", "os", "src", "matchname", "repeatcnt", "matchtype"];
const IPTAG: [&str; 9] = [
    "vsys",
    "ip",
    "tag_name",
    "event_id",
    "repeatcnt",
    "timeout",
    "datasourcename",
    "datasource_type",
    "datasource_subtype",
];
const CORRELATION: [&str; 5] = ["src", "srcuser", "vsys", "category", "severity"];

/// Reads a log of traffic, threats, decryption, tunnels, logins, the system, its configuration, users or GlobalProtect; `None` where the line is none.
///
/// The attributes are its fields under their documented names (`opaque` is the description). The address is the source's, the client's or
/// the administrator's, the user likewise; in a system log those that the description names. The level is the severity, where there is one.
/// The message is the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?.trim_ascii_end();
    let mut values = Values(Some(text));
    let mut attributes = Attributes::with_capacity(512.min(line.len()), 40);
    take(&COMMON, &mut values, &mut attributes)?;
    let (rows, ips, users): (&[&[&str]], &[&str], &str) = match attributes.get("type")? {
        "TRAFFIC" => (&[&SESSION, &TRAFFIC], &["src"], "srcuser"),
        "THREAT" => (&[&SESSION, &THREAT], &["src"], "srcuser"),
        "SYSTEM" => (&[&SYSTEM], &[], ""),
        "CONFIG" => (&[&CONFIG], &["host"], "admin"),
        "USERID" => (&[&USERID], &["ip"], "user"),
        "GLOBALPROTECT" => (&[&GLOBALPROTECT], &["public_ip", "public_ipv6"], "srcuser"),
        // A tunnel's inspection has its own beginning and end.
        "DECRYPTION" | "SCTP" | "GTP" | "START" | "END" | "DROP" | "DENY" => (&[&INSPECTION], &["src"], "srcuser"),
        "AUTHENTICATION" => (&[&AUTHENTICATION], &["ip"], "user"),
        "HIPMATCH" => (&[&HIPMATCH], &["src"], "srcuser"),
        "IPTAG" => (&[&IPTAG], &["ip"], ""),
        "CORRELATION" => (&[&CORRELATION], &["src"], "srcuser"),
        _ => return None,
    };
    let (first, others) = rows.split_first()?;
    take(first, &mut values, &mut attributes)?;
    // Older versions end earlier.
    for names in others {
        let _ = take(names, &mut values, &mut attributes);
    }
    let stamp = attributes.get("time_generated").or_else(|| attributes.get("receive_time"));
    let mut event = LogEvent {
        timestamp: stamp.and_then(|text| device_time::read(text, cx)),
        level: attributes.get("severity").map_or(Level::Unknown, level),
        ip: ips.iter().find_map(|name| attributes.get(name).and_then(address::parse)).map(|found| found.ip),
        user_name: Cow::Owned(attributes.get(users).unwrap_or_default().to_owned()),
        format: FORMAT,
        ..LogEvent::default()
    };
    if let Some(said) = attributes.get("opaque").filter(|_| users.is_empty()) {
        event.message = Cow::Owned(said.as_bytes().to_vec());
        logins::complete(&mut event);
        // A login by a ticket has no address.
        let user = said.split_once("authenticated for user '").and_then(|(_, behind)| behind.split_once('\''));
        if let Some((user, _)) = user.filter(|_| event.user_name.is_empty()) {
            event.user_name = Cow::Owned(user.to_owned());
        }
    }
    let outcome = std::mem::replace(&mut event.attributes, attributes);
    event.attributes.append(outcome);
    event.message = Cow::Borrowed(line);
    Some(event)
}

/// The level of a severity, as in CEF's words.
fn level(severity: &str) -> Level {
    match severity {
        "informational" | "low" => Level::Info,
        "medium" => Level::Warn,
        "high" => Level::Error,
        "critical" => Level::Fatal,
        _ => Level::Unknown,
    }
}

fn take<'a>(names: &[&str], values: &mut Values<'a>, attributes: &mut Attributes) -> Option<()> {
    for name in names {
        let value = values.next()?;
        if !name.is_empty() && !value.is_empty() {
            attributes.push(name, value);
        }
    }
    Some(())
}

/// The values of a list with commas; those in quotes may hold one, and are given without the quotes.
struct Values<'a>(Option<&'a str>);

impl<'a> Iterator for Values<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let quoted = text.strip_prefix('"').and_then(|inside| {
            let end = inside.match_indices('"').map(|(at, _)| at).find(|at| {
                let rest = inside.get(at + 1..).unwrap_or_default();
                rest.is_empty() || rest.starts_with(',')
            })?;
            Some((inside.get(..end)?, inside.get(end + 1..)?))
        });
        let (value, rest) = match quoted {
            Some((value, rest)) => (value, rest.strip_prefix(',')),
            None => text.split_once(',').map_or((text, None), |(value, rest)| (value, Some(rest))),
        };
        self.0 = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Zone, format};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn the_fields_have_their_documented_names() {
        let line = b"1,2023/11/14 22:13:20,0164,TRAFFIC,end,2561,2023/11/14 22:13:20,192.0.2.7,192.0.2.1,0.0.0.0,0.0.0.0,r1,bob,,ssh,vsys1,a,b,e1,e2,l,x,77,1,4000,22,0,0,0x0,tcp,allow,9";
        let event = parse(line, &CX).unwrap();
        assert_eq!((event.timestamp, &*event.user_name), (Some(1_700_000_000_000_000), "bob"));
        assert_eq!((event.ip, event.attributes.get("dport")), (Some("192.0.2.7".parse().unwrap()), Some("22")));
        assert_eq!(event.attributes.get("bytes"), Some("9"));
        assert_eq!(parse(b"1,2,3", &CX), None);
    }

    #[test]
    fn each_log_says_who_and_from_where() {
        for (rest, level, attribute) in [
            (
                "THREAT,url,1,2023/11/14 22:13:20,192.0.2.7,198.51.100.2,,,r,bob,,web,v,a,b,c,d,l,x,7,1,5,80,0,0,0x0,tcp,alert,\"a.example/x,y\",(9999),any,high,client-to-server",
                Level::Error,
                ("misc", "a.example/x,y"),
            ),
            (
                "SYSTEM,auth,0,2023/11/14 22:13:20,,auth-fail,,0,0,general,medium,\"failed authentication for user 'bob'. Reason: no. From: 192.0.2.7.\",7,0x0",
                Level::Warn,
                ("outcome", "failure"),
            ),
            (
                "CORRELATION,,1,2023/11/14 22:13:20,192.0.2.7,bob,vsys1,compromised-host,medium,0,0",
                Level::Warn,
                ("category", "compromised-host"),
            ),
            (
                "AUTHENTICATION,login,1,2023/11/14 22:13:20,vsys1,192.0.2.7,bob,bob,o,p,1,2,v,l,s,d,c,e,1,2",
                Level::Unknown,
                ("authpolicy", "p"),
            ),
            (
                "HIPMATCH,0,1,2023/11/14 22:13:20,bob,vsys1,laptop1,Windows,192.0.2.7,h,1,object,0,0,7,0x0",
                Level::Unknown,
                ("machinename", "laptop1"),
            ),
            (
                "DECRYPTION,0,1,2023/11/14 22:13:20,192.0.2.7,192.0.2.1,,,r,bob,,ssl,v,a,b,c,d,l,x,7,1,5,443,0,0,0x0,tcp,allow,N/A",
                Level::Unknown,
                ("dport", "443"),
            ),
            (
                "CONFIG,0,0,2023/11/14 22:13:20,192.0.2.7,,set,bob,Web,Succeeded,config x,7,0x0",
                Level::Unknown,
                ("cmd", "set"),
            ),
            (
                "USERID,login,0,2023/11/14 22:13:20,vsys1,192.0.2.7,bob,src,0,1,10000,0,0,agent,,7,0x0",
                Level::Unknown,
                ("datasource", "agent"),
            ),
            (
                "GLOBALPROTECT,0,0,2023/11/14 22:13:20,vsys1,gateway-auth,login,LDAP,,bob,DE,pc1,192.0.2.7,::,10.0.0.5,::,id,,6.0,Windows,\"Windows 11\",1,,,,success,,0,,0,gw,7",
                Level::Unknown,
                ("status", "success"),
            ),
        ] {
            let bare = format!("1,2023/11/14 22:13:20,0164,{rest}");
            let event = format::parse(Format::Auto, bare.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp), (FORMAT, Some(1_700_000_000_000_000)), "{bare}");
            let over_syslog = format!("<14>Nov 14 22:13:20 fw1 {bare}");
            for event in [event, format::parse(Format::Auto, over_syslog.as_bytes(), &CX)] {
                assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"), "{bare}");
                assert!(event.level == level || (level == Level::Unknown && event.level == Level::Info), "{bare}");
                assert_eq!(event.attributes.get(attribute.0), Some(attribute.1), "{bare}");
            }
        }
    }

    #[test]
    fn a_login_without_an_address_names_its_user() {
        let line = "1,2023/11/14 22:13:20,0164,SYSTEM,auth,0,2023/11/14 22:13:20,,auth-success,a,0,0,general,informational,\"Kerberos SSO authenticated for user 'bob'. realm 'EXAMPLE', vsys 'shared'\",7,0x0";
        let event = format::parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.format, &*event.user_name, event.ip), (FORMAT, "bob", None));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, text in "(,|\"|a|é|TRAFFIC|SYSTEM|1){0,60}") {
            drop(parse(&line, &CX));
            drop(parse(format!("1,2,3,SYSTEM,{text}").as_bytes(), &CX));
        }
    }
}
