//! The formats that stand within other records: what a syslog message holds, and what a line without any header is.
//!
//! One look at the program's name and one at the message's first byte say which parsers are asked, so that a message that
//! has nothing of this costs nearly nothing.

use std::borrow::Cow;

use memchr::memmem;

use crate::devices::{self, Device};
use crate::find::find_by;
use crate::plain::Sought;
use crate::syslog::cisco;
use crate::{
    Context, Level, LogEvent, address, app, auditd, cef, cisco_asa, connections, contained, divided, filterlog,
    iptables, json, leef, logfmt, logins, pan_os, plain, programs, signs, timestamp, unifi, winevent, wrapped,
};

/// What the name of a program says of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// None is stated.
    Unnamed,
    /// Any whose messages, if they are known, are texts ([`programs`]).
    Other,
    Haproxy,
    /// The kernel: its packet filter and its audit records.
    Kernel,
    Audit,
    Filterlog,
    CiscoAsa,
    /// Junos and MikroTik.
    Connections,
    /// The first words of a record that syslog's header took for a name: `CEF:0|…`, `LEEF:1.0|…`, PAN-OS' `1,2023/…`.
    Cef,
    Leef,
    PanOs,
    /// ESXi's kernel, whose warnings have a tag of their own.
    Vmkernel,
    /// A device's pairs, the first of which is in the place of the name: Fortinet's, Check Point's, SonicWall's.
    Pairs,
    /// A sequence number of Cisco's, or a node of IOS-XR.
    Cisco,
    Device(Device),
    CheckPoint,
    Snare,
}

impl Program {
    fn of(app: &str) -> Self {
        let Some(first) = app.as_bytes().first() else { return Self::Unnamed };
        // Most names are told apart by their first byte.
        match first {
            b'%' => Self::CiscoAsa,
            b'1' if app.starts_with("1,2") => Self::PanOs,
            b'0'..=b'9' if app.bytes().all(|b| b.is_ascii_digit()) => Self::Cisco,
            b'C' if app == "CEF" => Self::Cef,
            b'C' if app == "CheckPoint" => Self::CheckPoint,
            b'L' if app == "LEEF" => Self::Leef,
            b'M' if app == winevent::SNARE_MARKER => Self::Snare,
            b'R' if app.starts_with("RT_") && app != "RT_IDS" => Self::Connections,
            b'R' | b'L' if app.starts_with("RP/") || app.starts_with("LC/") => Self::Cisco,
            b'a' if matches!(app, "audit" | "auditd" | "audispd" | "audisp-syslog") => Self::Audit,
            b'd' if app.starts_with("date=") => Self::Pairs,
            b'f' if app == "filterlog" => Self::Filterlog,
            b'f' if app.starts_with("firewall,") => Self::Connections,
            b'h' if app.starts_with("haproxy") => Self::Haproxy,
            b'k' if app == "kernel" => Self::Kernel,
            b't' if app.starts_with("time=") => Self::Pairs,
            b'v' | b'V' if matches!(app.get(1..), Some("mkernel" | "mkwarning" | "mkalert")) => Self::Vmkernel,
            _ if is_pair(app) => Self::Pairs,
            _ => Device::of(app).map_or(Self::Other, Self::Device),
        }
    }
}

/// Whether `app` is the first of a device's pairs: `id=firewall`, `h=192.0.2.7`.
fn is_pair(app: &str) -> bool {
    let sign = memchr::memchr(b'=', app.as_bytes());
    sign.and_then(|at| app.get(..at)).is_some_and(|name| !name.is_empty() && name.bytes().all(logfmt::is_plain_key))
}

/// Completes `event`, read from the syslog record `line`, by what its message holds.
///
/// The message stays as it is. What the header states of host, program, process and time is kept; the level is that
/// of the content where it states one; attributes are added.
pub(crate) fn complete<'a>(event: &mut LogEvent<'a>, line: &'a [u8], cx: &Context) {
    if unifi::may_be_device(&event.app)
        && let Some(mut inner) = unifi::complete(event)
    {
        complete(&mut inner, line, cx);
        let said = LogEvent { app: Cow::Borrowed(""), proc_id: Cow::Borrowed(""), ..inner };
        return absorb(event, said);
    }
    // In a syslog record the message always stands in the line.
    let Cow::Borrowed(message) = event.message else { return };
    let program = Program::of(&event.app);
    if let Some(inner) = tagged(program, &event.app, line, cx) {
        absorb(event, inner);
    } else {
        match message.trim_ascii_start().first() {
            Some(b'{' | b'@') => json::complete_from_message(event, cx),
            Some(_) => by_name_or_first_byte(program, message, event, cx),
            None => {}
        }
    }
    structured(event);
    if program == Program::Haproxy || wrapped::may_hold(message) {
        wrapped::complete(event, cx);
    }
    if program == Program::Snare || matches!(message.first(), Some(b'<' | b'M')) {
        winevent::complete_from_message(event, cx);
    }
}

/// Fills the address and the user from the structured data of Junos and Synology, which name them there.
fn structured(event: &mut LogEvent<'_>) {
    // Most structured data is none of theirs, and its first name says so.
    let is_known = |name: &str| name.starts_with("junos@") || name.starts_with("synolog@");
    if !event.attributes.iter().next().is_some_and(|(name, _)| is_known(name)) {
        return;
    }
    let of = |names: [&str; 4]| {
        let mut named = event.attributes.iter().filter_map(|(name, value)| Some((name.rsplit('.').next()?, value)));
        named.find(|(name, value)| names.contains(name) && !matches!(*value, "" | "N/A")).map(|(_, value)| value)
    };
    let ip = of(["source-address", "client-ip", "remote-address", "ip"]).and_then(address::parse).map(|found| found.ip);
    let user = of(["username", "user", "user-name", "login-name"]).map(str::to_owned);
    event.ip = event.ip.or(ip);
    if let Some(user) = user.filter(|_| event.user_name.is_empty()) {
        event.user_name = Cow::Owned(user);
    }
}

fn by_name_or_first_byte<'a>(program: Program, message: &'a [u8], event: &mut LogEvent<'a>, cx: &Context) {
    if let Some(inner) = by_program(program, &event.app, message, cx).or_else(|| by_first_byte(message, cx)) {
        // A firewall's message has been read word by word; an address that is the destination's would be taken for the client's.
        let is_read = inner.format == cisco_asa::FORMAT
            && (matches!(event.facility, Some(16..=23))
                || inner.ip.is_none() && inner.attributes.get("dst_ip").is_some());
        absorb(event, inner);
        if is_read {
            return;
        }
    }
    if !event.user_name.is_empty() {
        return;
    }
    match event.facility {
        // 4 and 10 are syslog's facilities for logins; a file's lines do not state theirs.
        None | Some(4 | 10) => logins::complete(event),
        // Devices, which know no newer syslog, send by those for audits and alerts, and by the local ones.
        Some(13 | 14 | 16..=23) if event.format == "rfc3164" => logins::complete_from_device(event),
        Some(_) => {}
    }
}

/// Completes `event`, read from a shipper's or a logger's envelope, by what its message is: that of a program which is known by its
/// name, or a line of a file.
///
/// As [`complete`], the message stays as it is, and what the envelope states is kept.
pub(crate) fn complete_enveloped(event: &mut LogEvent<'_>, cx: &Context) {
    if matches!(event.message.first(), None | Some(b'{')) {
        return;
    }
    if !event.app.is_empty() {
        let message = std::mem::take(&mut event.message);
        let inner = by_program(Program::of(&event.app), &event.app, &message, cx);
        let is_known = inner.is_some();
        if let Some(inner) = inner {
            absorb(event, inner);
        }
        event.message = message;
        if is_known {
            return;
        }
    }
    contained::complete_from_line(event, cx);
}

/// Reads a line that says of itself that it is in CEF or LEEF or an audit record, whatever else is quoted in it.
pub(crate) fn parse_labelled<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match line.first()? {
        b'C' if line.starts_with(b"CEF:") => cef::parse(line, cx),
        b'L' if line.starts_with(b"LEEF:") => leef::parse(line, cx),
        b't' => parse_audit(line, cx),
        _ => None,
    }
}

/// Reads a line that is said to be of pairs, and what its words say of a login.
pub(crate) fn parse_stated_pairs<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let mut event = logfmt::parse(line, cx)?;
    logins::complete_from_line(&mut event, cx);
    Some(event)
}

/// Reads a line of pairs, which no other format's line begins like but for an audit record and a packet filter's.
pub(crate) fn parse_pairs<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if matches!(line.first(), Some(b'I' | b'%')) || auditd::looks_like(line) {
        return None;
    }
    let mut event = logfmt::detect(line, cx)?;
    logins::complete_from_line(&mut event, cx);
    Some(event)
}

/// Reads an audit record that begins with its type.
pub(crate) fn parse_audit<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    line.starts_with(b"type=").then(|| auditd::parse(line, cx))?
}

/// Reads a line that no other parser claims, by its first byte; what is in no format is plain text.
pub(crate) fn parse<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let known = match line.first() {
        None => None,
        Some(b'1') if line.starts_with(b"1,20") => pan_os::parse(line, cx),
        Some(b'0'..=b'9' | b'[') => iptables::parse(line, cx).or_else(|| cef::parse(line, cx)),
        // A day of one digit without the blank that fills it ("Nov 4 22:13:20").
        Some(b'A'..=b'Z') if crate::syslog::stamp::has_short_day(line) => {
            return crate::format::parse(crate::Format::Syslog, line, cx);
        }
        Some(_) => by_first_byte(line, cx),
    };
    let Some(mut event) = known else { return parse_plain(line, cx) };
    if event.format == logfmt::FORMAT {
        logins::complete_from_line(&mut event, cx);
    }
    event
}

/// As [`parse`], for a line that begins with a time in ISO 8601, behind which `rest` stands.
pub(crate) fn parse_dated<'a>(line: &'a [u8], at: i64, rest: &'a [u8], cx: &Context) -> LogEvent<'a> {
    iptables::parse(line, cx).unwrap_or_else(|| parse_plain_dated(line, at, rest, Sought::From(0), cx))
}

/// Reads a line as plain text, and what its words say of a login.
pub(crate) fn parse_plain<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let mut event = plain::parse(line, cx);
    logins::complete_from_line(&mut event, cx);
    event
}

/// As [`parse_plain`], for a line that is known to begin with no time.
pub(crate) fn parse_plain_untimed<'a>(line: &'a [u8], level: Sought, cx: &Context) -> LogEvent<'a> {
    let mut event = plain::parse_untimed(line, level);
    logins::complete_from_line(&mut event, cx);
    event
}

/// As [`parse_plain`], for a line that is said to be plain text, whatever else it looks like.
pub(crate) fn parse_stated_plain<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let is_dated = line.first().is_some_and(u8::is_ascii_digit);
    match is_dated.then(|| timestamp::iso_prefix(line, cx.zone)).flatten() {
        Some((at, rest)) => parse_plain_dated(line, at, rest, Sought::From(0), cx),
        None if signs::of(line, []).is_some_and(|signs| signs.is_without_address) => plain::parse(line, cx),
        None => parse_plain(line, cx),
    }
}

/// As [`parse_plain`], for a line that begins with a time in ISO 8601, behind which `rest` stands.
pub(crate) fn parse_plain_dated<'a>(
    line: &'a [u8],
    at: i64,
    rest: &'a [u8],
    level: Sought,
    cx: &Context,
) -> LogEvent<'a> {
    let mut event = plain::parse_dated(line, at, rest, level);
    logins::complete_from_dated_line(&mut event, cx);
    event
}

/// The parser that the name of the program calls for.
fn by_program<'m>(program: Program, app: &str, message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    match program {
        Program::Unnamed | Program::Cisco => behind_time(message, cx),
        Program::Device(device) => devices::read(device, message, cx),
        Program::Kernel => iptables::parse(message, cx).or_else(|| kernel_audit(message, cx)),
        Program::Filterlog => filterlog::parse(message, cx),
        Program::Audit => kernel_audit(message, cx),
        Program::Connections => connections::parse(message, cx),
        Program::Vmkernel => app::vmware::kernel(message).or_else(|| programs::read(app, message, cx)),
        Program::CheckPoint => divided::bracketed(message, cx),
        // Routers and switches have such tags, too.
        Program::CiscoAsa => cisco_asa::after_tag(app, message).or_else(|| programs::read("cisco-ios", message, cx)),
        Program::Other
        | Program::Haproxy
        | Program::Snare
        | Program::Cef
        | Program::Leef
        | Program::PanOs
        | Program::Pairs => programs::read(app, message, cx),
    }
}

/// The message of a Cisco system that has its time with it, as EMBLEM's format has, and IOS behind a relay:
/// `Nov 14 22:13:20 UTC: %ASA-config-5-111010: …`.
fn behind_time<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let near = message.get(..96).unwrap_or(message);
    let tagged = memchr::memchr(b'%', near).filter(|at| *at > 0).and_then(|at| message.get(at..))?;
    let end = tagged.iter().take(64).position(|b| matches!(b, b':' | b' '))?;
    let tag = tagged.get(..end)?;
    if cisco_asa::is_tag(std::str::from_utf8(tag).ok()?) {
        return cisco_asa::parse(tagged, cx);
    }
    let severity = cisco::severity(tag)?;
    let said = tagged.get(end..)?.trim_ascii_start();
    let said = said.strip_prefix(b":").unwrap_or(said).trim_ascii_start();
    let event = programs::read("cisco-ios", said, cx).unwrap_or_default();
    Some(LogEvent { severity: Some(severity), level: Level::from_severity(severity), ..event })
}

/// An audit record behind the kernel's uptime.
fn kernel_audit<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let start = message.strip_prefix(b"[").and_then(|rest| memchr::memchr(b']', rest.get(..24).unwrap_or(rest)));
    let record = start.and_then(|at| message.get(at + 2..)).unwrap_or(message).trim_ascii_start();
    auditd::looks_like(record).then(|| auditd::parse(record, cx))?
}

/// The parser that the first bytes of a message call for.
fn by_first_byte<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    match message.first()? {
        b'C' | b'L' => parse_labelled(message, cx).or_else(|| logfmt::detect(message, cx)),
        b'%' => parse_tagged(message, cx),
        b't' | b'n' | b'a' if auditd::looks_like(message) => auditd::parse(message, cx),
        b'I' if message.starts_with(b"IN=") => iptables::parse(message, cx),
        b'f' if message.starts_with(b"firewall,") => connections::parse(message, cx),
        // UniFi's consoles name a rule, and no kernel, before a packet.
        b'[' if find_by(3, message, b" IN=").is_some() => {
            iptables::parse(message, cx).or_else(|| logfmt::detect(message, cx))
        }
        b'1' if message.starts_with(b"1,") => pan_os::parse(message, cx),
        // WireGuard speaks through the kernel, which may put its uptime before.
        b'[' if find_by(9, message.get(..40).unwrap_or(message), b"wireguard: ").is_some() => {
            programs::read("kernel", message, cx)
        }
        b'w' if message.starts_with(b"wireguard: ") => programs::read("kernel", message, cx),
        b'm' | b'(' | b'f' if devices::may_have_form(message) => devices::by_form(message, cx),
        b'd' | b'F' | b'N' | b'P' | b':' => devices::by_form(message, cx).or_else(|| logfmt::detect(message, cx)),
        _ => logfmt::detect(message, cx),
    }
}

/// Reads the message of a Cisco firewall, which begins with its tag.
pub(crate) fn parse_tagged<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let end = memchr::memchr2(b':', b' ', message.get(..40).unwrap_or(message))?;
    let tag = std::str::from_utf8(message.get(..end)?).ok()?;
    cisco_asa::is_tag(tag).then(|| cisco_asa::parse(message, cx))?
}

/// The event whose beginning syslog's header took for the program's name.
fn tagged<'a>(program: Program, app: &str, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let from = |mark: &[u8]| line.get(memmem::find(line, mark)?..).map(<[u8]>::trim_ascii_end);
    match program {
        Program::Cef => cef::parse(from(b"CEF:")?, cx),
        Program::Leef => leef::parse(from(b"LEEF:")?, cx),
        Program::PanOs => pan_os::parse(from(app.as_bytes())?, cx),
        // The host that the pairs name is the firewall that saw it; who sent the record is for the header to say.
        Program::Pairs => {
            logfmt::parse(from(app.as_bytes())?, cx).map(|event| LogEvent { host: Cow::Borrowed(""), ..event })
        }
        _ => None,
    }
}

fn absorb(event: &mut LogEvent<'_>, inner: LogEvent<'_>) {
    event.severity = event.severity.or(inner.severity);
    event.complete_from(inner);
}

#[cfg(test)]
mod tests {
    use crate::format::{Format, parse};
    use crate::{Context, Level, LogEvent, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn read(line: &str) -> LogEvent<'_> {
        parse(Format::Auto, line.as_bytes(), &CX)
    }

    #[test]
    fn what_a_syslog_message_holds_completes_the_record() {
        for (message, ip, user) in [
            ("sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", "192.0.2.7", "bob"),
            (
                "kernel: [5.1] wireguard: wg0: Packet has unallowed src IP (192.0.2.9) from peer 1 (192.0.2.7:5)",
                "192.0.2.7",
                "",
            ),
            ("any: who=bob n=1 ip=192.0.2.7", "192.0.2.7", ""),
            ("kernel: [5.1] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP", "192.0.2.7", ""),
            (
                "%ASA-6-605005: Login permitted from 192.0.2.7/5 to in:192.0.2.1/ssh for user \"bob\"",
                "192.0.2.7",
                "bob",
            ),
            (
                "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: bob] [Source: 192.0.2.7] [localport: 22]",
                "192.0.2.7",
                "bob",
            ),
            ("%SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)", "192.0.2.7", "bob"),
            ("%VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by bob on 192.0.2.7@pts/0", "192.0.2.7", "bob"),
            (
                "7: Nov 14 22:13:20 UTC: %SYS-5-CONFIG_I: Configured from console by bob on vty0 (192.0.2.7)",
                "192.0.2.7",
                "bob",
            ),
            (
                "RP/0/RP0/CPU0:Nov 14 22:13:20 UTC: acl[7]: %ACL-A-6-LOGP : access-list a deny tcp 192.0.2.7(5) -> 192.0.2.1(6), 1 packet",
                "192.0.2.7",
                "",
            ),
            (
                "%IOSXE-6-PLATFORM: R0/0: cpp: %FW-6-DROP_PKT: Dropping tcp pkt from Gi1/0/2 192.0.2.7:5 => 192.0.2.1:80(a) due to x",
                "192.0.2.7",
                "",
            ),
            (
                "%FMANFP-6-LOGP: R0/0: fp: list a denied udp 2001:db8::(5) -> 2001:db8:1::(6), 1 packet",
                "2001:db8::",
                "",
            ),
            (
                "id=firewall sn=1 pri=6 msg=\"a b\" usr=\"bob\" src=192.0.2.7:5:X1: dst=192.0.2.1:53:X3",
                "192.0.2.7",
                "bob",
            ),
            ("h=192.0.2.1 u=\"bob\" src=192.0.2.7 user=bob", "192.0.2.7", "bob"),
            ("info sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", "192.0.2.7", "bob"),
            ("flows allow src=192.0.2.7 dst=192.0.2.1 protocol=tcp", "192.0.2.7", ""),
            (
                "0-PPE-0 : default AAA LOGIN_FAILED 3 0 :  User bob - Client_ip 192.0.2.7 - Failure_reason \"x\"",
                "192.0.2.7",
                "bob",
            ),
            (
                "firewall: msg_id=\"3000-0148\" Allow a b 52 tcp 20 127 192.0.2.7 192.0.2.1 5 443 offset 8",
                "192.0.2.7",
                "",
            ),
            (
                "D0FE1 (2023-11-14T22:13:20) firewall: msg_id=\"3000-0148\" Deny a b tcp 192.0.2.7 192.0.2.1 5 443",
                "192.0.2.7",
                "",
            ),
            ("kernel: FW: ge-0/0/0.0 D tcp 192.0.2.7 192.0.2.1 5 80", "192.0.2.7", ""),
            (
                "kmd[7]: IKE negotiation failed with error: Timed out. IKE Version: 1, Local: 192.0.2.1/500, Remote: 192.0.2.7/500, x",
                "192.0.2.7",
                "",
            ),
            (
                "CISE_Failed_Attempts 01 1 0 2023-11-14 22:13:20.1 +00:00 02 5400 NOTICE Failed-Attempt: Authentication failed, UserName=bob, Framed-IP-Address=192.0.2.7,",
                "192.0.2.7",
                "bob",
            ),
            (
                "id=firewall sn=1 pri=1 usr=\"Unknown (SSO failed)\" src=:5:X1 srcV6=2001:db8::7 dst=::X0",
                "2001:db8::7",
                "",
            ),
            (
                "suricata[7]: [1:2:3] x [Classification: y] [Priority: 3] {TCP} 192.0.2.7:5 -> 192.0.2.1:443",
                "192.0.2.7",
                "",
            ),
            ("NF INFO TCP 192.0.2.7 5 192.0.2.1 80 ALLOW acl traffic:allow", "192.0.2.7", ""),
            (
                "date=2023-11-14 time=22:13:20 logid=\"1\" type=\"event\" user=\"bob\" ui=\"GUI(192.0.2.7)\" status=\"200\"",
                "192.0.2.7",
                "bob",
            ),
            ("fw1: NetScreen device_id=1 proto=17 src zone=A src=192.0.2.7 dst=192.0.2.1", "192.0.2.7", ""),
            ("CEF:0|a|b|c|d|e|3|sourceAddress=192.0.2.7 sourceUserName=bob", "192.0.2.7", "bob"),
            ("%SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.7(51234) -> 192.0.2.1(22), 1 packet", "192.0.2.7", ""),
            ("CEF:0|a|b|c|d|e|3|src=192.0.2.7 suser=bob", "192.0.2.7", "bob"),
            ("LEEF:1.0|a|b|c|d|src=192.0.2.7\tusrName=bob", "192.0.2.7", "bob"),
            ("grafana[7]: level=info user=bob remote_addr=192.0.2.7", "192.0.2.7", "bob"),
            ("audispd: type=USER_LOGIN msg=audit(1.0:2): msg='acct=\"bob\" addr=192.0.2.7'", "192.0.2.7", "bob"),
            (
                "filterlog: 5,,,1,em0,match,block,in,4,0x0,,64,1,0,DF,6,tcp,60,192.0.2.7,192.0.2.1,5,22,0",
                "192.0.2.7",
                "",
            ),
        ] {
            let line = format!("<13>Nov 14 22:13:20 web1 {message}");
            let event = read(&line);
            assert_eq!(event.ip, Some(ip.parse().unwrap()), "{line}");
            assert_eq!((&*event.user_name, &*event.host, event.format), (user, "web1", "rfc3164"), "{line}");
            assert!(line.as_bytes().ends_with(&event.message), "{line}");
        }
    }

    #[test]
    fn the_structured_data_of_devices_names_user_and_address() {
        let event = read(
            "<28>1 2023-11-14T22:13:20Z r1 mgd 7 UI_LOGIN_EVENT [junos@2636.1.1.1.2.39 username=\"bob\" source-address=\"192.0.2.7\"] text",
        );
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        let event =
            read("<28>1 2023-11-14T22:13:20Z r1 x 7 - [other@1 username=\"bob\" source-address=\"192.0.2.7\"] text");
        assert_eq!((&*event.user_name, event.ip), ("", None));
    }

    #[test]
    fn the_time_of_sophos_utm_is_read_behind_a_priority() {
        let event = read("<30>2023:11:14-22:13:20 utm ulogd[7]: id=\"2001\" srcip=\"192.0.2.7\" action=\"drop\"");
        assert_eq!((event.timestamp, &*event.host, &*event.app), (Some(1_700_000_000_000_000), "utm", "ulogd"));
        assert_eq!(event.ip, "192.0.2.7".parse().ok());
    }

    #[test]
    fn the_start_of_cef_may_pass_for_the_programs_name() {
        let event = read("<13>Nov 14 22:13:20 web1 CEF:0|Acme|Guard|1|2|e|9|src=192.0.2.7");
        assert_eq!((&*event.app, event.level), ("CEF", Level::Fatal));
        assert!(event.message.starts_with(b"0|Acme"));
        assert_eq!(event.attributes.get("src"), Some("192.0.2.7"));
    }

    #[test]
    fn a_line_without_a_header_is_read_by_its_first_bytes() {
        for (line, format) in [
            ("CEF:0|a|b|c|d|e|3|", "cef"),
            ("LEEF:1.0|a|b|c|d|x=y", "leef"),
            ("%ASA-4-106023: Deny tcp src a:192.0.2.7/1 dst b:192.0.2.1/2", "cisco_asa"),
            ("type=CWD msg=audit(1.0:2): cwd=\"/\"", "auditd"),
            ("level=info msg=\"x y\"", "logfmt"),
            ("[5.1] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1", "iptables"),
            ("CEFALU is a town", "plain"),
            ("type=x is a pair", "plain"),
        ] {
            assert_eq!(read(line).format, format, "{line}");
        }
    }

    #[test]
    fn a_day_of_one_digit_may_lack_the_blank_that_fills_it() {
        let event = read("Nov 4 22:13:20 web1 imap[7]: badlogin: h [192.0.2.7] PLAIN failure");
        assert_eq!((event.format, &*event.app, event.ip), ("rfc3164", "imap", "192.0.2.7".parse().ok()));
        assert_eq!(event.timestamp, Some(1_699_136_000_000_000));
        assert_eq!(read("Nov 4 22:13 web1").format, "plain");
    }

    #[test]
    fn a_firewalls_message_with_a_time_of_its_own_gives_its_fields() {
        let event = read(
            "<166>:Nov 14 22:13:20 UTC: %ASA-config-5-111010: User 'bob', running 'CLI' from IP 192.0.2.7, executed 'x'",
        );
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        let event = read("<189>date=2023-11-14 time=22:13:20 devname=\"fw1\" srcip=192.0.2.7 user=\"bob\"");
        assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    }

    #[test]
    fn a_firewall_that_hides_a_name_or_names_no_source_gives_none() {
        for message in [
            "%ASA-6-605004: Login denied from 192.0.2.7/5 to in:192.0.2.1/ssh for user \"*****\"",
            "%ASA-4-722051: Group <g> User <*****> IP <192.0.2.7> IPv4 Address <198.51.100.2> assigned",
            "%FTD-6-430002: SrcIP: 192.0.2.7, DstIP: 192.0.2.1, User: No Authentication Required, Client: x",
        ] {
            let line = format!("Nov 14 2023 22:13:20 fw1 : {message}");
            let event = read(&line);
            assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), ""), "{line}");
        }
        let event = read("Nov 14 2023 22:13:20 fw1 : %ASA-4-106023: Deny tcp src in:web1/5 dst out:192.0.2.1/80 by x");
        assert_eq!((event.ip, event.attributes.get("dst_ip")), (None, Some("192.0.2.1")));
    }

    #[test]
    fn a_devices_message_says_whom_it_let_in_whatever_its_facility() {
        let event =
            read("<134>Nov 14 22:13:20 esa1 esa: Info: User bob from 192.0.2.7 was authenticated successfully.");
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        assert_eq!(event.attributes.get("outcome"), Some("success"));
    }

    #[test]
    fn the_severity_in_a_tag_of_ios_is_the_level_of_a_files_line() {
        let event =
            read("Nov 14 22:13:20 192.0.2.1 77: Nov 14 22:13:19.5: %LINK-3-UPDOWN: Interface Gi0/1, changed state");
        assert_eq!((event.level, event.severity, &*event.host), (Level::Error, Some(3), "192.0.2.1"));
    }

    #[test]
    fn a_relays_file_of_a_firewalls_messages_is_syslog() {
        for line in [
            "2023-11-14T22:13:20Z fw1 : %ASA-6-106015: Deny TCP (no connection) from 192.0.2.7/5 to 192.0.2.1/6",
            "2023-11-14T22:13:20.000+00:00 fw1  %FTD-6-430003: SrcIP: 192.0.2.7, DstIP: 192.0.2.1, Protocol: tcp",
        ] {
            let event = read(line);
            assert_eq!((event.format, &*event.host, event.level), ("rfc3164", "fw1", Level::Info), "{line}");
            assert_eq!((event.ip, event.timestamp), ("192.0.2.7".parse().ok(), Some(1_700_000_000_000_000)), "{line}");
        }
        assert_eq!(read("2023-11-14T22:13:20Z fw1 %d of 7 done").format, "plain");
    }

    #[test]
    fn a_packet_engines_line_has_its_time_and_host() {
        let event = read(
            "<134> 11/14/2023:22:13:20 GMT ns1 0-PPE-0 : default TCP CONN 1 0 :  Source 192.0.2.7:5 - Destination 192.0.2.1:80",
        );
        assert_eq!((event.timestamp, &*event.host, &*event.app), (Some(1_700_000_000_000_000), "ns1", "0-PPE-0"));
        assert_eq!(event.ip, "192.0.2.7".parse().ok());
    }

    #[test]
    fn other_messages_are_left_alone() {
        for message in ["app: hello", "app: a=b is what we assume", "CEF: is a format", "kernel: usb 1-1: new device"] {
            let line = format!("<13>Nov 14 22:13:20 web1 {message}");
            let event = read(&line);
            assert!(event.attributes.is_empty() && event.ip.is_none() && event.user_name.is_empty(), "{line}");
        }
    }
}
