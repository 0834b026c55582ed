//! What the name of a program says of how its messages are read.

use super::program::Program;
use super::slapd;
use crate::syslog::cisco;
use crate::{
    Context, Level, LogEvent, apache_error, app, auditd, cisco_asa, connections, devices, divided, filterlog, iptables,
    logfmt, programs,
};

/// The parser that the name of the program calls for.
pub(super) fn by_program<'m>(program: Program, app: &str, message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    match program {
        Program::Unnamed => behind_time(message, cx),
        // A relay may keep the number and leave out the time.
        Program::Cisco => tagged_message(message, cx).or_else(|| behind_time(message, cx)),
        Program::Device(device) => devices::read(device, message, cx),
        Program::Kernel => iptables::parse(message, cx).or_else(|| kernel_audit(message, cx)),
        Program::Filterlog => filterlog::parse(message, cx),
        Program::PacketFilter => app::tcpdump::of_packet_filter(message),
        // Of Linux, Solaris or OPNsense.
        Program::Audit => {
            let said = |of| programs::read(of, message, cx);
            kernel_audit(message, cx)
                .or_else(|| auditd::of_journal(message))
                .or_else(|| said("audit"))
                .or_else(|| said("opnsense"))
        }
        Program::Connections => connections::parse(message, cx),
        Program::Vmkernel => app::vmware::kernel(message).or_else(|| programs::read(app, message, cx)),
        Program::Postgresql => {
            app::postgresql::in_syslog(message, cx).or_else(|| programs::read("postgres", message, cx))
        }
        Program::Mysql => app::mysql::in_syslog(message, cx).or_else(|| programs::read("mysqld", message, cx)),
        Program::Slapd => slapd::read(message, cx),
        Program::CheckPoint => divided::bracketed(message, cx),
        Program::Apache => apache_error::from_syslog(message).or_else(|| by_name(app, message, cx)),
        // Routers and switches have such tags, too.
        Program::CiscoAsa => cisco_asa::after_tag(app, message).or_else(|| programs::read("cisco-ios", message, cx)),
        Program::Other
        | Program::Haproxy
        | Program::Snare
        | Program::WinEvtLog
        | Program::Cef
        | Program::Leef
        | Program::PanOs
        | Program::Squid
        | Program::Pairs => by_name(app, message, cx),
    }
}

fn by_name<'m>(app: &str, message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    match appliance(app, message) {
        Some(name) => programs::read(name, message, cx),
        None if matches!(app, "AUDIT" | "TR" | "Oracle") && logfmt::begins_with_pair(message) => None,
        None => programs::read(app, message, cx),
    }
}

/// The name under which the messages of an appliance are known whose programs have many names, or one that others have, too: it is
/// told by the form.
fn appliance(app: &str, message: &[u8]) -> Option<&'static str> {
    let is_dated = matches!(message, [b'2', b'0', b'0'..=b'9', b'0'..=b'9', b'-', ..]);
    let behind = |stamp_bytes: usize| message.get(stamp_bytes..).filter(|_| is_dated).unwrap_or_default();
    if behind(19).starts_with(b" - ") {
        return Some("connect-secure");
    }
    if behind(23).starts_with(b"Z [") {
        return Some("nios");
    }
    (app == "journal" && message.starts_with(b"Oracle Audit[")).then_some("Oracle")
}

/// The message of a Cisco system that has its time with it, as EMBLEM's format has, and IOS behind a relay:
/// `Nov 14 22:13:20 UTC: %ASA-config-5-111010: …`.
fn behind_time<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let near = message.get(..96).unwrap_or(message);
    tagged_message(memchr::memchr(b'%', near).filter(|at| *at > 0).and_then(|at| message.get(at..))?, cx)
}

/// A message that begins with the tag of a Cisco system.
fn tagged_message<'m>(tagged: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let (tag, behind) = cisco::tag(tagged)?;
    if cisco_asa::is_tag(std::str::from_utf8(tag).ok()?) {
        return cisco_asa::parse(tagged, cx);
    }
    let severity = cisco::severity(tag)?;
    let said = behind.trim_ascii_start();
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
